"""Where a change of real income comes from: terms of trade, volume of trade, trade costs, transfers.

To first order, with I dlnW = dR + dD − Σ E dlnP + Σ Y dlnc (envelope),

    dlnW[n] = 1/I[n] · ( Σ_s [ Σ_d X[n,d] dlnc[n] − Σ_o X[o,n] dlnc[o] ]     terms of trade
                       + Σ_s Σ_o t X[o,n] (dlnX[o,n] − dlnc[o])               volume of trade
                       − Σ_s Σ_o (1 + t) X[o,n] dlnτ[o,n]                     trade costs
                       + dD[n] )                                              transfers

Caliendo & Parro (2015), Table 2, take the first two at the base, hats minus one, over a finite change; for large
changes they do not add up. The path integral does: the equilibrium is followed along (1 + t)^(1−λ) (1 + t′)^λ,
τ̂^λ from λ = 0 to 1 at Chebyshev points; the terms' derivatives are those of the interpolating polynomial, which
converges geometrically because equilibria are analytic in λ (Trefethen 2013, Approximation Theory and
Approximation Practice, ch. 8 and 21), and the integral is Clenshaw–Curtis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.labelled import Labelled
from surtax.model.base import base_of
from surtax.policy.schedule import Schedule

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome

Array = NDArray[np.float64]

# Each doubles the one before, so that its points contain those.
DEGREES = (4, 8, 16, 32, 64)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Terms of a change of real income, per cent of base income, each [country].

    Attributes
    ----------
    method : "path" or "first-order".
    terms_of_trade, volume_of_trade, trade_costs, transfers : the terms.
    total : their sum.
    welfare : the change of real income itself.
    gap : largest |total − welfare|; for "path" it is quadrature error, for "first-order" what the approximation misses.
    points : equilibria solved along the way.
    """

    method: str
    terms_of_trade: Labelled
    volume_of_trade: Labelled
    trade_costs: Labelled
    transfers: Labelled
    total: Labelled
    welfare: Labelled
    gap: float
    points: int


def decompose(outcome: Outcome, method: str, tolerance: float) -> Decomposition:
    """See `Outcome.decomposition`."""
    if outcome.conditions.model != "core":
        raise InputError(f"the decomposition is of the core model's real income, not of {outcome.conditions.model!r}.")
    if method == "first-order":
        return _first_order(outcome)
    if method == "path":
        return _path(outcome, tolerance)
    raise InputError(f"unknown decomposition {method!r}: 'path' or 'first-order'.")


def _pack(outcome: Outcome, method: str, terms: list[Array], points: int) -> Decomposition:
    def label(name: str, values: Array) -> Labelled:
        return Labelled(name, "per cent", values, ("country",), {"country": outcome.world.countries})

    trade, volume, costs, transfers = terms
    total = np.sum(terms, axis=0)
    return Decomposition(
        method=method,
        terms_of_trade=label("terms_of_trade", trade),
        volume_of_trade=label("volume_of_trade", volume),
        trade_costs=label("trade_costs", costs),
        transfers=label("transfers", transfers),
        total=label("total", total),
        welfare=outcome.welfare,
        gap=float(np.max(np.abs(total - outcome.welfare.values))),
        points=points,
    )


def _terms(X: Array, t: Array, dlnc: Array, dX_over_X: Array, dlntau: Array | None, dD: Array) -> list[Array]:
    """The four terms, in the world's unit, [n]; the domestic part of the terms of trade cancels by itself."""
    sold = (X.sum(axis=2) * dlnc).sum(axis=0)
    paid = np.einsum("sod,so->d", X, dlnc)
    volume = (t * X * (dX_over_X - dlnc[:, :, None])).sum(axis=(0, 1))
    cost = np.zeros_like(sold) if dlntau is None else -((1 + t) * X * dlntau).sum(axis=(0, 1))
    return [sold - paid, volume, cost, dD]


def _first_order(outcome: Outcome) -> Decomposition:
    world = outcome.world
    X = world.flows
    grown = np.divide(outcome.X_new - X, X, out=np.zeros_like(X), where=X > 0)
    tau = outcome.schedule.trade_cost
    if tau is not None and not np.isfinite(tau).all():
        raise InputError("an embargo (infinite trade cost) has no first-order decomposition.")
    terms = _terms(
        X, world.tariffs, outcome.c_hat - 1, grown, None if tau is None else tau - 1,
        outcome.D_new - world.deficit,
    )  # fmt: skip
    return _pack(outcome, "first-order", [100 * x / world.income for x in terms], 1)


