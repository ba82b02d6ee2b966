"""`surtax revenue`: what the duties collect, by measure, sector or chapter, before and after trade responds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.cli.shared import echo_json
from surtax.errors import InputError


@click.command()
@click.option(
    "--importer", default="USA", show_default=True, help="USA (duties on Canada) or CAN (surtaxes on the US)."
)
@click.option("--on", "day", default="2025-05-06", show_default=True, metavar="DATE", help="The day whose law holds.")
@click.option("--by", "key", default="measure", show_default=True, metavar="measure|sector|chapter|heading",
              help="Break the duties down.")  # fmt: skip
@click.option("--top", default=15, show_default=True, type=click.IntRange(1, 5000), help="Rows of the breakdown.")
@click.option("--preference", default="predicted", show_default=True, metavar="CLAIMS",
              help="Claims of USMCA: predicted, recorded, none, full or endogenous.")  # fmt: skip
@click.option(
    "--car-us-content", default=0.5, show_default=True, type=float, help="US content of Canadian cars, a share."
)
@law_option()
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE", help="Closure of the equilibrium.")
@click.option("--remissions", default="none", show_default=True, metavar="none|named|all|SHARE",
              help="What Canada gives back of its surtaxes.")  # fmt: skip
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE",
              help="Trade elasticities: a set (see `surtax elasticities`), a number, or a CSV file.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revenue(
    importer: str,
    day: str,
    key: str,
    top: int,
    preference: str,
    car_us_content: float,
    law_files: tuple[Path, ...],
    deficits: str,
    remissions: str,
    elasticities: str | None,
    as_json: bool,
) -> None:
    """What US duties on Canadian goods, or Canada's surtaxes on US goods, collect in a year.

    Conventional (trade of 2024 as it was), after a partial response (buyers switch between lines and origins), and in
    general equilibrium with the other side's measures of the day. Dynamic is the last with what redirected trade does
    to the importer's duties on everybody else.
    """
    from surtax.policy.revenue import KEYS

    if importer.upper() not in ("USA", "CAN"):
        raise InputError(f"--importer {importer!r}: USA or CAN.")
    if key not in KEYS:
        raise InputError(f"--by {key!r}: {', '.join(KEYS[:-1])} or {KEYS[-1]}.")
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise InputError(f"--on {day!r} is not a day such as 2025-05-06.") from None
    from surtax.cli.revenue_text import Asked, as_plain, print_revenue

    asked = Asked(importer.upper(), date, preference, car_us_content, deficits, remissions, load_law(law_files))
    answer = asked.answer(elasticities)
    if as_json:
        echo_json(as_plain(asked, answer, key))
        return
    from surtax.report.console import Console

    print_revenue(Console(), asked, answer, key, top)
