"""One edit of a law: what it may say, and the law that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError, nearest
from surtax.law import clocks, scope
from surtax.law.dates import ALWAYS, NEVER, iso, ordinal
from surtax.law.measures import Measure, Row, measure_from

if TYPE_CHECKING:
    from surtax.law.book import Law, Overlay

#: Fields of an edit that `since` and `until` put a window on.
_WINDOWED = ("rate", "origins", "add_origins", "remove_origins", "add_products", "remove_products")
#: Words that only say how or where another is meant.
_ABOUT = ("since", "until", "group", "place", "strict")


@dataclass(frozen=True, slots=True)
class Edit:
    """What `Law.edit` was asked to do; see there."""

    drop: bool = False
    delay: int | None = None
    start: str | None = None
    end: str | None = None
    suspend: tuple[str, str | None] | None = None
    hold: tuple[str, str | None] | None = None
    rate: float | Mapping[float, float] | None = None
    origins: Iterable[str] | str | None = None
    add_origins: tuple[str, ...] = ()
    remove_origins: tuple[str, ...] = ()
    add_products: tuple[str, ...] = ()
    remove_products: tuple[str, ...] = ()
    group: str | None = None
    since: str | None = None
    until: str | None = None
    add_exemption: Mapping[str, Any] | None = None
    drop_exemption: str | None = None
    add: Mapping[str, Any] | None = None
    place: Path | None = None
    """Folder of the lists that `add` names."""
    strict: bool = False
    """Refuse what has no effect: a rate, product or origin that the measure does not have, or has already."""

    def words(self, name: str | None) -> str:
        """Return the edit as a sentence without a full stop."""
        said = [*(f"adds {self.add.get('id')}" for _ in "1" if self.add is not None)]
        if name is not None and (changes := list(self._changes())):
            window = f" from {self.since}" if self.since is not None else ""
            window += f" to before {self.until}" if self.until is not None else ""
            of = f" (group {self.group})" if self.group is not None else ""
            said.append(f"{name}{of}: {', '.join(changes)}{window}")
        return "; ".join(said)

    def _changes(self) -> Iterable[str]:
        if self.drop:
            yield "withdrawn"
        for what, value in (("delayed by days:", self.delay), ("starts", self.start), ("ends before", self.end)):
            if value is not None:
                yield f"{what} {value}"
        if self.suspend is not None:
            yield f"suspended from {self.suspend[0]} to before {self.suspend[1] or 'its end'}"
        if self.hold is not None:
            yield f"held as on {self.hold[0]} until before {self.hold[1] or 'further notice'}"
        if isinstance(self.rate, Mapping):
            yield "rate " + ", ".join(f"{old:g} → {new:g} %" for old, new in self.rate.items())
        elif self.rate is not None:
            yield f"rate {self.rate:g} %"
        if self.origins is not None:
            yield f"origins {self.origins if isinstance(self.origins, str) else ', '.join(self.origins)}"
        for what, items in (
            ("origins added", self.add_origins),
            ("origins taken out", self.remove_origins),
            ("products added", self.add_products),
            ("products taken out", self.remove_products),
        ):
            if items:
                yield f"{what}: {_some(items)}"
        if self.add_exemption is not None:
            scope = [str(x) for key in ("products", "groups") for x in self.add_exemption.get(key) or ()]
            yield f"exemption {self.add_exemption.get('id')} added for {_some(tuple(scope)) or 'all its products'}"
        if self.drop_exemption is not None:
            yield f"exemption {self.drop_exemption} taken out"


def _some(items: tuple[str, ...], most: int = 6) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def edit(law: Law, name: str | None, what: Edit) -> Law:
    """Return the law with an edit made; see `surtax.law.book.Law.edit`."""
    measures = dict(law.measures)
    overlay = dict(law.overlay)
    groups = law.next_group
    if what.add is not None:
        record, overlay, groups = _added(law, what.add, overlay, groups, what.place)
        measures[record.id] = record
    if name is None:
        if what.add is None:
            raise InputError("edit() needs the id of a measure, or a measure to add")
        _only_about_a_measure(what)
        return law.with_parts(measures.values(), overlay, groups)
    measure = law.find(name)
    if what.drop:
        _alone(what, name)
        del measures[name]
        return law.with_parts(measures.values(), overlay, groups)
    since, until = _window(what)
    book = clocks.Lists(law, overlay, groups)
    measure = _clocked(measure, what, book)
    if what.rate is not None:
        measure = _rerated(measure, what, what.rate, (since, until))
    measure = scope.origins(law, measure, what, (since, until))
    if what.drop_exemption is not None:
        known = [row.exempt or "" for row in measure.exemptions]
        if what.drop_exemption not in known:
            raise InputError(f"{name} has no exemption {what.drop_exemption!r}; it has {', '.join(known) or 'none'}")
        kept = tuple(row for row in measure.exemptions if row.exempt != what.drop_exemption)
        measure = replace(measure, exemptions=kept)
    scope.products(law, measure, what, (since, until), book.overlay)
    overlay, groups = book.overlay, book.groups
    if what.add_exemption is not None:
        measure, overlay, groups = _exempted(law, measure, what.add_exemption, overlay, groups, what.strict)
    measures[name] = measure
    edited = law.with_parts(measures.values(), overlay, groups)
    if what.strict and edited.measures == law.measures and edited.overlay == law.overlay:
        raise InputError(f"this changes nothing in {name}: the law says so already, or has no such day")
    return edited


def _given(what: Edit) -> list[str]:
    blank = Edit()
    return [n for n in Edit.__slots__ if getattr(what, n) != getattr(blank, n)]


def _only_about_a_measure(what: Edit) -> None:
    for name in _given(what):
        if name not in ("add", "place", "strict"):
            raise InputError(f"{name} is about a measure: say which")


def _alone(what: Edit, name: str) -> None:
    if others := [n for n in _given(what) if n not in ("drop", "add", "place", "strict")]:
        raise InputError(f"{name} is withdrawn: {others[0]} has nothing left to change")


def _window(what: Edit) -> tuple[int, int]:
    since = ALWAYS if what.since is None else ordinal(what.since)
    until = NEVER if what.until is None else ordinal(what.until)
    if until <= since:
        raise InputError(f"the edit ends on {iso(until)}, not after it starts on {iso(since)}")
    given = _given(what)
    if (since, until) != (ALWAYS, NEVER):
        if not any(n in _WINDOWED for n in given):
            raise InputError(
                "a first or last day of an edit goes with a rate, origins or products; dates of the measure itself are "
                "start, end, delay, suspend and hold, and an exemption has days of its own"
            )
        if other := [n for n in given if n not in (*_WINDOWED, *_ABOUT)]:
            raise InputError(f"{other[0]} and a window of days do not go together: make them two edits")
    if what.group is not None and not any(n in ("rate", "add_products", "remove_products") for n in given):
        raise InputError("a group goes with a rate or with products")
    return since, until


def _clocked(measure: Measure, what: Edit, book: clocks.Lists) -> Measure:
    measure = clocks.dated(measure, what.start, what.end, what.delay, book)
    if what.suspend is not None:
        measure = clocks.suspended(measure, *what.suspend)
    return measure if what.hold is None else clocks.held(measure, *what.hold, book)


def _rerated(measure: Measure, what: Edit, rate: float | Mapping[float, float], window: clocks.Span) -> Measure:
    number = None if what.group is None else scope.group_of(measure, what.group)
    rows: list[Row] = []
    met: set[float] = set()
    for row in measure.rates:
        for piece, inside in clocks.pieces(row, *window):
            if not inside or (number is not None and row.groups is not None and number not in row.groups):
                rows.append(piece)
                continue
            met.update(x for x in (piece.ad_valorem, piece.top_up_to) if x is not None)
            new = _rated(piece, rate, measure.id)
            rows += [new] if number is None or new is piece else _for_group(piece, new, number)
    if what.strict:
        has = ", ".join(f"{x:g} %" for x in sorted(met)) or "none in per cent"
        if isinstance(rate, Mapping) and (missing := [x for x in rate if x not in met]):
            raise InputError(f"{measure.id} has no rate of {missing[0]:g} % on these days and groups; it has {has}")
    return replace(measure, rates=tuple(rows))


def _for_group(old: Row, new: Row, number: int) -> list[Row]:
    """Rows are read in order: the group's own row first, then the old one for the others."""
    rest = None if old.groups is None else tuple(g for g in old.groups if g != number)
    first = replace(new, groups=(number,))
    return [first] if rest == () else [first, replace(old, groups=rest)]


