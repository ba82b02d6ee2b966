"""Reading the OECD's Inter-Country Input-Output tables (ICIO) from the CSV files as published.

A table of one year is a wide matrix in USD million at basic prices:

    V1        CAN_A01 … ROW_T │ CAN_HFCE … ROW_DPABR │ OUT
    CAN_A01   intermediate    │ final demand         │ gross output
    …
    TLS       taxes less subsidies on products
    VA        value added at basic prices
    OUT       gross output

Editions differ and all of these are read: 2025 (`2022_SML.csv`: 81 economies, 50 sectors), 2023
(`2020_SML.csv`: 77 economies, 45 sectors), 2021 and 2018 (`ICIO2021_2018.csv`: sectors `01T02` …,
one `CAN_TAXSUB` row an economy, `VALU`, `OUTPUT`, a column `TOTAL`), and the extended tables, which
split the producers of Mexico and China (`MX1`, `MX2`, `CN1`, `CN2`) and whose parts are added up to
`MEX` and `CHN` here.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import AccountsError, InputError, is_file, nearest
from surtax.world.icio_codes import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

# Column codes of final demand in the editions since 2016.
FINAL_DEMAND = frozenset(
    {
        "HFCE", "NPISH", "GGFC", "GGCF", "GFCF", "INVNT", "DPABR", "DIRPA", "P33", "NONRES",
        "CONS_ABR", "CONS_NONRES", "FNLC", "FD", "HC", "NPS", "INV",
    }
)  # fmt: skip
OUTPUT_LABELS = frozenset({"OUT", "OUTPUT", "TOTAL"})
VALUE_ADDED_LABELS = frozenset({"VA", "VALU"})
TAX_LABELS = frozenset({"TLS", "TAXSUB"})

# The published tables are balanced to about 2e-4 of a cell and drop values below 0.1; ten times
# that is still theirs.
BALANCE_SHARE = 2e-3
BALANCE_VALUE = 1.0

_PART = re.compile(r"^(CN|MX)\d$")
_WHOLE = {"CN": "CHN", "MX": "MEX"}


@dataclass(frozen=True)
class IcioTable:
    """One year's table as published, after reading; nothing adjusted.

    Attributes
    ----------
    name : the file's name.
    year : the year of the accounts.
    industries : (economy, sector) of each row and column, parts of China and Mexico under their
        whole.
    economies : codes in the order of final demand.
    sectors : codes in the file's order.
    intermediate : [i, j] sales of industry i to industry j, USD million at basic prices.
    final : [i, n] sales of industry i to final demand in economy n, all categories.
    output : [i] gross output as published.
    factors : [i] value added at basic prices as published.
    taxes : [i] taxes less subsidies on the products that the industry buys.
    """

    name: str
    year: int
    industries: tuple[tuple[str, str], ...]
    economies: tuple[str, ...]
    sectors: tuple[str, ...]
    intermediate: Array
    final: Array
    output: Array
    factors: Array
    taxes: Array


def read_icio_csv(path: str | Path, year: int | None = None) -> IcioTable:
    """Read one year of the OECD's tables, from a CSV file or from a zip archive that holds it.

    Parameters
    ----------
    path : the file as downloaded, for example `2022_SML.csv` or `2016-2022_SML.zip`.
    year : the year of the accounts. Needed for an archive with several years, or where the name has
        none.

    Raises
    ------
    InputError
        no such file, not a table of this kind, labels unknown or repeated, a cell that is not a
        number.
    AccountsError
        rows or columns do not add up to gross output, or a country is there twice, as a whole and
        in parts.
    """
    try:
        return _read(Path(path), year)
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}.") from None


def _read(path: Path, year: int | None) -> IcioTable:
    name, source = _open(path, year)
    if year is None:
        found = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)
        if not found:
            raise InputError(f"the name {name} does not tell the year of the accounts: pass year=....")
        year = int(found[-1])
    header = _header(name, source)
    labels, values = _cells(name, source, header)
    return _table(name, year, header[1:], labels, values)


def _open(path: Path, year: int | None) -> tuple[str, Path | bytes]:
    """Return the table's own file name, and its path or content."""
    if not is_file(path):
        raise InputError(f"there is no file {path}: give the OECD's CSV file, or the zip archive that holds it.")
    if path.suffix.lower() != ".zip":
        return path.name, path
    try:
        with zipfile.ZipFile(path) as archive:
            tables = [n for n in archive.namelist() if n.lower().endswith(".csv")]
            fitting = [n for n in tables if year is None or str(year) in Path(n).name]
            if len(fitting) != 1:
                raise InputError(
                    f"{path.name} holds {len(fitting)} tables"
                    f"{'' if year is None else f' of {year}'} (CSV files in it: "
                    f"{', '.join(tables) or 'none'}): "
                    f"pass year=..., or unpack the archive and give the file."
                )
            return Path(fitting[0]).name, archive.read(fitting[0])
    except zipfile.BadZipFile:
        raise InputError(f"{path} is not a zip archive or is damaged: download it again.") from None


