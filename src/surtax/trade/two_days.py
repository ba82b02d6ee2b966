"""Rates of the same lines on two days: what a dated run puts against each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.baskets import Basket, basket, month_of
from surtax.trade.claiming import check_claims, shares
from surtax.trade.joined import CAR_US_CONTENT, joined

if TYPE_CHECKING:
    from surtax.law.book import Law

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TwoDays:
    """Rates of the same lines on two days.

    Attributes
    ----------
    goods : the lines, with their weights of 2024.
    before, after : (n,) per cent of value, NaN where the law's data do not say.
    by_measure : measure → (n,) per cent of value on the second day.
    """

    goods: Basket
    before: Floats
    after: Floats
    by_measure: Mapping[str, Floats]


def rates_on(law: Law, origin: str, days: Sequence[dt.date], claims: str, car_us_content: float) -> TwoDays:
    """Rates of the lines of 2024 on two days under the claims of the second day.

    Parameters
    ----------
    law : see `surtax.law.load`; on the first day of an edited one the law as it is holds.
    claims : one of `CLAIMS`. "endogenous" claims of the first day are those of the second, moved to what a claim
        saves in the first day's month: nothing but the law parts the two.
    car_us_content : share of US content in cars.

    Raises
    ------
    InputError
        as `effective`; a content outside 0 to 1.
    """
    import surtax.law

    check_claims(claims)
    if not 0 <= car_us_content <= 1:
        raise InputError(f"US content of cars {car_us_content:g}: a share between 0 and 1.")
    before, after = days
    for day in days:
        law.require("USA", day)
    goods = basket(origin)
    asked = shares(law, origin, month_of(after), claims).shares
    earlier = asked
    if claims == "endogenous":
        earlier = shares(law, origin, month_of(before), claims, base=month_of(after)).shares
    band = car_us_content in CAR_US_CONTENT
    contents = CAR_US_CONTENT if band else (car_us_content, car_us_content)
    found = joined(law, origin, contents)
    variant = "low" if car_us_content == CAR_US_CONTENT[0] else "high"
    # An edit is a change: it is no part of the law before it, whatever its first day.
    as_it_is = joined(surtax.law.load(), origin, contents) if law.edits else found
    first = as_it_is.on(before, goods.at, earlier[goods.at], variant)
    second = found.on(after, goods.at, asked[goods.at], variant)
    return TwoDays(goods, first.total, second.total, second.by_measure)
