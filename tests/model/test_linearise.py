"""The exact Jacobian–vector product against central differences, and the fixed-point maps at a solution."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.model import core
from surtax.model.base import base_of
from surtax.model.equilibrium import blocks_of
from tests.helpers import as_world
from tests.reference.worlds import random_shock, random_world


def system(seed, **kwargs):
    w = random_world(seed, 4, 3, theta=(2.0, 12.0), **kwargs)
    t, tau = random_shock(w, seed + 1, lowest=-0.2, highest=1.0)
    base = base_of(as_world(w))
    return base, core.shock(base, t, tau), np.random.default_rng(seed)


@pytest.mark.parametrize("closure", core.CLOSURES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_jacobian_vector_product(closure, seed, zeros):
    base, shock, rng = system(seed, zero_flows=zeros, zero_output=zeros / 2)
    x = 0.1 * rng.normal(size=base.V.size + 2 * base.E.size)
    _, state = core.residual(x, base, shock, closure)
    product = core.linearise(x, state, base, shock, closure)
    for _ in range(4):
        v = rng.normal(size=x.size)
        h = 1e-5
        numeric = (
            core.residual(x + h * v, base, shock, closure)[0] - core.residual(x - h * v, base, shock, closure)[0]
        ) / (2 * h)
        exact = product(v)
        # truncation h² f‴/6 with third derivatives up to θ³ ~ 1e3, rounding 1e-16/h = 1e-11
        np.testing.assert_allclose(exact, numeric, rtol=1e-5, atol=1e-6 * np.abs(numeric).max())


@pytest.mark.parametrize("closure", core.CLOSURES)
def test_differences_converge_to_the_product_at_second_order(closure):
    """A wrong term would leave an error that does not fall with h²."""
    base, shock, rng = system(7)
    x = 0.1 * rng.normal(size=base.V.size + 2 * base.E.size)
    v = rng.normal(size=x.size)
    _, state = core.residual(x, base, shock, closure)
    exact = core.linearise(x, state, base, shock, closure)(v)

    def error(h):
        up, down = (core.residual(x + s * h * v, base, shock, closure)[0] for s in (1, -1))
        return np.abs((up - down) / (2 * h) - exact).max()

    # halving h divides the error by four; by 3 to 5 here, since h is not infinitely small
    assert 3 < error(2e-3) / error(1e-3) < 5


def test_the_product_is_linear():
    base, shock, rng = system(3)
    x = 0.1 * rng.normal(size=base.V.size + 2 * base.E.size)
    _, state = core.residual(x, base, shock, "fixed")
    product = core.linearise(x, state, base, shock, "fixed")
    a, b = rng.normal(size=(2, x.size))
    # sums of a few hundred doubles
    np.testing.assert_allclose(product(2 * a - 3 * b), 2 * product(a) - 3 * product(b), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("closure", core.CLOSURES)
def test_both_maps_stand_still_at_an_equilibrium(closure):
    w = random_world(11, 4, 3, theta=(2.0, 12.0))
    t, tau = random_shock(w, 12, lowest=0.0, highest=1.0)
    outcome = sx.solve(as_world(w), sx.Schedule(t, tau), deficits=closure)
    base = base_of(outcome.world)
    shock = core.shock(base, t, tau)
    log_E = np.log(np.divide(outcome.E_new, base.E, out=np.ones_like(base.E), where=base.bought))
    x = np.concatenate([np.log(outcome.w_hat), np.log(outcome.P_hat).ravel(), log_E.ravel()])
    for blocks in (None, blocks_of(base, closure)):
        moved = core.fixed_point_map(base, shock, closure, blocks)(x) - x
        assert np.abs(moved).max() < 1e-11  # solved to 1e-13; the blocks magnify a residual some tens of times


def test_the_kernel_leaves_unchanged_cells_alone():
    w = random_world(5, 4, 3)
    base = base_of(as_world(w))
    t = w.tariffs.copy()
    t[0, 0, 1] += 0.3
    shock = core.shock(base, t, None)
    same = np.ones_like(t, dtype=bool)
    same[0, 0, 1] = False
    np.testing.assert_array_equal(shock.A[same], base.pi[same])
    np.testing.assert_array_equal(shock.B[same], base.net[same])
    wedge = (1 + t[0, 0, 1]) / (1 + w.tariffs[0, 0, 1])
    assert shock.A[0, 0, 1] == pytest.approx(base.pi[0, 0, 1] * wedge ** -w.theta[0], rel=1e-14)
