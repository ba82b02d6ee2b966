"""The general system as an object: one world, schedule, closure and set of options, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.model import general, steering, tangent
from surtax.model.general import Layout, Rules, Split, State
from surtax.model.tangent import Pull
from surtax.policy.schedule import Schedule

Array = NDArray[np.float64]

# Transposed systems are solved to this relative residual if rounding lets them; above the second there is no gradient,
# which inherits the residual.
ADJOINT, ENOUGH = 1e-12, 1e-9
ROUNDS = 8
# Sets of options whose country blocks are kept with a base.
KEPT = 8


@dataclass(frozen=True)
class GeneralSystem:
    """Equations r(x) = 0; see `surtax.model.drive.System` for what the drivers take.

    Attributes
    ----------
    split : the base; rules : the options; closure : of trade deficits.
    schedule : t′ and τ̂, laid out as `shock`.
    """

    split: Split
    rules: Rules
    closure: str
    schedule: Schedule

    @cached_property
    def shock(self) -> Layout:
        """The schedule as the kernel reads it."""
        with np.errstate(all="ignore"):  # prohibitive wedges underflow to closed cells
            return general.layout(self.split, self.rules, self.schedule)

    @property
    def size(self) -> int:
        """Length of the state vector."""
        return self.split.size

    def evaluate(self, x: Array) -> State:
        """See `general.evaluate`."""
        return general.evaluate(x, self.split, self.shock, self.rules, self.closure)

    def residual(self, x: Array) -> tuple[Array, State]:
        """See `general.residual`."""
        return general.residual(x, self.split, self.shock, self.rules, self.closure)

    def linearise(self, x: Array, state: State) -> Callable[[Array], Array]:  # noqa: ARG002
        """The exact Jacobian–vector product at x, where `state` was evaluated."""
        return tangent.linearise(state, self.split, self.shock, self.rules, self.closure)

    def linearise_transposed(self, x: Array, state: State) -> Callable[[Array], Array]:  # noqa: ARG002
        """The exact vector–Jacobian product at x, where `state` was evaluated."""
        return tangent.linearise_transposed(state, self.split, self.shock, self.rules, self.closure)

    def state_pull(self, state: State, pull: Pull) -> Array:
        """The pull of an objective on x through what the evaluation finds (prices, sales, revenue, income)."""
        return tangent.state_pull(pull, state, self.split, self.shock, self.rules, self.closure)

    def schedule_vjp(self, state: State, r: Array, pull: Pull | None = None) -> tuple[Array, Array]:
        """Derivatives with respect to t′ and log τ̂ [s,o,d], the state held still; see `tangent.schedule_vjp`."""
        return tangent.schedule_vjp(r, pull or Pull(), state, self.split, self.shock, self.rules, self.closure)

    @cached_property
    def inverse(self) -> NDArray[np.float32]:
        """Country blocks at the base; kept with it for one set of options and one kind of closure."""
        kind = self.closure if self.closure in ("gdp-share", "multiplicative") else "fixed"
        key = (kind, self.rules.stickiness, self.rules.psi.tobytes(), None if self.rules.eta is None else
               self.rules.eta.tobytes(), self.split.base.theta.tobytes(), len(self.split.pi),
               self.rules.log_floor, self.rules.own_anchor)  # fmt: skip
        cache: dict[object, NDArray[np.float32]] = self.split.base.__dict__.setdefault("_steering", {})
        if key not in cache:
            if len(cache) >= KEPT:
                cache.pop(next(iter(cache)))
            with np.errstate(all="ignore"):
                shock = general.layout(self.split, self.rules, Schedule(self.split.base.t))
                x = np.zeros(self.size)
                state = general.evaluate(x, self.split, shock, self.rules, self.closure)
                cache[key] = steering.blocks(state, self.split, shock, self.rules, self.closure)
        return cache[key]

    def precondition(self, r: Array) -> Array:
        """Country by country."""
        return steering.apply(self.inverse, r, self.split)

    def step(self, x: Array) -> Array:
        """Residuals turned into steps country by country; back to the numeraire where only relative values count."""
        r = self.residual(x)[0]
        out = x + self.precondition(r)
        if self.rules.homogeneous:
            base = self.split.base
            log_w, log_P, log_E, log_Y = general.unpack(out, self.split)
            level = np.log(float(np.exp(log_w) @ base.V) / float(base.V.sum()))
            log_w -= level
            log_P -= np.where(self.split.bought, level, 0.0)
            log_E -= np.where(self.split.bought, level, 0.0)
            log_Y -= np.where(self.split.made, level, 0.0)
        return out

    def gradient(self, x: Array, state: State, direct: Array, pull: Pull | None = None) -> tuple[Array, Array]:
        """How an objective at an equilibrium moves with every tariff and trade cost: one transposed solve.

        Parameters
        ----------
        x, state : the equilibrium and its evaluation.
        direct : derivative of the objective with respect to x, laid out like it; zeros where there is none.
        pull : its derivatives with respect to what the evaluation finds.

        Returns
        -------
        tariffs, log_cost : dJ/dt′ and dJ/dlog τ̂ [s,o,d].

        Raises
        ------
        NoConvergence
            the transposed system could not be solved.
        """
        from scipy.sparse.linalg import LinearOperator, gmres

        pull = pull or Pull()
        right = direct + self.state_pull(state, pull)
        transposed = self.linearise_transposed(x, state)
        n = x.size

        def steer(r: Array) -> Array:
            return steering.apply(self.inverse, r, self.split, transposed=True)

        # The rough inverse works in single precision: each round gains some digits, and the rounds meet double's.
        operator = LinearOperator((n, n), matvec=lambda z: -transposed(steer(z)), dtype=float)
        scale = max(float(np.linalg.norm(right)), 1e-300)
        adjoint, rest = np.zeros(n), right
        for _ in range(ROUNDS):
            z, _ = gmres(operator, rest, rtol=1e-5, atol=0.0, restart=min(n, 100), maxiter=4)
            adjoint = adjoint + steer(z)
            rest = right + transposed(adjoint)
            miss = float(np.linalg.norm(rest)) / scale
            if miss <= ADJOINT:
                break
        if not miss <= ENOUGH:
            raise NoConvergence(f"the adjoint of the equilibrium misses by {miss:.1e}: its gradient is not known.")
        return self.schedule_vjp(state, adjoint, pull)
