"""One scenario through many models: on the terminal, as plain values, and as a CSV file."""

from __future__ import annotations

import math
import statistics
from itertools import groupby
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError
from surtax.experiments.compare import QUANTITIES, SOLVED
from surtax.report.numbers import digits_for, exponent, fixed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from surtax.experiments.compare import Comparison, Row
    from surtax.experiments.reasons import Reasons, Step

SCHEMA = "surtax-compare/1"
#: Countries that a terminal of 80 columns has room for beside the settings, and beside what was switched.
ACROSS = 4
LABELS = {
    "welfare": "Real income, per cent",
    "real_wage": "Real wage, per cent",
    "revenue_change": "Tariff revenue, change",
    "exports": "Exports, per cent",
}
HEADINGS = {
    "alone": "Switched one at a time, from the core",
    "sum": "Some of these: added up, and at once",
    "chain": "From the core to melitz-pareto, in turn",
}
#: The heading under which kinds of steps stand.
UNDER = {"alone": "alone", "sum": "sum", "together": "sum", "chain": "chain", "whole": "chain"}
DO_NOT_ADD = (
    "What one feature does depends on which others are on. So changes switched one at a time do not add up to all at "
    "once; the difference is interaction, and belongs to no feature alone. Steps one after another do add up, but in "
    "another order each would be of another size."
)
BESIDE = (
    "Estimates of others answer questions of their own: other tariffs, GDP or growth instead of real income, other "
    "horizons. They are comparators, never targets. Beside them, where a shipped scenario comes near theirs, is what "
    "the core says of that one: change of real income at fixed deficits."
)


def places(values: Iterable[float]) -> int:
    """Decimals for a table whose largest values may be far from most others: two digits of the middle one."""
    sizes = [abs(v) for v in values if math.isfinite(v) and v != 0]
    return max(2, digits_for([statistics.median(sizes)], 2)) if sizes else 2


def folded(rows: Sequence[Row]) -> list[list[Row]]:
    """Each solved row for itself; refusals of one model and closure for one reason together."""
    found: list[list[Row]] = []
    for row in rows:
        same = found and row.status != SOLVED and _kind(found[-1][0]) == _kind(row)
        if same:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _kind(row: Row) -> tuple[str, str, str, str]:
    return row.model, row.closure, row.status, row.why


def unit_of(quantity: str, found: Comparison) -> str:
    """A quantity with its unit."""
    return f"{LABELS[quantity]}, {found.revenue_unit}" if quantity == "revenue_change" else LABELS[quantity]


def under(steps: Sequence[Step]) -> list[tuple[str, list[Step]]]:
    """Steps by heading, in their order."""
    return [(HEADINGS[k], list(g)) for k, g in groupby(steps, key=lambda s: UNDER[s.kind])]


def value_text(value: float, high: float | None) -> str:
    """A published number, or a band as two."""
    shown = [f"{x:g}".replace("-", "−") for x in (value, high) if x is not None]
    return " to ".join(shown)


# -- terminal ---------------------------------------------------------------------------------------------------------


def print_comparison(found: Comparison, console: Any, quantities: Sequence[str] = ("welfare",)) -> None:
    """Print the table of each quantity, the reasons and the comparators."""
    from rich.text import Text

    def say(text: str, style: str = "") -> None:
        console.print(Text(text, style=style), soft_wrap=False)

    say(found.title, "bold")
    say(f"{found.world}; own elasticities: {found.own}\n")
    for quantity in quantities:
        for i in range(0, len(found.countries), ACROSS):
            _print_grid(found, quantity, found.countries[i : i + ACROSS], console, say)
    solved = [r for r in found.rows if r.status == SOLVED]
    if solved:
        worst = max(float(r.conditions["residual"]) for r in solved)
        say(f"{len(solved)} of {found.expected} combinations solved; largest residual {exponent(worst)}.")
    if len(found.rows) < found.expected:
        say(f"Interrupted: {found.expected - len(found.rows)} combinations were not tried.", "yellow")
    if found.reasons:
        _print_reasons(found, found.reasons, console, say)
    if found.comparators:
        _print_comparators(found, console, say)


def _print_grid(found: Comparison, quantity: str, countries: Sequence[str], console: Any, say: Any) -> None:
    from rich.table import Table
    from rich.text import Text

    settings = {(r.closure, r.elasticities) for r in found.rows}
    # Where all rows share their settings, these stand above the table and each model takes one line.
    shared = len(settings) == 1
    told = "; deficits {}, elasticities {}".format(*next(iter(settings))) if shared else ""
    say(f"{unit_of(quantity, found)}{told}", "bold")
    digits = places(v for r in found.rows for c, v in r.values.get(quantity, {}).items() if c in countries)
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("model",) if shared else ("deficits", "elasticities"):
        shown.add_column(head, no_wrap=True)
    for c in countries:
        shown.add_column(c, justify="right", no_wrap=True)
    notes: list[str] = []
    for model, rows in groupby(found.rows, key=lambda r: r.model):
        if not shared:
            shown.add_row(Text(model, style="bold"))
        for group in folded(list(rows)):
            r = group[0]
            if r.status == SOLVED:
                numbers = [fixed(r.values[quantity][c], digits, sign=True) for c in countries]
                shown.add_row(*([model] if shared else [f" {r.closure}", r.elasticities]), *numbers)
                continue
            if r.why not in notes:
                notes.append(r.why)
            which = r.elasticities if len(group) == 1 else f"all {len(group)} sets"
            # A refusal is longer than a number: beside the settings it does not widen the columns of numbers.
            told = f"{r.status} [{notes.index(r.why) + 1}]"
            first = [f"{model}: {told}"] if shared else [f" {r.closure}", f"{which}: {told}"]
            shown.add_row(*first, style="yellow")
    console.print(shown)
    for i, why in enumerate(notes, 1):
        say(f"[{i}] {why}", "dim")
    say("")


