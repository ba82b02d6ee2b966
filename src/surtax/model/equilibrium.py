"""From a world and a scenario to an `Outcome`: base, schedule, solver, checks.

The accelerated fixed point comes first; where it works hard, Newton–Krylov finishes; where both fail, the scenario
is reached in steps, each started from the one before. A result is returned only if every equation holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence, NoEquilibrium, nearest
from surtax.model import core
from surtax.model.base import Base, base_of
from surtax.model.outcome import Conditions, Outcome
from surtax.numerics import Anderson, NewtonKrylov, Solution, Stats, anderson, newton_krylov
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule
from surtax.world import World

Array = NDArray[np.float64]

# A base whose equations miss by more than this (share of world output) is re-solved before it is shocked: double
# precision leaves 1e-16 to 1e-14 when accounts are consistent, 1e-6 and more when something was clipped.
BASE_TOLERANCE = 1e-12
# Equations are checked on the finished result; relative residuals above this are no solution.
ACCEPT = 1e-8
# Trade has to balance relative to trade too, not only to income: where trade all but ends, a residual that is tiny
# beside income leaves relative wages open. A gap of this share of trade moves them by as much over θ.
TRADE_GAP = 1e-6
# Evaluations above which a system counts as ill-conditioned; easy ones take 10 to 30.
HARD = 60
# Where the way towards a scenario ends, an income below this share of its base is what ended it.
POOR = 0.05
# Trade elasticities below this are not found in data; estimates start at about 1.
SMALL = 0.1


@dataclass(frozen=True)
class Solver:
    """How equilibria are sought.

    Attributes
    ----------
    anderson : the accelerated fixed point.
    newton : the method behind it.
    tracking : Newton–Krylov on the way towards a hard scenario: a step that needs more than this is too long.
    first_step : share of the scenario with which a hard one is first approached; halved at each failure, doubled
        at each success.
    smallest_step : give up below it.
    """

    anderson: Anderson = Anderson()
    newton: NewtonKrylov = NewtonKrylov()
    tracking: NewtonKrylov = NewtonKrylov(tolerance=1e-12, max_iterations=10, max_restarts=1)
    first_step: float = 0.25
    smallest_step: float = 2.0**-8


def solve(
    world: World,
    scenario: Scenario | Schedule | None = None,
    *,
    deficits: str = "fixed",
    model: str = "core",
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
    model : "core", the one that stands today.
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
    if not isinstance(deficits, str) or deficits not in core.CLOSURES:
        raise InputError(
            f"unknown closure {deficits!r}{nearest(deficits, core.CLOSURES)} (one of {', '.join(core.CLOSURES)})"
        )
    if model != "core":
        raise InputError(f"unknown model {model!r}: there is 'core'.")
    if scenario is None:
        scenario = Scenario(name="no-change", title="Nothing changes")
    solver = solver or Solver()
    if elasticities is not None:
        from surtax.elasticities import apply

        world = apply(world, elasticities)
    if isinstance(scenario, Schedule):
        schedule, scenario = (
            scenario.checked(world),
            Scenario(name="schedule", title="A schedule given as arrays"),
        )
    else:
        schedule = scenario.schedule(world)
    world, how = prepared(world, deficits, solver)
    base = base_of(world)
    found = find(base, schedule, deficits, solver, world, progress)
    return _outcome(world, scenario, schedule, deficits, found, how)


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
        new = world.replace(flows=flows_of(found), final=None, meta=meta)
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
    _everything_sold(base, shock, world)
    if closure == "fixed":
        _all_financed(base, shock, closure, world)
    if closure in ("fixed", "balanced"):
        _two_sided(base, shock, closure, world)
    with np.errstate(all="ignore"):
        solution = _attempt(base, shock, closure, x0, solver)
        if not solution.converged:
            solution = _harder(base, schedule, closure, solver, progress)
        if solution.converged:
            state = core.evaluate(solution.value, base, shock, closure)
            if (state.I > 0).all():
                return Found(solution.value, state, shock, solution.stats)
    _give_up(base, shock, closure, solution, world)
    raise AssertionError  # pragma: no cover - _give_up always raises


def _everything_sold(base: Base, shock: core.Shock, world: World) -> None:
    """Refuse a schedule that closes every source of something that is bought: its price would be infinite."""
    missing = base.bought & ~(shock.A > 0).any(axis=1)
    if missing.any():
        s, n = (int(i) for i in np.argwhere(missing)[0])
        raise NoEquilibrium(
            f"{world.countries[n]} buys {world.sectors[s]}, but the scenario leaves nobody who sells it there "
            f"({int(missing.sum())} such cells): its price would be infinite. Leave a source open, make the trade cost "
            f"finite, or aggregate countries or sectors."
        )


def _tied(shock: core.Shock) -> NDArray[np.bool_]:
    """[n, m] whether trade that the schedule leaves open ties two countries, directly or through others."""
    tied: NDArray[np.bool_] = np.logical_or((shock.A > 0).any(axis=0), np.eye(shock.A.shape[1], dtype=bool))
    tied = np.logical_or(tied, tied.T)
    while not tied.all():
        # Counts of paths, exact in floating point as far as zero goes.
        further: NDArray[np.bool_] = np.greater(tied.astype(float) @ tied.astype(float), 0)
        if np.array_equal(further, tied):
            break
        tied = further
    return tied


def _all_financed(base: Base, shock: core.Shock, closure: str, world: World) -> None:
    """Refuse deficits of countries that no open trade ties to those who would have to finance them.

    Under `fixed` that is known beforehand; under `gdp-share` and `multiplicative`, which let every deficit move with
    the world's incomes, it is why no equilibrium was found.
    """
    tied = _tied(shock)
    if tied.all():
        return
    if closure == "fixed":
        unmet, income = tied @ base.D, tied @ base.I
        wrong = np.abs(unmet) > ACCEPT * income
        if not wrong.any():
            return
        n = int(np.argmax(np.where(wrong, np.abs(unmet) / income, -1.0)))
        why, others = f"keeps it at {unmet[n]:.4g}", "'balanced'"
    else:
        n = int(np.argmin(tied.sum(axis=1)))
        why, others = "lets it move with the world's incomes", "'balanced' or 'fixed'"
    group = [world.countries[int(i)] for i in np.flatnonzero(tied[n])]
    who = f"{', '.join(group[:5])}{', …' if len(group) > 5 else ''}"
    trade = "trades with nobody" if len(group) == 1 else "trade with nobody else"
    raise NoEquilibrium(
        f"no equilibrium under the closure {closure!r}: {who} {trade} under this scenario, so that the trade deficit "
        f"has to be zero there, but the closure {why}, and nobody can finance it. Try deficits={others}, "
        f"leave some trade open, or leave such countries out."
    )


def _two_sided(base: Base, shock: core.Shock, closure: str, world: World) -> None:
    """Refuse a country that may only buy abroad without a deficit, or only sell there without a surplus."""
    D = np.zeros_like(base.D) if closure == "balanced" else base.D
    open_trade = np.logical_and((shock.A > 0).any(axis=0), ~np.eye(D.size, dtype=bool))
    sells, buys = open_trade.any(axis=1), open_trade.any(axis=0)
    least = ACCEPT * base.I
    for wrong, verb, sign in (
        (sells & ~buys & (-least < D), "buys nothing abroad and sells there", "a trade surplus"),
        (buys & ~sells & (least > D), "sells nothing abroad and buys there", "a trade deficit"),
    ):
        if wrong.any():
            n = int(np.argmax(wrong))
            raise NoEquilibrium(
                f"no equilibrium under the closure {closure!r}: {world.countries[n]} {verb} under this scenario, which "
                f"takes {sign}, but its trade deficit is {D[n]:.4g} by the closure. Close both sides (and try "
                f"deficits='balanced'), or leave both open."
            )


def _attempt(base: Base, shock: core.Shock, closure: str, x: Array, solver: Solver) -> Solution:
    """The accelerated fixed point; where it had to work hard, Newton–Krylov finishes or takes over.

    Many evaluations mean an ill-conditioned system, in which a small residual does not yet mean a small error: a
    Newton step gains the last digits.
    """
    blocks = blocks_of(base, closure)
    first = anderson(core.fixed_point_map(base, shock, closure, blocks), x, solver.anderson)
    if first.converged and first.stats.evaluations <= HARD:
        return first
    for start in (first.value, x):
        second = _newton(base, shock, closure, start, solver.newton)
        if second.converged:
            return second
        if first.converged:
            break
    return first


def _newton(base: Base, shock: core.Shock, closure: str, x: Array, config: NewtonKrylov) -> Solution:
    blocks = blocks_of(base, closure)

    def residual(y: Array) -> tuple[Array, Callable[[], Callable[[Array], Array]]]:
        r, state = core.residual(y, base, shock, closure)
        return r, lambda: core.linearise(y, state, base, shock, closure)

    return newton_krylov(residual, x, lambda r: core.apply_blocks(blocks, r, base), config)


def blocks_of(base: Base, closure: str) -> core.CountryBlocks:
    """The country blocks of a base and closure, computed at the first call and kept with the base."""
    key = closure if closure in ("gdp-share", "multiplicative") else "fixed"
    cache: dict[str, core.CountryBlocks] = base.__dict__.setdefault("_blocks", {})
    if key not in cache:
        cache[key] = core.country_blocks(base, closure)
    return cache[key]


def _harder(
    base: Base,
    schedule: Schedule,
    closure: str,
    solver: Solver,
    progress: Callable[[str], None] | None,
) -> Solution:
    """Follow the equilibrium from the base to the scenario; if that way ends, from balanced trade to the deficits."""

    def towards(share: float, x: Array) -> Solution:
        return _step(base, _partial(base, schedule, share), closure, x, solver)

    def deficits(share: float, x: Array) -> Solution:
        scaled = replace(base, D=share * base.D, I=base.V + base.R + share * base.D)
        scaled.__dict__["_blocks"] = base.__dict__["_blocks"]
        return _step(scaled, shock, closure, x, solver)

    J, N = base.E.shape
    if progress:
        progress("approaching the scenario step by step")
    zero = np.zeros(N + 2 * J * N)
    one_way = _follow(towards, zero, solver)
    if one_way.converged or closure == "balanced":
        return one_way
    shock = _partial(base, schedule, 1.0)
    if progress:
        progress("approaching the deficits step by step")
    start = _attempt(base, shock, "balanced", zero, solver)
    other_way = _follow(deficits, start.value, solver) if start.converged else start
    return other_way if other_way.converged else one_way


def _step(base: Base, shock: core.Shock, closure: str, x: Array, solver: Solver) -> Solution:
    """One step on the way: from a near start the fixed point is quick if it converges at all; else Newton–Krylov."""
    g = core.fixed_point_map(base, shock, closure, blocks_of(base, closure))
    quick = anderson(g, x, replace(solver.anderson, max_evaluations=HARD))
    if quick.converged:
        return quick
    return _newton(base, shock, closure, x, solver.tracking)


def _follow(towards: Callable[[float, Array], Solution], start: Array, solver: Solver) -> Solution:
    """Go from share 0, where `start` holds, to share 1, with steps that adapt; unconverged where the way ends."""
    solution, x = Solution(start, False, Stats("Newton–Krylov", 0, 0, np.inf)), start
    reached, step = 0.0, solver.first_step
    while step >= solver.smallest_step:
        target = min(1.0, reached + step)
        attempt = towards(target, x)
        if attempt.converged and target == 1.0:
            return attempt
        if attempt.converged:
            x, reached, step = attempt.value, target, 2 * step
            solution = Solution(x, False, attempt.stats)
        else:
            step = step / 2
    return solution


def _partial(base: Base, schedule: Schedule, share: float) -> core.Shock:
    """A point on the way: (1 + t)^(1−share) (1 + t′)^share, τ̂^share; closed cells are closed at once."""
    t = np.exp((1 - share) * np.log1p(base.t) + share * np.log1p(schedule.tariffs)) - 1
    t = np.where(schedule.tariffs == base.t, base.t, t)
    cost = schedule.trade_cost
    return core.shock(base, t, None if cost is None else cost**share)


def _give_up(base: Base, shock: core.Shock, closure: str, solution: Solution, world: World) -> None:
    with np.errstate(all="ignore"):
        state = core.evaluate(solution.value, base, shock, closure)
        worst = worst_equation(solution.value, state, base, world)
        poor = np.flatnonzero(~(state.I > POOR * base.I))
    if closure in ("gdp-share", "multiplicative"):
        _all_financed(base, shock, closure, world)
    if poor.size:
        n = int(poor[np.argmin(np.nan_to_num(state.I[poor] / base.I[poor], nan=-np.inf))])
        raise NoEquilibrium(
            f"no equilibrium with positive incomes under the closure {closure!r}: income of {world.countries[n]} "
            f"falls to {state.I[n] / base.I[n]:.3g} of the base while its trade deficit is to be {state.D[n]:.4g}. Try "
            f"deficits='balanced' or 'multiplicative', or a smaller shock."
        )
    raise NoConvergence(
        f"no convergence ({solution.stats.method} came last): at the nearest point reached, the scenario misses "
        f"{worst}. Try a smaller shock first, another closure{_other_elasticities(base)}."
    )


def _other_elasticities(base: Base) -> str:
    """Which elasticities may help: very large ones make small changes of price decide all, very small ones none."""
    low, high = float(base.theta.min()), float(base.theta.max())
    if low < SMALL:
        return f", or elasticities above {low:.3g}, at which buyers hardly respond to prices"
    return f", or elasticities below {high:.3g}" if high > 1 else ""


def worst_equation(x: Array, state: core.State, base: Base, world: World) -> str:
    """Name the equation with the largest relative residual."""
    residuals = equation_residuals(x, state, base)
    name = max(residuals, key=lambda k: float(np.nan_to_num(residuals[k], nan=np.inf).max()))
    r = np.nan_to_num(residuals[name], nan=np.inf)
    where = np.unravel_index(int(np.argmax(r)), r.shape)
    if r.ndim == 2:
        place = f"{world.sectors[int(where[0])]} in {world.countries[int(where[1])]}"
    else:
        place = world.countries[int(where[0])]
    return f"the {name} equation of {place}, off by {float(r[where]):.1e}"


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
    residual = max(float(r.max()) for r in equation_residuals(x, state, base).values())
    X = flows_of(found)
    traded = X.sum(axis=0)
    np.fill_diagonal(traded, 0.0)
    imports, exports = traded.sum(axis=0), traded.sum(axis=1)
    gap = np.abs(imports - exports - state.D)
    walras = float(np.max(gap / state.I))
    if not (residual <= ACCEPT and walras <= ACCEPT):
        raise NoConvergence(
            f"the solution does not hold up: largest residual {residual:.1e}, Walras {walras:.1e}; worst is "
            f"{worst_equation(x, state, base, world)}. Please report the scenario."
        )
    loose = gap > TRADE_GAP * (imports + exports)
    loose &= imports + exports > 0
    if loose.any():
        n = int(np.argmax(np.where(loose, gap / np.maximum(imports + exports, 1e-300), 0)))
        share = (imports[n] + exports[n]) / state.I[n]
        raise NoConvergence(
            f"trade of {world.countries[n]} all but ends ({share:.1e} of its income), and what is left of it does not "
            f"balance: wages relative to its partners' cannot be told. Close the cells altogether (an embargo: trade "
            f"cost factor infinity), or try a smaller shock."
        )
    meta = world.meta
    sets = meta.get("elasticities", {})
    return Outcome(
        world=world,
        scenario=scenario,
        schedule=schedule,
        conditions=Conditions(
            model="core",
            closure=closure,
            elasticities=str(sets.get("set", "given with the world") if isinstance(sets, dict) else sets),
            vintage=str(meta.get("title") or meta.get("name") or "arrays"),
            base=how,
            residual=residual,
            walras=walras,
            method=stats.method,
            evaluations=stats.evaluations,
            adjustments=tuple(f"{a.what}: {a.cells} cells, {a.value:.4g}" for a in world.adjustments),
        ),
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
