"""From a task to an `Outcome` of the general system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.model import general
from surtax.model.base import Base, base_of
from surtax.model.drive import Solver, accepted, reach, refuse, worst_equation
from surtax.model.equilibrium import conditions_of, prepared, schedule_at
from surtax.model.feasible import all_financed, balanced_by_trade, everything_sold
from surtax.model.general import Rules, Split, State
from surtax.model.outcome import Conditions, Outcome
from surtax.model.system import GeneralSystem
from surtax.numerics import Stats
from surtax.policy.schedule import Schedule
from surtax.world import World

if TYPE_CHECKING:
    from surtax.model.options import General
    from surtax.model.registry import Task

Array = NDArray[np.float64]


def equilibrium(model: General, task: Task) -> Outcome:
    """See `surtax.solve`."""
    world, how = base_world(model, task.world, task.deficits, task.solver)
    split = split_of(world, end_use=model.end_use)
    rules = model.rules(world, split.base.theta)
    system, x, stats = find(split, rules, task.schedule, task.deficits, task.solver, world, task.progress)
    with np.errstate(all="ignore"):
        state = system.evaluate(x)
    X = general.flows(state, system.shock)
    residual, walras = accepted(general.equation_residuals(x, state, split), X, state.D, state.I, world)
    conditions = conditions_of(model.name, world, task.deficits, how, residual, walras, stats, model.about())
    if split.moved > 0:
        share = 100 * split.moved / split.base.E.sum()
        note = (
            f"counted to the other use, so that each adds up to what its buyers spend: {share:.2g} % of all purchases"
        )
        conditions = replace(conditions, adjustments=(*conditions.adjustments, note))
    return _outcome(world, task, conditions, system, state, X)


def base_world(model: General, world: World, deficits: str, solver: Solver) -> tuple[World, str]:
    """The base: as for the core, whose equations re-solve it where that is needed, with the horizon's θ.

    All models start from the same accounts, so that results differ by what models say of the change alone.
    """
    from surtax.model.options import SHORT_OVER_LONG

    world, how = prepared(world, deficits, solver)
    if model.horizon == "short":
        cache: dict[str, World] = world.__dict__.setdefault("_short", {})
        if "world" not in cache:
            sets = world.meta.get("elasticities", {})
            name = str(sets.get("set", "given with the world") if isinstance(sets, dict) else sets)
            cache["world"] = world.with_elasticity(model.theta(world), f"{name} × {SHORT_OVER_LONG:.2g} (short run)")
        world = cache["world"]
    return world, how


def split_of(world: World, *, end_use: bool) -> Split:
    """The base with its uses, computed once a world.

    Raises
    ------
    InputError
        uses are to be apart, but the world does not know which flows are final.
    """
    cache: dict[bool, Split] = world.__dict__.setdefault("_split", {})
    if end_use not in cache:
        base = base_of(world)
        if not end_use:
            cache[end_use] = general.one_use(base)
        elif world.final is None:
            raise InputError(
                "end_use: this world does not say which part of its flows goes to final demand: give "
                "World.from_arrays(…, final=…), [sector, origin, destination], or a world that has it, such as "
                "the embedded one."
            )
        else:
            cache[end_use] = general.two_uses(base, world.flows, world.final)
    return cache[end_use]


def find(
    split: Split,
    rules: Rules,
    schedule: Schedule,
    closure: str,
    solver: Solver,
    world: World,
    progress: Callable[[str], None] | None = None,
    start: Array | None = None,
) -> tuple[GeneralSystem, Array, Stats]:
    """Find the equilibrium: its system, state vector and cost.

    Raises
    ------
    NoEquilibrium, NoConvergence
        see `surtax.solve`.
    """
    base = split.base
    system = GeneralSystem(split, rules, closure, schedule)
    for k in range(len(split.pi)):
        everything_sold(split.bought[k], _open(system, k), world)
    balanced_by_trade(base, _open(system), closure, world)

    def build(scheduled: float, financed: float, under: str) -> GeneralSystem:
        there = schedule if scheduled == 1.0 else schedule_at(base.t, schedule, scheduled)
        uses = split
        if financed != 1.0:
            scaled = replace(base, D=financed * base.D, I=base.V + base.R + financed * base.D)
            scaled.__dict__["_steering"] = base.__dict__.setdefault("_steering", {})
            uses = replace(split, base=scaled)
        return GeneralSystem(uses, rules, under, there)

    x0 = np.zeros(split.size) if start is None else start
    with np.errstate(all="ignore"):
        solution = reach(build, closure, x0, solver, progress)
        state = system.evaluate(solution.value)
        if solution.converged and (state.I > 0).all():
            return system, solution.value, solution.stats
        worst = worst_equation(general.equation_residuals(solution.value, state, split), world)
    if closure in ("gdp-share", "multiplicative"):
        all_financed(base, _open(system), closure, world)
    hint = ", smaller economies of scale (at θψ = 1 sectors may end)" if rules.psi.any() else ""
    raise refuse(base, state.I, state.D, closure, solution.stats, worst, world, hint)


def _open(system: GeneralSystem, use: int | None = None) -> NDArray[np.bool_]:
    """[s,o,d] cells that the schedule leaves open, of one use or of any; the nest's home side included."""
    shock = system.shock
    A = shock.A > 0
    if shock.home_A is not None:
        n = np.arange(A.shape[2])
        A[:, :, n, n] = shock.home_A > 0
    return np.asarray(A.any(axis=0) if use is None else A[use])


