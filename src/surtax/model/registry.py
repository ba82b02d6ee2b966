"""Which models there are, and what each takes from `solve`.

A model is a frozen configuration with a name and a method `equilibrium(task)`. It is told labels and arrays, never
files; what it gives back is an `Outcome` that fulfils its own equations, or nothing. Names stand for default
configurations (`model="core"`); an instance (`model=Core()`) is a setting of the user's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from surtax.errors import InputError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from surtax.model.drive import Solver
    from surtax.model.outcome import Outcome
    from surtax.policy.scenario import Scenario
    from surtax.policy.schedule import Schedule
    from surtax.world import World


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be solved, checked and in the model's terms.

    Attributes
    ----------
    world : the accounts, with the elasticities asked for.
    scenario, schedule : what changes, by label and as arrays that fit the world.
    deficits : a closure of the model.
    solver : how equilibria are sought.
    progress : called with a line of text when something takes long, or None.
    start : a state of the model's own to begin with, where one near the solution is known, or None.
    """

    world: World
    scenario: Scenario
    schedule: Schedule
    deficits: str
    solver: Solver
    progress: Callable[[str], None] | None = None
    start: NDArray[np.float64] | None = None


@runtime_checkable
class Model(Protocol):
    """A system of equations in changes.

    Attributes
    ----------
    name : what `Conditions.model` says.
    closures : names that `deficits` may take.
    """

    @property
    def name(self) -> str:
        """What results say they come from."""

    @property
    def closures(self) -> tuple[str, ...]:
        """What may happen to trade deficits in this model."""

    def equilibrium(self, task: Task) -> Outcome:
        """Solve; see `surtax.solve` for what may be raised."""


#: name → (module, attribute: a model or a class whose defaults make one, one line of description)
MODELS: dict[str, tuple[str, str, str]] = {
    "core": (
        "surtax.model.equilibrium",
        "Core",
        "sectors with input–output links, one mobile factor (Caliendo & Parro 2015)",
    ),
    **{
        name: ("surtax.model.options", maker, text)
        for name, maker, text in (
            ("specific-factors", "specific_factors", "the core with factors that stay in their sectors (μ = 1)"),
            (
                "roy-frechet",
                "roy_frechet",
                "workers move between sectors with mobility μ = 2 (Galle et al. 2023)",
            ),
            ("short-run", "short_run", "specific factors and short-run trade elasticities (0.38 of the long run's)"),
            ("end-use", "end_use", "inputs and final demand buy from their own origins"),
            ("scale-economies", "scale_economies", "external economies of scale, ψ = 1/(2θ)"),
            ("nested", "nested", "home against foreign goods at η = θ/2, θ among foreign origins"),
            ("rigid-wages", "rigid_wages", "wages do not fall against world factor income; employment does"),
        )
    },
    "tariffwar": (
        "surtax.model.tariffwar",
        "TariffWar",
        "the core system with all purchases taken as final (Lashkaripour 2021)",
    ),
    "melitz-pareto": (
        "surtax.model.melitz",
        "MelitzPareto",
        "one sector, firms that enter markets, labour supply that responds (Ignatenko et al. 2025)",
    ),
}


def model_named(model: object) -> Model:
    """The model that a name stands for, or the instance that was given.

    Raises
    ------
    InputError
        no such model.
    """
    if isinstance(model, str):
        if model not in MODELS:
            raise InputError(f"unknown model {model!r}{nearest(model, MODELS)} (one of {', '.join(MODELS)})")
        module, attribute, _ = MODELS[model]
        found: Model = getattr(importlib.import_module(module), attribute)()
        return found
    if isinstance(model, type) or not isinstance(model, Model):
        raise InputError(f"model={model!r}: give a name ({', '.join(MODELS)}) or a model such as Core().")
    return model
