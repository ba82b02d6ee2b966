"""`surtax rates`: effective rates, from the statute to what customs collected."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.cli.shared import echo_json
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.effective import Effective

KEYS = ("sector", "chapter", "heading", "measure")


@click.command()
@click.option("--importer", default="USA", show_default=True, help="USA or CAN.")
@click.option("--origin", default="CAN", show_default=True, help="CAN or MEX; with --importer CAN always USA.")
@click.option("--on", "day", default="2025-05-06", show_default=True, metavar="DATE|MONTH",
              help="A day, or a month such as 2025-05: the mean over its days.")  # fmt: skip
@click.option("--monthly", is_flag=True, help="Every month of 2025-26, each the mean over its days.")
@click.option("--daily", is_flag=True, help="Every day of 2025-26 that the law covers, by stretches without a change.")
@click.option(
    "--weights", default="month", show_default=True, metavar="month|2024", help="Imports that weigh the lines."
)
@click.option("--preference", default="predicted", show_default=True, metavar="CLAIMS",
              help="The step that --by, --daily and the gaps take: none, full, recorded, predicted or "
                   "endogenous.")  # fmt: skip
@click.option("--by", "key", default=None, metavar="sector|chapter|heading|measure",
              help="Break that step down; with --importer CAN also by order, with --flows by origin.")  # fmt: skip
@click.option("--top", default=15, show_default=True, type=click.IntRange(1, 20000), help="Rows of a breakdown.")
@click.option("--unmatched", is_flag=True, help="List the lines without a rate or a goods sector, with their value.")
@click.option("--chart", type=click.Path(path_type=Path), metavar="FILE.svg", help="With --daily: a stepped chart.")
@click.option("--flows", type=click.Path(path_type=Path), metavar="FILE",
              help="Trade flows of your own instead of those that ship (docs/trade.md).")  # fmt: skip
@click.option("--format", "kind", default=None, metavar="baci|comtrade|census|statcan",
              help="With --flows: the file's format, where its look does not say.")  # fmt: skip
@click.option("--value", "column", default=None, metavar="COLUMN",
              help="With --flows: the column of values, where a Census file has several.")  # fmt: skip
@law_option()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rates(
    importer: str,
    origin: str,
    day: str,
    monthly: bool,
    daily: bool,
    weights: str,
    preference: str,
    key: str | None,
    top: int,
    unmatched: bool,
    chart: Path | None,
    flows: Path | None,
    kind: str | None,
    column: str | None,
    law_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Effective US rates on goods of Canada or Mexico: what the law asks, and what claims of USMCA leave of it.

    With --importer CAN: Canada's surtaxes on US goods, before and after remissions.

    Ranges are the band of US content in Canadian and Mexican cars, on which no duty is due under USMCA. Nothing is
    fitted to what customs collected.
    """
    from surtax.trade.claiming import check_claims

    law = load_law(law_files)
    given = _given("origin")
    _together(flows is not None, monthly or daily)
    if flows is not None:
        from surtax.cli.rates_own import rates_of_own

        if monthly or daily or chart:
            raise InputError("--flows takes one day: leave out --monthly, --daily and --chart.")
        rates_of_own(flows, kind, importer=importer.upper(), origin=origin.upper() if given else None, day=day, law=law,
                     key=key, top=top, as_json=as_json, column=column)  # fmt: skip
        return
    if importer.upper() == "CAN":
        from surtax.cli.rates_canada import rates_of_canada

        if strange := [n for n in ("preference", "unmatched") if _given(n)]:
            raise InputError(f"--{strange[0]} is about claims of USMCA in the US: it does not go with --importer CAN.")
        rates_of_canada(
            origin if given else "USA",
            day,
            law=law,
            monthly=monthly,
            daily=daily,
            weights=weights,
            key=key,
            top=top,
            chart=chart,
            as_json=as_json,
        )
        return
    if importer.upper() != "USA":
        raise InputError(
            f"effective rates of {importer} are not covered: --importer USA (goods of CAN, MEX) or CAN (goods of USA)."
        )
    if key not in (None, *KEYS):
        raise InputError(f"--by {key!r}: sector, chapter, heading or measure.")
    check_claims(preference, "--preference")
    if monthly and daily:
        raise InputError("--monthly and --daily: give one of the two.")
    if daily and (unmatched or weights != "month"):
        raise InputError("--daily takes neither --unmatched nor --weights: its lines are those of 2024.")
    if chart and not daily:
        raise InputError("--chart goes with --daily.")
    origin = origin.upper()
    if daily:
        _daily(law, origin, preference, key, top, as_json, chart)
    elif monthly:
        _monthly(law, origin, preference, weights, key, top, unmatched, as_json)
    else:
        _one(law, _over(law, day, origin, weights), preference, key, top, unmatched, as_json)