def _rated(row: Row, rate: float | Mapping[float, float], name: str) -> Row:
    """Return the row at its new rate; a single rate leaves what tops up to a sum, a mapping names that too."""
    for field in ("ad_valorem", "top_up_to"):
        old = getattr(row, field)
        if old is None or (field == "top_up_to" and not isinstance(rate, Mapping)):
            continue
        new = rate.get(old, old) if isinstance(rate, Mapping) else rate
        if not 0 <= new <= 10_000:
            raise InputError(f"rate {new!r} for {name}: per cent of the base, 0 or more")
        if new == old:
            return row
        cited = f"{row.citation or name}; rate edited from {old:g} to {new:g} %"
        if field == "top_up_to":
            return replace(row, top_up_to=float(new), citation=cited)
        return replace(row, ad_valorem=float(new), citation=cited)
    return row


def _added(
    law: Law, data: Mapping[str, Any], overlay: Overlay, groups: int, place: Path | None
) -> tuple[Measure, Overlay, int]:
    from pydantic import ValidationError

    from surtax.law import compiler, schema

    draft = compiler.Draft(groups=groups)
    try:
        model = schema.Measure.model_validate(dict(data))
    except ValidationError as error:
        raise InputError(f"the measure is not valid: {'; '.join(compiler.fault_lines(error))}") from None
    law.jurisdiction(model.levied_by)
    if model.id in law.measures:
        raise InputError(f"a measure {model.id!r} exists; drop it first, or give the new one another id")
    if model.table is not None:
        raise InputError(f"{model.id}: an added measure cannot have a table of ordinary rates; use a folder of law")
    record = measure_from(compiler.measure_record(draft, model, place))
    known = {*law.measures, record.id}
    named = [*record.remits, *(n for r in record.relations for n in (r.loser, r.winner))]
    if unknown := [n for n in named if n not in known]:
        raise InputError(f"{record.id} names a measure {unknown[0]!r} that is not there{nearest(unknown[0], known)}")
    return record, _merged(overlay, draft.postings), draft.groups


