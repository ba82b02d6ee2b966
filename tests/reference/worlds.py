"""Random worlds with exactly consistent accounts, and random shocks to them.

``random_world(seed, ...)`` is plain numpy; ``worlds()`` and ``shocks()`` wrap it for hypothesis.
Sales are output, purchaser-price uses fit inside each country's purchases, what is left over is
final demand, so that E = Σ γ Y + α I holds to rounding and no change is an equilibrium.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st


@dataclass(frozen=True)
class RandomWorld:
    """Raw values (USD million, basic prices) and the shares that follow."""

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    flows: np.ndarray  # X[s, o, d], net of tariff
    tariffs: np.ndarray  # t[s, o, d]; 0 at home
    theta: np.ndarray  # [s]
    use: np.ndarray  # use[k, s, n] at basic prices
    value_added: (
        np.ndarray
    )  # Y - Σ_k use at basic prices [s, n]: holds duties paid on inputs, as published accounts do
    gamma: np.ndarray  # γ[k, s, n], purchaser prices
    gamma_v: np.ndarray  # γV[s, n] = 1 - Σ_k γ; 1 where nothing is made
    alpha: np.ndarray  # α[s, n]

    @property
    def shares(self) -> tuple[np.ndarray, ...]:
        """The leading arguments of ``solve_reference``."""
        return self.flows, self.tariffs, self.theta, self.gamma, self.gamma_v, self.alpha

    @property
    def no_change(self) -> tuple[np.ndarray, np.ndarray]:
        return self.tariffs, np.ones_like(self.flows)


def world_from_values(flows, tariffs, theta, use) -> RandomWorld:
    """The shares that follow from raw values, by docs/notation; negatives are refused."""
    J, N, _ = flows.shape
    Y = flows.sum(axis=2)
    net, E = flows.sum(axis=1), (flows * (1 + tariffs)).sum(axis=1)
    markup = np.divide(E, net, out=np.ones_like(E), where=net > 0)
    paid = use * markup[:, None, :]
    gamma = np.divide(paid, Y[None], out=np.zeros_like(paid), where=Y[None] > 0)
    gamma_v = 1 - gamma.sum(axis=0)
    final = E - (gamma * Y[None]).sum(axis=1)
    final[np.abs(final) < 1e-14 * E.max()] = 0.0
    if (gamma_v <= 0).any() or (final < 0).any():
        raise ValueError("the accounts leave no value added or no final demand")
    alpha = final / final.sum(axis=0)
    return RandomWorld(
        tuple(f"C{n:02d}" for n in range(N)),
        tuple(f"S{s:02d}" for s in range(J)),
        flows,
        tariffs,
        theta,
        use,
        Y - use.sum(axis=0),
        gamma,
        gamma_v,
        alpha,
    )


def random_world(
    seed: int,
    countries: int = 4,
    sectors: int = 3,
    *,
    inputs: bool = True,
    zero_flows: float = 0.2,
    zero_output: float = 0.1,
    theta: tuple[float, float] = (1.0, 65.0),
    base_tariffs: float = 0.3,
    imbalance: float = 0.3,
    size_spread: float = 1.0,
    home_bias: float = 2.0,
    intermediate: float = 0.6,
) -> RandomWorld:
    """A world from a seed.

    Parameters
    ----------
    zero_flows, zero_output : float
        Share of foreign cells without trade, and of country-sectors without output.
    theta : (low, high)
        Drawn log-uniformly in between.
    base_tariffs : float
        Tariffs are drawn between -base_tariffs / 3 and base_tariffs; half of them are zero.
    imbalance : float
        Standard deviation of the log scale of each country's foreign sales; 1.5 makes some
        countries spend a small part of what they earn, so that ``fixed`` may have no equilibrium.
    intermediate : float
        Upper end of the share of inputs in cost, and of purchases that may go to inputs.
    """
    rng = np.random.default_rng(seed)
    N, J = countries, sectors
    size = np.exp(size_spread * rng.normal(size=N))
    ability = np.exp(rng.normal(size=(J, N)))
    reach = np.exp(0.8 * rng.normal(size=(J, N, N)))
    reach[:, np.arange(N), np.arange(N)] *= np.exp(home_bias)
    taste = rng.dirichlet(np.ones(J), size=N).T + 0.05
    flows = 100 * reach * (ability * size)[:, :, None] * (taste * size)[:, None, :]
    dead = rng.random((J, N, N)) < zero_flows
    dead[:, np.arange(N), np.arange(N)] = rng.random((J, N)) < zero_flows / 4
    flows[dead] = 0.0
    idle = rng.random((J, N)) < zero_output
    idle[rng.integers(J, size=N), np.arange(N)] = False
    # a ring of trade both ways keeps every country tied to all others, or its wage has no meaning
    for n in range(N):
        made = np.flatnonzero(~idle[:, n])
        for partner in ((n + 1) % N, (n - 1) % N):
            s = rng.choice(made)
            flows[s, n, partner] = 100 * np.exp(0.5 * rng.normal()) * size[n] * size[partner]
    flows[idle] = 0.0
    foreign = ~np.eye(N, dtype=bool)
    push = np.exp(imbalance * rng.normal(size=N))
    flows *= np.where(foreign[None], push[None, :, None], 1.0)

    tariffs = rng.uniform(-base_tariffs / 3, base_tariffs, size=(J, N, N)) * (
        rng.random((J, N, N)) < 0.5
    )
    tariffs *= foreign[None]

    raw = rng.dirichlet(np.ones(J), size=(J, N)).transpose(2, 0, 1)
    raw *= rng.uniform(0.1, intermediate, size=(J, N))[None]
    raw *= ~idle if inputs else 0.0
    low, high = theta
    elasticity = np.exp(rng.uniform(np.log(low), np.log(high), size=J))
    while True:
        use = feasible_use(flows, tariffs, raw, intermediate)
        world = world_from_values(flows, tariffs, elasticity, use)
        factors = (world.gamma_v * flows.sum(axis=2)).sum(axis=0)
        if (factors + (tariffs * flows).sum(axis=(0, 1)) > 0.2 * factors).all():
            return world
        # subsidies that eat a country's whole income: then it lives on transfers alone
        tariffs = np.where(tariffs < 0, tariffs / 2, tariffs)


def feasible_use(flows, tariffs, technique, intermediate):
    """Uses at basic prices, cut to fit in what is bought and, with duties, in output."""
    Y, net = flows.sum(axis=2), flows.sum(axis=1)
    use = technique * Y[None]
    limit = np.minimum(1.0, intermediate * net / np.maximum(use.sum(axis=1), 1e-300))
    use = use * limit[:, None, :]
    E = (flows * (1 + tariffs)).sum(axis=1)
    markup = np.divide(E, net, out=np.ones_like(net), where=net > 0)
    cost = (use * markup[:, None, :]).sum(axis=0)
    return use * np.minimum(1.0, 0.9 * Y / np.maximum(cost, 1e-300))[None]


def random_shock(
    world: RandomWorld,
    seed: int,
    *,
    lowest: float = -0.5,
    highest: float = 10.0,
    share: float = 0.3,
    costs: float = 0.3,
) -> tuple[np.ndarray, np.ndarray]:
    """New tariffs on a ``share`` of foreign cells (log-uniform in 1 + t) and τ̂."""
    rng = np.random.default_rng(seed)
    J, N, _ = world.flows.shape
    foreign = ~np.eye(N, dtype=bool)[None]
    drawn = np.exp(rng.uniform(np.log1p(lowest), np.log1p(highest), size=(J, N, N))) - 1
    hit = (rng.random((J, N, N)) < share) & foreign
    new_tariffs = np.where(hit, drawn, world.tariffs)
    tau_hat = np.exp(
        np.where((rng.random((J, N, N)) < 0.3) & foreign, costs * rng.normal(size=(J, N, N)), 0.0)
    )
    return new_tariffs, tau_hat


@st.composite
def worlds(draw, *, max_countries: int = 8, max_sectors: int = 6, with_inputs: bool | None = None):
    """Hypothesis strategy of ``RandomWorld``; shrinks towards few countries and no frills."""
    sectors = draw(st.integers(1, max_sectors), label="sectors")
    low, high = draw(
        st.sampled_from([(4.0, 4.0), (2.0, 10.0), (1.0, 1.0), (1.0, 65.0), (20.0, 65.0)]),
        label="theta",
    )
    return random_world(
        draw(st.integers(0, 2**32 - 1), label="world seed"),
        draw(st.integers(2, max_countries), label="countries"),
        sectors,
        inputs=draw(st.booleans(), label="inputs") if with_inputs is None else with_inputs,
        zero_flows=draw(st.sampled_from([0.0, 0.2, 0.5]), label="zero flows"),
        zero_output=draw(st.sampled_from([0.0, 0.1, 0.3]), label="zero output"),
        theta=(low, high),
        base_tariffs=draw(st.sampled_from([0.0, 0.3, 1.0]), label="base tariffs"),
        imbalance=draw(st.sampled_from([0.0, 0.3, 1.5]), label="imbalance"),
        intermediate=draw(st.sampled_from([0.5, 0.8]), label="intermediate"),
    )


@st.composite
def shocks(draw, world: RandomWorld):
    """Hypothesis strategy of (new_tariffs, tau_hat); from nothing to -50 % ... +1000 %."""
    lowest, highest = draw(
        st.sampled_from(
            [(0.0, 0.0), (0.0, 0.25), (0.0, 1.0), (0.0, 10.0), (-0.5, 0.0), (-0.5, 10.0)]
        ),
        label="tariff range",
    )
    return random_shock(
        world,
        draw(st.integers(0, 2**32 - 1), label="shock seed"),
        lowest=lowest,
        highest=highest,
        share=draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]), label="share hit"),
        costs=draw(st.sampled_from([0.0, 0.3]), label="cost changes"),
    )


def scaled(world: RandomWorld, factor: float) -> RandomWorld:
    """All values times ``factor``; shares stay."""
    return replace(
        world,
        flows=world.flows * factor,
        use=world.use * factor,
        value_added=world.value_added * factor,
    )
