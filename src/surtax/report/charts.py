"""Charts as inline SVG: Altair describes them, vl-convert draws them; both are imported when the first one is drawn.

Colours are those of Okabe & Ito (2008), which people with any common colour vision tell apart; side and sign are shown by shape and place
as well. Labels are made in Python, so that numbers in charts and tables are formatted alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from surtax.report.markup import Safe, esc
from surtax.report.numbers import DASH, column, fixed

if TYPE_CHECKING:
    import altair as alt

BLUE = "#0072B2"
ORANGE = "#D55E00"
INK = "#222222"
MUTED = "#5c6470"
GRID = "#e3e6ea"
# Widths as in Arial, Helvetica and Liberation Sans, which vl-convert measures with: what fits here fits on the page.
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
# The height of a heat map's cell, with and without a second line.
TALL, LOW = 46, 26
# The number of countries up to which a cell of the heat map has room for an amount.
ROOMY = 8
# "0" for zero, else a sign, no trailing zeros; d3 writes a true minus.
TICKS = "datum.value == 0 ? '0' : format(datum.value, '+,~f')"


# Altair can check every piece of a specification against the schema, at a third of a second for these charts; the tests ask for it.
CHECK_SCHEMA = False

P = ParamSpec("P")


def _drawn(build: Callable[P, Safe]) -> Callable[P, Safe]:
    """Draw with Altair's checks as `CHECK_SCHEMA` says."""

    @wraps(build)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Safe:
        from altair.utils.schemapi import debug_mode

        with debug_mode(CHECK_SCHEMA):
            return build(*args, **kwargs)

    return wrapper


@dataclass(frozen=True)
class Bar:
    """One bar: its label, value (per cent), and whether it stands out."""

    label: str
    value: float
    strong: bool


@dataclass(frozen=True)
class Dot:
    """One sector of one side: row label, side label, value (per cent, NaN for no dot)."""

    row: str
    side: str
    value: float


@dataclass(frozen=True)
class Cell:
    """One pair of the heat map: labels, per cent (NaN where nothing is traded), an amount as text."""

    exporter: str
    importer: str
    per_cent: float
    amount: str
    domestic: bool = False


