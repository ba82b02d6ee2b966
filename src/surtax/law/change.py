"""Comparing a law with itself on another day, or with another law on the same day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from surtax.law import codes
from surtax.law.book import Change
from surtax.law.dates import ALWAYS, NEVER, iso
from surtax.law.measures import Measure, Row

if TYPE_CHECKING:
    from surtax.law.book import Law


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
        yield from _products(change, name, items_of(law, number, before), items_of(law, number, after))


def _products(change: Callable[..., Change], name: str, old: set[str], new: set[str]) -> Iterator[Change]:
    for what, items in (("products out", old - new), ("products in", new - old)):
        if items:
            shown = ", ".join(codes.dotted(c) or "all products" for c in sorted(items)[:8])
            more = f" and {len(items) - 8} more" if len(items) > 8 else ""
            yield change(what, f"{name}: {len(items)}: {shown}{more}", None)


def diff_laws(base: Law, other: Law, day: int) -> list[Change]:
    """Return what `other` holds on a day and `base` does not, and the reverse; see `Law.diff_from`."""
    before, after = base.measures, other.measures
    one, two = base.overlay, other.overlay
    touched = {g for key in one.keys() | two.keys() for g, *_ in {*one.get(key, ())} ^ {*two.get(key, ())}}
    changes: list[Change] = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if old != new or (old is not None and touched.intersection(old.groups.values())):
            changes += _between(base, old, other, new, day)
    return changes


def _between(base: Law, old: Measure | None, other: Law, new: Measure | None, day: int) -> Iterator[Change]:
    m = new or old
    if m is None:  # pragma: no cover - one of both has it
        return
    cited = m.cited()

    def change(what: str, text: str, citation: str | None = None) -> Change:
        return Change(m.id, m.levied_by, what, text, citation or cited)

    gone, come = _rows(old, day), _rows(new, day)
    for what, rows, others in (("taken out", gone, come), ("put in", come, gone)):
        for key, (text, citation) in rows.items():
            if key not in others:
                yield change(what, text, citation)
    if not gone or not come or old is None or new is None:
        return
    if old.origins != new.origins:
        yield change("taken out", f"falls on {old.origins}")
        yield change("put in", f"falls on {new.origins}")
    for name in sorted(set(old.groups) & set(new.groups)):
        was, now = items_of(base, old.groups[name], day), items_of(other, new.groups[name], day)
        was_not, is_not = (items_of(law, m.groups[name], day, sign=0) for law, m in ((base, old), (other, new)))
        yield from _products(change, name, was, now)
        yield from _products(change, f"{name}, excluded", was_not, is_not)


def _rows(m: Measure | None, day: int) -> dict[object, tuple[str, str | None]]:
    """Rows and relations in force on a day, without the clocks: what compares equal says the same."""
    if m is None:
        return {}
    names = {number: name for name, number in m.groups.items()}
    found: dict[object, tuple[str, str | None]] = {}
    for row in (*m.rates, *m.exemptions):
        if row.in_force(day):
            timeless = replace(
                row, start=ALWAYS, end=NEVER, signed=None, end_signed=None, groups=None, remains_subject=(), when=None
            )
            groups = None if row.groups is None else tuple(names.get(g, "?") for g in row.groups)
            when = None if row.when is None else replace(row.when, otherwise_in=None, otherwise_not_in=None)
            subject = row.subject_on(day) is not None
            found[timeless, groups, when, subject] = (describe(replace(row, end=NEVER), names), row.citation)
    for r in m.relations:
        if r.start <= day < r.end:
            reach = "on the article" if r.article else "on the part"
            found[r.loser, r.winner, r.article] = (f"{r.loser} yields to {r.winner} {reach}", r.citation)
    return found


def items_of(law: Law, group: int, day: int, sign: int = 1) -> set[str]:
    """Return the prefixes (bare digits) that a product group includes (with `sign` 0, excludes) on a day."""
    keys, first = law.index.section("key"), law.index.section("first")
    groups, starts, ends, signs = (law.index.section(n) for n in ("group", "start", "end", "sign"))
    found = set()
    at = 0
    for i in range(len(groups)):
        while first[at + 1] <= i:
            at += 1
        if groups[i] == group and signs[i] == sign and starts[i] <= day < ends[i]:
            found.add(codes.prefix_of(keys[at]))
    for key, postings in law.overlay.items():
        if any(g == group and s == sign and start <= day < end for g, start, end, s in postings):
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
