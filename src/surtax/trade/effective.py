"""The law joined to trade by product: effective rates of US duties on Canada and Mexico, step by step.

What the steps are and what each leaves open is in docs/effective-rates.md. Nothing here is fitted to what customs
collected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.flows import load_claims, load_us_imports
from surtax.trade.metal import metal_content
from surtax.trade.vintages import sector_of

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.law.grid import Schedule

Floats = NDArray[np.float64]

CLAIMS = ("none", "full", "recorded", "predicted")
#: The month from which claims on lines free of ordinary duty were recorded; their shares stand for earlier months.
RECORDED_ON_FREE_LINES = "2025-07"
#: US content of Canadian cars is not public by model; the duty falls on what is not of the US. The band is from
# half of the
#: value (Innovation, Science and Economic Development Canada: about 50 per cent US content on average) to all of it.
CAR_US_CONTENT = (0.5, 0.0)
MFN = "us-mfn"


@dataclass(frozen=True, eq=False)
class Basket:
    """Lines of one origin with weights and claims.

    Attributes
    ----------
    origin : CAN or MEX.
    weights : what the weights are, in words.
    codes : (n,) ten digits.
    value : (n,) USD.
    ordinary : (n,) per cent; duty calculated in 2024 over value, for lines whose ordinary duty is an amount per unit.
    recorded, predicted : (n,) shares of value that claim USMCA.
    claims_from : month whose claims these are, and whether they were carried from an earlier one.
    """

    origin: str
    weights: str
    codes: NDArray[np.str_]
    value: NDArray[np.int64]
    ordinary: Floats
    recorded: Floats
    predicted: Floats
    claims_from: tuple[str, bool]

    def __post_init__(self) -> None:
        # Baskets are kept from call to call: nobody may write into them.
        for name in ("codes", "value", "ordinary", "recorded", "predicted"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @cached_property
    def sectors(self) -> NDArray[np.str_]:
        """(n,) sector of the accounts; see `surtax.trade.sector_of`."""
        return sector_of(self.codes)

    @cached_property
    def metals(self) -> dict[str, Floats]:
        """{metal: (n,)} content; see `surtax.trade.metal.metal_content`."""
        return metal_content(self.codes)


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the waterfall.

    Attributes
    ----------
    name : which claims are assumed.
    rates : (n,) per cent of value, NaN where the law or the data do not say.
    low, high : mean rate over lines with a rate, per cent, with US content of cars at both ends of its band.
    duty : (low, high) USD.
    by_measure : measure → (low, high) USD.
    """

    name: str
    rates: Floats
    low: float
    high: float
    duty: tuple[float, float]
    by_measure: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Effective:
    """Effective rates of one origin on one day.

    Attributes
    ----------
    on, origin : the day and the origin.
    basket : lines and weights.
    steps : name → `Step`, in the order of the waterfall.
    collected : per cent that customs collected in the month, or None where it is not known here.
    unknown : value of lines without a rate, USD, by reason.
    equivalents : value of lines whose ordinary duty is an equivalent of 2024, USD.
    """

    on: dt.date
    origin: str
    basket: Basket
    steps: Mapping[str, Step]
    collected: float | None
    unknown: Mapping[str, int]
    equivalents: int
    notes: tuple[str, ...] = field(default=())

    def by(self, key: str, step: str = "predicted") -> list[tuple[str, int, float, float]]:
        """Group a step: rows (label, value, value with a rate, duty at the upper end), USD, adding up to the whole.

        Parameters
        ----------
        key : "sector", "chapter" or "heading" (four digits).
        """
        if key == "sector":
            labels = self.basket.sectors
        elif key in ("chapter", "heading"):
            labels = self.basket.codes.astype("U2" if key == "chapter" else "U4")
        else:
            raise InputError(f"cannot group by {key!r}: sector, chapter, heading or measure.")
        rates = self.steps[step].rates
        known = ~np.isnan(rates)
        duty = np.where(known, rates, 0.0) / 100 * self.basket.value
        rows = []
        for label in np.unique(labels):
            here = labels == label
            value = self.basket.value[here]
            rows.append(
                (str(label) or "unmatched", int(value.sum()), float(value[known[here]].sum()), float(duty[here].sum()))
            )
        return sorted(rows, key=lambda r: -r[3])


