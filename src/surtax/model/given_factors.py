"""One year of a dynamic path: the equilibrium of the general system when workers and capital are where they are.

Value added of a sector is Cobb–Douglas in its workers and capital, with labour's share λ: at given supplies L̂, K̂ its
unit price is Ŷ / (L̂^λ K̂^(1−λ)) where capital is specific, and Ŷ^λ ω̄^(1−λ) / (L̂^λ K̂^(1−λ)) where it moves freely
within the country: supplies act like the productivity of value added (`Layout.lift`), and the general system's
equations, derivatives and drivers stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.model import general
from surtax.model.drive import Solver, attempt, reach, refuse, worst_equation
from surtax.model.equilibrium import schedule_at
from surtax.model.general import Layout, Rules, Split, State
from surtax.model.system import GeneralSystem
from surtax.numerics import Stats, anderson
from surtax.policy.schedule import Schedule
from surtax.world import World

Array = NDArray[np.float64]

# A loose answer serves while the path is far from its own: a year is solved to this part of what the path misses.
LOOSE = 1e-3


@dataclass(frozen=True)
class Ground:
    """What all years of a path share.

    Attributes
    ----------
    world, split : the base; closure : of trade deficits; rules : with 1/μ = 1 (specific capital) or λ (mobile).
    share : λ [s,n]; mobile : capital moves freely within a country.
    works : sectors with value added [s,n].
    """

    world: World
    split: Split
    rules: Rules
    closure: str
    share: Array
    mobile: bool
    works: NDArray[np.bool_]


@dataclass(frozen=True)
class Year:
    """An equilibrium at given supplies.

    Attributes
    ----------
    x, state : state vector and evaluation; log_supply : λ log L̂ + (1−λ) log K̂ [s,n].
    log_P : log P̂ of the consumer basket [n]; log_wage : log of real wages ω̂ [s,n]; log_return : log r̂/P̂, [s,n].
    stats : the solver's account.
    """

    x: Array
    state: State
    log_supply: Array
    log_P: Array
    log_wage: Array
    log_return: Array
    stats: Stats


def system_at(ground: Ground, schedule: Schedule, layout: Layout | None, log_supply: Array) -> GeneralSystem:
    """The year's equations."""
    found = GeneralSystem(ground.split, ground.rules, ground.closure, schedule)
    with np.errstate(all="ignore"):
        plain = general.layout(ground.split, ground.rules, schedule) if layout is None else layout
        lift = ground.split.base.gamma_v * (1 + ground.rules.psi[:, None]) * log_supply
        found.__dict__["shock"] = replace(plain, lift=lift)
    return found


def solve_year(
    ground: Ground,
    schedule: Schedule,
    layout: Layout,
    labour: Array,
    capital: Array,
    solver: Solver,
    start: Array | None = None,
    miss: float = 0.0,
    progress: Callable[[str], None] | None = None,
) -> Year:
    """Solve a year at L̂, K̂ [s,n].

    Parameters
    ----------
    layout : the schedule as the kernel reads it, without supplies.
    start : state vector of a near problem.
    miss : how far off the path still is; the year need not be solved much closer.

    Raises
    ------
    NoEquilibrium, NoConvergence
        see `surtax.solve`.
    """
    log_supply = ground.share * np.log(labour) + (1 - ground.share) * np.log(capital)
    system = system_at(ground, schedule, layout, log_supply)
    tolerance = max(solver.anderson.tolerance, LOOSE * miss)
    with np.errstate(all="ignore"):
        if start is not None:
            quick = anderson(system.step, start, replace(solver.anderson, tolerance=tolerance, max_evaluations=60))
            # Where only rounding stops progress, the last digits are gained by the drivers' own rules.
            if quick.converged and (quick.stats.residual <= 10 * tolerance or miss > 0):
                return _year(ground, system, quick.value, log_supply, labour, capital, quick.stats)
        x0 = np.zeros(ground.split.size) if start is None else start
        solution = attempt(system, x0, solver)
        if not solution.converged:
            solution = reach(_builder(ground, schedule, log_supply), ground.closure, x0, solver, progress)
        state = system.evaluate(solution.value)
        if not (solution.converged and (state.I > 0).all()):
            residuals = general.equation_residuals(solution.value, state, ground.split)
            worst = worst_equation(residuals, ground.world)
            raise refuse(ground.split.base, state.I, state.D, ground.closure, solution.stats, worst, ground.world)
        return _year(ground, system, solution.value, log_supply, labour, capital, solution.stats)


def _builder(ground: Ground, schedule: Schedule, log_supply: Array) -> Callable[[float, float, str], GeneralSystem]:
    """The year's equations at a part of the schedule, the supplies and the deficits."""
    base = ground.split.base

    def build(scheduled: float, financed: float, under: str) -> GeneralSystem:
        there = schedule if scheduled == 1.0 else schedule_at(base.t, schedule, scheduled)
        split = ground.split
        if financed != 1.0:
            scaled = replace(base, D=financed * base.D, I=base.V + base.R + financed * base.D)
            scaled.__dict__["_steering"] = base.__dict__.setdefault("_steering", {})
            split = replace(split, base=scaled)
        return system_at(replace(ground, split=split, closure=under), there, None, scheduled * log_supply)

    return build


def _year(
    ground: Ground, system: GeneralSystem, x: Array, log_supply: Array, labour: Array, capital: Array, stats: Stats
) -> Year:
    state = system.evaluate(x)
    if not (state.I > 0).all():
        n = int(np.argmin(state.I))
        raise NoConvergence(f"income of {ground.world.countries[n]} is not positive on the way to the path.")
    return Year(x, state, log_supply, *rewards(ground, x, labour, capital), stats)


def rewards(ground: Ground, x: Array, labour: Array, capital: Array) -> tuple[Array, Array, Array]:
    """Logs of the consumer basket's price [n], of real wages and of real returns to capital [s,n] at a state vector."""
    log_w, log_P, _, log_Y = general.unpack(x, ground.split)
    basket = (ground.split.base.alpha * log_P[-1]).sum(axis=0)
    earned = log_w if ground.mobile else log_Y
    log_wage = np.where(ground.works, log_Y - np.log(labour) - basket, 0.0)
    return basket, log_wage, np.where(ground.works, earned - np.log(capital) - basket, 0.0)
