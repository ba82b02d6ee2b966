"""The duty of many lines at many dates, in NumPy, by change dates and scopes.

Dates between two changes of the law share an epoch, evaluated once. Within an epoch a measure looks
only at the lines on its lists. Written apart from the scalar engine; the tests hold the two against
each other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.law import codes
from surtax.law.dates import iso, ordinal
from surtax.law.engine import BASES, FULL, IN, OUT, UNSURE
from surtax.law.line import METALS
from surtax.law.lists import UNCLEAR, Bools, Bytes, Floats, Ints, ProductLists, TableRates, table_rates
from surtax.law.measures import MFN_KINDS, Condition, Jurisdiction, Measure, RateTable, Relation, Row
from surtax.law.rates import factor, unit_name

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import ArrayLike, NDArray

    from surtax.law.book import Law

KNOWN, NOT_COVERED, UNKNOWN, NO_UNIT_VALUE = 0, 1, 2, 3
STATUS = (
    "known",
    "not covered: day, origin or product",
    "a rate, a content or a list is not known for this line",
    "the rate is per unit, and the customs value per unit is not given (unit_values)",
)


@dataclass(frozen=True)
class Lines:
    """Many lines into one importer.

    Shares are of the customs value; a single number stands for all lines.

    Parameters
    ----------
    importer : str
        ISO 3166 alpha-3.
    products : sequence of str
        (n,) product codes, dots or not.
    origins : str or sequence of str
        One origin for all, or (n,).
    claimed : float or (n,) array
        Share of the line's value for which `preference` is claimed.
    preference : str
        The programme claimed.
    us_content, ca_mx_content : float or (n,) array, optional
        NaN is not stated.
    metal_content : float, (n,) array or mapping, optional
        Share of whichever metal a measure asks for, or arrays by metal; NaN is not stated.
    unit_values : mapping of str to (n,) array, optional
        Customs value per unit, by unit, for rates per unit; NaN is not known.
    facts : iterable of str
        Facts true of all lines.
    """

    importer: str
    products: Sequence[str]
    origins: str | Sequence[str]
    claimed: ArrayLike = 0.0
    preference: str = "usmca"
    us_content: ArrayLike = np.nan
    ca_mx_content: ArrayLike = np.nan
    metal_content: ArrayLike | Mapping[str, ArrayLike] = np.nan
    unit_values: Mapping[str, ArrayLike] = field(default_factory=dict)
    facts: Iterable[str] = ()

    def share(self, name: str, values: ArrayLike) -> Floats:
        """Return (n,) shares, checked to lie between 0 and 1."""
        return _column(values, len(self.products), name, upper=1.0)


def _column(values: ArrayLike, n: int, name: str, upper: float = np.inf) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and len(array) != n):
        raise InputError(f"{name} has shape {array.shape}; give one number, or one for each of the {n} lines")
    if np.any((array < 0) | (array > upper)):
        raise InputError(f"{name} holds values outside 0 to {upper:g}")
    return np.broadcast_to(array, (n,)).astype(np.float64)


@dataclass(frozen=True)
class Schedule:
    """Total rates of lines by epoch.

    Attributes
    ----------
    dates : (d,) ordinals of the days asked for
    epochs : (d,) epoch of each day
    starts : (e,) ordinal from which each epoch was evaluated
    rates : (n, e) per cent of customs value; NaN where refused
    status : (n, e) uint8: 0 known, 1 not covered, 2 unknown, 3 only a unit value lacks (`STATUS` in words)
    by_measure : measure id to (n, e) effective rates, for the measures asked for
    ordinary_covered : whether the ordinary duty is in the rates
    """

    dates: Ints
    epochs: Ints
    starts: Ints
    rates: Floats
    status: Bytes
    by_measure: Mapping[str, Floats]
    ordinary_covered: bool

    def at(self, date: str | dt.date) -> Floats:
        """Return (n,) rates on one of the days asked for."""
        day = ordinal(date)
        at = np.flatnonzero(self.dates == day)
        if not len(at):
            raise InputError(f"{iso(day)} is not among the {len(self.dates)} dates of this schedule")
        column: Floats = self.rates[:, self.epochs[at[0]]]
        return column

    def dense(self) -> Floats:
        """Return (n, d) rates, one column a day asked for."""
        table: Floats = self.rates[:, self.epochs]
        return table


def schedule(
    law: Law,
    lines: Lines,
    dates: Iterable[str | dt.date],
    measures: Sequence[str] = (),
    remitted: bool = False,
) -> Schedule:
    """Return total rates of lines on dates.

    Parameters
    ----------
    law : Law
    lines : Lines
    dates : iterable of dates
    measures : sequence of str
        Ids of measures whose own effective rates are kept as well.
    remitted : bool
        Grant every remission whose scope fits, as if its conditions were met: the lower bound.

    Raises
    ------
    InputError
        If a code, date, share or name cannot be understood.
    """
    days = np.unique(np.array([ordinal(d) for d in dates], dtype=np.int64))
    if not len(days):
        raise InputError("no dates: give at least one")
    for name in measures:
        law.find(name)
    place = law.jurisdiction(lines.importer)
    changes = np.array([0, *law.change_days(lines.importer)], dtype=np.int64)
    epoch_of = np.searchsorted(changes, days, side="right") - 1
    used, epochs = np.unique(epoch_of, return_inverse=True)
    batch = Batch(law, place, lines)
    n = len(lines.products)
    rates = np.empty((n, len(used)))
    status = np.empty((n, len(used)), dtype=np.uint8)
    kept = {name: np.zeros((n, len(used))) for name in measures}
    for e in range(len(used)):
        day = int(days[epochs == e][0])
        rates[:, e], status[:, e], own = batch.on(day, kept.keys(), remitted)
        for name, column in own.items():
            kept[name][:, e] = column
    return Schedule(days, epochs, changes[used], rates, status, kept, place.status == "complete")


class Batch:
    """Lines with what was looked up for them once."""

    def __init__(self, law: Law, place: Jurisdiction, lines: Lines) -> None:
        self.law, self.place = law, place
        self.n = n = len(lines.products)
        bare = [codes.digits(p) for p in lines.products]
        distinct, inverse = np.unique(np.array(bare, dtype="U10"), return_inverse=True)
        self.product: Ints = inverse.astype(np.int64)
        self.lists = ProductLists(law, [str(c) for c in distinct], lines.importer)
        names = [lines.origins] * n if isinstance(lines.origins, str) else list(lines.origins)
        if len(names) != n:
            raise InputError(f"{len(names)} origins for {n} products; give one, or as many")
        self.origin_names, origin = np.unique(np.array(names, dtype="U8"), return_inverse=True)
        self.origin: Ints = origin.astype(np.int64)
        self.claimed = lines.share("claimed", lines.claimed)
        if np.isnan(self.claimed).any():
            raise InputError("claimed holds NaN: the share that claims a preference has to be known")
        self.preference = lines.preference
        self.us = lines.share("us_content", lines.us_content)
        self.ca_mx = lines.share("ca_mx_content", lines.ca_mx_content)
        self.explicit: dict[str, Floats] = {}
        self.loose = np.full(n, np.nan)
        if isinstance(lines.metal_content, Mapping):
            for metal, share in lines.metal_content.items():
                if metal not in METALS:
                    raise InputError(f"metal content of {metal!r}: the metals are {', '.join(METALS)}")
                self.explicit[metal] = lines.share(f"metal content of {metal}", share)
        else:
            self.loose = lines.share("metal_content", lines.metal_content)
        self.unit_values = {
            unit_name(u) or u: _column(v, n, f"unit value per {u}") for u, v in lines.unit_values.items()
        }
        self._rates: dict[tuple[int, str], TableRates] = {}
        self.facts = frozenset(lines.facts)
        for fact in sorted(self.facts):
            if fact not in law.facts(lines.importer):
                raise InputError(f"{fact!r} is not a fact that a measure of {lines.importer} asks for")

    def from_origins(self, origins: object) -> Bools:
        """Return (n,) whether each line's origin is in a set."""
        inside = np.array([str(o) in origins for o in self.origin_names])  # type: ignore[operator]
        return inside[self.origin]

    def covered(self, day: int) -> Bools:
        """Return (n,) whether the data cover each line on a day: its origin, and its code in the nomenclature."""
        covered = self.from_origins(self.place.origins) & self.lists.exist(day)[self.product]
        covered &= self.origin_names[self.origin] != self.place.importer
        return covered

    def copied(self, at: Ints, contents: Mapping[str, Floats]) -> Batch:
        """Return the batch with copies of the lines `at` after it, whose contents are others.

        Parameters
        ----------
        at : (k,) positions
        contents : mapping of "us" or a metal to (k,) shares
        """
        more = copy.copy(self)
        more.n = self.n + len(at)
        more.product, more.origin = (np.concatenate((a, a[at])) for a in (self.product, self.origin))
        more.claimed, more.us, more.ca_mx, more.loose = (
            np.concatenate((a, a[at])) for a in (self.claimed, self.us, self.ca_mx, self.loose)
        )
        more.unit_values = {u: np.concatenate((v, v[at])) for u, v in self.unit_values.items()}
        blank = np.full(self.n, np.nan)
        metals = {*self.explicit, *(m for m in contents if m != "us")}
        more.explicit = {
            m: np.concatenate((v := self.explicit.get(m, blank), contents.get(m, v[at]))) for m in sorted(metals)
        }
        if "us" in contents:
            more.us[self.n :] = contents["us"]
        return more

    def rates_of(self, table: RateTable, preference: str) -> TableRates:
        """Return the rates of a table as arrays, for a claim."""
        token = (table.number, preference)
        if token not in self._rates:
            names = table.programmes.get(preference, ())
            self._rates[token] = table_rates(self.law.index, table.number, names)
        return self._rates[token]

    def on(self, day: int, keep: Iterable[str], remitted: bool) -> tuple[Floats, Bytes, dict[str, Floats]]:
        """Return (n,) rates and status on a day, and the rates of the measures to keep."""
        rates = np.zeros(self.n)
        status = np.zeros(self.n, dtype=np.uint8)
        kept = {name: np.zeros(self.n) for name in keep}
        place = self.place
        if not place.start <= day < place.end:
            return np.full(self.n, np.nan), np.full(self.n, NOT_COVERED, dtype=np.uint8), kept
        covered = self.covered(day)
        for preference, weight in ((self.preference, self.claimed), ("none", 1.0 - self.claimed)):
            at = np.flatnonzero(covered & (weight > 0))
            if not len(at):
                continue
            run = Pass(self, day, at, preference)
            total, unknown = run.total(remitted)
            rates[at] += weight[at] * total
            only_value = run.only_a_unit_value()
            status[at[unknown & ~only_value]] = UNKNOWN
            status[at[unknown & only_value & (status[at] == KNOWN)]] = NO_UNIT_VALUE
            for name, column in kept.items():
                column[at] += weight[at] * run.effective.get(name, np.zeros(len(at)))
        status[~covered] = NOT_COVERED
        rates[status != KNOWN] = np.nan
        return rates, status, kept