@lru_cache(maxsize=32)
def basket(origin: str, month: str | None = None) -> Basket:
    """Lines of an origin with their weights and claims.

    Parameters
    ----------
    origin : CAN or MEX.
    month : weights and claims of that month, where its imports were recorded; None, or a month without a record,
        takes the weights of 2024 and carries the last claims before it.

    Raises
    ------
    InputError
        an origin for which claims are not in the data.
    """
    if origin not in ("CAN", "MEX"):
        raise InputError(
            f"effective rates need claims of preference, which are in the data for CAN and MEX, not {origin}."
        )
    claims = load_claims()
    us = load_us_imports().select(origin=origin)
    codes_2024 = us.products[us.product]
    if us.duty is None:  # pragma: no cover - the shipped table has duties
        raise InputError("the table of US imports has no duties.")
    ratio = 100 * np.divide(us.duty, us.value, out=np.zeros(us.value.size), where=us.value > 0)
    recorded_month = month is not None and month[:7] in claims.months
    if recorded_month and month is not None:
        lines = claims.imports(month).select(origin=origin)
        codes, value = lines.products[lines.product], lines.value.astype(np.int64)
        weights = f"US imports from {origin} of {month[:7]} (without chapter 99)"
    else:
        codes, value, weights = codes_2024, us.value.astype(np.int64), f"US imports from {origin} of 2024"
    month = month or "2024-12"
    here = claims.origins == origin
    products = claims.products[here]
    month_claims = claims.at(month)
    own = _look_up(products, month_claims.share[here], codes)
    later = _look_up(products, claims.at(RECORDED_ON_FREE_LINES).share[here], codes)
    year = _look_up(products, claims.share_2024[here], codes)
    recorded = _filled(own, later if month_claims.source >= RECORDED_ON_FREE_LINES else year, codes, value)
    ordinary = np.nan_to_num(_look_up(codes_2024, ratio, codes))
    # Which lines are free is the law's to say; whoever predicts asks it. Kept apart until then.
    # A free line without imports in July takes July's mean of its chapter, never the zero of an earlier month.
    predicted = _filled(later, later, codes, value) if month[:7] < RECORDED_ON_FREE_LINES else recorded
    return Basket(
        origin, weights, codes, value, ordinary, recorded, predicted, (month_claims.source, month_claims.carried)
    )


def effective(law: Law, on: str | dt.date, origin: str = "CAN", *, weights: str = "month") -> Effective:
    """Effective US rates on an origin's goods on a day, from the statute to what claims leave of it.

    Parameters
    ----------
    law : see `surtax.law.load`.
    on : the day.
    origin : CAN or MEX.
    weights : "month" (of the day's month where recorded) or "2024".

    Notes
    -----
    "none" assumes that nobody claims USMCA, "full" that all do; "recorded" takes the claims of the month as recorded;
    "predicted", before July 2025, takes on lines free of ordinary duty the shares of July 2025, since claims on such
    lines were not recorded before.
    """
    day = dt.date.fromisoformat(on) if isinstance(on, str) else on
    law.require("USA", day)
    month = day.isoformat()[:7]
    if weights not in ("month", "2024"):
        raise InputError(f"weights {weights!r}: 'month' or '2024'.")
    goods = _reweighted(origin, month) if weights == "2024" else basket(origin, month)
    early = month < RECORDED_ON_FREE_LINES
    shares = _shares(law, goods, day)
    steps: dict[str, Step] = {}
    status, equivalents = None, 0
    for name, share in shares.items():
        if name == "predicted" and not early:
            steps[name] = Step(**{**steps["recorded"].__dict__, "name": name})
            continue
        ends = [_evaluate(law, goods, day, share, content) for content in CAR_US_CONTENT]
        low, high = ends
        steps[name] = _step(name, goods, low, high)
        if name == "none":
            status, equivalents = high.status, int(goods.value[high.status == ONLY_UNIT_VALUE].sum())
    unknown: dict[str, int] = {}
    if status is not None:
        for code, words in ((1, "not covered by the law's data (chapters 98 and 99, codes of other days)"),
                            (2, "a fact decides that trade data do not hold")):  # fmt: skip
            value = int(goods.value[status == code].sum())
            if value:
                unknown[words] = value
    notes = [f"claims of {goods.claims_from[0]}" + (", carried" if goods.claims_from[1] else ""), *law.edits]
    return Effective(day, origin, goods, steps, collected(origin).get(month), unknown, equivalents, tuple(notes))


