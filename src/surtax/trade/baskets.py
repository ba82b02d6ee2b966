"""What the United States imports from an origin, line by line, and how much of it claims USMCA: weights and records.

Knows imports and recorded claims; the law it does not know. Which lines are free of ordinary duty, whose claims
before July 2025 were not recorded, is the law's to say: `surtax.trade.claiming` asks it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.flows import load_claims, load_us_imports
from surtax.trade.metal import metal_content
from surtax.trade.vintages import sector_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ORIGINS = ("CAN", "MEX")
WEIGHTS = ("month", "2024")
#: The month from which claims on lines free of ordinary duty were recorded; their shares stand for earlier months.
RECORDED_ON_FREE_LINES = "2025-07"
#: Above this share of claims, what little was paid in 2024 says nothing about the duty on what does not claim.
MOST_CLAIMED = 0.95


@dataclass(frozen=True, eq=False)
class Products:
    """All lines that an origin is known to have sold, in 2024 or in a recorded month; arrays are read-only.

    Attributes
    ----------
    origin : CAN or MEX.
    codes : (N,) ten digits, sorted.
    chapter : (N,) position of each line's chapter among those of the origin.
    in_2024 : (N,) whether the line stands in the imports of 2024.
    value_2024, duty_2024 : (N,) USD.
    months : the months whose imports and claims were recorded.
    value, claimed : (m, N) USD.
    share_2024 : (N,) share that claimed in 2024; NaN where not known.
    """

    origin: str
    codes: NDArray[np.str_]
    chapter: NDArray[np.intp]
    in_2024: NDArray[np.bool_]
    value_2024: Ints
    duty_2024: Ints
    months: tuple[str, ...]
    value: Ints
    claimed: Ints
    share_2024: Floats

    def __post_init__(self) -> None:
        # Kept from call to call: nobody may write into them.
        for name, array in list(self.__dict__.items()):
            if isinstance(array, np.ndarray):
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)

    @cached_property
    def sectors(self) -> NDArray[np.str_]:
        """(N,) sector of the accounts; see `surtax.trade.sector_of`."""
        return sector_of(self.codes)

    @cached_property
    def metals(self) -> dict[str, Floats]:
        """{metal: (N,)} content; see `surtax.trade.metal.metal_content`."""
        return metal_content(self.codes)

    @cached_property
    def equivalent(self) -> Floats:
        """(N,) per cent of value due without a claim in 2024, for lines whose ordinary duty is an amount per unit.

        Calculated duty of 2024 over the value that did not claim; where nearly all claimed, the mean of the chapter.
        """
        idle = 1 - np.where(np.isnan(self.share_2024), 0.0, self.share_2024)
        usable = (idle >= 1 - MOST_CLAIMED) & (self.value_2024 > 0)
        base = np.where(usable, self.value_2024 * idle, 0.0)
        own = np.divide(100.0 * self.duty_2024, base, out=np.zeros(base.size), where=usable)
        duty = np.bincount(self.chapter, np.where(usable, self.duty_2024, 0.0))
        whole = np.bincount(self.chapter, base)
        mean = np.divide(100.0 * duty, whole, out=np.zeros(whole.size), where=whole > 0)
        return np.asarray(np.where(usable, own, mean[self.chapter]))

    def share(self, month: str) -> Floats:
        """(N,) shares that claim in a recorded month or in "2024"; lines without imports take another record.

        The other record is July 2025 for months since then and 2024 for earlier ones; where that has none either, the
        mean of the chapter in the month, by value, then of all lines.
        """
        own, weight = self._recorded(month)
        other = self._recorded(RECORDED_ON_FREE_LINES if month >= RECORDED_ON_FREE_LINES else "2024")[0]
        return self._filled(np.where(np.isnan(own), other, own), weight)

    def later_share(self) -> Floats:
        """(N,) shares of July 2025, the first month that recorded claims on every line; gaps take July's means."""
        return self._filled(*self._recorded(RECORDED_ON_FREE_LINES))

    def _recorded(self, month: str) -> tuple[Floats, Ints]:
        if month == "2024":
            return self.share_2024, self.value_2024
        i = self.months.index(month)
        value = self.value[i]
        share = np.full(value.size, np.nan)
        np.divide(self.claimed[i], value, out=share, where=value > 0)
        return share, value

    def _filled(self, shares: Floats, value: Ints) -> Floats:
        gaps = np.isnan(shares)
        weight = np.where(gaps, 0.0, value)
        claimed = np.bincount(self.chapter, weight * np.nan_to_num(shares))
        whole = np.bincount(self.chapter, weight)
        overall = claimed.sum() / whole.sum() if whole.sum() else 0.0
        mean = np.divide(claimed, whole, out=np.full(whole.size, overall), where=whole > 0)
        return np.where(gaps, mean[self.chapter], shares)


