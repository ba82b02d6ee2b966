"""From a world and a model's settings to the accounts that its equations start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.model import melitz_kernel as kernel
from surtax.model.drive import Solver
from surtax.model.melitz_base import (
    MelitzBase,
    Parameters,
    closure_transfers,
    derived_domestic_sales,
    melitz_base,
    pass_through,
    two_region_nu,
)
from surtax.model.melitz_solve import find, inverse_at_base
from surtax.model.melitz_world import MelitzWorld, one_sector, outcome_world
from surtax.world import World

if TYPE_CHECKING:
    from surtax.model.melitz import MelitzPareto

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What depends on model, world and closure alone; kept with the world.

    Attributes
    ----------
    base : the accounts, re-solved where the closure asks for it; its own T is the closure's.
    world : the same as a labelled one-sector world.
    weights, tariffs : [s,o,d] shares of the products in a cell's sales, and base tariffs, in the sectors of the world
        that was given.
    inverse : [2n,2n] inverse of the Jacobian at the base, single precision: it only steers the steps.
    how, notes : what was done to the accounts, as text.
    """

    base: MelitzBase
    world: MelitzWorld
    weights: Array
    tariffs: Array
    inverse: NDArray[np.float32]
    how: str
    notes: tuple[str, ...]


def prepared(model: MelitzPareto, world: World, closure: str, solver: Solver) -> Prepared:
    """The accounts for a model and closure, computed at the first call and kept with the world.

    Raises
    ------
    InputError
        accounts or settings with which the equations have no meaning.
    NoEquilibrium, NoConvergence
        the base cannot be re-solved under the closure.
    """
    cache: dict[tuple[MelitzPareto, str], Prepared] = world.__dict__.setdefault("_melitz", {})
    key = (model, closure)
    if key not in cache:
        cache[key] = _prepare(model, world, closure, solver)
    return cache[key]


def _prepare(model: MelitzPareto, world: World, closure: str, solver: Solver) -> Prepared:
    if closure != "fixed":
        before = prepared(model, world, "fixed", solver)
        return _closed(model, before, closure, world, solver)
    home = np.einsum("snn->sn", world.tariffs)
    if home.any():
        s, n = (int(i) for i in np.argwhere(home)[0])
        raise InputError(
            f"the tariff of {world.countries[n]} on its own {world.sectors[s]} is {100 * home[s, n]:.4g} % in this "
            f"world: the model {model.name!r} knows tariffs between countries only. Set such cells of World.tariffs to "
            f"zero."
        )
    total, notes = one_sector(world)
    X = world.flows.sum(axis=0)
    weights = np.divide(world.flows, X, out=np.full(world.flows.shape, 1 / len(world.sectors)), where=X > 0)
    t = (weights * world.tariffs).sum(axis=0)
    epsilon = float(total.elasticity[0])
    domestic = model.domestic or ("gdp" if bool((world.value_added < 1).any()) else "recorded")
    gdp = world.factor_income if domestic == "gdp" else None
    nu, told = _nu(model, world, X, gdp)
    how = "domestic sales as recorded"
    if gdp is not None:
        X, bound = derived_domestic_sales(X, gdp, nu)
        np.fill_diagonal(X, X.diagonal() / model.value_added)
        how = "domestic sales from GDP and trade, as published"
        if bound:
            how += f"; {bound} countries import all that they buy"
        if model.value_added < 1:
            how += f"; divided by the share of value added, {model.value_added:g}"
    at = model.calibrated_at or epsilon
    phi = pass_through(nu, at / model.scale, model.pass_through)
    parameters = Parameters(
        epsilon, model.scale / at, model.labour_supply, model.value_added, nu, phi, model.rebate == "income-tax"
    )
    _check(parameters, world)
    base = melitz_base(X, t, parameters, world.countries)
    _check_welfare(base, world)
    settings = (*notes, told, *_told(model, parameters))
    return Prepared(
        base, outcome_world(total, base, how), weights, world.tariffs, inverse_at_base(base), how, settings
    )  # fmt: skip


def _nu(model: MelitzPareto, world: World, X: Array, gdp: Array | None) -> tuple[Array, str]:
    """ν [n] and where it comes from."""
    N = len(world.countries)
    if isinstance(model.nu, tuple):
        given = dict(model.nu)
        others = given.pop("*", None)
        if others is None and len({world.country(c) for c in given}) < N:
            missing = next(c for i, c in enumerate(world.countries) if i not in {world.country(x) for x in given})
            raise InputError(f"MelitzPareto: nu has no share for {missing}: name it, or give the others' under '*'.")
        nu = np.full(N, 0.0 if others is None else others)
        for code, value in given.items():
            nu[world.country(code)] = value
        return nu, "ν as given"
    if model.nu is not None:
        return np.full(N, float(model.nu)), f"ν {model.nu:g} as given"  # type: ignore[arg-type]
    own = model.designated_in(world)
    if own is None or N < 2:
        return np.full(N, model.targets[0]), f"ν {model.targets[0]:g} everywhere: no designated country"
    n0, n1 = two_region_nu(X, own, model.targets, gdp=gdp)
    nu = np.full(N, n0)
    nu[own] = n1
    return nu, f"ν {n1:.8f} in {world.countries[own]}, {n0:.8f} elsewhere: calibrated to {model.targets}"


