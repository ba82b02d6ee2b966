"""The law joined to trade by product: effective rates of US duties on Canada and Mexico, step by step.

What the steps are and what each leaves open is in docs/effective-rates.md. Nothing here is fitted to what customs
collected. A day has the law of that day; a month has the mean over its days, since entries of a month face each day's
law. Neighbours: `surtax.trade.stretches` (the path by day), `surtax.trade.gaps` (what lies between a step and
collections), `surtax.trade.claiming` (who claims).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.baskets import WEIGHTS, Basket, basket, check_origin, month_of
from surtax.trade.claiming import CLAIMS, check_claims, shares
from surtax.trade.collected import collected
from surtax.trade.joined import (
    NOT_COVERED,
    ONLY_UNIT_VALUE,
    UNKNOWN,
    Joined,
    days_of,
    joined,
)

if TYPE_CHECKING:
    from surtax.law.book import Law

Floats = NDArray[np.float64]

WITHOUT = {
    NOT_COVERED: "the code does not stand in the tariff of the day",
    UNKNOWN: "a fact decides that trade data do not hold",
}
SPECIAL_CHAPTERS = "chapters 98 and 99: what was done to the goods, or their other item, decides"
NO_SECTOR = {
    "": "the tables of sectors do not know the code",
    "NONE": "in no sector",
    "SVC": "counted among services: electricity, publishing, scrap, used goods",
}


@dataclass(frozen=True, eq=False)
class Lined:
    """Duty of lines at one content, mean over the days.

    Attributes
    ----------
    rate : (n,) per cent of value, zero on days without a rate.
    by_measure : measure → (n,); they add up to `rate`.
    known : (n,) share of the days on which the line has a rate.
    without : reason (a status) → (n,) share of the days.
    equivalent : (n,) whether the ordinary duty is an equivalent of 2024 on any of the days.
    """

    rate: Floats
    by_measure: Mapping[str, Floats]
    known: Floats
    without: Mapping[int, Floats]
    equivalent: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Group:
    """Part of a step: value in USD, of which with a rate, and duty at both ends of the band."""

    label: str
    value: int
    known: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the waterfall.

    Attributes
    ----------
    name : which claims are assumed; see `surtax.trade.claiming.CLAIMS`.
    shares : (n,) share of each line's value that claims.
    low, high : mean rate over value with a rate, per cent, with US content of cars at both ends of its band.
    duty : (low, high) USD.
    by_measure : measure → (low, high) USD.
    duties : (low, high), each (n,) USD.
    known : (n,) share of the days on which the line has a rate.
    """

    name: str
    shares: Floats
    low: float
    high: float
    duty: tuple[float, float]
    by_measure: Mapping[str, tuple[float, float]]
    duties: tuple[Floats, Floats]
    known: Floats


