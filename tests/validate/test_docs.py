"""Numbers on docs/validate.md are those of the scoreboard."""

from __future__ import annotations

import pytest

import surtax as sx
from surtax.experiments.border import remove_border
from surtax.validate import STUDIES, caliendo_parro, run
from tests.helpers import ROOT, inputs_of

TEXT = " ".join((ROOT / "docs/validate.md").read_text(encoding="utf-8").split())


def test_every_study_is_on_the_page():
    assert not [name for name in STUDIES if f"| `{name}` |" not in TEXT]


def test_what_differs_from_print():
    folder = inputs_of("cp2015")
    inputs_of("tariffwar")
    rows = {r.id: r for r in run(["cp2015", "tariffwar"], folder).rows}
    exact = {c: rows[f"cp2015/{c}/real-income"].computed for c in ("MEX", "CAN", "USA")}
    reply = rows["tariffwar/finding/best-reply"]
    for part in (
        f"rises by {exact['MEX']:.3f} %",
        f"(Canada −{-exact['CAN']:.3f}, United States {exact['USA']:+.3f})",
        f"uniform tariff of {rows['tariffwar/USA/tariff'].computed:.2f} %",
        f"highest at {reply.computed:.2f} %",
    ):
        assert part in TEXT, part
    assert "loses 0.6194 per cent of real income instead of 0.6200" in reply.note
    assert "0.6194 instead of 0.6200 %" in TEXT


def test_mexicos_tariffs():
    """Mean tariff on its two partners by its purchases from them, before and after."""
    a = caliendo_parro.load(inputs_of("cp2015"))
    n, partners = 19, [4, 29]
    bought = a.flows[:, partners, n]
    means = [100 * (t[:, partners, n] * bought).sum() / bought.sum() for t in (a.tariffs, a.new_tariffs)]
    assert f"falls from {means[0]:.1f} to {means[1]:.1f} %" in TEXT


def test_the_comparators():
    rows = {r.id: r for r in run(["border", "rates/yale/2025-03-04"]).rows}
    border = remove_border(sx.load_world(), "CAN", "USA")
    assert rows["border/us-canada"].computed == pytest.approx(border.reduces_trade, rel=1e-12)
    assert f"reduces trade between the two by {border.reduces_trade:.0f} %" in TEXT
    assert f"1.68 % and Surtax {rows['rates/yale/2025-03-04'].computed:.1f}" in TEXT
