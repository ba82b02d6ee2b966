"""Zylkin's ge_gravity (Stata): the EU's enlargement in one-sector gravity, 44 countries, trade of 2000.

τ̂ = exp(−effect/θ), θ = 4, no tariffs, deficits constant; w_eu is real income Î/P̂. The results are in single precision.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from surtax.csvfile import read_rows
from surtax.errors import InputError
from surtax.model.equilibrium import solve
from surtax.validate.arrays import Accounts, Array
from surtax.validate.inputs import Needed
from surtax.validate.published import listed
from surtax.validate.row import Row

needs = (
    Needed(
        "gegravity_zylkin/eu_enlargement_2000.csv",
        "cf240af1f6098b87e072bf57862402bc0f0cab49bc19de63dd3a488e234621da",
    ),
)
THETA = 4.0


def load(folder: Path) -> tuple[Accounts, Array, Array]:
    """The accounts with the enlargement, w_eu [n] (= Î/P̂) and X_eu [o,d].

    Raises
    ------
    InputError
        the file is missing, is not a square table of pairs, or holds something else than numbers.
    """
    path = folder / "gegravity_zylkin" / "eu_enlargement_2000.csv"
    numbers = ("trade", "eu_effect", "X_eu", "w_eu")
    cells: dict[tuple[str, str], list[float]] = {}
    for place, r in read_rows(path, ("exporter", "importer", *numbers)):
        try:
            cells[r["exporter"], r["importer"]] = [float(r[c]) for c in numbers]
        except ValueError:
            raise InputError(f"{place}: a number does not read as one.") from None
    names = tuple(dict.fromkeys(o for o, _ in cells))
    N = len(names)
    if set(cells) != {(o, d) for o in names for d in names}:
        raise InputError(f"{path}: {len(cells)} pairs of {N} countries; each exporter needs each importer once.")
    cube = np.array([[cells[o, d] for d in names] for o in names]).reshape(N, N, len(numbers))
    trade, effect, new_trade, welfare = cube.transpose(2, 0, 1)
    zero = np.zeros((1, N, N))
    accounts = Accounts(
        names, trade[None], zero, np.array([THETA]), np.zeros((1, 1, N)), np.ones((1, N)), np.ones((1, N)), zero,
        np.exp(-effect / THETA)[None], "fixed",
    )  # fmt: skip
    return accounts, welfare[:, 0], new_trade


def rows(folder: Path | None) -> list[Row]:
    """All real incomes and all bilateral flows."""
    assert folder is not None  # it has needs  # noqa: S101
    start = time.perf_counter()
    accounts, welfare, trade = load(folder)
    outcome = solve(accounts.world("ge_gravity"), accounts.schedule, deficits=accounts.closure)
    seconds = time.perf_counter() - start
    table, names = listed("gegravity"), accounts.countries
    pairs = [f"{o} to {d}" for o in names for d in names]
    return [
        table["gegravity/eu-2000/welfare"].with_numbers(names, welfare, outcome.real_income, seconds=seconds),
        table["gegravity/eu-2000/trade"].with_numbers(
            pairs, trade.ravel(), outcome.X_new[0].ravel(), seconds=seconds, keep=False
        ),
    ]
