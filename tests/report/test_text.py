from __future__ import annotations

import io

import pytest
from rich.console import Console

import surtax as sx
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
    assert "USD m" in printed(tiny)
    text = printed(sx.solve(tiny.world))
    assert "nothing changes" in text
    assert "None: nothing is changed." in text


def test_text_is_never_markup():
    scenario = war("C00", "C01", title="[bold red]war[/] [link=x]")
    assert "[bold red]war[/] [link=x]" in printed(sx.solve(small_world(), scenario))


def test_left_out_is_short():
    left = sx.policy.scenario.LeftOut("x" * 300, "no data")
    text = printed(sx.solve(small_world(), war("C00", "C01", left_out=(left,))), 120)
    assert "Left out (1;" in text
    assert "x" * 91 not in text
    assert "…" in text
