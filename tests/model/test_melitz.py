"""Melitz–Pareto: properties, corner cases, an independent solver on random worlds, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.model import melitz_kernel as kernel
from surtax.model.melitz import MelitzPareto
from surtax.model.melitz_base import CLOSURES, Parameters, melitz_base, pass_through, two_region_nu
from surtax.model.outcome import variables
from tests.helpers import as_world
from tests.reference.melitz import MelitzAccounts, solve_melitz
from tests.reference.worlds import random_shock, random_world


def one_sector_world(seed, countries=5, **kwargs):
    options = {
        "inputs": False,
        "theta": (2.0, 8.0),
        "zero_flows": 0.2,
        "base_tariffs": 0.3,
        "imbalance": 0.1,
        "home_bias": 4.0,
    }
    return as_world(random_world(seed, countries, 1, **{**options, **kwargs}))


def shock(world, seed, **options):
    """New tariffs and trade costs; no random world has domestic tariffs."""
    new, tau = random_shock(world, seed, **{"lowest": -0.2, "highest": 1.0, "costs": 0.2, **options})
    return sx.Schedule(new, tau)


settings_drawn = st.builds(
    MelitzPareto,
    nu=st.sampled_from([0.0, 0.12, 0.25]),
    labour_supply=st.sampled_from([0.0, 0.3, 0.5]),
    pass_through=st.sampled_from([1.0, 0.5]),
    value_added=st.sampled_from([1.0, 0.7]),
    rebate=st.sampled_from(["income-tax", "lump-sum"]),
    numeraire=st.sampled_from(["factor-income", "prices", "wages"]),
)
seeds = st.integers(0, 10_000)


def by_reference(world, schedule, model, **options):
    """The reference's answer for a one-sector world whose domestic sales are as recorded."""
    n, epsilon = len(world.countries), float(world.elasticity[0])
    base = MelitzAccounts(world.flows[0], world.tariffs[0], np.full(n, model.nu), model.value_added)
    theta = epsilon / model.scale
    phi = (1 + theta) / ((1 - base.nu) * theta) - 1 / theta - (1 - model.pass_through)
    return base, solve_melitz(
        base, schedule.tariffs[0], tau_hat=1.0 if schedule.trade_cost is None else schedule.trade_cost[0],
        epsilon=epsilon, psi=model.scale / epsilon, kappa=model.labour_supply, phi=phi,
        income_tax=model.rebate == "income-tax", numeraire=model.numeraire, **options,
    )  # fmt: skip


def solved(*arguments, **options):
    """The outcome, or None where the accounts or the economy are refused in words that say why."""
    try:
        return sx.solve(*arguments, **options)
    except sx.NoConvergence:
        return None
    except sx.InputError as problem:
        reasons = ("welfare has no meaning", "feed on itself", "exceeds what labour earns")
        assert any(reason in str(problem) for reason in reasons)
        return None


def test_most_random_economies_are_solved():
    """What the tests below leave out is little: economies near collapse."""
    found = 0
    for seed in range(60):
        world = one_sector_world(seed)
        found += solved(world, shock(world, seed + 1), model=MelitzPareto(nu=0.12)) is not None
    assert found >= 55


@given(seeds, seeds, settings_drawn)
@settings(max_examples=50)
def test_random_worlds_agree_with_the_reference(seed, other, model):
    world = one_sector_world(seed)
    schedule = shock(world, other)
    outcome = solved(world, schedule, model=model)
    if outcome is None:
        return
    start = np.log([outcome.w_hat, outcome.E_new[0] / world.expenditure[0], outcome.extra["L_hat"], outcome.P_hat[0]])
    _, cold = by_reference(world, schedule, model)
    _, answer = by_reference(world, schedule, model, start=start.ravel())
    assert answer.residual < 1e-9
    for found, expected in (
        (outcome.w_hat, answer.w),
        (outcome.extra["L_hat"], answer.L),
        (outcome.P_consumer, answer.P),
        (outcome.real_income, answer.W),
        (outcome.R_new, answer.R),
    ):
        # what the reference leaves of its equations, 1e-12, times the condition of small random economies
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())
    np.testing.assert_allclose(outcome.X_new[0], answer.X, rtol=1e-7, atol=1e-9 * answer.X.max())
    # from no start at all, where SciPy gets to an economy that has not collapsed
    if cold.residual < 1e-9 and cold.L.min() > 0.5 * answer.L.min():
        np.testing.assert_allclose(outcome.real_income, cold.W, rtol=1e-8)


