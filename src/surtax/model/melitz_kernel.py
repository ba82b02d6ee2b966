"""The equations of the Melitz–Pareto model in changes, on plain arrays.

With u = (ĉ/(ê L̂)^ψ)^−ε and Ê as unknowns everything else is explicit: sales are products of two fixed matrices with
vectors (docs/kernel.md), income Y′ = β F′ + ν (E Ê − R′) follows from sales, and ŵ, L̂ and P̂ from

    ŵ L̂ = Y′/Y,   log P̂ = (1−φ)(log Ê − log ŵ) − log(S)/ε,   −log(u)/ε = (1+ψ)(β log ŵ + (1−β) log P̂) − ψ log(Y′/Y),

three equations that are linear in logarithms. What is left are 2N equations: labour supply and budgets. The state is
z = (log u [n], log Ê [n]). β = 1 is the model without inputs (ĉ = ŵ, ê = 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.model.melitz_base import MelitzBase

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Wedges:
    """A schedule as the kernel reads it.

    Attributes
    ----------
    A : [o,d] λ times what the schedule does to sales at given costs, Π (wedge)^(−ε φ_d) τ̂^−ε.
    B : [o,d] the part of it that reaches sellers.
    taxed : [m] positions of importers that levy any tariff.
    G : [o,m] A − B for those importers: tariff revenue.
    cells : flat positions [o,d] of what the schedule changes.
    """

    A: Array
    B: Array
    taxed: NDArray[np.intp]
    G: Array
    cells: NDArray[np.intp]

    @property
    def closes(self) -> bool:
        """Whether the schedule ends trade somewhere."""
        return bool((self.A.ravel()[self.cells] == 0).any())


@dataclass(frozen=True)
class MelitzState:
    """What one evaluation knows, all [n].

    Attributes
    ----------
    u, S, v : u; Σ_o A u; E Ê / S.
    E, R, F, Y : E′; tariff revenue; what producers keep of sales; income of labour.
    w, L, P : log ŵ, log L̂, log P̂.
    take_home : log of the change of the share of income that workers keep.
    spending : R′ + Y′ + (1−β) F′ + T′.
    """

    u: Array
    S: Array
    v: Array
    E: Array
    R: Array
    F: Array
    Y: Array
    w: Array
    L: Array
    P: Array
    take_home: Array
    spending: Array


def wedges(
    base: MelitzBase,
    weights: Array,
    old: Array,
    new: Array,
    trade_cost: Array | None,
) -> Wedges:
    """Lay out new tariffs for the kernel; only cells in which something changes are raised to a power.

    Products inside a cell (o,d) are varieties of one CES nest with the model's own elasticity, so that a cell's price
    and revenue are those of its lines and no average rate is taken.

    Parameters
    ----------
    weights : [s,o,d] shares of a cell's sales net of tariff in the base, Σ_s = 1 (or 0 where nothing is sold).
    old, new : [s,o,d] tariffs in the base and now.
    trade_cost : [s,o,d] τ̂ or None; infinity closes a line.
    """
    p = base.parameters
    changed = old != new
    if trade_cost is not None:
        changed |= trade_cost != 1.0
    S, N = len(weights), len(base.E)
    # Flat positions: numpy finds them in a vector much faster than in a cube.
    cells = np.flatnonzero(changed.reshape(S, -1).any(axis=0) if S > 1 else changed)
    if not cells.size:
        return no_change(base)
    A, B = base.lam.copy(), base.net.copy()
    before, after = old.reshape(S, -1)[:, cells], new.reshape(S, -1)[:, cells]
    factor = ((1 + after) / (1 + before)) ** (-p.epsilon * p.phi[cells % N])
    if trade_cost is not None:
        factor = factor * trade_cost.reshape(S, -1)[:, cells] ** -p.epsilon
    paid = weights.reshape(S, -1)[:, cells] * (1 + before) * factor * base.net.ravel()[cells]
    A.ravel()[cells] = paid.sum(axis=0)
    B.ravel()[cells] = (paid / (1 + after)).sum(axis=0)
    levied = base.levied.copy()
    levied[cells % N] = True
    taxed = np.flatnonzero(levied)
    return Wedges(A, B, taxed, np.ascontiguousarray(A[:, taxed] - B[:, taxed]), cells)


def products(base: MelitzBase, weights: Array, old: Array, new: Array, trade_cost: Array | None, X: Array) -> Array:
    """Sales [s,o,d] net of tariff of the products inside each cell, whose sum is X [o,d]; arguments as in `wedges`."""
    p = base.parameters
    part = weights * (1 + old) * ((1 + new) / (1 + old)) ** (-p.epsilon * p.phi) / (1 + new)
    if trade_cost is not None:
        part = part * trade_cost**-p.epsilon
    whole = part.sum(axis=0)
    return np.asarray(X * np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def no_change(base: MelitzBase) -> Wedges:
    """The schedule of the base itself."""
    taxed, nothing = np.flatnonzero(base.levied), np.empty(0, dtype=np.intp)
    return Wedges(base.lam, base.net, taxed, np.ascontiguousarray(base.lam[:, taxed] - base.net[:, taxed]), nothing)


def rates(wedge: Wedges, base: MelitzBase) -> Array:
    """Revenue over sales [o,d] under the schedule; where nothing changes, or nothing is sold, the base's."""
    t = base.t.copy()
    sold = wedge.cells[wedge.B.ravel()[wedge.cells] > 0]
    t.ravel()[sold] = wedge.A.ravel()[sold] / wedge.B.ravel()[sold] - 1
    return t


