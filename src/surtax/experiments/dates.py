"""The dates of the dynamic path as lines beside the static models: first year, ten years on, at rest.

The path is solved once for the three (docs/models/dynamic.md); each line is the outcome of its date.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from surtax.model.core import CLOSURES
from surtax.model.dynamic import comparison

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.model.registry import Model, Task

#: Line → the date of `surtax.model.dynamic.comparison`.
DATES = {"path-first-year": "first year", "path-ten-years": "ten years on", "path-at-rest": "at rest"}


@dataclass(frozen=True, eq=False)
class AtDate:
    """One date of the path, as `surtax.solve` takes a model.

    Attributes
    ----------
    name : of the line; solved : what the dates of a comparison share, by world, scenario and closure.
    """

    name: str
    solved: dict[tuple[int, str, str], tuple[object, dict[str, Outcome]]] = field(default_factory=dict, repr=False)
    closures: tuple[str, ...] = CLOSURES

    def equilibrium(self, task: Task) -> Outcome:
        """The path to this date; see `surtax.model.dynamic.solve_path` for what may be raised."""
        key = id(task.world), task.scenario.name, task.deficits
        if key not in self.solved or self.solved[key][0] is not task.world:
            found = comparison(task.world, task.scenario, deficits=task.deficits, progress=task.progress)
            self.solved[key] = task.world, found
        return self.solved[key][1][DATES[self.name]]


def dates() -> dict[str, Model]:
    """The three lines, which share one path."""
    shared: dict[tuple[int, str, str], tuple[object, dict[str, Outcome]]] = {}
    return {name: AtDate(name, shared) for name in DATES}
