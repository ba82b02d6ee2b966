"""GMRES for one linear system with an operator that is known by its products alone.

Saad & Schultz (1986), SIAM J. Sci. Stat. Comput. 7. Orthogonalised by classical Gram–Schmidt done twice (Giraud,
Langou & Rozložník 2005), two matrix–vector products a pass instead of a loop over vectors: on systems of a few
thousand unknowns whose products take tenths of a millisecond SciPy's loop would cost as much as the products.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surtax.numerics.solution import Vector

Linear = Callable[[Vector], Vector]


def gmres(operator: Linear, rhs: Vector, tolerance: float, restart: int = 60, max_restarts: int = 6) -> Vector:
    """Solve `operator`(z) = rhs from z = 0.

    Parameters
    ----------
    operator : [n] → [n], linear.
    rhs : [n].
    tolerance : stop when the residual's Euclidean norm is no larger (absolute).
    restart : Krylov vectors kept; max_restarts : how often to start again.

    Returns
    -------
    [n] the best vector found; the caller checks what is left of the residual.
    """
    n = rhs.size
    m = min(restart, n)
    z = np.zeros(n)
    residual = rhs
    for attempt in range(max_restarts):
        size = float(np.linalg.norm(residual))
        if not tolerance < size < np.inf:
            break
        Q, H = np.empty((m + 1, n)), np.zeros((m + 1, m))
        Q[0] = residual / size
        rotations = np.zeros((m, 2))
        g = np.zeros(m + 1)
        g[0] = size
        k = 0
        for j in range(m):
            w = operator(Q[j])
            before = float(np.linalg.norm(w))
            h = Q[: j + 1] @ w
            w = w - h @ Q[: j + 1]
            again = Q[: j + 1] @ w
            w = w - again @ Q[: j + 1]
            column = np.empty(j + 2)
            column[: j + 1] = h + again
            column[j + 1] = float(np.linalg.norm(w))
            exhausted = not column[j + 1] > 1e-14 * before
            if not exhausted:
                Q[j + 1] = w / column[j + 1]
            for i in range(j):
                c, s = rotations[i]
                column[i], column[i + 1] = c * column[i] + s * column[i + 1], c * column[i + 1] - s * column[i]
            length = float(np.hypot(column[j], column[j + 1]))
            if length == 0:
                break
            c, s = column[j] / length, column[j + 1] / length
            rotations[j] = c, s
            column[j], column[j + 1] = length, 0.0
            H[: j + 1, j] = column[: j + 1]
            g[j], g[j + 1] = c * g[j], -s * g[j]
            k = j + 1
            if abs(g[k]) <= tolerance or exhausted:
                break
        if k == 0:
            break
        z = z + np.linalg.solve(np.triu(H[:k, :k]), g[:k]) @ Q[:k]
        if attempt + 1 < max_restarts:
            residual = rhs - operator(z)
    return z
