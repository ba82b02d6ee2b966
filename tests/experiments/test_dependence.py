"""Doing without: closed forms at the ends, order in between, and words for what cannot be asked."""

import json

import numpy as np
import pytest

import surtax as sx
from surtax.experiments.dependence import as_plain, dependence, embargo, together
from surtax.experiments.products import coverage, product
from tests.helpers import reference_base, small_world
from tests.reference.solver import autarky_gain


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_closing_everything_between_two_countries_is_autarky(seed):
    """The formula of Arkolakis, Costinot & Rodríguez-Clare (2012), by a program that shares no code with this one."""
    w = small_world(seed, 2, 3, zero_flows=0.0, zero_output=0.0)
    closed = embargo(w, *w.countries, [np.ones(3)], both=True, deficits="balanced")
    np.testing.assert_allclose(closed.real_income, autarky_gain(reference_base(closed.world)), rtol=1e-10)


def test_a_share_near_the_whole_tends_to_the_closed_cell(embedded):
    s, o, d = embedded.sector("B06"), "CAN", "USA"

    def at(x):
        share = np.zeros(len(embedded.sectors))
        share[s] = x
        return embargo(embedded, d, o, [share]).welfare["USA"]

    closed = at(1.0)
    gaps = [abs(at(1 - e) - closed) for e in (1e-1, 1e-2, 1e-3, 1e-6)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 1e-6
    assert at(0.0) == pytest.approx(0, abs=1e-10)


def test_losses_rise_with_scope(embedded):
    found = [dependence(embedded, "USA", "CAN", p).losses["long"] for p in ("oil", "energy", "everything")]
    for name in ("importer", "origin"):
        values = [getattr(x, name) for x in found]
        assert values == sorted(values, reverse=True), name


def test_shares_of_a_sector_add_up(embedded):
    whole, _ = coverage(product("vehicles", embedded), embedded, "USA", "CAN")
    cars, _ = coverage(product("cars", embedded), embedded, "USA", "CAN")
    rest = [
        coverage(product(f"HS87{n:02d}", embedded), embedded, "USA", "CAN")[0]
        for n in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
    ]
    assert np.allclose(cars + np.sum(rest, axis=0), whole, atol=1e-12)
    assert ((whole >= 0) & (whole <= 1)).all()


def test_customs_figures_are_those_of_the_table(embedded):
    from surtax.trade import load_us_imports

    d = dependence(embedded, "USA", "CAN", "8703")
    lines = load_us_imports()
    keep = np.char.startswith(lines.codes, "8703")
    assert d.customs.total == int(lines.value[keep].sum())
    assert d.customs.value == int(lines.where(keep).select(origin="CAN").total())
    # typed independently in the accounts of the dispute: USD 28.260 billion of passenger cars in 2024
    assert d.customs.value / 1e9 == pytest.approx(28.260, abs=5e-4)
    energy = dependence(embedded, "USA", "CAN", "energy").customs.value
    assert energy / 1e9 == pytest.approx(123.955, abs=5e-4)


def test_the_sum_and_the_parts(embedded):
    t = together(embedded, "USA", "CAN", ["energy", "cars"])
    assert t.sum_importer == pytest.approx(sum(x.importer for x in t.alone.values()))
    # codes named twice count once
    twice = together(embedded, "USA", "CAN", ["energy", "oil"])
    assert twice.together.importer == pytest.approx(twice.alone["energy"].importer, abs=1e-9)


def test_the_other_direction_says_that_it_is_wider(embedded):
    d = dependence(embedded, "can", "usa", "cars")
    assert (d.importer, d.origin, d.customs) == ("CAN", "USA", None)
    assert "wider" in d.basis
    assert d.losses["long"].importer < 0


@pytest.mark.parametrize(
    ("importer", "origin", "name", "words"),
    [
        ("USA", "USA", "energy", "same country"),
        ("USA", "CAN", "unicorns", "unknown product"),
        ("USA", "CAN", "enrgy", "did you mean energy"),
        ("USA", "ZZZ", "energy", "unknown country"),
        ("USA", "LUX", "HS2711", "no origin .LUX."),
        ("USA", "CHE", "HS270900", "bought nothing"),
    ],
)
def test_bad_input(embedded, importer, origin, name, words):
    with pytest.raises(sx.InputError, match=words):
        dependence(embedded, importer, origin, name)


def test_json_is_strict(embedded):
    json.dumps(as_plain(dependence(embedded, "USA", "CAN", "C29")), allow_nan=False)


# --- horizons ---


@pytest.mark.parametrize("product_name", ["cars", "energy"])
def test_the_short_run_closes_the_same_part_with_its_own_elasticity(embedded, product_name):
    """τ̂ = (1 − ω)^(−1/θ), θ of the short run: at given prices the part 1 − ω of the flow is left in both horizons."""
    from surtax.model.options import SHORT_OVER_LONG

    share, _ = coverage(product(product_name, embedded), embedded, "USA", "CAN")
    o, d = embedded.country("CAN"), embedded.country("USA")
    partly = (share > 0) & (share < 1)
    for model, scale in (("core", 1.0), ("short-run", SHORT_OVER_LONG)):
        closed = embargo(embedded, "USA", "CAN", [share], model=model)
        cost = closed.schedule.trade_cost[partly, o, d]
        np.testing.assert_allclose(cost ** -(scale * embedded.elasticity[partly]), 1 - share[partly], rtol=1e-10)


def test_both_horizons_are_each_horizon(embedded):
    both = dependence(embedded, "USA", "CAN", "energy", "both")
    assert tuple(both.losses) == ("long", "short")
    for each in ("long", "short"):
        alone = dependence(embedded, "USA", "CAN", "energy", each)
        assert alone.losses == {each: both.losses[each]}
    assert both.conditions["long"]["model"] == "core"
    assert both.conditions["short"]["model"] == "short-run"


def test_losses_of_the_short_run_are_larger_and_rise_with_scope(embedded):
    found = [dependence(embedded, "USA", "CAN", p, "both").losses for p in ("oil", "energy", "everything")]
    for name in ("importer", "origin"):
        for h in ("long", "short"):
            values = [getattr(x[h], name) for x in found]
            assert values == sorted(values, reverse=True), (name, h)
        assert all(getattr(x["short"], name) < getattr(x["long"], name) < 0 for x in found)


@pytest.mark.parametrize("seed", [2, 3])
def test_closing_everything_is_autarky_in_the_short_run_as_well(seed):
    """With one sector nothing can move, so that the closed form is the long run's at the short run's elasticity."""
    from surtax.model.options import SHORT_OVER_LONG

    w = small_world(seed, 2, 1, zero_flows=0.0, zero_output=0.0)
    closed = embargo(w, *w.countries, [np.ones(1)], both=True, deficits="balanced", model="short-run")
    base = reference_base(closed.world)
    np.testing.assert_allclose(closed.world.elasticity, SHORT_OVER_LONG * w.elasticity)
    np.testing.assert_allclose(closed.real_income, autarky_gain(base), rtol=1e-10)


def test_elasticities_given_to_the_embargo_are_those_of_its_wedges(embedded):
    from surtax.elasticities import apply

    by_option = dependence(embedded, "USA", "CAN", "cars", elasticities=4.0).losses["long"]
    by_world = dependence(apply(embedded, 4.0), "USA", "CAN", "cars").losses["long"]
    assert by_option.importer == pytest.approx(by_world.importer, abs=1e-12)


def test_bad_horizons(embedded):
    with pytest.raises(sx.InputError, match="short, long or both"):
        dependence(embedded, "USA", "CAN", "energy", "medium")
    with pytest.raises(sx.InputError, match="one horizon"):
        dependence(embedded, "USA", "CAN", "energy", "both", model="core")
    with pytest.raises(sx.InputError, match="no product nest"):
        dependence(embedded, "USA", "CAN", "cars", model="melitz-pareto")


def test_electricity_is_among_services_and_it_is_said(embedded):
    with pytest.raises(sx.InputError, match="among services"):
        dependence(embedded, "USA", "CAN", "electricity")
    assert "stays open" in dependence(embedded, "USA", "CAN", "energy").basis
    assert "stays open" not in dependence(embedded, "USA", "CAN", "lumber").basis
