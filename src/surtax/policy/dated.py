"""`us-canada-2025` on any day: the US side line by line from the law, Canada's side by its measures' days.

US duties on Canadian goods are those of the law on that day against those of 1 January 2025, on the lines of 2024
with the claims of USMCA that hold for the day, aggregated to the model's cells by the product nest
(docs/models/nest.md): the cell's wedge and collected rate, not a mean. Canada's imports by item are not public
here: its side keeps the sector factors of `us-canada-2025`, each while its order is in force.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.policy.edited import refuse_new, same_day
from surtax.policy.scenario import Change, LeftOut, Measure, Scenario

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.effective import TwoDays
    from surtax.trade.nest import Nest
    from surtax.world import World

#: The day before the dispute's first measure, against which wedges are taken.
BEFORE = dt.date(2025, 1, 1)
#: Canada's measures of the scenario and the measure of the law that each stands for; the last day is exclusive
# where it differs from the
#: order's own: Schedule 2 of SOR/2025-95 (other goods) ended on 1 September 2025 but for 29 aluminium items.
CANADA = {
    "ca-66": ("ca-sor-2025-66", None),
    "ca-95-steel": ("ca-sor-2025-95", None),
    "ca-95-aluminium": ("ca-sor-2025-95", None),
    "ca-95-other": ("ca-sor-2025-95", dt.date(2025, 9, 1)),
    "ca-118": ("ca-sor-2025-118", None),
}
PREFERENCES = ("predicted", "recorded", "none", "full")


def on_day(
    scenario: Scenario,
    world: World,
    day: str | dt.date,
    *,
    law: Law | None = None,
    preference: str = "predicted",
    car_us_content: float = 0.5,
    lines: Lined | None = None,
) -> Scenario:
    """The dispute as the law of a day has it.

    Parameters
    ----------
    scenario : `us-canada-2025`, whose Canadian measures give the sector factors.
    world : accounts with the sectors of the OECD's 2025 edition, USA and CAN.
    day : any day that the law covers.
    law : the law, or an edited one; None is the law as it is.
    preference : whose claims of USMCA: "predicted" (recorded, with lines free of duty predicted before July 2025),
        "recorded", "none" or "full".
    car_us_content : share of US content in Canadian cars, of which no duty is due under USMCA; not public by
        model: 0 to 0.5 and more are defensible (docs/effective-rates.md).
    lines : what `lined` gives for the same day and claims, where the caller has it already.

    Raises
    ------
    InputError
        a day that is none or is not covered, an unknown preference, a world with other sectors.
    """
    import surtax.law

    law = law or surtax.law.load()
    try:
        date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise InputError(f"{day!r} is not a day such as 2025-05-06.") from None
    for importer in ("USA", "CAN"):
        law.require(importer, date)
    changes, left = _united_states(world, lines or lined(world, law, date, preference, car_us_content))
    measures = [
        Measure(
            "us-law",
            f"US duties on Canadian goods on {date.isoformat()}, line by line",
            "the measures in force (surtax measures)",
            f"claims of USMCA: {preference}; US content of cars {car_us_content:g}",
            "US imports 2024 by ten-digit product; product nest, substitution θ + 1 between lines",
            tuple(changes),
        )
    ]
    in_force = {m.id: m for m in scenario.measures}
    refuse_new(law, {order for order, _ in CANADA.values()}, date)
    for name, (order, end) in CANADA.items():
        like = same_day(law, order, date)
        if name in in_force and _in_force(law, order, date) and (end is None or like < end):
            measures.append(in_force[name])
    kept = [m for m in measures if m.changes]
    text = (
        f"Both sides' measures on {date.isoformat()}: US duties line by line from the law against those of 1 "
        f"January 2025; Canada's by sector "
        f"while each order is in force. Nothing is fitted to what customs collected."
    )
    canada = tuple(x for x in scenario.left_out if "remission" in x.what or "Canada's lists" in x.what)
    return replace(
        scenario,
        name=f"{scenario.name} on {date.isoformat()}",
        title=f"The US–Canada measures in force on {date.isoformat()}{', edited law' if law.edits else ''}",
        description=text,
        date=date.isoformat(),
        measures=tuple(kept),
        left_out=(*left, *canada),
        law=law.edits,
    )


@dataclass(frozen=True, eq=False)
class Lined:
    """US duties on Canadian goods by line, and what they add up to in the sectors of a world.

    Attributes
    ----------
    rates : the lines and their rates before the dispute and on the day.
    inside : (n,) which of them lie in a goods sector and have a rate on both days.
    nest : of the lines inside; its cells are the sectors of the world.
    """

    rates: TwoDays
    inside: NDArray[np.bool_]
    nest: Nest


def lined(world: World, law: Law, day: dt.date, preference: str, car_us_content: float) -> Lined:
    """Join the law of a day to the lines, and the lines to the sectors of a world; see `on_day`."""
    if preference not in PREFERENCES:
        raise InputError(f"preference {preference!r}: one of {', '.join(PREFERENCES)}.")
    if not 0 <= car_us_content <= 1:
        raise InputError(f"US content of cars {car_us_content:g}: a share between 0 and 1.")
    import surtax.law
    from surtax.trade.effective import rates_on
    from surtax.trade.nest import nest

    plain = surtax.law.load() if law.edits else law
    rates = rates_on(law, "CAN", (BEFORE, day), preference, car_us_content, plain)
    labels = rates.goods.sectors
    # Scrap, electricity and publishing lie in the services of the accounts, whose flows they hardly are.
    place = {code: i for i, code in enumerate(world.sectors) if world.goods[i]}
    known = ~np.isnan(rates.before) & ~np.isnan(rates.after)
    inside = np.isin(labels, list(place)) & known
    missing = {str(s) for s in labels[known]} - set(place) - {"NONE", "SVC", ""}
    if missing:
        raise InputError(
            f"the world {world.meta.get('name', '')!r} has no sector {min(missing)!r}: a dated run needs those of "
            f"the OECD's 2025 edition (oecd-icio-2022), not an aggregate."
        )
    cell = np.array([place[s] for s in labels[inside]])
    value, t, t_new = rates.goods.value[inside], rates.before[inside] / 100, rates.after[inside] / 100
    return Lined(rates, inside, nest(cell, value, t, t_new, world.elasticity + 1, cells=len(world.sectors)))


def _united_states(world: World, found: Lined) -> tuple[list[Change], tuple[LeftOut, ...]]:
    """One pair of changes a sector: the collected rate, and what a mean tariff would miss as a trade cost."""
    from surtax.trade.nest import as_rates

    o, d = world.country("CAN"), world.country("USA")
    lines = found.nest
    base = world.tariffs[:, o, d]
    rates, costs = as_rates(lines.wedge, lines.net / lines.net_base / (1 + base), base)
    changes = []
    for s in np.flatnonzero(lines.covered):
        rate, cost = rates[s], costs[s]
        if abs(rate - base[s]) < 1e-12 and abs(cost - 1) < 1e-12:
            continue
        where = (("USA",), ("CAN",), (world.sectors[s],))
        mean, taken = 100 * (1 / lines.net_base[s] - 1), 100 * lines.rate[s]
        note = f"mean over lines {mean:.3f} % before, {taken:.3f} % collected after"
        changes.append(Change(*where, set=float(rate), note=note))
        changes.append(Change(*where, trade_cost=float(cost), note="dispersion of duties within the sector"))
    value = int(found.rates.goods.value[~found.inside].sum())
    left = (
        LeftOut(
            f"USD {value / 1e9:,.1f} bn of US imports from Canada outside the goods sectors, or without a known duty",
            "chapters 98 and 99, services, facts that trade data do not hold",
        ),
        LeftOut("US tariffs on other countries and their replies", "this scenario is the dispute between the two"),
    )
    return changes, left


def _in_force(law: Law, order: str, day: dt.date) -> bool:
    """Whether the order has any rate on the day."""
    measure = law.measures.get(order)
    number = day.toordinal()
    return measure is not None and any(row.start <= number < row.end for row in measure.rates)
