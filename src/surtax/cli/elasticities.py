"""`surtax elasticities`: the published sets of trade elasticities, and what stands in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import echo_json
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.world.elasticities import ElasticitySet

OTHERS = (
    ("in-sample", "the world's own: those of a study that came with its data; world means the same"),
    ("uniform-X, or X", "θ = X in every sector"),
    ("FILE.csv", "columns sector, elasticity; standard_error and source if known; * is every other sector"),
)


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def elasticities(name: str | None, as_json: bool) -> None:
    """List the sets of trade elasticities, or show every sector of the set NAME.

    Each goes with `--elasticities NAME` wherever a scenario is solved.
    """
    from surtax.errors import nearest
    from surtax.world.elasticities import elasticity_sets

    sets = elasticity_sets()
    if name is not None and name not in sets:
        if name in ("in-sample", "world"):
            raise InputError(
                f"{name!r} is whatever the world holds: `surtax show oecd-icio-2022` lists the shipped one's."
            )
        known = nearest(name, sets) or f"; known: {', '.join(sets)}"
        raise InputError(f"unknown set of elasticities {name!r}{known}")
    if as_json:
        found = [_plain(s, rows=name is not None) for s in sets.values() if name in (None, s.name)]
        plain = {"schema": "surtax-elasticities/1", **(found[0] if name else {"sets": found})}
        echo_json(plain)
    elif name:
        _show(sets[name])
    else:
        _list(list(sets.values()))


def _plain(chosen: ElasticitySet, *, rows: bool) -> dict[str, Any]:
    table = chosen.table
    head = {
        "name": chosen.name,
        "title": chosen.title,
        "definition": chosen.definition,
        "citation": chosen.citation,
        "licence": chosen.licence,
        "note": chosen.note,
        "sectors": len(chosen.rows),
        "borrowed": len(chosen.borrowed),
        "with_standard_error": sum(r.standard_error is not None for r in table.values()),
    }
    if not rows:
        return head
    return head | {
        "by_sector": [
            {
                "sector": s,
                "theta": r.theta,
                "standard_error": r.standard_error,
                "source": r.source,
                "estimate": r.estimate,
                "quality": r.quality,
            }
            for s, r in table.items()
        ]
    }


def _list(sets: list[ElasticitySet]) -> None:
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("set", "what", "sectors", "θ from", "to", "with s.e."):
        table.add_column(head, justify="left" if head in ("set", "what") else "right", no_wrap=head == "set")
    for s in sets:
        values = sorted(r.theta for r in s.rows.values())
        errors = sum(r.standard_error is not None for r in s.rows.values())
        table.add_row(s.name, s.title, str(len(s.rows)), f"{values[0]:.3g}", f"{values[-1]:.3g}", str(errors))
    console.print(table)
    console.print()
    others = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for row in OTHERS:
        others.add_row(*row)
    console.print(others)
    console.print("`surtax elasticities NAME` shows every sector; which to take, and why: docs/elasticities.md")


def _show(chosen: ElasticitySet) -> None:
    from rich.markup import escape
    from rich.table import Table

    from surtax.report.console import Console
    from surtax.world.icio_codes import sector_name

    console = Console()
    console.print(f"[bold]{escape(chosen.title)}[/bold]")
    for word, text in (
        ("θ is", chosen.definition),
        ("source", chosen.citation),
        ("licence", chosen.licence),
        ("note", chosen.note),
    ):
        console.print(f"{word}: {escape(text)}")
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("sector", "name", "θ", "s.e.", "quality", "source"):
        table.add_column(head, justify="right" if head in ("θ", "s.e.") else "left")
    for s, r in chosen.table.items():
        error = "–" if r.standard_error is None else f"{r.standard_error:.2f}"
        source = r.source if r.estimate in ("", s) or s not in chosen.rows else f"{r.source}: {r.estimate}"
        table.add_row(s, sector_name(s), f"{r.theta:.2f}", error, r.quality, escape(source))
    console.print(table)
