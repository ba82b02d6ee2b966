"""The dynamic path: what theory says of it, and a plain reference that shares neither code nor method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.model.dynamic import Dynamics, comparison, solve_path
from surtax.model.options import General
from surtax.model.switching import at_rest, choose, lasting_value, move, transitions
from tests.helpers import as_world, small_world
from tests.reference import dynamic as reference
from tests.reference.worlds import random_world

# What the product asks of a year and of the path (drive.ACCEPT is looser; on these worlds rounding is the limit).
TIGHT = 1e-9


def shocked(world, rate=0.2):
    c = world.countries
    return (
        sx.Scenario(name="t")
        .tariff(importer=c[0], exporter=c[1], add=rate)
        .tariff(importer=c[1], exporter=c[0], add=rate / 2)
    )


def schedule(world, rate=0.2):
    return shocked(world, rate).schedule(world).tariffs


# --- nothing changes ---


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), capital=st.sampled_from(["specific", "mobile", "fixed"]), sees=st.booleans())
def test_without_a_change_the_path_is_flat_to_rounding(seed, capital, sees):
    world = small_world(seed)
    path = solve_path(world, None, horizon=3, settings=Dynamics(capital=capital, foresight=sees, settle=5))
    for name in ("welfare", "employment", "capital", "real_wage", "worker_welfare"):
        # a percentage of values near one, over at most a handful of years of rounding; values are over 1 − β = 0.04
        assert np.nanmax(np.abs(path.arrays[name])) < 1e-9, name


# --- the reference ---


@pytest.mark.parametrize("case", ["lasting", "announced", "reversed"])
@pytest.mark.parametrize("seed", [3, 8])
def test_the_path_agrees_with_a_plain_stacked_solver(case, seed):
    plain = random_world(seed, 2, 2, zero_flows=0, zero_output=0, theta=(2.0, 6.0), base_tariffs=0.2)
    world = as_world(plain)
    hit = shocked(world)
    dated = {"lasting": {1: hit}, "announced": {3: hit}, "reversed": {1: hit, 3: None}}[case]
    dynamics = Dynamics(stay=0.8, nu=0.7, discount=0.9, depreciation=0.1, labour_share=0.65, settle=4)
    path = solve_path(world, dated, announced=1, horizon=3, settings=dynamics)
    years = [next((m for y, m in sorted(dated.items(), reverse=True) if y <= 1 + t), None) for t in range(path.solved)]
    rates = [plain.tariffs if m is None else schedule(world) for m in years]
    found, rest = reference.solve(plain, rates, 0.65, 0.8, 0.7, 0.9, 0.1)
    # The reference's root is known to 1e-10 in each equation; values gather ten years of them.
    for t in range(4):
        np.testing.assert_allclose(1 + path.arrays["employment"][t] / 100, found[t]["L"], rtol=1e-8)
        np.testing.assert_allclose(1 + path.arrays["capital_sector"][t] / 100, found[t]["K"], rtol=1e-8)
        np.testing.assert_allclose(1 + path.arrays["real_wage"][t] / 100, found[t]["wage"], rtol=1e-8)
        np.testing.assert_allclose(path.outcomes[t].P_hat, found[t]["P"], rtol=1e-8)
        np.testing.assert_allclose(path.outcomes[t].real_income * world.income, found[t]["real"], rtol=1e-8)
    np.testing.assert_allclose(path.arrays["worker_welfare"], 100 * np.expm1(0.1 * np.array(found[0]["v"])), atol=1e-6)
    np.testing.assert_allclose(1 + path.long_run.labour_sector.values / 100, rest["L"], rtol=1e-8)
    np.testing.assert_allclose(path.long_run.real_income * world.income, rest["real"], rtol=1e-8)
    # lasting consumption, term by term
    J = range(len(plain.theta))
    stock = 0.35 * plain.gamma_v * plain.flows.sum(axis=2) / (1 / 0.9 - 0.9)
    for n in range(2):

        def spent(real, K, after, n=n):
            return real - sum(stock[s, n] * (after[s][n] - 0.9 * K[s][n]) for s in J)

        ones = [[1.0] * 2 for _ in J]
        base = spent(world.income[n], ones, ones)
        total = 0.0
        for t, y in enumerate(found):
            after = found[t + 1]["K"] if t + 1 < len(found) else None
            if after is None:
                rent = np.array(y["Y"]) / np.array(y["K"]) / np.prod(np.array(y["P"]) ** plain.alpha, axis=0)
                after = np.array(y["K"]) * 0.9 * (0.9 + (1 / 0.9 - 0.9) * rent)
            total += 0.1 * 0.9**t * np.log(spent(y["real"][n], y["K"], after) / base)
        total += 0.9 ** len(found) * np.log(spent(rest["real"][n], rest["K"], rest["K"]) / base)
        assert path.arrays["path_welfare"][n] == pytest.approx(100 * np.expm1(total), abs=1e-6)


# --- limits ---


def test_the_first_year_is_the_model_of_specific_factors():
    """Nobody has moved yet: the same equations by another way, so equal to what each is solved to."""
    world = small_world(5)
    path = solve_path(world, shocked(world), horizon=1, settings=Dynamics(settle=10))
    static = sx.solve(world, shocked(world), model=General(mobility=1))
    np.testing.assert_allclose(path.outcomes[0].real_income, static.real_income, rtol=TIGHT)
    np.testing.assert_allclose(path.outcomes[0].X_new, static.X_new, rtol=1e-8, atol=1e-8)


def test_with_mobile_capital_the_first_year_is_roy_frechet_at_one_over_the_labour_share():
    world = small_world(5)
    path = solve_path(
        world, shocked(world), horizon=0, settings=Dynamics(capital="mobile", labour_share=0.5, settle=10)
    )
    static = sx.solve(world, shocked(world), model=General(mobility=2))
    np.testing.assert_allclose(path.outcomes[0].real_income, static.real_income, rtol=TIGHT)


def test_without_moves_and_capital_every_year_is_specific_factors():
    world = small_world(6)
    path = solve_path(world, shocked(world), horizon=5, settings=Dynamics(stay=1, labour_share=1, settle=5))
    static = sx.solve(world, shocked(world), model=General(mobility=1))
    for outcome in (*path.outcomes, path.long_run):
        np.testing.assert_allclose(outcome.real_income, static.real_income, rtol=TIGHT)
    assert np.nanmax(np.abs(path.arrays["employment"])) == 0


def test_the_long_run_tends_to_free_mobility_as_tastes_matter_less():
    """At rest workers' response to wages is β(1+s)/(ν(1−βs)); the gap to the core falls in proportion to ν."""
    world = small_world(7)
    core = sx.solve(world, shocked(world))
    gaps = []
    for nu in (0.4, 0.2, 0.1):
        path = solve_path(
            world,
            shocked(world),
            horizon=0,
            settings=Dynamics(nu=nu, stay=0.5, capital="fixed", settle=1, foresight=False),
        )
        gaps.append(np.abs(np.log(path.long_run.w_hat / core.w_hat)).max())
    assert gaps[0] > 1.6 * gaps[1] > 2.5 * gaps[2] > 0
    assert gaps[2] < 0.01


