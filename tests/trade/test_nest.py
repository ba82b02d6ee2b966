"""The product nest: closed forms, limits, and what the kernel and a flat market of varieties say about it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surtax as sx
from surtax.model import core
from surtax.model.base import base_of
from surtax.numerics import Anderson, anderson
from surtax.policy.schedule import Schedule
from surtax.trade.nest import as_rates, bias_of_mean, cubes, nest
from surtax.trade.pe import solve_market
from tests.helpers import small_world


def random_lines(seed, lines=400, cells=17, base=(0.0, 0.02, 0.3), add=(0.0, 0.1, 0.25, -0.01)):
    r = np.random.default_rng(seed)
    cell = r.integers(0, cells, lines)
    value = r.lognormal(3, 2, lines) * (r.random(lines) < 0.9)
    before = r.choice(base, lines)
    return cell, value, before, before + r.choice(add, lines)


def by_hand(cell, value, before, after, s):
    """κ̂, b and ω′ of one cell after the definitions, without any care for digits."""
    paid = value * (1 + before)
    w = paid / paid.sum()
    k = (1 + after) / (1 + before)
    wedge = np.exp((w * np.log(k)).sum()) if s == 1 else (w * k ** (1 - s)).sum() ** (1 / (1 - s))
    new = w * (k / wedge) ** (1 - s)
    return wedge, (new / (1 + after)).sum(), new


@pytest.mark.parametrize("s", [0.0, 0.3, 1.0, 2.5, 5.0, 12.0])
def test_against_the_definitions(s):
    cell, value, before, after = random_lines(1)
    found = nest(cell, value, before, after, s, cells=20)
    for c in range(20):
        mine = cell == c
        if not value[mine].any():
            assert np.isnan([found.wedge[c], found.net[c], found.net_base[c]]).all()
            continue
        wedge, b, new = by_hand(cell[mine], value[mine], before[mine], after[mine], s)
        assert found.wedge[c] == pytest.approx(wedge, rel=1e-13)
        assert found.net[c] == pytest.approx(b, rel=1e-13)
        np.testing.assert_allclose(found.share[mine], new, rtol=1e-11, atol=1e-16)
    assert found.covered.sum() == np.unique(cell[value > 0]).size


def test_an_elasticity_a_cell():
    cell, value, before, after = random_lines(2)
    s = np.linspace(0, 9, 17)
    all_at_once = nest(cell, value, before, after, s)
    for c in range(17):
        alone = nest(cell, value, before, after, s[c], cells=17)
        assert all_at_once.wedge[c] == alone.wedge[c]
        assert all_at_once.net[c] == alone.net[c]


@pytest.mark.parametrize("s", [0.0, 1.0, 5.0, 40.0])
def test_one_line_or_equal_tariffs_are_the_plain_case(s):
    t, t_new = 0.03, 0.28
    one = nest([0], [7.0], [t], [t_new], s)
    many = nest([0] * 50, np.arange(50.0), [t] * 50, [t_new] * 50, s)
    for found in (one, many):
        assert found.wedge[0] == pytest.approx((1 + t_new) / (1 + t), rel=1e-14)
        assert found.net[0] == pytest.approx(1 / (1 + t_new), rel=1e-14)
        assert found.rate[0] == pytest.approx(t_new, rel=1e-13)
        assert found.rate_base[0] == pytest.approx(t, rel=1e-12)


def test_no_change_changes_nothing():
    cell, value, before, _ = random_lines(3)
    found = nest(cell, value, before, before, 5.0)
    assert (found.wedge == 1).all()
    np.testing.assert_allclose(found.net, found.net_base, rtol=1e-15)
    np.testing.assert_allclose(found.share, found.share_base, rtol=1e-15)


def test_without_substitution_it_is_the_trade_weighted_mean():
    cell, value, before, after = random_lines(4)
    found = nest(cell, value, before, after, 0.0)
    x = np.bincount(cell, value)
    mean, mean_new = np.bincount(cell, value * before) / x, np.bincount(cell, value * after) / x
    np.testing.assert_allclose(found.rate_base, mean, rtol=1e-12)
    np.testing.assert_allclose(found.rate, mean_new, rtol=1e-12)
    np.testing.assert_allclose(found.wedge, (1 + mean_new) / (1 + mean), rtol=1e-14)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_cobb_douglas_is_approached_without_loss_of_digits(gap):
    lines = random_lines(5)
    at_one, near = nest(*lines, 1.0), nest(*lines, 1.0 + gap)
    assert np.abs(near.wedge / at_one.wedge - 1).max() < 0.05 * gap + 4e-16
    assert np.abs(near.net / at_one.net - 1).max() < 0.1 * gap + 1e-15


def test_very_elastic_lines_leave_the_cheapest():
    found = nest([0, 0], [1.0, 1.0], [0.0, 0.0], [0.0, 3.0], 400.0)
    assert found.wedge[0] == pytest.approx(
        2 ** (1 / 399), rel=1e-14
    )  # (½)^(1/(1−ς)): half the value was the cheap line
    assert found.net[0] == 1.0


@given(seed=st.integers(0, 10**6), low=st.floats(0, 8), more=st.floats(0, 8))
def test_the_wedge_falls_with_substitution_and_stays_between_the_extremes(seed, low, more):
    lines = random_lines(seed, 60, 5)
    a, b = nest(*lines, low), nest(*lines, low + more)
    ok = a.covered
    assert (b.wedge[ok] <= a.wedge[ok] * (1 + 1e-14)).all()
    cell, value, before, after = lines
    k = (1 + after) / (1 + before)
    for c in np.flatnonzero(ok):
        mine = k[(cell == c) & (value > 0)]
        assert mine.min() * (1 - 1e-14) <= b.wedge[c] <= mine.max() * (1 + 1e-14)


@given(seed=st.integers(0, 10**6), s=st.floats(0, 10))
def test_revenue_of_a_cell_is_that_of_its_lines(seed, s):
    lines = random_lines(seed, 80, 6)
    found = nest(*lines, s)
    flows = np.where(found.covered, np.random.default_rng(seed).lognormal(5, 2, found.value.size), 0.0)
    X, revenue = found.lines(flows)
    np.testing.assert_allclose(np.bincount(found.cell, X, flows.size), flows, rtol=1e-13)
    ok = found.covered
    per_cell = np.bincount(found.cell, revenue, flows.size)
    np.testing.assert_allclose(per_cell[ok], (flows * found.rate)[ok], rtol=1e-11, atol=1e-12 * flows.max())
    # spending, tariff included, is split by the new shares
    np.testing.assert_allclose((X + revenue), found.share * (flows / found.net)[found.cell], rtol=1e-12, atol=1e-12)


@given(seed=st.integers(0, 10**6), s=st.floats(0, 10))
def test_from_a_free_base_the_mean_overstates_the_rate_too(seed, s):
    lines = random_lines(seed, 60, 5, base=(0.0,), add=(0.0, 0.1, 0.25, 1.0))
    b = bias_of_mean(*lines, s)
    ok = ~np.isnan(b.wedge)
    assert (b.wedge[ok] <= b.mean_wedge[ok] * (1 + 1e-14)).all()
    assert (b.rate[ok] <= b.mean_rate[ok] + 1e-13).all()


def test_the_first_derivative_is_the_trade_weighted_mean():
    cell, value, before, after = random_lines(6)
    step = after - before
    x = np.bincount(cell, value)
    for s in (0.0, 1.0, 5.0):
        h = 1e-6
        up, down = nest(cell, value, before, before + h * step, s), nest(cell, value, before, before - h * step, s)
        spent = np.bincount(cell, value * (1 + before))
        np.testing.assert_allclose(
            (np.log(up.wedge) - np.log(down.wedge)) / (2 * h), np.bincount(cell, value * step) / spent, atol=1e-9
        )
        # revenue: what the lines pay at unchanged quantities, and what they lose by substitution
        if s == 0:
            np.testing.assert_allclose((up.rate - down.rate) / (2 * h), np.bincount(cell, value * step) / x, atol=1e-9)


@pytest.mark.parametrize("s", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_bias_grows_with_the_square_of_dispersion(s, seed):
    """The second-order terms −½ ς Var and −ς Cov are left with errors of third order: halved spread, an eighth."""
    r = np.random.default_rng(seed)
    value, spread = r.lognormal(size=30), r.normal(size=30)
    errors, biases = [], []
    for h in (0.02, 0.01, 0.005):
        t = 0.1 + 0.5 * h * np.sin(np.arange(30))
        b = bias_of_mean(np.zeros(30, dtype=int), value, t, t + 0.2 + h * spread, s)
        errors.append([b.log_wedge[0] - b.log_wedge_approx[0], b.log_net[0] - b.log_net_approx[0]])
        biases.append([b.log_wedge[0], b.log_net[0]])
    ratio = np.array(biases[:-1]) / np.array(biases[1:])
    np.testing.assert_allclose(ratio, 4, rtol=0.15)
    assert (np.abs(errors[:-1]) / np.abs(errors[1:]) > 6).all()
    assert (np.array(biases)[:, 0] < 0).all()


def test_bias_in_a_case_done_by_hand():
    """Half the trade free, half at 25 %, ς = 5: κ̂ = (½ + ½·1.25^−4)^(−¼), where the mean is 1.125."""
    b = bias_of_mean([0, 0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.25], 5.0)
    assert b.mean_wedge[0] == pytest.approx(1.125, rel=1e-14)
    assert b.mean_rate[0] == pytest.approx(0.125, rel=1e-13)
    tail = 1.25**-4
    assert b.wedge[0] == pytest.approx((0.5 + 0.5 * tail) ** -0.25, rel=1e-14)
    assert 1 / (1 + b.rate[0]) == pytest.approx((1 + tail / 1.25) / (1 + tail), rel=1e-14)
    assert b.rate[0] == pytest.approx(0.0617, abs=5e-5)
    assert b.wedge[0] == pytest.approx(1.0914, abs=5e-5)


def test_default_elasticity_makes_lines_and_origins_one_ces():
    """Varieties (o,ℓ) in one flat market against lines nested in origins, with ς = σ."""
    r = np.random.default_rng(7)
    origins, lines, s = 4, 6, 5.0
    v = r.lognormal(size=(origins, lines))
    t = r.choice([0.0, 0.05], (origins, lines))
    t_new = t + r.choice([0.0, 0.25], (origins, lines))
    flat = solve_market(v.ravel(), t.ravel(), t_new.ravel(), sigma=s, eta=1.0)
    cell = np.repeat(np.arange(origins), lines)
    found = nest(cell, v.ravel(), t.ravel(), t_new.ravel(), s)
    spent = (v * (1 + t)).sum(axis=1)
    pi = spent / spent.sum()
    theta = s - 1
    A = pi * found.wedge**-theta
    B = A * found.net
    assert A.sum() ** (-1 / theta) == pytest.approx(flat.price_index[0, 0], rel=1e-13)
    # A and B are sums over lines: no information on the lines is lost to the kernel
    w = (v * (1 + t)) / spent.sum()
    k = (1 + t_new) / (1 + t)
    np.testing.assert_allclose(A, (w * k**-theta).sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(B, (w * k**-theta / (1 + t_new)).sum(axis=1), rtol=1e-13)
    flows = spent.sum() * B / A.sum()
    np.testing.assert_allclose(flows, flat.value_after.reshape(origins, lines).sum(axis=1), rtol=1e-12)
    X, revenue = found.lines(flows)
    np.testing.assert_allclose(X, flat.value_after.ravel(), rtol=1e-12)
    np.testing.assert_allclose(revenue, flat.revenue_after.ravel(), rtol=1e-12)


# -- in the kernel ----------------------------------------------------------------------------------------------------


def equilibrium(base, wedge, net):
    """The kernel on two cubes, as docs/models/nest.md gives them."""
    A = base.pi * wedge ** -base.theta[:, None, None]
    B = A * net
    taxed = np.flatnonzero((A != B).any(axis=(0, 1)))
    shock = core.Shock(A, B, taxed, np.ascontiguousarray((A - B)[:, :, taxed]))
    J, N = base.E.shape
    blocks = core.country_blocks(base, "fixed")
    found = anderson(core.fixed_point_map(base, shock, "fixed", blocks), np.zeros(N + 2 * J * N), Anderson())
    assert found.converged
    state = core.evaluate(found.value, base, shock, "fixed")
    X = B * state.u[:, :, None] * state.v[:, None, :]
    return state, X


def lines_of(world, seed=1, each=5, spread=0.2):
    """Lines for every foreign cell of a world, with the cell's base tariff as their mean."""
    r = np.random.default_rng(seed)
    foreign = np.flatnonzero((world.flows > 0) & ~np.eye(len(world.countries), dtype=bool)[None])
    cell = np.repeat(foreign, each)
    part = r.dirichlet(np.ones(each), foreign.size).ravel()
    value = world.flows.ravel()[cell] * part
    before = world.tariffs.ravel()[cell]
    return cell, value, before, before + r.choice([0.0, spread], cell.size)


