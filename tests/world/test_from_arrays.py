"""World.from_arrays: what it takes, and every reason for which it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from tests.reference.worlds import random_world

C, S = ["USA", "CAN", "MEX"], ["A01", "C29"]
RNG = np.random.default_rng(0)
FLOWS = 10 + 90 * RNG.random((2, 3, 3)) + 200 * np.eye(3)[None]
OUTPUT = FLOWS.sum(axis=2)
USE = 0.2 * OUTPUT[None] * np.array([[0.5, 1.0], [1.0, 0.5]])[:, :, None]
ADDED = OUTPUT - USE.sum(axis=0)


def make(countries=C, sectors=S, flows=FLOWS, elasticity=4.0, **kwargs):
    return sx.World.from_arrays(countries, sectors, flows, elasticity=elasticity, **kwargs)


def changed(a, index, value):
    a = np.array(a, dtype=float)
    a[index] = value
    return a


# --- what it takes ---


def test_the_least_that_is_needed():
    world = make()
    np.testing.assert_array_equal(world.flows, FLOWS)
    np.testing.assert_array_equal(world.value_added, np.ones((2, 3)))
    assert not world.inputs.any()
    assert not world.tariffs.any()
    np.testing.assert_array_equal(world.elasticity, [4, 4])
    np.testing.assert_allclose(world.final_shares, FLOWS.sum(axis=1) / FLOWS.sum(axis=(0, 1)), rtol=1e-15)
    assert world.goods.all()
    assert world.adjustments == ()
    assert world.country_names == tuple(C)


def test_accounts_by_hand():
    flows = [[[60.0, 40.0], [30.0, 170.0]]]
    world = sx.World.from_arrays(["A", "B"], ["x"], flows, elasticity=5, tariffs=[[[0, 0.1], [0.5, 0]]])
    assert world.output.tolist() == [[100, 200]]
    np.testing.assert_allclose(world.expenditure, [[60 + 45, 44 + 170]], rtol=1e-15)
    np.testing.assert_allclose(world.revenue, [15, 4], rtol=1e-15)
    assert world.deficit.tolist() == [-10, 10]
    np.testing.assert_allclose(world.income, [100 + 15 - 10, 200 + 4 + 10], rtol=1e-15)
    assert world.base_residual < 1e-16


def test_one_sector_may_come_as_a_matrix():
    a = sx.World.from_arrays(C, ["all"], FLOWS[0], elasticity=4, tariffs=np.full((3, 3), 0.1))
    assert a.flows.shape == a.tariffs.shape == (1, 3, 3)


def test_elasticities_by_number_vector_and_name():
    for given in ([3, 7], np.array([3, 7]), {"C29": 7, "A01": 3}, {"A01": "3", "C29": 7.0}):
        assert make(elasticity=given).elasticity.tolist() == [3, 7]
    assert make().with_elasticity({"c29": 9}).elasticity.tolist() == [4, 9]


@pytest.mark.parametrize("with_value_added", [True, False])
def test_inputs_as_values_and_as_shares_make_the_same_world(with_value_added):
    values = {"inputs": USE, "value_added": ADDED if with_value_added else None}
    shares = {"inputs": USE / OUTPUT, "value_added": ADDED / OUTPUT if with_value_added else None}
    # without value added only one reading is possible: values of hundreds are no shares
    a = make(**values)
    b = make(**shares, inputs_as="auto" if with_value_added else "shares")
    np.testing.assert_allclose(a.inputs, b.inputs, rtol=1e-14)
    np.testing.assert_allclose(a.value_added, b.value_added, rtol=1e-14)
    np.testing.assert_allclose(a.final_shares, b.final_shares, rtol=1e-13)
    assert a.base_residual < 1e-15


def test_values_at_basic_prices_become_shares_at_purchaser_prices():
    """γ = use · (E/ΣX) / Y, as the notation says, and what duties add to costs comes out of value added."""
    w = random_world(3, 4, 3)
    world = sx.World.from_arrays(
        w.countries, w.sectors, w.flows, elasticity=w.theta, tariffs=w.tariffs, inputs=w.use, value_added=w.value_added
    )
    # the reference builds them by its own lines; sums of a few doubles
    np.testing.assert_allclose(world.inputs, w.gamma, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(world.value_added, w.gamma_v, rtol=1e-12)
    np.testing.assert_allclose(world.final_shares, w.alpha, rtol=1e-10, atol=1e-13)
    assert world.base_residual < 1e-15


def test_ambiguous_inputs_are_refused():
    small = FLOWS / FLOWS.sum() * 20  # output of about one: values and shares both fit
    use = 0.01 * np.ones((2, 2, 3))
    with pytest.raises(sx.InputError, match="inputs_as='values' or inputs_as='shares'"):
        make(flows=small, inputs=use)
    assert make(flows=small, inputs=use, inputs_as="shares").inputs[0, 0, 0] == 0.01
    output = small.sum(axis=2)
    assert make(flows=small, inputs=use, inputs_as="values").inputs[0, 0, 0] == pytest.approx(0.01 / output[0, 0])
    assert make(flows=small, inputs=use, value_added=output - 0.02).inputs[0, 0, 0] == pytest.approx(
        0.01 / output[0, 0]
    )


def test_rates_above_ten_are_taken_when_asked_for():
    t = changed(np.zeros_like(FLOWS), (0, 1, 0), 25)
    with pytest.raises(sx.InputError, match="allow_rates_above=25"):
        make(tariffs=t)
    assert make(tariffs=t, allow_rates_above=25).tariffs[0, 1, 0] == 25
    assert make(tariffs=t / 25 * 10).tariffs[0, 1, 0] == 10


# --- what it refuses: (arguments, what the message says) ---

BAD = {
    "few sectors": ({"sectors": ["A01"]}, r"flows has shape \(2, 3, 3\); expected \(1, 3, 3\)"),
    "axes": ({"flows": FLOWS.transpose(1, 2, 0)}, r"another order.*numpy\.(transpose|moveaxis)"),
    "ragged": ({"flows": [[1, 2], [3]]}, "not an array of numbers"),
    "text": ({"flows": np.full((2, 3, 3), "x")}, "not an array of numbers"),
    "NaN": ({"flows": changed(FLOWS, (1, 2, 0), np.nan)}, r"finite: flows has 1 cells.*\(1, 2, 0\)"),
    "infinite": ({"flows": changed(FLOWS, (1, 2, 0), np.inf)}, "finite: flows"),
    "negative": ({"flows": changed(FLOWS, (1, 2, 0), -1)}, "non-negativity: flows has 1 negative cells.*C29 MEX→USA"),
    "country twice": ({"countries": ["USA", "CAN", "USA"]}, "labels-unique: countries repeats USA"),
    "sector twice": ({"sectors": ["A", "A"]}, "labels-unique: sectors repeats A"),
    "countries None": ({"countries": None}, "countries is None: give a list of codes"),
    "countries numbers": ({"countries": [1, 2, 3]}, "countries holds 1: codes are text"),
    "sectors number": ({"sectors": 2}, "sectors is 2: give a list of codes"),
    "flows None": ({"flows": None}, "flows is not an array of numbers: it is None"),
    "flows complex": ({"flows": FLOWS + 0j}, "flows is not an array of numbers: it holds complex numbers"),
    "flows digits": ({"flows": FLOWS.astype(str)}, "it holds text"),
    "tariffs complex": ({"tariffs": 0j * FLOWS}, "tariffs is not .*complex"),
    "theta complex": ({"elasticity": 4 + 0j}, "elasticity is not .*complex"),
    "population complex": ({"population": np.ones(3) + 0j}, "population is not .*complex"),
    "a star": ({"countries": ["USA", "*", "MEX"]}, "countries has the code '\\*', which means all"),
    "empty code": ({"countries": ["USA", "", "MEX"]}, "empty code at position 2"),
    "blank code": ({"countries": ["USA", "CAN", "  "]}, "empty code at position 3"),
    "no countries": ({"countries": []}, "countries is empty"),
    "one text": ({"countries": "USA"}, r"list of codes"),
    "per cent": ({"tariffs": np.full_like(FLOWS, 25)}, r"2500 %.*25 % is 0\.25.*allow_rates_above=25"),
    "subsidy": ({"tariffs": np.full_like(FLOWS, -1)}, "−100 % or less"),
    "tariffs NaN": ({"tariffs": np.full_like(FLOWS, np.nan)}, "finite: tariffs has 18 cells"),
    "tariffs shape": ({"tariffs": np.zeros((3, 3))}, "tariffs has shape"),
    "theta zero": ({"elasticity": 0}, "elasticity of A01 is 0.*positive"),
    "theta negative": ({"elasticity": [4, -2]}, "elasticity of C29 is -2"),
    "theta NaN": ({"elasticity": [np.nan, 2]}, "elasticity of A01"),
    "theta infinite": ({"elasticity": np.inf}, "elasticity of A01"),
    "theta few": ({"elasticity": [4]}, r"elasticity has shape \(1,\); expected \(2,\)"),
    "theta lacks": ({"elasticity": {"A01": 4}}, "no value for C29"),
    "theta unknown": ({"elasticity": {"A01": 4, "C2": 4}}, "unknown sector 'C2'.*did you mean C29"),
    "theta text": ({"elasticity": "four"}, "not a number"),
    "theta text in a mapping": ({"elasticity": {"A01": "x", "C29": 4}}, "elasticity of A01 is 'x'"),
    "inputs shape": ({"inputs": USE[0]}, r"inputs has shape.*\[input, buying sector, country\]"),
    "inputs NaN": ({"inputs": np.full_like(USE, np.nan)}, "finite: inputs"),
    "inputs negative": ({"inputs": changed(USE, (0, 1, 2), -90), "value_added": changed(ADDED, (1, 2), 0)}, "non-neg"),
    "misses": ({"inputs": USE, "value_added": changed(ADDED, (1, 0), 1)}, r"C29 in USA.*\(1 cells miss\)"),
    "shares miss": (
        {"inputs": USE / OUTPUT, "value_added": changed(ADDED / OUTPUT, (0, 2), 0.1), "inputs_as": "shares"},
        "sum to one; in A01 in MEX",
    ),
    "added alone": ({"value_added": ADDED}, "inputs-and-value-added: .* without inputs"),
    "inputs too large": ({"inputs": 3 * USE, "inputs_as": "values"}, "non-negativity: value added|sales-and-use"),
    "inputs_as": ({"inputs": USE, "inputs_as": "value"}, "'auto', 'values', 'shares'"),
    "final beyond": ({"final": 1.01 * FLOWS}, "final-within-flows"),
    "final negative": ({"final": -FLOWS}, "non-negativity: final"),
    "shares sum": ({"final_shares": np.full((2, 3), 0.6)}, "final-shares: those of USA sum to 1.2"),
    "shares negative": ({"final_shares": np.array([[1.5] * 3, [-0.5] * 3])}, "non-negativity: final_shares"),
    "population": ({"population": [1, 2]}, r"population has shape"),
    "population zero": ({"population": [1, 0, 3]}, "population of CAN is 0"),
    "population negative": ({"population": [1, 2, -3]}, "population of MEX"),
    "population text": ({"population": ["many", 1, 1]}, "population is not"),
    "goods": ({"goods": [True]}, "goods has shape"),
    "goods codes": ({"goods": ["A01", "C29"]}, "goods should hold True and False"),
    "names": ({"country_names": ["one"]}, "country_names has 1 names for 3 codes"),
    "no output": ({"flows": changed(FLOWS, (slice(None), 1), 0)}, "balances: factor income.*of CAN"),
    "no spending": ({"flows": changed(FLOWS, (slice(None), slice(None), 1), 0)}, "balances: final expenditure.*CAN"),
}  # fmt: skip


@pytest.mark.parametrize(("kwargs", "message"), BAD.values(), ids=BAD)
def test_bad_arrays_are_refused(kwargs, message):
    with pytest.raises(sx.InputError, match=message):
        make(**kwargs)


def test_a_good_without_sellers_cannot_be_demanded():
    flows = changed(FLOWS, (0, slice(None), 1), 0)
    with pytest.raises(sx.AccountsError, match="final-shares: A01 in CAN is demanded"):
        make(flows=flows, final_shares=np.full((2, 3), 0.5))


# --- what is slightly wrong is set right, counted and said ---


def test_slightly_negative_value_added_is_clipped_and_reported():
    """Duties on inputs push one sector's cost above its output, as Moroccan refining in the OECD's table."""
    use = USE.copy()
    use[:, 1, 0] = 0.5 * OUTPUT[1, 0]
    t = np.zeros_like(FLOWS)
    t[:, 1:, 0] = 0.05
    world = make(inputs=use, inputs_as="values", tariffs=t)
    (note,) = (a for a in world.adjustments if "value added" in a.what)
    assert note.cells == 1
    assert "C29 in USA" in note.worst
    assert 0 < note.value < 0.05
    assert world.value_added[1, 0] == 0
    np.testing.assert_allclose(world.inputs.sum(axis=0) + world.value_added, 1, rtol=1e-15)
    outcome = sx.solve(world, sx.Scenario().tariff(importer="CAN", exporter="USA", add=0.1))
    assert any("value added slightly negative" in a for a in outcome.conditions.adjustments)
    assert outcome.conditions.residual < 1e-10


def test_a_slightly_negative_input_is_clipped_and_reported():
    use = USE.copy()
    use[0, 1, 2] = -0.01 * OUTPUT[1, 2]
    world = make(inputs=use, inputs_as="values")
    (note,) = world.adjustments
    assert note.cells == 1
    assert note.value == pytest.approx(0.01 * OUTPUT[1, 2])
    assert "A01 into C29 in MEX" in note.worst
    assert "values" in note.what
    assert world.inputs[0, 1, 2] == 0


def test_slightly_negative_final_demand_is_clipped_and_reported():
    bought = FLOWS.sum(axis=1)
    use = USE.copy()
    use[0, :, 1] *= 1.05 * bought[0, 1] / use[0, :, 1].sum()  # CAN's industry uses 5 % more A01 than CAN buys
    world = make(inputs=use, inputs_as="values")
    (note,) = world.adjustments
    assert note.cells == 1
    assert note.value == pytest.approx(0.05 * bought[0, 1])
    assert world.final_shares[0, 1] == 0
    np.testing.assert_allclose(world.final_shares.sum(axis=0), 1, rtol=1e-15)
    outcome = sx.solve(world)
    assert outcome.conditions.base.startswith("re-solved at its own deficits; recorded accounts missed")
    assert np.abs(outcome.welfare.values).max() < 1e-10
    np.testing.assert_allclose(outcome.world.deficit, world.deficit, atol=1e-10 * FLOWS.sum())
    flows = changed(FLOWS, (0, slice(None), 1), 0.2 * FLOWS[0, :, 1])
    use = 0.1 * flows.sum(axis=2)[None] * np.ones((2, 1, 1))
    use[0, :, 1] *= 5  # half of what CAN makes goes into A01, of which it buys little
    with pytest.raises(sx.AccountsError, match=r"sales-and-use: inputs exceed what CAN buys by .* % of its final"):
        make(flows=flows, inputs=use, inputs_as="values")


# --- labels ---


def test_labels_are_found_in_any_case_and_by_name():
    world = make(country_names=["United States", "Canada", "Mexico"], sector_names=["Farming", "Cars"])
    assert [world.country(c) for c in ("usa", "Canada", " MEX ", "united states")] == [0, 1, 2, 0]
    assert world.sector("cars") == 1
    with pytest.raises(sx.InputError, match="unknown country 'Cnada'; did you mean Canada"):
        world.country("Cnada")
    with pytest.raises(sx.InputError, match="unknown sector 'Q99'; known: A01, C29"):
        world.sector("Q99")