def unique_labels(codes: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names, with the code where a name stands twice."""
    return [n if names.count(n) == 1 else f"{n} ({c})" for c, n in zip(codes, names, strict=True)]


@_drawn
def welfare_bars(bars: Sequence[Bar], title: str, description: str) -> Safe:
    """Return ranked horizontal bars with their values, in the order given."""
    import altair as alt

    texts = column([b.value for b in bars], sign=True)
    rows = [
        {
            "label": b.label,
            "value": b.value,
            "text": t,
            "kind": ("gain" if b.value >= 0 else "loss") + ("" if b.strong else " of others"),
        }
        for b, t in zip(bars, texts, strict=True)
    ]
    strong = [b.label for b in bars if b.strong]
    order = [b.label for b in bars]
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("label:N").sort(order).axis(_names(strong, 190)).title(None)
    x = alt.X("value:Q").scale(domain=_padded([b.value for b in bars], 0.13), nice=False)
    x = x.axis(alt.Axis(labelExpr=TICKS, orient="top", tickCount=6, title=None))
    kinds = {"gain": BLUE, "loss": ORANGE, "gain of others": "#9cc6e0", "loss of others": "#efb78c"}
    colour = alt.Color("kind:N").scale(domain=list(kinds), range=list(kinds.values())).legend(None)
    layers: list[Any] = [
        base.mark_bar(height={"band": 0.72}).encode(x=x, y=y, color=colour),
        base.mark_text(align="left", dx=4, color=INK).encode(x=x, y=y, text="text:N").transform_filter("datum.value >= 0"),
        base.mark_text(align="right", dx=-4, color=INK).encode(x=x, y=y, text="text:N").transform_filter("datum.value < 0"),
        _zero(),
    ]
    chart = alt.layer(*layers).properties(width=420, height=alt.Step(18))
    return _svg(chart, "welfare", title, description)


@_drawn
def sector_dots(dots: Sequence[Dot], title: str, description: str, labelled: int = 5) -> Safe:
    """Return one row a sector, one dot a side; the largest moves carry their value. Rows keep their order."""
    import altair as alt

    order = list(dict.fromkeys(d.row for d in dots))
    sides = list(dict.fromkeys(d.side for d in dots))
    drawn = [d for d in dots if math.isfinite(d.value)]
    spans = _spans(drawn)
    largest: set[int] = set()
    for side in sides:
        own = [i for i, d in enumerate(drawn) if d.side == side]
        largest |= set(sorted(own, key=lambda i: -abs(drawn[i].value))[:labelled])
    rows = []
    for i, d in enumerate(drawn):
        low, high = spans[d.row]
        # A label stands outside the pair of dots, away from zero; elsewhere there is no room for one.
        outer = d.value == (low if d.value < 0 else high)
        text = fixed(d.value, 1, sign=True) if i in largest and outer else ""
        at = "left" if d.value < 0 else "right"
        rows.append({"row": d.row, "side": d.side, "value": d.value, "text": text, "at": at})
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("row:N").sort(order).axis(_names([], 285)).title(None)
    x = alt.X("value:Q").scale(domain=_padded([d.value for d in drawn], 0.15), nice=False)
    x = x.axis(alt.Axis(labelExpr=TICKS, orient="top", tickCount=6, title=None))
    legend = alt.Legend(orient="top", title=None, direction="horizontal", symbolSize=90, labelFontSize=13)
    colour = alt.Color("side:N").scale(domain=sides, range=[BLUE, ORANGE][: len(sides)]).legend(legend)
    shape = alt.Shape("side:N").scale(domain=sides, range=["circle", "diamond"][: len(sides)]).legend(legend)
    pair = [{"row": r, "low": a, "high": b} for r, (a, b) in spans.items()]
    join = alt.Chart(alt.Data(values=pair)).mark_rule(color="#b9c0c8", strokeWidth=2)
    layers: list[Any] = [
        _zero(),
        join.encode(y=y, x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=75).encode(x=x, y=y, color=colour, shape=shape),
        base.mark_text(align="right", dx=-8, color=INK).encode(x=x, y=y, text="text:N").transform_filter("datum.at == 'left'"),
        base.mark_text(align="left", dx=8, color=INK).encode(x=x, y=y, text="text:N").transform_filter("datum.at == 'right'"),
    ]
    chart = alt.layer(*layers).properties(width=340, height=alt.Step(21))
    return _svg(chart, "sectors", title, description)


@_drawn
def trade_matrix(cells: Sequence[Cell], title: str, description: str) -> Safe:
    """Return a heat map: exporters down, importers across, per cent by colour and as text."""
    import altair as alt

    order = list(dict.fromkeys(c.exporter for c in cells))
    roomy = len(order) <= ROOMY
    sizes = [abs(c.per_cent) for c in cells if math.isfinite(c.per_cent) and not c.domestic]
    # At least one per cent, so that changes of next to nothing do not look like much.
    extent = max([1.0, *sizes])
    rows = []
    for c in cells:
        known = math.isfinite(c.per_cent)
        fill = c.per_cent if known and not c.domestic else 0.0
        text = f"{fixed(c.per_cent, 1, sign=True)} %" if known else DASH
        rows.append(
            {
                "from": c.exporter, "to": c.importer, "fill": fill, "none": c.domestic or not known,
                "text": "" if c.domestic else text,
                "amount": "" if c.domestic or not known or not roomy else c.amount,
                "dark": known and not c.domestic and abs(c.per_cent) > 0.55 * extent,
            }  # fmt: skip
        )
    base = alt.Chart(alt.Data(values=rows))
    across = alt.Axis(orient="top", labelAngle=0 if roomy else -50, labelLimit=130, labelFontSize=12.5)
    across.labelPadding, across.labelFontWeight = 6, "bold"
    across.title, across.titlePadding = "sold to", 6
    x = alt.X("to:N").sort(order).axis(across)
    down = alt.Axis(title="sold by", labelFontWeight="bold", labelPadding=8, labelLimit=160, labelFontSize=12.5)
    y = alt.Y("from:N").sort(order).axis(down)
    scale = alt.Scale(domain=[-extent, 0, extent], range=["#b34a00", "#f6f6f4", "#00568a"], interpolate="lab")
    colour = alt.when("datum.none").then(alt.value("#e9ebee")).otherwise(
        alt.Color("fill:Q").scale(scale).legend(None)
    )
    ink = alt.when("datum.dark").then(alt.value("white")).otherwise(alt.value(INK))
    height = TALL if roomy else LOW
    size = 14 if roomy else 10
    layers = [
        base.mark_rect(stroke="white", strokeWidth=2).encode(x=x, y=y, color=colour),
        base.mark_text(fontSize=size, fontWeight="bold" if roomy else "normal", dy=-7 if roomy else 0).encode(
            x=x, y=y, text="text:N", color=ink
        ),
    ]
    if roomy:
        layers.append(base.mark_text(fontSize=11.5, dy=10).encode(x=x, y=y, text="amount:N", color=ink))
    chart = alt.layer(*layers).properties(width=max(500, 42 * len(order)), height=alt.Step(height))
    return _svg(chart, "trade", title, description)


def _names(strong: Sequence[str], limit: int) -> alt.Axis:
    import altair as alt

    import json

    axis = alt.Axis(labelLimit=limit, labelPadding=8, domain=False, ticks=False, grid=False)
    if strong:
        test = f"indexof({json.dumps(list(strong))}, datum.value) >= 0"
        axis.labelFontWeight = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    return axis


def _zero() -> alt.Chart:
    import altair as alt

    return alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=INK, strokeWidth=1).encode(x=alt.X("zero:Q"))


def _spans(dots: Sequence[Dot]) -> dict[str, tuple[float, float]]:
    spans: dict[str, tuple[float, float]] = {}
    for d in dots:
        low, high = spans.get(d.row, (d.value, d.value))
        spans[d.row] = min(low, d.value), max(high, d.value)
    return spans


def _padded(values: Sequence[float], share: float) -> list[float]:
    """Return a domain that holds zero and leaves room for labels outside the outermost values."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    return [low - share * span if low < 0 else -0.01 * span, high + share * span]


def _config() -> dict[str, Any]:
    return {
        # One description for the whole chart says more than one for each mark, at a tenth of the size.
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 12, "labelColor": INK, "titleColor": MUTED, "titleFontWeight": "normal", "titleFontSize": 12,
            "gridColor": GRID, "domain": False, "ticks": False,
        },
        "text": {"fontSize": 11.5, "baseline": "middle"},
        "padding": 4,
    }  # fmt: skip


