"""The general system: the core's equations with options, each of which leaves them as they are when it is off.

For uses k (one, or inputs and final demand apart), sectors s, countries o, d, n:

    earnings       log ω[s,n] = (1 − 1/μ) log ω̄[n] + (1/μ) log Ŷ[s,n]            Roy–Fréchet mobility μ; μ = ∞: ω = ω̄
    wage           ŵ[s,n] = max(ω[s,n], δ a[n])                                     downward rigidity; else ŵ = ω
    bundle         x̂[s,n] = ŵ^γV Π_k P̂[inputs,k,n]^γ
    unit cost      ĉ[s,n] = x̂ (Ŷ/x̂)^−ψ[s]                                         external economies of scale
    price, shares  as in the core by θ; or in a nest, foreign origins by θ and foreign against home by η
    the rest       as in the core, with E′[inputs] = Σ γ Y′ and E′[final] = α I′ where uses are apart

docs/models has a page an option, with sources. The state is x = (log ω̄ [n], log P̂ [k,s,n], log Ê [k,s,n],
log Ŷ [s,n]).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surtax.model import core
from surtax.model.base import Base
from surtax.policy.schedule import Schedule

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """The options as numbers.

    Attributes
    ----------
    stickiness : 1/μ: 0 is free mobility, 1 specific factors.
    psi : ψ [s] scale elasticities.
    eta : η [s] elasticity between home and foreign, or None where one θ holds.
    log_floor : log δ, or None where wages are free to fall.
    own_anchor : a[n] is the country's own earnings ω̄ instead of world factor income.
    """

    stickiness: float
    psi: Array
    eta: Array | None = None
    log_floor: float | None = None
    own_anchor: bool = False

    @property
    def homogeneous(self) -> bool:
        """Whether only relative values have meaning: the level of nominal values matters to wages that may not fall."""
        return self.log_floor is None or self.own_anchor


@dataclass(frozen=True)
class Split:
    """The base with its uses: one (K = 1), or inputs and final demand (K = 2, in this order).

    Attributes
    ----------
    base : the core's.
    pi, net : π and π/(1+t) [k,s,o,d] by use.
    E : [k,s,n]; bought : E > 0; made : Y > 0 [s,n].
    moved : value that had to be counted to the other use so that each adds up to what its buyers spend.
    """

    base: Base
    pi: Array
    net: Array
    E: Array
    bought: Mask
    made: Mask
    moved: float = 0.0

    @property
    def size(self) -> int:
        """Length of a state vector."""
        return self.base.V.size + 2 * self.E.size + self.base.Y.size


def one_use(base: Base) -> Split:
    """All uses buy from the same origins."""
    return Split(base, base.pi[None], base.net[None], base.E[None], base.bought[None], base.Y > 0)


def two_uses(base: Base, flows: Array, final: Array) -> Split:
    """Inputs and final demand buy from their own origins.

    What each use spends is given by γ Y and α I; the recorded split meets that up to rounding, base tariffs (which
    fall on uses by their origins) and what was adjusted in the accounts. The use that is recorded too large is
    scaled down for all its origins, the other takes the rest, so that flows stay as recorded.

    Parameters
    ----------
    flows, final : X and its final part [s,o,d], net of tariff.
    """
    paid = flows * (1 + base.t)
    last = np.clip(final, 0.0, flows) * (1 + base.t)
    target = base.alpha * base.I
    target[target < 1e-13 * base.E] = 0.0
    target = np.minimum(target, base.E)
    target[base.E - target < 1e-13 * base.E] = base.E[base.E - target < 1e-13 * base.E]
    spent = last.sum(axis=1)
    rest = base.E - spent
    shrink = np.divide(target, spent, out=np.zeros_like(spent), where=spent > target)
    grow = np.divide(base.E - target, rest, out=np.ones_like(rest), where=rest > 0)
    final_paid = np.where(
        (spent > target)[:, None, :], last * shrink[:, None, :], paid - (paid - last) * grow[:, None, :]
    )
    final_paid = np.clip(final_paid, 0.0, paid)
    uses = np.stack([paid - final_paid, final_paid])
    E = uses.sum(axis=2)
    E[E < 1e-14 * base.E] = 0.0
    bought = E > 0
    pi = uses / np.where(bought, E, 1.0)[:, :, None, :] * bought[:, :, None, :]
    net = pi / (1 + base.t)
    moved = float(np.abs(final_paid - last).sum())
    return Split(base, pi, net, E, bought, base.Y > 0, moved)


@dataclass(frozen=True)
class Layout:
    """A schedule as the kernel reads it; see `surtax.model.core.Shock`.

    Attributes
    ----------
    A, B : [k,s,o,d]; without their diagonal in a nest.
    taxed : [m] importers that levy a tariff; G : A − B for them.
    home_A, home_B : π_nn κ̂_nn^−η [k,s,n], and that net of tariff; None outside a nest.
    log_foreign : log of the share bought abroad in the base [k,s,n]; None outside a nest.
    tariffs : t′ [s,o,d].
    lift : by how much unit costs are lower for what the state does not hold, in logs [s,n], or None.
    """

    A: Array
    B: Array
    taxed: NDArray[np.intp]
    G: Array
    tariffs: Array
    home_A: Array | None = None
    home_B: Array | None = None
    log_foreign: Array | None = None
    lift: Array | None = None


def layout(split: Split, rules: Rules, schedule: Schedule) -> Layout:
    """Lay out a schedule."""
    base, t, cost = split.base, schedule.tariffs, schedule.trade_cost
    shocks = [core.shock(replace(base, pi=split.pi[k], net=split.net[k]), t, cost) for k in range(len(split.pi))]
    taxed = shocks[0].taxed
    if rules.eta is None:
        stack = [np.stack([getattr(x, name) for x in shocks]) for name in ("A", "B", "G")]
        return Layout(stack[0], stack[1], taxed, stack[2], t)
    A, B = (np.stack([getattr(x, name) for x in shocks]) for name in ("A", "B"))
    n = np.arange(base.V.size)
    A[:, :, n, n] = B[:, :, n, n] = 0.0
    wedge = (1 + t[:, n, n]) / (1 + base.t[:, n, n])
    if cost is not None:
        wedge = wedge * cost[:, n, n]
    home_A = split.pi[:, :, n, n] * wedge ** -rules.eta[:, None]
    foreign = split.pi.sum(axis=2) - split.pi[:, :, n, n]
    # What is left of one by rounding is nothing bought abroad.
    foreign = np.where((split.pi > 0).sum(axis=2) > (split.pi[:, :, n, n] > 0), foreign, 0.0)
    with np.errstate(divide="ignore"):
        log_foreign = np.log(foreign)
    G = np.ascontiguousarray((A - B)[..., taxed])
    return Layout(A, B, taxed, G, t, home_A, home_A / (1 + t[:, n, n]), log_foreign)


@dataclass(frozen=True)
class State:
    """What one evaluation knows, beyond `surtax.model.core.State`.

    Attributes
    ----------
    log_w : log ω̄ [n]; log_earned : log ω [s,n]; log_wage : log ŵ [s,n]; free : where the wage may move, [s,n].
    log_c : log ĉ [s,n]; log_P : log P̂ as the equations give it [k,s,n].
    u : ĉ^−θ up to a factor a sector [s,o]; S : Σ_o A u [k,s,d].
    abroad, at_home : shares of expenditure on the nest's two sides [k,s,n] (1 and 0 outside a nest).
    spent : E′ at the state [k,s,n]; v : spent · abroad / S.
    Y : Y′ [s,n]; E : E′ [k,s,n], as the equations give it; R, D, I, factor_demand, wV : [n].
    """

    log_w: Array
    log_earned: Array
    log_wage: Array
    free: Mask
    log_c: Array
    log_P: Array
    u: Array
    S: Array
    abroad: Array
    at_home: Array
    spent: Array
    v: Array
    Y: Array
    E: Array
    R: Array
    D: Array
    I: Array  # noqa: E741 - the notation's name
    factor_demand: Array
    wV: Array


def unpack(x: Array, split: Split) -> tuple[Array, Array, Array, Array]:
    """Split a state vector into log ω̄ [n], log P̂, log Ê [k,s,n], log Ŷ [s,n] (views)."""
    N, M = split.base.V.size, split.E.size
    shape = split.E.shape
    return x[:N], x[N : N + M].reshape(shape), x[N + M : N + 2 * M].reshape(shape), x[N + 2 * M :].reshape(shape[1:])


def wages(log_w: Array, log_Y: Array, rules: Rules) -> tuple[Array, Array, Mask]:
    """Log ω, log ŵ [s,n] and where wages may move."""
    m = rules.stickiness
    earned = (1 - m) * log_w + m * log_Y
    if rules.log_floor is None:
        return earned, earned, np.ones(earned.shape, dtype=bool)
    floor = np.broadcast_to(rules.log_floor + (log_w if rules.own_anchor else 0.0), earned.shape)
    free = earned >= floor
    return earned, np.where(free, earned, floor), free


def evaluate(x: Array, split: Split, shock: Layout, rules: Rules, closure: str) -> State:
    """Evaluate the equations at state x."""
    base = split.base
    log_w, log_P, log_E, log_Y = unpack(x, split)
    log_earned, log_wage, free = wages(log_w, log_Y, rules)
    bundle = (base.gamma_nsk @ log_P[0].T[:, :, None])[:, :, 0].T + base.gamma_v * log_wage
    psi, theta = rules.psi[:, None], base.theta[:, None]
    log_c = (1 + psi) * bundle - psi * log_Y
    if shock.lift is not None:
        log_c -= shock.lift
    exponent = -theta * log_c
    exponent = np.where(split.made, exponent, -np.inf)
    shift = exponent.max(axis=1, keepdims=True)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    u = np.exp(exponent - shift)
    S = (u[:, None, :] @ shock.A)[:, :, 0, :]
    spent = np.where(split.bought, split.E * np.exp(log_E), 0.0)
    if shock.home_A is None or shock.home_B is None or shock.log_foreign is None or rules.eta is None:
        S[~split.bought] = 1.0
        new_log_P = -(np.log(S) + shift) / theta
        abroad, at_home = np.ones_like(S), np.zeros_like(S)
    else:
        eta = rules.eta[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            log_h = np.log(shock.home_A) - eta * log_c
            log_f = (eta / theta) * (np.log(S) + shift) + (1 - eta / theta) * shock.log_foreign
            log_f = np.where((S > 0) & np.isfinite(shock.log_foreign), log_f, -np.inf)
            log_T = np.where(split.bought, np.logaddexp(log_h, log_f), 0.0)
            abroad = np.where(split.bought, np.exp(log_f - log_T), 0.0)
            at_home = np.where(split.bought, np.exp(log_h - log_T), 0.0)
        new_log_P = -log_T / eta
        S = np.where(S > 0, S, 1.0)
    new_log_P = np.where(split.bought, new_log_P, 0.0)
    v = spent * abroad / S
    Y = (u * (shock.B @ v[:, :, :, None])[:, :, :, 0]).sum(axis=0)
    R = np.zeros_like(log_w)
    if shock.taxed.size:
        R[shock.taxed] = (v[:, :, shock.taxed] * (u[:, None, :] @ shock.G)[:, :, 0, :]).sum(axis=(0, 1))
    if shock.home_B is not None and shock.home_A is not None:
        kept = home_net(shock)
        Y += (spent * at_home * kept).sum(axis=0)
        R += (spent * at_home * (1 - kept)).sum(axis=(0, 1))
    wV = np.exp(log_w) * base.V
    D, income = core.transfers(closure, base, wV, R)
    E = np.empty_like(spent)
    E[0] = (base.gamma_nks @ Y.T[:, :, None])[:, :, 0].T
    E[-1] = E[0] + base.alpha * income if len(E) == 1 else base.alpha * income
    demand = (base.gamma_v * Y).sum(axis=0)
    return State(
        log_w, log_earned, log_wage, free, log_c, new_log_P, u, S, abroad, at_home, spent, v, Y, E, R, D, income,
        demand, wV,
    )  # fmt: skip


def home_net(shock: Layout) -> Array:
    """1/(1 + t′_nn) [s,n]."""
    n = np.arange(shock.tariffs.shape[1])
    return np.asarray(1 / (1 + shock.tariffs[:, n, n]))


def residual(x: Array, split: Split, shock: Layout, rules: Rules, closure: str) -> tuple[Array, State]:
    """Residuals laid out like x, and the evaluation they come from; see `surtax.model.core.residual`.

    log of the factor market with the numeraire's pin [n]; of the price and the expenditure equations [k,s,n]; of
    sales against the state's Ŷ [s,n].
    """
    base = split.base
    state = evaluate(x, split, shock, rules, closure)
    out = np.zeros_like(x)
    r_w, r_P, r_E, r_Y = unpack(out, split)
    _, log_P, log_E, log_Y = unpack(x, split)
    r_w[:] = np.log(state.factor_demand / state.wV) - np.log(float(state.wV.sum()) / float(base.V.sum()))
    r_P[:] = state.log_P - log_P
    bought, made = split.bought, split.made
    r_E[bought] = np.log(state.E[bought] / split.E[bought])
    r_E -= log_E
    r_Y[made] = np.log(state.Y[made] / base.Y[made])
    r_Y -= log_Y
    return out, state


def flows(state: State, shock: Layout) -> Array:
    """X′ [s,o,d], both uses together."""
    X = ((shock.B * state.u[:, :, None]) * state.v[:, :, None, :]).sum(axis=0)
    if shock.home_B is not None:
        n = np.arange(X.shape[1])
        X[:, n, n] += (state.spent * state.at_home * home_net(shock)).sum(axis=0)
    return np.asarray(X)


def equation_residuals(x: Array, state: State, split: Split) -> dict[str, Array]:
    """Relative residual of every equation; the larger of the uses'."""
    _, log_P, log_E, log_Y = unpack(x, split)
    E = np.where(split.bought, split.E * np.exp(log_E), 1.0)
    Y = np.where(split.made, split.base.Y * np.exp(log_Y), 1.0)
    return {
        "price index": np.abs(np.expm1(log_P - state.log_P)).max(axis=0),
        "expenditure": np.where(split.bought, np.abs(state.E / E - 1), 0.0).max(axis=0),
        "sales": np.where(split.made, np.abs(state.Y / Y - 1), 0.0),
        "factor market": np.abs(state.factor_demand / state.wV - 1),
    }
