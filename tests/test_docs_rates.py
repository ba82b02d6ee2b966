"""Numbers that docs/effective-rates.md gives for US duties on Canada are what the law and the trade give."""

from __future__ import annotations

from pathlib import Path

import pytest

import surtax.law
from surtax.trade.effective import effective, monthly
from surtax.trade.gaps import gaps

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def text():
    return " ".join((DOCS / "effective-rates.md").read_text(encoding="utf-8").split())


def test_the_steps_of_may(law, text):
    steps = monthly(law, "2025-05").steps
    bands = {name: f"{s.low:.1f} to {s.high:.1f}" for name, s in steps.items()}
    for words in (
        f"For May 2025: {steps['none'].high:.1f} % without claims, {bands['full']} with full claims",
        f"{bands['recorded']} with claims as recorded, {bands['predicted']} with free lines predicted",
        f"{bands['endogenous']} as claims respond; customs collected 1.90",
    ):
        assert words in text, words


def test_the_pieces_of_may(law, text):
    found = gaps(law, monthly(law, "2025-05"))
    most = {p.name: max(p.high, -p.low) / 1e9 for p in found.pieces if p.low is not None}
    chapter = "chapter 98 (goods returned, repaired, or with US components)"
    gap = [(usd - found.collected) / 1e9 for usd in found.duty]
    for words in (
        f"The last gap is USD {gap[0]:.2f} to {gap[1]:.2f} bn",
        f"cars up to {most['US content of cars']:.2f}",
        f"free lines up to {most['claims on lines free of ordinary duty']:.2f}",
        f"gas and electricity up to {most['lines on which no claim is ever recorded']:.2f}",
        f"offsets up to {most['offsets for assembly in the United States']:.2f}",
        f"scrap {most['metal scrap']:.3f}, informational materials {most['informational materials']:.3f}",
        f"metal and chapter 98 widen it by up to {most['metal content of derivatives']:.2f} and {most[chapter]:.2f}",
        f"at their most USD {found.unexplained[0] / 1e9:.2f} bn ({100 * found.unexplained[0] / found.value:.1f} points)",
    ):
        assert words in text, words


def test_march_is_no_day(law, text):
    month, day = (f.steps["predicted"].high for f in (monthly(law, "2025-03"), effective(law, "2025-03-15")))
    assert f"{month:.2f} % on the month's mean, {day:.2f} on its 15th" in text
