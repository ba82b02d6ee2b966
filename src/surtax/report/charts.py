"""Charts as inline SVG: Vega-Lite specifications written here, drawn by vl-convert.

The specifications are plain dictionaries: that costs nothing to build; the tests hold them against Altair's schema.
vl-convert is imported when the first chart is drawn.

Colours are those of Okabe & Ito (2008), which people with any common colour vision tell apart;
side and sign are shown by shape and place
as well. Labels are made in Python, so that numbers in charts and tables are formatted alike.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from surtax.report.markup import Safe, esc
from surtax.report.numbers import DASH, column, fixed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLUE = "#0072B2"
ORANGE = "#D55E00"
INK = "#222222"
MUTED = "#5c6470"
GRID = "#e3e6ea"
# Widths as in Arial, Helvetica and Liberation Sans, which vl-convert measures with: what fits here
# fits on the page.
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
# Per cent below which a change is drawn as none.
NOISE = 1e-7
# The height of a heat map's cell, with and without a second line.
TALL, LOW = 46, 26
# The number of countries up to which a cell of the heat map has room for an amount.
ROOMY = 8
# "0" for zero, else a sign, no trailing zeros; d3 writes a true minus.
TICKS = "datum.value == 0 ? '0' : format(datum.value, '+,~f')"


Spec = dict[str, Any]


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
    """One pair of the heat map.

    Labels, per cent (NaN where nothing is traded), an amount as text.
    """

    exporter: str
    importer: str
    per_cent: float
    amount: str
    domestic: bool = False


def unique_labels(codes: Sequence[str], names: Sequence[str]) -> list[str]:
    """Names, with the code where a name stands twice."""
    return [n if names.count(n) == 1 else f"{n} ({c})" for c, n in zip(codes, names, strict=True)]


def welfare_bars(bars: Sequence[Bar], title: str, description: str) -> Safe:
    """Return ranked horizontal bars with their values, in the order given."""
    bars = [replace(b, value=_settled(b.value)) for b in bars]
    values = [b.value for b in bars]
    texts = column(values, sign=True)
    rows = [
        {"label": b.label, "value": b.value, "text": t, "colour": _bar_colour(b)}
        for b, t in zip(bars, texts, strict=True)
    ]
    strong = [b.label for b in bars if b.strong]
    y = _nominal("label", sort=[b.label for b in bars], axis=_names(strong, 190), title=None)
    x = _per_cent(_padded(values, 0.13))
    layers = [
        _layer("rows", {"type": "bar", "height": {"band": 0.72}}, x=x, y=y, color=_nominal("colour", scale=None)),
        *_labels(x, y, 4),
        _zero(),
    ]
    data = {"rows": rows, **_sides_of_zero(rows)}
    return _svg(layers, data, (380, {"step": 18}), "welfare", title, description)


def sector_dots(dots: Sequence[Dot], title: str, description: str, labelled: int = 5) -> Safe:
    """Return one row a sector, one dot a side; the largest moves carry their value.

    Rows keep their order.
    """
    order = list(dict.fromkeys(d.row for d in dots))
    sides = list(dict.fromkeys(d.side for d in dots))
    drawn = [replace(d, value=_settled(d.value)) for d in dots if math.isfinite(d.value)]
    spans = _spans(drawn)
    largest: set[int] = set()
    for side in sides:
        own = [i for i, d in enumerate(drawn) if d.side == side]
        largest |= set(sorted(own, key=lambda i: -abs(drawn[i].value))[:labelled])
    rows = []
    for i, d in enumerate(drawn):
        low, high = spans[d.row]
        # A label stands outside the pair of dots, away from zero; elsewhere there is no room for
        # one.
        outer = d.value == (low if d.value < 0 else high)
        text = fixed(d.value, 1, sign=True) if i in largest and outer and d.value else ""
        rows.append({"label": d.row, "side": d.side, "value": d.value, "text": text})
    y = _nominal("label", sort=order, axis=_names([], 285), title=None)
    x = _per_cent(_padded([d.value for d in drawn], 0.15))
    legend = {"orient": "top", "title": None, "direction": "horizontal", "symbolSize": 90, "labelFontSize": 13}
    colours, shapes = [BLUE, ORANGE][: len(sides)], ["circle", "diamond"][: len(sides)]
    colour = _nominal("side", scale={"domain": sides, "range": colours}, legend=legend)
    shape = _nominal("side", scale={"domain": sides, "range": shapes}, legend=legend)
    pairs = [{"label": r, "value": a, "high": b} for r, (a, b) in spans.items()]
    point = {"type": "point", "filled": True, "opacity": 1, "size": 75}
    layers = [
        _zero(),
        _layer("pairs", {"type": "rule", "color": "#b9c0c8", "strokeWidth": 2}, x=x, y=y, x2={"field": "high"}),
        _layer("rows", point, x=x, y=y, color=colour, shape=shape),
        *_labels(x, y, 8),
    ]
    data = {"rows": rows, "pairs": pairs, **_sides_of_zero([r for r in rows if r["text"]])}
    return _svg(layers, data, (310, {"step": 21}), "sectors", title, description)


def trade_matrix(cells: Sequence[Cell], title: str, description: str) -> Safe:
    """Return a heat map: exporters down, importers across, per cent by colour and as text."""
    order = list(dict.fromkeys(c.exporter for c in cells))
    roomy = len(order) <= ROOMY
    sizes = [abs(c.per_cent) for c in cells if math.isfinite(c.per_cent) and not c.domestic]
    # At least one per cent, so that changes of next to nothing do not look like much.
    extent = max([1.0, *sizes])
    rows = []
    for c in cells:
        known = math.isfinite(c.per_cent) and not c.domestic
        fill = diverging(c.per_cent / extent) if known else "#e9ebee"
        text = f"{fixed(c.per_cent, 1, sign=True)} %" if known else "" if c.domestic else DASH
        amount = c.amount if known and roomy else ""
        rows.append(
            {
                "from": c.exporter,
                "to": c.importer,
                "fill": fill,
                "ink": ink_on(fill),
                "text": text,
                "amount": amount,
            }
        )
    across = {
        "orient": "top",
        "labelAngle": 0 if roomy else -50,
        "labelLimit": 130,
        "labelFontSize": 12.5,
        "labelPadding": 6,
        "labelFontWeight": "bold",
        "title": "sold to",
        "titlePadding": 6,
    }
    down = {"title": "sold by", "labelFontWeight": "bold", "labelPadding": 8, "labelLimit": 160, "labelFontSize": 12.5}
    x, y = _nominal("to", sort=order, axis=across), _nominal("from", sort=order, axis=down)
    ink, fill_of = _nominal("ink", scale=None), _nominal("fill", scale=None)
    size, weight, lift = (14, "bold", -7) if roomy else (10, "normal", 0)
    number = {"type": "text", "fontSize": size, "fontWeight": weight, "dy": lift}
    layers = [
        _layer("rows", {"type": "rect", "stroke": "white", "strokeWidth": 2}, x=x, y=y, color=fill_of),
        _layer("rows", number, x=x, y=y, text=_nominal("text"), color=ink),
    ]
    if roomy:
        small = {"type": "text", "fontSize": 11.5, "dy": 10}
        layers.append(_layer("rows", small, x=x, y=y, text=_nominal("amount"), color=ink))
    extent_of = max(500, 42 * len(order)), {"step": TALL if roomy else LOW}
    return _svg(layers, {"rows": rows}, extent_of, "trade", title, description)


def _layer(data: str, mark: Spec, **encoding: Spec) -> Spec:
    return {"data": {"name": data}, "mark": mark, "encoding": encoding}


def _nominal(name: str, **more: Any) -> Spec:
    return {"field": name, "type": "nominal", **more}


def _per_cent(domain: Sequence[float]) -> Spec:
    axis = {"labelExpr": TICKS, "orient": "top", "tickCount": 6, "title": None}
    return {"field": "value", "type": "quantitative", "scale": {"domain": domain, "nice": False}, "axis": axis}


def _bar_colour(bar: Bar) -> str:
    if bar.value >= 0:
        return BLUE if bar.strong else "#9cc6e0"
    return ORANGE if bar.strong else "#efb78c"


def _labels(x: Spec, y: Spec, distance: int) -> list[Spec]:
    """Return values beside their marks, away from zero; see `_sides_of_zero`."""
    left = {"type": "text", "align": "right", "dx": -distance, "color": INK}
    right = {"type": "text", "align": "left", "dx": distance, "color": INK}
    return [_layer(side, mark, x=x, y=y, text=_nominal("text")) for side, mark in (("left", left), ("right", right))]


def _sides_of_zero(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "left": [r for r in rows if r["value"] < 0],
        "right": [r for r in rows if r["value"] >= 0],
    }


def diverging(share: float) -> str:
    """Return a colour between orange (−1), nearly white (0) and blue (1)."""
    middle, end = (246, 246, 244), (179, 74, 0) if share < 0 else (0, 86, 138)
    mixed = (round(m + (e - m) * min(abs(share), 1.0)) for m, e in zip(middle, end, strict=True))
    return "#" + "".join(f"{v:02x}" for v in mixed)


def ink_on(colour: str) -> str:
    """Return black or white, whichever is easier to read (relative luminance as in WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.06 else INK


def _names(strong: Sequence[str], limit: int) -> Spec:
    """Return an axis of row labels, those of `strong` in bold."""
    import json

    weight: Any = "normal"
    if strong:
        test = f"indexof({json.dumps(list(strong))}, datum.value) >= 0"
        weight = {"condition": {"test": test, "value": "bold"}, "value": "normal"}
    return {
        "labelLimit": limit,
        "labelPadding": 8,
        "domain": False,
        "ticks": False,
        "grid": False,
        "labelFontWeight": weight,
    }


def _zero() -> Spec:
    mark = {"type": "rule", "color": INK, "strokeWidth": 1}
    return _layer("zero", mark, x={"field": "zero", "type": "quantitative"})


def _settled(value: float) -> float:
    """Return zero for what is rounding of the solver, so that it is not drawn large."""
    return 0.0 if abs(value) < NOISE else value


def _spans(dots: Sequence[Dot]) -> dict[str, tuple[float, float]]:
    spans: dict[str, tuple[float, float]] = {}
    for d in dots:
        low, high = spans.get(d.row, (d.value, d.value))
        spans[d.row] = min(low, d.value), max(high, d.value)
    return spans


def _padded(values: Sequence[float], share: float) -> list[float]:
    """Return a domain that holds zero and leaves room for labels outside the outermost values."""
    low, high = min([0.0, *values]), max([0.0, *values])
    if high == low:
        return [-1.0, 1.0]
    span = high - low
    return [low - share * span if low < 0 else -0.01 * span, high + share * span]


def config() -> dict[str, Any]:
    """The look of all charts."""
    return {
        # One description for the whole chart says more than one for each mark, at a tenth of the
        # size.
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelFontSize": 12,
            "labelColor": INK,
            "titleColor": MUTED,
            "titleFontWeight": "normal",
            "titleFontSize": 12,
            "gridColor": GRID,
            "domain": False,
            "ticks": False,
        },
        "text": {"fontSize": 11.5, "baseline": "middle"},
        "padding": 4,
    }


