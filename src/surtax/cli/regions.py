"""`surtax provinces` and `surtax states`: results by Canadian province, and their incidence by US state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import command_line, echo_json, scenario_named

if TYPE_CHECKING:
    from surtax.regions.provinces import ByProvince


def _of_day(scenario: Any, day: str | None) -> Any:
    """The dispute as the law of a day has it; provinces have the nation's changes by sector."""
    if not day:
        return scenario
    from surtax.errors import InputError
    from surtax.policy.dated import on_day
    from surtax.world import load_world

    if scenario.name != "us-canada-2025":
        raise InputError(
            f"--on goes with us-canada-2025, not with {scenario.name!r}: other scenarios stand as they are written."
        )
    return on_day(scenario, load_world(), day)


@click.command()
@click.argument("scenario", default="us-canada-2025")
@click.option("--world", default=None, metavar="NAME|FILE",
              help="canada-provinces-2022 (adds up to Canada) or provinces-2021 (provincial accounts).")  # fmt: skip
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE", help="As for `surtax run`.")
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="As for `surtax run`.")
@click.option("--on", "day", default=None, metavar="DATE", help="us-canada-2025 as the law of that day has it.")
@click.option("--model", default="core", show_default=True, metavar="NAME", help="As for `surtax run`.")
@click.option("--horizon", default=None, metavar="short|long", help="As for `surtax run`.")
@click.option("--rigid-wages", "rigidity", default=None, metavar="DELTA",
              help="As for `surtax run`: jobs are then lost, not moved.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with a map.")
def provinces(
    scenario: str, world: str | None, deficits: str, elasticities: str | None, day: str | None, model: str,
    horizon: str | None, rigidity: str | None, as_json: bool, report: Path | None,
) -> None:  # fmt: skip
    """Solve SCENARIO with Canada in ten provinces: who pays where, and the sectors behind it."""
    from surtax.cli.models import chosen_model
    from surtax.errors import InputError
    from surtax.regions.provinces import DEFAULT, as_plain, by_province
    from surtax.world import load_world

    if horizon == "both":
        raise InputError("--horizon both: provinces are told for one horizon, short or long.")
    chosen = chosen_model(
        model=model,
        horizon=horizon,
        rigidity=rigidity,
        mobility=None,
        end_use=False,
        scale=None,
        nest=None,
        anchor=None,
    )
    accounts = load_world(world or DEFAULT)
    measures = _of_day(scenario_named(scenario), day)
    found = by_province(measures, accounts, deficits=deficits, elasticities=elasticities, model=chosen)
    if report:
        from surtax.report.regions_page import provinces_page, write

        write(provinces_page(found, command_line()), report)
    if as_json:
        echo_json(as_plain(found))
        return
    _print(found)
    if report:
        click.echo(f"wrote {report}")


def _print_jobs(found: ByProvince, console: Any) -> None:
    """Employed persons of each province, and what the model says of them."""
    from rich.table import Table

    from surtax.regions.provinces import AT_RISK

    kinds = (("employed", "persons"), ("change sector", "moved"), ("lose their job", "lost"), ("wage falls", "at_risk"))
    told = [(word, key) for word, key in kinds if getattr(found.provinces[0], key) is not None]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Jobs, persons", no_wrap=True, min_width=max(len(p.name) for p in found.provinces))
    for word, _ in told:
        table.add_column(word, justify="right")
    for p in found.provinces:
        table.add_row(p.name, *(f"{getattr(p, key):,}" for _, key in told))
    console.print()
    console.print(table)
    if told[-1][1] == "at_risk":
        console.print(f"wage falls: persons in sectors whose real wage falls by more than {AT_RISK:g} %")


def _print(found: ByProvince) -> None:
    from rich.table import Table

    from surtax.report.console import Console

    console, o = Console(), found.outcome
    unit = o.equivalent_variation.unit
    console.print(f"[bold]{o.scenario.title or o.scenario.name}, by province[/bold]")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    head = ("real income, %", "real wage, %", unit, "a person", "US exports, %")
    table.add_column("", no_wrap=True, min_width=max(len(p.name) for p in found.provinces))
    for name in head:
        table.add_column(name, justify="right")
    for p in found.provinces:
        exports = 100 * p.exports_to_us_change / p.exports_to_us
        table.add_row(
            p.name, f"{p.welfare:+.3f}", f"{p.real_wage:+.3f}", f"{p.equivalent_variation:+,.0f}",
            f"{p.per_person:+,.0f}", f"{exports:+.1f}",
        )  # fmt: skip
    console.print(table)
    _print_jobs(found, console)
    if found.national == found.national:
        console.print(
            f"provinces add up to {found.total:+,.0f}; Canada as one country: {found.national:+,.0f} "
            f"({found.welfare_national:+.3f} %)"
        )
    console.print(f"\n[bold]Behind it[/bold]: change of value added, {unit}")
    for p in found.provinces:
        console.print(f"{p.name}: " + ", ".join(f"{name} {x:+,.0f}" for name, x in p.sectors))
    c = o.conditions
    console.print(f"\n{c.model}, deficits {c.closure}; {c.vintage}; residual {c.residual:.0e}")
    for text in o.world.meta.get("limits", ()):
        console.print(f"limit: {text}")


@click.command()
@click.argument("scenario", default="us-canada-2025")
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE", help="As for `surtax run`.")
@click.option("--on", "day", default=None, metavar="DATE", help="us-canada-2025 as the law of that day has it.")
@click.option("--top", default=15, show_default=True, type=click.IntRange(1, 51), help="States listed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with a map.")
def states(scenario: str, deficits: str, day: str | None, top: int, as_json: bool, report: Path | None) -> None:
    """Spread SCENARIO's effect on trade with Canada over US states, by their trade: no solution by state."""
    import surtax as sx
    from surtax.regions.states import JOBS, MARK, as_plain, by_state

    outcome = sx.solve(sx.load_world(), _of_day(scenario_named(scenario), day), deficits=deficits)
    found = by_state(outcome)
    if report:
        from surtax.report.regions_page import states_page, write

        write(states_page(found, outcome, command_line()), report)
    if as_json:
        echo_json(as_plain(found, outcome))
        return
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    title = outcome.scenario.title or outcome.scenario.name
    console.print(f"[bold]{title}, by US state[/bold]: exposure to tariffs and counter-tariffs")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    head = (
        "",
        "trade with Canada, % of GDP",
        "imports, USD million",
        "change",
        "exports, USD million",
        "change",
        "US duty",
        "Canada's duty",
    )
    for name in head:
        table.add_column(name, justify="left" if not name else "right")
    for s in found[:top]:
        cells = (s.imports, s.imports_change, s.exports, s.exports_change, s.duty, s.counter_duty)
        table.add_row(s.name, f"{s.of_gdp:.1f}", *(f"{x:,.0f}" for x in cells))
    rest = found[top:]
    if rest:
        cells = tuple(
            sum(getattr(s, k) for s in rest)
            for k in ("imports", "imports_change", "exports", "exports_change", "duty", "counter_duty")
        )
        table.add_row(f"{len(rest)} others", "", *(f"{x:,.0f}" for x in cells))
    console.print(table)
    console.print(
        f"changes and duties in {outcome.trade_change.unit}; US duty by what a state buys, Canada's by what it sells"
    )
    console.print(MARK)
    console.print(JOBS)
    if report:
        click.echo(f"wrote {report}")
