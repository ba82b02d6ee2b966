"""The sections of the HTML report, each a function from a `Report` to HTML.

One that has nothing to say returns an empty text and is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import surtax
from surtax.model.outcome import variables
from surtax.report import charts, words
from surtax.report.markup import (
    Column,
    Safe,
    bullets,
    details,
    figure,
    join,
    paragraphs,
    section,
    table,
    tag,
)
from surtax.report.numbers import DASH, column, digits_for, exponent, fixed, least, short
from surtax.report.summary import REST, SMALLEST_SECTOR, CountryRow, SectorRow, sector_rows

if TYPE_CHECKING:
    from surtax.policy.scenario import Change
    from surtax.report.html import Report

__all__ = ["section"]

ENDS = 10
# A chart of more rows than this is cut to the largest moves; the tables hold all.
MOST_DOTS = 45
MOST_TRADE = 60
MOST_FACTORS = 600
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


# -- who gains and who loses -----------------------------------------------------------------------


def countries(r: Report) -> Safe:
    """Return the main table: real income, prices, wages, revenue."""
    rows = list(r.summary.countries)
    names: list[object] = [r.names[x.code] for x in rows]
    money, incomes, people = r.money, r.outcome.world.income, r.outcome.world.population
    variation = [x.equivalent_variation for x in rows]
    welfare: list[float | None] = [x.welfare for x in rows]
    person = [x.per_person for x in rows]
    whole = float(np.sum(variation))
    welfare.append(100 * whole / float(incomes.sum()))
    variation.append(whole)
    known = people is not None and bool(np.isfinite(people).all())
    person.append(1e6 * whole / float(people.sum()) if known and people is not None else None)

    def of(attribute: str, *, sign: bool = True) -> list[str]:
        return [*column([getattr(x, attribute) for x in rows], sign=sign), ""]

    revenue = money.column(
        [x.revenue_base for x in rows]
        + [float(r.outcome.world.revenue.sum())]
        + [x.revenue for x in rows]
        + [float(r.outcome.R_new.sum())]
    )
    n = len(rows) + 1
    income, prices = "Change of real income", "Prices and wages, change"
    year = f", {r.year} prices" if r.year else ""
    shown = table(
        "Real income, prices, wages and tariff revenue",
        [
            Column("Country", [*names, "All economies"], numeric=False),
            Column("Share", column(welfare, sign=True), unit="per cent", group=income),
            Column(
                "Amount a year",
                money.column(variation, sign=True),
                unit=money.label + year,
                group=income,
            ),
            Column("Per person", column(person, sign=True), unit="USD a year", group=income),
            Column("Consumer prices", of("price_index"), unit="per cent", group=prices),
            Column("Wages", of("wage"), unit="per cent", group=prices),
            Column("Real wage", of("real_wage"), unit="per cent", group=prices),
            Column("Before", revenue[:n], unit=money.label, group="Tariff revenue"),
            Column("After", revenue[n:], unit=money.label, group="Tariff revenue"),
        ],
        notes=[*_rest_note(rows), words.NUMERAIRE, r.source],
        total=True,
        class_="short",
        highlight=[i for i, x in enumerate(rows) if x.code in r.summary.sides],
    )
    explained = paragraphs(
        "Real income is what a country can buy: factor income, tariff revenue and the trade "
        "deficit, at consumer prices. "
        "Its change in USD is the equivalent variation: the sum of money, at base prices, "
        "that would make people as much "
        "better or worse off as the scenario does."
    )
    return join([explained, shown])


def _rest_note(rows: Sequence[CountryRow]) -> list[str]:
    if not any(x.code == REST for x in rows):
        return []
    return ["The rest: amounts add up; changes of prices and wages are means weighted by income."]


# -- every country ---------------------------------------------------------------------------------


def ranking(r: Report) -> Safe:
    """Return the ranked bars of real income."""
    o = r.outcome
    codes = o.world.countries
    values = dict(zip(codes, (float(x) for x in o.welfare.values), strict=True))
    ranked = sorted(codes, key=lambda c: -values[c])
    kept = {*ranked[:ENDS], *ranked[-ENDS:], *r.summary.parties}
    picked = [c for c in ranked if c in kept]
    hidden = [values[c] for c in ranked if c not in kept]
    bars = [charts.Bar(r.names[c], values[c], c in r.summary.sides) for c in picked]
    up = sum(v >= words.NOTHING for v in values.values())
    down = sum(v <= -words.NOTHING for v in values.values())
    title = _ranking_title(r, ranked, values)
    subtitle = "Change of real income, per cent"
    notes = []
    if hidden:
        digits = digits_for([b.value for b in bars])
        low, high = (fixed(x, digits, sign=True) for x in (min(hidden), max(hidden)))
        subtitle += f": the {ENDS} highest, the {ENDS} lowest and the countries of the main table"
        notes.append(f"Not shown: {len(hidden)} economies between {low} and {high} per cent.")
    notes.append(f"Of {len(codes)} economies {up} gain and {down} lose.")
    described = "; ".join(f"{b.label} {fixed(b.value, 3, sign=True)} per cent" for b in bars)
    svg = charts.welfare_bars(bars, title, f"Horizontal bars, highest first: {described}.")
    return figure(title, subtitle, svg, r.source, *notes)


def _ranking_title(r: Report, ranked: Sequence[str], values: Mapping[str, float]) -> str:
    best, worst = ranked[0], ranked[-1]
    up, down = values[best] >= words.NOTHING, values[worst] <= -words.NOTHING
    parts = []
    if down:
        parts.append(f"{words.the(r.names[worst])} loses most")
    if up:
        parts.append(f"{words.the(r.names[best])} gains most")
    if not parts:
        return "Real income changes nowhere"
    text = ", ".join(parts)
    if not up:
        text += "; no country gains"
    if not down:
        text += "; no country loses"
    return text[0].upper() + text[1:]


# -- sectors ---------------------------------------------------------------------------------------


def sectors(r: Report) -> Safe:
    """Return the dot plot, the largest moves and the full tables of both sides."""
    full = {c: sector_rows(r.outcome, c) for c in r.summary.sides}
    large = {c: _large(rows) for c, rows in full.items()}
    parts: list[object] = [_dots(r, full, large)]
    for c in r.summary.sides:
        moved = r.summary.sectors[c]
        if moved:
            parts.append(
                _sector_table(
                    r,
                    moved,
                    f"{r.names[c]}: {_moved(len(moved))}",
                    "short",
                )
            )
    parts.append(
        tag(
            "p",
            f"Listed as moving most: sectors that make at least {100 * SMALLEST_SECTOR:g} per "
            f"cent of the country's output. "
            "Factors employed are labour and capital together, in a model where they move "
            "freely between sectors and none is idle. "
            "Prices are those the country's buyers pay, tariffs included.",
            class_="note",
        )
    )
    for c, rows in full.items():
        title = f"{r.names[c]}: {_producing(len(rows))}"
        parts.append(details(f"{title} (table)", _sector_table(r, rows, title)))
    return join(parts)


def _moved(count: int) -> str:
    return f"the {count} sectors whose output moves most" if count > 1 else "its one sector"


def _producing(count: int) -> str:
    return f"all {count} sectors that produce" if count > 1 else "the one sector that produces"


def _large(rows: Sequence[SectorRow]) -> list[SectorRow]:
    smallest = SMALLEST_SECTOR * sum(x.output_base for x in rows)
    return [x for x in rows if x.output_base >= smallest]


def _dots(r: Report, full: Mapping[str, Sequence[SectorRow]], large: Mapping[str, Sequence[SectorRow]]) -> Safe:
    moves = [(c, x) for c, rows in large.items() for x in rows if math.isfinite(x.output_volume)]
    if not moves:
        return Safe("")
    by_sector: dict[str, float] = {}
    for _, x in moves:
        if abs(x.output_volume) >= abs(by_sector.get(x.code, 0.0)):
            by_sector[x.code] = x.output_volume
    kept = sorted(by_sector, key=lambda s: -abs(by_sector[s]))[:MOST_DOTS]
    order = sorted(kept, key=lambda s: by_sector[s])
    found = {(c, x.code): x.output_volume for c, x in moves}
    dots = [charts.Dot(r.sectors[s], r.names[c], found.get((c, s), math.nan)) for s in order for c in r.summary.sides]
    side, top = max(moves, key=lambda m: abs(m[1].output_volume))
    if abs(top.output_volume) < words.NOTHING:
        title = "Output changes in no sector"
    else:
        verb = "falls" if top.output_volume < 0 else "rises"
        where = "on either side" if len(r.summary.sides) == 2 else "of all"
        title = (
            f"{r.sectors[top.code]}, {r.names[side]}: output {verb} by "
            f"{short(top.output_volume)} per cent, the largest move {where}"
        )
    notes = []
    small = [
        f"{r.sectors[x.code]} ({r.names[c]}, {fixed(x.output_volume, 1, sign=True)} per cent)"
        for c, rows in full.items()
        for x in rows
        if x not in large[c]
    ]
    if small:
        notes.append(
            f"No dot where a sector makes less than {100 * SMALLEST_SECTOR:g} per cent of the "
            f"country's output: {', '.join(small)}."
        )
    if len(by_sector) > MOST_DOTS:
        notes.append(f"The {MOST_DOTS} sectors that move most; the tables hold all {len(by_sector)}.")
    sides = words.joined([r.names[c] for c in r.summary.sides])
    described = "; ".join(f"{d.row}, {d.side}: {fixed(d.value, 1, sign=True)}" for d in dots if math.isfinite(d.value))
    svg = charts.sector_dots(dots, title, f"Dot plot of the change of output volume in per cent. {described}.")
    return figure(title, f"Change of output volume by sector, per cent: {sides}", svg, r.source, *notes)


def _sector_table(r: Report, rows: Sequence[SectorRow], caption: str, class_: str = "") -> Safe:
    def of(attribute: str) -> list[str]:
        return column([getattr(x, attribute) for x in rows], sign=True)

    m = r.money
    return table(
        caption,
        [
            Column("Sector", [r.sectors[x.code] for x in rows], numeric=False),
            Column("Code", [x.code for x in rows], numeric=False),
            Column("Output, volume", of("output_volume"), unit="per cent"),
            Column(
                "Output, value",
                m.column([x.output_change for x in rows], sign=True),
                unit=f"change, {m.label}",
            ),
            Column("Base output", m.column([x.output_base for x in rows]), unit=m.label),
            Column("Factors employed", of("factor_use"), unit="per cent"),
            Column("Buyers' prices", of("price"), unit="per cent"),
        ],
        class_=class_,
    )


# -- trade -----------------------------------------------------------------------------------------


def trade(r: Report) -> Safe:
    """Return the heat map of sales between the countries shown, and the tables."""
    o, parties = r.outcome, r.summary.parties
    if len(parties) < 2:
        return Safe("")
    known = {(t.exporter, t.importer): t for t in r.summary.trade}
    cells = []
    for e in parties:
        for i in parties:
            t = known.get((e, i))
            amount = ""
            if t:
                moved = r.money.column([t.change], sign=True, significant=2)[0]
                amount = f"{moved} of {r.money.column([t.base])[0]} {r.money.short_label}"
            cells.append(charts.Cell(r.names[e], r.names[i], t.per_cent if t else math.nan, amount, e == i))
    rows = sorted(r.summary.trade, key=lambda t: -abs(t.change))
    if not rows:
        return paragraphs("The countries shown do not trade with each other in the base.")
    between = [t for t in r.summary.trade if {t.exporter, t.importer} <= set(r.summary.sides)]
    title = words.sales([t for t in between if abs(t.per_cent) >= words.NOTHING], r.names, money=False)
    title = title or "Trade between the two sides does not change"
    described = "; ".join(
        f"{r.names[t.exporter]} to {r.names[t.importer]} {fixed(t.per_cent, 1, sign=True)} per cent"
        for t in rows[:MOST_TRADE]
    )
    svg = charts.trade_matrix(cells, title, f"Matrix of sellers by buyers. {described}.")
    unit = "value net of tariff, in the numeraire"
    amounts = f"; below, the change in {r.money.label} and the base" if len(parties) <= charts.ROOMY else ""
    shown = figure(
        title, f"Change of sales, per cent, {unit}{amounts}", svg, r.source,
        "Blue: sales rise; orange: they fall; grey: sales at home are not shown.",
    )  # fmt: skip
    cut = rows[:MOST_TRADE]
    m = r.money
    notes = [f"The {len(cut)} largest changes of {len(rows)}."] if len(rows) > len(cut) else []
    flows = table(
        "Sales between the countries shown, largest change first",
        [
            Column("From", [r.names[t.exporter] for t in cut], numeric=False),
            Column("To", [r.names[t.importer] for t in cut], numeric=False),
            Column("Base", m.column([t.base for t in cut], significant=4), unit=m.label),
            Column("Change", m.column([t.change for t in cut], sign=True, significant=4), unit=m.label),
            Column("Change", column([t.per_cent for t in cut], sign=True), unit="per cent"),
        ],
        notes=notes,
    )
    money = {v: [float(x) for x in o.variable(v).values] for v in ("exports_change", "imports_change")}
    totals = _totals(r, money)
    return join([shown, flows, totals])


def _totals(r: Report, money: Mapping[str, Sequence[float]]) -> Safe:
    rows = r.summary.countries
    shown = {x.code for x in rows}
    rest = [i for i, c in enumerate(r.outcome.world.countries) if c not in shown]

    def amount(name: str, row: CountryRow) -> float:
        if row.code == REST:
            return sum(money[name][i] for i in rest)
        return money[name][r.outcome.world.country(row.code)]

    columns = [Column("Country", [r.names[x.code] for x in rows], numeric=False)]
    for head, attribute in (("Exports", "exports"), ("Imports", "imports")):
        group = f"Change of {attribute}"
        shares = [float(getattr(x, attribute)) for x in rows]
        amounts = r.money.column([amount(f"{attribute}_change", x) for x in rows], sign=True)
        columns += [
            Column(head, column(shares, sign=True), unit="per cent", group=group),
            Column(head, amounts, unit=r.money.label, group=group),
        ]
    return table(
        "All exports and imports",
        columns,
        notes=["Values net of tariff, in the numeraire."],
        class_="short",
    )


# -- revenue ---------------------------------------------------------------------------------------


def revenue(r: Report) -> Safe:
    """Return tariff revenue before and after."""
    rows = [x for x in r.summary.countries if x.revenue or x.revenue_base]
    where = _base_tariffs(r)
    if not rows:
        return paragraphs("No country shown collects tariff revenue, before or after.", where)
    m = r.money
    change = [x.revenue - x.revenue_base for x in rows]
    shown = table(
        "Tariff revenue, and real income beside it",
        [
            Column("Country", [r.names[x.code] for x in rows], numeric=False),
            Column("Before", m.column([x.revenue_base for x in rows]), unit=m.label),
            Column("After", m.column([x.revenue for x in rows]), unit=m.label),
            Column("Change", m.column(change, sign=True), unit=m.label),
            Column(
                "Real income",
                m.column([x.equivalent_variation for x in rows], sign=True),
                unit=f"change, {m.label}",
            ),
        ],
        class_="short",
    )
    worse = [x for x in rows if x.revenue > x.revenue_base and x.equivalent_variation < 0]
    said = ""
    if worse:
        said = (
            f"In this model {words.joined([words.the(r.names[x.code]) for x in worse])} "
            f"{'collect' if len(worse) > 1 else 'collects'} more and "
            f"{'have' if len(worse) > 1 else 'has'} less real income: "
            "the revenue, which real income includes, does not make up for what is lost otherwise."
        )
        said = words.sentence(said)
    return join([paragraphs(said), shown, paragraphs(where)])


def _base_tariffs(r: Report) -> str:
    """Say where base tariffs come from; that there are none is said, too."""
    about = r.outcome.world.meta.get("tariffs")
    note = ""
    if isinstance(about, Mapping):
        first = {k: about[k] for k in ("source", "note") if about.get(k) not in (None, "", "none")}
        more = {k: v for k, v in about.items() if k not in ("source", "note")}
        note = "; ".join([*(_text(v) for v in first.values()), *([_text(more)] if more else [])])
    elif about:
        note = _text(about)
    if not r.outcome.world.tariffs.any() and "zero" not in note:
        note = "; ".join(x for x in (note, "all are zero") if x)
    return words.sentence(f"Tariffs of the base: {note}") if note else ""


# -- measures --------------------------------------------------------------------------------------


def measures(r: Report) -> Safe:
    """Return the measures with their instruments, and the factors behind each rate."""
    rows = r.summary.measures
    if not rows:
        return paragraphs("The scenario has no measures: nothing is changed.")
    m = r.money
    duties = _duties(r)
    who = [f"{_labels(r, x.importer)} on {_labels(r, x.exporter)}" for x in rows]
    instruments = [" · ".join(t for t in (x.instrument, x.citation) if t) or "none named" for x in rows]
    shown = table(
        "Measures, what they add to tariffs, and the trade they touch",
        [
            Column(
                "Measure",
                [join([x.title, tag("span", x.id, class_="unit")], " ") for x in rows],
                numeric=False,
            ),
            Column("Who on whom", who, numeric=False),
            Column("Instrument and citation", instruments, numeric=False),
            Column(
                "Added rate",
                least(column([x.mean_rate for x in rows]), [x.mean_rate for x in rows]),
                unit="per cent, mean",
            ),
            Column("Trade of the sectors", m.column([x.trade for x in rows]), unit=m.label),
            Column("Duty", least(m.column(duties), duties), unit=f"{m.label}, after"),
        ],
        notes=[
            (
                "The mean rate is over all trade in the sectors that a measure touches, weighted "
                "by base trade: it is below the legal rate "
                "where only part of a sector's goods is in scope or pays. Each measure is "
                "credited with what it adds to those above it. "
                "Duty: that addition on trade as it is after the change, in the numeraire."
            )
        ],
    )
    return join([shown, _factors(r)])


def _duties(r: Report) -> list[float]:
    """Duty of each measure's own addition on new trade, USD million; base tariffs are nobody's."""
    o = r.outcome
    return [float((added * o.X_new).sum()) for _, added in o.scenario.additions(o.world)]


def _labels(r: Report, codes: str | Iterable[str]) -> str:
    """Names for codes as a scenario gives them; what the world does not know stays as it is."""
    listed = [c.strip() for c in codes.split(",")] if isinstance(codes, str) else list(codes)
    words_for = {"*": "all countries"}
    names = [words_for.get(c, r.names.get(c, c)) for c in listed]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _sector_labels(r: Report, codes: Sequence[str]) -> str:
    words_for = {"*": "all sectors", "goods": "all goods"}
    return ", ".join(words_for.get(c, f"{c} {r.sectors[c]}" if r.sectors.get(c, c) != c else c) for c in codes)


def _factors(r: Report) -> Safe:
    listed = [(x, c) for x in r.outcome.scenario.measures for c in x.changes]
    parts: list[object] = [
        tag(
            "p",
            "Where a measure gives its factors, added rate = rate × in scope ÷ imports × taxed share.",
        )
    ]
    shown = listed[:MOST_FACTORS]
    for measure in dict.fromkeys(x.id for x, _ in shown):
        own = [(x, c) for x, c in shown if x.id == measure]
        parts.append(_factor_table(r, own[0][0].title or measure, own[0][0].source, [c for _, c in own]))
    if len(listed) > len(shown):
        parts.append(
            tag(
                "p",
                f"{len(listed) - len(shown)} further changes stand in the scenario file.",
                class_="note",
            )
        )
    return details(f"The factors behind each rate ({len(listed)} changes)", *parts)


def _factor_table(r: Report, title: str, source: str, changes: Sequence[Change]) -> Safe:
    given = [dict(c.factors) for c in changes]
    names = list(dict.fromkeys(n for g in given for n in g))
    pairs = {(c.importer, c.exporter) for c in changes}
    columns = [Column("Sector", [_sector_labels(r, c.sector) for c in changes], numeric=False)]
    if len(pairs) > 1:
        both = [f"{_labels(r, c.importer)} on {_labels(r, c.exporter)}" for c in changes]
        columns.append(Column("Who on whom", both, numeric=False))
    for n in names:
        head, _, unit = n.partition(", ")
        cells = [_factor(n, g[n]) if n in g else DASH for g in given]
        columns.append(Column(head[:1].upper() + head[1:], cells, unit=unit))
    columns.append(Column("Change", [_change(c) for c in changes], unit="of the tariff, per cent"))
    if any(c.note for c in changes):
        columns.append(Column("Note", [c.note for c in changes], numeric=False))
    notes = [f"Source: {source}"] if source else []
    if any(len(g) < len(names) for g in given):
        notes.append("A factor that is not given counts as one.")
    return table(title, columns, notes=notes)


def _factor(name: str, value: float) -> str:
    if "share" in name:
        return fixed(value, 4)
    return fixed(value, 0 if float(value).is_integer() else 1)


def _change(c: Change) -> str:
    if c.add is not None:
        return fixed(100 * c.add, 3, sign=True)
    if c.set is not None:
        return f"set to {fixed(100 * c.set, 3)}"
    if c.trade_cost is not None:
        if math.isinf(c.trade_cost):
            return "closed to trade"
        return f"trade cost {fixed(100 * (c.trade_cost - 1), 2, sign=True)} %"
    return "none"


def left_out(r: Report) -> Safe:
    """Return what is in force but not in the scenario."""
    rows = r.summary.left_out
    if not rows:
        return paragraphs("The scenario does not say that anything is left out.")
    return table(
        "In force, or in the world, but not in this scenario",
        [
            Column("What", [w for w, _ in rows], numeric=False),
            Column("Why", [w for _, w in rows], numeric=False),
        ],
    )


# -- how sure --------------------------------------------------------------------------------------


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


# -- conditions ------------------------------------------------------------------------------------


def conditions(r: Report) -> Safe:
    """Return all that the result holds under."""
    o, meta = r.outcome, r.outcome.world.meta
    c = o.conditions
    units = meta.get("units") or "not stated by the accounts; taken as USD million"
    facts = [
        (
            "Model",
            (f"{c.model}: multi-sector, with input–output links, perfect competition, one mobile factor a country"),
        ),
        ("Closure", f"{c.closure}: {words.closure(c.closure)}"),
        ("Trade elasticities", f"{c.elasticities}; by sector below"),
        ("Accounts", c.vintage),
        ("Size", f"{len(o.world.countries)} countries × {len(o.world.sectors)} sectors"),
        ("Values", str(units)),
        ("Base", c.base),
        (
            "Base tariffs",
            _base_tariffs(r).removeprefix("Tariffs of the base: ") or "as recorded in the accounts",
        ),
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


def _listed(meta: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = meta.get(key)
    return [x for x in found if isinstance(x, Mapping)] if isinstance(found, list | tuple) else []


def _text(value: object) -> str:
    """Return metadata as text, whatever shape they have."""
    if isinstance(value, Mapping):
        shown = [f"{str(k).replace('_', ' ')}: {_text(v)}" for k, v in value.items() if v not in (None, "", [], {})]
        return "; ".join(shown)
    if isinstance(value, list | tuple):
        return ", ".join(_text(v) for v in value)
    return fixed(value, 0 if value.is_integer() else 4) if isinstance(value, float) else str(value)


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
    if by_sector:
        for head, key in (("Quality", "quality"), ("Source", "source")):
            cells = [str(by_sector.get(s, {}).get(key, DASH)) for s in world.sectors]
            columns.append(Column(head, cells, numeric=False))
    source = about.get("source") if isinstance(about, Mapping) else None
    notes = [f"Source: {source}"] if source else []
    title = f"Trade elasticities by sector ({r.outcome.conditions.elasticities})"
    return details(title, table(title, columns, notes=notes))


def definitions(_: Report) -> Safe:
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
                    tag("span", f"({v.unit}; ", tag("code", name), ")", class_="unit"),
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
            f"{f' ({s.date})' if s.date else ''}; accounts: {c.vintage}; deficits: "
            f"{c.closure}; trade elasticities: {c.elasticities}. "
            "Name the sources of the accounts as well.",
        )
    )
    return join(parts)
