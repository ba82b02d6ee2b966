"""A world or a scenario in words, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from surtax.policy.scenario import Change, Scenario
from surtax.report.console import Console
from surtax.report.numbers import amount
from surtax.world import World
from surtax.world.provenance import size


def print_world(world: World) -> None:
    """Print what a world holds, where it comes from, what is imputed, and its codes."""
    console = Console()
    meta = world.meta
    console.print(f"[bold]{escape(str(meta.get('title') or meta.get('name') or 'world'))}[/bold]")
    income = world.factor_income.sum()

    def money(x: float) -> str:
        return ("−" if x < 0 else "") + escape(amount(float(x), world.unit, 3))

    console.print(
        f"{size(world)}; output {money(world.output.sum())}, factor income {money(income)}; "
        f"{escape(str(meta.get('units') or 'unit of value not stated'))}"
    )
    for key in ("year", "vintage", "build", "base"):
        if meta.get(key):
            console.print(f"{key}: {escape(str(meta[key]))}")
    sources = [x for x in meta.get("sources", ()) if isinstance(x, dict)]
    for x in sources:
        console.print(f"source: {escape(str(x.get('title')))} ({escape(str(x.get('licence')))})")
    for x in meta.get("imputed", ()):
        console.print(f"imputed: {escape(str(x['what']))}: {x['cells']} cells, {money(x['value'])}")
    for a in world.adjustments:
        console.print(f"adjusted: {escape(a.what)}: {a.cells} cells, {a.value:.6g}")
    tariffs = meta.get("tariffs")
    if isinstance(tariffs, dict):
        for key in ("what", "other_importers"):
            if tariffs.get(key):
                console.print(f"tariffs: {escape(str(tariffs[key]))}")
    console.print()
    traded = world.flows.sum(axis=(1, 2)) - np.einsum("snn->s", world.flows)
    sectors = _table("sector", "name", "elasticity θ", "output", "traded")
    for i, code in enumerate(world.sectors):
        sectors.add_row(
            code, escape(world.sector_names[i]), f"{world.elasticity[i]:.3g}",
            money(world.output[i].sum()), money(traded[i]),
        )  # fmt: skip
    console.print(sectors)
    countries = _table("country", "name", "factor income", "trade deficit", "tariff revenue")
    for i, code in enumerate(world.countries):
        countries.add_row(
            code, escape(world.country_names[i]), money(world.factor_income[i]), money(world.deficit[i]),
            money(world.revenue[i]),
        )  # fmt: skip
    console.print(countries)


def print_scenario(scenario: Scenario) -> None:
    """Print a scenario's measures, the factors behind each rate, and what it leaves out."""
    console = Console()
    console.print(f"[bold]{escape(scenario.title or scenario.name)}[/bold] {escape(scenario.date)}")
    if scenario.description:
        console.print(escape(scenario.description))
    for m in scenario.measures:
        console.print()
        console.print(f"[bold]{escape(m.id)}[/bold] {escape(m.title)}")
        for label, text in (("instrument", m.instrument), ("citation", m.citation), ("source", m.source)):
            if text:
                console.print(f"  {label}: {escape(text)}")
        table = _table("importer", "exporter", "sector", "change", "because")
        for c in m.changes:
            table.add_row(
                *(escape(", ".join(x)) for x in (c.importer, c.exporter, c.sector)), _change(c), escape(_because(c))
            )
        console.print(table)
    if scenario.left_out:
        console.print("\n[bold]Left out[/bold]")
        for x in scenario.left_out:
            console.print(f"  {escape(x.what)}: {escape(x.why)}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for c in columns:
        right = c in ("elasticity θ", "output", "traded", "factor income", "trade deficit", "tariff revenue", "change")
        table.add_column(c, justify="right" if right else "left")
    return table


def _change(c: Change) -> str:
    if c.add is not None:
        return f"{100 * c.add:+.3f} %"
    if c.set is not None:
        return f"= {100 * c.set:g} %"
    return f"trade cost × {c.trade_cost:g}"


def _because(c: Change) -> str:
    parts: Iterable[Any] = (f"{name} {value:,.6g}" for name, value in c.factors)
    return "; ".join([*parts, *([c.note] if c.note else [])])
