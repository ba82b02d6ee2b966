"""Certificates re-verified by a script of its own: plain schedules, `sx.solve`, real incomes; nothing of the games room.

200 random deviations a player, none better by more than 1e-6 of real income.
"""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import NoConvergence
from surtax.games.best_reply import Search, best_reply
from surtax.games.instrument import Choice
from surtax.games.nash import nash
from surtax.games.objective import Objective
from surtax.games.situation import Situation, player, players
from tests.helpers import small_world

LIMIT = 1e-6
DEVIATIONS = 200


def largest_gain(world, tariffs, closure, country, cells, bounds, rng, step=None):
    """The largest gain in real income, a ratio, of random changes of one importer's rates on `cells` [s,o]."""

    def real_income(t):
        return sx.solve(world, sx.Schedule(t), deficits=closure).real_income[country]

    here = real_income(tariffs)
    gains = []
    for n in range(DEVIATIONS):
        new = np.array(tariffs)
        rates = new[:, :, country]
        if step is not None:  # one rate on everything
            draw = rng.uniform(*bounds) if n % 2 else rates[cells][0] + step * rng.normal()
            rates[cells] = np.clip(draw, *bounds)
        else:  # a rate a sector
            by_sector = np.array([rates[s][cells[s]][0] if cells[s].any() else 0.0 for s in range(len(rates))])
            size = np.exp(rng.uniform(np.log(1e-3), np.log(1.0)))
            moved = by_sector + size * rng.normal(size=by_sector.size) * (
                rng.random(by_sector.size) < rng.uniform(0.1, 1)
            )
            moved = np.clip(moved if n % 4 else rng.uniform(*bounds, size=by_sector.size), *bounds)
            rates[cells] = np.broadcast_to(moved[:, None], rates.shape)[cells]
        try:
            gains.append(real_income(new) / here - 1)
        except sx.NoConvergence:
            continue  # no equilibrium there: nothing to gain
    assert len(gains) > DEVIATIONS / 2
    return max(gains)


@pytest.mark.parametrize(
    ("closure", "bounds"),
    [
        ("fixed", (0.0, 1.5)), ("balanced", (0.0, 1.5)), ("gdp-share", (0.0, 1.5)), ("multiplicative", (0.0, 1.5)),
        ("fixed", (-0.3, 0.02)),  # corners: most rates at their upper bound, subsidies allowed
    ],
)  # fmt: skip
def test_nash_of_three_by_sector_in_a_random_world(closure, bounds):
    world = small_world(2, countries=4, sectors=3, zero_flows=0.0, zero_output=0.0)
    names = ["C00", "C01", "C02"]
    situation = Situation.of(world, None, closure)
    choice = Choice("by-sector", bounds=bounds)
    found = nash(situation, players(situation, names, [choice] * 3, [Objective()] * 3), Search(starts=2))
    rng = np.random.default_rng(0)
    for e in found.equilibria:
        assert e.apart is not None
        assert e.apart < 1e-3
        assert e.met
        for n in range(3):
            cells = world.flows[:, :, n] > 0
            cells[:, n] = False
            assert largest_gain(world, e.tariffs, closure, n, cells, bounds, rng) < LIMIT


def test_nash_of_the_united_states_and_canada(embedded):
    situation = Situation.of(embedded, None)
    choices = [Choice("uniform", ("CAN",)), Choice("uniform", ("USA",))]
    found = nash(situation, players(situation, ["USA", "CAN"], choices, [Objective()] * 2), Search(starts=1))
    (e,) = found.equilibria
    assert e.met
    usa, can = embedded.country("USA"), embedded.country("CAN")
    rng = np.random.default_rng(1)
    for me, other in ((usa, can), (can, usa)):
        cells = np.zeros(e.tariffs.shape[:2], dtype=bool)
        cells[:, other] = embedded.goods & (embedded.flows[:, other, me] > 0)
        assert largest_gain(embedded, e.tariffs, "fixed", me, cells, (-0.1, 1.0), rng, step=0.05) < LIMIT


def test_best_reply_by_sector_in_a_random_world():
    world = small_world(8, countries=5, sectors=4)
    situation = Situation.of(world, None)
    reply = best_reply(situation, player(situation, "C01", Choice("by-sector", bounds=(0.0, 1.5)), Objective()))
    cells = world.flows[:, :, 1] > 0
    cells[:, 1] = False
    rng = np.random.default_rng(2)
    assert largest_gain(world, reply.tariffs, "fixed", 1, cells, (0.0, 1.5), rng) < LIMIT
    assert reply.value > reply.value_before
    assert reply.residual < 1e-10
    assert reply.evidence.gain_found < 1e-4


def test_rates_that_move_nothing_do_not_break_newtons_method():
    """A singular matrix of the first-order conditions: a step up the gradients, no error of linear algebra."""
    world = small_world(2, countries=3, sectors=3, zero_flows=0.0, zero_output=0.0)
    situation = Situation.of(world, None)
    both = players(situation, ["C00", "C01"], [Choice("by-sector", bounds=(0.0, 1.5))] * 2, [Objective()] * 2)
    calls = []

    def flat(*_args):
        calls.append(1)
        n = sum(len(p.instrument.labels) for p in both)
        return np.zeros((n, n))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("surtax.games.nash._matrix", flat)
        found = nash(situation, both, Search(starts=1))
    assert calls
    assert found.equilibria[0].certificate.largest <= 1e-5


def test_where_the_conditions_do_not_come_to_hold_the_replies_stand():
    world = small_world(2, countries=3, sectors=3, zero_flows=0.0, zero_output=0.0)
    situation = Situation.of(world, None)
    both = players(situation, ["C00", "C01"], [Choice("uniform", bounds=(0.0, 1.5))] * 2, [Objective()] * 2)

    def never(*_args):
        raise NoConvergence("no")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("surtax.games.nash.first_order", never)
        (e,) = nash(situation, both, Search(starts=1)).equilibria
    assert e.apart is None
    assert not e.met
    assert e.certificate.largest <= 1e-5
