"""One scenario through many models, as a page that works offline: a chart for each country, and every table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from surtax.experiments.compare import QUANTITIES, SOLVED
from surtax.report.charts import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    _layer,
    _names,
    _nominal,
    _padded,
    _per_cent,
    _settled,
    _svg,
    _zero,
)
from surtax.report.comparison import BESIDE, DO_NOT_ADD, folded, places, under, unit_of, value_text
from surtax.report.markup import Column, Safe, bullets, details, figure, join, paragraphs, section, table, tag
from surtax.report.numbers import exponent, fixed
from surtax.report.page import page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from surtax.experiments.compare import Comparison, Row
    from surtax.experiments.reasons import Reasons

#: A model all of whose answers are so many times the middle model's largest (or one of which is the square of it) is
#: told at the edge: it would squeeze the rest.
FAR = 4.0


def render(found: Comparison, command: str) -> str:
    """Return the comparison as one HTML document; no scripts, no requests."""
    parts = []
    solved = [r for r in found.rows if r.status == SOLVED]
    if solved:
        parts.append(section("chart", "Real income by model", *(_figure(found, solved, c) for c in found.countries)))
    if found.reasons:
        parts.append(section("reasons", "Why answers differ", _reasons(found, found.reasons)))
    parts.append(section("table", "Every combination", *_tables(found)))
    if found.comparators:
        parts.append(section("comparators", "Published estimates of the dispute", _comparators(found)))
    parts.append(section("reproduce", "How to reproduce this", tag("pre", command), paragraphs(_conditions(found))))
    short = found.expected - len(found.rows)
    front = tag(
        "header",
        tag("p", "Surtax comparison", class_="kicker"),
        tag("h1", f"{found.title}: the same scenario through {len({r.model for r in found.rows})} models"),
        paragraphs(f"Interrupted: {short} combinations were not tried." if short else "", class_="caution"),
    )
    return page(f"Surtax: {found.title}, compared", join([front, tag("main", "\n", join(parts))]))


def _conditions(found: Comparison) -> str:
    solved = [r for r in found.rows if r.status == SOLVED]
    worst = max((float(r.conditions["residual"]) for r in solved), default=float("nan"))
    return (
        f"{len(solved)} of {found.expected} combinations solved; largest residual {exponent(worst)}. Accounts: "
        f"{found.world}; their own elasticities: {found.own}. Conditions of each row are in the JSON output."
    )


# -- chart ------------------------------------------------------------------------------------------------------------


def _figure(found: Comparison, solved: Sequence[Row], country: str) -> Safe:
    placed = place(found, solved, country)
    beyond = "; the triangles at the edge stand for what lies beyond it" if placed.edge else ""
    return figure(
        f"{country}: real income",
        "Change, per cent; one dot for each combination of deficits and elasticities. The dashed line is the first "
        f"row{beyond}.",
        dot_plot(found, placed, country),
        f"Source: Surtax; {found.world}.",
    )


@dataclass(frozen=True)
class Placed:
    """Where the dots of one country stand.

    Attributes
    ----------
    of : model → its values, per cent.
    domain : of the axis; digits : decimals of numbers in words.
    dots : rows of the chart; edge : models beyond the domain, their range as text at its ends.
    """

    of: Mapping[str, Sequence[float]]
    domain: Sequence[float]
    digits: int
    dots: Sequence[Mapping[str, Any]]
    edge: Sequence[Mapping[str, Any]]


def place(found: Comparison, solved: Sequence[Row], country: str) -> Placed:
    """Place every row; models far from most others, which would squeeze them, are told at the edge."""
    points = [(r.model, _settled(r.values["welfare"][country]), _series(r, found)) for r in solved]
    of = {m: [v for model, v, _ in points if model == m] for m in dict.fromkeys(r.model for r in solved)}
    sizes = {m: sorted(map(abs, v)) for m, v in of.items()}
    limit = FAR * statistics.median(x[-1] for x in sizes.values())
    far = {m for m, x in sizes.items() if x[0] > limit or x[-1] > FAR * limit}
    near = [v for m, v, _ in points if m not in far]
    domain = _padded(near, 0.12)
    digits = places(near)
    dots = [{"label": m, "value": v, "series": s} for m, v, s in points if m not in far]
    edge = []
    for m in far:
        low, high = min(of[m]), max(of[m])
        side = 1 if high > -low else -1
        ends = dict.fromkeys(fixed(v, digits, sign=True) for v in (low, high))
        edge.append({"label": m, "value": domain[side > 0], "text": " to ".join(ends), "side": side})
    return Placed(of, domain, digits, dots, edge)


def dot_plot(found: Comparison, placed: Placed, country: str) -> Safe:
    """Return one line a model, one dot a row."""
    dots, edge, digits = placed.dots, placed.edge, placed.digits
    series = [found.own, "other elasticities"]
    used = [s for s in series if any(d["series"] == s for d in dots)]
    colours = {series[0]: BLUE, series[1]: ORANGE}
    shapes = {series[0]: "circle", series[1]: "diamond"}
    legend = {"orient": "top", "title": None, "direction": "horizontal", "symbolSize": 80, "labelFontSize": 12}
    colour = _nominal("series", scale={"domain": used, "range": [colours[s] for s in used]}, legend=legend)
    shape = _nominal("series", scale={"domain": used, "range": [shapes[s] for s in used]}, legend=legend)
    y = _nominal("label", sort=list(placed.of), axis={**_names([], 160), "minExtent": 112}, title=None)
    x = _per_cent(placed.domain)
    mark = {"type": "point", "filled": True, "opacity": 0.65, "size": 55}
    layers = [
        _zero(),
        _layer("first", {"type": "rule", "color": MUTED, "strokeDash": [4, 3]}, x=x),
        _layer("rows", mark, x=x, y=y, color=colour, shape=shape),
    ]
    for side, name, align in ((-1, "triangle-left", "left"), (1, "triangle-right", "right")):
        if any(e["side"] == side for e in edge):
            data = "low" if side < 0 else "high"
            layers.append(_layer(data, {"type": "point", "shape": name, "filled": True, "opacity": 1, "size": 70,
                                        "color": INK}, x=x, y=y))  # fmt: skip
            layers.append(_layer(data, {"type": "text", "align": align, "dx": -9 * side, "color": INK}, x=x, y=y,
                                 text=_nominal("text")))  # fmt: skip
    told = "; ".join(
        f"{m} {fixed(min(v), digits, sign=True)} to {fixed(max(v), digits, sign=True)}" for m, v in placed.of.items()
    )
    data_sets = {
        "rows": dots,
        "low": [e for e in edge if e["side"] < 0],
        "high": [e for e in edge if e["side"] > 0],
        "first": [{"value": next(iter(placed.of.values()))[0]}],
    }
    title = f"{country}: real income by model"
    description = f"Per cent change of real income of {country}, range over deficits and elasticities: {told}."
    return _svg(layers, data_sets, (500, {"step": 24}), f"compare-{country}", title, description)


def _series(row: Row, found: Comparison) -> str:
    return found.own if row.elasticities == found.own else "other elasticities"


# -- tables -----------------------------------------------------------------------------------------------------------


def _tables(found: Comparison) -> list[Safe]:
    parts = []
    digits = {q: places(v for r in found.rows for v in r.values.get(q, {}).values()) for q in QUANTITIES}
    for model, rows in groupby(found.rows, key=lambda r: r.model):
        listed = folded(list(rows))
        solved = [g[0] for g in listed if g[0].status == SOLVED]
        refused = bullets(
            f"{g[0].closure}, {g[0].elasticities if len(g) == 1 else f'all {len(g)} sets of elasticities'}: "
            f"{g[0].status}. {g[0].why}"
            for g in listed
            if g[0].status != SOLVED
        )
        body: list[object] = []
        if solved:
            numbers = [
                Column(c, [fixed(r.values[q][c], digits[q], sign=True) for r in solved], group=unit_of(q, found))
                for q in QUANTITIES
                for c in found.countries
            ]
            settings = [
                Column("Deficits", [r.closure for r in solved], numeric=False),
                Column("Elasticities", [r.elasticities for r in solved], numeric=False),
            ]
            residual = Column("Residual", [exponent(float(r.conditions["residual"])) for r in solved])
            about = str(solved[0].conditions.get("about", ""))
            body.append(table(f"{model}: {about}", [*settings, *numbers, residual]))
        parts.append(details(model, *body, refused))
    return parts


def _reasons(found: Comparison, reasons: Reasons) -> Safe:
    if reasons.why:
        return paragraphs(f"The reference (core, deficits {reasons.closure}) has no result: {reasons.why}")
    digits = places(v for s in reasons.steps for v in s.change.values())
    start = ", ".join(f"{c} {fixed(x, digits, sign=True)}" for c, x in reasons.reference.items())
    parts: list[object] = [
        paragraphs(f"Real income in the core, deficits {reasons.closure}, per cent: {start}.", DO_NOT_ADD)
    ]
    for heading, steps in under(reasons.steps):
        solved = [s for s in steps if not s.why]
        columns = [
            Column("Reason", [s.reason for s in solved], numeric=False),
            Column("Switched", [s.what for s in solved], numeric=False),
            *(Column(c, [fixed(s.change[c], digits, sign=True) for s in solved]) for c in found.countries),
        ]
        notes = [f"{s.what}: none. {s.why}" for s in steps if s.why]
        parts.append(table(f"{heading}: change of real income, percentage points", columns, notes=notes))
    return join(parts)


def _comparators(found: Comparison) -> Safe:
    listed = found.comparators
    return join(
        [
            paragraphs(BESIDE),
            table(
                "Comparators, not targets",
                [
                    Column("Who", [f"{c.author}, {c.date}" for c in listed], numeric=False),
                    Column("Scenario", [c.scenario for c in listed], numeric=False),
                    Column("Of what", [f"{c.country}: {c.quantity}" for c in listed], numeric=False),
                    Column("Published", [value_text(c.value, c.high) for c in listed]),
                    Column(
                        "Core",
                        ["" if c.core is None else f"{fixed(c.core, 2, sign=True)} ({c.near})" for c in listed],
                        unit="real income, per cent",
                    ),
                    Column("How it differs", [c.differs for c in listed], numeric=False),
                ],
            ),
            bullets(dict.fromkeys(f"{c.author}: {c.source}" for c in listed)),
        ]
    )
