"""When a measure holds: its rows and lists cut, moved, suspended or held as they stood on a day.

Days are ordinals, `start` inclusive and `end` exclusive, as in `surtax.law.measures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from surtax.errors import InputError
from surtax.law.dates import ALWAYS, NEVER, iso, ordinal
from surtax.law.measures import Condition, Measure, Relation, Row

if TYPE_CHECKING:
    from surtax.law.book import Law, Overlay

Span = tuple[int, int]
#: What becomes of the days of a row or of an item on a list; None where nothing is left.
Respan = Callable[[int, int], Span | None]
Clocked = TypeVar("Clocked", Row, Relation)


@dataclass(slots=True)
class Lists:
    """The product lists of a law while an edit is being made: what edits have added, and the next free number."""

    law: Law
    overlay: Overlay
    groups: int

    def respanned(self, measure: Measure, respan: Respan) -> Measure:
        """Return the measure with lists whose items have other days, under new numbers where anything differs."""
        found = self._postings(set(measure.groups.values()))
        renamed: dict[int, int] = {}
        for number, items in found.items():
            spans = [respan(start, end) for _, start, end, _ in items]
            moved = [
                (key, *span, sign) for (key, _, _, sign), span in zip(items, spans, strict=True) if span is not None
            ]
            if moved == items:
                continue
            new, self.groups = self.groups, self.groups + 1
            renamed[number] = new
            for key, start, end, sign in moved:
                self.overlay[key] = (*self.overlay.get(key, ()), (new, start, end, sign))
        return _renumbered(measure, renamed) if renamed else measure

    def _postings(self, groups: set[int]) -> dict[int, list[tuple[int, int, int, int]]]:
        """(key, start, end, sign) of each item of some groups, in the index and in the overlay."""
        index = self.law.index
        keys, first = index.section("key"), index.section("first")
        columns = [index.section(n) for n in ("group", "start", "end", "sign")]
        found: dict[int, list[tuple[int, int, int, int]]] = {g: [] for g in groups}
        at = 0
        for i, posting in enumerate(zip(*columns, strict=True)):
            if posting[0] in groups:
                while first[at + 1] <= i:
                    at += 1
                found[posting[0]].append((keys[at], *posting[1:]))
        for key, postings in self.overlay.items():
            for posting in postings:
                if posting[0] in groups:
                    found[posting[0]].append((key, *posting[1:]))
        return found


def _renumbered(measure: Measure, renamed: dict[int, int]) -> Measure:
    def numbers(groups: Sequence[int] | None) -> tuple[int, ...] | None:
        return None if groups is None else tuple(renamed.get(g, g) for g in groups)

    def condition(when: Condition | None) -> Condition | None:
        if when is None:
            return None
        return replace(when, otherwise_in=numbers(when.otherwise_in), otherwise_not_in=numbers(when.otherwise_not_in))

    def row(r: Row) -> Row:
        return replace(r, groups=numbers(r.groups), when=condition(r.when))

    return replace(
        measure,
        groups={name: renamed.get(g, g) for name, g in measure.groups.items()},
        rates=tuple(map(row, measure.rates)),
        exemptions=tuple(map(row, measure.exemptions)),
    )


def pieces(row: Row, since: int, until: int) -> Iterator[tuple[Row, bool]]:
    """Cut a row at the ends of a window; yields the pieces, and whether each lies inside it."""
    for start, end, inside in ((ALWAYS, since, False), (since, until, True), (until, NEVER, False)):
        first, last = max(row.start, start), min(row.end, end)
        if first < last:
            yield (row if (first, last) == (row.start, row.end) else replace(row, start=first, end=last)), inside


def _moved(rows: Sequence[Clocked], respan: Respan) -> tuple[Clocked, ...]:
    kept = []
    for row in rows:
        span = respan(row.start, row.end)
        if span is None:
            continue
        if span != (row.start, row.end):
            # whoever edits an end decides it now: `as_known` may not undo it
            row = replace(row, start=span[0], end=span[1], end_signed=row.end_signed if span[1] == row.end else None)  # noqa: PLW2901
        kept.append(row)
    return tuple(kept)


def _respanned(measure: Measure, respan: Respan, book: Lists) -> Measure:
    """Give all rows, relations that the measure states, and items other days."""

    def standing(row: Row) -> Row:
        spans = ((respan(start, end), citation) for start, end, citation in row.remains_subject)
        return replace(row, remains_subject=tuple((*span, citation) for span, citation in spans if span is not None))

    measure = replace(
        measure,
        rates=tuple(map(standing, _moved(measure.rates, respan))),
        exemptions=tuple(map(standing, _moved(measure.exemptions, respan))),
        relations=_moved(measure.relations, respan),
    )
    return book.respanned(measure, respan)


def dated(measure: Measure, start: str | None, end: str | None, delay: int | None, book: Lists) -> Measure:
    """Return the measure with another first or last day.

    A later start or an earlier end cuts. An earlier start or a later end moves what starts with the measure, or
    ends with it: rates, exemptions, the relations that it states, items of its lists.

    Raises
    ------
    InputError
        a negative delay, nothing left between the days, an end that is there already.
    """
    first, last = measure.start, measure.end
    new_first, new_last = first, last
    if delay is not None:
        if delay < 0:
            raise InputError(f"delay {delay} is negative; give days to wait")
        new_first = first + delay
    if start is not None:
        new_first = ordinal(start) if delay is None else max(new_first, ordinal(start))
    if end is not None:
        new_last = ordinal(end)
    if new_first >= new_last:
        raise InputError(f"nothing is left of {measure.id} between these days; drop it instead (drop=True)")
    if new_first < first or new_last > last:

        def stretched(a: int, b: int) -> Span:
            return (new_first if a == first else a), (new_last if b == last else b)

        measure = _respanned(measure, stretched, book)
    if new_first > first or new_last < last:

        def cut(a: int, b: int) -> Span | None:
            a, b = max(a, new_first), min(b, new_last)
            return (a, b) if a < b else None

        rates = _moved(measure.rates, cut)
        if not rates:
            raise InputError(f"nothing is left of {measure.id} between these days; drop it instead (drop=True)")
        measure = replace(measure, rates=rates)
    return measure


def suspended(measure: Measure, since: str, until: str | None) -> Measure:
    """Return the measure without rates between two days (the second exclusive; None: from then on)."""
    first, last = ordinal(since), NEVER if until is None else ordinal(until)
    if last <= first:
        raise InputError(f"the suspension of {measure.id} ends on {iso(last)}, not after it starts on {iso(first)}")
    rates = tuple(piece for row in measure.rates for piece, inside in pieces(row, first, last) if not inside)
    if not rates:
        raise InputError(f"{measure.id} would be suspended on every day that it holds: withdraw it instead")
    if rates == measure.rates:
        raise InputError(f"{measure.id} is not in force on any day from {iso(first)} to {iso(last - 1)}")
    return replace(measure, rates=rates)


def held(measure: Measure, as_on: str, until: str | None, book: Lists) -> Measure:
    """Return the measure as it stands on a day, to hold until another (exclusive; None: without end).

    What is in force on the day goes on; what would come later waits. Rates, exemptions, the relations that the
    measure states, and its lists; other measures, remissions among them, follow the law.
    """
    day, last = ordinal(as_on), NEVER if until is None else ordinal(until)
    if last <= day:
        raise InputError(f"{measure.id} cannot be held from {iso(day)} until {iso(last)}: that is not after it")
    if not any(row.in_force(day) for row in measure.rates):
        raise InputError(
            f"{measure.id} has no rate in force on {iso(day)} that could be held; it holds from {iso(measure.start)}"
            + (f" to {iso(measure.end - 1)}" if measure.end < NEVER else "")
        )

    def held_on(start: int, end: int) -> Span | None:
        if start <= day < end:
            return start, max(end, last)
        if start > day:
            start = max(start, last)
        return (start, end) if start < end else None

    return _respanned(measure, held_on, book)
