"""Partial equilibrium: closed forms, published numbers, the general equilibrium in the limit, and the command."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.optimize import root as find_root

import surtax as sx
from surtax.cli.pe import pe
from surtax.trade.pe import gsim, gsim_consumer_surplus, smart, solve_market

# Francois & Hall's worked example: four regions (USA, Japan, EU, rest of the world), world prices; 1 + tariff.
GSIM_TRADE = np.array([[0, 50, 200, 300], [500, 0, 150, 200], [300, 100, 200, 200], [50, 100, 110, 20.0]])
GSIM_BEFORE = (
    np.array([[1, 1.21, 1.41, 1.22], [1.37, 1, 1.31, 1.23], [1.32, 1.36, 1, 1.18], [1.57, 1.41, 1.25, 1.15]]) - 1
)
GSIM_AFTER = GSIM_BEFORE.copy()
GSIM_AFTER[0, 2] = GSIM_AFTER[2, 0] = 0.0
GSIM_ELASTICITIES = {"sigma": 5.0, "eta": 1.25, "supply": 1.5}
# Producer prices reported for it (free trade between the USA and the EU), as public re-implementations quote them.
GSIM_PRICES = [0.0792, -0.0316, 0.0480, -0.0184]


def random_market(seed, products=3, origins=5, importers=3, change=0.4):
    r = np.random.default_rng(seed)
    shape = (products, origins, importers)
    v = r.lognormal(2, 1.5, shape) * (r.random(shape) < 0.8)
    before = r.choice([0.0, 0.05, 0.2], shape)
    after = before + change * r.choice([0.0, 0.0, 1.0, -0.1], shape)
    return v, before, after


def elasticities(seed, products=3, origins=5):
    r = np.random.default_rng(seed)
    return {
        "sigma": r.uniform(1.5, 8, products),
        "eta": r.uniform(0.2, 1.5, products),
        "supply": r.choice([0.0, 0.7, 3.0, np.inf], (products, origins)),
    }


def clearing(m, sigma, eta, supply):
    """Largest misfit of supply and demand, written anew from prices: quantities, not logs."""
    spent = m.value * (1 + m.before)
    total = spent.sum(axis=1, keepdims=True)
    s = np.divide(spent, total, out=np.zeros_like(spent), where=total > 0)
    sig, eta = np.reshape(sigma, (-1, 1, 1)), np.reshape(eta, (-1, 1, 1))
    p = m.producer_price[:, :, None] * (1 + m.after) / (1 + m.before)
    P = (s * p ** (1 - sig)).sum(axis=1, keepdims=True)
    P = np.where(total > 0, P, 1.0) ** (1 / (1 - sig))
    q = p**-sig * P ** (sig - eta)
    base = m.value.sum(axis=2)
    demanded = np.divide((m.value * q).sum(axis=2), base, out=np.ones_like(base), where=base > 0)
    supply = np.broadcast_to(supply, base.shape)
    finite = np.isfinite(supply)
    supplied = m.producer_price ** np.where(finite, supply, 0.0)
    worst = np.abs(demanded / supplied - 1)[finite & (base > 0)].max(initial=0.0)
    return max(worst, np.abs(m.producer_price[~finite] - 1).max(initial=0.0))


# -- the exact model --------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**6))
def test_supply_meets_demand(seed):
    e = elasticities(seed)
    m = solve_market(*random_market(seed), **e)
    assert clearing(m, e["sigma"], e["eta"], e["supply"]) < 1e-12
    assert np.nanmax(m.error_bound) < 1e-12
    np.testing.assert_allclose(m.value_after, m.value * m.quantity * m.producer_price[:, :, None], rtol=1e-14)


@given(seed=st.integers(0, 10**6))
def test_the_error_bound_bounds_the_error(seed):
    """Against a root found by another method on another form of the equations."""
    e = elasticities(seed, 1)
    e["supply"] = np.where(np.isfinite(e["supply"]), e["supply"], 5.0)
    v, t, t_new = random_market(seed, 1)
    m = solve_market(v, t, t_new, **e)
    sold = v[0].sum(axis=1) > 0

    def misfit(x):
        full = np.zeros(v.shape[1])
        full[sold] = x
        spent = v[0] * (1 + t[0])
        p = np.exp(full)[:, None] * (1 + t_new[0]) / (1 + t[0])
        P = np.ones(v.shape[2])
        for d in range(v.shape[2]):
            if spent[:, d].any():
                P[d] = (spent[:, d] / spent[:, d].sum() @ p[:, d] ** (1 - e["sigma"][0])) ** (1 / (1 - e["sigma"][0]))
        q = p ** -e["sigma"][0] * P ** (e["sigma"][0] - e["eta"][0])
        demanded = (v[0] * q).sum(axis=1)[sold] / v[0].sum(axis=1)[sold]
        return e["supply"][0][sold] * x - np.log(demanded)

    other = find_root(misfit, np.zeros(int(sold.sum())), tol=1e-13)
    assert other.success
    np.testing.assert_allclose(np.log(m.producer_price[0][sold]), other.x, atol=1e-9)


def test_no_change_changes_nothing():
    v, t, _ = random_market(3)
    m = solve_market(v, t, t, **elasticities(3))
    assert (m.producer_price == 1).all()
    np.testing.assert_allclose(m.quantity, 1, rtol=1e-14)
    np.testing.assert_allclose(m.national_welfare, 0, atol=1e-12)


@pytest.mark.parametrize("eta", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("supply", [0.0, 0.5, 4.0])
@pytest.mark.parametrize("t_new", [0.25, -0.1, 2.0])
def test_one_origin_is_the_textbook(eta, supply, t_new):
    """One origin: p̂^ε = (p̂ κ)^−η, so p̂ = κ^(−η/(ε+η)); the incidence of a tax is ε : η."""
    t = 0.1
    k = (1 + t_new) / (1 + t)
    m = solve_market([7.0], [t], [t_new], sigma=3.0, eta=eta, supply=supply)
    p = k ** (-eta / (supply + eta))
    assert m.producer_price[0, 0] == pytest.approx(p, rel=1e-13)
    assert m.price_index[0, 0] == pytest.approx(p * k, rel=1e-13)
    assert m.quantity[0, 0, 0] == pytest.approx(p**supply, rel=1e-12)
    assert m.pass_through[0, 0, 0] == pytest.approx(supply / (supply + eta), rel=1e-12, abs=1e-14)
    assert m.absorption[0, 0, 0] == pytest.approx(eta / (supply + eta), rel=1e-12)
    assert m.diversion[0, 0, 0] == pytest.approx(0, abs=1e-12)
    assert m.producer_surplus[0, 0] == pytest.approx(7 * (p ** (1 + supply) - 1) / (1 + supply), rel=1e-12)
    cs = -7 * 1.1 * (np.log(p * k) if eta == 1 else ((p * k) ** (1 - eta) - 1) / (1 - eta))
    assert m.consumer_surplus[0, 0] == pytest.approx(cs, rel=1e-12)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.0 + 1e-9, 4.0, 30.0])
def test_given_world_prices_are_ces_shares(sigma):
    v, t, t_new = random_market(5, 1, 6, 1)
    m = solve_market(v, t, t_new, sigma=sigma, eta=1.0, supply=np.inf)
    spent = v * (1 + t)
    share = spent / spent.sum()
    k = (1 + t_new) / (1 + t)
    new = share * k ** (1 - sigma)
    P = np.exp((share * np.log(k)).sum()) if sigma == 1 else new.sum() ** (1 / (1 - sigma))
    assert m.price_index[0, 0] == pytest.approx(P, rel=1e-7 if 0 < sigma - 1 < 1e-6 else 1e-13)
    # eta = 1: spending stays, its shares move
    np.testing.assert_allclose(m.value_after * (1 + t_new), spent.sum() * new / new.sum(), rtol=1e-12)
    assert np.nanmin(m.pass_through) == np.nanmax(m.pass_through) == 1
    assert (m.producer_surplus == 0).all()


def test_large_supply_elasticities_approach_infinity():
    v, t, t_new = random_market(6)
    limit = solve_market(v, t, t_new, sigma=4.0, eta=0.8, supply=np.inf)
    gaps = [
        np.abs(solve_market(v, t, t_new, sigma=4.0, eta=0.8, supply=e).value_after - limit.value_after).max()
        for e in (1e3, 1e4, 1e5)
    ]
    np.testing.assert_allclose(np.array(gaps[:-1]) / gaps[1:], 10, rtol=0.05)
    assert solve_market(v, t, t_new, sigma=4.0, eta=0.8, supply=1e15).residual.max() < 1e-12


def test_one_importer_is_a_scalar_equation():
    """With one importer, p̂ = (κ^−σ P^(σ−η))^(1/(ε+σ)): a root in P alone."""
    v, t, t_new = random_market(8, 1, 5, 1)
    v += 0.1
    sigma, eta, eps = 4.0, 0.7, np.array([0.0, 0.5, 2.0, 10.0, np.inf])
    k = ((1 + t_new) / (1 + t))[0, :, 0]
    s = (v * (1 + t))[0, :, 0]
    s = s / s.sum()

    def price(log_P):
        return (k**-sigma * np.exp((sigma - eta) * log_P)) ** (1 / (eps + sigma))

    def misfit(log_P):
        return np.log(s @ (price(log_P) * k) ** (1 - sigma)) / (1 - sigma) - log_P

    log_P = brentq(misfit, -2, 2, xtol=1e-15)
    m = solve_market(v, t, t_new, sigma=sigma, eta=eta, supply=eps)
    np.testing.assert_allclose(m.producer_price[0], price(log_P), rtol=1e-12)


def test_complements_are_solved_without_a_bound():
    v, t, t_new = random_market(9)
    m = solve_market(v, t, t_new, sigma=0.5, eta=2.0, supply=1.0)
    assert clearing(m, [0.5] * 3, [2.0] * 3, 1.0) < 1e-12
    assert np.isnan(m.error_bound).all()


@given(seed=st.integers(0, 10**6))
def test_imports_are_split_without_remainder(seed):
    v, t, t_new = random_market(seed)
    home = np.eye(5, 3, dtype=bool)
    m = solve_market(v, t, t_new, home=home, **elasticities(seed))
    abroad = ~home
    change = (m.value_after - m.value) * abroad
    scale = v.max() + 1
    np.testing.assert_allclose(m.creation + m.diversion + m.price_effect, change, atol=1e-11 * scale)
    np.testing.assert_allclose(m.diversion.sum(axis=1), 0, atol=1e-11 * scale)
    volume = (m.value * (m.quantity - 1) * abroad).sum(axis=1)
    np.testing.assert_allclose(m.creation.sum(axis=1), volume, atol=1e-11 * scale)
    for part in (m.creation, m.diversion, m.price_effect):
        assert (part[:, home] == 0).all()


def test_surpluses_are_areas():
    """ΔCS, ΔPS and revenue against integrals along the way, and the envelope theorem: dW = Σ t p dq."""
    v, t, t_new = random_market(10, 1)
    e = elasticities(10, 1)
    steps = 400
    log0, log1 = np.log1p(t), np.log1p(t_new)
    path = [solve_market(v, t, np.expm1(log0 + z * (log1 - log0)), **e) for z in np.linspace(0, 1, steps + 1)]
    cs = ps = world = 0.0
    for a, b in itertools.pairwise(path):
        spent_a, spent_b = ((m.value_after * (1 + m.after)).sum(axis=1) for m in (a, b))
        cs -= 0.5 * (spent_a + spent_b) * np.log(b.price_index / a.price_index)
        sold_a, sold_b = (m.value_after.sum(axis=2) for m in (a, b))
        ps += 0.5 * (sold_a + sold_b) * np.log(b.producer_price / a.producer_price)
        duty_a, duty_b = (m.after * m.producer_price[:, :, None] for m in (a, b))
        world += (0.5 * (duty_a + duty_b) * v * (b.quantity - a.quantity)).sum()
    end = path[-1]
    np.testing.assert_allclose(end.consumer_surplus, cs, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(end.producer_surplus, ps, rtol=2e-5, atol=1e-6)
    assert end.world_welfare[0] == pytest.approx(world, rel=1e-4)


def test_a_world_tariff_from_free_trade_costs_the_world():
    v, _, _ = random_market(11)
    free = np.zeros_like(v)
    m = solve_market(v, free, free + 0.2 * (np.arange(5)[:, None] > 1), **elasticities(11))
    assert (m.world_welfare < 0).all()


def test_a_large_buyer_gains_from_a_small_tariff():
    """Optimum tariff of one importer facing one foreign origin: 1/ε."""
    eps = 2.5
    t = np.linspace(0, 1, 2001)
    m = solve_market(
        np.full((t.size, 1, 1), 10.0), np.zeros((t.size, 1, 1)), t[:, None, None], sigma=4.0, eta=1.2, supply=eps
    )
    assert t[np.argmax(m.importer_welfare[:, 0])] == pytest.approx(1 / eps, abs=1e-3)


def test_small_changes_agree_with_the_derivative():
    """GSIM is the derivative: the linear and the exact model differ by the square of the change."""
    v, t, t_new = random_market(12)
    e = elasticities(12)
    gaps = []
    for h in (1e-2, 1e-3):
        exact = solve_market(v, t, t + h * (t_new - t), **e)
        linear = gsim(v, t, t + h * (t_new - t), **e)
        gaps.append(
            [
                np.abs(exact.producer_price - linear.producer_price).max(),
                np.abs(exact.value_after - linear.value_after).max(),
                np.abs(exact.consumer_surplus - linear.consumer_surplus).max(),
                np.abs(exact.producer_surplus - linear.producer_surplus).max(),
            ]
        )
    ratio = np.array(gaps[0]) / gaps[1]
    assert (ratio > 80).all()


def test_products_do_not_touch_each_other():
    v, t, t_new = random_market(13)
    e = elasticities(13)
    together = solve_market(v, t, t_new, **e)
    for g in range(3):
        alone = solve_market(v[g], t[g], t_new[g], sigma=e["sigma"][g], eta=e["eta"][g], supply=e["supply"][g])
        np.testing.assert_allclose(alone.producer_price[0], together.producer_price[g], rtol=1e-13)


def test_splitting_an_origin_in_two_halves_changes_nothing():
    v, t, t_new = random_market(14, 1, 3, 1)
    e = {"sigma": 4.0, "eta": 0.6}
    whole = solve_market(v, t, t_new, supply=2.0, **e)
    halves = solve_market(*(np.repeat(a, 2, axis=1) * f for a, f in ((v, 0.5), (t, 1), (t_new, 1))), supply=2.0, **e)
    np.testing.assert_allclose(halves.producer_price[0, ::2], whole.producer_price[0], rtol=1e-13)
    np.testing.assert_allclose(halves.national_welfare, whole.national_welfare, rtol=1e-12)


def test_extreme_but_legal():
    m = solve_market([5.0, 5.0], [0.0, 0.0], [50.0, 0.0], sigma=[80.0], eta=0.5, supply=[0.01, 3.0])
    assert clearing(m, [80.0], [0.5], [0.01, 3.0]) < 1e-9
    m = solve_market([5.0, 5.0], [0.0, 0.0], [1e6, 1e6], sigma=100.0, eta=0.5)
    assert m.price_index[0, 0] == pytest.approx(1e6 + 1, rel=1e-12)


# -- GSIM and SMART ---------------------------------------------------------------------------------------------------


def test_gsim_reproduces_the_published_example():
    m = gsim(GSIM_TRADE, GSIM_BEFORE, GSIM_AFTER, **GSIM_ELASTICITIES)
    np.testing.assert_allclose(m.producer_price[0] - 1, GSIM_PRICES, atol=5e-5)


def test_gsim_is_their_equations():
    """Supply E_X p = Σ_d φ M̂ with their own- and cross-price elasticities, written out with loops."""
    m = gsim(GSIM_TRADE, GSIM_BEFORE, GSIM_AFTER, home=np.eye(4, dtype=bool), **GSIM_ELASTICITIES)
    p, T = m.producer_price[0] - 1, (GSIM_AFTER - GSIM_BEFORE) / (1 + GSIM_BEFORE)
    E_M, E_S, E_X = -1.25, 5.0, 1.5
    spent = GSIM_TRADE * (1 + GSIM_BEFORE)
    theta, phi = spent / spent.sum(axis=0), GSIM_TRADE / GSIM_TRADE.sum(axis=1, keepdims=True)
    for r in range(4):
        demand = 0.0
        for d in range(4):
            own = theta[r, d] * E_M - (1 - theta[r, d]) * E_S
            change = own * (p[r] + T[r, d])
            for other in range(4):
                if other != r:
                    change += theta[other, d] * (E_M + E_S) * (p[other] + T[other, d])
            demand += phi[r, d] * change
        assert E_X * p[r] == pytest.approx(demand, abs=1e-13)
    P = (theta * ((1 + p)[:, None] * (1 + GSIM_AFTER) / (1 + GSIM_BEFORE) - 1)).sum(axis=0)
    np.testing.assert_allclose(m.consumer_price[0], (1 + p)[:, None] * (1 + T), rtol=1e-14)
    # their welfare: producers R p (1 + ½ E_X p), consumers as printed
    np.testing.assert_allclose(m.producer_surplus[0], GSIM_TRADE.sum(axis=1) * p * (1 + 0.5 * E_X * p), rtol=1e-12)
    printed = gsim_consumer_surplus(m, 1.25)[0]
    np.testing.assert_allclose(m.price_index[0] - 1, P, rtol=1e-12)
    np.testing.assert_allclose(printed, spent.sum(axis=0) * (0.5 * E_M * P**2 * np.sign(P) - P), rtol=1e-12)
    falls = m.price_index[0] < 1
    np.testing.assert_allclose(printed[falls], m.consumer_surplus[0][falls], rtol=1e-14)
    assert (printed[~falls] < m.consumer_surplus[0][~falls]).all()


def test_the_exact_market_of_their_example():
    """The linear answer is far off for cuts of a third: the exact one clears."""
    m = solve_market(GSIM_TRADE, GSIM_BEFORE, GSIM_AFTER, home=np.eye(4, dtype=bool), **GSIM_ELASTICITIES)
    assert clearing(m, [5.0], [1.25], 1.5) < 1e-12
    np.testing.assert_allclose(m.producer_price[0], [1.12646, 0.96771, 1.07933, 0.98267], atol=1e-5)
    assert m.national_welfare.sum() == pytest.approx(m.world_welfare[0], rel=1e-12)


def test_gsim_refuses_what_it_cannot_do():
    with pytest.raises(sx.InputError, match="negative"):
        gsim([5.0, 5.0], [0.0, 0.0], [1.0, 0.0], sigma=5.0, supply=np.inf)


def test_smart_by_hand():
    """Laird & Yeats: 100 from the partner, 300 from others, a tariff of 20 % removed; η = 1.2, σ = 1.5."""
    m = smart([100.0, 300.0], [0.2, 0.2], [0.0, 0.2], sigma=1.5, eta=1.2)
    cut = -0.2 / 1.2
    assert m.creation[0, 0, 0] == pytest.approx(-1.2 * 100 * cut)
    x = -1.5 * cut
    assert m.diversion[0, 0, 0] == pytest.approx(100 * 300 * x / (100 + 300 + 100 * x))
    assert m.diversion[0, :, 0].sum() == pytest.approx(0, abs=1e-12)
    new = [100 + 20 + m.diversion[0, 0, 0], 300 + m.diversion[0, 1, 0]]
    np.testing.assert_allclose(m.value_after[0, :, 0], new)
    assert m.revenue_change[0, 0] == pytest.approx(0.2 * new[1] - 0.2 * 400)
    welfare = 0.5 * 0.2 * (new[0] - 100) + 0.2 * (new[1] - 300)
    assert m.importer_welfare[0, 0] == pytest.approx(welfare)


def test_smart_is_the_exact_model_to_first_order():
    """Given world prices; creation agrees where the base tariffs of an importer are equal."""
    v, _, t_new = random_market(15, 2, 5, 1)
    t = np.full(v.shape, 0.1)
    gaps = []
    for h in (1e-2, 1e-3):
        new = t + h * t_new
        exact = solve_market(v, t, new, sigma=3.0, eta=1.4, supply=np.inf)
        simple = smart(v, t, new, sigma=3.0, eta=1.4)
        gaps.append(
            [
                np.abs(exact.creation.sum(axis=1) - simple.creation.sum(axis=1)).max(),
                np.abs(exact.diversion - simple.diversion).max(),
                np.abs(exact.importer_welfare - simple.importer_welfare).max(),
            ]
        )
    assert (np.array(gaps[0]) / gaps[1] > 80).all()


def test_smart_refuses_what_it_cannot_do():
    with pytest.raises(sx.InputError, match="SMART"):
        smart([5.0, 5.0], [0.0, 0.0], [2.0, 0.0], sigma=5.0)


# -- the general equilibrium in the limit -----------------------------------------------------------------------------


def economy(share):
    """Four countries; a product that takes `share` of spending, the rest in another sector; with base tariffs."""
    r = np.random.default_rng(21)
    N = 4
    rest = r.uniform(5, 20, (N, N)) + 200 * np.eye(N)
    product = share * (r.uniform(2, 10, (N, N)) + 30 * np.eye(N))
    t = np.zeros((2, N, N))
    t[0] = 0.08 * (1 - np.eye(N))
    return sx.World.from_arrays(
        ["A", "B", "C", "D"], ["product", "rest"], np.stack([product, rest]), elasticity=[5.0, 4.0], tariffs=t
    )


def test_general_equilibrium_in_the_limit_of_small_shares():
    """σ = θ + 1, η = 1 and given costs: the difference falls in proportion to the product's share."""
    gaps = []
    for share in (1e-1, 1e-2, 1e-3, 1e-4):
        world = economy(share)
        scenario = sx.Scenario().tariff(importer="A", exporter="B", sector="product", set=0.35)
        outcome = sx.solve(world, scenario)
        after = world.tariffs[0].copy()
        after[1, 0] = 0.35
        m = solve_market(world.flows[0], world.tariffs[0], after, sigma=6.0, eta=1.0, supply=np.inf)
        gaps.append(
            [
                np.abs(m.price_index[0] / outcome.P_hat[0] - 1).max(),
                np.abs(m.value_after[0] / outcome.X_new[0] - 1).max(),
                np.abs(m.revenue_after[0].sum(axis=0) / outcome.R_new - 1).max(),
            ]
        )
    gaps = np.array(gaps)
    assert (gaps[-1] < 2e-5).all()
    np.testing.assert_allclose(gaps[1:-1] / gaps[2:], 10, rtol=0.1)


