"""The scoreboard of published numbers: on the terminal, as plain values, and as one HTML file that works offline."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from surtax.report.markup import Column, Safe, details, join, paragraphs, section, table, tag
from surtax.report.numbers import fixed, power
from surtax.report.page import page

if TYPE_CHECKING:
    from surtax.validate import Row, Scoreboard

SCHEMA = "surtax-validate/1"
#: status → its mark, and how Rich colours it
MARKS = {
    "pass": ("pass", "green"),
    "fail": ("FAIL", "bold red"),
    "no input": ("no input", "yellow"),
    "comparator": ("comparator", "dim"),
    "finding": ("differs", "cyan"),
}
MEANING = (
    "A row passes where the difference is within its tolerance. Comparators, other people's estimates of something "
    "alike, neither pass nor fail; nor do findings, where Surtax contradicts print and gives its evidence. Rows "
    "without their inputs count as neither."
)
# Columns of a terminal from which on it is said what each number is; `--list` and the page always do.
WIDE = 120
# Beyond this many numbers a folded table of them helps nobody.
MOST_CELLS = 250


def digits(row: Row) -> int:
    """Decimals that show whether a row is within its tolerance, one more than the tolerance has."""
    if row.tolerance is None or row.tolerance <= 0:
        return 3 if row.kind == "finding" else 2
    size = row.tolerance
    if row.relative and row.published:
        size *= abs(row.published)
    return min(max(1 - math.floor(math.log10(size)), 0), 9)


def numbers(row: Row) -> tuple[str, str, str, str]:
    """Published, computed (a band as two), difference and tolerance as text."""
    places = digits(row)
    computed = "" if row.computed is None else fixed(row.computed, places)
    if row.high is not None and row.high != row.computed:
        computed = f"{computed} to {fixed(row.high, places)}"
    tolerance = (
        "" if row.tolerance is None else power(row.tolerance, 1) if row.tolerance < 1e-3 else f"{row.tolerance:g}"
    )
    gap = row.difference
    if gap is None:
        difference = ""
    elif abs(gap) < 1e-3:
        difference = power(gap, 2, sign=True)
    else:
        difference = fixed(gap, 3 if row.tolerance is not None else 2, sign=True)
    if row.relative:
        tolerance += " rel."
    published = "" if row.published is None else fixed(row.published, _published_places(row))
    return published, computed, difference, tolerance


def _published_places(row: Row) -> int:
    """As printed for single numbers; as computed where the row stands for many."""
    if row.published is None or row.count > 1:
        return digits(row)
    text = repr(row.published)
    return max(len(text.partition(".")[2]), 2) if "e" not in text else digits(row)


def headline(board: Scoreboard) -> str:
    """One line: how many passed, failed, had no input."""
    judged = board.count("pass") + board.count("fail")
    compared = sum(r.count for r in board.rows if r.status in ("pass", "fail"))
    parts = [f"{board.count('pass')} of {judged} rows pass ({compared:,} numbers)"]
    if board.count("fail"):
        parts.append(f"{board.count('fail')} FAIL")
    if board.count("no input"):
        parts.append(f"{board.count('no input')} have no input and count as neither")
    others = board.count("comparator") + board.count("finding")
    if others:
        parts.append(f"{others} comparators and findings")
    return f"{'; '.join(parts)}; {board.seconds:.1f} s"


def as_plain(board: Scoreboard) -> dict[str, Any]:
    """The scoreboard as plain values for JSON."""
    from surtax.validate.row import plain

    kinds = ("pass", "fail", "no input", "comparator", "finding")
    return {
        "schema": SCHEMA,
        "counts": {kind: board.count(kind) for kind in kinds},
        "seconds": board.seconds,
        "rows": [plain(r) for r in board.rows],
    }


def print_scoreboard(board: Scoreboard, titles: dict[str, str], console: Any) -> None:
    """Print a table a study, then what has to be said of rows."""
    from rich.table import Table
    from rich.text import Text

    wide = console.width >= WIDE
    for name, group in groupby(board.rows, key=lambda r: r.study):
        rows = list(group)
        seconds = sum({r.seconds for r in rows})
        console.print(Text(f"{name}: {titles.get(name, name)}  ({seconds:.2f} s)", style="bold"))
        shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0) if not wide else (0, 2, 0, 0))
        shown.add_column("row", no_wrap=True)
        shown.add_column("what" if wide else "unit", no_wrap=not wide)
        # A narrow terminal has no room for a column that says nothing.
        heads: tuple[str, ...] = ("published", "Surtax", "difference", "tolerance")
        heads = heads if wide or any(r.tolerance for r in rows) else heads[:3]
        for head in heads:
            shown.add_column(head, justify="right", no_wrap=True)
        shown.add_column("", no_wrap=True)
        for r in rows:
            mark, style = MARKS[r.status]
            what = f"{r.what}, {r.unit}" + (f" ({r.count:,} numbers)" if r.count > 1 else "")
            unit = "%" if r.unit == "per cent" else r.unit
            shown.add_row(
                r.id.removeprefix(f"{name}/"),
                what if wide else unit,
                *numbers(r)[: len(heads)],
                Text(mark, style=style),
            )
        console.print(shown)
        for r in rows:
            if r.status in ("fail", "finding", "comparator") and r.note:
                console.print(Text(f"  {r.id}: {r.note}", style="dim"))
        for why in dict.fromkeys(r.missing for r in rows if r.missing):
            console.print(Text(f"  no input: {why}", style="yellow"))
        console.print()
    console.print(headline(board))


def render(board: Scoreboard, titles: dict[str, str]) -> str:
    """Return the scoreboard as one HTML document; no scripts, no requests."""
    parts = [
        section(name, titles.get(name, name), _section(list(rows)))
        for name, rows in groupby(board.rows, key=lambda r: r.study)
    ]
    header = tag(
        "header",
        tag("p", "Surtax scoreboard", class_="kicker"),
        tag("h1", "What others published, and what Surtax computes"),
        tag("p", headline(board), class_="answer"),
        paragraphs(MEANING, class_="caution"),
    )
    foot = tag("footer", paragraphs("Made by `surtax validate`. Surtax is free software under the Apache Licence 2.0."))
    return page("Surtax scoreboard", join([header, tag("main", "\n", join(parts)), foot]))


def _section(rows: list[Row]) -> Safe:
    texts = [numbers(r) for r in rows]
    columns = [
        Column("what", [_what(r) for r in rows], numeric=False),
        *(
            Column(head, [t[i] for t in texts])
            for i, head in enumerate(("published", "Surtax", "difference", "tolerance"))
        ),
        Column("verdict", [MARKS[r.status][0] for r in rows], numeric=False),
    ]
    failed = [i for i, r in enumerate(rows) if r.status == "fail"]
    notes = [tag("li", tag("b", r.id), f": {_said(r)}") for r in rows if _said(r)]
    sources = list(dict.fromkeys(r.source for r in rows))
    many = [r for r in rows if 1 < len(r.cells) <= MOST_CELLS]
    return join(
        [
            table(f"Computed in {sum({r.seconds for r in rows}):.2f} s", columns, highlight=failed),
            tag("ul", *notes) if notes else "",
            paragraphs(f"Sources: {'; '.join(sources)}.", class_="note"),
            *(details(f"All {r.count:,} numbers of {r.id}", _cells(r)) for r in many),
        ]
    )


def _what(row: Row) -> Safe:
    count = f" ({row.count:,} numbers)" if row.count > 1 else ""
    return join([f"{row.what}, {row.unit}{count}", tag("span", row.id, class_="unit")], "")


def _said(row: Row) -> str:
    return " ".join(x for x in (row.note, f"No input: {row.missing}." if row.missing else "") if x)


def _cells(row: Row) -> Safe:
    places = digits(row)
    return table(
        row.what,
        [
            Column("", [c.label for c in row.cells], numeric=False),
            Column("published", [fixed(c.published, places) for c in row.cells], unit=row.unit),
            Column("Surtax", [fixed(c.computed, places) for c in row.cells], unit=row.unit),
        ],
    )
