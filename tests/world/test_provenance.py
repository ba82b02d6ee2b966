"""What is said about a world: who levies tariffs is read from the arrays, when and how from the metadata."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.world.provenance import aggregated, base_tariffs, size

FLOWS = [[[9.0, 1.0, 1.0, 1.0], [1.0, 9.0, 1.0, 1.0], [1.0, 1.0, 9.0, 1.0], [1.0, 1.0, 1.0, 9.0]]]


def world(importers, about=None):
    tariffs = np.zeros((1, 4, 4))
    tariffs[:, :, list(importers)] = 0.1
    tariffs[:, range(4), range(4)] = 0
    meta = {"name": "x"} | ({} if about is None else {"tariffs": about})
    return sx.World.from_arrays(
        ["A", "B", "C", "D"], ["s"], FLOWS, elasticity=4.0, tariffs=tariffs, meta=meta,
        country_names=["Aland", "Beland", "Celand", "Deland"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("importers", "about", "text"),
    [
        ((), None, "none"),
        ((), {"what": "US tariffs as collected", "year": 2024}, "none"),
        (
            (0,),
            {"what": "tariffs as collected: duty over value", "year": 2024},
            "Aland: as collected 2024; all other importers: none in the accounts",
        ),
        (
            (0, 1),
            None,
            "Aland, Beland: as given in the accounts, year not stated; all other importers: none in the accounts",
        ),
        ((0, 1, 2, 3), "a book", "all importers: as given in the accounts, year not stated (a book)"),
        ((0, 1, 2, 3), {"source": "a book", "year": 1993}, "all importers: as given in the accounts 1993 (a book)"),
    ],
)
def test_base_tariffs(importers, about, text):
    assert base_tariffs(world(importers, about)) == text


def test_the_embedded_world():
    embedded = sx.load_world()
    expected = "United States: as collected 2024; all other importers: none in the accounts"
    assert base_tariffs(embedded) == expected
    assert size(embedded) == "81 countries × 28 sectors"
    assert aggregated(embedded) == ()


def test_sizes_and_groups_are_those_of_the_world_itself():
    coarse = world((0,)).aggregate(countries={"X": ["C", "D"]})
    assert size(coarse) == "3 countries × 1 sector"
    assert aggregated(coarse) == ("countries: X = C+D",)
