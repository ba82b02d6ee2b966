"""Accounts and parameters of the Melitz–Pareto model: what its equations need of a base year.

Source: Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), "Making America Great Again? The Economic Impacts of
Liberation Day Tariffs", Journal of International Economics; docs/notation.md and docs/models/melitz-pareto.md.

Part ν[d] of what firms spend on entering market d is paid there, so a country earns (1−ν[d]) of what it sells to d and
ν[n] of what it buys itself: Y = Σ_d (1−ν_d) X + ν Σ_o X. Inputs, if any, are bought round about: value added is the
share β of a producer's cost. Arrays: X [o,d] net of tariff, everything else [n].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoEquilibrium

Array = NDArray[np.float64]

CLOSURES = ("fixed", "balanced", "designated-balanced")


@dataclass(frozen=True)
class Parameters:
    """Elasticities and shares.

    Attributes
    ----------
    epsilon : ε trade elasticity, > 0.
    psi : ψ how entry lowers a country's prices: a labour force larger by 1 % sells ψ % cheaper.
    kappa : κ elasticity of labour supply, ≥ 0.
    beta : β share of value added in cost, in (0, 1]; 1 is the model without inputs.
    nu : ν [n] share of the fixed cost of a market that is paid there, in [0, 1).
    phi : φ [n] how much more than a trade cost a tariff of n lowers sales: λ′ ∝ (1+t)^(−ε φ).
    income_tax : revenue cuts the tax on labour income; False: it is handed out as a lump sum.
    """

    epsilon: float
    psi: float
    kappa: float
    beta: float
    nu: Array
    phi: Array
    income_tax: bool


@dataclass(frozen=True)
class MelitzBase:
    """A base year whose equations hold (T is what makes them hold).

    Attributes
    ----------
    X : [o,d] sales net of tariff, domestic ones on the diagonal.
    t : [o,d] base tariffs, revenue over X.
    E, Y, R, T, F : [n] spending Σ X(1+t); income of labour; tariff revenue; transfers received, ΣT = 0; what producers
        keep of their sales, Σ_d (1−ν_d) X.
    lam, net : [o,d] X(1+t)/E and X/E.
    parameters : see `Parameters`.
    """

    X: Array
    t: Array
    E: Array
    Y: Array
    R: Array
    T: Array
    F: Array
    lam: Array
    net: Array
    parameters: Parameters

    @property
    def consumption(self) -> Array:
        """What is spent on final goods, Y + R + T [n]; without inputs all of E."""
        return self.Y + self.R + self.T

    @cached_property
    def levied(self) -> NDArray[np.bool_]:
        """Whether a country levies any tariff [n]."""
        return np.asarray(self.t.any(axis=0))

    @property
    def deficit(self) -> Array:
        """Imports less exports, net of tariff, [n]."""
        return np.asarray(self.X.sum(axis=0) - self.X.sum(axis=1))


def pass_through(nu: Array, theta: float, share: float = 1.0) -> Array:
    """φ [n] = (1+θ)/((1−ν)θ) − 1/θ, less 1 − `share` where only that share of a tariff reaches prices.

    θ is the Pareto shape. ν = 0 gives φ = 1, the Eaton–Kortum corner. The paper's partial pass-through is share 0.25.
    """
    return np.asarray((1 + theta) / ((1 - nu) * theta) - 1 / theta - (1 - share))


def derived_domestic_sales(X: Array, gdp: Array, nu: Array) -> tuple[Array, int]:
    """Put domestic sales max(E − imports, 0) on the diagonal, E = GDP + T, T = (1−ν)(imports − Σ_d (1−ν_d) X).

    As published. Since T scales exports by 1−ν once more, the income Y that these accounts give exceeds `gdp` by
    ν Σ_d (1−ν_d) X (docs/models/melitz-pareto.md).

    Parameters
    ----------
    X : [o,d] trade between countries, net of tariff; its diagonal is ignored.
    gdp, nu : [n].

    Returns
    -------
    X : [o,d] a copy with the diagonal set.
    bound : how many countries import more than they spend, so that nothing is left to buy at home.
    """
    X = np.array(X, dtype=float)
    np.fill_diagonal(X, 0.0)
    imports = X.sum(axis=0)
    T = (1 - nu) * (imports - X @ (1 - nu))
    home = gdp + T - imports
    np.fill_diagonal(X, np.maximum(home, 0.0))
    return X, int((home < 0).sum())


def melitz_base(X: Array, t: Array, parameters: Parameters, names: Sequence[str] = ()) -> MelitzBase:
    """Read the accounts off flows X [o,d] and tariffs t [o,d]: E, R, Y and the transfers T that close them.

    `names` [n] are for messages.

    Raises
    ------
    InputError
        a country that buys or earns nothing: it has no relative changes.
    """
    p = parameters
    paid = X * (1 + t)
    E, bought = paid.sum(axis=0), X.sum(axis=0)
    F = X @ (1 - p.nu)
    Y = p.beta * F + p.nu * bought
    empty = np.flatnonzero(~((E > 0) & (Y > 0)))
    if empty.size:
        first = names[int(empty[0])] if names else f"the country at position {int(empty[0]) + 1}"
        raise InputError(
            f"{empty.size} countries buy or earn nothing, {first} first: leave them out, or aggregate them with others."
        )
    R = (t * X).sum(axis=0)
    T = bought - Y - (1 - p.beta) * F
    return MelitzBase(X, t, E, Y, R, T, F, paid / E, X / E, parameters)


def two_region_nu(
    X: Array, designated: int, targets: tuple[float, float] = (0.12, 0.26), *, gdp: Array | None = None
) -> tuple[float, float]:
    """ν of all countries but one, and ν of that one, so that sales-weighted averages in two regions hit `targets`.

    The world is the designated country (1) and the rest (0), whose trade with each other counts as its own sales. With
    r00, r11 the shares of home sales: (1 − r00) ν1 + r00 ν0 = targets[0], r11 ν1 + (1 − r11) ν0 = targets[1].

    Parameters
    ----------
    X : [o,d] flows net of tariff. Without `gdp` the diagonal counts, and a region's spending is what it buys.
    designated : position of the country with a ν of its own.
    targets : averages of the rest and of the designated country.
    gdp : [n] GDP, if spending is to be E = GDP + (1−ν)(imports − Σ (1−ν_d) X) as in the paper; the diagonal of X is
        then ignored, and the two equations are solved jointly with E, since E depends on ν.

    Raises
    ------
    InputError
        the targets cannot be met with ν in [0, 1).
    """
    rest = np.arange(len(X)) != designated
    trade = np.array(X, dtype=float)
    if gdp is not None:
        np.fill_diagonal(trade, 0.0)
    X00 = float(trade[np.ix_(rest, rest)].sum())
    X10, X01 = float(trade[designated, rest].sum()), float(trade[rest, designated].sum())
    n0, n1 = targets
    for _ in range(200):
        if gdp is None:
            E0, E1 = float(trade[:, rest].sum()), float(trade[:, designated].sum())
        else:
            Y0, Y1 = float(gdp[rest].sum()), float(gdp[designated])
            E0 = Y0 + (1 - n0) * (X10 + X00 - (1 - n1) * X01 - (1 - n0) * X00)
            E1 = Y1 + (1 - n1) * (X01 - (1 - n0) * X10)
        r00, r11 = (E0 - X10) / (E0 - X10 + X01), (E1 - X01) / (E1 - X01 + X10)
        # Given r the two equations are linear; that E hardly moves with ν makes repeating them converge at once.
        determinant = r00 * r11 - (1 - r00) * (1 - r11)
        new0 = (targets[0] * r11 - targets[1] * (1 - r00)) / determinant if determinant else np.nan
        new1 = (targets[1] * r00 - targets[0] * (1 - r11)) / determinant if determinant else np.nan
        done = abs(new0 - n0) + abs(new1 - n1) <= 1e-15
        n0, n1 = new0, new1
        if done or not (np.isfinite(n0) and np.isfinite(n1)):
            break
    if not (0 <= n0 < 1 and 0 <= n1 < 1):
        raise InputError(
            f"the shares ν of fixed costs paid in the destination that give averages of {targets[0]:g} and "
            f"{targets[1]:g} would be {n0:.4g} and {n1:.4g}; they have to lie in [0, 1). Name another designated "
            f"country, other targets, or give nu."
        )
    return float(n0), float(n1)


def closure_transfers(base: MelitzBase, closure: str, designated: int | None) -> Array:
    """T′ [n] of a closure, in shares of the world's labour income of the base; ΣT′ = 0.

    fixed: T. balanced: 0. designated-balanced: the designated country neither gives nor receives, and each partner's
    transfer falls by its part in the designated country's trade balance:
    T′_n = T_n − (X[c,n] − X[n,c]) · T_c / D_c, which is the paper's T_n − (X[c,n] − X[n,c]) where ν = 0. With ν > 0 the
    paper's own transfers do not add up to zero (docs/decisions), so its system has no solution.

    Raises
    ------
    InputError
        designated-balanced without a designated country.
    NoEquilibrium
        its trade is balanced while its transfers are not.
    """
    if closure == "fixed":
        return base.T
    if closure == "balanced":
        return np.zeros_like(base.T)
    if designated is None:
        raise InputError(
            "the closure 'designated-balanced' needs to know whose deficit ends: MelitzPareto(designated='USA')."
        )
    bilateral = base.X[designated, :] - base.X[:, designated]
    total, own = float(-bilateral.sum()), float(base.T[designated])
    if not abs(total) > 1e-9 * float(base.E[designated]):
        if abs(own) <= 1e-9 * float(base.E[designated]):
            return base.T
        raise NoEquilibrium(
            f"the designated country's trade is balanced while it receives transfers of {own:.4g}: there are no "
            f"bilateral balances over which they could end. Try deficits='balanced'."
        )
    T = base.T - bilateral * (own / total)
    T[designated] = 0.0
    return np.asarray(T)


def formula_tariff(base: MelitzBase, designated: int, levied_by: str = "partners") -> float:
    """The tariff that the paper's formula calls optimal: a formula at the base, not the best of all tariffs.

    1/((1 + δ_i ε) φ_i − 1) with δ_i = Σ_{d≠i} (1−ν_d) X_id (1 − λ_id) / ((1−ν_i)(Y_i − X_ii)) in the aggregate of two
    regions, the designated country and the rest (whose trade with each other counts as its own sales).

    Parameters
    ----------
    designated : position of the country that stands alone.
    levied_by : "partners" (the rest's common tariff on the designated country's goods) or "designated" (its own).
    """
    rest = np.arange(len(base.Y)) != designated
    own = base.parameters
    group = np.stack([rest, ~rest]).astype(float)  # [region, n]
    X, Y = group @ base.X @ group.T, group @ base.Y
    E = group @ base.E
    nu = np.array([_common(own.nu[rest], base.Y[rest]), float(own.nu[designated])])
    phi = np.array([_common(own.phi[rest], base.Y[rest]), float(own.phi[designated])])
    i, d = (0, 1) if levied_by == "partners" else (1, 0)
    delta = (1 - nu[d]) * X[i, d] * (1 - X[i, d] / E[d]) / ((1 - nu[i]) * (Y[i] - X[i, i]))
    return float(1 / ((1 + delta * own.epsilon) * phi[i] - 1))


def _common(values: Array, weights: Array) -> float:
    """The one value that all have, or their mean by weight."""
    return float(values[0]) if np.ptp(values) == 0 else float(np.average(values, weights=weights))