def _header(name: str, source: Path | bytes) -> list[str]:
    try:
        if isinstance(source, Path):
            with source.open(encoding="utf-8-sig", newline="") as file:
                header = next(csv.reader(file), [])
        else:
            first = source.split(b"\n", 1)[0].decode("utf-8-sig")
            header = next(csv.reader(io.StringIO(first)), [])
    except UnicodeDecodeError:
        raise InputError(f"{name} is not a text file in UTF-8: give the OECD's CSV file.") from None
    header = [label.strip() for label in header]
    if len(header) < 3:
        raise InputError(
            f"{name} has {len(header)} columns in its first line: an OECD ICIO table is a wide "
            f"matrix, "
            f"separated by commas, whose first line holds labels such as CAN_A01."
        )
    unique(name, "column", header[1:])
    return header


def unique(name: str, what: str, labels: Sequence[str]) -> None:
    """Refuse labels that repeat; `name` and `what` say where they stand."""
    seen: set[str] = set()
    twice = []
    for label in labels:
        if label in seen:
            twice.append(label)
        seen.add(label)
    if twice:
        raise InputError(f"{name} has {what} {twice[0]} twice ({len(twice)} labels are repeated): keep one of each.")


def _cells(name: str, source: Path | bytes, header: Sequence[str]) -> tuple[list[str], Array]:
    """Return row labels and the matrix [row, column]; blank cells are NaN."""
    import polars as pl

    columns = ["", *(f"c{i}" for i in range(1, len(header)))]
    columns[0] = "label"
    try:
        frame = pl.read_csv(
            source,
            has_header=False,
            skip_rows=1,
            schema={"label": pl.String} | dict.fromkeys(columns[1:], pl.Float64),
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as problem:
        raise InputError(_what_is_wrong(name, source, header, columns, problem)) from None
    labels = [(label or "").strip() for label in frame["label"].to_list()]
    return labels, frame.drop("label").to_numpy(order="fortran")


def _what_is_wrong(
    name: str,
    source: Path | bytes,
    header: Sequence[str],
    columns: Sequence[str],
    problem: Exception,
) -> str:
    """Name the first cell that is not a number; the fast reader does not say which."""
    import polars as pl

    try:
        text = pl.read_csv(source, has_header=False, skip_rows=1, schema=dict.fromkeys(columns, pl.String))
    except pl.exceptions.PolarsError:
        return f"{name} cannot be read as a table: {str(problem).splitlines()[0]}"
    for column, label in zip(columns[1:], header[1:], strict=True):
        cells = text[column]
        bad = (cells.is_not_null() & cells.cast(pl.Float64, strict=False).is_null()).arg_true()
        if len(bad):
            row = int(bad[0])
            return (
                f"{name}: {cells[row]!r} in row {text['label'][row]}, column {label}, is not a "
                f"number: "
                f"correct the cell (decimal points, no thousands separators)."
            )
    return f"{name} cannot be read as a table: {str(problem).splitlines()[0]}"


def _table(name: str, year: int, columns: Sequence[str], rows: Sequence[str], values: Array) -> IcioTable:
    """Sort rows and columns into blocks by their labels, and check that the table adds up."""
    unique(name, "row", rows)
    kinds = [_row_kind(name, row) for row in rows]
    industry_rows = [i for i, kind in enumerate(kinds) if kind == "industry"]
    for kind, example in (("output", "OUT"), ("value added", "VA")):
        if kind not in kinds:
            raise InputError(
                f"{name} has no {kind} row ({example}): an OECD ICIO table ends with rows TLS, VA "
                f"and OUT; "
                f"its last rows here are {', '.join(rows[-3:])}. Give the whole file."
            )
    industries = [rows[i] for i in industry_rows]
    if not industries:
        raise InputError(f"{name} has no rows such as CAN_A01: it is not an OECD ICIO table.")
    at = {label: j for j, label in enumerate(columns)}
    lacking = [label for label in industries if label not in at]
    if lacking:
        raise InputError(
            f"{name} is not square: row {lacking[0]} has no column ({len(lacking)} rows have "
            f"none). Give the whole file."
        )
    own = set(industries)
    demand, total = _column_kinds(name, columns, own)
    split = [_split(label) for label in industries]
    economies = tuple(dict.fromkeys(economy for economy, _ in demand.values()))
    sectors = tuple(dict.fromkeys(canonical(sector) for _, sector in split))
    for label, (economy, _) in zip(industries, split, strict=True):
        if economy not in economies:
            raise InputError(
                f"{name}: industry {label} belongs to {economy}, which has no final demand column "
                f"({economy}_HFCE and so on){nearest(economy, economies)}"
            )

    square = np.ix_(np.array(industry_rows), np.array([at[label] for label in industries]))
    intermediate = values[square]
    by_economy = np.zeros((len(industries), len(economies)))
    position = {economy: n for n, economy in enumerate(economies)}
    for column, (economy, _) in demand.items():
        by_economy[:, position[economy]] += values[industry_rows, column]
    for what, block, labels in (
        ("intermediate use", intermediate, industries),
        ("final demand", by_economy, [f"{e} final demand" for e in economies]),
    ):
        bad = np.argwhere(~np.isfinite(block))
        if bad.size:
            i, j = (int(x) for x in bad[0])
            raise InputError(
                f"{name}: the cell in row {industries[i]}, column {labels[j]}, is blank or not "
                f"finite "
                f"({len(bad)} such cells in {what}): fill it, with 0 where there is no trade."
            )

    def rows_of(kind: str) -> Array:
        chosen = [i for i, k in enumerate(kinds) if k == kind]
        return np.asarray(np.nan_to_num(values[np.ix_(np.array(chosen, dtype=int), square[1].ravel())]).sum(axis=0))

    output, factors, taxes = rows_of("output"), rows_of("value added"), rows_of("taxes")
    published = values[industry_rows, total] if total is not None else output
    _check_balance(name, industries, intermediate, by_economy, published, output, factors, taxes)
    _check_parts(name, industries, output)
    return IcioTable(
        name,
        year,
        tuple((economy, canonical(sector)) for economy, sector in split),
        economies,
        sectors,
        intermediate,
        by_economy,
        np.asarray(published, dtype=float),
        factors,
        taxes,
    )


def _row_kind(name: str, label: str) -> str:
    """Tell what a row holds; accounting rows may be one for each economy (`CAN_TAXSUB`)."""
    tail = label.split("_", 1)[-1]
    for kind, labels in (
        ("output", OUTPUT_LABELS),
        ("value added", VALUE_ADDED_LABELS),
        ("taxes", TAX_LABELS),
    ):
        if tail in labels:
            return kind
    if re.match(r"^[A-Z][A-Z0-9]{2}_\w+$", label):
        return "industry"
    raise InputError(
        f"{name}: row label {label!r} is unknown: expected an industry such as CAN_A01, or TLS, "
        f"VA, OUT "
        f"(TAXSUB, VALU, OUTPUT in older editions)."
    )


def _column_kinds(
    name: str, columns: Sequence[str], industries: set[str]
) -> tuple[dict[int, tuple[str, str]], int | None]:
    """Return {column: (economy, category)} of final demand, and the column of gross output."""
    demand: dict[int, tuple[str, str]] = {}
    total: int | None = None
    for j, label in enumerate(columns):
        if label in industries:
            continue
        head, _, tail = label.partition("_")
        if label in OUTPUT_LABELS:
            total = j
        elif tail in FINAL_DEMAND:
            demand[j] = (_whole(head), tail)
        elif head in FINAL_DEMAND:
            demand[j] = (_whole(tail), head)
        elif re.match(r"^[A-Z][A-Z0-9]{2}_\w+$", label):
            raise InputError(
                f"{name}: column {label} is neither an industry with a row of its own nor a known "
                f"category of final "
                f"demand ({', '.join(sorted(FINAL_DEMAND))}){nearest(label, industries)}"
            )
        else:
            raise InputError(
                f"{name}: column label {label!r} is unknown: expected an industry such as "
                f"CAN_A01, final demand "
                f"such as CAN_HFCE, or OUT."
            )
    if not demand:
        raise InputError(f"{name} has no final demand columns such as CAN_HFCE: give the whole file.")
    return demand, total


def _split(label: str) -> tuple[str, str]:
    economy, _, sector = label.partition("_")
    return _whole(economy), sector


def _whole(economy: str) -> str:
    match = _PART.match(economy)
    return _WHOLE[match[1]] if match else economy


def _check_parts(name: str, industries: Sequence[str], output: Array) -> None:
    """Refuse a table with output both for a country as a whole and for its parts."""
    for prefix, whole in _WHOLE.items():
        own = sum(float(y) for label, y in zip(industries, output, strict=True) if label[:4] == f"{whole}_")
        parts = sum(
            float(y)
            for label, y in zip(industries, output, strict=True)
            if _PART.match(label[:3]) and label.startswith(prefix)
        )
        if own > 0 and parts > 0:
            raise AccountsError(
                f"{name} counts {whole} twice: output {own:.6g} as {whole} and {parts:.6g} in "
                f"parts "
                f"({prefix}1, {prefix}2): delete the rows and columns of one of them."
            )


def _check_balance(
    name: str,
    industries: Sequence[str],
    intermediate: Array,
    final: Array,
    published: Array,
    output: Array,
    factors: Array,
    taxes: Array,
) -> None:
    sales = intermediate.sum(axis=1) + final.sum(axis=1)
    costs = intermediate.sum(axis=0) + taxes + factors
    for what, found in (
        ("its sales (the row's intermediate and final demand)", sales),
        ("its costs (inputs + TLS + VA)", costs),
        ("the OUT row", output),
    ):
        gap = np.abs(found - published)
        bad = ~(gap <= BALANCE_VALUE + BALANCE_SHARE * np.abs(published))
        if bad.any():
            i = int(np.argmax(np.where(bad, gap / (np.abs(published) + BALANCE_VALUE), 0)))
            raise AccountsError(
                f"{name}: the accounts do not add up: gross output of {industries[i]} is "
                f"{published[i]:.6g}, but "
                f"{what} give {found[i]:.6g}; {int(bad.sum())} industries miss by more than "
                f"{100 * BALANCE_SHARE:g} %. "
                f"Rows, columns or decimal points may be lost: download the file again."
            )
    negative = np.argwhere(intermediate < 0)
    if negative.size:
        i, j = (int(x) for x in np.unravel_index(int(np.argmin(intermediate)), intermediate.shape))
        raise AccountsError(
            f"{name}: {len(negative)} cells of intermediate use are negative; the lowest is "
            f"{intermediate[i, j]:.6g} in row "
            f"{industries[i]}, column {industries[j]}: correct it."
        )
