"""`surtax path`: a scenario year by year, to the terminal and to files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import echo_json, progress, scenario_named, with_changes, writable
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.model.dynamic import Dynamics
    from surtax.model.path import Path as Solution
    from surtax.policy.scenario import Scenario
    from surtax.world import World

MOST = 12


@click.command()
@click.argument("scenario", default="us-canada-2025")
@click.option("--imposed", type=int, default=None, metavar="YEAR",
              help="First year of the measures [the scenario's].")  # fmt: skip
@click.option("--announced", type=int, default=None, metavar="YEAR",
              help="Year in which all is known; the path begins there [the first year of the measures].")  # fmt: skip
@click.option("--reversed", "ended", type=int, default=None, metavar="YEAR", help="First year without the measures.")
@click.option("--law-path", "lawful", is_flag=True,
              help="us-canada-2025 as the law had it: the mean of each year's days, the last law held.")  # fmt: skip
@click.option("--years", default=10, show_default=True, type=click.IntRange(0, 200), help="Years after the first.")
@click.option("--surprises", is_flag=True, help="Nobody foresees a change of the measures; each is held to last.")
@click.option("--recursive", is_flag=True, help="No foresight: workers take each year's wages to last.")
@click.option("--stay", type=float, default=None, metavar="SHARE",
              help="Workers who do not look around in a year [0.9]; 1: nobody ever moves.")  # fmt: skip
@click.option("--nu", type=float, default=None, help="Dispersion of workers' tastes for sectors [2.02].")
@click.option("--labour-share", type=float, default=None, metavar="SHARE", help="Labour's share of value added [0.6].")
@click.option("--capital", default=None, metavar="KIND",
              help="specific (stays in its sector), mobile (in the country) or fixed [specific].")  # fmt: skip
@click.option("--discount", type=float, default=None, help="Discount factor a year [0.96].")
@click.option("--depreciation", type=float, default=None, help="Depreciation a year [0.05].")
@click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from (see `surtax worlds`).")
@click.option("--deficits", default="fixed", metavar="CLOSURE", show_default=True,
              help="What happens to trade deficits: fixed, balanced, gdp-share or multiplicative.")  # fmt: skip
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="Trade elasticities, as for `run`.")
@click.option("--set", "changes", multiple=True, metavar="'USA<-CAN:C29=+25'", help="One-off change, as for `run`.")
@click.option("--preference", default="predicted", show_default=True, metavar="CLAIMS",
              help="With --law-path: claims of USMCA: predicted, recorded, none or full.")  # fmt: skip
@click.option("--car-us-content", default=0.5, show_default=True, type=float,
              help="With --law-path: US content of Canadian cars, a share.")  # fmt: skip
@click.option("--countries", default=None, metavar="CAN,USA", help="Countries shown [the scenario's].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="FILE.csv", help="Write every variable.")
@click.option("--chart", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw real income by year.")
def path(
    scenario: str,
    imposed: int | None,
    announced: int | None,
    ended: int | None,
    lawful: bool,
    years: int,
    world: str | None,
    deficits: str,
    elasticities: str | None,
    changes: tuple[str, ...],
    preference: str,
    car_us_content: float,
    countries: str | None,
    as_json: bool,
    table: Path | None,
    chart: Path | None,
    **options: Any,
) -> None:
    """A scenario year by year, under perfect foresight.

    Workers change sectors at a cost, capital is saved and wears out (docs/models/dynamic.md). All numbers are against
    the path on which nothing changes.
    """
    import surtax as sx
    from surtax.model.dynamic import solve_path

    for file, ending in ((table, ".csv"), (chart, ".svg")):
        if file is not None and file.suffix.lower() != ending:
            raise InputError(f"{file}: give a file name that ends in {ending}.")
        writable((), file)
    settings = settings_of(**options)
    with progress("reading the accounts") as say:
        accounts = sx.load_world() if world is None else sx.load_world(world)
        chosen = with_changes(scenario_named(scenario), changes, 1000.0)
        measures, title, notes = dated(
            chosen, accounts, imposed, ended, (preference, car_us_content) if lawful else None, bool(changes), say
        )
        shown = _shown(countries, chosen, accounts)
        say("solving")
        found = solve_path(
            accounts, measures, horizon=years, announced=announced, settings=settings, deficits=deficits,
            elasticities=elasticities, progress=say, title=title, notes=notes,
        )  # fmt: skip
        if chart:
            say("drawing")
            from surtax.report.path_chart import write_chart

            write_chart(found, shown, chart)
        if table:
            with _told(table):
                found.to_frame().write_csv(table)
    if as_json:
        echo_json(as_plain(found, shown))
        return
    _print(found, shown)
    for file in (table, chart):
        if file:
            click.echo(f"wrote {file}")


def settings_of(*, surprises: bool, recursive: bool, **values: Any) -> Dynamics:
    """The settings that the options ask for; those not given are the defaults."""
    from surtax.model.dynamic import Dynamics

    if surprises and recursive:
        raise InputError("--surprises is about foresight of all but the measures; --recursive has none: give one.")
    given = {k: v for k, v in values.items() if v is not None}
    return Dynamics(foresight=not recursive, surprises=surprises, **given)


def dated(
    scenario: Scenario,
    accounts: World,
    imposed: int | None,
    ended: int | None,
    law: tuple[str, float] | None,
    changed: bool,
    say: Any,
) -> tuple[dict[int, Any], str, tuple[str, ...]]:
    """{year: measures}, a title and notes.

    Raises
    ------
    InputError
        options that contradict each other, a reversal before the measures.
    """
    title = scenario.title or scenario.name
    measures: dict[int, Any]
    notes: tuple[str, ...] = ()
    if law is None:
        date = scenario.date[:4]
        first = imposed if imposed is not None else int(date) if date.isdigit() else 1
        measures = {first: scenario}
    else:
        if imposed is not None or changed or scenario.name != "us-canada-2025":
            raise InputError("--law-path goes with us-canada-2025 as it is: without --imposed and --set.")
        from surtax.policy.law_path import law_path

        found = law_path(scenario, accounts, preference=law[0], car_us_content=law[1], progress=say)
        measures, notes = dict(found.schedules), found.notes
        first, title = min(measures), f"The US–Canada law of {min(measures)}–{found.last.year}, by year"
    if ended is not None:
        if ended <= first:
            raise InputError(f"--reversed {ended}: the measures begin in {first}; give a later year.")
        measures = {y: m for y, m in measures.items() if y < ended} | {ended: None}
        title = f"{title}; reversed in {ended}"
    return measures, title, notes


def _shown(given: str | None, scenario: Scenario, world: World) -> tuple[str, ...]:
    """Codes of the countries to show: those asked for, or those that the scenario names, or the largest."""
    if given is not None:
        labels = [x.strip() for x in given.split(",") if x.strip()]
        if not labels:
            raise InputError("--countries is empty: give codes, such as CAN,USA.")
        return tuple(dict.fromkeys(world.countries[world.country(x)] for x in labels))
    named = [x for m in scenario.measures for c in m.changes for x in (*c.importer, *c.exporter) if x != "*"]
    codes = tuple(dict.fromkeys(world.countries[world.country(x)] for x in named))[:MOST]
    if codes:
        return codes
    order = sorted(range(len(world.countries)), key=lambda n: -float(world.income[n]))
    return tuple(world.countries[n] for n in order[:5])


def as_plain(found: Solution, countries: tuple[str, ...]) -> dict[str, Any]:
    """The path as plain values: every variable by country for those shown, sectors included."""

    def plain(values: Any) -> Any:
        if values.ndim:
            return [plain(v) for v in values]
        return None if values != values else float(values)

    by: dict[str, Any] = {}
    for code in countries:
        row: dict[str, Any] = {"at_rest": {"welfare": found.long_run.welfare[code]}}
        for name in found.arrays:
            x = found.variable(name)
            picked = x.sel(country=code)
            row[name] = plain(picked.values if len(x.dims) > 1 else found.arrays[name][found.world.country(code)])
        by[code] = row
    return {
        "schema": "surtax-path/1",
        "title": found.title,
        "years": list(found.years),
        "sectors": list(found.world.sectors),
        "units": {name: found.variable(name).unit for name in found.arrays},
        "countries": by,
        "conditions": found.describe(),
    }


def _print(found: Solution, countries: tuple[str, ...]) -> None:
    from surtax.report.console import Console

    console = Console()
    console.print(f"[bold]{found.title}[/bold], year by year, against a path without change")
    for name, words, form in (
        ("welfare", "real income of the year, per cent", "+.3f"),
        ("consumption", "consumption of the year, per cent", "+.3f"),
        ("reallocated", "workers in another sector, per 1,000", ".3f"),
        ("capital", "capital, per cent", "+.3f"),
    ):
        values = found.variable(name)
        rows = [(str(year), [values[str(year), code] for code in countries]) for year in found.years]
        if name == "welfare":
            rows.append(("at rest", [found.long_run.welfare[code] for code in countries]))
        _table(console, words, "year", countries, rows, form)
    rows = [
        (words, [found.variable(name)[code] for code in countries])
        for name, words in (("path_welfare", "the nation's consumption"), ("worker_welfare_mean", "workers, by wages"))
    ]
    _table(console, "worth as much as a lasting change of", "per cent", countries, rows, "+.3f")
    about = found.describe()
    console.print(f"{about['about']}")
    console.print(
        f"labour's share of value added {about['labour_share']}, discount {about['discount']}, depreciation "
        f"{about['depreciation']}; deficits {about['closure']}; elasticities {about['elasticities']}"
    )
    console.print(
        f"{about['world']}; largest residual {found.residual:.1e}; {found.solved} years solved, then at rest "
        f"(labour and capital within {100 * found.away:.2g} % of it)"
    )
    for note in found.notes:
        console.print(f"  {note}")


def _table(
    console: Any, words: str, first: str, countries: tuple[str, ...], rows: list[tuple[str, list[float]]], form: str
) -> None:
    from rich.table import Table

    console.print(words)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for code in countries:
        table.add_column(code, justify="right")
    for label, values in rows:
        table.add_row(label, *("–" if v != v else format(v, form) for v in values))
    console.print(table)
    console.print()


@contextlib.contextmanager
def _told(file: Path) -> Any:
    try:
        yield
    except OSError as problem:
        raise InputError(f"cannot write {file}: {problem.strerror or problem}.") from None
