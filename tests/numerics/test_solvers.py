"""Fixed points and roots of plain functions, whose answers are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surtax.numerics import Anderson, NewtonKrylov, Solution, Stats, anderson, follow, newton_krylov


def linear(seed, n, radius):
    """g(x) = M x + b with spectral radius `radius`, and its fixed point by a direct solve."""
    rng = np.random.default_rng(seed)
    M = rng.normal(size=(n, n))
    M *= radius / np.abs(np.linalg.eigvals(M)).max()
    b = rng.normal(size=n)
    return (lambda x: M @ x + b), np.linalg.solve(np.eye(n) - M, b)


@settings(max_examples=50)
@given(st.integers(0, 1000), st.integers(1, 30), st.sampled_from([0.1, 0.5, 0.9, 0.97]))
def test_anderson_on_linear_maps(seed, n, radius):
    g, root = linear(seed, n, radius)
    solution = anderson(g, np.zeros(n), Anderson(max_step=np.inf))
    assert solution.converged
    assert solution.stats.residual <= Anderson().acceptable
    # the error is the residual over the distance of the map's eigenvalues from one
    np.testing.assert_allclose(solution.value, root, atol=1e-7 * max(1, np.abs(root).max()))


def test_anderson_solves_a_small_linear_problem_in_as_many_steps_as_it_has_dimensions():
    """With depth ≥ n it is GMRES (Walker & Ni 2011), where the plain iteration would need hundreds of steps."""
    g, root = linear(1, 5, 0.99)
    solution = anderson(g, np.zeros(5), Anderson(max_step=np.inf, tolerance=1e-11))
    assert solution.stats.evaluations <= 15  # n + 1, and a few for rounding in the Gram matrix
    np.testing.assert_allclose(solution.value, root, rtol=1e-7)


def test_anderson_finds_a_repelling_fixed_point():
    solution = anderson(lambda x: 3.5 * x * (1 - x), np.array([0.5]), Anderson())
    assert solution.converged
    assert solution.value[0] == pytest.approx(1 - 1 / 3.5, abs=1e-12)


def test_anderson_at_the_solution_evaluates_once():
    solution = anderson(np.cos, np.array([0.7390851332151607]), Anderson(tolerance=1e-12))
    assert solution.stats == Stats("Anderson", 1, 0, solution.stats.residual)


def test_anderson_says_when_there_is_none():
    solution = anderson(lambda x: x + 1, np.zeros(3), Anderson())
    assert not solution.converged
    assert solution.stats.residual == pytest.approx(1)
    assert solution.stats.evaluations <= Anderson().max_evaluations + 1


def test_anderson_steps_back_from_where_the_map_ends():
    """log is NaN below zero: a step into it is taken back, not passed on."""
    with np.errstate(invalid="ignore"):
        solution = anderson(lambda x: x - np.log(x) - 0.5, np.array([0.2]), Anderson())
    assert solution.converged
    assert solution.value[0] == pytest.approx(np.exp(-0.5), rel=1e-9)


def test_anderson_never_returns_worse_than_it_saw():
    seen = []

    def g(x):
        seen.append(np.abs(np.sin(7 * x) + x).max())
        return x + np.sin(7 * x) + x

    solution = anderson(g, np.array([1.0, 2.0]), Anderson(max_evaluations=20))
    assert solution.stats.residual == pytest.approx(min(seen), abs=1e-15)


def newton_problem(f, jacobian):
    return lambda x: (f(x), lambda: lambda v: jacobian(x) @ v)


def test_newton_is_quadratic():
    """x² = a in five dimensions from a good start: the residual's digits double with each step."""
    a = np.array([2.0, 3.0, 5.0, 7.0, 11.0])
    problem = newton_problem(lambda x: x**2 - a, lambda x: np.diag(2 * x))
    solution = newton_krylov(problem, np.full(5, 2.0), lambda r: r, NewtonKrylov(forcing=1e-12))
    assert solution.converged
    np.testing.assert_allclose(solution.value, np.sqrt(a), rtol=1e-14)
    assert solution.stats.iterations <= 8


