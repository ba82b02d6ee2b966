"""Trees: reading and refusing, stages and discounting, backward induction against brute force, the tree that ships."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.games import escalate as module
from surtax.games.escalate import Stage, escalate, scenario_of, weights
from surtax.games.plain import escalation
from surtax.games.situation import Situation
from surtax.games.tree import END, load_tree, tree_names
from surtax.report.escalation import escalation_page
from tests.helpers import small_world

TREE = """
schema: surtax-tree/1
name: small
players: [C00, C01]
scenario: unused
until: 2026-01-01
patience: {C00: 0.9}
history: [tax, answer]
matrix: [first]
start: first
nodes:
  - id: first
    day: 2025-01-01
    who: C00
    moves:
      - {id: tax, kind: impose, impose: [one], then: second}
      - {id: wait, kind: hold, then: second}
  - id: second
    day: 2025-07-01
    who: C01
    moves:
      - {id: answer, kind: retaliate, impose: [two], then: end}
      - {id: nothing, kind: hold, then: end}
"""


@pytest.fixture
def world():
    return small_world(5, countries=3)


@pytest.fixture
def scenario():
    s = sx.Scenario(name="unused").tariff(importer="C00", exporter="C01", sector=["S00", "S01"], add=0.2, measure="one")
    return s.tariff(importer="C01", exporter="C00", add=0.3, measure="two")


def tree_of(tmp_path, text=TREE):
    path = tmp_path / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return load_tree(str(path))


def test_every_leaf_is_the_scenario_that_it_says(tmp_path, world, scenario):
    tree = tree_of(tmp_path)
    e = escalate(Situation.of(world, None), tree, scenario)
    assert [leaf.moves for leaf in e.leaves] == list(itertools.product(("tax", "wait"), ("answer", "nothing")))
    half = 181 / 365
    for leaf, payoff, final in zip(e.leaves, e.payoffs, e.final, strict=True):
        first, last = [], []
        if leaf.moves[0] == "tax":
            first = last = ["one"]
        if leaf.moves[1] == "answer":
            last = [*first, "two"]
        before, after = (sx.solve(world, scenario.only(*ids)) for ids in (first, last))
        for p, (name, beta) in enumerate((("C00", 0.9), ("C01", 1.0))):
            a, b = before.welfare[name], after.welfare[name]
            end = 365 / 365.25
            w = half if beta == 1 else (1 - beta ** (half * end)) / (1 - beta**end)
            assert final[p] == pytest.approx(b, abs=1e-8)
            assert payoff[p] == pytest.approx(w * a + (1 - w) * b, abs=1e-8)
    assert e.leaves[e.actual].moves == ("tax", "answer")
    assert e.schedules == 4
    (matrix,) = e.matrices
    np.testing.assert_allclose(matrix.payoffs.reshape(4, 2), e.payoffs)


def test_weights_of_stages():
    stages = (Stage(0, 100, ()), Stage(100, 100, ()), Stage(100, 400, ()))
    np.testing.assert_allclose(weights(stages, 1.0), [0.25, 0.0, 0.75])
    for beta in (0.01, 0.5, 0.99):
        w = weights(stages, beta)
        assert w.sum() == pytest.approx(1.0)
        assert w[0] > 0.25  # the impatient give more to the first days
        grid = np.linspace(0, 400, 400001)
        density = beta ** (grid / 365.25)
        assert w[0] == pytest.approx(density[grid < 100].sum() / density.sum(), rel=1e-4)
    np.testing.assert_allclose(weights((Stage(5, 5, ()), Stage(5, 5, ())), 0.5), [0.0, 1.0])


def brute_force(tree, position, payoffs):
    """Leaves of all subgame-perfect profiles: every pure strategy of every node-history, checked deviation by deviation."""
    histories = {}

    def walk(node, way):
        histories[way] = node
        for m in tree.nodes[node].moves:
            if m.then != END:
                walk(m.then, (*way, m.id))

    walk(tree.start, ())
    keys = list(histories)
    ends = set()
    for choice in itertools.product(*(tree.nodes[histories[k]].moves for k in keys)):
        plan = dict(zip(keys, choice, strict=True))

        def play(way, plan=plan):
            while way in plan:
                way = (*way, plan[way].id)
            return position[way]

        fine = all(
            payoffs[play(k), tree.players.index(tree.nodes[n].who)]
            >= max(payoffs[play((*k, m.id)), tree.players.index(tree.nodes[n].who)] for m in tree.nodes[n].moves)
            for k, n in histories.items()
        )
        if fine:
            ends.add(play(()))
    return ends


DEEP = (
    TREE.replace("then: end}", "then: third}")
    .replace("history: [tax, answer]", "history: []")
    .replace("matrix: [first]", "matrix: []")
    + """
  - id: third
    day: 2025-08-01
    who: C00
    moves:
      - {id: end-it, kind: withdraw, withdraw: [one], then: end}
      - {id: stay, kind: hold, then: end}
