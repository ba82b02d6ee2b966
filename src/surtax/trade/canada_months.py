"""Canada's surtaxes over a month: the mean over its days, as `surtax.trade.effective.monthly` has it for the US."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.trade.canada import ENDS, IMPORTER, Charged, Floats, Whole
from surtax.trade.canada_rates import CanadaRates, covered, on_date

if TYPE_CHECKING:
    from surtax.law.book import Law


@dataclass(frozen=True, eq=False)
class CanadaMonth(CanadaRates):
    """Canada's surtaxes on US goods, mean over the covered days of a month.

    Attributes
    ----------
    on : the first of the days.
    charged, remissions : means over the days; a line without a rate on one day has none.
    parts : (a day, how many days it stands for).
    """

    parts: tuple[tuple[CanadaRates, int], ...]

    @property
    def days(self) -> int:
        """How many days the mean is over."""
        return sum(n for _, n in self.parts)

    @property
    def month(self) -> str:
        """Such as 2025-03."""
        return self.on.isoformat()[:7]

    @cached_property
    def by_line(self) -> dict[str, dict[str, dict[str, Whole]]]:
        """Step → end → surtax → (n,) duty a year at the mean of the month, whole USD."""
        value = self.goods.value
        found: dict[str, dict[str, dict[str, Whole]]] = {}
        for step in self.charged.rates:
            found[step] = {}
            for end in ENDS:
                mean = _mean([(one.charged.net(step, end), n) for one, n in self.parts])
                found[step][end] = {m: np.rint(r / 100 * value).astype(np.int64) for m, r in mean.items()}
        return found


def monthly(law: Law, month: str) -> CanadaMonth:
    """Return Canada's surtaxes over a month: each day's law weighs as much as its share of the month's covered days.

    Raises
    ------
    InputError
        a month that is none, or of which the law covers no day for Canada.
    """
    try:
        first = dt.date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InputError(f"{month!r} is not a month such as 2025-05.") from None
    after = first + dt.timedelta(days=calendar.monthrange(first.year, first.month)[1])
    begin, end = covered(law)
    start, stop = max(first, begin), min(after, end)
    if start >= stop:
        law.require(IMPORTER, first)
    low, high = start.toordinal(), stop.toordinal()
    days = [low, *(d for d in law.change_days(IMPORTER) if low < d < high)]
    parts = tuple(
        (on_date(law, dt.date.fromordinal(d)), until - d) for d, until in zip(days, [*days[1:], high], strict=True)
    )
    count = high - low
    every = dict.fromkeys(m for one, _ in parts for m in one.remissions)
    remissions = {m: round(sum(one.remissions.get(m, 0) * n for one, n in parts) / count) for m in every}
    return CanadaMonth(start, _charged(parts), remissions, parts)


def months(law: Law) -> list[str]:
    """The months of which the law covers a day for Canada."""
    first, end = covered(law)
    last = end - dt.timedelta(days=1)
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    return [f"{m // 12}-{m % 12 + 1:02d}" for m in numbers]


def _charged(parts: Sequence[tuple[CanadaRates, int]]) -> Charged:
    first = parts[0][0]
    every = [(one.charged, n) for one, n in parts]
    rates = {step: _mean([({e: c.rates[step][e] for e in ENDS}, n) for c, n in every]) for step in first.charged.rates}
    by = {e: _mean([({m: np.nan_to_num(r) for m, r in c.by_measure[e].items()}, n) for c, n in every]) for e in ENDS}
    unvalued = tuple(dict.fromkeys(text for c, _ in every for text in c.unvalued))
    return Charged(first.on, first.goods, rates, by, unvalued)


def _mean(parts: Sequence[tuple[dict[str, Floats], int]]) -> dict[str, Floats]:
    """Means of columns by name, weighted; a name that a part lacks is zero there."""
    count = sum(n for _, n in parts)
    found: dict[str, Floats] = {}
    for columns, n in parts:
        for name, column in columns.items():
            part = column * (n / count)
            found[name] = found[name] + part if name in found else part
    return found
