"""A slow, plain reference for the general system: levels instead of hats, loops instead of cubes, SciPy's hybr.

It shares no code and no state with the product. Units: the base wage per efficiency unit and all base prices are one,
so that quantities are values. The unknowns are sales Y[s,n] alone: wages follow from the supply of labour, prices
from iterating the cost equations, incomes from iterating theirs, and new sales from demand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq, root


class NoReference(Exception):
    """The reference found nothing; no verdict."""


@dataclass
class Economy:
    """Base accounts and options; s sector, o origin, d destination.

    `uses` lists what is bought by each use, [s,o,d] net of tariff: one entry (all), or inputs and final demand.
    """

    uses: list
    tariffs: np.ndarray
    theta: np.ndarray
    gamma: np.ndarray  # [k, s, n]
    alpha: np.ndarray  # [s, n]
    mu: float = np.inf
    psi: np.ndarray | None = None
    eta: np.ndarray | None = None
    floor: float | None = None
    anchor: str = "world"
    X: np.ndarray = field(init=False)

    def __post_init__(self):
        self.X = sum(self.uses)
        J, N, _ = self.X.shape
        self.J, self.N = J, N
        self.Y = self.X.sum(axis=2)
        self.gamma_v = 1 - self.gamma.sum(axis=0)
        self.VA = self.gamma_v * self.Y
        self.V = self.VA.sum(axis=0)
        self.D = self.X.sum(axis=(0, 1)) - self.X.sum(axis=(0, 2))
        self.R = (self.tariffs * self.X).sum(axis=(0, 1))
        self.I = self.V + self.R + self.D
        self.psi = np.zeros(J) if self.psi is None else self.psi


def earnings(e: Economy, Y):
    """Workers attached to each sector [s,n] and what a unit of labour earns there, by Roy's model with Fréchet draws.

    A share ℓ of workers who pick a sector brings ℓ^(1−1/μ) of efficiency units: the marginal ones are worse.
    """
    VA = e.gamma_v * Y
    income = VA.sum(axis=0)
    share, share0 = VA / income, e.VA / e.V
    units = np.array(e.VA)
    for s in range(e.J):
        for n in range(e.N):
            if e.VA[s, n] > 0:
                units[s, n] = e.VA[s, n] * (share[s, n] / share0[s, n]) ** (1 - 1 / e.mu)
    omega = np.where(e.VA > 0, VA / np.where(units > 0, units, 1), 1.0)
    return share, omega, income


def wages(e: Economy, omega, income):
    """What firms pay for a unit of labour, and the part of the sector's workers who are employed."""
    if e.floor is None:
        return omega, np.ones_like(omega)
    low = np.full_like(omega, e.floor)
    if e.anchor == "own":
        low = low * (income / e.V)[None]
    paid = np.maximum(omega, low)
    return paid, omega / paid


def price_and_shares(e: Economy, X, kappa, cost, s, d):
    """Price index of sector s in d for one use with base purchases X, and new shares by origin."""
    paid = X[s, :, d] * (1 + e.tariffs[s, :, d])
    if paid.sum() <= 0:
        return 1.0, np.zeros(e.N)
    base = paid / paid.sum()
    delivered = np.where(base > 0, cost[s] * kappa[s, :, d], 1.0)
    theta = e.theta[s]
    if e.eta is None:
        weight = base * delivered**-theta
        return weight.sum() ** (-1 / theta), weight / weight.sum()
    eta, abroad = e.eta[s], np.arange(e.N) != d
    weights = np.zeros(e.N)
    outer = base[d] * delivered[d] ** -eta if base[d] > 0 else 0.0
    total = outer
    if base[abroad].sum() > 0:
        inner = base[abroad] / base[abroad].sum() * delivered[abroad] ** -theta
        foreign_price = inner.sum() ** (-1 / theta)
        basket = base[abroad].sum() * foreign_price**-eta
        total += basket
        weights[abroad] = basket / total * inner / inner.sum()
    weights[d] = outer / total
    return total ** (-1 / eta), weights


