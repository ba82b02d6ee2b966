"""What lies between a step of the waterfall and what customs collected, piece by piece; nothing is fitted.

Each piece is a band of US dollars by which collections may lie below the upper end of a step (negative: above it), or
is said not to be known here. What the pieces leave open is printed as unexplained, as a band.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.trade.baskets import RECORDED_ON_FREE_LINES, month_of, products
from surtax.trade.claiming import check_claims
from surtax.trade.collected import collected, collected_usd
from surtax.trade.effective import Effective, Step, over_days
from surtax.trade.joined import Joined, days_of, joined, lay

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.law.measures import Measure, Row

Floats = NDArray[np.float64]

SCRAP = ("7112", "7204", "7404", "7503", "7602", "7802", "7902", "8002")
#: 50 U.S.C. 1702(b)(3): publications, films, photographs, recordings, artworks.
INFORMATION = ("49", "3705", "3706", "8523", "9701", "9702", "9703")
# Two sums of the same doubles: what differs by less than a cent is rounding.
CENT = 0.01
INFORMATION_FACT = "human_relief_or_information"
METALS = ("steel", "aluminum", "copper")
#: What no source at hand tells, and why it matters.
NOT_KNOWN = (
    ("antidumping and countervailing duties", "not covered by the law's data, softwood lumber's among them"),
    ("drawback, protests and refunds", "paid back after entry; not in the data"),
)


@dataclass(frozen=True)
class Gap:
    """One piece.

    Attributes
    ----------
    name : what it is.
    low, high : USD by which collections may lie below the step's upper end because of it; None: not known here.
    counted : whether the step counts it already; it then explains nothing of what is left.
    words : what the figures are, and where they come from.
    """

    name: str
    low: float | None
    high: float | None
    counted: bool
    words: str


@dataclass(frozen=True)
class Gaps:
    """All pieces of one step.

    Attributes
    ----------
    step : name of the step.
    value : USD of all lines, on which points are taken.
    duty : (low, high) USD of the step.
    collected : USD, or None where collections are not known here.
    pieces : in the order in which they are printed.
    unexplained : (low, high) USD that no piece explains: what is left of the step less collections after the pieces
        with figures; None without collections.
    """

    step: str
    value: int
    duty: tuple[float, float]
    collected: float | None
    pieces: tuple[Gap, ...]
    unexplained: tuple[float, float] | None


def gaps(law: Law, found: Effective, step: str = "predicted") -> Gaps:
    """Name what lies between a step and collections.

    Parameters
    ----------
    law : the law for which `found` was computed.
    found : see `surtax.trade.effective`.
    step : which claims; see `surtax.trade.claiming.CLAIMS`.

    Raises
    ------
    InputError
        a step that is none.
    """
    check_claims(step, "step")
    one = found.steps[step]
    days = days_of(law, found.month) if found.month else [found.on]
    pieces = (
        _cars(one),
        _metal(law, found, one, days),
        _free_lines(found, one),
        _never_claimed(found, one),
        _without_a_rate(found, one, "chapter 98 (goods returned, repaired, or with US components)", chapter_98=True),
        _without_a_rate(found, one, "other lines without a rate", chapter_98=False),
        _scrap(found, one),
        _information(law, found, one, days),
        _transit(law, found, one, days),
        _offset(law, found, one, days),
        _energy(law, found, one, days),
        *(Gap(name, None, None, counted=False, words=words) for name, words in NOT_KNOWN),
    )
    paid = paid_on(found)
    unexplained = None
    if paid is not None:
        # The band of cars is the step's own: its lower end is where it is used up.
        others = [p for p in pieces[1:] if not p.counted and p.low is not None and p.high is not None]
        most, least = sum(p.high or 0.0 for p in others), sum(p.low or 0.0 for p in others)
        unexplained = (one.duty[0] - paid - most, one.duty[1] - paid - least)
    return Gaps(step, found.value, one.duty, paid, pieces, unexplained)


def paid_on(found: Effective) -> float | None:
    """What customs collected in the month, USD; None where it is not known here.

    As published where the weights are the month's own imports, otherwise the published rate on the weights.
    """
    month = month_of(found.on)
    usd, rate = collected_usd(found.origin, month), collected(found.origin).get(month)
    if usd is None or rate is None:
        return None
    return float(usd) if found.basket.month == month else rate / 100 * found.value


def _cars(one: Step) -> Gap:
    return Gap(
        "US content of cars", 0.0, one.duty[1] - one.duty[0], counted=False,
        words="from no US content to half of the value, on which USMCA cars pay nothing; never chosen",
    )  # fmt: skip


def _metal(law: Law, found: Effective, one: Step, days: list[dt.date]) -> Gap:
    apart = _by_metal(law, found.origin)
    value = found.basket.value.astype(float)
    duties = {
        name: float(over_days(apart, found.basket, one.shares, days, name).rate @ value) / 100
        for name in ("all metal", "no metal")
    }
    # A content decides which measure takes the rest of the value: more metal may be less duty.
    low, high = sorted(one.duty[1] - duty for duty in duties.values())
    more = (duties["all metal"] - one.duty[1]) / 1e6
    return Gap(
        "metal content of derivatives", min(low, 0.0), max(high, 0.0), counted=False,
        words=f"averages of industries are used; on the full value USD {more:+,.1f} million; band: no metal to all",
    )  # fmt: skip


def _free_lines(found: Effective, one: Step) -> Gap:
    name = "claims on lines free of ordinary duty"
    if found.claims_from[0] >= RECORDED_ON_FREE_LINES or one.name in ("none", "full", "recorded"):
        return Gap(name, 0.0, 0.0, counted=True, words="as the step has them")
    predicted, recorded, full = (found.steps[s].duties[1] for s in (one.name, "recorded", "full"))
    here = (found.steps["recorded"].shares != found.steps["predicted"].shares) & ~_no_claim(found) & ~_apart(found)
    nobody, everybody = (float((a - b)[here].sum()) for a, b in ((recorded, predicted), (predicted, full)))
    return Gap(
        name, 0.0, everybody, counted=False,
        words=f"not recorded before July 2025 and predicted; band: to everybody; as recorded, with nobody claiming, "
        f"USD {nobody / 1e6:,.0f} million more",
    )  # fmt: skip


def _never_claimed(found: Effective, one: Step) -> Gap:
    here = _no_claim(found) & ~_apart(found)
    saved = float((one.duties[1] - found.steps["full"].duties[1])[here].sum())
    order = np.argsort(-np.where(here, found.basket.value, 0))[:3]
    names = ", ".join(str(found.basket.codes[i]) for i in order if here[i])
    return Gap(
        "lines on which no claim is ever recorded", 0.0, max(0.0, saved), counted=False,
        words=f"USD {found.basket.value[here].sum() / 1e6:,.0f} million ({names}, …), though a claim would save duty; "
        f"band: to everybody's claims",
    )  # fmt: skip


def _no_claim(found: Effective) -> NDArray[np.bool_]:
    """(n,) lines imported since July 2025, when every claim was recorded, of which none claims in any month."""
    goods = found.basket.products
    late = [i for i, month in enumerate(goods.months) if month >= RECORDED_ON_FREE_LINES]
    none = (goods.value[late].sum(axis=0) > 0) & (goods.claimed[late].sum(axis=0) == 0)
    special = np.isin(goods.codes.astype("U2"), ("98", "99"))
    return np.asarray((none & ~special)[found.basket.at])


def _without_a_rate(found: Effective, one: Step, name: str, *, chapter_98: bool) -> Gap:
    here = (found.basket.codes.astype("U2") == "98") == chapter_98
    idle = float(found.basket.value[here] @ (1 - one.known[here]))
    mean = one.high / 100 if one.high == one.high else 0.0
    return Gap(
        name, -idle * mean or 0.0, 0.0, counted=False,
        words=f"USD {idle / 1e6:,.0f} million, on which the step counts no duty; band: up to the mean rate",
    )  # fmt: skip


def _starts(found: Effective, codes: tuple[str, ...]) -> NDArray[np.bool_]:
    """(n,) lines of some chapters and headings."""
    own = found.basket.codes
    return np.isin(own.astype("U2"), codes) | np.isin(own.astype("U4"), codes)


def _apart(found: Effective) -> NDArray[np.bool_]:
    """(n,) lines of which a piece of their own takes all duty, whoever claims."""
    return _starts(found, SCRAP + INFORMATION)


def _scrap(found: Effective, one: Step) -> Gap:
    here = _starts(found, SCRAP)
    return Gap(
        "metal scrap", 0.0, float(one.duties[1][here].sum()), counted=False,
        words=f"USD {found.basket.value[here].sum() / 1e6:,.0f} million; band: from the duty of the law to none",
    )  # fmt: skip


def _information(law: Law, found: Effective, one: Step, days: list[dt.date]) -> Gap:
    here = _starts(found, INFORMATION)
    exempt = _with_facts(law, found.origin, frozenset({INFORMATION_FACT}))
    rate = over_days(exempt, found.basket, one.shares, days, "high").rate
    most = float((one.duties[1] - rate / 100 * found.basket.value)[here].sum())
    return Gap(
        "informational materials", 0.0, most if most > CENT else 0.0, counted=False,
        words=f"USD {found.basket.value[here].sum() / 1e6:,.0f} million of books, prints, films, recordings, art; what "
        f"informs is let out of duties under IEEPA and Section 122; band: from all of these to none",
    )  # fmt: skip


def _transit(law: Law, found: Effective, one: Step, days: list[dt.date]) -> Gap:
    facts = {
        fact
        for day in days
        for measure in _levied_on(law, found.origin)
        for row in _in_force(measure, day)
        for fact in (row.when.facts if row.when is not None else ())
        if fact.startswith("in_transit_")
    }
    name = "entries in transit"
    if not facts:
        return Gap(
            name, None, None, counted=False,
            words="no measure on this origin in force lets goods in transit out; late entries are not known here",
        )  # fmt: skip
    moved = _with_facts(law, found.origin, frozenset(facts))
    less = float(over_days(moved, found.basket, one.shares, days, "high").rate @ found.basket.value) / 100
    most = one.duty[1] - less if one.duty[1] - less > CENT else 0.0
    rule = "a bound: as if all goods had been in transit" if most else "rules in force, on nothing that is due here"
    return Gap(name, 0.0, most, counted=False, words=f"{rule} ({', '.join(sorted(facts))})")


def _offset(law: Law, found: Effective, one: Step, days: list[dt.date]) -> Gap:
    name = "offsets for assembly in the United States"
    remitted = {
        m
        for measure in _levied_on(law, found.origin)
        if measure.kind == "remission" and "offset_authorised" in measure.facts
        for m in measure.remits
        if any(row.in_force(day.toordinal()) for day in days for row in measure.rates)
    }
    if not remitted:
        return Gap(name, 0.0, 0.0, counted=True, words="none in force")
    most = sum(one.by_measure.get(m, (0.0, 0.0))[1] for m in remitted)
    return Gap(
        name, 0.0, most, counted=False, words="a maker's own, not public; a bound: the whole duty on parts"
    )  # fmt: skip


def _energy(law: Law, found: Effective, one: Step, days: list[dt.date]) -> Gap:
    """What the general rate would add on lines with a lower one of the same measure."""
    engine = joined(law, found.origin)
    more = value = 0.0
    for day, count in engine.spans(days):
        part = count / len(days)
        rates = engine.on(day, found.basket.at, one.shares)
        for measure in _levied_on(law, found.origin):
            rows = [r for r in measure.rates if r.in_force(day.toordinal()) and r.when is None and r.ad_valorem]
            general = next((r.ad_valorem for r in rows if r.groups is None), None)
            if general is None or not measure.id.startswith("us-ieepa") or measure.id not in rates.by_measure:
                continue
            own = rates.by_measure[measure.id]
            for row in rows:
                if row.groups is None or row.ad_valorem is None or row.ad_valorem >= general:
                    continue
                here = engine.listed(row.groups, day)[found.basket.at]
                usd = own[here] @ found.basket.value[here] / 100
                more += part * float(usd) * (general / row.ad_valorem - 1)
                value += part * float(found.basket.value[here].sum())
    return Gap(
        "energy and potash at the lower rate", -more or 0.0, -more or 0.0, counted=True,
        words=f"USD {value / 1e6:,.0f} million of imports; USD {more / 1e6:,.1f} million more at the general rate",
    )  # fmt: skip


def _levied_on(law: Law, origin: str) -> list[Measure]:
    return [m for m in law.measures.values() if m.levied_by == "USA" and origin in m.origins]


def _in_force(measure: Measure, day: dt.date) -> list[Row]:
    return [r for r in (*measure.rates, *measure.exemptions) if r.in_force(day.toordinal())]


@lru_cache(maxsize=4)
def _by_metal(law: Law, origin: str) -> Joined:
    """Derivatives with all of their value, and with none of it, in the metal that they hold most of."""
    goods = products(origin)
    looks = np.array([joined(law, origin).looks_at(m) for m in METALS])
    average = np.where(looks, np.array([goods.metals[m] for m in METALS]), -1.0)
    known = ~np.isnan(average).any(axis=0)
    largest = np.argmax(average, axis=0)
    whole = {m: np.where(known, (largest == i) * 1.0, np.nan) for i, m in enumerate(METALS)}
    none = {m: np.where(known, 0.0, np.nan) for m in METALS}
    return lay(law, goods, metals={"all metal": whole, "no metal": none})


@lru_cache(maxsize=4)
def _with_facts(law: Law, origin: str, facts: frozenset[str]) -> Joined:
    return lay(law, products(origin), facts=facts)


def as_plain(found: Gaps) -> dict[str, Any]:
    """The pieces as plain values for JSON: USD, and points of all imports."""

    def points(usd: float | None) -> float | None:
        return None if usd is None else 100 * usd / found.value

    return {
        "step": found.step,
        "duty_usd": list(found.duty),
        "collected_usd": found.collected,
        "pieces": [
            {
                "name": p.name, "low_usd": p.low, "high_usd": p.high, "low_points": points(p.low),
                "high_points": points(p.high), "counted_in_the_step": p.counted, "words": p.words,
            }
            for p in found.pieces
        ],
        "unexplained_usd": None if found.unexplained is None else list(found.unexplained),
        "unexplained_points": None if found.unexplained is None else [points(x) for x in found.unexplained],
    }  # fmt: skip
