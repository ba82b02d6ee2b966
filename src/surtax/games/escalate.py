"""Trees of moves solved: every leaf's equilibria, payoffs over dated stages, and the subgame-perfect paths.

Between two moves a stage lasts as long as the calendar says; what it pays is the objective, per cent of the base, under
the measures then in force. A payoff is the mean over the days until the tree's last one, discounted by β a year: Σ w W
with w ∝ ∫ β^t dt over the stage. Each schedule is solved once, as a long-run equilibrium: the model has no
adjustment, so that short stages are overstated.

A subgame-perfect path is found by backward induction (Selten 1965). Where a player is indifferent, several
continuations are kept, and a move is kept if some choice among the others' continuations makes it best.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence, nearest
from surtax.games.best_reply import residual_of
from surtax.games.objective import Bound, Objective, bind
from surtax.games.situation import Situation
from surtax.games.tree import END, Move, Node, Tree
from surtax.policy.scenario import Change, Measure, Scenario

if TYPE_CHECKING:
    from surtax.model.equilibrium import Found

Array = NDArray[np.float64]
Say = Callable[[str], None]

#: Payoffs closer than this are the same to a player, per cent: what two equilibria solved to 1e-12 may differ by, and
#: some thousand times less than the smallest effect of a measure here.
TIE = 1e-7
YEAR = 365.25

#: What is in force, in the scenario's order: measure, share of it, sectors carved out of it, and whether goods that
#: claim a preference pay it too.
Force = tuple[tuple[str, float, tuple[str, ...], bool], ...]


@dataclass(frozen=True)
class Stage:
    """Days since the first move over which nothing changes, from `start` to before `end`, and what is in force."""

    start: int
    end: int
    force: Force


@dataclass(frozen=True)
class Leaf:
    """One way through the tree: ids of nodes and moves, and the stages on the way."""

    path: tuple[tuple[str, str], ...]
    stages: tuple[Stage, ...]

    @property
    def moves(self) -> tuple[str, ...]:
        """Ids of the moves."""
        return tuple(m for _, m in self.path)


@dataclass(frozen=True, eq=False)
class Perfect:
    """Subgame-perfect ways through the tree under one set of tastes: leaves, with payoffs [p] by leaf."""

    leaves: tuple[Leaf, ...]
    payoffs: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Payoffs at a node reached by the history: rows its moves, columns the next mover's, then subgame-perfect play.

    Attributes
    ----------
    node : id; who, next_who : the movers; rows, columns : ids of moves.
    payoffs : [row, column, player], NaN where a move does not occur after a row.
    best : whether the column is the next mover's best answer to the row [row, column].
    """

    node: str
    who: str
    next_who: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    payoffs: Array
    best: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Escalation:
    """A tree solved.

    Attributes
    ----------
    tree : the tree; leaves : all ways through it; payoffs : [leaf, player]; final : what is in force at the end pays,
        [leaf, player], undiscounted.
    perfect : subgame-perfect ways, several where somebody is indifferent; None where interruption left leaves unsolved.
    actual : the way of the tree's history, or None; its index among the leaves.
    by_patience : {β: subgame-perfect ways} with the same patience for all; by_tastes : {name: …} of the alternatives.
    matrices : see `Matrix`.
    schedules : distinct schedules solved, of how many in the tree; residual : the largest among their equilibria.
    finished : False where it was interrupted: leaves whose schedules were all solved have payoffs, others NaN, and
        there are no paths and no matrices.
    """

    tree: Tree
    leaves: tuple[Leaf, ...]
    payoffs: Array
    final: Array
    perfect: Perfect | None
    actual: int | None
    by_patience: dict[float, Perfect]
    by_tastes: dict[str, Perfect]
    matrices: tuple[Matrix, ...]
    schedules: int
    of_schedules: int
    residual: float
    finished: bool = True


#: Discount factors a year under which the path is looked for again.
PATIENCE = (0.01, 0.5, 0.8, 0.9, 0.95, 1.0)


