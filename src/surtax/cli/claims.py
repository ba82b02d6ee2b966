"""`surtax claims` and `surtax check`: what is said about the dispute, and what it amounts to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from surtax.cli.shared import echo_json

if TYPE_CHECKING:
    from surtax.claims.check import Checked


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def claims(as_json: bool) -> None:
    """List the claims that can be checked: name, what is claimed, who said it and when (the words too with --json)."""
    from surtax.claims.check import claim_names, load_claim

    rows = [load_claim(n) for n in claim_names()]
    if as_json:
        keys = ("title", "words", "quotation", "who", "when", "side")
        listed = [{"name": n, **{k: getattr(c, k) for k in keys}} for n, c in rows]
        echo_json({"schema": "surtax-claims/1", "claims": listed})
        return
    width = max(len(n) for n, _ in rows) + 2
    for name, c in rows:
        click.echo(f"{name:<{width}}{c.title} ({c.who.split(',')[0]}, {c.when})")
    click.echo("\nsurtax check NAME computes one.")


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page that works offline.")
def check(name: str, as_json: bool, report: Path | None) -> None:
    """Compute the claim NAME (or a claim file of your own): readings, values, sources, verdict, a paragraph to quote.

    `surtax claims` lists the names. Try: surtax check canada-subsidy
    """
    from surtax.claims.check import as_plain
    from surtax.claims.check import check as compute

    found = compute(name)
    if report:
        from surtax.report.claim_page import write_claim

        write_claim(found, report)
    if as_json:
        echo_json(as_plain(found))
        return
    _print(found)
    if report:
        click.echo(f"wrote {report}")


def _print(found: Checked) -> None:
    from rich.markup import escape
    from rich.table import Table

    from surtax.claims.check import CONTEXT, show
    from surtax.report.console import Console

    console = Console()
    console.print(f"[bold]{escape(found.quoted)}[/bold]")
    console.print(f"{escape(found.who)}, {found.when}; {escape(found.source)}")
    if found.meaning:
        console.print(escape(found.meaning))
    console.print(f"\n[bold]Verdict[/bold]: {escape(found.verdict)}")
    if found.claimed is not None:
        console.print(escape(found.grounds[0]))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("read as", min_width=34)
    for head in ("value", "", "what it would take"):
        table.add_column(head)
    for r in (r for r in found.readings if r.status != CONTEXT):
        take = f"{r.needed:.1f} times as much" if r.needed is not None and r.needed > 1 else r.bound
        table.add_row(escape(r.means), escape(show(r)), r.status, escape(take))
    console.print(table)
    for r in found.readings:
        if r.status == CONTEXT:
            console.print(
                f"beside it: {escape(r.means)}: {escape(show(r))}" + (f" ({escape(r.note)})" if r.note else "")
            )
        elif r.note:
            console.print(f"note on “{escape(r.means)}”: {escape(r.note)}")
    sources = dict.fromkeys(s for r in found.readings for s in r.sources if not s.endswith(": computed"))
    for s in sources:
        console.print(f"source: {escape(s)}")
    for name, lines in found.conditions.items():
        console.print(f"computed ({escape(name)}): {escape('; '.join(lines))}")
    for text in found.not_computed:
        console.print(f"not computed: {escape(text)}")
    console.print(f"\n[bold]To quote[/bold]: {escape(found.paragraph)}")
    console.print(f"\ncite: {escape(found.citation)}")
