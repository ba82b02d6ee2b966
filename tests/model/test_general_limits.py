"""Limits and closed forms of the general system: where it has to be the core, and where a formula says what it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.model.core import CLOSURES
from surtax.model.options import SHORT_OVER_LONG, General
from tests.helpers import as_world, foreign, small_world
from tests.reference.worlds import shocks, worlds

# Two kernels, each solved to 1e-13 in logarithms; conditions of these worlds are below 100.
SAME = 1e-11


def shocked(world, seed=0, size=0.5):
    rng = np.random.default_rng(seed)
    rise = size * rng.random(world.flows.shape) * (rng.random(world.flows.shape) < 0.5) * foreign(world)
    return sx.Schedule(world.tariffs + rise, np.exp(0.1 * rng.normal(size=rise.shape) * foreign(world)))


def assert_same(a, b, tol=SAME):
    for name in ("w_hat", "P_hat", "c_hat", "real_income", "I_new"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=tol, err_msg=name)
    for name in ("Y_new", "E_new", "X_new", "R_new", "D_new"):
        x, y = getattr(a, name), getattr(b, name)
        np.testing.assert_allclose(x, y, rtol=100 * tol, atol=tol * np.abs(y).max(), err_msg=name)


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("seed", range(3))
def test_with_everything_off_it_is_the_core(closure, seed):
    world = small_world(seed, 5, 4, zero_flows=0.3, zero_output=0.2)
    schedule = shocked(world, seed)
    core = sx.solve(world, schedule, deficits=closure)
    assert_same(sx.solve(world, schedule, deficits=closure, model=General()), core)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(CLOSURES))
def test_off_is_the_core_on_any_world(data, closure):
    w = data.draw(worlds(max_countries=4, max_sectors=3))
    t, tau = data.draw(shocks(w))
    world, schedule = as_world(w), sx.Schedule(t, tau)
    try:
        core = sx.solve(world, schedule, deficits=closure)
    except sx.NoConvergence:
        core = None
    try:
        general = sx.solve(world, schedule, deficits=closure, model=General())
    except sx.NoConvergence:
        general = None
    if core is None or general is None:
        # at the boundary of existence one may just find what the other just misses
        found = core or general
        assert found is None or (found.I_new / found.world.income).min() < 1e-3
        return
    # hard worlds (θ up to 65) are conditioned like the reference comparison of the core: its tolerance
    apart = np.abs(core.real_income / general.real_income - 1).max()
    assert apart < 1e-8 or core.conditions.residual < 1e-12 > general.conditions.residual


def test_the_embedded_world_off_is_the_core(embedded, main_outcome):
    assert_same(sx.solve(embedded, sx.load_scenario("us-canada-2025"), model=General()), main_outcome)


def test_mobility_without_bound_is_the_core():
    world = small_world(4, 4, 3)
    schedule = shocked(world)
    core = sx.solve(world, schedule)
    assert_same(sx.solve(world, schedule, model=General(mobility=np.inf)), core)
    # the distance falls with 1/μ: ten times as mobile, a tenth as far
    far, near = (
        np.abs(sx.solve(world, schedule, model=General(mobility=m)).w_hat - core.w_hat).max() for m in (1e3, 1e4)
    )
    assert far / near == pytest.approx(10, rel=0.05)


def test_one_sector_has_nowhere_to_move():
    world = small_world(5, 4, 1)
    schedule = shocked(world)
    assert_same(sx.solve(world, schedule, model="specific-factors"), sx.solve(world, schedule))


@pytest.mark.parametrize("eta", [None, "number", "mapping"])
def test_a_nest_with_one_elasticity_is_the_core(eta):
    world = small_world(6, 4, 3, zero_flows=0.3)
    world = world.with_elasticity(3.0)
    given_eta = {None: world.elasticity, "number": 3.0, "mapping": {world.sectors[0]: 3.0}}[eta]
    schedule = shocked(world)
    assert_same(sx.solve(world, schedule, model=General(nest=given_eta)), sx.solve(world, schedule))


def test_no_economies_of_scale_is_the_core():
    world = small_world(7, 4, 3)
    schedule = shocked(world)
    assert_same(sx.solve(world, schedule, model=General(scale=0.0)), sx.solve(world, schedule))


def test_equal_origins_of_all_uses_is_the_core():
    """Each flow's final part is the same at all origins, as one π says."""
    world = small_world(8, 4, 3, zero_flows=0.3)
    share = world.final_shares * world.income / world.expenditure
    world = world.replace(final=world.flows * share[:, None, :])
    schedule = shocked(world)
    outcome = sx.solve(world, schedule, model="end-use")
    assert_same(outcome, sx.solve(world, schedule))
    np.testing.assert_allclose(outcome.prices_final.values, outcome.prices_inputs.values, rtol=1e-9, atol=1e-9)


