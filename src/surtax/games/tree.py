"""Trees of moves as files: who moves when, what each move puts into force, and what comes after it.

A node is a day and a player; its moves say what changes and which node is next. Nodes are named, so that one may follow
several moves; what is in force there depends on the way to it. The reader refuses a tree with a branch that leads
nowhere, a circle, a node that nothing leads to, a move that takes a measure of another player's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from surtax.errors import InputError, exists, nearest
from surtax.yamlfile import read_yaml

KINDS = ("threaten", "impose", "carve out", "retaliate", "delay", "withdraw", "hold")
SHIPPED = Path(__file__).resolve().parent.parent / "data" / "trees"
END = "end"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CarveOutFile(_Strict):
    """Sectors of a measure that stop paying it."""

    measure: str
    sectors: list[str] = Field(min_length=1)


class MoveFile(_Strict):
    """One move, as written."""

    id: str
    kind: Literal["threaten", "impose", "carve out", "retaliate", "delay", "withdraw", "hold"]
    title: str = ""
    source: str = ""
    impose: list[str] = []
    withdraw: list[str] = []
    scale: dict[str, float] = {}
    carve_out: list[CarveOutFile] = []
    deny_claims: list[str] = []
    allow_claims: list[str] = []
    then: str


class NodeFile(_Strict):
    """One node, as written."""

    id: str
    day: dt.date
    who: str
    title: str = ""
    source: str = ""
    moves: list[MoveFile] = Field(min_length=1)


class SourceFile(_Strict):
    """Where a choice is documented."""

    what: str
    where: str


class TreeFile(_Strict):
    """A tree, as written."""

    schema_: Literal["surtax-tree/1"] = Field(alias="schema")
    name: str = ""
    title: str = ""
    description: str = ""
    players: list[str] = Field(min_length=1)
    scenario: str
    in_force: list[str] = []
    until: dt.date
    patience: dict[str, float] = {}
    objectives: dict[str, str] = {}
    alternatives: dict[str, dict[str, str]] = {}
    history: list[str] = []
    matrix: list[str] = []
    sources: list[SourceFile] = []
    start: str
    nodes: list[NodeFile] = Field(min_length=1)


@dataclass(frozen=True)
class Move:
    """What a player may do at a node.

    Attributes
    ----------
    id, kind, title, source : names, one of `KINDS`, and where it is documented.
    impose, withdraw : ids of measures that come into force or end.
    scale : (measure, factor): the measure goes on at this share of what it adds.
    carve_out : (measure, sectors): sectors that stop paying it.
    deny_claims, allow_claims : measures that goods claiming a preference pay too, or no longer.
    then : id of the next node, or "end".
    """

    id: str
    kind: str
    title: str
    source: str
    impose: tuple[str, ...]
    withdraw: tuple[str, ...]
    scale: tuple[tuple[str, float], ...]
    carve_out: tuple[tuple[str, tuple[str, ...]], ...]
    deny_claims: tuple[str, ...]
    allow_claims: tuple[str, ...]
    then: str

    @property
    def touched(self) -> tuple[str, ...]:
        """Measures that the move changes."""
        named = (*(m for m, _ in self.scale), *(m for m, _ in self.carve_out))
        return (*self.impose, *self.withdraw, *named, *self.deny_claims, *self.allow_claims)


@dataclass(frozen=True)
class Node:
    """A day on which a player chooses."""

    id: str
    day: dt.date
    who: str
    title: str
    source: str
    moves: tuple[Move, ...]

    def move(self, name: str) -> Move:
        """The move of that id.

        Raises
        ------
        InputError
            there is none.
        """
        for m in self.moves:
            if m.id == name:
                return m
        known = [m.id for m in self.moves]
        raise InputError(f"node {self.id!r} has no move {name!r}{nearest(name, known)} (one of {', '.join(known)})")


@dataclass(frozen=True)
class Tree:
    """A checked tree; see `TreeFile` for the keys of the file.

    Attributes
    ----------
    players : codes; scenario : where its measures are; in_force : those in force before the first move.
    until : payoffs are counted from the first node's day to this one.
    patience : discount factor a year, by player; objectives : by player, as text; alternatives : {name: objectives}.
    history : ids of the moves that were made, from the start; matrix : node ids for which a payoff matrix is shown.
    """

    name: str
    title: str
    description: str
    players: tuple[str, ...]
    scenario: str
    in_force: tuple[str, ...]
    until: dt.date
    patience: dict[str, float]
    objectives: dict[str, str]
    alternatives: dict[str, dict[str, str]]
    history: tuple[str, ...]
    matrix: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    start: str
    nodes: dict[str, Node]


def tree_names() -> list[str]:
    """Names of the trees that ship."""
    return sorted(p.stem for p in SHIPPED.glob("*.yaml"))


def load_tree(name: str) -> Tree:
    """Read a tree by name (one that ships) or path.

    Raises
    ------
    InputError
        no such tree, or one that is not well formed; the message names the file, the line or the node.
    """
    path = Path(name)
    if not exists(path):
        path = SHIPPED / f"{name}.yaml"
        if not exists(path):
            raise InputError(
                f"no tree {name!r}{nearest(name, tree_names())} Give a file, or one of {', '.join(tree_names())}."
            )
    file = read_yaml(path, TreeFile)
    nodes: dict[str, Node] = {}
    for n in file.nodes:
        if n.id in nodes or n.id == END:
            raise InputError(f"{path.name}: node id {n.id!r} stands twice, or is the word for the end.")
        moves = tuple(
            Move(
                m.id, m.kind, m.title, m.source, tuple(m.impose), tuple(m.withdraw), tuple(m.scale.items()),
                tuple((c.measure, tuple(c.sectors)) for c in m.carve_out), tuple(m.deny_claims),
                tuple(m.allow_claims), m.then,
            )
            for m in n.moves
        )  # fmt: skip
        ids = [m.id for m in moves]
        if len(set(ids)) < len(ids):
            raise InputError(f"{path.name}: node {n.id!r} has two moves of one id.")
        nodes[n.id] = Node(n.id, n.day, n.who, n.title, n.source, moves)
    tree = Tree(
        file.name or path.stem, file.title, file.description, tuple(file.players), file.scenario, tuple(file.in_force),
        file.until, dict(file.patience), dict(file.objectives), {k: dict(v) for k, v in file.alternatives.items()},
        tuple(file.history), tuple(file.matrix), tuple((s.what, s.where) for s in file.sources), file.start, nodes,
    )  # fmt: skip
    _check(tree, path.name)
    return tree


def _check(tree: Tree, name: str) -> None:
    _check_players(tree, name)
    if tree.start not in tree.nodes:
        raise InputError(f"{name}: the start is {tree.start!r}, which is no node{nearest(tree.start, tree.nodes)}")
    for node in tree.nodes.values():
        if node.who not in tree.players:
            raise InputError(f"{name}: node {node.id!r} is {node.who!r}'s, who is not one of the players.")
        if node.day > tree.until:
            raise InputError(
                f"{name}: node {node.id!r} is on {node.day}, after the day until which payoffs are counted."
            )
        for move in node.moves:
            _check_move(tree, name, node, move)
    _walk(tree, name, tree.start, ())
    reached = _reached(tree)
    lost = [n for n in tree.nodes if n not in reached]
    if lost:
        raise InputError(f"{name}: nothing leads to node {lost[0]!r}.")
    if tree.history:
        _follow(tree, name)
    for node_id in tree.matrix:
        if node_id not in tree.nodes:
            raise InputError(
                f"{name}: a matrix is asked for at {node_id!r}, which is no node{nearest(node_id, tree.nodes)}"
            )
        _check_matrix(tree, name, node_id)


def _check_players(tree: Tree, name: str) -> None:
    named: dict[str, Iterable[str]] = {"patience": tree.patience, "objectives": tree.objectives, **tree.alternatives}
    for what, keys in named.items():
        wrong = [k for k in keys if k not in tree.players]
        if wrong:
            raise InputError(f"{name}: {what} names {wrong[0]!r}, who is not one of the players.")
    for player, patience in tree.patience.items():
        if not 0 < patience <= 1:
            raise InputError(
                f"{name}: patience of {player} is {patience:g}: a discount factor a year, above 0, at most 1."
            )


def _check_move(tree: Tree, name: str, node: Node, m: Move) -> None:
    known = [*tree.nodes, END]
    if m.then not in known:
        raise InputError(
            f"{name}: move {m.id!r} of node {node.id!r} leads to {m.then!r}, which is no node: a branch is missing"
            f"{nearest(m.then, known)} Name a node, or `end`."
        )
    if m.kind in ("threaten", "delay", "hold") and m.touched:
        raise InputError(
            f"{name}: move {m.id!r} of node {node.id!r} is to {m.kind}, which changes nothing in force, but it touches "
            f"{m.touched[0]!r}."
        )
    if m.then != END and tree.nodes[m.then].day < node.day:
        raise InputError(f"{name}: move {m.id!r} of node {node.id!r} leads back in time, to {m.then!r}.")


def _walk(tree: Tree, name: str, node: str, before: tuple[str, ...]) -> None:
    if node in before:
        raise InputError(f"{name}: the nodes {' → '.join((*before[before.index(node) :], node))} lead in a circle.")
    for m in tree.nodes[node].moves:
        if m.then != END:
            _walk(tree, name, m.then, (*before, node))


def _reached(tree: Tree) -> set[str]:
    found, todo = set(), [tree.start]
    while todo:
        node = todo.pop()
        if node in found:
            continue
        found.add(node)
        todo += [m.then for m in tree.nodes[node].moves if m.then != END]
    return found


def _check_matrix(tree: Tree, name: str, node_id: str) -> None:
    """A matrix needs a node that the history reaches, and one player who moves next."""
    on_the_way, node = {tree.start}, tree.start
    for step in tree.history:
        node = tree.nodes[node].move(step).then
        on_the_way.add(node)
    if node_id not in on_the_way:
        raise InputError(f"{name}: a matrix is asked for at {node_id!r}, which the history does not reach.")
    following = {tree.nodes[m.then].who for m in tree.nodes[node_id].moves if m.then != END}
    if len(following) != 1:
        raise InputError(
            f"{name}: a matrix is asked for at {node_id!r}, after which {len(following)} players move; it takes one."
        )


def _follow(tree: Tree, name: str) -> None:
    node: Any = tree.nodes[tree.start]
    for n, step in enumerate(tree.history):
        if node is None:
            raise InputError(f"{name}: the history goes on after the end: {step!r}.")
        then = node.move(step).then
        node = None if then == END else tree.nodes[then]
        if n == len(tree.history) - 1 and node is not None:
            raise InputError(f"{name}: the history stops before the end, at node {node.id!r}.")
