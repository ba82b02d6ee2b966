from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console

import surtax as sx
from surtax.policy.library import with_one_off
from surtax.report.summary import summarise
from surtax.report.text import print_summary
from tests.report.conftest import small_world, war


def printed(outcome, width=100, encoding="utf-8"):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_summary(summarise(outcome), Console(file=file, width=width), year=2020)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_fits_and_is_plain(small, width):
    text = printed(small, width)
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= width
    for part in ("Who gains and who loses", "Trade with each other", "Measures", "Holds under"):
        assert part in text
    assert "United Aland" in text


def test_wide_has_all_columns(small):
    text = printed(small, 100)
    for head in ("person", "prices", "wages", "wage", "before", "after"):
        assert head in text


def test_other_encodings_are_served(small):
    text = printed(small, 80, "ascii")
    assert "C00" in text or "United Aland" in text
    assert "-" in text


def test_tiny_and_unchanged(tiny):
    assert "USD" not in printed(tiny)
    assert "units" in printed(tiny)
    text = printed(sx.solve(tiny.world))
    assert "nothing changes" in text
    assert "None: nothing is changed." in text


@pytest.mark.parametrize("width", [40, 56, 60, 80])
def test_columns_without_room_are_named(small, width):
    text = " ".join(printed(small, width).split())
    assert "No room here for: " in text
    assert "--json, --csv and --report have it" in text
    for head in ("wages %", *(["per person USD", "base USD bn"] if width < 56 else [])):
        assert head in text
    assert "No room" not in printed(small, 120)


@pytest.mark.parametrize("units", [None, "EUR thousand", "JPY", "USD trillion", "bushels of wheat"])
@pytest.mark.parametrize("factor", [1e-12, 1e-3, 1.0, 1e9, 1e21])
def test_numbers_are_whole_in_any_unit_and_size(units, factor):
    world = small_world(scale=factor, population=[1e6, 2e6, 3e6, 4e6], units=units)
    outcome = sx.solve(world, war("C00", "C01"))
    for width in (40, 60, 80, 100):
        text = printed(outcome, width)
        assert max(len(line) for line in text.splitlines()) <= width
        table = text.split("Who gains and who loses")[1].split("Trade with each other")[0]
        # Digits, not zeros, and none cut: the amount beside per cent is what the outcome has.
        row = next(line for line in table.splitlines() if line.startswith("C00")).split()
        shown = float(row[2].replace("\N{MINUS SIGN}", "-").replace(",", ""))
        per_cent = float(row[1].replace("\N{MINUS SIGN}", "-"))
        assert shown != 0
        assert (shown > 0) == (per_cent > 0)
        power = np.log10(shown / outcome.equivalent_variation["C00"])
        # One unit shown is a power of ten of the accounts' unit, up to rounding to three digits.
        assert abs(power - round(power)) < 0.02, (units, factor, row)
        assert "…" not in table
    currency = units.split()[0] if units in ("EUR thousand", "JPY", "USD trillion") else ""
    assert currency in text
    # no number of more digits than a line of them can be read
    assert not re.search(r"\d{1,3}(,\d{3}){4}", text)
    if currency != "USD":
        assert "USD" not in text
    assert ("person" in text) == bool(currency)


def test_the_result_can_be_made_again_from_the_terminal(small):
    text = " ".join(printed(small, 200).split())
    for part in (
        "war: one: C00<-C01:*=+20; two: C01<-C00:*=+20",
        "4 countries × 3 sectors",
        "2020; unit of value: USD million, at random prices",
        "all importers: as given in the accounts, year not stated (dice)",
    ):
        assert part in text
    world = sx.load_world()
    scenario = with_one_off(sx.load_scenario("us-canada-2025"), "USA<-CAN:C29=+2.5")
    text = " ".join(printed(sx.solve(world, scenario), 120).split())
    assert "(--json and --csv list each); USA<-CAN:C29=+2.5" in text
    assert "United States: as collected 2024; all other importers: none in the accounts" in text


def test_text_is_never_markup():
    scenario = war("C00", "C01", title="[bold red]war[/] [link=x]")
    assert "[bold red]war[/] [link=x]" in printed(sx.solve(small_world(), scenario))


def test_left_out_is_short():
    left = sx.policy.scenario.LeftOut("x" * 300, "no data")
    text = printed(sx.solve(small_world(), war("C00", "C01", left_out=(left,))), 120)
    assert "Left out (1;" in text
    assert "x" * 91 not in text
    assert "…" in text
