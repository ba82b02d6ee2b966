"""Files of text columns, and complaints that name file, line and column."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from surtax.errors import InputError, nearest

FIRST_LINE = 2
"""The line of a file that holds its first row, after the header."""


@dataclass(frozen=True)
class Table:
    """Columns of text, with the line of the file each row came from.

    Parameters
    ----------
    name : str
        The file, for messages.
    frame : polars.DataFrame
        Text columns under the names of the file, and `line`.
    unit : str
        What a row is called in messages: `line` of a file of text, `row` of a JSON document.
    """

    name: str
    frame: pl.DataFrame
    unit: str = "line"

    def column(self, name: str, *also: str) -> str:
        """Return the name, as the file spells it, of a column that must be there; case does not matter.

        Raises
        ------
        InputError
            It is not there; the message names the columns that are.
        """
        found = self.optional(name, *also)
        if found is None:
            there = [c for c in self.frame.columns if c != LINE]
            raise InputError(
                f"{self.name} has no column {name!r}{nearest(name, there)}; its columns: {', '.join(map(repr, there))}"
            )
        return found

    def optional(self, name: str, *also: str) -> str | None:
        """Return the name, as the file spells it, of a column, or None."""
        lower = {c.lower(): c for c in reversed(self.frame.columns)}
        return next((lower[n.lower()] for n in (name, *also) if n.lower() in lower), None)

    def where(self, keep: pl.Expr) -> Table:
        """Return the rows where a condition holds; where it is not known they go."""
        return Table(self.name, self.frame.filter(keep), self.unit)

    def refuse(self, bad: pl.Expr, column: str, what: str) -> None:
        """Raise for the first row where `bad` holds, naming file, line, column and content."""
        rows = self.frame.filter(bad)
        if rows.height:
            line, text = rows.select(LINE, column).row(0)
            more = f" ({rows.height} such rows)" if rows.height > 1 else ""
            shown = "nothing" if text is None else repr(text)
            raise InputError(f"{self.name}, {self.unit} {line}, column {column!r}: {shown} {what}{more}")

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column as numbers that are finite and not below zero."""
        number = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
        self.refuse(number.is_null() | ~number.is_finite(), column, "is not a number")
        self.refuse(number < 0, column, "is below zero")
        return self.frame.select(number).to_series().to_numpy().astype(np.float64)

    def labels(self, column: str, rename: Callable[[str], str] | None = None) -> tuple[NDArray[np.str_], NDArray[Any]]:
        """Return sorted labels of a column, renamed, and (n,) positions in them."""
        texts = self.frame.get_column(column).to_frame("text").with_row_index("at")
        once = texts.select(pl.col("text").unique()).to_series().to_list()
        final = {t: rename(t) if rename else t for t in once}
        names = sorted(set(final.values()))
        place = {n: i for i, n in enumerate(names)}
        number = {t: place[final[t]] for t in once}
        index = (
            texts.get_column("text").replace_strict(number, return_dtype=pl.Int64)
            if once
            else pl.Series([], dtype=pl.Int64)
        )
        return np.array(names, dtype=np.str_), index.to_numpy()

    def value_of(self, rows: pl.Expr, column: str) -> float:
        """Return the sum of a column over some rows, what is not a number counting as nothing."""
        number = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
        return float(self.frame.filter(rows).select(number.sum()).item() or 0.0)

    def check_codes(self, column: str, digits: Sequence[int]) -> None:
        """Refuse product codes that are not digits of one of these lengths."""
        text = pl.col(column)
        self.refuse(text.is_null() | ~text.str.contains(r"^[0-9]+$"), column, "is not a product code in digits")
        short = " or ".join(map(str, digits))
        lost = "; leading zeros may have been lost in a spreadsheet: use the file as published"
        self.refuse(~text.str.len_chars().is_in(list(digits)), column, f"has not {short} digits{lost}")


LINE = "line#"


def read(path: str | Path, *, member: str = r"\.(csv|txt)$", separator: str | None = None) -> Table:
    """Read a file of separated text, plain, gzipped or in a zip archive.

    Parameters
    ----------
    path : path
    member : str
        Regular expression of the one file wanted in a zip archive.
    separator : str, optional
        Taken from the header where not given: tab, semicolon or comma.

    Raises
    ------
    InputError
        No such file, no or several such members, no header, or a row with more or fewer fields than the header.
    """
    data, name = content(Path(path), member)
    return parse(data, name, separator)