@lru_cache(maxsize=2)
def collected(origin: str) -> dict[str, float]:
    """What customs collected, per cent of imports, by month, where it is known here (Canada, 2025)."""
    import csv

    path = Path(__file__).resolve().parent.parent / "data" / "trade" / "us_collected_canada.csv"
    if origin != "CAN" or not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["month"]: float(row["collected_rate_percent"]) for row in csv.DictReader(file)}


ONLY_UNIT_VALUE = 3


@dataclass(frozen=True, eq=False)
class _Rates:
    total: Floats
    by_measure: dict[str, Floats]
    status: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TwoDays:
    """Rates of the same lines under the same claims on two days.

    Attributes
    ----------
    goods : the lines, with their weights of 2024.
    before, after : (n,) per cent of value, NaN where the law's data do not say.
    by_measure : measure → (n,) per cent of value on the second day.
    """

    goods: Basket
    before: Floats
    after: Floats
    by_measure: Mapping[str, Floats]


def rates_on(
    law: Law, origin: str, days: Sequence[dt.date], claims: str, car_us_content: float, before_law: Law | None = None
) -> TwoDays:
    """Rates of the lines of 2024 on two days under the claims of the second day.

    Parameters
    ----------
    claims : one of `CLAIMS`.
    car_us_content : share of US content in cars.
    before_law : the law of the first day, where it is another: an edit is a change, not a state before it.
    """
    if claims not in CLAIMS:
        raise InputError(f"claims {claims!r}: one of {', '.join(CLAIMS)}.")
    before, after = days
    for day in days:
        law.require("USA", day)
    goods = _reweighted(origin, after.isoformat()[:7])
    share = _shares(law, goods, after)[claims]
    first = _evaluate(before_law or law, goods, before, share, car_us_content)
    second = _evaluate(law, goods, after, share, car_us_content)
    return TwoDays(goods, first.total, second.total, second.by_measure)


@dataclass(frozen=True)
class Stretch:
    """Days on which the law, the claims and so the rates stay the same.

    Attributes
    ----------
    start, end : first day, and the day after the last.
    statutory : mean rate if nobody claims, per cent.
    low, high : mean rate with claims as predicted, at both ends of the band of US content in cars.
    unknown : share of value without a rate.
    claims_from : month whose claims these are.
    """

    start: dt.date
    end: dt.date
    statutory: float
    low: float
    high: float
    unknown: float
    claims_from: str


