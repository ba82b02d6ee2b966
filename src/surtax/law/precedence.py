"""Precedence: which measure gives way to which, on which days, under which text.

The relations of all measures form a directed graph for every day (an edge from the winner to the
loser). A measure is settled after everything it yields to, so the graph must have no cycle on any
day; a cycle is an error when the law is loaded or edited, not when a duty is asked.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from surtax.errors import InputError
from surtax.law.dates import iso
from surtax.law.measures import MFN_KINDS, Measure, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable


class Precedence:
    """The relations of one importer's measures, by day.

    Parameters
    ----------
    measures : iterable of Measure
        The measures of one importer.

    Raises
    ------
    InputError
        If the relations of some day run in a circle.
    """

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = {m.id: m for m in measures}
        self._relations = [
            r
            for m in self._measures.values()
            for r in m.relations
            if r.loser in self._measures and r.winner in self._measures
        ]
        changes = {day for r in self._relations for day in (r.start, r.end)}
        self._changes = sorted(changes)
        self._orders: dict[int, tuple[list[Measure], dict[str, list[Relation]]]] = {}
        for epoch in range(len(self._changes) + 1):
            self._orders[epoch] = self._order(epoch)

    def on(self, day: int) -> tuple[list[Measure], dict[str, list[Relation]]]:
        """Return the measures in the order of settling, and the relations by loser."""
        return self._orders[bisect_right(self._changes, day)]

    def _order(self, epoch: int) -> tuple[list[Measure], dict[str, list[Relation]]]:
        day = self._changes[epoch - 1] if epoch else 0
        losing: dict[str, list[Relation]] = {}
        for relation in self._relations:
            if relation.start <= day < relation.end:
                losing.setdefault(relation.loser, []).append(relation)
        for relations in losing.values():
            relations.sort(key=lambda r: (r.winner, r.citation))
        # ordinary duty first (other rates are measured against it), remissions last; by name within
        # a rank,
        # so that the order of files means nothing
        ranked = sorted(self._measures.values(), key=lambda m: (_rank(m), m.id))
        order: list[Measure] = []
        state: dict[str, int] = {}

        def visit(measure: Measure, path: list[str]) -> None:
            if state.get(measure.id) == 2:
                return
            if state.get(measure.id) == 1:
                circle = [*path[path.index(measure.id) :], measure.id]
                raise InputError(
                    f"precedence runs in a circle on {iso(day)}: {' yields to '.join(circle)}; "
                    "end one of these relations before the other starts"
                )
            state[measure.id] = 1
            for relation in losing.get(measure.id, ()):
                visit(self._measures[relation.winner], [*path, measure.id])
            state[measure.id] = 2
            order.append(measure)

        for measure in ranked:
            visit(measure, [])
        return order, losing


def _rank(measure: Measure) -> int:
    if measure.kind in MFN_KINDS:
        return 0
    return 2 if measure.kind == "remission" else 1
