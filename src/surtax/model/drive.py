"""How an equilibrium is sought, whatever the equations: the easy way first, then harder ones, and what is refused.

A model hands over a `System`: residuals, their exact Jacobian–vector product, an accelerated map and a rough inverse.
The accelerated fixed point comes first; where it works hard, Newton–Krylov finishes; where both fail, the scenario is
reached in steps, each started from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence, NoEquilibrium
from surtax.model.base import Base
from surtax.model.feasible import ACCEPT
from surtax.numerics import Anderson, NewtonKrylov, Solution, Stats, anderson, follow, newton_krylov
from surtax.world import World

Array = NDArray[np.float64]

# Trade has to balance relative to trade too, not only to income: where trade all but ends, a residual that is tiny
# beside income leaves relative wages open. A gap of this share of trade moves them by as much over θ.
TRADE_GAP = 1e-6
# Evaluations above which a system counts as ill-conditioned; easy ones take 10 to 30.
HARD = 60
# Where the way towards a scenario ends, an income below this share of its base is what ended it.
POOR = 0.05
# Trade elasticities below this are not found in data; estimates start at about 1.
SMALL = 0.1


@dataclass(frozen=True)
class Solver:
    """How equilibria are sought.

    Attributes
    ----------
    anderson : the accelerated fixed point.
    newton : the method behind it.
    tracking : Newton–Krylov on the way towards a hard scenario: a step that needs more than this is too long.
    first_step : share of the scenario with which a hard one is first approached; halved at each failure, doubled
        at each success.
    smallest_step : give up below it.
    """

    anderson: Anderson = Anderson()
    newton: NewtonKrylov = NewtonKrylov()
    tracking: NewtonKrylov = NewtonKrylov(tolerance=1e-12, max_iterations=10, max_restarts=1)
    first_step: float = 0.25
    smallest_step: float = 2.0**-8


class System(Protocol):
    """Equations r(x) = 0 of one world, schedule and closure, in logarithms of changes; x = 0 is the base."""

    @property
    def size(self) -> int:
        """Length of the state vector."""

    def residual(self, x: Array) -> tuple[Array, Any]:
        """Residuals at x, laid out like x, and the evaluation they come from."""

    def linearise(self, x: Array, state: Any) -> Callable[[Array], Array]:
        """The exact Jacobian–vector product of `residual` at x."""

    def precondition(self, r: Array) -> Array:
        """An approximation of −J⁻¹ r."""

    def step(self, x: Array) -> Array:
        """A map whose fixed points are the equilibria, in the numeraire."""


#: (share of the schedule, share of the deficits, closure) → the system there
Builder = Callable[[float, float, str], System]


def attempt(system: System, x: Array, solver: Solver) -> Solution:
    """The accelerated fixed point; where it had to work hard, Newton–Krylov finishes or takes over.

    Many evaluations mean an ill-conditioned system, in which a small residual does not yet mean a small error: a
    Newton step gains the last digits.
    """
    first = anderson(system.step, x, solver.anderson)
    if first.converged and first.stats.evaluations <= HARD:
        return first
    for start in (first.value, x):
        second = newton(system, start, solver.newton)
        if second.converged:
            return second
        if first.converged:
            break
    return first


def newton(system: System, x: Array, config: NewtonKrylov) -> Solution:
    """Newton–Krylov from x."""

    def residual(y: Array) -> tuple[Array, Callable[[], Callable[[Array], Array]]]:
        r, state = system.residual(y)
        return r, lambda: system.linearise(y, state)

    return newton_krylov(residual, x, system.precondition, config)


def reach(build: Builder, closure: str, x0: Array, solver: Solver, progress: Callable[[str], None] | None) -> Solution:
    """Attempt the scenario from x0; if that fails, follow it from the base; if that way ends, the deficits."""
    solution = attempt(build(1.0, 1.0, closure), x0, solver)
    if solution.converged:
        return solution
    if progress:
        progress("approaching the scenario step by step")
    zero = np.zeros(x0.size)
    steps = {"first_step": solver.first_step, "smallest": solver.smallest_step}
    one_way = follow(lambda share, x: _near(build(share, 1.0, closure), x, solver), zero, **steps)
    if one_way.converged or closure == "balanced":
        return one_way
    if progress:
        progress("approaching the deficits step by step")
    start = attempt(build(1.0, 1.0, "balanced"), zero, solver)
    if not start.converged:
        return one_way
    other_way = follow(lambda share, x: _near(build(1.0, share, closure), x, solver), start.value, **steps)
    return other_way if other_way.converged else one_way


def _near(system: System, x: Array, solver: Solver) -> Solution:
    """One step on the way: from a near start the fixed point is quick if it converges at all; else Newton–Krylov."""
    quick = anderson(system.step, x, replace(solver.anderson, max_evaluations=HARD))
    if quick.converged:
        return quick
    return newton(system, x, solver.tracking)


# -- what is said and checked at the end -------------------------------------------------------------------------------


def refuse(
    base: Base,
    I: Array,  # noqa: E741 - the notation's name
    D: Array,
    closure: str,
    stats: Stats,
    worst: str,
    world: World,
    hint: str = "",
) -> NoConvergence:
    """Why there is no equilibrium, from I′ and D′ [n] at the nearest point reached, and what to try."""
    poor = np.flatnonzero(~(I > POOR * base.I))
    if poor.size:
        n = int(poor[np.argmin(np.nan_to_num(I[poor] / base.I[poor], nan=-np.inf))])
        return NoEquilibrium(
            f"no equilibrium with positive incomes under the closure {closure!r}: income of {world.countries[n]} "
            f"falls to {I[n] / base.I[n]:.3g} of the base while its trade deficit is to be {D[n]:.4g}. Try "
            f"deficits='balanced' or 'multiplicative', or a smaller shock."
        )
    return NoConvergence(
        f"no convergence ({stats.method} came last): at the nearest point reached, the scenario misses "
        f"{worst}. Try a smaller shock first, another closure{hint}{_other_elasticities(base)}."
    )


def _other_elasticities(base: Base) -> str:
    """Which elasticities may help: very large ones make small changes of price decide all, very small ones none."""
    low, high = float(base.theta.min()), float(base.theta.max())
    if low < SMALL:
        return f", or elasticities above {low:.3g}, at which buyers hardly respond to prices"
    return f", or elasticities below {high:.3g}" if high > 1 else ""


def worst_equation(residuals: Mapping[str, Array], world: World) -> str:
    """Name the equation with the largest relative residual; [n] or [s,n] each."""
    name = max(residuals, key=lambda k: float(np.nan_to_num(residuals[k], nan=np.inf).max()))
    r = np.nan_to_num(residuals[name], nan=np.inf)
    where = np.unravel_index(int(np.argmax(r)), r.shape)
    if r.ndim == 2:
        place = f"{world.sectors[int(where[0])]} in {world.countries[int(where[1])]}"
    else:
        place = world.countries[int(where[0])]
    return f"the {name} equation of {place}, off by {float(r[where]):.1e}"


def accepted(
    residuals: Mapping[str, Array],
    X: Array,
    D: Array,
    I: Array,  # noqa: E741 - the notation's name
    world: World,
) -> tuple[float, float]:
    """Largest relative residual and miss of Walras' law of a finished result.

    Parameters
    ----------
    residuals : relative residuals by name of equation, [n] or [s,n].
    X : X′ [s,o,d]; D, I : D′, I′ [n].

    Raises
    ------
    NoConvergence
        an equation does not hold to `ACCEPT`, or trade does not balance relative to trade.
    """
    residual = max(float(r.max()) for r in residuals.values())
    traded = X.sum(axis=0)
    np.fill_diagonal(traded, 0.0)
    imports, exports = traded.sum(axis=0), traded.sum(axis=1)
    gap = np.abs(imports - exports - D)
    walras = float(np.max(gap / I))
    if not (residual <= ACCEPT and walras <= ACCEPT):
        raise NoConvergence(
            f"the solution does not hold up: largest residual {residual:.1e}, Walras {walras:.1e}; worst is "
            f"{worst_equation(residuals, world)}. Please report the scenario."
        )
    loose = gap > TRADE_GAP * (imports + exports)
    loose &= imports + exports > 0
    if loose.any():
        n = int(np.argmax(np.where(loose, gap / np.maximum(imports + exports, 1e-300), 0)))
        share = (imports[n] + exports[n]) / I[n]
        raise NoConvergence(
            f"trade of {world.countries[n]} all but ends ({share:.1e} of its income), and what is left of it does not "
            f"balance: wages relative to its partners' cannot be told. Close the cells altogether (an embargo: trade "
            f"cost factor infinity), or try a smaller shock."
        )
    return residual, walras
