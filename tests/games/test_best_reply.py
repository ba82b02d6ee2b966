"""Best replies: constraints, evidence, refusals, interruption; and the maximiser beneath them."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.games.best_reply import NOTHING, Search, average_at_most, best_reply
from surtax.games.instrument import Choice
from surtax.games.objective import Objective
from surtax.games.situation import Situation, player
from surtax.numerics.maximise import Linear, gain_left, maximise
from tests.helpers import small_world


@pytest.fixture
def situation():
    return Situation.of(small_world(8, countries=5, sectors=4), None)


def test_wider_instruments_serve_better(situation):
    values = {
        kind: best_reply(situation, player(situation, "C01", Choice(kind), Objective())).value
        for kind in ("uniform", "by-partner", "by-sector", "by-sector-partner")
    }
    slack = 1e-6  # per cent: searches end within 1e-9
    assert values["uniform"] <= values["by-partner"] + slack
    assert values["uniform"] <= values["by-sector"] + slack
    assert max(values.values()) <= values["by-sector-partner"] + slack


def test_bounds_bind(situation):
    free = best_reply(situation, player(situation, "C01", Choice("by-sector"), Objective()))
    top = float(free.z.max()) / 2
    held = best_reply(situation, player(situation, "C01", Choice("by-sector", bounds=(0.0, top)), Objective()))
    assert held.z.max() <= top
    assert held.evidence.at_bounds > 0
    assert held.value < free.value


def test_a_limit_on_the_average_binds(situation):
    p = player(situation, "C01", Choice("by-sector", bounds=(0.0, 2.0)), Objective())
    free = best_reply(situation, p)
    weight = p.instrument.trade / p.instrument.trade.sum()
    limit = float(weight @ free.z) / 2
    held = best_reply(situation, p, constraint=average_at_most(p, limit))
    assert weight @ held.z == pytest.approx(limit, abs=1e-6)  # SLSQP's own accuracy
    assert held.value < free.value
    # no shift between two sectors that keeps the average gains: the gradient is along the weights where bounds are slack
    _, g = p.payoff_and_gradient(situation, situation.tariffs, held.z)
    inner = (held.z > 1e-4) & (held.z < 2 - 1e-4)
    ratio = g[inner] / weight[inner]
    assert np.ptp(ratio) < 1e-2 * np.abs(ratio).max()  # SLSQP ends on the value, to 1e-12, gradients to its root


def test_an_impossible_average_is_refused(situation):
    p = player(situation, "C01", Choice("by-sector", bounds=(0.2, 1.0)), Objective())
    with pytest.raises(InputError, match="cannot be met"):
        best_reply(situation, p, constraint=average_at_most(p, 0.1))


def test_political_weights_protect_their_sector(situation):
    plain = best_reply(situation, player(situation, "C01", Choice("by-sector"), Objective()))
    sector = plain.player.instrument.labels[0]
    wanted = Objective.parse(f"income + 0.5 jobs:{sector}")
    tilted = best_reply(situation, player(situation, "C01", Choice("by-sector"), wanted))
    assert tilted.z[0] > plain.z[0]
    assert tilted.welfare[1] < plain.welfare[1] + 1e-6


def test_revenue_wants_higher_rates_than_income(situation):
    income = best_reply(situation, player(situation, "C01", Choice(), Objective()))
    revenue = best_reply(situation, player(situation, "C01", Choice(), Objective.parse("revenue")))
    assert revenue.z[0] > income.z[0]


def test_a_measure_is_scaled_to_its_best():
    world = small_world(8, countries=5, sectors=4)
    given = sx.Scenario(name="g").tariff(importer="C01", exporter="*", add=0.1, measure="all")
    situation = Situation.of(world, given)
    reply = best_reply(situation, player(situation, "C01", Choice("measure"), Objective()))
    values = []
    for share in (reply.z[0] - 0.05, reply.z[0], reply.z[0] + 0.05):
        scenario = sx.Scenario().tariff(importer="C01", exporter="*", add=0.1 * float(np.clip(share, 0, 2)))
        values.append(sx.solve(world, scenario).welfare["C01"])
    assert values[1] == pytest.approx(reply.value, abs=1e-7)
    assert values[1] >= max(values) - 1e-7


def test_a_flat_objective_is_refused():
    world = small_world(8, countries=5, sectors=4)
    situation = Situation.of(world, None)
    # what a country earns from its own tariffs cannot depend on rates that bounds hold fixed
    with pytest.raises(InputError, match="flat"):
        best_reply(situation, player(situation, "C01", Choice(bounds=(0.1, 0.1)), Objective()))


def test_nothing_to_choose_is_refused():
    flows = np.array([[[10.0, 1.0, 1.0], [1.0, 10.0, 0.0], [1.0, 1.0, 10.0]]])
    world = sx.World.from_arrays(["A", "B", "C"], ["S"], flows, elasticity=4.0)
    situation = Situation.of(world, None)
    with pytest.raises(InputError, match="nothing to choose"):
        player(situation, "C", Choice("uniform", against=("B",)), Objective())


def test_interruption_keeps_what_was_found(situation, monkeypatch):
    p = player(situation, "C01", Choice("by-sector"), Objective())
    calls = 0
    original = Situation.solve

    def solve(self, tariffs, **more):
        nonlocal calls
        calls += 1
        if calls == 12:
            raise KeyboardInterrupt
        return original(self, tariffs, **more)

    monkeypatch.setattr(Situation, "solve", solve)
    reply = best_reply(situation, p)
    assert not reply.finished
    assert reply.value > reply.value_before


@pytest.mark.parametrize("n", [1, 6])
def test_the_maximiser_finds_known_maxima(n):
    rng = np.random.default_rng(n)
    top, bend = rng.uniform(-1, 1, size=n), rng.uniform(0.01, 100, size=n)

    def f(x):
        return float(-0.5 * bend @ (x - top) ** 2), -bend * (x - top)

    lower, upper = np.full(n, -0.5), np.full(n, 0.5)
    found = maximise(f, np.zeros(n), lower, upper, curvature=bend * 3, tolerance=1e-9)
    assert found.finished
    np.testing.assert_allclose(found.x, np.clip(top, lower, upper), atol=1e-7)
    assert gain_left(found.gradient, found.x, lower, upper, bend) == pytest.approx(0, abs=1e-14)
    assert gain_left(f(np.zeros(n))[1], np.zeros(n), np.full(n, -9.0), np.full(n, 9.0), bend) == pytest.approx(
        0.5 * bend @ top**2
    )


@pytest.mark.parametrize("dense", [400, 2])
def test_the_maximiser_keeps_linear_constraints(dense, monkeypatch):
    monkeypatch.setattr("surtax.numerics.maximise.DENSE", dense)
    n = 3
    top = np.ones(n)

    def f(x):
        return float(-0.5 * ((x - top) ** 2).sum()), top - x

    held = Linear(np.full((1, n), 1 / n), np.array([-np.inf]), np.array([0.25]))
    found = maximise(f, np.zeros(n), np.full(n, -2.0), np.full(n, 2.0), constraint=held, tolerance=1e-8)
    assert held.missed(found.x) <= 1e-9
    assert found.finished
    np.testing.assert_allclose(found.x, 0.25, atol=1e-7)  # the tolerance on gradients, curvature one
    assert found.method == ("SLSQP" if n <= dense else "augmented Lagrangian")


def test_secants_of_a_wavy_function_end_at_a_maximum():
    def f(x):
        return float(np.sin(3 * x[0]) + 0.1 * x[0]), np.array([3 * np.cos(3 * x[0]) + 0.1])

    for start in (-0.9, 0.1, 0.9):
        found = maximise(f, np.array([start]), np.array([-1.0]), np.array([1.0]), tolerance=1e-8)
        at_bound = found.x[0] in (-1.0, 1.0)
        assert at_bound or abs(found.gradient[0]) < 1e-6
        assert found.value >= f(np.array([start]))[0]
    assert maximise(f, np.array([0.1]), np.array([-1.0]), np.array([1.0]), budget=2).finished is False


def test_a_limit_on_the_average_with_many_rates_is_met_by_either_method(situation, monkeypatch):
    p = player(situation, "C01", Choice("by-sector-partner", bounds=(0.0, 2.0)), Objective())
    limit = average_at_most(p, 0.03)
    dense = best_reply(situation, p, constraint=limit)
    monkeypatch.setattr("surtax.numerics.maximise.DENSE", 2)
    sparse = best_reply(situation, p, constraint=limit)
    assert sparse.finished
    assert limit.missed(sparse.z) <= 1e-9
    assert sparse.value == pytest.approx(dense.value, abs=1e-7)  # SLSQP ends on the value, to 1e-12, curvature 1e-2


def test_no_deviation_is_left_that_gains(situation):
    """From one start, with an objective that has several tops."""
    p = player(situation, "C01", Choice("by-sector-partner"), Objective.parse("jobs:S00"))
    reply = best_reply(situation, p, Search(starts=1, deviations=40))
    assert reply.evidence.gain_found <= NOTHING
    assert reply.evidence.cut_short == 0


def test_a_search_that_ran_out_of_evaluations_says_so(situation):
    p = player(situation, "C01", Choice("by-sector"), Objective())
    reply = best_reply(situation, p, Search(starts=1, deviations=0, budget=3))
    assert reply.evidence.cut_short == 1
