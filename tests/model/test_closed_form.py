"""Two countries, one sector: a scalar equation solved by SciPy, and what theory says about it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

import surtax as sx

FLOWS = np.array([[[60.0, 40.0], [40.0, 160.0]]])


def by_root(theta, t, tau=1.0):
    """Country 0 taxes country 1 at t (base: none): ŵ0/ŵ1 from balanced trade, one unknown, by bisection.

    Written out for this case: V = (100, 200), D = 0, P̂_d = (Σ_o π (ŵ_o κ̂)^−θ)^(−1/θ).
    """
    V = np.array([100.0, 200.0])
    pi = FLOWS[0] / FLOWS[0].sum(axis=0)

    def solve_at(log_ratio):
        w = np.exp([log_ratio, 0.0])
        w *= V.sum() / (w @ V)
        cost = w[:, None] * np.array([[1.0, 1.0], [(1 + t) * tau, 1.0]])
        weight = pi * cost**-theta
        share = weight / weight.sum(axis=0)
        P = weight.sum(axis=0) ** (-1 / theta)
        # I0 = w0 V0 + t/(1+t) share I0
        income = np.array([w[0] * V[0] / (1 - t / (1 + t) * share[1, 0]), w[1] * V[1]])
        imports = share[1, 0] * income[0] / (1 + t)
        return share[0, 1] * income[1] - imports, w, P, income

    root = brentq(lambda r: solve_at(r)[0], -3, 3, xtol=1e-15, rtol=1e-15)
    _, w, P, income = solve_at(root)
    return w, P, income / V / P


@pytest.mark.parametrize("theta", [1.0, 4.0, 15.0])
@pytest.mark.parametrize("t", [-0.3, 0.0, 0.1, 0.5, 3.0])
@pytest.mark.parametrize("tau", [1.0, 1.2])
def test_against_a_scalar_root(theta, t, tau):
    world = sx.World.from_arrays(["A", "B"], ["all"], FLOWS, elasticity=theta)
    scenario = sx.Scenario().tariff(importer="A", exporter="B", set=t)
    scenario = scenario.trade_cost(importer="A", exporter="B", factor=tau)
    outcome = sx.solve(world, scenario)
    w, P, real = by_root(theta, t, tau)
    # both to rounding; the root's own error is 1e-15 over the slope of the balance
    np.testing.assert_allclose(outcome.w_hat, w, rtol=1e-11)
    np.testing.assert_allclose(outcome.P_hat[0], P, rtol=1e-11)
    np.testing.assert_allclose(outcome.real_income, real, rtol=1e-11)


def test_the_best_tariff_on_a_small_share_is_one_over_theta():
    """A tiny buyer's partner is the world: with one sector the best tariff is 1/(θ · the partner's home share) → 1/θ."""
    theta = 4.0
    flows = np.array([[[60.0, 40.0], [40.0, 1e7]]])
    world = sx.World.from_arrays(["A", "B"], ["all"], flows, elasticity=theta)

    def loss(t):
        return -sx.solve(world, sx.Scenario().tariff(importer="A", exporter="B", set=float(t))).welfare["A"]

    best = minimize_scalar(loss, bounds=(0.05, 0.6), method="bounded", options={"xatol": 1e-6}).x
    # B sells 4e-6 of its output to A: Gros (1987) gives 1/(θ π_BB); the minimum is flat, hence 1e-4
    assert best == pytest.approx(1 / theta, abs=1e-4)


def test_one_country_alone_only_moves_transfers():
    world = sx.World.from_arrays(["A"], ["x", "y"], [[[10.0]], [[30.0]]], elasticity=3.0)
    outcome = sx.solve(world)
    assert outcome.welfare["A"] == 0
    with pytest.raises(sx.InputError, match="itself"):
        sx.solve(world, sx.Scenario().tariff(importer="A", exporter="A", add=0.1))


def test_a_tariff_on_nothing_traded_is_no_change():
    flows = FLOWS.repeat(2, axis=0)
    flows[1, 1, 0] = 0.0
    flows[1, 0, 1] = 0.0
    world = sx.World.from_arrays(["A", "B"], ["x", "y"], flows, elasticity=5.0)
    outcome = sx.solve(world, sx.Scenario().tariff(importer="A", exporter="B", sector="y", add=0.5))
    assert np.abs(outcome.welfare.values).max() < 1e-10
    assert outcome.tariff.sel(sector="y", exporter="B", importer="A") == 50


def test_free_trade_symmetric_countries_gain_alike():
    flows = np.array([[[80.0, 20.0], [20.0, 80.0]]])
    world = sx.World.from_arrays(["A", "B"], ["all"], flows, elasticity=4.0, tariffs=[[[0, 0.2], [0.2, 0]]])
    outcome = sx.solve(world, sx.Scenario().tariff(importer="*", exporter="*", set=0.0))
    assert outcome.welfare["A"] == pytest.approx(outcome.welfare["B"], rel=1e-9)
    assert outcome.welfare["A"] > 0
    assert np.abs(outcome.wage.values).max() < 1e-10