def test_equal_lines_give_the_kernel_the_plain_case():
    world = small_world(3, 4, 3)
    base = base_of(world)
    cell, value, before, _ = lines_of(world)
    after = before + 0.1 * (cell % 2)
    found = nest(cell, value, before, after, 3.0, cells=world.flows.size)
    wedge, net = cubes(found, world.tariffs)
    tariffs = world.tariffs.copy().ravel()
    tariffs[cell] = after
    tariffs = tariffs.reshape(world.flows.shape)
    plain = core.shock(base, tariffs, None)
    np.testing.assert_allclose(base.pi * wedge ** -base.theta[:, None, None], plain.A, rtol=1e-13)
    np.testing.assert_allclose(base.pi * wedge ** -base.theta[:, None, None] * net, plain.B, rtol=1e-13)
    state, X = equilibrium(base, wedge, net)
    outcome = sx.solve(world, Schedule(tariffs))
    np.testing.assert_allclose(X, outcome.X_new, rtol=1e-9)
    np.testing.assert_allclose(state.R, outcome.R_new, rtol=1e-9)


def test_the_kernel_balances_trade_and_collects_line_by_line():
    world = small_world(5, 4, 3)
    base = base_of(world)
    cell, value, before, after = lines_of(world, 2)
    s = np.repeat(base.theta + 1, world.flows[0].size)
    found = nest(cell, value, before, after, s, cells=world.flows.size)
    wedge, net = cubes(found, world.tariffs)
    state, X = equilibrium(base, wedge, net)
    traded = X.sum(axis=0) * (1 - np.eye(X.shape[1]))
    np.testing.assert_allclose(traded.sum(axis=0) - traded.sum(axis=1), state.D, atol=1e-9 * X.sum())
    foreign = np.where(found.covered, X.ravel(), 0.0)
    _, revenue = found.lines(foreign)
    importer = cell % X.shape[1]
    np.testing.assert_allclose(np.bincount(importer, revenue, X.shape[1]), state.R, rtol=1e-10)
    # by the mean: more revenue on paper, dearer imports
    mean = nest(cell, value, before, after, 0.0, cells=world.flows.size)
    state_mean, _ = equilibrium(base, *cubes(mean, world.tariffs))
    assert (state_mean.R > state.R).all()