def test_capital_at_rest_earns_what_it_costs():
    world = small_world(9)
    for capital in ("specific", "mobile"):
        path = solve_path(world, shocked(world), horizon=0, settings=Dynamics(capital=capital, settle=5))
        end = path.long_run
        capital_income = np.where(world.output > 0, end.Y_new / np.where(world.output > 0, world.output, 1), 1)
        # r̂/P̂ = 1 means K̂ = Ŷ/P̂ in every sector: unit costs of value added follow
        labour = 1 + np.nan_to_num(end.labour_sector.values) / 100
        va = (capital_income / labour) ** 0.6 * end.P_consumer**0.4
        log_c = world.value_added * np.log(va) + np.einsum("ksn,kn->sn", world.inputs, np.log(end.P_hat))
        made = world.output > 0
        np.testing.assert_allclose(np.log(end.c_hat)[made], log_c[made], atol=1e-8)


def test_specific_and_mobile_capital_rest_alike():
    """Where every sector's capital earns the same in the end, it does not matter that it could not move."""
    world = small_world(2)
    ends = [
        solve_path(world, shocked(world), horizon=0, settings=Dynamics(capital=c, settle=3, foresight=False)).long_run
        for c in ("specific", "mobile")
    ]
    np.testing.assert_allclose(ends[0].real_income, ends[1].real_income, rtol=1e-8)


