"""The setting of Lashkaripour (2021): the core system without input–output links (docs/models/tariffwar.md).

Total flows, inputs among them, are taken as final purchases: γ = 0, γ^V = 1. It is what his package `tariffwar` does
with WIOD and ICIO, and it is smaller than the world that has inputs: gains from trade, and so losses from a war, are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surtax.errors import InputError
from surtax.inputs import number
from surtax.model import core
from surtax.model.equilibrium import Core
from surtax.model.outcome import Outcome
from surtax.model.registry import Task
from surtax.world import World
from surtax.world.world import Adjustment


def without_inputs(world: World, at_home: float = 0.0) -> World:
    """The same flows, all of them final; kept with the world, so that what follows from it is computed once.

    Parameters
    ----------
    at_home : added to every domestic flow first, in the world's unit. Lashkaripour adds 1 (USD million) to the ICIO's,
        where some countries make nothing of what they buy.

    Returns
    -------
    World
        γ = 0, γ^V = 1, α the shares of expenditure; `adjustments` says what was dropped and added.

    Raises
    ------
    InputError
        `at_home` is negative or no number.
    """
    at_home = number("at_home", at_home)
    if not 0 <= at_home < np.inf:
        raise InputError(f"at_home={at_home!r}: an amount, zero or more.")
    if at_home == 0 and not world.inputs.any():
        return world
    cache: dict[float, World] = world.__dict__.setdefault("_without_inputs", {})
    if at_home not in cache:
        J, N = world.output.shape
        flows = np.array(world.flows)
        own = np.arange(N)
        flows[:, own, own] += at_home
        spent = (flows * (1 + world.tariffs)).sum(axis=1)
        notes = list(world.adjustments)
        if world.inputs.any():
            used = float((world.inputs * world.output).sum())
            notes.append(Adjustment("input–output links dropped, all purchases taken as final", J * J * N, used))
        if at_home:
            notes.append(Adjustment(f"{at_home:g} added to every domestic flow", J * N, J * N * at_home))
        cache[at_home] = world.replace(
            flows=flows,
            final=None,
            inputs=np.zeros_like(world.inputs),
            value_added=np.ones((J, N)),
            final_shares=spent / spent.sum(axis=0),
            adjustments=tuple(notes),
        )
    return cache[at_home]


#: The model in one line.
ABOUT = (
    "multi-sector, without inputs (all purchases are final), perfect competition, one factor a country that moves "
    "freely between its sectors; full employment"
)


@dataclass(frozen=True)
class TariffWar:
    """The core system after the inputs were dropped.

    Attributes
    ----------
    at_home : see `without_inputs`.
    """

    name: str = "tariffwar"
    closures: tuple[str, ...] = core.CLOSURES
    at_home: float = 0.0

    def equilibrium(self, task: Task) -> Outcome:
        """Solve; see `surtax.solve`."""
        outcome = Core().equilibrium(replace(task, world=without_inputs(task.world, self.at_home)))
        return replace(outcome, conditions=replace(outcome.conditions, model=self.name, about=ABOUT))