def test_welfare_in_the_limit_lacks_only_the_terms_of_trade_of_other_products():
    """A tariff lets the importer export less, dearer: in general equilibrium that stays, however small the product.

    EV = consumers' surplus + revenue + exports · dlog(own cost over that of the buyer), a term of the same order.
    """
    gaps = []
    for share in (1e-2, 1e-3, 1e-4):
        flows = np.array([[[share, 0.0], [2 * share, 1e3 * share]], [[50.0, 5.0], [5.0 - 2 * share, 4e4]]])
        world = sx.World.from_arrays(["A", "B"], ["product", "rest"], flows, elasticity=[5.0, 4.0])
        outcome = sx.solve(world, sx.Scenario().tariff(importer="A", exporter="B", sector="product", set=0.2))
        after = np.zeros((2, 2))
        after[1, 0] = 0.2
        m = solve_market(flows[0], np.zeros((2, 2)), after, sigma=6.0, eta=1.0, supply=np.inf)
        terms = 5.0 * np.log(outcome.w_hat[0] / outcome.w_hat[1])
        ev = outcome.equivalent_variation["A"]
        assert terms > 0.1 * abs(ev)
        gaps.append(abs((ev - terms) / m.importer_welfare[0, 0] - 1))
    gaps = np.array(gaps)
    assert gaps[-1] < 1e-2
    np.testing.assert_allclose(gaps[:-1] / gaps[1:], 10, rtol=0.2)