# --- foresight ---


def test_what_is_announced_moves_workers_before_it_happens():
    world = small_world(4)
    hit = shocked(world, 0.5)
    path = solve_path(world, {2028: hit}, announced=2025, horizon=5, settings=Dynamics(settle=40))
    assert path.years[0] == 2025
    assert np.nanmax(np.abs(path.arrays["employment"][0])) == 0
    assert np.nanmax(np.abs(path.arrays["employment"][2])) > 1e-3
    # no duty is due yet: base tariffs collect a little more or less on trade that begins to shift
    assert np.abs(path.arrays["revenue_change"][2]).max() < 0.1 * np.abs(path.arrays["revenue_change"][3]).max()
    late = solve_path(world, {2028: hit}, horizon=2, settings=Dynamics(settle=40))
    # who knew beforehand has moved in the right direction by the year it comes
    early, sudden = path.arrays["employment"][3], late.arrays["employment"][2]
    big = np.abs(sudden) > np.nanquantile(np.abs(sudden), 0.7)
    assert (np.sign(early[big]) == np.sign(sudden[big])).all()
    recursive = solve_path(world, {2028: hit}, announced=2025, horizon=5, settings=Dynamics(foresight=False, settle=5))
    assert np.nanmax(np.abs(recursive.arrays["employment"][3])) < 1e-9


def test_what_is_reversed_returns_to_the_base():
    world = small_world(4)
    path = solve_path(world, {1: shocked(world), 4: None}, horizon=60, settings=Dynamics(settle=20))
    assert np.abs(path.long_run.real_income - 1).max() < 1e-10
    there, back = (np.abs(path.arrays["welfare"][t]).max() for t in (2, 60))
    assert back < 0.02 * there
    # capital that stays in its sector holds workers there: they return by about 5 % of the gap a year
    assert np.nanmax(np.abs(path.arrays["employment"][60])) < 0.1 * np.nanmax(np.abs(path.arrays["employment"][4]))


def test_reversal_foreseen_moves_fewer_workers_than_a_surprise():
    world = small_world(4)
    dated = {1: shocked(world, 0.5), 4: None}
    seen, unseen = (
        solve_path(world, dated, horizon=4, settings=Dynamics(surprises=s, settle=40)) for s in (False, True)
    )
    assert seen.arrays["reallocated"][3].max() < unseen.arrays["reallocated"][3].max()
    lasting = solve_path(world, dated[1], horizon=3, settings=Dynamics(settle=40), start=1)
    # until the surprise, the path is the one of measures that last; the two are solved to other ends, years away
    np.testing.assert_allclose(unseen.arrays["employment"][:4], lasting.arrays["employment"], atol=1e-5)


def test_more_years_behind_the_last_change_little():
    """Rest is assumed behind the last solved year; doubling them moves the reported ones little."""
    world = small_world(4)
    short, long = (solve_path(world, shocked(world), horizon=5, settings=Dynamics(settle=n)) for n in (60, 120))
    scale = np.nanmax(np.abs(long.arrays["employment"]))
    assert np.nanmax(np.abs(short.arrays["employment"] - long.arrays["employment"])) < 1e-4 * scale
    assert long.away < short.away


# --- invariances ---


