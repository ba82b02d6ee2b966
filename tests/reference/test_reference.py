"""The reference solver against published numbers, closed forms, plain loops and itself."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import textbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surtax.validate import caliendo_parro as cp
from surtax.validate import ge_gravity
from tests.helpers import inputs_of
from tests.reference.first_order import first_order_terms
from tests.reference.solver import (
    CLOSURES,
    NoReferenceEquilibrium,
    autarky_gain,
    base_accounts,
    base_gap,
    closure_rule,
    equation_residuals,
    equilibrium_base,
    evaluate,
    excess_jacobian,
    log_wedges,
    newton,
    solve_reference,
)
from tests.reference.worlds import (
    random_shock,
    random_world,
    scaled,
    shocks,
    world_from_values,
    worlds,
)

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

# Caliendo and Parro (2015), Table 2, per cent: welfare, terms of trade, volume of trade, real wage
CP_TABLE_2 = {
    "MEX": (1.31, -0.41, 1.72, 1.72),
    "CAN": (-0.06, -0.11, 0.04, 0.32),
    "USA": (0.08, 0.04, 0.04, 0.11),
}
CP_REAL_INCOME = {"MEX": 0.007, "CAN": -0.110, "USA": 0.074}


@pytest.fixture(scope="module")
def caliendo_parro():
    study = cp.load(inputs_of("cp2015"))
    return study, solve_reference(*study.problem, closure=study.closure)


@pytest.fixture(scope="module")
def eu_enlargement():
    return ge_gravity.load(inputs_of("gegravity_zylkin"))


# --- published numbers ---


def test_caliendo_parro_table_2_and_real_incomes(caliendo_parro):
    study, solution = caliendo_parro
    terms = first_order_terms(solution.base, solution)
    names = ("welfare first-order", "terms of trade", "volume of trade", "real wage")
    for country, row in CP_TABLE_2.items():
        at = study.countries.index(country)
        for name, expected in zip(names, row, strict=True):
            assert terms[name][at] == pytest.approx(expected, abs=0.005), (country, name)
        assert terms["real income exact"][at] == pytest.approx(CP_REAL_INCOME[country], abs=0.001), country
    assert solution.residual < 1e-12
    assert study.clipped == 185
    assert (study.gamma < 0).sum() == 1


def test_ge_gravity_eu_enlargement(eu_enlargement):
    study, welfare, trade = eu_enlargement
    solution = solve_reference(*study.problem, closure=study.closure)
    np.testing.assert_allclose(solution.real_income_hat, welfare, rtol=0, atol=1e-6)
    np.testing.assert_allclose(solution.flows_new[0], trade, rtol=1e-5)


# --- closed forms ---


@pytest.mark.parametrize("seed", range(6))
def test_autarky_meets_the_closed_form(seed):
    world = random_world(seed, 3, 3, theta=(3.0, 9.0), zero_flows=0.0, zero_output=0.0)
    foreign = ~np.eye(3, dtype=bool)[None]
    near = np.broadcast_to(np.where(foreign, 3e4, 1.0), world.flows.shape)
    limit = np.broadcast_to(np.where(foreign, np.inf, 1.0), world.flows.shape)
    for tau, tolerance in ((near, 1e-8), (limit, 1e-12)):
        solution = solve_reference(*world.shares, world.tariffs, tau, "balanced")
        # the formula knows the base's transfers and revenue; D = 0 in the base of this closure
        np.testing.assert_allclose(solution.real_income_hat, autarky_gain(solution.base), rtol=tolerance)


def test_autarky_in_one_sector_without_inputs_is_the_share_at_home():
    world = random_world(3, 4, 1, inputs=False, theta=(5.0, 5.0), zero_flows=0.0, zero_output=0.0, base_tariffs=0.0)
    base = equilibrium_base(*world.shares, "balanced")
    np.testing.assert_allclose(autarky_gain(base), np.diagonal(base.pi[0]) ** (1 / 5.0), rtol=1e-13)


def test_autarky_is_refused_where_a_good_cannot_be_made():
    world = random_world(11, 3, 2, inputs=False, zero_flows=0.0, zero_output=0.0, theta=(4.0, 4.0))
    flows = world.flows.copy()
    flows[0, 1] = 0.0  # country 1 makes none of sector 0 and buys it
    world = world_from_values(flows, world.tariffs, world.theta, world.use)
    base = equilibrium_base(*world.shares, "balanced")
    with pytest.raises(NoReferenceEquilibrium, match="country 1"):
        autarky_gain(base)
    tau = np.broadcast_to(np.where(np.eye(3, dtype=bool), 1.0, np.inf), flows.shape)
    with pytest.raises(NoReferenceEquilibrium):
        solve_reference(*world.shares, world.tariffs, tau, "balanced")


# --- the equations, written once more as loops ---


def loops(base, t_new, tau, solution):
    """Every equation of the system in plain Python; the largest relative error."""
    J, N = base.E.shape
    w, P, E = solution.w_hat.tolist(), solution.P_hat.tolist(), solution.expenditure_new.tolist()
    worst = 0.0
    cost = [[0.0] * N for _ in range(J)]
    for s in range(J):
        for o in range(N):
            c = w[o] ** base.gamma_v[s, o]
            for k in range(J):
                c *= P[k][o] ** base.gamma[k, s, o]
            cost[s][o] = c
    X = np.zeros((J, N, N))
    for s in range(J):
        for d in range(N):
            total = 0.0
            for o in range(N):
                wedge = (1 + t_new[s, o, d]) / (1 + base.tariffs[s, o, d]) * tau[s, o, d]
                total += base.pi[s, o, d] * (cost[s][o] * wedge) ** -base.theta[s]
            if base.E[s, d] == 0:
                continue
            worst = max(worst, abs(total ** (-1 / base.theta[s]) / P[s][d] - 1))
            for o in range(N):
                wedge = (1 + t_new[s, o, d]) / (1 + base.tariffs[s, o, d]) * tau[s, o, d]
                share = base.pi[s, o, d] * (cost[s][o] * wedge / P[s][d]) ** -base.theta[s]
                X[s, o, d] = share * E[s][d] / (1 + t_new[s, o, d])
    for n in range(N):
        made = [sum(X[s, n, d] for d in range(N)) for s in range(J)]
        revenue = sum(t_new[s, o, n] * X[s, o, n] for s in range(J) for o in range(N))
        income = w[n] * base.V[n] + revenue + solution.deficits_new[n]
        worst = max(worst, abs(income / solution.income_new[n] - 1))
        earned = sum(base.gamma_v[s, n] * made[s] for s in range(J))
        worst = max(worst, abs(earned / (w[n] * base.V[n]) - 1))
        for k in range(J):
            wanted = sum(base.gamma[k, s, n] * made[s] for s in range(J)) + base.alpha[k, n] * income
            worst = max(worst, abs(wanted - E[k][n]) / income)
        level = np.prod([P[s][n] ** base.alpha[s, n] for s in range(J)])
        worst = max(worst, abs(income / base.I[n] / level / solution.real_income_hat[n] - 1))
    return worst


@pytest.mark.parametrize("closure", CLOSURES)
def test_plain_loops_agree(closure):
    world = random_world(7, 3, 2, theta=(2.0, 8.0), zero_output=0.0)
    t, tau = random_shock(world, 8, lowest=0.0, highest=0.5)
    solution = solve_reference(*world.shares, t, tau, closure)
    assert loops(solution.base, t, tau, solution) < 1e-12
    D = solution.deficits_new
    assert abs(D.sum()) < 1e-9 * world.flows.sum()
    if closure == "balanced":
        assert np.abs(D).max() < 1e-9 * world.flows.sum()
    if closure == "fixed":
        np.testing.assert_allclose(D, solution.base.D, atol=1e-9 * world.flows.sum())
    if closure == "gdp-share":
        shift = D / (solution.w_hat * solution.base.V) - solution.base.D / solution.base.V
        np.testing.assert_allclose(shift, shift[0], atol=1e-11)
    if closure == "multiplicative":
        own = solution.w_hat * solution.base.V + solution.revenue_new
        ratio = solution.income_new / own / (solution.base.I / (solution.base.V + solution.base.R))
        np.testing.assert_allclose(ratio, ratio[0], rtol=1e-11)


def test_the_evaluator_sees_each_error():
    world = random_world(7, 3, 2, theta=(2.0, 8.0), zero_output=0.0)
    t, tau = random_shock(world, 8, lowest=0.0, highest=0.5)
    s = solve_reference(*world.shares, t, tau, "fixed")

    def worst(w=s.w_hat, P=s.P_hat, E=s.expenditure_new):
        return equation_residuals(s.base, t, tau, "fixed", w, P, E)

    assert max(worst().values()) < 1e-12
    nudge = 1 + 1e-6 * np.arange(3)
    assert worst(w=s.w_hat * nudge)["factor market"] > 1e-8
    assert worst(w=s.w_hat * 1.000001)["numeraire"] > 1e-7
    assert worst(P=s.P_hat * nudge)["price index"] > 1e-7
    assert worst(E=s.expenditure_new * nudge)["expenditure"] > 1e-8
    assert worst(w=-s.w_hat.clip(1, 1) + 2 - 1e-3)["factor market"] > 0
    assert worst(E=-s.expenditure_new)["positivity"] == np.inf


@pytest.mark.parametrize("closure", CLOSURES)
def test_the_jacobian_is_the_derivative(closure):
    world = random_world(5, 4, 3, theta=(2.0, 12.0))
    t, tau = random_shock(world, 6, lowest=-0.2, highest=1.0)
    base = equilibrium_base(*world.shares, closure)
    rule, kappa = closure_rule(base, closure), log_wedges(base.tariffs, t, tau)
    rng = np.random.default_rng(0)
    x = 0.1 * rng.normal(size=4 + rule.has_zeta)

    def z(x):
        return evaluate(base, kappa, t, rule, x[:4], x[4] if rule.has_zeta else 0.0).z

    x[:4] = evaluate(base, kappa, t, rule, x[:4]).log_w
    exact = excess_jacobian(base, t, rule, evaluate(base, kappa, t, rule, x[:4], x[4] if rule.has_zeta else 0.0))
    # evaluate() puts wages back on the numeraire, so directions must keep it
    weights = np.exp(x[:4]) * base.V / (np.exp(x[:4]) * base.V).sum()
    for _ in range(3):
        move = rng.normal(size=len(x))
        move[:4] -= (weights * move[:4]).sum()
        numeric = (z(x + 1e-5 * move) - z(x - 1e-5 * move)) / 2e-5
        np.testing.assert_allclose(numeric, exact @ move, rtol=1e-5, atol=1e-7 * np.abs(numeric).max())


# --- random worlds ---


@quick
@given(worlds(), st.sampled_from(CLOSURES))
def test_accounts_are_consistent_and_no_change_changes_nothing(world, closure):
    base = base_accounts(*world.shares)
    assert base_gap(base) < 1e-13
    np.testing.assert_allclose(world.use.sum(axis=0) + world.value_added, world.flows.sum(axis=2), rtol=1e-13)
    try:
        solution = solve_reference(*world.shares, *world.no_change, closure, starts=2)
    except NoReferenceEquilibrium:
        assert closure == "balanced"  # only there is the base itself re-solved
        return
    for change in (solution.w_hat, solution.P_hat, solution.real_income_hat):
        np.testing.assert_allclose(change, 1, atol=1e-12)


@quick
@given(st.data(), st.sampled_from(CLOSURES))
def test_equations_hold_or_the_world_is_refused(data, closure):
    world = data.draw(worlds(max_countries=6, max_sectors=5))
    t, tau = data.draw(shocks(world))
    try:
        solution = solve_reference(*world.shares, t, tau, closure, starts=2)
    except NoReferenceEquilibrium:
        return
    assert solution.residual < 1e-10
    assert solution.walras < 1e-11
    assert (solution.income_new > 0).all()
    assert (solution.flows_new[world.flows == 0] == 0).all()
    assert (solution.sales_new[world.flows.sum(axis=2) == 0] == 0).all()


def test_units_and_names_do_not_matter():
    world = random_world(21, 5, 4)
    t, tau = random_shock(world, 22, lowest=0.0, highest=1.0)
    first = solve_reference(*world.shares, t, tau)
    doubled = solve_reference(*scaled(world, 2.0).shares, t, tau)
    np.testing.assert_allclose(doubled.real_income_hat, first.real_income_hat, rtol=1e-12)
    order = np.array([3, 0, 4, 1, 2])
    cube, square = np.ix_(range(4), order, order), np.ix_(range(4), order)
    permuted = solve_reference(
        world.flows[cube],
        world.tariffs[cube],
        world.theta,
        world.gamma[:, :, order],
        world.gamma_v[square],
        world.alpha[square],
        t[cube],
        tau[cube],
    )
    np.testing.assert_allclose(permuted.real_income_hat, first.real_income_hat[order], rtol=1e-11)


def test_a_clipped_base_is_first_resolved_at_its_own_transfers():
    world = random_world(31, 4, 3, theta=(2.0, 10.0))
    alpha = world.alpha.copy()
    alpha[0] *= 0.9
    alpha /= alpha.sum(axis=0)
    args = world.flows, world.tariffs, world.theta, world.gamma, world.gamma_v, alpha
    assert base_gap(base_accounts(*args)) > 1e-6
    for closure in ("fixed", "gdp-share", "multiplicative"):
        solution = solve_reference(*args, *world.no_change, closure)
        np.testing.assert_allclose(solution.real_income_hat, 1, atol=1e-12)
        np.testing.assert_allclose(solution.base.D, base_accounts(*args).D, atol=1e-9)


def test_income_that_cannot_be_positive_is_refused_and_vanishes_along_the_way():
    # country 0 sends away most of what it earns; closed markets leave it less than it has promised
    flows = np.array([[[100.0, 300.0, 300.0], [20.0, 500.0, 200.0], [20.0, 200.0, 500.0]]])
    world = world_from_values(flows, np.zeros_like(flows), np.array([4.0]), np.zeros((1, 1, 3)))
    base = base_accounts(*world.shares)
    t = np.zeros_like(flows)
    t[0, 0, 1:] = 10.0
    with pytest.raises(NoReferenceEquilibrium) as refusal:
        solve_reference(*world.shares, t, np.ones_like(flows), "fixed")
    assert refusal.value.reason == "income"
    for closure in ("balanced", "multiplicative"):
        assert solve_reference(*world.shares, t, np.ones_like(flows), closure).residual < 1e-12
    low, high, last = 0.0, 1.0, None
    for _ in range(30):
        share = (low + high) / 2
        here = (1 + t) ** share - 1
        state = newton(
            base,
            log_wedges(world.tariffs, here, 1.0),
            here,
            closure_rule(base, "fixed"),
            np.zeros(3),
        )
        alive = state is not None and (state.I > 0).all()
        low, high = (share, high) if alive else (low, share)
        last = state if alive else last
    assert (last.I / base.I).min() < 1e-6


# --- the yardsticks ---


@pytest.mark.parametrize("method", [textbook.nested, textbook.anderson])
def test_the_yardsticks_are_correct(method):
    world = random_world(41, 5, 4, theta=(2.0, 10.0))
    t, tau = random_shock(world, 42, lowest=0.0, highest=0.5)
    reference = solve_reference(*world.shares, t, tau, "fixed")
    answer = method(*world.shares, t, tau, tol=1e-11)
    for field, expected in (
        ("w_hat", "w_hat"),
        ("P_hat", "P_hat"),
        ("real_income_hat", "real_income_hat"),
    ):
        np.testing.assert_allclose(getattr(answer, field), getattr(reference, expected), rtol=1e-9)
    balanced = solve_reference(*world.shares, *world.no_change, "balanced").base
    answer = method(*world.shares, world.tariffs, np.ones_like(tau), np.zeros(5), tol=1e-11)
    np.testing.assert_allclose(answer.expenditure, balanced.E, rtol=1e-8, atol=1e-9 * balanced.E.max())
