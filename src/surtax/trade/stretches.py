"""Effective rates by day: stretches of days on which the law, the claims and so the rates stay the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.trade.baskets import Basket, basket, check_origin, month_of
from surtax.trade.claiming import MonthShares, check_claims, shares
from surtax.trade.effective import Group, grouped
from surtax.trade.joined import Joined, LineRates, joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surtax.law.book import Law

KEYS = ("sector", "chapter", "heading", "measure")


@dataclass(frozen=True)
class Stretch:
    """Days on which the law, the claims and so the rates stay the same.

    Attributes
    ----------
    start, end : first day, and the day after the last.
    statutory : mean rate if nobody claims, per cent.
    low, high : mean rate with claims as assumed, at both ends of the band of US content in cars.
    unknown : share of value without a rate.
    claims_from : month whose claims these are.
    groups : key → groups of the lines, where asked for.
    """

    start: dt.date
    end: dt.date
    statutory: float
    low: float
    high: float
    unknown: float
    claims_from: str
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict, compare=False)


def path(
    law: Law, origin: str, start: dt.date, end: dt.date, *, claims: str = "predicted", by: Sequence[str] = ()
) -> list[Stretch]:
    """Mean rates from `start` to the day before `end`, on the imports of 2024, by stretches without a change.

    Parameters
    ----------
    claims : one of `surtax.trade.claiming.CLAIMS`, for `low` and `high`.
    by : any of sector, chapter, heading, measure: groups to be kept for each stretch.

    Raises
    ------
    InputError
        an empty range, days that are not covered, an origin without claims in the data, an unknown key.
    """
    check_origin(origin)
    check_claims(claims)
    for key in by:
        if key not in KEYS:
            raise InputError(f"cannot group by {key!r}: {', '.join(KEYS)}.")
    if end <= start:
        raise InputError(f"from {start} to {end}: the range is empty.")
    for edge in (start, end - dt.timedelta(days=1)):
        law.require("USA", edge)
    goods, found = basket(origin), joined(law, origin)
    asked: dict[str, MonthShares] = {}
    known: dict[tuple[int, str], Stretch] = {}
    stretches: list[Stretch] = []
    for i in range((end - start).days):
        day = start + dt.timedelta(days=i)
        month = month_of(day)
        if month not in asked:
            asked[month] = shares(law, origin, month, claims)
        # Claims respond to the law of their month; otherwise one record gives the same answer in every month.
        spell = (found.epoch_of(day), month if claims == "endogenous" else asked[month].source)
        if spell not in known:
            known[spell] = _on(found, goods, day, asked[month], by)
        one = replace(known[spell], start=day, end=day + dt.timedelta(days=1))
        if stretches and replace(stretches[-1], start=day, end=one.end) == one:
            stretches[-1] = replace(stretches[-1], end=one.end)
        else:
            stretches.append(one)
    return stretches


def _on(found: Joined, goods: Basket, day: dt.date, asked: MonthShares, by: Sequence[str]) -> Stretch:
    share = asked.shares[goods.at]
    value = goods.value.astype(float)
    nobody = found.on(day, goods.at, np.zeros(goods.at.size))
    low, high = (found.on(day, goods.at, share, variant) for variant in ("low", "high"))
    has_rate = ~np.isnan(high.total)
    base = float(value[has_rate].sum())

    def mean(rates: LineRates) -> float:
        there = ~np.isnan(rates.total)
        return float(rates.total[there] @ value[there] / value[there].sum())

    duties = tuple(np.nan_to_num(end.total) / 100 * value for end in (low, high))
    groups = {
        key: tuple(
            _measures(goods.value, low, high)
            if key == "measure"
            else grouped(goods, key, goods.value, has_rate.astype(float), (duties[0], duties[1]))
        )
        for key in by
    }
    return Stretch(
        day, day, mean(nobody), float(duties[0].sum() / base * 100), float(duties[1].sum() / base * 100),
        1 - base / float(value.sum()), asked.source, groups,
    )  # fmt: skip


def _measures(value: NDArray[np.int64], low: LineRates, high: LineRates) -> list[Group]:
    rows = []
    for name, rates in high.by_measure.items():
        on = int(value[rates > 0].sum())
        ends = (float(x.by_measure[name] @ value) / 100 if name in x.by_measure else 0.0 for x in (low, high))
        rows.append(Group(name, on, float(on), *ends))
    return sorted(rows, key=lambda r: (-r.high, r.label))
