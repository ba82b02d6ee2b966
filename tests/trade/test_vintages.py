"""Vintages and sectors: nothing is lost between them."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surtax import trade
from surtax.errors import InputError
from surtax.trade import vintages
from tests.build_data.test_concordance import shipped


@pytest.mark.parametrize(("source", "target"), [("2022", "2017"), ("2017", "2022"), ("2012", "2022"), ("2022", "2012")])
def test_imports_survive_the_journey_to_the_dollar(source, target):
    us = trade.load_us_imports()
    lines = us.where(us.digits == 10)
    result = trade.convert(lines.codes, lines.value, source=source, target=target)
    assert result.value.dtype == np.int64
    assert result.value.sum() + sum(u.value for u in result.unmatched) == lines.total()
    assert result.codes.tolist() == sorted(set(result.codes.tolist()))
    if source == "2022":
        assert result.split == 0
        # National chapters, and a handful of codes that the world's nomenclature does not have.
        assert sum(u.value for u in result.unmatched if u.code[:2] not in {"98", "99"}) < 1e-3 * lines.total()


def test_known_pairs():
    # HS 2022 made 8524 (flat panel displays) and 2404 (tobacco for inhalation); 8517.13 (smartphones) came out of 8517.12.
    assert trade.counterparts("2022", "2017")["851713"] == ("851712",)
    assert "851713" in trade.counterparts("2017", "2022")["851712"]
    assert trade.counterparts("2022", "2022")["851713"] == ("851713",)


def test_splits_are_equal_to_the_last_unit():
    several = trade.counterparts("2017", "2022")["851712"]
    result = trade.convert(["8517120000"], [10**9 + 1], source="2017", target="2022")
    assert result.codes.tolist() == list(several)
    assert result.split == result.value.sum() == 10**9 + 1
    assert np.ptp(result.value) <= 1


@given(st.lists(st.tuples(st.sampled_from(["851712", "010121", "980100", "123456"]), st.integers(0, 10**10))))
def test_conversion_loses_nothing(rows):
    codes, value = [r[0] for r in rows], np.array([r[1] for r in rows], dtype=np.int64)
    result = trade.convert(np.array(codes, dtype="U6"), value, source="2017", target="2022")
    assert result.value.sum() + sum(u.value for u in result.unmatched) == value.sum()
    assert {u.code for u in result.unmatched} == set(codes) & {"980100", "123456"}


def test_bad_conversions():
    with pytest.raises(InputError, match="2022"):
        trade.counterparts("2022", "1996")
    with pytest.raises(InputError, match="two equal columns"):
        trade.convert(["010121"], [1, 2], source="2022", target="2017")


def test_sectors_are_those_of_the_concordance():
    table = shipped()
    us = trade.load_us_imports()
    codes = [c for c in us.products.tolist() if len(c) == 10]
    expected = []
    for code in codes:
        try:
            expected.append(table.sector(code))
        except KeyError:
            expected.append("")
    assert trade.sector_of(codes).tolist() == expected
    assert trade.sector_of(sorted(table.hs6)).tolist() == [table.hs6[c] for c in sorted(table.hs6)]


def test_sector_corners():
    assert trade.sector_of(["870323", "8703230110", "98", "9999950000", "000000", "01", "84", "8703"]).tolist() == [
        "C29", "C29", "NONE", "NONE", "", "A01", "", "",
    ]  # fmt: skip
    assert trade.sector_of([]).shape == (0,)
    assert trade.sector_of(np.array([["870323"], ["010121"]])).shape == (2, 1)


def test_american_exceptions_serve_american_digits_alone():
    with (vintages.CONCORDANCE / "hs10_exceptions.csv").open() as file:
        row = next(csv.DictReader(file))
    american = trade.sector_of([row["hs10"]])[0]
    assert american == row["sector"]
    assert trade.sector_of([row["hs10"]], ten_digits="CAN")[0] == trade.sector_of([row["hs10"][:6]])[0] != american
    canada = trade.from_rows("CAN", "USA", [row["hs10"]], [1], metadata={"ten_digits": "CAN"})
    assert trade.line_sectors(canada)[0] != american


def test_unmatched_are_listed_with_their_value():
    lines = trade.from_rows("CAN", ["USA", "MEX", "MEX"], ["000000", "000000", "870323"], [5, 7, 9])
    assert trade.unmatched(lines) == (trade.Unmatched("000000", 12),)