def _path(outcome: Outcome, tolerance: float) -> Decomposition:
    schedule = outcome.schedule
    if schedule.trade_cost is not None and not np.isfinite(schedule.trade_cost).all():
        raise InputError("an embargo (infinite trade cost) has no path of finite steps to decompose.")
    log_gain = np.log(outcome.real_income)
    scale = max(float(np.max(np.abs(log_gain))), 1e-12)
    solved: dict[float, _Point] = {}
    for degree in DEGREES:
        terms = _integrate(outcome, degree, solved)
        gap = float(np.max(np.abs(np.sum(terms, axis=0) - log_gain)))
        if gap <= tolerance * scale or gap <= 1e-11:
            # Logs add up; per cent are what is shown: scale each country's terms by (Ŵ − 1)/ln Ŵ.
            ratio = np.where(
                np.abs(log_gain) > 1e-12,
                np.expm1(log_gain) / np.where(log_gain == 0, 1, log_gain),
                1.0,
            )
            return _pack(outcome, "path", [100 * ratio * x for x in terms], degree + 1)
    raise NoConvergence(
        f"the path integral misses real income by {gap:.1e} (log points) with {degree + 1} equilibria on the way; "
        f"ask for a larger tolerance, or decompose the scenario in parts."
    )


@dataclass(frozen=True)
class _Point:
    """An equilibrium on the way."""

    x: Array
    log_c: Array
    D: Array
    I: Array  # noqa: E741 - the notation's name
    t: Array
    X: Array


def _integrate(outcome: Outcome, degree: int, solved: dict[float, _Point]) -> list[Array]:
    """∫ terms/I dλ by collocation at degree + 1 Chebyshev points of [0, 1]; each term [n], log points.

    Points of half the degree are among those of the whole: `solved` keeps them from one degree to the next.
    """
    world, schedule = outcome.world, outcome.schedule
    lam, differentiate, weights = chebyshev(degree)
    log_tau = None if schedule.trade_cost is None else np.log(schedule.trade_cost)
    points = []
    for share in lam:
        key = round(float(share), 12)
        if key not in solved:
            near = min(solved, key=lambda done: abs(done - key), default=None)
            solved[key] = _point(outcome, key, log_tau, None if near is None else solved[near].x)
        points.append(solved[key])
    d_cost = np.tensordot(differentiate, np.array([p.log_c for p in points]), axes=1)
    d_deficit = differentiate @ np.array([p.D for p in points])
    d_flows = np.tensordot(differentiate, np.array([p.X for p in points]), axes=1)
    total = [np.zeros(len(world.countries)) for _ in range(4)]
    for p, weight, dX, dc, dD in zip(points, weights, d_flows, d_cost, d_deficit, strict=True):
        grown = np.divide(dX, p.X, out=np.zeros_like(dX), where=p.X > 0)
        terms = _terms(p.X, p.t, dc, grown, log_tau, dD)
        total = [a + weight * b / p.I for a, b in zip(total, terms, strict=True)]
    return total


def _point(outcome: Outcome, share: float, log_tau: Array | None, start: Array | None) -> _Point:
    from surtax.model.drive import Solver
    from surtax.model.equilibrium import find, flows_of

    world, schedule = outcome.world, outcome.schedule
    base = base_of(world)
    changed = schedule.tariffs != base.t
    t = np.array(base.t)
    t[changed] = np.expm1((1 - share) * np.log1p(base.t[changed]) + share * np.log1p(schedule.tariffs[changed]))
    cost = None if log_tau is None else np.exp(share * log_tau)
    found = find(base, Schedule(t, cost), outcome.conditions.closure, Solver(), world, None, start=start)
    return _Point(found.x, found.state.log_c, found.state.D, found.state.I, t, flows_of(found))


def chebyshev(degree: int) -> tuple[Array, Array, Array]:
    """Points of [0, 1], differentiation matrix and Clenshaw–Curtis weights of the given degree.

    Source: Trefethen (2000), Spectral Methods in MATLAB, programs `cheb` (ch. 6) and `clencurt` (ch. 12).
    """
    k = np.arange(degree + 1)
    x = -np.cos(np.pi * k / degree)
    c = np.where((k == 0) | (k == degree), 2.0, 1.0) * (-1.0) ** k
    difference = x[:, None] - x[None, :] + np.eye(degree + 1)
    D = np.outer(c, 1 / c) / difference
    D -= np.diag(D.sum(axis=1))
    # Weights: the integral of each Lagrange polynomial, through the moments of Chebyshev polynomials.
    j = np.arange(degree + 1)
    moments = np.where(j % 2 == 0, 2.0 / (1.0 - np.where(j % 2 == 0, j, 0) ** 2), 0.0)
    T = np.cos(np.outer(j, np.arccos(np.clip(x, -1, 1))))
    weights = np.linalg.solve(T, moments)
    return (x + 1) / 2, 2 * D, weights / 2
