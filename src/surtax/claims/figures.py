"""Published figures by id: value, year, unit and source, one table for all claims."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from surtax.claims.expression import Range
from surtax.errors import InputError, nearest

PATH = Path(__file__).resolve().parent.parent / "data" / "claims" / "figures.csv"


@dataclass(frozen=True)
class Figure:
    """One figure, or a range where sources differ."""

    id: str
    year: str
    range: Range
    unit: str
    what: str
    source: str


@lru_cache(maxsize=2)
def figures(path: Path = PATH) -> Mapping[str, Figure]:
    """All figures.

    Raises
    ------
    InputError
        a row without a source, a number that is none, an id that stands twice; each with its line.
    """
    found: dict[str, Figure] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            where = f"{path.name}, line {number}"
            if not row["source"] or not row["year"]:
                raise InputError(f"{where}: {row['id']} has no source or year.")
            if row["id"] in found:
                raise InputError(f"{where}: {row['id']} stands twice.")
            try:
                low = float(row["value"])
                high = float(row["high"]) if row["high"] else low
            except ValueError:
                raise InputError(f"{where}: {row['value']!r} to {row['high']!r} is no number.") from None
            found[row["id"]] = Figure(row["id"], row["year"], Range(low, high), row["unit"], row["what"], row["source"])
    return found


def figure(name: str) -> Figure:
    """One figure by id."""
    known = figures()
    if name not in known:
        raise InputError(f"unknown figure {name!r}{nearest(name, known)}")
    return known[name]
