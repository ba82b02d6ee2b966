"""The chart of a dynamic path: real income by country over the years, and where it comes to rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from surtax.errors import InputError
from surtax.model.path import Path as Solution

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")


def write_chart(path: Solution, countries: tuple[str, ...], file: Path) -> None:
    """Write the chart as SVG: lines for the years, a dashed rule where each country comes to rest.

    Raises
    ------
    InputError
        another ending, or the file cannot be written.
    """
    if file.suffix.lower() != ".svg":
        raise InputError(f"{file}: a chart is written as .svg.")
    import vl_convert

    try:
        file.write_text(vl_convert.vegalite_to_svg(specification(path, countries)), encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {file}: {problem.strerror}.") from None


def specification(path: Solution, countries: tuple[str, ...]) -> dict[str, Any]:
    """The chart in Vega-Lite."""
    rows = [
        {"year": year, "country": c, "welfare": path.welfare[str(year), c]} for c in countries for year in path.years
    ]
    rest = [{"country": c, "welfare": path.long_run.welfare[c]} for c in countries]
    colour = {
        "field": "country", "type": "nominal", "title": None,
        "scale": {"domain": list(countries), "range": [COLOURS[i % len(COLOURS)] for i in range(len(countries))]},
    }  # fmt: skip
    y = {"field": "welfare", "type": "quantitative", "title": "real income of the year, per cent of the base"}
    x = {"field": "year", "type": "quantitative", "title": None, "axis": {"format": "d", "tickMinStep": 1},
         "scale": {"zero": False, "nice": False}}  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 620,
        "height": 320,
        "title": {
            "text": path.title,
            "subtitle": "Against a path without change. Dashed: where the last measures leave the country in the end.",
            "anchor": "start",
        },
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "line", "point": True},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "data": {"values": rest},
                "mark": {"type": "rule", "strokeDash": [4, 4]},
                "encoding": {"y": y, "color": colour},
            },
        ],
    }
