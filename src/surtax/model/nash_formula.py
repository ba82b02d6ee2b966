"""Uniform Nash tariffs by Lashkaripour's formula, all countries at once, together with the equilibrium.

Source: A. Lashkaripour (2021), The cost of a global tariff war: a sufficient statistics approach, Journal of
International Economics 131, eqs. (6), (7) and (14), as his package `tariffwar` has them (docs/models/tariffwar.md):

    t_n = 1 / max(1, Σ_s (σ_s − 1) Σ_{d≠n} φ[s,n,d] (1 − π′[s,n,d])),   φ = X′[s,n,d] / n's total exports.

**It is an approximation, not a best reply**: it takes each country's market power from the elasticity of the demand
that its exports meet, and leaves out how its tariff moves incomes and the prices of others. True uniform best replies
differ by some points (WIOD 2014: the United States 43.7 against 41.2 per cent). Cite it as what it is.

The setting is the core system without inputs (γ = 0, γ^V = 1) at balanced trade. A uniform tariff keeps the bilateral
term separable: with a = π (1+t)^θ, which no tariff touches, the share of origin o in d is a ŵ_o^−θ (1+t_d)^−θ / S. The
unknowns are log ŵ and t, 2N numbers, and one evaluation takes three batches of matrix–vector products with fixed
cubes, no power of a cube.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.model.base import base_of
from surtax.model.drive import Solver
from surtax.model.equilibrium import Core, prepared
from surtax.model.outcome import Outcome
from surtax.model.registry import Task
from surtax.model.tariffwar import ABOUT
from surtax.numerics import Anderson, Solution, anderson
from surtax.policy.scenario import Scenario
from surtax.world import World

Array = NDArray[np.float64]

#: The floor of the sum in the formula: no tariff above 100 per cent, and one for countries that hardly export.
FLOOR = 1.0
# Tariffs are shares of order one: their equations hold to this, or there is no result.
ACCEPT = 1e-9
# Plain steps before the acceleration is tried again, where it failed.
RELAXED = (100, 400, 1600)
SOLVER = Anderson(tolerance=1e-13, acceptable=1e-11, depth=12, max_evaluations=400)


@dataclass(frozen=True)
class Setting:
    """Balanced accounts without inputs as the kernel reads them.

    Attributes
    ----------
    a : π (1+t)^θ [s,o,d] of trade between countries, the diagonal empty; a2 : its square.
    home : π (1+t)^θ [s,n] of sales at home, which nobody taxes.
    theta [s], alpha [s,n] : θ = σ − 1 and expenditure shares.
    V, I [n] : factor income and income of the base.
    """

    a: Array
    a2: Array
    home: Array
    theta: Array
    alpha: Array
    V: Array
    I: Array  # noqa: E741 - the notation's name


@dataclass(frozen=True)
class State:
    """An evaluation: everything at wages ŵ and tariffs t.

    Attributes
    ----------
    log_w, t [n] : where.
    log_S : log of Σ_o π (ĉ κ̂)^−θ [s,n], −θ log P̂; zero where nothing is bought.
    Y [n] : sales; abroad [n] : the share of them that is exported; I [n] : income.
    sum [n] : Σ_s (σ_s − 1) Σ_{d≠n} φ (1 − π′), zero where nothing is exported.
    """

    log_w: Array
    t: Array
    log_S: Array
    Y: Array
    abroad: Array
    I: Array  # noqa: E741 - the notation's name
    sum: Array

    @property
    def formula(self) -> Array:
        """The tariffs that the formula gives here, [n]."""
        return 1 / np.maximum(self.sum, FLOOR)


def _check(world: World) -> None:
    """Refuse accounts that the formula is not for."""
    if world.inputs.any():
        raise InputError(
            "the Nash formula is for accounts without inputs: drop them with "
            "surtax.model.tariffwar.without_inputs(world), which says so in its results."
        )
    if np.einsum("snn->sn", world.tariffs).any():
        raise InputError("the Nash formula needs accounts without tariffs on sales at home.")
    if len(world.countries) < 2:
        raise InputError("a tariff war takes two countries.")


def setting(world: World) -> Setting:
    """Lay out a world without inputs at balanced trade; computed once a world and kept with it.

    Raises
    ------
    InputError
        the world has inputs, levies a tariff on sales at home, or is a single country.
    """
    kept: Setting | None = world.__dict__.get("_nash_formula")
    if kept is None:
        _check(world)
        base, own = base_of(world), np.arange(len(world.countries))
        a = base.pi * (1 + base.t) ** base.theta[:, None, None]
        home = np.array(a[:, own, own])
        a[:, own, own] = 0.0
        kept = world.__dict__["_nash_formula"] = Setting(a, a * a, home, base.theta, base.alpha, base.V, base.I)
    return kept


def evaluate(log_w: Array, t: Array, at: Setting) -> State:
    """All equations at log ŵ [n] and uniform tariffs t [n]."""
    exponent = -at.theta[:, None] * log_w
    shift = exponent.max(axis=1, keepdims=True)
    u = np.exp(exponent - shift)
    z = np.exp(-at.theta[:, None] * np.log1p(t))
    foreign = z * (u[:, None, :] @ at.a)[:, 0, :]
    S = at.home * u + foreign
    bought = S > 0
    v = np.divide(at.alpha, S, out=np.zeros_like(S), where=bought)
    wV = np.exp(log_w) * at.V
    income = wV / (1 - (v * foreign).sum(axis=0) * t / (1 + t))
    v *= income
    g = v * z / (1 + t)
    exports = u * (at.a @ g[:, :, None])[:, :, 0]
    # Σ_{d≠n} X′ π′: both have the factor a u z, so that a² and u² come out of the sum
    own_share = u * u * (at.a2 @ (g * np.divide(z, S, out=np.zeros_like(S), where=bought))[:, :, None])[:, :, 0]
    total = exports.sum(axis=0)
    weighted = at.theta @ (exports - own_share)
    sales = total + (v * at.home * u).sum(axis=0)
    return State(
        log_w=log_w,
        t=t,
        log_S=np.log(S, out=np.zeros_like(S), where=bought) + np.where(bought, shift, 0.0),
        Y=sales,
        abroad=total / sales,
        I=income,
        sum=np.divide(weighted, total, out=np.zeros_like(total), where=total > 0),
    )


def _wage_step(state: State, at: Setting, speed: Array) -> Array:
    """New log ŵ: up where more is sold than wages ask for, in the numeraire Σ ŵV = ΣV."""
    new = state.log_w + speed * (np.log(state.Y / at.V) - state.log_w)
    return np.asarray(new - np.log(float(np.exp(new) @ at.V) / float(at.V.sum())))


def nash(at: Setting, start: float = 0.3) -> tuple[State, Solution]:
    """Tariffs by the formula with the equilibrium: the state, and what it cost.

    Parameters
    ----------
    start : tariff of everybody to begin with.

    Raises
    ------
    NoConvergence
        none was found.
    """
    N = at.V.size
    x0 = np.concatenate([np.zeros(N), np.full(N, start)])
    with np.errstate(all="ignore"):
        first = evaluate(x0[:N], x0[N:], at)
    # The more elastically demand for what a country sells answers to its wage, the smaller the step.
    speed = 1 / (1 + first.sum * first.abroad)

    def step(x: Array) -> Array:
        state = evaluate(x[:N], x[N:], at)
        return np.concatenate([_wage_step(state, at, speed), state.formula])

    with np.errstate(all="ignore"):  # a step too far shows as a residual that is no number
        x, found = x0, anderson(step, x0, SOLVER)
        for count in RELAXED:
            if found.converged:
                break
            # Where tariffs come and go at the floor the map has kinks, which mislead the acceleration: plain steps of
            # half the length settle which of them are there.
            for _ in range(count):
                x = 0.5 * (x + step(x))
            found = anderson(step, x, SOLVER)
        state = evaluate(found.value[:N], found.value[N:], at)
    gap = float(np.abs(state.t - state.formula).max())
    if not (found.converged and gap <= ACCEPT and (state.t >= 0).all()):
        raise NoConvergence(
            f"no Nash tariffs found by the formula: residual {found.stats.residual:.1e}, tariffs {gap:.1e}."
        )
    return state, found


def nash_by_formula(
    world: World, *, solver: Solver | None = None, progress: Callable[[str], None] | None = None
) -> Outcome:
    """The tariff war in which every country levies the uniform tariff of the formula on everything it imports.

    Parameters
    ----------
    world : accounts without inputs (`surtax.model.tariffwar.without_inputs`); re-solved at balanced trade and factual
        tariffs first. The Nash tariffs replace the factual ones, services included.
    solver, progress : see `surtax.solve`.

    Returns
    -------
    Outcome
        changes relative to the balanced base; the tariffs are its schedule, `outcome.scenario` names them. Every
        equation of the core system was checked, the formula's to 1e-9.

    Raises
    ------
    InputError
        accounts with inputs or with tariffs at home.
    NoConvergence
        no balanced base, or no such tariffs.
    """
    solver = solver or Solver()
    _check(world)
    at = setting(prepared(world, "balanced", solver)[0])
    state, _ = nash(at)
    scenario = Scenario(
        name="nash-by-formula",
        title="Tariff war: every country levies its uniform Nash tariff by Lashkaripour's formula (an approximation)",
    )
    for country, rate in zip(world.countries, state.t, strict=True):
        scenario = scenario.tariff(importer=country, exporter="*", set=float(rate), measure=f"nash-{country}")
    task = Task(world, scenario, scenario.schedule(world), "balanced", solver, progress, _core_state(state, at))
    outcome = Core().equilibrium(task)
    return replace(outcome, conditions=replace(outcome.conditions, model="tariffwar", about=ABOUT))


def _core_state(state: State, at: Setting) -> Array:
    """The state vector of the core system, log ŵ, log P̂ and log Ê, where this equilibrium stands."""
    log_P = -state.log_S / at.theta[:, None]
    log_E = np.where(at.alpha > 0, np.log(state.I / at.I), 0.0)
    return np.concatenate([state.log_w, log_P.ravel(), log_E.ravel()])