@dataclass(frozen=True, eq=False)
class Effective:
    """Effective rates of one origin on one day, or over the days of one month.

    Attributes
    ----------
    on, days : the (first) day, and how many days the mean is over.
    month : such as 2025-05, where the mean is over its days; None for one day.
    origin, basket : lines and weights.
    claims_from : month whose claims these are, and whether they were carried from an earlier one.
    steps : name → `Step`, in the order of the waterfall.
    collected : per cent that customs collected in the month, or None where it is not known here.
    unknown : value of lines without a rate if nobody claims, USD, by reason; in a month the mean over days.
    equivalents : value of lines whose ordinary duty is an equivalent of 2024, USD.
    reasons : (n,) why a line has no rate on some day if nobody claims; empty where it has one.
    measures : step → measure → (n,) whether it falls on a line on any of the days.
    notes : what holds of all steps, in words: whose claims, edits of the law, days.
    law : edits of the law, in words.
    """

    on: dt.date
    days: int
    month: str | None
    origin: str
    basket: Basket
    claims_from: tuple[str, bool]
    steps: Mapping[str, Step]
    collected: float | None
    unknown: Mapping[str, int]
    equivalents: int
    reasons: NDArray[np.object_] = field(repr=False)
    measures: Mapping[str, Mapping[str, NDArray[np.bool_]]] = field(repr=False)
    notes: tuple[str, ...] = field(default=())
    law: tuple[str, ...] = field(default=())

    @property
    def value(self) -> int:
        """USD, all lines."""
        return int(self.basket.value.sum())

    def by(self, key: str, step: str = "predicted") -> list[Group]:
        """Group a step; the groups add up to the whole, value to the dollar.

        Parameters
        ----------
        key : "sector", "chapter", "heading" (four digits) or "measure" (value: of the lines on which it falls, which
            may be counted under several).
        """
        check_claims(step, "step")
        found, value = self.steps[step], self.basket.value
        if key == "measure":
            ordered = sorted(found.by_measure.items(), key=lambda kv: -kv[1][1])
            return [Group(m, *self._falls_on(m, step), *duty) for m, duty in ordered]
        return grouped(self.basket, key, value, found.known, found.duties)

    def without_a_place(self) -> list[dict[str, Any]]:
        """Lines without a rate or without a goods sector: code, value in USD, sector, why; the largest first."""
        labels = self.basket.sectors
        out = np.isin(labels, list(NO_SECTOR)) | (self.reasons != "")
        rows = []
        for i in np.flatnonzero(out & (self.basket.value > 0)):
            sector = str(labels[i])
            why = [w for w in (str(self.reasons[i]), NO_SECTOR.get(sector)) if w]
            rows.append(
                {
                    "code": str(self.basket.codes[i]), "value_usd": int(self.basket.value[i]),
                    "sector": sector or None, "without_a_rate": bool(self.reasons[i] != ""), "why": "; ".join(why),
                }
            )  # fmt: skip
        return sorted(rows, key=lambda r: (-r["value_usd"], r["code"]))

    def _falls_on(self, measure: str, step: str) -> tuple[int, float]:
        on = self.measures[step].get(measure)
        value = 0 if on is None else int(self.basket.value[on].sum())
        return value, float(value)


def grouped(
    goods: Basket, key: str, value: NDArray[np.int64], known: Floats, duties: tuple[Floats, Floats]
) -> list[Group]:
    """Sum lines by the groups of a key, the largest duty first.

    Parameters
    ----------
    value, known, duties : (n,) USD; share of days with a rate; USD at both ends.
    """
    names, index = goods.labels(key)
    whole = np.zeros(names.size, dtype=np.int64)
    np.add.at(whole, index, value)
    with_rate, low, high = (
        np.bincount(index, x, minlength=names.size) for x in (value * known, duties[0], duties[1])
    )  # fmt: skip
    rows = [
        Group(str(names[g]), int(whole[g]), float(with_rate[g]), float(low[g]), float(high[g]))
        for g in range(names.size)
    ]
    return sorted(rows, key=lambda r: (-r.high, r.label))


def effective(law: Law, on: str | dt.date, origin: str = "CAN", *, weights: str = "month") -> Effective:
    """Effective US rates on an origin's goods on a day, from the statute to what claims leave of it.

    Parameters
    ----------
    law : see `surtax.law.load`; an edited one is answered with the claims of the law as it was, or, in the step
        "endogenous", as they respond.
    on : the day.
    origin : CAN or MEX.
    weights : "month" (imports of the day's month, or of the last recorded before it) or "2024".

    Raises
    ------
    InputError
        an origin without claims in the data, a day that is none or is not covered, unknown weights.
    """
    check_origin(origin)
    month = month_of(on)
    day = dt.date.fromisoformat(on) if isinstance(on, str) else on
    law.require("USA", day)
    return _over(law, origin, month, [day], None, weights)


def monthly(law: Law, month: str, origin: str = "CAN", *, weights: str = "month") -> Effective:
    """Effective US rates over a month: each day's law weighs as much as its share of the month's covered days.

    Entries are not known by day: within a month they are taken as evenly spread.

    Raises
    ------
    InputError
        as `effective`; a month that is none or of which no day is covered.
    """
    check_origin(origin)
    days = days_of(law, month)
    return _over(law, origin, month, days, month, weights)


