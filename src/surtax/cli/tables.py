"""Plain tables and bands of numbers, as `surtax rates` and `surtax revenue` print them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def plain_table(*names: str, right: Sequence[int] | None = None, gap: int = 2) -> Any:
    """A table without lines; the columns `right` (all but the first) are set flush right."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    flush = range(1, len(names)) if right is None else right
    for i, name in enumerate(names):
        made.add_column(name, justify="right" if i in flush else "left")
    return made


def band(low: float, high: float, digits: int) -> str:
    """One number, or a range where they differ; a dash where there is none."""
    if math.isnan(high):
        return "–"
    one, two = (f"{x if round(x, digits) else 0.0:,.{digits}f}".replace("-", "−") for x in (low, high))
    return one if one == two else f"{one} to {two}"
