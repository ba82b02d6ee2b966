"""What the page on the dynamic path says of the main scenario is what it gives, on the embedded world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import surtax as sx
from surtax.model.dynamic import Dynamics, solve_path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "models" / "dynamic.md"


def test_the_numbers_of_the_page(embedded, main_outcome):
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    scenario = sx.load_scenario("us-canada-2025")
    path = solve_path(embedded, scenario)
    first, last, rest = path.welfare["2025", "CAN"], path.welfare["2035", "CAN"], path.long_run.welfare["CAN"]
    assert (
        f"Canada's real income is {-first:.2f} % lower in the first year, {-last:.2f} % after ten and {-rest:.2f} % at rest"
    ) in text
    worth, static = path.path_welfare["CAN"], main_outcome.welfare["CAN"]
    assert f"as much as {-worth:.2f} % for ever, where the static long run says {-static:.2f} %" in text
    back = solve_path(embedded, {2025: scenario, 2029: None}).path_welfare["CAN"]
    assert f"Reversed in 2029, as everybody knows, it loses as much as {-back:.2f} %" in text
    s = Dynamics()
    response = s.discount * (1 + s.stay) / (s.nu * (1 - s.discount * s.stay))
    # the response is of s in μ⁰ = s·1 + (1−s)·ℓ⁰
    assert f"against the country's mean: {response:.1f} with the settings below" in text
    assert path.residual < 1e-8
    assert np.isfinite(path.arrays["path_welfare"]).all()