def _svg(chart: alt.LayerChart, anchor: str, title: str, description: str) -> Safe:
    """Draw a chart; its version of Vega-Lite is Altair's if vl-convert knows that."""
    import altair as alt
    import vl_convert as vlc

    spec: Mapping[str, Any] = chart.configure(**_config()).to_dict(validate=CHECK_SCHEMA)
    wanted = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    known = vlc.get_vegalite_versions() if hasattr(vlc, "get_vegalite_versions") else []
    # Data stand in the specification; nothing is ever fetched.
    drawn: str = vlc.vegalite_to_svg(
        spec, vl_version=wanted if wanted in known else None, allowed_base_urls=[], show_warnings=False
    )
    return accessible(drawn, anchor, title, description)


def accessible(svg: str, anchor: str, title: str, description: str) -> Safe:
    """Give an SVG a name and a description for those who do not see it; ids get the chart's own prefix."""
    ids = re.findall(r'\sid="([^"]+)"', svg)
    for i in ids:
        svg = svg.replace(f'id="{i}"', f'id="{anchor}-{i}"').replace(f"#{i})", f"#{anchor}-{i})")
    start, rest = re.match(r"(<svg\b[^>]*?)>(.*)", svg.strip(), re.S).groups()  # type: ignore[union-attr]
    start = re.sub(r'\s(?:class|role|aria-[a-z]+)="[^"]*"', "", start)
    head = (
        f'{start} role="img" aria-label="{esc(title)}" aria-describedby="{anchor}-desc" focusable="false">'
        f'<title>{esc(title)}</title><desc id="{anchor}-desc">{esc(description)}</desc>'
    )
    # Hundredths of a pixel do; numbers in text stay as they are.
    rest = re.sub(
        r'(?<=\s)(?:d|transform|x[12]?|y[12]?|width|height)="[^"]*"',
        lambda m: re.sub(r"(\.\d{2})\d+", r"\1", m[0]),
        rest,
    )
    return Safe(head + rest)
