"""What is solved: the shipped world, random worlds, Caliendo and Parro's; as product and yardsticks take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import surtax as sx
from surtax.policy.schedule import Schedule


@dataclass(frozen=True)
class Problem:
    """A world and new tariffs, for the product (``world``, ``schedule``) and as plain arrays for the yardsticks."""

    name: str
    world: sx.World
    schedule: Schedule

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arguments of the yardsticks: X, t, θ, γ, γ^V, α, t′, τ̂."""
        w = self.world
        return (
            w.flows,
            w.tariffs,
            w.elasticity,
            w.inputs,
            w.value_added,
            w.final_shares,
            self.schedule.tariffs,
            np.ones_like(w.flows),
        )


def shipped(scenario: str) -> Problem:
    """A shipped scenario on the shipped world."""
    world = sx.load_world()
    return Problem(scenario, world, sx.load_scenario(scenario).schedule(world))


def random_world(countries: int, sectors: int, seed: int = 1) -> sx.World:
    """A dense world with home bias, inputs and tariffs; accounts hold exactly."""
    rng = np.random.default_rng(seed)
    N, J = countries, sectors
    size = np.exp(rng.normal(size=N))
    flows = np.exp(0.8 * rng.normal(size=(J, N, N))) * size[:, None] * size[None, :]
    own = np.arange(N)
    # Half of a country's purchases come from home whatever their number.
    flows[:, own, own] = flows.sum(axis=1) - flows[:, own, own]
    tariffs = rng.uniform(0, 0.1, size=(J, N, N)) * (own[:, None] != own[None, :])
    technique = rng.dirichlet(np.ones(J), size=(J, N)).transpose(2, 0, 1) * rng.uniform(0.2, 0.5, size=(J, N))
    Y = flows.sum(axis=2)
    bought = (flows * (1 + tariffs)).sum(axis=1)
    # What a sector's buyers want of an input has to leave something for final demand.
    technique *= np.minimum(1.0, 0.7 * bought / (technique * Y).sum(axis=1))[:, None, :]
    return sx.World.from_arrays(
        [f"C{n:03d}" for n in range(N)],
        [f"S{s:02d}" for s in range(J)],
        flows,
        elasticity=np.exp(rng.uniform(np.log(2), np.log(12), size=J)),
        tariffs=tariffs,
        inputs=technique,
        inputs_as="shares",
        meta={"name": "random"},
    )


def random_problem(countries: int, sectors: int, seed: int = 1) -> Problem:
    """Two large countries tax each other's goods by 25 % more."""
    world = random_world(countries, sectors, seed)
    tariffs = np.array(world.tariffs)
    one, other = np.argsort(world.output.sum(axis=0))[-2:]
    tariffs[:, one, other] += 0.25
    tariffs[:, other, one] += 0.25
    return Problem(f"random {countries} × {sectors}", world, Schedule(tariffs))


def fresh(world: sx.World) -> sx.World:
    """The same accounts with nothing computed yet."""
    return world.replace()
