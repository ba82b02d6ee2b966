"""Canada in ten provinces: the shipped worlds against their sources and against each other."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

import surtax as sx
from surtax.policy.translate import fitted, needs_translation, translated

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data"))
FOLDER = SOURCES / "world" / "provinces2021" / "canada_2021_partners"


@pytest.fixture(scope="module")
def own():
    return sx.load_world("provinces-2021")


@pytest.fixture(scope="module")
def linked():
    return sx.load_world("canada-provinces-2022")


def test_sizes(own, linked):
    assert (len(own.countries), len(own.sectors)) == (17, 23)
    assert (len(linked.countries), len(linked.sectors)) == (90, 28)
    for w in (own, linked):
        assert len(w.parts["CAN"]) == 10
        assert w.base_residual < 1e-12
        assert w.meta["limits"]


def test_the_linked_world_adds_up_to_the_national_one(linked, embedded):
    back = linked.aggregate(countries={"CAN": list(linked.parts["CAN"])})
    order = [back.countries.index(c) for c in embedded.countries]
    for name in ("flows", "final"):
        found = getattr(back, name)[:, order][:, :, order]
        # USD million; fitted to 1e-12 of a sector's output, of which Canada's largest is 2.8 million
        assert np.abs(found - getattr(embedded, name)).max() < 1e-5, name
    assert np.allclose(back.final_shares[:, order], embedded.final_shares, atol=1e-10)


def test_facts_about_provinces(own, linked):
    """Orders of magnitude that anyone can check: Ontario is the largest, Alberta sells crude, PEI is the smallest."""
    for w in (own, linked):
        income = dict(zip(w.countries, w.factor_income, strict=True))
        provinces = sorted(w.parts["CAN"], key=income.get)
        assert provinces[-2:] == ["CA-QC", "CA-ON"]
        assert provinces[0] == "CA-PE"
        assert 0.33 < income["CA-ON"] / sum(income[p] for p in provinces) < 0.42  # 38 % in 2021
        assert 38e6 < sum(w.population[w.country(p)] for p in provinces) < 39.5e6
    s, us = own.sector("MIN"), own.country("USA")
    sold = {p: own.flows[s, own.country(p), us] for p in own.parts["CAN"]}
    assert max(sold, key=sold.get) == "CA-AB"


def test_provinces_add_up_to_canada_in_the_dispute(linked, embedded, main_outcome):
    """The sum over provinces and Canada as one differ by what aggregation hides: less than 2 % of the loss."""
    o = sx.solve(linked, sx.load_scenario("us-canada-2025"))
    total = sum(o.equivalent_variation[p] for p in linked.parts["CAN"])
    assert total == pytest.approx(main_outcome.equivalent_variation["CAN"], rel=0.02)
    assert o.welfare["USA"] == pytest.approx(main_outcome.welfare["USA"], rel=0.05)


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the raw provincial tables are not here")
def test_rebuilt_from_the_sources(own, linked, embedded):
    from tools.build_data.provinces import PARTNERS, PROVINCES, SECTORS, linked_world, own_world, read

    source = read(FOLDER)
    again = own_world(source)
    assert np.array_equal(again.flows, own.flows)
    assert np.allclose(again.inputs, own.inputs, atol=1e-12)
    assert np.allclose(own.flows.sum(), source.flows.sum(), rtol=1e-12)
    assert np.allclose(own.value_added, source.value_added, atol=1e-9)
    assert np.array_equal(linked_world(source, embedded).flows, linked.flows)
    # an independent reading of one cell of the table
    import polars as pl

    cell = pl.read_parquet(FOLDER / "bilateral_trade.parquet").filter(
        (pl.col("sector") == "Transportation Equipment")
        & (pl.col("source") == "Ontario") & (pl.col("destination") == "United States")
    )["value"].item()  # fmt: skip
    assert own.flows[own.sector("TRE"), own.country("CA-ON"), own.country("USA")] == pytest.approx(cell / 1000)
    assert len(SECTORS) == 23
    assert len(PROVINCES) + len(PARTNERS) == 17


def test_employment_by_province_and_sector(own):
    path = ROOT / "src" / "surtax" / "data" / "regions" / "provinces_employment_2021.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {r["province"] for r in rows} == set(own.parts["CAN"])
    assert {r["sector"] for r in rows} == set(own.sectors)
    # Statistics Canada counts 18 to 20 million employed persons in 2021.
    assert 16e6 < sum(int(r["persons"]) for r in rows) < 20e6


# --- a scenario in coarser sectors ---


def test_restating_for_the_same_world_changes_nothing(embedded):
    scenario = sx.load_scenario("us-canada-2025")
    same = translated(scenario, embedded, embedded.replace(meta={**embedded.meta, "sectors": [
        {"code": s, "members": [s]} for s in embedded.sectors]}))  # fmt: skip
    assert np.allclose(same.schedule(embedded).tariffs, scenario.schedule(embedded).tariffs, atol=1e-15)
    assert not needs_translation(scenario, embedded)
    assert fitted(scenario, embedded, sx.load_world) is scenario


def test_means_keep_the_duty_on_the_flows_that_weigh_them(own, embedded):
    scenario = sx.load_scenario("us-canada-2025")
    assert needs_translation(scenario, own)
    new = fitted(scenario, own, sx.load_world)
    can, us = embedded.country("CAN"), embedded.country("USA")
    for measure, added in scenario.additions(embedded):
        duty = (added[:, can, us] * embedded.flows[:, can, us]).sum()
        restated = 0.0
        for m in new.measures:
            for c in m.changes if m.id == measure.id and measure.id.startswith("us-") else ():
                members = next(s["members"] for s in own.meta["sectors"] if s["code"] == c.sector[0])
                restated += c.add * sum(embedded.flows[embedded.sector(x), can, us] for x in members)
        if measure.id.startswith("us-"):
            assert restated == pytest.approx(duty, rel=1e-9)


def test_trade_costs_are_not_averaged(own):
    closed = sx.Scenario("closed").trade_cost(importer="USA", exporter="CAN", sector="C29", factor=2)
    with pytest.raises(sx.InputError, match="trade costs"):
        fitted(closed, own, sx.load_world)
