"""What a solver returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Stats:
    """What a solution cost.

    Attributes
    ----------
    method : name of the method that ended the run.
    evaluations : calls of the map.
    iterations : accepted steps.
    residual : largest absolute element of g(x) − x at the vector returned.
    """

    method: str
    evaluations: int
    iterations: int
    residual: float


@dataclass(frozen=True)
class Solution:
    """A vector and whether it solves the problem it was asked for.

    Attributes
    ----------
    value : [n] the last vector, a solution only if `converged`.
    converged : the residual fell below the tolerance.
    stats : what it cost.
    """

    value: Vector
    converged: bool
    stats: Stats
