"""Canada's surtaxes on US goods, by tariff item: what is charged on a day, and what may be given back.

Which order reaches which item on which day, and which remission could give it back, is the law's to say (`surtax.law`).
This module knows what the items are taken to be worth: stand-ins that add up to what the Department of Finance
stated, since imports by item are not public here (docs/canada-rates.md).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.flows import SHIPPED

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.law.measures import Measure, Row

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

IMPORTER, ORIGIN = "CAN", "USA"
REST = "rest"
VEHICLES = "118"
#: What remissions are taken to give back: nothing; all goods that a remission's own schedule names; all that any could.
STEPS = ("before", "named", "all")
#: Ends of the band of vehicles (claims of CUSMA, Canadian and Mexican content), and what the scenario takes.
ENDS = ("low", "central", "high")
#: A code that no list names: only a list of everything holds it.
NOWHERE = "00000000"


@dataclass(frozen=True, eq=False)
class CanadianGoods:
    """US goods imported into Canada in 2024: one line an item on the lists, and one for the rest of each sector.

    Attributes
    ----------
    items : (n,) eight digits; empty for the rest of a sector.
    part : (n,) part of the list that the item stood on in March or April 2025 (66, 95-steel, 95-aluminium, 95-other,
        118), 267 for an item of SOR/2025-267 alone, `rest` for the rest.
    sectors : (n,) sector of the accounts, `SVC` (scrap) where the accounts hold the goods in services, or empty.
    value : (n,) USD, scaled to the official coverage; 0 where not known, see `known`.
    known : (n,) whether the value is known.
    bound : (n,) USD, US exports of the item's whole six-digit code, −1 where not known.
    metadata : sources, assumptions, official coverage.
    """

    items: NDArray[np.str_]
    part: NDArray[np.str_]
    sectors: NDArray[np.str_]
    value: Whole
    known: NDArray[np.bool_]
    bound: Whole
    metadata: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name in ("items", "part", "sectors", "value", "known", "bound"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        object.__setattr__(self, "metadata", types.MappingProxyType(dict(self.metadata)))

    @property
    def total(self) -> int:
        """All imports of US goods, USD: the goods sectors, and listed scrap beside them."""
        return int(self.value.sum())

    @property
    def exports(self) -> int:
        """US exports of goods to Canada in 2024 on the Census basis, USD; re-exports of foreign goods included."""
        return int(self.metadata["census_exports"]["usd"])

    def upper_bound(self, lines: NDArray[np.bool_]) -> int:
        """US exports of all six-digit codes that hold one of the items, each code once, USD; unknown ones add none."""
        there = lines & (self.bound >= 0)
        return sum(dict(zip(self.items[there].astype("U6").tolist(), self.bound[there].tolist(), strict=True)).values())

    def labels(self, key: str) -> NDArray[np.str_]:
        """(n,) label of each line under a grouping: sector, chapter, heading or order.

        Raises
        ------
        InputError
            another grouping.
        """
        rest = self.part == REST
        if key == "sector":
            return np.where(self.sectors == "", "unmatched", self.sectors)
        if key == "order":
            return np.where(rest, "not on the lists", self.part)
        if key in ("chapter", "heading"):
            label = self.items.astype("U2" if key == "chapter" else "U4").astype("U16")
            if key == "heading":
                # Of vehicles the total alone is known.
                label[self.part == VEHICLES] = "8703, 8704"
            return np.where(rest, "not on the lists", label)
        raise InputError(f"cannot group by {key!r}: sector, chapter, heading, measure or order.")


@lru_cache(maxsize=1)
def load_canadian_goods() -> CanadianGoods:
    """Return the lines; see `CanadianGoods`. Built by `python -m tools.build_data canada-items`."""
    again = "build it with `python -m tools.build_data canada-items`"
    try:
        meta = json.loads((SHIPPED / "canada_items.json").read_text(encoding="utf-8"))
        with (SHIPPED / "canada_items.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError) as problem:
        raise InputError(f"canada_items cannot be read ({problem}): {again}") from None
    if meta.get("format") != "surtax-canada-items/1":
        raise InputError(f"canada_items.json has format {meta.get('format')!r}: {again}")
    left = dict(meta["imports_usd"])
    for r in rows:
        if r["value_usd"] and r["sector"] in left:
            left[r["sector"]] -= int(r["value_usd"])
    n = len(left)
    return CanadianGoods(
        items=np.array([r["item"] for r in rows] + [""] * n, dtype="U8"),
        part=np.array([r["list"] for r in rows] + [REST] * n, dtype="U16"),
        sectors=np.array([r["sector"] for r in rows] + list(left), dtype="U16"),
        value=np.array([int(r["value_usd"] or 0) for r in rows] + list(left.values()), dtype=np.int64),
        known=np.array([bool(r["value_usd"]) for r in rows] + [True] * n),
        bound=np.array([int(r["exports_usd"] or -1) for r in rows] + [-1] * n, dtype=np.int64),
        metadata=meta,
    )


@dataclass(frozen=True, eq=False)
class Charged:
    """What the law charges on every line on a day.

    Attributes
    ----------
    on : the day.
    goods : the lines.
    rates : step → end → (n,) per cent of value; NaN where the law does not say. Steps are those of `STEPS` that were
        asked for, ends those of `ENDS`.
    by_measure : end → surtax → (n,) per cent before remissions; only surtaxes that charge something.
    unvalued : in words, what the law taxes of which no trade is known here.
    """

    on: dt.date
    goods: CanadianGoods
    rates: Mapping[str, Mapping[str, Floats]]
    by_measure: Mapping[str, Mapping[str, Floats]]
    unvalued: tuple[str, ...]

    def net(self, step: str, end: str = "central") -> dict[str, Floats]:
        """Surtax → (n,) per cent after a step's remissions; they add up to the step's rates where the law says them."""
        before, after = self.rates["before"][end], self.rates[step][end]
        left = np.divide(after, before, out=np.ones_like(before), where=before > 0)
        return {m: np.nan_to_num(r * left) for m, r in self.by_measure[end].items()}


def charged(law: Law, day: dt.date, steps: tuple[str, ...] = STEPS) -> Charged:
    """Evaluate the law on every item on a day.

    Parameters
    ----------
    law : the law, or an edited one.
    day : a day that the law covers for Canada.
    steps : which of `STEPS` to work out; "before" always is.

    Raises
    ------
    InputError
        a day that is not covered; a law with a surtax on everything, since the rest of the sectors has no items.

    Notes
    -----
    Nobody is taken to state a fact (goods in transit, original equipment, …), and no claim of CUSMA counts but on
    vehicles, where SOR/2025-118, s. 2(2), asks for one.
    """
    law.require(IMPORTER, day)
    desk = _desk(law)
    goods, taxes = desk.goods, desk.taxes
    unvalued = _unvalued(law, day, taxes, goods)
    by, gross = desk.evaluate(day, [m.id for m in taxes], remitted=False)
    rates = {"before": gross}
    if "named" in steps:
        named = _desk(desk.naming_goods(day)).evaluate(day, [], remitted=True)[1]
        # Of vehicles no value by item is known: what a schedule of them names cannot be valued.
        rates["named"] = {e: np.where(goods.part == VEHICLES, gross[e], named[e]) for e in ENDS}
    if "all" in steps:
        rates["all"] = desk.evaluate(day, [], remitted=True)[1]
    charging = [m.id for m in taxes if by["central"][m.id].any()]
    return Charged(day, goods, rates, {e: {m: by[e][m] for m in charging} for e in ENDS}, unvalued)


def streams(law: Law, day: dt.date) -> dict[str, Floats]:
    """Remission → (n,) per cent of value that it alone could give back at most on a day, vehicles as `central`."""
    law.require(IMPORTER, day)
    desk = _desk(law)
    before = desk.evaluate(day, [], remitted=False)[1]["central"]
    found = {}
    for m in desk.remissions:
        if any(r.in_force(day.toordinal()) for r in m.rates):
            alone = _desk(desk.with_remissions((m,))).evaluate(day, [], remitted=True)[1]["central"]
            if np.nansum(before - alone) > 0:
                found[m.id] = np.nan_to_num(before - alone)
    return found


class _Desk:
    """One law and the lines, with what was looked up for them: many days are asked of the same law."""

    def __init__(self, law: Law) -> None:
        from surtax.law.grid import Batch, Lines
        from surtax.law.lists import ProductLists

        self.law = law
        self.goods = goods = load_canadian_goods()
        mine = [m for m in law.measures.values() if m.levied_by == IMPORTER and ORIGIN in m.origins]
        self.taxes = [m for m in mine if m.kind != "remission"]
        self.remissions = [m for m in mine if m.kind == "remission"]
        self.laws: dict[tuple[tuple[str, tuple[Row, ...]], ...], Law] = {}
        self.here = here = np.flatnonzero(goods.items != "")
        self.cars = cars = np.flatnonzero(goods.part == VEHICLES)
        # Vehicles stand in three times, everything else once.
        at = np.concatenate((here, cars, cars))
        self.spans = {"low": slice(here.size, here.size + cars.size), "high": slice(here.size + cars.size, at.size)}
        about: Mapping[str, Mapping[str, float]] = goods.metadata["vehicles"]
        # More outside CUSMA and less content to deduct is more duty.
        ends = {
            "low": (about["outside_cusma"]["low"], about["content"]["high"]),
            "central": (about["outside_cusma"]["value"], about["content"]["value"]),
            "high": (about["outside_cusma"]["high"], about["content"]["low"]),
        }
        claimed, content = np.zeros(at.size), np.full(at.size, np.nan)
        once = np.concatenate((np.isin(here, cars), np.zeros(2 * cars.size, dtype=bool)))
        claimed[once], content[once] = 1 - ends["central"][0], ends["central"][1]
        for end, rows in self.spans.items():
            claimed[rows], content[rows] = 1 - ends[end][0], ends[end][1]
        lines = Lines(IMPORTER, goods.items[at].tolist(), ORIGIN, claimed=claimed, ca_mx_content=content)
        self.batch = Batch(law, law.jurisdiction(IMPORTER), lines)
        self.lists = ProductLists(law, [*goods.items[here].tolist(), NOWHERE], IMPORTER)

    def evaluate(
        self, day: dt.date, keep: list[str], *, remitted: bool
    ) -> tuple[dict[str, dict[str, Floats]], dict[str, Floats]]:
        """End → measure → (n,) and end → (n,) total, per cent; NaN where the law does not say."""
        total, _, kept = self.batch.on(day.toordinal(), keep, remitted)

        def spread(column: Floats) -> dict[str, Floats]:
            whole = np.zeros(self.goods.items.size)
            whole[self.here] = column[: self.here.size]
            out = {"central": whole}
            for end, rows in self.spans.items():
                out[end] = whole.copy()
                out[end][self.cars] = column[rows]
            return out

        by = {m: spread(kept[m]) for m in keep}
        return {e: {m: by[m][e] for m in keep} for e in ENDS}, spread(total)

    def naming_goods(self, day: dt.date) -> Law:
        """Return the law with those rows of remissions alone that name their goods in a schedule of their own.

        A row that reaches everything, or a whole schedule of a surtax that it gives back, depends on use or on the
        importer: it names no goods.
        """
        number = day.toordinal()
        kept = []
        for m in self.remissions:
            rows = tuple(r for r in m.rates if r.in_force(number) and self._names(m, r, number))
            if rows:
                kept.append(replace(m, rates=rows))
        return self.with_remissions(tuple(kept))

    def _names(self, measure: Measure, row: Row, number: int) -> bool:
        def held(groups: Iterable[int]) -> NDArray[np.bool_]:
            found = np.zeros(self.here.size + 1, dtype=bool)
            for g in groups:
                found |= self.lists.state(g, number) != 0
            return found

        inside = held(measure.groups.values() if row.groups is None else row.groups)
        if inside[-1]:
            return False
        taxing = (r for m in self.taxes if m.id in measure.remits for r in m.rates if r.in_force(number))
        schedules = (held([g]) for r in taxing for g in r.groups or ())
        return not any(s.any() and inside[s].all() for s in schedules)

    def with_remissions(self, remissions: tuple[Measure, ...]) -> Law:
        """Return the law with these remissions instead of its own; the same one for the same remissions."""
        key = tuple((m.id, m.rates) for m in remissions)
        if key not in self.laws:
            others = [m for m in self.law.measures.values() if m.levied_by != IMPORTER]
            measures = [*others, *self.taxes, *remissions]
            self.laws[key] = self.law.with_parts(measures, self.law.overlay, self.law.next_group)
        return self.laws[key]


# A law and the few that a day's questions make of it; each holds some megabytes.
_desk = lru_cache(maxsize=48)(_Desk)


def _unvalued(law: Law, day: dt.date, taxes: list[Measure], goods: CanadianGoods) -> tuple[str, ...]:
    """Name what a law taxes beyond the items with a value; refuse a surtax on everything."""
    from surtax.law import codes
    from surtax.law.lists import ProductLists

    number = day.toordinal()
    lists = ProductLists(law, [NOWHERE], IMPORTER)
    words = []
    for m in taxes:
        rows = [r for r in m.rates if r.in_force(number)]
        mine = {g for r in rows for g in (m.groups.values() if r.groups is None else r.groups)}
        if any(lists.state(g, number)[0] for g in mine):
            raise InputError(
                f"{m.id} falls on goods that stand on no list: Canada's imports by item are known here for items "
                f"of its lists alone. Write the rate by sector in a scenario file instead (docs/scenario-files.md)."
            )
        for key, postings in law.overlay.items():
            prefix = codes.prefix_of(key)
            added = any(g in mine and sign and start <= number < end for g, start, end, sign in postings)
            if added and prefix not in goods.items:
                words.append(f"{codes.dotted(prefix)}, added to {m.id}: only items on the lists have a value here")
    return tuple(words)
