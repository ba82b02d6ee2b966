"""`surtax revenue --importer CAN`: what Canada's surtaxes on US goods collect, and the band that remissions leave."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from surtax.law.book import Law

ANSWERS = ("conventional", "partial", "general")


def revenue_of_canada(
    day: dt.date,
    preference: str,
    car_us_content: float,
    deficits: str,
    remissions: str,
    *,
    law: Law,
    as_json: bool,
) -> None:
    """Print the duty by measure under the chosen remissions, and totals at the ends of the band.

    The ends bound the duty on trade as it was. After the response they bound nothing: a surtax above the rate that
    collects most loses revenue.
    """
    import surtax as sx
    from surtax.policy.dated import lined, on_day
    from surtax.policy.dated_canada import lined_canada
    from surtax.policy.revenue import revenue

    world = sx.load_world()
    dispute = sx.load_scenario("us-canada-2025")
    other_side = lined(world, law, day, preference, car_us_content)

    def answer(remitted: str, vehicles: str) -> Any:
        lines = lined_canada(world, law, day, remitted, vehicles)
        scenario = on_day(dispute, world, day, law=law, lines=other_side, remissions=remitted, canada=lines,
                          preference=preference, car_us_content=car_us_content)  # fmt: skip
        outcome = sx.solve(world, scenario, deficits=deficits)
        o, d = world.country(lines.exporter), world.country(lines.importer)
        # A flow that is zero before and after has no ratio; no line has value there.
        base = world.flows[:, o, d]
        ratio = (outcome.X_new[:, o, d] / base.clip(min=1e-300)).clip(max=1e300)
        ratio[base == 0] = 1.0
        return revenue(world, lines, ratio), outcome

    chosen, outcome = answer(remissions, "central")
    band = {
        "none, vehicles high": answer("none", "high")[0],
        "named": answer("named", "central")[0],
        "all, vehicles low": answer("all", "low")[0],
    }
    if as_json:
        import json

        plain = {
            "schema": "surtax-revenue/1", "on": day.isoformat(), "importer": "CAN", "origin": "USA",
            "unit": "USD million a year", "status": "surtax-only", "remissions": remissions, "preference": preference,
            "car_us_content": car_us_content, "law": list(law.edits), "before": chosen.before,
            "totals": dict(chosen.totals),
            "trade": dict(chosen.trade),
            "by_measure": {m: {k: getattr(chosen, k)[m] for k in ANSWERS} for m in chosen.conventional},
            "band": {name: dict(found.totals) for name, found in band.items()},
            "conditions": outcome.describe(),
        }  # fmt: skip
        click.echo(json.dumps(plain, ensure_ascii=False, allow_nan=False))
        return
    from rich.table import Table

    from surtax.report.console import Console

    console = Console()
    console.print(
        f"[bold]Canada's surtaxes on goods of the United States, law of {day.isoformat()}[/bold], USD million a year "
        f"at the trade of 2024"
    )
    for text in law.edits:
        console.print(text, markup=False)
    console.print(
        f"remissions {remissions}; surtax only; equilibrium: deficits {deficits}, US duties of the day included"
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("measure", *ANSWERS):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for m, v in sorted(chosen.conventional.items(), key=lambda kv: -kv[1]):
        table.add_row(m, *(f"{x:,.1f}" for x in (v, chosen.partial[m], chosen.general[m])))
    table.add_row("all measures", *(f"{chosen.totals[k]:,.1f}" for k in ANSWERS))
    for name, found in band.items():
        table.add_row(f"remissions {name}", *(f"{found.totals[k]:,.1f}" for k in ANSWERS))
    table.add_row("imports of US goods", *(f"{chosen.trade[k]:,.0f}" for k in ANSWERS))
    console.print(table)
    console.print(
        "what was remitted is not public: these are ends of the law's band; after trade responds more duty need not be "
        "more revenue; goods outside the goods sectors (scrap) are left out"
    )