def _over(law: Law, origin: str, month: str, days: Sequence[dt.date], name: str | None, weights: str) -> Effective:
    if weights not in WEIGHTS:
        raise InputError(f"weights {weights!r}: 'month' or '2024'.")
    goods = basket(origin, month if weights == "month" else None)
    found = joined(law, origin)
    steps: dict[str, Step] = {}
    falls: dict[str, dict[str, NDArray[np.bool_]]] = {}
    claims_from, base = (month, False), None
    for claims in CLAIMS:
        asked = shares(law, origin, month, claims)
        claims_from = (asked.source, asked.carried)
        ends = tuple(over_days(found, goods, asked.shares[goods.at], days, variant) for variant in ("low", "high"))
        steps[claims] = _step(claims, goods, asked.shares[goods.at], ends[0], ends[1])
        falls[claims] = {m: r > 0 for m, r in ends[1].by_measure.items()}
        base = base or ends[1]
    if base is None:  # pragma: no cover - CLAIMS is not empty
        raise InputError("no claims")
    special = np.isin(goods.codes.astype("U2"), ("98", "99"))
    parts = {words: np.where(special, 0.0, base.without[status]) for status, words in WITHOUT.items()}
    parts[SPECIAL_CHAPTERS] = np.where(special, 1 - base.known, 0.0)
    unknown = {words: round(float(share @ goods.value)) for words, share in parts.items()}
    reasons = np.full(goods.at.size, "", dtype=object)
    for words, share in parts.items():
        reasons[share > 0] = words
    notes = [f"claims of {claims_from[0]}" + (", carried" if claims_from[1] else ""), *law.edits]
    if name is not None:
        notes.append(f"mean over {len(days)} days" + ("" if _whole(name, days) else ", all that the law covers"))
    return Effective(
        on=days[0],
        days=len(days),
        month=name,
        origin=origin,
        basket=goods,
        claims_from=claims_from,
        steps=steps,
        # Customs collected under the law as it was.
        collected=None if law.edits else collected(origin).get(month),
        unknown={words: usd for words, usd in unknown.items() if usd},
        equivalents=int(goods.value[base.equivalent].sum()),
        reasons=reasons,
        measures=falls,
        notes=tuple(notes),
        law=tuple(law.edits),
    )


def _whole(month: str, days: Sequence[dt.date]) -> bool:
    return days[0].day == 1 and (days[-1] + dt.timedelta(days=1)).isoformat()[:7] != month


def over_days(found: Joined, goods: Basket, share: Floats, days: Sequence[dt.date], variant: str) -> Lined:
    """Rates of a basket's lines, mean over days.

    Parameters
    ----------
    share : (n,) share of each line that claims.
    variant : which contents; see `surtax.trade.joined.Joined`.
    """
    n = goods.at.size
    rate, known, equivalent = np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    by: dict[str, Floats] = {}
    without = {status: np.zeros(n) for status in WITHOUT}
    for day, count in found.spans(days):
        part = count / len(days)
        rates = found.on(day, goods.at, share, variant)
        rate += part * np.nan_to_num(rates.total)
        for name, column in rates.by_measure.items():
            by[name] = by[name] + part * column if name in by else part * column
        lacks = np.zeros(n, dtype=bool)
        for status in WITHOUT:
            here = rates.status == status
            without[status] += part * here
            lacks |= here
        known += part * ~lacks
        equivalent |= rates.status == ONLY_UNIT_VALUE
    # Parts of one whole: what adding them up leaves of rounding would make whole months look incomplete.
    return Lined(rate, by, np.where(known > 1 - 1e-9, 1.0, known), without, equivalent)


def _step(name: str, goods: Basket, share: Floats, low: Lined, high: Lined) -> Step:
    value = goods.value.astype(float)
    duties = (low.rate / 100 * value, high.rate / 100 * value)
    totals = (float(duties[0].sum()), float(duties[1].sum()))
    base = float(value @ high.known)
    by = {
        m: tuple(float(end.by_measure[m] @ value) / 100 if m in end.by_measure else 0.0 for end in (low, high))
        for m in high.by_measure
    }
    rates = [100 * duty / base if base else float("nan") for duty in totals]
    return Step(
        name, share, rates[0], rates[1], totals, {m: (d[0], d[1]) for m, d in by.items()}, duties, high.known
    )  # fmt: skip