def evaluate(z: Array, base: MelitzBase, wedge: Wedges, T: Array) -> MelitzState:
    """Evaluate the equations at z = (log u, log Ê) with transfers T [n], scaled with the world's labour income."""
    p = base.parameters
    N = len(base.E)
    U, e = z[:N], z[N:]
    u = np.exp(U)
    S = u @ wedge.A
    E = base.E * np.exp(e)
    v = E / S
    F = u * (wedge.B @ ((1 - p.nu) * v))
    R = np.zeros(N)
    if wedge.taxed.size:
        R[wedge.taxed] = v[wedge.taxed] * (u @ wedge.G)
    Y = p.beta * F + p.nu * (E - R)
    y = np.log(Y / base.Y)
    cost = (p.psi * y - U / p.epsilon) / (1 + p.psi)  # β log ŵ + (1−β) log P̂
    outward = (1 - p.phi) * e - np.log(S) / p.epsilon
    w = (cost - (1 - p.beta) * outward) / _lever(base)
    P = outward - (1 - p.phi) * w
    take_home = np.zeros(N)
    if p.income_tax and p.kappa > 0:
        take_home = np.log((1 - base.R / base.Y) / (1 - R / Y))
    spending = R + Y + (1 - p.beta) * F + T * (float(Y.sum()) / float(base.Y.sum()))
    return MelitzState(u, S, v, E, R, F, Y, w, y - w, P, take_home, spending)


def _lever(base: MelitzBase) -> Array:
    p = base.parameters
    return p.beta + (1 - p.beta) * (p.phi - 1)


def residual(z: Array, base: MelitzBase, wedge: Wedges, T: Array) -> tuple[Array, MelitzState]:
    """Residuals [2n] at z, and the state: labour supply in logarithms; budgets over spending.

    All budgets carry −log(ΣE′/ΣE), which pins the level of nominal values: the rest is homogeneous, and since
    budgets add up to zero (Walras' law) the term vanishes at a root.
    """
    s = evaluate(z, base, wedge, T)
    N = len(base.E)
    out = np.empty(2 * N)
    out[:N] = s.L - base.parameters.kappa * (s.w - s.P + s.take_home)
    out[N:] = s.spending / s.E - 1 - np.log(float(s.E.sum()) / float(base.E.sum()))
    return out, s


def linearise(state: MelitzState, base: MelitzBase, wedge: Wedges, T: Array) -> Callable[[Array], Array]:
    """The exact Jacobian of `residual` at a state, as a function of directions dz [2n] or [2n, m]."""
    p, s = base.parameters, state
    N = len(base.E)
    lever = _lever(base)
    share = T / float(base.Y.sum())

    def product(dz: Array) -> Array:
        flat = dz.ndim == 1
        dz = dz.reshape(2 * N, -1)
        dU, de = dz[:N], dz[N:]

        def col(a: Array) -> Array:
            return a[:, None]

        du = col(s.u) * dU
        ds = (wedge.A.T @ du) / col(s.S)
        dv = de - ds
        dF = col(s.F) * dU + col(s.u) * (wedge.B @ (col((1 - p.nu) * s.v) * dv))
        dE = col(s.E) * de
        dR = np.zeros_like(dE)
        if wedge.taxed.size:
            k = wedge.taxed
            dR[k] = col(s.R[k]) * dv[k] + col(s.v[k]) * (wedge.G.T @ du)
        dY = p.beta * dF + col(p.nu) * (dE - dR)
        dy = dY / col(s.Y)
        dcost = (p.psi * dy - dU / p.epsilon) / (1 + p.psi)
        doutward = col(1 - p.phi) * de - ds / p.epsilon
        dw = (dcost - (1 - p.beta) * doutward) / col(lever)
        dP = doutward - col(1 - p.phi) * dw
        out = np.empty_like(dz)
        kept = dw - dP
        if p.income_tax and p.kappa > 0:
            kept = kept + dy - (dY - dR) / col(s.Y - s.R)
        out[:N] = dy - dw - p.kappa * kept
        dspending = dR + dY + (1 - p.beta) * dF + col(share) * dY.sum(axis=0)
        out[N:] = dspending / col(s.E) - col(s.spending / s.E) * de - dE.sum(axis=0) / float(s.E.sum())
        return np.asarray(out[:, 0] if flat else out)

    return product