def path(law: Law, origin: str, start: dt.date, end: dt.date) -> list[Stretch]:
    """Mean rates from `start` to the day before `end`, on the imports of 2024, by stretches without a change.

    Raises
    ------
    InputError
        an empty range, or an origin without claims in the data.
    """
    if end <= start:
        raise InputError(f"from {start} to {end}: the range is empty.")
    for edge in (start, end - dt.timedelta(days=1)):
        law.require("USA", edge)
    days = [start + dt.timedelta(days=i) for i in range((end - start).days)]
    groups: dict[tuple[str, bool], list[dt.date]] = {}
    for day in days:
        month = day.isoformat()[:7]
        groups.setdefault((load_claims().at(month).source, month < RECORDED_ON_FREE_LINES), []).append(day)
    year = basket(origin)
    nobody = dict(zip(days, _means(law, year, days, np.zeros(year.value.size), CAR_US_CONTENT[1]), strict=True))
    found: list[Stretch] = []
    for (source, _), members in groups.items():
        goods = _reweighted(origin, members[0].isoformat()[:7])
        shares = _shares(law, goods, members[0])
        low, high = (_means(law, goods, members, shares["predicted"], c) for c in CAR_US_CONTENT)
        for i, day in enumerate(members):
            row = (nobody[day][0], low[i][0], high[i][0], high[i][1])
            found.append(Stretch(day, day + dt.timedelta(days=1), *row, source))
    merged: list[Stretch] = []
    for one in sorted(found, key=lambda s: s.start):
        last = merged[-1] if merged else None
        same = last is not None and (last.statutory, last.low, last.high, last.unknown, last.claims_from) == (
            one.statutory, one.low, one.high, one.unknown, one.claims_from,
        )  # fmt: skip
        if same and last is not None:
            merged[-1] = Stretch(
                last.start, one.end, *(getattr(one, n) for n in ("statutory", "low", "high", "unknown", "claims_from"))
            )
        else:
            merged.append(one)
    return merged


def _means(
    law: Law, goods: Basket, days: Sequence[dt.date], share: Floats, us_content: float
) -> list[tuple[float, float]]:
    """Mean rate over lines with one, per cent, and the share of value without, on each day."""
    table, by, status = _table(law, goods, days, share, us_content)
    weight = goods.value.astype(float)
    means = []
    for e in range(status.shape[1]):
        known = (status[:, e] == 0) | (status[:, e] == ONLY_UNIT_VALUE)
        total = np.sum([r[:, e] for r in by.values()], axis=0)
        means.append(
            (float(total[known] @ weight[known] / weight[known].sum()), float(weight[~known].sum() / weight.sum()))
        )
    return [means[e] for e in table.epochs]


def _shares(law: Law, goods: Basket, day: dt.date) -> dict[str, Floats]:
    """(n,) shares of value that claim, by assumption."""
    early = day.isoformat()[:7] < RECORDED_ON_FREE_LINES
    predicted = np.where(_free_lines(law, goods, day), goods.predicted, goods.recorded) if early else goods.recorded
    n = goods.value.size
    return {"none": np.zeros(n), "full": np.ones(n), "recorded": goods.recorded, "predicted": predicted}


def _table(
    law: Law, goods: Basket, days: Sequence[dt.date], share: Floats, us_content: float
) -> tuple[Schedule, dict[str, Floats], NDArray[np.uint8]]:
    """The law on all lines and days: measure → (n, e) rates by epoch, and (n, e) status.

    Lines with an ordinary duty per unit take the equivalent of 2024 for it.
    """
    from surtax.law.grid import Lines

    ids = [m.id for m in law.measures.values() if m.levied_by == "USA"]
    lines = Lines(
        "USA",
        list(map(str, goods.codes)),
        goods.origin,
        claimed=share,
        metal_content=goods.metals,
        us_content=us_content,
    )
    table = law.schedule(lines, [d.isoformat() for d in days], measures=ids)
    by = {m: np.array(table.by_measure[m]) for m in ids}
    status = np.array(table.status)
    # The duty of 2024 was paid on what then did not claim: it stands for the whole line, and is small.
    if MFN in by:  # edited law may have withdrawn it
        by[MFN] = np.where(status == ONLY_UNIT_VALUE, (goods.ordinary * (1 - share))[:, None], by[MFN])
    return table, by, status


def _evaluate(law: Law, goods: Basket, day: dt.date, share: Floats, us_content: float) -> _Rates:
    """Rates of all lines on a day at given claims."""
    _, by, status = _table(law, goods, [day], share, us_content)
    known = (status[:, 0] == 0) | (status[:, 0] == ONLY_UNIT_VALUE)
    rates = {m: np.where(known, r[:, 0], 0.0) for m, r in by.items()}
    total = np.where(known, np.sum(list(rates.values()), axis=0), np.nan)
    return _Rates(total, rates, status[:, 0])


