"""The stepped chart of Canada's surtaxes on US goods: before and after remissions, with the orders that moved them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from surtax.errors import InputError

#: Okabe–Ito colours, told apart by the colour-blind; the lightest band is the widest.
BANDS: tuple[tuple[str, Callable[[Any], tuple[float, float]], str, float], ...] = (
    ("all remissions to none", lambda s: (s.all[0], s.before[1]), "#56B4E9", 0.35),
    ("before remissions", lambda s: s.before, "#0072B2", 0.8),
    ("named goods remitted", lambda s: s.named, "#E69F00", 0.8),
)


def write_canada_chart(
    stretches: Sequence[Any], events: Sequence[tuple[dt.date, str]], comparator: Mapping[str, Any], path: Path
) -> None:
    """Write the chart as SVG.

    Parameters
    ----------
    stretches : see `surtax.trade.canada_rates.path`.
    events : days and words; see `surtax.trade.canada_rates.events`.
    comparator : somebody's estimate: month, per cent and source.
    path : file ending in .svg.

    Raises
    ------
    InputError
        another ending, or the file cannot be written.
    """
    if path.suffix.lower() != ".svg":
        raise InputError(f"{path}: a chart is written as .svg.")
    import vl_convert

    highest = 1.15 * max([s.before[1] for s in stretches] + [comparator["rate_percent"], 1.0])
    bands = [
        {"day": day.isoformat(), "low": ends(s)[0], "high": ends(s)[1], "what": name}
        for name, ends, _, _ in BANDS
        for s in stretches
        for day in (s.start, s.end)
    ]
    rules = [
        {"day": d.isoformat(), "event": w, "at": highest * (1 - 0.05 * (i % 6))} for i, (d, w) in enumerate(events)
    ]
    point = [{"day": f"{comparator['month']}-15", "rate": comparator["rate_percent"]}]
    x = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %Y", "grid": False}}
    y = {"type": "quantitative", "title": "per cent of imports of US goods", "scale": {"domain": [0, highest]}}
    names = [b[0] for b in BANDS]
    colour = {
        "field": "what",
        "type": "nominal",
        "title": None,
        "scale": {"domain": names, "range": [b[2] for b in BANDS]},
    }
    opacity = {"field": "what", "scale": {"domain": names, "range": [b[3] for b in BANDS]}, "legend": None}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 760,
        "height": 340,
        "title": {
            "text": "Canada's surtaxes on goods of the United States, by day",
            "subtitle": f"Point: {comparator['source']}, net of remissions, a comparator.",
            "anchor": "start",
        },
        "layer": [
            {
                "data": {"values": bands},
                "mark": {"type": "area", "line": {"strokeWidth": 1}},
                "encoding": {
                    "x": x, "y": {**y, "field": "low", "stack": None}, "y2": {"field": "high"},
                    "color": colour, "opacity": opacity,
                },
            },
            {
                "data": {"values": rules},
                "mark": {"type": "rule", "color": "#999999", "strokeDash": [2, 2]},
                "encoding": {"x": x},
            },
            {
                "data": {"values": rules},
                "mark": {"type": "text", "align": "left", "dx": 3, "fontSize": 9, "color": "#444444"},
                "encoding": {"x": x, "y": {**y, "field": "at"}, "text": {"field": "event"}},
            },
            {
                "data": {"values": point},
                "mark": {"type": "point", "filled": True, "color": "#D55E00", "size": 60},
                "encoding": {"x": x, "y": {**y, "field": "rate"}},
            },
        ],
    }  # fmt: skip
    try:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None