def _told(model: MelitzPareto, p: Parameters) -> tuple[str, ...]:
    phi = f"{p.phi.min():.6g}" if np.ptp(p.phi) == 0 else f"{p.phi.min():.6g} to {p.phi.max():.6g}"
    rebate = {"income-tax": "revenue cuts the income tax", "lump-sum": "revenue is a lump sum"}[model.rebate]
    measure = {"published": "welfare by the paper's formula", "utility": "welfare is utility"}[model.welfare]
    return (
        f"ε {p.epsilon:.6g}, ψ {p.psi:.6g}, κ {p.kappa:g}, φ {phi}, β {p.beta:g}",
        f"{rebate}; {measure}",
    )


def _check(p: Parameters, world: World) -> None:
    """Refuse parameters with which the equations lose their meaning."""
    n = int(np.argmin(p.phi))
    if not p.phi[n] > 0:
        raise InputError(
            f"MelitzPareto: φ of {world.countries[n]} is {p.phi[n]:.4g}: a tariff would raise imports. Raise "
            f"pass_through."
        )
    if not (p.beta + (1 - p.beta) * (p.phi - 1)).min() > 0:
        raise InputError(
            f"MelitzPareto: with β {p.beta:g} and φ {p.phi[n]:.4g} prices would not pin down costs "
            f"(β + (1−β)(φ−1) ≤ 0): raise value_added or pass_through."
        )
    # In a closed country the real wage rises with employment by (φ − 1 + ψ) / (β − ψ (1−β)): entry and selection.
    room = p.beta - p.psi * (1 - p.beta)
    n = int(np.argmax(p.phi))
    feeds = p.kappa * (p.phi[n] - 1 + p.psi) / room if room > 0 else np.inf
    if not feeds < 1:
        raise InputError(
            f"MelitzPareto: in {world.countries[n]} employment would feed on itself (κ (φ − 1 + ψ) / (β − ψ (1−β)) is "
            f"{feeds:.3g}, with φ {p.phi[n]:.4g}, ψ {p.psi:.4g}; it has to be below 1): such an economy has no stable "
            f"equilibrium. Lower labour_supply, nu or scale, or raise value_added."
        )


def _check_welfare(base: MelitzBase, world: World) -> None:
    """Refuse accounts without take-home pay, or in which effort is worth more than consumption."""
    p = base.parameters
    if p.income_tax and p.kappa > 0 and not (base.R < base.Y).all():
        n = int(np.argmax(base.R / base.Y))
        raise InputError(
            f"tariff revenue of {world.countries[n]}, {base.R[n]:.4g}, exceeds what labour earns, {base.Y[n]:.4g}: no "
            f"income tax is left that it could replace. Use MelitzPareto(rebate='lump-sum')."
        )
    pay = base.Y / (1 - base.R / base.Y) if p.income_tax else base.Y
    left = base.consumption - p.kappa / (1 + p.kappa) * pay
    if not (left > 0).all():
        n = int(np.argmin(left / base.Y))
        raise InputError(
            f"{world.countries[n]} consumes {base.consumption[n]:.4g} of {base.Y[n]:.4g} that it earns: less than the "
            f"effort of earning it is worth at κ = {p.kappa:g}, so that welfare has no meaning. Correct its trade or "
            f"GDP."
        )


def _closed(model: MelitzPareto, before: Prepared, closure: str, world: World, solver: Solver) -> Prepared:
    """The accounts re-solved under another closure's transfers."""
    base, own = before.base, model.designated_in(world)
    T = closure_transfers(base, closure, own)
    wedge = kernel.no_change(base)
    try:
        solution = find(
            base, before.inverse, lambda _: wedge, lambda share: base.T + share * (T - base.T), solver, world.countries
        )
    except NoConvergence as problem:
        raise type(problem)(f"re-solving the base under {closure!r}: {problem}") from None
    state = kernel.evaluate(solution.value, base, wedge, T)
    X = kernel.flows(state, wedge) * (float(base.Y.sum()) / float(state.Y.sum()))
    new = melitz_base(X, base.t, base.parameters, world.countries)
    _check_welfare(new, world)
    who = "" if closure == "balanced" or own is None else f" ({world.countries[own]})"
    how = f"{before.how}; re-solved under the transfers of {closure!r}{who}"
    return replace(before, base=new, world=outcome_world(before.world, new, how), inverse=inverse_at_base(new), how=how)
