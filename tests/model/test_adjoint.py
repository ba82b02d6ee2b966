"""Gradients of the equilibrium: against complex steps and JAX on equations written apart, and against re-solved worlds."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import NoConvergence
from surtax.model import core
from surtax.model.adjoint import Cotangents, adjoint, transposed_blocks, transposed_residual
from surtax.model.base import base_of
from surtax.model.equilibrium import Solver, blocks_of, find, prepared
from surtax.numerics.krylov import gmres
from surtax.policy.schedule import Schedule
from tests.helpers import as_world, small_world
from tests.model.automatic import equations
from tests.reference.worlds import random_shock, random_world


def equilibrium(world, t, tau, closure, start=None):
    world, _ = prepared(world, closure, Solver())
    base = base_of(world)
    return world, base, find(base, Schedule(t, tau), closure, Solver(), world, None, start=start)


def random_objective(base, rng):
    """A scalar that reads everything: Σ a log ŵ + b log P̂ + c Y′/Y + d R′/V + e log I′."""
    J, N = base.E.shape
    a, d, e = rng.normal(size=(3, N))
    b, c = rng.normal(size=(2, J, N))
    Y = np.where(base.Y > 0, base.Y, 1.0)

    def value(log_w, log_P, Y_new, R, income, xp=np):
        return (
            (a * log_w).sum()
            + (b * log_P).sum()
            + (c * Y_new / Y).sum()
            + (d * R / base.V).sum()
            + (e * xp.log(income)).sum()
        )

    def cotangents(found):
        return Cotangents(log_w=a, log_P=b, Y=c / Y, R=d / base.V, I=e / found.state.I)

    return value, cotangents


def gradient_of(found, base, closure, cotangents):
    return adjoint(found.x, found.state, base, found.shock, closure, cotangents, blocks_of(base, closure))


@pytest.mark.parametrize("closure", core.CLOSURES)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_the_transpose_is_the_transpose(closure, seed, zeros):
    w = random_world(seed, 4, 3, theta=(2.0, 12.0), zero_flows=zeros, zero_output=zeros / 2)
    t, tau = random_shock(w, seed + 1, lowest=-0.2, highest=1.0)
    base = base_of(as_world(w))
    shock = core.shock(base, t, tau)
    rng = np.random.default_rng(seed)
    x = 0.1 * rng.normal(size=base.V.size + 2 * base.E.size)
    _, state = core.residual(x, base, shock, closure)
    forwards = core.linearise(x, state, base, shock, closure)
    backwards = transposed_residual(x, state, base, shock, closure)
    blocks = blocks_of(base, closure)
    for _ in range(4):
        a, b = rng.normal(size=(2, x.size))
        # sums of a few hundred doubles
        assert a @ forwards(b) == pytest.approx(backwards(a).x @ b, rel=1e-10, abs=1e-10)
        # the blocks are applied forwards in single precision: 6e-8 an operation
        assert a @ core.apply_blocks(blocks, b, base) == pytest.approx(
            transposed_blocks(blocks, base)(a) @ b, rel=1e-4, abs=1e-4
        )


def solved_dense(J_and_rp, f_x, f_p):
    """The implicit function theorem by a dense matrix: f_p − r_pᵀ J⁻ᵀ f_x."""
    J, r_p = J_and_rp
    return f_p - r_p.T @ np.linalg.solve(J.T, f_x)


def split(z, J, N):
    n = N + 2 * J * N
    log_w, log_P, log_E = z[:N], z[N : N + J * N].reshape(J, N), z[N + J * N : n].reshape(J, N)
    cube = J * N * N
    return log_w, log_P, log_E, z[n : n + cube].reshape(J, N, N), z[n + cube :].reshape(J, N, N)


def at(found, t, tau):
    return np.concatenate([found.x, np.log1p(t).ravel(), np.log(tau).ravel()])


def both_sides(closure, seed):
    """A solved random world without dead cells, an objective, and our gradient by ln(1+t′) and ln τ̂ of every cell."""
    w = random_world(seed, 3, 2, theta=(2.0, 12.0), zero_flows=0.0, zero_output=0.0)
    t, tau = random_shock(w, seed + 1, lowest=-0.2, highest=1.0)
    tau = np.where(np.isfinite(tau), tau, 1.0)
    world, base, found = equilibrium(as_world(w), t, tau, closure)
    value, cotangents = random_objective(base, np.random.default_rng(seed))
    a = gradient_of(found, base, closure, cotangents(found))
    every = np.arange(t.size)
    ours = np.concatenate([a.tariffs(every, t.ravel()) * (1 + t.ravel()), a.trade_costs(every)])
    return world, base, found, t, tau, value, ours


@pytest.mark.parametrize("closure", core.CLOSURES)
@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_complex_steps(closure, seed):
    """Complex steps have no rounding of differences: derivatives to the last digits, from equations written apart."""
    world, base, found, t, tau, value, ours = both_sides(closure, seed)
    J, N = base.E.shape
    parts = equations(np, world, closure)
    z = at(found, t, tau)
    residuals, values = [], []
    for i in range(z.size):
        step = z.astype(complex)
        step[i] += 1e-30j
        log_w, log_P, log_E, log_t, log_tau = split(step, J, N)
        r, Y, R, income = parts(log_w, log_P, log_E, log_t, log_tau)
        residuals.append(r.imag / 1e-30)
        values.append(value(log_w, log_P, Y, R, income).imag / 1e-30)
    jacobian, df = np.array(residuals).T, np.array(values)
    n = found.x.size
    theirs = solved_dense((jacobian[:, :n], jacobian[:, n:]), df[:n], df[n:])
    # the linear system is solved to 1e-11 and its condition number is some hundreds
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9 * np.abs(theirs).max())


@pytest.mark.parametrize("closure", core.CLOSURES)
def test_gradients_are_those_of_jax(closure):
    jax = pytest.importorskip("jax", reason="JAX is not installed: pip install 'surtax[adjoint-test]'")
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    world, base, found, t, tau, value, ours = both_sides(closure, 5)
    J, N = base.E.shape
    parts = equations(jnp, world, closure)

    def residual(z):
        return parts(*split(z, J, N))[0]

    def objective(z):
        _, Y, R, income = parts(*split(z, J, N))
        return value(*split(z, J, N)[:2], Y, R, income, xp=jnp)

    z = jnp.asarray(at(found, t, tau))
    jacobian, df = np.asarray(jax.jacrev(residual)(z)), np.asarray(jax.grad(objective)(z))
    n = found.x.size
    theirs = solved_dense((jacobian[:, :n], jacobian[:, n:]), df[:n], df[n:])
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-9 * np.abs(theirs).max())  # as for complex steps


def check_by_solving(world, t, tau, closure, cells, seed, step):
    """Central differences of re-solved equilibria in random directions, extrapolated once (Richardson)."""
    world, base, found = equilibrium(world, t, tau, closure)
    rng = np.random.default_rng(seed)
    value, cotangents = random_objective(base, rng)
    a = gradient_of(found, base, closure, cotangents(found))
    by_t, by_tau = a.tariffs(cells, t.ravel()[cells]), a.trade_costs(cells)

    def moved(h, direction):
        t_new, tau_new = np.array(t), np.array(tau)
        t_new.ravel()[cells] += h * direction[0]
        tau_new.ravel()[cells] *= np.exp(h * direction[1])
        _, _, f = equilibrium(world, t_new, tau_new, closure, start=found.x)
        log_w, log_P, _ = core.unpack(f.x, base)
        return value(log_w, log_P, f.state.Y, f.state.R, f.state.I)

    for _ in range(2):
        direction = rng.normal(size=(2, cells.size))
        wide, narrow = ((moved(h, direction) - moved(-h, direction)) / (2 * h) for h in (step, step / 2))
        numeric = (4 * narrow - wide) / 3
        exact = by_t @ direction[0] + by_tau @ direction[1]
        scale = np.abs(by_t * direction[0]).sum() + np.abs(by_tau * direction[1]).sum()
        # what is promised: 1e-6. The rest of the difference quotient is h⁴ times fifth derivatives, some 1e-8 here.
        assert abs(exact - numeric) <= 1e-6 * max(abs(numeric), 0.1 * scale)


@pytest.mark.parametrize("closure", core.CLOSURES)
@pytest.mark.parametrize("seed", range(4))
def test_gradients_are_those_of_re_solved_random_worlds(closure, seed):
    w = random_world(seed, 5, 3, theta=(1.5, 12.0), zero_flows=0.3 * (seed % 2), zero_output=0.1 * (seed % 2))
    t, tau = random_shock(w, seed + 1, lowest=-0.2, highest=0.5)
    cells = np.flatnonzero(np.broadcast_to(~np.eye(5, dtype=bool), t.shape))
    check_by_solving(as_world(w), t, tau, closure, cells, seed, 2e-4)


@pytest.mark.parametrize("closure", core.CLOSURES)
def test_gradients_are_those_of_the_re_solved_shipped_world(closure, embedded):
    schedule = sx.load_scenario("us-canada-2025").schedule(embedded)
    can, usa = embedded.country("CAN"), embedded.country("USA")
    chosen = np.zeros(schedule.tariffs.shape, dtype=bool)
    chosen[:, can, usa] = chosen[:, usa, can] = chosen[:, 3, usa] = embedded.goods
    tau = np.ones_like(schedule.tariffs)
    check_by_solving(embedded, schedule.tariffs, tau, closure, np.flatnonzero(chosen), 1, 1e-3)


def test_a_first_tariff_of_a_country_that_levied_none_has_revenue():
    world = small_world(3, base_tariffs=0.0)
    t = np.zeros_like(world.flows)
    tau = np.ones_like(t)
    check_by_solving(world, t, tau, "fixed", np.flatnonzero(~np.eye(4, dtype=bool)[None].repeat(3, 0)), 2, 2e-4)


def test_a_neighbour_s_multipliers_save_products():
    world = small_world(2, countries=6)
    _, base, found = equilibrium(world, world.tariffs, None, "fixed")
    _, cotangents = random_objective(base, np.random.default_rng(0))
    cold = gradient_of(found, base, "fixed", cotangents(found))
    warm = adjoint(
        found.x, found.state, base, found.shock, "fixed", cotangents(found), blocks_of(base, "fixed"),
        start=cold.multipliers * (1 + 1e-6),
    )  # fmt: skip
    assert warm.products < cold.products
    cells = np.arange(world.flows.size)
    t = world.tariffs.ravel()
    np.testing.assert_allclose(warm.tariffs(cells, t), cold.tariffs(cells, t), rtol=1e-8, atol=1e-10)


def test_an_objective_that_reads_nothing_has_no_gradient():
    world = small_world(2)
    _, base, found = equilibrium(world, world.tariffs, None, "fixed")
    a = gradient_of(found, base, "fixed", Cotangents())
    cells = np.arange(world.flows.size)
    assert not a.tariffs(cells, world.tariffs.ravel()).any()


def test_a_gradient_off_the_equilibrium_s_reach_is_refused(monkeypatch):
    world = small_world(2)
    _, base, found = equilibrium(world, world.tariffs, None, "fixed")
    _, cotangents = random_objective(base, np.random.default_rng(0))
    monkeypatch.setattr("surtax.numerics.krylov.gmres", lambda _operator, rhs, *_, **__: 0 * rhs)
    with pytest.raises(NoConvergence, match="gradient could not be found"):
        gradient_of(found, base, "fixed", cotangents(found))


@pytest.mark.parametrize("n", [1, 5, 40])
def test_gmres_solves_linear_systems(n):
    rng = np.random.default_rng(n)
    A = np.eye(n) + 0.3 * rng.normal(size=(n, n)) / np.sqrt(n)
    b = rng.normal(size=n)
    for restart in (3, 60):
        # condition number below ten
        np.testing.assert_allclose(gmres(lambda v: A @ v, b, 1e-13, restart, 60), np.linalg.solve(A, b), atol=1e-11)
    assert not gmres(lambda v: A @ v, np.zeros(n), 1e-13).any()
