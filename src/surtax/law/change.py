"""Changing a law and comparing it with itself on another day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError, nearest
from surtax.law import codes
from surtax.law.book import Change
from surtax.law.dates import ALWAYS, NEVER, iso, ordinal
from surtax.law.measures import Measure, Origins, Row, measure_from

if TYPE_CHECKING:
    from surtax.law.book import Law, Overlay


@dataclass(frozen=True, slots=True)
class Edit:
    """What `Law.edit` was asked to do."""

    drop: bool = False
    delay: int | None = None
    start: str | None = None
    end: str | None = None
    rate: float | Mapping[float, float] | None = None
    origins: Iterable[str] | str | None = None
    add_products: tuple[str, ...] = ()
    remove_products: tuple[str, ...] = ()
    group: str | None = None
    add_exemption: Mapping[str, Any] | None = None
    drop_exemption: str | None = None
    add: Mapping[str, Any] | None = None


def edit(law: Law, name: str | None, what: Edit) -> Law:
    """Return the law with an edit made; see `surtax.law.book.Law.edit`."""
    measures = dict(law.measures)
    overlay = dict(law.overlay)
    groups = law.next_group
    if what.add is not None:
        record, overlay, groups = _added(what.add, overlay, groups)
        if record.id in measures:
            raise InputError(f"a measure {record.id!r} exists; drop it first, or give the new one another id")
        law.jurisdiction(record.levied_by)
        measures[record.id] = record
    if name is None:
        if what.add is None:
            raise InputError("edit() needs the id of a measure, or a measure to add")
        return law.with_parts(measures.values(), overlay, groups)
    measure = law.find(name)
    if what.drop:
        del measures[name]
        return law.with_parts(measures.values(), overlay, groups)
    measure = _dated(measure, what)
    if what.rate is not None:
        measure = replace(measure, rates=tuple(_rated(row, what.rate, name) for row in measure.rates))
    if what.origins is not None:
        measure = replace(measure, origins=_origins(what.origins))
    if what.drop_exemption is not None:
        known = [row.exempt or "" for row in measure.exemptions]
        if what.drop_exemption not in known:
            raise InputError(f"{name} has no exemption {what.drop_exemption!r}; it has {', '.join(known) or 'none'}")
        kept = tuple(row for row in measure.exemptions if row.exempt != what.drop_exemption)
        measure = replace(measure, exemptions=kept)
    if what.add_products or what.remove_products:
        _scoped(measure, what, overlay)
    if what.add_exemption is not None:
        measure, overlay, groups = _exempted(measure, what.add_exemption, overlay, groups)
    measures[name] = measure
    return law.with_parts(measures.values(), overlay, groups)


def _dated(measure: Measure, what: Edit) -> Measure:
    start, end = ALWAYS, NEVER
    if what.delay is not None:
        if what.delay < 0:
            raise InputError(f"delay {what.delay} is negative; give days to wait")
        start = measure.start + what.delay
    if what.start is not None:
        start = max(start, ordinal(what.start))
    if what.end is not None:
        end = ordinal(what.end)
    if (start, end) == (ALWAYS, NEVER):
        return measure
    rates = tuple(
        replace(row, start=max(row.start, start), end=min(row.end, end))
        for row in measure.rates
        if max(row.start, start) < min(row.end, end)
    )
    if not rates:
        raise InputError(f"nothing is left of {measure.id} between these days; drop it instead (drop=True)")
    return replace(measure, rates=rates)


def _rated(row: Row, rate: float | Mapping[float, float], name: str) -> Row:
    if row.ad_valorem is None:
        return row
    new = rate.get(row.ad_valorem, row.ad_valorem) if isinstance(rate, Mapping) else rate
    if not 0 <= new <= 10_000:
        raise InputError(f"rate {new!r} for {name}: per cent of the base, 0 or more")
    return replace(row, ad_valorem=float(new))


def _origins(origins: Iterable[str] | str) -> Origins:
    if isinstance(origins, str):
        if origins != "all":
            raise InputError(f"origins {origins!r}: give a list of ISO alpha-3 codes, or 'all'")
        return Origins(frozenset(), negated=True)
    return Origins(frozenset(origins), negated=False)


def _scoped(measure: Measure, what: Edit, overlay: Overlay) -> None:
    from surtax.law.compiler import blocks

    names = [what.group] if what.group is not None else sorted(measure.groups)
    if what.group is not None and what.group not in measure.groups:
        raise InputError(f"{measure.id} has no product group {what.group!r}; it has {', '.join(measure.groups)}")
    if what.add_products and len(names) > 1:
        raise InputError(f"{measure.id} has several product groups; say which with group=: {', '.join(names)}")
    for texts, sign in ((what.add_products, 1), (what.remove_products, 0)):
        for bare in (b for text in texts for b in blocks(text)):
            posted = tuple((measure.groups[n], ALWAYS, NEVER, sign) for n in names)
            overlay[codes.key(bare)] = overlay.get(codes.key(bare), ()) + posted


def _added(data: Mapping[str, Any], overlay: Overlay, groups: int) -> tuple[Measure, Overlay, int]:
    from pydantic import ValidationError

    from surtax.law import compiler, schema

    draft = compiler.Draft(groups=groups)
    try:
        model = schema.Measure.model_validate(dict(data))
    except ValidationError as error:
        raise InputError(f"the measure is not valid: {'; '.join(compiler.fault_lines(error))}") from None
    record = measure_from(compiler.measure_record(draft, model, None))
    return record, _merged(overlay, draft.postings), draft.groups


def _exempted(measure: Measure, data: Mapping[str, Any], overlay: Overlay, groups: int) -> tuple[Measure, Overlay, int]:
    from pydantic import ValidationError

    from surtax.law import compiler, schema

    draft = compiler.Draft(groups=groups)
    fields = {"reason": "added by an edit", **data}
    prefixes = fields.pop("products", None)
    facts = fields.pop("facts", {})
    known = dict(measure.groups)
    try:
        if prefixes is not None:
            name = f"edit-{groups}"
            known[name] = compiler.add_group(
                draft, schema.Group.model_validate({"include": list(prefixes)}), None, name
            )
            fields["groups"] = [name]
        model = schema.Exemption.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"the exemption is not valid: {'; '.join(compiler.fault_lines(error))}") from None
    if missing := [g for g in model.groups or () if g not in known]:
        raise InputError(f"{measure.id} has no product group {missing[0]!r}{nearest(missing[0], known)}")
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


def diff(law: Law, before: int, after: int) -> list[Change]:
    """Return what changed in each measure between two days, in words; see `Law.diff`."""
    return [change for m in law.measures.values() for change in _measure_diff(law, m, before, after)]


def _measure_diff(law: Law, m: Measure, before: int, after: int) -> Iterator[Change]:
    def change(what: str, text: str, citation: str | None) -> Change:
        return Change(m.id, m.levied_by, what, text, citation or m.cited())

    names = {number: name for name, number in m.groups.items()}
    for what, day, other in (("ends", before, after), ("starts", after, before)):
        for row in (*m.rates, *m.exemptions):
            if row.in_force(day) and not row.in_force(other):
                yield change(what, describe(row, names), row.citation)
        for r in m.relations:
            if r.start <= day < r.end and not r.start <= other < r.end:
                reach = "on the article" if r.article else "on the part"
                yield change(what, f"{r.loser} yields to {r.winner} {reach}", r.citation)
    for name, number in sorted(m.groups.items()):
        old, new = items_of(law, number, before), items_of(law, number, after)
        for what, items in (("products out", old - new), ("products in", new - old)):
            if items:
                shown = ", ".join(codes.dotted(c) for c in sorted(items)[:8])
                more = f" and {len(items) - 8} more" if len(items) > 8 else ""
                yield change(what, f"{name}: {len(items)}: {shown}{more}", None)


def items_of(law: Law, group: int, day: int) -> set[str]:
    """Return the prefixes (bare digits) that a product group includes on a day."""
    keys, first = law.index.section("key"), law.index.section("first")
    groups, starts, ends, signs = (law.index.section(n) for n in ("group", "start", "end", "sign"))
    found = set()
    at = 0
    for i in range(len(groups)):
        while first[at + 1] <= i:
            at += 1
        if groups[i] == group and signs[i] and starts[i] <= day < ends[i]:
            found.add(codes.prefix_of(keys[at]))
    for key, postings in law.overlay.items():
        if any(g == group and sign and start <= day < end for g, start, end, sign in postings):
            found.add(codes.prefix_of(key))
    return found


def describe(row: Row, names: Mapping[int, str]) -> str:
    """Say in words what a row does."""
    scope = "" if row.groups is None else " on " + ", ".join(names.get(g, "?") for g in row.groups)
    if row.exempt is not None:
        return f"exemption {row.exempt}{scope}: {row.reason}"
    if row.refuse is not None:
        text = f"not covered: {row.refuse}"
    elif row.table:
        text = "ordinary rates"
    elif row.top_up_to is not None:
        text = f"topped up to {row.top_up_to:g}%"
    elif row.remit is not None:
        text = f"remits {row.remit:g}%"
    else:
        specific = "" if row.specific is None else f" {row.specific[0]:g} {row.specific[1]}/{row.specific[2]}"
        text = ("" if row.ad_valorem is None else f"{row.ad_valorem:g}%") + specific
    base = "" if row.base == "full" else f" of {row.base}"
    origins = "" if row.origins is None else f" from {row.origins}"
    until = "" if row.end >= NEVER else f" until {iso(row.end - 1)}"
    return f"{text}{base}{scope}{origins}{until}"
