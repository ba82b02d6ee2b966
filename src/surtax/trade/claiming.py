"""Who claims USMCA: five assumptions, from nobody to a choice that responds to what a claim saves.

The response is estimated by `tools/build_data/claiming.py` on lines that pay an ordinary duty, never on what customs
collected; docs/claims.md gives the equation, the fit and how it predicts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError, nearest
from surtax.trade.baskets import RECORDED_ON_FREE_LINES, products
from surtax.trade.flows import load_claims
from surtax.trade.joined import days_of, joined

if TYPE_CHECKING:
    from surtax.law.book import Law

Floats = NDArray[np.float64]

#: The assumptions, in the order of the waterfall.
CLAIMS = ("none", "full", "recorded", "predicted", "endogenous")
FILE = Path(__file__).resolve().parent.parent / "data" / "trade" / "claiming.json"


@dataclass(frozen=True)
class Response:
    """How the share that claims responds to what a claim saves: logit p′ = logit p + slope · (f(s′) − f(s)).

    Attributes
    ----------
    origin : CAN or MEX.
    fuels, others : slope of f(s) = log(1 + s), s in points of duty, of mineral fuels (chapter 27) and of other goods.
    fit : all that the estimation reports, as plain values: standard errors clustered by heading, what was left out, …
    """

    origin: str
    fuels: float
    others: float
    fit: Mapping[str, Any]

    def slope(self, codes: NDArray[np.str_]) -> Floats:
        """(n,) slope of each line."""
        return np.where(is_fuel(codes), self.fuels, self.others)


def is_fuel(codes: NDArray[np.str_]) -> NDArray[np.bool_]:
    """(n,) whether a code is of chapter 27, mineral fuels."""
    return np.asarray(codes.astype("U2") == "27")


@dataclass(frozen=True, eq=False)
class MonthShares:
    """Shares of value that claim USMCA in a month, of all lines of an origin.

    Attributes
    ----------
    shares : (N,).
    month : the month asked for.
    source : the month whose record stands for it; `carried` says whether it is another.
    """

    shares: Floats
    month: str
    source: str
    carried: bool


def check_claims(claims: str, word: str = "claims") -> None:
    """Refuse an assumption that is none."""
    if claims not in CLAIMS:
        raise InputError(f"{word} {claims!r}: one of {', '.join(CLAIMS)}{nearest(claims, CLAIMS)}")


def gain(saving: ArrayLike) -> Floats:
    """f(s) = log(1 + s) of a saving in points; a claim that costs duty, or whose saving is not known, gains nothing."""
    return np.asarray(np.log1p(np.maximum(np.nan_to_num(np.asarray(saving, dtype=float)), 0.0)))


def shifted(share: ArrayLike, slope: ArrayLike, change: ArrayLike) -> Floats:
    """Λ(logit p + slope · Δf): shares after what a claim saves has changed.

    Parameters
    ----------
    share : (n,) p in [0, 1]. Where all or none claimed, all or none do.
    slope : of the logit, a number or (n,).
    change : (n,) Δf.

    Returns
    -------
    (n,) shares; exactly p where the change is zero.
    """
    p, shift = np.asarray(share, dtype=float), np.asarray(slope) * np.asarray(change, dtype=float)
    # p e^x / (1 − p + p e^x), written so that nothing overflows for either sign of x.
    up = shift > 0
    shrink = np.exp(-np.abs(shift))
    moved = np.where(up, p / (p + (1 - p) * shrink), p * shrink / (1 - p + p * shrink))
    return np.where(shift == 0, p, moved)


@lru_cache(maxsize=1)
def responses() -> Mapping[str, Response]:
    """Origin → the estimated response.

    Raises
    ------
    InputError
        the table of estimates does not ship here.
    """
    if not FILE.is_file():
        raise InputError(f"{FILE.name} does not ship here: build it with `python -m tools.build_data claiming`.")
    table = json.loads(FILE.read_text(encoding="utf-8"))
    found = {}
    for origin, fit in table["estimates"].items():
        fuels, others = (float(fit["groups"][group]["slope"]) for group in ("fuels", "other goods"))
        found[origin] = Response(origin, fuels, others, fit)
    return found


def shares(law: Law, origin: str, month: str, claims: str, *, base: str | None = None) -> MonthShares:
    """Shares that claim USMCA in a month under a law.

    Parameters
    ----------
    law : the law, or an edited one: "endogenous" shares move from the recorded ones by what it changes in the saving.
    origin : CAN or MEX.
    month : such as 2025-05.
    claims : "none", "full"; "recorded": those of the month, or the last recorded before it; "predicted": before July
        2025, lines free of ordinary duty, whose claims were not recorded, take the shares of July 2025; "endogenous":
        the predicted shares, moved from the saving under which they were recorded to that of this month and law.
    base : month whose record stands for `month`; the default is the month itself, or the last recorded before it.

    Raises
    ------
    InputError
        an origin, month or assumption that is none.
    """
    check_claims(claims)
    goods = products(origin)
    source = load_claims().at(base or month)
    asked_for = load_claims().at(month).month
    days_of(law, asked_for)

    def found(values: Floats) -> MonthShares:
        return MonthShares(values, asked_for, source.source, source.source != asked_for)

    if claims in ("none", "full"):
        return found(np.full(goods.codes.size, float(claims == "full")))
    recorded = goods.share(source.source)
    early = source.source < RECORDED_ON_FREE_LINES
    if claims == "recorded" or (claims == "predicted" and not early):
        return found(recorded)
    actual = _actual()
    asked = joined(actual, origin)
    replaced = np.zeros(goods.codes.size, dtype=bool)
    if early:
        # The law as it was decides what was recorded, whatever is asked about an edited one.
        replaced = asked.free(days_of(actual, source.source)[0])
    predicted = np.where(replaced, goods.later_share(), recorded) if early else recorded
    if claims == "predicted":
        return found(predicted)
    before = gain(asked.saving(source.source))
    if early:
        before = np.where(replaced, gain(asked.saving(RECORDED_ON_FREE_LINES)), before)
    now = gain(joined(law, origin).saving(asked_for))
    return found(shifted(predicted, responses()[origin].slope(goods.codes), now - before))


def _actual() -> Law:
    import surtax.law

    return surtax.law.load()
