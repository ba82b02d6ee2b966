"""Lists, nomenclatures and rate tables for many products at once, in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.law import codes, engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from surtax.law.book import Law

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
        longer = {codes.prefix_of(k) for k in law.overlay}
        loose = np.array([any(o != p and o.startswith(p) for o in longer) for p in self.products], dtype=bool)
        self._split = np.flatnonzero((high > low) | loose)
        self._hits: dict[int, engine.Hits] = {}
        self._cache: dict[tuple[int, int], Bytes] = {}

    def _overlaid(self, overlay: dict[int, tuple[tuple[int, int, int, int], ...]]) -> tuple[Ints, ...]:
        rows: list[tuple[int, int, int, int, int]] = []
        for key, postings in overlay.items():
            prefix = codes.prefix_of(key)
            under = [i for i, p in enumerate(self.products) if p.startswith(prefix)]
            rows += [(i, *posting) for posting in postings for i in under]
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
        right = np.isin(self.lengths, place.digits)
        if place.nomenclature is None:
            return right
        keys, start, end = (
            np.asarray(self._law.index.section(f"n{place.nomenclature}.{c}")) for c in ("key", "start", "end")
        )
        live = keys[(start <= day) & (day < end)]
        n = np.minimum(self.lengths, place.nomenclature_digits)
        wide = 10 ** (codes.DIGITS - n)
        wanted = (self.padded // wide) * wide * 16 + n
        chapter = self.padded // 10 ** (codes.DIGITS - 2)
        known: Bools = right & (np.isin(wanted, live) | (chapter >= 98))
        return known

    def table_rows(self, table: int, day: int) -> tuple[Ints, Ints, Ints, Bools]:
        """Return (general, special, other, found) of a rate table for each product on a day."""
        section = {
            c: np.asarray(self._law.index.section(f"t{table}.{c}"))
            for c in ("key", "start", "end", "general", "special", "other")
        }
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


def table_rates(lists: dict[str, Any], names: Sequence[str]) -> tuple[Floats, list[str], Ints]:
    """Return the rates of a table as arrays.

    Returns ------- numbers : (rates, 2) per cent and amount per unit; per cent is NaN where the
    printed rate is no number units : unit of each rate special : (specials,) number of the rate
    that the first of the programme codes `names` gives, -1 for none;
        rates that only the special column has are appended to `numbers`
    """
    rates = [tuple(r) for r in lists["rates"]]
    special = np.full(len(lists["specials"]), -1, dtype=np.int64)
    for i, granted in enumerate(lists["specials"]):
        for name in names:
            if name in granted:
                rates.append(tuple(granted[name]))
                special[i] = len(rates) - 1
                break
    numbers = np.array([(r[0] if r[0] >= 0 else np.nan, r[1]) for r in rates]).reshape(-1, 2)
    return numbers, [str(r[2]) for r in rates], special
