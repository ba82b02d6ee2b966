"""The binary index: lists, rate tables and nomenclatures in one file without parsing.

Layout: 8 bytes of magic, CRC-32 and length of the header, the header (JSON), then sections of
little-endian arrays, each aligned to 8 bytes. Read with the standard library alone, as a duty
should not wait for NumPy; the vectorised schedule views the same bytes as NumPy arrays.

Sections:

- `key` int64 (k,): product prefixes in rising order of `surtax.law.codes.key`; `first` uint32 (k
  + 1,): where the postings of each begin; `group` uint32, `start` int32, `end` int32, `sign` uint8
  (p,): the postings, sign 1 for in, 0 for out;
- for each rate table n: `t{n}.key` int64, `t{n}.start`, `t{n}.end` int32, `t{n}.general`,
  `t{n}.special`, `t{n}.other` uint32, rows in rising order of key and start, numbers of the lists
  in `t{n}.words` (JSON, read when first asked for): `rates`, each [per cent, amount, unit, text], and
  `specials`, each a list of [number of a rate, programmes];
- for each nomenclature n: `n{n}.key` int64, `n{n}.start`, `n{n}.end` int32.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, TypedDict

from surtax.errors import InputError
from surtax.law import codes

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"SURTLAW1"
SCHEMA = "surtax-law-index-1"
_HEAD = struct.Struct("<8sII")

Posting = tuple[int, int, int, int]
"""group, start, end, sign"""


class TableWords(TypedDict):
    """The distinct rates of a rate table."""

    rates: list[tuple[float, float, str, str]]
    specials: list[list[tuple[int, str]]]


class Index:
    """The arrays of one compiled law.

    Parameters
    ----------
    data : bytes
        What `surtax.law.compiler.pack` wrote.

    Raises
    ------
    InputError
        If the bytes are not an index of this version, or are damaged.
    """

    __slots__ = ("_sections", "_words", "crc", "header")

    def __init__(self, data: bytes) -> None:
        if sys.byteorder != "little":  # pragma: no cover
            raise InputError("the law index is little-endian; this machine is not: load the law from its YAML folder")
        if len(data) < _HEAD.size or data[:8] != MAGIC:
            raise InputError("this is not a law index of this version; rebuild it: python -m tools.build_data law")
        _, crc, length = _HEAD.unpack_from(data)
        body = memoryview(data)[_HEAD.size :]
        if zlib.crc32(body) != crc:
            raise InputError("the law index is damaged (checksum); rebuild it: python -m tools.build_data law")
        self.crc = crc
        self._words: dict[int, TableWords] = {}
        try:
            self.header: dict[str, Any] = json.loads(bytes(body[:length]))
        except ValueError:  # the length stands outside the checksum
            raise InputError("the law index is damaged (header); rebuild it: python -m tools.build_data law") from None
        if self.header.get("schema") != SCHEMA:
            raise InputError(f"the law index says schema {self.header.get('schema')!r}, not {SCHEMA!r}; rebuild it")
        self._sections: dict[str, memoryview] = {
            name: body[offset : offset + size].cast(code)
            for name, (offset, size, code) in self.header["sections"].items()
        }

    def section(self, name: str) -> memoryview:
        """Return an array of the file."""
        return self._sections[name]

    def words(self, table: int) -> TableWords:
        """Return the distinct rates of a table, and its special columns."""
        known = self._words.get(table)
        if known is None:
            known = self._words[table] = json.loads(bytes(self._sections[f"t{table}.words"]))
        return known

    def granted(self, table: int, special: int) -> dict[str, int]:
        """Return what a special column grants: programme code to number of the rate."""
        found: dict[str, int] = {}
        for number, programmes in self.words(table)["specials"][special]:
            for code in programmes.split(","):
                found.setdefault(code, number)
        return found

    def postings(self, position: int) -> list[Posting]:
        """Return the postings of the prefix at a position of `key`."""
        first = self._sections["first"]
        group, start, end, sign = (self._sections[n] for n in ("group", "start", "end", "sign"))
        return [(group[i], start[i], end[i], sign[i]) for i in range(first[position], first[position + 1])]

    def above(self, bare: str) -> list[Posting]:
        """Return the postings of a code and of every prefix of it."""
        keys = self._sections["key"]
        found: list[Posting] = []
        for n in range(len(bare) + 1):
            wanted = codes.key(bare[:n])
            at = bisect_left(keys, wanted)
            if at < len(keys) and keys[at] == wanted:
                found += self.postings(at)
        return found

    def below(self, bare: str) -> list[tuple[int, Posting]]:
        """Return (key, posting) of every longer code that begins with this one."""
        low, high = codes.span(bare)
        keys = self._sections["key"]
        first = bisect_right(keys, low + len(bare))
        last = bisect_left(keys, high)
        return [(keys[i], p) for i in range(first, last) for p in self.postings(i)]

    def table_row(self, table: int, bare: str, day: int) -> tuple[int, int, int] | None:
        """Return (general, special, other) of the longest prefix of a code in a table on a day."""
        keys = self._sections[f"t{table}.key"]
        starts, ends = self._sections[f"t{table}.start"], self._sections[f"t{table}.end"]
        for n in range(len(bare), 3, -1):
            wanted = codes.key(bare[:n])
            at = bisect_left(keys, wanted)
            while at < len(keys) and keys[at] == wanted:
                if starts[at] <= day < ends[at]:
                    return tuple(self._sections[f"t{table}.{c}"][at] for c in ("general", "special", "other"))  # type: ignore[return-value]
                at += 1
        return None

    def exists(self, nomenclature: int, bare: str) -> list[tuple[int, int]]:
        """Return the periods in which a code exists."""
        keys = self._sections[f"n{nomenclature}.key"]
        starts, ends = (
            self._sections[f"n{nomenclature}.start"],
            self._sections[f"n{nomenclature}.end"],
        )
        wanted = codes.key(bare)
        at = bisect_left(keys, wanted)
        found = []
        while at < len(keys) and keys[at] == wanted:
            found.append((starts[at], ends[at]))
            at += 1
        return found

    def children(self, nomenclature: int, bare: str, day: int) -> list[str]:
        """Return the ten-digit codes that begin with a code and exist on a day."""
        keys = self._sections[f"n{nomenclature}.key"]
        starts, ends = (
            self._sections[f"n{nomenclature}.start"],
            self._sections[f"n{nomenclature}.end"],
        )
        low, high = codes.span(bare)
        return [
            codes.prefix_of(keys[i])
            for i in range(bisect_left(keys, low), bisect_left(keys, high))
            if keys[i] % 16 == codes.DIGITS and starts[i] <= day < ends[i]
        ]

    def near(self, nomenclature: int, bare: str, day: int, count: int = 3) -> list[str]:
        """Return codes of the same length that exist on a day and begin like one that does not."""
        keys = self._sections[f"n{nomenclature}.key"]
        starts, ends = (
            self._sections[f"n{nomenclature}.start"],
            self._sections[f"n{nomenclature}.end"],
        )
        for n in range(len(bare) - 2, 3, -2):
            low, high = codes.span(bare[:n])
            found = [
                codes.prefix_of(keys[i])
                for i in range(bisect_left(keys, low), bisect_left(keys, high))
                if keys[i] % 16 == len(bare) and starts[i] <= day < ends[i]
            ]
            if found:
                nearest = sorted(set(found), key=lambda c: (abs(int(c) - int(bare)), c))[:count]
                return sorted(nearest)
        return []


def holds(periods: Sequence[tuple[int, int]], day: int) -> bool:
    """Whether a day falls in one of the periods."""
    return any(start <= day < end for start, end in periods)


def read(path: str) -> bytes:
    """Read the bytes of an index file."""
    with open(path, "rb") as file:  # noqa: PTH123 -- pathlib costs as much to import as the file to read
        return file.read()


def pack(header: dict[str, Any], sections: dict[str, Any]) -> bytes:
    """Write header and sections as the bytes of an index; the same input gives the same bytes.

    Parameters
    ----------
    header : dict
        Plain JSON values; `schema` and `sections` are set here.
    sections : dict of str to array.array
        The arrays.
    """
    order = sorted(sections)
    placed: dict[str, tuple[int, int, str]] = {}
    text = b""
    # the offsets are part of the header, whose length moves them: two rounds settle it
    start = 0
    for _ in range(8):
        offset = start
        placed = {}
        for name in order:
            size = len(sections[name]) * sections[name].itemsize
            placed[name] = (offset, size, sections[name].typecode)
            offset += -(-size // 8) * 8
        body = {**header, "schema": SCHEMA, "sections": placed}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        needed = -(-len(text) // 8) * 8
        if needed == start:
            break
        start = needed
    text = text.ljust(start)
    blob = bytearray(text)
    for name in order:
        raw = sections[name].tobytes()
        blob += raw.ljust(-(-len(raw) // 8) * 8, b"\0")
    return _HEAD.pack(MAGIC, zlib.crc32(blob), len(text)) + bytes(blob)
