"""The shipped scenarios: lines by hand, precedence, sums, stated factors, reproducible files."""

from pathlib import Path

import pytest
import yaml
from tools.build_data import scenarios as s
from tools.build_data.concordance import GOODS

from tests.build_data.test_concordance import SOURCES, needs_sources

DATA = Path(__file__).resolve().parents[2] / "src" / "surtax" / "data" / "scenarios"
NAMES = ["us-canada-2025", "article-only", "us-only", "all-goods-25", "all-goods-25-both"]


def read(name):
    return yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))


def line(**change):
    given = {"hs10": "7208390015", "sector": "C24A", "value": 100.0, "claim": 0.8,
             "steel": 0.0, "aluminium": 0.0,
             "kind": "goods", "ieepa": "25"}  # fmt: skip
    return s.Line(**(given | change))


def taxed(*lines, alone=False):
    found = s.us_tallies(lines, non_us_content=0.5, alone=alone)
    return {k: pytest.approx(t.total()) for k, t in found.items() if t.total()}


def test_steel_pays_one_of_the_two_never_both():
    assert taxed(line(steel=1.0)) == {"us-232-steel": 80.0, "us-ieepa": 20.0}
    assert taxed(line(steel=1.0), alone=True)["us-232-steel"] == 100.0


def test_derivatives_pay_on_content_and_both_metals_add():
    assert taxed(line(steel=0.3, aluminium=0.2)) == {
        "us-232-steel": 24.0, "us-232-aluminium": 16.0, "us-ieepa": 20.0,
    }  # fmt: skip


def test_cars_pay_on_non_us_content_and_nothing_else():
    assert taxed(line(kind="car", sector="C29", claim=0.9, steel=1.0)) == {"us-232-cars": 0.9 * 50 + 10}


def test_parts_pay_without_a_claim_and_metals_with_one():
    found = taxed(line(kind="part", sector="C29", claim=0.9, aluminium=0.1))
    assert found == {"us-232-parts": 10.0, "us-232-aluminium": 9.0}


def test_energy_potash_and_print():
    assert taxed(line(ieepa="energy")) == {"us-ieepa-energy": 20.0}
    assert taxed(line(ieepa="potash")) == {"us-ieepa-potash": 20.0}
    assert taxed(line(ieepa="none")) == {}
    assert taxed(line(kind="special", ieepa="none")) == {}


def test_what_falls_outside_the_goods_sectors_is_kept_apart():
    tally = s.us_tallies([line(sector="SVC")], non_us_content=0.5)["us-ieepa"]
    assert tally.total() == 0
    assert tally.outside == [100.0, pytest.approx(20.0)]


def test_claim_shares_pool_where_a_line_was_not_traded():
    claims = {
        "7208390015": (10.0, 9.0),
        "7208400015": (30.0, 15.0),
        "8703230140": (60.0, 60.0),
    }
    shares = s.ClaimShares(claims, lambda _: True)
    assert shares("7208390015") == 0.9
    assert shares("7208390099") == 0.9
    assert shares("7208999999") == 24 / 40
    assert shares("0101210010") == 84 / 100


@pytest.mark.parametrize("name", NAMES)
def test_files_are_complete(name):
    file = read(name)
    assert file["schema"] == "surtax-scenario/1"
    assert file["name"] == name
    for measure in file.get("measures", []):
        assert measure["instrument"]
        assert measure["source"]
        for change in measure["changes"]:
            assert change["sector"] in {*GOODS, "goods"}
            if "in_scope" in change:
                assert 0 < change["in_scope"] <= change["imports"]
                assert 0 < change["taxed_share"] <= 1


def test_no_sector_is_taxed_above_the_highest_rate():
    total = {}
    for measure in read("us-canada-2025")["measures"]:
        for x in measure["changes"]:
            key = measure["importer"], x["sector"]
            total[key] = total.get(key, 0) + x["rate"] * x["in_scope"] / x["imports"] * x["taxed_share"]
    assert max(total.values()) <= 25.01
    assert {k[0] for k in total} == {"USA", "CAN"}
    assert 22 < total["USA", "C24A"] < 25


def test_imports_are_the_same_in_every_measure():
    seen = {}
    for measure in read("us-canada-2025")["measures"]:
        for x in measure["changes"]:
            assert seen.setdefault((measure["importer"], x["sector"]), x["imports"]) == x["imports"]


