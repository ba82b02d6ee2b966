"""`surtax rates --importer CAN`: Canada's surtaxes on US goods, before and after remissions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surtax.cli.shared import echo_json
from surtax.cli.tables import band, plain_table
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.canada_rates import CanadaRates, Group

WORDS = {
    "before": "before remissions",
    "named": "named goods remitted",
    "all": "all remissions granted",
}


def rates_of_canada(
    origin: str,
    day: str,
    *,
    law: Law,
    monthly: bool,
    daily: bool,
    weights: str,
    key: str | None,
    top: int,
    chart: Path | None,
    as_json: bool,
) -> None:
    """Print Canada's surtaxes on US goods; the arguments are those of `surtax rates`."""
    from surtax.trade.canada_months import monthly as over
    from surtax.trade.canada_months import months
    from surtax.trade.canada_plain import as_plain
    from surtax.trade.canada_rates import KEYS, on_date, require_origin

    require_origin(law, origin)
    if key not in (None, *KEYS):
        raise InputError(f"--by {key!r}: {', '.join(KEYS[:-1])} or {KEYS[-1]}.")
    if weights not in ("month", "2024"):
        raise InputError(f"--weights {weights!r}: for Canada the trade of 2024 alone is known; leave it out.")
    if monthly and daily:
        raise InputError("--monthly and --daily: choose one.")
    if daily:
        _daily(law, key, top, as_json, chart)
        return
    if chart:
        raise InputError("--chart goes with --daily.")
    found: list[CanadaRates]
    if monthly:
        found = [over(law, month) for month in months(law)]
    else:
        found = [over(law, day) if re.fullmatch(r"\d{4}-\d{2}", day, re.ASCII) else on_date(law, day)]
    if as_json:
        plain = [as_plain(f, law, key) for f in found]
        echo_json(plain if monthly else plain[0])
        return
    from surtax.report.console import Console

    console = Console()
    if monthly:
        _monthly(console, law, found)
    else:
        _print(console, law, found[0])
    for one in found if key else ():
        if monthly:
            console.print(f"\n[bold]{_when(one)}[/bold]")
        _breakdown(console, one.by(key or ""), key or "", top)


def _when(f: CanadaRates) -> str:
    """The day, or the month with how many days it is the mean of."""
    from surtax.trade.canada_months import CanadaMonth

    return f"{f.month}, mean over {f.days} days" if isinstance(f, CanadaMonth) else f.on.isoformat()


def _print(console: Any, law: Law, f: CanadaRates) -> None:
    from surtax.trade.canada_rates import reference

    goods, about = f.goods, f.goods.metadata
    console.print(f"[bold]Canada's surtaxes on goods of the United States, {_when(f)}[/bold]")
    for text in law.edits:
        console.print(text, markup=False)
    console.print(
        f"surtax only; trade of {about['year']}: imports of US goods USD {goods.total / 1e9:,.1f} bn (OECD ICIO "
        f"pattern at customs values), US exports USD {goods.exports / 1e9:,.1f} bn (Census, with re-exports)"
    )
    table = plain_table("", "rate, % of imports", "% of US exports", "duty, USD million")
    for step in f.by_line:
        ends = [f.duty(step, e) for e in ("low", "high")]
        table.add_row(
            WORDS[step],
            _band([100 * d / goods.total for d in ends], 2),
            _band([100 * d / goods.exports for d in ends], 2),
            _band([d / 1e6 for d in ends], 0),
        )
    console.print(table)
    low, high = f.rate("all", "low"), f.rate("before", "high")
    console.print(f"  net of remissions: {_band([low, high], 2)} %, a band: what was granted is not public")
    console.print("  named goods: those that a remission's own schedule names, whole items, whoever imports them")
    if (other := f.comparator) is not None:
        words = f"{other['source']}: {other['rate_percent']:g} % ({other['month']}; {other['what']})"
        console.print(f"  a comparator, {words}")
    console.print()
    console.print("coverage, USD million")
    table = plain_table("surtax", "", "items", "unscaled", "factor", "scaled", right=(2, 3, 4, 5))
    for c in f.coverage():
        bound = "not known" if c.upper_bound is None else f"{c.upper_bound / 1e6:,.0f}"
        factor = "–" if c.factor is None else f"{c.factor:.3f}"
        table.add_row(c.measure, reference(law, c.measure), str(c.items), bound, factor, f"{c.value / 1e6:,.0f}")
    console.print(table)
    console.print(
        "  unscaled: US exports of all six-digit codes that hold a listed item, an upper bound; scaled to the official "
        f"coverage of the lists of March and April 2025 ({_official(about)})"
    )
    if f.remissions:
        console.print()
        table = plain_table("remission", "at most, USD million")
        for m, usd in sorted(f.remissions.items(), key=lambda kv: -kv[1]):
            table.add_row(m, f"{usd / 1e6:,.0f}")
        console.print(table)
        console.print("  each alone, if all that fits were claimed and granted; they overlap")
    _gaps(console, f)
    console.print()


