"""The data of Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), read from a folder; nothing of it ships.

Files, as in the public replication archive (its licence is not stated): `trade_cepii.csv` (exports of the row to the
column, thousand USD, blanks are zero), `gdp.csv` (USD), `tariffs.csv` (what the US announced on 2 April 2025, shares),
`country_labels.csv` (codes and names, in the same order), `output_map.csv` (the authors' results).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, is_file
from surtax.world import World

Array = NDArray[np.float64]

US = "USA"
SECTOR = "ALL"
#: every partner pays at least this
FLOOR = 0.1
#: trade elasticity ε
EPSILON = 4.0


@dataclass(frozen=True, eq=False)
class LiberationDayData:
    """Trade, GDP, tariffs and published results.

    Attributes
    ----------
    countries, names : [n].
    trade : [o,d] exports between countries, USD million of 2023; zero on the diagonal.
    gdp : [n] USD million.
    listed : [n] the rates that the US announced, shares.
    published : [n,7] the authors' output, or None where the file is missing: per cent changes of welfare, of the trade
        deficit over its absolute value, of exports and imports over income, of employment and of prices; tariff revenue
        over base spending, a share.
    """

    countries: tuple[str, ...]
    names: tuple[str, ...]
    trade: Array
    gdp: Array
    listed: Array
    published: Array | None

    @property
    def us(self) -> int:
        """Position of the United States."""
        return self.countries.index(US)

    def tariffs(self) -> Array:
        """[o,d] the announced tariffs: max(10 %, the listed rate) on every partner of the US, none elsewhere."""
        t = np.zeros_like(self.trade)
        t[:, self.us] = np.maximum(FLOOR, self.listed)
        t[self.us, self.us] = 0.0
        return t


def liberation_day_data(folder: str | Path) -> LiberationDayData:
    """Read the files of a folder.

    Raises
    ------
    InputError
        a file is missing or does not fit the others; the message says which and where.
    """
    at = Path(folder)
    labels = _rows(at / "country_labels.csv")
    codes = tuple(row["iso3"] for row in labels)
    names = tuple(row["CountryName"] for row in labels)
    N = len(codes)
    if len(set(codes)) != N or US not in codes:
        raise InputError(f"{at / 'country_labels.csv'}: codes have to be unique, with {US} among them.")
    trade = _numbers(at / "trade_cepii.csv", (N, N)) / 1e3
    np.fill_diagonal(trade, 0.0)
    gdp = _numbers(at / "gdp.csv", (N, 1))[:, 0] / 1e6
    listed = _numbers(at / "tariffs.csv", (N, 1))[:, 0]
    for name, values in (("trade_cepii.csv", trade), ("gdp.csv", gdp), ("tariffs.csv", listed)):
        if (values < 0).any():
            raise InputError(f"{at / name}: {int((values < 0).sum())} negative numbers.")
    published = None
    if is_file(at / "output_map.csv"):
        rows = _rows(at / "output_map.csv")
        if tuple(row["Country"] for row in rows) != codes:
            raise InputError(f"{at / 'output_map.csv'}: countries are not those of country_labels.csv, in that order.")
        published = np.array([[float(row[f"Value_{k}"]) for k in range(1, 8)] for row in rows])
    return LiberationDayData(codes, names, trade, gdp, listed, published)


def liberation_day_world(source: str | Path | LiberationDayData) -> World:
    """The data as a one-sector world whose factor income is GDP and whose foreign flows are trade.

    Domestic sales are what is left of GDP after exports. Where exports exceed GDP (two entrepôts) nothing is left, and
    what they sell beyond GDP are inputs bought. The model derives its own domestic sales from GDP and trade.
    """
    data = source if isinstance(source, LiberationDayData) else liberation_day_data(source)
    exports = data.trade.sum(axis=1)
    flows = data.trade + np.diag(np.maximum(data.gdp - exports, 0.0))
    output = np.maximum(data.gdp, exports)
    return World.from_arrays(
        data.countries, [SECTOR], flows, elasticity=EPSILON, inputs=(output - data.gdp)[None, None],
        value_added=data.gdp[None], inputs_as="values", country_names=data.names, units="USD million",
        meta={"name": "liberation-day", "title": "Ignatenko et al. (2025): CEPII trade and GDP, 2023", "year": 2023},
    )  # fmt: skip


def _rows(path: Path) -> list[dict[str, str]]:
    if not is_file(path):
        raise InputError(f"no file {path}: the folder has to hold the data of Ignatenko et al. (2025).")
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _numbers(path: Path, shape: tuple[int, int]) -> Array:
    """A table of numbers below a line of names; blanks are zero."""
    if not is_file(path):
        raise InputError(f"no file {path}: the folder has to hold the data of Ignatenko et al. (2025).")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in list(csv.reader(file))[1:] if row]
    try:
        table = [[float(cell) if cell.strip() else 0.0 for cell in row] for row in rows]
    except ValueError as problem:
        raise InputError(f"{path}: {problem}.") from None
    if len(table) != shape[0] or any(len(row) != shape[1] for row in table):
        raise InputError(f"{path}: expected {shape[0]} rows of {shape[1]} numbers.")
    values = np.array(table)
    if not np.isfinite(values).all():
        raise InputError(f"{path}: not all cells are numbers.")
    return values
