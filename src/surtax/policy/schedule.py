"""A schedule: the tariffs and trade costs of a scenario as plain arrays, all that a model is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """New rates for every cell.

    Attributes
    ----------
    tariffs : t′ [s,o,d] ad valorem shares.
    trade_cost : τ̂ [s,o,d] ratio of the new to the old non-tariff trade cost, or None where nothing changes;
        infinity closes a cell.
    """

    tariffs: Array
    trade_cost: Array | None = None
