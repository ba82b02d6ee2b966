"""Numerics without economics: fixed points and roots of functions on plain vectors.

A solver is a frozen configuration; what comes back is a `Solution`: the vector, whether it solves the problem, and
what it cost. Nothing here knows what the numbers mean, and nothing here imports another room.
"""

from surtax.numerics.anderson import Anderson, anderson
from surtax.numerics.continuation import follow
from surtax.numerics.newton import NewtonKrylov, newton_krylov
from surtax.numerics.solution import Solution, Stats

__all__ = ["Anderson", "NewtonKrylov", "Solution", "Stats", "anderson", "follow", "newton_krylov"]
