"""`surtax estimate`: trade elasticities from a user's table of trade and tariffs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import echo_json
from surtax.errors import InputError, is_folder

if TYPE_CHECKING:
    from surtax.estimation import Estimate, Estimation

TRIAD_ONLY = {"trim": 0.0, "replications": 499, "seed": 0}
PPML_ONLY = {"effects": None, "domestic": False, "controls": "", "log_controls": ""}


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--method", required=True, metavar="ppml|triad", help="Gravity by PPML, or Caliendo & Parro's triads.")
@click.option("--values", default="duty-paid", show_default=True, metavar="duty-paid|before-duty",
              help="Whether values include the duty: θ is minus the coefficient, or minus that less one.")  # fmt: skip
@click.option("--tariffs", default=None, metavar="percent|share",
              help="Unit of tariffs; per cent unless stated, and what looks like shares is refused.")  # fmt: skip
@click.option("--errors", default=None, metavar="KIND",
              help="pair (default), country or robust; triad: also bootstrap.")  # fmt: skip
@click.option("--exporter-column", "exporter", default="exporter", show_default=True, metavar="NAME")
@click.option("--importer-column", "importer", default="importer", show_default=True, metavar="NAME")
@click.option("--value-column", "value", default="value", show_default=True, metavar="NAME")
@click.option("--tariff-column", "tariff", default="tariff", show_default=True, metavar="NAME")
@click.option("--sector-column", "sector", default=None, metavar="NAME",
              help="One θ for each of its labels. Default: sector, where there is such a column.")  # fmt: skip
@click.option("--year-column", "year", default=None, metavar="NAME", help="Default: year, where there is one.")
@click.option("--fixed-effects", "effects", default=None, metavar="A,B",
              help="ppml: exporter-year,importer-year (default), or exporter, importer, year, pair, …")  # fmt: skip
@click.option("--controls", default="", metavar="A,B", help="ppml: further columns, such as contiguity.")
@click.option(
    "--log-controls", default="", metavar="A,B", help="ppml: columns to take logarithms of, such as distance."
)
@click.option("--domestic", is_flag=True, help="ppml: keep sales at home, with a dummy for the border.")
@click.option("--trim", default=0.0, show_default=True, type=float, metavar="PERCENT",
              help="triad: leave out the smallest countries of a sector's trade (the paper: 1, 2.5).")  # fmt: skip
@click.option("--replications", default=499, show_default=True, type=int, help="triad: of the bootstrap.")
@click.option("--seed", default=0, show_default=True, type=int, help="triad: of the bootstrap.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="Write the estimates for `surtax run --elasticities FILE.csv`.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def estimate(
    table: Path, method: str, values: str, tariffs: str | None, errors: str | None, output: Path | None, as_json: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Estimate trade elasticities θ from TABLE, a CSV or Parquet file with one row for each flow.

    Columns: exporter, importer, value, tariff (per cent), and if there are any sector and year.
    """
    from surtax.estimation import ppml, read_table, triad
    from surtax.estimation.table import Columns

    if method not in ("ppml", "triad"):
        raise InputError(f"--method {method!r}: ppml or triad.")
    strangers = {k: v for k, v in (PPML_ONLY if method == "triad" else TRIAD_ONLY).items() if given[k] != v}
    if strangers:
        option = {"effects": "fixed-effects"}.get(first := next(iter(strangers)), first).replace("_", "-")
        raise InputError(f"--{option} does not go with --method {method}.")
    if output is not None and (is_folder(output) or not is_folder(output.absolute().parent)):
        raise InputError(f"{output} cannot be written: it is a folder, or its folder does not exist.")
    if output is not None and output.absolute() == table.absolute():
        raise InputError(f"{output} is the table itself: give the estimates another file.")
    columns = Columns(
        **{k: given[k] for k in ("exporter", "importer", "value", "tariff", "sector", "year")},
        controls=_listed(given["controls"]),
        log_controls=_listed(given["log_controls"]),
    )
    data = read_table(table, columns, tariffs)
    if method == "triad":
        found = triad(data, values=values, errors=errors or "pair", trim=given["trim"],
                      replications=given["replications"], seed=given["seed"])  # fmt: skip
    else:
        more = {"effects": _listed(given["effects"])} if given["effects"] is not None else {}
        found = ppml(data, values=values, errors=errors or "pair", domestic=given["domestic"], **more)
    if output is not None:
        output.write_text(found.as_csv(), encoding="utf-8")
    if as_json:
        echo_json(found.as_plain())
    else:
        _print(found, output)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(t.strip() for t in text.split(",") if t.strip())


def _print(found: Estimation, output: Path | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    console.print(f"[bold]Trade elasticities θ: {escape(found.source)}[/bold]")
    reading = "minus the coefficient on ln(1 + t)" + ("" if found.settings["values"] == "duty-paid" else ", less one")
    console.print(
        f"values {found.settings['values']}: θ is {reading}; tariffs read in {found.settings['tariffs_read_as']}; "
        f"standard errors: {found.settings['errors']}"
    )
    if found.method == "ppml":
        console.print(f"fixed effects: {', '.join(found.settings['fixed_effects'])}")
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("sector", "θ", "s.e.", "observations", "countries", "clusters", "left out"):
        rows.add_column(head, justify="left" if head in ("sector", "left out") else "right")
    for e in found.estimates:
        error = "–" if e.standard_error is None else f"{e.standard_error:.3f}"
        rows.add_row(
            escape(e.sector),
            f"{e.theta:.3f}",
            error,
            f"{e.observations:,}",
            f"{e.countries}",
            f"{e.clusters:,}",
            _out(e),
        )
    console.print(rows)
    for why, count in found.dropped.items():
        console.print(f"rows left out: {why}: {count:,}")
    for e in found.estimates:
        for note in e.notes:
            console.print(f"{escape(e.sector)}: {escape(note)}")
    for sector, why in found.failed.items():
        console.print(f"{escape(sector)}: not estimated: {escape(why)}")
    if found.method == "triad" and found.settings["errors"] == "robust":
        console.print("triads share pairs of countries: robust errors, as in the paper, are too small (--errors pair)")
    if output is not None:
        left = sum(not e.usable for e in found.estimates)
        without = f", without {left} whose θ is not positive" if left else ""
        console.print(f"wrote {escape(str(output))}{without}: surtax run … --elasticities {escape(str(output))}")


def _out(e: Estimate) -> str:
    return "; ".join(f"{count:,} {why}" for why, count in e.dropped.items()) or "–"