def test_newton_damps_a_step_that_goes_too_far():
    """arctan from 3 diverges undamped."""
    problem = newton_problem(np.arctan, lambda x: np.diag(1 / (1 + x**2)))
    solution = newton_krylov(problem, np.array([3.0]), lambda r: r, NewtonKrylov(max_step=np.inf))
    assert solution.converged
    assert abs(solution.value[0]) < 1e-12


def test_newton_with_a_preconditioner_of_either_quality():
    g, root = linear(3, 20, 0.9)
    A = np.array([g(e) - g(np.zeros(20)) for e in np.eye(20)]).T

    def problem(x):
        return g(x) - x, lambda: lambda v: A @ v - v

    exact = np.linalg.inv(np.eye(20) - A)
    for precondition in (lambda r: r, lambda r: exact @ r):
        solution = newton_krylov(problem, np.zeros(20), precondition, NewtonKrylov(max_step=np.inf))
        assert solution.converged
        np.testing.assert_allclose(solution.value, root, rtol=1e-9, atol=1e-9)


def test_newton_says_when_there_is_none():
    problem = newton_problem(lambda x: x**2 + 1, lambda x: np.diag(2 * x))
    solution = newton_krylov(problem, np.array([3.0]), lambda r: r, NewtonKrylov())
    assert not solution.converged
    assert solution.stats.residual >= 1


def test_newton_from_where_nothing_is_defined():
    problem = newton_problem(lambda x: x * np.nan, lambda x: np.eye(len(x)))
    assert not newton_krylov(problem, np.zeros(2), lambda r: r, NewtonKrylov()).converged


@pytest.mark.parametrize(
    "thing", [Anderson(), NewtonKrylov(), Stats("x", 0, 0, 0.0), Solution(np.zeros(1), True, None)]
)
def test_configurations_and_solutions_are_frozen(thing):
    name = dataclasses.fields(thing)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, None)


def test_following_a_solution_in_steps():
    """Steps halve at a failure and double at a success; where the way ends, what is returned is no solution."""
    asked = []

    def towards(share, x):
        asked.append(share)
        near = share - x[0] <= 0.3 and share <= end
        return Solution(np.array([share]), near, Stats("test", 1, 1, 0.0 if near else 1.0))

    end = 1.0
    done = follow(towards, np.zeros(1), first_step=0.5)
    assert done.converged
    assert done.value[0] == 1.0
    assert asked == [0.5, 0.25, 0.75, 0.5, 1.0, 0.75, 1.0]
    end = 0.6
    lost = follow(towards, np.zeros(1))
    assert not lost.converged
    assert 0.59 < lost.value[0] <= 0.6


def test_newton_gives_up_where_it_stalls():
    """x² + 1 has no root: the residual cannot fall below one, and the steps that try are few."""

    def f(x):
        return x**2 + 1, lambda: lambda z: 2 * x * z

    found = newton_krylov(f, np.array([3.0]), lambda r: -r, NewtonKrylov(max_iterations=1000))
    assert not found.converged
    assert found.stats.iterations <= 40


def test_following_ends_where_it_is_told_to():
    """The way to x(1) = −1 passes zero half-way; whoever does not accept that stops there."""

    def towards(share, x):
        return Solution(np.array([1 - 2 * share]), True, Stats("exact", 1, 1, 0.0))

    asked = []

    def ends(share, x):
        asked.append(share)
        return x[0] <= 0

    assert follow(towards, np.array([1.0]), first_step=0.25).converged
    stopped = follow(towards, np.array([1.0]), first_step=0.25, ends=ends)
    assert not stopped.converged
    assert asked == [0.25, 0.75]
    assert stopped.value[0] == -0.5
