"""The base of a world, laid out for the kernel.

Everything here depends on the world alone, so it is computed once a world and kept with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Base:
    """Base shares in the orders in which the kernel reads them.

    Attributes
    ----------
    pi : π [s,o,d] expenditure shares X(1+t)/E, zero where nothing is bought.
    net : π/(1+t) [s,o,d].
    t : base tariffs [s,o,d].
    gamma_nsk : γ [n,s,k] (country first, buying sector, input): prices into costs.
    gamma_nks : γ [n,k,s]: output into demand for inputs.
    gamma_v, alpha : [s,n].
    theta : [s].
    V, D, R, I : [n] factor income, deficit, tariff revenue, income; in the world's unit.
    E, Y : [s,n] expenditure and output.
    bought : [s,n] True where E > 0.
    """

    pi: Array
    net: Array
    t: Array
    gamma_nsk: Array
    gamma_nks: Array
    gamma_v: Array
    alpha: Array
    theta: Array
    V: Array
    D: Array
    R: Array
    I: Array  # noqa: E741 - the notation's name
    E: Array
    Y: Array
    bought: NDArray[np.bool_]


def base_of(world: World) -> Base:
    """Return the world's base, computed at the first call."""
    cached: Base | None = world.__dict__.get("_base")
    if cached is None:
        cached = _compute(world)
        world.__dict__["_base"] = cached
    return cached


def _compute(world: World) -> Base:
    E = world.expenditure
    bought = E > 0
    paid = world.flows * (1 + world.tariffs)
    pi = paid / np.where(bought, E, 1.0)[:, None, :]
    return Base(
        pi=pi,
        net=world.flows / np.where(bought, E, 1.0)[:, None, :],
        t=world.tariffs,
        gamma_nsk=np.ascontiguousarray(world.inputs.transpose(2, 1, 0)),
        gamma_nks=np.ascontiguousarray(world.inputs.transpose(2, 0, 1)),
        gamma_v=world.value_added,
        alpha=world.final_shares,
        theta=world.elasticity,
        V=world.factor_income,
        D=world.deficit,
        R=world.revenue,
        I=world.income,
        E=E,
        Y=world.output,
        bought=bought,
    )
