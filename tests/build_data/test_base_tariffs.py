"""US tariffs as collected: totals to the dollar, known rates, unknown against zero."""

import numpy as np
import pytest
from tools.build_data import base_tariffs as b
from tools.build_data.common import read_rows
from tools.build_data.concordance import GOODS, NO_SECTOR

from tests.build_data.test_concordance import SOURCES, needs_sources

COUNTRIES = [*b.CENSUS, "USA", "ROW"]
SECTORS = [*GOODS, "SVC"]
pytestmark = needs_sources


@pytest.fixture(scope="module")
def base():
    return b.us_collected(SOURCES, COUNTRIES, SECTORS)


def test_totals_are_those_of_the_chapters(base):
    value = duty = 0.0
    for path in (SOURCES / "trade" / "us_imports_hs2_2024").glob("hs2-tariff-[1-9]*.csv"):
        for row in read_rows(path):
            value += float(row["2024_imports"])
            duty += float(row["2024_duty"])
    outside = base.metadata["no_sector"]
    assert base.imports.sum() + outside["imports"] == pytest.approx(value, abs=1)
    assert base.duty.sum() + outside["duty"] == pytest.approx(duty, abs=1)
    assert base.metadata["imports_usd"] == pytest.approx(value, abs=1)


def test_the_european_union_counts_slovakia_once(base):
    members = [COUNTRIES.index(c) for c in b.EU_MEMBERS]
    whole = sum(v for h, v, _ in b.hs10_lines(SOURCES, b.EU) if h[:2] not in {"98", "99"})
    assert base.imports[:, members].sum() == pytest.approx(whole, abs=1)


def test_by_hand(base):
    canada = COUNTRIES.index("CAN")
    # Crude oil and gas, straight from the file; some gases of 2711 are products of refineries.
    lines = [x for x in b.hs10_lines(SOURCES, "1220") if x[0][:4] in {"2709", "2711"}]
    sector = SECTORS.index("B06")
    assert base.imports[sector, canada] == pytest.approx(sum(v for _, v, _ in lines), rel=0.01)
    assert base.duty[:, canada].sum() == pytest.approx(413_636_724, rel=0.001)


def test_chinese_food_pays_what_was_collected_not_91_per_cent(base):
    rate = base.rates[SECTORS.index("C10T12"), COUNTRIES.index("CHN")]
    assert 0.15 < rate < 0.25


def test_shapes_and_zeros(base):
    assert base.rates.shape == (len(SECTORS), len(COUNTRIES))
    assert base.rates.dtype == np.float64
    assert np.all((base.rates >= 0) & (base.rates < 0.6))
    assert not base.rates[SECTORS.index("SVC")].any()
    assert not base.rates[:, COUNTRIES.index("USA")].any()
    for cell in base.metadata["cells_without_imports"]:
        sector, country = cell.split(":")
        assert base.imports[SECTORS.index(sector), COUNTRIES.index(country)] == 0
    assert base.metadata["unknown"] == []
    assert "SVK" not in base.metadata["by_chapter_only"]
    assert {"DEU", "FRA", "ISL", "MAR"} <= set(base.metadata["by_chapter_only"])


def test_codes_are_the_census_countries_they_claim_to_be():
    names = {r["Code"]: r["Name"] for r in read_rows(SOURCES / "law" / "us" / "lists" / "census_codes.csv")}
    icio = {r["code"]: r["country_or_region"] for r in read_rows(
        SOURCES / "world" / "icio2022" / "OECD_ICIO_2025_country_code_mapping.csv")}  # fmt: skip
    spelt_otherwise = {
        "CZE": "Czech", "LAO": "Laos", "COD": "Congo, Democratic", "CIV": "Cote", "MMR": "Burma",
        "TWN": "Taiwan", "STP": "Sao", "TUR": "Turkey", "KOR": "South Korea", "DEU": "Germany",
        "RUS": "Russia", "HKG": "Hong", "BRN": "Brunei", "SVK": "Slovakia",
    }  # fmt: skip
    for code, census in b.CENSUS.items():
        start = spelt_otherwise.get(code, icio[code].split()[0][:4])
        assert names[census].startswith(start), (code, names[census])
    assert len(set(b.CENSUS.values())) == len(b.CENSUS) == 79


def test_other_order_gives_the_same_numbers(base):
    turned = b.us_collected(SOURCES, COUNTRIES[::-1], SECTORS[::-1])
    np.testing.assert_array_equal(turned.rates[::-1, ::-1], base.rates)


def test_unknown_labels_are_refused():
    with pytest.raises(ValueError, match="XXX"):
        b.us_collected(SOURCES, ["CAN", "XXX", "ROW"], SECTORS)
    with pytest.raises(ValueError, match="no ROW"):
        b.us_collected(SOURCES, ["CAN"], SECTORS)
    with pytest.raises(ValueError, match="C29"):
        b.us_collected(SOURCES, COUNTRIES, [s for s in SECTORS if s != "C29"])


def test_split_keeps_chapters_whole():
    split = b._Split({("72", "C24A"): [3.0, 1.0], ("72", "C25"): [1.0, 0.0]})
    parts = split("72", 100.0, 10.0)
    assert parts == [("C24A", 75.0, 10.0), ("C25", 25.0, 0.0)]
    free = b._Split({("72", "C24A"): [3.0, 0.0], ("72", "C25"): [1.0, 0.0]})
    assert free("72", 100.0, 10.0) == [("C24A", 75.0, 7.5), ("C25", 25.0, 2.5)]
    assert split("98", 5.0, 1.0) == [(NO_SECTOR, 5.0, 1.0)]