class Pass:
    """One day, one preference, the lines `at`: the measures settled in order of precedence."""

    def __init__(self, batch: Batch, day: int, at: Ints, preference: str) -> None:
        self.batch, self.day, self.at, self.preference = batch, day, at, preference
        self.m = len(at)
        self.product = batch.product[at]
        self.subject: dict[str, Bytes] = {}
        self.unknown: dict[str, Bools] = {}
        self.effective: dict[str, Floats] = {}
        self.ordinary = np.zeros(self.m)
        self.ordinary_known = np.full(self.m, batch.place.status == "complete")
        self.metals = {m: np.full(self.m, np.nan) for m in METALS}
        for metal, share in batch.explicit.items():
            self.metals[metal] = share[at].copy()
        self.stated = np.zeros(self.m, dtype=bool)
        for share in batch.explicit.values():
            self.stated |= ~np.isnan(share[at])
        self.taken = np.full(self.m, -1, dtype=np.int8)
        self.lacks_value = np.zeros(self.m, dtype=bool)

    def total(self, remitted: bool) -> tuple[Floats, Bools]:
        """Return (m,) total rates and whether any part of them is unknown."""
        law, importer = self.batch.law, self.batch.place.importer
        order, losing = law.precedence(importer).on(self.day)
        for measure in order:
            if measure.kind != "remission" and any(r.in_force(self.day) for r in measure.rates):
                self._settle(measure, losing.get(measure.id, []))
        total = np.zeros(self.m)
        unknown = np.zeros(self.m, dtype=bool)
        for effective in self.effective.values():
            total += effective
        for flag in self.unknown.values():
            unknown |= flag
        total -= self._remitted([m for m in order if m.kind == "remission"], remitted)
        return total, unknown

    def only_a_unit_value(self) -> Bools:
        """Return (m,) whether a unit value would make everything known."""
        missing = np.zeros(self.m, dtype=np.int64)
        for flag in self.unknown.values():
            missing += flag
        alone: Bools = self.lacks_value & (missing == 1)
        return alone

    def _states(self, measure: Measure, at: Ints) -> dict[int, Bytes]:
        lists = self.batch.lists
        return {g: lists.state(g, self.day)[self.product[at]] for g in measure.groups.values()}

    def _reach(self, measure: Measure) -> Ints:
        """Positions of the lines that a measure's origins and lists reach."""
        lists = self.batch.lists
        any_group = np.zeros(len(lists.products), dtype=bool)
        for g in measure.groups.values():
            any_group |= lists.state(g, self.day) != OUT
        reach: Ints = np.flatnonzero(any_group[self.product] & self.batch.from_origins(measure.origins)[self.at])
        return reach

    def _settle(self, measure: Measure, relations: list[Relation]) -> None:
        at = self._reach(measure)
        if not len(at):
            return
        states = self._states(measure, at)
        k = len(at)
        chosen = np.full(k, -1, dtype=np.int64)
        unsure = np.zeros(k, dtype=bool)
        mask = np.zeros(k, dtype=np.uint8)
        subject = np.zeros(k, dtype=np.uint8)
        open_ = np.ones(k, dtype=bool)
        for row in measure.exemptions:
            if not open_.any():
                break
            fit = self._fits(row, at, states)
            hit = open_ & (fit == IN)
            if hit.any() and row.subject_on(self.day) is not None:
                subject[hit] = self._base_of(measure, at, states)[hit]
            doubt = open_ & (fit == UNSURE)
            unsure |= doubt
            mask[doubt] = FULL
            open_ &= fit == OUT
        for i, row in enumerate(measure.rates):
            if not open_.any():
                break
            fit = self._fits(row, at, states)
            hit = open_ & (fit != OUT)
            chosen[hit] = i
            mask[hit] = self._parts(row, at)[hit]
            unsure |= hit & ((fit == UNSURE) | (row.refuse is not None))
            open_ &= ~hit
        lost_all = self._displace(at, mask, unsure, relations)
        effective = np.zeros(k)
        for i, row in enumerate(measure.rates):
            rows = np.flatnonzero((chosen == i) & ~lost_all)
            if len(rows):
                self._price(measure, row, rows, at, mask, unsure, effective, subject)
        effective[unsure] = 0.0
        subject[unsure] = 0
        if measure.kind in MFN_KINDS:
            self.ordinary[at] += effective
            self.ordinary_known[at[unsure]] = False
        self._keep(measure.id, at, effective, subject, unsure)

    def _keep(self, name: str, at: Ints, effective: Floats, subject: Bytes, unsure: Bools) -> None:
        if effective.any():
            self.effective[name] = np.zeros(self.m)
            self.effective[name][at] = effective
        if subject.any():
            self.subject[name] = np.zeros(self.m, dtype=np.uint8)
            self.subject[name][at] = subject
        if unsure.any():
            self.unknown[name] = np.zeros(self.m, dtype=bool)
            self.unknown[name][at] = unsure

    def _base_of(self, measure: Measure, at: Ints, states: dict[int, Bytes]) -> Bytes:
        base = np.full(len(at), FULL, dtype=np.uint8)
        left = np.ones(len(at), dtype=bool)
        for row in measure.rates:
            hit = left & (self._fits(row, at, states) == IN)
            base[hit] = self._parts(row, at)[hit]
            left &= ~hit
        return base

    def _parts(self, row: Row, at: Ints) -> Bytes:
        """Return the parts of the value that a rate row falls on, by line."""
        parts = np.full(len(at), BASES[row.base], dtype=np.uint8)
        if row.us_content_free_from is not None:
            with np.errstate(invalid="ignore"):
                free = self.batch.us[self.at[at]] >= row.us_content_free_from
            parts[free] &= BASES["non-us-content"]
        return parts

    def _displace(self, at: Ints, mask: Bytes, unsure: Bools, relations: list[Relation]) -> Bools:
        """Take displaced parts out of `mask`; return where everything was lost."""
        lost_any = np.zeros(len(at), dtype=bool)
        for relation in relations:
            winner = self.subject.get(relation.winner)
            here = winner[at] if winner is not None else np.zeros(len(at), dtype=np.uint8)
            doubt = self.unknown.get(relation.winner)
            if doubt is not None:
                unsure |= doubt[at] & (here == 0) & (mask != 0)
            lost = np.where(here != 0, mask if relation.article else mask & here, 0).astype(np.uint8)
            lost_any |= lost != 0
            mask &= ~lost
        gone: Bools = (mask == 0) & lost_any
        unsure &= ~gone
        return gone

    def _fits(self, row: Row, at: Ints, states: dict[int, Bytes]) -> Bytes:
        out = np.zeros(len(at), dtype=np.uint8)
        if not row.in_force(self.day):
            return out
        held = self._holds(row.when, at)
        if not held.any():
            return out
        for g in states if row.groups is None else row.groups:
            # IN beats UNSURE beats OUT
            out = np.where((out == IN) | (states[g] == IN), IN, np.maximum(out, states[g])).astype(np.uint8)
        if row.origins is not None:
            out[~self.batch.from_origins(row.origins)[self.at[at]]] = OUT
        out[held == OUT] = OUT
        out[(held == UNSURE) & (out != OUT)] = UNSURE
        return out

    def _holds(self, when: Condition | None, at: Ints, granting: bool = False) -> Bytes:
        held = np.full(len(at), IN, dtype=np.uint8)
        if when is None:
            return held
        p, facts = self.preference, self.batch.facts
        claims = not when.preference or p in when.preference or ("any" in when.preference and p != "none")
        stated = granting or (facts.issuperset(when.facts) and facts.isdisjoint(when.not_facts))
        if not (claims and stated):
            return np.zeros(len(at), dtype=np.uint8)
        for name, at_least, above, below in when.content:
            share = self._content(name)[at]
            held[np.isnan(share)] = UNSURE
            with np.errstate(invalid="ignore"):
                fails = np.zeros(len(at), dtype=bool)
                fails |= share < at_least if at_least is not None else False
                fails |= share <= above if above is not None else False
                fails |= share >= below if below is not None else False
            held[fails] = OUT
        if when.otherwise_in is not None or when.otherwise_not_in is not None:
            held[held == IN] = UNSURE
        return held

    def _content(self, name: str) -> Floats:
        if name == "us":
            return self.batch.us[self.at]
        if name == "ca_mx":
            return self.batch.ca_mx[self.at]
        explicit = self.batch.explicit.get(name)
        loose = self.batch.loose[self.at]
        if explicit is None:
            return np.where(self.stated, 0.0, loose)
        return np.where(np.isnan(explicit[self.at]), np.where(self.stated, 0.0, loose), explicit[self.at])

    def _need(self, base: str, rows: Ints) -> Bools:
        """Settle the metal content of lines; returns where it is not stated."""
        metal = base.removesuffix("-content")
        if metal not in METALS:
            return np.zeros(len(rows), dtype=bool)
        number = METALS.index(metal)
        share = self.metals[metal][rows]
        absent = np.isnan(share)
        stated = self.stated[rows]
        share[absent & stated] = 0.0
        loose = self.batch.loose[self.at[rows]]
        take = absent & ~stated & ~np.isnan(loose) & (self.taken[rows] < 0)
        share[take] = loose[take]
        self.taken[rows[take]] = number
        self.metals[metal][rows] = share
        missing: Bools = np.isnan(share)
        return missing

    def _shares(self, rows: Ints, mask: Bytes) -> Floats:
        """Return the share of the value in each line's parts."""
        if (mask == FULL).all():
            return np.ones(len(rows))
        metals = [np.nan_to_num(self.metals[m][rows]) for m in METALS]
        metals.append(np.maximum(0.0, 1.0 - metals[0] - metals[1] - metals[2]))
        us = np.nan_to_num(self.batch.us[self.at[rows]])
        share = np.zeros(len(rows))
        for bit in range(8):
            part = metals[bit // 2] * (us if bit % 2 else 1.0 - us)
            share += np.where(mask >> bit & 1, part, 0.0)
        return share

    def _price(
        self,
        measure: Measure,
        row: Row,
        rows: Ints,
        at: Ints,
        mask: Bytes,
        unsure: Bools,
        effective: Floats,
        subject: Bytes,
    ) -> None:
        unsure[rows] |= self._need(row.base, at[rows]) & ~unsure[rows]
        share = self._shares(at[rows], mask[rows])
        if row.base == "value-minus-content":
            claimed = np.nan_to_num(self.batch.ca_mx[self.at[at[rows]]])
            share = share * (1.0 - np.maximum(row.content_floor or 0.0, claimed))
        unit = np.zeros(len(rows))
        if row.table:
            rate, unit, lost = self._table(measure, at[rows])
            unsure[rows] |= lost
        elif row.top_up_to is not None:
            rate = np.maximum(0.0, row.top_up_to - self.ordinary[at[rows]])
            unsure[rows] |= ~self.ordinary_known[at[rows]]
        else:
            rate = np.full(len(rows), row.ad_valorem or 0.0)
            if row.specific is not None:
                value = self._unit_value(row.specific[2], at[rows])
                unsure[rows] |= np.isnan(value)
                self.lacks_value[at[rows]] |= np.isnan(value)
                unit = 100.0 * row.specific[0] / np.where(np.isnan(value) | (value == 0), np.inf, value)
        found = rate * share + unit
        if row.at_least is not None:
            found = np.maximum(found, row.at_least)
        effective[rows] = found
        owes = found > 0
        if row.subject_on(self.day) is not None:
            owes[:] = True
        subject[rows] = np.where(owes, mask[rows], 0)

    def _unit_value(self, unit: str, rows: Ints) -> Floats:
        found = np.full(len(rows), np.nan)
        for other, known in self.batch.unit_values.items():
            size = factor(other, unit)
            if size is not None:
                found = np.where(np.isnan(found), known[self.at[rows]] / size, found)
        return found

    def _table(self, measure: Measure, rows: Ints) -> tuple[Floats, Floats, Bools]:
        """Return per cent, per cent equivalent of amounts per unit, and where neither is known."""
        table = measure.table
        if table is None:
            raise InputError(f"{measure.id} has a table row but no table")
        general, special, other, found = self.batch.lists.table_rows(table.number, self.day)
        rates = self.batch.rates_of(table, self.preference)
        product = self.product[rows]
        number = general[product]
        lost = ~found[product]
        column2 = self.batch.from_origins(table.other_origins)[self.at[rows]]
        if self.preference != "none":
            served = table.programme_origins.get(self.preference)
            serves = np.ones(len(rows), dtype=bool)
            if served is not None:
                serves = self.batch.from_origins(frozenset(served))[self.at[rows]]
            better = rates.granted[special[product]]
            lost |= ~column2 & (~serves | (better == UNCLEAR) if self.preference in table.programmes else True)
            number = np.where(better >= 0, better, number)
        number = np.where(column2, other[product], number)
        rate, amount = rates.numbers[number, 0], rates.numbers[number, 1]
        unit = np.zeros(len(rows))
        kinds = np.where(amount > 0, rates.unit[number], -1)
        for kind in np.unique(kinds[kinds >= 0]):
            mine = np.flatnonzero(kinds == kind)
            value = self._unit_value(rates.units[kind], rows[mine])
            self.lacks_value[rows[mine]] |= ~(value > 0) & ~lost[mine]
            lost[mine] |= ~(value > 0)
            unit[mine] = 100.0 * amount[mine] / np.where(value > 0, value, np.inf)
        lost |= np.isnan(rate)
        return np.nan_to_num(rate), unit, lost

    def _remitted(self, measures: list[Measure], granting: bool) -> Floats:
        """Return what remissions give back: those stated, or with `granting` all that fit."""
        back: dict[str, NDArray[np.float64]] = {}
        for measure in measures:
            due = [i for i in measure.remits if i in self.effective]
            if not due:
                continue
            at = self._reach(measure)
            if not len(at):
                continue
            states = self._states(measure, at)
            share = np.zeros(len(at))
            open_ = np.ones(len(at), dtype=bool)
            for row in measure.rates:
                held = self._fits_granted(row, at, states, granting)
                hit = open_ & (held == IN if not granting else held != OUT)
                share[hit] = (row.remit or 0.0) / 100
                open_ &= ~hit
            for i in due:
                known = back.setdefault(i, np.zeros(self.m))
                known[at] = np.maximum(known[at], share) if granting else np.minimum(1.0, known[at] + share)
        total = np.zeros(self.m)
        for i, share in back.items():
            total += self.effective[i] * share
        return total

    def _fits_granted(self, row: Row, at: Ints, states: dict[int, Bytes], granting: bool) -> Bytes:
        if not granting:
            return self._fits(row, at, states)
        if not row.in_force(self.day):
            return np.zeros(len(at), dtype=np.uint8)
        out = np.zeros(len(at), dtype=np.uint8)
        for g in states if row.groups is None else row.groups:
            out = np.where((out == IN) | (states[g] == IN), IN, np.maximum(out, states[g])).astype(np.uint8)
        out[self._holds(row.when, at, granting=True) == OUT] = OUT
        return out
