"""What a measure falls on: products and origins put in and taken out, between days."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from surtax.errors import InputError, nearest
from surtax.law import clocks, codes
from surtax.law.dates import ALWAYS, NEVER
from surtax.law.measures import Measure, Origins, Row

if TYPE_CHECKING:
    from surtax.law.book import Law, Overlay
    from surtax.law.editing import Edit

EVERYWHERE = Origins(frozenset(), negated=True)


def group_of(measure: Measure, name: str) -> int:
    """Return the number of a product group of a measure.

    Raises
    ------
    InputError
        no such group; those there are are named.
    """
    if name not in measure.groups:
        raise InputError(f"{measure.id} has no product group {name!r}; it has {', '.join(measure.groups)}")
    return measure.groups[name]


def products(law: Law, measure: Measure, what: Edit, window: clocks.Span, overlay: Overlay) -> None:
    """Put prefixes into a product group, or take them out of one or all, by adding to `overlay`.

    Raises
    ------
    InputError
        an unknown group, several groups and none named; from a strict edit also codes that do not exist, products
        to take out that are not in, products to put in that the group excludes (what is excluded stays so).
    """
    from surtax.law.compiler import blocks

    add, remove = what.add_products, what.remove_products
    if not add and not remove:
        return
    names = [what.group] if what.group is not None else sorted(measure.groups)
    numbers = {group_of(measure, n) for n in names}
    if add and len(names) > 1:
        raise InputError(f"{measure.id} has several product groups; say which with group=: {', '.join(names)}")
    if what.strict:
        must_exist(law, measure.levied_by, add)
        _may_change(law, measure, what, window, overlay, numbers, ", ".join(names))
    for texts, sign in ((add, 1), (remove, 0)):
        for bare in (b for text in texts for b in blocks(text)):
            key = codes.key(bare)
            overlay[key] = (*overlay.get(key, ()), *((n, *window, sign) for n in sorted(numbers)))


def _may_change(
    law: Law, measure: Measure, what: Edit, window: clocks.Span, overlay: Overlay, numbers: set[int], names: str
) -> None:
    from surtax.law.compiler import blocks
    from surtax.law.engine import find_hits

    def touched(text: str, sign: int) -> bool:
        for bare in blocks(text):
            hits = find_hits(law.index, overlay, bare)
            spans = [(start, end, s) for g in numbers for start, end, s in hits.inside.get(g, ())]
            spans += [(start, end, s) for g in numbers for _, start, end, s in hits.partly.get(g, ())]
            if any(s == sign and start < window[1] and window[0] < end for start, end, s in spans):
                return True
        return False

    for text in what.remove_products:
        if not touched(text, 1):
            raise InputError(f"{text} is not among the products of {measure.id} ({names}) on these days")
    for text in what.add_products:
        if touched(text, 0):
            raise InputError(
                f"{measure.id} ({names}) excludes {text} or a part of it, in the law or by an edit before, "
                f"and what is excluded stays out: add a measure, or change the edit before"
            )


def must_exist(law: Law, importer: str, texts: Iterable[str]) -> None:
    """Refuse prefixes under which the importer's nomenclature has no code on any day."""
    from surtax.law.compiler import blocks

    place = law.jurisdiction(importer)
    if place.nomenclature is None:
        return
    keys = law.index.section(f"n{place.nomenclature}.key")

    def exists(bare: str) -> bool:
        if bare[:2] in ("98", "99"):
            return True
        low, high = codes.span(bare[: place.nomenclature_digits])
        at = bisect_left(keys, low)
        return at < len(keys) and keys[at] < high

    for text in texts:
        if not any(map(exists, blocks(text))):
            raise InputError(f"no code of the tariff of {place.name} begins with {text}")


def origins(law: Law, measure: Measure, what: Edit, window: clocks.Span) -> Measure:
    """Return the measure on other origins, between two days.

    Raises
    ------
    InputError
        from a strict edit: origins that the data do not know, that are in or out already, or that no rate of the
        measure reaches.
    """
    only, add, remove = what.origins, what.add_origins, what.remove_origins
    if only is None and not add and not remove:
        return measure
    old = measure.origins
    new = old if only is None else _named(only)
    if what.strict:
        listed = () if only is None or isinstance(only, str) else tuple(only)
        _may_reach(law, measure, (*listed, *add), remove, window)
        if again := [code for code in add if code in new]:
            raise InputError(f"{measure.id} falls on goods of {again[0]} already")
        if absent := [code for code in remove if code not in new]:
            raise InputError(f"{measure.id} does not fall on goods of {absent[0]}: it falls on {new}")
    new = _minus(_plus(new, frozenset(add)), frozenset(remove))
    if window == (ALWAYS, NEVER):
        return replace(measure, origins=new)

    def between(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            replace(piece, origins=_both(piece.origins or EVERYWHERE, new if inside else old))
            for row in rows
            for piece, inside in clocks.pieces(row, *window)
        )

    return replace(
        measure,
        origins=_union(old, new),
        rates=between(measure.rates),
        exemptions=between(measure.exemptions),
    )


def _may_reach(law: Law, measure: Measure, put_in: Sequence[str], remove: Sequence[str], window: clocks.Span) -> None:
    names = law.jurisdiction(measure.levied_by).origin_names
    if names and (unknown := [c for c in (*put_in, *remove) if c not in names]):
        raise InputError(f"{unknown[0]!r} is not an origin that the data know (ISO 3166 alpha-3)"
                         f"{nearest(unknown[0], names)}")  # fmt: skip
    rows = [r for r in measure.rates if r.start < window[1] and window[0] < r.end]
    for code in put_in:
        if not any(row.origins is None or code in row.origins for row in rows):
            raise InputError(
                f"no rate of {measure.id} names goods of {code} on these days: each of its rates has origins of its "
                f"own; add a measure instead"
            )


def _named(only: Iterable[str] | str) -> Origins:
    if isinstance(only, str):
        if only != "all":
            raise InputError(f"origins {only!r}: give a list of ISO alpha-3 codes, or 'all'")
        return EVERYWHERE
    return Origins(frozenset(only), negated=False)


def _plus(a: Origins, codes_in: frozenset[str]) -> Origins:
    return Origins(a.codes - codes_in, True) if a.negated else Origins(a.codes | codes_in, False)


def _minus(a: Origins, codes_out: frozenset[str]) -> Origins:
    return Origins(a.codes | codes_out, True) if a.negated else Origins(a.codes - codes_out, False)


def _both(a: Origins, b: Origins) -> Origins:
    """The origins in both sets."""
    if b.negated:
        return _minus(a, b.codes)
    if a.negated:
        return _minus(b, a.codes)
    return Origins(a.codes & b.codes, False)


def _union(a: Origins, b: Origins) -> Origins:
    """The origins in either set."""
    if not b.negated:
        return _plus(a, b.codes)
    if not a.negated:
        return _plus(b, a.codes)
    return Origins(a.codes & b.codes, True)