def test_a_plain_schedule_can_carry_the_nest():
    world = small_world(5, 4, 3)
    base = base_of(world)
    s = np.repeat(base.theta + 1, world.flows[0].size)
    wedge, net = cubes(nest(*lines_of(world, 2), s, cells=world.flows.size), world.tariffs)
    tariffs, cost = as_rates(wedge, net, world.tariffs)
    plain = core.shock(base, tariffs, cost)
    np.testing.assert_allclose(plain.A, base.pi * wedge ** -base.theta[:, None, None], rtol=1e-12)
    np.testing.assert_allclose(plain.B, plain.A * net, rtol=1e-12)
    outcome = sx.solve(world, Schedule(tariffs, cost))
    state, X = equilibrium(base, wedge, net)
    np.testing.assert_allclose(outcome.X_new, X, rtol=1e-9)
    np.testing.assert_allclose(outcome.R_new, state.R, rtol=1e-9)
    terms = outcome.decomposition()
    assert terms.gap < 1e-6
    doubled = as_rates(wedge, net, world.tariffs, np.full(wedge.shape, 2.0))
    np.testing.assert_allclose(doubled[1], 2 * cost)


def test_cubes_leave_other_cells_plain_and_the_base_as_it_stands():
    t = np.full((1, 2, 2), 0.05)
    found = nest([1, 1], [3.0, 1.0], [0.0, 0.04], [0.0, 0.04], 4.0, cells=4)
    wedge, net = cubes(found, t)
    np.testing.assert_allclose(wedge, 1.0)
    np.testing.assert_allclose(net, 1 / 1.05, rtol=1e-15)  # though the lines' mean is 1 %
    wedge, net = cubes(found, t, t + 0.1)
    assert wedge[0, 0, 0] == pytest.approx(1.15 / 1.05)
    assert net[0, 1, 1] == pytest.approx(1 / 1.15)
    assert wedge[0, 0, 1] == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cell": [0.5, 1]}, "integers"),
        ({"cell": [-1, 0]}, "numbered -1"),
        ({"cells": 1}, "numbered 0 to 1"),
        ({"value": [1.0, -2.0]}, "value of line 1"),
        ({"value": [1.0]}, "there are 2 lines"),
        ({"before": [0.0, np.nan]}, "before of line 1"),
        ({"after": [-1.0, 0.0]}, "after of line 0"),
        ({"after": ["a", 0.0]}, "not an array of numbers"),
        ({"elasticity": -1.0}, "not negative"),
        ({"elasticity": [1.0, 2.0, 3.0]}, "shape"),
        ({"after": [0.0, -0.9999999], "elasticity": 1e3, "cell": [0, 0]}, "smaller one"),
    ],
)
def test_refusals(change, message):
    args = {"cell": [0, 1], "value": [1.0, 1.0], "before": [0.0, 0.0], "after": [0.1, 0.1], "elasticity": 2.0, **change}
    with pytest.raises(sx.InputError, match=message):
        nest(**args)