# -- at the door ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": [1.0, -1.0]}, "not negative"),
        ({"value": [[[[1.0]]]]}, "4 dimensions"),
        ({"value": ["x", 1.0]}, "not an array of numbers"),
        ({"before": [0.0]}, "before has shape"),
        ({"after": [0.0, -1.0]}, "above −1"),
        ({"after": [0.0, np.inf]}, "above −1"),
        ({"sigma": 0.0}, "above 0"),
        ({"sigma": [1.0, 2.0, 3.0]}, "sigma has shape"),
        ({"eta": -1.0}, "positive numbers"),
        ({"supply": -1.0}, "not negative"),
        ({"supply": np.nan}, "not negative"),
        ({"supply": [1.0, 2.0, 3.0]}, "supply has shape"),
        ({"home": [True]}, "home has shape"),
        ({"eta": 0.0, "supply": 0.0}, "not determined"),
    ],
)
def test_refusals(change, message):
    args = {"value": [1.0, 2.0], "before": [0.0, 0.0], "after": [0.1, 0.0], "sigma": 3.0, **change}
    with pytest.raises(sx.InputError, match=message):
        solve_market(args.pop("value"), args.pop("before"), args.pop("after"), **args)


# -- the command ------------------------------------------------------------------------------------------------------

FILE = """product,origin,importer,value,tariff_before,tariff_after,sigma,supply
lumber,CAN,USA,5700,0,25,4,3
lumber,SWE,USA,600,0,0,,inf
lumber,USA,USA,9000,0,0,,2
"cars, new",CAN,USA,3000,0,25,6,
"cars, new",MEX,USA,4000,0,0,,
"""


