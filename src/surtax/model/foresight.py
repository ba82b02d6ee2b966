"""The path itself: years tied together by workers' choices, which look ahead, and by capital, which looks back.

Forwards: given next years' values, workers and capital of a year follow from the year before, and prices from them.
Backwards: given real wages, values follow from the last year, after which the economy is at rest. The two meet by an
accelerated fixed point on the values. Every equation of every year is then evaluated once more, by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence, NoEquilibrium
from surtax.model import general
from surtax.model.drive import Solver
from surtax.model.feasible import ACCEPT
from surtax.model.general import Layout
from surtax.model.given_factors import Ground, Year, solve_year
from surtax.model.switching import at_rest, choose, lasting_value, move, next_capital
from surtax.numerics import Anderson, anderson
from surtax.policy.schedule import Schedule

Array = NDArray[np.float64]

# Values are logarithms of what lasts for ever: 1e-11 of them is below what a year's prices are known to, over 1 − β.
CLOSE = 1e-11
OUTER = Anderson(tolerance=CLOSE, acceptable=1e-9, depth=12, max_evaluations=150, max_step=5.0)


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


@dataclass
class Solved:
    """A path as arrays; t counts the years that were solved.

    Attributes
    ----------
    years : the years; labour, capital : L̂, K̂ [t + 1, s, n] at the start of each year and after the last.
    believed : values v [t,s,n] that workers expect next year when they choose in year t.
    """

    years: list[Year] = field(default_factory=list)
    labour: list[Array] = field(default_factory=list)
    capital: list[Array] = field(default_factory=list)
    believed: list[Array] = field(default_factory=list)
    iterations: int = 0
    evaluations: int = 0


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


@dataclass(frozen=True)
class Rest:
    """The equilibrium at rest under a schedule that lasts: the year, L̂ and K̂ [s,n], values v [s,n]."""

    year: Year
    labour: Array
    capital: Array
    value: Array


def rest(
    ground: Ground, laws: Laws, schedule: Schedule, layouts: Layouts, solver: Solver, start: tuple[Array, Array] | None
) -> Rest:
    """The equilibrium at rest: nobody gains by moving otherwise, capital earns what it costs.

    Unknown log L̂ and log K̂ [s,n]; labour goes part of the way to where workers would be at rest, the less the more
    they respond to wages.

    Raises
    ------
    NoConvergence
        it was not found.
    """
    ones = np.ones(ground.share.shape)
    L, K = start or (ones, ones)
    pace = 1 / (1 + long_run_elasticity(laws))
    warm: dict[str, Array | None] = {"x": None}
    miss = [0.0]
    shape = (2, *ones.shape)

    def at(z: Array) -> tuple[Year, Array, Array, Array]:
        log_L, log_K = z.reshape(shape)
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

    z0 = np.stack([np.log(L) if laws.moves else 0 * ones, np.log(K) if laws.saves else 0 * ones]).ravel()
    first = at(z0)  # a year that cannot be solved says why
    del first
    found = anderson(g, z0, OUTER)
    miss[0] = 0.0
    if not found.converged:
        raise NoConvergence(
            f"no equilibrium at rest was found for the last year's measures: off by {found.stats.residual:.1e}. Try a "
            f"smaller shock, a larger nu, or a smaller stay."
        )
    year, value, wanted, log_L = at(found.value)
    labour, capital = np.exp(found.value.reshape(shape))
    return Rest(year, labour, capital, value)


def long_run_elasticity(laws: Laws) -> float:
    """How far employment at rest responds to a sector's real wage: β (1+s) / (ν (1 − β s)) with s the share who stay.

    Derived in docs/models/dynamic.md for destinations in proportion to employment; here it only sets a pace.
    """
    J = laws.mu.shape[1]
    staying = float(np.clip((np.trace(laws.mu, axis1=1, axis2=2).mean() - 1) / max(J - 1, 1), 0.0, 1.0))
    return laws.beta * (1 + staying) / (laws.nu * (1 - laws.beta * staying))


def forwards(
    ground: Ground,
    laws: Laws,
    schedules: Sequence[Schedule],
    layouts: Layouts,
    expected: Callable[[int, Year], Array],
    labour: Array,
    capital: Array,
    solver: Solver,
    warm: list[Array | None],
    miss: float = 0.0,
) -> Solved:
    """Solve year after year; `expected(t, year)` gives the values v [s,n] that workers expect for year t + 1."""
    path = Solved(labour=[labour], capital=[capital])
    for t, schedule in enumerate(schedules):
        start = warm[t] if warm[t] is not None else (path.years[-1].x if path.years else None)
        year = solve_year(ground, schedule, layouts(schedule), labour, capital, solver, start, miss)
        warm[t] = year.x
        value = expected(t, year)
        if laws.moves:
            labour = move(labour, laws.employment, choose(laws.mu, value, laws.beta, laws.nu)[0])
        if laws.saves:
            capital = next_capital(capital, np.exp(year.log_return), laws.beta, laws.delta)
        path.years.append(year)
        path.labour.append(labour)
        path.capital.append(capital)
        path.believed.append(value)
        path.evaluations += year.stats.evaluations
    return path


def backwards(log_wages: Sequence[Array], laws: Laws, last: Array) -> list[Array]:
    """Values v [t,s,n] of years 0, 1, … from real wages and the value after the last year."""
    values = [last]
    for log_wage in reversed(log_wages):
        values.append(log_wage + choose(laws.mu, values[-1], laws.beta, laws.nu)[1])
    return values[:0:-1]


def foreseen(
    ground: Ground,
    laws: Laws,
    schedules: Sequence[Schedule],
    layouts: Layouts,
    end: Rest,
    labour: Array,
    capital: Array,
    solver: Solver,
    progress: Callable[[str], None] | None = None,
) -> Solved:
    """The path that workers foresee in full, from L̂, K̂ [s,n] in its first year to rest after its last.

    Raises
    ------
    NoConvergence
        expectations and outcomes did not meet; NoEquilibrium where a year has none.
    """
    T, shape = len(schedules), ground.share.shape
    warm: list[Array | None] = [None] * T
    if not laws.moves:
        return forwards(ground, laws, schedules, layouts, lambda t, _: end.value, labour, capital, solver, warm)
    state = {"miss": 1e-2, "count": 0}

    def g(v: Array) -> Array:
        values = v.reshape(T, *shape)
        state["count"] += 1
        if progress:
            progress(f"the path, round {state['count']:.0f}")
        try:
            path = forwards(
                ground, laws, schedules, layouts, lambda t, _: values[t], labour, capital, solver, warm, state["miss"]
            )
        except NoEquilibrium:
            raise
        except NoConvergence:
            return np.full_like(v, np.nan)
        new = backwards([y.log_wage for y in path.years], laws, end.value)
        out = np.stack([*new[1:], end.value]).ravel()
        state["miss"] = min(1e-2, float(np.abs(out - v).max()))
        return out

    found = anderson(g, np.tile(end.value, (T, 1, 1)).ravel(), OUTER)
    if not found.converged:
        raise NoConvergence(
            f"expectations and outcomes do not meet: workers' values miss their equation by {found.stats.residual:.1e}. "
            f"Try a larger nu (tastes that matter more), a smaller shock, or foresight=False."
        )
    values = found.value.reshape(T, *shape)
    path = forwards(ground, laws, schedules, layouts, lambda t, _: values[t], labour, capital, solver, warm)
    path.iterations = found.stats.evaluations
    return path


def short_sighted(
    ground: Ground,
    laws: Laws,
    schedules: Sequence[Schedule],
    layouts: Layouts,
    labour: Array,
    capital: Array,
    solver: Solver,
) -> Solved:
    """The recursive path: each year workers take its real wages to last for ever."""

    def expected(_: int, year: Year) -> Array:
        return lasting_value(year.log_wage, laws.mu, laws.beta, laws.nu)

    warm: list[Array | None] = [None] * len(schedules)
    return forwards(ground, laws, schedules, layouts, expected, labour, capital, solver, warm)


def realised(path: Solved, laws: Laws, end: Array) -> list[Array]:
    """Values v [t,s,n] that come true where choices were made on other beliefs; equal to them under foresight.

    A choice is as it was made, and what it brings is off by β (v′ − believed v′) wherever it leads.
    """
    value, found = end, []
    for year, believed in zip(reversed(path.years), reversed(path.believed), strict=True):
        chosen, option = choose(laws.mu, believed, laws.beta, laws.nu)
        surprise = (chosen @ (value - believed).T[:, :, None])[:, :, 0].T
        value = year.log_wage + option + laws.beta * surprise
        found.append(value)
    return found[::-1]


def misses(path: Solved, laws: Laws, ground: Ground, *, foresight: bool, end: Array) -> dict[str, Array]:
    """Largest relative residual of every kind of equation, by year [t]."""
    found: dict[str, list[float]] = {"markets": [], "labour": [], "capital": [], "values": []}
    for t, year in enumerate(path.years):
        static = general.equation_residuals(year.x, year.state, ground.split)
        found["markets"].append(max(float(r.max()) for r in static.values()))
        chosen, option = choose(laws.mu, path.believed[t], laws.beta, laws.nu)
        wanted = move(path.labour[t], laws.employment, chosen) if laws.moves else path.labour[t]
        found["labour"].append(float(np.abs(path.labour[t + 1] / wanted - 1).max()))
        real_return = np.exp(year.log_return)
        saved = next_capital(path.capital[t], real_return, laws.beta, laws.delta) if laws.saves else path.capital[t]
        found["capital"].append(float(np.abs(path.capital[t + 1] / saved - 1).max()))
        if not foresight:
            option_at = choose(laws.mu, path.believed[t], laws.beta, laws.nu)[1]
            gap = year.log_wage + option_at - path.believed[t]
        elif t == 0:
            gap = np.zeros_like(option)  # nobody chose before the first year
        else:
            gap = year.log_wage + option - path.believed[t - 1]
        found["values"].append(float(np.abs(gap).max()) if laws.moves else 0.0)
    if foresight and laws.moves:
        found["values"].append(float(np.abs(path.believed[-1] - end).max()))
    return {k: np.array(v) for k, v in found.items()}


def accept(residuals: dict[str, Array], first: int) -> None:
    """Refuse a path on which any equation misses by more than `ACCEPT`."""
    for name, r in residuals.items():
        if not (r <= ACCEPT).all():
            t = int(np.argmax(np.nan_to_num(r, nan=np.inf)))
            raise NoConvergence(
                f"the path does not hold up: the equations of {name} miss by {r[t]:.1e} in {first + t}. Try a smaller "
                f"shock, or a larger nu."
            )
