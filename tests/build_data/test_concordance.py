"""The concordance: known products, coverage, one sector a code, reproducible files."""

import csv
import json
import os
from pathlib import Path

import pytest
from tools.build_data import concordance as c
from tools.build_data.common import read_rows

DATA = Path(__file__).resolve().parents[2] / "src" / "surtax" / "data" / "concordance"
SOURCES = Path(os.environ.get("SURTAX_SOURCES", Path(__file__).resolve().parents[3] / "shared" / "data"))
needs_sources = pytest.mark.skipif(
    not (SOURCES / "concordances").is_dir(),
    reason="the raw sources are not here: set SURTAX_SOURCES",
)


def shipped() -> c.Concordance:
    with (DATA / "hs6.csv").open() as file:
        hs6 = {r["hs6"]: r["sector"] for r in csv.DictReader(file)}
    with (DATA / "hs10_exceptions.csv").open() as file:
        hs10 = {r["hs10"]: r["sector"] for r in csv.DictReader(file)}
    return c.Concordance(hs6, hs10)


@pytest.mark.parametrize(
    ("code", "sector"),
    [
        ("8703.23", "C29"),
        ("870830", "C29"),
        ("270900", "B06"),
        ("271121", "B06"),
        ("270112", "B05"),
        ("271012", "C19"),
        ("720839", "C24A"),
        ("730630", "C24A"),
        ("760110", "C24B"),
        ("710812", "C24B"),
        ("730890", "C25"),
        ("4407110000", "C16"),
        ("480100", "C17_18"),
        ("310420", "C20"),
        ("300490", "C21"),
        ("401110", "C22"),
        ("880240", "C302T309"),
        ("890110", "C301"),
        ("100199", "A01"),
        ("160414", "C10T12"),
        ("220300", "C10T12"),
        ("847130", "C26"),
        ("940169", "C31T33"),
        ("271600", "SVC"),
        ("490199", "SVC"),
        ("720449", "SVC"),
        ("9801001066", "NONE"),
    ],
)
def test_products_are_where_one_would_look(code, sector):
    assert shipped().sector(code) == sector


def test_used_cars_are_no_production():
    assert shipped().sector("8703230190") == "SVC"
    assert shipped().sector("8703230140") == "C29"


def test_every_sector_is_known_and_exceptions_differ():
    table = shipped()
    assert set(table.hs6.values()) | set(table.hs10.values()) <= {*c.GOODS, "SVC", "NONE"}
    assert all(table.hs6[code[:6]] != sector for code, sector in table.hs10.items())
    with pytest.raises(KeyError):
        table.sector("999999".replace("99", "77", 1))


def test_isic_rules():
    given = [
        "2410",
        "2431",
        "2420",
        "2432",
        "3011",
        "3030",
        "3510",
        "0112",
        "1811",
        "3250",
        "5811",
        "0610",
    ]
    want = [
        "C24A",
        "C24A",
        "C24B",
        "C24B",
        "C301",
        "C302T309",
        "SVC",
        "A01",
        "C17_18",
        "C31T33",
        "SVC",
        "B06",
    ]
    assert [c.sector_of_isic(i) for i in given] == want


def test_coverage_is_stated():
    meta = json.loads((DATA / "concordance.json").read_text())
    assert meta["coverage"]["share_in_goods_sectors"] > 0.94
    assert meta["vintages"] == ["HS2017", "HS2022"]
    out = sum(row["usd"] for row in meta["canada"]["not_in_a_goods_sector"])
    assert 0.055 < out / meta["canada"]["usd"] < 0.065
    assert all(s["licence"] for s in meta["sources"])


@needs_sources
def test_build_gives_the_same_bytes(tmp_path):
    c.build(SOURCES, tmp_path)
    for name in ("hs6.csv", "hs10_exceptions.csv", "concordance.json", "README.md"):
        assert (tmp_path / "concordance" / name).read_bytes() == (DATA / name).read_bytes()


@needs_sources
def test_every_line_from_canada_has_a_sector():
    from tools.build_data.base_tariffs import hs10_lines

    table = shipped()
    assert all(table.sector(h) for h, _, _ in hs10_lines(SOURCES, "1220"))


@needs_sources
def test_the_two_published_copies_of_the_naics_table_agree():
    one = {r["hs10"]: r["naics"] for r in read_rows(SOURCES / "concordances" / "hs10_naics_crosswalk.csv")}
    path = SOURCES / "law" / "us" / "lists" / "metal_content_shares_bea_hs10.csv.gz"
    assert {r["hs10"]: r["naics"] for r in read_rows(path)} == one
