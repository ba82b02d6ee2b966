"""Borders: identity where nothing is removed, exact wedges where the world is built with them, order in between."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.experiments.border import as_plain, head_ries, remove_border, wedge
from tests.helpers import small_world


@pytest.mark.parametrize("benchmark", ["provinces", "head-ries"])
def test_nothing_removed_is_the_base(embedded, benchmark):
    b = remove_border(embedded, "CAN", "USA", benchmark=benchmark, remove=0.0)
    assert all(abs(x) < 1e-9 for x in b.steps[0].welfare.values())
    assert b.steps[0].trade == pytest.approx(0, abs=1e-9)


def gravity_world(tau, theta, seed, extra=()):
    """A one-sector world made from costs: X_od = a_o b_d (c_o τ_od)^−θ, one at home, with exact Head–Ries wedges."""
    rng = np.random.default_rng(seed)
    n = len(tau)
    flows = rng.uniform(1, 5, n)[:, None] * rng.uniform(1, 5, n)[None, :] * tau**-theta
    return sx.World.from_arrays([f"C{i}" for i in range(n)], ["all"], flows[None], elasticity=theta)


@given(st.floats(1.05, 5), st.floats(1.0, 12), st.integers(0, 1000))
def test_head_ries_recovers_the_cost_that_made_the_flows(cost, theta, seed):
    tau = np.ones((3, 3)) + (cost - 1) * (1 - np.eye(3))
    w = gravity_world(tau, theta, seed)
    assert head_ries(w, 0, 1)[0] == pytest.approx(cost**-theta, rel=1e-10)
    assert wedge(w, "C0", "C1", "head-ries").tau[0] == pytest.approx(cost, rel=1e-10)


def test_removing_a_border_that_is_none_changes_nothing():
    w = gravity_world(np.ones((3, 3)), 4.0, 1).balanced()
    b = remove_border(w, "C0", "C1", benchmark="head-ries", deficits="balanced")
    assert all(abs(x) < 1e-8 for x in b.steps[0].welfare.values())


def test_gains_rise_with_what_is_removed(embedded):
    parts = [remove_border(embedded, "CAN", "USA", remove=r) for r in (0.1, 0.5, 1.0)]
    for c in ("CAN", "USA"):
        gains = [p.steps[0].welfare[c] for p in parts]
        assert gains == sorted(gains)
        assert gains[0] > 0
    reduces = [p.reduces_trade for p in parts]
    assert reduces == sorted(reduces)


def test_two_countries_without_any_border_are_one():
    """τ̂ = 1/τ between two countries: afterwards the shares of a good's origins are the same in both."""
    cost, theta = 1.7, 5.0
    w = gravity_world(np.array([[1, cost], [cost, 1]]), theta, 3).balanced()
    tau = wedge(w, "C0", "C1", "head-ries").tau[0]
    assert tau == pytest.approx(cost, rel=1e-8)
    o = sx.solve(w, sx.Scenario().trade_cost(importer="*", exporter="*", factor=1 / tau), deficits="balanced")
    shares = o.X_new[0] / o.X_new[0].sum(axis=0)
    np.testing.assert_allclose(shares[:, 0], shares[:, 1], rtol=1e-8)


def test_a_union_has_common_tariffs(embedded):
    b = remove_border(embedded, "CAN", "USA", remove=0.2, union=True)
    assert b.steps[0].name == "border removed"
    assert len(b.steps) == 3
    assert any("migration" in x for x in b.not_modelled)
    assert any("fiscal" in x for x in b.not_modelled)


def test_bad_input(embedded):
    for words, arguments in (
        ("same country", {"one": "CAN", "other": "can"}),
        ("between 0 and 1", {"one": "CAN", "other": "USA", "remove": 1.5}),
        ("benchmark", {"one": "CAN", "other": "USA", "benchmark": "distance"}),
        ("provinces", {"one": "MEX", "other": "USA"}),
        ("unknown country", {"one": "XXX", "other": "USA"}),
    ):
        with pytest.raises(sx.InputError, match=words):
            remove_border(embedded, **arguments)
    with pytest.raises(sx.InputError, match="provinces"):
        wedge(small_world(1), "C00", "C01")


# --- gravity ---


# Where trade at home is thousands of times trade abroad the library's demeaning gives up on few countries, and says so.
@given(st.floats(1.05, 3), st.floats(1.0, 4), st.integers(0, 1000))
@settings(max_examples=8, deadline=None)  # each is a regression
def test_gravity_recovers_the_cost_that_made_the_flows(cost, theta, seed):
    pytest.importorskip("pyfixest", reason="the extra `estimate` is not installed")
    tau = np.ones((6, 6)) + (cost - 1) * (1 - np.eye(6))
    tau[0, 1] = tau[1, 0] = 1 + (cost - 1) / 2
    found = wedge(gravity_world(tau, theta, seed), "C0", "C1", "gravity")
    # ten digits of the deviance settle coefficients to about five
    assert found.tau[0] == pytest.approx(1 + (cost - 1) / 2, rel=1e-5)
    assert found.average[0] == pytest.approx(cost, rel=1e-5)