def _gaps(console: Any, f: CanadaRates) -> None:
    missing = sorted({i for c in f.coverage() for i in c.without_value})
    if missing:
        console.print(f"  taxed, trade not known: {', '.join(missing)}")
    for words, table in (("without a sector", f.unmatched), ("without a rate in the law's data", f.unknown)):
        if table:
            named = ", ".join(f"{i} (USD {v / 1e6:,.1f} m)" for i, v in list(table.items())[:10])
            console.print(f"  {words}: USD {sum(table.values()) / 1e6:,.1f} million: {named}")
    for text in f.charged.unvalued:
        console.print(f"  not valued: {text}")
    if f.charged.by_measure["central"]:
        console.print(
            "  not covered: the ordinary customs tariff, goods of chapters 98 and 99 (no known value), goods in transit"
        )


def _breakdown(console: Any, rows: Sequence[Group], key: str, top: int) -> None:
    console.print("USD million; duty before remissions, with named goods remitted, with all remissions granted")
    table = plain_table(key, "imports", "taxed", "before", "named", "all")

    def add(label: str, part: Sequence[Group]) -> None:
        duty = [
            _band([sum(g.duty[s][e] for g in part) / 1e6 for e in ("low", "high")], 1)
            for s in ("before", "named", "all")
        ]
        table.add_row(
            label, f"{sum(g.value for g in part) / 1e6:,.1f}", f"{sum(g.taxed for g in part) / 1e6:,.1f}", *duty
        )

    for g in rows[:top]:
        add(g.label, [g])
    if rows[top:]:
        add(f"{len(rows) - top} others", rows[top:])
    add("all", rows)
    console.print(table)


def _monthly(console: Any, law: Law, found: list[CanadaRates]) -> None:
    console.print(
        "[bold]Canada's surtaxes on goods of the United States, per cent of imports of 2024, mean over the "
        "days of each month[/bold]"
    )
    for text in law.edits:
        console.print(text, markup=False)
    table = plain_table("month", "before remissions", "named remitted", "all remitted", "others find")
    for f in found:
        bands = [_band([f.rate(s, "low"), f.rate(s, "high")], 2) for s in f.by_line]
        c = f.comparator
        table.add_row(
            f.on.isoformat()[:7], *bands, "" if c is None else f"{c['rate_percent']:g} ({c['source'].split(',')[0]})"
        )
    console.print(table)
    last = found[-1]
    console.print(f"{_when(last)}, all that the law covers")


def _daily(law: Law, key: str | None, top: int, as_json: bool, chart: Path | None) -> None:
    from surtax.trade.canada import load_canadian_goods
    from surtax.trade.canada_rates import REMISSIONS_CHANGE, covered, events, path

    stretches = path(law, *covered(law), by=key)
    what = events(law, stretches)
    comparator = load_canadian_goods().metadata["comparator"]
    if chart:
        from surtax.report.canada_chart import write_canada_chart

        # Small changes of lists of remissions would crowd the chart.
        orders = [e for e in what if e[1] != REMISSIONS_CHANGE]
        write_canada_chart(stretches, orders, comparator, chart)
    if as_json:
        from surtax.trade.canada_plain import group_as_plain

        rows = [
            {
                "start": s.start.isoformat(), "end": s.end.isoformat(), "taxed": s.taxed, "before": list(s.before),
                "named": list(s.named), "all": list(s.all), "measures": [list(m) for m in s.measures],
                **({"groups": {key: [group_as_plain(g) for g in s.groups]}} if key else {}),
            }
            for s in stretches
        ]  # fmt: skip
        plain = {
            "schema": "surtax-rates-canada-path/1", "importer": "CAN", "origin": "USA", "unit": "per cent of imports",
            "imports_usd": load_canadian_goods().total, "stretches": rows,
            "events": [{"day": d.isoformat(), "what": w} for d, w in what], "comparator": comparator,
            "law": list(law.edits),
        }  # fmt: skip
        echo_json(plain)
        return
    from surtax.report.console import Console

    console = Console()
    console.print("[bold]Canada's surtaxes on goods of the United States, per cent of imports of 2024[/bold]")
    for text in law.edits:
        console.print(text, markup=False)
    words = dict(what)
    table = plain_table("from", "until", "before", "named remitted", "all remitted", "what changed", right=(2, 3, 4))
    for s in stretches:
        last = s.end - dt.timedelta(days=1)
        bands = [_band(b, 2) for b in (s.before, s.named, s.all)]
        table.add_row(s.start.isoformat(), last.isoformat(), *bands, words.get(s.start, ""))
    console.print(table)
    for s in stretches if key else ():
        console.print(f"\n[bold]{s.start.isoformat()} to {(s.end - dt.timedelta(days=1)).isoformat()}[/bold]")
        _breakdown(console, s.groups, key or "", top)
    if chart:
        console.print(f"wrote {chart}")


def _official(about: Mapping[str, Any]) -> str:
    by_order: dict[str, int] = {}
    for part in about["parts"].values():
        by_order[part["order"]] = by_order.get(part["order"], 0) + part["official_cad"]
    return ", ".join(f"{order} CAD {cad / 1e9:.1f} bn" for order, cad in by_order.items())


def _band(ends: Sequence[float], digits: int) -> str:
    low, high = ends
    return band(low, high, digits)
