"""US Census Bureau, International Trade API: a JSON list of lists, names of columns first, numbers as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from surtax.errors import InputError
from surtax.trade.flows import country_codes
from surtax.trade.ingest.table import LINE, Table, content, left_out, one_period, text_of
from surtax.trade.lines import Lines, from_index

IMPORTS = ("CON_VAL_YR", "CON_VAL_MO", "GEN_VAL_YR", "GEN_VAL_MO")
EXPORTS = ("ALL_VAL_YR", "ALL_VAL_MO")
DUTY = {"CON_VAL_YR": "CAL_DUT_YR", "CON_VAL_MO": "CAL_DUT_MO"}
MEANING = {
    "CON": "imports for consumption, customs value",
    "GEN": "general imports, customs value",
    "ALL": "exports, domestic and foreign, free alongside ship",
}
GROUPS = r"^(-|0[0-9]{3}|[0-9]XXX|[0-9][0-9]XX)$"
"""Totals and groups of countries: all, the European Union (0003), NATO, continents."""


def read_census(
    source: str | Path | Sequence[Sequence[Any]], *, value: str | None = None, period: str | None = None
) -> Lines:
    """Read an answer of the International Trade API (imports/hs or exports/hs).

    Totals and groups of countries, and levels of the nomenclature above the finest, are left out and counted in
    `metadata["left_out"]`: they would count twice.

    Parameters
    ----------
    source : path, or list of lists
        The answer as it came: `[["I_COMMODITY", "CTY_CODE", "CON_VAL_YR", …], ["0101210010", "1220", "31047", …], …]`.
    value : str, optional
        The column to take, such as `CON_VAL_YR`; needed where there are several. Duties (`CAL_DUT_YR`, `CAL_DUT_MO`)
        are those of imports for consumption and come with their values where the file has them.
    period : str, optional
        `2024` or `2024-05`.

    Returns
    -------
    Lines
        USD. Columns that end in `_YR` hold the year up to their month: one month may be read at a time.

    Raises
    ------
    InputError
        Not such an answer, several value columns or months that would count twice, an unknown country.
    """
    table = _table(source)
    columns = [c for c in table.frame.columns if c != LINE]
    exports = table.optional("E_COMMODITY") is not None
    code, country = table.column("E_COMMODITY" if exports else "I_COMMODITY"), table.column("CTY_CODE")
    known = EXPORTS if exports else IMPORTS
    if value is None:
        there = [c for c in known if c in columns]
        if len(there) != 1:
            raise InputError(
                f"{table.name} has {len(there)} columns of values: say which, value= (--value), "
                f"of {', '.join(there or known)}"
            )
        value = there[0]
    elif value not in known:
        raise InputError(f"value {value!r}: give one of {', '.join(known)}")
    amount = table.column(value)
    paid = table.optional(DUTY.get(value, ""))
    dropped = []

    def drop(rows: pl.Expr, what: str) -> None:
        nonlocal table
        count = int(table.frame.select(rows.fill_null(value=False).sum()).item())
        if count:
            dropped.append(left_out(what, count, table.value_of(rows, amount)))
            table = table.where(~rows.fill_null(value=False))

    level = table.optional("SUMMARY_LVL")
    if level:
        drop(pl.col(level) == "CGP", "groups of countries")
    drop(pl.col(country).str.contains(GROUPS), "totals and groups of countries")
    codes = country_codes().census
    table.refuse(
        ~pl.col(country).is_in(list(codes)).fill_null(value=False), country, "is not a Census country code known here"
    )
    table.check_codes(code, (2, 4, 6, 10))
    if not table.frame.height:
        raise InputError(f"{table.name} has no rows of single countries")
    finest = int(table.frame.select(pl.col(code).str.len_chars().max()).item())
    drop(pl.col(code).str.len_chars() < finest, f"levels above {finest} digits")
    table, when = _times(table)
    taken, label = one_period(table.frame.get_column(when).to_list(), period, table.name)
    drop(~pl.col(when).is_in(taken), "other periods")
    if value.endswith("_YR"):
        if len(taken) > 1:
            raise InputError(
                f"{table.name}: {value} holds the year up to each month, and {len(taken)} months would count "
                f"several times: say which, period={taken[-1]!r}"
            )
        month = taken[0][5:]
        label = taken[0][:4] if month in {"", "12"} else f"{taken[0][:4]}-01/{taken[0]}"
    partner = table.labels(country, codes.__getitem__)
    here = ["USA"] * table.frame.height
    home = Table(table.name, table.frame.with_columns(pl.Series("#home", here, dtype=pl.String))).labels("#home")
    return from_index(
        partner if exports else home,
        home if exports else partner,
        table.labels(code),
        table.numbers(amount),
        table.numbers(paid) if paid else None,
        currency="USD",
        period=label,
        metadata={
            "source": "US Census Bureau, International Trade API",
            "licence": "public domain (US government work)",
            "file": table.name,
            "column": value,
            "valuation": MEANING[value[:3]],
            "ten_digits": "USA, exports (Schedule B)" if exports else "USA",
            "periods": taken,
            "left_out": dropped,
        },
    )


def _times(table: Table) -> tuple[Table, str]:
    """Return the table with a column `#period` as 2024-05 or 2024."""
    time, year, month = table.optional("time"), table.optional("YEAR"), table.optional("MONTH")
    if time:
        text = pl.col(time)
    elif year and month:
        text = pl.col(year) + "-" + pl.col(month).str.zfill(2)
    else:
        raise InputError(f"{table.name} has no column 'time' (nor 'YEAR' and 'MONTH'): ask the API for it")
    out = Table(table.name, table.frame.with_columns(text.alias("#period")), table.unit)
    out.refuse(
        ~pl.col("#period").str.contains(r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$").fill_null(value=False),
        "#period",
        "is not a period such as 2024-05",
    )
    return out, "#period"


def _table(source: str | Path | Sequence[Sequence[Any]]) -> Table:
    name = "the answer"
    document: Any = source
    if isinstance(source, str | Path):
        data, name = content(Path(source), r"\.json$")
        text = text_of(data)
        try:
            document = json.loads(text)
        except json.JSONDecodeError as problem:
            start = " ".join(text.split())[:80]
            raise InputError(
                f"{name}, line {problem.lineno}, column {problem.colno}: not JSON, as the API answers when it refuses; "
                f"it begins {start!r}"
            ) from None
    if not isinstance(document, list | tuple) or not document or not all(isinstance(r, list | tuple) for r in document):
        raise InputError(f"{name}: a list of lists is expected, names of columns first")
    header = [str(c) for c in document[0]]
    for i, row in enumerate(document[1:], start=2):
        if len(row) != len(header):
            raise InputError(f"{name}, row {i}: {len(row)} fields where the header names {len(header)}")
    texts: dict[str, pl.Series] = {}
    for at, column in enumerate(header):
        series = pl.Series(column, [None if r[at] is None else str(r[at]) for r in document[1:]], dtype=pl.String)
        # The API repeats a column that is both asked for and given as a condition.
        if column in texts and not texts[column].equals(series, null_equal=True):
            raise InputError(f"{name}: column {column!r} stands twice with different content")
        texts[column] = series
    rows = pl.int_range(2, len(document) + 1, dtype=pl.Int64)
    return Table(name, pl.DataFrame(texts).with_columns(rows.alias(LINE)), "row")
