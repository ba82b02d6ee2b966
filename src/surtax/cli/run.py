"""`surtax run`: a scenario through the model, to the terminal and to files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.cli.models import both_horizons, chosen_model, employment_of, model_options
from surtax.cli.shared import command_line, echo_json, progress, scenario_named, with_changes, writable
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.model.outcome import Outcome
    from surtax.policy.scenario import Scenario
    from surtax.report.summary import Summary
    from surtax.world import World


@click.command()
@click.argument("scenario", default="us-canada-2025")
@click.option(
    "--world",
    default=None,
    metavar="NAME|FILE",
    help="Accounts to start from (see `surtax worlds`).",
)
@click.option("--deficits", default="fixed", metavar="CLOSURE", show_default=True,
              help="What happens to trade deficits: fixed, balanced, gdp-share or multiplicative.")  # fmt: skip
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE",
              help="Trade elasticities: a set (see `surtax elasticities`), a number, or a CSV file.")  # fmt: skip
@model_options
@click.option("--set", "changes", multiple=True, metavar="'USA<-CAN:C29=+25'",
              help="One-off change, per cent: =+25 adds, =25 sets. May be given several times.")  # fmt: skip
@click.option("--tariffs", default=None, metavar="nash-by-formula",
              help="With SCENARIO none: every country's uniform Nash tariff by Lashkaripour's formula, on accounts "
                   "without inputs, trade balanced.")  # fmt: skip
@click.option("--on", "day", default=None, metavar="DATE",
              help="us-canada-2025 as the law of that day has it, both sides line by line.")  # fmt: skip
@law_option()
@click.option("--preference", default="predicted", show_default=True, metavar="CLAIMS",
              help="With --on: claims of USMCA: predicted, recorded, none, full or endogenous.")  # fmt: skip
@click.option("--car-us-content", default=0.5, show_default=True, type=float,
              help="With --on: US content of Canadian cars, a share.")  # fmt: skip
@click.option("--remissions", default="none", show_default=True, metavar="none|named|all|SHARE",
              help="With --on: what Canada gives back of its surtaxes; what was granted is not public.")  # fmt: skip
@click.option("--allow-rates-above", type=click.FloatRange(0), default=1000.0, show_default=True, metavar="N",
              help="Higher rates in --set, per cent, are refused.")  # fmt: skip
@click.option(
    "--top",
    default=5,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Sectors listed on each side.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON instead of text.")
@click.option(
    "--csv",
    "csv_folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write every variable as CSV into DIR.",
)
@click.option("--parquet", "parquet_folder", type=click.Path(path_type=Path), metavar="DIR",
              help="Write every variable as Parquet into DIR.")  # fmt: skip
@click.option(
    "--report",
    "report",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="Write a report that works offline.",
)
def run(
    scenario: str,
    world: str | None,
    deficits: str,
    elasticities: str | None,
    changes: tuple[str, ...],
    tariffs: str | None,
    day: str | None,
    law_files: tuple[Path, ...],
    preference: str,
    car_us_content: float,
    remissions: str,
    allow_rates_above: float,
    top: int,
    as_json: bool,
    csv_folder: Path | None,
    parquet_folder: Path | None,
    report: Path | None,
    employment: Path | None,
    **options: Any,
) -> None:
    """Solve SCENARIO (a name or a YAML file) and print who gains and who loses.

    The name `none` starts from no change, for use with --set.
    """
    import surtax as sx
    from surtax.elasticities import apply
    from surtax.policy.translate import fitted
    from surtax.report.summary import summarise

    writable((csv_folder, parquet_folder), report)
    if not day:
        _no_day(law_files)
    model = chosen_model(**options)
    both = options["horizon"] == "both"
    if both and report:
        raise InputError("--report shows one horizon: give --horizon short or --horizon long, or leave out --report.")
    with progress("reading the accounts") as say:
        accounts = sx.load_world() if world is None else sx.load_world(world)
        if elasticities is not None:
            # Before the law of a day: its product nest uses θ too.
            accounts = apply(accounts, elasticities)
        chosen = scenario_named(scenario)
        if day:
            say("reading the law of the day")
            chosen = _dated(chosen, accounts, day, load_law(law_files), preference, car_us_content, remissions)
        chosen = with_changes(fitted(chosen, accounts, sx.load_world), changes, allow_rates_above)
        say("solving")
        jobs = employment_of(employment, accounts)
        models = both_horizons(model) if both else {"": model}
        if tariffs:
            accounts, war = _war(tariffs, chosen, accounts, say)
            outcomes = {"": war}
        else:
            outcomes = {
                name: sx.solve(accounts, chosen, deficits=deficits, model=m, progress=say) for name, m in models.items()
            }
        outcome = next(iter(outcomes.values()))
        if jobs is not None and outcome.world.sectors != accounts.sectors:
            raise InputError(
                f"--employment counts jobs by sector, but the model {outcome.conditions.model!r} adds all sectors up: "
                f"leave it out; the change of employment in per cent is among the results."
            )
        summary = summarise(outcome, top)
        if csv_folder or parquet_folder:
            say("writing tables")
            _write(outcomes, csv_folder, parquet_folder)
        if report:
            say("writing the report")
            _report(outcome, summary, report, accounts, elasticities, model)
    if as_json:
        _print_json(outcomes, top, jobs)
    else:
        _print_text(outcomes, summary, top, jobs)
    for path in (csv_folder, parquet_folder, report):
        if path and not as_json:
            click.echo(f"wrote {path}")


def _write(outcomes: dict[str, Outcome], csv_folder: Path | None, parquet_folder: Path | None) -> None:
    from surtax.report.tables import write_tables

    for folder, kind in ((csv_folder, "csv"), (parquet_folder, "parquet")):
        if folder is not None:
            for name, each in outcomes.items():
                write_tables(each, folder / name, kind)


def _no_day(law_files: tuple[Path, ...]) -> None:
    """Refuse what only a dated run would use."""
    from click.core import ParameterSource

    if law_files:
        raise InputError("--law goes with --on DATE: a run follows the law of a day only where a day is given.")
    source = click.get_current_context().get_parameter_source
    for name in ("preference", "car_us_content", "remissions"):
        if source(name) not in (None, ParameterSource.DEFAULT):
            raise InputError(f"--{name.replace('_', '-')} goes with --on DATE: other runs take rates as written.")


def _print_json(outcomes: dict[str, Outcome], top: int, jobs: Any) -> None:
    """One result as it is; both horizons under a schema of their own."""
    from surtax.report.labour import labour_plain
    from surtax.report.summary import summarise
    from surtax.report.tables import as_plain

    plain = {name: {**as_plain(o, summarise(o, top)), **labour_plain(o, jobs)} for name, o in outcomes.items()}
    found = plain.get("") or {"schema": "surtax-horizons/1", **plain}
    echo_json(found)


def _print_text(outcomes: dict[str, Outcome], summary: Summary, top: int, jobs: Any) -> None:
    from surtax.report.console import Console
    from surtax.report.labour import has_sector_wages, print_horizons, print_labour
    from surtax.report.text import print_summary

    console = Console()
    if len(outcomes) > 1:
        print_horizons(outcomes, summary.parties, summary.sides, console, top, jobs)
        return
    (outcome,) = outcomes.values()
    print_summary(summary, console, year=outcome.world.meta.get("year"))
    if has_sector_wages(outcome) or jobs is not None:
        print_labour(outcome, summary.sides, console, top, jobs)


def _dated(
    chosen: Scenario, accounts: Any, day: str, law: Law, preference: str, car_us_content: float, remissions: str
) -> Scenario:
    from surtax.policy.dated import on_day

    if chosen.name != "us-canada-2025":
        raise InputError(
            f"--on goes with us-canada-2025, not with {chosen.name!r}: other scenarios stand as they are written."
        )
    return on_day(
        chosen, accounts, day, law=law, preference=preference, car_us_content=car_us_content, remissions=remissions
    )


def _war(rule: str, chosen: Scenario, accounts: World, say: Any) -> tuple[World, Outcome]:
    """The tariff war by formula, and the accounts without inputs that it is about."""
    from click.core import ParameterSource

    from surtax.model.nash_formula import nash_by_formula
    from surtax.model.tariffwar import without_inputs

    if rule != "nash-by-formula":
        raise InputError(f"--tariffs {rule!r}: nash-by-formula.")
    if chosen.name != "none":
        raise InputError("--tariffs sets every tariff: it goes with the scenario none, without --set and --on.")
    context = click.get_current_context()
    given = context.get_parameter_source("deficits") != ParameterSource.DEFAULT
    if given and context.params["deficits"] != "balanced":
        raise InputError("--tariffs nash-by-formula is defined at balanced trade: leave --deficits out.")
    own = ("model", "horizon", "mobility", "end_use", "scale", "nest", "rigidity", "anchor")
    if any(context.get_parameter_source(name) != ParameterSource.DEFAULT for name in own):
        raise InputError("--tariffs nash-by-formula has a model of its own: leave the options of models out.")
    accounts = without_inputs(accounts)
    return accounts, nash_by_formula(accounts, progress=say)


def _report(
    outcome: Outcome, summary: Summary, path: Path, accounts: World, elasticities: str | None, model: Any
) -> None:
    """The report, with the same scenario under the other closures and the decomposition beside it."""
    from surtax.errors import InputError, NoConvergence
    from surtax.model.equilibrium import solve
    from surtax.model.registry import model_named
    from surtax.report.html import write_report

    closures = {}
    for closure in model_named(model).closures:
        if closure == outcome.conditions.closure:
            closures[closure] = outcome
            continue
        # A closure without an equilibrium, or without meaning in this world, is left out of the comparison.
        with contextlib.suppress(NoConvergence, InputError):
            closures[closure] = solve(
                accounts, outcome.scenario, deficits=closure, elasticities=elasticities, model=model
            )
    terms = None
    # An embargo has no path of finite steps: the report then goes without that table.
    with contextlib.suppress(NoConvergence, InputError):
        # The table shows four digits.
        terms = outcome.decomposition(tolerance=1e-5)
    command = command_line()
    write_report(outcome, path, closures=closures, decomposition=terms, command=command, summary=summary)
