"""A schedule: the tariffs and trade costs of a scenario as plain arrays, all that a model is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.world import World

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

    def checked(self, world: World) -> Schedule:
        """Return the schedule as float arrays that fit `world`.

        Raises
        ------
        InputError
            a wrong shape, a number that is none, a rate of −100 % or less, a trade cost that is not positive.
        """
        shape = world.flows.shape
        # Copies, so that a result keeps the rates that it was computed for whatever happens to the caller's arrays.
        try:
            tariffs = np.array(self.tariffs, dtype=float)
            cost = None if self.trade_cost is None else np.array(self.trade_cost, dtype=float)
        except (TypeError, ValueError) as problem:
            raise InputError(f"schedule: not an array of numbers: {problem}.") from None
        for name, a in (("tariffs", tariffs), ("trade_cost", cost)):
            if a is not None and a.shape != shape:
                raise InputError(
                    f"schedule: {name} has shape {a.shape}; expected {shape} = [sector, exporter, importer]."
                )
        if not np.isfinite(tariffs).all() or (tariffs <= -1).any():
            raise InputError("schedule: tariffs have to be numbers above −1 (−100 %).")
        if cost is not None and not (cost > 0).all():
            raise InputError(
                "schedule: trade_cost is a ratio of costs, above zero everywhere (infinity is an embargo)."
            )
        return Schedule(tariffs, cost)