def escalate(situation: Situation, tree: Tree, scenario: Scenario, say: Say = lambda _text: None) -> Escalation:
    """Solve every leaf of a tree and find its subgame-perfect ways.

    Parameters
    ----------
    situation : the world and closure, with nothing in force but the base.
    scenario : whose measures the tree's moves name.

    Raises
    ------
    InputError
        a measure that the scenario does not have, or that is not the mover's.
    NoConvergence
        a schedule without an equilibrium: the message names the way that leads to it.
    """
    _checked(situation, tree, scenario)
    leaves = tuple(_leaves(tree, scenario))
    found: dict[Force, Found] = {}
    forces = list(dict.fromkeys(stage.force for leaf in leaves for stage in leaf.stages))
    residual, finished = 0.0, True
    try:
        for n, force in enumerate(forces):
            say(f"schedule {n + 1} of {len(forces)}")
            try:
                solved = _solved(situation, scenario, force)
                residual = max(residual, residual_of(situation, solved))
            except NoConvergence as problem:
                way = next(leaf for leaf in leaves if any(s.force == force for s in leaf.stages))
                raise type(problem)(f"after {' → '.join(way.moves)}: {problem}") from None
            found[force] = solved
    except KeyboardInterrupt:
        if not found:
            raise
        finished = False

    def judge(objectives: Mapping[str, str]) -> dict[Force, Array]:
        bounds = _bounds(situation, tree, objectives)
        unknown = np.full(len(bounds), np.nan)
        known = {f: np.array([b.value(e.x, e.state) for b in bounds]) for f, e in found.items()}
        return {f: known.get(f, unknown) for f in forces}

    own = judge(tree.objectives)
    patience = np.array([tree.patience.get(p, 1.0) for p in tree.players])
    payoffs = _payoffs(tree, leaves, own, patience)
    final = np.array([own[leaf.stages[-1].force] for leaf in leaves])
    actual = next((n for n, leaf in enumerate(leaves) if leaf.moves == tree.history), None)
    if not finished:
        return Escalation(
            tree, leaves, payoffs, final, None, actual, {}, {}, (), len(found), len(forces), residual, finished=False
        )
    return Escalation(
        tree, leaves, payoffs, final, _perfect(tree, leaves, payoffs), actual,
        {b: _perfect(tree, leaves, _payoffs(tree, leaves, own, np.full(len(tree.players), b))) for b in PATIENCE},
        {
            name: _perfect(tree, leaves, _payoffs(tree, leaves, judge({**tree.objectives, **other}), patience))
            for name, other in tree.alternatives.items()
        },
        tuple(m for n in tree.matrix if (m := _matrix(tree, leaves, payoffs, n)) is not None),
        len(found), len(forces), residual,
    )  # fmt: skip


def _bounds(situation: Situation, tree: Tree, objectives: Mapping[str, str]) -> list[Bound]:
    return [
        bind(Objective.parse(objectives.get(p, "income")), situation.world, situation.base, p) for p in tree.players
    ]


def _checked(situation: Situation, tree: Tree, scenario: Scenario) -> None:
    """Whether players and measures exist, and each move takes the mover's own measures."""
    world = situation.world
    codes = {p: world.country(p) for p in tree.players}
    for objectives in ({}, *tree.alternatives.values()):
        _bounds(situation, tree, {**tree.objectives, **objectives})
    importers = {m.id: {world.country(c) for x in m.changes for c in x.importer} for m in scenario.measures}
    for m in tree.in_force:
        if m not in importers:
            raise InputError(f"tree {tree.name!r}: no measure {m!r} in {scenario.name!r}{nearest(m, importers)}")
    for node in tree.nodes.values():
        for move in node.moves:
            for m in move.touched:
                where = f"tree {tree.name!r}, node {node.id!r}, move {move.id!r}"
                if m not in importers:
                    raise InputError(f"{where}: no measure {m!r} in {scenario.name!r}{nearest(m, importers)}")
                if importers[m] != {codes[node.who]}:
                    raise InputError(f"{where}: measure {m!r} is not {node.who}'s.")
            for m, sectors in move.carve_out:
                carried = {s for x in scenario.only(m).measures[0].changes for s in x.sector}
                for s in sectors:
                    if s not in carried:
                        raise InputError(
                            f"tree {tree.name!r}, move {move.id!r}: measure {m!r} does not tax {s!r}"
                            f"{nearest(s, carried)}"
                        )


