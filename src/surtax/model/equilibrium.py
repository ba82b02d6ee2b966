"""From a world and a scenario to an `Outcome`: base, schedule, solver, checks.

How equilibria are sought is `surtax.model.drive`'s affair. A result is returned only if every equation holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence, nearest
from surtax.model import core
from surtax.model.base import Base, base_of
from surtax.model.drive import Solver, accepted, reach, refuse, worst_equation
from surtax.model.feasible import all_financed, check
from surtax.model.outcome import CORE, Conditions, Outcome
from surtax.model.registry import Model, Task, model_named
from surtax.numerics import Stats
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule
from surtax.world import World

Array = NDArray[np.float64]

# A base whose equations miss by more than this (share of world output) is re-solved before it is shocked: double
# precision leaves 1e-16 to 1e-14 when accounts are consistent, 1e-6 and more when something was clipped.
BASE_TOLERANCE = 1e-12


def solve(
    world: World,
    scenario: Scenario | Schedule | None = None,
    *,
    deficits: str = "fixed",
    model: str | Model = "core",
    elasticities: object = None,
    solver: Solver | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcome:
    """Find the equilibrium of a scenario in a world.

    Parameters
    ----------
    world : the accounts.
    scenario : what changes, by label or as plain arrays; None changes nothing.
    deficits : what happens to trade deficits: "fixed" (constant shares of world factor income), "balanced" (zero,
        in the base too), "gdp-share" (constant shares of GDP), "multiplicative" (spending proportional to income).
    model : a name of `surtax.model.registry.MODELS`, or a model with settings of its own.
    elasticities : θ to use instead of the world's: a number, [s], {sector: θ}, or the name of a set.
    solver : see `Solver`.
    progress : called with a line of text when something takes long.

    Returns
    -------
    Outcome
        with closure, elasticities, vintage and residuals.

    Raises
    ------
    InputError
        an unknown closure, model, country or sector.
    NoEquilibrium
        incomes or wages would have to be negative.
    NoConvergence
        the equations did not come to hold; the message says which is worst, where, and what to try.
    """
    _check_kinds(world, scenario)
    chosen = model_named(model)
    if not isinstance(deficits, str) or deficits not in chosen.closures:
        raise InputError(
            f"unknown closure {deficits!r}{nearest(deficits, chosen.closures)} (one of {', '.join(chosen.closures)})"
        )
    if scenario is None:
        scenario = Scenario(name="no-change", title="Nothing changes")
    solver = solver or Solver()
    world = with_elasticities(world, elasticities)
    if isinstance(scenario, Schedule):
        schedule, scenario = (
            scenario.checked(world),
            Scenario(name="schedule", title="A schedule given as arrays"),
        )
    else:
        schedule = scenario.schedule(world)
    return chosen.equilibrium(Task(world, scenario, schedule, deficits, solver, progress))


def with_elasticities(world: World, elasticities: object) -> World:
    """The world with the elasticities that `solve` was given; None leaves its own."""
    if elasticities is None:
        return world
    from surtax.elasticities import apply

    return apply(world, elasticities)


@dataclass(frozen=True)
class Core:
    """The core system of docs/notation.md; docs/models/core.md says when to use it."""

    name: str = "core"
    closures: tuple[str, ...] = core.CLOSURES

    def equilibrium(self, task: Task) -> Outcome:
        """Solve; see `solve`."""
        world, how = prepared(task.world, task.deficits, task.solver)
        base = base_of(world)
        found = find(base, task.schedule, task.deficits, task.solver, world, task.progress, task.start)
        return _outcome(world, task.scenario, task.schedule, task.deficits, found, how)


def _check_kinds(world: object, scenario: object) -> None:
    """Say what `solve` takes to whoever gives a name or something else."""
    for what, given, kinds, door, example in (
        ("world", world, World, "load_world", "surtax.load_world() or World.from_arrays(…)"),
        ("scenario", scenario, (Scenario, Schedule, type(None)), "load_scenario", "surtax.Scenario().tariff(…)"),
    ):
        if isinstance(given, str):
            raise InputError(f"solve takes a {what}, not its name: surtax.{door}({given!r}).")
        if not isinstance(given, kinds):
            kind = "None" if given is None else f"a {type(given).__name__}"
            raise InputError(f"solve takes a {what}, not {kind}: {example}.")


def rebalance(world: World) -> World:
    """Return the world re-solved at D = 0; see `World.balanced`."""
    return prepared(world, "balanced", Solver())[0]


def prepared(world: World, deficits: str, solver: Solver) -> tuple[World, str]:
    """The base for a closure: as it stands, or re-solved (once a world and closure; kept with the world)."""
    target = "balanced" if deficits == "balanced" else "fixed"
    imbalance = float(np.max(np.abs(world.deficit)) / world.factor_income.sum())
    unbalanced = target == "balanced" and imbalance > BASE_TOLERANCE
    if not unbalanced and world.base_residual <= BASE_TOLERANCE:
        return world, "as recorded"
    cache: dict[str, tuple[World, str]] = world.__dict__.setdefault("_prepared", {})
    if target not in cache:
        why = "at zero trade deficits" if unbalanced else "at its own deficits"
        if world.base_residual > BASE_TOLERANCE:
            why += f"; recorded accounts missed the equations by {world.base_residual:.1e} of world output"
        base = base_of(world)
        try:
            found = find(base, Schedule(base.t), target, solver, world, None, start=_settled(base, target))
        except NoConvergence as problem:
            raise type(problem)(f"re-solving the base {why}: {problem}") from None
        meta = {**world.meta, "base": f"re-solved {why}"}
        flows = flows_of(found)
        final = world.final
        if final is not None:
            # The part of each flow that is final stays what it was; models with one π do not read it.
            final = flows * np.divide(final, world.flows, out=np.zeros_like(flows), where=world.flows > 0)
        new = world.replace(flows=flows, final=final, meta=meta)
        # The blocks only steer: those of the recorded base serve its re-solved twin, and need not be inverted anew.
        base_of(new).__dict__["_blocks"] = base.__dict__.get("_blocks", {})
        cache[target] = new, f"re-solved {why}"
    return cache[target]


def _settled(base: Base, closure: str) -> Array:
    """A start from which a base that misses its equations is soon re-solved.

    Cells that inputs and final shares leave almost empty are off by orders of magnitude, which a few plain
    substitutions mend.
    """
    J, N = base.E.shape
    g = core.fixed_point_map(base, core.shock(base, base.t, None), closure, None)
    x = np.zeros(N + 2 * J * N)
    with np.errstate(all="ignore"):
        for _ in range(3):
            settled = g(x)
            if not np.isfinite(settled).all():
                break
            x = settled
    return x


@dataclass(frozen=True)
class Found:
    """An equilibrium as the kernel has it: state vector x, its evaluation, the schedule's layout, and the cost."""

    x: Array
    state: core.State
    shock: core.Shock
    stats: Stats


