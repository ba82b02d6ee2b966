"""`surtax validate`: the scoreboard of published numbers."""

from __future__ import annotations

from pathlib import Path

import click

from surtax.cli.shared import echo_json, progress, writable
from surtax.errors import InputError


@click.command()
@click.argument("rows", nargs=-1, metavar="[ROW …]")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR",
              help="Folder of inputs; default $SURTAX_REPLICATION_DATA, then what --fetch got.")  # fmt: skip
@click.option("--list", "only_list", is_flag=True, help="List the rows without computing anything.")
@click.option("--strict", is_flag=True, help="Count rows without inputs as failures.")
@click.option(
    "--fetch", is_flag=True, help="Get the inputs from their public copies (needs surtax[validate]) and stop."
)
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help="With --fetch: where to put them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page that works offline.")
def validate(
    rows: tuple[str, ...],
    data: Path | None,
    only_list: bool,
    strict: bool,
    fetch: bool,
    to: Path | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """Compare what Surtax computes with what others published, row by row.

    ROW is a row's id, or what several begin with, such as cp2015 or cp2015/MEX; all rows by default. Inputs of
    published studies do not ship: rows without theirs say so and do not count as passed. Leaves with 1 if a row fails.
    """
    if to and not fetch:
        raise InputError("--to goes with --fetch.")
    if fetch:
        _fetch(rows, to)
        return
    if only_list:
        _list(rows, as_json)
        return

    from surtax.report.scoreboard import as_plain, print_scoreboard, render
    from surtax.validate import STUDIES, run
    from surtax.validate.inputs import input_folder

    if html:
        writable((), html)
    titles = {name: title for name, (_, title) in STUDIES.items()}
    with progress("comparing") as say:
        board = run(rows, input_folder(data), say)
    if html:
        from surtax.report.page import write_page

        write_page(render(board, titles), html)
    if as_json:
        echo_json(as_plain(board))
    else:
        from surtax.report.console import Console

        print_scoreboard(board, titles, Console())
        if html:
            click.echo(f"wrote {html}")
    if board.count("fail") or (strict and board.count("no input")):
        raise SystemExit(1)


def _list(rows: tuple[str, ...], as_json: bool) -> None:
    from surtax.validate.published import table
    from surtax.validate.studies import chosen

    found = [table()[i] for i in chosen(rows)]
    if as_json:
        import json

        plain = [{"id": r.id, "kind": r.kind, "source": r.source, "what": r.what, "unit": r.unit} for r in found]
        click.echo(json.dumps({"schema": "surtax-validate-list/1", "rows": plain}, ensure_ascii=False))
        return
    width = max(len(r.id) for r in found)
    for r in found:
        click.echo(f"{r.id:<{width}}  {r.what} ({r.source})")


def _fetch(rows: tuple[str, ...], to: Path | None) -> None:
    from surtax.validate.inputs import VARIABLE, fetch
    from surtax.validate.studies import chosen, needs

    studies = list(dict.fromkeys(i.split("/")[0] for i in chosen(rows)))
    with progress("fetching") as say:
        folder, got, without = fetch(needs(studies), to, say)
    if got:
        click.echo(f"{len(got)} files are in {folder}, each with the expected checksum.")
    for path in without:
        click.echo(f"no public copy in the form that is read here: {path}")
    if to and got:
        click.echo(f"use them with: surtax validate --data {folder}   (or set {VARIABLE})")
