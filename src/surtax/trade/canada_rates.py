"""Effective rates of Canada's surtaxes on US goods: coverage, duty before and after remissions, by day and group.

Every duty is in whole dollars a line, so that every grouping adds up to the last one. Nothing is fitted.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.canada import ENDS, IMPORTER, ORIGIN, STEPS, CanadianGoods, Charged, Whole, charged, streams
from surtax.trade.flows import country

if TYPE_CHECKING:
    from surtax.law.book import Law

LOW, CENTRAL, HIGH = ENDS
REMISSIONS_CHANGE = "remissions change"
KEYS = ("sector", "chapter", "heading", "measure", "order")


@dataclass(frozen=True)
class Coverage:
    """What one surtax reaches on a day.

    Attributes
    ----------
    measure : its id.
    items : how many tariff items with a known value it reaches.
    without_value : items that it reaches of whose trade nothing is known.
    upper_bound : USD, US exports of all six-digit codes that hold one of the items, unscaled; None: unknown (vehicles).
    value : USD, scaled to the official coverage.
    factor : value / upper_bound, or None.
    """

    measure: str
    items: int
    without_value: tuple[str, ...]
    upper_bound: int | None
    value: int
    factor: float | None


@dataclass(frozen=True)
class Group:
    """One row of a breakdown, USD: imports, those that pay a surtax, and duty by step of remissions.

    Attributes
    ----------
    duty : step → end → USD.
    """

    label: str
    value: int
    taxed: int
    duty: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, eq=False)
class CanadaRates:
    """Canada's surtaxes on US goods on one day.

    Attributes
    ----------
    on : the day.
    charged : rates by line; see `surtax.trade.canada.Charged`.
    remissions : remission → USD that it alone could give back at most, vehicles at the central assumption.
    """

    on: dt.date
    charged: Charged
    remissions: Mapping[str, int]

    @property
    def goods(self) -> CanadianGoods:
        """The lines."""
        return self.charged.goods

    @cached_property
    def by_line(self) -> dict[str, dict[str, dict[str, Whole]]]:
        """Step → end → surtax → (n,) duty, whole USD."""
        value = self.goods.value
        return {
            step: {
                end: {m: np.rint(r / 100 * value).astype(np.int64) for m, r in self.charged.net(step, end).items()}
                for end in ENDS
            }
            for step in self.charged.rates
        }

    def duty(self, step: str, end: str = CENTRAL, measure: str | None = None) -> int:
        """Duty, whole USD a year at the trade of 2024."""
        lines = self.by_line[step][end]
        return sum(int(x.sum()) for m, x in lines.items() if measure in (None, m))

    def rate(self, step: str, end: str = CENTRAL) -> float:
        """Duty over all imports of US goods, per cent."""
        return 100 * self.duty(step, end) / self.goods.total

    @property
    def comparator(self) -> Mapping[str, Any] | None:
        """Somebody else's estimate for the month, or None; nothing is fitted to it."""
        found: Mapping[str, Any] = self.goods.metadata["comparator"]
        return found if found["month"] == self.on.isoformat()[:7] else None

    @property
    def unmatched(self) -> dict[str, int]:
        """Items that the tables of sectors do not know, with their value, USD."""
        goods = self.goods
        there = goods.sectors == ""
        return dict(zip(goods.items[there].tolist(), goods.value[there].tolist(), strict=True))

    @property
    def unknown(self) -> dict[str, int]:
        """Items for which the law does not say a rate, with their value, USD; they are not in the duty."""
        there = np.isnan(self.charged.rates["before"][CENTRAL])
        return dict(zip(self.goods.items[there].tolist(), self.goods.value[there].tolist(), strict=True))

    def coverage(self) -> list[Coverage]:
        """Return what each surtax in force reaches, unscaled and scaled."""
        goods, rows = self.goods, []
        for m, rate in self.charged.by_measure[CENTRAL].items():
            hit = np.nan_to_num(rate) > 0
            valued = hit & goods.known
            bound = goods.upper_bound(valued) or None
            value = int(goods.value[valued].sum())
            missing = tuple(goods.items[hit & ~goods.known].tolist())
            rows.append(Coverage(m, int(valued.sum()), missing, bound, value, None if bound is None else value / bound))
        return rows

    def by(self, key: str) -> list[Group]:
        """Return the breakdown by sector, chapter, heading, order (part of a list) or measure, largest duty first.

        By measure the imports that pay nothing are one row, and what stands under several surtaxes is taken out in one,
        so that values add up.

        Raises
        ------
        InputError
            another grouping.
        """
        if key == "measure":
            return self._by_measure()
        goods = self.goods
        zero = np.zeros_like(goods.value)
        names, place = np.unique(goods.labels(key), return_inverse=True)

        def summed(whole: Whole) -> list[int]:
            # Sums of whole dollars below 2⁵³ are exact in doubles.
            return [int(x) for x in np.bincount(place, whole, names.size)]

        sums: dict[str, dict[str, list[int]]] = {
            step: {end: summed(np.sum([*x.values(), zero], axis=0)) for end, x in ends.items()}
            for step, ends in self.by_line.items()
        }
        value, taxed = summed(goods.value), summed(np.where(self.pays().any(axis=0), goods.value, 0))
        rows = [
            Group(str(n), value[i], taxed[i], {s: {e: part[i] for e, part in ends.items()} for s, ends in sums.items()})
            for i, n in enumerate(names)
        ]
        return sorted(rows, key=_size)

    def pays(self) -> NDArray[np.bool_]:
        """(m, n) whether a line pays a surtax; one row of no line where there is none."""
        rates = self.charged.by_measure[CENTRAL].values()
        return np.array([np.nan_to_num(r) > 0 for r in rates] or [np.zeros(self.goods.value.size, dtype=bool)])

    def _by_measure(self) -> list[Group]:
        value, pays = self.goods.value, self.pays()
        sizes = [int(value[p].sum()) for p in pays]
        rows = [
            Group(m, size, size, {s: {e: self.duty(s, e, m) for e in ENDS} for s in self.by_line})
            for m, size in zip(self.charged.by_measure[CENTRAL], sizes, strict=False)
        ]
        rows.sort(key=_size)
        nothing = {s: dict.fromkeys(ENDS, 0) for s in self.by_line}
        taxed = int(value[pays.any(axis=0)].sum())
        if twice := sum(sizes) - taxed:
            rows.append(Group("under several surtaxes", -twice, -twice, nothing))
        return [*rows, Group("no surtax", self.goods.total - taxed, 0, nothing)]