def _step(name: str, goods: Basket, low: _Rates, high: _Rates) -> Step:
    known = ~np.isnan(high.total)
    value = goods.value[known].astype(float)
    duties = tuple(float((np.nan_to_num(x.total) / 100 * goods.value).sum()) for x in (low, high))
    base = float(value.sum())
    by = {
        m: (float((low.by_measure[m] / 100 * goods.value).sum()), float((high.by_measure[m] / 100 * goods.value).sum()))
        for m in high.by_measure
    }
    return Step(
        name, high.total, 100 * duties[0] / base, 100 * duties[1] / base, (duties[0], duties[1]),
        {m: d for m, d in by.items() if d[1]},
    )  # fmt: skip


def _free_lines(law: Law, goods: Basket, day: dt.date) -> NDArray[np.bool_]:
    """(n,) whether the ordinary duty is free without any claim."""
    from surtax.law.grid import Lines

    if MFN not in law.measures:
        return np.ones(goods.value.size, dtype=bool)
    lines = Lines("USA", list(map(str, goods.codes)), goods.origin, metal_content=0.5, us_content=0.0)
    table = law.schedule(lines, [day.isoformat()], measures=[MFN])
    return np.asarray((table.by_measure[MFN][:, 0] == 0) & (table.status[:, 0] != ONLY_UNIT_VALUE))


def _look_up(codes: NDArray[np.str_], values: Floats, wanted: NDArray[np.str_]) -> Floats:
    """Values by code; NaN where a code is not among them."""
    order = np.argsort(codes, kind="stable")
    at = np.searchsorted(codes[order], wanted).clip(max=max(codes.size - 1, 0))
    hit = codes[order][at] == wanted
    return np.where(hit, np.asarray(values, dtype=float)[order][at], np.nan)


def _filled(first: Floats, second: Floats, codes: NDArray[np.str_], value: NDArray[np.int64]) -> Floats:
    """Shares with gaps filled: the other source, then the mean of the line's chapter by value, then of all lines."""
    shares = np.where(np.isnan(first), second, first)
    gaps = np.isnan(shares)
    _, chapter = np.unique(codes.astype("U2"), return_inverse=True)
    weight = np.where(gaps, 0.0, value)
    claimed = np.bincount(chapter, weight * np.nan_to_num(shares))
    whole = np.bincount(chapter, weight)
    overall = claimed.sum() / whole.sum() if whole.sum() else 0.0
    mean = np.divide(claimed, whole, out=np.full(whole.size, overall), where=whole > 0)
    return np.where(gaps, mean[chapter], shares)


@lru_cache(maxsize=32)
def _reweighted(origin: str, month: str) -> Basket:
    """The claims of a month on the weights of 2024."""
    goods, year = basket(origin, month), basket(origin)

    def carry(values: Floats) -> Floats:
        found = _look_up(goods.codes, values, year.codes)
        return _filled(found, found, year.codes, year.value)

    return Basket(
        origin, year.weights, year.codes, year.value, year.ordinary, carry(goods.recorded), carry(goods.predicted),
        goods.claims_from,
    )  # fmt: skip


def as_plain(found: Effective) -> dict[str, Any]:
    """The result as plain values for JSON."""
    return {
        "schema": "surtax-rates/1",
        "on": found.on.isoformat(),
        "importer": "USA",
        "origin": found.origin,
        "weights": found.basket.weights,
        "value_usd": int(found.basket.value.sum()),
        "claims_from": {"month": found.basket.claims_from[0], "carried": found.basket.claims_from[1]},
        "steps": [
            {
                "claims": s.name, "rate_low": s.low, "rate_high": s.high, "duty_low_usd": s.duty[0],
                "duty_high_usd": s.duty[1], "by_measure_usd": {m: list(d) for m, d in s.by_measure.items()},
            }
            for s in found.steps.values()
        ],
        "collected_rate": found.collected,
        "unknown_usd": dict(found.unknown),
        "ordinary_duty_equivalents_usd": found.equivalents,
        "notes": list(found.notes),
    }  # fmt: skip
