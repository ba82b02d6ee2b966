"""A user's table of trade and tariffs: exporter, importer, sector, year, value, tariff, and what else may matter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.csvfile import read_rows
from surtax.errors import InputError, exists, nearest

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: What a number may be written as where it is not known.
MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", ".", "null", "None"})
#: The label of the only sector of a table without sectors; an elasticity file reads it as every sector.
ALL = "*"
# Tariffs in per cent that all lie at or below this look like shares; shares above MOST look like per cent.
LOOKS_LIKE_SHARE = 1.0
MOST = 10.0


@dataclass(frozen=True)
class Columns:
    """Names of the columns; `sector` and `year` are used where the table has them, unless they were named outright."""

    exporter: str = "exporter"
    importer: str = "importer"
    value: str = "value"
    tariff: str = "tariff"
    sector: str | None = None
    year: str | None = None
    controls: tuple[str, ...] = ()
    log_controls: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Flows:
    """Trade and tariffs, one row for each exporter, importer, sector and year.

    Attributes
    ----------
    source : where the rows are from, for messages and the column `source`.
    countries, sectors, years : labels; `sectors` is ("*",) and `years` ("",) where the table has none.
    exporter, importer, sector, year : [row] positions among them.
    value : [row] ≥ 0, NaN where not known; tariff : [row] a share ≥ 0, NaN where not known.
    controls : {name: [row]}, logs taken where asked.
    tariff_unit : per cent or share, as read.
    """

    source: str
    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    years: tuple[str, ...]
    exporter: Index
    importer: Index
    sector: Index
    year: Index
    value: Array
    tariff: Array
    controls: Mapping[str, Array]
    tariff_unit: str

    def __len__(self) -> int:
        return self.value.size


def read_table(path: str | Path, columns: Columns | None = None, tariffs: str | None = None) -> Flows:
    """Read a table from a CSV or Parquet file.

    Parameters
    ----------
    columns : names of the columns.
    tariffs : "percent" or "share"; None reads per cent, and refuses numbers that look like shares.

    Raises
    ------
    InputError
        with file and line: a missing column, a number that is none, a negative value or tariff, a flow given twice.
    """
    path = Path(path)
    asked = columns or Columns()
    if path.suffix.lower() in (".parquet", ".pq"):
        rows = _parquet(path, asked)
    else:
        rows = read_rows(path, _required(asked), rest=True, blank=(asked.value, asked.tariff, *_controls(asked)))
    return flows(rows, asked, tariffs, source=path.name)


def flows(
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    columns: Columns | None = None,
    tariffs: str | None = None,
    source: str = "the table",
) -> Flows:
    """Return a table from rows (place, {column: text or number}); see `read_table`."""
    if tariffs not in (None, "percent", "share"):
        raise InputError(f"tariffs={tariffs!r}: percent or share.")
    asked = columns or Columns()
    keys: dict[tuple[str, str, str, str], str] = {}
    numbers: dict[str, list[float]] = {c: [] for c in (asked.value, asked.tariff, *_controls(asked))}
    places: list[str] = []
    names = (asked.sector or "sector", asked.year or "year")
    for place, row in rows:
        key = (_label(row, asked.exporter), _label(row, asked.importer), _label(row, names[0]), _label(row, names[1]))
        if key in keys:
            what = " ".join(k for k in key if k)
            raise InputError(f"{place}: the flow {what} stands twice, first in {keys[key]}: add the values up.")
        keys[key] = place
        places.append(place)
        for column, found in numbers.items():
            found.append(_number(place, column, row.get(column, "")))
    if not keys:
        raise InputError(f"{source} has no rows.")
    labels = list(zip(*keys, strict=True))
    value, tariff = np.array(numbers[asked.value]), np.array(numbers[asked.tariff])
    for column, values in ((asked.value, value), (asked.tariff, tariff)):
        bad = np.flatnonzero(values < 0)
        if bad.size:
            raise InputError(f"{places[int(bad[0])]}: {column} is {values[bad[0]]:g}, below zero.")
    share = tariff if tariffs == "share" else tariff / 100
    _check_unit(tariff, tariffs, places, asked.tariff)
    countries = tuple(sorted({*labels[0], *labels[1]}))
    at = {c: i for i, c in enumerate(countries)}
    sectors, years = tuple(dict.fromkeys(labels[2])), tuple(sorted(set(labels[3])))
    return Flows(
        source=source,
        countries=countries,
        sectors=tuple(s or ALL for s in sectors),
        years=years,
        exporter=np.array([at[c] for c in labels[0]], dtype=np.intp),
        importer=np.array([at[c] for c in labels[1]], dtype=np.intp),
        sector=_positions(labels[2], sectors),
        year=_positions(labels[3], years),
        value=value,
        tariff=share,
        controls={c: _control(c, np.array(numbers[c]), asked, places) for c in _controls(asked)},
        tariff_unit="share" if tariffs == "share" else "per cent",
    )


def _positions(labels: Sequence[str], known: Sequence[str]) -> Index:
    at = {c: i for i, c in enumerate(known)}
    return np.array([at[c] for c in labels], dtype=np.intp)


def _required(asked: Columns) -> list[str]:
    named = [c for c in (asked.sector, asked.year) if c]
    return [asked.exporter, asked.importer, asked.value, asked.tariff, *named, *_controls(asked)]


def _controls(asked: Columns) -> tuple[str, ...]:
    return (*asked.controls, *asked.log_controls)


def _label(row: Mapping[str, Any], column: str) -> str:
    return str(row.get(column, "")).strip()


def _number(place: str, column: str, given: Any) -> float:
    if given is None or (isinstance(given, str) and given in MISSING):
        return math.nan
    try:
        value = float(given)
    except (TypeError, ValueError):
        hint = ": write decimals with a point" if "," in str(given) else ""
        raise InputError(f"{place}: {column} is {given!r}, not a number{hint}.") from None
    if math.isinf(value):
        raise InputError(f"{place}: {column} is infinite.")
    return value


def _check_unit(tariff: Array, stated: str | None, places: Sequence[str], column: str) -> None:
    known = tariff[np.isfinite(tariff)]
    largest = float(known.max()) if known.size else 0.0
    if stated is None and 0 < largest <= LOOKS_LIKE_SHARE:
        raise InputError(
            f"the largest {column} is {largest:g}: tariffs are read in per cent, and these look like shares. Say "
            f"--tariffs share, or --tariffs percent if none exceeds one per cent."
        )
    if stated == "share" and largest > MOST:
        worst = places[int(np.nanargmax(tariff))]
        raise InputError(f"{worst}: {column} is {largest:g}, a duty of {100 * largest:g} per cent: are these per cent?")


def _control(name: str, values: Array, asked: Columns, places: Sequence[str]) -> Array:
    if name not in asked.log_controls:
        return values
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        raise InputError(f"{places[int(bad[0])]}: {name} is {values[bad[0]]:g}, of which no logarithm can be taken.")
    return np.log(values)


def _parquet(path: Path, asked: Columns) -> Iterator[tuple[str, Mapping[str, Any]]]:
    import polars as pl

    if not exists(path):
        raise InputError(f"cannot read {path}: no such file.")
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise InputError(f"{path} does not read as Parquet: {problem}.") from None
    for column in _required(asked):
        if column not in frame.columns:
            raise InputError(f"{path} has no column {column!r}{nearest(column, frame.columns)}.")
    for i, row in enumerate(frame.iter_rows(named=True)):
        place = f"{path}, row {i + 1}"
        for column in (asked.exporter, asked.importer, *(c for c in (asked.sector, asked.year) if c)):
            if row[column] is None or not str(row[column]).strip():
                raise InputError(f"{place}: nothing stands under {column}.")
        yield place, {k: "" if v is None else v for k, v in row.items()}
