"""A schedule: the tariffs and trade costs of a scenario as plain arrays, all that a model is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.inputs import floats, number

if TYPE_CHECKING:
    from surtax.world import World

Array = NDArray[np.float64]

HIGHEST_RATE = 10.0


@dataclass(frozen=True)
class Schedule:
    """New rates for every cell.

    Attributes
    ----------
    tariffs : t′ [s,o,d] ad valorem shares.
    trade_cost : τ̂ [s,o,d] ratio of the new to the old non-tariff trade cost, or None where nothing changes;
        infinity closes a cell.
    allow_rates_above : changed rates above it (10 = 1000 %) are refused: they are usually per cent.
    """

    tariffs: Array
    trade_cost: Array | None = None
    allow_rates_above: float = HIGHEST_RATE

    def checked(self, world: World) -> Schedule:
        """Return the schedule as float arrays that fit `world`.

        Raises
        ------
        InputError
            a wrong shape, a number that is none, a rate of −100 % or less or changed to more than
            `allow_rates_above`, a changed tariff on domestic trade, a trade cost that is not positive.
        """
        shape = world.flows.shape
        # Copies, so that a result keeps the rates that it was computed for whatever happens to the caller's arrays.
        tariffs = floats("schedule: tariffs", self.tariffs)
        cost = None if self.trade_cost is None else floats("schedule: trade_cost", self.trade_cost)
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
        _plausible(tariffs, world, number("allow_rates_above", self.allow_rates_above))
        return Schedule(tariffs, cost, self.allow_rates_above)


def _plausible(tariffs: Array, world: World, highest: float) -> None:
    """Refuse changed rates that must be per cent, and changed tariffs on trade within a country."""
    changed = tariffs != world.tariffs
    # Rates such as exp(log(11)) − 1 are 1000 % but for rounding.
    high = np.where(changed & (tariffs > highest * (1 + 1e-9)), tariffs, 0.0)
    if high.any():
        s, o, d = (int(i) for i in np.unravel_index(int(np.argmax(high)), high.shape))
        raise InputError(
            f"schedule: {tariffs[s, o, d]:.6g}, the tariff of {world.countries[d]} on {world.countries[o]}'s "
            f"{world.sectors[s]}, is {100 * tariffs[s, o, d]:.6g} %. Rates are shares: 25 % is 0.25. Divide by 100, or "
            f"pass Schedule(…, allow_rates_above={tariffs[s, o, d]:.6g}) if it is meant."
        )
    home = np.argwhere(np.einsum("snn->sn", changed))
    if home.size:
        s, n = (int(i) for i in home[0])
        raise InputError(
            f"schedule: the tariff of {world.countries[n]} on its own {world.sectors[s]} changes "
            f"({len(home)} such cells); a tariff falls on trade between two countries. Leave the diagonal of tariffs "
            f"as it is in the world; trade costs at home may change."
        )
