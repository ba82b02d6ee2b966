"""The core system: many sectors, inputs from each other, tariffs and trade costs, in changes.

Caliendo & Parro (2015), Rev. Econ. Stud. 82, eqs. (9)–(15), with the deficit closures of docs/notation.md. In a solve the
bilateral term separates, (ĉ κ̂)^−θ = ĉ^−θ κ̂^−θ, so an evaluation multiplies two fixed cubes by vectors and takes
no bilateral power (docs/kernel.md).

The state of the fixed point is x = (log ŵ [n], log P̂ [s,n], log Ê [s,n]), Ê = E′/E.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.model.base import Base

Array = NDArray[np.float64]

CLOSURES = ("fixed", "balanced", "gdp-share", "multiplicative")


@dataclass(frozen=True)
class Shock:
    """A schedule as the kernel reads it.

    Attributes
    ----------
    A : π κ̂^−θ [s,o,d].
    B : A times the part of a price that reaches the seller, 1/(1+t′), [s,o,d].
    taxed : [m] positions of importers that levy any tariff.
    G : A − B [s,o,m] for those importers: the part that is tariff revenue.
    """

    A: Array
    B: Array
    taxed: NDArray[np.intp]
    G: Array


def shock(base: Base, tariffs: Array, trade_cost: Array | None) -> Shock:
    """Lay out new tariffs t′ [s,o,d] and trade-cost changes τ̂ [s,o,d] (None: unchanged) for the kernel.

    Only cells whose wedge changed are raised to a power. τ̂ = ∞ closes a cell exactly.
    """
    A, B = base.pi.copy(), base.net.copy()
    changed = tariffs != base.t
    if trade_cost is not None:
        changed |= trade_cost != 1.0
    s, o, d = np.nonzero(changed & (base.pi > 0))
    if s.size:
        wedge = (1 + tariffs[s, o, d]) / (1 + base.t[s, o, d])
        if trade_cost is not None:
            wedge = wedge * trade_cost[s, o, d]
        A[s, o, d] = base.pi[s, o, d] * wedge ** -base.theta[s]
        B[s, o, d] = A[s, o, d] / (1 + tariffs[s, o, d])
    taxed = np.flatnonzero(tariffs.any(axis=(0, 1)))
    return Shock(A, B, taxed, np.ascontiguousarray((A - B)[:, :, taxed]))


@dataclass(frozen=True)
class State:
    """What one evaluation of the equations knows; see docs/notation.md for the names.

    Attributes
    ----------
    log_w : log ŵ [n]; log_P, log_c : log P̂, log ĉ [s,n]; u : ĉ^−θ up to a factor a sector, [s,o].
    v : E′ over Σ_o A u in the same factor, [s,d]; Y : Y′ [s,n]; E : E′ [s,n], as the equations give it.
    R, D, I : R′, D′, I′ [n]; factor_demand : Σ_s γ^V Y′ [n].
    """

    log_w: Array
    log_P: Array
    log_c: Array
    u: Array
    v: Array
    Y: Array
    E: Array
    R: Array
    D: Array
    I: Array  # noqa: E741 - the notation's name
    factor_demand: Array


def unpack(x: Array, base: Base) -> tuple[Array, Array, Array]:
    """Split a state vector into log ŵ [n], log P̂ [s,n], log Ê [s,n] (views)."""
    J, N = base.E.shape
    return x[:N], x[N : N + J * N].reshape(J, N), x[N + J * N :].reshape(J, N)


def transfers(closure: str, base: Base, wV: Array, R: Array) -> tuple[Array, Array]:
    """D′ [n] and I′ [n] of a closure, from factor income ŵV and revenue R′."""
    if closure == "balanced":
        D = np.zeros_like(wV)
    elif closure == "fixed":
        D = base.D
    elif closure == "gdp-share":
        d = base.D / base.V
        D = d * wV - wV * (float(d @ wV) / float(wV.sum()))
    elif closure == "multiplicative":
        earned = wV + R
        spent = base.I / (base.V + base.R) * earned
        income = spent * (float(earned.sum()) / float(spent.sum()))
        return income - earned, income
    else:  # pragma: no cover - names are checked at the door
        raise ValueError(closure)
    return D, wV + R + D


def evaluate(x: Array, base: Base, shock: Shock, closure: str) -> State:
    """Evaluate the equations at state x: prices from costs, sales from shares, spending from sales."""
    log_w, log_P, log_E = unpack(x, base)
    log_c = (base.gamma_nsk @ log_P.T[:, :, None])[:, :, 0].T
    log_c += base.gamma_v * log_w
    exponent = -base.theta[:, None] * log_c
    shift = exponent.max(axis=1, keepdims=True)
    u = np.exp(exponent - shift)
    S = (u[:, None, :] @ shock.A)[:, 0, :]
    S[~base.bought] = 1.0
    new_log_P = -(np.log(S) + shift) / base.theta[:, None]
    new_log_P[~base.bought] = 0.0
    v = base.E * np.exp(log_E) / S
    Y = u * (shock.B @ v[:, :, None])[:, :, 0]
    R = np.zeros_like(log_w)
    if shock.taxed.size:
        R[shock.taxed] = (v[:, shock.taxed] * (u[:, None, :] @ shock.G)[:, 0, :]).sum(axis=0)
    wV = np.exp(log_w) * base.V
    D, income = transfers(closure, base, wV, R)
    E = (base.gamma_nks @ Y.T[:, :, None])[:, :, 0].T + base.alpha * income
    return State(log_w, new_log_P, log_c, u, v, Y, E, R, D, income, (base.gamma_v * Y).sum(axis=0))


def fixed_point_map(base: Base, shock: Shock, closure: str) -> Callable[[Array], Array]:
    """The map x → g(x) whose fixed points are the equilibria, in the numeraire Σ ŵV = ΣV.

    Wages rise with excess demand for factors, the more slowly the more elastic trade is; the other two blocks take the value
    that their equation gives. Where an income is not positive the map returns NaN: the step went too far.
    """
    J, N = base.E.shape
    world_income = float(base.V.sum())
    sales = base.gamma_v * base.Y
    sales = sales / sales.sum(axis=0)
    speed = 1.0 / (1.0 + (sales * base.theta[:, None] * (1 - _own(base))).sum(axis=0))
    dead = ~base.bought

    def g(x: Array) -> Array:
        with np.errstate(all="ignore"):
            s = evaluate(x, base, shock, closure)
            ratio = s.factor_demand / (np.exp(s.log_w) * base.V)
            log_w = s.log_w + speed * np.log(ratio)
            grown = np.where(dead, 1.0, s.E / np.where(dead, 1.0, base.E))
            log_E = np.log(grown)
            level = np.log(float(np.exp(log_w) @ base.V) / world_income)
            out = np.empty_like(x)
            out[:N] = log_w - level
            out[N : N + J * N] = (s.log_P - level).ravel()
            out[N + J * N :] = (log_E - level).ravel()
            if dead.any():
                out[N : N + J * N].reshape(J, N)[dead] = 0.0
                out[N + J * N :].reshape(J, N)[dead] = 0.0
        return out

    return g


def _own(base: Base) -> Array:
    """Share of a country's sector sold at home, [s,n]."""
    J, N = base.E.shape
    home = np.stack([np.diagonal(base.net[s]) for s in range(J)]) * base.E
    return np.asarray(np.divide(home, base.Y, out=np.ones_like(home), where=base.Y > 0))
