"""The one table of variables: complete, readable, and true of every outcome."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest

import surtax as sx
from surtax.model.outcome import FORMULAS, Outcome
from tests.helpers import small_world

TABLE = Path(sx.__file__).resolve().parent / "variables.csv"
DIMS = {"country", "sector", "exporter", "importer"}
UNITS = {"per cent", "money", "money per person", "per 1,000 workers"}


# in the world below
RESOLVED = {"per cent": "per cent", "money": "EUR thousand", "money per person": "EUR per person"}


@pytest.fixture(scope="module")
def outcome():
    world = small_world(3, 4, 3, zero_flows=0.4, zero_output=0.3)
    world = world.replace(population=np.array([1e6, 2e6, np.nan, 4e6]), meta={"units": "EUR thousand"})
    return sx.solve(world, sx.Scenario().tariff(importer="C00", exporter="*", add=0.2))


def test_rows_and_formulas_are_the_same_names_in_the_same_order():
    assert list(sx.variables()) == list(FORMULAS)


def test_the_table_is_well_formed():
    with TABLE.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "dims", "unit", "needs", "label", "definition"]
    assert len({r["name"] for r in rows}) == len({r["label"] for r in rows}) == len(rows)
    for r in rows:
        assert r["name"].isidentifier(), r
        assert r["name"] == r["name"].lower()
        assert set(r["dims"].split()) <= DIMS, r
        assert len(set(r["dims"].split())) == len(r["dims"].split())
        assert r["unit"] in UNITS, r
        assert len(r["definition"]) > 2, r
        assert all(v == v.strip() and (v or k == "needs") for k, v in r.items()), r
        assert r["label"][0].isupper(), r
        # no variable hides behind an attribute of the outcome itself
        assert not hasattr(Outcome, r["name"]), r
        assert r["name"] not in Outcome.__dataclass_fields__, r


def test_levels_and_changes_say_so():
    for name, v in sx.variables().items():
        if name.endswith("_change"):
            assert v.unit == "money", name
        if name.endswith("_base") and name != "tariff_base":
            assert v.unit == "money", name


@pytest.mark.parametrize("name", [n for n, v in sx.variables().items() if not v.needs])
def test_each_variable(outcome, name):
    v, x = sx.variables()[name], getattr(outcome, name)
    sizes = {"country": 4, "exporter": 4, "importer": 4, "sector": 3}
    assert x.dims == v.dims
    assert x.unit == RESOLVED[v.unit]
    assert x.values.shape == tuple(sizes[d] for d in v.dims)
    assert x.values.dtype == float
    assert not np.isinf(x.values).any()
    empty = np.isnan(x.values)
    # a number is missing only where the definition says so
    assert not empty.any() or "empty where" in v.definition
    frame = outcome.to_frame(name)
    assert frame.columns == [*v.dims, name]
    assert frame[name].null_count() == empty.sum()
    assert name in dir(outcome)


def test_changes_and_levels_belong_together(outcome):
    """Per cent, base and change of the same thing, computed apart, say the same."""
    for level, per_cent in (("output", "output"), ("trade", "trade"), ("flows", "flows")):
        base = outcome.variable(f"{level}_base").values
        change = outcome.variable(f"{level}_change").values
        here = base > 0
        np.testing.assert_allclose(
            outcome.variable(per_cent).values[here],
            (100 * change / np.where(here, base, 1))[here],
            rtol=1e-10,
            atol=1e-10,
        )
        assert (change[~here] == 0).all()
        assert np.isnan(outcome.variable(per_cent).values[~here]).all()
    np.testing.assert_allclose(
        outcome.equivalent_variation.values, outcome.welfare.values / 100 * outcome.income_base.values, rtol=1e-12
    )
    people = outcome.world.population
    np.testing.assert_allclose(
        outcome.equivalent_variation_per_person.values[[0, 1, 3]],
        (1e3 * outcome.equivalent_variation.values / people)[[0, 1, 3]], rtol=1e-12,
    )  # fmt: skip
    # money adds up: exports are the rows of trade, imports its columns, and value added is what factors earn
    trade = outcome.trade_change.values * ~np.eye(4, dtype=bool)
    np.testing.assert_allclose(outcome.exports_change.values, trade.sum(axis=1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(outcome.imports_change.values, trade.sum(axis=0), rtol=1e-9, atol=1e-9)
    earned = (outcome.value_added_base.values + outcome.value_added_change.values).sum(axis=0)
    np.testing.assert_allclose(earned, (1 + outcome.wage.values / 100) * outcome.world.factor_income, rtol=1e-10)
    duty = outcome.world.flows + outcome.flows_change.values
    np.testing.assert_allclose(
        outcome.revenue.values, (duty * outcome.tariff.values / 100).sum(axis=(0, 1)), rtol=1e-10, atol=1e-10
    )


def test_unknown_variables_offer_the_nearest(outcome):
    with pytest.raises(AttributeError, match=r"did you mean.*welfare"):
        outcome.wellfare  # noqa: B018
    with pytest.raises(sx.InputError, match=r"unknown variable 'price'.*prices"):
        outcome.variable("price")
    with pytest.raises(sx.InputError, match="unknown variable"):
        outcome.to_frame("price")


def test_picking_by_label(outcome):
    assert isinstance(outcome.welfare["C00"], float)
    assert outcome.prices["S01", "C02"] == outcome.prices["C02", "S01"] == outcome.prices["C02"]["S01"]
    assert outcome.prices["C02"].dims == ("sector",)
    assert outcome.trade.sel(exporter="C00", importer="C01") == outcome.trade.values[0, 1]
    assert outcome.flows.sel(sector="S00").values.shape == (4, 4)
    assert list(outcome.welfare.to_dict()) == list(outcome.world.countries)
    assert len(outcome.welfare) == 4
    np.testing.assert_array_equal(np.asarray(outcome.welfare), outcome.welfare.values)
    assert np.asarray(outcome.welfare, dtype="float32").dtype == np.float32
    assert "welfare [country], per cent" in repr(outcome.welfare)
    assert "sector, exporter, importer" in repr(outcome.flows)


@pytest.mark.parametrize(
    ("pick", "message"),
    [
        (lambda o: o.welfare["C09"], "welfare has no label 'C09'; did you mean C0"),
        (lambda o: o.trade["C00"], r"stands on exporter and importer of trade: use .sel\(exporter='C00'\)"),
        (lambda o: o.trade.sel(exporter="C99"), "trade has no exporter 'C99'"),
        (lambda o: o.trade.sel(country="C00"), "trade has no dimension 'country'; it has exporter, importer"),
        (lambda o: o.prices.to_dict(), "pick all but one first"),
        (lambda o: o.welfare["C00", "C01"], "no label 'C01'"),
    ],
)
def test_wrong_picks(outcome, pick, message):
    with pytest.raises(sx.InputError, match=message):
        pick(outcome)


def test_the_long_table(outcome):
    frame = outcome.to_frame()
    assert frame.columns == ["variable", "country", "partner", "sector", "value", "unit"]
    small = {n: v for n, v in sx.variables().items() if len(v.dims) <= 2 and not v.needs}
    assert set(frame["variable"]) == set(small)
    row = frame.filter((frame["variable"] == "welfare") & (frame["country"] == "C01")).row(0, named=True)
    assert row == {
        "variable": "welfare", "country": "C01", "partner": None, "sector": None,
        "value": outcome.welfare["C01"], "unit": "per cent",
    }  # fmt: skip
    assert set(frame["unit"]) == set(RESOLVED.values())
    assert len(frame) == sum(outcome.variable(n).values.size for n in small)


def test_xarray(outcome):
    xr = pytest.importorskip("xarray")
    data = outcome.to_xarray()
    assert isinstance(data, xr.Dataset)
    assert set(data.data_vars) == set(outcome.variables) < set(FORMULAS)
    assert data.attrs["closure"] == "fixed"
    assert float(data.welfare.sel(country="C01")) == outcome.welfare["C01"]
    assert float(data.trade.sel(exporter="C00", importer="C01")) == outcome.trade.sel(exporter="C00", importer="C01")
    for name, v in sx.variables().items():
        if v.needs:
            continue
        assert data[name].dims == v.dims
        assert data[name].attrs == {"unit": RESOLVED[v.unit], "long_name": v.label, "definition": v.definition}


def test_conditions_travel_with_the_result(outcome):
    said = outcome.describe()
    for key in ("scenario", "model", "closure", "elasticities", "world", "base", "numeraire", "residual", "walras"):
        assert said[key] not in (None, ""), key
    assert 0 <= said["residual"] < 1e-10
    assert "deficits fixed" in repr(outcome)
    assert "residual" in repr(outcome)


def test_variables_of_other_models_are_refused_where_a_model_has_none(outcome):
    assert "employment" not in outcome.variables
    assert "employment" not in dir(outcome)
    with pytest.raises(sx.InputError, match="'core' has no 'employment'"):
        outcome.variable("employment")
    with pytest.raises(AttributeError, match="holds it fixed"):
        outcome.employment  # noqa: B018


def test_a_model_may_measure_real_income_itself(outcome):
    n = len(outcome.world.countries)
    other = dataclasses.replace(outcome, extra={"L_hat": np.full(n, 1.5), "W_hat": np.full(n, 1.25)})
    assert np.allclose(other.employment.values, 50)
    assert np.allclose(other.welfare.values, 25)
    has = {"L_hat", "W_hat"}
    assert other.variables == tuple(name for name, v in sx.variables().items() if set(v.needs) <= has)
