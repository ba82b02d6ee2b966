"""Ignatenko, Lashkaripour, Macedoni & Simonovska (2025): the tariffs of 2 April 2025, 194 countries."""

from __future__ import annotations

import time
from pathlib import Path

from surtax.validate.inputs import Needed, github
from surtax.validate.liberation_day import COLUMNS, LiberationDay, lump_sum, main
from surtax.validate.published import listed, row
from surtax.validate.row import Row

_REPOSITORY = ("JoeLoera/liberation-day-replication", "e1f26fdbebd5de80daaad03bdb8dbca1cf24e22d")
_FILES = {
    "data/base_data/trade_cepii.csv": "bd11e31857895ee12bc636bc8c5f854918ce2ba2855faea0488df67b8a992e4d",
    "data/base_data/gdp.csv": "8b0fcf7a3af21bb98c8390f74a70724beb5bad84f7c0f765ec0a2f41b704a6df",
    "data/base_data/tariffs.csv": "8355252af75c98bdaad720da2e64932099959ff4decdafccb18a10c23bc2bb25",
    "data/base_data/country_labels.csv": "f38268db3d579a6454313d7824d9d6f717be5a3c69cd05a64b713c6650ecf2ff",
    "output/output_map.csv": "9860547baa924a82b58a219b8cee79f2bbe8af775319f1d7f17a3c2b3bf2a104",
}
needs = tuple(
    Needed(f"liberation_day/{path.rsplit('/', 1)[1]}", sha256, (github(*_REPOSITORY, path),))
    for path, sha256 in _FILES.items()
)
#: row of the table → column of the authors' output
MAP = ("welfare", "deficit", "exports", "imports", "employment", "prices", "revenue")


def rows(folder: Path | None) -> list[Row]:
    """Table 1's two cases, and every country in every column of the authors' output."""
    assert folder is not None  # it has needs  # noqa: S101
    start = time.perf_counter()
    study = LiberationDay.read(folder / "liberation_day")
    found, lump = main(study), lump_sum(study)
    seconds = time.perf_counter() - start
    names, table, theirs = study.data.countries, listed("ignatenko"), study.data.published
    assert theirs is not None and len(MAP) == len(COLUMNS)  # noqa: S101, PT018
    us, can = names.index("USA"), names.index("CAN")
    return [
        row("ignatenko/USA/welfare", found[us, 0], seconds=seconds),
        row("ignatenko/CAN/welfare", found[can, 0], seconds=seconds),
        row("ignatenko/USA/welfare-lump-sum", lump[us, 0], seconds=seconds),
        *(
            table[f"ignatenko/all/{name}"].with_numbers(names, theirs[:, k], found[:, k], seconds=seconds)
            for k, name in enumerate(MAP)
        ),
    ]