def run(tmp_path, text, *options):
    path = tmp_path / "market.csv"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(pe, [str(path), *options])


def test_the_command_agrees_with_the_function(tmp_path):
    result = run(tmp_path, FILE, "--json")
    assert result.exit_code == 0, result.exception
    data = json.loads(result.output)
    assert data["schema"] == "surtax-pe-1"
    m = solve_market([5700, 600, 9000.0], [0, 0, 0], [0.25, 0, 0], sigma=4.0, supply=[3, np.inf, 2])
    flow = data["flows"][0]
    assert flow["product"] == "lumber"
    assert flow["value_after"] == pytest.approx(m.value_after[0, 0, 0])
    assert flow["producer_price"] == pytest.approx(100 * (m.producer_price[0, 0] - 1))
    assert flow["pass_through"] == pytest.approx(m.pass_through[0, 0, 0])
    assert data["flows"][2]["home"] is True
    assert data["importers"][0]["own_producer_surplus"] == pytest.approx(m.producer_surplus[0, 2])
    assert data["suppliers"][1]["supply"] == "inf"
    total = data["importers"][0]
    assert total["revenue_after"] == pytest.approx(sum(f["revenue_after"] for f in data["flows"]))
    assert total["welfare"] == pytest.approx(sum(x["welfare"] for x in data["markets"]))


