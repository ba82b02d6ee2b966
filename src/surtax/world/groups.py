"""What holds for every grouping of countries or sectors, whichever way it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.world.world import Adjustment

Array = NDArray[np.float64]


def check_codes(kind: str, codes: Sequence[str], group_of: Mapping[str, str]) -> None:
    """Refuse a group under the code of a country or sector that is not put into it: the two would be added up unsaid.

    Parameters
    ----------
    kind : "country" or "sector".
    codes : all that are grouped.
    group_of : {code: group} of those that are put into groups.
    """
    groups = set(group_of.values())
    for code in codes:
        if code in groups and group_of.get(code) != code:
            raise InputError(
                f"group code {code!r} is also a {kind} outside the group: choose another code, or put {code} into it."
            )


def goods_of(
    S: Array, goods: NDArray[np.bool_], weight: Array, codes: Sequence[str]
) -> tuple[NDArray[np.bool_], tuple[Adjustment, ...]]:
    """Which groups are goods; one that mixes goods and services is what most of its trade is, and that is noted.

    Parameters
    ----------
    S : [group, member] 1 where the member belongs to the group.
    goods, weight : [member] whether it is a good, and its trade between countries.
    codes : of the groups.
    """
    from surtax.world.world import Adjustment

    members = S.sum(axis=1)
    count = S @ goods
    trade = S @ weight
    goods_trade = S @ (weight * goods)
    found = np.where(count == members, True, np.where(count == 0, False, 2 * goods_trade >= trade))
    mixed = (count > 0) & (count < members)
    if not mixed.any():
        return found, ()
    named = ", ".join(f"{codes[int(i)]} ({'goods' if found[i] else 'services'})" for i in np.flatnonzero(mixed))
    odd = float(np.where(found, trade - goods_trade, goods_trade)[mixed].sum())
    what = "sector mixes goods and services: counts as what most of its trade is, also for tariffs on `goods`"
    return found, (Adjustment(what, int(mixed.sum()), odd, named),)
