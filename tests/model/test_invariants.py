"""What has to hold whatever the numbers: identity, units, names, Walras, autarky."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.model.core import CLOSURES
from surtax.model.outcome import variables
from tests.helpers import as_world, foreign, reference_base, residuals_by_reference, small_world
from tests.reference.solver import NoReferenceEquilibrium, autarky_gain, equilibrium_base
from tests.reference.worlds import random_shock, random_world, scaled, world_from_values, worlds

# the variables of the core model
CORE = {name: v for name, v in variables().items() if not v.needs}

# --- identity: no change in, nothing out ---


def assert_nothing_changed(outcome):
    """Every variable: changes zero, levels those of the base."""
    world = outcome.world
    largest = float(world.flows.sum())
    for name, v in CORE.items():
        values = outcome.variable(name).values
        known = values[~np.isnan(values)]
        if name in ("deficit", "revenue"):
            # USD million: 1e-12 of world output, since a balance is a difference of sums of that size
            np.testing.assert_allclose(values, outcome.variable(f"{name}_base").values, rtol=0, atol=1e-12 * largest)
        elif name == "tariff":
            np.testing.assert_array_equal(values, outcome.tariff_base.values)
        elif name.endswith("_base"):
            continue
        elif v.unit == "per cent":
            # 1e-12 as a share is 1e-10 per cent
            assert np.abs(known).max(initial=0) < 1e-10, name
        elif name == "equivalent_variation_per_person":
            scale = 1e6 * np.max(world.income / world.population) if world.population is not None else 1.0
            assert np.abs(known).max(initial=0) < 1e-12 * scale, name
        else:
            assert np.abs(known).max(initial=0) < 1e-12 * largest, name


@pytest.mark.parametrize("closure", CLOSURES)
def test_identity_in_the_embedded_world(embedded, closure):
    assert_nothing_changed(sx.solve(embedded, deficits=closure))


def identity(world, closure):
    """Whether there is a base; where there is, nothing changes it."""
    try:
        outcome = sx.solve(as_world(world), deficits=closure)
    except sx.NoConvergence:
        assert closure == "balanced"  # the only one that re-solves a consistent base
        # and it is refused where the reference finds no balanced base either
        with pytest.raises(NoReferenceEquilibrium):
            equilibrium_base(*world.shares, closure)
        return False
    assert_nothing_changed(outcome)
    return True


@settings(max_examples=30)
@given(worlds(), st.sampled_from(CLOSURES))
def test_identity_in_random_worlds(world, closure):
    identity(world, closure)


def test_identity_is_seen_in_most_balanced_worlds():
    """Plain draws, so that the test above cannot pass by refusals; θ up to 20, since a re-solved base is exact to
    1e-13 in prices and to θ times that in flows.
    """
    draws = [random_world(seed, 2 + seed % 6, 1 + seed % 5, theta=(1.0, 20.0)) for seed in range(20)]
    found = [identity(w, "balanced") for w in draws]
    assert sum(found) >= 18, found


def test_identity_when_the_same_tariffs_are_set_again(embedded):
    """A schedule equal to the base's, written cell by cell, is no change either."""
    outcome = sx.solve(embedded, sx.Schedule(np.array(embedded.tariffs), np.ones_like(embedded.flows)))
    assert_nothing_changed(outcome)


def test_there_and_back_is_no_change():
    """From the new equilibrium the old tariffs lead back: the model has no memory."""
    world = small_world(5)
    t, _ = random_shock(random_world(5, 4, 3, theta=(2.0, 9.0)), 6, lowest=0.0, highest=1.0, costs=0.0)
    there = sx.solve(world, sx.Schedule(t))
    moved = world.replace(flows=there.X_new, tariffs=there.schedule.tariffs)
    # `fixed` keeps D in the numeraire of each base; world factor income is the same in both
    back = sx.solve(moved, sx.Schedule(world.tariffs))
    # two solves to 1e-13 each and a base rebuilt from flows
    np.testing.assert_allclose(there.real_income * back.real_income, 1, rtol=1e-11)


# --- units and names ---


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("factor", [2.0, 1e-6, 1e9, 3.7])
def test_units_change_no_per_cent(closure, factor):
    w = random_world(21, 5, 4, theta=(2.0, 12.0))
    t, tau = random_shock(w, 22, lowest=-0.2, highest=1.0)
    first = sx.solve(as_world(w), sx.Schedule(t, tau), deficits=closure)
    second = sx.solve(as_world(scaled(w, factor)), sx.Schedule(t, tau), deficits=closure)
    for name, v in CORE.items():
        a, b = first.variable(name).values, second.variable(name).values
        if v.unit == "per cent":
            # solved to 1e-13 in logarithms; a per cent is a hundred times a share; large changes relative to size
            np.testing.assert_allclose(b, a, rtol=1e-10, atol=1e-9, err_msg=name)
        elif name != "equivalent_variation_per_person":
            np.testing.assert_allclose(
                b / factor, a, rtol=1e-9, atol=1e-11 * float(np.sum(w.flows)), err_msg=name
            )  # fmt: skip


