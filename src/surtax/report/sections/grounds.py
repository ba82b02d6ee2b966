"""Sections on what a result rests on: closures, decomposition, accounts, definitions, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import surtax
from surtax.model.changes import ARRAYS
from surtax.model.outcome import variables
from surtax.report import words
from surtax.report.markup import Column, Safe, bullets, details, join, paragraphs, table, tag
from surtax.report.numbers import DASH, column, exponent, fixed, short
from surtax.world.provenance import size

if TYPE_CHECKING:
    from surtax.report.html import Report

# Variables that the report shows, so that it explains no others.
SHOWN = (
    "welfare",
    "equivalent_variation",
    "equivalent_variation_per_person",
    "price_index",
    "wage",
    "real_wage",
    "revenue",
    "revenue_base",
    "revenue_change",
    "exports",
    "imports",
    "trade",
    "trade_base",
    "trade_change",
    "output_volume",
    "output_base",
    "output_change",
    "factor_use",
    "prices",
    "tariff",
)


def closures(r: Report) -> Safe:
    """Return real income under each closure asked for."""
    if not r.closures:
        return Safe("")
    parties = r.summary.parties
    values = {k: [float(o.welfare[c]) for c in parties] for k, o in r.closures.items()}
    flips = [
        r.names[c]
        for i, c in enumerate(parties)
        if len({v[i] > 0 for v in values.values() if abs(v[i]) >= words.NOTHING}) > 1
    ]
    said = "The sign of the change is the same under every closure shown, for every country shown."
    if flips:
        said = f"Whether it gains or loses hangs on the closure for: {words.joined(flips)}."
    digits = column([x for v in values.values() for x in v], sign=True)
    n = len(parties)
    columns = [Column("Country", [r.names[c] for c in parties], numeric=False)]
    for k, name in enumerate(r.closures):
        unit = "this report" if name == r.outcome.conditions.closure else ""
        columns.append(Column(name, digits[k * n : (k + 1) * n], unit=unit))
    meaning = [
        tag("li", tag("strong", name), ": ", words.closure(name), f" (base {o.conditions.base}).")
        for name, o in r.closures.items()
    ]
    shown = table("Change of real income under each closure, per cent", columns, class_="short")
    return join([paragraphs(said), shown, tag("ul", *meaning)])


def decomposition(r: Report) -> Safe:
    """Return the terms of the change of real income."""
    d = r.decomposition
    if d is None:
        return Safe("")
    parties = r.summary.parties
    terms = (
        ("Terms of trade", d.terms_of_trade),
        ("Volume of trade", d.volume_of_trade),
        ("Trade costs", d.trade_costs),
        ("Transfers", d.transfers),
        ("Sum", d.total),
        ("Real income", d.welfare),
    )
    cells = column([float(x[c]) for _, x in terms for c in parties], sign=True)
    n = len(parties)
    columns = [Column("Country", [r.names[c] for c in parties], numeric=False)]
    columns += [Column(name, cells[k * n : (k + 1) * n], unit="per cent") for k, (name, _) in enumerate(terms)]
    how = {
        "path": f"Integrated along the path from base to scenario ({d.points} equilibria); "
        "the sum misses real income by at most "
        f"{exponent(d.gap)} percentage points.",
        "first-order": "First-order terms at the base times the whole change (as in Caliendo "
        "& Parro 2015): for large changes they need "
        f"not add up; the largest gap in the world is {short(d.gap)} percentage points.",
    }.get(d.method, f"Method: {d.method}.")
    meaning = bullets(
        [
            (
                "Terms of trade: what a country gets for its exports against what it pays, "
                "before tariffs, for its imports."
            ),
            ("Volume of trade: imports that tariffs crowd out or draw in, each valued at the tariff on it."),
            "Trade costs: what changes of non-tariff costs take.",
            "Transfers: the change of the trade deficit, which its closure sets.",
        ]
    )
    shown = table("Terms of the change of real income", columns, notes=[how], class_="short")
    return join([shown, meaning])


def conditions(r: Report) -> Safe:
    """Return all that the result holds under."""
    o, meta = r.outcome, r.outcome.world.meta
    c = o.conditions
    units = str(meta.get("units") or "unit of value not stated by the accounts; no currency is claimed")
    said = o.describe()
    facts = [
        (
            "Model",
            words.model(said),
        ),
        ("Closure", f"{c.closure}: {words.closure(c.closure)}"),
        ("Trade elasticities", f"{c.elasticities}; by sector below"),
        ("Accounts", c.vintage),
        ("Year", str(said["year"])),
        ("Size", "; ".join([size(o.world), *(f"added up: {x}" for x in said["aggregated"])])),
        ("Values", units),
        ("Base", c.base),
        ("Base tariffs", said["base_tariffs"]),
        ("Scenario", _scenario(said)),
        *(("Law", str(text)) for text in said["law"]),
        ("Numeraire", "world factor income"),
        ("Largest residual", f"{exponent(c.residual)} (relative, any equation)"),
        ("Walras' law", f"missed by {exponent(c.walras)} of a country's income at most"),
        ("Method", f"{c.method}, {c.evaluations} evaluations"),
    ]
    shown = table(
        "Model, data and numerical accuracy",
        [
            Column("Condition", [k for k, _ in facts], numeric=False),
            Column("Here", [v for _, v in facts], numeric=False),
        ],
    )
    changed = bullets(c.adjustments) or paragraphs("Nothing recorded.")
    return join(
        [
            shown,
            tag("h3", "Sources and licences"),
            _sources(meta) or paragraphs("The accounts name no sources."),
            tag("h3", "Imputed"),
            bullets(_imputed(x, r) for x in _listed(meta, "imputed")) or paragraphs("Nothing recorded as imputed."),
            tag("h3", "Adjusted in the accounts"),
            changed,
            _elasticities(r),
        ]
    )


def _scenario(said: Mapping[str, Any]) -> str:
    """The name, and one-off changes and those of arrays; measures have a section of their own."""
    made = list(said["changes"])
    told = [x for x in made if ": " not in x or x.startswith(ARRAYS)]
    if len(told) < len(made):
        told.insert(0, f"{len(made) - len(told)} changes by the measures above")
    return f"{said['scenario']}: {'; '.join(told) or 'nothing is changed'}"


def _listed(meta: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = meta.get(key)
    return [x for x in found if isinstance(x, Mapping)] if isinstance(found, list | tuple) else []


def _sources(meta: Mapping[str, Any]) -> Safe:
    found = []
    for x in _listed(meta, "sources"):
        licence = x.get("licence")
        about = [
            f"licence: {licence}" if licence else "licence not stated",
            x.get("attribution"),
            x.get("note"),
        ]
        found.append(
            tag(
                "li",
                tag("strong", str(x.get("title", ""))),
                ". ",
                "; ".join(str(a) for a in about if a),
                ".",
            )
        )
    return tag("ul", *found) if found else Safe("")


def _imputed(x: Mapping[str, Any], r: Report) -> str:
    parts = [str(x.get("what", ""))]
    if x.get("why"):
        parts.append(f"because {x['why']}")
    if x.get("how"):
        parts.append(f"by {x['how']}")
    size = []
    if isinstance(x.get("cells"), int):
        size.append(f"{x['cells']:,} cells")
    if isinstance(x.get("value"), int | float):
        size.append(f"{r.money.column([float(x['value'])])[0]} {r.money.label}")
    text = "; ".join(parts) + (f" ({', '.join(size)})" if size else "")
    return words.sentence(text)


def _elasticities(r: Report) -> Safe:
    world = r.outcome.world
    about = world.meta.get("elasticities")
    known = _listed(about, "by_sector") if isinstance(about, Mapping) else []
    by_sector = {str(x.get("sector")): x for x in known}
    columns = [
        Column("Sector", [r.sectors[s] for s in world.sectors], numeric=False),
        Column("Code", list(world.sectors), numeric=False),
        Column("Trade elasticity θ", [fixed(float(t), 2) for t in world.elasticity]),
    ]
    errors = [x.get("standard_error") for x in known]
    if any(errors):
        by_code = [by_sector.get(s, {}).get("standard_error") for s in world.sectors]
        columns.append(Column("Standard error", [fixed(e, 2) for e in by_code]))
    if by_sector:
        for head, key in (("Quality", "quality"), ("Source", "source")):
            cells = [str(by_sector.get(s, {}).get(key, DASH)) for s in world.sectors]
            columns.append(Column(head, cells, numeric=False))
    source = about.get("source") if isinstance(about, Mapping) else None
    notes = [f"Source: {source}"] if source else []
    title = f"Trade elasticities by sector ({r.outcome.conditions.elasticities})"
    return details(title, table(title, columns, notes=notes))


def definitions(r: Report) -> Safe:
    """Return the definitions of the quantities shown, from the table of variables."""
    known = variables()
    items = []
    for name in SHOWN:
        v = known.get(name)
        if v is not None:
            items += [
                tag(
                    "dt",
                    v.label,
                    " ",
                    tag("span", f"({r.outcome.world.unit.resolve(v.unit)}; ", tag("code", name), ")", class_="unit"),
                ),
                tag("dd", words.sentence(v.definition)),
            ]
    notation = paragraphs(
        "A hat is the ratio of new to base, a prime a new value. X trade, E expenditure, Y "
        "output, I income, V factor income, R tariff "
        "revenue, D trade deficit, t tariff, w wage, c unit cost, P price, α share in "
        "consumption, γ share in cost; s sector, "
        "o seller, d buyer, n country.",
        class_="note",
    )
    return join([tag("dl", *items), notation])


def reproduce(r: Report) -> Safe:
    """Return the command and a line to cite."""
    c, s = r.outcome.conditions, r.outcome.scenario
    parts: list[object] = []
    if r.command:
        parts += [
            paragraphs("This command makes the result and this report again:"),
            tag("pre", tag("code", r.command)),
        ]
    build = r.outcome.world.meta.get("build")
    if build:
        parts.append(tag("p", "The accounts were built by ", tag("code", str(build)), "."))
    version = surtax.__version__
    parts.append(
        tag(
            "p",
            f"Cite as: Surtax, a laboratory for trade wars, version {version}; scenario {s.name}"
            f"{f' ({s.date})' if s.date else ''}{''.join(f'; {x}' for x in s.law)}; accounts: {c.vintage}; deficits: "
            f"{c.closure}; trade elasticities: {c.elasticities}. "
            "Name the sources of the accounts as well.",
        )
    )
    return join(parts)
