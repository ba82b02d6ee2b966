"""A law: measures, coverage and lists, immutable; what one asks and may change."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError, nearest
from surtax.law import codes, engine
from surtax.law.dates import NEVER, iso, ordinal, period
from surtax.law.index import Index, Posting
from surtax.law.line import Line, make_line
from surtax.law.measures import Jurisdiction, Measure, Origins, Row, jurisdiction_from, measure_from
from surtax.law.precedence import Precedence

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from surtax.law.answer import Answer
    from surtax.law.grid import Lines, Schedule

Overlay = dict[int, tuple[Posting, ...]]


@dataclass(frozen=True, slots=True)
class Spell:
    """A period in which the answer stays the same: `first` and `last` day, both inclusive."""

    first: str
    last: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in one measure between two days."""

    measure: str
    importer: str
    what: str
    text: str
    citation: str


class Law:
    """The law of all importers that an index holds.

    Every method that changes something returns a new law.

    Parameters
    ----------
    index : Index
        The compiled law; make one with `surtax.law.load`.
    """

    __slots__ = (
        "_by_importer",
        "_edits",
        "_index",
        "_jurisdictions",
        "_measures",
        "_next_group",
        "_overlay",
        "_precedence",
    )

    def __init__(
        self,
        index: Index,
        measures: tuple[Measure, ...] | None = None,
        overlay: Overlay | None = None,
        groups: int = 0,
        edits: tuple[str, ...] = (),
    ) -> None:
        self._index = index
        self._edits = edits
        if measures is None:
            measures = tuple(measure_from(m) for m in index.header["measures"])
        self._measures = {m.id: m for m in measures}
        self._jurisdictions = {k: jurisdiction_from(v) for k, v in index.header["jurisdictions"].items()}
        self._overlay = overlay or {}
        self._next_group = groups or index.header["groups"]
        self._by_importer: dict[str, list[Measure]] = {k: [] for k in self._jurisdictions}
        for m in measures:
            self._by_importer[m.levied_by].append(m)
        self._precedence = {k: Precedence(v) for k, v in self._by_importer.items()}

    def __repr__(self) -> str:
        places = ", ".join(f"{k} {len(v)}" for k, v in sorted(self._by_importer.items()))
        edited = f"; {len(self._edits)} edits" if self._edits else ""
        return f"Law({len(self._measures)} measures: {places}{edited})"

    @property
    def edits(self) -> tuple[str, ...]:
        """What makes this law another than the one loaded, in words; empty where nothing does."""
        return self._edits

    @property
    def measures(self) -> Mapping[str, Measure]:
        """The measures by id."""
        return dict(self._measures)

    @property
    def jurisdictions(self) -> Mapping[str, Jurisdiction]:
        """What is covered, by importer."""
        return dict(self._jurisdictions)

    @property
    def index(self) -> Index:
        """The compiled product lists and rate tables."""
        return self._index

    @property
    def overlay(self) -> Overlay:
        """Products added or taken out by edits."""
        return dict(self._overlay)

    def precedence(self, importer: str) -> Precedence:
        """Return the relations between one importer's measures."""
        self.jurisdiction(importer)
        return self._precedence[importer]

    def jurisdiction(self, importer: str) -> Jurisdiction:
        """Return the coverage of an importer.

        Raises
        ------
        InputError
            If the law holds nothing for it.
        """
        place = self._jurisdictions.get(importer)
        if place is None:
            known = ", ".join(sorted(self._jurisdictions))
            raise InputError(f"imports into {importer} are not covered; the law holds the measures of {known}")
        return place

    def duty(self, product: str | Line, **about: Any) -> Answer:
        """Return the duty on one line: each measure with its reason, and the total.

        Parameters
        ----------
        product : str or Line
            A product code (2 to 10 digits, dots allowed), or a checked line.
        importer, origin, on, preference, value, us_content, ca_mx_content, metal_content, quantity,
        unit_value, otherwise, facts
            See `surtax.law.line.make_line`; the first three are needed.

        Returns
        -------
        Answer
            With status `refused`, and the reason, where the data do not give the duty.

        Raises
        ------
        InputError
            If an argument cannot be understood, or an importer or fact is unknown.
        """
        line = product if isinstance(product, Line) else make_line(product, **about)
        if line.importer not in self._jurisdictions:
            known = ", ".join(sorted(self._jurisdictions))
            return engine.refuse(
                line,
                f"imports into {line.importer} are not covered; the law holds the measures of {known}",
            )
        known_facts = self.facts(line.importer)
        for fact in sorted(line.facts):
            if fact not in known_facts:
                raise InputError(
                    f"{fact!r} is not a fact that a measure of {line.importer} asks for{nearest(fact, known_facts)}"
                )
        order, losing = self._precedence[line.importer].on(line.day)
        place = self._jurisdictions[line.importer]
        answer = engine.answer(self._index, self._overlay, place, order, losing, line)
        return replace(answer, edits=self._edits) if self._edits else answer

    def facts(self, importer: str) -> dict[str, str]:
        """Return the facts that conditions of an importer's measures name, each in words."""
        return {k: v for m in self._by_importer[importer] for k, v in m.facts.items()}

    def history(self, product: str, *, on: str, **about: Any) -> list[Spell]:
        """Return the duty over a period `FIRST..LAST` as spells in which nothing changes."""
        first, last = period(on)
        line = make_line(product, on=iso(first), **about)
        days = [
            first,
            *(d for d in self.change_days(line.importer, line.product) if first < d <= last),
        ]
        spells: list[Spell] = []
        for day, after in zip(days, [*days[1:], last + 1], strict=True):
            answer = self.duty(replace(line, day=day))
            if spells and _same(spells[-1].answer, answer):
                spells[-1] = Spell(spells[-1].first, iso(after - 1), spells[-1].answer)
            else:
                spells.append(Spell(iso(day), iso(after - 1), answer))
        return spells

    def change_days(self, importer: str, product: str | None = None) -> list[int]:
        """Return the days on which an importer's law changes (for a product, if given)."""
        place = self.jurisdiction(importer)
        days = {place.start, place.end, *(start for start, _ in place.pending)}
        groups: set[int] = set()
        for m in self._by_importer[importer]:
            groups.update(m.groups.values())
            for row in (*m.rates, *m.exemptions):
                days.update((row.start, row.end))
                for start, end, _ in row.remains_subject:
                    days.update((start, end))
            for r in m.relations:
                days.update((r.start, r.end))
        days.update(self._list_days(groups, product))
        if place.nomenclature is not None:
            days.update(self._section_days(f"n{place.nomenclature}", product))
        for m in self._by_importer[importer]:
            if m.table is not None:
                days.update(self._section_days(f"t{m.table.number}", product))
        return sorted(d for d in days if 1 < d < NEVER)

    def _list_days(self, groups: set[int], product: str | None) -> set[int]:
        days: set[int] = set()
        if product is not None:
            hits = engine.find_hits(self._index, self._overlay, product)
            for group, items in hits.inside.items():
                if group in groups:
                    days.update(d for start, end, _ in items for d in (start, end))
            for group, below in hits.partly.items():
                if group in groups:
                    days.update(d for _, start, end, _ in below for d in (start, end))
            return days
        columns = (self._index.section(n) for n in ("group", "start", "end"))
        for group, start, end in set(zip(*columns, strict=True)):
            if group in groups:
                days.update((start, end))
        for postings in self._overlay.values():
            days.update(d for group, start, end, _ in postings if group in groups for d in (start, end))
        return days

    def _section_days(self, name: str, product: str | None) -> set[int]:
        keys, starts, ends = (self._index.section(f"{name}.{c}") for c in ("key", "start", "end"))
        if product is None:
            return set(starts) | set(ends)
        spans = [(k, k + 1) for k in (codes.key(product[:n]) for n in range(2, len(product)))]
        return {
            d
            for low, high in (*spans, codes.span(product))
            for i in range(bisect_left(keys, low), bisect_left(keys, high))
            for d in (starts[i], ends[i])
        }

    def schedule(
        self,
        lines: Lines,
        dates: Iterable[str | dt.date],
        measures: Sequence[str] = (),
        remitted: bool = False,
    ) -> Schedule:
        """Return total rates of many lines at many dates; see `surtax.law.grid.schedule`."""
        from surtax.law.grid import schedule

        return schedule(self, lines, dates, measures, remitted)

    def require(self, importer: str, day: str | dt.date) -> None:
        """Refuse a day for which the data do not hold an importer's law.

        Raises
        ------
        InputError
            the day is before or after what the data cover; the message says why.
        """
        from surtax.law.engine import outside

        gap = outside(self.jurisdiction(importer), ordinal(day))
        if gap is not None:
            raise InputError(gap)

    def diff(self, before: str | dt.date, after: str | dt.date) -> list[Change]:
        """Return what the law says on one day and not on the other."""
        from surtax.law.change import diff

        return diff(self, ordinal(before), ordinal(after))

    def diff_from(self, base: Law, on: str | dt.date) -> list[Change]:
        """Return what this law says on a day and another does not (`put in`), and the reverse (`taken out`)."""
        from surtax.law.change import diff_laws

        return diff_laws(base, self, ordinal(on))

    def as_known(self, on: str | dt.date) -> Law:
        """Return the law of the texts signed by a day: later rows out, later ends undone."""
        day = ordinal(on)

        def known(row: Row) -> Row | None:
            if row.signed is not None and row.signed > day:
                return None
            return replace(row, end=NEVER) if row.end_signed is not None and row.end_signed > day else row

        kept = []
        for m in self._measures.values():
            rates = tuple(r for r in map(known, m.rates) if r is not None)
            if not rates:
                continue
            relations = tuple(
                replace(r, end=NEVER) if r.end_signed is not None and r.end_signed > day else r
                for r in m.relations
                if r.signed is None or r.signed <= day
            )
            exemptions = tuple(r for r in map(known, m.exemptions) if r is not None)
            kept.append(replace(m, rates=rates, exemptions=exemptions, relations=relations))
        return Law(self._index, tuple(kept), self._overlay, self._next_group, self._edits)

    def edit(
        self,
        measure: str | None = None,
        *,
        drop: bool = False,
        delay: int | None = None,
        start: str | None = None,
        end: str | None = None,
        suspend: tuple[str, str | None] | None = None,
        hold: tuple[str, str | None] | None = None,
        rate: float | Mapping[float, float] | None = None,
        origins: Iterable[str] | str | None = None,
        add_origins: Iterable[str] = (),
        remove_origins: Iterable[str] = (),
        add_products: Iterable[str] = (),
        remove_products: Iterable[str] = (),
        group: str | None = None,
        since: str | None = None,
        until: str | None = None,
        add_exemption: Mapping[str, Any] | None = None,
        drop_exemption: str | None = None,
        add: Mapping[str, Any] | None = None,
    ) -> Law:
        """Return a counterfactual law; this one stays as it is.

        Parameters
        ----------
        measure : str
            Id of the measure to change; every other argument but `add` is about it.
        drop : bool
            Take the measure out.
        delay : int
            It starts so many days later; its ends stay.
        start, end : str
            It holds from, or ends before, this day. What starts, or ends, with it moves along where
            that is earlier, or later, than in the law.
        suspend : (first day, first day after)
            No rate of it holds between them; None as the second means from then on.
        hold : (day, first day after)
            It stays as it stands on the day until the other: rates, exemptions, lists and the relations
            that it states. Other measures, remissions of it among them, follow the law.
        rate : float or mapping
            New ad valorem rate, per cent, of its rows; or old rate to new rate (of rows that top up to
            a sum as well). Of one product group, with `group`.
        origins : iterable of str, or "all"
            The origins it falls on.
        add_origins, remove_origins : iterable of str
            Origins put in, or taken out.
        add_products, remove_products : iterable of str
            Prefixes put into a product group (`group`, needed where the measure has several), or
            taken out of all.
        since, until : str
            First day, and first day after, on which the new rate, origins or products hold.
        add_exemption : mapping
            An exemption as in a measure file (`id`, `reason`, `when`, …), with `products`
            (prefixes) for a scope.
        drop_exemption : str
            Id of an exemption to take out.
        add : mapping
            A whole measure as in a measure file.

        Raises
        ------
        InputError
            If a name is unknown, nothing is left of the measure, or precedence would run in a
            circle.
        """
        from surtax.law import editing

        what = editing.Edit(
            drop=drop,
            delay=delay,
            start=start,
            end=end,
            suspend=suspend,
            hold=hold,
            rate=rate,
            origins=origins if origins is None or isinstance(origins, str) else tuple(origins),
            add_origins=tuple(add_origins),
            remove_origins=tuple(remove_origins),
            add_products=tuple(add_products),
            remove_products=tuple(remove_products),
            group=group,
            since=since,
            until=until,
            add_exemption=add_exemption,
            drop_exemption=drop_exemption,
            add=add,
        )
        return editing.edit(self, measure, what).with_edits((*self._edits, f"law edited: {what.words(measure)}"))

    def with_parts(self, measures: Iterable[Measure], overlay: Overlay, groups: int) -> Law:
        """Return a law with these measures and added products, on the same index."""
        return Law(self._index, tuple(measures), overlay, groups, self._edits)

    def with_edits(self, edits: tuple[str, ...]) -> Law:
        """Return the same law under other words for what was edited."""
        return Law(self._index, tuple(self._measures.values()), self._overlay, self._next_group, edits)

    @property
    def next_group(self) -> int:
        """The first free number of a product group."""
        return self._next_group

    def find(self, name: str) -> Measure:
        """Return a measure by id.

        Raises
        ------
        InputError
            If there is none, with the nearest names.
        """
        if name not in self._measures:
            raise InputError(f"no measure {name!r}{nearest(name, self._measures)}")
        return self._measures[name]


def _same(one: Answer, other: Answer) -> bool:
    def core(a: Answer) -> tuple[Any, ...]:
        return (
            a.status,
            a.total_rate,
            a.total_amount,
            a.bounds,
            a.reason if a.status == "refused" and a.measures else bool(a.reason),
            tuple((f.id, f.rate, f.base_share, f.effective_rate, f.citation) for f in a.applied),
        )

    return core(one) == core(other)


__all__ = ["Change", "Law", "Origins", "Spell"]
