"""Following a solution from where it is known to where it is asked for, in steps that adapt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surtax.numerics.solution import Solution, Stats, Vector


def follow(
    towards: Callable[[float, Vector], Solution],
    start: Vector,
    *,
    first_step: float = 0.25,
    smallest: float = 2.0**-8,
    ends: Callable[[float, Vector], bool] | None = None,
) -> Solution:
    """Go from share 0, where `start` holds, to share 1; unconverged where the way ends.

    Parameters
    ----------
    towards : (share, nearest known solution) → solution of the problem at that share.
    first_step : halved at each failure, doubled at each success; smallest : give up below it.
    ends : asked of every solution on the way whether to give up there.
    """
    solution, x = Solution(start, False, Stats("Newton–Krylov", 0, 0, np.inf)), start
    reached, step = 0.0, first_step
    while step >= smallest:
        target = min(1.0, reached + step)
        attempt = towards(target, x)
        if attempt.converged and target == 1.0:
            return attempt
        if attempt.converged:
            x, reached, step = attempt.value, target, 2 * step
            solution = Solution(x, False, attempt.stats)
            if ends is not None and ends(target, x):
                break
        else:
            step = step / 2
    return solution
