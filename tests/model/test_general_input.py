"""What the general model refuses, in words."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.model.options import General
from tests.helpers import small_world


@pytest.fixture(scope="module")
def world():
    return small_world(1, 3, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mobility": 0.5}, r"mobility is 0\.5: μ is 1 .*or more"),
        ({"mobility": "high"}, "mobility is 'high', which is not a number"),
        ({"horizon": "medium"}, "horizon is 'medium'.*'long' or 'short'"),
        ({"anchor": "gold"}, "anchor is 'gold'.*'world' or 'own'"),
        ({"rigidity": 0}, "rigidity is 0.*above 0 and at most 1"),
        ({"rigidity": 1.2}, r"rigidity is 1\.2"),
        ({"rigidity": 1.0, "anchor": "own"}, "never binds where workers move freely"),
        ({"scale": "melitz"}, "scale is 'melitz'.*'krugman' or 'half-krugman'"),
        ({"nest": "double"}, "nest is 'double'.*give 'half'"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(sx.InputError, match=message):
        General(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"end_use": True}, "does not say which part of its flows goes to final demand"),
        ({"scale": 5.0}, r"the trade elasticity times ψ is .*Give ψ ≤"),
        ({"scale": -0.1}, "scale of S00 is -0.1: ψ is zero or more"),
        ({"scale": {"S0": 0.1}}, "unknown sector 'S0'"),
        ({"scale": {"S01": "big"}}, "scale of S01 is 'big'"),
        ({"scale": [0.1, 0.1]}, "scale has 2 values for 3 sectors"),
        ({"nest": 0.0}, "nest of S00 is 0: η is above zero"),
        ({"nest": np.array([1.0, np.nan, 2.0])}, "nest of S01 is nan"),
    ],
)
def test_options_that_do_not_fit_the_world(world, options, message):
    with pytest.raises(sx.InputError, match=message):
        sx.solve(world, model=General(**options))


def test_an_unknown_model_offers_the_nearest(world):
    with pytest.raises(sx.InputError, match=r"unknown model 'roy-frechett'; did you mean.*roy-frechet"):
        sx.solve(world, model="roy-frechett")


def test_an_embargo_of_what_only_foreigners_sell_is_refused(world):
    flows = np.array(world.flows)
    flows[0, 0, 0] = 0.0
    missing = sx.World.from_arrays(world.countries, world.sectors, flows, elasticity=4.0)
    cost = np.where(np.eye(3, dtype=bool), 1.0, np.inf)[None] * np.ones_like(flows)
    for model in (General(mobility=1), General(nest=2.0)):
        with pytest.raises(sx.NoEquilibrium, match="leaves nobody who sells it there"):
            sx.solve(missing, sx.Schedule(np.zeros_like(flows), cost), model=model)


def test_the_core_has_no_sector_wages(world):
    with pytest.raises(AttributeError, match="has no 'sector_wage': it holds it fixed"):
        sx.solve(world).sector_wage  # noqa: B018
    assert "employment" not in sx.solve(world, model="specific-factors").variables