def _size(row: Group) -> tuple[int, int]:
    return -row.duty["before"][CENTRAL], -row.value


def require_origin(law: Law, origin: str) -> None:
    """Refuse any origin but the United States, saying what of Canada's law would reach it.

    Raises
    ------
    InputError
        another origin, or a code that is none.
    """
    code = country(origin)
    if code == ORIGIN:
        return
    if code == IMPORTER:
        raise InputError("Canada levies no surtax on its own goods: the origin of --importer CAN is USA.")
    reach = [
        f"{m.id} ({m.title})"
        for m in law.measures.values()
        if m.levied_by == IMPORTER and m.kind != "remission" and code in m.origins
    ]
    what = f" Of what the data hold, {'; '.join(reach)} would reach them." if reach else ""
    raise InputError(
        f"effective rates of Canada on goods of {code} are not covered: the data hold Canada's surtaxes on goods of "
        f"the United States, and no Canadian imports by item from elsewhere.{what} Use --origin USA."
    )


def on_date(law: Law, on: str | dt.date) -> CanadaRates:
    """Return Canada's surtaxes on US goods on a day, with what each remission could give back at most.

    Raises
    ------
    InputError
        a day that is none, or one that the law's data do not cover for Canada.
    """
    try:
        day = dt.date.fromisoformat(on) if isinstance(on, str) else on
    except ValueError:
        raise InputError(f"{on!r} is not a day such as 2025-05-06.") from None
    found = charged(law, day)
    value = found.goods.value
    back = {m: round(float(r @ value) / 100) for m, r in streams(law, day).items()}
    return CanadaRates(day, found, back)


