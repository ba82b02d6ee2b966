"""The shipped tables: totals to the last dollar against the sources, nothing counted twice, rebuilt to the same bytes."""

import csv
import gzip
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from tools.build_data import base_tariffs, claims, hs_vintages, us_exports_canada, us_imports
from tools.build_data.common import read_rows

from surtax import trade
from surtax.errors import InputError
from surtax.trade import flows
from tests.build_data.test_concordance import SOURCES, needs_sources

SHIPPED = flows.SHIPPED


@pytest.fixture(scope="module")
def us():
    return trade.load_us_imports()


# --- US imports ---------------------------------------------------------------------------------------------------


def test_the_whole_of_us_imports_to_the_dollar(us):
    # Of the HS2 files, summed apart from this code (see us_collected_2024.json, which sums them too).
    assert us.total() == 3_251_151_779_682
    assert us.total_duty() == 76_159_762_026
    shipped = json.loads((SHIPPED.parent / "tariffs" / "us_collected_2024.json").read_text())
    assert us.total() == shipped["imports_usd"]
    assert us.total_duty() == shipped["duty_usd"]


def test_canada(us):
    canada = us.select(origin="CAN")
    assert (len(canada), canada.total(), canada.total_duty()) == (12_203, 411_693_824_741, 413_636_724)
    assert set(canada.digits.tolist()) == {10}
    assert canada.value.dtype == np.int64


def test_slovakia_once(us):
    assert us.select(origin="EU27").total() == 597_473_236_377
    assert us.select(origin="EU27").total_duty() == 7_343_410_621
    assert us.select(origin="SVK").total() == 8_141_337_864
    assert us.select(origin="EUX").total() == 597_473_236_377 - 8_141_337_864


def test_members_break_the_union_down_by_chapter_exactly(us):
    members = trade.load_eu_members()
    assert len(members.origins) == 26
    assert "SVK" not in members.origins
    union = us.select(origin="EUX").at_digits(2)
    assert union.by_product() == members.by_product()
    assert union.total_duty() == members.total_duty()
    assert not set(members.origins) & set(us.origins)


@needs_sources
def test_every_partner_is_its_source(us):
    iso = us_imports.iso_of_census(SOURCES)
    expected = defaultdict(lambda: [0, 0])
    for path in sorted((SOURCES / "trade" / "us_imports_hs2_2024").glob("hs2-tariff-*.csv")):
        code = path.stem[-4:]
        if code == "0003":
            continue
        for row in read_rows(path):
            expected[iso[code]][0] += int(float(row["2024_imports"]))
            expected[iso[code]][1] += int(float(row["2024_duty"]))
    members = trade.load_eu_members()
    found = us.by_origin() | members.by_origin()
    del found["EUX"]
    assert found == {k: v for k, (v, _) in expected.items()}
    duties = {o: us.select(origin=o).total_duty() for o in us.origins if o != "EUX"}
    duties |= {o: members.select(origin=o).total_duty() for o in members.origins}
    assert duties == {k: d for k, (_, d) in expected.items()}


@needs_sources
@pytest.mark.parametrize(("origin", "census"), [("CAN", "1220"), ("CHN", "5700"), ("AGO", "7620"), ("SVK", "4359")])
def test_every_line_is_its_source(us, origin, census):
    lines = us.select(origin=origin)
    rows = base_tariffs.hs10_lines(SOURCES, census)
    assert lines.codes.tolist() == [r[0] for r in rows]
    assert lines.value.tolist() == [r[1] for r in rows]
    assert lines.duty.tolist() == [r[2] for r in rows]


def test_groupings_add_up(us):
    assert sum(us.by_origin().values()) == us.total()
    assert sum(us.by_product().values()) == us.total()
    for digits in (2, 6):
        summed = us.at_digits(digits)
        assert summed.total() == us.total()
        assert summed.total_duty() == us.total_duty()
    sectors = trade.line_sectors(us)
    assert sum(us.value[sectors == s].sum() for s in np.unique(sectors)) == us.total()
    unmatched = trade.unmatched(us)
    assert sum(u.value for u in unmatched) == us.value[sectors == ""].sum()
    # Only chapters of origins without ten digits have no sector; every ten-digit line has one.
    assert {len(u.code) for u in unmatched} == {2}


def test_metadata_say_what_is_known_by_chapter_only(us):
    two = {us.origins[i] for i in np.unique(us.origin[us.digits == 2])}
    assert two == set(us.metadata["coverage"]["by_chapter_only"])
    assert us.value[us.digits == 2].sum() == us.metadata["coverage"]["by_chapter_usd"]
    assert us.metadata["licence"].startswith("public domain")
    assert us.metadata["build"] == "python -m tools.build_data us-imports"


