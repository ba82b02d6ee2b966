"""Edited law on Canada's side of a dated run: which day of the law as it is says the same.

Canada's side of a dated run takes its sector factors from `us-canada-2025`, which stand for each order as it is. They
can follow an edit of the days (withdrawn, suspended, held on), not one of rates or lists: that is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law

#: Days of the law as it is that an order on a day of edited law may be the same as: before the dispute, the day of the
#: factors, and the last day of the first list and of most of the second.
LIKE = (dt.date(2025, 1, 1), dt.date(2025, 5, 6), dt.date(2025, 8, 31))


def same_day(law: Law, order: str, day: dt.date) -> dt.date:
    """Return a day on which the law as it is says of an order what edited law says of it on `day`.

    Raises
    ------
    InputError
        there is none: the edit changes more than days.
    """
    if not law.edits:
        return day
    import surtax.law
    from surtax.law.change import standing

    plain = surtax.law.load()
    wanted = standing(law, order, day.toordinal())
    for other in (day, *LIKE):
        if standing(plain, order, other.toordinal()) == wanted:
            return other
    raise InputError(
        f"the edited law changes rates, origins or products of {order} on {day}: a run follows edits of its days "
        f"alone, since Canada's imports by item are not public. `surtax duty --law` follows them all."
    )


def refuse_new(law: Law, orders: Iterable[str], day: dt.date) -> None:
    """Refuse edits of Canada's other surtaxes, which a run does not carry.

    Raises
    ------
    InputError
        a surtax of Canada that is none of `orders` is added or changed on the day.
    """
    if not law.edits:
        return
    import surtax.law
    from surtax.law.change import standing

    plain, on, known = surtax.law.load(), day.toordinal(), set(orders)
    for name, measure in law.measures.items():
        if measure.levied_by != "CAN" or measure.kind == "remission" or name in known:
            continue
        if plain.measures.get(name) != measure and standing(law, name, on) != standing(plain, name, on):
            raise InputError(
                f"the edited law adds or changes {name} on {day}: a run does not carry that surtax of Canada, since "
                f"Canada's imports by item are not public. `surtax duty --law` follows it; for a run write a scenario "
                f"file (docs/scenario-files.md)."
            )