def _svg(
    layers: Sequence[Spec],
    data: Mapping[str, Any],
    size: tuple[int, Spec],
    anchor: str,
    title: str,
    description: str,
) -> Safe:
    """Draw layers of one chart; `size` is its width and the height of a row."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": config(),
        "layer": list(layers),
        "datasets": {**data, "zero": [{"zero": 0}]},
        "width": size[0],
        "height": size[1],
    }
    return drawn(spec, anchor, title, description)


def drawn(spec: Spec, anchor: str, title: str, description: str) -> Safe:
    """A whole specification as an accessible SVG."""
    return accessible(_draw(spec), anchor, title, description)


def _draw(spec: Spec) -> str:
    """Return the SVG; the version of Vega-Lite is vl-convert's own. Nothing is ever fetched: data stand in `spec`."""
    import vl_convert as vlc

    drawn: str = vlc.vegalite_to_svg(spec, allowed_base_urls=[], show_warnings=False)
    return drawn


def accessible(svg: str, anchor: str, title: str, description: str) -> Safe:
    """Give an SVG a name and a description for those who do not see it.

    Ids get the chart's own prefix, so that several charts stand in one page.
    """
    ids = re.findall(r'\sid="([^"]+)"', svg)
    for i in ids:
        svg = svg.replace(f'id="{i}"', f'id="{anchor}-{i}"').replace(f"#{i})", f"#{anchor}-{i})")
    start, rest = re.match(r"(<svg\b[^>]*?)>(.*)", svg.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
    start = re.sub(r'\s(?:class|role|aria-[a-z]+)="[^"]*"', "", start)
    # Shown at a tenth above its own size at most: a small chart is no poster.
    width = re.search(r'\swidth="([\d.]+)"', start)
    limit = f' style="max-width:{1.1 * float(width[1]):.0f}px"' if width else ""
    head = (
        f'{start}{limit} role="img" aria-label="{esc(title)}" aria-describedby="{anchor}-desc">'
        f'<title>{esc(title)}</title><desc id="{anchor}-desc">{esc(description)}</desc>'
    )
    # Hundredths of a pixel do; numbers in text stay as they are.
    rest = re.sub(
        r'(?<=\s)(?:d|transform|x[12]?|y[12]?|width|height)="[^"]*"',
        lambda m: re.sub(r"(\.\d{2})\d+", r"\1", m[0]),
        rest,
    )
    return Safe(head + rest)
