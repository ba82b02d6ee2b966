from __future__ import annotations

import math

import pytest

from surtax.report import words
from surtax.report.numbers import (
    Money,
    amount,
    column,
    digits_for,
    exponent,
    fixed,
    least,
    short,
)
from surtax.world.units import unit_of

USD = unit_of("USD million")


@pytest.mark.parametrize(
    ("x", "digits", "sign", "text"),
    [
        (-1234.5, 1, False, "−1,234.5"),
        (0.0004, 2, True, "0.00"),
        (-0.0004, 2, True, "0.00"),
        (0.25, 2, True, "+0.25"),
        (math.nan, 2, True, "–"),
        (None, 2, False, "–"),
        (math.inf, 0, False, "∞"),
        (-math.inf, 0, True, "−∞"),
    ],
)
def test_fixed(x, digits, sign, text):
    assert fixed(x, digits, sign=sign) == text


@pytest.mark.parametrize(
    ("values", "digits"),
    [([0.237, 0.01], 3), ([19.1], 1), ([302.0], 0), ([0.9996], 2), ([], 0), ([0.0, math.nan], 0)],
)
def test_digits(values, digits):
    assert digits_for(values) == digits


def test_columns_share_decimals():
    assert column([-0.2372, 0.0046, 0.0], sign=True) == ["−0.237", "+0.005", "0.000"]
    assert least(["0.00", "0.00", "1.25"], [0.001, 0.0, 1.25]) == ["<0.01", "0.00", "1.25"]


@pytest.mark.parametrize(
    ("million", "text"),
    [
        (-4868.5, "USD 4.9 billion"),
        (479.6, "USD 480 million"),
        (999.7, "USD 1.0 billion"),
        (2.5e6, "USD 2.5 trillion"),
        (0.034, "USD 34 thousand"),
        (2.5e-7, "USD 0.25"),
        (3e-18, "USD 3.0e−12"),
        (1.5e21, "USD 1.5e15 trillion"),
    ],
)
def test_amounts(million, text):
    assert amount(million, USD) == text


def test_huge_and_tiny_columns_have_powers_of_ten():
    assert column([1.234e21, -2.0, 0.0, None], sign=True) == ["+1.23e21", "−2.00e0", "0", "–"]
    tiny = Money(1e-12, unit_of(None))
    assert tiny.column([1e-12, -5e-15]) == ["1.00e−12", "−5.00e−15"]
    # what is rounding beside the largest amount stays zero
    assert Money(1e6, USD).column([1e-9, 0.0]) == ["0", "0"]


def test_small_pieces():
    assert short(-0.01032) == "0.010"
    assert exponent(1.73e-11) == "1.7e−11"
    assert exponent(0) == "0"
    assert Money(5e6, USD).label == "USD billion"
    assert Money(50, USD).label == "USD million"
    assert Money(50, unit_of("EUR thousand")).label == "EUR thousand"
    assert Money(5e7, unit_of("EUR thousand")).head == "EUR bn"
    assert Money(50, unit_of(None)).label == "units of the accounts"
    assert Money(50, unit_of(None)).head == "units"
    assert amount(-1234.5, unit_of(None)) == "1,234 units"
    assert amount(7, unit_of("bushels")) == "7.0 bushels"
    assert words.joined(["a", "b", "c"]) == "a, b and c"
    assert words.the("United States") == "the United States"
    assert words.the("Rest (77 economies)") == "the rest (77 economies)"
    assert words.the("Canada") == "Canada"
    assert words.day("2025-05-06") == "6 May 2025"
    assert words.day("spring 2025") == "spring 2025"
    assert words.sentence("") == ""
