"""Exact derivatives of the general system, forwards and backwards.

Forwards: the Jacobian–vector product of the residuals. Backwards: its transpose, and the pull of any objective on the
state and on the schedule, so that a gradient costs one transposed linear solve however many tariffs there are. Where
a wage stands exactly at its floor the derivative is that of a wage that may move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.model.base import Base
from surtax.model.general import Layout, Rules, Split, State, home_net, unpack

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pull:
    """Derivatives of a number with respect to what an evaluation finds.

    Attributes
    ----------
    log_P : of log P̂ as the equations give it [k,s,n]; E : of E′ as the equations give it [k,s,n].
    Y : of Y′ [s,n]; R, I : of R′ and I′ [n]. None is zero.
    """

    log_P: Array | None = None
    E: Array | None = None
    Y: Array | None = None
    R: Array | None = None
    I: Array | None = None  # noqa: E741 - the notation's name


def income_tangent(closure: str, base: Base, wV: Array, R: Array) -> Callable[[Array, Array], Array]:
    """dI′ from d(ω̄V) and dR′ [n]; see `surtax.model.core.transfers`."""
    if closure == "gdp-share":
        d = base.D / base.V
        mean = float(d @ wV) / float(wV.sum())

        def of_gdp(d_wV: Array, d_R: Array) -> Array:
            d_mean = (float(d @ d_wV) - mean * float(d_wV.sum())) / float(wV.sum())
            return np.asarray((1 + d - mean) * d_wV + d_R - wV * d_mean)

        return of_gdp
    if closure == "multiplicative":
        ratio, earned = base.I / (base.V + base.R), wV + R
        spent = ratio * earned
        zeta, total = float(earned.sum()) / float(spent.sum()), float(spent.sum())

        def of_income(d_wV: Array, d_R: Array) -> Array:
            d_earned = d_wV + d_R
            d_zeta = (float(d_earned.sum()) - zeta * float((ratio * d_earned).sum())) / total
            return np.asarray(zeta * ratio * d_earned + d_zeta * spent)

        return of_income
    return lambda d_wV, d_R: d_wV + d_R


def income_pull(closure: str, base: Base, wV: Array, R: Array) -> Callable[[Array], tuple[Array, Array]]:
    """The transpose of `income_tangent`: from the pull on I′ to those on ω̄V and R′ [n]."""
    if closure == "gdp-share":
        d = base.D / base.V
        total = float(wV.sum())
        mean = float(d @ wV) / total
        return lambda b: ((1 + d - mean) * b - (d - mean) * (float(wV @ b) / total), b)
    if closure == "multiplicative":
        ratio, earned = base.I / (base.V + base.R), wV + R
        spent = ratio * earned
        zeta, total = float(earned.sum()) / float(spent.sum()), float(spent.sum())

        def back(b: Array) -> tuple[Array, Array]:
            pulled = zeta * ratio * b + (1 - zeta * ratio) * (float(spent @ b) / total)
            return pulled, pulled

        return back
    return lambda b: (b, b)


@dataclass(frozen=True)
class _Slopes:
    """Derivatives of wages: d log ŵ = of_w dω̄ + of_Y dŶ, [s,n]."""

    of_w: Array
    of_Y: Array


def _wage_slopes(state: State, rules: Rules) -> _Slopes:
    free = state.free.astype(float)
    m = rules.stickiness
    return _Slopes(free * (1 - m) + (1 - free) * float(rules.own_anchor), free * m)


def linearise(state: State, split: Split, shock: Layout, rules: Rules, closure: str) -> Callable[[Array], Array]:
    """The exact Jacobian–vector product of `general.residual` where `state` was evaluated."""
    base = split.base
    slopes, income = _wage_slopes(state, rules), income_tangent(closure, base, state.wV, state.R)
    theta, psi = base.theta[:, None], rules.psi[:, None]
    eta = None if rules.eta is None else rules.eta[:, None]
    u, S, v, bought, made, taxed = state.u, state.S, state.v, split.bought, split.made, shock.taxed
    sold = (shock.B @ v[:, :, :, None])[:, :, :, 0].sum(axis=0)
    uG = (u[:, None, :] @ shock.G)[:, :, 0, :]
    kept = home_net(shock)
    E_new, Y_new = np.where(bought, state.E, 1.0), np.where(made, state.Y, 1.0)

    def product(dx: Array) -> Array:
        dw, dP, dE, dY = unpack(dx, split)
        bundle = (base.gamma_nsk @ dP[0].T[:, :, None])[:, :, 0].T
        bundle += base.gamma_v * (slopes.of_w * dw + slopes.of_Y * dY)
        dc = (1 + psi) * bundle - psi * dY
        du = -theta * dc * u
        d_log_S = np.where(bought, (du[:, None, :] @ shock.A)[:, :, 0, :] / S, 0.0)
        if eta is None:
            new_P = -d_log_S / theta
            d_log_v = dE - d_log_S
        else:
            d_h, d_f = -eta * dc, (eta / theta) * d_log_S
            d_T = state.at_home * d_h + state.abroad * d_f
            new_P = -d_T / eta
            d_log_v = dE + d_f - d_T - d_log_S
        dv = v * d_log_v
        new_Y = du * sold + (u * (shock.B @ dv[:, :, :, None])[:, :, :, 0]).sum(axis=0)
        dR = np.zeros_like(dw)
        if taxed.size:
            moved = dv[:, :, taxed] * uG + v[:, :, taxed] * (du[:, None, :] @ shock.G)[:, :, 0, :]
            dR[taxed] = moved.sum(axis=(0, 1))
        if eta is not None:
            own = state.spent * state.at_home * (dE + d_h - d_T)
            new_Y += (own * kept).sum(axis=0)
            dR += (own * (1 - kept)).sum(axis=(0, 1))
        d_wV = state.wV * dw
        new_E = np.empty_like(dE)
        new_E[0] = (base.gamma_nks @ new_Y.T[:, :, None])[:, :, 0].T
        final = base.alpha * income(d_wV, dR)
        new_E[-1] = new_E[0] + final if len(new_E) == 1 else final
        out = np.empty_like(dx)
        r_w, r_P, r_E, r_Y = unpack(out, split)
        r_w[:] = (base.gamma_v * new_Y).sum(axis=0) / state.factor_demand - dw - d_wV.sum() / state.wV.sum()
        r_P[:] = np.where(bought, new_P, 0.0) - dP
        r_E[:] = np.where(bought, new_E / E_new, 0.0) - dE
        r_Y[:] = np.where(made, new_Y / Y_new, 0.0) - dY
        return out

    return product


@dataclass(frozen=True)
class _Back:
    """What a backward sweep leaves: the pull on the state, and on cells.

    Attributes
    ----------
    x : pull on the state vector.
    log_S : pull on log S, the part that A moves [k,s,d]; Y [s,n] and R [n] : pulls on sales and revenue.
    home : pull on log of the home term of a nest [k,s,n].
    """

    x: Array
    log_S: Array
    Y: Array
    R: Array
    home: Array


def _sweep(pull: Pull, d_wV: Array, state: State, split: Split, shock: Layout, rules: Rules, closure: str) -> _Back:
    """The chain rule from what an evaluation finds back to the state; `d_wV` pulls on ω̄V."""
    base = split.base
    theta, psi = base.theta[:, None], rules.psi[:, None]
    u, S, v, bought, taxed = state.u, state.S, state.v, split.bought, shock.taxed
    zero = np.zeros_like(state.spent)
    b_P = zero if pull.log_P is None else np.where(bought, pull.log_P, 0.0)
    b_E = zero if pull.E is None else pull.E
    b_Y = np.zeros_like(state.Y) if pull.Y is None else np.array(pull.Y)
    b_I = np.zeros_like(state.R) if pull.I is None else np.array(pull.I)
    b_Y += (base.gamma_nsk @ b_E[0].T[:, :, None])[:, :, 0].T
    b_I += (base.alpha * b_E[-1]).sum(axis=0)
    b_wV, b_R = income_pull(closure, base, state.wV, state.R)(b_I)
    b_wV = b_wV + d_wV
    b_R = b_R if pull.R is None else b_R + pull.R
    # sales and revenue: per unit of spending on each cell a = u A v
    reach = ((u * b_Y)[:, None, :] @ shock.B)[:, :, 0, :]
    back_u = b_Y * (shock.B @ v[:, :, :, None])[:, :, :, 0].sum(axis=0)
    if taxed.size:
        reach[:, :, taxed] += (u[:, None, :] @ shock.G)[:, :, 0, :] * b_R[taxed]
        back_u += (shock.G @ (v[:, :, taxed] * b_R[taxed])[:, :, :, None])[:, :, :, 0].sum(axis=0)
    b_v = v * reach  # pull on log v
    b_log_E, home, back_c = b_v.copy(), np.zeros_like(zero), np.zeros_like(b_Y)
    if rules.eta is None:
        b_log_S = -b_v - b_P / theta
    else:
        eta, kept = rules.eta[:, None], home_net(shock)
        own = state.spent * state.at_home * (b_Y * kept + b_R * (1 - kept))
        b_log_E += own
        b_T = -b_P / eta - b_v - own
        home = own + state.at_home * b_T
        b_f = b_v + state.abroad * b_T
        b_log_S = (eta / theta) * b_f - b_v
        back_c += (-eta * home).sum(axis=0)
    b_log_S = np.where(bought, b_log_S, 0.0)
    back_u += (shock.A @ (b_log_S / S)[:, :, :, None])[:, :, :, 0].sum(axis=0)
    back_c += -theta * u * back_u
    slopes = _wage_slopes(state, rules)
    bundle = (1 + psi) * back_c
    out = np.zeros(split.size)
    x_w, x_P, x_E, x_Y = unpack(out, split)
    x_P[0] = (base.gamma_nks @ bundle.T[:, :, None])[:, :, 0].T
    x_E[:] = b_log_E
    x_Y[:] = base.gamma_v * bundle * slopes.of_Y - psi * back_c
    x_w[:] = (base.gamma_v * bundle * slopes.of_w).sum(axis=0) + state.wV * b_wV
    return _Back(out, b_log_S, b_Y, b_R, home)


def _of_residuals(r: Array, state: State, split: Split) -> tuple[Pull, Array]:
    """What a pull on the residuals means for what they are made of; the pull on ω̄V apart."""
    base = split.base
    b_w, b_P, b_E, b_Y = unpack(r, split)
    pull = Pull(
        log_P=b_P,
        E=np.where(split.bought, b_E / np.where(split.bought, state.E, 1.0), 0.0),
        Y=np.where(split.made, b_Y / np.where(split.made, state.Y, 1.0), 0.0)
        + base.gamma_v * (b_w / state.factor_demand),
    )
    return pull, -b_w / state.wV - float(b_w.sum()) / float(state.wV.sum())


def linearise_transposed(
    state: State, split: Split, shock: Layout, rules: Rules, closure: str
) -> Callable[[Array], Array]:
    """The transpose of `linearise`: from a pull on the residuals to that on the state."""

    def product(r: Array) -> Array:
        pull, d_wV = _of_residuals(r, state, split)
        out = _sweep(pull, d_wV, state, split, shock, rules, closure).x
        _, x_P, x_E, x_Y = unpack(out, split)
        _, b_P, b_E, b_Y = unpack(r, split)
        x_P -= b_P
        x_E -= b_E
        x_Y -= b_Y
        return out

    return product


def state_pull(pull: Pull, state: State, split: Split, shock: Layout, rules: Rules, closure: str) -> Array:
    """The pull of an objective on the state vector, through what the evaluation finds."""
    return _sweep(pull, np.zeros_like(state.R), state, split, shock, rules, closure).x


def schedule_vjp(
    r: Array, pull: Pull, state: State, split: Split, shock: Layout, rules: Rules, closure: str
) -> tuple[Array, Array]:
    """How pulls on the residuals and on what an evaluation finds fall on the schedule, the state held still.

    Parameters
    ----------
    r : pull on the residuals, laid out like the state.
    pull : the objective's own.

    Returns
    -------
    tariffs, log_cost : derivatives with respect to t′ and log τ̂, [s,o,d]; zero where nothing was traded.
    """
    of_r, d_wV = _of_residuals(r, state, split)
    total = Pull(*(_sum(getattr(of_r, f), getattr(pull, f)) for f in ("log_P", "E", "Y", "R", "I")))
    back = _sweep(total, d_wV, state, split, shock, rules, closure)
    spent = shock.A * state.u[:, :, None]
    share = spent * (back.log_S / state.S)[:, :, None, :]
    spent = spent * state.v[:, :, None, :]
    net = 1 / (1 + shock.tariffs)
    seller, buyer = back.Y[:, :, None], back.R[None, None, :]
    of_A = (share + spent * (seller * net + buyer * (1 - net))).sum(axis=0)
    of_rate = (spent * (buyer - seller) * net).sum(axis=0)
    theta = split.base.theta[:, None, None]
    log_cost = -theta * of_A
    of_wedge = log_cost + of_rate
    if rules.eta is not None:
        n, kept = np.arange(len(state.R)), home_net(shock)
        own = -rules.eta[:, None] * back.home.sum(axis=0)
        log_cost[:, n, n] += own
        at_home = (state.spent * state.at_home).sum(axis=0)
        of_wedge[:, n, n] += own + at_home * (back.R - back.Y) * kept
    return of_wedge * net, log_cost


def _sum(a: Array | None, b: Array | None) -> Array | None:
    return b if a is None else a if b is None else a + b