def evaluate(e: Economy, Y, t_new, tau, closure):
    """Everything that follows from sales Y."""
    share, omega, income = earnings(e, Y)
    wage, employed = wages(e, omega, income)
    kappa = (1 + t_new) / (1 + e.tariffs) * tau
    P = np.ones((len(e.uses), e.J, e.N))
    for _ in range(2000):
        bundle = wage**e.gamma_v * np.prod(P[0][:, None, :] ** e.gamma, axis=0)
        size = np.where(e.Y > 0, (Y / bundle) / np.where(e.Y > 0, e.Y, 1), 1.0)
        cost = bundle * size ** -e.psi[:, None]
        new, shares = np.ones_like(P), np.zeros((len(e.uses), e.J, e.N, e.N))
        for k, X in enumerate(e.uses):
            for s in range(e.J):
                for d in range(e.N):
                    new[k, s, d], shares[k, s, :, d] = price_and_shares(e, X, kappa, cost, s, d)
        moved = np.abs(new / P - 1).max()
        P = new
        if moved < 1e-15:
            break
    inputs = np.einsum("ksn,sn->kn", e.gamma, Y)
    # Duty is linear in spending: a on inputs, b a unit of income spent on final goods.
    duty = (shares * (t_new / (1 + t_new))).sum(axis=2)
    a, b = (duty[0] * inputs).sum(axis=0), (duty[-1] * e.alpha).sum(axis=0)
    D = deficits(e, income, a, b, closure)
    spending = (income + a + D) / (1 - b)
    R = a + b * spending
    spend = [inputs + e.alpha * spending] if len(e.uses) == 1 else [inputs, e.alpha * spending]
    X_new = sum(shares[k] * spend[k][:, None, :] / (1 + t_new) for k in range(len(e.uses)))
    level = np.prod(P[-1] ** e.alpha, axis=0)
    return {
        "X": X_new, "P": P, "I": spending, "R": R, "D": D, "wage": wage, "cost": cost, "income": income,
        "L": (share * employed).sum(axis=0), "jobs": share * employed, "level": level,
        "real": spending / e.I / level, "Y": X_new.sum(axis=2), "shares": shares,
    }  # fmt: skip


def deficits(e: Economy, income, a, b, closure):
    """D′ [n] where R′ = a + b I′."""
    if closure == "fixed":
        return e.D
    if closure == "balanced":
        return 0 * e.D
    if closure == "gdp-share":
        d = e.D / e.V
        return d * income - income * (d * income).sum() / income.sum()
    # I′ = ζ k (income + R′): ζ from ΣD′ = 0, which rises from below zero to infinity where a country's I′ does
    k = e.I / (e.V + e.R)

    def spending(zeta):
        return zeta * k * (income + a) / (1 - zeta * k * b)

    def gap(zeta):
        return ((1 - b) * spending(zeta) - income - a).sum()

    top = min([1 / x for x in k * b if x > 1e-12], default=1e3 * max(1, (1 / k).max()))
    zeta = brentq(gap, 0.0, top * (1 - 1e-12), xtol=1e-16, rtol=1e-15, maxiter=500)
    return spending(zeta) - income - a - b * spending(zeta)


def solve(e: Economy, t_new, tau, closure="fixed", steps=(1.0,)):
    """The equilibrium; `steps` are shares of the shock on the way, the last one 1."""
    made = e.Y > 0
    x = np.zeros(made.sum())
    for share in steps:
        t = (1 + e.tariffs) ** (1 - share) * (1 + t_new) ** share - 1
        cost = tau**share

        def gap(x, t=t, cost=cost):
            Y = np.zeros_like(e.Y)
            Y[made] = e.Y[made] * np.exp(np.clip(x, -20, 20))
            found = evaluate(e, Y, t, cost, closure)
            with np.errstate(all="ignore"):
                r = np.log(np.maximum(found["Y"][made], 1e-300) / Y[made])
            r[0] = np.log(found["income"].sum() / e.V.sum())  # in place of the redundant market
            return r

        done = root(gap, x, method="hybr", options={"xtol": 1e-14, "maxfev": 60 * (x.size + 1)})
        x = done.x
    if not np.abs(gap(x)).max() < 1e-11:
        raise NoReference(f"{np.abs(gap(x)).max():.1e}")
    Y = np.zeros_like(e.Y)
    Y[made] = e.Y[made] * np.exp(x)
    found = evaluate(e, Y, t_new, tau, closure)
    if not (found["I"] > 0).all() or np.abs(found["Y"] - Y).max() > 1e-9 * Y.max():
        raise NoReference("the redundant market does not clear, or an income is not positive")
    return found


def split_final(X, tariffs, spent, rng):
    """Final purchases [s,o,d] within X that add up, tariffs included, to `spent` [s,d], with odds drawn by origin."""
    paid = X * (1 + tariffs)
    tilt = rng.normal(size=X.shape)
    final = np.zeros_like(X)
    J, N, _ = X.shape
    for s in range(J):
        for d in range(N):
            total = paid[s, :, d].sum()
            if total <= 0 or spent[s, d] <= 0:
                continue
            low, high = -60.0, 60.0
            for _ in range(200):
                middle = (low + high) / 2
                part = 1 / (1 + np.exp(-(tilt[s, :, d] + middle)))
                low, high = (middle, high) if (paid[s, :, d] * part).sum() < spent[s, d] else (low, middle)
            final[s, :, d] = X[s, :, d] * part
    return final
