"""Numbers of docs/canada-rates.md, and the tables of docs/models/nest.md for both sides, are what the commands give."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tools import nest_bias

import surtax as sx
import surtax.law
from surtax.policy.dated import lined
from surtax.policy.dated_canada import lined_canada
from surtax.trade.canada import load_canadian_goods
from surtax.trade.canada_rates import on_date

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def text():
    return (DOCS / "canada-rates.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


def test_coverage(text):
    goods = load_canadian_goods()
    assert f"{(goods.part != 'rest').sum() - 1:,} items" in text
    for part in goods.metadata["parts"].values():
        assert f"{part['official_usd']:,}" in text
        if part["upper_bound_usd"]:
            assert f"{part['upper_bound_usd']:,}" in text
            assert f"{part['official_usd'] / part['upper_bound_usd']:.3f}" in text
    assert f"| imports of US goods | {goods.total / 1e9:.1f} |" in text
    assert f"| US exports of goods | {goods.exports / 1e9:.1f} |" in text


@pytest.mark.parametrize("day", ["2025-06-15", "2025-07-15", "2025-08-31", "2025-09-01", "2025-12-15"])
def test_bands(text, law, day):
    found = on_date(law, day)
    column = 3 if day < "2025-09" else 4
    rows = {row.split("|")[1].strip(): row.split("|") for row in text.splitlines() if row.startswith("|")}
    for name, step in (
        ("before remissions", "before"),
        ("named goods remitted", "named"),
        ("all remissions granted", "all"),
    ):
        low, high = (f"{found.rate(step, e):.2f}" for e in ("low", "high"))
        assert rows[name][column].strip() == (f"{low} %" if low == high else f"{low} to {high} %")


def test_the_bias_of_the_mean_on_both_sides(law):
    """The tables are written by the program; a change in law, trade, claims or elasticities changes them."""
    world, day = sx.load_world(), dt.date(2025, 5, 6)
    sides = [lined(world, law, day, "predicted", 0.5), lined_canada(world, law, day)]
    page = (DOCS / "models" / "nest.md").read_text(encoding="utf-8")
    tables = [*(nest_bias.sector_table(world, side) for side in sides), nest_bias.scale_table(world, sides)]
    for rows in (*tables, nest_bias.equilibrium_table(world, sides)):
        assert "\n".join(rows) in page, rows[2]


def test_scaled_duties_part_from_the_mean_with_the_square_of_dispersion(law):
    """−½ςVar: from small duties on, twice the duties make four times the gap; third-order terms are 1 % at these sizes."""
    world = sx.load_world()
    found = lined_canada(world, law, dt.date(2025, 5, 6))
    gaps = []
    for k in (0.005, 0.01):
        mean_wedge, wedge, _, _ = nest_bias.totals(world, found, k)
        gaps.append(mean_wedge - wedge)
    assert gaps[1] / gaps[0] == pytest.approx(4, rel=0.02)
