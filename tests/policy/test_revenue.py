"""Revenue by measure: what adds up, what stays, and the partial response against its definition."""

import datetime as dt

import numpy as np
import pytest

import surtax as sx
import surtax.law
from surtax.policy.dated import lined, on_day
from surtax.policy.revenue import revenue


@pytest.fixture(scope="module")
def world():
    return sx.load_world()


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def may(world, law):
    return lined(world, law, dt.date(2025, 5, 6), "predicted", 0.5)


def test_conventional_duty_is_rate_times_value(world, may):
    found = revenue(world, may, np.ones(len(world.sectors)))
    direct = (may.rates.after[may.inside] / 100 * may.rates.goods.value[may.inside]).sum() / 1e6
    assert found.totals["conventional"] == pytest.approx(direct, rel=1e-9)  # sums of doubles in another order
    assert sum(found.conventional.values()) == pytest.approx(found.totals["conventional"])


def test_without_a_change_the_three_are_one(world, law):
    before = lined(world, law, dt.date(2025, 1, 1), "predicted", 0.5)
    found = revenue(world, before, np.ones(len(world.sectors)))
    assert found.totals["partial"] == pytest.approx(found.totals["conventional"], rel=1e-12)
    assert found.totals["general"] == pytest.approx(found.totals["conventional"], rel=1e-12)
    assert found.before == pytest.approx(found.totals["conventional"], rel=1e-12)


def test_a_response_lowers_trade_and_duty(world, law, may):
    scenario = on_day(sx.load_scenario("us-canada-2025"), world, "2025-05-06", law=law)
    outcome = sx.solve(world, scenario)
    ratio = 1 + np.nan_to_num(outcome.flows.values[:, world.country("CAN"), world.country("USA")]) / 100
    found = revenue(world, may, ratio)
    assert found.totals["partial"] < found.totals["conventional"]
    assert found.totals["general"] < found.totals["conventional"]
    assert found.trade["general"] < found.trade["conventional"]


def test_the_partial_response_is_the_model_s_at_given_prices_and_spending(world, may):
    """One evaluation of the kernel's shares with costs and spending held: π κ̂^−θ over its sum, times the net part."""
    from surtax.model import core
    from surtax.model.base import base_of

    scenario = on_day(sx.load_scenario("us-canada-2025"), world, "2025-05-06").only("us-law")
    schedule, base = scenario.schedule(world), base_of(world)
    shock = core.shock(base, schedule.tariffs, schedule.trade_cost)
    o, d = world.country("CAN"), world.country("USA")
    X = shock.B[:, o, d] / shock.A[:, :, d].sum(axis=1) * world.expenditure[:, d]
    ratio = np.divide(X, world.flows[:, o, d], out=np.ones_like(X), where=world.flows[:, o, d] > 0)
    held = revenue(world, may, ratio)
    assert held.totals["general"] == pytest.approx(held.totals["partial"], rel=1e-9)
