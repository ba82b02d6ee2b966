"""The law on every line of an origin: rates without and with a claim of USMCA, and any mixture of the two.

One object a law and origin serves every day, every month's claims and every basket of that origin's lines.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.baskets import Products, products

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.law.laid import Epoch, Laid

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

#: US content of Canadian cars is not public by model; the duty falls on what is not of the US. The band is from half
#: of the value (Innovation, Science and Economic Development Canada: about 50 per cent US content on average) to all.
CAR_US_CONTENT = (0.5, 0.0)
MFN = "us-mfn"
# As in surtax.law.grid.STATUS, which costs an import.
KNOWN, NOT_COVERED, UNKNOWN, ONLY_UNIT_VALUE = 0, 1, 2, 3


@dataclass(frozen=True, eq=False)
class LineRates:
    """Rates of lines at given claims.

    Attributes
    ----------
    by_measure : measure → (n,) per cent of value; zero where a line has no rate. They add up to `total`.
    total : (n,) per cent of value, NaN where the law's data do not say.
    status : (n,) 0 known, 1 not covered, 2 unknown, 3 known, the ordinary duty by its equivalent of 2024.
    """

    by_measure: Mapping[str, Floats]
    total: Floats
    status: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Day:
    """One epoch with equivalents in place: dense rates a measure, without and with a claim, by row."""

    plain: Mapping[str, Floats]
    claimed: Mapping[str, Floats]
    plain_status: NDArray[np.uint8]
    claimed_status: NDArray[np.uint8]


class Joined:
    """The law on all lines of an origin; see `joined`.

    Attributes
    ----------
    law : the law.
    goods : the lines.
    variants : names of the contents that were laid out; "high" and "low" are the ends of the band of US content.
    """

    def __init__(self, law: Law, goods: Products, laid: Laid, variants: Mapping[str, Index]) -> None:
        self.law, self.goods = law, goods
        self._laid = laid
        self.variants = dict(variants)
        self._days: dict[int, _Day] = {}
        self._savings: dict[str, Floats] = {}

    def on(self, day: dt.date, at: Index, share: Floats, variant: str = "high") -> LineRates:
        """Rates on a day of the lines at positions `at`, of which `share` (n,) claims USMCA.

        Raises
        ------
        InputError
            a day that the data do not cover.
        """
        found, rows = self._day(day), self.variants[variant][at]
        idle = 1 - share
        by: dict[str, Floats] = {}
        for side, weight in ((found.plain, idle), (found.claimed, share)):
            for name, rates in side.items():
                part = weight * rates[rows]
                by[name] = by[name] + part if name in by else part
        plain, claimed = found.plain_status[rows], found.claimed_status[rows]
        status = np.zeros(at.size, dtype=np.uint8)
        status[(plain == ONLY_UNIT_VALUE) & (idle > 0)] = ONLY_UNIT_VALUE
        # A rate per unit that even a claim leaves has no equivalent here: the duty of 2024 was paid without one.
        status[((plain == UNKNOWN) & (idle > 0)) | ((claimed >= UNKNOWN) & (share > 0))] = UNKNOWN
        status[plain == NOT_COVERED] = NOT_COVERED
        unknown = (status == UNKNOWN) | (status == NOT_COVERED)
        total = np.zeros(at.size)
        for name, rates in by.items():
            rates[unknown] = 0.0
            total += rates
            by[name] = rates
        total[unknown] = np.nan
        return LineRates({name: rates for name, rates in by.items() if rates.any()}, total, status)

    def spans(self, days: Sequence[dt.date]) -> list[tuple[dt.date, int]]:
        """(a day, how many days) for each stretch of days on which the law does not change."""
        return [(dt.date.fromordinal(d), n) for d, n in self._laid.spans(d.toordinal() for d in days)]

    def epoch_of(self, day: dt.date) -> int:
        """A number for the stretch without a change of the law in which a day lies."""
        return self._laid.start_of(day.toordinal())

    def looks_at(self, content: str) -> NDArray[np.bool_]:
        """(N,) whether a measure that looks at a content ("us" or a metal) ever reaches the line."""
        return self._laid.looks_at(content)

    def listed(self, groups: Sequence[int], day: dt.date) -> NDArray[np.bool_]:
        """(N,) whether any of some lists of products holds the line on a day."""
        return self._laid.listed(groups, day.toordinal())

    def free(self, day: dt.date) -> NDArray[np.bool_]:
        """(N,) whether the ordinary duty of each line is free without any claim."""
        found = self._day(day)
        rows = self.variants["high"]
        return np.asarray((found.plain[MFN][rows] == 0) & (found.plain_status[rows] != ONLY_UNIT_VALUE))

    def saving(self, month: str) -> Floats:
        """(N,) points of duty that a claim saves, mean over the covered days of a month; NaN where not known.

        On lines whose duty with a claim depends on US content, that of the band's upper end (half) is taken.
        """
        if month not in self._savings:
            everything = np.arange(self.goods.codes.size)
            none, full = np.zeros(everything.size), np.ones(everything.size)
            days = days_of(self.law, month)
            total = np.zeros(everything.size)
            for day, n in self.spans(days):
                totals = (self.on(day, everything, share, "low").total for share in (none, full))
                total += n * np.subtract(*totals)
            self._savings[month] = total / len(days)
        return self._savings[month]

    def _day(self, day: dt.date) -> _Day:
        number = day.toordinal()
        start = self._laid.start_of(number)
        if start not in self._days:
            self.law.require("USA", day)
            self._days[start] = self._filled(self._laid.on(number))
        return self._days[start]

    def _filled(self, epoch: Epoch) -> _Day:
        size = self._laid.line.size

        def dense(side: Mapping[str, tuple[NDArray[np.int64], Floats]]) -> dict[str, Floats]:
            out = {}
            for name, (rows, rates) in side.items():
                out[name] = np.zeros(size)
                out[name][rows] = rates
            return out

        plain, claimed = dense(epoch.plain.by_measure), dense(epoch.claimed.by_measure)
        lacking = epoch.plain.status == ONLY_UNIT_VALUE
        ordinary = plain.setdefault(MFN, np.zeros(size))
        ordinary[lacking] = self.goods.equivalent[self._laid.line[lacking]]
        return _Day(plain, claimed, epoch.plain.status, epoch.claimed.status)


def days_of(law: Law, month: str) -> list[dt.date]:
    """The days of a month that the law of the United States covers.

    Raises
    ------
    InputError
        a month that is none, or of which no day is covered.
    """
    try:
        first = dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InputError(f"{month!r} is not a month such as 2025-05.") from None
    place = law.jurisdiction("USA")
    last = calendar.monthrange(first.year, first.month)[1]
    days = [first + dt.timedelta(days=i) for i in range(last)]
    covered = [d for d in days if place.start <= d.toordinal() < place.end]
    if not covered:
        law.require("USA", first)
    return covered


def covered_months(law: Law) -> list[str]:
    """The months of which the law of the United States covers a day."""
    place = law.jurisdiction("USA")
    first, last = dt.date.fromordinal(place.start), dt.date.fromordinal(place.end - 1)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    return [f"{first.year + (first.month - 1 + i) // 12}-{(first.month - 1 + i) % 12 + 1:02d}" for i in range(count)]


@lru_cache(maxsize=6)
def joined(law: Law, origin: str, contents: tuple[float, float] = CAR_US_CONTENT) -> Joined:
    """Join a law to all lines of an origin; the last few are kept.

    Parameters
    ----------
    law : Law
    origin : CAN or MEX.
    contents : US content of cars at the "low" and the "high" end of duty, shares.

    Raises
    ------
    InputError
        an origin without claims in the data, a content outside 0 to 1.
    """
    return lay(law, products(origin), contents)


def lay(
    law: Law,
    goods: Products,
    contents: tuple[float, float] = CAR_US_CONTENT,
    *,
    facts: frozenset[str] = frozenset(),
    metals: Mapping[str, Mapping[str, Floats]] | None = None,
) -> Joined:
    """Join a law to lines, anew.

    Parameters
    ----------
    contents : as in `joined`.
    facts : facts that are taken as true of all lines.
    metals : further variants, name → metal → (N,) content; their US content is the second of `contents`.
    """
    from surtax.law.grid import Lines
    from surtax.law.laid import Laid

    low, high = contents
    lines = Lines("USA", goods.codes.tolist(), goods.origin, metal_content=goods.metals, us_content=high, facts=facts)
    laid = Laid(law, lines)
    if low != high:
        laid = laid.vary("low", us_content=low)
    for name, content in (metals or {}).items():
        laid = laid.vary(name, metal_content=content)
    variants = {"high": laid.rows(), "low": laid.rows("low" if low != high else None)}
    return Joined(law, goods, laid, {**variants, **{name: laid.rows(name) for name in metals or {}}})
