"""Anderson & van Wincoop (2003): by how much the border reduces trade between the United States and Canada.

They estimate the border from trade within and between provinces and states in 1993; those data are not here. What
can be computed from the embedded world is the Head–Ries wedge between the two countries, which counts everything
that keeps them from trading with each other as each trades with itself, distance included, and its removal in
general equilibrium, with multilateral resistance. It is larger by construction, and stands beside their number as a
comparator.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from surtax.model.equilibrium import solve
from surtax.policy.scenario import Scenario
from surtax.validate.inputs import Needed
from surtax.validate.published import row
from surtax.validate.row import Row
from surtax.world import World, load_world

needs: tuple[Needed, ...] = ()
#: σ = 5, with which they compute: θ = σ − 1
THETA = 4.0
PAIR = ("USA", "CAN")


def rows(folder: Path | None) -> list[Row]:
    """Trade in goods lost to the wedge between the two, per cent of what there would be without it."""
    del folder
    start = time.perf_counter()
    full = load_world()
    flows = full.flows[full.goods].sum(axis=0)
    a, b = (full.country(c) for c in PAIR)
    # Head & Ries (2001): φ = √(X_ab X_ba / (X_aa X_bb)) = τ^−θ, tariffs within
    phi = float(np.sqrt(flows[a, b] * flows[b, a] / (flows[a, a] * flows[b, b])))
    world = World.from_arrays(full.countries, ["goods"], flows, elasticity=THETA)
    factor = phi ** (1 / THETA)
    scenario = Scenario(name="borderless")
    for one, other in (PAIR, PAIR[::-1]):
        scenario = scenario.trade_cost(importer=one, exporter=other, factor=factor)
    new = solve(world, scenario).X_new[0]
    lost = 100 * (1 - (flows[a, b] + flows[b, a]) / (new[a, b] + new[b, a]))
    note = f"Here: ICIO 2022, all goods as one sector, θ = {THETA:g}; the wedge is a factor {1 / factor:.2f} on costs."
    return [row("border/us-canada", lost, seconds=time.perf_counter() - start, note=note)]