@dataclass(frozen=True, eq=False)
class Basket:
    """Lines of one origin with weights.

    Attributes
    ----------
    products : all lines of the origin.
    at : (n,) positions of this basket's lines among them.
    value : (n,) USD.
    weights : what the weights are, in words.
    month : the month whose imports these are, or "2024".
    carried : whether they stand for another month than their own.
    """

    products: Products
    at: NDArray[np.intp]
    value: Ints
    weights: str
    month: str
    carried: bool

    @property
    def origin(self) -> str:
        """CAN or MEX."""
        return self.products.origin

    @cached_property
    def codes(self) -> NDArray[np.str_]:
        """(n,) ten digits."""
        return self.products.codes[self.at]

    @cached_property
    def sectors(self) -> NDArray[np.str_]:
        """(n,) sector of the accounts."""
        return self.products.sectors[self.at]

    def labels(self, key: str) -> tuple[NDArray[np.str_], NDArray[np.intp]]:
        """Names of the groups that a key makes, and (n,) the group of each line.

        Raises
        ------
        InputError
            a key that is none.
        """
        if key not in self._labels:
            if key == "sector":
                names = np.where(self.sectors == "", "unmatched", self.sectors)
            elif key in ("chapter", "heading"):
                names = self.codes.astype("U2" if key == "chapter" else "U4")
            else:
                raise InputError(f"cannot group by {key!r}: sector, chapter, heading or measure.")
            found, index = np.unique(names, return_inverse=True)
            self._labels[key] = found, index.astype(np.intp)
        return self._labels[key]

    @cached_property
    def _labels(self) -> dict[str, tuple[NDArray[np.str_], NDArray[np.intp]]]:
        return {}


def check_origin(origin: str) -> None:
    """Refuse an origin whose claims are not in the data."""
    if origin not in ORIGINS:
        raise InputError(
            f"effective rates need claims of preference, which are in the data for CAN and MEX, not {origin}."
        )


def month_of(day: str | dt.date) -> str:
    """The month of a day, such as 2025-05.

    Raises
    ------
    InputError
        a day that is none.
    """
    try:
        date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise InputError(f"{day!r} is not a day such as 2025-05-06.") from None
    return date.isoformat()[:7]


@lru_cache(maxsize=4)
def products(origin: str) -> Products:
    """Return all lines of an origin.

    Raises
    ------
    InputError
        an origin for which claims are not in the data.
    """
    check_origin(origin)
    us, claims = load_us_imports().select(origin=origin), load_claims()
    if us.duty is None:  # pragma: no cover - the shipped table has duties
        raise InputError("the table of US imports has no duties.")
    here = claims.origins == origin
    own, recorded = us.codes, claims.products[here]
    codes = np.union1d(own, recorded)
    n, at_year, at_claims = codes.size, np.searchsorted(codes, own), np.searchsorted(codes, recorded)

    def spread(values: Ints, at: NDArray[np.intp]) -> Ints:
        out = np.zeros((*values.shape[:-1], n), dtype=np.int64)
        out[..., at] = values
        return out

    share = np.full(n, np.nan)
    share[at_claims] = claims.share_2024[here]
    in_2024 = np.zeros(n, dtype=bool)
    in_2024[at_year] = True
    return Products(
        origin=origin,
        codes=codes,
        chapter=np.unique(codes.astype("U2"), return_inverse=True)[1].astype(np.intp),
        in_2024=in_2024,
        value_2024=spread(us.value.astype(np.int64), at_year),
        duty_2024=spread(us.duty.astype(np.int64), at_year),
        months=claims.months,
        value=spread(claims.value[:, here], at_claims),
        claimed=spread(claims.claimed[:, here], at_claims),
        share_2024=share,
    )


@lru_cache(maxsize=64)
def basket(origin: str, month: str | None = None) -> Basket:
    """Lines of an origin with their weights.

    Parameters
    ----------
    origin : CAN or MEX.
    month : imports of that month, or, where it was not recorded, of the last recorded before it, marked as carried;
        None takes the imports of 2024.

    Raises
    ------
    InputError
        an origin for which claims are not in the data, a month that is none.
    """
    goods = products(origin)
    source = None if month is None else load_claims().at(month).source
    if month is None or source not in goods.months:
        at = np.flatnonzero(goods.in_2024)
        return Basket(goods, at, goods.value_2024[at], f"US imports from {origin} of 2024", "2024", month is not None)
    value = goods.value[goods.months.index(source)]
    at, carried = np.flatnonzero(value), source != month[:7]
    words = f"US imports from {origin} of {source} (without chapter 99)"
    if carried:
        words += f", standing for {month[:7]}, which the data do not hold"
    return Basket(goods, at, value[at], words, source, carried)
