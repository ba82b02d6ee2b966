"""Partial equilibrium of product markets: Armington demand, upward-sloping export supply, tariffs.

For many products at once, one or several importers, solved exactly in changes; and the two models that are in wide
use, as the special cases that they are: GSIM (Francois & Hall 2009, linear) and SMART (Laird & Yeats 1986, infinitely
elastic supply, linear). Equations, definitions and proofs: docs/models/pe.md.

Arrays are [g,o,d] product, origin, importer. Values are net of tariff, in any one unit; rates are shares (0.25).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError, NoConvergence

Array = NDArray[np.float64]

# Largest step in log prices that ends the search, and largest error of a log price that is still an answer.
TOLERANCE = 1e-14
ACCEPT = 1e-9
MOST_STEPS = 200


class Inputs(NamedTuple):
    """Checked inputs.

    Attributes
    ----------
    v : base values [g,o,d]; t, t_new : rates [g,o,d].
    sigma, eta : σ, η [g,d]; supply : ε [g,o], infinity allowed.
    home : [o,d] True where origin and importer are one country.
    """

    v: Array
    t: Array
    t_new: Array
    sigma: Array
    eta: Array
    supply: Array
    home: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Market:
    """Product markets after a change of tariffs.

    Attributes
    ----------
    method : "exact", "gsim" or "smart".
    value, before, after : base values v and rates t, t′ [g,o,d]; home [o,d].
    producer_price : p̂ [g,o]; consumer_price : p̂ (1+t′)/(1+t) [g,o,d]; price_index : P̂ of the composite [g,d].
    quantity : q̂ [g,o,d]; 1 where nothing is traded.
    value_after : v′ [g,o,d], net of tariff at the new producer price.
    creation, diversion : [g,o,d] imports gained by growth of the total and by substitution between origins, at base
        prices; price_effect : [g,o,d] change of the price times the new quantity. The three add up to v′ − v abroad
        (SMART: creation and diversion by its own formulas). Sales at home are no imports: 0.
    revenue_before, revenue_after : t v, t′ v′ [g,o,d].
    consumer_surplus : change [g,d]; producer_surplus : change [g,o], over all importers of the data.
    pass_through : log change of the consumer price over that of 1+t [g,o,d], NaN where the rate does not change.
    absorption : minus the log change of the producer price over that of 1+t [g,o,d] (1 − pass_through).
    residual : [g] largest misfit of a clearing equation, as a log price.
    error_bound : [g] proven bound on the error of any log producer price; NaN where none is known (σ < η).
    """

    method: str
    value: Array
    before: Array
    after: Array
    home: NDArray[np.bool_]
    producer_price: Array
    consumer_price: Array
    price_index: Array
    quantity: Array
    value_after: Array
    creation: Array
    diversion: Array
    price_effect: Array
    revenue_before: Array
    revenue_after: Array
    consumer_surplus: Array
    producer_surplus: Array
    residual: Array
    error_bound: Array

    @property
    def revenue_change(self) -> Array:
        """Change of tariff revenue [g,d]."""
        return np.asarray((self.revenue_after - self.revenue_before).sum(axis=1))

    @property
    def importer_welfare(self) -> Array:
        """Consumers' surplus and revenue [g,d], without the importer's own producers; see `national_welfare`."""
        return np.asarray(self.consumer_surplus + self.revenue_change)

    @property
    def national_welfare(self) -> Array:
        """Consumers' surplus, revenue and the surplus of the importer's own producers [g,d].

        Own producers are the origins that `home` marks; their surplus counts sales to all importers of the data.
        """
        return np.asarray(self.importer_welfare + self.producer_surplus @ self.home)

    @property
    def world_welfare(self) -> Array:
        """Sum of all surpluses and revenue [g]."""
        return np.asarray(self.importer_welfare.sum(axis=1) + self.producer_surplus.sum(axis=1))

    @property
    def pass_through(self) -> Array:
        """Share of the tariff change in the price that buyers pay, tariff included [g,o,d]."""
        return np.asarray(1 - self.absorption)

    @property
    def absorption(self) -> Array:
        """Share of the tariff change that producers bear in their price net of tariff [g,o,d]."""
        rate = _log_wedge(self.before, self.after)
        cut = np.broadcast_to(-np.log(self.producer_price)[:, :, None], rate.shape)
        moved = (rate != 0) & (self.value > 0)
        out = np.full(rate.shape, np.nan)
        np.divide(cut, rate, out=out, where=moved)
        return out


def solve_market(
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    *,
    sigma: ArrayLike,
    eta: ArrayLike = 1.0,
    supply: ArrayLike = np.inf,
    home: ArrayLike | None = None,
) -> Market:
    """Solve product markets exactly, in changes.

    Parameters
    ----------
    value : v [g,o,d] (or [o,d] for one product, [o] for one product and one importer), net of tariff, at least 0; sales
        at home may be among them.
    before, after : t, t′ ad valorem shares above −1, shaped like `value`.
    sigma : σ > 0 between origins: a number, [g], or [g,d].
    eta : η ≥ 0 of the composite's demand with respect to its price index, as a positive number: likewise. 1 is constant
        spending, as in the general-equilibrium model.
    supply : ε ≥ 0 of exports: a number, [o], or [g,o]; infinity is a given world price, 0 a given quantity.
    home : [o,d] True where an origin is the importer itself; the default is nowhere.

    Returns
    -------
    Market

    Raises
    ------
    InputError
        shapes that do not fit, values and elasticities out of range.
    NoConvergence
        a market whose prices could not be found to `ACCEPT`; with σ ≥ η there is none.

    Notes
    -----
    With σ ≥ η, and η + ε > 0 for every origin, the map of prices on which the search falls back is a contraction in the
    largest norm, so that the solution exists, is unique, is found, and its error is bounded by the residual
    (`Market.error_bound`; docs/models/pe.md).
    """
    given = checked(value, before, after, sigma, eta, supply, home)
    log_k = _log_wedge(given.t, given.t_new)
    x, residual, bound = _prices(given, log_k)
    log_p = x[:, :, None] + log_k
    log_P = _index(given, log_p)
    log_q = np.where(given.v > 0, _log_demand(given, log_p, log_P), 0.0)
    spent = (given.v * (1 + given.t)).sum(axis=1)
    q = np.exp(log_q)
    return _market(
        "exact",
        given,
        producer_price=np.exp(x),
        price_index=np.exp(log_P),
        quantity=q,
        value_after=given.v * np.exp(log_q + x[:, :, None]),
        parts=_creation_diversion(given, q),
        consumer_surplus=-spent * _power_integral(log_P, 1 - given.eta),
        producer_surplus=given.v.sum(axis=2) * _supply_integral(x, given.supply),
        residual=residual,
        error_bound=bound,
    )


def gsim(
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    *,
    sigma: ArrayLike,
    eta: ArrayLike = 1.0,
    supply: ArrayLike = 1.5,
    home: ArrayLike | None = None,
) -> Market:
    """Francois & Hall's linear GSIM: the market linearised at the base, the proportional change of 1+t as the shock.

    Arguments as for `solve_market`; their E_M is −η, E_S is σ, E_X is ε. Their own- and cross-price elasticities
    N = −θη − (1−θ)σ and θ(σ−η) are the linear terms of the exact model, whose first Newton step from the base this is.
    Surpluses are second-order triangles; their published ΔCS takes the second-order term with the sign of P̂, which
    agrees where prices fall: see `gsim_consumer_surplus`.

    Raises
    ------
    InputError
        as `solve_market`; also where the linear model makes a quantity or a price negative.
    """
    given = checked(value, before, after, sigma, eta, supply, home)
    rate = (given.t_new - given.t) / (1 + given.t)
    s, w = _shares(given)
    # Excess demand at unchanged prices, linear in the shock; then one Newton step.
    shift = (given.sigma - given.eta) * (s * rate).sum(axis=1)
    excess = (w * (shift[:, None, :] - given.sigma[:, None, :] * rate)).sum(axis=2)
    p = _newton_step(given, s, w, excess)
    paid = p[:, :, None] + rate
    composite = (s * paid).sum(axis=1)
    # As they do: quantities from linear prices, what is paid and the composite from compounded ones.
    consumer_price = 1 + _times(p, given.t, given.t_new)
    index = (s * (consumer_price - 1)).sum(axis=1)
    change = (given.sigma - given.eta)[:, None, :] * composite[:, None, :] - given.sigma[:, None, :] * paid
    q = np.where(given.v > 0, 1 + change, 1.0)
    if (q <= 0).any() or (p <= -1).any():
        g, o, d = (int(i) for i in np.unravel_index(int(np.argmin(q)), q.shape))
        raise InputError(
            f"the linear GSIM turns a quantity or price negative (product {g}, origin {o}, importer {d}: quantity "
            f"{100 * change[g, o, d]:+.0f} %): the change is too large for it. Use the exact solution."
        )
    spent = (given.v * (1 + given.t)).sum(axis=1)
    supplied = np.where(np.isfinite(given.supply), given.supply, 0.0) * p
    return _market(
        "gsim",
        given,
        producer_price=1 + p,
        price_index=1 + index,
        quantity=q,
        value_after=given.v * q * (1 + p)[:, :, None],
        parts=_creation_diversion(given, q),
        consumer_surplus=spent * (-index + 0.5 * given.eta * index**2),
        producer_surplus=given.v.sum(axis=2) * p * (1 + 0.5 * supplied),
        residual=np.zeros(given.v.shape[0]),
        error_bound=np.full(given.v.shape[0], np.nan),
        consumer_price=consumer_price,
    )


def gsim_consumer_surplus(market: Market, eta: ArrayLike) -> Array:
    """ΔCS [g,d] by the formula that Francois & Hall print: E (½ E_M P̂² sign(P̂) − P̂) with E_M = −η.

    Where P̂ > 0 this counts the triangle twice over, once with the wrong sign; it is here to compare with their tables.
    """
    P = market.price_index - 1
    spent = (market.value * (1 + market.before)).sum(axis=1)
    e = _per_importer("eta", eta, P.shape, 0.0)
    return np.asarray(spent * (-0.5 * e * P**2 * np.sign(P) - P))


def smart(
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    *,
    sigma: ArrayLike,
    eta: ArrayLike = 1.0,
    home: ArrayLike | None = None,
) -> Market:
    """SMART with infinitely elastic supply, by the definitions of Laird & Yeats (1986).

    With ρ = (t′−t)/(1+t):  creation_o = −η v_o ρ_o;  diversion_o = v_o (f_o Σv/Σ v f − 1) with f = 1 − σρ, which for
    one rate of cut is their formula, and adds up to zero over the origins of an importer. Welfare is ½ Σ (t+t′)(v′−v);
    what is not revenue is booked as consumers' surplus. Arguments as for `solve_market`. Sales at home do not enter.

    Raises
    ------
    InputError
        as `solve_market`; also where the linear formulas leave negative imports.
    """
    given = checked(value, before, after, sigma, eta, np.inf, home)
    v = np.where(given.home, 0.0, given.v)
    rate = (given.t_new - given.t) / (1 + given.t)
    f = 1 - given.sigma[:, None, :] * rate
    mixed = v * f
    total, total_mixed = v.sum(axis=1, keepdims=True), mixed.sum(axis=1, keepdims=True)
    share = np.divide(mixed, total_mixed, out=np.zeros_like(v), where=total_mixed > 0)
    creation = -given.eta[:, None, :] * v * rate
    diversion = np.where(total > 0, share * total - v, 0.0)
    new = v + creation + diversion
    bad = (v > 0) & ((new < 0) | (f <= 0))
    if bad.any():
        g, o, d = (int(i) for i in np.argwhere(bad)[0])
        raise InputError(
            f"SMART's linear formulas leave nothing of a flow (product {g}, origin {o}, importer {d}: 1+t changes by "
            f"{100 * rate[g, o, d]:+.0f} %): the change is too large for them. Use the exact solution."
        )
    paid = (given.v * (1 + given.t)).sum(axis=1, keepdims=True)
    s = np.divide(given.v * (1 + given.t), paid, out=np.zeros_like(given.v), where=paid > 0)
    q = np.where(v > 0, 1 + np.divide(creation + diversion, v, out=np.zeros_like(v), where=v > 0), 1.0)
    value_after = given.v * q
    revenue = (given.t_new * value_after - given.t * given.v).sum(axis=1)
    welfare = 0.5 * ((given.t + given.t_new) * (value_after - given.v)).sum(axis=1)
    shape = given.supply.shape
    return _market(
        "smart",
        given,
        producer_price=np.ones(shape),
        price_index=1 + (s * rate).sum(axis=1),
        quantity=q,
        value_after=value_after,
        parts=(creation, diversion),
        consumer_surplus=welfare - revenue,
        producer_surplus=np.zeros(shape),
        residual=np.zeros(shape[0]),
        error_bound=np.full(shape[0], np.nan),
    )


METHODS: dict[str, Callable[..., Market]] = {"exact": solve_market, "gsim": gsim, "smart": smart}


# -- the exact solution -----------------------------------------------------------------------------------------------


def _prices(given: Inputs, log_k: Array) -> tuple[Array, Array, Array]:
    """Log producer prices [g,o], the residual [g] and the bound on the error [g].

    A Newton step where it halves the residual, else one of the contraction.
    """
    sigma = given.sigma.max(axis=1)[:, None]
    # 1/(ε+σ): zero for infinite supply, whose price then never moves.
    pace = 1 / (given.supply + sigma)
    sold = given.v.sum(axis=2) > 0
    pace = np.where(sold, pace, 0.0)
    x = np.zeros(given.supply.shape)

    def misfit(x: Array, rows: NDArray[np.intp]) -> tuple[Array, Array]:
        """Excess demand in logs [g,o] (0 where supply is infinite) and the new weights of importers [g,o,d]."""
        part = _rows(given, rows)
        log_p = x[:, :, None] + log_k[rows]
        log_q = _log_demand(part, log_p, _index(part, log_p))
        top = np.max(np.where(part.v > 0, log_q, -np.inf), axis=2)
        top = np.where(np.isfinite(top), top, 0.0)
        weight = np.where(part.v > 0, part.v * np.exp(log_q - top[:, :, None]), 0.0)
        total, base = weight.sum(axis=2), part.v.sum(axis=2)
        moves = pace[rows] > 0
        demand = np.log(np.where(moves, total, 1.0)) + top - np.log(np.where(moves, base, 1.0))
        slope = np.where(moves, part.supply, 0.0)
        return np.where(moves, demand - slope * x, 0.0), weight

    every = np.arange(len(x), dtype=np.intp)
    f, weight = misfit(x, every)
    size: Array = np.abs(f * pace).max(axis=1, initial=0.0)
    open_ = np.flatnonzero(size > TOLERANCE)
    for _ in range(MOST_STEPS):
        if not open_.size:
            break
        part = _rows(given, open_)
        log_p = x[open_][:, :, None] + log_k[open_]
        s, w = _shares_at(part, log_p, weight[open_])
        trial = x[open_] + _newton_step(part, s, w, f[open_])
        f_new, weight_new = misfit(trial, open_)
        size_new = np.abs(f_new * pace[open_]).max(axis=1, initial=0.0)
        slow = ~(size_new <= 0.5 * size[open_])
        if slow.any():
            rows = open_[slow]
            trial[slow] = x[rows] + f[rows] * pace[rows]
            f_new[slow], weight_new[slow] = misfit(trial[slow], rows)
            size_new[slow] = np.abs(f_new[slow] * pace[rows]).max(axis=1, initial=0.0)
        # Rounding ends progress: keep the better point and stop there.
        better = size_new < size[open_]
        done = ~better & (size[open_] < 1e-12)
        keep = ~done
        rows = open_[keep]
        x[rows], f[rows], weight[rows], size[rows] = trial[keep], f_new[keep], weight_new[keep], size_new[keep]
        open_ = rows[size[rows] > TOLERANCE]
    bound = _bound(given, size, pace)
    _settled(np.where(np.isfinite(bound), bound, size))
    return x, size, bound


def _rows(given: Inputs, rows: NDArray[np.intp]) -> Inputs:
    return Inputs(
        given.v[rows], given.t[rows], given.t_new[rows], given.sigma[rows], given.eta[rows], given.supply[rows],
        given.home,
    )  # fmt: skip


def _settled(error: Array) -> None:
    worst = int(np.argmax(np.nan_to_num(error, nan=np.inf))) if error.size else 0
    if error.size and not error[worst] <= ACCEPT:
        raise NoConvergence(
            f"the prices of product {worst} were not found (off by {error[worst]:.1e}). Its demand is more elastic "
            f"than its origins are substitutes (eta above sigma), or neither demand nor supply responds to prices: "
            f"check sigma, eta and supply."
        )


def _bound(given: Inputs, size: Array, pace: Array) -> Array:
    """|x − x*| ≤ size/(1 − q), q = max over origins of (σ_max − η_min)/(σ_max + ε); NaN where some σ < η."""
    moves = pace > 0
    q = np.where(moves, (given.sigma.max(axis=1) - given.eta.min(axis=1))[:, None] * pace, 0.0).max(axis=1, initial=0.0)
    known = (given.sigma >= given.eta).all(axis=1) & (q < 1)
    return np.where(known, size / np.where(known, 1 - q, 1.0), np.nan)


def _newton_step(given: Inputs, s: Array, w: Array, f: Array) -> Array:
    """Solve [diag(ε + Σ_d w σ) − w diag(σ−η) sᵀ] dx = f for each product, through its importers (Woodbury)."""
    diagonal = given.supply + (w * given.sigma[:, None, :]).sum(axis=2)
    diagonal = np.where((given.v > 0).any(axis=2), diagonal, np.inf)
    inverse = 1 / diagonal
    cross = given.sigma - given.eta
    left = inverse[:, :, None] * w * cross[:, None, :]
    small = np.eye(given.v.shape[2]) - s.transpose(0, 2, 1) @ left
    y = inverse * f
    z = np.linalg.solve(small, s.transpose(0, 2, 1) @ y[:, :, None])
    return np.asarray(y + (left @ z)[:, :, 0])


def _shares(given: Inputs) -> tuple[Array, Array]:
    """Base shares: s of an importer's spending, tariff included, and w of an origin's sales [g,o,d]."""
    return _shares_at(given, np.zeros_like(given.v), given.v)


def _shares_at(given: Inputs, log_p: Array, sales: Array) -> tuple[Array, Array]:
    paid = given.v * (1 + given.t)
    power = (1 - given.sigma)[:, None, :] * log_p
    power = power - np.max(np.where(paid > 0, power, -np.inf), axis=1, keepdims=True, initial=-1e300)
    paid = np.where(paid > 0, paid * np.exp(np.minimum(power, 0.0)), 0.0)
    total_d, total_o = paid.sum(axis=1, keepdims=True), sales.sum(axis=2, keepdims=True)
    s = np.divide(paid, total_d, out=np.zeros_like(paid), where=total_d > 0)
    return s, np.divide(sales, total_o, out=np.zeros_like(paid), where=total_o > 0)


def _index(given: Inputs, log_p: Array) -> Array:
    """P̂ [g,d], in logs, of the CES composite, computed around the mean so that nothing cancels near σ = 1."""
    paid = given.v * (1 + given.t)
    total = paid.sum(axis=1, keepdims=True)
    s = np.divide(paid, total, out=np.zeros_like(paid), where=total > 0)
    mean = (s * log_p).sum(axis=1)
    power = 1 - given.sigma
    y = np.where(s > 0, power[:, None, :] * (log_p - mean[:, None, :]), 0.0)
    top = np.maximum(y.max(axis=1, initial=0.0), 0.0)
    # Σ s e^y ≥ 1; a shift only where e^y would not fit into a double.
    far = top > 600
    shift = np.where(far, top, 0.0)
    log_sum = np.where(
        far,
        shift + np.log(np.maximum((s * np.exp(y - shift[:, None, :])).sum(axis=1), 1e-300)),
        np.log1p(np.maximum((s * np.expm1(np.where(far[:, None, :], 0.0, y))).sum(axis=1), 0.0)),
    )
    return np.asarray(mean + np.divide(log_sum, power, out=np.zeros_like(mean), where=power != 0))


def _log_demand(given: Inputs, log_p: Array, log_P: Array) -> Array:
    """Return log q̂ = −σ log p̂ᶜ + (σ−η) log P̂ [g,o,d]."""
    cross = (given.sigma - given.eta) * log_P
    return np.asarray(cross[:, None, :] - given.sigma[:, None, :] * log_p)


# -- what follows from quantities and prices --------------------------------------------------------------------------


def _market(
    method: str,
    given: Inputs,
    *,
    producer_price: Array,
    price_index: Array,
    quantity: Array,
    value_after: Array,
    parts: tuple[Array, Array],
    consumer_surplus: Array,
    producer_surplus: Array,
    residual: Array,
    error_bound: Array,
    consumer_price: Array | None = None,
) -> Market:
    if consumer_price is None:
        consumer_price = producer_price[:, :, None] * ((1 + given.t_new) / (1 + given.t))
    price_effect = np.where(given.home, 0.0, given.v * quantity * (producer_price[:, :, None] - 1))
    return Market(
        method, given.v, given.t, given.t_new, given.home, producer_price, consumer_price, price_index, quantity,
        value_after, parts[0], parts[1], price_effect, given.t * given.v, given.t_new * value_after,
        consumer_surplus, producer_surplus, residual, error_bound,
    )  # fmt: skip


def _creation_diversion(given: Inputs, q: Array) -> tuple[Array, Array]:
    """Split the change of imports at base prices; the second part adds up to zero over an importer's origins.

    With M = Σ v and M′ = Σ v q̂ over foreign origins: diversion = M (v q̂/M′ − v/M), the new mix at the old total;
    creation = (M′ − M) v q̂/M′, the new total at the new mix.
    """
    v = np.where(given.home, 0.0, given.v)
    new = v * q
    M, M_new = v.sum(axis=1, keepdims=True), new.sum(axis=1, keepdims=True)
    mix = np.divide(new, M_new, out=np.zeros_like(new), where=M_new > 0)
    return (M_new - M) * mix, M * mix - v


def _times(p: Array, t: Array, t_new: Array) -> Array:
    rate = (t_new - t) / (1 + t)
    return np.asarray((1 + p)[:, :, None] * (1 + rate) - 1)


def _log_wedge(t: Array, t_new: Array) -> Array:
    return np.log1p((t_new - t) / (1 + t))


def _power_integral(log_z: Array, power: Array) -> Array:
    """∫ from 1 to z of y^(power−1) dy = (z^power − 1)/power; log z at power 0."""
    safe = np.where(power == 0, 1.0, power)
    return np.where(power == 0, log_z, np.expm1(safe * log_z) / safe)


def _supply_integral(log_p: Array, supply: Array) -> Array:
    """∫ from 1 to p of y^ε dy; 0 where supply is infinite and the price stays."""
    finite = np.isfinite(supply)
    return np.where(finite, _power_integral(log_p, 1 + np.where(finite, supply, 0.0)), 0.0)


# -- the door ---------------------------------------------------------------------------------------------------------


def checked(
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    sigma: ArrayLike,
    eta: ArrayLike,
    supply: ArrayLike,
    home: ArrayLike | None,
) -> Inputs:
    """Bring the arguments of `solve_market` to their full shapes.

    Raises
    ------
    InputError
        what is wrong, where, and what to do.
    """
    v, t, t_new = (_cube(n, a) for n, a in (("value", value), ("before", before), ("after", after)))
    for name, a in (("before", t), ("after", t_new)):
        if a.shape != v.shape:
            raise InputError(f"{name} has shape {a.shape}; expected {v.shape} = [product, origin, importer].")
        _require(name, a, np.isfinite(a) & (a > -1), "rates have to be numbers above −1 (−100 %)")
    _require("value", v, np.isfinite(v) & (v >= 0), "values have to be numbers that are not negative")
    G, N, D = v.shape
    s, e = _per_importer("sigma", sigma, (G, D), 0.0), _per_importer("eta", eta, (G, D), 0.0)
    _require("sigma", s, s > 0, "elasticities between origins have to be above 0")
    given = np.asarray(supply, dtype=float)
    if given.shape not in {(), (N,), (G, N)}:
        raise InputError(f"supply has shape {given.shape}; give a number, one an origin ({N}), or [{G}, {N}].")
    eps = np.array(np.broadcast_to(given, (G, N)))
    _require("supply", eps, eps >= 0, "elasticities of supply are not negative (infinity is a given price)")
    at_home = np.zeros((N, D), dtype=bool) if home is None else np.asarray(home, dtype=bool)
    if at_home.shape != (N, D):
        raise InputError(f"home has shape {at_home.shape}; expected {(N, D)} = [origin, importer].")
    rigid = (eps + e.min(axis=1, initial=np.inf)[:, None] <= 0) & (v.sum(axis=2) > 0)
    if rigid.any():
        g, o = (int(i) for i in np.argwhere(rigid)[0])
        raise InputError(
            f"product {g}: neither the demand for it (eta 0) nor the supply of origin {o} (0) responds to prices, so "
            f"that its price is not determined. Give one of the two an elasticity."
        )
    return Inputs(v, t, t_new, s, e, eps, at_home)


def _cube(name: str, given: ArrayLike) -> Array:
    try:
        a = np.array(given, dtype=float)
    except (TypeError, ValueError) as problem:
        raise InputError(f"{name}: not an array of numbers: {problem}.") from None
    if a.ndim == 1:
        return np.asarray(a[None, :, None])
    if a.ndim == 2:
        return np.asarray(a[None])
    if a.ndim != 3:
        raise InputError(f"{name} has {a.ndim} dimensions; expected [product, origin, importer].")
    return a


def _per_importer(name: str, given: ArrayLike, shape: tuple[int, ...], least: float) -> Array:
    a = np.asarray(given, dtype=float)
    if a.ndim == 1 and a.size == shape[0]:
        a = a[:, None]
    if a.shape not in {(), (shape[0], 1), shape}:
        raise InputError(f"{name} has shape {a.shape}; give a number, one a product ({shape[0]}), or {list(shape)}.")
    full = np.array(np.broadcast_to(a, shape))
    _require(name, full, np.isfinite(full) & (full >= least), "elasticities are given as positive numbers")
    return full


def _require(name: str, a: Array, fine: NDArray[np.bool_], rule: str) -> None:
    if not fine.all():
        where = tuple(int(i) for i in np.argwhere(~fine)[0])
        raise InputError(f"{name} at {list(where)} is {a[where]:g}; {rule}.")
