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

        By measure the imports that pay nothing are one row: values add up unless two surtaxes fall on one item.

        Raises
        ------
        InputError
            another grouping.
        """
        goods = self.goods
        pays = np.zeros(goods.value.size, dtype=bool)
        for rate in self.charged.by_measure[CENTRAL].values():
            pays |= np.nan_to_num(rate) > 0
        if key == "measure":
            rows = []
            for m, rate in self.charged.by_measure[CENTRAL].items():
                value = int(goods.value[np.nan_to_num(rate) > 0].sum())
                duty = {s: {e: self.duty(s, e, m) for e in ENDS} for s in self.by_line}
                rows.append(Group(m, value, value, duty))
            nothing = {s: dict.fromkeys(ENDS, 0) for s in self.by_line}
            rows.sort(key=_size)
            return [*rows, Group("no surtax", int(goods.value[~pays].sum()), 0, nothing)]
        labels = goods.labels(key)
        totals = {
            s: {e: np.sum([*x.values(), np.zeros_like(goods.value)], axis=0) for e, x in ends.items()}
            for s, ends in self.by_line.items()
        }
        rows = []
        for label in np.unique(labels):
            here = labels == label
            duty = {s: {e: int(x[here].sum()) for e, x in ends.items()} for s, ends in totals.items()}
            rows.append(Group(str(label), int(goods.value[here].sum()), int(goods.value[here & pays].sum()), duty))
        return sorted(rows, key=_size)


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
    """

    start: dt.date
    end: dt.date
    taxed: int
    before: tuple[float, float]
    named: tuple[float, float]
    all: tuple[float, float]
    measures: tuple[tuple[str, int], ...]

    def same_as(self, other: CanadaStretch) -> bool:
        """Whether everything but the days is the same."""
        return all(getattr(self, f.name) == getattr(other, f.name) for f in fields(self)[2:])


def covered(law: Law) -> tuple[dt.date, dt.date]:
    """Return the days for which the law holds Canada's side: first, and the day after the last."""
    place = law.jurisdiction(IMPORTER)
    return dt.date.fromordinal(place.start), dt.date.fromordinal(place.end)


def path(law: Law, start: dt.date, end: dt.date) -> list[CanadaStretch]:
    """Return mean rates from `start` to the day before `end`, by stretches without a change.

    Raises
    ------
    InputError
        an empty range, or one that the law does not cover.
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
        pays = {m: np.nan_to_num(r) > 0 for m, r in found.charged.by_measure[CENTRAL].items()}
        anything = np.any([*pays.values(), np.zeros(found.goods.value.size, dtype=bool)], axis=0)
        before, named, everything = ((found.rate(s, LOW), found.rate(s, HIGH)) for s in STEPS)
        one = CanadaStretch(
            found.on,
            dt.date.fromordinal(after),
            int(found.goods.value[anything].sum()),
            before,
            named,
            everything,
            tuple((m, int(p.sum())) for m, p in pays.items()),
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