"""
)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("levels", [2, 1000])
def test_backward_induction_finds_what_brute_force_finds(tmp_path, scenario, seed, levels):
    """Random payoffs, few levels so that players are often indifferent."""
    tree = tree_of(tmp_path, DEEP)
    leaves = module._leaves(tree, scenario)
    payoffs = np.random.default_rng(seed).integers(levels, size=(len(leaves), 2)).astype(float)
    position = {leaf.moves: n for n, leaf in enumerate(leaves)}
    found = module._perfect(tree, tuple(leaves), payoffs)
    assert {position[leaf.moves] for leaf in found.leaves} == brute_force(tree, position, payoffs)


def test_measures_may_be_scaled_carved_out_and_denied(world):
    given = sx.load_scenario("us-canada-2025")
    plain = scenario_of(given, (("us-ieepa", 1.0, (), False),)).measures[0]
    assert plain == given.only("us-ieepa").measures[0]
    half = scenario_of(given, (("us-ieepa", 0.5, ("A01",), False),)).measures[0]
    assert all("A01" not in c.sector for c in half.changes)
    by_sector = {c.sector: c.add for c in plain.changes}
    assert all(c.add == pytest.approx(0.5 * by_sector[c.sector]) for c in half.changes)
    denied = scenario_of(given, (("us-ieepa", 1.0, (), True),)).measures[0]
    for c in denied.changes:
        factors = dict(c.factors)
        scope = factors["in scope, USD million"] / factors["imports, USD million"]
        assert c.add == pytest.approx(factors["rate, per cent"] / 100 * scope)
    assert scenario_of(given, (("us-ieepa", 0.0, (), False),)).measures == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("then: second}", "then: secnd}", "a branch is missing; did you mean second"),
        ("kind: hold, then: second}", "kind: hold}", "lacks the key 'then'"),
        ("start: first", "start: frist", "which is no node; did you mean first"),
        ("kind: hold, then: end}", "kind: hold, then: first}", "circle|back in time"),
        ("who: C01", "who: C09", "not one of the players"),
        ("impose: [one], then", "impose: [uno], then", "no measure 'uno'"),
        ("impose: [one], then", "impose: [two], then", "is not C00's"),
        ("kind: impose, impose", "kind: threaten, impose", "changes nothing in force"),
        ("kind: impose, impose", "kind: bomb, impose", "kind"),
        ("day: 2025-07-01", "day: 2024-07-01", "back in time"),
        ("day: 2025-07-01", "day: 2027-07-01", "after the day until"),
        ("history: [tax, answer]", "history: [tax, anser]", "did you mean answer"),
        ("history: [tax, answer]", "history: [tax]", "stops before the end"),
        ("history: [tax, answer]", "history: [tax, answer, more]", "goes on after the end"),
        ("patience: {C00: 0.9}", "patience: {C00: 1.9}", "discount factor"),
        ("patience: {C00: 0.9}", "patience: {C07: 0.9}", "not one of the players"),
        ("matrix: [first]", "matrix: [fist]", "did you mean first"),
        ("matrix: [first]", "matrix: [second]", "after which 0 players move"),
        ("history: [tax, answer]\nmatrix: [first]", "history: []\nmatrix: [second]", "history does not reach"),
        ("patience: {C00: 0.9}", "alternatives: {odd: {C00: greed}}", "unknown term 'greed'"),
        ("then: second}\n      - {id: wait", "then: end}\n      - {id: wait", None),
        ("schema: surtax-tree/1", "schema: surtax-tree/9", "schema"),
        ("players: [C00, C01]", "players: [C00, C01, XX]", "unknown country"),
    ],
)
def test_refusals(tmp_path, world, scenario, old, new, words):
    assert old in TREE
    text = TREE.replace(old, new).replace("[tax, answer]", "[wait, answer]" if words is None else "[tax, answer]")
    if words is None:  # a branch may end early
        escalate(Situation.of(world, None), tree_of(tmp_path, text), scenario)
        return
    with pytest.raises(InputError, match=words):
        escalate(Situation.of(world, None), tree_of(tmp_path, text), scenario)


def test_nodes_that_nothing_leads_to_are_refused(tmp_path):
    with pytest.raises(InputError, match="nothing leads to node 'lost'"):
        tree_of(tmp_path, TREE + "  - {id: lost, day: 2025-08-01, who: C00, moves: [{id: a, kind: hold, then: end}]}\n")


def test_an_unknown_tree_is_refused():
    with pytest.raises(InputError, match="did you mean us-canada-tango"):
        load_tree("us-canada-tang")


def test_the_tree_that_ships(embedded):
    assert tree_names() == ["us-canada-tango"]
    tree = load_tree("us-canada-tango")
    scenario = sx.load_scenario(tree.scenario)
    e = escalate(Situation.of(embedded, None), tree, scenario)
    assert len(e.leaves) == 3 * 2 * 3 * 2 * 3 * 3
    # the history ends with the measures of us-canada-2025 in force, all of them
    assert e.actual is not None
    outcome = sx.solve(embedded, scenario)
    assert e.final[e.actual] == pytest.approx([outcome.welfare["USA"], outcome.welfare["CAN"]], abs=1e-7)
    # withdrawing on both sides ends where the base is
    back = [n for n, leaf in enumerate(e.leaves) if leaf.moves[-2:] == ("withdraw", "withdraw")]
    np.testing.assert_allclose(e.final[back], 0.0, atol=1e-7)
    # no single deviation from the path found serves the one who deviates, played out by best moves afterwards
    (path,) = e.perfect.leaves
    position = {leaf.moves: n for n, leaf in enumerate(e.leaves)}
    for depth, (node, move) in enumerate(path.path):
        p = tree.players.index(tree.nodes[node].who)
        for other in tree.nodes[node].moves:
            way = (*path.moves[:depth], other.id)
            ends = (
                [position[way]] if other.then == END else module._solutions(tree, position, e.payoffs, other.then, way)
            )
            assert max(e.payoffs[n, p] for n in ends) <= e.payoffs[position[path.moves], p] + 1e-6, (node, move)


def test_interruption_keeps_the_ways_that_are_known(tmp_path, world, scenario, monkeypatch):
    tree = tree_of(tmp_path)
    whole = escalate(Situation.of(world), tree, scenario)
    original, calls = module._solved, 0

    def solved(*args):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(module, "_solved", solved)
    situation = Situation.of(world)
    part = escalate(situation, tree, scenario)
    assert not part.finished
    assert (part.schedules, part.of_schedules) == (2, whole.schedules)
    assert part.perfect is None
    known = np.isfinite(part.payoffs).all(axis=1)
    assert known.any()
    assert not known.all()
    np.testing.assert_allclose(part.payoffs[known], whole.payoffs[known], atol=1e-9)
    plain = escalation(situation, part)
    json.dumps(plain, allow_nan=False)
    assert len(plain["leaves"]) == known.sum()
    page = escalation_page(part, plain["conditions"], leaves=False)
    assert any("Interrupted after 2 of" in text for text in page.says)


def test_more_than_a_hundred_ways_may_be_perfect(tmp_path, scenario):
    """Where nobody cares every way is subgame-perfect, and none is left out."""
    head = TREE[: TREE.index("start: first")].replace("history: [tax, answer]", "").replace("matrix: [first]", "")
    nodes = "".join(
        f"  - id: n{k}\n    day: 2025-01-01\n    who: C0{k % 2}\n    moves:\n"
        f"      - {{id: a, kind: hold, then: {then}}}\n      - {{id: b, kind: hold, then: {then}}}\n"
        for k, then in enumerate([*(f"n{k}" for k in range(1, 8)), "end"])
    )
    tree = tree_of(tmp_path, f"{head}start: n0\nnodes:\n{nodes}")
    leaves = tuple(module._leaves(tree, scenario))
    assert len(leaves) == 256
    assert len(module._perfect(tree, leaves, np.zeros((256, 2))).leaves) == 256
