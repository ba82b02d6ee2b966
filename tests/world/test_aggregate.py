"""Adding up countries and sectors keeps values, revenue and incomes."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from tests.helpers import small_world

GROUPS = {"NAM": ["USA", "CAN", "MEX"], "ASIA": ["CHN", "JPN", "KOR", "IND"]}


def coarse(world, countries, sectors):
    """Sums of members in the order of the aggregate's labels, by plain loops."""
    where = {m: g for g, members in {**countries, **sectors}.items() for m in members}
    other = world.aggregate(countries, sectors)
    c = [other.countries.index(where.get(x, x)) for x in world.countries]
    s = [other.sectors.index(where.get(x, x)) for x in world.sectors]
    return other, c, s


def check(world, countries, sectors):
    other, c, s = coarse(world, countries, sectors)
    J, N = len(other.sectors), len(other.countries)
    flows, duty = np.zeros((J, N, N)), np.zeros(N)
    gdp, income, deficit = np.zeros(N), np.zeros(N), np.zeros(N)
    for i in range(len(world.sectors)):
        for o in range(len(world.countries)):
            np.add.at(flows, (s[i], c[o], c), world.flows[i, o])
    np.add.at(duty, c, world.revenue)
    np.add.at(gdp, c, world.factor_income)
    np.add.at(income, c, world.income)
    np.add.at(deficit, c, world.deficit)
    # the same sums in another order: relative rounding of up to a hundred thousand terms
    np.testing.assert_allclose(other.flows, flows, rtol=1e-12)
    np.testing.assert_allclose(other.revenue, duty, rtol=1e-11, atol=1e-9)
    np.testing.assert_allclose(other.factor_income, gdp, rtol=1e-11)
    np.testing.assert_allclose(other.income, income, rtol=1e-11)
    np.testing.assert_allclose(other.deficit, deficit, atol=1e-12 * world.flows.sum())
    assert other.base_residual < 1e-14
    np.testing.assert_allclose(other.inputs.sum(axis=0) + other.value_added, 1, rtol=1e-14)
    return other


def test_groups_of_countries(embedded):
    other = check(embedded, GROUPS, {})
    assert len(other.countries) == len(embedded.countries) - 5
    members = [embedded.country(m) for m in GROUPS["NAM"]]
    np.testing.assert_allclose(other.population[other.country("NAM")], embedded.population[members].sum(), rtol=1e-14)
    assert other.meta["aggregated"][0].startswith("countries: NAM = USA+CAN+MEX")


def test_two_sectors(embedded):
    goods = [s for s, g in zip(embedded.sectors, embedded.goods, strict=True) if g]
    services = [s for s in embedded.sectors if s not in goods]
    other = check(embedded, {}, {"goods-sector": goods, "services": services})
    assert other.sectors == ("goods-sector", "services")
    assert other.goods.tolist() == [True, False]
    assert embedded.elasticity.min() <= other.elasticity.min() <= other.elasticity.max() <= embedded.elasticity.max()


def test_both_at_once_and_solved(embedded):
    goods = [s for s, g in zip(embedded.sectors, embedded.goods, strict=True) if g]
    rest = [c for c in embedded.countries if c not in ("USA", "CAN")]
    other = check(embedded, {"REST": rest}, {"G": goods})
    assert set(other.countries) == {"USA", "CAN", "REST"}
    scenario = sx.Scenario().tariff(importer="USA", exporter="CAN", sector="G", add=0.25)
    outcome = sx.solve(other, scenario)
    assert outcome.conditions.base == "as recorded"
    assert outcome.conditions.residual < 1e-12
    assert outcome.welfare["CAN"] < 0


def test_one_country(embedded):
    other = check(embedded, {"WORLD": list(embedded.countries)}, {})
    assert other.countries == ("WORLD",)
    assert abs(other.deficit[0]) < 1e-9 * other.flows.sum()
    outcome = sx.solve(other)
    assert abs(outcome.welfare["WORLD"]) < 1e-10


def test_the_shipped_scenario_runs_on_a_coarse_world(embedded):
    rest = [c for c in embedded.countries if c not in ("USA", "CAN", "MEX", "CHN")]
    outcome = sx.solve(embedded.aggregate({"REST": rest}), sx.load_scenario("us-canada-2025"))
    assert outcome.welfare["CAN"] < 0
    assert outcome.conditions.residual < 1e-12


