"""Lashkaripour (2021): the Nash tariffs and their cost by his formula, WIOD 2014, 44 countries × 16 sectors.

His cubes are total flows at purchaser prices, tariffs included, in MATLAB files that are HDF5 with the axes reversed:
sector, importer, exporter. θ is his `epsilon_S` = σ − 1, in eight sets.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.csvfile import read_rows
from surtax.errors import InputError
from surtax.model.equilibrium import solve
from surtax.model.nash_formula import nash_by_formula
from surtax.model.outcome import Outcome
from surtax.policy.schedule import Schedule
from surtax.validate.inputs import Needed, github
from surtax.validate.published import listed, row
from surtax.validate.row import Row
from surtax.world import World

Array = NDArray[np.float64]

CUBES = Needed(
    "tariffwar/WIOD2014.mat",
    "62308f56a87c8cb223f2e93998d1a896dc4fddbc62be445f72d5b8f16c64fea3",
    (
        github("ahmadlp/tariffwar", "98636984", "mat/WIOD2014.mat"),
        github("ahmadlp/tariffwar", "71a8bca2f8ebb6d4fcbe32ea211d404c0cf1c13f", "mat/WIOD2014.mat"),
    ),
)
#: all countries' tariffs and welfare, solved with his equations (and met by his own code to 2e-11)
SOLUTION = Needed(
    "tariffwar/lashkaripour_nash_WIOD2014_IS.csv",
    "b9bd8641e2d43299c0958ec04fd18d47955e78666f99c645a90224f1d3c84ab5",
    only=("tariffwar/all/tariffs", "tariffwar/all/welfare"),
)
needs = (CUBES, SOLUTION)

SETS = ("IS", "U4", "CP", "BSY", "GYY", "Shap", "FGO", "LL")


def load(path: Path, elasticities: str = "IS") -> World:
    """A cube file of his package (WIOD, ICIO; any year) as a world without inputs.

    Parameters
    ----------
    elasticities : one of the file's sets; IS is the in-sample one.

    Raises
    ------
    InputError
        h5py is not installed, the file cannot be read or is not such a file, or has no such set.
    """
    try:
        import h5py
    except ImportError:
        raise InputError("reading MATLAB's HDF5 files needs h5py: pip install 'surtax[validate]'.") from None
    try:
        with h5py.File(path) as file:
            data = file["data"]
            paid, t = (np.asarray(data[n][()], dtype=float).transpose(0, 2, 1) for n in ("Xjik_3D", "tjik_3D"))
            countries, sectors = (_texts(file, data[n]) for n in ("countries", "sectors"))
            sets = {name: np.ravel(data["sigma"][name]["epsilon_S"][()]) for name in data["sigma"]}
            kind, year = _text(data["dataset"]), int(np.ravel(data["year"][()])[0])
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as problem:
        raise InputError(f"{path} does not read as a cube file of the package tariffwar: {problem}.") from None
    if elasticities not in sets:
        raise InputError(f"{path} has no set of elasticities {elasticities!r}; it has {', '.join(sets)}.")
    return World.from_arrays(
        countries, [f"S{s + 1:02d}" for s in range(len(sectors))], paid / (1 + t), tariffs=t,
        elasticity=sets[elasticities], sector_names=sectors, units="USD million",
        meta={"name": f"{kind}-{year}", "title": f"{kind.upper()} {year}, Lashkaripour's cubes", "year": year,
              "elasticities": {"set": elasticities}},
    )  # fmt: skip


def _text(dataset: Any) -> str:
    return "".join(map(chr, np.ravel(dataset[()])))


def _texts(file: Any, dataset: Any) -> list[str]:
    return [_text(file[r]) for r in np.ravel(dataset[()])]


def best_reply(base: World, tariffs: Array, player: str) -> tuple[float, float]:
    """A player's best uniform tariff given the others' [n], and its real income there, per cent.

    The maximum of real income itself, by Brent's method on full solves: nothing of the formula is in it.
    """
    from scipy.optimize import minimize_scalar

    J, N = base.output.shape
    n, own = base.country(player), np.arange(N)

    def loss(rate: float) -> float:
        uniform = np.array(tariffs)
        uniform[n] = rate
        t = np.broadcast_to(uniform, (J, N, N)).copy()
        t[:, own, own] = 0.0
        return -float(solve(base, Schedule(t), deficits="balanced").welfare[player])

    # one hump between no tariff and twice the formula's
    found = minimize_scalar(loss, bounds=(0.0, 2 * tariffs[n]), method="bounded", options={"xatol": 1e-6})
    return float(found.x), -float(found.fun)


def rows(folder: Path | None) -> list[Row]:
    """Tariffs and welfare of the two countries in the table, of all where their file is there, and the best reply."""
    assert folder is not None  # it has needs  # noqa: S101
    start = time.perf_counter()
    world = load(folder / CUBES.path)
    outcome = nash_by_formula(world)
    seconds = time.perf_counter() - start
    tariffs = 100 * np.array([_uniform(outcome, n) for n in range(len(world.countries))])
    found = []
    for country in ("USA", "CAN"):
        n = world.country(country)
        found += [
            row(f"tariffwar/{country}/tariff", tariffs[n], seconds=seconds),
            row(f"tariffwar/{country}/welfare", outcome.welfare[country], seconds=seconds),
        ]
    solution = folder / SOLUTION.path
    if solution.is_file():
        table, (names, expected, welfare) = listed("tariffwar"), read_solution(solution)
        at = [world.country(c) for c in names]
        for what, theirs, ours in (("tariffs", 100 * expected, tariffs), ("welfare", welfare, outcome.welfare.values)):
            found.append(table[f"tariffwar/all/{what}"].with_numbers(names, theirs, ours[at], seconds=seconds))
    start = time.perf_counter()
    reply, gained = best_reply(outcome.world, tariffs / 100, "USA")
    n = world.country("USA")
    note = (
        f"At {100 * reply:.2f} per cent instead of {tariffs[n]:.2f} the United States loses {-gained:.4f} per cent of "
        f"real income instead of {-outcome.welfare['USA']:.4f}."
    )
    found.append(row("tariffwar/finding/best-reply", 100 * reply, seconds=time.perf_counter() - start, note=note))
    return found


def _uniform(outcome: Outcome, n: int) -> float:
    """The tariff that a country levies on everybody."""
    other = 0 if n else 1
    return float(outcome.schedule.tariffs[0, other, n])


def read_solution(path: Path) -> tuple[list[str], Array, Array]:
    """Countries, Nash tariffs (shares) and welfare (per cent) of a solution by the authors' equations.

    Raises
    ------
    InputError
        the file is missing, lacks a column, or holds something else than numbers.
    """
    names, numbers = [], []
    for place, r in read_rows(path, ("country", "nash_tariff", "welfare_pct")):
        try:
            numbers.append([float(r["nash_tariff"]), float(r["welfare_pct"])])
        except ValueError:
            raise InputError(f"{place}: a number does not read as one.") from None
        names.append(r["country"])
    tariffs, welfare = np.array(numbers).reshape(-1, 2).T
    return names, tariffs, welfare