def test_the_page(tmp_path):
    result = run(tmp_path, FILE, "--top", "2")
    assert result.exit_code == 0, result.exception
    for text in ("Who gains and who loses", "Flows that change most (2 of 5)", "CAN → USA", "4 to 6", "inf"):
        assert text in result.output


@pytest.mark.parametrize("method", ["gsim", "smart"])
def test_the_linear_models_by_command(tmp_path, method):
    rows = [
        ("lumber", "CAN", 5700, 2, 4),
        ("lumber", "SWE", 600, 0, 4),
        ("cars", "CAN", 3000, 2, 6),
        ("cars", "MEX", 4000, 0, 6),
    ]
    text = "product,origin,importer,value,tariff_before,tariff_after,sigma\n"
    text += "".join(f"{p},{o},USA,{v},0,{t},{s}\n" for p, o, v, t, s in rows)
    result = run(tmp_path, text, "--json", "--method", method)
    assert result.exit_code == 0, result.exception
    data = json.loads(result.output)
    exact = json.loads(run(tmp_path, text, "--json").output)
    assert data["method"] == method
    assert "linear" in data["notes"][0]
    for x in (data, exact):
        assert len(x["flows"]) == 4
    assert data["importers"][0]["imports_after"] == pytest.approx(exact["importers"][0]["imports_after"], rel=2e-3)
    assert data["importers"][0]["diversion_gross"] == pytest.approx(exact["importers"][0]["diversion_gross"], rel=0.1)


