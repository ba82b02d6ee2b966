"""Lists, nomenclatures and rate tables for many products at once, in NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.law import codes, engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surtax.law.book import Law
    from surtax.law.index import Index

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def _expand(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Return (owner, element) for ranges first[i]:last[i], one pair an element."""
    lengths = last - first
    owner = np.repeat(np.arange(len(first)), lengths)
    starts = np.repeat(first - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    return owner, starts + np.arange(len(owner))


class ProductLists:
    """Which of `products` each product group holds, by day.

    Parameters
    ----------
    law : Law
        The law, with its edits.
    products : sequence of str
        Distinct codes as bare digits.
    importer : str
        Whose nomenclature decides for codes shorter than a list's.
    """

    def __init__(self, law: Law, products: Sequence[str], importer: str) -> None:
        self.products = list(products)
        self._law = law
        self._place = law.jurisdiction(importer)
        index = law.index
        keys = np.asarray(index.section("key"))
        first = np.asarray(index.section("first")).astype(np.int64)
        lengths = np.array([len(p) for p in self.products], dtype=np.int64)
        padded = np.array([int(p) * 10 ** (codes.DIGITS - len(p)) for p in self.products], dtype=np.int64)
        self.padded, self.lengths = padded, lengths
        found: list[tuple[Ints, Ints]] = []
        for n in range(codes.DIGITS + 1):
            wide = 10 ** (codes.DIGITS - n)
            reach = np.flatnonzero(lengths >= n)
            wanted = (padded[reach] // wide) * wide * 16 + n
            at = np.searchsorted(keys, wanted)
            hit = (at < len(keys)) & (keys[np.minimum(at, len(keys) - 1)] == wanted)
            owner, posting = _expand(first[at[hit]], first[at[hit] + 1])
            found.append((reach[hit][owner], posting))
        product = np.concatenate([f[0] for f in found])
        posting = np.concatenate([f[1] for f in found])
        columns = [np.asarray(index.section(n)) for n in ("group", "start", "end", "sign")]
        group, start, end, sign = (c[posting].astype(np.int64) for c in columns)
        extra = self._overlaid(law.overlay)
        product, group, start, end, sign = (
            np.concatenate((a, b)) for a, b in zip((product, group, start, end, sign), extra, strict=True)
        )
        order = np.argsort(group, kind="stable")
        self._columns = tuple(c[order] for c in (product, start, end, sign))
        self._bounds = np.searchsorted(group[order], np.arange(law.next_group + 1))
        # products with longer codes below them: the few for which the scalar rule decides
        wide = 10 ** (codes.DIGITS - lengths)
        low = np.searchsorted(keys, padded * 16 + lengths, side="right")
        high = np.searchsorted(keys, (padded + wide) * 16)
        above = {o[:n] for o in map(codes.prefix_of, law.overlay) for n in range(len(o))}
        loose = np.array([p in above for p in self.products], dtype=bool)
        self._split = np.flatnonzero((high > low) | loose)
        self._hits: dict[int, engine.Hits] = {}
        self._cache: dict[tuple[int, int], Bytes] = {}
        self._changes: dict[str, NDArray[Any]] = {}
        self._existing: dict[tuple[str, int], Bools] = {}
        self._rows: dict[tuple[str, int], tuple[Ints, Ints, Ints, Bools]] = {}

    def _overlaid(self, overlay: dict[int, tuple[tuple[int, int, int, int], ...]]) -> tuple[Ints, ...]:
        if not overlay:
            return (np.zeros(0, np.int64),) * 5
        added = {codes.prefix_of(key): postings for key, postings in overlay.items()}
        lengths = sorted({len(prefix) for prefix in added})
        rows = [
            (i, *posting)
            for i, p in enumerate(self.products)
            for n in lengths
            if n <= len(p)
            for posting in added.get(p[:n], ())
        ]
        return tuple(np.array(c, dtype=np.int64) for c in zip(*rows, strict=True)) or (np.zeros(0, np.int64),) * 5

    def state(self, group: int, day: int) -> Bytes:
        """Return (products,) states of a group on a day (OUT, IN, UNSURE); read only."""
        low, high = self._bounds[group], self._bounds[group + 1]
        product, start, end, sign = (c[low:high] for c in self._columns)
        active = (start <= day) & (day < end)
        token = (group, hash(active.tobytes())) if not len(self._split) else (group, day)
        known = self._cache.get(token)
        if known is not None:
            return known
        states = np.zeros(len(self.products), dtype=np.uint8)
        states[product[active & (sign == 1)]] = engine.IN
        states[product[active & (sign == 0)]] = engine.OUT
        for i in self._split:
            states[i] = self._scalar(int(i), group, day)
        self._cache[token] = states
        return states

    def ever(self, group: int) -> Bools:
        """Return (products,) whether a group may hold each product, or a part of it, on any day."""
        low, high = self._bounds[group], self._bounds[group + 1]
        product, _, _, sign = (c[low:high] for c in self._columns)
        found = np.zeros(len(self.products), dtype=bool)
        found[product[sign == 1]] = True
        found[self._split] = True
        return found

    def _scalar(self, i: int, group: int, day: int) -> int:
        if i not in self._hits:
            self._hits[i] = engine.find_hits(self._law.index, self._law.overlay, self.products[i])
        number, bare = self._place.nomenclature, self.products[i]
        hits = self._hits[i]
        if group not in hits.partly:
            return hits.state(group, day, [])
        children = self._law.index.children(number, bare, day) if number is not None else []
        return hits.state(group, day, children)

    def exist(self, day: int) -> Bools:
        """Return (products,) whether each code exists in the importer's nomenclature on a day."""
        place = self._place
        right: Bools = np.isin(self.lengths, place.digits)
        if place.nomenclature is None:
            return right
        section = self._columns_of(f"n{place.nomenclature}", ("key", "start", "end"))
        token = ("n", self._period(f"n{place.nomenclature}", section, day))
        if token not in self._existing:
            live = section["key"][(section["start"] <= day) & (day < section["end"])]
            n = np.minimum(self.lengths, place.nomenclature_digits)
            wide = 10 ** (codes.DIGITS - n)
            wanted = (self.padded // wide) * wide * 16 + n
            at = np.minimum(np.searchsorted(live, wanted), max(len(live) - 1, 0))
            known = live[at] == wanted if len(live) else np.zeros(len(wanted), dtype=bool)
            chapter = self.padded // 10 ** (codes.DIGITS - 2)
            self._existing[token] = right & (known | (chapter >= 98))
        return self._existing[token]

    def table_rows(self, table: int, day: int) -> tuple[Ints, Ints, Ints, Bools]:
        """Return (general, special, other, found) of a rate table for each product on a day; read only."""
        name = f"t{table}"
        section = self._columns_of(name, ("key", "start", "end", "general", "special", "other"))
        token = (name, self._period(name, section, day))
        if token not in self._rows:
            self._rows[token] = self._find_rows(section, day)
        return self._rows[token]

    def _find_rows(self, section: dict[str, NDArray[Any]], day: int) -> tuple[Ints, Ints, Ints, Bools]:
        live = np.flatnonzero((section["start"] <= day) & (day < section["end"]))
        keys = section["key"][live]
        row = np.full(len(self.products), -1, dtype=np.int64)
        for n in range(codes.DIGITS, 3, -1):
            wide = 10 ** (codes.DIGITS - n)
            reach = np.flatnonzero((row < 0) & (self.lengths >= n))
            wanted = (self.padded[reach] // wide) * wide * 16 + n
            at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
            hit = keys[at] == wanted if len(keys) else np.zeros(len(reach), dtype=bool)
            row[reach[hit]] = live[at[hit]]
        found = row >= 0
        safe = np.maximum(row, 0)
        general, special, other = (section[c][safe].astype(np.int64) for c in ("general", "special", "other"))
        return general, special, other, found

    def _columns_of(self, name: str, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
        return {c: np.asarray(self._law.index.section(f"{name}.{c}")) for c in columns}

    def _period(self, name: str, section: dict[str, NDArray[Any]], day: int) -> int:
        """Return the number of the period between two changes of a table in which a day lies."""
        if name not in self._changes:
            self._changes[name] = np.union1d(section["start"], section["end"])
        return int(np.searchsorted(self._changes[name], day, side="right"))


@dataclass(frozen=True)
class TableRates:
    """The distinct rates of a table, and what one programme is granted.

    Attributes
    ----------
    numbers : (rates, 2) per cent (NaN where the printed rate is no number) and amount per unit
    unit : (rates,) number of the unit in `units`
    units : names of the units
    granted : (specials,) number of the rate of a programme, NONE, or UNCLEAR where the column grants it
        to some goods or origins only
    """

    numbers: Floats
    unit: Ints
    units: tuple[str, ...]
    granted: Ints


NONE, UNCLEAR = -1, -2


def table_rates(index: Index, table: int, names: Sequence[str]) -> TableRates:
    """Return the rates of a table as arrays, for a claim of the programme codes `names`."""
    words = index.words(table)
    rates = words["rates"]
    units = sorted({str(r[2]) for r in rates})
    granted = np.full(len(words["specials"]), NONE, dtype=np.int64)
    for i in range(len(granted)):
        special = index.granted(table, i)
        found = {special[code] for code in names if code in special}
        if len(found) == 1:
            granted[i] = found.pop()
        elif found or any(f"{code}*" in special for code in names):
            granted[i] = UNCLEAR
    numbers = np.array([(r[0] if r[0] >= 0 else np.nan, r[1]) for r in rates]).reshape(-1, 2)
    unit = np.array([units.index(r[2]) for r in rates], dtype=np.int64)
    return TableRates(numbers, unit, tuple(units), granted)
