"""`surtax revenue`: what the duties collect, by measure, before and after trade responds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.errors import InputError


@click.command()
@click.option(
    "--importer", default="USA", show_default=True, help="USA (duties on Canada) or CAN (surtaxes on the US)."
)
@click.option("--on", "day", default="2025-05-06", show_default=True, metavar="DATE", help="The day whose law holds.")
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
    preference: str,
    car_us_content: float,
    law_files: tuple[Path, ...],
    deficits: str,
    remissions: str,
    elasticities: str | None,
    as_json: bool,
) -> None:
    """What US duties on Canadian goods, or Canada's surtaxes on US goods, collect in a year, by measure.

    Conventional (trade of 2024 as it was), after a partial response (buyers switch between lines and origins), and in
    general equilibrium with Canada's measures of the day.
    """
    import numpy as np

    import surtax as sx
    from surtax.elasticities import apply
    from surtax.policy.dated import lined, on_day
    from surtax.policy.revenue import revenue as collect

    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise InputError(f"--on {day!r} is not a day such as 2025-05-06.") from None
    law = load_law(law_files)
    if importer.upper() == "CAN":
        from surtax.cli.revenue_canada import revenue_of_canada

        revenue_of_canada(date, preference, car_us_content, deficits, remissions, law=law, as_json=as_json)
        return
    if importer.upper() != "USA":
        raise InputError(f"--importer {importer!r}: USA or CAN.")
    world = sx.load_world()
    if elasticities is not None:
        world = apply(world, elasticities)
    lines = lined(world, law, date, preference, car_us_content)
    dispute = sx.load_scenario("us-canada-2025")
    scenario = on_day(dispute, world, date, law=law, preference=preference, car_us_content=car_us_content, lines=lines,
                      remissions=remissions)  # fmt: skip
    outcome = sx.solve(world, scenario, deficits=deficits)
    o, d = world.country("CAN"), world.country("USA")
    ratio = 1 + np.nan_to_num(outcome.flows.values[:, o, d]) / 100
    found = collect(world, lines, ratio)
    if as_json:
        import json

        plain = {
            "schema": "surtax-revenue/1", "on": day, "importer": "USA", "origin": "CAN", "unit": "USD million a year",
            "law": list(law.edits), "preference": preference, "car_us_content": car_us_content, "before": found.before,
            "totals": dict(found.totals), "trade": dict(found.trade),
            "by_measure": {
                m: {"conventional": v, "partial": found.partial[m], "general": found.general[m]}
                for m, v in found.conventional.items()
            },
            "conditions": outcome.describe(),
        }  # fmt: skip
        click.echo(json.dumps(plain, ensure_ascii=False, allow_nan=False))
        return
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    console.print(f"[bold]US duties on goods of Canada, law of {day}[/bold], USD million a year at the trade of 2024")
    for text in law.edits:
        console.print(text, markup=False)
    console.print(
        f"claims of USMCA {preference}, US content of cars {car_us_content:g}; equilibrium: deficits {deficits}, "
        f"trade elasticities {outcome.conditions.elasticities}"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("measure", "conventional", "partial", "general"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for m, v in sorted(found.conventional.items(), key=lambda kv: -kv[1]):
        table.add_row(m, f"{v:,.1f}", f"{found.partial[m]:,.1f}", f"{found.general[m]:,.1f}")
    table.add_row("all measures", *(f"{found.totals[k]:,.1f}" for k in ("conventional", "partial", "general")))
    table.add_row("trade of these lines", *(f"{found.trade[k]:,.0f}" for k in ("conventional", "partial", "general")))
    console.print(table)
    console.print(f"before the dispute: {found.before:,.1f}; lines without a sector or a rate are left out")
