"""Two yardsticks for speed: how exact hat algebra is usually solved; correct, not slowed down.

``nested`` is the algorithm of Caliendo and Parro (2015): an outer loop that moves wages by a damped
share of excess factor demand; inside it a loop on unit costs and prices in which the cubes of
powers (ĉ κ̂)^-θ are computed anew at each pass; then expenditure from one dense linear system of N J
equations. It is vectorised, uses LAPACK, and starts each price loop from the last prices
(``warm_prices=False`` starts it from one).

``anderson`` iterates on wages, prices and expenditure together, accelerated, but with the same
cubes of powers: what a competent user writes who does not see that the bilateral term separates.

Both take plain arrays: s sector, o origin, d destination, k input; tariffs as shares; values in
any unit. ``deficits`` are transfers in numeraire units (a constant share of world factor income),
by default the base's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TextbookSolution:
    """ŵ[n], P̂[s,d], E'[s,d] and real income Î/P̂[n], with the loops it took."""

    w_hat: np.ndarray
    P_hat: np.ndarray
    expenditure: np.ndarray
    real_income_hat: np.ndarray
    iterations: int
    price_iterations: int
    gap: float


class _Accounts:
    """Base magnitudes; deficits are imports minus exports."""

    def __init__(self, flows, tariffs, gamma_v, deficits):
        self.E = (flows * (1 + tariffs)).sum(axis=1)
        self.bought = self.E > 0
        self.pi = flows * (1 + tariffs) / np.where(self.bought, self.E, 1.0)[:, None, :]
        self.V = (gamma_v * flows.sum(axis=2)).sum(axis=0)
        own = flows.sum(axis=(0, 1)) - flows.sum(axis=(0, 2))
        self.D = own if deficits is None else np.asarray(deficits, dtype=float)
        self.income = self.V + (tariffs * flows).sum(axis=(0, 1)) + own


def _prices(acc, theta, gamma, gamma_v, kappa, w, P):
    """Compute unit costs, then new prices and shares from a new cube of powers."""
    cost = w[None, :] ** gamma_v * np.exp(np.einsum("kso,ko->so", gamma, np.log(P), optimize=True))
    cube = acc.pi * (cost[:, :, None] * kappa) ** -theta[:, None, None]
    total = np.where(acc.bought, cube.sum(axis=1), 1.0)
    return total ** (-1 / theta)[:, None], cube / total[:, None, :]


def nested(
    flows,
    tariffs,
    theta,
    gamma,
    gamma_v,
    alpha,
    new_tariffs,
    tau_hat,
    deficits=None,
    *,
    tol=1e-10,
    damping=0.2,
    warm_prices=True,
    max_iterations=5000,
) -> TextbookSolution:
    """Solve by nested loops until excess factor demand is below ``tol`` of factor income.

    ``damping`` is the share of excess demand by which wages move; it is halved when the gap grows.
    """
    acc, iterations = _Accounts(flows, tariffs, gamma_v, deficits), 0
    J, N = acc.E.shape
    kappa = (1 + new_tariffs) / (1 + tariffs) * tau_hat
    w, P = np.ones(N), np.ones((J, N))
    gap_before, price_iterations = np.inf, 0
    for _ in range(max_iterations):
        iterations += 1
        if not warm_prices:
            P = np.ones((J, N))
        change = np.inf
        while change > 0.1 * tol:
            P_new, shares = _prices(acc, theta, gamma, gamma_v, kappa, w, P)
            change, P = np.abs(P_new / P - 1).max(), P_new
            price_iterations += 1
        _, shares = _prices(acc, theta, gamma, gamma_v, kappa, w, P)
        net = shares / (1 + new_tariffs)
        system = -np.einsum("ksd,sde->kdse", gamma, net)
        rate = (new_tariffs * net).sum(axis=1)
        for d in range(N):
            system[:, d, :, d] -= np.outer(alpha[:, d], rate[:, d])
        system = system.reshape(J * N, J * N)
        system.flat[:: J * N + 1] += 1
        earned = w * acc.V
        E = np.linalg.solve(system, (alpha * (earned + acc.D)).ravel()).reshape(J, N)
        demand = (gamma_v * (net * E[:, None, :]).sum(axis=2)).sum(axis=0)
        excess = demand / earned - 1
        gap = np.abs(excess).max()
        if gap < tol:
            break
        if gap > 1.05 * gap_before:
            damping = max(damping / 2, 1e-3)
        gap_before = gap
        w = w * (1 + damping * np.clip(excess, -0.9, 5.0))
        w *= acc.V.sum() / (w * acc.V).sum()
    else:
        raise ArithmeticError(
            f"nested loops stopped at a gap of {gap:.1e} after {max_iterations} rounds"
        )
    income = earned + (rate * E).sum(axis=0) + acc.D
    real = income / acc.income / np.prod(P**alpha, axis=0)
    return TextbookSolution(w, P, E, real, iterations, price_iterations, float(gap))


