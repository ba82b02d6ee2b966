"""Worlds from the OECD's Inter-Country Input-Output tables (ICIO), read as published (CSV).

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

What the accounts here are:

- flows [s,o,d]: all sales of sector s of o to users in d; `final` the part that goes to final
  demand (consumption of households, non-profits and government, investment, stocks, residents'
  purchases abroad).
- use [k,s,n]: what sector s of n buys of k from all origins.
- gross output is the sum of sales; factor income ("value added" in the model) is output less inputs
  at basic prices. It contains the taxes less subsidies that producers pay on their inputs (the TLS
  row), which the model has no other recipient for. Taxes on final demand are no part of the
  accounts, so that the world's factor income lies some 5 to 7 % below its GDP at market prices.
- Final demand summed over its categories (and over the groups asked for) can be negative where
  stocks fell by more than was sold. Such a cell is set to zero, as in Costinot & Rodríguez-Clare
  (2014): the goods drawn from stock are treated as if they had been produced in the year. Output is
  then solved for anew, x = (I − A)⁻¹ f, with every industry's technique as in the table, so that
  shares of inputs, of origins and of factors stay what they were. Industries whose inputs exceed
  their output have them scaled to output. Both are counted in `adjustments`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import AccountsError, InputError, nearest
from surtax.world import elasticities
from surtax.world.files import FORMAT
from surtax.world.icio_codes import REST, SERVICES, canonical, country_name, is_good, sector_name

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
# Differences below this share of output are the rounding of sums, not of the source.
NOISE = 1e-9
# Left as factor income where inputs exceed output: far above float32's rounding, far below anything
# that matters.
LEAST_FACTOR_SHARE = 1e-6

LICENCE = "CC BY 4.0"
ATTRIBUTION = "OECD, Inter-Country Input-Output Tables"

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


@dataclass(frozen=True)
class IcioAccounts:
    """Accounts that hold exactly: sales = output, inputs + value added = output.

    Attributes
    ----------
    countries, sectors : codes.
    sector_members : for each sector the codes of the table that it adds up.
    flows, final : [s, o, d] USD million at basic prices.
    use : [k, s, n] USD million at basic prices.
    value_added : [s, n] output less inputs, ≥ 0.
    trade : {sector of the table: its trade between countries, USD million}, the weights of means
        over sectors.
    adjustments : what was changed, each with its count, value and worst cells.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    sector_members: Mapping[str, tuple[str, ...]]
    flows: Array
    final: Array
    use: Array
    value_added: Array
    trade: Mapping[str, float]
    adjustments: tuple[dict[str, Any], ...]


# -- reading ---------------------------------------------------------------------------------------
# ---------------


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
    name, source = _open(Path(path), year)
    if year is None:
        found = re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)
        if not found:
            raise InputError(
                f"the name {name} does not tell the year of the accounts: pass year=...."
            )
        year = int(found[-1])
    header = _header(name, source)
    labels, values = _cells(name, source, header)
    return _table(name, year, header[1:], labels, values)


def _open(path: Path, year: int | None) -> tuple[str, Path | bytes]:
    """Return the table's own file name, and its path or content."""
    if not path.is_file():
        raise InputError(
            f"there is no file {path}: give the OECD's CSV file, or the zip archive that holds it."
        )
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
    _unique(name, "column", header[1:])
    return header


def _unique(name: str, what: str, labels: Sequence[str]) -> None:
    seen: set[str] = set()
    twice = []
    for label in labels:
        if label in seen:
            twice.append(label)
        seen.add(label)
    if twice:
        raise InputError(
            f"{name} has {what} {twice[0]} twice ({len(twice)} labels are repeated): keep one of "
            f"each."
        )


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
        text = pl.read_csv(
            source, has_header=False, skip_rows=1, schema=dict.fromkeys(columns, pl.String)
        )
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


def _table(
    name: str, year: int, columns: Sequence[str], rows: Sequence[str], values: Array
) -> IcioTable:
    """Sort rows and columns into blocks by their labels, and check that the table adds up."""
    _unique(name, "row", rows)
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
        return np.asarray(
            np.nan_to_num(values[np.ix_(np.array(chosen, dtype=int), square[1].ravel())]).sum(
                axis=0
            )
        )

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
        raise InputError(
            f"{name} has no final demand columns such as CAN_HFCE: give the whole file."
        )
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
        own = sum(
            float(y)
            for label, y in zip(industries, output, strict=True)
            if label[:4] == f"{whole}_"
        )
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


# -- aggregating
# --------------------------------------------------------------------------------------------------