@dataclass(frozen=True)
class CanadaStretch:
    """Days on which Canada's surtaxes and remissions stay the same.

    Attributes
    ----------
    start, end : first day, and the day after the last.
    taxed : USD of imports that pay a surtax.
    before, named, all : (low, high) mean rates over all imports, per cent, by step of remissions, at both ends of the
        band of vehicles.
    measures : surtaxes that charge something, with how many items each.
    groups : the breakdown of the days, where one was asked for.
    """

    start: dt.date
    end: dt.date
    taxed: int
    before: tuple[float, float]
    named: tuple[float, float]
    all: tuple[float, float]
    measures: tuple[tuple[str, int], ...]
    groups: tuple[Group, ...] = ()

    def same_as(self, other: CanadaStretch) -> bool:
        """Whether everything but the days is the same."""
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(self)[2:])


def covered(law: Law) -> tuple[dt.date, dt.date]:
    """Return the days for which the law holds Canada's side: first, and the day after the last."""
    place = law.jurisdiction(IMPORTER)
    return dt.date.fromordinal(place.start), dt.date.fromordinal(place.end)


def path(law: Law, start: dt.date, end: dt.date, by: str | None = None) -> list[CanadaStretch]:
    """Return mean rates from `start` to the day before `end`, by stretches without a change.

    Parameters
    ----------
    by : one of `KEYS`: a breakdown to be kept for each stretch.

    Raises
    ------
    InputError
        an empty range, or one that the law does not cover; another grouping.
    """
    if end <= start:
        raise InputError(f"from {start} to {end}: the range is empty.")
    law.require(IMPORTER, start)
    law.require(IMPORTER, end - dt.timedelta(days=1))
    first, last = start.toordinal(), end.toordinal()
    days = [first, *(d for d in law.change_days(IMPORTER) if first < d < last)]
    merged: list[CanadaStretch] = []
    for day, after in zip(days, [*days[1:], last], strict=True):
        found = CanadaRates(dt.date.fromordinal(day), charged(law, dt.date.fromordinal(day)), {})
        pays = found.pays()
        before, named, everything = ((found.rate(s, LOW), found.rate(s, HIGH)) for s in STEPS)
        one = CanadaStretch(
            found.on,
            dt.date.fromordinal(after),
            int(found.goods.value[pays.any(axis=0)].sum()),
            before,
            named,
            everything,
            tuple((m, int(p.sum())) for m, p in zip(found.charged.by_measure[CENTRAL], pays, strict=False)),
            tuple(found.by(by)) if by else (),
        )
        if merged and merged[-1].same_as(one):
            merged[-1] = replace(one, start=merged[-1].start)
        else:
            merged.append(one)
    return merged


def events(law: Law, stretches: Sequence[CanadaStretch]) -> list[tuple[dt.date, str]]:
    """Return what moved the rates: surtaxes that begin, end or reach other goods, remissions that begin or end."""
    found: list[tuple[dt.date, str]] = []
    for one, other in itertools.pairwise(stretches):
        before, after, words = dict(one.measures), dict(other.measures), []
        for m in dict.fromkeys([*after, *before]):
            was, now = before.get(m), after.get(m)
            if was != now:
                change = "begins" if was is None else "ends" if now is None else f"{was} to {now} items"
                words.append(f"{reference(law, m)} {change}")
        found.append((other.start, ", ".join(words) or REMISSIONS_CHANGE))
    return found


def reference(law: Law, measure: str) -> str:
    """Return the number of a measure's instrument, such as SOR/2025-66, or its id."""
    hit = re.search(r"S(?:OR|I)/\d{4}-\d+", law.find(measure).instrument)
    return hit.group() if hit else measure
