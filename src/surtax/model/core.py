"""The core system: many sectors, inputs from each other, tariffs and trade costs, in changes.

Caliendo & Parro (2015), Rev. Econ. Stud. 82, eqs. (9)–(15), with the deficit closures of docs/notation.md. In a
solve the bilateral term separates, (ĉ κ̂)^−θ = ĉ^−θ κ̂^−θ, so an evaluation multiplies two fixed cubes by vectors
and takes no bilateral power (docs/kernel.md).

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


def shock(base: Base, tariffs: Array, trade_cost: Array | None, near: tuple[Array, Shock] | None = None) -> Shock:
    """Lay out new tariffs t′ [s,o,d] and trade-cost changes τ̂ [s,o,d] (None: unchanged) for the kernel.

    Only cells whose wedge changed are raised to a power. τ̂ = ∞ closes a cell exactly. `near` are other tariffs and
    their layout, at the same trade costs: then only cells in which the two differ are.
    """
    if near is not None:
        A, B = near[1].A, near[1].B
        changed = tariffs != near[0]
    else:
        A, B = base.pi, base.net
        changed = np.zeros(A.shape, dtype=bool) if tariffs is base.t else tariffs != base.t
        if trade_cost is not None:
            changed |= trade_cost != 1.0
    # Flat positions: numpy finds them in a vector a hundred times as fast as in a cube.
    cells = np.flatnonzero(changed)
    if cells.size:
        A, B = A.copy(), B.copy()
        t = tariffs.ravel()[cells]
        wedge = (1 + t) / (1 + base.t.ravel()[cells])
        if trade_cost is not None:
            wedge = wedge * trade_cost.ravel()[cells]
        theta = base.theta[cells // (A.shape[1] * A.shape[2])]
        A.ravel()[cells] = base.pi.ravel()[cells] * wedge**-theta
        B.ravel()[cells] = A.ravel()[cells] / (1 + t)
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


@dataclass(frozen=True)
class CountryBlocks:
    """Inverse of the Jacobian of the equations within each country, other countries held still; single precision.

    It only steers the steps, the equations decide where they end, so its rounding and what it leaves out do not
    touch the result. For residuals (r_w, r_P, r_E) of the factor market, prices and expenditure the step is

        a = r_w·scale + q_P·r_P + q_E·r_E,   p = L_P r_P + p_1 a,   e = K r_P + L_E r_E + e_1 a.

    Attributes
    ----------
    L_P, K, L_E : [n,s,s]; q_P, q_E, p_1, e_1 : [n,s]; scale : [n].
    """

    L_P: NDArray[np.float32]
    K: NDArray[np.float32]
    L_E: NDArray[np.float32]
    q_P: Array
    q_E: Array
    p_1: Array
    e_1: Array
    scale: Array


def country_blocks(base: Base, closure: str) -> CountryBlocks:
    """Linearise the equations within each country at the base; see `CountryBlocks`.

    With c = γ^V a + γ p:  p = π_nn c;  dlnY = slope·c + h e, slope = −θ (1 − Σ_d ω_d π_nd), h the share of sales at
    home;  E e = γ Y dlnY + α (V a + dR) and dR = R e by sector;  a follows from Σ φ dlnY = a.
    """
    J, N = base.E.shape
    single = np.float32
    index = np.arange(J)
    Y = np.where(base.Y > 0, base.Y, 1.0)
    income = transfers(closure, base, base.V, base.R)[1]
    spending = np.where(base.bought, 1.0, np.inf)
    E = (base.gamma_nks @ base.Y.T[:, :, None])[:, :, 0].T + base.alpha * income
    E = np.where(base.bought & (E > 0), E, spending)
    own_pi = np.ascontiguousarray(np.diagonal(base.pi, axis1=1, axis2=2)).T  # [n,s]
    home = (np.ascontiguousarray(np.diagonal(base.net, axis1=1, axis2=2)) * base.E / Y).T
    overlap = np.matmul(base.net * base.pi, base.E[:, :, None])[:, :, 0] / Y
    slope = (-base.theta[:, None] * (1 - overlap)).T  # [n,s]
    earned = base.V + base.R
    spread = income / earned if closure in ("gdp-share", "multiplicative") else np.ones(N)
    revenue = ((base.pi - base.net).sum(axis=1) * base.E).T  # [n,s]
    share = (base.alpha / E).T  # [n,k]
    use = base.gamma_nks * base.Y.T[:, None, :] / E.T[:, :, None]  # [n,k,s] of buying sector s
    phi = (base.gamma_v * base.Y / base.V).T  # [n,s]
    gamma_v = base.gamma_v.T
    # prices
    M = (-own_pi[:, :, None] * base.gamma_nsk).astype(single)
    M[:, index, index] += 1
    L_P = np.linalg.inv(M)
    p_1 = np.matmul(L_P, (own_pi * gamma_v)[:, :, None])[:, :, 0]
    c_1 = gamma_v + np.matmul(base.gamma_nsk, p_1[:, :, None])[:, :, 0]
    # expenditure
    M = (-use * home[:, None, :]).astype(single)
    M -= ((spread[:, None] * share)[:, :, None] * revenue[:, None, :]).astype(single)
    M[:, index, index] += 1
    L_E = np.linalg.inv(M)
    costs_to_use = (use * slope[:, None, :]).astype(single)
    K = np.matmul(np.matmul(L_E, costs_to_use), np.matmul(base.gamma_nsk.astype(single), L_P))
    pull = np.matmul(costs_to_use, c_1[:, :, None])[:, :, 0] + share * (spread * base.V)[:, None]
    e_1 = np.matmul(L_E, pull[:, :, None])[:, :, 0]
    # wages
    gamma_L = np.matmul((phi * slope)[:, None, :], np.matmul(base.gamma_nsk.astype(single), L_P))[:, 0, :]
    q_P = gamma_L + np.matmul((phi * home)[:, None, :], K)[:, 0, :]
    q_E = np.matmul((phi * home)[:, None, :], L_E)[:, 0, :]
    slack = 1 - (phi * (slope * c_1 + home * e_1)).sum(axis=1)
    scale = 1 / np.maximum(slack, 1e-3)
    return CountryBlocks(
        L_P, K, L_E, (q_P * scale[:, None]).astype(float), (q_E * scale[:, None]).astype(float),
        p_1.astype(float), e_1.astype(float), scale.astype(float),
    )  # fmt: skip


def residual(x: Array, base: Base, shock: Shock, closure: str) -> tuple[Array, State]:
    """Residuals of all equations at x, laid out like x, and the state that they were computed from.

    log(Σ γ^V Y′ / ŵV) − log(Σ ŵV/ΣV) [n]; log of the price equation [s,n]; log of the expenditure equation [s,n].
    The second term of the first pins the numeraire: the rest is homogeneous, and by Walras' law the term vanishes
    at a root.
    """
    state = evaluate(x, base, shock, closure)
    out = np.empty_like(x)
    r_w, r_P, r_E = unpack(out, base)
    log_w, log_P, log_E = unpack(x, base)
    wV = np.exp(log_w) * base.V
    r_w[:] = np.log(state.factor_demand / wV) - np.log(float(wV.sum()) / float(base.V.sum()))
    r_P[:] = state.log_P - log_P
    bought = base.bought
    r_E[:] = 0.0
    r_E[bought] = np.log(state.E[bought] / base.E[bought]) - log_E[bought]
    r_P[~bought] = -log_P[~bought]
    r_E[~bought] = -log_E[~bought]
    return out, state


def linearise(x: Array, state: State, base: Base, shock: Shock, closure: str) -> Callable[[Array], Array]:
    """Return the exact Jacobian–vector product of `residual` at x; one costs about as much as an evaluation."""
    N = base.V.size
    log_w, _, log_E = unpack(x, base)
    u, v = state.u, state.v
    E_here = base.E * np.exp(log_E)
    S = np.where(base.bought, E_here / np.where(base.bought, v, 1.0), 1.0)
    wV = np.exp(log_w) * base.V
    bought, taxed = base.bought, shock.taxed
    E_new = np.where(bought, state.E, 1.0)
    earned = wV + state.R
    uG = (u[:, None, :] @ shock.G)[:, 0, :] if taxed.size else None

    def income(d_wV: Array, d_R: Array) -> Array:
        if closure == "gdp-share":
            d = base.D / base.V
            mean = float(d @ wV) / float(wV.sum())
            d_mean = (float(d @ d_wV) - mean * float(d_wV.sum())) / float(wV.sum())
            return np.asarray(d_wV + d_R + (d - mean) * d_wV - wV * d_mean)
        if closure == "multiplicative":
            ratio = base.I / (base.V + base.R)
            spent, d_spent = ratio * earned, ratio * (d_wV + d_R)
            zeta = float(earned.sum()) / float(spent.sum())
            d_zeta = (float((d_wV + d_R).sum()) - zeta * float(d_spent.sum())) / float(spent.sum())
            return np.asarray(zeta * d_spent + d_zeta * spent)
        return d_wV + d_R

    def product(dx: Array) -> Array:
        dw, dP, dE = unpack(dx, base)
        d_log_c = (base.gamma_nsk @ dP.T[:, :, None])[:, :, 0].T + base.gamma_v * dw
        du = u * (-base.theta[:, None] * d_log_c)
        d_log_S = (du[:, None, :] @ shock.A)[:, 0, :] / S
        d_log_S[~bought] = 0.0
        dv = v * (dE - d_log_S)
        dY = du * (state.Y / np.where(u > 0, u, 1.0)) + u * (shock.B @ dv[:, :, None])[:, :, 0]
        dR = np.zeros(N)
        if uG is not None:
            dR[taxed] = (dv[:, taxed] * uG + v[:, taxed] * (du[:, None, :] @ shock.G)[:, 0, :]).sum(axis=0)
        d_wV = wV * dw
        d_E_new = (base.gamma_nks @ dY.T[:, :, None])[:, :, 0].T + base.alpha * income(d_wV, dR)
        out = np.empty_like(dx)
        r_w, r_P, r_E = unpack(out, base)
        r_w[:] = (base.gamma_v * dY).sum(axis=0) / state.factor_demand - dw - d_wV.sum() / wV.sum()
        r_P[:] = np.where(bought, -d_log_S / base.theta[:, None], 0.0) - dP
        r_E[:] = np.where(bought, d_E_new / E_new, 0.0) - dE
        return out

    return product


def apply_blocks(blocks: CountryBlocks, r: Array, base: Base) -> Array:
    """The step, laid out like x, that residuals r would take country by country; see `CountryBlocks`."""
    r_w, r_P, r_E = unpack(r, base)
    out = np.empty_like(r)
    w, P, E = unpack(out, base)
    r_P, r_E = r_P.T, r_E.T
    a = blocks.scale * r_w + (blocks.q_P * r_P).sum(axis=1) + (blocks.q_E * r_E).sum(axis=1)
    # Single precision holds the ratio of a step to a residual, not the residual: scale before rounding.
    size = max(float(np.abs(r_P).max()), float(np.abs(r_E).max()), 1e-300)
    P32, E32 = ((x / size).astype(np.float32)[:, :, None] for x in (r_P, r_E))
    w[:] = a
    P[:] = (np.matmul(blocks.L_P, P32)[:, :, 0] * size + blocks.p_1 * a[:, None]).T
    e = np.matmul(blocks.K, P32) + np.matmul(blocks.L_E, E32)
    E[:] = (e[:, :, 0] * size + blocks.e_1 * a[:, None]).T
    return out


def fixed_point_map(base: Base, shock: Shock, closure: str, blocks: CountryBlocks | None) -> Callable[[Array], Array]:
    """The map x → g(x) whose fixed points are the equilibria, in the numeraire Σ ŵV = ΣV.

    With `blocks`, residuals are turned into steps country by country, so that input–output loops and the pull of
    demand on wages within a country need no iteration. Without, wages rise with excess demand for factors, the
    more slowly the more elastic trade is, and the other two blocks take the value that their equation gives:
    slower, with a wider basin. Where an income is not positive the map returns NaN: the step went too far.
    """
    world_income = float(base.V.sum())
    dead = ~base.bought
    any_dead = bool(dead.any())
    log_E_base = np.log(np.where(dead, 1.0, base.E))
    speed = _cautious_speed(base)

    def g(x: Array) -> Array:
        s = evaluate(x, base, shock, closure)
        log_w, log_P, log_E = unpack(x, base)
        grown = s.E
        if any_dead:
            grown[dead] = 1.0
        excess = np.log(s.factor_demand / (np.exp(log_w) * base.V))
        new_log_E = np.log(grown) - log_E_base
        out = np.empty_like(x)
        new_w, new_P, new_E = unpack(out, base)
        if blocks is None:
            new_w[:] = log_w + speed * excess
            new_P[:] = s.log_P
            new_E[:] = new_log_E
        else:
            new_w[:], new_P[:], new_E[:] = excess, s.log_P - log_P, new_log_E - log_E
            out = x + apply_blocks(blocks, out, base)
            new_w, new_P, new_E = unpack(out, base)
        level = np.log(float(np.exp(new_w) @ base.V) / world_income)
        out -= level
        if any_dead:
            new_P[dead] = 0.0
            new_E[dead] = 0.0
        return out

    return g


def _cautious_speed(base: Base) -> Array:
    """Speed of the wage adjustment [n]: 1 / (1 + Σ_s θ · share of factor income · share sold abroad)."""
    sales = base.gamma_v * base.Y
    sales = sales / sales.sum(axis=0)
    home = np.ascontiguousarray(np.diagonal(base.net, axis1=1, axis2=2)) * base.E
    home = np.divide(home, base.Y, out=np.ones_like(home), where=base.Y > 0)
    return np.asarray(1.0 / (1.0 + (sales * base.theta[:, None] * (1 - home)).sum(axis=0)))
