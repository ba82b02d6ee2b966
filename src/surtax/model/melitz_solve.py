"""Finding an equilibrium of the Melitz–Pareto equations: the quick way first, the harder ones behind it.

The inverse of the Jacobian at the base, computed once a world, turns residuals into steps; Anderson acceleration makes
up for what has moved since. Where that takes long, Newton–Krylov with the exact Jacobian takes over; where both fail,
the scenario is reached in steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence, NoEquilibrium
from surtax.model import melitz_kernel as kernel
from surtax.model.drive import HARD, POOR, Solver
from surtax.model.feasible import ACCEPT
from surtax.model.melitz_base import MelitzBase
from surtax.model.melitz_kernel import Wedges
from surtax.numerics import Solution, anderson, follow, newton_krylov

Array = NDArray[np.float64]


def inverse_at_base(base: MelitzBase) -> NDArray[np.float32]:
    """Inverse of the Jacobian [2n,2n] at the base; single precision, since it only steers the steps."""
    N = len(base.E)
    nothing = kernel.no_change(base)
    state = kernel.evaluate(np.zeros(2 * N), base, nothing, base.T)
    J = kernel.linearise(state, base, nothing, base.T)(np.eye(2 * N))
    return np.ascontiguousarray(np.linalg.inv(J).astype(np.float32))


def find(
    base: MelitzBase,
    inverse: NDArray[np.float32],
    wedge: Callable[[float], Wedges],
    transfers: Callable[[float], Array],
    solver: Solver,
    countries: Sequence[str],
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Find the state at which the equations hold.

    Parameters
    ----------
    base, inverse : accounts, and the inverse of their Jacobian.
    wedge, transfers : the schedule, and T [n], at a share of the way from the base to what is asked
        for (1 is all of it).
    countries : for messages.

    Raises
    ------
    NoEquilibrium, NoConvergence
        see `surtax.solve`.
    """
    last, T = wedge(1.0), transfers(1.0)
    _refuse(base, last, T, countries)
    start = np.zeros(2 * len(base.E))
    with np.errstate(all="ignore"):
        solution = _attempt(base, inverse, last, T, start, solver)
        if not solution.converged:
            solution = _harder(base, inverse, wedge, transfers, solver, progress)
    if not solution.converged:
        _give_up(base, last, T, solution, countries)
    return solution


def _harder(
    base: MelitzBase,
    inverse: NDArray[np.float32],
    wedge: Callable[[float], Wedges],
    transfers: Callable[[float], Array],
    solver: Solver,
    progress: Callable[[str], None] | None,
) -> Solution:
    """From the base to the scenario in steps; if that way ends, from no transfers to what they are to be."""
    # From a near start a step is quick if it leads anywhere.
    near = replace(solver, anderson=replace(solver.anderson, max_evaluations=HARD), newton=solver.tracking)
    steps: dict[str, Any] = {"first_step": solver.first_step, "smallest": solver.smallest_step}
    start = np.zeros(2 * len(base.E))
    last, T = wedge(1.0), transfers(1.0)
    if progress:
        progress("approaching the scenario step by step")
    one_way = follow(lambda share, z: _attempt(base, inverse, wedge(share), transfers(share), z, near), start, **steps)
    if one_way.converged or not T.any():
        return one_way
    if progress:
        progress("approaching the deficits step by step")
    balanced = _attempt(base, inverse, last, np.zeros_like(T), start, solver)
    if not balanced.converged:
        return one_way
    other_way = follow(lambda share, z: _attempt(base, inverse, last, share * T, z, near), balanced.value, **steps)
    return other_way if other_way.converged else one_way


def _attempt(
    base: MelitzBase, inverse: NDArray[np.float32], wedge: Wedges, T: Array, start: Array, solver: Solver
) -> Solution:
    def steered(r: Array) -> Array:
        return -np.asarray(inverse @ r.astype(np.float32), dtype=float)

    def step(z: Array) -> Array:
        return np.asarray(z + steered(kernel.residual(z, base, wedge, T)[0]))

    first = anderson(step, start, solver.anderson)
    if first.converged and first.stats.evaluations <= HARD:
        return first

    def linearised(z: Array) -> tuple[Array, Callable[[], Callable[[Array], Array]]]:
        r, state = kernel.residual(z, base, wedge, T)
        return r, lambda: kernel.linearise(state, base, wedge, T)

    for z in (first.value, start):
        second = newton_krylov(linearised, z, steered, solver.newton)
        if second.converged:
            return second
        if first.converged:
            break
    return first


def _refuse(base: MelitzBase, wedge: Wedges, T: Array, countries: Sequence[str]) -> None:
    """Refuse schedules under which something bought has no seller, or transfers no trade to be made with."""
    if not wedge.closes:
        return
    closed = ~(wedge.A > 0).any(axis=0)
    if closed.any():
        raise NoEquilibrium(
            f"the scenario leaves {countries[int(np.argmax(closed))]} nobody to buy from: its prices would be "
            f"infinite. Leave a source open."
        )
    abroad = (wedge.A > 0) & ~np.eye(len(base.E), dtype=bool)
    alone = ~(abroad.any(axis=0) | abroad.any(axis=1)) & (np.abs(T) > ACCEPT * base.E)
    if alone.any():
        n = int(np.argmax(alone))
        raise NoEquilibrium(
            f"no equilibrium: {countries[n]} trades with nobody under this scenario, but the closure has it receive "
            f"transfers of {T[n]:.4g}. Try deficits='balanced', or leave some trade open."
        )


def _give_up(base: MelitzBase, wedge: Wedges, T: Array, solution: Solution, countries: Sequence[str]) -> None:
    with np.errstate(all="ignore"):
        state = kernel.evaluate(solution.value, base, wedge, T)
        r, _ = kernel.residual(solution.value, base, wedge, T)
    poor = np.flatnonzero(~(state.spending > POOR * base.E))
    if poor.size:
        n = int(poor[0])
        raise NoEquilibrium(
            f"no equilibrium with positive spending: that of {countries[n]} falls to "
            f"{state.spending[n] / base.E[n]:.3g} of the base while it is to receive transfers of {T[n]:.4g}. Try "
            f"deficits='balanced', or a smaller shock."
        )
    i = int(np.argmax(np.nan_to_num(np.abs(r), nan=np.inf)))
    what, where = ("labour supply", "budget")[i // len(countries)], countries[i % len(countries)]
    raise NoConvergence(
        f"no convergence ({solution.stats.method} came last): at the nearest point reached, the scenario misses the "
        f"{what} equation of {where} by {abs(float(r[i])):.1e}. Try a smaller shock first, or another closure."
    )
