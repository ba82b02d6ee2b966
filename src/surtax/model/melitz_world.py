"""One-sector worlds for the Melitz–Pareto model: adding up sectors, and accounts whose output is value added."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.model.melitz_base import MelitzBase
from surtax.world import World

Array = NDArray[np.float64]

TOTAL = "TOTAL"


@dataclass(frozen=True, eq=False)
class MelitzWorld(World):
    """The base that a Melitz–Pareto outcome is relative to.

    Output is what a country's labour earns, Y: part of what it sells abroad is earned by those who sell it there, and
    part of what it buys it earns itself. So Y is not the sum of its sales, and these accounts are this model's alone.

    Attributes
    ----------
    earned : Y [n]; consumed : Y + R + T [n].
    """

    earned: Array | None = None
    consumed: Array | None = None

    @cached_property
    def output(self) -> Array:
        """Y [1,n], what labour earns."""
        return np.asarray(self.earned)[None]

    @cached_property
    def income(self) -> Array:
        """Y + R + T [n], what is spent on final goods."""
        return np.asarray(self.consumed)

    @cached_property
    def base_residual(self) -> float:
        """Refused: other models would misread these accounts."""
        raise InputError(
            "these accounts are the base of a melitz-pareto result and fit no other model: solve the world that it was "
            "made from."
        )


def one_sector(world: World) -> tuple[World, tuple[str, ...]]:
    """The world with all sectors added up, and a note that says so."""
    if len(world.sectors) == 1:
        return world, ()
    total = world.aggregate(sectors={TOTAL: world.sectors})
    note = (
        f"{len(world.sectors)} sectors, goods and services, trade as varieties of one sector: flows are added up, ε is "
        f"the mean of θ weighted by trade between countries, tariffs stay by product"
    )
    return total, (note,)


def outcome_world(world: World, base: MelitzBase, how: str) -> MelitzWorld:
    """The labelled one-sector accounts of a base."""
    N = len(base.E)
    kept = {f.name: getattr(world, f.name) for f in fields(World)}
    one = np.ones((1, N))
    kept |= {
        "flows": base.X[None],
        "tariffs": base.t[None],
        "inputs": np.zeros((1, 1, N)),
        "value_added": one,
        "final_shares": one.copy(),
        "final": None,
        "meta": {**world.meta, "base": how},
    }
    earned, consumed = base.Y.copy(), base.consumption.copy()
    earned.flags.writeable = consumed.flags.writeable = False
    return MelitzWorld(**kept, earned=earned, consumed=consumed)
