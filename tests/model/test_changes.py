"""The changes that travel with a result make it again."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.policy.library import with_one_off
from tests.helpers import small_world


def again(outcome):
    """The same world with the changes that the conditions list, read as --set reads them."""
    scenario = sx.Scenario()
    for line in outcome.describe()["changes"]:
        scenario = with_one_off(scenario, line.rsplit(": ", 1)[-1])
    return sx.solve(outcome.world, scenario)


def test_a_result_is_made_again_from_its_conditions():
    scenario = sx.Scenario(name="s").tariff(importer="C00", exporter=["C01", "C02"], add=0.1234567891, measure="m")
    scenario = scenario.tariff(importer="C01", exporter="*", sector="S00", set=1 / 3, measure="n")
    scenario = with_one_off(scenario, "C02<-C00:S01=-2.50%")
    outcome = sx.solve(small_world(3), scenario)
    made = outcome.describe()["changes"]
    assert made == [
        "m: C00<-C01,C02:*=+12.34567891",
        "n: C01<-*:S00=33.3333333333",
        "C02<-C00:S01=-2.5",
    ]
    twin = again(outcome)
    np.testing.assert_allclose(twin.welfare.values, outcome.welfare.values, rtol=1e-9, atol=1e-10)


def test_other_kinds_of_change():
    world = small_world(3)
    assert sx.solve(world).describe()["changes"] == []
    dear = sx.Scenario().trade_cost(importer="C00", exporter="C01", sector="S00", factor=1.1)
    assert sx.solve(world, dear).describe()["changes"] == ["custom: C00<-C01:S00 trade cost × 1.1"]
    shut = sx.Scenario().trade_cost(importer="C00", exporter="C01", sector="S00", factor=np.inf)
    assert sx.solve(world, shut).describe()["changes"] == ["custom: C00<-C01:S00 trade cost closed"]
    tariffs = np.array(world.tariffs)
    tariffs[0, 1, 0] += 0.1
    (line,) = sx.solve(world, sx.Schedule(tariffs)).describe()["changes"]
    assert line.startswith("a schedule given as arrays: 1 tariffs changed")


def test_conditions_say_size_year_and_base_tariffs():
    world = small_world(3)
    coarse = world.aggregate(sectors={"Z": list(world.sectors[:2])})
    tax = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.1)
    said = sx.solve(coarse, tax).describe()
    assert (said["countries"], said["sectors"]) == (len(coarse.countries), len(coarse.sectors))
    assert said["aggregated"] == ["sectors: Z = S00+S01"]
    assert said["year"] == "not stated"
    assert said["units"] == "not stated"
    assert said["base_tariffs"]
    main = sx.solve(sx.load_world(), sx.load_scenario("article-only")).describe()
    assert main["year"] == 2022
    assert main["units"] == "USD million, basic prices"
    assert (main["countries"], main["sectors"]) == (81, 28)
    assert main["base_tariffs"].startswith("United States: as collected 2024")
    # as many lines as changes, none left out
    assert len(main["changes"]) == sum(len(m.changes) for m in sx.load_scenario("article-only").measures)


@pytest.mark.parametrize("key", ["changes", "aggregated", "year", "countries", "sectors", "base_tariffs"])
def test_files_of_results_carry_them(tmp_path, key):
    import json

    from surtax.report.tables import write_tables

    outcome = sx.solve(small_world(3), sx.Scenario().tariff(importer="C00", exporter="C01", add=0.1))
    write_tables(outcome, tmp_path, "csv")
    written = json.loads((tmp_path / "conditions.json").read_text())
    assert written[key] == outcome.describe()[key]