def test_sectors_are_those_of_the_base_tariffs(us):
    """An independent computation of the builders: Canada by sector."""
    sectors = trade.line_sectors(us)
    rows = read_rows(SHIPPED.parent / "tariffs" / "us_collected_2024.csv")
    canada = us.origin == us.origins.index("CAN")
    for row in rows:
        if row["origin"] == "CAN" and row["sector"] != "SVC":
            mask = canada & (sectors == row["sector"])
            assert us.value[mask].sum() == pytest.approx(float(row["imports_usd"]), abs=0.51)


def test_arrays_cannot_be_written(us):
    with pytest.raises(ValueError, match="read-only"):
        us.value[0] = 1
    with pytest.raises(TypeError):
        us.metadata["x"] = 1


def test_loading_needs_numpy_alone():
    code = (
        "import sys; from surtax import trade; trade.load_us_imports(); trade.load_claims();"
        "trade.load_us_exports_canada(); trade.sector_of(['870323']);"
        "print([m for m in ('polars','pydantic','yaml','scipy','pandas','surtax.trade.ingest','surtax.world') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_sizes():
    assert (SHIPPED / "us_imports_2024.npz").stat().st_size < 8e6
    assert sum(p.stat().st_size for p in SHIPPED.iterdir()) < 8e6


@needs_sources
@pytest.mark.parametrize("builder", [claims, us_exports_canada, hs_vintages, us_imports])
def test_build_gives_the_same_bytes(tmp_path, builder):
    builder.build(SOURCES, tmp_path)
    for built in (tmp_path / "trade").iterdir():
        assert built.read_bytes() == (SHIPPED / built.name).read_bytes(), built.name


def test_damaged_and_missing_tables_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(flows, "SHIPPED", tmp_path)
    with pytest.raises(InputError, match=r"tools\.build_data us-imports"):
        flows._us_imports("")
    (tmp_path / "us_imports_2024.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="cannot be read"):
        flows._us_imports("")
    np.savez(tmp_path / "us_imports_2024.npz", meta=np.frombuffer(b'{"format": "other"}', dtype=np.uint8))
    with pytest.raises(InputError, match="other"):
        flows._us_imports("")


def test_unknown_origins_name_the_nearest(us):
    with pytest.raises(InputError, match=r"did you mean .*CHN"):
        us.select(origin="CHNA")
    with pytest.raises(InputError, match="known: USA"):
        us.select(importer="XYZ")
    with pytest.raises(InputError, match="mask"):
        us.where(np.ones(3, dtype=bool))


# --- claims -------------------------------------------------------------------------------------------------------


@needs_sources
@pytest.mark.parametrize("month", ["2025-01", "2025-03", "2025-04", "2025-05", "2025-07", "2025-10", "2025-12"])
def test_claims_are_their_source(month):
    table = trade.load_claims()
    path = SOURCES / "law" / "usmca_claims" / f"usmca_product_shares_{month.replace('-', '_')}.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    at = table.at(month)
    assert (at.source, at.carried) == (month, False)
    for code, origin in (("1220", "CAN"), ("2010", "MEX")):
        there = table.origins == origin
        assert at.value[there].sum() == sum(int(r["total_value"]) for r in rows if r["cty_code"] == code)
        assert at.claimed[there].sum() == sum(int(r["usmca_value"]) for r in rows if r["cty_code"] == code)
        assert table.imports(month).select(origin=origin).total() == at.value[there].sum()
    share = {("CAN" if r["cty_code"] == "1220" else "MEX", r["hts10"]): float(r["usmca_share"]) for r in rows}
    known = at.value > 0
    keys = zip(table.origins[known].tolist(), table.products[known].tolist(), strict=True)
    np.testing.assert_allclose(at.share[known], [share[k] for k in keys], rtol=0, atol=1e-12)
    assert np.isnan(at.share[~known]).all()


def test_missing_months_carry_the_last_one_and_say_so():
    table = trade.load_claims()
    for asked, source in (
        ("2025-02", "2025-01"),
        ("2025-06", "2025-05"),
        ("2025-09", "2025-07"),
        ("2026-08", "2025-12"),
    ):
        at = table.at(asked)
        assert (at.month, at.source, at.carried) == (asked, source, True)
        np.testing.assert_array_equal(at.share, table.at(source).share)
    assert not table.at("2025-07-31").carried
    with pytest.raises(InputError, match="not carried"):
        table.imports("2025-06")


def test_the_year_2024_has_shares_alone():
    at = trade.load_claims().at("2024-11")
    assert (at.source, at.carried, at.value, at.claimed) == ("2024", True, None, None)
    known = at.share[~np.isnan(at.share)]
    assert 0 < known.mean() < 1
    for bad in ("2023-12", "2025", "2025-13", "May", "2025-5"):
        with pytest.raises(InputError):
            trade.load_claims().at(bad)


def test_free_lines_before_july_are_marked():
    table = trade.load_claims()
    assert table.metadata["recorded_on_free_lines_from"] == "2025-07"
    canada = table.origins == "CAN"
    may, july = (table.at(m) for m in ("2025-05", "2025-07"))
    # The facts of the sources' notes: claims rise as recording changes.
    assert may.claimed[canada].sum() / may.value[canada].sum() == pytest.approx(0.581, abs=1e-3)
    assert july.claimed[canada].sum() / july.value[canada].sum() == pytest.approx(0.860, abs=1e-3)


# --- exports to Canada ---------------------------------------------------------------------------------------------


def test_upper_bounds_and_factors():
    listed = trade.load_us_exports_canada()
    first, second = (listed.coverage[o] for o in ("SOR/2025-66", "SOR/2025-95"))
    assert (first.upper_bound_usd, second.upper_bound_usd) == (39_166_104_551, 34_286_716_216)
    assert (first.official_cad, second.official_cad) == (30_000_000_000, 29_800_000_000)
    assert first.official_usd == round(30e9 / 1.3698)
    assert first.factor == pytest.approx(30e9 / 1.3698 / 39_166_104_551, rel=1e-12)
    assert listed.scaled("SOR/2025-95").sum() == pytest.approx(29.8e9 / 1.3698, rel=1e-12)
    for order, c in listed.coverage.items():
        assert listed.lines.value[listed.listed[order]].sum() == c.upper_bound_usd
    overlap = np.logical_and(*listed.listed.values())
    assert overlap.sum() == 5
    assert listed.lines.total() == first.upper_bound_usd + second.upper_bound_usd - listed.lines.value[overlap].sum()
    assert listed.metadata["upper_bound"] is True
    with pytest.raises(InputError, match="SOR/2025-66"):
        listed.scaled("SOR/2025-118")


def test_items_of_the_lists():
    listed = trade.load_us_exports_canada()
    assert {g: int(n.sum()) for g, n in listed.items.items()} == {
        "66": 1270,
        "95_steel": 265,
        "95_aluminium": 29,
        "95_other": 245,
    }
    assert all((listed.items_known >= n).all() for n in listed.items.values())
    steel = listed.items["95_steel"] > 0
    assert set(np.unique(listed.lines.codes[steel].astype("U2"))) == {"72", "73"}
    assert not listed.listed["SOR/2025-66"][listed.items["95_other"] > 0].all()
    np.testing.assert_array_equal(listed.listed["SOR/2025-66"], listed.items["66"] > 0)


# --- countries ----------------------------------------------------------------------------------------------------


def test_countries():
    assert trade.country("CA") == trade.country("124") == trade.country("1220") == trade.country("can") == "CAN"
    assert trade.country("NA") == "NAM"
    assert trade.country("5082") == trade.country("5083") == "PSE"
    with pytest.raises(InputError, match="no country"):
        trade.country("0003")
    census = trade.country_codes().census
    assert {census[c]: c for c in base_tariffs.CENSUS.values()} == dict(base_tariffs.CENSUS)


@needs_sources
def test_iso_codes_of_census_are_by_name():
    names = {}
    for path in (SOURCES / "trade" / "us_imports_hs2_2024").glob("hs2-tariff-*.csv"):
        names[path.stem[-4:]] = read_rows(path)[0]["CTY_NAME"].lower()
    named = trade.country_codes().names
    differ = {"PSE", "COD", "SJM", "CCK", "FLK", "SHN", "REU"}
    for code, iso in us_imports.ISO_OF_CENSUS.items():
        if iso not in differ:
            assert names[code].split()[0][:2] == named[iso].lower()[:2], (code, iso)


def test_every_table_that_ships_has_its_licence_and_its_line_in_the_docs():
    root = Path(trade.__file__).resolve().parents[3]
    licences, page = ((root / name).read_text(encoding="utf-8") for name in ("DATA_LICENSES.md", "docs/trade.md"))
    for path in (root / "src" / "surtax" / "data" / "trade").iterdir():
        if path.suffix != ".json" or not path.with_suffix(".csv").exists():
            assert f"`{path.name}`" in page, path.name
            assert path.name in licences, path.name
