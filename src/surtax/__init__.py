"""Surtax, a laboratory for trade wars.

Six nouns carry everything: `World`, `Measure`, `Schedule`, `Scenario`, a model, `Outcome`.

    import surtax as sx
    world    = sx.load_world()
    scenario = sx.load_scenario("us-canada-2025")
    outcome  = sx.solve(world, scenario)
    print(outcome.welfare["CAN"], outcome.prices["USA"])

Names are loaded when they are first used, so that importing the package costs little more than importing numpy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "World": "surtax.world",
    "elasticity_draws": "surtax.elasticities",
    "elasticity_sets": "surtax.elasticities",
    "load_world": "surtax.world",
    "world_names": "surtax.world",
    "Measure": "surtax.policy",
    "Scenario": "surtax.policy",
    "Schedule": "surtax.policy",
    "load_scenario": "surtax.policy.library",
    "scenario_names": "surtax.policy.library",
    "Outcome": "surtax.model.outcome",
    "Solver": "surtax.model.equilibrium",
    "solve": "surtax.model.equilibrium",
    "variables": "surtax.model.outcome",
    "SurtaxError": "surtax.errors",
    "InputError": "surtax.errors",
    "AccountsError": "surtax.errors",
    "NoConvergence": "surtax.errors",
    "NoEquilibrium": "surtax.errors",
}

__all__ = [
    "AccountsError",
    "InputError",
    "Measure",
    "NoConvergence",
    "NoEquilibrium",
    "Outcome",
    "Scenario",
    "Schedule",
    "Solver",
    "SurtaxError",
    "World",
    "elasticity_draws",
    "elasticity_sets",
    "load_scenario",
    "load_world",
    "scenario_names",
    "solve",
    "variables",
    "world_names",
]

if TYPE_CHECKING:
    from surtax.elasticities import elasticity_draws, elasticity_sets
    from surtax.errors import AccountsError, InputError, NoConvergence, NoEquilibrium, SurtaxError
    from surtax.model.equilibrium import Solver, solve
    from surtax.model.outcome import Outcome, variables
    from surtax.policy import Measure, Scenario, Schedule
    from surtax.policy.library import load_scenario, scenario_names
    from surtax.world import World, load_world, world_names


def __getattr__(name: str) -> Any:
    if name == "law":
        return importlib.import_module("surtax.law")
    if name not in _HOMES:
        raise AttributeError(f"module 'surtax' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "law"})
