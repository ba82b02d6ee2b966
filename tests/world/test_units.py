"""The unit of value: read from what accounts state, never guessed."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.world.units import UNSTATED, Unit, unit_of
from tests.helpers import small_world


@pytest.mark.parametrize(
    ("stated", "currency", "scale", "text"),
    [
        ("USD million, basic prices", "USD", 1e6, "USD million"),
        ("EUR thousand", "EUR", 1e3, "EUR thousand"),
        ("millions of JPY", "JPY", 1e6, "JPY million"),
        ("CAD bn; current prices", "CAD", 1e9, "CAD billion"),
        ("GBP (2017)", "GBP", 1.0, "GBP"),
        ("1,000 EUR", "EUR", 1e3, "EUR thousand"),
        ("USD million 2017", "", None, "USD million 2017"),
        ("bushels of wheat", "", None, "bushels of wheat"),
        ("million", "", None, "million"),
        ("EUR USD", "", None, "EUR USD"),
        (None, "", None, UNSTATED),
        ("", "", None, UNSTATED),
    ],
)
def test_what_is_stated(stated, currency, scale, text):
    assert unit_of(stated) == Unit(currency, scale, text)


def arrays(**more):
    return sx.World.from_arrays(["A", "B"], ["s"], [[9.0, 1.0], [2.0, 7.0]], elasticity=4.0, **more)


def test_from_arrays_takes_units():
    assert arrays().unit.text == UNSTATED
    world = arrays(units="EUR thousand, producer prices")
    assert world.meta["units"] == "EUR thousand, producer prices"
    assert world.unit.scale == 1e3
    assert arrays(meta={"units": "CAD"}).unit.currency == "CAD"
    for wrong in ("", 5):
        with pytest.raises(sx.InputError, match="such as 'USD million'"):
            arrays(units=wrong)
    with pytest.raises(sx.InputError, match="give one of them"):
        arrays(units="EUR", meta={"units": "CAD"})


def test_the_unit_survives_files_and_other_worlds(tmp_path):
    world = small_world(3).replace(meta={"name": "x", "units": "EUR thousand"})
    world.save(tmp_path / "w.npz")
    assert sx.World.load(tmp_path / "w.npz").unit == world.unit
    assert world.balanced().unit == world.unit
    assert world.aggregate(countries={"X": list(world.countries[:2])}).unit == world.unit
    assert sx.load_world().unit == Unit("USD", 1e6, "USD million")


def test_per_person_needs_currency_and_scale():
    tax = sx.Scenario().tariff(importer="A", exporter="B", add=0.2)
    people = [10.0, 20.0]
    silent = sx.solve(arrays(population=people), tax)
    assert np.isnan(silent.equivalent_variation_per_person.values).all()
    assert silent.equivalent_variation.unit == UNSTATED
    spoken = sx.solve(arrays(population=people, units="EUR thousand"), tax)
    expected = 1e3 * spoken.equivalent_variation.values / people
    np.testing.assert_allclose(spoken.equivalent_variation_per_person.values, expected)
    assert spoken.equivalent_variation_per_person.unit == "EUR per person"
    assert "equivalent_variation [country], EUR thousand" in repr(spoken.equivalent_variation)
