"""Borders: identity where nothing is removed, exact wedges where the world is built with them, order in between."""

import json

import numpy as np
import pytest
from hypothesis import given
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
        ("benchmark", {"one": "CAN", "other": "USA", "benchmark": "gravity"}),
        ("provinces", {"one": "MEX", "other": "USA"}),
        ("unknown country", {"one": "XXX", "other": "USA"}),
    ):
        with pytest.raises(sx.InputError, match=words):
            remove_border(embedded, **arguments)
    with pytest.raises(sx.InputError, match="provinces"):
        wedge(small_world(1), "C00", "C01")


def test_json_is_strict(embedded):
    json.dumps(as_plain(remove_border(embedded, "CAN", "USA", union=True)), allow_nan=False)