def test_a_split_that_misses_its_uses_keeps_flows_and_meets_them():
    world = small_world(9, 4, 3)
    rng = np.random.default_rng(1)
    world = world.replace(final=world.flows * rng.random(world.flows.shape))
    outcome = sx.solve(world, model="end-use")
    np.testing.assert_allclose(outcome.X_new, world.flows, rtol=1e-10, atol=1e-12 * world.flows.max())
    assert np.abs(outcome.welfare.values).max() < 1e-9
    assert any("counted to the other use" in a for a in outcome.conditions.adjustments)


def test_the_short_run_is_specific_factors_with_smaller_elasticities():
    world = small_world(10, 4, 3)
    schedule = shocked(world)
    a = sx.solve(world, schedule, model="short-run")
    b = sx.solve(world, schedule, model=General(mobility=1), elasticities=world.elasticity * SHORT_OVER_LONG)
    assert_same(a, b)
    assert "short run" in a.conditions.elasticities
    # the balanced base is made once, by the long run's elasticities
    c = sx.solve(world, schedule, model="short-run", deficits="balanced")
    np.testing.assert_allclose(c.world.flows, sx.solve(world, schedule, deficits="balanced").world.flows, rtol=1e-15)


# -- closed forms ------------------------------------------------------------------------------------------------------


def no_inputs(seed, countries=4, sectors=3):
    return small_world(seed, countries, sectors, inputs=False, zero_flows=0.0, zero_output=0.0, base_tariffs=0.0)


def closed(world):
    """An embargo of everything."""
    cost = np.where(foreign(world), np.inf, 1.0) * np.ones_like(world.flows)
    return sx.Schedule(world.tariffs, cost)


def own_shares(world):
    return np.einsum("snn->sn", world.flows) / world.expenditure


def test_autarky_with_economies_of_scale():
    """Costinot & Rodríguez-Clare (2014), Handbook of International Economics 4, sec. 3 (monopolistic competition).

    Without inputs, at balanced trade, a sector's labour goes from r, its share in output, to α, its share in demand;
    costs are ŵ (α/r)^−ψ and prices costs times π_nn^(−1/θ), hence Ŵ = Π_s (π_nn^(1/θ) (α/r)^ψ)^α.
    """
    world = no_inputs(11).balanced()
    psi = np.array([0.1, 0.05, 0.0])
    outcome = sx.solve(world, closed(world), model=General(scale=psi), deficits="balanced")
    r = world.output / world.output.sum(axis=0)
    alpha = world.final_shares
    log_gain = (alpha * (np.log(own_shares(world)) / world.elasticity[:, None] + psi[:, None] * np.log(alpha / r))).sum(
        axis=0
    )
    np.testing.assert_allclose(np.log(outcome.real_income), log_gain, rtol=1e-9, atol=1e-11)


