"""Bargains, efficient points, and cuts that both would sign; the frontier of one rate."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.games.best_reply import Search
from surtax.games.cooperate import cooperate
from surtax.games.frontier import frontier
from surtax.games.instrument import Choice
from surtax.games.nash import nash
from surtax.games.objective import Objective
from surtax.games.situation import Situation, player, players
from tests.games.worlds import two_countries
from tests.helpers import small_world

CHOICE = Choice("uniform", bounds=(-0.5, 3.0))


def test_equal_countries_bargain_their_way_to_free_trade():
    """Equal countries and equal power: the bargain over the Nash equilibrium is symmetric and efficient, free trade."""
    situation = Situation.of(two_countries(4.0, 0.75), None, "balanced")
    both = players(situation, ["HOM", "FOR"], [CHOICE] * 2, [Objective()] * 2)
    threat = nash(situation, both, Search(starts=1)).equilibria[0].values
    found = cooperate(situation, both, threat, "the Nash equilibrium", search=Search(starts=1), points=0)
    assert found.bargain is not None
    # Only (1+t)(1+t*) matters to both with one good each way (Lerner), so that free trade is a product of one
    a, b = (1 + z[0] for z in found.bargain.rates)
    assert a * b == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(found.bargain.values, 0.0, atol=1e-4)
    np.testing.assert_allclose(found.bargain.gains, -threat, atol=1e-4)


def test_agreements_are_efficient_and_better_than_the_threat():
    world = small_world(9, countries=4, sectors=3, zero_flows=0.0, zero_output=0.0)
    given = sx.Scenario(name="war").tariff(importer="C00", exporter="C01", add=0.4, measure="a")
    given = given.tariff(importer="C01", exporter="C00", add=0.4, measure="b")
    situation = Situation.of(world, given)
    choices = [Choice("by-sector", ("C01",), bounds=(0.0, 1.0)), Choice("by-sector", ("C00",), bounds=(0.0, 1.0))]
    both = players(situation, ["C00", "C01"], choices, [Objective()] * 2)
    found = cooperate(situation, both, points=3, search=Search(starts=1))
    assert found.bargain is not None
    assert (found.bargain.gains > 0).all()
    # its Nash product is not beaten by random rates
    rng = np.random.default_rng(1)
    product = found.bargain.gains.prod()
    for n in range(200):
        t = situation.tariffs.copy()
        for p, z in zip(both, found.bargain.rates, strict=True):
            new = np.clip(z + rng.normal(size=z.size) * (0.02 if n % 2 else 0.3), 0.0, 1.0)
            t.ravel()[p.instrument.cells] = p.instrument.rates(new)
        e = situation.solve(t)
        gains = np.array([p.objective.value(e.x, e.state) for p in both]) - found.threat
        if (gains > 0).all():
            assert gains.prod() <= product * (1 + 1e-5)  # the search ends where a Newton step gains 1e-11
    for cut in found.cuts:
        rates = {p.name: p.instrument.start.copy() for p in both}
        for name, label, _ in cut.rates:
            p = next(p for p in both if p.name == name)
            rates[name][p.instrument.labels.index(label)] = 0.0
        t = situation.tariffs.copy()
        for p in both:
            t.ravel()[p.instrument.cells] = p.instrument.rates(rates[p.name])
        outcome = sx.solve(world, sx.Schedule(t))
        before = sx.solve(world, given)
        gains = [outcome.welfare[c] - before.welfare[c] for c in ("C00", "C01")]
        np.testing.assert_allclose(gains, cut.gains, atol=1e-7)
        assert min(gains) > 0
    assert found.tried > 0


@pytest.mark.parametrize(("power", "names", "words"), [(0.0, 2, "power"), (1.5, 2, "power"), (0.5, 3, "two players")])
def test_refusals(power, names, words):
    situation = Situation.of(small_world(9), None)
    who = players(situation, ["C00", "C01", "C02"][:names], [Choice()] * names, [Objective()] * names)
    with pytest.raises(InputError, match=words):
        cooperate(situation, who, power=power)


def test_a_player_stands_once_and_not_alone():
    situation = Situation.of(small_world(9), None)
    with pytest.raises(InputError, match="stands twice"):
        players(situation, ["C00", "c00"], [Choice()] * 2, [Objective()] * 2)
    with pytest.raises(InputError, match="two players or more"):
        nash(situation, [player(situation, "C00", Choice(), Objective())])


def test_the_frontier_agrees_with_solved_scenarios():
    world = small_world(9, countries=4, sectors=3)
    situation = Situation.of(world, None)
    me = player(situation, "C00", Choice("uniform", ("C01",)), Objective())
    other = player(situation, "C01", Choice("uniform", ("C00",)), Objective())
    found = frontier(situation, me, [other], np.linspace(0, 1, 6))
    for point in found.alone:
        outcome = sx.solve(world, sx.Scenario().tariff(importer="C00", exporter="C01", set=point.rate))
        assert point.values == pytest.approx([outcome.welfare["C00"], outcome.welfare["C01"]], abs=1e-8)
    for point in found.answered:
        scenario = sx.Scenario().tariff(importer="C00", exporter="C01", set=point.rate)
        best = point.values[1]
        for step in (-0.03, 0.0, 0.03):
            answered = scenario.tariff(importer="C01", exporter="C00", set=point.others[0] + step)
            assert sx.solve(world, answered).welfare["C01"] <= best + 1e-6
    assert found.optimum.value >= max(p.values[0] for p in found.alone) - 1e-9
    assert found.leader is not None
    assert found.leader.values[0] >= max(p.values[0] for p in found.answered)
    for alone, answered in zip(found.alone, found.answered, strict=True):
        assert answered.values[1] >= alone.values[1] - 1e-9  # a reply serves the one who replies


def test_an_interrupted_frontier_stops_where_it_is(monkeypatch):
    """Interrupted in the search for the optimum, it prints that and does not walk on."""
    situation = Situation.of(small_world(9, countries=4, sectors=3), None)
    me = player(situation, "C00", Choice("uniform", ("C01",)), Objective())
    other = player(situation, "C01", Choice("uniform", ("C00",)), Objective())
    calls = 0
    original = Situation.solve

    def solve(self, tariffs, **more):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return original(self, tariffs, **more)

    monkeypatch.setattr(Situation, "solve", solve)
    found = frontier(situation, me, [other], np.linspace(0, 1, 6))
    assert not found.finished
    assert found.alone == ()
    assert found.leader is None


@pytest.mark.parametrize("bounds", [(-0.5, 3.0), (0.0, 0.01)])
def test_a_cut_leaves_all_else_in_force_as_it_is(bounds):
    """With one rate for all, rates of the other side that differ by sector stay as they are, bounds or not."""
    # Three countries alike, two of which tax each other far above what would serve either alone.
    flows = np.ones((3, 3, 3)) + 4 * np.eye(3)
    world = sx.World.from_arrays(["C00", "C01", "C02"], ["x", "y", "z"], flows, elasticity=[3.0, 4.0, 6.0])
    given = sx.Scenario()
    for n, s in enumerate(world.sectors):
        given = given.tariff(importer="C00", exporter="C01", sector=s, set=0.6 + 0.15 * n)
        given = given.tariff(importer="C01", exporter="C00", sector=s, set=0.9 - 0.15 * n)
    situation = Situation.of(world, given)
    choices = [Choice("uniform", ("C01",), ("*",), bounds), Choice("uniform", ("C00",), ("*",), bounds)]
    both = players(situation, ["C00", "C01"], choices, [Objective()] * 2)
    found = cooperate(situation, both, points=0, search=Search(starts=1))
    before = sx.solve(world, given).welfare
    assert found.cuts
    for cut in found.cuts:
        scenario = given
        for name, _, rate in cut.rates:
            partner = "C01" if name == "C00" else "C00"
            scenario = scenario.tariff(importer=name, exporter=partner, set=0.0)
            k = world.country(name)
            o = world.country(partner)
            x, t = world.flows[:, o, k], given.schedule(world).tariffs[:, o, k]
            assert rate == pytest.approx(float(x @ t / x.sum()))
        after = sx.solve(world, scenario).welfare
        assert cut.gains == pytest.approx([after[c] - before[c] for c in ("C00", "C01")], abs=1e-8)
