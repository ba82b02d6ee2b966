"""Maxima of smooth functions within bounds and linear constraints: SciPy behind one small interface.

L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995) where there are only bounds; SLSQP (Kraft 1988) with linear constraints up to
a few hundred unknowns, beyond them L-BFGS-B on an augmented Lagrangian (Conn, Gould & Toint 1991, SIAM J. Numer. Anal.
28), which keeps no matrix (SciPy's trust-constr keeps some of n × n); one unknown alone needs none of them, secants of
its gradient do. Unknowns are scaled by the square root of a curvature that the caller estimates, so that a step of one
in every direction is about right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from surtax.numerics.solution import Vector

Smooth = Callable[[Vector], tuple[float, Vector]]

# Above this SLSQP's dense quadratic programs cost more than the functions that it saves.
DENSE = 400
# By how much a linear constraint may be missed.
SLACK = 1e-9
# Weight of squared misses in the augmented Lagrangian: each round leaves some 1/PENALTY of the last round's miss.
PENALTY = 30.0
ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Linear:
    """Constraints low ≤ matrix @ x ≤ high; matrix [m, n]."""

    matrix: Vector
    low: Vector
    high: Vector

    def missed(self, x: Vector) -> float:
        """By how much x breaks the worst of them."""
        y = self.matrix @ x
        return float(max(0.0, np.max(self.low - y), np.max(y - self.high)))


@dataclass(frozen=True, eq=False)
class Maximum:
    """The best point that one search saw.

    Attributes
    ----------
    x, value, gradient : the point and what the function says there.
    evaluations : calls of the function.
    method : who searched.
    finished : False where it was interrupted or ran out of evaluations.
    curvature : [n] what the search took or, with one unknown, learned to be −f″.
    """

    x: Vector
    value: float
    gradient: Vector
    evaluations: int
    method: str
    finished: bool
    curvature: Vector


class _Enough(Exception):
    """The budget of evaluations is spent."""


class _Recorder:
    """Calls the function in scaled unknowns, negated, and remembers the best feasible point."""

    def __init__(self, f: Smooth, scale: Vector, budget: int, allowed: Callable[[Vector], bool]) -> None:
        self.f, self.scale, self.budget, self.allowed = f, scale, budget, allowed
        self.count = 0
        self.best: tuple[float, Vector, Vector] | None = None

    def __call__(self, y: Vector) -> tuple[float, Vector]:
        if self.count >= self.budget:
            raise _Enough
        x = y / self.scale
        value, gradient = self.f(x)
        self.count += 1
        if self.allowed(x) and (self.best is None or value > self.best[0]):
            self.best = value, x, gradient
        return -value, -gradient / self.scale


def maximise(
    f: Smooth,
    x0: Vector,
    lower: Vector,
    upper: Vector,
    *,
    curvature: Vector | None = None,
    constraint: Linear | None = None,
    tolerance: float = 1e-7,
    budget: int = 2000,
) -> Maximum:
    """Climb from `x0` to a maximum of f within lower ≤ x ≤ upper and the constraint.

    Parameters
    ----------
    f : [n] → value and gradient [n].
    curvature : [n] estimate of −f″ along each unknown, > 0; None is one.
    tolerance : stop where the projected gradient over √curvature is no larger: about √(2 × the gain that is left).
    budget : evaluations at most.

    Returns
    -------
    Maximum
        the best point seen, also where the search was interrupted (`finished` is False then).
    """
    n = x0.size
    if n == 1 and constraint is None:
        return _secants(f, np.clip(x0, lower, upper), lower, upper, curvature, tolerance, budget)
    from scipy import optimize

    scale = np.sqrt(np.ones(n) if curvature is None else np.maximum(curvature, 1e-12))
    lo, hi = lower * scale, upper * scale
    start = np.clip(x0, lower, upper) * scale

    def allowed(x: Vector) -> bool:
        return constraint is None or constraint.missed(x) <= SLACK

    recorder = _Recorder(f, scale, budget, allowed)
    method = "L-BFGS-B" if constraint is None else "SLSQP" if n <= DENSE else "augmented Lagrangian"
    finished = True
    try:
        if constraint is None:
            done = _quasi_newton(recorder, start, lo, hi, tolerance, budget)
            # SciPy's "abnormal" end of a line search means that rounding hides any further gain: the point stands.
            finished = done.status != 1
        elif n <= DENSE:
            held = optimize.LinearConstraint(constraint.matrix / scale, constraint.low, constraint.high)
            done = optimize.minimize(
                recorder, start, jac=True, method="SLSQP", bounds=optimize.Bounds(lo, hi), constraints=[held],
                options={"ftol": 1e-12, "maxiter": budget},
            )  # fmt: skip
            finished = done.status != 9  # its limit of iterations
        else:
            finished = _augmented(recorder, start, lo, hi, constraint, tolerance, budget)
    except (_Enough, KeyboardInterrupt):
        finished = False
    if recorder.best is None:
        if recorder.count == 0:
            raise KeyboardInterrupt
        value, gradient = f(start / scale)
        recorder.best = (value if allowed(start / scale) else -np.inf), start / scale, gradient
    value, x, gradient = recorder.best
    return Maximum(np.clip(x, lower, upper), value, gradient, recorder.count, method, finished, scale**2)


def _quasi_newton(f: Smooth, start: Vector, lo: Vector, hi: Vector, tolerance: float, budget: int) -> Any:
    """SciPy's L-BFGS-B, downhill."""
    from scipy import optimize

    options = {"ftol": 1e-15, "gtol": tolerance, "maxcor": 30, "maxiter": budget, "maxfun": budget}
    return optimize.minimize(f, start, jac=True, method="L-BFGS-B", bounds=optimize.Bounds(lo, hi), options=options)