def test_autarky_with_specific_factors():
    """Without inputs, autarky earnings shares are α; efficiency units stay: ω_s = α/r, Ŵ = Π (π_nn^(1/θ) r/α)^α."""
    world = no_inputs(12).balanced()
    outcome = sx.solve(world, closed(world), model="specific-factors", deficits="balanced")
    r = world.output / world.output.sum(axis=0)
    alpha = world.final_shares
    log_gain = (alpha * (np.log(own_shares(world)) / world.elasticity[:, None] - np.log(alpha / r))).sum(axis=0)
    np.testing.assert_allclose(np.log(outcome.real_income), log_gain, rtol=1e-9, atol=1e-11)


def test_autarky_in_a_nest_hangs_on_the_outer_elasticity():
    """Arkolakis, Costinot & Rodríguez-Clare (2012), with η: foreign origins' θ has no say once there are none."""
    world = no_inputs(13).balanced()
    outcome = sx.solve(world, closed(world), model=General(nest=2.5), deficits="balanced")
    log_gain = (world.final_shares * np.log(own_shares(world)) / 2.5).sum(axis=0)
    np.testing.assert_allclose(np.log(outcome.real_income), log_gain, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mu", [1.0, 1.5, 4.0])
def test_real_income_by_shares_of_trade_and_labour(mu):
    """Galle, Rodríguez-Clare & Yi (2023), "Slicing the Pie", one group: Ŵ = Π_s (λ̂_nn^(−1/θ) π̂_s^(−1/μ))^α.

    λ_nn is the domestic share of spending, π_s the share of workers in the sector; without inputs, revenue and
    deficits.
    """
    world = no_inputs(14).balanced()
    rng = np.random.default_rng(3)
    cost = np.exp(0.3 * rng.normal(size=world.flows.shape) * foreign(world))
    outcome = sx.solve(world, sx.Schedule(world.tariffs, cost), model=General(mobility=mu), deficits="balanced")
    own = np.einsum("snn->sn", outcome.X_new) / outcome.E_new / own_shares(world)
    workers = 1 + outcome.workers_sector.values / 100
    log_gain = (world.final_shares * (-np.log(own) / world.elasticity[:, None] - np.log(workers) / mu)).sum(axis=0)
    np.testing.assert_allclose(np.log(outcome.real_income), log_gain, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mu", [1.0, 1.5, 4.0])
def test_workers_and_wages_obey_the_supply_of_labour(mu):
    """ℓ̂_s = (ŵ_s/Φ̂)^μ, Φ̂^μ = Σ ℓ ŵ^μ: what Fréchet draws imply, whatever demand does."""
    world = small_world(15, 4, 3)
    outcome = sx.solve(world, shocked(world), model=General(mobility=mu))
    share = world.value_added * world.output / world.factor_income
    wage = 1 + outcome.sector_wage.values / 100
    made = world.output > 0
    phi = np.where(made, share * np.where(made, wage, 1) ** mu, 0).sum(axis=0) ** (1 / mu)
    np.testing.assert_allclose(outcome.w_hat, phi, rtol=1e-9)
    expected = (wage / phi) ** mu
    workers = 1 + outcome.workers_sector.values / 100
    np.testing.assert_allclose(workers[made], expected[made], rtol=1e-9)
    # full employment: who leaves one sector enters another
    np.testing.assert_allclose(np.where(made, share * workers, 0).sum(axis=0), 1, rtol=1e-12)
    # a share ℓ of the workers brings ℓ^(1−1/μ) of labour: at μ = 1 nothing moves but earnings
    units = 1 + outcome.labour_sector.values / 100
    np.testing.assert_allclose(units[made], expected[made] ** (1 - 1 / mu), rtol=1e-9)
    moved = outcome.labour_moved.values
    np.testing.assert_allclose(moved[made], (1000 * share * (units - 1))[made], rtol=1e-9, atol=1e-10)


def test_specific_factors_lose_most_where_prices_fall_most():
    """An importer's protected sector gains wages in its own unit; an exporter's loses them (the Ricardo–Viner result)."""
    world = no_inputs(16, 2, 3)
    t = np.array(world.tariffs)
    t[0, 1, 0] = 0.5
    outcome = sx.solve(world, sx.Schedule(t), model="specific-factors")
    wage = outcome.sector_wage.values
    assert wage[0, 0] == wage[:, 0].max()
    assert wage[0, 1] == wage[:, 1].min()


# -- wages that do not fall --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mobility", [None, 1.0, 2.5])
@pytest.mark.parametrize("anchor", ["world", "own"])
@pytest.mark.parametrize("delta", [1.0, 0.97])
def test_either_wages_or_employment_gives(mobility, anchor, delta):
    if mobility is None and anchor == "own":
        return
    world = small_world(17, 5, 3)
    model = General(mobility=mobility, rigidity=delta, anchor=anchor)
    outcome = sx.solve(world, shocked(world), model=model)
    made = world.output > 0
    share = world.value_added * world.output / world.factor_income
    wage = outcome.extra["sector_wage_hat"]
    floor = np.full(wage.shape, delta)
    if anchor == "own":
        floor = floor * (outcome.w_hat * outcome.extra["L_hat"])
    # earnings per attached worker, by Roy's supply, from sales alone
    earned = world.value_added * outcome.Y_new
    m = 0.0 if mobility is None else 1 / mobility
    omega = (earned.sum(axis=0) / world.factor_income) ** (1 - m) * np.where(
        made, outcome.Y_new / np.where(made, world.output, 1), 1
    ) ** m
    employed = np.where(made, omega / np.where(made, wage, 1), 1)
    assert (wage[made] >= floor[made] * (1 - 1e-12)).all()
    assert (employed <= 1 + 1e-9).all()
    slack = (wage / floor - 1) * (1 - employed)
    assert np.abs(slack[made]).max() < 1e-9
    assert (employed[made] < 1 - 1e-4).any()  # it binds somewhere, or this shows nothing
    total = np.where(made, share * outcome.extra["workers_hat"], 0).sum(axis=0)
    np.testing.assert_allclose(outcome.extra["L_hat"], total, rtol=1e-9)
    np.testing.assert_allclose(outcome.employment.values, 100 * (outcome.extra["L_hat"] - 1), rtol=1e-12)


def test_wages_that_rise_need_no_rule():
    """A floor far below is no floor, and the country whose wage rises keeps everybody employed."""
    world = small_world(18, 4, 3)
    schedule = shocked(world)
    core = sx.solve(world, schedule)
    assert_same(sx.solve(world, schedule, model=General(rigidity=0.2)), core)
    rigid = sx.solve(world, schedule, model="rigid-wages")
    risen = rigid.w_hat > 1 + 1e-9
    assert risen.any()
    assert not risen.all()
    np.testing.assert_allclose(rigid.employment.values[risen], 0, atol=1e-9)
    assert rigid.employment.values.min() < -1e-3


def test_no_change_is_no_change():
    world = small_world(19, 4, 3)
    rng = np.random.default_rng(0)
    world = world.replace(final=world.flows * rng.random(world.flows.shape))
    for model in (
        "specific-factors",
        "roy-frechet",
        "short-run",
        "end-use",
        "scale-economies",
        "nested",
        "rigid-wages",
    ):
        outcome = sx.solve(world, model=model)
        assert np.abs(outcome.welfare.values).max() < 1e-9, model
        assert outcome.conditions.model == model
        assert outcome.conditions.about


@pytest.mark.parametrize("closure", CLOSURES)
def test_uses_that_import_nothing_are_no_reason_to_refuse(closure):
    """Deficits are financed by trade in all uses together: here nobody imports inputs, because there are none."""
    flows = np.array([[[6.0, 4.0], [3.0, 6.0]]])
    world = sx.World.from_arrays(["A", "B"], ["x"], flows, elasticity=4, final=flows)
    scenario = sx.Scenario().tariff(importer="A", exporter="B", add=0.2)
    apart, together = (sx.solve(world, scenario, model=m, deficits=closure) for m in (General(end_use=True), "core"))
    np.testing.assert_allclose(apart.real_income, together.real_income, rtol=1e-11)
