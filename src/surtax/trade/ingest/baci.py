"""CEPII BACI: one CSV file a year, columns t, i, j, k, v, q; codes of countries in a file of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

from surtax.errors import InputError
from surtax.trade.ingest.table import Table, left_out, one_period, read
from surtax.trade.lines import Lines, from_index

THOUSAND = 1000
ALIASES = {"S19": "TWN"}
"""BACI's and Comtrade's "Other Asia, not elsewhere specified" is, in practice, Taiwan."""
OLDER_ISO3 = "iso_3digit_alpha"


def read_baci(
    path: str | Path,
    *,
    countries: str | Path | None = None,
    importers: Iterable[str] | None = None,
    exporters: Iterable[str] | None = None,
    year: int | str | None = None,
) -> Lines:
    """Read a year of BACI.

    Parameters
    ----------
    path : path
        `BACI_HS17_Y2022_V202501.csv`, plain or gzipped, or the zip of a release (then `year` picks the file).
    countries : path, optional
        `country_codes_V202501.csv`; looked for beside the file, or in the zip, where not given.
    importers, exporters : iterable of str, optional
        Alpha-3 codes to keep; all by default.
    year : int or str, optional
        Needed where the file or zip holds several.

    Returns
    -------
    Lines
        USD (the file's thousands times 1000), six digits, no duties. Free on board.

    Raises
    ------
    InputError
        A missing column or file, a code that is not six digits, a country that the codes file does not know.
    """
    path = Path(path)
    wanted = None if year is None else str(year)
    table = read(path, member=rf"BACI_HS\d+_Y{wanted or '[0-9]{4}'}_V\w+\.csv$")
    iso = _countries(path, Path(countries) if countries is not None else None)
    t, i, j, k, v = (table.column(c) for c in "tijkv")
    table.refuse(~pl.col(t).str.contains(r"^[0-9]{4}$").fill_null(value=False), t, "is not a year")
    taken, period = one_period(table.frame.get_column(t).unique().to_list(), wanted, table.name)
    table = table.where(pl.col(t).is_in(taken))
    for column in (i, j):
        table.refuse(
            ~pl.col(column).is_in(list(iso)).fill_null(value=False), column, "is not in the file of country codes"
        )
    for column, keep in ((i, exporters), (j, importers)):
        if keep is not None:
            wanted_codes = {keep.upper()} if isinstance(keep, str) else {c.upper() for c in keep}
            unknown = sorted(wanted_codes - set(iso.values()))
            if unknown:
                raise InputError(f"no country {unknown[0]!r} among BACI's codes; give alpha-3 codes")
            table = table.where(pl.col(column).is_in([n for n, c in iso.items() if c in wanted_codes]))
    odd = pl.col(k).str.contains(r"^9999\w\w$") & ~pl.col(k).str.contains(r"^[0-9]+$")
    dropped = []
    if table.frame.select(odd.sum()).item():
        value = THOUSAND * table.value_of(odd, v)
        dropped.append(left_out("products not specified (9999AA)", int(table.frame.select(odd.sum()).item()), value))
        table = table.where(~odd)
    table.check_codes(k, (6,))
    vintage = re.search(r"HS(\d\d)_Y", table.name)
    return from_index(
        table.labels(j, iso.__getitem__),
        table.labels(i, iso.__getitem__),
        table.labels(k),
        _whole(table.numbers(v) * THOUSAND),
        currency="USD",
        period=period,
        metadata={
            "source": "CEPII, BACI",
            "licence": "Etalab Open Licence 2.0",
            "file": table.name,
            "nomenclature": f"HS{('19' if vintage[1] > '90' else '20') + vintage[1]}"
            if vintage
            else "HS, vintage not stated",
            "valuation": "free on board, reconciled by CEPII",
            "left_out": dropped,
            "aliases": {a: b for a, b in ALIASES.items() if b in iso.values()},
        },
    )


def _countries(path: Path, given: Path | None) -> dict[str, str]:
    member = r"country_codes_\w+\.csv$"
    if given is None and path.suffix.lower() != ".zip":
        beside = sorted(p for p in path.parent.glob("country_codes_V*.csv"))
        if len(beside) != 1:
            raise InputError(
                f"{path.name} needs its file of country codes, country_codes_V….csv; {len(beside)} such files lie "
                "beside it: give one as countries="
            )
        given = beside[0]
    table: Table = read(given if given is not None else path, member=member)
    code, iso3 = table.column("country_code"), table.column("country_iso3", OLDER_ISO3)
    table.refuse(pl.col(code).is_null() | ~pl.col(code).str.contains(r"^[0-9]+$"), code, "is not a country number")
    rows = table.frame.select(code, iso3).rows()
    # A few old territories have no letters: their number stands for them.
    named = {str(n): (str(c) if c and c != "N/A" else f"#{n}") for n, c in rows}
    return {n: ALIASES.get(c, c) for n, c in named.items()}


def _whole(
    amounts: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return amounts with what multiplication by a thousand left behind the point taken away."""
    near = np.rint(amounts)
    return np.where(np.abs(amounts - near) <= 1e-9 * np.maximum(near, 1), near, amounts)
