"""The law of the dispute as a path: each year the mean over its days, the last law held behind the last day covered.

A year's tariff is the mean over days of the rate collected by cell, its trade cost (what a mean tariff would miss of
the dispersion within a sector, docs/models/nest.md) the mean of logs: trade is taken to be spread evenly over the
year, so that buying ahead of a measure is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from surtax.policy.dated import on_day
from surtax.policy.schedule import Schedule

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.policy.scenario import Scenario
    from surtax.world import World


@dataclass(frozen=True, eq=False)
class LawPath:
    """Measures by year.

    Attributes
    ----------
    schedules : year → mean over its days; the year after the last that the law covers holds the law of `last` for
        good.
    stretches : (first day, days) of every stretch without a change that was read.
    last : the last day covered for both sides.
    notes : what was averaged and what is held, in words.
    """

    schedules: dict[int, Schedule]
    stretches: tuple[tuple[dt.date, int], ...]
    last: dt.date
    notes: tuple[str, ...]


def law_path(
    scenario: Scenario,
    world: World,
    *,
    law: Law | None = None,
    preference: str = "predicted",
    car_us_content: float = 0.5,
    progress: Callable[[str], None] | None = None,
) -> LawPath:
    """Both sides' measures from the first day covered to the last, by year.

    Parameters and errors are those of `surtax.policy.dated.on_day`.
    """
    import surtax.law

    law = law or surtax.law.load()
    first, last, why = covered(law)
    days = change_days(law, first, last)
    edges = [*days, last + dt.timedelta(days=1)]
    total: dict[int, list[tuple[int, Schedule]]] = {}
    held = Schedule(world.tariffs)
    stretches = []
    for begin, end in pairwise(edges):
        if progress:
            progress(f"the law of {begin.isoformat()}")
        dated = on_day(scenario, world, begin, law=law, preference=preference, car_us_content=car_us_content)
        held = dated.schedule(world)
        stretches.append((begin, (end - begin).days))
        total.setdefault(begin.year, []).append(((end - begin).days, held))
    rest = (dt.date(last.year, 12, 31) - last).days
    if rest:
        total[last.year].append((rest, held))
    schedules = {year: mean(parts) for year, parts in total.items()}
    schedules[last.year + 1] = held
    notes = [
        f"{year}: mean over the days of {sum(b.year == year for b, _ in stretches)} stretches of the law"
        for year in sorted(total)
    ]
    kept = f"{last.year + 1} and after" if not rest else f"the last {rest} days of {last.year}, and after"
    notes.append(f"{kept}: the law of {last.isoformat()} is held, since {why}")
    notes.append("trade is taken to be spread evenly over a year; nobody buys ahead of a measure")
    return LawPath(schedules, tuple(stretches), last, tuple(notes))


def covered(law: Law) -> tuple[dt.date, dt.date, str]:
    """First and last day covered for both sides, and what ends the coverage."""
    places = [law.jurisdiction(importer) for importer in ("USA", "CAN")]
    first = max(p.start for p in places)
    ending = min(places, key=lambda p: p.end)
    return dt.date.fromordinal(first), dt.date.fromordinal(ending.end - 1), ending.after


def change_days(law: Law, first: dt.date, last: dt.date) -> list[dt.date]:
    """Days on which a rate of either side or the claims that stand for the day change; years begin anew."""
    from surtax.trade import canada_rates, stretches

    end = last + dt.timedelta(days=1)
    days = {first, *(dt.date(year, 1, 1) for year in range(first.year + 1, last.year + 1))}
    days |= {s.start for s in stretches.path(law, "CAN", first, end)}
    days |= {s.start for s in canada_rates.path(law, first, end)}
    return sorted(days)


def mean(parts: list[tuple[int, Schedule]]) -> Schedule:
    """The mean of schedules by their weights: tariffs as they are, trade costs in logs."""
    weight = sum(w for w, _ in parts)
    tariffs = sum((w / weight) * s.tariffs for w, s in parts)
    log_cost = np.zeros_like(parts[0][1].tariffs)
    for w, s in parts:
        if s.trade_cost is not None:
            log_cost += (w / weight) * np.log(s.trade_cost)
    # A mean of equal rates may differ from them by rounding; cells that never changed must not.
    base = parts[0][1].tariffs
    same = np.all([s.tariffs == base for _, s in parts], axis=0)
    return Schedule(np.where(same, base, tariffs), np.exp(log_cost), np.inf)
