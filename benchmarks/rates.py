"""How fast the law becomes a schedule: a day's run, and the path of 2025-26 with its groups, against a loop of duties.

The yardstick asks `Law.duty` for a sample of the lines, without and with a claim (two duties a line), and is scaled to
all lines; for the path it is asked once an epoch. Neither knows trade, the model's cells or groups. What the product
gives is checked against it on the sample before it is timed.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator

import numpy as np

import surtax as sx
import surtax.law
from benchmarks.law import peak_mb
from benchmarks.measure import Row, Spread, timed
from surtax.policy.dated import on_day
from surtax.trade.baskets import basket
from surtax.trade.joined import ONLY_UNIT_VALUE, Joined, joined
from surtax.trade.stretches import path

KEYS = ("sector", "chapter", "measure")
DAYS = ("2025-03-20", "2025-05-06", "2025-06-10", "2025-09-10", "2025-11-20", "2026-03-10", "2026-05-05")


def rates(quick: bool) -> Iterator[Row]:
    """From the law to a schedule of the model, and the daily path of 2025-26 by sector, chapter and measure."""
    law = surtax.law.load()
    sample = 20 if quick else 150
    yield from _days(law, DAYS[:2] if quick else DAYS, sample)
    yield _path(law, 1 if quick else 3, sample // 5)


def _days(law: surtax.law.Law, days: tuple[str, ...], sample: int) -> Iterator[Row]:
    world, scenario = sx.load_world(), sx.load_scenario("us-canada-2025")
    on_day(scenario, world, "2025-01-15", law=law)
    new, known, loops, agrees = [], [], [], 0.0
    for day in days:
        new.append(timed(lambda day=day: on_day(scenario, world, day, law=law)))  # type: ignore[misc]
        taken, differs = _line_by_line(law, joined(law, "CAN"), dt.date.fromisoformat(day), sample)
        loops.append(taken)
        agrees = max(agrees, differs)
        known.append(timed(lambda day=day: on_day(scenario, world, day, law=law)))  # type: ignore[misc]
    ratios = [b / a for a, b in zip(new, loops, strict=True)]
    yield Row(
        "rates", "a new day of the law to the model's schedule", "the law line by line, without and with a claim",
        Spread.of(new), Spread.of(loops), Spread.of(ratios), "×", repeats=len(days),
        note=f"target ≤ 150 ms; {sample} of {basket('CAN').at.size:,} lines compared a day", agrees=agrees,
        compared="rates in points",
    )  # fmt: skip
    yield Row(
        "rates", "a day asked for before", "the law line by line, without and with a claim", Spread.of(known),
        Spread.of(loops), Spread.of([b / a for a, b in zip(known, loops, strict=True)]), "×", repeats=len(days),
        agrees=agrees, compared="rates in points",
    )  # fmt: skip


def _path(law: surtax.law.Law, repeats: int, sample: int) -> Row:
    place = law.jurisdiction("USA")
    span = dt.date.fromordinal(place.start), dt.date.fromordinal(place.end)
    times, loops, agrees = [], [], 0.0
    for i in range(repeats):
        # An edited law has nothing kept from an earlier call, and is the same size.
        fresh = law.edit("us-ieepa-can", rate=35 + i / 10)
        times.append(timed(lambda law=fresh: path(law, "CAN", *span, by=KEYS)))  # type: ignore[misc]
        found = joined(fresh, "CAN")
        days = [dt.date.fromordinal(d) for d in range(place.start, place.end)]
        pairs = [_line_by_line(fresh, found, day, sample) for day, _ in found.spans(days)]
        loops.append(sum(taken for taken, _ in pairs))
        agrees = max([agrees, *(differs for _, differs in pairs)])
    return Row(
        "rates", "all days of 2025-26 by sector, chapter and measure", "the law line by line, once an epoch",
        Spread.of(times), Spread.of(loops), Spread.of([b / a for a, b in zip(times, loops, strict=True)]), "×",
        repeats=repeats, agrees=agrees, compared="rates in points",
        note=f"target ≤ 5 s; the process's peak {peak_mb():.0f} MB, target ≤ 1,000 MB",
    )  # fmt: skip


def _line_by_line(law: surtax.law.Law, found: Joined, day: dt.date, sample: int) -> tuple[float, float]:
    """Seconds that all lines would take by the sample, and how far the product's rates on it are from the loop's."""
    goods = basket("CAN")
    pick = random.Random(day.toordinal()).sample(range(goods.at.size), sample)  # noqa: S311
    at = goods.at[pick]
    wanted = [found.on(day, at, np.full(sample, share)) for share in (0.0, 1.0)]
    contents = [
        {m: float(v[i]) for m, v in goods.products.metals.items()}
        if not np.isnan(goods.products.metals["steel"][i])
        else None
        for i in at
    ]
    start = time.perf_counter()
    answers = [
        [
            law.duty(
                goods.products.codes[i], importer="USA", origin="CAN", on=day, preference=claim, us_content=0.0,
                metal_content=content,
            ).total_rate
            for i, content in zip(at, contents, strict=True)
        ]
        for claim in ("none", "usmca")
    ]  # fmt: skip
    taken = time.perf_counter() - start
    differs = 0.0
    for rates_found, answer in zip(wanted, answers, strict=True):
        for j, one in enumerate(answer):
            # Where an amount per unit has no value here, the product has its equivalent of 2024 instead.
            if rates_found.status[j] == ONLY_UNIT_VALUE:
                continue
            rate = float(rates_found.total[j])
            if (one is None) != np.isnan(rate):
                raise AssertionError(f"{goods.products.codes[at[j]]} on {day}: {rate} against {one}")
            differs = max(differs, abs(one - rate) if one is not None else 0.0)
    return taken * goods.at.size / sample, differs
