"""A line of the scoreboard, and when it counts as passed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: kind of a row → whether it is passed or failed
KINDS = {
    "published": True,  # a number in print, or what the authors' own code puts out
    "recomputed": True,  # not in print; computed by others than this package from the authors' inputs
    "identity": True,  # a closed form that the equilibrium has to meet
    "comparator": False,  # somebody's estimate of something like it: never a target
    "finding": False,  # where Surtax contradicts print, with the evidence
}


@dataclass(frozen=True)
class Cell:
    """One number of a row that holds several: its label, as published, as computed."""

    label: str
    published: float
    computed: float


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes
    ----------
    id : study/…/quantity; the first part names the study.
    source : author, year, table.
    what : what the number is.
    unit : its unit.
    published : the number to be met; of a row with cells, that of the worst cell. None where the input is missing.
    computed : what Surtax computes; None where it computes nothing. Where that is a band, its lower end.
    tolerance : largest difference that passes; None where nothing passes or fails.
    note : what a reader should know, the evidence of a finding among it.
    seconds : time of the computation that the number came from (shared by the rows of it).
    kind : one of `KINDS`.
    relative : whether difference and tolerance are relative to the published number.
    high : upper end of a computed band, or None.
    count : how many numbers the row compares.
    cells : these numbers, where they are kept.
    missing : why there is nothing to compare, or empty.
    """

    id: str
    source: str
    what: str
    unit: str
    published: float | None
    computed: float | None
    tolerance: float | None
    note: str = ""
    seconds: float = 0.0
    kind: str = "published"
    relative: bool = False
    high: float | None = None
    count: int = 1
    cells: tuple[Cell, ...] = ()
    missing: str = ""

    @property
    def study(self) -> str:
        """The study's name."""
        return self.id.split("/")[0]

    @property
    def difference(self) -> float | None:
        """Computed minus published (over published, where `relative`); to the nearer end of a band, zero inside it."""
        if self.published is None or self.computed is None:
            return None
        low, high = self.computed, self.computed if self.high is None else self.high
        gap = low - self.published if self.published < low else min(high - self.published, 0.0)
        if not math.isfinite(low + high):
            gap = math.nan
        return gap / abs(self.published) if self.relative and self.published else gap

    @property
    def status(self) -> str:
        """`pass` or `fail`, `no input`, or for rows that are neither passed nor failed their kind."""
        if self.missing:
            return "no input"
        if not KINDS[self.kind]:
            return self.kind
        gap = self.difference
        good = gap is not None and self.tolerance is not None and abs(gap) <= self.tolerance  # a NaN is not
        return "pass" if good else "fail"

    def with_numbers(
        self,
        labels: Sequence[str],
        published: Iterable[float],
        computed: Iterable[float],
        *,
        seconds: float = 0.0,
        keep: bool = True,
    ) -> Row:
        """The row with many numbers: the one that is furthest off stands for all.

        Parameters
        ----------
        labels, published, computed : of the same length, in the same order.
        keep : whether all of them go with the row, or the worst alone.
        """
        cells = [Cell(*x) for x in zip(labels, map(float, published), map(float, computed), strict=True)]
        if not cells:
            raise ValueError(f"{self.id}: no numbers")

        def gap(c: Cell) -> float:
            d = replace(self, published=c.published, computed=c.computed).difference
            return math.inf if d is None or math.isnan(d) else abs(d)

        worst = max(cells, key=gap)
        text = f"{len(cells)} numbers; furthest off: {worst.label}"
        return replace(
            self, published=worst.published, computed=worst.computed, count=len(cells), seconds=seconds,
            cells=tuple(cells) if keep else (), note=f"{text}. {self.note}" if self.note else text,
        )  # fmt: skip


def plain(row: Row) -> dict[str, object]:
    """The row as plain values for JSON; numbers that are none become null."""

    def number(x: float | None) -> float | None:
        return x if x is not None and math.isfinite(x) else None

    return {
        "id": row.id,
        "study": row.study,
        "kind": row.kind,
        "status": row.status,
        "source": row.source,
        "what": row.what,
        "unit": row.unit,
        "published": number(row.published),
        "computed": number(row.computed),
        "computed_high": number(row.high),
        "difference": number(row.difference),
        "tolerance": number(row.tolerance),
        "relative": row.relative,
        "count": row.count,
        "note": row.note,
        "missing": row.missing,
        "seconds": number(row.seconds),
        "numbers": [
            {"label": c.label, "published": number(c.published), "computed": number(c.computed)} for c in row.cells
        ],
    }
