"""What the pages on the core's variants say of the main scenario is what they give."""

from __future__ import annotations

from pathlib import Path

import pytest

import surtax as sx
from surtax.model.options import SHORT_OVER_LONG, General

PAGES = Path(__file__).resolve().parent.parent / "docs" / "models"


@pytest.fixture(scope="module")
def run():
    world, scenario = sx.load_world(), sx.load_scenario("us-canada-2025")
    return lambda model: sx.solve(world, scenario, model=model)


def page(name):
    return " ".join((PAGES / f"{name}.md").read_text(encoding="utf-8").split())


def test_labour_mobility(run):
    text = page("labour-mobility")
    short, long = run("short-run"), run("core")
    assert f"times {SHORT_OVER_LONG:.2f}" in text
    assert (
        f"Canada loses {-short.welfare['CAN']:.2f} % in the short and {-long.welfare['CAN']:.2f} % in the long run, but "
        f"earnings in its vehicle industry fall by {-short.sector_wage['C29', 'CAN']:.0f} % in the short run and by "
        f"{-long.wage['CAN']:.1f} %"
    ) in text
    assert f"employment falls by {-run('rigid-wages').employment['CAN']:.1f} % in Canada" in text
    own = run(General(mobility=1, rigidity=1.0, anchor="own"))
    assert f"With μ = 1 employment falls by {-own.employment['CAN']:.1f} % in Canada" in text


def test_other_pages(run):
    core = run("core").welfare["CAN"]
    scale, nest, uses = (run(m) for m in ("scale-economies", "nested", "end-use"))
    assert f"rises from {-core:.2f} to {-scale.welfare['CAN']:.2f} % at ψ = 1/(2θ)" in page("scale-economies")
    assert f"loses {-nest.welfare['CAN']:.2f} % instead of {-core:.2f} %" in page("nested")
    assert round(uses.welfare["CAN"], 3) == round(core, 3)
    moved = next(a for a in uses.conditions.adjustments if "other use" in a).split(": ")[-1]
    assert f"({moved.replace(' of all purchases', '')} of purchases in the embedded world)" in page("end-use")