def test_value_without_lines_is_refused():
    found = nest([0], [1.0], [0.0], [0.1], 2.0, cells=2)
    with pytest.raises(sx.InputError, match="would be lost"):
        found.lines([1.0, 1.0])
    with pytest.raises(sx.InputError, match="shape"):
        found.lines([1.0])
    with pytest.raises(sx.InputError, match="number cells"):
        cubes(found, np.zeros((1, 2, 2)))
    with pytest.raises(sx.InputError, match="above −1"):
        cubes(found, np.full((1, 1, 2), -2.0))


def test_nothing_at_all():
    empty = nest(np.zeros(0, dtype=int), [], [], [], 2.0, cells=3)
    assert np.isnan(empty.wedge).all()
    worthless = nest([0, 1], [0.0, 0.0], [0.0, 0.0], [0.1, 0.2], 2.0)
    assert np.isnan(worthless.net).all()
    assert not worthless.covered.any()


def test_two_hundred_thousand_lines_are_quick():
    """The limit of the design is 20 ms; the test allows for a busy machine."""
    r = np.random.default_rng(0)
    size, lines = 28 * 81 * 81, 210_000
    cell = np.sort(r.choice(r.choice(size, 1200, replace=False), lines))
    value, before = r.lognormal(size=lines), r.choice([0.0, 0.025, 0.1], lines)
    after, s = before + r.choice([0.0, 0.25], lines), np.full(size, 5.0)
    best = np.inf
    for _ in range(7):
        start = time.perf_counter()
        nest(cell, value, before, after, s, cells=size)
        best = min(best, time.perf_counter() - start)
    assert best < 0.1