@pytest.mark.parametrize("closure", CLOSURES)
def test_order_and_names_only_permute(closure):
    w = random_world(31, 5, 4, theta=(2.0, 12.0))
    t, tau = random_shock(w, 32, lowest=-0.2, highest=1.0)
    world = as_world(w)
    n, s = np.array([3, 0, 4, 1, 2]), np.array([2, 0, 3, 1])
    countries = [f"new-{world.countries[i]}" for i in n]
    sectors = [f"new-{world.sectors[i]}" for i in s]
    cube, square = np.ix_(s, n, n), np.ix_(s, n)
    other = sx.World.from_arrays(
        countries, sectors, world.flows[cube], tariffs=world.tariffs[cube], elasticity=world.elasticity[s],
        inputs=world.inputs[np.ix_(s, s, n)], inputs_as="shares", final_shares=world.final_shares[square],
    )  # fmt: skip
    first = sx.solve(world, sx.Schedule(t, tau), deficits=closure)
    second = sx.solve(other, sx.Schedule(t[cube], tau[cube]), deficits=closure)
    picks = {("country",): (n,), ("sector", "country"): square, ("exporter", "importer"): np.ix_(n, n)}
    for name, v in CORE.items():
        pick = picks.get(v.dims, cube)
        a, b = first.variable(name).values[pick], second.variable(name).values
        # the same equilibrium to the solver's 1e-13; sums are added in another order
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-11 * float(w.flows.sum()), err_msg=name)
    code, new = world.countries[3], "new-" + world.countries[3]
    assert second.welfare[new] == pytest.approx(first.welfare[code], rel=1e-9, abs=1e-9)


def test_splitting_a_sector_in_two_equal_halves_changes_nothing():
    """Two sectors with the same technique, origins and θ are one: welfare must not see how it is cut."""
    w = random_world(41, 4, 2, inputs=False, theta=(5.0, 5.0), zero_flows=0.0, zero_output=0.0)
    t, tau = random_shock(w, 42, lowest=0.0, highest=1.0)
    whole = sx.solve(as_world(w), sx.Schedule(t, tau))
    twice = [0, 0, 1]
    part = np.array([0.3, 0.7, 1.0])
    cut = sx.World.from_arrays(
        w.countries, ["a", "b", "c"], w.flows[twice] * part[:, None, None], tariffs=w.tariffs[twice], elasticity=5.0
    )
    halves = sx.solve(cut, sx.Schedule(t[twice], tau[twice]))
    np.testing.assert_allclose(halves.real_income, whole.real_income, rtol=1e-11)  # both solved to 1e-13


# --- Walras ---


def walras(seed, closure):
    """Whether there is an equilibrium; where there is, markets and incomes add up."""
    w = random_world(seed, 5, 3, theta=(1.0, 20.0))
    t, tau = random_shock(w, seed + 1, lowest=-0.3, highest=2.0)
    try:
        outcome = sx.solve(as_world(w), sx.Schedule(t, tau), deficits=closure)
    except sx.NoConvergence:
        return False  # whether a refusal is right is for test_reference_agreement
    assert outcome.conditions.walras < 1e-9
    assert abs(outcome.D_new.sum()) < 1e-9 * outcome.I_new.sum()
    # numeraire, and income adds up, by the outcome's own numbers: sums of doubles
    base = outcome.world
    assert float(outcome.w_hat @ base.factor_income) == pytest.approx(base.factor_income.sum(), rel=1e-12)
    earned = outcome.w_hat * base.factor_income + outcome.R_new + outcome.D_new
    np.testing.assert_allclose(outcome.I_new, earned, rtol=1e-11)
    if closure == "balanced":
        assert not outcome.D_new.any()
    if closure == "fixed":
        np.testing.assert_array_equal(outcome.D_new, base.deficit)
    return True


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from(CLOSURES))
def test_walras(seed, closure):
    walras(seed, closure)


@pytest.mark.parametrize("closure", CLOSURES)
def test_walras_is_seen_in_most_worlds(closure):
    """Plain draws, so that the test above cannot pass by refusals."""
    found = [walras(seed, closure) for seed in range(10)]
    assert sum(found) >= 9, found


# --- the embedded world by independent eyes ---


