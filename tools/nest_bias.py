"""`python -m tools.nest_bias [--on DATE]`: what the trade-weighted mean gets wrong in this dispute, as Markdown tables.

Both sides, sector by sector and added up, at the default substitution between lines (θ + 1); how the error grows when
every duty is scaled; and what the equilibrium says under means, fixed spending shares and the nest. docs/models/nest.md
holds what it prints for 6 May 2025.
"""

from __future__ import annotations

import argparse
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

import surtax as sx
import surtax.law
from surtax.policy.dated import Lined, lined, nest_changes
from surtax.policy.dated_canada import lined_canada
from surtax.policy.scenario import Measure, Scenario
from surtax.trade.nest import Bias, bias_of_mean, nest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surtax.world import World

SCALES = (0.25, 0.5, 1.0, 2.0)


def value_of(found: Lined) -> NDArray[np.float64]:
    """Return the value of the lines of a nest, USD."""
    return found.rates.goods.value[found.inside].astype(float)


def bias(world: World, found: Lined, scale: float = 1.0) -> Bias:
    """Return the errors of the mean in each sector, all changes of duty scaled by a number."""
    lines = found.nest
    after = lines.before + scale * (lines.after - lines.before)
    theta = world.elasticity
    return bias_of_mean(lines.cell, value_of(found), lines.before, after, theta + 1, cells=theta.size)


def sector_table(world: World, found: Lined) -> list[str]:
    """Return one row a sector whose duties change: mean and nest, per cent, and the dispersion behind the gap."""
    b = bias(world, found)
    rows = [
        "| sector | θ | st. dev. of log κ, % | price: mean | nest | −½ςVar | collected: mean | nest | −ςCov |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for s in np.flatnonzero(found.nest.covered):
        if b.mean_wedge[s] - 1 < 5e-5:
            continue
        numbers = (
            100 * np.sqrt(b.variance[s]),
            100 * (b.mean_wedge[s] - 1), 100 * (b.wedge[s] - 1), 100 * b.log_wedge_approx[s],
            100 * b.mean_rate[s], 100 * b.rate[s], 100 * b.log_net_approx[s],
        )  # fmt: skip
        cells = " | ".join(f"{x:.2f}" for x in numbers)
        rows.append(f"| {world.sectors[s]} | {world.elasticity[s]:.1f} | {cells} |")
    return rows


def totals(world: World, found: Lined, scale: float) -> tuple[float, float, float, float]:
    """Return mean and nest of price rise and collected rate over all goods, per cent, weighted by base trade."""
    b, x = bias(world, found, scale), found.nest.value
    there = found.nest.covered
    weight = x[there] / x[there].sum()
    columns = (b.mean_wedge - 1, b.wedge - 1, b.mean_rate, b.rate)
    mean_wedge, wedge, mean_rate, rate = (float(100 * weight @ c[there]) for c in columns)
    return mean_wedge, wedge, mean_rate, rate


def scale_table(world: World, sides: list[Lined]) -> list[str]:
    """Return how price and collected rate part from the mean as every change of duty is scaled."""
    rows = [
        "| side | changes × | price: mean | nest | gap | collected: mean | nest | gap |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for found in sides:
        for k in SCALES:
            mean_wedge, wedge, mean_rate, rate = totals(world, found, k)
            numbers = (mean_wedge, wedge, mean_wedge - wedge, mean_rate, rate, mean_rate - rate)
            cells = " | ".join(f"{x:.2f}" for x in numbers)
            rows.append(f"| {found.importer} on {found.exporter} | {k:g} | {cells} |")
    return rows


def with_elasticity(found: Lined, elasticity: NDArray[np.float64]) -> Lined:
    """Return the same lines under another substitution between them."""
    lines = found.nest
    cells = nest(lines.cell, value_of(found), lines.before, lines.after, elasticity, cells=lines.value.size)
    return replace(found, nest=cells)


def equilibrium_table(world: World, sides: list[Lined]) -> list[str]:
    """Return real income and tariff revenue of both under means, Cobb–Douglas lines and the nest."""
    zero = np.zeros_like(world.elasticity)
    rows = [
        "| lines of a sector | Canada, real income % | United States | revenue added, Canada, USD bn | United States |",
        "|---|--:|--:|--:|--:|",
    ]
    for words, elasticity in (
        ("do not substitute (the mean, ς = 0)", zero),
        ("fixed shares of spending (ς = 1)", zero + 1),
        ("as origins do (ς = θ + 1, the default)", world.elasticity + 1),
    ):
        changes = [c for side in sides for c in nest_changes(world, with_elasticity(side, elasticity))]
        outcome = sx.solve(world, Scenario(measures=(Measure("law", changes=tuple(changes)),)))
        added = {n: (outcome.R_new - world.revenue)[world.country(n)] / 1e3 for n in ("CAN", "USA")}
        rows.append(
            f"| {words} | {outcome.welfare['CAN']:.3f} | {outcome.welfare['USA']:.3f} | {added['CAN']:.1f} | "
            f"{added['USA']:.1f} |"
        )
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", default="2025-05-06", help="the day whose law holds")
    day = dt.date.fromisoformat(parser.parse_args().on)
    world, law = sx.load_world(), surtax.law.load()
    sides = [lined(world, law, day, "predicted", 0.5), lined_canada(world, law, day)]
    for found in sides:
        print(f"{found.importer} on {found.exporter}, {day.isoformat()}, per cent\n")
        print("\n".join(sector_table(world, found)), end="\n\n")
    print("\n".join(scale_table(world, sides)), end="\n\n")
    print("\n".join(equilibrium_table(world, sides)))


if __name__ == "__main__":
    main()
