"""Numbers that the documentation gives for the main scenario are those of the main scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import surtax as sx
from surtax.model.equilibrium import Solver
from surtax.numerics import Anderson

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture(scope="module")
def outcome():
    return sx.solve(sx.load_world(), sx.load_scenario("us-canada-2025"))


def test_kernel_evaluations(outcome):
    text = (DOCS / "kernel.md").read_text(encoding="utf-8")
    assert "takes 15 evaluations to 1e-11 and 18 in\nall" in text
    # one more or less with another BLAS
    assert abs(outcome.conditions.evaluations - 18) <= 1
    rough = sx.solve(outcome.world, outcome.scenario, solver=Solver(anderson=Anderson(tolerance=1e-11)))
    assert abs(rough.conditions.evaluations - 15) <= 1


def test_limits(outcome):
    text = " ".join((DOCS / "limits.md").read_text(encoding="utf-8").split())
    world = outcome.world
    usa, can, metals = world.country("USA"), world.country("CAN"), world.sector("C24B")
    sold = world.flows[world.goods, can, usa].sum() / 1e3
    added = outcome.schedule.tariffs - world.tariffs
    before, after = ((added * x).sum(axis=(0, 1)) / 1e3 for x in (world.flows, outcome.X_new))
    revenue = (outcome.R_new - world.revenue) / 1e3
    # with nobody reacting, on customs values: the factors of the scenario file
    static = {"USA": 0.0, "CAN": 0.0}
    for change in (c for m in outcome.scenario.measures for c in m.changes):
        f = dict(change.factors)
        value = f["rate, per cent"] / 100 * f.get("in scope, USD million", 0) * f.get("taxed share", 1) / 1e3
        static[change.importer[0]] += value
    welfare = outcome.welfare["CAN"]
    fall = outcome.output_volume["C24B", "CAN"]
    uniform = sx.solve(world, outcome.scenario, elasticities=4.0).output_volume["C24B", "CAN"]
    for part in (
        f"are USD {sold:.0f} billion in the ICIO",
        f"are USD {static['USA']:.1f} billion for the US and {static['CAN']:.1f} for Canada",
        f"give {before[usa]:.1f} and {before[can]:.1f}",
        f"leaves {after[usa]:.1f} and {after[can]:.1f} on",
        f"by {revenue[usa]:+.1f} and {revenue[can]:+.1f}",
        f"instead of {-welfare:.3f} %",
        f"(US {100 * added[metals, can, usa]:+.1f} points, Canada {100 * added[metals, usa, can]:+.1f})",
        f"(θ = {world.elasticity[metals]:.1f}), so that Canada's output of C24B falls by {-fall:.0f} % (by {-uniform:.0f} %",
    ):
        assert part in text, part
    assert (world.elasticity > world.elasticity[metals]).sum() <= 2


def test_results_by_set_of_elasticities(outcome):
    """The table of docs/elasticities.md, and what is said of the sets around it."""
    text = (DOCS / "elasticities.md").read_text(encoding="utf-8")
    world = outcome.world
    goods, can, usa = world.goods, world.country("CAN"), world.country("USA")
    abroad = (world.flows.sum(axis=(1, 2)) - np.einsum("snn->s", world.flows))[goods]
    before = world.flows[goods, can, usa]
    for name in (*sx.elasticity_sets(), "uniform-4"):
        other = sx.solve(world, outcome.scenario, elasticities=name)
        theta = other.world.elasticity[goods]
        exports = 100 * (other.X_new[goods, can, usa].sum() / before.sum() - 1)
        row = (
            f"| `{name}` | {abroad @ theta / abroad.sum():.1f} | {other.welfare['CAN']:.2f} | {other.welfare['USA']:.3f} "
            f"| {exports:.0f} |"
        ).replace("-", "−")
        assert row.replace(name.replace("-", "−"), name) in text, row
        both = sx.solve(world, sx.load_scenario("all-goods-25-both"), elasticities=name)
        assert -1.45 < both.welfare["CAN"] < -0.95  # 1.0 to 1.4 as rounded
    assert f"θ = {world.elasticity[-1]:.2f}" in text