def _exempted(
    law: Law, measure: Measure, data: Mapping[str, Any], overlay: Overlay, groups: int, strict: bool
) -> tuple[Measure, Overlay, int]:
    from pydantic import ValidationError

    from surtax.law import compiler, schema

    draft = compiler.Draft(groups=groups)
    fields = {"reason": "added by an edit", **data}
    prefixes = fields.pop("products", None)
    facts = fields.pop("facts", {})
    known = dict(measure.groups)
    if any(row.exempt == fields.get("id") for row in measure.exemptions):
        raise InputError(f"{measure.id} has an exemption {fields.get('id')!r} already; give the new one another id")
    try:
        if prefixes is not None:
            name = f"exempt-{fields.get('id')}"
            if name in known:
                raise InputError(f"{measure.id} has a product group {name!r}; give the exemption another id")
            group = schema.Group.model_validate({"include": list(prefixes)})
            if strict:
                scope.must_exist(law, measure.levied_by, prefixes)
            known[name] = compiler.add_group(draft, group, None, name)
            fields["groups"] = [name]
        model = schema.Exemption.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"the exemption is not valid: {'; '.join(compiler.fault_lines(error))}") from None
    if missing := [g for g in model.groups or () if g not in known]:
        raise InputError(f"{measure.id} has no product group {missing[0]!r}{nearest(missing[0], known)}")
    when = model.when
    described = {*measure.facts, *facts}
    if when is not None and (strange := [f for f in (*when.facts, *when.not_facts) if f not in described]):
        raise InputError(f"the fact {strange[0]!r} is not described: add it under `facts` of the exemption, in words")
    row = compiler.row_of(model, known)
    # an edit is the latest word: it is read before the exemptions of the law
    exempt = (row, *measure.exemptions)
    measure = replace(measure, exemptions=exempt, groups=known, facts={**measure.facts, **facts})
    return measure, _merged(overlay, draft.postings), draft.groups


def _merged(overlay: Overlay, postings: Mapping[int, list[tuple[int, int, int, int]]]) -> Overlay:
    merged = dict(overlay)
    for key, added in postings.items():
        merged[key] = merged.get(key, ()) + tuple(added)
    return merged