@given(seeds, settings_drawn, st.sampled_from(CLOSURES))
@settings(max_examples=40)
def test_no_change_is_no_change(seed, model, closure):
    world = one_sector_world(seed, imbalance=0.1)
    model = MelitzPareto(
        **{f: getattr(model, f) for f in ("nu", "labour_supply", "value_added", "rebate")}, designated="C01"
    )
    outcome = solved(world, model=model, deficits=closure)
    if outcome is None:
        return
    for name in outcome.variables:
        v = variables()[name]
        values = outcome.variable(name).values
        if v.unit == "per cent" and not name.startswith("tariff"):
            assert np.abs(values[~np.isnan(values)]).max() < 1e-9, name
        if name.endswith("_change") or name.startswith("equivalent_variation"):
            known = values[~np.isnan(values)]
            assert np.abs(known).max(initial=0) < 1e-10 * world.flows.sum(), name
    np.testing.assert_array_equal(outcome.tariff.values, outcome.tariff_base.values)


@given(seeds, seeds, st.floats(1e-6, 1e6))
@settings(max_examples=20)
def test_units_and_order_do_not_matter(seed, other, factor):
    world = one_sector_world(seed)
    schedule = shock(world, other, highest=0.5)
    model = MelitzPareto(nu={"C02": 0.3, "*": 0.1})
    plain = solved(world, schedule, model=model)
    if plain is None:
        return
    other_unit = sx.World.from_arrays(
        world.countries, world.sectors, world.flows * factor, elasticity=world.elasticity, tariffs=world.tariffs
    )
    scaled = sx.solve(other_unit, schedule, model=model)
    order = np.random.default_rng(seed).permutation(len(world.countries))
    cells = np.ix_([0], order, order)
    turned = sx.World.from_arrays(
        [world.countries[i] for i in order], world.sectors, world.flows[cells], elasticity=world.elasticity,
        tariffs=world.tariffs[cells],
    )  # fmt: skip
    moved = sx.solve(turned, sx.Schedule(schedule.tariffs[cells], schedule.trade_cost[cells]), model=model)
    np.testing.assert_allclose(scaled.real_income, plain.real_income, rtol=1e-10)
    np.testing.assert_allclose(scaled.X_new, factor * plain.X_new, rtol=1e-9, atol=1e-12 * factor * plain.X_new.max())
    np.testing.assert_allclose(moved.real_income, plain.real_income[order], rtol=1e-10)
    np.testing.assert_allclose(moved.extra["L_hat"], plain.extra["L_hat"][order], rtol=1e-10)


@given(seeds, seeds, st.sampled_from(["fixed", "balanced"]))
@settings(max_examples=40)
def test_the_eaton_kortum_corner_is_the_core_model(seed, other, closure):
    """ν = 0 gives φ = 1; with labour fixed the equations are those of one sector without inputs."""
    world = one_sector_world(seed)
    schedule = shock(world, other)
    try:
        core = sx.solve(world, schedule, deficits=closure)
    except sx.NoConvergence:
        return
    corner = sx.solve(world, schedule, deficits=closure, model=MelitzPareto(nu=0, labour_supply=0))
    np.testing.assert_allclose(corner.w_hat, core.w_hat, rtol=1e-10)
    np.testing.assert_allclose(corner.P_hat, core.P_hat, rtol=1e-10)
    np.testing.assert_allclose(corner.real_income, core.real_income, rtol=1e-10)
    np.testing.assert_allclose(corner.R_new, core.R_new, rtol=1e-9, atol=1e-12 * core.I_new.max())
    np.testing.assert_allclose(corner.X_new, core.X_new, rtol=1e-9, atol=1e-12 * core.X_new.max())
    np.testing.assert_allclose(corner.extra["L_hat"], 1.0, rtol=1e-12)


