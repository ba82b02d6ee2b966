"""The autarky formula: Arkolakis, Costinot & Rodríguez-Clare (2012), with sectors and inputs as in their 2014 chapter.

Alone, a country buys only from itself: P̂_s = ĉ_s π_nn,s^(−1/θ_s), log ĉ = γ^V log ŵ + γᵀ log P̂ and Σ_k γ + γ^V = 1,
whence ŵ/Π P̂^α = Π_s Π_k π_nn,k^(α_s a_sk/θ_k), a = (1 − γᵀ)⁻¹. Revenue and transfers end with trade: V/I of income
is left. No solver is involved, and the solver knows nothing of the formula.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoEquilibrium
from surtax.model.equilibrium import solve
from surtax.policy.scenario import Scenario
from surtax.validate.inputs import Needed
from surtax.validate.published import listed
from surtax.validate.row import Row
from surtax.world import World, load_world

needs: tuple[Needed, ...] = ()

#: Alone, nobody can buy what he does not make: sectors are joined until every country makes something of each.
JOINED = {
    "A": ("A01", "A02", "A03"),
    "B_C19": ("B05", "B06", "B07", "B08", "B09", "C19"),
    "C29_C30": ("C29", "C301", "C302T309"),
}


def gain(world: World) -> NDArray[np.float64]:
    """Î/P̂ [n] of closing every border, by formula.

    Raises
    ------
    NoEquilibrium
        a country buys something that it does not make.
    """
    bought = world.expenditure > 0
    paid = np.einsum("snn->sn", world.flows * (1 + world.tariffs))
    if (paid[bought] <= 0).any():
        s, n = (int(i) for i in np.argwhere(bought & (paid <= 0))[0])
        raise NoEquilibrium(f"{world.countries[n]} buys {world.sectors[s]} and makes none of it.")
    own = np.divide(paid, world.expenditure, out=np.ones_like(paid), where=bought)
    push = -np.log(own) / world.elasticity[:, None]
    system = np.eye(len(world.sectors)) - world.inputs.transpose(2, 1, 0)  # [n, buying sector, input]
    log_price = np.linalg.solve(system, push.T[:, :, None])[:, :, 0].T
    real_wage = np.exp(-(world.final_shares * log_price).sum(axis=0))
    return np.asarray(real_wage * world.factor_income / world.income)


def rows(folder: Path | None) -> list[Row]:
    """Real income of every country of the embedded world under an embargo of everything, against the formula."""
    del folder
    start = time.perf_counter()
    world = load_world().aggregate(sectors=JOINED)
    closed = Scenario(name="autarky").trade_cost(importer="*", exporter="*", factor=np.inf)
    outcome = solve(world, closed, deficits="balanced")
    expected = 100 * (gain(outcome.world) - 1)
    seconds = time.perf_counter() - start
    row = listed("autarky")["autarky/icio-2022"]
    return [row.with_numbers(world.countries, expected, outcome.welfare.values, seconds=seconds)]
