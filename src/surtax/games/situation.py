"""What happens if tariffs change: equilibria and gradients around a schedule in force, each from the last one found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.games.instrument import Choice, Instrument, instrument
from surtax.games.objective import Bound, Objective, bind
from surtax.model import core
from surtax.model.adjoint import Cotangents, adjoint
from surtax.model.base import Base, base_of
from surtax.model.drive import Solver
from surtax.model.equilibrium import Found, blocks_of, find, prepared
from surtax.numerics import Anderson, NewtonKrylov
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule

if TYPE_CHECKING:
    from surtax.world import World

Array = NDArray[np.float64]

#: Games compare gains of 1e-6 per cent of real income and less; equilibria are solved four digits closer than that.
#: and gradients to nine digits: a climb ends at 3e-6 of its gradient's scale.
GRADIENT = 1e-9
SOLVER = Solver(anderson=Anderson(tolerance=1e-12))
#: For deviations that are merely tried: payoffs to 1e-8 per cent, and no step-by-step way to what is hard to find.
QUICK = Solver(
    anderson=Anderson(tolerance=1e-10, max_evaluations=80), newton=NewtonKrylov(max_iterations=8, max_restarts=1),
    first_step=0.5, smallest_step=1.0,
)  # fmt: skip


@dataclass(eq=False)
class Situation:
    """A world, a closure and the schedule in force.

    It remembers the last equilibrium and multipliers, from which the next are found in fewer steps; what it answers
    does not depend on them beyond the solver's tolerance.

    Attributes
    ----------
    world : the accounts, re-solved where the closure asks for it; how : whether and why.
    tariffs, trade_cost : t′, τ̂ [s,o,d] in force.
    solves, gradients : how many so far.
    """

    world: World
    how: str
    base: Base
    scenario: Scenario
    tariffs: Array
    trade_cost: Array | None
    closure: str
    solver: Solver = SOLVER
    solves: int = 0
    gradients: int = 0
    _last: Array | None = None
    _near: tuple[Array, core.Shock] | None = None
    _multipliers: dict[int, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls, world: World, given: Scenario | None = None, deficits: str = "fixed", elasticities: object = None
    ) -> Situation:
        """The situation of a world under a scenario (None: nothing changes).

        Raises
        ------
        InputError
            an unknown closure, or what the scenario raises.
        """
        if deficits not in core.CLOSURES:
            raise InputError(
                f"unknown closure {deficits!r}{nearest(deficits, core.CLOSURES)} (one of {', '.join(core.CLOSURES)})"
            )
        if elasticities is not None:
            from surtax.elasticities import apply

            world = apply(world, elasticities)
        given = given or Scenario(name="none", title="Nothing changes")
        schedule = given.schedule(world)
        world, how = prepared(world, deficits, SOLVER)
        return cls(world, how, base_of(world), given, schedule.tariffs, schedule.trade_cost, deficits)

    def solve(self, tariffs: Array, *, quick: bool = False) -> Found:
        """The equilibrium under tariffs t′ [s,o,d]; `quick` gives up on what is hard to find."""
        schedule = Schedule(tariffs, self.trade_cost)
        solver = QUICK if quick else self.solver
        found = find(self.base, schedule, self.closure, solver, self.world, None, start=self._last, near=self._near)
        self._last, self._near = found.x, (tariffs, found.shock)
        self.solves += 1
        return found

    def restart(self, found: Found) -> None:
        """Start the next search for an equilibrium from this one."""
        self._last = found.x

    def gradient(
        self, found: Found, objective: Bound, cells: NDArray[np.intp], rates: Array, closeness: float = GRADIENT
    ) -> Array:
        """Derivatives of an objective by the tariffs of cells [m], whose rates are given, to a relative `closeness`."""
        return self.pull(found, objective.cotangents(found.x, found.state), cells, rates, id(objective), closeness)

    def pull(
        self,
        found: Found,
        wanted: Cotangents,
        cells: NDArray[np.intp],
        rates: Array,
        key: int = 0,
        closeness: float = GRADIENT,
    ) -> Array:
        """The same for any scalar of the equilibrium; multipliers are kept by `key`."""
        a = adjoint(
            found.x, found.state, self.base, found.shock, self.closure, wanted, blocks_of(self.base, self.closure),
            self._multipliers.get(key), closeness,
        )  # fmt: skip
        self._multipliers[key] = a.multipliers
        self.gradients += 1
        return a.tariffs(cells, rates)

    def with_tariffs(self, tariffs: Array) -> Situation:
        """The same situation with another schedule in force."""
        return replace(self, tariffs=tariffs, solves=0, gradients=0, _multipliers={})

    def real_incomes(self, found: Found) -> Array:
        """100 (Î/P̂ − 1) [n]."""
        _, log_P, _ = core.unpack(found.x, self.base)
        log_price = (self.base.alpha * log_P).sum(axis=0)
        return np.asarray(100 * np.expm1(np.log(found.state.I / self.base.I) - log_price))


@dataclass(frozen=True, eq=False)
class Player:
    """A government: what it wants and what it chooses."""

    name: str
    objective: Bound
    instrument: Instrument

    def payoff(self, situation: Situation, tariffs: Array, z: Array, *, quick: bool = False) -> float:
        """The objective, per cent, with the instrument at z over the tariffs [s,o,d] of all others."""
        found = situation.solve(self.instrument.put(z, tariffs), quick=quick)
        return self.objective.value(found.x, found.state)

    def payoff_and_gradient(self, situation: Situation, tariffs: Array, z: Array) -> tuple[float, Array]:
        """The objective and its gradient by z [k]."""
        i = self.instrument
        found = situation.solve(i.put(z, tariffs))
        value = self.objective.value(found.x, found.state)
        return value, i.pull(situation.gradient(found, self.objective, i.cells, i.rates(z)))


def player(situation: Situation, name: str, choice: Choice, objective: Objective) -> Player:
    """A player of a situation.

    Raises
    ------
    InputError
        a country that is not in the world, or what the instrument and objective raise.
    """
    world = situation.world
    members = world.positions(name)
    if len(members) > 1:
        raise InputError(
            f"{name} stands in this world in {len(members)} parts, without an income of its own to serve: name one, "
            f"such as {world.countries[members[0]]}, or take a world that has {name} whole."
        )
    code = world.countries[members[0]]
    laid = instrument(world, code, choice, situation.tariffs, situation.scenario)
    return Player(code, bind(objective, world, situation.base, code), laid)


def players(
    situation: Situation, names: Sequence[str], choices: Sequence[Choice], objectives: Sequence[Objective]
) -> list[Player]:
    """Several players, each once.

    Raises
    ------
    InputError
        a player twice, and what `player` raises.
    """
    found = [player(situation, n, c, o) for n, c, o in zip(names, choices, objectives, strict=True)]
    codes = [p.name for p in found]
    twice = {c for c in codes if codes.count(c) > 1}
    if twice:
        raise InputError(f"player {min(twice)} stands twice.")
    return found
