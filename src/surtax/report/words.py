"""Sentences made from numbers: what a result says, and under which conditions, in plain words.

The terminal and the HTML report say the same. Every statement is about the model; none is a
forecast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from surtax.report.numbers import HUGE, amount, fixed, power, short
from surtax.report.summary import REST, CountryRow, Summary, TradeRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from surtax.world.units import Unit

# A change of real income below this many per cent is solver noise or nearly so: no sign is claimed
# for it.
NOTHING = 1e-7

CLOSURES = {
    "fixed": "each country's trade deficit stays a constant share of world factor income",
    "balanced": "trade is balanced in every country, in the base as well",
    "gdp-share": "each country's trade deficit stays a constant share of its own GDP",
    "multiplicative": "each country's spending stays a constant multiple of its own income",
}

NUMERAIRE = (
    "Consumer prices and wages are measured against world factor income (the numeraire): the "
    "model knows relative prices "
    "only, no inflation. A fall of consumer prices in this table means that they fall "
    "against incomes in the world as a "
    "whole; what has meaning is the difference between countries, and between wages and "
    "prices: the real wage."
)

NATURE = (
    "This compares two long-run equilibria of one model, in which labour and capital move "
    "freely between the sectors of a "
    "country and all of them stay employed. It is no forecast: it leaves out the path from "
    "one to the other, unemployment, "
    "exchange rates and interest rates, investment, and uncertainty."
)

LEFT_OUT = (
    "It is no forecast: it leaves out the path from one equilibrium to the other, exchange rates and interest rates "
    "beyond what is said here, investment, and uncertainty."
)


def nature(conditions: Mapping[str, object]) -> str:
    """What kind of statement a result is: what the model lets happen, and what it leaves out."""
    if conditions.get("model") == "core":
        return NATURE
    return f"This compares two equilibria of one model, {model(conditions)}. {LEFT_OUT}"


def model(conditions: Mapping[str, object]) -> str:
    """`name: what it assumes`, or the name alone."""
    name, about = str(conditions.get("model")), conditions.get("about")
    return f"{name}: {about}" if about else name


def closure(name: str) -> str:
    """Say what a closure means."""
    return CLOSURES.get(name, name)


def joined(parts: Sequence[str]) -> str:
    """Join as in `a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def changed(row: CountryRow, unit: Unit, year: str = "") -> str:
    """`0.24 per cent (USD 4.9 billion a year, USD 125 per person)`."""
    money = f"{amount(row.equivalent_variation, unit)} a year{year}"
    if row.per_person is not None and abs(row.per_person) >= 0.5:
        money += f", {unit.currency} {_whole(row.per_person)} per person"
    return f"{short(row.welfare)} per cent ({money})"


def _whole(x: float) -> str:
    return power(abs(x), 2) if abs(x) >= HUGE else fixed(abs(x))


def headline(summary: Summary, year: object = None) -> list[str]:
    """Return the answer, a list of sentences.

    Parameters
    ----------
    year : of the prices, if known.
    """
    rows = summary.countries
    if all(abs(r.welfare) < NOTHING for r in rows):
        return ["In this model nothing changes: real income stays as it was in every country shown."]
    prices = f" at {year} prices" if year else " at base-year prices"
    sides = [r for r in rows if r.code in summary.sides]
    sentences = [_on_the_sides(sides, summary, prices)]
    sentences += _on_the_others([r for r in rows if r.code not in summary.sides], summary.unit)
    sentences += _on_the_world(rows, summary.unit)
    sentences += _on_trade(summary)
    sentences += _on_revenue(sides, summary.unit)
    return sentences


def _on_the_sides(sides: Sequence[CountryRow], summary: Summary, prices: str) -> str:
    deficits = closure(str(summary.conditions.get("closure", "")))
    start = f"In this model, where {deficits}, the scenario"
    parts: list[str] = []
    for verb, rows in (
        ("lowers", [r for r in sides if r.welfare <= -NOTHING]),
        ("raises", [r for r in sides if r.welfare >= NOTHING]),
    ):
        if rows:
            ranked = sorted(rows, key=lambda r: -abs(r.welfare))
            who = [
                f"in {the(r.name)} by {changed(r, summary.unit, prices if not k and not parts else '')}"
                for k, r in enumerate(ranked)
            ]
            parts.append(f"{verb} real income {joined(who)}")
    same = [the(r.name) for r in sides if abs(r.welfare) < NOTHING]
    if same:
        parts.append(f"leaves it as it was in {joined(same)}")
    return f"{start} {joined(parts)}."


def _on_the_others(others: Sequence[CountryRow], unit: Unit) -> list[str]:
    single = [r for r in others if r.code != REST]
    parts = []
    gains = [r for r in single if r.welfare >= NOTHING]
    losses = [r for r in single if r.welfare <= -NOTHING]
    if gains:
        best = max(gains, key=lambda r: r.welfare)
        money = amount(best.equivalent_variation, unit)
        parts.append(f"{the(best.name)} gains most ({short(best.welfare)} per cent, {money})")
    if losses:
        worst = min(losses, key=lambda r: r.welfare)
        money = amount(worst.equivalent_variation, unit)
        parts.append(f"{the(worst.name)} loses most ({short(worst.welfare)} per cent, {money})")
    if not parts:
        return []
    if len(single) == 1:
        r = single[0]
        verb = "gains" if r.welfare > 0 else "loses"
        return [sentence(f"{the(r.name)} {verb} {changed(r, unit)}")]
    return [f"Of the other economies shown one by one, {joined(parts)}."]


def _on_the_world(rows: Sequence[CountryRow], unit: Unit) -> list[str]:
    total = sum(r.equivalent_variation for r in rows)
    gross = sum(abs(r.equivalent_variation) for r in rows)
    if len(rows) < 2 or abs(total) < 1e-6 * gross:
        return []
    what = "gain" if total > 0 else "loss"
    return [f"Gains and losses of all economies add up to a {what} of {amount(total, unit)}."]


def _on_trade(summary: Summary) -> list[str]:
    names = {r.code: r.name for r in summary.countries}
    told = [
        t
        for t in summary.trade
        if t.exporter in summary.sides and t.importer in summary.sides and abs(t.per_cent) >= 5e-4
    ]
    text = sales(told, names, summary.unit)
    return [f"{text}."] if text else []


def sales(rows: Sequence[TradeRow], names: Mapping[str, str], unit: Unit | None = None) -> str:
    """Say how sales change: `Sales fall by 19 per cent (USD 58 billion) from A to B`; no amounts without a unit."""
    parts = []
    said = ""
    for t in rows:
        verb = "rise" if t.change > 0 else "fall"
        money = f" ({amount(t.change, unit)})" if unit else ""
        ends = f"from {the(names[t.exporter])} to {the(names[t.importer])}"
        parts.append(f"{verb + ' ' if verb != said else ''}by {short(t.per_cent)} per cent{money} {ends}")
        said = verb
    return f"Sales {joined(parts)}" if parts else ""


def _on_revenue(sides: Sequence[CountryRow], unit: Unit) -> list[str]:
    parts = []
    said = ""
    for r in sides:
        change = r.revenue - r.revenue_base
        if abs(change) > 1e-9 * max(abs(r.revenue), abs(r.revenue_base), 1e-300):
            verb = "rises" if change > 0 else "falls"
            parts.append(f"{verb + ' ' if verb != said else ''}by {amount(change, unit)} in {the(r.name)}")
            said = verb
    return [f"Tariff revenue, which is part of real income, {joined(parts)}."] if parts else []


# English names of economies that take the article, as the OECD, the UN and the World Bank write
# them.
_ARTICLE = (
    "united ",
    "netherlands",
    "philippines",
    "rest",
    "russian federation",
    "european union",
    "euro area",
)


def the(name: str) -> str:
    """Return the name with an article where English wants one."""
    lowered = name.lower()
    return (
        f"the {name[0].lower() + name[1:] if lowered.startswith('rest') else name}"
        if lowered.startswith(_ARTICLE)
        else name
    )


def sentence(text: str) -> str:
    """With a capital at the start and a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".") if text else ""


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def day(date: str) -> str:
    """`2025-05-06` as `6 May 2025`; other text as it is."""
    parts = date.split("-")
    if len(parts) == 3 and all(p.isdecimal() for p in parts) and 1 <= int(parts[1]) <= 12:
        return f"{int(parts[2])} {MONTHS[int(parts[1]) - 1]} {parts[0]}"
    return date
