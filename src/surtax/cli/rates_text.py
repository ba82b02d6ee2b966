"""Effective rates as text: the waterfall with its gaps, months, days, breakdowns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from surtax.cli.tables import band, plain_table

if TYPE_CHECKING:
    from surtax.trade.effective import Effective, Group
    from surtax.trade.gaps import Gaps
    from surtax.trade.stretches import Stretch

WORDS = {
    "none": "statutory: nobody claims USMCA",
    "full": "everybody claims USMCA",
    "recorded": "claims as recorded",
    "predicted": "claims, lines free of duty predicted",
    "endogenous": "claims as they respond to what they save",
}


def print_waterfall(console: Any, f: Effective) -> None:
    """The steps, and what has no rate."""
    when = f.month or f.on.isoformat()
    console.print(f"[bold]US duties on goods of {f.origin}, {when}[/bold]")
    console.print(f"{f.basket.weights}: USD {f.value / 1e9:,.1f} bn; {'; '.join(f.notes)}")
    table = plain_table("", "rate, per cent", "duty, USD million")
    for s in f.steps.values():
        table.add_row(WORDS[s.name], band(s.low, s.high, 2), band(s.duty[0] / 1e6, s.duty[1] / 1e6, 0))
    if f.collected is not None:
        table.add_row("collected by customs in the month (a comparator)", f"{f.collected:.2f}", "")
    console.print(table)
    for words, value in f.unknown.items():
        console.print(f"  without a rate: {words}: USD {value / 1e9:,.3f} bn")
    if f.equivalents:
        console.print(f"  ordinary duty per unit, at its equivalent of 2024: USD {f.equivalents / 1e9:,.1f} bn")
    console.print()


def print_gaps(console: Any, g: Gaps) -> None:
    """The pieces between a step and collections."""
    console.print(
        f"[bold]Between “{WORDS[g.step]}” and collections[/bold]: by how much collections may lie below the step "
        f"(−: above it), USD million, and points of all imports"
    )
    table = plain_table("", "USD million", "points", "what the figures are", right=(1, 2))
    for p in g.pieces:
        if p.low is None or p.high is None:
            table.add_row(p.name, "not known here", "", p.words)
            continue
        words = f"counted in the step: {p.words}" if p.counted else p.words
        table.add_row(p.name, band(p.low / 1e6, p.high / 1e6, 1), _points(p.low, p.high, g.value), words)
    console.print(table)
    if g.unexplained is None or g.collected is None:
        console.print("what customs collected in this month is not known here: nothing to compare")
    else:
        low, high = g.unexplained
        gap = (g.duty[0] - g.collected, g.duty[1] - g.collected)
        console.print(f"step less collections: USD {band(gap[0] / 1e6, gap[1] / 1e6, 0)} million")
        console.print(
            f"not explained by the pieces with figures: USD {band(low / 1e6, high / 1e6, 0)} million "
            f"({_points(low, high, g.value)} points)"
            + ("; below zero: the pieces can explain all of it" if low < 0 else "")
        )
    console.print()


def print_months(console: Any, found: Sequence[Effective]) -> None:
    """One row a month."""
    console.print(f"[bold]US duties on goods of {found[0].origin}, per cent, mean over the days of each month[/bold]")
    names = ("month", "nobody", "everybody", "recorded", "predicted", "respond", "paid", "no rate", "record")
    table = plain_table(*names, right=range(1, 8), gap=1)
    for f in found:
        source, carried = f.claims_from
        rates = (band(s.low, s.high, 2).replace(" to ", "–") for s in f.steps.values())
        share = 100 * sum(f.unknown.values()) / f.value
        table.add_row(
            f.month or "", *rates, "" if f.collected is None else f"{f.collected:.2f}", f"{share:.1f}",
            source + ("*" if carried or f.basket.carried else ""),
        )  # fmt: skip
    console.print(table)
    console.print(
        "who claims USMCA: nobody (the statute), everybody, as recorded, with lines free of duty predicted before July "
        "2025, as claims respond to what they save (docs/claiming.md); paid: collected by customs, a comparator; no "
        "rate: per cent of the value. * no claims are recorded: those of the month named, and its imports, are carried"
    )
    for f in found:
        if f.notes[-1].endswith("covers"):
            console.print(f"{f.month}: {f.notes[-1]}")
    console.print()


def print_path(
    console: Any, stretches: Sequence[Stretch], origin: str, preference: str, key: str | None, top: int
) -> None:
    """One row a stretch; with a key, its groups below."""
    console.print(f"[bold]US duties on goods of {origin}, per cent of the imports of 2024[/bold]")
    names = ("from", "until", "nobody claims", f"claims: {preference}", "without a rate", "claims of")
    table = plain_table(*names, right=(2, 3, 4))
    for s in stretches:
        last = s.end - dt.timedelta(days=1)
        table.add_row(
            s.start.isoformat(), last.isoformat(), f"{s.statutory:.2f}", band(s.low, s.high, 2),
            f"{100 * s.unknown:.1f}", s.claims_from,
        )  # fmt: skip
    console.print(table)
    for s in stretches if key else ():
        console.print(f"\n[bold]{s.start.isoformat()} to {(s.end - dt.timedelta(days=1)).isoformat()}[/bold]")
        _groups(console, s.groups[key or ""], key or "", top)


def print_breakdown(console: Any, f: Effective, key: str, top: int, step: str) -> None:
    """A step by groups."""
    console.print(f"[bold]by {key}: {WORDS[step]}[/bold]")
    _groups(console, f.by(key, step), key, top)
    console.print()


def print_unmatched(console: Any, f: Effective, top: int) -> None:
    """Lines without a rate or a goods sector."""
    rows = f.without_a_place()
    total = sum(r["value_usd"] for r in rows)
    console.print(f"[bold]without a rate or a goods sector: {len(rows)} lines, USD {total:,}[/bold]")
    table = plain_table("code", "value, USD", "why", right=(1,))
    for r in rows[:top]:
        table.add_row(r["code"], f"{r['value_usd']:,}", r["why"])
    if rows[top:]:
        table.add_row(f"{len(rows) - top} others", f"{sum(r['value_usd'] for r in rows[top:]):,}", "--top shows more")
    console.print(table)
    console.print()


def _groups(console: Any, groups: Sequence[Group], key: str, top: int) -> None:
    first = "value it falls on, USD million" if key == "measure" else "value, USD million"
    table = plain_table(key, first, "without a rate", "rate, per cent", "duty, USD million")
    rows = [(g.label, g.value, g.known, g.low, g.high) for g in groups[:top]]
    rest = groups[top:]
    if rest:
        sums = (sum(g.value for g in rest), *(sum(getattr(g, n) for g in rest) for n in ("known", "low", "high")))
        rows.append((f"{len(rest)} others", *sums))
    for label, value, known, low, high in rows:
        rate = band(100 * low / known, 100 * high / known, 2) if known else "–"
        duty = band(low / 1e6, high / 1e6, 1)
        table.add_row(label, f"{value / 1e6:,.0f}", f"{(value - known) / 1e6:,.0f}", rate, duty)
    console.print(table)


def _points(low: float, high: float, value: int) -> str:
    return band(100 * low / value, 100 * high / value, 2)
