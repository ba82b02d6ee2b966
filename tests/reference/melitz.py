"""Melitz–Pareto with labour supply, plainly: the published equations, SciPy's hybrid method, loops where they are clear.

Shares no code with the product. Unknowns are log ŵ, log Ê, log L̂, log P̂, all [n]; with β = 1 this is the model without
inputs. One market equation is redundant and makes room for the numeraire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root


@dataclass(frozen=True)
class MelitzAccounts:
    """A base year: flows net of tariff X [o,d], tariffs t [o,d], and what follows from them and ν [n], β."""

    X: np.ndarray
    t: np.ndarray
    nu: np.ndarray
    beta: float

    @property
    def E(self):
        return (self.X * (1 + self.t)).sum(axis=0)

    @property
    def Y(self):
        return self.beta * (self.X * (1 - self.nu)[None, :]).sum(axis=1) + self.nu * self.X.sum(axis=0)

    @property
    def R(self):
        return (self.X * self.t).sum(axis=0)

    @property
    def T(self):
        kept = (1 - self.beta) * (self.X * (1 - self.nu)[None, :]).sum(axis=1)
        return self.E - self.R - self.Y - kept


@dataclass(frozen=True)
class MelitzAnswer:
    """Hats [n], new flows [o,d], revenue, and the largest residual of all equations, the redundant one included."""

    w: np.ndarray
    E: np.ndarray
    L: np.ndarray
    P: np.ndarray
    X: np.ndarray
    R: np.ndarray
    W: np.ndarray
    residual: float
    dropped: float  # residual of the equation that the numeraire replaced


def paper_nu(trade, gdp, us, targets=(0.12, 0.26)):
    """The two shares ν from SciPy, on trade [o,d] without a diagonal and GDP [n]."""
    rest = [n for n in range(len(gdp)) if n != us]
    X00 = sum(trade[o, d] for o in rest for d in rest)
    X10, X01 = trade[us, rest].sum(), trade[rest, us].sum()
    Y0, Y1 = gdp[rest].sum(), gdp[us]

    def gap(nu):
        n0, n1 = nu
        E0 = Y0 + (1 - n0) * (X10 + X00 - (1 - n1) * X01 - (1 - n0) * X00)
        E1 = Y1 + (1 - n1) * (X01 - (1 - n0) * X10)
        r00 = (E0 - X10) / (E0 - X10 + X01)
        r11 = (E1 - X01) / (E1 - X01 + X10)
        return (1 - r00) * n1 + r00 * n0 - targets[0], r11 * n1 + (1 - r11) * n0 - targets[1]

    found = root(gap, targets, tol=1e-14)
    assert np.abs(gap(found.x)).max() < 1e-13
    return found.x


def paper_flows(trade, gdp, nu, beta=1.0):
    """Flows with domestic sales from GDP and trade, over β where inputs are bought round about."""
    imports = trade.sum(axis=0)
    T = (1 - nu) * (imports - (trade * (1 - nu)[None, :]).sum(axis=1))
    X = trade.copy()
    for n in range(len(gdp)):
        X[n, n] = max(gdp[n] + T[n] - imports[n], 0.0) / beta
    return X


def phi_of(nu, epsilon, scale=0.67, less=0.0):
    theta = epsilon / scale
    return (1 + theta) / ((1 - nu) * theta) - 1 / theta - less


def solve_melitz(
    base,
    new_tariffs,
    *,
    epsilon,
    psi,
    kappa,
    phi,
    income_tax=True,
    T=None,
    tau_hat=1.0,
    numeraire="prices",
    drop=-1,
    start=None,
    method="hybr",
):
    """Solve; `T` [n] replaces the base's own transfers, `drop` is the market whose equation the numeraire replaces."""
    X0, t0, nu, beta = base.X, base.t, base.nu, base.beta
    E0, Y0, R0 = base.E, base.Y, base.R
    T = base.T if T is None else T
    n = len(E0)
    lam = X0 * (1 + t0) / E0
    wedge = ((1 + new_tariffs) / (1 + t0)) ** (-epsilon * phi)[None, :] * np.broadcast_to(
        tau_hat, lam.shape
    ) ** -epsilon

    def state(z):
        w, e, L, P = np.exp(z.reshape(4, n))
        cost, entry = w**beta * P ** (1 - beta), (w / P) ** (1 - beta)
        sales = lam * ((cost / (entry * L) ** psi) ** -epsilon)[:, None] * wedge
        X = sales / sales.sum(axis=0) * (E0 * e) / (1 + new_tariffs)
        R = (new_tariffs * X).sum(axis=0)
        return w, e, L, P, sales.sum(axis=0), X, R

    def equations(z):
        w, e, L, P, S, X, R = state(z)
        Y = w * L * Y0
        kept = (X * (1 - nu)[None, :]).sum(axis=1)
        market = (beta * kept + nu * X.sum(axis=0) - Y) / Y0
        budget = (R + Y + (1 - beta) * kept + T * Y.sum() / Y0.sum() - E0 * e) / E0
        keep = ((1 - R0 / Y0) / (1 - R / Y)) if income_tax else 1.0
        supply = kappa * np.log(w / P * keep) - np.log(L)
        price = (1 - phi) * np.log(e / w) - np.log(S) / epsilon - np.log(P)
        return market, budget, supply, price

    def level(z):
        w, _, L, P = np.exp(z.reshape(4, n))
        return {
            "prices": ((P - 1) @ E0) / E0.sum(),
            "wages": ((w - 1) @ Y0) / Y0.sum(),
            "factor-income": ((w * L - 1) @ Y0) / Y0.sum(),
        }[numeraire]

    def system(z):
        market, budget, supply, price = equations(z)
        market = market.copy()
        market[drop] = level(z)
        return np.concatenate([market, budget, supply, price])

    z0 = np.zeros(4 * n) if start is None else start
    with np.errstate(all="ignore"):  # the search may pass where revenue exceeds income
        found = root(system, z0, method=method, tol=1e-13)
    z = found.x
    w, e, L, P, _, X, R = state(z)
    Y = w * L * Y0
    with np.errstate(all="ignore"):
        market, budget, supply, price = equations(z)
    others = np.delete(market, drop)
    C0 = Y0 + R0 + T  # final spending
    C = R + Y + T * Y.sum() / Y0.sum()
    lower = 1.0 if not income_tax else (1 - R / Y) / (1 - R0 / Y0)
    delta = C0 / (C0 - kappa * lower * Y0 / (1 + kappa))
    W = delta * C / C0 / P + (1 - delta) * w * L / P
    worst = max(np.nan_to_num(np.abs(x), nan=np.inf).max(initial=0) for x in (others, budget, supply, price))
    return MelitzAnswer(w, e, L, P, X, R, W, max(worst, abs(level(z))), float(market[drop] * Y0[drop]))


def paper_table(base, answer):
    """The authors' seven columns [n,7]."""
    n = len(base.E)
    abroad = 1 - np.eye(n)
    Y, Y1 = base.Y, answer.w * answer.L * base.Y
    D = base.X.sum(axis=0) - base.X.sum(axis=1)
    D1 = answer.X.sum(axis=0) - answer.X.sum(axis=1)
    ex, ex1 = (base.X * abroad).sum(axis=1) / Y, (answer.X * abroad).sum(axis=1) / Y1
    im, im1 = (base.X * abroad).sum(axis=0) / Y, (answer.X * abroad).sum(axis=0) / Y1
    return np.column_stack(
        [
            100 * (answer.W - 1), 100 * (D1 - D) / np.abs(D), 100 * (ex1 / ex - 1), 100 * (im1 / im - 1),
            100 * (answer.L - 1), 100 * (answer.P - 1), answer.R / base.E,
        ]
    )  # fmt: skip
