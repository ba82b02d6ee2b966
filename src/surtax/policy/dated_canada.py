"""Canada's side of a day of the dispute: the items of its lists in the sectors of a world, and remissions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.inputs import number
from surtax.policy.dated import BEFORE, Lined, nest_changes, nested
from surtax.policy.scenario import LeftOut, Measure

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.canada import CanadianGoods
    from surtax.world import World

Floats = NDArray[np.float64]
REMISSIONS = ("none", "named", "all")


@dataclass(frozen=True, eq=False)
class CanadianDays:
    """Rates of the same items before the dispute and on a day; see `surtax.policy.dated.RatesOfTwoDays`.

    Attributes
    ----------
    goods : items of the lists, and the rest of each sector as one line.
    before, after : (n,) per cent of value, vehicles at the central assumption, net of the remissions chosen.
    by_measure : surtax → (n,) per cent of value on the day, net of the same; they add up to `after`.
    """

    goods: CanadianGoods
    before: Floats
    after: Floats
    by_measure: Mapping[str, Floats]


def share_remitted(remissions: str | float) -> str | float:
    """Return what was chosen: one of `REMISSIONS`, or a share between 0 and 1.

    Raises
    ------
    InputError
        anything else.
    """
    if isinstance(remissions, str) and remissions in REMISSIONS:
        return remissions
    try:
        share = number("remissions", float(remissions))
    except (TypeError, ValueError):
        raise InputError(
            f"remissions {remissions!r}: one of {', '.join(REMISSIONS)}, or a share such as 0.5."
        ) from None
    if not 0 <= share <= 1:
        raise InputError(f"remissions {share:g}: a share of what could be given back lies between 0 and 1.")
    return share


def lined_canada(
    world: World, law: Law, day: dt.date, remissions: str | float = "none", vehicles: str = "central"
) -> Lined:
    """Join Canada's law of a day to the items of its lists, and these to the sectors of a world.

    Parameters
    ----------
    remissions : see `surtax.policy.dated.on_day`.
    vehicles : end of the band of vehicles, low, central or high; see `surtax.trade.canada.ENDS`.

    Notes
    -----
    An item is a line with the value that it holds of the official coverage; what else the sector imports from the
    United States, the rest of a listed six-digit code included, is one line without a surtax. In a CES nest untaxed
    lines may be taken together: nothing is lost.
    """
    import surtax.law
    from surtax.trade.canada import ENDS, charged

    if vehicles not in ENDS:
        raise InputError(f"vehicles {vehicles!r}: one of {', '.join(ENDS)}.")
    chosen = share_remitted(remissions)
    steps = {"none": ("before",), "named": ("before", "named")}.get(str(chosen), ("before", "all"))
    # An edit is a change: it is no part of the law before the dispute.
    plain = surtax.law.load() if law.edits else law
    first, found = charged(plain, BEFORE, ("before",)), charged(law, day, steps)
    gross = found.rates["before"][vehicles]
    if isinstance(chosen, str):
        after = found.rates["before" if chosen == "none" else chosen][vehicles]
    else:
        after = gross - chosen * (gross - found.rates["all"][vehicles])
    left = np.divide(after, gross, out=np.ones_like(gross), where=gross > 0)
    by = {m: np.nan_to_num(r * left) for m, r in found.by_measure[vehicles].items()}
    rates = CanadianDays(found.goods, first.rates["before"][vehicles], after, by)
    return nested(world, rates, "CAN", "USA")


def canada_measure(
    world: World, law: Law, day: dt.date, remissions: str | float, found: Lined
) -> tuple[Measure, tuple[LeftOut, ...]]:
    """Return Canada's side as a measure of a scenario, and what it leaves out, with the band of remissions."""
    from surtax.trade.canada import charged, load_canadian_goods

    about = load_canadian_goods().metadata["vehicles"]
    orders = [m for m, r in found.rates.by_measure.items() if r.any()]
    chosen = share_remitted(remissions)
    words = chosen if isinstance(chosen, str) else f"{chosen:g} of all"
    measure = Measure(
        "ca-law",
        f"Canada's surtaxes on US goods on {day.isoformat()}, item by item, remissions {words}",
        ", ".join(orders) or "no surtax in force",
        f"remissions: {words}; vehicles: {100 * about['outside_cusma']['value']:g} % outside CUSMA, "
        f"{100 * about['content']['value']:g} % Canadian and Mexican content",
        "US exports 2024 by six-digit code scaled to the official coverage; product nest, substitution θ + 1",
        tuple(nest_changes(world, found)),
    )
    whole = charged(law, day, ("before", "all"))
    value = whole.goods.value.astype(float)
    low, high = (
        float(np.nan_to_num(whole.rates[step][end]) @ value / value.sum())
        for step, end in (("all", "low"), ("before", "high"))
    )
    outside = int(found.rates.goods.value[~found.inside].sum())
    left = [
        LeftOut(
            f"remissions of Canada's surtaxes (chosen here: {words})",
            f"what was granted is not public; over all imports of US goods the mean surtax is {low:.2f} % with every "
            f"remission and {high:.2f} % without any",
        ),
        LeftOut(
            f"USD {outside / 1e9:,.1f} bn of listed goods outside the goods sectors or without a known surtax",
            "scrap lies in the services of the accounts",
        ),
        LeftOut("Canada's ordinary customs tariff, goods of chapters 98 and 99", "not in the data: surtax only"),
        *(LeftOut(text, "its trade is not known here") for text in whole.unvalued),
    ]
    return measure, tuple(left)
