"""Sections on what a scenario does: to countries, to their sectors, to trade between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from surtax.report import charts, maps, words
from surtax.report.markup import Column, Safe, details, figure, join, paragraphs, table, tag
from surtax.report.numbers import column, digits_for, fixed, short
from surtax.report.summary import REST, SMALLEST_SECTOR, CountryRow, SectorRow, per_person, sector_rows

if TYPE_CHECKING:
    from surtax.report.html import Report

FEWEST_ON_A_MAP = 20
ENDS = 10
# A chart of more rows than this is cut to the largest moves; the tables hold all.
MOST_DOTS = 45
MOST_TRADE = 60


def countries(r: Report) -> Safe:
    """Return the main table: real income, prices, wages, revenue."""
    rows = list(r.summary.countries)
    names: list[object] = [r.names[x.code] for x in rows]
    money, world = r.money, r.outcome.world
    incomes, people = world.income, world.population
    variation = [x.equivalent_variation for x in rows]
    welfare: list[float | None] = [x.welfare for x in rows]
    person = [x.per_person for x in rows]
    whole = float(np.sum(variation))
    welfare.append(100 * whole / float(incomes.sum()))
    variation.append(whole)
    person.append(per_person(whole, people, world.unit))

    def of(attribute: str, *, sign: bool = True) -> list[str]:
        return [*column([getattr(x, attribute) for x in rows], sign=sign), ""]

    revenue = money.column(
        [x.revenue_base for x in rows]
        + [float(r.outcome.world.revenue.sum())]
        + [x.revenue for x in rows]
        + [float(r.outcome.R_new.sum())]
    )
    employed = []
    if any(x.employment is not None for x in rows):
        employed = [Column("Employment", of("employment"), unit="per cent")]
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
            *(
                [Column("Per person", column(person, sign=True), unit=f"{world.unit.currency} a year", group=income)]
                if world.unit.scale
                else []
            ),
            Column("Consumer prices", of("price_index"), unit="per cent", group=prices),
            Column("Wages", of("wage"), unit="per cent", group=prices),
            Column("Real wage", of("real_wage"), unit="per cent", group=prices),
            *employed,
            Column("Before", revenue[:n], unit=money.label, group="Tariff revenue"),
            Column("After", revenue[n:], unit=money.label, group="Tariff revenue"),
        ],
        notes=[*_rest_note(rows), words.numeraire(r.summary.conditions), r.source],
        total=True,
        class_="short",
        highlight=[i for i, x in enumerate(rows) if x.code in r.summary.sides],
    )
    explained = paragraphs(words.real_income(r.outcome))
    return join([explained, shown])


def _rest_note(rows: Sequence[CountryRow]) -> list[str]:
    if not any(x.code == REST for x in rows):
        return []
    return ["The rest: amounts add up; other changes are means weighted by income."]


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


def on_the_map(r: Report) -> Safe:
    """Return the world map of real income; nothing where few of the countries are on it."""
    o = r.outcome
    world = o.world
    values = dict(zip(world.countries, (float(x) for x in o.welfare.values), strict=True))
    for whole, members in world.parts.items():
        at = [world.country(c) for c in members]
        values[whole] = 100 * float(o.equivalent_variation.values[at].sum() / world.income[at].sum())
        values = {c: v for c, v in values.items() if c not in members}
    if sum(c in maps.outlines("world")["shapes"] for c in values) < FEWEST_ON_A_MAP:
        return Safe("")
    title = "Change of real income"
    told = "Countries coloured by the change of real income; the ranking and the tables give the numbers."
    svg, missing = maps.choropleth("world", values, r.names, title, told, "per cent")
    hidden = ", ".join(r.names.get(c, c) for c in missing)
    notes = [f"Too small for this map, or no country: {hidden}."] if missing else []
    notes.append("Grey: not in the accounts by itself.")
    return figure(title, "Per cent", svg, r.source, *notes)


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


def sectors(r: Report) -> Safe:
    """Return the dot plot, the largest moves and the full tables of both sides."""
    if r.outcome.detail is not None:
        return Safe("")
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
            f"{words.factors(r.outcome)} "
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
                amount = f"{moved} of {r.money.column([t.base])[0]} {r.money.short_label}".strip()
            cells.append(charts.Cell(r.names[e], r.names[i], t.per_cent if t else math.nan, amount, e == i))
    rows = sorted(r.summary.trade, key=lambda t: -abs(t.change))
    if not rows:
        return paragraphs("The countries shown do not trade with each other in the base.")
    between = [t for t in r.summary.trade if {t.exporter, t.importer} <= set(r.summary.sides)]
    title = words.sales([t for t in between if abs(t.per_cent) >= words.NOTHING], r.names)
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