def test_equal_rates_survive_aggregation_exactly():
    """Where members charge the same rate so does the group; revenue is kept where they do not."""
    world = small_world(6, 4, 3, base_tariffs=0.0, zero_flows=0.0, zero_output=0.0)
    t = np.zeros_like(world.flows)
    t[:, 2, 3] = 0.2
    taxed = world.replace(tariffs=t)
    other = taxed.aggregate(sectors={"all": list(world.sectors)})
    assert other.tariffs[0, 2, 3] == pytest.approx(0.2, rel=1e-15)


def test_twins_add_up_to_the_same_equilibrium():
    """Two identical countries merged behave as one: welfare of third parties is the same."""
    one = np.array([[50.0, 10.0, 10.0], [20.0, 40.0, 6.0], [20.0, 6.0, 40.0]])
    fine = sx.World.from_arrays(["A", "B1", "B2"], ["x"], one, elasticity=4.0)
    # merging is exact only where trade between the twins and at home moves alike, which an embargo on neither does:
    # A taxes both, so that the twins stay identical
    merged = fine.aggregate({"B": ["B1", "B2"]})
    a = sx.solve(fine, sx.Scenario().tariff(importer="A", exporter="*", add=0.3))
    b = sx.solve(merged, sx.Scenario().tariff(importer="A", exporter="*", add=0.3))
    assert a.welfare["A"] == pytest.approx(b.welfare["A"], rel=1e-10)
    assert a.welfare["B1"] == pytest.approx(b.welfare["B"], rel=1e-10)


@pytest.mark.parametrize(
    ("countries", "message"),
    [
        ({"X": ["C00", "C99"]}, "unknown country 'C99'"),
        ({"X": ["C00"], "Y": ["C00"]}, "C00 is in two groups: X and Y"),
        ({"X": ["C00", "C00"]}, "two groups: X and X"),
        ({"C03": ["C00", "C01"]}, "'C03' is also a country outside"),
        ({"X": "C00"}, "needs a list of members"),
        ({"X": []}, "needs a list of members"),
        ({"*": ["C00", "C01"]}, "code '\\*', which means all"),
        (["C00"], "are a mapping {new code: members}"),
        ({"X": [0, 1]}, "unknown country 0: a country is named by its code"),
        ({"X": 3}, "needs a list of members"),
    ],
)
def test_bad_groups(countries, message):
    with pytest.raises(sx.InputError, match=message):
        small_world(1).aggregate(countries)


def test_a_group_may_take_a_members_code():
    other = small_world(1).aggregate({"C00": ["C00", "C01"]})
    assert other.countries == ("C00", "C02", "C03")


def test_balanced():
    world = small_world(8)
    balanced = world.balanced()
    output = world.flows.sum()
    # the equilibrium is solved to 1e-13 of each country's income
    assert np.abs(balanced.deficit).max() < 1e-9 * world.income.min()
    assert balanced.base_residual < 1e-12
    np.testing.assert_array_equal(balanced.final_shares, world.final_shares)
    np.testing.assert_array_equal(balanced.tariffs, world.tariffs)
    assert np.abs(world.deficit).max() > 1e-3 * output / 100  # there was something to balance
    scenario = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.3)
    a = sx.solve(world, scenario, deficits="balanced")
    for closure in ("balanced", "fixed", "gdp-share", "multiplicative"):
        # at zero deficits all closures are one, up to the 1e-13 that is left of them
        b = sx.solve(balanced, scenario, deficits=closure)
        np.testing.assert_allclose(b.real_income, a.real_income, rtol=1e-10)


def test_the_embedded_world_balanced(embedded):
    balanced = embedded.balanced()
    assert np.abs(balanced.deficit / balanced.income).max() < 1e-9
    scenario = sx.load_scenario("us-canada-2025")
    a = sx.solve(embedded, scenario, deficits="balanced")
    b = sx.solve(balanced, scenario, deficits="balanced")
    np.testing.assert_allclose(b.real_income, a.real_income, rtol=1e-12)
    assert "re-solved" in str(balanced.meta["base"])