def anderson(
    flows,
    tariffs,
    theta,
    gamma,
    gamma_v,
    alpha,
    new_tariffs,
    tau_hat,
    deficits=None,
    *,
    tol=1e-10,
    depth=10,
    max_iterations=2000,
) -> TextbookSolution:
    """Solve for log wages, log prices and expenditure at once, accelerated, on cubes of powers."""
    acc, iterations = _Accounts(flows, tariffs, gamma_v, deficits), 0
    J, N = acc.E.shape
    cells = J * N
    kappa = (1 + new_tariffs) / (1 + tariffs) * tau_hat
    scale = acc.E.sum(axis=0)[None, :]
    speed = 1 / (1 + theta.mean())

    def step(x):
        w, P = np.exp(x[:N]), np.exp(x[N : N + cells]).reshape(J, N)
        E = x[N + cells :].reshape(J, N) * scale
        P_new, shares = _prices(acc, theta, gamma, gamma_v, kappa, w, P)
        X = shares / (1 + new_tariffs) * E[:, None, :]
        Y, R = X.sum(axis=2), (new_tariffs * X).sum(axis=(0, 1))
        income = w * acc.V + R + acc.D
        E_new = np.einsum("ksn,sn->kn", gamma, Y, optimize=True) + alpha * income
        demand = (gamma_v * Y).sum(axis=0)
        log_w = x[:N] + speed * np.log(np.maximum(demand / (w * acc.V), 1e-3))
        log_w -= np.log((np.exp(log_w) * acc.V).sum() / acc.V.sum())
        gap = max(
            np.abs(demand / (w * acc.V) - 1).max(),
            np.abs(P_new / P - 1).max(),
            np.abs((E_new - E) / scale).max(),
        )
        return np.concatenate([log_w, np.log(P_new).ravel(), (E_new / scale).ravel()]), gap, income

    x = np.concatenate([np.zeros(N + cells), (acc.E / scale).ravel()])
    moves, errors = [], []
    x_before = error_before = None
    for _ in range(max_iterations):
        iterations += 1
        image, gap, income = step(x)
        if gap < tol:
            break
        error = image - x
        if error_before is not None:
            moves, errors = (
                [*moves[-depth + 1 :], x - x_before],
                [*errors[-depth + 1 :], error - error_before],
            )
        x_before, error_before = x, error
        if moves:
            dx, df = np.column_stack(moves), np.column_stack(errors)
            weights = np.linalg.lstsq(df, error, rcond=1e-12)[0]
            x = image - (dx + df) @ weights
            if not np.isfinite(x).all() or np.abs(x - image)[: N + cells].max() > 2:
                x, moves, errors, error_before = image, [], [], None
        else:
            x = image
    else:
        raise ArithmeticError(f"the Anderson iteration stopped at a gap of {gap:.1e}")
    w, P = np.exp(x[:N]), np.exp(x[N : N + cells]).reshape(J, N)
    real = income / acc.income / np.prod(P**alpha, axis=0)
    return TextbookSolution(
        w, P, x[N + cells :].reshape(J, N) * scale, real, iterations, iterations, float(gap)
    )