def test_variants_hold_what_they_say():
    assert {m["id"] for m in read("article-only")["measures"]} == {
        "us-232-steel", "us-232-aluminium", "us-232-cars",
        "ca-66", "ca-95-steel", "ca-95-aluminium", "ca-118",
    }  # fmt: skip
    only = read("us-only")
    ids = [m["id"] for m in read("us-canada-2025")["measures"]]
    assert only["extends"] == "us-canada-2025"
    assert only["only"] == [i for i in ids if i.startswith("us-")]
    assert [m["importer"] for m in read("all-goods-25-both")["measures"]] == ["USA", "CAN"]
    assert read("all-goods-25")["measures"][0]["changes"] == [{"sector": "goods", "rate": 25.0}]


@pytest.fixture(scope="module")
def numbers():
    return s.compute(SOURCES)


@needs_sources
class TestFromSources:
    def test_scopes_line_by_line(self):
        scope = s.metals_scope(SOURCES, s.free_of_duty(SOURCES))
        for code in ("7208390015", "7301100000", "7306906000"):
            assert scope.steel(code) == 1.0
        for code in ("7204410020", "7202110000", "8703230140"):
            assert scope.steel(code) == 0.0
        assert scope.steel("7318152010") in {0.0, 1.0}
        assert scope.aluminium("7601103000") == 1.0
        assert scope.aluminium("7602000035") == 0.0
        assert scope.aluminium("7616995160") == 1.0
        assert 0 < scope.aluminium("9403200050") < 1
        assert scope.dropped == ("71229000", "73170088", "73170095", "73269000", "94969001")

    def test_schedule(self):
        free = s.free_of_duty(SOURCES)
        assert free["01012900"]
        assert free["73012010"]
        assert not free["27090010"]
        assert not free["87032301"]

    def test_cars_by_hand(self, numbers):
        may = s._claims(SOURCES, "2025_05")["8703230140"]
        share = min(may[1] / may[0], 1.0)
        big = next(x for x in numbers.lines if x.hs10 == "8703230140")
        assert big.value == 12_835_499_846
        assert big.claim == pytest.approx(share)
        alone = s.us_tallies([big], non_us_content=0.5)["us-232-cars"]
        assert alone.total() == pytest.approx(12_835_499_846 * (share * 0.5 + 1 - share))

    def test_values_add_up(self, numbers):
        assert numbers.us_imports_all == 411_693_824_741
        in_scope = sum(
            sum(numbers.us[m].scope.values()) + numbers.us[m].outside[0]
            for m in (
                "us-232-cars",
                "us-232-parts",
                "us-ieepa",
                "us-ieepa-energy",
                "us-ieepa-potash",
            )
        )
        apart = sum(x.value for x in numbers.lines if x.kind == "special" or (x.kind == "goods" and x.ieepa == "none"))
        assert in_scope + apart == pytest.approx(numbers.us_imports_all)

    def test_official_coverage_is_met(self, numbers):
        for name, cad in {
            "ca-66": 30.0,
            "ca-95-steel": 12.6,
            "ca-95-aluminium": 3.0,
            "ca-95-other": 14.2,
        }.items():
            tally = numbers.canada[name]
            assert sum(tally.scope.values()) + tally.outside[0] == pytest.approx(cad * 1e9 / 1.3698)
        assert numbers.canada["ca-118"].total() == pytest.approx(35.6e9 / 1.3698 * (0.08 + 0.92 * 0.85))

    def test_items_of_the_day(self):
        groups = {k: len(v) for k, v in s._items(SOURCES).items()}
        assert groups["ca-66"] == 1256
        assert groups["ca-95-steel"] == 265
        assert groups["ca-95-aluminium"] + groups["ca-95-other"] == 274
        assert groups["ca-118"] == 19

    def test_no_sector_of_canada_is_taxed_beyond_its_imports(self, numbers):
        for sector in GOODS:
            covered = sum(t.scope.get(sector, 0.0) for t in numbers.canada.values())
            assert covered <= numbers.ca_imports[sector]

    def test_build_gives_the_same_bytes(self, tmp_path):
        s.build(SOURCES, tmp_path)
        for name in NAMES:
            assert (tmp_path / "scenarios" / f"{name}.yaml").read_bytes() == (DATA / f"{name}.yaml").read_bytes()

    def test_the_page_shows_the_same_tables(self):
        page = Path(__file__).resolve().parents[2] / "docs" / "scenario-us-canada-2025.md"
        assert s.tables(SOURCES) in page.read_text(encoding="utf-8")
