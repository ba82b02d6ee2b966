"""Statistics Canada, Canadian International Merchandise Trade: monthly CSV files, in yearly zip archives.

`CIMT-CICM_Imp_2024.zip` holds `ODPFN014_202412N.csv` (imports, HS10), `CIMT-CICM_Dom_Exp_2024.zip`
`ODPFN016_….csv` (domestic exports, HS8), `CIMT-CICM_Tot_Exp_2024.zip` `ODPFN017_….csv` (all exports, HS8).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from surtax.errors import InputError
from surtax.trade.flows import country_codes
from surtax.trade.ingest.table import Table, one_period, read
from surtax.trade.lines import Lines, from_index

MEMBER = r"ODPFN01[467]_\d{6}[A-Z]?\.csv$"
LEVELS = {"HS10": 10, "HS8": 8, "HS6": 6, "HS4": 4, "HS2": 2}


def read_statcan(path: str | Path, *, flow: str | None = None, period: str | None = None) -> Lines:
    """Read a file of Canadian merchandise trade; rows by province and US state are added up.

    Parameters
    ----------
    path : path
        `ODPFN014_202412N.csv`, or the yearly zip. Columns: YearMonth/AnnéeMois, HS10 (or HS8, HS6 …),
        Country/Pays, Province, State/État, Value/Valeur, Quantity/Quantité, Unit of Measure/Unité de Mesure.
    flow : {"imports", "exports"}, optional
        Taken from the name of the file or, failing that, from its codes: ten digits are imports.
    period : str, optional
        `2024` or `2024-05`.

    Returns
    -------
    Lines
        CAD, no duties. The ten digits are Canada's, not those of the United States.

    Raises
    ------
    InputError
        A missing column, a code of the wrong length, a month that is none; several years and none asked for.
    """
    table = read(path, member=MEMBER, separator=",")
    when = table.column("YearMonth/AnnéeMois", "YearMonth")
    country, value = table.column("Country/Pays", "Country"), table.column("Value/Valeur", "Value")
    code = next((c for c in (table.optional(level) for level in LEVELS) if c), None) or table.column("HS10")
    flow = flow or _flow(table.name, code)
    if flow not in {"imports", "exports"}:
        raise InputError(f"flow {flow!r}: give 'imports' or 'exports'")
    table.refuse(
        ~pl.col(when).str.contains(r"^[0-9]{4}(0[1-9]|1[0-2])$").fill_null(value=False),
        when,
        "is not a month such as 202405",
    )
    month = pl.col(when).str.slice(0, 4) + "-" + pl.col(when).str.slice(4, 2)
    table = Table(table.name, table.frame.with_columns(month.alias("#period"), pl.lit("CAN").alias("#home")))
    table.refuse(
        pl.col(country).is_null() | (pl.col(country).str.len_chars() != 2), country, "is not a country of two letters"
    )
    table.check_codes(code, (LEVELS[code.upper()],))
    if not table.frame.height:
        raise InputError(f"{table.name} has no rows")
    taken, label = one_period(table.frame.get_column("#period").unique().to_list(), period, table.name)
    table = table.where(pl.col("#period").is_in(taken))
    iso2 = country_codes().iso2
    # Canada's own goods that come back stand under CA; unspecified countries have letters of their own.
    partner = table.labels(country, lambda c: iso2.get(c, c))
    home = table.labels("#home")
    return from_index(
        home if flow == "imports" else partner,
        partner if flow == "imports" else home,
        table.labels(code),
        table.numbers(value),
        currency="CAD",
        period=label,
        metadata={
            "source": "Statistics Canada, Canadian International Merchandise Trade (customs basis)",
            "licence": "Statistics Canada Open Licence",
            "file": table.name,
            "flow": flow,
            "valuation": "free on board",
            "ten_digits": "CAN",
            "periods": taken,
            "left_out": [],
            "not_iso": sorted(set(table.frame.get_column(country).unique().to_list()) - set(iso2)),
        },
    )


def _flow(name: str, code: str) -> str:
    if "ODPFN014" in name:
        return "imports"
    if "ODPFN016" in name or "ODPFN017" in name:
        return "exports"
    if code.upper() == "HS10":
        return "imports"
    raise InputError(f"{name}: neither its name nor its codes say whether these are imports or exports: give flow=")
