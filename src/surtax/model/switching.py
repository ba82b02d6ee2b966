"""Workers who change sectors and capital that is saved, year by year, in changes against a path without change.

Workers: Caliendo, Dvorkin & Parro (2019), Econometrica 87(3), eqs. (2)–(4), with sectors for labour markets: each year
a worker earns the wage of a sector, then draws tastes for all (Gumbel, dispersion ν) and picks where to work next
year, at costs that do not change. With v the change of a value, ω̂ that of a real wage and μ⁰ the base's transitions,

    v[j] = log ω̂[j] + ν log Σ_k μ⁰[j,k] exp(β v′[k] / ν)
    μ[j,k] = μ⁰[j,k] exp(β v′[k] / ν) / Σ
    ℓ′[k] = Σ_j ℓ[j] μ[j,k]

so that costs need not be known: they are in μ⁰. Capital: Kleinman, Liu & Redding (2023), Econometrica 91(2): owners
with log preferences save the share β of their wealth, K′ = β (1 − δ + r/P) K, and in a base at rest
1 = β (1 − δ + r/P), hence K̂′/K̂ = β(1−δ) + (1 − β(1−δ)) r̂/P̂.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence

Array = NDArray[np.float64]

# Newton on a contraction: a handful of steps unless β is all but one.
STEPS = 60


def transitions(stay: float, employment: Array) -> Array:
    """μ⁰ [n,j,k]: a worker stays with probability `stay`, else draws a sector in proportion to employment.

    Employment is at rest under it whatever its shares. The draw may give back the own sector, so that the probability
    of remaining is stay + (1 − stay) ℓ[j].

    Parameters
    ----------
    employment : [s,n] persons, or shares.
    """
    share = employment / employment.sum(axis=0)
    J = share.shape[0]
    return np.asarray(stay * np.eye(J) * (share.T > 0)[:, :, None] + (1 - stay) * share.T[:, None, :]
                      + stay * (share.T == 0)[:, :, None] * share.T[:, None, :])  # fmt: skip


def choose(mu: Array, v: Array, beta: float, nu: float) -> tuple[Array, Array]:
    """μ [n,j,k] and ν log Σ_k μ⁰ exp(β v/ν) [s,n] when next year's values change by v [s,n]."""
    z = (beta / nu) * v.T
    open_ = mu.any(axis=1)
    shift = np.where(open_, z, -np.inf).max(axis=1, keepdims=True)
    weight = mu * np.exp(np.where(open_, z - shift, 0.0))[:, None, :]
    total = weight.sum(axis=2)
    return weight / total[:, :, None], np.asarray(nu * (np.log(total) + shift).T)


def lasting_value(log_wage: Array, mu: Array, beta: float, nu: float) -> Array:
    """V [s,n] where real wages stay at ω̂ for ever: v = log ω̂ + ν log Σ μ⁰ exp(β v/ν), by Newton's method.

    Raises
    ------
    NoConvergence
        rounding keeps the equation from holding to 1e-11.
    """
    v = log_wage / (1 - beta)
    eye = np.eye(v.shape[0])
    miss = np.inf
    for _ in range(STEPS):
        chosen, option = choose(mu, v, beta, nu)
        gap = log_wage + option - v
        size = float(np.abs(gap).max())
        if size <= 1e-15 * (1 + float(np.abs(v).max())) or (size >= miss and size < 1e-11):
            return v
        miss = size
        v = v + np.linalg.solve(eye - beta * chosen, gap.T[:, :, None])[:, :, 0].T
    if miss < 1e-11:
        return v
    raise NoConvergence(f"workers' values at lasting wages miss their equation by {miss:.1e}.")


def move(labour: Array, employment: Array, mu: Array) -> Array:
    """L̂′ [s,n] from L̂ [s,n], base employment [s,n] and choices μ [n,j,k]; 1 where nobody works in the base."""
    persons = (employment * labour).T[:, None, :] @ mu
    moved: Array = np.divide(persons[:, 0, :].T, employment, out=np.ones_like(labour), where=employment > 0)
    return moved


def at_rest(employment: Array, mu: Array) -> Array:
    """L̂ [s,n] that choices μ [n,j,k] leave as they are, with each country's workers of the base."""
    J = employment.shape[0]
    total = employment.sum(axis=0)
    # ℓ (μ − I) = 0 and Σ ℓ = total: the sum takes the place of the first equation, which follows from the others.
    M = np.swapaxes(mu, 1, 2) - np.eye(J)
    M[:, 0, :] = 1.0
    right = np.zeros((total.size, J, 1))
    right[:, 0, 0] = total
    persons = np.linalg.solve(M, right)[:, :, 0].T
    found: Array = np.divide(persons, employment, out=np.ones_like(employment), where=employment > 0)
    return found


def next_capital(capital: Array, real_return: Array, beta: float, delta: float) -> Array:
    """K̂′ from K̂ and r̂/P̂, any shape."""
    kept = beta * (1 - delta)
    return capital * (kept + (1 - kept) * real_return)
