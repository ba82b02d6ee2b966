"""What ties the years of a path, and where it comes to rest.

At rest nobody gains by moving otherwise than others do, and capital earns what it costs: r̂ = P̂.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.model import general
from surtax.model.drive import Solver
from surtax.model.general import Layout
from surtax.model.given_factors import Ground, Year, rewards, solve_year, system_at
from surtax.model.switching import at_rest, choose, lasting_value
from surtax.numerics import Anderson, anderson
from surtax.policy.schedule import Schedule

Array = NDArray[np.float64]

# Values are logarithms of what lasts for ever: 1e-11 of them is below what a year's prices are known to, over 1 − β.
CLOSE = 1e-11
TOGETHER = Anderson(tolerance=CLOSE, acceptable=1e-9, depth=20, max_evaluations=300, max_step=5.0)
OUTER = Anderson(tolerance=CLOSE, acceptable=1e-9, depth=12, max_evaluations=60, max_step=5.0)


@dataclass(frozen=True)
class Laws:
    """What ties the years: μ⁰ [n,j,k], ℓ [s,n] base employment, β, ν, δ; whether capital is saved at all.

    `moves` is False where nobody ever changes sector.
    """

    mu: Array
    employment: Array
    beta: float
    nu: float
    delta: float
    saves: bool
    moves: bool


class Layouts:
    """Kernel layouts, one a schedule."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.made: dict[int, Layout] = {}

    def __call__(self, schedule: Schedule) -> Layout:
        """The layout of a schedule, made at the first call."""
        key = id(schedule)
        if key not in self.made:
            with np.errstate(all="ignore"):
                self.made[key] = general.layout(self.ground.split, self.ground.rules, schedule)
        return self.made[key]


def one_step(ground: Ground, schedule: Schedule, layouts: Layouts, x: Array, labour: Array, capital: Array) -> Array:
    """One step of a year's fixed point from x; its equations are held to account at the end."""
    log_supply = ground.share * np.log(labour) + (1 - ground.share) * np.log(capital)
    return system_at(ground, schedule, layouts(schedule), log_supply).step(x)


def quietly(g: Callable[[Array], Array], start: Array) -> Array | None:
    """A fixed point reached with one step of everything at once, a near start for the careful way; None without."""
    with np.errstate(all="ignore"):
        try:
            found = anderson(g, start, TOGETHER)
        except (NoConvergence, np.linalg.LinAlgError):
            return None
    return found.value if found.converged else None


@dataclass(frozen=True)
class Rest:
    """The equilibrium at rest under a schedule that lasts: the year, L̂ and K̂ [s,n], values v [s,n]."""

    year: Year
    labour: Array
    capital: Array
    value: Array


def rest(ground: Ground, laws: Laws, schedule: Schedule, layouts: Layouts, solver: Solver) -> Rest:
    """The equilibrium at rest: nobody gains by moving otherwise, capital earns what it costs.

    Unknown log L̂ and log K̂ [s,n]; labour goes part of the way to where workers would be at rest, the less the more
    they respond to wages.

    Raises
    ------
    NoConvergence
        it was not found.
    """
    ones = np.ones(ground.share.shape)
    pace = 1 / (1 + long_run_elasticity(laws))
    warm: dict[str, Array | None] = {"x": None}
    miss = [0.0]
    shape = (2, *ones.shape)

    def at(z: Array) -> tuple[Year, Array, Array, Array]:
        log_L, log_K = z.reshape(shape)[0], z.reshape(shape)[1]
        year = solve_year(ground, schedule, layouts(schedule), np.exp(log_L), np.exp(log_K), solver, warm["x"], miss[0])
        warm["x"] = year.x
        value = lasting_value(year.log_wage, laws.mu, laws.beta, laws.nu)
        wanted = at_rest(laws.employment, choose(laws.mu, value, laws.beta, laws.nu)[0]) if laws.moves else ones
        return year, value, wanted, log_L

    def g(z: Array) -> Array:
        try:
            year, _, wanted, log_L = at(z)
        except NoConvergence:
            return np.full_like(z, np.nan)
        out = z.reshape(shape).copy()
        out[0] += pace * (np.log(wanted) - log_L)
        if laws.saves:
            out[1] += year.log_return
        miss[0] = min(1e-2, float(np.abs(out.ravel() - z).max()))
        return out.ravel()

    def together(zx: Array) -> Array:
        """Supplies and the state vector at once: one step of each."""
        z, x = zx[: 2 * ones.size], zx[2 * ones.size :]
        log_L, log_K = z.reshape(shape)
        x = one_step(ground, schedule, layouts, x, np.exp(log_L), np.exp(log_K))
        _, log_wage, log_return = rewards(ground, x, np.exp(log_L), np.exp(log_K))
        out = z.reshape(shape).copy()
        if laws.moves:
            value = lasting_value(log_wage, laws.mu, laws.beta, laws.nu)
            wanted = at_rest(laws.employment, choose(laws.mu, value, laws.beta, laws.nu)[0])
            out[0] += pace * (np.log(wanted) - log_L)
        if laws.saves:
            out[1] += log_return
        return np.concatenate([out.ravel(), x])

    z0 = np.zeros(2 * ones.size)
    first = at(z0)[0]  # a year that cannot be solved says why
    near = quietly(together, np.concatenate([z0, first.x]))
    if near is not None:
        z0, warm["x"] = near[: z0.size], near[z0.size :]
    found = anderson(g, z0, OUTER)
    miss[0] = 0.0
    if not found.converged:
        raise NoConvergence(
            f"no equilibrium at rest was found for the last year's measures: off by {found.stats.residual:.1e}. Try a "
            f"smaller shock, a larger nu, or a smaller stay."
        )
    year, value, _, _ = at(found.value)
    labour, capital = np.exp(found.value.reshape(shape))
    return Rest(year, labour, capital, value)


def long_run_elasticity(laws: Laws) -> float:
    """How far employment at rest responds to a sector's real wage: β (1+s) / (ν (1 − β s)) with s the share who stay.

    Derived in docs/models/dynamic.md for destinations in proportion to employment; here it only sets a pace.
    """
    J = laws.mu.shape[1]
    staying = float(np.clip((np.trace(laws.mu, axis1=1, axis2=2).mean() - 1) / max(J - 1, 1), 0.0, 1.0))
    return laws.beta * (1 + staying) / (laws.nu * (1 - laws.beta * staying))