def labour(state: State, split: Split) -> dict[str, Array]:
    """Wages and employment by sector, from an evaluation.

    Returns
    -------
    dict
        `sector_wage_hat` ŵ [s,n], per efficiency unit; `labour_hat` efficiency units employed, Ŷ/ŵ [s,n];
        `labour_moved` their change as a share of the country's [s,n]; `workers_hat` persons employed in a sector, by
        Roy's supply [s,n]; `L_hat` persons employed in all, L̂ [n]. NaN where nothing is made.
    """
    base = split.base
    share = base.gamma_v * base.Y / base.V
    works = split.made & (share > 0)
    wage = np.exp(state.log_wage)
    units = np.divide(state.Y, base.Y * wage, out=np.full(share.shape, np.nan), where=works)
    earning = np.where(split.made, base.gamma_v * state.Y, 0.0)
    employed = earning / earning.sum(axis=0) * np.exp(state.log_earned - state.log_wage)
    return {
        "sector_wage_hat": np.where(works, wage, np.nan),
        "labour_hat": units,
        "labour_moved": share * (units - 1),
        "workers_hat": np.divide(employed, share, out=np.full(share.shape, np.nan), where=works),
        "L_hat": employed.sum(axis=0),
    }


def _outcome(
    world: World, task: Task, conditions: Conditions, system: GeneralSystem, state: State, X: Array
) -> Outcome:
    split = system.split
    base: Base = split.base
    extra = labour(state, split)
    P_hat = np.exp(state.log_P[0])
    if len(split.pi) == 2:
        final, inputs = np.exp(state.log_P[1]), P_hat
        P_hat = np.where(split.bought[1], final, inputs)
        extra["P_final_hat"] = np.where(split.bought[1], final, np.nan)
        extra["P_inputs_hat"] = np.where(split.bought[0], inputs, np.nan)
        extra["P_consumer"] = np.exp((base.alpha * state.log_P[1]).sum(axis=0))
    employed = extra["L_hat"]
    if system.rules.log_floor is None:
        del extra["L_hat"]
    return Outcome(
        world=world,
        scenario=task.scenario,
        schedule=task.schedule,
        conditions=conditions,
        w_hat=np.exp(state.log_w) / employed,
        P_hat=P_hat,
        c_hat=np.exp(state.log_c),
        E_new=state.spent.sum(axis=0),
        Y_new=state.Y,
        R_new=state.R,
        D_new=state.D,
        I_new=state.I,
        X_new=X,
        extra=extra,
    )
