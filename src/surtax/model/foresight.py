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

from surtax.errors import NoConvergence
from surtax.model import general
from surtax.model.drive import Solver
from surtax.model.feasible import ACCEPT
from surtax.model.given_factors import Ground, Year, rewards, solve_year
from surtax.model.resting import CLOSE, OUTER, Laws, Layouts, Rest, long_run_elasticity, one_step, quietly
from surtax.model.switching import choose, lasting_value, move, next_capital
from surtax.numerics import anderson
from surtax.policy.schedule import Schedule

Array = NDArray[np.float64]

# A guess of how fast an economy comes to rest, by year; it is only where the search begins.
GUESS = 0.9
# How far wages fall, roughly, where workers come in: only a length of first steps.
PULL = 0.4


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
        return forwards(ground, laws, schedules, layouts, lambda *_: end.value, labour, capital, solver, warm)
    state = {"miss": 1e-2, "count": 0}
    # The more workers respond, the shorter the first steps: the accelerator finds the length of the others.
    pace = 1 / (1 + PULL * long_run_elasticity(laws))

    def g(v: Array) -> Array:
        values = v.reshape(T, *shape)
        state["count"] += 1
        if progress:
            progress(f"the path, round {state['count']:.0f}")
        try:
            path = forwards(
                ground, laws, schedules, layouts, lambda t, _: values[t], labour, capital, solver, warm, state["miss"]
            )
        except NoConvergence:
            return np.full_like(v, np.nan)
        new = backwards([y.log_wage for y in path.years], laws, end.value)
        out = v + pace * (np.stack([*new[1:], end.value]).ravel() - v)
        state["miss"] = min(1e-2, float(np.abs(out - v).max()))
        return out

    def together(vx: Array) -> Array:
        """Values and all years' state vectors at once: one step of each."""
        values, xs = vx[: T * end.value.size].reshape(T, *shape), vx[T * end.value.size :].reshape(T, -1)
        L, K, wages, new = labour, capital, [], []
        for t, schedule in enumerate(schedules):
            x = one_step(ground, schedule, layouts, xs[t], L, K)
            _, log_wage, log_return = rewards(ground, x, L, K)
            wages.append(log_wage)
            new.append(x)
            L = move(L, laws.employment, choose(laws.mu, values[t], laws.beta, laws.nu)[0])
            if laws.saves:
                K = next_capital(K, np.exp(log_return), laws.beta, laws.delta)
        state["count"] += 1
        if progress:
            progress(f"the path, round {state['count']:.0f}")
        v = np.stack([*backwards(wages, laws, end.value)[1:], end.value])
        return np.concatenate([(values + pace * (v - values)).ravel(), *new])

    v0 = np.tile(end.value, (T, 1, 1)).ravel()
    near = quietly(
        together, np.concatenate([v0, *_first_guess(ground, schedules, layouts, labour, capital, solver, end)])
    )
    if near is not None:
        v0 = near[: v0.size]
        warm = list(near[v0.size :].reshape(T, -1))
        state["miss"] = CLOSE
    found = anderson(g, v0, OUTER)
    if not found.converged:
        raise NoConvergence(
            f"expectations and outcomes do not meet: workers' values miss their equation by "
            f"{found.stats.residual:.1e}. Try a larger nu (tastes that matter more), a smaller shock, or "
            f"foresight=False."
        )
    values = found.value.reshape(T, *shape)
    path = forwards(ground, laws, schedules, layouts, lambda t, _: values[t], labour, capital, solver, warm)
    path.iterations = int(state["count"])
    return path


def _first_guess(
    ground: Ground, schedules: Sequence[Schedule], layouts: Layouts, labour: Array, capital: Array, solver: Solver,
    end: Rest,
) -> list[Array]:  # fmt: skip
    """State vectors [t]: from each schedule's effect at the start's supplies towards rest."""
    impact: dict[int, Array] = {}
    found = []
    for t, schedule in enumerate(schedules):
        if id(schedule) not in impact:
            impact[id(schedule)] = solve_year(ground, schedule, layouts(schedule), labour, capital, solver).x
        fade = GUESS**t if schedule is schedules[-1] else 1.0
        found.append(fade * impact[id(schedule)] + (1 - fade) * end.year.x)
    return found


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