def test_rates_that_look_like_shares_are_noted(tmp_path):
    data = json.loads(run(tmp_path, FILE.replace("25", "0.25"), "--json").output)
    assert "per cent" in data["notes"][0]


@pytest.mark.parametrize(
    ("old", "new", "options", "message"),
    [
        ("tariff_after", "tarif_after", (), "line 1: no column tariff_after; did you mean"),
        (",sigma", ",sgma", (), "line 1: unknown column 'sgma'; did you mean sigma"),
        (",sigma", ",supply", (), "line 1: column 'supply' stands there twice"),
        ("600,0,0", "six,0,0", (), "line 3: value is 'six', not a number"),
        ("600,0,0", "-600,0,0", (), "line 3: value is -600"),
        ("600,0,0", "nan,0,0", (), "line 3: value is nan"),
        ("600,0,0", ",0,0", (), "line 3: value is empty"),
        ("600,0,0", "600,-100,0", (), "line 3: tariff_before is -100"),
        ("600,0,0,,", "600,0,0,5,", (), "line 3: sigma of product lumber is 5, but 4 on line 2"),
        ("600,0,0,,inf", "600,0,0,,-1", (), "line 3: supply is -1"),
        ("lumber,SWE", "lumber,CAN", (), "line 3: lumber from CAN to USA stands on line 2 already"),
        ("SWE", "", (), "line 3: origin is empty"),
        ('"cars, new"', "cars, new", (), "line 5: more cells than columns"),
        (",6,\n", ",,\n", (), "no elasticity between origins for product cars, new"),
        ("x", "x", ("--eta", "much"), "--eta 'much' is not a number"),
        ("x", "x", ("--supply", "-1"), "--supply is -1"),
        ("x", "x", ("--method", "smart"), "leave out supply"),
        (",25,4,3", ",250,4,inf", ("--method", "gsim"), "product lumber, origin CAN, importer USA"),
    ],
)
def test_files_that_are_wrong(tmp_path, old, new, options, message):
    result = run(tmp_path, FILE.replace(old, new, 1), *options)
    assert result.exit_code != 0
    assert isinstance(result.exception, sx.InputError)
    assert message in str(result.exception)


def test_semicolons_are_named(tmp_path):
    result = run(tmp_path, FILE.replace(",", ";"))
    assert "separated by semicolons" in str(result.exception)


def test_an_empty_file(tmp_path):
    result = run(tmp_path, FILE.splitlines()[0] + "\n")
    assert "no rows" in str(result.exception)
    path = tmp_path / "latin.csv"
    path.write_bytes("origin\xe9".encode("latin-1"))
    assert "UTF-8" in str(CliRunner().invoke(pe, [str(path)]).exception)