def _print_reasons(found: Comparison, reasons: Reasons, console: Any, say: Any) -> None:
    from rich.table import Table

    countries = found.countries[:ACROSS]
    say("\nWhy answers differ: change of real income, percentage points", "bold")
    if reasons.why:
        say(f"the reference (core, deficits {reasons.closure}) has no result: {reasons.why}", "yellow")
        return
    digits = places(v for s in reasons.steps for c, v in s.change.items() if c in countries)
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    shown.add_column("")
    for c in countries:
        shown.add_column(c, justify="right", no_wrap=True)
    start = [fixed(reasons.reference[c], digits, sign=True) for c in countries]
    shown.add_row(f"the core, deficits {reasons.closure}: real income, per cent", *start)
    notes = []
    for heading, steps in under(reasons.steps):
        shown.add_section()
        shown.add_row(heading, style="bold")
        for s in steps:
            if s.why:
                notes.append(f"{s.what}: {s.why}")
                shown.add_row(f" {s.reason}: {s.what}", "none", style="yellow")
            else:
                told = s.what if s.kind in ("sum", "together") else f"{s.reason}: {s.what}"
                shown.add_row(f" {told}", *(fixed(s.change[c], digits, sign=True) for c in countries))
    console.print(shown)
    for note in notes:
        say(f" none: {note}", "dim")
    if len(countries) < len(found.countries):
        say(f"Reasons for {', '.join(found.countries[ACROSS:])} are in the JSON output and the page.", "dim")
    say(DO_NOT_ADD, "dim")


def _print_comparators(found: Comparison, console: Any, say: Any) -> None:
    from rich.table import Table

    say("\nPublished estimates of the dispute: comparators, not targets", "bold")
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for head, justify in (("who, and of what", "left"), ("", "left"), ("value", "right"), ("core", "right")):
        shown.add_column(head, justify=justify, no_wrap=head in ("value", "core", ""))  # type: ignore[arg-type]
    for c in found.comparators:
        core = "" if c.core is None else fixed(c.core, 2, sign=True)
        text = f"{c.author}, {c.date}: {c.quantity}. {c.scenario}. {c.differs}"
        shown.add_row(text, c.country, value_text(c.value, c.high), core)
    console.print(shown)
    say(BESIDE, "dim")


# -- plain values -----------------------------------------------------------------------------------------------------


def as_plain(found: Comparison) -> dict[str, Any]:
    """The comparison as plain values for strict JSON: null where there is no number."""
    from dataclasses import asdict

    reasons = None
    if found.reasons:
        reasons = asdict(found.reasons)
        reasons["steps"] = [asdict(s) for s in found.reasons.steps]
        reasons["note"] = DO_NOT_ADD
    return {
        "schema": SCHEMA,
        "scenario": found.scenario,
        "title": found.title,
        "world": found.world,
        "countries": list(found.countries),
        "units": {"welfare": "per cent", "real_wage": "per cent", "revenue_change": found.revenue_unit,
                  "exports": "per cent"},
        "own_elasticities": found.own,
        "expected": found.expected,
        "complete": len(found.rows) == found.expected,
        "rows": [plain_row(r) for r in found.rows],
        "reasons": reasons,
        "comparators": [asdict(c) for c in found.comparators],
        "comparators_note": BESIDE,
    }  # fmt: skip


def plain_row(row: Row) -> dict[str, Any]:
    """A row as plain values."""
    values = {q: {c: x if math.isfinite(x) else None for c, x in v.items()} for q, v in row.values.items()}
    return {
        "model": row.model,
        "closure": row.closure,
        "elasticities": row.elasticities,
        "status": row.status,
        "why": row.why or None,
        "values": values or None,
        "residual": row.conditions.get("residual"),
        "conditions": dict(row.conditions) or None,
    }


def write_csv(found: Comparison, path: Path) -> None:
    """One line a combination and country; combinations without a result have one line with the reason.

    Raises
    ------
    InputError
        the file cannot be written.
    """
    import csv

    head = ("model", "closure", "elasticities", "status", "country", *QUANTITIES, "revenue_unit", "residual", "why")
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file, lineterminator="\n").writerow
            write(head)
            for r in found.rows:
                key = (r.model, r.closure, r.elasticities, r.status)
                for c in found.countries if r.status == SOLVED else ("",):
                    values = [r.values[q][c] if c else math.nan for q in QUANTITIES]
                    texts = [repr(v) if math.isfinite(v) else "" for v in values]
                    residual = repr(float(r.conditions["residual"])) if c else ""
                    write((*key, c, *texts, found.revenue_unit, residual, r.why))
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None
