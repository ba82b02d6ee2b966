"""Effective US rates on Canadian goods as others give them, beside those worked out from the law line by line.

Comparators: claims of preference, weights and coverage differ (docs/effective-rates.md).
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import surtax.law
from surtax.trade.effective import monthly
from surtax.trade.stretches import path
from surtax.validate.inputs import Needed
from surtax.validate.published import row
from surtax.validate.row import Row

needs: tuple[Needed, ...] = ()

#: row → the day, on the imports of 2024
ON_2024 = {f"rates/yale/{day}": dt.date.fromisoformat(day) for day in ("2025-01-01", "2025-03-04", "2025-04-03")}
#: row → the month, on its own imports, the mean over its days
ON_MONTH = {"rates/bank-of-canada/2025-07": "2025-07", "rates/census/2025-05": "2025-05"}


def rows(folder: Path | None) -> list[Row]:
    """The predicted step of each day: claims as recorded, lines free of duty predicted where they were not recorded."""
    del folder
    law = surtax.law.load()
    found = []
    for identity, day in ON_2024.items():
        start = time.perf_counter()
        stretch = path(law, "CAN", day, day + dt.timedelta(days=1))[0]
        found.append(row(identity, stretch.low, high=stretch.high, seconds=time.perf_counter() - start))
    for identity, month in ON_MONTH.items():
        start = time.perf_counter()
        step = monthly(law, month, "CAN").steps["predicted"]
        found.append(row(identity, step.low, high=step.high, seconds=time.perf_counter() - start))
    return found