def by_iteration(y, groups, rounds=20000):
    """PPML with effects and dummies by scaling to each group's sum in turn: no matrix, no library."""
    mu = np.ones_like(y)
    for _ in range(rounds):
        before = mu
        for axis in (1, 0):
            mu = mu * y.sum(axis=axis, keepdims=True) / mu.sum(axis=axis, keepdims=True)
        for g in groups:
            mu = np.where(g, mu * y[g].sum() / mu[g].sum(), mu)
        if np.allclose(mu, before, rtol=1e-13, atol=0):
            break
    return mu


def test_gravity_solves_its_first_order_conditions(embedded):
    """Against a scaling loop: fitted flows have the sums of exporters, importers, the pair and the others."""
    pytest.importorskip("pyfixest", reason="the extra `estimate` is not installed")
    from surtax.estimation import border_effect

    s, a, b = embedded.sector("C10T12"), embedded.country("CAN"), embedded.country("USA")
    y = embedded.flows[s] * (1 + embedded.tariffs[s])
    n = len(y)
    pair = np.zeros((n, n), dtype=bool)
    pair[a, b] = pair[b, a] = True
    others = ~np.eye(n, dtype=bool) & ~pair
    mu = by_iteration(y, (pair, others))
    # the dummies from the fitted matrix: home against the pair, over the two countries' own cells
    g = np.log(mu[a, b] * mu[b, a] / (mu[a, a] * mu[b, b])) / 2
    found = border_effect(y, a, b)
    assert found.pair == pytest.approx(g, abs=1e-4)
    i, j = embedded.country("DEU"), embedded.country("JPN")
    assert found.others == pytest.approx(np.log(mu[i, j] * mu[j, i] / (mu[i, i] * mu[j, j])) / 2, abs=1e-4)
    assert found.others_error > 0


def test_gravity_of_two_countries_is_head_ries():
    pytest.importorskip("pyfixest", reason="the extra `estimate` is not installed")
    w = gravity_world(np.array([[1, 1.7], [1.4, 1]]), 5.0, 3)
    found = wedge(w, "C0", "C1", "gravity")
    assert found.tau[0] == pytest.approx(wedge(w, "C0", "C1", "head-ries").tau[0], rel=1e-5)
    assert np.isnan(found.average[0])


def test_gravity_without_the_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(sx.InputError, match=r"surtax\[estimate\]"):
        wedge(gravity_world(np.ones((3, 3)), 4.0, 1), "C0", "C1", "gravity")


# --- parts of a union ---


def test_the_last_step_alone_is_the_last_step(embedded):
    whole = remove_border(embedded, "CAN", "USA", remove=0.5, union=True)
    last = remove_border(embedded, "CAN", "USA", remove=0.5, union=True, last=True)
    assert len(last.steps) == 1
    assert last.steps[0].name == whole.steps[-1].name
    assert last.steps[0].welfare == pytest.approx(whole.steps[-1].welfare, abs=1e-9)
    assert np.isnan(last.reduces_trade)
    assert as_plain(last)["border_reduces_trade"] is None


def test_measures_in_force_are_no_part_of_the_border(embedded):
    """What the border reduces trade by is told against the measures in force, which are a step of their own."""
    war = sx.load_scenario("us-canada-2025")
    same = remove_border(embedded, "CAN", "USA", remove=0.0, given=war)
    assert [s.name for s in same.steps] == ["us-canada-2025 in force", "border removed"]
    assert same.steps[0].trade < -5
    assert same.reduces_trade == pytest.approx(0, abs=1e-9)
    o = sx.solve(embedded, war)
    assert same.steps[0].welfare["CAN"] == pytest.approx(o.welfare["CAN"], abs=1e-9)
    gone = remove_border(embedded, "CAN", "USA", remove=1.0, given=war)
    ratio = (1 + gone.steps[1].trade / 100) / (1 + gone.steps[0].trade / 100)
    assert gone.reduces_trade == pytest.approx(100 * (1 - 1 / ratio))


def test_accounts_of_the_two_are_the_worlds(embedded):
    b = remove_border(embedded, "CAN", "USA", remove=0.1)
    for a, country in zip(b.accounts, ("CAN", "USA"), strict=True):
        n = embedded.country(country)
        assert a.income == pytest.approx((embedded.value_added[:, n] * embedded.output[:, n]).sum())
        assert a.persons == embedded.population[n]
        assert a.income_per_person == pytest.approx(1e6 * a.income / a.persons)
    assert 3.5e7 < b.accounts[0].persons < 4.5e7
    small = gravity_world(np.ones((3, 3)), 4.0, 1).balanced()
    plain = as_plain(remove_border(small, "C0", "C1", benchmark="head-ries", deficits="balanced"))
    assert plain["accounts"][0]["income_per_person"] is None


def test_the_benchmarks_stand_side_by_side(embedded):
    b = remove_border(embedded, "CAN", "USA", remove=0.1)
    assert tuple(b.beside) == ("head-ries", "provinces")
    assert tuple(remove_border(embedded, "MEX", "USA", benchmark="head-ries", remove=0.1).beside) == ("head-ries",)


def test_json_is_strict(embedded):
    json.dumps(as_plain(remove_border(embedded, "CAN", "USA", union=True)), allow_nan=False)
