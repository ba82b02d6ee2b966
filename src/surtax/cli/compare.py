"""`surtax compare`: one scenario through every model, closure and set of elasticities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import command_line, echo_json, progress, scenario_named, with_changes, writable
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.experiments.comparators import Comparator
    from surtax.experiments.compare import Comparison
    from surtax.experiments.reasons import Reasons
    from surtax.policy.scenario import Scenario
    from surtax.world import World


@click.command()
@click.argument("scenario", default="us-canada-2025")
@click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from (see `surtax worlds`).")
@click.option("--models", default="all", show_default=True, metavar="all|path|NAME,…",
              help="Which models; `all,path` adds the dates of the dynamic path (some ten seconds).")  # fmt: skip
@click.option("--deficits", default="fixed", show_default=True, metavar="all|CLOSURE,…",
              help="What happens to trade deficits.")  # fmt: skip
@click.option("--elasticities", default="default", show_default=True, metavar="all|NAME|NUMBER|FILE,…",
              help="Trade elasticities; default is the world's own set.")  # fmt: skip
@click.option("--set", "changes", multiple=True, metavar="'USA<-CAN:C29=+25'", help="As for `surtax run`.")
@click.option("--countries", default=None, metavar="CODE,…",
              help="Whose results; default the scenario's parties, MEX and CHN.")  # fmt: skip
@click.option("--show", default="welfare", show_default=True, metavar="all|welfare|real_wage|revenue_change|exports,…",
              help="What the terminal shows; files hold all.")  # fmt: skip
@click.option("--reasons/--no-reasons", default=True, show_default=True,
              help="What each feature changes, one at a time and together.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE.csv", help="Write the rows as CSV.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page that works offline.")
def compare(
    scenario: str,
    world: str | None,
    models: str,
    deficits: str,
    elasticities: str,
    changes: tuple[str, ...],
    countries: str | None,
    show: str,
    reasons: bool,
    as_json: bool,
    csv_file: Path | None,
    report: Path | None,
) -> None:
    """Solve SCENARIO in many models, and say why their answers differ.

    Ctrl-C stops the search; what was found until then is printed and written.
    """
    from surtax.report.comparison import as_plain, print_comparison, write_csv

    quantities = _quantities(show)
    for path in (csv_file, report):
        writable((), path)
    with progress("reading the accounts") as say:
        found = _found(scenario, world, (models, deficits, elasticities), changes, countries, reasons, say)
    if csv_file:
        write_csv(found, csv_file)
    if report:
        from surtax.report.comparison_page import render
        from surtax.report.page import write_page

        write_page(render(found, command_line()), report)
    if as_json:
        echo_json(as_plain(found))
    else:
        from surtax.report.console import Console

        print_comparison(found, Console(), quantities)
        for path in (csv_file, report):
            if path:
                click.echo(f"wrote {path}")
    if len(found.rows) < found.expected or (reasons and found.reasons is None):
        raise KeyboardInterrupt


def _found(
    name: str, world: str | None, asked: tuple[str, str, str], changes: tuple[str, ...], countries: str | None,
    with_reasons: bool, say: Any,
) -> Comparison:  # fmt: skip
    import surtax as sx
    from surtax.experiments import compare as c
    from surtax.experiments.comparators import beside
    from surtax.experiments.reasons import reasons

    models = c.chosen_models(_listed("--models", asked[0]))
    closures = c.chosen_closures(_listed("--deficits", asked[1]), models)
    accounts = sx.load_world() if world is None else sx.load_world(world)
    chosen = _scenario(name, accounts, changes)
    shown = _listed("--countries", countries) if countries else c.shown_countries(accounts, chosen)
    shown = c.check_scenario(accounts, chosen, shown)
    worlds = c.chosen_elasticities(_listed("--elasticities", asked[2]), accounts)
    rows: list[c.Row] = []
    why: Reasons | None = None
    others: tuple[Comparator, ...] = ()
    try:
        for row in c.grid(chosen, models, closures, worlds, shown, say):
            rows.append(row)  # noqa: PERF402 - kept one by one, so that an interruption leaves what was found
        if with_reasons:
            sets = c.chosen_elasticities([c.ALL], accounts)
            why = reasons(accounts, chosen, shown, closure=_reference(closures), elasticities=sets, say=say)
        if {"USA", "CAN"} <= set(shown):
            others = beside(accounts, shown)
    except KeyboardInterrupt:
        pass
    meta = accounts.meta
    return c.Comparison(
        scenario=chosen.name,
        title=chosen.title or chosen.name,
        world=str(meta.get("title") or meta.get("name") or "arrays"),
        countries=shown,
        revenue_unit=accounts.unit.text,
        own=c.own_elasticities(accounts),
        rows=tuple(rows),
        expected=c.size(models, closures, worlds),
        reasons=why,
        comparators=others,
    )


def _reference(closures: tuple[str, ...]) -> str:
    """The closure of the decomposition: fixed where it is among those asked for, else the first that the core has."""
    from surtax.model.core import CLOSURES

    offered = [x for x in closures if x in CLOSURES]
    return "fixed" if "fixed" in offered or not offered else offered[0]


def _scenario(name: str, accounts: World, changes: tuple[str, ...]) -> Scenario:
    import surtax as sx
    from surtax.policy.translate import fitted

    return with_changes(fitted(scenario_named(name), accounts, sx.load_world), changes, 1000.0)


def _listed(option: str, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(x.strip() for x in text.split(",")))
    if not all(names):
        raise InputError(f"{option} {text!r}: names with commas between them, or all.")
    return names


def _quantities(text: str) -> tuple[str, ...]:
    from surtax.errors import nearest
    from surtax.experiments.compare import QUANTITIES

    names = _listed("--show", text)
    for name in names:
        if name != "all" and name not in QUANTITIES:
            raise InputError(f"--show {name}{nearest(name, QUANTITIES)}: all, or {', '.join(QUANTITIES)}.")
    return QUANTITIES if "all" in names else names