def aggregate_icio(
    table: IcioTable,
    countries: Mapping[str, str] | Sequence[str] | None = None,
    sectors: Mapping[str, str] | str | None = None,
) -> IcioAccounts:
    """Add a table up to countries × sectors and make the accounts hold (see the module's text).

    Parameters
    ----------
    table : from `read_icio_csv`.
    countries : None keeps every economy. A list of codes keeps these and adds the others up to
        `ROW`. A mapping {code: group} adds up groups; codes that it does not name stay, or go to
        the group under the key "*".
    sectors : None keeps every goods sector and adds the services up to one, `SVC`; "all" keeps
        every sector; a mapping {code: group} as for countries.

    Raises
    ------
    InputError
        a code that the table does not have (nearest names offered).
    AccountsError
        an industry without output that buys inputs.
    """
    names, country_of = _country_groups(table.economies, countries)
    kinds, sector_of = _sector_groups(table.sectors, sectors)
    N, J = len(names), len(kinds)
    economy_at = {c: n for n, c in enumerate(table.economies)}
    sector_at = {s: j for j, s in enumerate(table.sectors)}
    own_country = np.array([country_of[economy_at[c]] for c, _ in table.industries])
    own_sector = np.array([sector_at[s] for _, s in table.industries])
    group = sector_of[own_sector] * N + own_country

    wide = _add_up(table.intermediate, group, J * N, axis=1)
    final = _add_up(table.final, country_of, N, axis=1)
    sold = wide.reshape(-1, J, N).sum(axis=1) + final
    abroad = sold.sum(axis=1) - sold[np.arange(len(sold)), own_country]
    per_sector = np.bincount(own_sector, weights=abroad, minlength=len(table.sectors))

    Z = _add_up(wide, group, J * N, axis=0)
    F = _add_up(final, group, J * N, axis=0)
    gap = np.abs(table.intermediate.sum(axis=1) + table.final.sum(axis=1) - table.output)
    gap[gap <= NOISE * np.abs(table.output)] = 0.0
    notes = []
    if gap.any():
        worst = _worst(gap, ["_".join(i) for i in table.industries])
        notes.append(
            _note(
                "published gross output differs from the sum of sales: the sum of sales is taken",
                gap,
                worst,
            )
        )
    labels = [f"{s} {c}" for s in kinds for c in names]
    Z, F, more = _consistent(Z, F, labels, names)
    Z4, F3 = Z.reshape(J, N, J, N), F.reshape(J, N, N)
    flows = Z4.sum(axis=2) + F3
    use = Z4.sum(axis=1)
    value_added = flows.sum(axis=2) - use.sum(axis=0)
    members = {
        kind: tuple(s for s, g in zip(table.sectors, sector_of, strict=True) if g == j)
        for j, kind in enumerate(kinds)
    }
    return IcioAccounts(
        names,
        kinds,
        members,
        flows,
        np.ascontiguousarray(F3),
        np.ascontiguousarray(use),
        np.where(flows.sum(axis=2) > 0, value_added, 0.0),
        dict(zip(table.sectors, per_sector.tolist(), strict=True)),
        (*notes, *more),
    )


