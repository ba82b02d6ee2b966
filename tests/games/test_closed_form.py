"""Optimal tariffs that can be written down.

Two countries, one sector, CES with trade elasticity θ, balanced trade. HOM's terms of trade are p, FOR's wage over
HOM's. What FOR sells, I = π_hf(p) I_f / ((1 + t_f) p), supplies HOM with the elasticity

    ε = dlnI/dlnp = θ π_ff (1 + t_f) / (1 + t_f π_ff),      π_ff FOR's share of spending on its own goods,

since dlnπ_hf/dlnp = θ π_ff and FOR's income, revenue included, is w_f L_f / (1 − t_f/(1+t_f) π_hf). The optimal tariff is
1/ε (Gros 1987, J. Int. Econ. 23, who has t_f = 0 and the Nash case). Shares are those of the equilibrium, so that the
formula is a check and not a computation.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import surtax as sx
from surtax.games.best_reply import Search, best_reply
from surtax.games.instrument import Choice
from surtax.games.nash import nash
from surtax.games.objective import Objective
from surtax.games.situation import Situation, player, players
from tests.games.worlds import own_share, two_countries

CHOICE = Choice("uniform", bounds=(-0.5, 5.0))


def reply_of(world, tariffs=None, deficits="balanced"):
    situation = Situation.of(world, None, deficits)
    if tariffs is not None:
        situation = situation.with_tariffs(tariffs)
    return best_reply(situation, player(situation, "HOM", CHOICE, Objective()), Search(tolerance=1e-9))


def one_over_elasticity(world, tariffs, theta):
    flows = sx.solve(world, sx.Schedule(tariffs), deficits="balanced").X_new
    pi, t_f = own_share(world, flows, tariffs, 1), tariffs[0, 0, 1]
    return (1 + t_f * pi) / (theta * pi * (1 + t_f))


@pytest.mark.parametrize("theta", [2.0, 4.0, 9.0])
@pytest.mark.parametrize("home", [0.55, 0.9])
@pytest.mark.parametrize("size", [0.5, 1.0])
@pytest.mark.parametrize("foreign_tariff", [0.0, 0.3])
def test_the_optimal_tariff_is_one_over_the_export_supply_elasticity(theta, home, size, foreign_tariff):
    world = two_countries(theta, home, size, (0.0, foreign_tariff))
    reply = reply_of(world)
    # the search ends where ½ g²/h < 1e-18 per cent: rates to six digits
    assert reply.z[0] == pytest.approx(one_over_elasticity(world, reply.tariffs, theta), rel=1e-6)
    assert reply.value >= reply.value_before


@pytest.mark.parametrize("base", [0.0, 0.25])
def test_it_does_not_depend_on_what_was_in_force(base):
    bare = reply_of(two_countries(4.0, 0.8, 1.0))
    world = two_countries(4.0, 0.8, 1.0)
    tariffs = np.array(world.tariffs)
    tariffs[0, 1, 0] = base
    assert reply_of(world, tariffs).z[0] == pytest.approx(bare.z[0], rel=1e-6)


def test_as_goods_become_alike_the_optimal_tariff_and_its_gain_vanish():
    replies = [reply_of(two_countries(theta, 0.8)) for theta in (4.0, 16.0, 64.0)]
    rates = [r.z[0] for r in replies]
    gains = [r.value - r.value_before for r in replies]
    assert rates[0] > rates[1] > rates[2] > 0
    assert gains[0] > gains[1] > gains[2] > 0
    # t* = 1/(θ π′) and 0.5 < π′ < 1
    for theta, rate in zip((4.0, 16.0, 64.0), rates, strict=True):
        assert 1 / theta < rate < 2 / theta


def test_a_tiny_country_is_left_with_the_market_power_of_its_own_variety():
    """No country is a price taker in this model: FOR, large, buys almost only its own, so that t* → 1/θ, not zero.

    A price taker's gain of nothing is the limit of like goods, θ → ∞ (above).
    """
    world = two_countries(5.0, 1 - 1e-6, 1e5)
    assert reply_of(world).z[0] == pytest.approx(1 / 5.0, rel=1e-4)


@pytest.mark.parametrize("theta", [3.0, 6.0])
@pytest.mark.parametrize("home", [0.6, 0.85])
def test_the_symmetric_nash_equilibrium(theta, home):
    """Equal countries: wages stay equal, π(t) = 1/(1 + b (1+t)^−θ), and t solves t = 1/ε(t) (Gros 1987, eq. for s = ½)."""
    b = (1 - home) / home

    def gap(t):
        pi = 1 / (1 + b * (1 + t) ** -theta)
        return t - (1 + t * pi) / (theta * pi * (1 + t))

    expected = brentq(gap, 1e-6, 5.0, xtol=1e-14)
    situation = Situation.of(two_countries(theta, home), None, "balanced")
    both = players(situation, ["HOM", "FOR"], [CHOICE] * 2, [Objective()] * 2)
    found = nash(situation, both, Search(starts=2))
    assert len(found.equilibria) == 1
    (e,) = found.equilibria
    # Newton's conditions hold to 2e-6 of √(2 × per cent), and curvatures here are above one
    assert [z[0] for z in e.rates] == pytest.approx([expected, expected], rel=2e-5)
    assert e.certificate.largest < 1e-6
    assert (e.values < 0).all()  # equal countries both lose


def test_more_rates_of_the_same_thing_change_nothing():
    """With one partner and one sector every instrument is the same instrument."""
    world = two_countries(4.0, 0.7)
    situation = Situation.of(world, None, "balanced")
    values = [
        best_reply(situation, player(situation, "HOM", Choice(kind), Objective())).value
        for kind in ("uniform", "by-partner", "by-sector", "by-sector-partner")
    ]
    np.testing.assert_allclose(values, values[0], rtol=1e-9)