def _leaves(tree: Tree, scenario: Scenario) -> list[Leaf]:
    first = tree.nodes[tree.start].day
    until = (tree.until - first).days
    order = [m.id for m in scenario.measures]
    initial: Force = tuple((m, 1.0, (), False) for m in order if m in tree.in_force)
    found: list[Leaf] = []

    def walk(node: Node, path: tuple[tuple[str, str], ...], stages: tuple[Stage, ...], force: Force) -> None:
        day = (node.day - first).days
        for move in node.moves:
            after = _after(force, move, order, f"tree {tree.name!r}, node {node.id!r}, move {move.id!r}")
            way = (*path, (node.id, move.id))
            end = until if move.then == END else (tree.nodes[move.then].day - first).days
            grown = (*stages, Stage(day, end, after))
            if move.then == END:
                found.append(Leaf(way, grown))
            else:
                walk(tree.nodes[move.then], way, grown, after)

    walk(tree.nodes[tree.start], (), (), initial)
    return found


def _after(force: Force, move: Move, order: list[str], where: str) -> Force:
    now = {m: (share, carved, denied) for m, share, carved, denied in force}
    for m in move.withdraw:
        # Withdrawing what is not in force is no error: the same node may follow different moves.
        now.pop(m, None)
    for m in move.impose:
        now[m] = (1.0, (), False)
    for m, share in move.scale:
        if share < 0:
            raise InputError(f"{where}: a share of {share:g} of measure {m!r}.")
        if m in now:
            now[m] = (share, *now[m][1:])
    for m, sectors in move.carve_out:
        if m in now:
            now[m] = (now[m][0], tuple(sorted({*now[m][1], *sectors})), now[m][2])
    for names, denied in ((move.deny_claims, True), (move.allow_claims, False)):
        for m in names:
            if m in now:
                now[m] = (*now[m][:2], denied)
    return tuple((m, *now[m]) for m in order if m in now)


def scenario_of(scenario: Scenario, force: Force) -> Scenario:
    """The scenario in which the measures of `force` hold, at their shares, without what was carved out."""
    by_id = {m.id: m for m in scenario.measures}
    measures: list[Measure] = []
    for name, share, carved, denied in force:
        changes = []
        for c in by_id[name].changes:
            sectors = tuple(s for s in c.sector if s not in carved)
            if not sectors or share == 0:
                continue
            if share != 1 and c.add is None:
                raise InputError(f"measure {name!r} sets rates instead of adding to them: it cannot be scaled.")
            add = None if c.add is None else share * c.add
            if denied:
                add = _without_claims(name, c, add)
            changes.append(replace(c, sector=sectors, add=add))
        if changes:
            measures.append(replace(by_id[name], changes=tuple(changes)))
    return replace(scenario, measures=tuple(measures))


def _without_claims(name: str, change: Change, add: float | None) -> float:
    """What a change adds if nobody may claim a preference: its taxed share, which the file gives, becomes one."""
    taxed = dict(change.factors).get("taxed share")
    if add is None or not taxed:
        raise InputError(f"measure {name!r} does not say which share of {', '.join(change.sector)} it taxes.")
    return add / taxed


def _solved(situation: Situation, scenario: Scenario, force: Force) -> Found:
    schedule = scenario_of(scenario, force).schedule(situation.world)
    there = replace(situation, trade_cost=schedule.trade_cost, _near=None)
    found = there.solve(schedule.tariffs)
    situation.restart(found)
    situation.solves += 1
    return found