def find(
    base: Base,
    schedule: Schedule,
    closure: str,
    solver: Solver,
    world: World,
    progress: Callable[[str], None] | None,
    start: Array | None = None,
    near: tuple[Array, core.Shock] | None = None,
) -> Found:
    """Find the fixed point, the harder ways after the easy one.

    `start` is a state vector to begin with, `near` the layout of other tariffs at the same trade costs (`core.shock`).

    Raises
    ------
    NoEquilibrium, NoConvergence
        see `solve`.
    """
    J, N = base.E.shape
    x0 = np.zeros(N + 2 * J * N) if start is None else start
    with np.errstate(all="ignore"):  # prohibitive wedges underflow to closed cells
        shock = core.shock(base, schedule.tariffs, schedule.trade_cost, near)
    check(base, shock.A > 0, closure, world)

    def build(scheduled: float, financed: float, under: str) -> CoreSystem:
        there = shock if scheduled == 1.0 else _partial(base, schedule, scheduled)
        if financed == 1.0:
            return CoreSystem(base, there, under)
        scaled = replace(base, D=financed * base.D, I=base.V + base.R + financed * base.D)
        scaled.__dict__["_blocks"] = base.__dict__["_blocks"]
        return CoreSystem(scaled, there, under)

    with np.errstate(all="ignore"):
        solution = reach(build, closure, x0, solver, progress)
        state = core.evaluate(solution.value, base, shock, closure)
        if solution.converged and (state.I > 0).all():
            return Found(solution.value, state, shock, solution.stats)
        worst = worst_equation(equation_residuals(solution.value, state, base), world)
    if closure in ("gdp-share", "multiplicative"):
        all_financed(base, shock.A > 0, closure, world)
    raise refuse(base, state.I, state.D, closure, solution.stats, worst, world)


