"""Derivatives of the general system: forwards against differences, backwards against forwards, gradients against both."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.model.core import CLOSURES
from surtax.model.drive import Solver
from surtax.model.general import unpack
from surtax.model.options import General
from surtax.model.solve_general import find, split_of
from surtax.model.system import GeneralSystem
from surtax.model.tangent import Pull
from tests.helpers import as_world
from tests.reference.general import split_final
from tests.reference.worlds import random_shock, random_world

OPTIONS = {
    "off": {},
    "mobile": {"mobility": 1.5},
    "uses": {"end_use": True},
    "scale": {"scale": "half-krugman"},
    "nested": {"nest": 2.5},
    "rigid": {"mobility": 1.5, "rigidity": 0.99},
    "rigid, own": {"mobility": 1.5, "rigidity": 0.99, "anchor": "own"},
    "all": {"mobility": 2.0, "end_use": True, "scale": 0.05, "nest": 2.0, "rigidity": 0.99},
}


def a_world(seed, model, **kwargs):
    w = random_world(seed, 4, 3, **{"theta": (2.0, 9.0), "base_tariffs": 0.2, **kwargs})
    world = as_world(w)
    if model.end_use:
        rng = np.random.default_rng(seed)
        final = split_final(world.flows, world.tariffs, world.final_shares * world.income, rng)
        world = world.replace(final=final)
    t, tau = random_shock(w, seed + 1, lowest=-0.2, highest=1.0)
    return world, sx.Schedule(t, tau)


def system_of(seed, options, closure, **kwargs):
    model = General(**options)
    world, schedule = a_world(seed, model, **kwargs)
    split = split_of(world, end_use=model.end_use)
    system = GeneralSystem(split, model.rules(world, world.elasticity), closure, schedule)
    return system, np.random.default_rng(seed)


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("name", list(OPTIONS))
@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_jacobian_vector_product(name, closure, zeros):
    system, rng = system_of(3, OPTIONS[name], closure, zero_flows=zeros, zero_output=zeros / 2)
    x = 0.1 * rng.normal(size=system.size)
    _, state = system.residual(x)
    product = system.linearise(x, state)
    for _ in range(3):
        v = rng.normal(size=x.size)
        h = 1e-5
        up, down = (system.residual(x + s * h * v)[0] for s in (1, -1))
        numeric = (up - down) / (2 * h)
        # truncation h² f‴/6 with third derivatives up to θ³ ~ 1e3, rounding 1e-16/h = 1e-11
        np.testing.assert_allclose(product(v), numeric, rtol=1e-6, atol=1e-7 * np.abs(numeric).max())


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("name", list(OPTIONS))
def test_the_transpose_is_the_transpose(name, closure):
    for seed in (5, 6):
        system, rng = system_of(seed, OPTIONS[name], closure, zero_flows=0.3, zero_output=0.1)
        x = 0.1 * rng.normal(size=system.size)
        _, state = system.residual(x)
        v, u = rng.normal(size=(2, x.size))
        left = float(system.linearise(x, state)(v) @ u)
        right = float(v @ system.linearise_transposed(x, state)(u))
        # sums of some hundred terms of order one to ten
        assert abs(left - right) <= 1e-12 * max(1.0, abs(left), np.abs(v).sum())


@pytest.mark.parametrize("name", list(OPTIONS))
def test_residuals_move_with_the_schedule_as_the_product_says(name):
    system, rng = system_of(8, OPTIONS[name], "multiplicative", zero_flows=0.2)
    x = 0.05 * rng.normal(size=system.size)
    r = rng.normal(size=x.size)
    _, state = system.residual(x)
    tariffs, log_cost = system.schedule_vjp(state, r)
    t, tau = system.schedule.tariffs, system.schedule.trade_cost
    off = ~np.eye(t.shape[1], dtype=bool)[None]
    for _ in range(3):
        dt, dc = 0.3 * rng.normal(size=(2, *t.shape))
        dt = dt * off

        def along(h, dt=dt, dc=dc):
            moved = sx.Schedule(t + h * dt, tau * np.exp(h * dc))
            return float(GeneralSystem(system.split, system.rules, system.closure, moved).residual(x)[0] @ r)

        h = 1e-5
        numeric = (along(h) - along(-h)) / (2 * h)
        exact = float((tariffs * dt).sum() + (log_cost * dc).sum())
        assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-7)


def real_income(state, split, x, n):
    """log(I/P) of country n and its derivatives."""
    base = split.base
    alpha = base.alpha[:, n]
    value = np.log(state.I[n]) - float(alpha @ unpack(x, split)[1][-1][:, n])
    direct = np.zeros_like(x)
    unpack(direct, split)[1][-1][:, n] = -alpha
    of_income = np.zeros(base.V.size)
    of_income[n] = 1 / state.I[n]
    return value, direct, Pull(I=of_income)


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("name", list(OPTIONS))
def test_gradient_of_real_income_against_solves(name, closure):
    """One transposed solve gives what re-solving at neighbouring tariffs finds."""
    model = General(**OPTIONS[name])
    world, schedule = a_world(21, model, zero_flows=0.2)
    schedule = sx.Schedule(np.clip(schedule.tariffs, 0, 0.3), None)
    if closure == "balanced":
        closure = "fixed"
        world = world.balanced() if not model.end_use else world
    split = split_of(world, end_use=model.end_use)
    rules = model.rules(world, world.elasticity)
    system, x, _ = find(split, rules, schedule, closure, Solver(), world)
    state = system.evaluate(x)
    _, direct, pull = real_income(state, split, x, 1)
    tariffs, log_cost = system.gradient(x, state, direct, pull)
    rng = np.random.default_rng(2)
    off = ~np.eye(len(world.countries), dtype=bool)[None]
    for _ in range(2):
        dt = rng.normal(size=tariffs.shape) * off
        dc = rng.normal(size=tariffs.shape) * off

        def along(h, dt=dt, dc=dc):
            moved = sx.Schedule(schedule.tariffs + h * dt, np.exp(h * dc))
            there, y, _ = find(split, rules, moved, closure, Solver(), world, start=x)
            return real_income(there.evaluate(y), split, y, 1)[0]

        h = 2e-5
        numeric = (along(h) - along(-h)) / (2 * h)
        exact = float((tariffs * dt).sum() + (log_cost * dc).sum())
        # solves to 1e-12 over 2h = 4e-5, and h² truncation
        assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-7)


def test_pulls_on_sales_and_revenue():
    """An objective of R′ and Y′ alone, at any state."""
    system, rng = system_of(4, OPTIONS["all"], "gdp-share")
    x = 0.05 * rng.normal(size=system.size)
    state = system.evaluate(x)
    b = Pull(Y=rng.normal(size=state.Y.shape), R=rng.normal(size=state.R.shape), E=rng.normal(size=state.E.shape))
    v = rng.normal(size=x.size)

    def objective(y):
        s = system.evaluate(y)
        return float((b.Y * s.Y).sum() + b.R @ s.R + (b.E * s.E).sum())

    h = 1e-6
    numeric = (objective(x + h * v) - objective(x - h * v)) / (2 * h)
    assert float(system.state_pull(state, b) @ v) == pytest.approx(numeric, rel=1e-6)
