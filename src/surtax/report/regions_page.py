"""Results by province, and incidence by state, as one page that works offline: a map with its table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from surtax.regions.provinces import AT_RISK
from surtax.regions.states import JOBS, MARK
from surtax.report import maps
from surtax.report.markup import Column, Safe, bullets, figure, join, paragraphs, section, table, tag
from surtax.report.numbers import column, fixed
from surtax.report.page import page, write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surtax.model.outcome import Outcome
    from surtax.regions.provinces import ByProvince
    from surtax.regions.states import State


def provinces_page(found: ByProvince, command: str) -> str:
    """Return the page of results by province."""
    o, rows = found.outcome, found.provinces
    unit = o.equivalent_variation.unit
    title = f"{o.scenario.title or o.scenario.name}, by province"
    values = {p.code: p.welfare for p in rows}
    names = {p.code: p.name for p in rows}
    told = "; ".join(f"{p.name} {p.welfare:+.3f} per cent" for p in rows)
    picture = maps.tiles(values, names, "Real income by province", f"Tiles where provinces lie: {told}.", "per cent")
    shown = table(
        "Provinces, largest loss first",
        [
            Column("Province", [p.name for p in rows], numeric=False),
            Column("Real income", column([p.welfare for p in rows], sign=True), unit="per cent"),
            Column("Real wage", column([p.real_wage for p in rows], sign=True), unit="per cent"),
            Column("Equivalent variation", column([p.equivalent_variation for p in rows], sign=True), unit=unit),
            Column("Per person", column([p.per_person for p in rows], sign=True), unit="a year"),
            Column("Exports to the US", column([p.exports_to_us for p in rows]), unit=unit),
            Column("Change", column([p.exports_to_us_change for p in rows], sign=True), unit=unit),
            Column("Change sector", [f"{p.moved:,}" for p in rows], unit="employed persons"),
            *(
                Column(word, [f"{getattr(p, key):,}" for p in rows], unit="employed persons")
                for word, key in (("Lose their job", "lost"), (f"Real wage falls by over {AT_RISK:g} %", "at_risk"))
                if getattr(rows[0], key) is not None
            ),
        ],
    )
    behind = table(
        "The sectors behind it: change of value added",
        [
            Column("Province", [p.name for p in rows], numeric=False),
            Column(
                unit, [", ".join(f"{s} {fixed(x, 0, sign=True)}" for s, x in p.sectors) for p in rows], numeric=False
            ),
        ],
    )
    sums = ""
    if found.national == found.national:
        sums = (
            f"Provinces add up to {fixed(found.total, 0, sign=True)} {unit}; Canada as one country comes to "
            f"{fixed(found.national, 0, sign=True)}."
        )
    body = join(
        [figure("Real income by province", "Change, per cent", picture, _source(o)), shown, paragraphs(sums), behind]
    )
    return _page(title, "Canada's provinces are regions of the model: these results are solved for.", body, o, command)


def states_page(found: Sequence[State], outcome: Outcome, command: str) -> str:
    """Return the page of incidence by state."""
    unit = outcome.trade_change.unit
    title = f"{outcome.scenario.title or outcome.scenario.name}, by US state"
    rows = list(found)
    # What the state sells less to Canada, per cent of its GDP: small numbers, told in thousandths.
    lost = {s.code: 1000 * s.exports_change / _gdp(s) for s in rows}
    names = {s.code: s.name for s in rows}
    picture, _ = maps.choropleth(
        "us_states", lost, names, "Exports to Canada", "States by change of exports to Canada; the table has all.",
        "thousandths of the state's GDP",
    )  # fmt: skip
    shown = table(
        "States, most exposed first",
        [
            Column("State", [s.name for s in rows], numeric=False),
            Column("Trade with Canada", column([s.of_gdp for s in rows]), unit="per cent of GDP"),
            Column("Imports", column([s.imports for s in rows]), unit="USD million, 2022"),
            Column("Change", column([s.imports_change for s in rows], sign=True), unit=unit),
            Column("Exports", column([s.exports for s in rows]), unit="USD million, 2022"),
            Column("Change", column([s.exports_change for s in rows], sign=True), unit=unit),
            Column("US duty", column([s.duty for s in rows], sign=True), unit=unit),
            Column("Canada's duty", column([s.counter_duty for s in rows], sign=True), unit=unit),
        ],
        notes=[MARK, JOBS],
    )
    shape = figure("Change of exports to Canada", "Thousandths of the state's GDP", picture, _source(outcome), MARK)
    return _page(title, f"{MARK[0].upper()}{MARK[1:]}.", join([shape, shown]), outcome, command)


def _gdp(s: State) -> float:
    """GDP of the state, USD million, from its trade and the trade's share of it."""
    return 100 * (s.imports + s.exports) / s.of_gdp


def _source(o: Outcome) -> str:
    c = o.conditions
    return (
        f"Source: Surtax, {c.model} model; accounts: {c.vintage}; trade elasticities: {c.elasticities}; deficits: "
        f"{c.closure}; residual {c.residual:.0e}."
    )


def _page(title: str, caution: str, body: Safe, o: Outcome, command: str) -> str:
    limits = bullets(str(x) for x in o.world.meta.get("limits", ()))
    front = tag(
        "header", tag("p", "Surtax report", class_="kicker"), tag("h1", title), paragraphs(caution, class_="caution")
    )
    parts = [section("results", "Results", body)]
    if limits:
        parts.append(section("limits", "Limits of the accounts", limits))
    parts.append(section("reproduce", "How to reproduce this", tag("pre", command), paragraphs(_source(o))))
    return page(title, join([front, tag("main", "\n", join(parts))]))


def write(text: str, path: str | Path) -> None:
    """Write a page; refuses in words where it cannot."""
    write_page(text, path)
