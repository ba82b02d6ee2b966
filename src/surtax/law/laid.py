"""Many lines laid out once, to be asked for many days: their rates without and with a claim of preference.

A duty is linear in the share of a line's value that claims a preference: what is due on the part that claims, and
on the part that does not. So each epoch (days between two changes of the law) is evaluated twice, and any share of
claims is a mixture of the two. Contents (US content, metal content) are not linear: a line on which a measure looks
at a content is copied, one row for each content asked about; all other lines share one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.law.dates import iso
from surtax.law.engine import IN
from surtax.law.grid import KNOWN, NO_UNIT_VALUE, NOT_COVERED, UNKNOWN, Batch, Lines, Pass
from surtax.law.lists import Bools, Bytes, Floats, Ints

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.law.measures import Row

#: What remissions that nobody has to state give back, under this name among the measures.
REMITTED = "remissions"


@dataclass(frozen=True, eq=False)
class Side:
    """Rates of all rows under one claim.

    Attributes
    ----------
    by_measure : measure → (rows, per cent): the rows on which it falls, and its effective rate there.
    status : (r,) uint8 as in `surtax.law.grid.STATUS`.
    """

    by_measure: Mapping[str, tuple[Ints, Floats]]
    status: Bytes


@dataclass(frozen=True, eq=False)
class Epoch:
    """Rates of all rows on the days from `start` to the day before `end` (ordinals)."""

    start: int
    end: int
    plain: Side
    claimed: Side


class Laid:
    """Lines with what was looked up for them once; epochs are evaluated when asked for, and kept.

    Parameters
    ----------
    law : Law
    lines : Lines
        One importer. `claimed` is not looked at: both sides are evaluated.
    """

    def __init__(self, law: Law, lines: Lines) -> None:
        self.law = law
        self.place = law.jurisdiction(lines.importer)
        self.n = len(lines.products)
        self.lines = lines
        self._batch = Batch(law, self.place, lines)
        self.line: Ints = np.arange(self.n)  # the line of each row
        self._rows: dict[str, Ints] = {}
        self._epochs: dict[int, Epoch] = {}
        self._changes = np.array([0, *law.change_days(lines.importer)], dtype=np.int64)

    def vary(
        self, name: str, *, us_content: Floats | float | None = None, metal_content: Mapping[str, Floats] | None = None
    ) -> Laid:
        """Return the same lines with rows of their own for another content, to be asked for by `rows(name)`.

        Parameters
        ----------
        us_content, metal_content : as in `Lines`, for all n lines; None keeps what they have.

        Raises
        ------
        InputError
            a name that is taken, shares outside 0 to 1.
        """
        if name in self._rows:
            raise InputError(f"the variant {name!r} is there already")
        looks = np.zeros(self.n, dtype=bool)
        batch = self._batch
        changes: dict[str, Floats] = {}
        if us_content is not None:
            looks |= self.looks_at("us")
            changes["us"] = self.lines.share("us_content", us_content)
        for metal, share in (metal_content or {}).items():
            looks |= self.looks_at(metal)
            changes[metal] = self.lines.share(f"metal content of {metal}", share)
        at = np.flatnonzero(looks)
        rows = np.arange(self.n)
        rows[at] = batch.n + np.arange(at.size)
        more = Laid.__new__(Laid)
        more.__dict__.update(self.__dict__)
        more._batch = batch.copied(at, {k: v[at] for k, v in changes.items()})
        more.line = np.concatenate((self.line, at))
        more._rows = {**self._rows, name: rows}
        more._epochs = {}
        return more

    def rows(self, name: str | None = None) -> Ints:
        """Return (n,) the row of each line, as it was laid out or in a variant."""
        return np.arange(self.n) if name is None else self._rows[name]

    def looks_at(self, content: str) -> Bools:
        """Return (n,) whether any measure that looks at a content ("us" or a metal) ever reaches the line."""
        lists, batch = self._batch.lists, self._batch
        found = np.zeros(self.n, dtype=bool)
        for measure in self.law.measures.values():
            if measure.levied_by != self.place.importer:
                continue
            for i, row in enumerate((*measure.exemptions, *measure.rates)):
                if not _row_looks(row, content):
                    continue
                listed = np.zeros(len(lists.products), dtype=bool)
                for group in measure.groups.values() if row.groups is None else row.groups:
                    listed |= lists.ever(group)
                here = batch.from_origins(measure.origins)[: self.n]
                if row.origins is not None:
                    here &= batch.from_origins(row.origins)[: self.n]
                for other in measure.exemptions[:i]:
                    if _lets_out(other, row):
                        here &= ~batch.from_origins(other.origins)[: self.n]
                found |= listed[batch.product[: self.n]] & here
        return found

    def listed(self, groups: Iterable[int], day: int) -> Bools:
        """Return (n,) whether any of some groups of products holds the line on a day (ordinal)."""
        lists = self._batch.lists
        found = np.zeros(len(lists.products), dtype=bool)
        for group in groups:
            found |= lists.state(group, day) == IN
        lines: Bools = found[self._batch.product[: self.n]]
        return lines

    def start_of(self, day: int) -> int:
        """Return the first day of the epoch in which a day (ordinal) lies."""
        return int(self._changes[np.searchsorted(self._changes, day, side="right") - 1])

    def spans(self, days: Iterable[int]) -> list[tuple[int, int]]:
        """Return (a day, how many days) for each epoch among days (ordinals), in order."""
        found: dict[int, list[int]] = {}
        for day in days:
            found.setdefault(self.start_of(day), []).append(day)
        return [(min(v), len(v)) for _, v in sorted(found.items())]

    def on(self, day: int) -> Epoch:
        """Return the rates on a day (ordinal).

        Raises
        ------
        InputError
            a day that the data do not cover.
        """
        if not self.place.start <= day < self.place.end:
            raise InputError(f"{iso(day)} is outside the days that are covered for {self.place.name}")
        at = int(np.searchsorted(self._changes, day, side="right"))
        start = int(self._changes[at - 1])
        if start not in self._epochs:
            end = int(self._changes[at]) if at < len(self._changes) else self.place.end
            covered = self._batch.covered(day)
            sides = (self._side(day, covered, claim) for claim in ("none", self.lines.preference))
            self._epochs[start] = Epoch(start, end, *sides)
        return self._epochs[start]

    def _side(self, day: int, covered: Bools, claim: str) -> Side:
        at = np.flatnonzero(covered)
        run = Pass(self._batch, day, at, claim)
        total, unknown = run.total(remitted=False)
        status = np.full(self._batch.n, NOT_COVERED, dtype=np.uint8)
        status[at] = np.where(unknown, np.where(run.only_a_unit_value(), NO_UNIT_VALUE, UNKNOWN), KNOWN)
        by: dict[str, tuple[Ints, Floats]] = {}
        rest = total
        for name, column in run.effective.items():
            hit = np.flatnonzero(column)
            by[name] = (at[hit], column[hit])
            rest = rest - column
        # Sums of a few rates in another order: what is left of rounding lies below 1e-12 per cent.
        hit = np.flatnonzero(np.abs(rest) > 1e-9)
        if hit.size:
            by[REMITTED] = (at[hit], rest[hit])
        return Side(by, status)


def _lets_out(exemption: Row, row: Row) -> bool:
    """Whether an exemption by origin alone holds whenever a row does."""
    alone = exemption.when is None and exemption.groups is None and exemption.origins is not None
    alone = alone and not exemption.remains_subject
    return alone and exemption.start <= row.start and row.end <= exemption.end


def _row_looks(row: Row, content: str) -> bool:
    if row.when is not None and any(name == content for name, *_ in row.when.content):
        return True
    if content == "us":
        return row.us_content_free_from is not None or row.base == "non-us-content"
    return row.base == f"{content}-content"
