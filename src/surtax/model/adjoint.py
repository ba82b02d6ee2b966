"""Exact gradients of an equilibrium: the core system's equations read backwards.

At an equilibrium r(x; A, B) = 0 holds for the state x. By the implicit function theorem a scalar f(x; A, B) has

    df = ∂f − λᵀ ∂r   with   Jᵀ λ = ∂f/∂x,   J = ∂r/∂x,

so that one transposed linear system gives the derivatives by every tariff and every trade cost at once. Jᵀ is never
built: it is the transpose of `core.linearise`, written by hand below. GMRES solves the system, preconditioned by the
transpose of the country blocks (`core.apply_blocks`).

The cells of a schedule enter through the cubes A = π κ̂^−θ and B = A/(1+t′) alone:

    d ln A = −θ dln(1+t′) − θ dlnτ̂,     d ln B = −(1+θ) dln(1+t′) − θ dlnτ̂.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.model import core
from surtax.model.base import Base

Array = NDArray[np.float64]

# GMRES stops at this residual relative to ∂f/∂x. Gradients are promised to 1e-6; the condition of the preconditioned
# system (some hundreds in worlds with θ to 65) is allowed for.
TOLERANCE = 1e-11
# Above this the system counts as unsolved: the gradient would not hold its promise.
ACCEPT = 1e-8


@dataclass(frozen=True)
class Cotangents:
    """Partial derivatives of a scalar by what it reads off an equilibrium; None is zero.

    Attributes
    ----------
    log_w : by log ŵ [n]; log_P : by log P̂ [s,n]; Y : by Y′ [s,n]; R : by R′ [n]; I : by I′ [n].
    """

    log_w: Array | None = None
    log_P: Array | None = None
    Y: Array | None = None
    R: Array | None = None
    I: Array | None = None  # noqa: E741 - the notation's name


@dataclass(frozen=True)
class Pullback:
    """What the equations read backwards leave on their way, enough for every cell of the schedule.

    Attributes
    ----------
    x : cotangent of the state vector, laid out like x.
    u : u [s,o] and v [s,d] of the state; S, Y : cotangents of S [s,d] and Y′ [s,o]; R : of R′ [n].
    """

    x: Array
    u: Array
    v: Array
    S: Array
    Y: Array
    R: Array


def transposed(
    x: Array, state: core.State, base: Base, shock: core.Shock, closure: str
) -> Callable[[Array, Array, Array, Cotangents], Pullback]:
    """The vector–Jacobian product of `core.evaluate` at x.

    The returned function takes the cotangents of log P̂ as the price equation gives it [s,n], of E′ as the expenditure
    equation gives it [s,n], of factor demand [n], and those of an objective; one call costs about an evaluation.
    """
    log_w, _, log_E = core.unpack(x, base)
    u, v = state.u, state.v
    bought, taxed = base.bought, shock.taxed
    S = np.where(bought, base.E * np.exp(log_E) / np.where(bought, v, 1.0), 1.0)
    wV = np.exp(log_w) * base.V
    sales = state.Y / np.where(u > 0, u, 1.0)
    theta = base.theta[:, None]
    uG = (u[:, None, :] @ shock.G)[:, 0, :] if taxed.size else None
    incomes = _transposed_incomes(closure, base, wV, state.R)
    gamma_nks, gamma_nsk = base.gamma_nks.transpose(0, 2, 1), base.gamma_nsk.transpose(0, 2, 1)

    def pull(P: Array, E: Array, demand: Array, direct: Cotangents) -> Pullback:
        income = (base.alpha * E).sum(axis=0)
        if direct.I is not None:
            income = income + direct.I
        wV_bar, R = incomes(income)
        if direct.R is not None:
            R = R + direct.R
        Y = (gamma_nks @ E.T[:, :, None])[:, :, 0].T + base.gamma_v * demand
        if direct.Y is not None:
            Y = Y + direct.Y
        v_bar = ((u * Y)[:, None, :] @ shock.B)[:, 0, :]
        u_bar = sales * Y
        if uG is not None:
            v_bar[:, taxed] += R[taxed] * uG
            u_bar += (shock.G @ (v[:, taxed] * R[taxed])[:, :, None])[:, :, 0]
        spent = v * v_bar
        S_bar = np.where(bought, (-spent - P / theta) / S, 0.0)
        u_bar += (shock.A @ S_bar[:, :, None])[:, :, 0]
        log_c = -theta * u * u_bar
        out = np.empty_like(x)
        w_out, P_out, E_out = core.unpack(out, base)
        w_out[:] = (base.gamma_v * log_c).sum(axis=0) + wV * wV_bar
        P_out[:] = (gamma_nsk @ log_c.T[:, :, None])[:, :, 0].T
        E_out[:] = spent
        if direct.log_w is not None:
            w_out += direct.log_w
        if direct.log_P is not None:
            P_out += direct.log_P
        return Pullback(out, u, v, S_bar, Y, R)

    return pull


def _transposed_incomes(closure: str, base: Base, wV: Array, R: Array) -> Callable[[Array], tuple[Array, Array]]:
    """Transpose of the derivative of I′ by (ŵV, R′): a cotangent of I′ [n] to those of ŵV and R′ [n]."""
    if closure == "gdp-share":
        d = base.D / base.V
        total = float(wV.sum())
        mean = float(d @ wV) / total

        def incomes(bar: Array) -> tuple[Array, Array]:
            pull = float(bar @ wV) / total
            return bar * (1 + d - mean) - pull * (d - mean), bar

    elif closure == "multiplicative":
        earned = wV + R
        ratio = base.I / (base.V + base.R)
        spent = ratio * earned
        total = float(spent.sum())
        zeta = float(earned.sum()) / total

        def incomes(bar: Array) -> tuple[Array, Array]:
            pull = float(bar @ spent) / total
            both = zeta * ratio * bar + pull * (1 - zeta * ratio)
            return both, both

    else:

        def incomes(bar: Array) -> tuple[Array, Array]:
            return bar, bar

    return incomes


def transposed_residual(
    x: Array, state: core.State, base: Base, shock: core.Shock, closure: str
) -> Callable[[Array], Pullback]:
    """The vector–Jacobian product of `core.residual` at x: λ, laid out like x, to Jᵀ λ (in `Pullback.x`)."""
    pull = transposed(x, state, base, shock, closure)
    log_w, _, _ = core.unpack(x, base)
    wV = np.exp(log_w) * base.V
    share = wV / wV.sum()
    bought = base.bought
    E_new = np.where(bought, state.E, 1.0)
    nothing = Cotangents()

    def product(bar: Array) -> Pullback:
        w, P, E = core.unpack(bar, base)
        back = pull(np.where(bought, P, 0.0), np.where(bought, E / E_new, 0.0), w / state.factor_demand, nothing)
        w_out, P_out, E_out = core.unpack(back.x, base)
        w_out -= w + share * w.sum()
        P_out -= P
        E_out -= E
        return back

    return product


def transposed_blocks(blocks: core.CountryBlocks, base: Base) -> Callable[[Array], Array]:
    """The transpose of `core.apply_blocks`, in double precision: Krylov methods need an exactly linear operator."""
    L_P, K, L_E = (np.ascontiguousarray(m.astype(float).transpose(0, 2, 1)) for m in (blocks.L_P, blocks.K, blocks.L_E))

    def apply(bar: Array) -> Array:
        w, P, E = core.unpack(bar, base)
        P, E = P.T, E.T
        a = w + (blocks.p_1 * P).sum(axis=1) + (blocks.e_1 * E).sum(axis=1)
        out = np.empty_like(bar)
        w_out, P_out, E_out = core.unpack(out, base)
        w_out[:] = blocks.scale * a
        P_out[:] = ((L_P @ P[:, :, None] + K @ E[:, :, None])[:, :, 0] + blocks.q_P * a[:, None]).T
        E_out[:] = ((L_E @ E[:, :, None])[:, :, 0] + blocks.q_E * a[:, None]).T
        return out

    return apply


@dataclass(frozen=True)
class Adjoint:
    """Derivatives of a scalar at an equilibrium by every cell of the schedule.

    Attributes
    ----------
    multipliers : λ, laid out like the state vector; a good start for the adjoint of a neighbouring equilibrium.
    products : vector–Jacobian products that the linear system took.
    """

    multipliers: Array
    products: int
    base: Base
    shock: core.Shock
    _back: Pullback

    def log_A(self, cells: NDArray[np.intp]) -> Array:
        """Derivative by ln A (B held still) at flat positions `cells` of the cube [s,o,d]."""
        s, o, d = np.unravel_index(cells, self.shock.A.shape)
        b = self._back
        return np.asarray(self.shock.A.ravel()[cells] * b.u[s, o] * (b.S[s, d] + b.R[d] * b.v[s, d]))

    def log_B(self, cells: NDArray[np.intp]) -> Array:
        """Derivative by ln B (A held still) at flat positions `cells`."""
        s, o, d = np.unravel_index(cells, self.shock.A.shape)
        b = self._back
        return np.asarray(self.shock.B.ravel()[cells] * b.u[s, o] * b.v[s, d] * (b.Y[s, o] - b.R[d]))

    def tariffs(self, cells: NDArray[np.intp], t: Array) -> Array:
        """Derivative by the tariffs t′ [m] of the cells at flat positions `cells` [m]; t are their rates."""
        theta = self.base.theta[cells // (self.shock.A.shape[1] * self.shock.A.shape[2])]
        return np.asarray((-theta * self.log_A(cells) - (1 + theta) * self.log_B(cells)) / (1 + t))

    def trade_costs(self, cells: NDArray[np.intp]) -> Array:
        """Derivative by ln τ̂ of the cells at flat positions `cells`."""
        theta = self.base.theta[cells // (self.shock.A.shape[1] * self.shock.A.shape[2])]
        return np.asarray(-theta * (self.log_A(cells) + self.log_B(cells)))


def adjoint(
    x: Array,
    state: core.State,
    base: Base,
    shock: core.Shock,
    closure: str,
    objective: Cotangents,
    blocks: core.CountryBlocks,
    start: Array | None = None,
    tolerance: float = TOLERANCE,
) -> Adjoint:
    """Solve Jᵀ λ = ∂f/∂x at the equilibrium x and keep what the derivatives by cells need.

    Parameters
    ----------
    x, state, base, shock, closure : the equilibrium, as `equilibrium.find` has it.
    objective : the partial derivatives of f.
    blocks : the country blocks of the base.
    start : multipliers of a neighbouring equilibrium, or None.
    tolerance : residual of the linear system relative to ∂f/∂x.

    Raises
    ------
    NoConvergence
        the linear system was not solved: the equilibrium is all but singular.
    """
    pull = transposed(x, state, base, shock, closure)
    zero = np.zeros_like(base.E)
    direct = pull(zero, zero, np.zeros_like(base.V), objective)
    product = transposed_residual(x, state, base, shock, closure)
    count = 0

    def operator(bar: Array) -> Array:
        nonlocal count
        count += 1
        return product(bar).x

    multipliers = _solve(operator, direct.x, transposed_blocks(blocks, base), start, tolerance)
    back = product(multipliers)
    missed = float(np.abs(back.x - direct.x).max())
    if not missed <= max(ACCEPT, 10 * tolerance) * max(float(np.abs(direct.x).max()), 1e-300):
        raise NoConvergence(
            f"the gradient could not be found: its linear system is off by {missed:.1e} after {count} products. The "
            f"equilibrium is nearly singular; try smaller tariffs, or other elasticities."
        )
    total = Pullback(
        direct.x - back.x, state.u, state.v, direct.S - back.S, direct.Y - back.Y, direct.R - back.R
    )  # fmt: skip
    return Adjoint(multipliers, count, base, shock, total)


def _solve(
    operator: Callable[[Array], Array],
    rhs: Array,
    precondition: Callable[[Array], Array],
    start: Array | None,
    tolerance: float,
) -> Array:
    """GMRES on the right-preconditioned system; the country blocks approximate −J⁻¹."""
    from surtax.numerics.krylov import gmres

    first = np.zeros_like(rhs) if start is None else start
    left = rhs - operator(first) if start is not None else rhs
    scale = float(np.linalg.norm(rhs))
    if scale == 0:
        return np.zeros_like(rhs)
    z = gmres(lambda b: operator(precondition(b)), left, tolerance * scale, restart=60, max_restarts=6)
    return np.asarray(first + precondition(z))