@given(seeds, seeds, settings_drawn)
@settings(max_examples=30)
def test_the_jacobian_is_exact(seed, other, model):
    """Against central differences in random directions, away from the base."""
    world = one_sector_world(seed)
    n = len(world.countries)
    nu = np.full(n, model.nu)
    phi = pass_through(nu, 6.0, model.pass_through)
    p = Parameters(4.0, 0.17, model.labour_supply, model.value_added, nu, phi, model.rebate == "income-tax")
    base = melitz_base(world.flows[0], world.tariffs[0], p)
    new = shock(world, other).tariffs
    wedge = kernel.wedges(base, np.ones((1, n, n)), world.tariffs, new, None)
    rng = np.random.default_rng(other)
    z, dz = 0.05 * rng.normal(size=2 * n), rng.normal(size=2 * n)
    with np.errstate(invalid="ignore"):
        _, state = kernel.residual(z, base, wedge, base.T)
    if not np.isfinite(state.w + state.take_home).all():
        return  # revenue above labour income: no such economy
    product = kernel.linearise(state, base, wedge, base.T)
    h = 1e-5
    ahead, back = (kernel.residual(z + k * h * dz, base, wedge, base.T)[0] for k in (1, -1))
    expected = (ahead - back) / (2 * h)
    scale = 1 + np.abs(expected).max()
    if np.isfinite(scale):
        # differences of order h² = 1e-10, times third derivatives of order θ³
        np.testing.assert_allclose(product(dz), expected, rtol=0, atol=1e-6 * scale)
    dense = product(np.eye(2 * n))
    np.testing.assert_allclose(dense @ dz, product(dz), rtol=1e-9, atol=1e-9 * scale)


def test_numeraires_scale_nominal_values_alone():
    world = one_sector_world(3)
    schedule = shock(world, 5)
    found = {
        k: sx.solve(world, schedule, model=MelitzPareto(nu=0.1, numeraire=k))
        for k in ("factor-income", "prices", "wages")
    }
    a, b = found["factor-income"], found["prices"]
    ratio = b.w_hat / a.w_hat
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)
    np.testing.assert_allclose(b.X_new, a.X_new * ratio[0], rtol=1e-12)
    np.testing.assert_allclose(b.real_income, a.real_income, rtol=1e-12)
    earned = a.world.factor_income
    assert (a.w_hat * a.extra["L_hat"]) @ earned == pytest.approx(earned.sum(), rel=1e-12)
    spent = b.world.expenditure[0]
    assert (b.P_consumer - 1) @ spent == pytest.approx(0, abs=1e-12 * spent.sum())
    assert (found["wages"].w_hat - 1) @ earned == pytest.approx(0, abs=1e-12 * earned.sum())
    assert a.describe()["numeraire"] == "world factor income"
    assert "consumer price" in b.describe()["numeraire"]


def test_walras_and_accounts():
    world = one_sector_world(8)
    o = sx.solve(world, shock(world, 2), model=MelitzPareto(nu=0.2))
    assert o.conditions.walras < 1e-10
    nu, X = 0.2, o.X_new[0]
    Y, R, E = o.Y_new[0], o.R_new, o.E_new[0]
    np.testing.assert_allclose(Y, (1 - nu) * X.sum(axis=1) + nu * X.sum(axis=0), rtol=1e-10)
    np.testing.assert_allclose(E, (X * (1 + o.schedule.tariffs[0])).sum(axis=0), rtol=1e-10)
    np.testing.assert_allclose(Y, o.w_hat * o.extra["L_hat"] * o.world.output[0], rtol=1e-10)
    # transfers are what spending has beyond revenue and earnings, and they add up to nothing
    assert abs((E - R - Y).sum()) < 1e-10 * E.sum()
    np.testing.assert_allclose(o.factor_use.values[0], o.employment.values, rtol=1e-9)
    assert (o.employment.values != 0).all()


