"""Revenue by measure: what adds up, what stays, and the partial response against its definition."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
import surtax.law
from surtax.policy.dated import lined, on_day
from surtax.policy.dated_canada import lined_canada
from surtax.policy.revenue import KEYS, RESPONSES, change_by_origin, partial_ratio, ratio_of, respond, revenue
from surtax.policy.schedule import Schedule
from surtax.trade.canada_rates import on_date
from surtax.trade.effective import effective
from surtax.trade.nest import as_rates, nest
from tests.helpers import small_world


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


# --- adding up ---


@pytest.fixture(scope="module", params=["USA", "CAN"])
def answer(request, world, law):
    """A day of either side: (lines, outcome, revenue)."""
    day = dt.date(2025, 6, 10)
    american, canadian = lined(world, law, day, "predicted", 0.5), lined_canada(world, law, day, "none")
    scenario = on_day(sx.load_scenario("us-canada-2025"), world, day, law=law, lines=american, canada=canadian)
    outcome = sx.solve(world, scenario)
    side = american if request.param == "USA" else canadian
    return side, outcome, revenue(world, side, ratio_of(outcome, side))


@pytest.mark.parametrize("key", KEYS)
def test_every_grouping_adds_up_in_every_response(answer, key):
    _, _, found = answer
    rows = found.by(key)
    for name in RESPONSES:
        # sums of doubles in another order
        assert sum(r.duty[name] for r in rows) == pytest.approx(found.totals[name], rel=1e-11)
    if key != "measure":
        assert sum(r.value for r in rows) == pytest.approx(found.trade["conventional"], rel=1e-11)


def test_the_duties_of_a_sector_are_its_flow_times_the_collected_rate_of_the_nest(world, answer):
    """docs/models/nest.md: R′ = X′ · (1/b − 1), whatever the flow of the cell."""
    side, outcome, found = answer
    nest, ratio = side.nest, ratio_of(outcome, side)
    here = nest.covered & (world.flows[:, world.country(side.exporter), world.country(side.importer)] > 0)
    expected = {world.sectors[s]: nest.rate[s] * nest.value[s] * ratio[s] / 1e6 for s in np.flatnonzero(here)}
    rows = {r.label: r.duty["general"] for r in found.by("sector")}
    for sector, duty in expected.items():
        assert rows[sector] == pytest.approx(duty, rel=1e-9, abs=1e-9), sector


def test_what_is_inside_and_what_is_not_is_everything(answer):
    side, _, found = answer
    total = side.rates.goods.value.sum() / 1e6
    assert found.trade["conventional"] + found.outside.value == pytest.approx(total, rel=1e-12)


def test_conventional_duty_with_what_lies_outside_is_that_of_surtax_rates(answer, law):
    side, _, found = answer
    here = 1e6 * (found.totals["conventional"] + found.outside.duty)
    if side.importer == "USA":
        step = effective(law, "2025-06-10", weights="2024").steps["predicted"]
        assert here == pytest.approx(step.duty[0], rel=1e-9)
    else:
        # whole dollars a line there
        assert here == pytest.approx(on_date(law, "2025-06-10").duty("before"), abs=side.rates.goods.value.size / 2)


def test_duties_by_origin_add_up_to_the_importer_s_revenue(answer):
    side, outcome, _ = answer
    rows = change_by_origin(outcome, side.importer, side.exporter)
    d = outcome.world.country(side.importer)
    assert sum(r.before for r in rows) == pytest.approx(outcome.world.revenue[d], rel=1e-12)
    assert sum(r.after for r in rows) == pytest.approx(outcome.R_new[d], rel=1e-9)
    assert len({r.label for r in rows}) == len(rows)


@pytest.mark.parametrize("closure", ["fixed", "balanced", "gdp-share", "multiplicative"])
def test_without_a_change_no_closure_moves_a_flow(world, may, closure):
    """Against the base that was solved from, which `balanced` re-solves first."""
    outcome = sx.solve(world, sx.Scenario(), deficits=closure)
    np.testing.assert_allclose(ratio_of(outcome, may), 1, rtol=1e-9)


def test_an_unknown_grouping_is_refused(answer):
    with pytest.raises(sx.InputError, match="cannot group"):
        answer[2].by("province")


# --- responses ---

LINES = st.lists(
    st.tuples(st.integers(0, 2), st.floats(0.1, 1e3), st.floats(0, 0.5), st.floats(0, 1.0)), min_size=3, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(LINES, st.floats(0.01, 0.99))
def test_where_nobody_substitutes_the_partial_response_is_conventional(lines, share):
    """σ = ς = 0 and a given real demand: every line keeps its value, so duty is rate × value."""
    cell, value, before, after = (np.array(x) for x in zip(*lines, strict=True))
    cells = nest(cell, value, before, after, 0.0, cells=3)
    here = cells.covered
    wedge, net = np.where(here, cells.wedge, 1), np.where(here, cells.net / cells.net_base, 1)
    ratio = partial_ratio(np.full(3, share), wedge, net, np.full(3, -1.0), demand_elasticity=0.0)
    np.testing.assert_allclose(ratio[here], 1, rtol=1e-12)
    np.testing.assert_allclose(cells.lines(cells.value * ratio)[0], value, rtol=1e-11)


@settings(max_examples=60, deadline=None)
@given(LINES, st.floats(0, 0.99), st.floats(0.5, 20))
def test_responses_are_bounded_by_what_they_stand_between(lines, share, theta):
    """No dearer and no larger market share than a tiny or a sole seller: P̂ lies between 1 and κ̂."""
    cell, value, before, after = (np.array(x) for x in zip(*lines, strict=True))
    cells = nest(cell, value, before, after, theta + 1, cells=3)
    trade = respond(cells, np.full(3, share), np.full(3, theta), np.ones(3))
    np.testing.assert_allclose(trade["conventional"], value, rtol=1e-11)
    flow = np.bincount(cell, trade["partial"], 3)[cells.covered]
    x, kappa, net = cells.value[cells.covered], cells.wedge[cells.covered], (cells.net / cells.net_base)[cells.covered]
    ends = np.sort([x * net, x * net * kappa**-theta], axis=0)
    assert (flow >= ends[0] * (1 - 1e-9)).all()
    assert (flow <= ends[1] * (1 + 1e-9)).all()


def test_the_partial_response_passes_smoothly_through_unit_elasticity():
    near, at = (partial_ratio(0.3, 1.2, 0.9, theta, 0.0) for theta in (1e-9, 0.0))
    # the derivative in θ is of order one
    assert near == pytest.approx(at, abs=1e-8)
    assert at == pytest.approx(0.9 * 1.2**0.3, rel=1e-14)


@pytest.mark.parametrize("seed", range(4))
def test_general_equilibrium_is_the_partial_response_where_the_pair_is_tiny(seed):
    """A seller whose share goes to zero moves no price but its own: X′/X → κ̂^−θ b′/b. Halving the share halves the gap."""
    rng = np.random.default_rng(seed)
    full = small_world(seed, countries=4, sectors=3, zero_flows=0.0, zero_output=0.0, inputs=False, imbalance=0.0)
    cell, value = np.repeat(np.arange(3), 4), rng.uniform(1, 10, 12)
    before, after = rng.uniform(0, 0.1, 12), rng.uniform(0, 0.5, 12)
    gaps = []
    for scale in (1e-4, 5e-5):
        flows = np.array(full.flows)
        flows[:, 1, 0] *= scale
        tariffs = np.array(full.tariffs)
        cells = nest(cell, value, before, after, full.elasticity + 1, cells=3)
        tariffs[:, 1, 0] = cells.rate_base
        world = sx.World.from_arrays(full.countries, full.sectors, flows, elasticity=full.elasticity, tariffs=tariffs)
        rates, costs = as_rates(cells.wedge, cells.net / cells.net_base / (1 + tariffs[:, 1, 0]), tariffs[:, 1, 0])
        new, tau = np.array(tariffs), np.ones_like(tariffs)
        new[:, 1, 0], tau[:, 1, 0] = rates, costs
        outcome = sx.solve(world, Schedule(new, tau))
        spent = world.flows[:, 1, 0] * (1 + tariffs[:, 1, 0])
        found = respond(cells, spent / world.expenditure[:, 0], world.elasticity,
                        outcome.X_new[:, 1, 0] / world.flows[:, 1, 0])  # fmt: skip
        gaps.append(np.abs(found["general"] / found["partial"] - 1).max())
    assert gaps[0] < 1e-2
    # first order in the share; rounding is far below
    assert gaps[1] / gaps[0] == pytest.approx(0.5, rel=0.02)
