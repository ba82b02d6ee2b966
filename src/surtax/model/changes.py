"""What a result's scenario changed, in lines short enough to travel with it and exact enough to make it again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from surtax.policy.scenario import Change, Scenario
    from surtax.policy.schedule import Schedule
    from surtax.world import World

ARRAYS = "a schedule given as arrays"


def changes_made(world: World, scenario: Scenario, schedule: Schedule) -> tuple[str, ...]:
    """Every change, in the order in which they apply: `measure: USA<-CAN:C29=+25`.

    After the measure's id stands what `surtax run none --set` takes, per cent, for tariffs; a change of trade costs
    says so. Rates are exact to twelve digits. A schedule given as arrays names no measures: its size is told.

    Returns
    -------
    tuple
        lines; empty where nothing was changed.
    """
    if scenario.measures:
        return tuple(_line(m.id, compact(c)) for m in scenario.measures for c in m.changes)
    taxed = int((schedule.tariffs != world.tariffs).sum())
    dearer = 0 if schedule.trade_cost is None else int((np.asarray(schedule.trade_cost) != 1).sum())
    if not taxed and not dearer:
        return ()
    parts = [f"{n} {what}" for n, what in ((taxed, "tariffs"), (dearer, "trade costs")) if n]
    return (f"{ARRAYS}: {' and '.join(parts)} changed, cell by cell; the result holds the arrays, this text does not",)


def compact(change: Change) -> str:
    """One change as `USA<-CAN,MEX:C29=+25`: + and − add per cent, a number alone replaces the tariff."""
    where = f"{','.join(change.importer)}<-{','.join(change.exporter)}:{','.join(change.sector)}"
    parts = []
    if change.add is not None:
        parts.append(f"{where}={_number(100 * change.add, sign=True)}")
    if change.set is not None:
        parts.append(f"{where}={_number(100 * change.set)}")
    if change.trade_cost is not None:
        cost = "closed" if math.isinf(change.trade_cost) else f"× {_number(change.trade_cost)}"
        parts.append(f"{where} trade cost {cost}")
    return "; ".join(parts)


def _line(measure: str, text: str) -> str:
    """The id is left out for `--set`, whose id is the text that was given."""
    return text if measure.startswith("set ") else f"{measure}: {text}"


def _number(x: float, *, sign: bool = False) -> str:
    """Digits without a power of ten, which `--set` does not read."""
    text = np.format_float_positional(float(f"{x:.12g}"), trim="-")
    return f"+{text}" if sign and not text.startswith("-") else text