def _augmented(
    recorder: _Recorder, y: Vector, lo: Vector, hi: Vector, constraint: Linear, tolerance: float, budget: int
) -> bool:
    """Rounds of L-BFGS-B on f + λ·miss + ρ/2 miss², λ learned from round to round; whether the constraint came to hold.

    Rows are scaled to unit length in the recorder's unknowns, whose curvature is about one.
    """
    rows = constraint.matrix / recorder.scale
    length = np.maximum(np.linalg.norm(rows, axis=1), 1e-300)
    rows = rows / length[:, None]
    # Half the slack inside, so that a miss of the other half is allowed.
    low, high = (constraint.low + SLACK / 2) / length, (constraint.high - SLACK / 2) / length
    tight = low > high
    low[tight] = high[tight] = (constraint.low / length)[tight]
    multiplier = np.zeros(length.size)

    def pulled(a: Vector) -> Vector:
        """λ + ρ times the miss, by which rows pull; zero inside."""
        pull = multiplier + PENALTY * a
        return np.asarray(np.maximum(pull - PENALTY * high, 0.0) + np.minimum(pull - PENALTY * low, 0.0))

    def f(y: Vector) -> tuple[float, Vector]:
        value, gradient = recorder(y)
        pull = pulled(rows @ y)
        return value + float(pull @ pull) / (2 * PENALTY), gradient + rows.T @ pull

    for _ in range(ROUNDS):
        y = np.clip(_quasi_newton(f, y, lo, hi, tolerance, budget).x, lo, hi)
        before, multiplier = multiplier, pulled(rows @ y)
        still = float(np.abs(multiplier - before).max()) <= PENALTY * max(tolerance, 1e-12)
        if still and recorder.allowed(y / recorder.scale):
            # Points seen on the way may be worth more by what they missed within the slack: the end is the answer.
            return True
    return False


def _secants(
    f: Smooth, x: Vector, lower: Vector, upper: Vector, curvature: Vector | None, tolerance: float, budget: int
) -> Maximum:
    """One unknown: steps g/h uphill with h from secants, halved towards the last point where the value falls."""
    h = 1.0 if curvature is None else max(float(curvature[0]), 1e-12)
    value, g = f(x)
    count, finished = 1, True
    try:
        while True:
            held = (x <= lower and g < 0) or (x >= upper and g > 0)
            if held or abs(float(g[0])) <= tolerance * np.sqrt(h):
                break
            new = np.clip(x + np.clip(g / h, -0.3, 0.3), lower, upper)
            if count >= budget:
                finished = False
                break
            if abs(float(new[0] - x[0])) <= 1e-14 * (1 + abs(float(x[0]))):
                break  # rounding hides any further gain
            there, slope = f(new)
            count += 1
            bend = -float(slope[0] - g[0]) / float(new[0] - x[0])
            # Rounding of the value, 1e-13 of a per cent, hides falls where the gradient is still exact.
            if there >= value - 1e-12 * (1 + abs(value)):
                x, value, g = new, there, slope
                h = bend if bend > 0 else h / 2
            else:
                h = max(2 * h, bend)
    except KeyboardInterrupt:
        finished = False
    return Maximum(x, value, g, count, "secants", finished, np.array([h]))


def gain_left(gradient: Vector, x: Vector, lower: Vector, upper: Vector, curvature: Vector) -> float:
    """What a Newton step within the bounds would still gain: Σ of g·s − h s²/2 with s = g/h cut to the bounds."""
    step = np.clip(x + gradient / np.maximum(curvature, 1e-12), lower, upper) - x
    return float(np.sum(gradient * step - 0.5 * curvature * step**2))
