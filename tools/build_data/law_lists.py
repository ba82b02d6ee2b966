"""What the law's loaders share: reading codes, and writing lists in one form."""

from __future__ import annotations

import csv
import gzip
import io
import json
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FIELDS = ("code", "group", "from", "to", "note")


def bare(code: str) -> str:
    """Return the digits of a code."""
    return code.replace(".", "").strip()


def dotted(code: str) -> str:
    """Write bare digits as tariffs do."""
    return ".".join([code[:4], *(code[i : i + 2] for i in range(4, len(code), 2))]) if len(code) > 4 else code


def write_list(path: Path, rows: Iterable[dict[str, str]], fields: tuple[str, ...] = FIELDS) -> int:
    """Write a list sorted by code, with dots and Unix line ends; returns how many rows."""
    ordered = sorted(rows, key=lambda r: tuple(r.get(f, "") for f in fields))
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(ordered)
    path.write_text(text.getvalue(), encoding="utf-8")
    return len(ordered)


@cache
def hts_codes(sources: Path) -> frozenset[str]:
    """Return every code of 4 to 10 digits that some edition of the US tariff holds."""
    found: set[str] = set()
    for path in sorted((sources / "law" / "us" / "hts").glob("hts_*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in json.load(file):
                code = bare(line["htsno"])
                found.update(code[:n] for n in (4, 6, 8, 10) if len(code) >= n)
    return frozenset(found)