def test_labour_follows_what_an_hour_buys():
    world = one_sector_world(8, base_tariffs=0.0)
    schedule = sx.Scenario().tariff(importer="C00", exporter="*", add=0.2)
    for rebate in ("income-tax", "lump-sum"):
        o = sx.solve(world, schedule, model=MelitzPareto(nu=0.1, labour_supply=0.8, rebate=rebate))
        tax = 1 - o.R_new / o.Y_new[0] if rebate == "income-tax" else 1.0
        np.testing.assert_allclose(o.extra["L_hat"], (o.w_hat / o.P_consumer / tax) ** 0.8, rtol=1e-10)


def test_the_published_welfare_is_utility_for_lump_sums_alone():
    """C − a L^(1+1/κ)/(1+1/κ), written down, with a from the first-order condition of the base."""
    world = one_sector_world(8, base_tariffs=0.0)
    t = sx.Scenario().tariff(importer="C00", exporter="*", add=0.2)
    found = {}
    for rebate in ("income-tax", "lump-sum"):
        for measure in ("published", "utility"):
            o = sx.solve(world, t, model=MelitzPareto(nu=0.1, labour_supply=0.4, rebate=rebate, welfare=measure))
            found[rebate, measure] = o.real_income
        effort = 0.4 / 1.4 * o.world.factor_income
        before = o.world.income - effort
        after = o.I_new / o.P_consumer - effort * o.extra["L_hat"] ** (1 + 1 / 0.4)
        np.testing.assert_allclose(found[rebate, "utility"], after / before, rtol=1e-10)
    np.testing.assert_allclose(found["lump-sum", "published"], found["lump-sum", "utility"], rtol=1e-10)
    gap = found["income-tax", "published"] - found["income-tax", "utility"]
    assert gap[0] > 1e-3  # where there is revenue
    np.testing.assert_allclose(gap[1:], 0, atol=1e-12)


