"""The stepped chart of effective rates over time, with the events that moved them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from surtax.errors import InputError

BOTH = ("CAN", "MEX")
#: Day, words, and the origins whose duties it moved: of the measures' own days (docs/law.md).
EVENTS = (
    ("2025-03-04", "IEEPA 25 %, claims or not", BOTH),
    ("2025-03-07", "USMCA goods exempt", BOTH),
    ("2025-03-12", "steel, aluminium 25 %", BOTH),
    ("2025-04-03", "cars 25 %", BOTH),
    ("2025-06-04", "metals 50 %", BOTH),
    ("2025-08-01", "IEEPA 35 %, copper", ("CAN",)),
    ("2025-08-01", "copper", ("MEX",)),
    ("2025-08-18", "more derivatives", BOTH),
    ("2025-10-14", "wood", BOTH),
    ("2025-11-01", "trucks", BOTH),
    ("2026-02-24", "IEEPA ends, Section 122", BOTH),
    ("2026-04-06", "metals anew", BOTH),
    ("2026-06-08", "metals: annexes changed", BOTH),
    ("2026-07-24", "Section 122 ends", BOTH),
)
CLAIMED = {
    "none": "nobody claims USMCA",
    "full": "everybody claims USMCA",
    "recorded": "claims of USMCA as recorded",
    "predicted": "predicted claims of USMCA",
    "endogenous": "claims of USMCA as they respond to what they save",
}
#: Shorter stretches do not decide how high the axis reaches: three days in March 2025 would flatten all others.
LONG_ENOUGH = dt.timedelta(days=7)
#: Rows of labels above the axis, and their height as a share of it.
ROWS, ROW = 5, 0.065
WIDTH, HEIGHT = 760, 400


#: Characters of a line below the title that fit the width.
LONGEST = 130


def write_chart(
    stretches: Sequence[Any],
    collected: Mapping[str, float],
    path: Path,
    origin: str,
    highest: float | None = None,
    claims: str = "predicted",
    notes: Sequence[str] = (),
) -> None:
    """Write the chart as SVG: the band of rates as steps, what customs collected as points, events as rules.

    Parameters
    ----------
    stretches : see `surtax.trade.stretches.path`.
    collected : month → per cent.
    path : file ending in .svg.
    origin : whose goods; decides which events are drawn.
    highest : top of the axis, per cent; stretches that run out of it are cut there and their rate is written. The
        default fits every stretch of a week or more.
    claims : which claims the stretches have; see `surtax.trade.claiming.CLAIMS`.
    notes : what else holds, such as edits of the law; each a line below the title, cut where it is too long.

    Raises
    ------
    InputError
        another ending, no stretches, or the file cannot be written.
    """
    if path.suffix.lower() != ".svg":
        raise InputError(f"{path}: a chart is written as .svg.")
    if not stretches:
        raise InputError("a chart needs at least one stretch of days.")
    import vl_convert

    try:
        path.write_text(
            vl_convert.vegalite_to_svg(chart(stretches, collected, origin, highest, claims, notes)), encoding="utf-8"
        )
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None


def chart(
    stretches: Sequence[Any],
    collected: Mapping[str, float],
    origin: str,
    highest: float | None = None,
    claims: str = "predicted",
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the chart as a Vega-Lite specification; see `write_chart`."""
    top, step = _axis(highest or _highest(stretches, collected))
    first, last = stretches[0].start, stretches[-1].end
    steps = [
        {"day": day.isoformat(), "low": min(s.low, top), "high": min(s.high, top)}
        for s in stretches
        for day in (s.start, s.end)
    ]
    points = [
        {"day": f"{month}-15", "rate": rate}
        for month, rate in collected.items()
        if first <= dt.date.fromisoformat(f"{month}-15") < last
    ]
    cut = [
        {"day": s.end.isoformat(), "at": top * 0.97, "text": f"{s.high:.1f} % from {s.start.day} {s.start:%b %Y}"}
        for s in stretches
        if s.high > top
    ]
    x = {
        "field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %Y", "grid": False},
        "scale": {"domain": [_moment(first), _moment(last)]},
    }  # fmt: skip
    y = {
        "field": "low",
        "type": "quantitative",
        "title": "per cent of the imports of 2024",
        "axis": {"values": [i * step for i in range(round(top / step) + 1)]},
        "scale": {"domain": [0, top * (1 + ROW * (ROWS + 0.5))]},
    }

    def layer(values: list[dict[str, Any]], mark: dict[str, Any], **channels: Any) -> dict[str, Any]:
        return {"data": {"values": values}, "mark": mark, "encoding": {"x": x, **channels}}

    def value(name: str) -> dict[str, Any]:
        return {**y, "field": name}

    words = {"type": "text", "fontSize": 10, "color": "#333333", "baseline": "middle"}
    shown = _events(first, last, origin, top)
    sides = [
        layer(
            [e for e in shown if e["right"] == right],
            {**words, "align": "right" if right else "left", "dx": -4 if right else 4},
            y=value("at"),
            text={"field": "event"},
        )
        for right in (False, True)
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "title": {
            "text": f"Effective US duties on goods of {origin}, by day",
            "subtitle": [
                f"Band: {CLAIMED.get(claims, claims)}; US content of cars from half to none."
                + (" Points: collected in the month." if points else ""),
                *(n if len(n) <= LONGEST else n[: LONGEST - 1].rstrip() + "…" for n in notes),
            ],
            "anchor": "start",
        },
        "layer": [
            layer(shown, {"type": "rule", "color": "#999999", "strokeDash": [2, 2]}, y={**y, "field": "at"},
                  y2={"datum": 0}),
            layer(steps, {"type": "area", "color": "#56B4E9", "opacity": 0.6}, y=y, y2={"field": "high"}),
            layer(steps, {"type": "line", "color": "#0072B2", "strokeWidth": 1.5}, y=value("high")),
            layer(points, {"type": "point", "filled": True, "color": "#D55E00", "size": 45}, y=value("rate")),
            layer(cut, {**words, "align": "left", "dx": 4}, y=value("at"), text={"field": "text"}),
            *sides,
        ],
    }  # fmt: skip


def _highest(stretches: Sequence[Any], collected: Mapping[str, float]) -> float:
    long = [s.high for s in stretches if s.end - s.start >= LONG_ENOUGH] or [s.high for s in stretches]
    return float(max([*long, *collected.values()]))


def _axis(highest: float) -> tuple[float, float]:
    """Top of the axis and the step between its marks: whole numbers of which at most ten fit, or a tenth."""
    step = next((s for s in (0.1, 1, 2, 5, 10, 20, 50) if highest <= 10 * s), 100)
    return step * max(1, math.ceil(highest / step)), step


def _events(first: dt.date, last: dt.date, origin: str, top: float) -> list[dict[str, Any]]:
    """Events in the span: each label in the row that has been free for longest, towards the side with more room."""
    shown = [
        (dt.date.fromisoformat(day), text)
        for day, text, origins in EVENTS
        if origin in origins and first <= dt.date.fromisoformat(day) < last
    ]
    return [
        {
            "day": day.isoformat(),
            "event": text,
            "at": top * (1 + ROW * (ROWS - i % ROWS)),
            # What is left of the axis, against the room that a label takes at this size.
            "right": (last - day) / (last - first) * WIDTH < 6 * len(text),
        }
        for i, (day, text) in enumerate(shown)
    ]


def _moment(day: dt.date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "date": day.day}
