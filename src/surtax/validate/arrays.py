"""A published study's accounts and shock as plain arrays, before they become a `World` and a `Schedule`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.policy.schedule import Schedule
from surtax.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Accounts:
    """s sector, o origin, d destination, k input; rates are shares.

    Attributes
    ----------
    countries : codes.
    flows : X [s,o,d] net of tariff.
    tariffs : t [s,o,d].
    theta : θ [s].
    gamma : γ [k,s,n]; gamma_v : γ^V [s,n]; alpha : α [s,n].
    new_tariffs : t′ [s,o,d]; tau_hat : τ̂ [s,o,d].
    closure : what happens to deficits.
    clipped : cells of final demand that were negative and were set to zero.
    """

    countries: tuple[str, ...]
    flows: Array
    tariffs: Array
    theta: Array
    gamma: Array
    gamma_v: Array
    alpha: Array
    new_tariffs: Array
    tau_hat: Array
    closure: str
    clipped: int = 0

    @property
    def problem(self) -> tuple[Array, ...]:
        """X, t, θ, γ, γ^V, α, t′, τ̂."""
        return (
            self.flows, self.tariffs, self.theta, self.gamma, self.gamma_v, self.alpha, self.new_tariffs, self.tau_hat
        )  # fmt: skip

    @property
    def schedule(self) -> Schedule:
        """The shock."""
        return Schedule(self.new_tariffs, self.tau_hat)

    def world(self, name: str) -> World:
        """The accounts as a world."""
        return World.from_arrays(
            self.countries, [f"S{s:02d}" for s in range(len(self.theta))], self.flows, elasticity=self.theta,
            tariffs=self.tariffs, inputs=self.gamma, inputs_as="shares", final_shares=self.alpha, meta={"name": name},
        )  # fmt: skip