def content(path: Path, member: str) -> tuple[bytes, str]:
    """Return the bytes of a file, unpacked, and a name for messages."""
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                found = [n for n in archive.namelist() if re.search(member, n, re.IGNORECASE)]
                if len(found) != 1:
                    inside = ", ".join(sorted(archive.namelist())[:10]) or "nothing"
                    raise InputError(
                        f"{path.name}: {len(found)} files in it match {member!r}; give one of them unpacked "
                        f"(the archive holds {inside})"
                    )
                return archive.read(found[0]), f"{path.name}/{found[0]}"
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                return file.read(), path.name
        return path.read_bytes(), path.name
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"cannot read {path}: {reason}") from None


def text_of(data: bytes) -> str:
    """Decode UTF-8, with or without a mark, or else Windows' Latin letters."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def parse(data: bytes, name: str, separator: str | None) -> Table:
    """Parse separated text; every column stays text."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = text_of(data).encode()
    head, _, rest = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    header = head.decode().rstrip("\r")
    if not header.strip():
        raise InputError(f"{name} is empty: its first line should name the columns")
    if separator is None:
        separator = max("\t;,", key=header.count)
    columns = [c.strip().strip('"') for c in header.split(separator)]
    twice = sorted({c for c in columns if columns.count(c) > 1})
    if twice:
        raise InputError(f"{name}, line 1: column {twice[0]!r} stands twice")
    # The site of UN Comtrade ends rows, but not the header, with a comma.
    first = rest.partition(b"\n")[0].decode(errors="replace").rstrip("\r")
    padded = (
        first.endswith(separator) and not header.endswith(separator) and _fields(first, separator) == len(columns) + 1
    )
    names = [*columns, "#"] if padded else columns
    if not rest.strip():
        frame = pl.DataFrame({c: pl.Series([], dtype=pl.String) for c in columns})
        return Table(name, frame.with_columns(pl.Series(LINE, [], dtype=pl.Int64)))
    reason = "the rows differ in length"
    loaded: pl.DataFrame | None = None
    try:
        loaded = pl.read_csv(
            io.BytesIO(rest), has_header=False, new_columns=names, separator=separator, infer_schema=False
        )
    except pl.exceptions.PolarsError as problem:
        reason = str(problem).splitlines()[0]
    if loaded is None or loaded.width != len(names):
        _ragged(text_of(rest), name, separator, len(names))
        raise InputError(f"{name} cannot be read as text separated by {separator!r}: {reason}")
    frame = loaded.with_columns(pl.int_range(FIRST_LINE, loaded.height + FIRST_LINE, dtype=pl.Int64).alias(LINE))
    table = Table(name, frame)
    table.refuse(
        pl.col(columns[-1]).is_null() & pl.all_horizontal(pl.col(c).is_null() for c in columns),
        columns[0],
        "starts an empty line",
    )
    # polars fills short rows with nothing: count the separators, or where some are quoted the fields.
    plain = b'"' not in rest and rest.count(separator.encode()) == frame.height * (len(names) - 1)
    if not plain and frame.get_column(columns[-1]).null_count():
        _ragged(text_of(rest), name, separator, len(names))
    return table


def _fields(line: str, separator: str) -> int:
    import csv

    return len(next(csv.reader([line], delimiter=separator), []))


def _ragged(text: str, name: str, separator: str, width: int) -> None:
    import csv

    for i, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator)):
        if len(row) != width:
            raise InputError(f"{name}, line {i + FIRST_LINE}: {len(row)} fields where the header names {width}")


def left_out(what: str, rows: int, value: float) -> dict[str, Any]:
    """Return a record of rows that a reader left out, for the metadata."""
    return {"what": what, "rows": rows, "value": value}


def one_period(periods: Sequence[str], wanted: str | None, name: str) -> tuple[list[str], str]:
    """Return the periods to take and the label for them: one year, or one month, or the months of one year.

    Raises
    ------
    InputError
        The file holds several years and none was asked for, or not what was asked for.
    """
    known = sorted(set(periods))
    if wanted is not None:
        taken = [p for p in known if p == wanted or p.startswith(f"{wanted}-")]
        if not taken:
            raise InputError(f"{name} holds nothing of {wanted}; it holds {', '.join(known[:12])}")
    else:
        taken = known
    years = {p[:4] for p in taken}
    if len(years) > 1:
        raise InputError(f"{name} holds several years, {', '.join(sorted(years))}: say which, period={min(years)!r}")
    if len({len(p) for p in taken}) > 1:
        raise InputError(
            f"{name} holds a year and months of it, which would count twice: say which, period={taken[1]!r}"
        )
    months = [p for p in taken if len(p) > 4]
    whole_year = len(months) in {0, 12}
    if whole_year or len(taken) == 1:
        return taken, taken[0] if len(taken) == 1 else next(iter(years))
    return taken, f"{taken[0]}/{taken[-1]}"
