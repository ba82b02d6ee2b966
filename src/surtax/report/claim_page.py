"""A checked claim as one page that works offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from surtax.claims.check import CONTEXT, show
from surtax.report.markup import Column, Safe, bullets, join, paragraphs, section, table, tag
from surtax.report.page import page, write_page

if TYPE_CHECKING:
    from surtax.claims.check import Checked


def render(found: Checked) -> str:
    """Return the page; the same claim gives the same text."""
    deciding = [r for r in found.readings if r.status != CONTEXT]
    context = [r for r in found.readings if r.status == CONTEXT]
    take = [f"{r.needed:.1f} times as much" if r.needed is not None and r.needed > 1 else r.bound for r in deciding]
    readings = table(
        "What the words can mean, most favourable to the claimant first",
        [
            Column("Read as", [r.means for r in deciding], numeric=False),
            Column("Value", [show(r) for r in deciding]),
            Column("Holds?", [r.status for r in deciding], numeric=False),
            Column("What it would take", take, numeric=False),
            Column("Because", [r.because for r in deciding], numeric=False),
        ],
    )
    beside = [f"{r.means}: {show(r)}" + (f" ({r.note})" if r.note else "") for r in context]
    notes = [f"{r.means}: {r.note}" for r in deciding if r.note]
    sources = dict.fromkeys(s for r in found.readings for s in r.sources if not s.endswith(": computed"))
    computed = [f"{name}: {'; '.join(lines)}" for name, lines in found.conditions.items()]
    parts: list[tuple[str, str, Safe]] = [
        ("readings", "Readings", join([readings, bullets(notes)])),
        ("beside", "Beside it", bullets(beside)),
        ("grounds", "Grounds of the verdict", bullets(found.grounds)),
        ("sources", "Sources", bullets([*sources, *computed])),
        ("not-computed", "Not computed", bullets(found.not_computed)),
        (
            "cite",
            "How to reproduce and cite this",
            paragraphs(found.paragraph, found.citation, f"Command: {found.replay}"),
        ),
    ]
    front = tag(
        "header",
        tag("p", f"Surtax claim check · {found.who}, {found.when}", class_="kicker"),
        tag("h1", found.quoted),
        tag("p", found.verdict, class_="answer"),
        paragraphs(found.meaning, f"Source of the words: {found.source}.", class_="description"),
    )
    body = join([front, tag("main", "\n", join(section(*x) for x in parts if x[2]))])
    return page(found.title, body)


def write_claim(found: Checked, path: str | Path) -> None:
    """Write the page to `path`.

    Raises
    ------
    InputError
        the file cannot be written.
    """
    write_page(render(found), path)