@dataclass(frozen=True)
class CoreSystem:
    """The core's equations as the drivers take them; see `surtax.model.drive.System`."""

    base: Base
    shock: core.Shock
    closure: str

    @property
    def size(self) -> int:
        """N + 2 J N."""
        return self.base.V.size + 2 * self.base.E.size

    def residual(self, x: Array) -> tuple[Array, core.State]:
        """See `core.residual`."""
        return core.residual(x, self.base, self.shock, self.closure)

    def linearise(self, x: Array, state: core.State) -> Callable[[Array], Array]:
        """See `core.linearise`."""
        return core.linearise(x, state, self.base, self.shock, self.closure)

    def precondition(self, r: Array) -> Array:
        """Country by country."""
        return core.apply_blocks(blocks_of(self.base, self.closure), r, self.base)

    @cached_property
    def step(self) -> Callable[[Array], Array]:
        """See `core.fixed_point_map`."""
        return core.fixed_point_map(self.base, self.shock, self.closure, blocks_of(self.base, self.closure))


def blocks_of(base: Base, closure: str) -> core.CountryBlocks:
    """The country blocks of a base and closure, computed at the first call and kept with the base."""
    key = closure if closure in ("gdp-share", "multiplicative") else "fixed"
    cache: dict[str, core.CountryBlocks] = base.__dict__.setdefault("_blocks", {})
    if key not in cache:
        cache[key] = core.country_blocks(base, closure)
    return cache[key]


def _partial(base: Base, schedule: Schedule, share: float) -> core.Shock:
    """The kernel's layout of `schedule_at`."""
    there = schedule_at(base.t, schedule, share)
    return core.shock(base, there.tariffs, there.trade_cost)


def schedule_at(t: Array, schedule: Schedule, share: float) -> Schedule:
    """A point on the way: (1 + t)^(1−share) (1 + t′)^share, τ̂^share; closed cells are closed at once."""
    way = np.exp((1 - share) * np.log1p(t) + share * np.log1p(schedule.tariffs)) - 1
    way = np.where(schedule.tariffs == t, t, way)
    cost = schedule.trade_cost
    return Schedule(way, None if cost is None else cost**share)


def equation_residuals(x: Array, state: core.State, base: Base) -> dict[str, Array]:
    """Relative residual of every equation at state vector x: price index and expenditure [s,n], factor market [n]."""
    _, log_P, log_E = core.unpack(x, base)
    E = np.where(base.bought, base.E, 1.0)
    return {
        "price index": np.abs(np.expm1(log_P - state.log_P)),
        "expenditure": np.where(base.bought, np.abs(state.E / (E * np.exp(log_E)) - 1), 0.0),
        "factor market": np.abs(state.factor_demand / (np.exp(state.log_w) * base.V) - 1),
    }


def flows_of(found: Found) -> Array:
    """X′ [s,o,d] = π′ E′/(1+t′)."""
    X = found.shock.B * found.state.u[:, :, None]
    X *= found.state.v[:, None, :]
    return X


def _outcome(
    world: World,
    scenario: Scenario,
    schedule: Schedule,
    closure: str,
    found: Found,
    how: str,
) -> Outcome:
    base = base_of(world)
    x, state, stats = found.x, found.state, found.stats
    X = flows_of(found)
    residual, walras = accepted(equation_residuals(x, state, base), X, state.D, state.I, world)
    return Outcome(
        world=world,
        scenario=scenario,
        schedule=schedule,
        conditions=conditions_of("core", world, closure, how, residual, walras, stats),
        w_hat=np.exp(state.log_w),
        P_hat=np.exp(state.log_P),
        c_hat=np.exp(state.log_c),
        E_new=base.E * np.exp(core.unpack(x, base)[2]),
        Y_new=state.Y,
        R_new=state.R,
        D_new=state.D,
        I_new=state.I,
        X_new=X,
    )


def conditions_of(
    model: str, world: World, closure: str, how: str, residual: float, walras: float, stats: Stats, about: str = CORE
) -> Conditions:
    """What a result holds under, from the accounts' metadata and the solver's account."""
    meta = world.meta
    sets = meta.get("elasticities", {})
    return Conditions(
        model=model,
        closure=closure,
        elasticities=str(sets.get("set", "given with the world") if isinstance(sets, dict) else sets),
        vintage=str(meta.get("title") or meta.get("name") or "arrays"),
        base=how,
        residual=residual,
        walras=walras,
        method=stats.method,
        evaluations=stats.evaluations,
        adjustments=tuple(f"{a.what}: {a.cells} cells, {a.value:.4g}" for a in world.adjustments),
        about=about,
    )
