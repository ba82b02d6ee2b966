"""A world cannot change: not through its arrays, not through the caller's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import surtax as sx
from tests.world.test_from_arrays import ADDED, FLOWS, USE, C, S

ARRAYS = ("flows", "tariffs", "elasticity", "inputs", "value_added", "final_shares", "final", "population", "goods")
DERIVED = ("output", "expenditure", "factor_income", "revenue", "deficit", "income")


def given():
    return {
        "flows": FLOWS.copy(), "elasticity": np.array([4.0, 5.0]), "tariffs": np.full_like(FLOWS, 0.01),
        "inputs": USE.copy(), "population": np.array([3e8, 4e7, 1e8]), "final": 0.3 * FLOWS,
        "goods": np.array([True, False]), "final_shares": np.full((2, 3), 0.5),
    }  # fmt: skip


def test_arrays_and_accounts_are_read_only():
    arguments = given()
    world = sx.World.from_arrays(C, S, arguments.pop("flows"), inputs_as="values", **arguments)
    for name in (*ARRAYS, *DERIVED):
        array = getattr(world, name)
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        world.flows = FLOWS


@pytest.mark.parametrize("name", list(given()))
def test_the_callers_arrays_may_change_afterwards(name):
    arguments = given()
    world = sx.World.from_arrays(C, S, inputs_as="values", **arguments)
    before = {n: np.array(getattr(world, n)) for n in ARRAYS}
    assert arguments[name].flags.writeable
    arguments[name][...] = 0
    for n in ARRAYS:
        np.testing.assert_array_equal(getattr(world, n), before[n], err_msg=f"{n} after changing {name}")


def test_elasticities_and_value_added_are_copied_too():
    theta, added = np.array([4.0, 5.0]), ADDED.copy()
    world = sx.World.from_arrays(C, S, FLOWS, elasticity=4, inputs=USE, value_added=added)
    other = world.with_elasticity(theta)
    theta[:] = -1
    added[:] = 0
    assert other.elasticity.tolist() == [4, 5]
    assert world.elasticity.tolist() == [4, 4]
    assert other.meta["elasticities"]["set"] == "given by the user"
    assert (world.value_added > 0.5).all()


def test_a_result_keeps_the_rates_it_was_computed_for():
    world = sx.World.from_arrays(C, S, FLOWS, elasticity=4)
    t, tau = np.full_like(FLOWS, 0.1) * (1 - np.eye(3)), np.full_like(FLOWS, 1.1)
    outcome = sx.solve(world, sx.Schedule(t, tau))
    first = outcome.decomposition("first-order").total.values
    t[:] = 5
    tau[:] = 5
    assert outcome.schedule.tariffs.max() == 0.1
    np.testing.assert_array_equal(outcome.decomposition("first-order").total.values, first)


def test_results_are_read_only():
    outcome = sx.solve(sx.World.from_arrays(C, S, FLOWS, elasticity=4))
    for array in (outcome.w_hat, outcome.X_new, outcome.I_new, outcome.welfare.values, outcome.flows.values):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_solving_leaves_the_world_as_it_was():
    world = sx.World.from_arrays(C, S, FLOWS, elasticity=4, inputs=USE, inputs_as="values")
    before = {n: np.array(getattr(world, n)) for n in (*ARRAYS, *DERIVED) if getattr(world, n) is not None}
    for closure in ("balanced", "fixed", "gdp-share", "multiplicative"):
        sx.solve(world, sx.Scenario().tariff(importer="USA", exporter="*", add=0.2), deficits=closure)
    for n, array in before.items():
        np.testing.assert_array_equal(getattr(world, n), array)
    assert "base" not in world.meta


def test_the_order_of_questions_does_not_matter():
    """Bases are kept with the world: asking for `balanced` first must not change `fixed`."""
    scenario = sx.Scenario().tariff(importer="USA", exporter="CAN", add=0.2)

    def fresh():
        return sx.World.from_arrays(C, S, FLOWS, elasticity=4, inputs=USE, inputs_as="values")

    one, other = fresh(), fresh()
    closures = ("balanced", "fixed", "multiplicative")
    first = {c: sx.solve(one, scenario, deficits=c).real_income for c in closures}
    for c in reversed(closures):
        # kept preconditioners steer the steps, and each run stops at 1e-13 in logarithms of the state
        np.testing.assert_allclose(sx.solve(other, scenario, deficits=c).real_income, first[c], rtol=1e-12)
