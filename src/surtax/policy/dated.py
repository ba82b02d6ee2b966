"""`us-canada-2025` on any day: both sides' law of that day, line by line.

Duties are those of the law on that day against those of 1 January 2025: US duties on the lines of 2024 with the claims
of USMCA that hold for the day, Canada's surtaxes on the items of its lists (docs/canada-rates.md). The product nest
aggregates both to the model's cells (docs/models/nest.md): the cell's wedge and collected rate, not a mean.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.policy.scenario import Change, LeftOut, Measure, Scenario

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.nest import Nest
    from surtax.world import World

#: The day before the dispute's first measure, against which wedges are taken.
BEFORE = dt.date(2025, 1, 1)


def on_day(
    scenario: Scenario,
    world: World,
    day: str | dt.date,
    *,
    law: Law | None = None,
    preference: str = "predicted",
    car_us_content: float = 0.5,
    lines: Lined | None = None,
    remissions: str | float = "none",
    canada: Lined | None = None,
) -> Scenario:
    """The dispute as the law of a day has it.

    Parameters
    ----------
    scenario : `us-canada-2025`, whose name the result carries.
    world : accounts with the sectors of the OECD's 2025 edition, USA and CAN.
    day : any day that the law covers.
    law : the law, or an edited one; None is the law as it is.
    preference : whose claims of USMCA: "predicted" (recorded, with lines free of duty predicted before July 2025),
        "recorded", "none", "full" or "endogenous" (predicted ones, moved by what the law, or an edit of it, makes a
        claim save: docs/claiming.md).
    car_us_content : share of US content in Canadian cars, of which no duty is due under USMCA; not public by
        model: 0 to 0.5 and more are defensible (docs/effective-rates.md).
    lines : what `lined` gives for the same day and claims, where the caller has it already.
    remissions : what Canada gives back: "none" (the default: what the orders charge), "named" (goods that a remission's
        own schedule names), "all" (whatever could be open), or a share of the way from none to all. What was granted
        is not public; the result states the band.
    canada : what `surtax.policy.dated_canada.lined_canada` gives for the same day and remissions.

    Raises
    ------
    InputError
        a day that is none or is not covered, an unknown preference or remission, a world with other sectors.
    """
    import surtax.law
    from surtax.policy.dated_canada import canada_measure, lined_canada

    law = law or surtax.law.load()
    try:
        date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise InputError(f"{day!r} is not a day such as 2025-05-06.") from None
    for importer in ("USA", "CAN"):
        law.require(importer, date)
    found = lines or lined(world, law, date, preference, car_us_content)
    measures = [
        Measure(
            "us-law",
            f"US duties on Canadian goods on {date.isoformat()}, line by line, claims {_claims(preference, date)}",
            "the measures in force (surtax measures)",
            f"claims of USMCA: {preference}; US content of cars {car_us_content:g}",
            "US imports 2024 by ten-digit product; product nest, substitution θ + 1 between lines",
            tuple(nest_changes(world, found)),
        )
    ]
    reply, left = canada_measure(world, law, date, remissions, canada or lined_canada(world, law, date, remissions))
    measures.append(reply)
    kept = [m for m in measures if m.changes]
    text = (
        f"Both sides' measures on {date.isoformat()}, line by line from the law against that of 1 January 2025: US "
        f"duties on imports by ten-digit product, Canada's surtaxes on the items of its lists. Nothing is fitted to "
        f"what customs collected."
    )
    return replace(
        scenario,
        name=f"{scenario.name} on {date.isoformat()}",
        title=f"The US–Canada measures in force on {date.isoformat()}{', edited law' if law.edits else ''}",
        description=text,
        date=date.isoformat(),
        measures=tuple(kept),
        left_out=(*_left_out(found), *left),
        law=law.edits,
    )


def _claims(preference: str, date: dt.date) -> str:
    """The assumption, and the month whose record it takes."""
    from surtax.trade.flows import load_claims

    if preference in ("none", "full"):
        return preference
    record = load_claims().at(date.isoformat()[:7])
    return f"{preference}, of {record.source}{', carried' if record.source != date.isoformat()[:7] else ''}"


class LinesOfTrade(Protocol):
    """Lines with a value and a sector, (n,) each."""

    @property
    def value(self) -> NDArray[np.int64]:
        """(n,) USD."""

    @property
    def sectors(self) -> NDArray[np.str_]:
        """(n,) sector of the accounts, or what is none."""


class RatesOfTwoDays(Protocol):
    """Rates of the same lines before the dispute and on the day; `surtax.trade.effective.TwoDays` is one."""

    @property
    def goods(self) -> LinesOfTrade:
        """The lines."""

    @property
    def before(self) -> NDArray[np.float64]:
        """(n,) per cent of value, NaN where the law's data do not say."""

    @property
    def after(self) -> NDArray[np.float64]:
        """(n,) the same on the day."""

    @property
    def by_measure(self) -> Mapping[str, NDArray[np.float64]]:
        """Measure → (n,) per cent of value on the day."""


