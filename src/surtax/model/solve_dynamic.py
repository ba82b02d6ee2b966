"""From dated measures to a `Path`: the base, the years, the ways of looking ahead, and what is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.model import foresight, general
from surtax.model.drive import Solver, accepted
from surtax.model.dynamic import Dynamics, Measures, ground_of
from surtax.model.equilibrium import conditions_of
from surtax.model.feasible import check
from surtax.model.foresight import Solved
from surtax.model.given_factors import Ground, Year, system_at
from surtax.model.outcome import Outcome
from surtax.model.path import Path
from surtax.model.resting import Laws, Layouts, Rest, rest
from surtax.model.solve_general import base_world
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule

if TYPE_CHECKING:
    from surtax.world import World

Array = NDArray[np.float64]


def find_path(
    world: World,
    dated: dict[int, Measures],
    first: int,
    horizon: int,
    settings: Dynamics,
    deficits: str,
    solver: Solver,
    progress: Callable[[str], None] | None,
    title: str,
    notes: tuple[str, ...],
) -> Path:
    """See `surtax.model.dynamic.solve_path`; `dated` in order of years, `first` the year in which all is known."""
    asked = world
    world, how = base_world(settings.statics, world, deficits, solver)
    ground = ground_of(settings, world, deficits)
    laws = laws_of(settings, ground)
    untouched = Scenario(name="no-change", title="The measures of the base"), Schedule(ground.split.base.t)
    measures = {year: _arrays(given, asked, untouched) for year, given in dated.items()}
    last = max(horizon, max(dated) - first) + settings.settle
    by_year = [_in_force(measures, first + t, untouched) for t in range(last + 1)]
    layouts = Layouts(ground)
    for _, schedule in measures.values():
        _feasible(ground, schedule, layouts)
    if progress:
        progress("the equilibrium at rest")
    schedules = [schedule for _, schedule in by_year]
    end = rest(ground, laws, schedules[-1], layouts, solver)
    solved = _solve(ground, laws, schedules, layouts, end, settings, solver, progress)
    residuals = foresight.misses(solved, laws, ground, foresight=settings.foresight, end=end.value)
    if settings.surprises:
        # What was believed in the year before a surprise does not come true, and is not to.
        residuals["values"][_changes(schedules)] = 0.0
    foresight.accept(residuals, first)
    reported = range(horizon + 1)
    outcomes = tuple(_outcome(ground, *by_year[t], solved.years[t], solved.labour[t], settings, how) for t in reported)
    long_run = _outcome(ground, *by_year[-1], end.year, end.labour, settings, how)
    ends = (solved.labour[-1] / end.labour, solved.capital[-1] / end.capital)
    away = max(float(np.abs(ratio - 1).max()) for ratio in ends)
    return Path(
        world=world,
        title=title or _title(dated),
        years=tuple(first + t for t in reported),
        outcomes=outcomes,
        long_run=long_run,
        settings=settings,
        arrays=_arrays_reported(ground, laws, settings, solved, end, outcomes),
        residuals=residuals,
        solved=len(solved.years),
        away=away,
        rounds=solved.iterations,
        notes=notes,
    )


def laws_of(settings: Dynamics, ground: Ground) -> Laws:
    """What ties the years; see `surtax.model.resting.Laws`."""
    base = ground.split.base
    wage_bill = np.where(ground.works, ground.share * base.gamma_v * base.Y, 0.0)
    employment = settings.base_workers(ground.world, wage_bill)
    mu = settings.base_transitions(ground.world, employment)
    return Laws(
        mu, employment, float(settings.discount), float(settings.nu), float(settings.depreciation),
        settings.capital != "fixed" and bool((ground.share < 1).any()), settings.moves,
    )  # fmt: skip


def _arrays(given: Measures, asked: World, untouched: tuple[Scenario, Schedule]) -> tuple[Scenario, Schedule]:
    """Measures by label and as arrays of the world that they were written for."""
    if given is None:
        return untouched
    if isinstance(given, Schedule):
        return Scenario(name="schedule", title="A schedule given as arrays"), given.checked(asked)
    return given, given.schedule(asked)


def _in_force(
    measures: dict[int, tuple[Scenario, Schedule]], year: int, untouched: tuple[Scenario, Schedule]
) -> tuple[Scenario, Schedule]:
    begun = [y for y in measures if y <= year]
    return measures[max(begun)] if begun else untouched


def _title(dated: dict[int, Measures]) -> str:
    named = [m.title or m.name for m in dated.values() if isinstance(m, Scenario)]
    return named[0] if named else "schedules given as arrays"


def _feasible(ground: Ground, schedule: Schedule, layouts: Layouts) -> None:
    layout = layouts(schedule)
    for k in range(len(ground.split.pi)):
        trade = layout.A[k] > 0
        if layout.home_A is not None:
            n = np.arange(trade.shape[1])
            trade[:, n, n] = layout.home_A[k] > 0
        check(replace(ground.split.base, bought=ground.split.bought[k]), trade, ground.closure, ground.world)


def _solve(
    ground: Ground,
    laws: Laws,
    schedules: Sequence[Schedule],
    layouts: Layouts,
    end: Rest,
    settings: Dynamics,
    solver: Solver,
    progress: Callable[[str], None] | None,
) -> Solved:
    ones = np.ones(ground.share.shape)
    if not settings.foresight:
        return foresight.short_sighted(ground, laws, schedules, layouts, ones, ones, solver)
    if not settings.surprises:
        return foresight.foreseen(ground, laws, schedules, layouts, end, ones, ones, solver, progress)
    T = len(schedules)
    changes = [0, *_changes(schedules), T]
    path = Solved(labour=[ones], capital=[ones])
    for begin, stop in pairwise(changes):
        held = schedules[begin]
        aim = end if held is schedules[-1] else rest(ground, laws, held, layouts, solver)
        part = foresight.foreseen(
            ground, laws, [held] * (T - begin), layouts, aim, path.labour[-1], path.capital[-1], solver, progress
        )
        n = stop - begin
        path.years += part.years[:n]
        path.labour += part.labour[1 : n + 1]
        path.capital += part.capital[1 : n + 1]
        path.believed += part.believed[:n]
        path.iterations += part.iterations
    return path


def _changes(schedules: Sequence[Schedule]) -> list[int]:
    """Years t whose measures are not those of the year before."""
    return [t for t in range(1, len(schedules)) if schedules[t] is not schedules[t - 1]]


def _outcome(
    ground: Ground, scenario: Scenario, schedule: Schedule, year: Year, labour: Array,
    settings: Dynamics, how: str,
) -> Outcome:  # fmt: skip
    """A year in the terms of all models; `w_hat` is the mean wage, of a workforce that stays as large as it was."""
    split, world = ground.split, ground.world
    base, state = split.base, year.state
    system = system_at(ground, schedule, None, year.log_supply)
    X = general.flows(state, system.shock)
    residual, walras = accepted(general.equation_residuals(year.x, state, split), X, state.D, state.I, world)
    about = settings.about()
    conditions = conditions_of("dynamic", world, ground.closure, how, residual, walras, year.stats, about)
    bill = np.where(ground.works, ground.share * base.gamma_v, 0.0)
    extra = {
        "sector_wage_hat": np.where(ground.works, np.exp(year.log_wage + year.log_P), np.nan),
        "labour_hat": np.where(ground.works, labour, np.nan),
        "labour_moved": np.where(ground.works, bill * base.Y / (bill * base.Y).sum(axis=0) * (labour - 1), np.nan),
        "workers_hat": np.where(ground.works, labour, np.nan),
    }
    P_hat = np.exp(state.log_P[0])
    if len(split.pi) == 2:
        final, inputs = np.exp(state.log_P[1]), P_hat
        P_hat = np.where(split.bought[1], final, inputs)
        extra["P_final_hat"] = np.where(split.bought[1], final, np.nan)
        extra["P_inputs_hat"] = np.where(split.bought[0], inputs, np.nan)
        extra["P_consumer"] = np.exp(year.log_P)
    return Outcome(
        world=world,
        scenario=scenario,
        schedule=schedule,
        conditions=conditions,
        w_hat=(bill * state.Y).sum(axis=0) / (bill * base.Y).sum(axis=0),
        P_hat=P_hat,
        c_hat=np.exp(state.log_c),
        E_new=state.spent.sum(axis=0),
        Y_new=state.Y.copy(),
        R_new=state.R.copy(),
        D_new=state.D.copy(),
        I_new=state.I.copy(),
        X_new=X,
        extra=extra,
    )


def consumed(year: Year, capital: Array, after: Array, stock: Array, delta: float) -> Array:
    """Real consumption [n], in base prices: real income less investment K′ − (1−δ) K of each sector's capital."""
    real = year.state.I / np.exp(year.log_P)
    return np.asarray(real - (stock * (after - (1 - delta) * capital)).sum(axis=0))


