"""The general system against the core's own kernel, and the cost of a gradient against that of a solve."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import surtax as sx
from benchmarks.measure import Row, over, pairs
from benchmarks.problems import random_problem, shipped
from surtax.model.drive import Solver
from surtax.model.general import unpack
from surtax.model.options import General
from surtax.model.solve_general import find, split_of
from surtax.model.tangent import Pull

CORE = "the core's solve of the same scenario"
SOLVE = "the solve itself"


def variants(quick: bool) -> Iterator[Row]:
    """Solves with each option over the core's; gradients of real income by every tariff over a solve."""
    problem = random_problem(12, 6) if quick else shipped("us-canada-2025")
    world, schedule = problem.world, problem.schedule
    repeats = 3 if quick else 11
    cases = {
        "all options off": General(),
        "specific factors": General(mobility=1),
        "economies of scale": General(scale=0.02),
        "nested": General(nest="half"),
        "rigid wages": General(rigidity=1.0),
    }
    if world.final is not None:
        cases["uses apart"] = General(end_use=True)
    for name, model in cases.items():
        sx.solve(world, schedule, model=model)  # blocks are kept with the world
        a, b = pairs(lambda m=model: sx.solve(world, schedule, model=m), lambda: sx.solve(world, schedule), repeats)
        yield over("variants", f"solve, {name}", CORE, a, b)
    model = General(mobility=2.0)
    split = split_of(world, end_use=False)
    rules = model.rules(world, world.elasticity)

    def solve() -> None:
        find(split, rules, schedule, "fixed", Solver(), world)

    system, x, _ = find(split, rules, schedule, "fixed", Solver(), world)
    state = system.evaluate(x)
    direct, of_income = np.zeros_like(x), np.zeros_like(state.I)
    unpack(direct, split)[1][-1][:, 0] = -world.final_shares[:, 0]
    of_income[0] = 1 / state.I[0]
    a, b = pairs(lambda: system.gradient(x, state, direct, Pull(I=of_income)), solve, repeats)
    yield over("variants", "gradient of real income by every tariff", SOLVE, a, b)