def flows(state: MelitzState, wedge: Wedges) -> Array:
    """X′ [o,d] net of tariff."""
    return np.asarray(wedge.B * state.u[:, None] * state.v)


def equation_residuals(
    base: MelitzBase, wedge: Wedges, T: Array, w: Array, L: Array, P: Array, E: Array
) -> dict[str, Array]:
    """Relative residuals [n] of the published equations at levels ŵ, L̂, P̂ and E′ [n], written down plainly.

    Nothing of `evaluate` enters, so that a solution is checked by other means than it was found.
    """
    p = base.parameters
    c, entry = w**p.beta * P ** (1 - p.beta), (w / P) ** (1 - p.beta)
    cost = (c / (entry * L) ** p.psi) ** -p.epsilon
    S = cost @ wedge.A
    X = wedge.B * cost[:, None] * (E / S)
    bought = X.sum(axis=0)
    R, kept, Y = E - bought, X @ (1 - p.nu), w * L * base.Y
    tax = np.ones(len(w))
    if p.income_tax and p.kappa > 0:
        tax = (1 - base.R / base.Y) / (1 - R / Y)
    made = R + Y + (1 - p.beta) * kept + T * (float(Y.sum()) / float(base.Y.sum()))
    return {
        "labour income": np.abs((p.beta * kept + p.nu * bought) / Y - 1),
        "budget": np.abs(made / E - 1),
        "labour supply": np.abs((w / P * tax) ** p.kappa / L - 1),
        "price index": np.abs((E / base.E / w) ** (1 - p.phi) * S ** (-1 / p.epsilon) / P - 1),
    }


def welfare(base: MelitzBase, state: MelitzState, T: Array) -> Array:
    """W [n] as published: δ Ê/P̂ + (1−δ) ŵL̂/P̂ with spending on final goods E_c = Y + R + T.

    δ = E_c / (E_c − κ/(1+κ) Y / take-home), the take-home factor being the counterfactual's; with base tariffs, of
    which the paper has none, the change of that factor.
    """
    p, s = base.parameters, state
    before = base.consumption
    delta = before / (before - p.kappa / (1 + p.kappa) * base.Y / np.exp(s.take_home))
    return np.asarray((delta * _consumption(base, s, T) + (1 - delta) * s.Y / base.Y) / np.exp(s.P))


def utility(base: MelitzBase, state: MelitzState, T: Array) -> Array:
    """Ratio [n] of the utility that labour supply maximises: C − a L^(1+1/κ)/(1+1/κ), C = E_c/P.

    Effort is worth κ/(1+κ) times take-home pay and grows by L̂^(1+1/κ) = take-home · ŵL̂/P̂. Where revenue is a lump sum
    this is `welfare`; where it cuts the income tax the published formula leaves the take-home factor out of the effort
    of the additional labour.
    """
    p, s = base.parameters, state
    pay = base.Y / (1 - base.R / base.Y) if p.income_tax else base.Y
    effort = p.kappa / (1 + p.kappa) * pay
    consumed = base.consumption * _consumption(base, s, T)
    return np.asarray(
        (consumed - effort * s.Y / base.Y * np.exp(s.take_home)) / np.exp(s.P) / (base.consumption - effort)
    )


def _consumption(base: MelitzBase, state: MelitzState, T: Array) -> Array:
    """Spending on final goods over that of the base [n]."""
    s = state
    return np.asarray((s.R + s.Y + T * (float(s.Y.sum()) / float(base.Y.sum()))) / base.consumption)
