"""The stepped chart of effective rates over time, with the events that moved them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from surtax.errors import InputError

EVENTS = (
    ("2025-03-04", "IEEPA 25 %"),
    ("2025-03-07", "USMCA goods exempt"),
    ("2025-03-12", "steel, aluminium 25 %"),
    ("2025-04-03", "cars 25 %"),
    ("2025-06-04", "metals 50 %"),
    ("2025-08-01", "IEEPA 35 %, copper"),
    ("2025-10-14", "wood"),
    ("2025-11-01", "trucks"),
    ("2026-02-24", "IEEPA ends, Section 122"),
    ("2026-04-06", "metals anew"),
    ("2026-07-24", "Section 122 ends"),
)


#: Characters of a line below the title that fit the width.
LONGEST = 130


def write_chart(
    stretches: Sequence[Any],
    collected: Mapping[str, float],
    path: Path,
    origin: str,
    highest: float = 10.0,
    notes: Sequence[str] = (),
) -> None:
    """Write the chart as SVG: the band of predicted rates as steps, what customs collected as points, events as rules.

    Parameters
    ----------
    stretches : see `surtax.trade.stretches.path`.
    collected : month → per cent.
    path : file ending in .svg.
    notes : what else holds, such as edits of the law; each a line below the title, cut where it is too long.
    highest : top of the axis, per cent; 4 to 6 March 2025, when claims did not help, run out of it.

    Raises
    ------
    InputError
        another ending, or the file cannot be written.
    """
    if path.suffix.lower() != ".svg":
        raise InputError(f"{path}: a chart is written as .svg.")
    import vl_convert

    steps = [
        {"day": day.isoformat(), "low": min(s.low, highest), "high": min(s.high, highest)}
        for s in stretches
        for day in (s.start, s.end)
    ]
    points = [{"day": f"{month}-15", "rate": rate} for month, rate in collected.items()]
    first, last = stretches[0].start, stretches[-1].end
    shown = [e for e in EVENTS if first <= dt.date.fromisoformat(e[0]) < last] if origin == "CAN" else []
    events = [{"day": d, "event": t, "at": highest * (1 - 0.06 * (i % 4))} for i, (d, t) in enumerate(shown)]
    x = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %Y", "grid": False}}
    y = {
        "field": "low",
        "type": "quantitative",
        "title": "per cent of the imports of 2024",
        "scale": {"domain": [0, highest]},
    }

    def layer(values: list[dict[str, Any]], mark: dict[str, Any], **channels: Any) -> dict[str, Any]:
        return {"data": {"values": values}, "mark": mark, "encoding": {"x": x, **channels}}

    def value(name: str) -> dict[str, Any]:
        return {**y, "field": name}

    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 760,
        "height": 340,
        "title": {
            "text": f"Effective US duties on goods of {origin}, by day",
            "subtitle": [
                "Band: predicted claims of USMCA, US content of cars from half to none. Points: collected.",
                *(n if len(n) <= LONGEST else n[: LONGEST - 1].rstrip() + "…" for n in notes),
            ],
            "anchor": "start",
        },
        "layer": [
            layer(events, {"type": "rule", "color": "#999999", "strokeDash": [2, 2]}),
            layer(steps, {"type": "area", "color": "#56B4E9", "opacity": 0.6}, y=y, y2={"field": "high"}),
            layer(steps, {"type": "line", "color": "#0072B2", "strokeWidth": 1.5}, y=value("high")),
            layer(points, {"type": "point", "filled": True, "color": "#D55E00", "size": 45}, y=value("rate")),
            layer(
                events, {"type": "text", "align": "left", "dx": 3, "fontSize": 9, "color": "#444444"}, y=value("at"),
                text={"field": "event"},
            ),
        ],
    }  # fmt: skip
    try:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None