def _given(name: str) -> bool:
    """Whether an option was written on the command line."""
    from click.core import ParameterSource

    return click.get_current_context().get_parameter_source(name) not in (None, ParameterSource.DEFAULT)


def _together(own: bool, many: bool) -> None:
    """Refuse options that would be left unused in silence."""
    if many and _given("day"):
        raise InputError("--on names one day or month: it goes with neither --monthly nor --daily.")
    for name, option in (("kind", "format"), ("column", "value")):
        if not own and _given(name):
            raise InputError(f"--{option} is about a file of flows: give --flows FILE.")
    for name in ("preference", "weights", "unmatched"):
        if own and _given(name):
            raise InputError(f"--{name} does not go with --flows: nothing is known of who claims in a file's trade.")


def _over(law: Law, day: str, origin: str, weights: str) -> Effective:
    from surtax.trade.effective import effective, monthly

    if re.fullmatch(r"\d{4}-\d{2}", day, re.ASCII):
        return monthly(law, day, origin, weights=weights)
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise InputError(f"--on {day!r} is not a day such as 2025-05-06, nor a month such as 2025-05.") from None
    return effective(law, date, origin, weights=weights)


def _one(
    law: Law, found: Effective, preference: str, key: str | None, top: int, unmatched: bool, as_json: bool
) -> None:
    from surtax.trade.gaps import gaps

    pieces = gaps(law, found, preference)
    if as_json:
        from surtax.trade.plain import effective_as_plain

        echo_json(effective_as_plain(found, pieces, preference, key, unmatched))
        return
    from surtax.cli.rates_text import print_breakdown, print_gaps, print_unmatched, print_waterfall
    from surtax.report.console import Console

    console = Console()
    print_waterfall(console, found)
    print_gaps(console, pieces)
    if key:
        print_breakdown(console, found, key, top, preference)
    if unmatched:
        print_unmatched(console, found, top)


def _monthly(
    law: Law, origin: str, preference: str, weights: str, key: str | None, top: int, unmatched: bool, as_json: bool
) -> None:
    from surtax.trade.effective import monthly
    from surtax.trade.gaps import gaps
    from surtax.trade.joined import covered_months

    found = [monthly(law, month, origin, weights=weights) for month in covered_months(law)]
    if as_json:
        from surtax.trade.plain import effective_as_plain

        echo_json([effective_as_plain(f, gaps(law, f, preference), preference, key, unmatched) for f in found])
        return
    from surtax.cli.rates_text import print_breakdown, print_months, print_unmatched
    from surtax.report.console import Console

    console = Console()
    print_months(console, found)
    for one in found if key or unmatched else ():
        console.print(f"[bold]{one.month}[/bold]")
        if key:
            print_breakdown(console, one, key, top, preference)
        if unmatched:
            print_unmatched(console, one, top)


def _daily(
    law: Law, origin: str, preference: str, key: str | None, top: int, as_json: bool, chart: Path | None
) -> None:
    from surtax.trade.collected import collected
    from surtax.trade.stretches import path

    place = law.jurisdiction("USA")
    span = dt.date.fromordinal(place.start), dt.date.fromordinal(place.end)
    stretches = path(law, origin, *span, claims=preference, by=(key,) if key else ())
    if chart:
        from surtax.report.rates_chart import write_chart

        write_chart(stretches, collected(origin), chart, origin, claims=preference, notes=law.edits)
    if as_json:
        from surtax.trade.plain import path_as_plain

        echo_json({**path_as_plain(stretches, origin, preference), "law": list(law.edits)})
        return
    from surtax.cli.rates_text import print_path
    from surtax.report.console import Console

    console = Console()
    for text in law.edits:
        console.print(text, markup=False)
    print_path(console, stretches, origin, preference, key, top)
    if chart:
        click.echo(f"wrote {chart}")