def _country_groups(
    codes: Sequence[str], wanted: Mapping[str, str] | Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    if wanted is None or wanted == "all":
        return tuple(codes), np.arange(len(codes))
    if isinstance(wanted, str):
        raise InputError(
            f"countries={wanted!r}: give a list of codes, or a mapping from code to group."
        )
    if isinstance(wanted, Mapping):
        return _groups("country", codes, wanted)
    _unique("countries", "code", list(wanted))
    kept = list(wanted) if REST in wanted else [*wanted, REST]
    names, group = _groups("country", codes, {"*": REST} | {c: c for c in wanted})
    order = [c for c in kept if c in names]
    return tuple(order), np.array([order.index(names[g]) for g in group])


def _sector_groups(
    codes: Sequence[str], wanted: Mapping[str, str] | str | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    if wanted == "all":
        return tuple(codes), np.arange(len(codes))
    if wanted is None:
        wanted = {c: SERVICES for c in codes if not is_good(c)}
    if isinstance(wanted, str):
        raise InputError(f'sectors={wanted!r}: give "all", or a mapping from sector code to group.')
    return _groups("sector", codes, wanted)


def _groups(
    kind: str, codes: Sequence[str], wanted: Mapping[str, str]
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return group codes in order of appearance, and each code's group by position."""
    for code in wanted:
        if code != "*" and code not in codes:
            hint = nearest(code, codes) or f"; the table has {', '.join(codes[:12])}, …"
            raise InputError(f"the table has no {kind} {code!r}{hint}")
    rest = wanted.get("*")
    chosen = [wanted.get(code, code if rest is None else rest) for code in codes]
    names = list(dict.fromkeys(chosen))
    return tuple(names), np.array([names.index(c) for c in chosen])


def _add_up(a: Array, group: NDArray[np.intp], size: int, axis: int) -> Array:
    """Sum rows (axis 0) or columns (axis 1) of a matrix by group; a group without any is zero."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    summed = np.add.reduceat(np.take(a, order, axis=axis), starts, axis=axis)
    out = np.zeros((size, a.shape[1]) if axis == 0 else (a.shape[0], size))
    if axis == 0:
        out[present] = summed
    else:
        out[:, present] = summed
    return out


def _consistent(
    Z: Array, F: Array, labels: Sequence[str], countries: Sequence[str]
) -> tuple[Array, Array, list[dict[str, Any]]]:
    """Return Z ≥ 0, F ≥ 0 with inputs ≤ output.

    F is clipped and output solved for anew at unchanged technique. Z [i, j] and F [i, n] as in
    `IcioTable`, at the level of the groups.
    """
    notes: list[dict[str, Any]] = []
    output = Z.sum(axis=1) + F.sum(axis=1)
    inputs = Z.sum(axis=0)
    stuck = (output <= 0) & (inputs > 0)
    if stuck.any():
        i = int(np.argmax(np.where(stuck, inputs, 0)))
        raise AccountsError(
            f"{labels[i]} has output {output[i]:.6g} but buys inputs of {inputs[i]:.6g} "
            f"({int(stuck.sum())} such "
            f"industries): merge the sector or the country with another one (sectors=, countries=)."
        )
    low = F < 0
    allowed = output * (1 - LEAST_FACTOR_SHARE)
    over = (inputs > allowed) & (output > 0)
    if not low.any() and not over.any():
        return Z, F, notes
    if low.any():
        cut = np.where(low, -F, 0.0)
        places = [f"{label}→{c}" for label in labels for c in countries]
        notes.append(
            _note(
                "negative final demand (stocks fell by more than was sold) set to zero, as if "
                "produced in the year",
                cut,
                _worst(cut.ravel(), places),
            )
        )
        F = np.where(low, 0.0, F)
    A = np.divide(Z, output, out=np.zeros_like(Z), where=output > 0)
    if over.any():
        excess = np.where(over, inputs - allowed, 0.0)
        notes.append(
            _note(
                "inputs above output scaled down to output (no negative factor income)",
                excess,
                _worst(excess, labels),
            )
        )
        A *= np.where(over, allowed / np.where(inputs > 0, inputs, 1.0), 1.0)
    solved = np.maximum(np.linalg.solve(np.eye(len(A)) - A, F.sum(axis=1)), 0.0)
    change = np.abs(solved - output)
    change[change <= NOISE * np.abs(output)] = 0.0
    notes.append(
        _note(
            "gross output solved anew for that final demand at unchanged technique",
            change,
            _worst(change, labels),
        )
    )
    return A * solved, F, notes


def _note(what: str, changes: Array, worst: str) -> dict[str, Any]:
    return {
        "what": what,
        "cells": int(np.count_nonzero(changes)),
        "value": float(np.abs(changes).sum()),
        "worst": worst,
    }


def _worst(changes: Array, labels: Sequence[str], count: int = 5) -> str:
    order = np.argsort(-np.abs(changes), kind="stable")[:count]
    return "; ".join(f"{labels[i]} {changes[i]:.4g}" for i in order if changes[i] != 0)


# -- a world's arrays and metadata
# --------------------------------------------------------------------------------


def build_world_from_icio_csv(
    path: str | Path,
    *,
    year: int | None = None,
    countries: Mapping[str, str] | Sequence[str] | None = None,
    sectors: Mapping[str, str] | str | None = None,
    elasticity: float | Mapping[str, float] | None = None,
    population: Mapping[str, float] | None = None,
    name: str | None = None,
    title: str | None = None,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Build a world from the OECD's CSV file: arrays and metadata for `files.write_world`.

    Parameters
    ----------
    path, year : see `read_icio_csv`.
    countries, sectors : see `aggregate_icio`.
    elasticity : θ for all sectors, or {sector: θ} for some; the others take the shipped set `fgo`,
        averaged over a group's members by their trade between countries.
    population : {country: persons}; others are unknown.
    name, title : short name and title; made from the file's name and year where not given.

    Returns
    -------
    arrays : flows, final, use, tariffs (float32), elasticity, population (float64); see
        `surtax.world.files`. The OECD's tables know no tariffs: they are zero, and the metadata
        says so.
    meta : sources, licence, adjustments, elasticities.

    Raises
    ------
    InputError, AccountsError
        see `read_icio_csv` and `aggregate_icio`.
    """
    table = read_icio_csv(path, year)
    accounts = aggregate_icio(table, countries, sectors)
    theta, records = _elasticities(accounts, elasticity)
    people = np.full(len(accounts.countries), np.nan)
    for code, persons in (population or {}).items():
        if code not in accounts.countries:
            raise InputError(
                f"population names unknown country {code!r}{nearest(code, accounts.countries)}"
            )
        people[accounts.countries.index(code)] = persons
    arrays: dict[str, NDArray[Any]] = {
        "flows": accounts.flows.astype(np.float32),
        "final": accounts.final.astype(np.float32),
        "use": accounts.use.astype(np.float32),
        "tariffs": np.zeros(accounts.flows.shape, dtype=np.float32),
        "elasticity": theta,
        "population": people,
    }
    edition = edition_of(table)
    meta = {
        "format": FORMAT,
        "name": name or f"oecd-icio-{table.year}-{len(accounts.countries)}x{len(accounts.sectors)}",
        "title": title or f"OECD Inter-Country Input-Output Tables, {table.year}",
        "year": table.year,
        "countries": [{"code": c, "name": country_name(c)} for c in accounts.countries],
        "sectors": [
            {
                "code": s,
                "name": sector_name(s),
                "goods": all(is_good(m) for m in accounts.sector_members[s]),
                "members": list(accounts.sector_members[s]),
            }
            for s in accounts.sectors
        ],
        "units": "USD million, basic prices",
        "value_added": "output less inputs at basic prices: value added plus net taxes that "
        "producers pay on inputs",
        "sources": [
            {
                "title": f"OECD Inter-Country Input-Output Tables, {edition}, year {table.year}",
                "licence": LICENCE,
                "attribution": ATTRIBUTION,
                "note": f"read from {table.name}; aggregated and adjusted by Surtax as recorded "
                f"under adjustments",
            }
        ],
        "build": f"surtax build-world {table.name}",
        "imputed": [],
        "adjustments": list(accounts.adjustments),
        "tariffs": {
            "source": "none",
            "note": "the tables hold no tariffs: all base tariffs are zero",
        },
        "elasticities": {
            "set": elasticities.DEFAULT if elasticity is None else "given by the user",
            "by_sector": records,
        },
    }
    return arrays, meta


def edition_of(table: IcioTable) -> str:
    """Name the edition of a table by the way it cuts sectors."""
    if "A02" in table.sectors:
        return "2025 edition"
    if any(s.startswith("A01_") for s in table.sectors):
        return "2023 edition"
    if "01T02" in table.sectors or "D01T02" in table.sectors:
        return "2021 edition"
    if "01T03" in table.sectors or "D01T03" in table.sectors:
        return "2018 edition"
    return "edition not recognised"


def _elasticities(
    accounts: IcioAccounts, given: float | Mapping[str, float] | None
) -> tuple[Array, list[dict[str, Any]]]:
    if isinstance(given, Mapping):
        for code in given:
            if code not in accounts.sectors:
                raise InputError(
                    f"elasticity names unknown sector {code!r}{nearest(code, accounts.sectors)}"
                )
    elif given is not None:
        given = dict.fromkeys(accounts.sectors, float(given))
    chosen = dict(given or {})
    wrong = [s for s, value in chosen.items() if not (np.isfinite(value) and value > 0)]
    if wrong:
        raise InputError(f"elasticity of {wrong[0]} is {chosen[wrong[0]]}: θ is a positive number.")
    theta = np.empty(len(accounts.sectors))
    records: list[dict[str, Any]] = []
    rest = {s: accounts.sector_members[s] for s in accounts.sectors if s not in chosen}
    shipped = (
        elasticities.for_groups(elasticities.elasticity_set(), rest, accounts.trade)
        if rest
        else None
    )
    by_rest = dict(zip(rest, zip(*shipped, strict=True), strict=True)) if shipped else {}
    for position, sector in enumerate(accounts.sectors):
        if sector in chosen:
            theta[position] = chosen[sector]
            records.append(
                {
                    "sector": sector,
                    "theta": float(chosen[sector]),
                    "source": "given by the user",
                    "quality": "user",
                }
            )
        else:
            theta[position], record = by_rest[sector]
            records.append(record)
    return theta, records