@pytest.mark.parametrize("name", ["us-canada-2025", "article-only", "us-only", "all-goods-25", "all-goods-25-both"])
def test_embedded_scenarios_hold_by_the_reference_equations(embedded, name):
    outcome = sx.solve(embedded, sx.load_scenario(name))
    # relative to each country's income; the product stops at 1e-13 in logarithms
    assert max(residuals_by_reference(outcome).values()) < 1e-9


@pytest.mark.parametrize("closure", CLOSURES)
def test_embedded_closures_hold_by_the_reference_equations(embedded, closure):
    outcome = sx.solve(embedded, sx.load_scenario("us-canada-2025"), deficits=closure)
    assert max(residuals_by_reference(outcome).values()) < 1e-9
    assert outcome.welfare["CAN"] < -0.05  # Canada loses a tenth of a per cent or so under every closure


# --- autarky ---


def close_borders():
    return sx.Scenario().trade_cost(importer="*", exporter="*", factor=np.inf)


@pytest.mark.parametrize("seed", range(8))
def test_autarky_meets_the_closed_form(seed):
    w = random_world(seed, 4, 3, theta=(3.0, 9.0), zero_flows=0.0, zero_output=0.0)
    outcome = sx.solve(as_world(w), close_borders(), deficits="balanced")
    # an embargo is exact, so only rounding separates the two; relative wages have no meaning here and are not compared
    np.testing.assert_allclose(outcome.real_income, autarky_gain(equilibrium_base(*w.shares, "balanced")), rtol=1e-10)
    assert not outcome.X_new[np.broadcast_to(foreign(outcome.world), w.flows.shape)].any()
    assert (outcome.trade.values[foreign(outcome.world)[0]] == -100).all()


@pytest.mark.parametrize("seed", range(4))
def test_near_autarky_comes_near(seed):
    w = random_world(seed, 3, 3, theta=(3.0, 6.0), zero_flows=0.0, zero_output=0.0)
    tau = np.where(foreign(as_world(w)), 30.0, 1.0) * np.ones_like(w.flows)
    outcome = sx.solve(as_world(w), sx.Schedule(w.tariffs, tau), deficits="balanced")
    # what trade is left is worth up to τ^−θ = 30^−3 = 4e-5 of a country's spending, times its partners' relative size
    np.testing.assert_allclose(outcome.real_income, autarky_gain(reference_base(outcome.world)), rtol=1e-2)


def test_autarky_in_one_sector_is_the_share_at_home():
    w = random_world(3, 4, 1, inputs=False, theta=(5.0, 5.0), zero_flows=0.0, zero_output=0.0, base_tariffs=0.0)
    outcome = sx.solve(as_world(w), close_borders(), deficits="balanced")
    own = np.diagonal(outcome.world.flows[0]) / outcome.world.flows[0].sum(axis=0)
    # Arkolakis, Costinot & Rodríguez-Clare (2012): Ŵ = π_nn^(1/θ), to rounding
    np.testing.assert_allclose(outcome.real_income, own ** (1 / 5.0), rtol=1e-12)


def test_autarky_with_transfers_is_refused():
    """Closed borders cannot carry a transfer: fixed deficits have no equilibrium."""
    with pytest.raises(sx.NoConvergence):
        sx.solve(small_world(2, zero_flows=0.0, zero_output=0.0), close_borders(), deficits="fixed")


def test_autarky_is_refused_where_a_good_cannot_be_made():
    w = random_world(11, 3, 2, inputs=False, zero_flows=0.0, zero_output=0.0, theta=(4.0, 4.0))
    flows = w.flows.copy()
    flows[0, 1] = 0.0
    w = world_from_values(flows, w.tariffs, w.theta, w.use)
    with pytest.raises(NoReferenceEquilibrium):
        autarky_gain(equilibrium_base(*w.shares, "balanced"))
    with pytest.raises(sx.NoConvergence):
        sx.solve(as_world(w), close_borders(), deficits="balanced")


def test_one_country_closes_to_another():
    """An embargo between two countries leaves the rest of the world's trade in place, and no flow between them."""
    world = small_world(4, zero_flows=0.0, zero_output=0.0)
    a, b = world.countries[:2]
    closed = sx.Scenario().trade_cost(importer=a, exporter=b, factor=np.inf).trade_cost(
        importer=b, exporter=a, factor=np.inf
    )  # fmt: skip
    outcome = sx.solve(world, closed)
    assert outcome.trade_change.sel(exporter=a, importer=b) == -outcome.trade_base.sel(exporter=a, importer=b)
    assert (outcome.X_new[:, 2:, 2:] > 0).all()
    assert max(residuals_by_reference(outcome).values()) < 1e-9
