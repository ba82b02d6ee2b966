"""Newton–Krylov for the roots of g(x) − x, behind the accelerated fixed point.

The linear systems are solved by GMRES with differences for Jacobian–vector products, as in Knoll & Keyes (2004), J.
Comput. Phys. 193; the implementation is SciPy's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surtax.numerics.anderson import Map
from surtax.numerics.solution import Solution, Stats, Vector


@dataclass(frozen=True)
class NewtonKrylov:
    """Configuration: see `scipy.optimize.newton_krylov`.

    Attributes
    ----------
    tolerance : stop when no element of g(x) − x is larger in absolute value.
    max_iterations : outer (Newton) steps.
    inner : inner (Krylov) steps a Newton step.
    """

    tolerance: float = 1e-11
    max_iterations: int = 60
    inner: int = 60


def newton_krylov(g: Map, x0: Vector, config: NewtonKrylov) -> Solution:
    """Find x = g(x) from `x0`; same contract as `anderson`."""
    from scipy.optimize import NoConvergence, newton_krylov

    count = 0

    def residual(x: Vector) -> Vector:
        nonlocal count
        count += 1
        f = g(x) - x
        # SciPy's line search needs finite numbers; a large residual sends it back.
        return np.nan_to_num(f, nan=1e6, posinf=1e6, neginf=-1e6)

    try:
        x = newton_krylov(
            residual,
            x0,
            f_tol=config.tolerance,
            maxiter=config.max_iterations,
            inner_maxiter=config.inner,
            method="lgmres",
        )
    except (NoConvergence, ValueError) as stop:
        x = np.asarray(stop.args[0]) if isinstance(stop, NoConvergence) else x0
    f = g(x) - x
    size = float(np.max(np.abs(f)))
    size = size if size == size else np.inf
    return Solution(
        value=x,
        converged=size <= config.tolerance,
        stats=Stats("Newton–Krylov", count + 1, config.max_iterations, size),
    )
