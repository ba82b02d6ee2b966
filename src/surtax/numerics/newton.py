"""Newton–Krylov with exact Jacobian–vector products, behind the accelerated fixed point.

Each linear system is solved by restarted GMRES (SciPy's), right-preconditioned by the caller; the step is halved
until the residual falls (Knoll & Keyes 2004, J. Comput. Phys. 193; Dennis & Schnabel 1996, ch. 6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surtax.numerics.solution import Solution, Stats, Vector

Linear = Callable[[Vector], Vector]
Residual = Callable[[Vector], tuple[Vector, Callable[[], Linear]]]


@dataclass(frozen=True)
class NewtonKrylov:
    """Configuration.

    Attributes
    ----------
    tolerance : stop when no element of the residual is larger in absolute value.
    acceptable : where rounding stops progress above `tolerance`, a residual below this is still a root.
    max_iterations : Newton steps.
    restart : Krylov vectors kept; max_restarts : how often GMRES starts again.
    forcing : how exactly each linear system is solved, relative to its right-hand side.
    max_step : a longer step (largest element) is shortened to it; the state is in logarithms.
    patience : give up where so many steps together have not halved the residual: what stalls seldom ends at a root,
        and each step costs hundreds of products.
    """

    tolerance: float = 1e-14
    acceptable: float = 1e-10
    max_iterations: int = 40
    restart: int = 80
    max_restarts: int = 4
    forcing: float = 1e-8
    max_step: float = 1.0
    patience: int = 8


def newton_krylov(f: Residual, x0: Vector, precondition: Linear, config: NewtonKrylov) -> Solution:
    """Find f(x) = 0 from `x0`.

    Parameters
    ----------
    f : x [n] → residual [n] and a function that gives the Jacobian–vector product there. Non-finite residuals are
        read as "this step went too far".
    x0 : [n] start.
    precondition : r [n] → an approximation of −J⁻¹ r.
    """
    from scipy.sparse.linalg import LinearOperator, gmres

    n = x0.size
    x = x0
    r, jacobian = f(x)
    size = _norm(r)
    evaluations = 1
    iterations = 0
    sizes = [size]
    while _largest(r) > config.tolerance and iterations < config.max_iterations and size < np.inf:
        product = jacobian()
        count = 0

        def operator(z: Vector, product: Linear = product) -> Vector:
            nonlocal count
            count += 1
            return -product(precondition(z))

        z, _ = gmres(
            LinearOperator((n, n), matvec=operator, dtype=float), r,
            rtol=config.forcing, atol=0.0, restart=min(n, config.restart), maxiter=config.max_restarts,
        )  # fmt: skip
        evaluations += count
        step = precondition(z)
        longest = _largest(step)
        if not longest < np.inf:
            break
        share = min(1.0, config.max_step / longest) if longest > 0 else 1.0
        while True:
            trial = x + share * step
            r_new, jacobian_new = f(trial)
            evaluations += 1
            size_new = _norm(r_new)
            if size_new < (1 - 1e-4 * share) * size:
                break
            share /= 2
            if share < 1e-6:
                return _finish(x, r, evaluations, iterations, config)
        x, r, jacobian, size = trial, r_new, jacobian_new, size_new
        iterations += 1
        sizes.append(size)
        if iterations >= config.patience and not size < sizes[-1 - config.patience] / 2:
            break
    return _finish(x, r, evaluations, iterations, config)


def _finish(x: Vector, r: Vector, evaluations: int, iterations: int, config: NewtonKrylov) -> Solution:
    largest = _largest(r)
    return Solution(x, largest <= config.acceptable, Stats("Newton–Krylov", evaluations, iterations, largest))


def _largest(r: Vector) -> float:
    size = float(np.max(np.abs(r)))
    return size if size == size else np.inf


def _norm(r: Vector) -> float:
    size = float(np.linalg.norm(r))
    return size if size == size else np.inf