@settings(max_examples=5)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([1e-3, 7.0, 1e4]))
def test_units_do_not_matter(seed, factor):
    one = small_world(seed, countries=3)
    other = sx.World.from_arrays(
        one.countries, one.sectors, one.flows * factor, elasticity=one.elasticity, tariffs=one.tariffs,
        inputs=one.inputs, inputs_as="shares", final_shares=one.final_shares,
    )  # fmt: skip
    paths = [solve_path(w, shocked(w), horizon=3, settings=Dynamics(settle=10)) for w in (one, other)]
    for name in ("welfare", "employment", "capital", "path_welfare", "worker_welfare"):
        np.testing.assert_allclose(paths[0].arrays[name], paths[1].arrays[name], atol=1e-7)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), stay=st.floats(0, 0.99), nu=st.floats(0.05, 5))
def test_workers_are_neither_lost_nor_found(seed, stay, nu):
    rng = np.random.default_rng(seed)
    workers = rng.dirichlet(np.ones(4), size=3).T
    workers[0, 0] = 0.0
    mu = transitions(stay, workers)
    np.testing.assert_allclose(mu.sum(axis=2), 1, rtol=1e-14)
    np.testing.assert_allclose(move(np.ones_like(workers), workers, mu), 1, rtol=1e-13)
    wages = 0.1 * rng.normal(size=workers.shape)
    wages[0, 0] = 0.0
    v = lasting_value(wages, mu, 0.95, nu)
    chosen, option = choose(mu, v, 0.95, nu)
    np.testing.assert_allclose(wages + option, v, atol=1e-11)
    rest = at_rest(workers, chosen)
    np.testing.assert_allclose((workers * rest).sum(axis=0), workers.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(move(rest, workers, chosen), rest, rtol=1e-9)
    # a common gain moves nobody and is worth 1/(1 − β) of itself
    np.testing.assert_allclose(lasting_value(wages + 0.1, mu, 0.95, nu), v + 2, atol=1e-9)


def test_the_response_at_rest_is_the_derived_one():
    """β(1+s)/(ν(1−βs)) to first order, for a sector that is small in its country (docs/models/dynamic.md)."""
    s, nu, beta, small = 0.8, 1.5, 0.95, 1e-5
    workers = np.array([[1e-6], [1.0]])
    mu = transitions(s, workers)
    v = lasting_value(np.array([[small], [0.0]]), mu, beta, nu)
    rest = at_rest(workers, choose(mu, v, beta, nu)[0])
    # second order in a change of 1e-5 and in a share of 1e-6
    assert np.log(rest[0, 0]) / small == pytest.approx(beta * (1 + s) / (nu * (1 - beta * s)), rel=1e-3)


def test_given_transitions_are_those_of_the_formula():
    world = small_world(4, sectors=2)
    share = world.value_added * world.output
    mu = transitions(0.9, share)
    one, two = (
        solve_path(world, shocked(world), horizon=2, settings=Dynamics(transitions=m, settle=10)) for m in (None, mu)
    )
    np.testing.assert_allclose(one.arrays["employment"], two.arrays["employment"], atol=1e-9)


def test_options_of_the_statics_combine_with_the_path():
    world = small_world(4)
    statics = General(nest="half", scale="half-krugman")
    path = solve_path(world, shocked(world), horizon=1, settings=Dynamics(statics=statics, settle=10))
    static = sx.solve(world, shocked(world), model=General(mobility=1, nest="half", scale="half-krugman"))
    np.testing.assert_allclose(path.outcomes[0].real_income, static.real_income, rtol=TIGHT)


def test_labour_shares_by_country_and_sector():
    world = small_world(4)
    by = {world.countries[0]: 0.5, world.countries[1]: 0.7}
    full = np.full(world.output.shape, 0.6)
    full[:, 0], full[:, 1] = 0.5, 0.7
    one, two = (
        solve_path(world, shocked(world), horizon=1, settings=Dynamics(labour_share=x, settle=5)) for x in (by, full)
    )
    np.testing.assert_array_equal(one.arrays["welfare"], two.arrays["welfare"])


def test_comparison_has_the_first_year_ten_years_on_and_rest():
    world = small_world(4)
    found = comparison(world, shocked(world), settings=Dynamics(settle=10))
    assert list(found) == ["first year", "ten years on", "at rest"]
    assert all(o.conditions.model == "dynamic" for o in found.values())


def test_a_path_is_read_by_label_and_as_a_table():
    world = small_world(4)
    path = solve_path(world, {2025: shocked(world)}, horizon=2, settings=Dynamics(settle=5))
    c, s = world.countries[0], world.sectors[0]
    assert path.welfare["2026", c] == path.outcome(2026).welfare[c]
    assert path.employment["2026", s, c] == pytest.approx(path.outcome(2026).labour_sector[s, c], rel=1e-9)
    frame = path.to_frame()
    assert set(frame["variable"]) == set(path.arrays)
    assert frame.filter(variable="path_welfare").height == len(world.countries)
    assert path.residual < 1e-9
    assert path.describe()["stay"] == 0.9
    with pytest.raises(sx.InputError, match="2025 to 2027"):
        path.outcome(2030)
    with pytest.raises(sx.InputError, match="did you mean"):
        path.variable("employmet")


# --- refusals ---


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"stay": 1.2}, "stay is 1.2"),
        ({"nu": 0}, "nu is 0"),
        ({"nu": np.inf}, "stay=1"),
        ({"discount": 1.0}, "discount is 1"),
        ({"depreciation": -0.1}, "depreciation"),
        ({"capital": "mobil"}, "did you mean"),
        ({"settle": 0}, "settle"),
        ({"surprises": True, "foresight": False}, "surprises"),
        ({"statics": General(mobility=2)}, "mobility"),
        ({"labour_share": 0}, "labour_share"),
        ({"labour_share": "much"}, "labour_share"),
        ({"labour_share": [0.5, 0.6]}, "labour_share has shape"),
        ({"labour_share": {"XXX": 0.5}}, "XXX"),
        ({"labour_share": {"C00": 0.5}, "capital": "mobile"}, "give one number"),
        ({"transitions": np.eye(3)}, "nobody ever comes"),
        ({"transitions": np.full((3, 3), 1 / 3)}, "not at rest"),
        ({"transitions": np.ones((3, 3))}, "add up to 1"),
        ({"transitions": np.eye(2)}, "shape"),
        ({"employment": np.ones((2, 2))}, "employment has shape"),
        ({"employment": np.zeros((3, 4))}, "workers are needed"),
    ],
)
def test_wrong_settings_are_refused_in_words(kwargs, words):
    world = small_world(1, zero_output=0.0)
    with pytest.raises(sx.InputError, match=words):
        solve_path(world, shocked(world), horizon=1, settings=Dynamics(**kwargs))


@pytest.mark.parametrize(
    ("scenarios", "kwargs", "words"),
    [
        ({}, {}, "empty"),
        ({"2025": None}, {}, "no year"),
        ({2025: "us-canada-2025"}, {}, "give a Scenario"),
        ({2025: None}, {"announced": 2026}, "later than it happens"),
        ({2025: None}, {"start": 2026}, "start goes with"),
        ({2025: None}, {"horizon": -1}, "horizon"),
        ({2025: None}, {"deficits": "fixd"}, "did you mean"),
        ({2025: None}, {"announced": 2024, "settings": Dynamics(surprises=True)}, "contradict"),
        ({2025: None, 9999: None}, {}, "at most"),
    ],
)
def test_wrong_paths_are_refused_in_words(scenarios, kwargs, words):
    with pytest.raises(sx.InputError, match=words):
        solve_path(small_world(1), scenarios, **kwargs)


def test_a_world_by_name_is_refused():
    with pytest.raises(sx.InputError, match="takes a world"):
        solve_path("oecd-icio-2022", None)