def weights(stages: tuple[Stage, ...], patience: float) -> Array:
    """Weight of each stage: ∫ β^t dt over it, over the same integral until the last day; a mean where β = 1."""
    a = np.array([s.start for s in stages]) / YEAR
    b = np.array([s.end for s in stages]) / YEAR
    whole = b[-1] - a[0]
    if whole <= 0:
        # Every move on the last day: what is in force at the end is all there is.
        return np.asarray(np.arange(len(stages)) == len(stages) - 1, dtype=float)
    if patience == 1:
        return np.asarray((b - a) / whole)
    return np.asarray((patience**a - patience**b) / (patience ** a[0] - patience ** b[-1]))


def _payoffs(tree: Tree, leaves: tuple[Leaf, ...], judged: Mapping[Force, Array], patience: Array) -> Array:
    out = np.empty((len(leaves), len(tree.players)))
    for n, leaf in enumerate(leaves):
        stage = np.array([judged[s.force] for s in leaf.stages])
        for p, beta in enumerate(patience):
            out[n, p] = weights(leaf.stages, float(beta)) @ stage[:, p]
    return out


def _perfect(tree: Tree, leaves: tuple[Leaf, ...], payoffs: Array) -> Perfect:
    position = {leaf.moves: n for n, leaf in enumerate(leaves)}
    kept = _solutions(tree, position, payoffs, tree.start, ())
    return Perfect(tuple(leaves[n] for n in kept), tuple(payoffs[n] for n in kept))


def _solutions(
    tree: Tree, position: Mapping[tuple[str, ...], int], payoffs: Array, node: str, before: tuple[str, ...]
) -> list[int]:
    """Leaves that subgame-perfect play from a node may end at."""
    here = tree.nodes[node]
    p = tree.players.index(here.who)
    ends = []
    for m in here.moves:
        way = (*before, m.id)
        ends.append([position[way]] if m.then == END else _solutions(tree, position, payoffs, m.then, way))
    # A move can be had if it is worth as much as what the others are worth at their worst continuations.
    worst = [min(payoffs[n, p] for n in group) for group in ends]
    kept = []
    for k, group in enumerate(ends):
        others = max((w for j, w in enumerate(worst) if j != k), default=-np.inf)
        kept += [n for n in group if payoffs[n, p] >= others - TIE]
    return kept


def _matrix(tree: Tree, leaves: tuple[Leaf, ...], payoffs: Array, node: str) -> Matrix | None:
    """The moves at a node against the next mover's; None where the history does not pass, or nobody answers."""
    before = _on_the_way(tree, node)
    if before is None:
        return None
    position = {leaf.moves: n for n, leaf in enumerate(leaves)}
    here = tree.nodes[node]
    nexts = [tree.nodes[m.then] if m.then != END else None for m in here.moves]
    answering = [n for n in nexts if n is not None]
    if not answering:
        return None
    columns = tuple(dict.fromkeys(itertools.chain.from_iterable([m.id for m in n.moves] for n in answering)))
    p = tree.players.index(answering[0].who)
    out = np.full((len(here.moves), len(columns), len(tree.players)), np.nan)
    for r, (m, follower) in enumerate(zip(here.moves, nexts, strict=True)):
        if follower is None:
            out[r, :] = payoffs[position[(*before, m.id)]]
            continue
        for answer in follower.moves:
            way = (*before, m.id, answer.id)
            over = answer.then == END
            n = position[way] if over else _solutions(tree, position, payoffs, answer.then, way)[0]
            out[r, columns.index(answer.id)] = payoffs[n]
    filled = np.where(np.isnan(out[:, :, p]), -np.inf, out[:, :, p])
    best = filled >= filled.max(axis=1, keepdims=True) - TIE
    return Matrix(
        node, here.who, answering[0].who, tuple(m.id for m in here.moves), columns, out,
        np.asarray(best & ~np.isnan(out[:, :, p])),
    )  # fmt: skip


def _on_the_way(tree: Tree, node: str) -> tuple[str, ...] | None:
    """Moves of the history that lead to a node; the start needs none."""
    here, before = tree.start, ()
    way: tuple[str, ...] = before
    if here == node:
        return way
    for step in tree.history:
        then = tree.nodes[here].move(step).then
        way = (*way, step)
        if then == node:
            return way
        if then == END:
            return None
        here = then
    return None
