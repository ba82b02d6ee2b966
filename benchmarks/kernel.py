"""One evaluation of the equations over its floor: reading the two fixed cubes once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, over, pairs
from benchmarks.problems import random_problem, shipped
from surtax.model import core
from surtax.model.base import base_of
from surtax.model.equilibrium import blocks_of

FLOOR = "the products Σ A u, Σ B v and Σ G u alone"


def kernel(quick: bool) -> Iterator[Row]:
    """Evaluation, step of the solver and Jacobian–vector product, over the three batched matrix–vector products."""
    problem = random_problem(12, 6) if quick else shipped("us-canada-2025")
    base = base_of(problem.world)
    shock = core.shock(base, problem.schedule.tariffs, None)
    J, N = base.E.shape
    x = np.zeros(N + 2 * J * N)
    state = core.evaluate(x, base, shock, "fixed")
    u, v = state.u[:, None, :], state.v[:, :, None]
    step = core.fixed_point_map(base, shock, "fixed", blocks_of(base, "fixed"))
    product = core.linearise(x, state, base, shock, "fixed")
    direction = np.random.default_rng(0).normal(size=x.size)

    def floor() -> None:
        u @ shock.A
        shock.B @ v
        u @ shock.G

    for case, call in (
        ("one evaluation of the equations", lambda: core.evaluate(x, base, shock, "fixed")),
        ("one step of the solver (evaluation and country blocks)", lambda: step(x)),
        ("one exact Jacobian–vector product", lambda: product(direction)),
    ):
        a, b = pairs(call, floor, 5 if quick else 15, calls=20 if quick else 100)
        yield over("kernel", case, FLOOR, a, b)