def _arrays_reported(
    ground: Ground, laws: Laws, settings: Dynamics, solved: Solved, end: Rest, outcomes: tuple[Outcome, ...]
) -> dict[str, Array]:
    base, works = ground.split.base, ground.works
    n_years = len(outcomes)
    beta, delta = laws.beta, laws.delta
    # In units of the base's final goods: a base at rest earns r = 1/β − 1 + δ on each.
    stock = (1 - ground.share) * np.where(works, base.gamma_v * base.Y, 0.0) / (1 / beta - 1 + delta)
    invested = stock if laws.saves else np.zeros_like(stock)
    C0 = base.I - delta * invested.sum(axis=0)
    C = np.stack([
        consumed(y, solved.capital[t], solved.capital[t + 1], invested, delta) for t, y in enumerate(solved.years)
    ])  # fmt: skip
    C_end = consumed(end.year, end.capital, end.capital, invested, delta)
    fine = (C0 > 0) & (C > 0).all(axis=0) & (C_end > 0)
    log_C = np.log(np.where(fine, C, 1.0) / np.where(fine, C0, 1.0))
    log_end = np.log(np.where(fine, C_end, 1.0) / np.where(fine, C0, 1.0))
    weight = beta ** np.arange(len(C))
    lasting = (1 - beta) * (weight[:, None] * log_C).sum(axis=0) + beta ** len(C) * log_end
    value = foresight.realised(solved, laws, end.value)[0] if laws.moves else _staying(solved, end, beta)
    worth = 100 * np.expm1((1 - beta) * value)
    share = laws.employment / laws.employment.sum(axis=0)
    labour, capital = np.stack(solved.labour[:n_years]), np.stack(solved.capital[:n_years])
    weights = np.divide(stock, stock.sum(axis=0), out=share.copy(), where=stock.sum(axis=0) > 0)
    found = {
        "welfare": np.stack([100 * (o.real_income - 1) for o in outcomes]),
        "consumption": np.where(fine, 100 * np.expm1(log_C[:n_years]), np.nan),
        "average_real_wage": np.stack([100 * (o.w_hat / o.P_consumer - 1) for o in outcomes]),
        "real_wage": np.stack([np.where(works, 100 * np.expm1(y.log_wage), np.nan) for y in solved.years[:n_years]]),
        "employment": np.where(works, 100 * (labour - 1), np.nan),
        "reallocated": 500 * (share * np.abs(labour - 1)).sum(axis=1),
        "capital": 100 * (weights * (capital - 1)).sum(axis=1),
        "revenue_change": np.stack([o.R_new - base.R for o in outcomes]),
        "path_welfare": np.where(fine, 100 * np.expm1(lasting), np.nan),
        "worker_welfare": np.where(works, worth, np.nan),
        "worker_welfare_mean": (share * np.where(works, worth, 0.0)).sum(axis=0),
    }
    if settings.capital == "specific":
        found["capital_sector"] = np.where(works, 100 * (capital - 1), np.nan)
    if not all(np.isfinite(found[k]).all() for k in ("welfare", "average_real_wage", "capital")):
        raise NoConvergence("the path has values that are no numbers. Please report the scenario.")
    return found


def _staying(solved: Solved, end: Rest, beta: float) -> Array:
    """Values of workers who never move: the discounted sum of their log real wages."""
    value = end.value
    for year in reversed(solved.years):
        value = year.log_wage + beta * value
    return value