def test_products_stay_apart_when_sectors_are_added_up():
    """Two sectors with one θ and different tariffs are varieties: the cell's price and revenue are those of its lines."""
    w = random_world(4, 4, 2, inputs=False, theta=(5.0, 5.0), base_tariffs=0.3, imbalance=0.1)
    world = as_world(w)
    new, tau = random_shock(w, 9, lowest=0.0, highest=1.0)
    o = sx.solve(world, sx.Schedule(new, tau), model=MelitzPareto(nu=0.15))
    phi = pass_through(np.full(4, 0.15), 5 / 0.67)
    E0 = (world.flows * (1 + world.tariffs)).sum(axis=(0, 1))
    u = o.c_hat[0] ** -5.0
    lines = np.zeros_like(world.flows)
    for s in range(2):
        for i in range(4):
            for d in range(4):
                share = world.flows[s, i, d] * (1 + world.tariffs[s, i, d]) / E0[d]
                wedge = ((1 + new[s, i, d]) / (1 + world.tariffs[s, i, d])) ** (-5 * phi[d]) * tau[s, i, d] ** -5
                lines[s, i, d] = share * u[i] * wedge
    X = lines / lines.sum(axis=(0, 1)) * o.E_new[0] / (1 + new)
    np.testing.assert_allclose(o.X_new[0], X.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(o.R_new, (new * X).sum(axis=(0, 1)), rtol=1e-9)
    assert "2 sectors" in " ".join(o.conditions.settings)
    # one and the same tariff on both is that tariff on the total
    flat = np.broadcast_to(new[:1], new.shape)
    plain = world.replace(tariffs=np.zeros_like(new))
    both = sx.solve(plain, sx.Schedule(flat), model=MelitzPareto(nu=0.15))
    total = sx.World.from_arrays(world.countries, ["x"], world.flows.sum(axis=0), elasticity=5.0)
    once = sx.solve(total, sx.Schedule(flat[:1]), model=MelitzPareto(nu=0.15))
    np.testing.assert_allclose(both.real_income, once.real_income, rtol=1e-10)


def test_the_embedded_world(embedded):
    o = sx.solve(embedded, sx.load_scenario("us-canada-2025"), model="melitz-pareto")
    c = o.conditions
    assert c.model == "melitz-pareto"
    assert c.residual < 1e-10
    assert "28 sectors" in c.settings[0]
    assert "domestic sales from GDP and trade" in c.base
    assert any("in USA" in x and "calibrated" in x for x in c.settings)
    assert o.world.sectors == ("TOTAL",)
    # what the model calls income exceeds GDP by ν times what producers keep of exports: the paper's accounts
    base = MelitzPareto().base(embedded)
    nu, abroad = base.parameters.nu, ~np.eye(81, dtype=bool)
    kept = np.where(abroad, embedded.flows.sum(axis=0), 0.0) @ (1 - nu)
    inside = base.X.diagonal() > 0
    assert inside.sum() > 70
    np.testing.assert_allclose(base.Y[inside], (embedded.factor_income + nu * kept)[inside], rtol=1e-12)
    np.testing.assert_array_equal(o.world.factor_income, base.Y)
    assert o.welfare["CAN"] < 0
    assert o.employment["CAN"] < 0
    assert set(o.variables) == {n for n, v in variables().items() if set(v.needs) <= {"L_hat"}}
    for name in o.variables:
        values = o.variable(name).values
        assert not np.isinf(values).any(), name
    assert o.describe()["settings"] == list(c.settings)


def test_closures():
    world = one_sector_world(12)
    schedule = shock(world, 3, lowest=0.0, highest=0.4)
    model = MelitzPareto(nu=0.1, designated="C03")
    balanced = sx.solve(world, schedule, model=model, deficits="balanced")
    b = balanced.world
    np.testing.assert_allclose(b.income, b.factor_income + b.revenue, rtol=1e-10)
    one = sx.solve(world, schedule, model=model, deficits="designated-balanced")
    w = one.world
    T = w.income - w.factor_income - w.revenue
    assert abs(T[3]) < 1e-10 * w.income[3]
    assert np.abs(T).max() > 1e-4 * w.income.max()
    assert "re-solved" in one.conditions.base
    assert "C03" in one.conditions.base
    # partners give up what they had of the designated country's balance, in proportion
    before = model.base(world)
    owed = before.X[3] - before.X[:, 3]
    expected = before.T - owed * before.T[3] / -owed.sum()
    expected[3] = 0
    np.testing.assert_allclose(T, expected * (w.factor_income.sum() / before.Y.sum()), atol=1e-9 * w.income.sum())


def test_shares_are_calibrated_on_recorded_accounts():
    world = one_sector_world(21, zero_flows=0.0, imbalance=0.05).replace(countries=("AAA", "USA", "CCC", "DDD", "EEE"))
    o = sx.solve(world, model="melitz-pareto")
    nu = MelitzPareto().base(world).parameters.nu
    X = world.flows[0]
    rest = np.arange(5) != 1
    E0, E1 = X[:, rest].sum(), X[:, 1].sum()
    X10, X01 = X[1, rest].sum(), X[rest, 1].sum()
    r00, r11 = (E0 - X10) / (E0 - X10 + X01), (E1 - X01) / (E1 - X01 + X10)
    assert (1 - r00) * nu[1] + r00 * nu[0] == pytest.approx(0.12, abs=1e-13)
    assert r11 * nu[1] + (1 - r11) * nu[0] == pytest.approx(0.26, abs=1e-13)
    assert "in USA" in o.conditions.settings[0]
    nobody = sx.solve(one_sector_world(21), model="melitz-pareto")
    assert nobody.conditions.settings[0] == "ν 0.12 everywhere: no designated country"


# --- what is refused ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nu": 1.0}, r"nu is 1; a share of fixed costs lies in \[0, 1\)"),
        ({"nu": -0.1}, r"nu is -0\.1"),
        ({"nu": float("nan")}, "nu is NaN"),
        ({"nu": {"USA": 1.2, "*": 0.1}}, r"nu of USA is 1\.2"),
        ({"targets": (0.1,)}, "targets are two shares"),
        ({"targets": (0.1, 2)}, "targets is 2"),
        ({"labour_supply": -1}, r"labour_supply is -1; it has to lie in \[0, inf\)"),
        ({"labour_supply": "much"}, "labour_supply is 'much', which is not a number"),
        ({"scale": 0}, r"scale is 0; it has to lie in \(0, inf\)"),
        ({"calibrated_at": -4}, "calibrated_at is -4"),
        ({"value_added": 0}, r"value_added is 0; it has to lie in \(0, 1\]"),
        ({"value_added": 1.1}, r"value_added is 1\.1"),
        ({"rebate": "none"}, "rebate is 'none'; it is one of 'income-tax', 'lump-sum'"),
        ({"domestic": "gross"}, "domestic is 'gross'"),
        ({"welfare": "mine"}, "welfare is 'mine'; it is one of 'published', 'utility'"),
        ({"numeraire": "gold"}, "numeraire is 'gold'"),
    ],
)
def test_wrong_settings(arguments, message):
    with pytest.raises(sx.InputError, match=message):
        MelitzPareto(**arguments)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MelitzPareto(designated="C9"), "unknown country 'C9'; known: C00"),
        (MelitzPareto(nu={"C00": 0.1}), r"nu has no share for C01: name it, or give the others' under '\*'"),
        (MelitzPareto(nu={"XX": 0.1, "*": 0.1}), "unknown country 'XX'"),
        (MelitzPareto(nu=0.0, pass_through=-0.5), "φ of C0. is -0.5: a tariff would raise imports"),
        (MelitzPareto(nu=0.0, pass_through=0.2, value_added=0.4), "prices would not pin down costs"),
        (MelitzPareto(nu=0.5, labour_supply=2.0), "employment would feed on itself"),
        (MelitzPareto(designated="C01", targets=(0.9, 0.0)), r"have to lie in \[0, 1\)"),
    ],
)
def test_settings_that_do_not_fit_the_world(model, message):
    with pytest.raises(sx.InputError, match=message):
        sx.solve(one_sector_world(1), model=model)


