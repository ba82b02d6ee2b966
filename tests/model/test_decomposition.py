"""Where real income comes from: the path adds up, first order is what Caliendo and Parro print, and they meet."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import surtax as sx
from surtax.model.core import CLOSURES
from surtax.model.decomposition import chebyshev
from tests.helpers import as_world, small_world
from tests.reference.first_order import first_order_terms
from tests.reference.worlds import random_shock, random_world

TERMS = ("terms_of_trade", "volume_of_trade", "trade_costs", "transfers")


def shocked(seed, closure="fixed", size=1.0, costs=0.3):
    w = random_world(seed, 4, 3, theta=(2.0, 9.0))
    t, tau = random_shock(w, seed + 1, lowest=0.0, highest=0.5, costs=costs)
    t = np.expm1(np.log1p(w.tariffs) + size * (np.log1p(t) - np.log1p(w.tariffs)))
    return sx.solve(as_world(w), sx.Schedule(t, tau**size), deficits=closure)


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("seed", range(3))
def test_the_path_adds_up(closure, seed):
    outcome = shocked(seed, closure)
    d = outcome.decomposition()
    total = np.sum([getattr(d, term).values for term in TERMS], axis=0)
    np.testing.assert_allclose(d.total.values, total, rtol=1e-14, atol=1e-15)
    # the tolerance asked for is 1e-8 of the largest log change; scaled to per cent it may grow by (Ŵ − 1)/ln Ŵ
    largest = np.abs(outcome.welfare.values).max()
    np.testing.assert_allclose(d.total.values, outcome.welfare.values, rtol=0, atol=2e-8 * largest)
    assert d.gap <= 2e-8 * largest
    if closure == "balanced":
        assert not d.transfers.values.any()
    if closure == "fixed":
        assert np.abs(d.transfers.values).max() < 1e-10 * largest  # D does not move


def test_the_path_in_the_embedded_world(main_outcome):
    d = main_outcome.decomposition()
    assert d.gap < 1e-9  # per cent; 1e-8 of a largest change of a few tenths of a per cent
    assert d.points <= 9
    # Canada taxes and is taxed: it loses on the volume of trade, and nobody's trade cost changed
    assert d.volume_of_trade["CAN"] < 0
    assert not d.trade_costs.values.any()


def test_first_order_is_the_reference_formula():
    outcome = shocked(3, "balanced", costs=0.0)
    world = outcome.world
    reference = first_order_terms(
        SimpleNamespace(flows=world.flows, tariffs=world.tariffs, I=world.income),
        SimpleNamespace(
            c_hat=outcome.c_hat, w_hat=outcome.w_hat, flows_new=outcome.X_new, price_level_hat=outcome.P_consumer,
            real_income_hat=outcome.real_income,
        ),
    )  # fmt: skip
    d = outcome.decomposition("first-order")
    # the same sums in another order
    for name, term in (
        ("terms of trade", d.terms_of_trade),
        ("volume of trade", d.volume_of_trade),
        ("real wage", outcome.real_wage),
        ("real income exact", outcome.welfare),
    ):
        np.testing.assert_allclose(term.values, reference[name], rtol=1e-10, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("closure", CLOSURES)
def test_first_order_is_first_order(closure):
    """Its gap falls with the square of the shock, the path's terms come together with it."""

    def gaps(size):
        outcome = shocked(5, closure, size=size)
        first, path = outcome.decomposition("first-order"), outcome.decomposition()
        terms = [np.abs(getattr(first, t).values - getattr(path, t).values).max() for t in TERMS]
        return first.gap, max(terms)

    (gap, terms), (half_gap, half_terms) = gaps(0.02), gaps(0.01)
    # order two: a factor of four, less or more by terms of third order at shocks of half a per cent or so
    assert 3.5 < gap / half_gap < 4.5
    assert 3.5 < terms / half_terms < 4.5


def test_the_order_of_sectors_and_a_detour_do_not_matter():
    """The integral along one path does not depend on how finely it is asked for."""
    outcome = shocked(9)
    loose, tight = outcome.decomposition(tolerance=1e-4), outcome.decomposition(tolerance=1e-10)
    assert loose.points <= tight.points
    for term in TERMS:
        # each is within its tolerance, relative to the largest change
        np.testing.assert_allclose(
            getattr(loose, term).values, getattr(tight, term).values, atol=1e-3 * np.abs(outcome.welfare.values).max()
        )


def test_no_change_decomposes_into_nothing():
    world = small_world(2)
    d = sx.solve(world).decomposition()
    for term in TERMS:
        assert np.abs(getattr(d, term).values).max() < 1e-9  # per cent, of a solution to 1e-13


@pytest.mark.parametrize("method", ["path", "first-order"])
def test_an_embargo_is_not_decomposed(method):
    world = small_world(2, zero_flows=0.0, zero_output=0.0)
    a, b = world.countries[:2]
    outcome = sx.solve(world, sx.Scenario().trade_cost(importer=a, exporter=b, factor=np.inf))
    with pytest.raises(sx.InputError, match="embargo"):
        outcome.decomposition(method)


def test_an_unknown_method_is_named():
    with pytest.raises(sx.InputError, match=r"'exact'.*'path' or 'first-order'"):
        sx.solve(small_world(2)).decomposition("exact")


@pytest.mark.parametrize("degree", [1, 4, 8, 16])
def test_chebyshev_is_exact_for_polynomials(degree):
    x, D, w = chebyshev(degree)
    assert x[0] == pytest.approx(0, abs=1e-16)
    assert x[-1] == 1
    for k in range(degree + 1):
        # exact up to rounding, which differentiation magnifies by degree²
        np.testing.assert_allclose(w @ x**k, 1 / (k + 1), rtol=1e-13)
        np.testing.assert_allclose(D @ x**k, k * x ** max(k - 1, 0), atol=1e-13 * degree**4)
