"""What customs collected, where it is known here: a comparator, to which nothing is fitted."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=2)
def collected(origin: str) -> dict[str, float]:
    """What customs collected, per cent of imports, by month, where it is known here (Canada, 2025)."""
    return {month: row[0] for month, row in _collections(origin).items()}


def collected_usd(origin: str, month: str) -> int | None:
    """What customs collected in a month, USD, as published; None where it is not known here."""
    row = _collections(origin).get(month)
    return None if row is None else row[1]


@lru_cache(maxsize=2)
def _collections(origin: str) -> dict[str, tuple[float, int]]:
    path = Path(__file__).resolve().parent.parent / "data" / "trade" / "us_collected_canada.csv"
    if origin != "CAN" or not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["month"]: (float(row["collected_rate_percent"]), int(row["duty_usd_million"]) * 10**6)
            for row in csv.DictReader(file)
        }
