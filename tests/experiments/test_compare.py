"""The comparison: a complete grid, rows that are what `solve` says, refusals as rows, and steps re-derived."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surtax as sx
from surtax import InputError
from surtax.errors import NoEquilibrium
from surtax.experiments import compare as c
from surtax.experiments.comparators import beside, comparators
from surtax.experiments.reasons import ALONE, CHAIN, ONE_AT_A_TIME, STEPS, SUM, TOGETHER, WHOLE, reasons
from surtax.model.melitz import MelitzPareto
from surtax.model.options import General
from surtax.model.registry import MODELS


@pytest.fixture(scope="module")
def world():
    """Four countries that trade little of what they make, with inputs; which flows are final is not known."""
    rng = np.random.default_rng(5)
    flows = rng.uniform(0.5, 2, (3, 4, 4)) + 12 * np.eye(4)
    return sx.World.from_arrays(
        ["A", "B", "C", "D"], ["x", "y", "z"], flows, elasticity=[3.0, 5.0, 8.0],
        inputs=np.full((3, 3, 4), 0.12), inputs_as="shares",
    )  # fmt: skip


@pytest.fixture(scope="module")
def scenario(world):
    a, b = world.countries[:2]
    return sx.Scenario().tariff(importer=a, exporter=b, add=0.1).tariff(importer=b, exporter=a, add=0.05)


def rows_of(world, scenario, models=("all",), closures=("all",), elasticities=("default",), countries=None):
    chosen = c.chosen_models(models)
    return list(
        c.grid(scenario, chosen, c.chosen_closures(closures, chosen), c.chosen_elasticities(elasticities, world),
               countries or world.countries)
    )  # fmt: skip


def test_the_grid_is_complete(world, scenario):
    rows = rows_of(world, scenario, elasticities=("default", "4", "7"))
    keys = {(r.model, r.closure, r.elasticities) for r in rows}
    closures = {x for m in c.chosen_models(["all"]).values() for x in m.closures}
    assert len(rows) == len(keys) == len(MODELS) * len(closures) * 3
    assert {r.model for r in rows} == set(MODELS)
    for r in rows:
        assert (r.status == c.SOLVED) == bool(r.values) == (not r.why)


def test_rows_are_what_solve_says(world, scenario):
    for r in rows_of(world, scenario, closures=("fixed", "balanced"), elasticities=("default", "4")):
        how = {"model": r.model, "deficits": r.closure, "elasticities": None if r.elasticities != "4" else "4"}
        if r.status != c.SOLVED:
            with pytest.raises((InputError, sx.NoConvergence)):
                sx.solve(world, scenario, **how)
            continue
        o = sx.solve(world, scenario, **how)
        for q in c.QUANTITIES:
            # What a world keeps from one solution to the next steers the solver: the last digits may differ.
            assert r.values[q] == pytest.approx({x: o.variable(q)[x] for x in world.countries}, rel=1e-8, abs=1e-8)
        told = o.describe()
        for key in ("scenario", "model", "about", "closure", "elasticities", "world", "base", "settings"):
            assert r.conditions[key] == told[key]
        assert 0 <= r.conditions["residual"] < 1e-8


def test_what_a_model_does_not_offer_is_a_row_that_says_so(world, scenario):
    rows = rows_of(world, scenario)
    for r in rows:
        offered = r.closure in c.chosen_models([r.model])[r.model].closures
        assert offered or (r.status == c.NOT_OFFERED and r.model in r.why)
    # a world that does not know which flows are final
    assert [r.status for r in rows if r.model == "end-use" and r.closure == "fixed"] == [c.NOT_OFFERED]
    # sets by the OECD's sectors, which this world does not have
    listed = rows_of(world, scenario, models=("core",), closures=("fixed",), elasticities=("all",))
    assert {r.status for r in listed if r.elasticities in sx.elasticity_sets()} == {c.NOT_OFFERED}
    assert {r.status for r in listed if r.elasticities not in sx.elasticity_sets()} == {c.SOLVED}


def test_no_equilibrium_is_a_row_that_says_so(world, scenario):
    class Refusing:
        name, closures = "refusing", ("fixed",)

        def equilibrium(self, _task):
            raise NoEquilibrium("no equilibrium with positive incomes")

    # a model of the user's own, which is in no registry
    rows = list(c.grid(scenario, {"mine": Refusing()}, ("fixed", "balanced"), {"own": world}, world.countries))
    assert [(r.model, r.status) for r in rows] == [("mine", c.NO_EQUILIBRIUM), ("mine", c.NOT_OFFERED)]
    assert "positive incomes" in rows[0].why


def test_a_country_without_exports_has_no_number_there():
    flows = np.array([[[5.0, 2.0, 1.0], [0.0, 4.0, 0.0], [1.0, 1.0, 6.0]]])
    w = sx.World.from_arrays(["A", "B", "C"], ["s"], flows, elasticity=4.0)
    (r,) = rows_of(w, sx.Scenario().tariff(importer="B", exporter="A", add=0.1), ("core",), ("fixed",))
    assert np.isnan(r.values["exports"]["B"])


def test_countries_shown_and_sets_once(embedded):
    main = sx.load_scenario("us-canada-2025")
    assert c.shown_countries(embedded, main) == ("CAN", "USA", "MEX", "CHN")
    other = sx.Scenario().tariff(importer="DEU", exporter="*", add=0.1)
    assert c.shown_countries(embedded, other) == ("DEU", "MEX", "CHN")
    sets = c.chosen_elasticities(["all"], embedded)
    assert list(sets) == ["fgo", *(n for n in sx.elasticity_sets() if n != "fgo"), "uniform-4"]
    assert list(c.chosen_elasticities(["default", "fgo"], embedded)) == ["fgo"]
    assert c.check_scenario(embedded, main, ["usa", "USA", "can"]) == ("USA", "CAN")


@pytest.mark.parametrize(
    "ask",
    [
        lambda _: c.chosen_models(["cor"]),
        lambda _: c.chosen_closures(["fixt"], c.chosen_models(["core"])),
        lambda w: c.chosen_elasticities(["bok"], w),
        lambda w: c.check_scenario(w, sx.Scenario(), ["XYZ"]),
        lambda w: c.check_scenario(w, sx.Scenario().tariff(importer="XYZ", exporter="*", add=0.1), []),
    ],
)
def test_what_does_not_exist_is_refused(world, ask):
    with pytest.raises(InputError):
        ask(world)


def test_a_closure_of_another_model_is_no_mistake():
    assert c.chosen_closures(["designated-balanced"], c.chosen_models(["core"])) == ("designated-balanced",)


# --- reasons ---


@pytest.fixture(scope="module")
def found(world, scenario):
    return reasons(world, scenario, world.countries, elasticities=c.chosen_elasticities(["default", "4"], world))


def welfare(world, scenario, **how):
    o = sx.solve(world, scenario, **how)
    return {x: o.welfare[x] for x in world.countries}


def test_steps_switched_alone_are_differences_from_the_core(world, scenario, found):
    start = welfare(world, scenario)
    # Both are solved to 1e-10 and better; what a world keeps from one solution to the next steers the last digits.
    assert found.reference == pytest.approx(start, abs=1e-8)
    alone = [s for s in found.steps if s.kind == ALONE]
    again = {
        ("inputs", "all purchases final"): {"model": "tariffwar"},
        ("labour", "factors stay in their sectors (μ = 1)"): {"model": "specific-factors"},
        ("labour", "wages do not fall; employment does"): {"model": "rigid-wages"},
        ("horizon", "short-run trade elasticities"): {"model": General(mobility=np.inf, horizon="short")},
        ("horizon", "these, and factors stay"): {"model": "short-run"},
        ("scale", "external economies, ψ = 1/(2θ)"): {"model": "scale-economies"},
        ("nest", "home against foreign goods at θ/2"): {"model": "nested"},
        ("elasticity", "4"): {"elasticities": 4.0},
        **{("closure", x): {"deficits": x} for x in ("balanced", "gdp-share", "multiplicative")},
    }
    named = {(s.reason, s.what): s for s in alone}
    assert set(named) == {*again, ("origins", "inputs, final demand apart")}
    assert len(ONE_AT_A_TIME) + 1 + 3 == len(alone)
    for key, how in again.items():
        after = welfare(world, scenario, **how)
        assert named[key].change == pytest.approx({x: after[x] - start[x] for x in after}, abs=1e-8), key
    # this world does not know which flows are final: said, not dropped
    assert named["origins", "inputs, final demand apart"].why
    assert not named["origins", "inputs, final demand apart"].change


def test_the_sum_is_of_the_parts_and_not_what_they_do_together(world, scenario, found):
    start = welfare(world, scenario)
    sums, both = ([s for s in found.steps if s.kind == k] for k in (SUM, TOGETHER))
    assert [s.what for s in sums] == [
        "added up: short run, scale, nest",
        "added up: short run, nest, rigid wages",
    ]
    parts = [welfare(world, scenario, model=m) for m in ("short-run", "scale-economies", "nested")]
    for x in world.countries:
        assert sums[0].change[x] == pytest.approx(sum(p[x] - start[x] for p in parts), abs=1e-8)
    together = welfare(world, scenario, model=General(horizon="short", scale="half-krugman", nest="half"))
    for x in world.countries:
        assert both[0].change[x] == pytest.approx(together[x] - start[x], abs=1e-8)
    assert any(abs(both[0].change[x] - sums[0].change[x]) > 1e-4 for x in world.countries)


def test_the_chain_adds_up_and_ends_at_melitz_pareto(world, scenario, found):
    chain = [s for s in found.steps if s.kind == CHAIN]
    (whole,) = (s for s in found.steps if s.kind == WHOLE)
    assert len(chain) == len(STEPS)
    start, end = welfare(world, scenario), welfare(world, scenario, model="melitz-pareto")
    for x in world.countries:
        assert whole.change[x] == pytest.approx(end[x] - start[x], abs=1e-8)
        assert sum(s.change[x] for s in chain) == pytest.approx(whole.change[x], abs=1e-8)


@given(seed=st.integers(0, 50), rate=st.floats(0.01, 0.5))
def test_the_corner_without_labour_supply_is_the_core_in_one_sector(seed, rate):
    """φ = 1, ν = 0, κ = 0 and sales as recorded: Eaton–Kortum, which the core's own kernel solves on summed accounts.

    Exact where no base tariff differs by sector, so that adding up loses nothing. Two kernels, each to 1e-9.
    """
    w = _free(seed)
    a, b = w.countries[:2]
    shock = sx.Scenario().tariff(importer=a, exporter=b, add=rate)
    corner = MelitzPareto(nu=0.0, labour_supply=0.0, domestic="recorded")
    one = w.aggregate(sectors={"TOTAL": w.sectors})
    here = sx.solve(w, shock, model=corner).real_income
    assert here == pytest.approx(sx.solve(one, shock).real_income, abs=1e-8)


def _free(seed):
    rng = np.random.default_rng(seed)
    flows = rng.uniform(0.1, 2, (2, 3, 3)) + 5 * np.eye(3)
    return sx.World.from_arrays(["A", "B", "C"], ["x", "y"], flows, elasticity=[3.0, 3.0])


def test_a_reference_without_equilibrium_is_told(world, scenario, monkeypatch):
    import surtax.experiments.reasons as module

    monkeypatch.setattr(module, "attempt", lambda *_: (None, "no equilibrium", "incomes would be negative"))
    r = reasons(world, scenario, world.countries)
    assert (r.reference, r.steps, r.why) == ({}, (), "incomes would be negative")


def test_the_reference_is_of_the_core(world, scenario):
    with pytest.raises(InputError, match="designated-balanced"):
        reasons(world, scenario, world.countries, closure="designated-balanced")


# --- comparators ---


def test_every_comparator_says_whose_it_is_and_how_it_differs():
    listed = comparators()
    assert len({x.id for x in listed}) == len(listed) >= 5
    for x in listed:
        assert np.isfinite(x.value)
        assert x.high is None or x.high >= x.value
        assert all((x.author, x.scenario, x.country, x.quantity, x.source, x.differs))
        assert not x.near or x.near in sx.scenario_names()
        assert x.core is None


def test_beside_them_stands_what_the_core_says(embedded):
    found = beside(embedded, ["CAN"])
    assert {x.country for x in found} == {"CAN"}
    for x in found:
        if x.near:
            expected = sx.solve(embedded, sx.load_scenario(x.near)).welfare["CAN"]
            assert x.core == pytest.approx(expected, abs=1e-8)
        else:
            assert x.core is None


def test_a_world_without_them_leaves_them_alone(world):
    assert all(x.core is None for x in beside(world, ["CAN", "USA"]))


def test_the_dates_of_the_path_are_lines_of_their_own(world, scenario):
    from surtax.experiments.dates import DATES
    from surtax.model.dynamic import comparison

    models = c.chosen_models(["core", "path"])
    assert list(models) == ["core", *DATES]
    worlds = c.chosen_elasticities(["default"], world)
    rows = {r.model: r for r in c.grid(scenario, models, ["fixed"], worlds, world.countries)}
    assert {r.status for r in rows.values()} == {c.SOLVED}
    direct = comparison(world, scenario, deficits="fixed")
    for line, date in DATES.items():
        for country, value in rows[line].values["welfare"].items():
            assert value == pytest.approx(direct[date].welfare[country], abs=1e-8)
