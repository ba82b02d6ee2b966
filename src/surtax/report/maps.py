"""Maps as inline SVG: countries, US states, and Canada's provinces as labelled tiles.

Colours are steps from orange (below zero) over white to blue (above), which people with any common colour vision tell
apart and which differ in lightness; every map stands beside a table of the same numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from surtax.report.charts import accessible
from surtax.report.markup import Safe, join, tag
from surtax.report.numbers import fixed

FOLDER = Path(__file__).resolve().parent.parent / "data" / "maps"
#: From far below zero to far above; the middle is nothing to speak of.
LOSSES = ("#b24a00", "#e08a3c", "#f7cfa0")
GAINS = ("#b9d7ec", "#5fa3d0", "#00639c")
#: Values no larger are rounding of a solution, which colours are not to show.
ROUNDING = 1e-9
LITTLE, UNKNOWN, EDGE = "#f7f7f5", "#dfe2e6", "#ffffff"
#: Column and row of each province's tile.
TILES = {
    "CA-BC": (0, 1), "CA-AB": (1, 1), "CA-SK": (2, 1), "CA-MB": (3, 1), "CA-ON": (4, 1), "CA-QC": (5, 1),
    "CA-NL": (7, 0), "CA-NB": (6, 2), "CA-NS": (7, 2), "CA-PE": (7, 1),
}  # fmt: skip
TILE = 96


@lru_cache(maxsize=2)
def outlines(name: str) -> Mapping[str, Any]:
    """Shapes by code, and the size of the drawing: "world" or "us_states"."""
    found: Mapping[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def steps(values: Sequence[float]) -> tuple[float, float, float]:
    """Three rising bounds, one significant digit each, at which colours change on both sides of zero."""
    sizes = sorted(abs(v) for v in values if math.isfinite(v) and abs(v) > ROUNDING)
    if not sizes:
        return 1.0, 2.0, 3.0
    picked = [sizes[min(int(q * len(sizes)), len(sizes) - 1)] for q in (0.3, 0.65, 0.92)]
    bounds = [_nice(x) for x in picked]
    for i in (1, 2):
        while bounds[i] <= bounds[i - 1]:
            bounds[i] = _nice(2.6 * max(bounds[i], bounds[i - 1] / 2))
    return bounds[0], bounds[1], bounds[2]


def _nice(x: float) -> float:
    power = 10.0 ** math.floor(math.log10(x))
    return float(f"{max(k for k in (1, 2, 5) if k * power <= x * (1 + 1e-9)) * power:.1g}")


def colour(value: float, bounds: Sequence[float]) -> str:
    """The colour of a value; NaN is grey."""
    if not math.isfinite(value):
        return UNKNOWN
    level = sum(abs(value) >= b for b in bounds)
    if level == 0:
        return LITTLE
    return GAINS[level - 1] if value > 0 else LOSSES[3 - level]


def choropleth(
    name: str, values: Mapping[str, float], names: Mapping[str, str], title: str, description: str, unit: str
) -> tuple[Safe, tuple[str, ...]]:
    """A map of the values, and the codes of those that it has no shape for.

    Parameters
    ----------
    name : "world" or "us_states".
    values : code → value; shapes without one are grey.
    names : code → what to call it.
    """
    drawing = outlines(name)
    bounds = steps(list(values.values()))
    width, height = drawing["size"]
    shapes = [
        tag(
            "path",
            tag("title", _told(names.get(code, code), values.get(code, math.nan), unit)),
            d=path, fill=colour(values.get(code, math.nan), bounds), stroke="#8b95a0" if code in values else EDGE,
            stroke_width="0.5",
        )
        for code, path in drawing["shapes"].items()
    ]  # fmt: skip
    svg = _drawing(width, height, join(shapes), bounds, unit)
    missing = tuple(c for c in values if c not in drawing["shapes"])
    return accessible(svg, f"map-{name}", title, description), missing


def tiles(values: Mapping[str, float], names: Mapping[str, str], title: str, description: str, unit: str) -> Safe:
    """Canada's provinces as squares where they lie, with name and value on each."""
    bounds = steps(list(values.values()))
    digits = 3 if max((abs(v) for v in values.values()), default=1.0) < 10 else 1
    parts = []
    for code, (column, row) in TILES.items():
        if code not in values:
            continue
        fill = colour(values[code], bounds)
        ink = "#ffffff" if fill in (LOSSES[0], GAINS[2]) else "#1c1f23"
        x, y = column * TILE + 2, row * TILE + 2
        square = tag("rect", x=str(x), y=str(y), width=str(TILE - 4), height=str(TILE - 4), fill=fill, stroke="#8b95a0")
        label = tag("text", code.removeprefix("CA-"), x=str(x + 10), y=str(y + 30), font_size="22", fill=ink)
        number = tag(
            "text", fixed(values[code], digits, sign=True), x=str(x + 10), y=str(y + 66), font_size="18", fill=ink
        )
        told = tag("title", _told(names.get(code, code), values[code], unit))
        parts.append(tag("g", told, square, label, number))
    svg = _drawing(8 * TILE, 3 * TILE, join(parts), bounds, unit)
    return accessible(svg, "map-provinces", title, description)


def _told(name: str, value: float, unit: str) -> str:
    return f"{name}: not known" if not math.isfinite(value) else f"{name}: {value:+.4g} {unit}"


def _drawing(width: float, height: float, content: Safe, bounds: Sequence[float], unit: str) -> str:
    """The map with its key below, as SVG text."""
    a, b, c = (f"{x:g}" for x in bounds)
    key = [
        (LOSSES[0], f"below −{c}"), (LOSSES[1], f"−{c} to −{b}"), (LOSSES[2], f"−{b} to −{a}"),
        (LITTLE, f"within ±{a}"),
        (GAINS[0], f"{a} to {b}"), (GAINS[1], f"{b} to {c}"), (GAINS[2], f"above {c}"),
    ]  # fmt: skip
    step = width / len(key)
    top = height + 18
    boxes = [
        join(
            [
                tag("rect", x=f"{i * step + 4:.1f}", y=f"{top:.1f}", width=f"{step - 8:.1f}", height="12", fill=fill,
                    stroke="#8b95a0", stroke_width="0.5"),
                tag("text", text, x=f"{i * step + 4:.1f}", y=f"{top + 28:.1f}", font_size="13", fill="#1c1f23"),
            ]
        )
        for i, (fill, text) in enumerate(key)
    ]  # fmt: skip
    unit_text = tag("text", unit, x="4", y=f"{top + 48:.1f}", font_size="13", fill="#56606b")
    body = join([content, *boxes, unit_text])
    total = top + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {total:g}" '
        f'font-family="Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif">{body}</svg>'
    )
