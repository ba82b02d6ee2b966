"""Anderson acceleration of a fixed point x = g(x).

Source: D. G. Anderson (1965), Iterative procedures for nonlinear integral equations, J. ACM 12; in the difference form
of Walker & Ni (2011), SIAM J. Numer. Anal. 49, eq. (2.2). The least-squares problem is solved through its Gram matrix,
which is updated by one row a step, so that a step costs 2·depth·n operations beside the evaluation of g. The Gram matrix squares
the condition number; a small ridge relative to its trace keeps the coefficients bounded, and it only slows the
last digits, never biases them, since the residual itself is what is driven to zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surtax.numerics.solution import Solution, Stats, Vector

Map = Callable[[Vector], Vector]


@dataclass(frozen=True)
class Anderson:
    """Configuration of the accelerated fixed point.

    Attributes
    ----------
    tolerance : stop when no element of g(x) − x is larger in absolute value.
    depth : how many earlier steps are remembered.
    max_evaluations : give up after so many calls of the map.
    max_step : a step longer than this (largest element) is shortened to it; the state is in logarithms, so 1 means
        a factor e.
    ridge : relative size of the regularisation of the Gram matrix.
    polish : plain steps of the map after convergence, each of which shrinks what error is left.
    """

    tolerance: float = 1e-11
    depth: int = 10
    max_evaluations: int = 2000
    max_step: float = 1.0
    ridge: float = 1e-14


def anderson(g: Map, x0: Vector, config: Anderson) -> Solution:
    """Find x = g(x) from `x0`.

    Parameters
    ----------
    g : map from [n] to [n]; it may return non-finite values, which are read as "this step went too far".
    x0 : [n] start; g(x0) has to be finite.
    config : see `Anderson`.

    Returns
    -------
    Solution
        `converged` is False where the residual stayed above the tolerance; the vector is then the best one seen.
    """
    m, n = config.depth, x0.size
    dX, dF = np.empty((m, n)), np.empty((m, n))
    gram = np.zeros((m, m))
    x = np.array(x0, dtype=float)
    f = g(x) - x
    evaluations = iterations = stored = 0
    evaluations += 1
    size = _size(f)
    best_x, best = x, size
    since_best = 0
    damping = 1.0
    while size > config.tolerance and evaluations < config.max_evaluations:
        step = damping * f
        if stored:
            k = min(stored, m)
            H = gram[:k, :k]
            coefficients = _solve(H, dF[:k] @ f, config.ridge)
            step = step - coefficients @ dX[:k] - damping * (coefficients @ dF[:k])
        longest = float(np.max(np.abs(step)))
        if not longest < np.inf:
            stored, step = 0, damping * f
            longest = float(np.max(np.abs(step)))
        if longest > config.max_step:
            step = step * (config.max_step / longest)
        x_new = x + step
        f_new = g(x_new) - x_new
        evaluations += 1
        size_new = _size(f_new)
        if not size_new < np.inf:
            # Too far: forget the history and creep back from the best point.
            stored, damping = 0, 0.5 * damping
            x, f, size = best_x, g(best_x) - best_x, best
            evaluations += 1
            if damping < 1e-3:
                break
            continue
        slot = stored % m
        dX[slot], dF[slot] = x_new - x, f_new - f
        stored += 1
        k = min(stored, m)
        row = dF[:k] @ dF[slot]
        gram[slot, :k] = row
        gram[:k, slot] = row
        x, f, size = x_new, f_new, size_new
        iterations += 1
        since_best += 1
        if size < best:
            best_x, best, since_best = x, size, 0
        elif size > 1e3 * best or since_best > 6 * m:
            # Stagnation or escape: restart from the best point with a shorter step.
            stored, since_best, damping = 0, 0, 0.5 * damping
            x, f, size = best_x, g(best_x) - best_x, best
            evaluations += 1
            if damping < 1e-3:
                break
    return Solution(
        value=best_x,
        converged=best <= config.tolerance,
        stats=Stats("Anderson", evaluations, iterations, best),
    )


def _size(f: Vector) -> float:
    size = float(np.max(np.abs(f))) if f.size else 0.0
    return size if size == size else np.inf  # a NaN is a step too far, like an infinity


def _solve(H: Vector, rhs: Vector, ridge: float) -> Vector:
    k = H.shape[0]
    scale = float(np.trace(H)) / k
    if not scale > 0:
        return np.zeros(k)
    return np.linalg.solve(H + ridge * scale * np.eye(k), rhs)
