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


def write_chart(
    stretches: Sequence[Any], collected: Mapping[str, float], path: Path, origin: str, highest: float = 10.0
) -> None:
    """Write the chart as SVG: the band of predicted rates as steps, what customs collected as points, events as rules.

    Parameters
    ----------
    stretches : see `surtax.trade.effective.path`.
    collected : month → per cent.
    path : file ending in .svg.
    highest : top of the axis, per cent; 4 to 6 March 2025, when claims did not help, run out of it.

    Raises
    ------
    InputError
        another ending, or the file cannot be written.
    """
    if path.suffix.lower() != ".svg":
        raise InputError(f"{path}: a chart is written as .svg.")
    import altair as alt
    import vl_convert

    data: Any = alt.Data

    steps = [
        {"day": day.isoformat(), "low": min(s.low, highest), "high": min(s.high, highest)}
        for s in stretches
        for day in (s.start, s.end)
    ]
    points = [{"day": f"{month}-15", "rate": rate} for month, rate in collected.items()]
    first, last = stretches[0].start, stretches[-1].end
    shown = [e for e in EVENTS if first <= dt.date.fromisoformat(e[0]) < last] if origin == "CAN" else []
    events = [{"day": d, "event": t, "at": highest * (1 - 0.06 * (i % 4))} for i, (d, t) in enumerate(shown)]
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%b %Y", grid=False))
    y = alt.Y("low:Q", title="per cent of the imports of 2024", scale=alt.Scale(domain=[0, highest]))
    band = alt.Chart(data(values=steps)).mark_area(color="#56B4E9", opacity=0.6).encode(x=x, y=y, y2="high:Q")
    edge = alt.Chart(data(values=steps)).mark_line(color="#0072B2", strokeWidth=1.5).encode(x=x, y="high:Q")
    dots = alt.Chart(data(values=points)).mark_point(filled=True, color="#D55E00", size=45).encode(x=x, y="rate:Q")
    rules = alt.Chart(data(values=events)).mark_rule(color="#999999", strokeDash=[2, 2]).encode(x=x)
    words = (
        alt.Chart(data(values=events))
        .mark_text(align="left", dx=3, fontSize=9, color="#444444")
        .encode(x=x, y="at:Q", text="event:N")
    )
    title = alt.TitleParams(
        f"Effective US duties on goods of {origin}, by day",
        subtitle="Band: predicted claims of USMCA, US content of cars from half to none. Points: collected.",
        anchor="start",
    )
    chart = alt.layer(rules, band, edge, dots, words).properties(width=760, height=340, title=title)
    try:
        path.write_text(vl_convert.vegalite_to_svg(chart.to_dict()), encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None
