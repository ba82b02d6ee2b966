"""`surtax rates`: effective rates, from the statute to what customs collected."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.cli.lawfiles import law_option, load_law
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.effective import Effective

#: The days of 2025-26 for which the data hold US law: first, and the day after the last.
COVERED = (dt.date(2025, 1, 1), dt.date(2026, 8, 19))
WORDS = {
    "none": "statutory: nobody claims USMCA",
    "full": "everybody claims USMCA",
    "recorded": "claims as recorded",
    "predicted": "claims, lines free of duty predicted",
}


@click.command()
@click.option("--importer", default="USA", show_default=True, help="USA or CAN.")
@click.option("--origin", default="CAN", show_default=True, help="CAN or MEX; with --importer CAN always USA.")
@click.option("--on", "day", default="2025-05-06", show_default=True, metavar="DATE", help="The day.")
@click.option(
    "--monthly", is_flag=True, help="The middle of every month whose claims were recorded, instead of one day."
)
@click.option("--daily", is_flag=True, help="Every day of 2025-26 that the law covers, by stretches without a change.")
@click.option(
    "--weights", default="month", show_default=True, metavar="month|2024", help="Imports that weigh the lines."
)
@click.option("--by", "key", default=None, metavar="sector|chapter|heading|measure",
              help="Break the predicted step down; with --importer CAN also by order.")  # fmt: skip
@click.option("--top", default=15, show_default=True, type=click.IntRange(1, 5000), help="Rows of a breakdown.")
@click.option("--chart", type=click.Path(path_type=Path), metavar="FILE.svg", help="With --daily: a stepped chart.")
@law_option()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rates(
    importer: str,
    origin: str,
    day: str,
    monthly: bool,
    daily: bool,
    weights: str,
    key: str | None,
    top: int,
    chart: Path | None,
    law_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Effective US rates on goods of Canada or Mexico: what the law asks, and what claims of USMCA leave of it.

    With --importer CAN: Canada's surtaxes on US goods, before and after remissions.

    Ranges are the band of US content in Canadian cars, on which no duty is due under USMCA. Nothing is fitted to what
    customs collected.
    """
    from surtax.trade.effective import as_plain, effective
    from surtax.trade.flows import load_claims

    if importer.upper() == "CAN":
        from surtax.cli.rates_canada import rates_of_canada

        source = click.get_current_context().get_parameter_source("origin")
        rates_of_canada(
            "USA" if source is not None and source.name == "DEFAULT" else origin,
            day,
            law=load_law(law_files),
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
    if key not in (None, "sector", "chapter", "heading", "measure"):
        raise InputError(f"--by {key!r}: sector, chapter, heading or measure.")
    try:
        dt.date.fromisoformat(day)
    except ValueError:
        raise InputError(f"--on {day!r} is not a day such as 2025-05-06.") from None
    law = load_law(law_files)
    if daily:
        _daily(law, origin.upper(), as_json, chart)
        return
    if chart:
        raise InputError("--chart goes with --daily.")
    days = [f"{m}-15" for m in load_claims().months] if monthly else [day]
    found = [effective(law, d, origin.upper(), weights=weights) for d in days]
    if as_json:
        import json

        plain = [as_plain(f) for f in found]
        click.echo(json.dumps(plain if monthly else plain[0], ensure_ascii=False, allow_nan=False))
        return
    from surtax.report.console import Console

    console = Console()
    for f in found:
        _print(console, f)
        if key:
            _breakdown(console, f, key, top)


def _daily(law: Law, origin: str, as_json: bool, chart: Path | None) -> None:
    from surtax.trade.effective import collected, path

    stretches = path(law, origin, *COVERED)
    if chart:
        from surtax.report.rates_chart import write_chart

        write_chart(stretches, collected(origin), chart, origin, notes=law.edits)
    if as_json:
        import json
        from dataclasses import asdict

        rows = [{**asdict(s), "start": s.start.isoformat(), "end": s.end.isoformat()} for s in stretches]
        plain = {"schema": "surtax-rates-path/1", "importer": "USA", "origin": origin, "stretches": rows}
        plain["notes"] = list(law.edits)
        click.echo(json.dumps(plain, ensure_ascii=False, allow_nan=False))
        return
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    console.print(f"[bold]US duties on goods of {origin}, per cent of the imports of 2024[/bold]")
    for text in law.edits:
        console.print(text, markup=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("from", "until", "nobody claims", "claims predicted", "without a rate", "claims of"):
        table.add_column(name, justify="left" if name in ("from", "until", "claims of") else "right")
    for s in stretches:
        last = s.end - dt.timedelta(days=1)
        table.add_row(
            s.start.isoformat(), last.isoformat(), f"{s.statutory:.2f}", _band(s.low, s.high, 2),
            f"{100 * s.unknown:.1f}", s.claims_from,
        )  # fmt: skip
    console.print(table)
    if chart:
        console.print(f"wrote {chart}")


def _print(console: Any, f: Effective) -> None:
    from rich.table import Table

    total = int(f.basket.value.sum())
    console.print(f"[bold]US duties on goods of {f.origin}, {f.on.isoformat()}[/bold]")
    console.print(f"{f.basket.weights}: USD {total / 1e9:,.1f} bn; {'; '.join(f.notes)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, side in (("", "left"), ("rate, per cent", "right"), ("duty, USD million", "right")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for s in f.steps.values():
        table.add_row(WORDS[s.name], _band(s.low, s.high, 2), _band(s.duty[0] / 1e6, s.duty[1] / 1e6, 0))
    if f.collected is not None:
        table.add_row("collected by customs in the month (a comparator)", f"{f.collected:.2f}", "")
    console.print(table)
    for words, value in f.unknown.items():
        console.print(f"  without a rate: {words}: USD {value / 1e9:,.2f} bn")
    if f.equivalents:
        console.print(f"  ordinary duty per unit, at its equivalent of 2024: USD {f.equivalents / 1e9:,.1f} bn")
    console.print(
        "  not covered: antidumping and countervailing duties, drawback, entries in transit, offsets for US assembly"
    )
    console.print()


def _breakdown(console: Any, f: Effective, key: str, top: int) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    if key == "measure":
        table.add_column("measure")
        table.add_column("duty, USD million", justify="right")
        rows = sorted(f.steps["predicted"].by_measure.items(), key=lambda kv: -kv[1][1])
        for name, (low, high) in rows[:top]:
            table.add_row(name, _band(low / 1e6, high / 1e6, 1))
    else:
        for name in (key, "value, USD million", "without a rate", "rate, per cent", "duty, USD million"):
            table.add_column(name, justify="left" if name == key else "right")
        groups = f.by(key)
        rest = groups[top:]
        if rest:
            value, known, duty = sum(r[1] for r in rest), sum(r[2] for r in rest), sum(r[3] for r in rest)
            groups = [*groups[:top], (f"{len(rest)} others", value, known, duty)]
        for label, value, known, duty in groups:
            rate = f"{100 * duty / known:.2f}" if known else "–"
            table.add_row(label, f"{value / 1e6:,.0f}", f"{(value - known) / 1e6:,.0f}", rate, f"{duty / 1e6:,.1f}")
    console.print(table)
    console.print()


def _band(low: float, high: float, digits: int) -> str:
    one, two = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
    return one if one == two else f"{one} to {two}"
