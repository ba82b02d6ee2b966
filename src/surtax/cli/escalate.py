"""`surtax escalate`: a tree of moves solved to its leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from surtax.cli.shared import command_line, echo_json, progress, writable


@click.command()
@click.argument("tree", default="us-canada-tango")
@click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from.")
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE",
              help="fixed, balanced, gdp-share or multiplicative.")  # fmt: skip
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="Trade elasticities.")
@click.option("--leaves", "show_leaves", is_flag=True, help="List every way through the tree.")
@click.option(
    "--picture", type=click.Path(path_type=Path), metavar="FILE.svg", help="The payoff matrices as a picture."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page.")
def escalate(
    tree: str,
    world: str | None,
    deficits: str,
    elasticities: str | None,
    show_leaves: bool,
    picture: Path | None,
    as_json: bool,
    report: Path | None,
) -> None:
    """Solve TREE (a name or a YAML file): every leaf, its payoffs, and where both sides' best moves lead.

    Ships us-canada-tango, the choices of spring 2025.
    """
    import surtax as sx
    from surtax.cli.games import INTERRUPTED
    from surtax.errors import InputError
    from surtax.games import plain
    from surtax.games.escalate import escalate as solve
    from surtax.games.situation import Situation
    from surtax.games.tree import load_tree
    from surtax.report.escalation import escalation_page, write_picture

    writable((), report)
    if picture and picture.suffix.lower() != ".svg":
        raise InputError(f"{picture}: a picture is written as .svg.")
    with progress("reading the tree") as say:
        read = load_tree(tree)
        accounts = sx.load_world() if world is None else sx.load_world(world)
        situation = Situation.of(accounts, None, deficits, elasticities)
        found = solve(situation, read, sx.load_scenario(read.scenario), say)
        result = plain.escalation(situation, found)
        page = escalation_page(found, result["conditions"], leaves=show_leaves)
    if as_json:
        echo_json(result)
    else:
        from surtax.report.console import Console
        from surtax.report.games import print_page

        print_page(page, Console())
    if report:
        from surtax.report.games import write_page

        whole = escalation_page(found, result["conditions"], leaves=True)
        write_page(whole, report, command_line())
    if picture and found.finished:
        write_picture(found, picture)
    if not as_json:
        for path in (report, picture if found.finished else None):
            if path:
                click.echo(f"wrote {path}")
    if not found.finished:
        click.echo("surtax: interrupted; the result is what was found until then", err=True)
        sys.exit(INTERRUPTED)