@dataclass(frozen=True, eq=False)
class Lined:
    """Duties of one side on the other's goods by line, and what they add up to in the sectors of a world.

    Attributes
    ----------
    rates : the lines and their rates before the dispute and on the day.
    inside : (n,) which of them lie in a goods sector and have a rate on both days.
    nest : of the lines inside; its cells are the sectors of the world.
    importer, exporter : who charges whose goods.
    """

    rates: RatesOfTwoDays
    inside: NDArray[np.bool_]
    nest: Nest
    importer: str = "USA"
    exporter: str = "CAN"


def lined(world: World, law: Law, day: dt.date, preference: str, car_us_content: float) -> Lined:
    """Join the law of a day to the lines, and the lines to the sectors of a world; see `on_day`."""
    from surtax.trade.claiming import check_claims
    from surtax.trade.two_days import rates_on

    check_claims(preference, "preference")
    return nested(world, rates_on(law, "CAN", (BEFORE, day), preference, car_us_content), "USA", "CAN")


def nested(world: World, rates: RatesOfTwoDays, importer: str, exporter: str) -> Lined:
    """Put the lines of one side into the sectors of a world.

    Raises
    ------
    InputError
        a world that lacks one of the lines' sectors.
    """
    from surtax.trade.nest import nest

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
    cells = nest(cell, value, t, t_new, world.elasticity + 1, cells=len(world.sectors))
    return Lined(rates, inside, cells, importer, exporter)


def nest_changes(world: World, found: Lined) -> list[Change]:
    """Return a pair of changes a sector: the collected rate, and what a mean tariff would miss as a trade cost."""
    from surtax.trade.nest import as_rates

    o, d = world.country(found.exporter), world.country(found.importer)
    lines = found.nest
    base = world.tariffs[:, o, d]
    rates, costs = as_rates(lines.wedge, lines.net / lines.net_base / (1 + base), base)
    changes = []
    for s in np.flatnonzero(lines.covered):
        rate, cost = rates[s], costs[s]
        if abs(rate - base[s]) < 1e-12 and abs(cost - 1) < 1e-12:
            continue
        where = ((found.importer,), (found.exporter,), (world.sectors[s],))
        mean, taken = 100 * (1 / lines.net_base[s] - 1), 100 * lines.rate[s]
        note = f"mean over lines {mean:.3f} % before, {taken:.3f} % collected after"
        changes.append(Change(*where, set=float(rate), note=note))
        changes.append(Change(*where, trade_cost=float(cost), note="dispersion of duties within the sector"))
    return changes


def _left_out(found: Lined) -> tuple[LeftOut, ...]:
    value = int(found.rates.goods.value[~found.inside].sum())
    return (
        LeftOut(
            f"USD {value / 1e9:,.1f} bn of US imports from Canada outside the goods sectors, or without a known duty",
            "chapters 98 and 99, services, facts that trade data do not hold",
        ),
        LeftOut("US tariffs on other countries and their replies", "this scenario is the dispute between the two"),
    )