def test_wrong_scenarios():
    world = one_sector_world(1)
    t = np.array(world.tariffs)
    model = MelitzPareto(nu=0.1)

    def solve(cell, value):
        new = t.copy()
        new[cell] = value
        return sx.solve(world, sx.Schedule(new), model=model)

    for cell, value, message in (
        ((0, 0, 1), -1.0, "above −1"),
        ((0, 0, 1), np.nan, "above −1"),
        ((0, 0, 1), 25.0, "Rates are shares"),
        ((0, 1, 1), 0.1, "on its own"),
    ):
        with pytest.raises(sx.InputError, match=message):
            solve(cell, value)
    with pytest.raises(sx.InputError, match="unknown closure 'gdp-share'"):
        sx.solve(world, model=model, deficits="gdp-share")
    with pytest.raises(sx.InputError, match="whose deficit ends"):
        sx.solve(world, model=model, deficits="designated-balanced")
    with pytest.raises(sx.InputError, match="unknown country"):
        sx.solve(world, sx.Scenario().tariff(importer="USA", exporter="C01", add=0.1), model=model)
    with pytest.raises(sx.InputError, match="unknown model 'melitz'; did you mean melitz-pareto"):
        sx.solve(world, model="melitz")


def test_wrong_worlds():
    home = np.zeros((1, 2, 2))
    home[0, 0, 0] = 0.1
    taxed = sx.World.from_arrays(["A", "B"], ["x"], [[6.0, 4], [4, 6]], elasticity=4, tariffs=home)
    with pytest.raises(sx.InputError, match=r"the tariff of A on its own x is 10 %"):
        sx.solve(taxed, model="melitz-pareto")
    idle = sx.World.from_arrays(["A", "B", "C"], ["x"], [[6.0, 4, 0], [4, 6, 0], [0, 0, 1]], elasticity=4)
    idle = idle.replace(flows=idle.flows * (np.arange(3) < 2))  # from_arrays refuses such a country itself
    with pytest.raises(sx.InputError, match="1 countries buy or earn nothing, C first"):
        sx.solve(idle, model="melitz-pareto")
    t = np.array([[[0.0, 9], [0, 0]]])
    taxing = sx.World.from_arrays(["A", "B"], ["x"], [[6.0, 9], [9, 2]], elasticity=4, tariffs=t)
    with pytest.raises(sx.InputError, match=r"tariff revenue of B, 81, exceeds what labour earns"):
        sx.solve(taxing, model=MelitzPareto(nu=0.0))
    assert sx.solve(taxing, model=MelitzPareto(nu=0.0, rebate="lump-sum")).welfare["A"] == pytest.approx(0, abs=1e-10)
    giver = sx.World.from_arrays(["A", "B"], ["x"], [[0.5, 9], [1, 60.0]], elasticity=4)
    with pytest.raises(sx.InputError, match=r"A consumes .* welfare has no meaning"):
        sx.solve(giver, model=MelitzPareto(nu=0.0))


def test_results_are_not_mistaken_for_accounts_of_other_models():
    world = one_sector_world(1)
    o = sx.solve(world, model=MelitzPareto(nu=0.1))
    with pytest.raises(sx.InputError, match="fit no other model"):
        sx.solve(o.world)
    with pytest.raises(sx.InputError, match="core model"):
        o.decomposition()


def test_embargoes():
    world = sx.World.from_arrays(["A", "B", "C"], ["x"], [[6.0, 4, 1], [4, 6, 1], [1, 1, 8]], elasticity=4)
    model = MelitzPareto(nu=0.1)
    cut = sx.Scenario().trade_cost(importer="A", exporter="B", factor=np.inf)
    o = sx.solve(world, cut, model=model)
    assert o.X_new[0, 1, 0] == 0
    assert o.welfare["A"] < 0
    alone = (
        sx.Scenario()
        .trade_cost(importer="C", exporter="*", factor=np.inf)
        .trade_cost(importer="*", exporter="C", factor=np.inf)
    )
    autarky = sx.solve(world, alone, model=model)
    # trade of C was balanced and ends; labour supply and entry respond to what an hour buys there
    assert autarky.X_new[0, 2, 2] > 0
    assert autarky.X_new[0, 2, :2].sum() == autarky.X_new[0, :2, 2].sum() == 0
    lopsided = sx.World.from_arrays(["A", "B", "C"], ["x"], [[6.0, 4, 2], [4, 6, 1], [1, 1, 8]], elasticity=4)
    with pytest.raises(sx.NoEquilibrium, match="C trades with nobody"):
        sx.solve(lopsided, alone, model=model)
    none = sx.World.from_arrays(["A", "B"], ["x"], [[0.0, 4], [4, 6]], elasticity=4)
    with pytest.raises(sx.NoEquilibrium, match="leaves A nobody to buy from"):
        sx.solve(none, sx.Scenario().trade_cost(importer="A", exporter="B", factor=np.inf), model=model)


def test_large_shocks_are_reached_or_refused_in_words():
    world = one_sector_world(6, base_tariffs=0.0, zero_flows=0.0)
    t = np.where(np.eye(5, dtype=bool), 0.0, 5.0)[None]
    o = sx.solve(world, sx.Schedule(t), model=MelitzPareto(nu=0.1))
    _, answer = by_reference(
        world,
        sx.Schedule(t),
        MelitzPareto(nu=0.1),
        start=np.log([o.w_hat, o.E_new[0] / o.world.expenditure[0], o.extra["L_hat"], o.P_hat[0]]).ravel(),
    )
    np.testing.assert_allclose(o.real_income, answer.W, rtol=1e-8)


def test_two_regions_are_told_apart_by_trade_alone():
    X = np.array([[10.0, 2], [3, 5]])
    assert two_region_nu(X, 0) != two_region_nu(X, 1)
