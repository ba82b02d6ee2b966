"""UN Comtrade: records of the API (JSON or CSV), CSV files of the web site, bulk files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from surtax.errors import InputError
from surtax.trade.flows import country_codes
from surtax.trade.ingest.baci import ALIASES
from surtax.trade.ingest.table import LINE, Table, content, left_out, one_period, parse, text_of
from surtax.trade.lines import Lines, from_index

NUMBERS = {"842": "USA", "757": "CHE", "579": "NOR", "251": "FRA", "699": "IND", "490": "TWN"}
"""Where Comtrade's numbers of countries are not UN M49's, or not those of the country now."""
WORLD = ("0",)
UNIONS = {"97": "European Union", "975": "ASEAN"}
TOTALS = {"partner2Code": "0", "customsCode": "C00", "motCode": "0", "mosCode": "0"}
"""The value of each breakdown that is its total."""
VINTAGES = {
    "H0": "HS1992",
    "H1": "HS1996",
    "H2": "HS2002",
    "H3": "HS2007",
    "H4": "HS2012",
    "H5": "HS2017",
    "H6": "HS2022",
}
FLOWS = {"M": "imports", "X": "exports"}


def read_comtrade(
    source: str | Path | Iterable[dict[str, Any]],
    *,
    flow: str = "M",
    reporters: Iterable[str] | None = None,
    digits: int = 6,
    period: str | None = None,
    classification: str | None = None,
) -> Lines:
    """Read records of UN Comtrade.

    Totals are kept once: the world as a partner, breakdowns by second partner, customs procedure and transport, and
    levels of the nomenclature other than `digits` are left out and counted in `metadata["left_out"]`.

    Parameters
    ----------
    source : path, or iterable of dict
        A JSON document (`{"data": [...]}` or a list), a CSV file, a tab-separated bulk file, gzipped or not; or the
        records themselves, such as `frame.to_dict("records")` of comtradeapicall.
    flow : {"M", "X"}
        Imports (the reporter imports; value with freight and insurance, as most report) or exports (the
        partner imports; free on board).
    reporters : iterable of str, optional
        Alpha-3 codes to keep; all by default, unions of countries left out.
    digits : {2, 4, 6}
        The level to keep.
    period : str, optional
        `2023` or `2023-05`; needed where the file holds several years.
    classification : str, optional
        `H6` (HS 2022), `H5` (HS 2017) …; needed where the file holds several.

    Returns
    -------
    Lines
        USD (`primaryValue`), no duties.

    Raises
    ------
    InputError
        A column is missing, a record cannot be read, nothing is left, or several vintages are mixed.
    """
    if flow not in FLOWS:
        raise InputError(f"flow {flow!r}: give 'M' for imports or 'X' for exports")
    table = _table(source)
    value = table.column("primaryValue")
    code, kind = table.column("cmdCode"), table.column("flowCode")
    dropped: list[dict[str, Any]] = []

    def drop(rows: pl.Expr, what: str) -> None:
        nonlocal table
        count = int(table.frame.select(rows.fill_null(value=False).sum()).item())
        if count:
            dropped.append(left_out(what, count, table.value_of(rows, value)))
            table = table.where(~rows.fill_null(value=False))

    drop(pl.col(kind) != flow, f"other flows than {FLOWS[flow]}")
    reporter, partner = table.column("reporterCode"), table.column("partnerCode")
    drop(pl.col(partner).is_in(WORLD), "the world as partner")
    for column, total in TOTALS.items():
        spelt = table.optional(column)
        if spelt:
            drop(pl.col(spelt) != total, f"parts of totals by {column}")
    drop(
        pl.col(code).str.len_chars().ne(digits) | ~pl.col(code).str.contains(r"^[0-9]+$"),
        f"other levels than {digits} digits",
    )
    iso = _names(table)
    if reporters is None:
        drop(pl.col(reporter).is_in(list(UNIONS)), f"unions as reporters: {', '.join(UNIONS.values())}")
    else:
        keep = {reporters.upper()} if isinstance(reporters, str) else {r.upper() for r in reporters}
        wanted = [n for n, c in iso.items() if c in keep]
        drop(~pl.col(reporter).is_in(wanted), "other reporters")
    when = table.column("period", "refPeriodId")
    table = Table(table.name, table.frame.with_columns(_period(pl.col(when)).alias("#period")), table.unit)
    table.refuse(pl.col("#period").is_null(), when, "is not a period such as 2023 or 202305")
    if not table.frame.height:
        reasons = "; ".join(f"{d['rows']} rows: {d['what']}" for d in dropped) or "it has no rows"
        raise InputError(f"{table.name}: nothing is left of {FLOWS[flow]} at {digits} digits ({reasons})")
    taken, label = one_period(table.frame.get_column("#period").to_list(), period, table.name)
    drop(~pl.col("#period").is_in(taken), "other periods")
    vintage = table.optional("classificationCode")
    vintages = sorted(table.frame.get_column(vintage).drop_nulls().unique().to_list()) if vintage else []
    if classification is not None and vintage:
        if classification not in vintages:
            raise InputError(f"{table.name} holds nothing in {classification!r}; it holds {', '.join(vintages)}")
        drop(pl.col(vintage) != classification, "other classifications")
        vintages = [classification]
    if len(vintages) > 1:
        raise InputError(
            f"{table.name} mixes {', '.join(vintages)}, in which a code means different goods: say which, "
            f"classification={vintages[0]!r}"
        )
    amounts = table.numbers(value)
    into, whence = (reporter, partner) if flow == "M" else (partner, reporter)
    return from_index(
        table.labels(into, iso.__getitem__),
        table.labels(whence, iso.__getitem__),
        table.labels(code),
        amounts,
        currency="USD",
        period=label,
        metadata={
            "source": "UN Comtrade",
            "licence": "UN Comtrade's terms of use: re-dissemination needs the UN's permission",
            "file": table.name,
            "flow": FLOWS[flow],
            "valuation": "as reported: imports usually with freight and insurance, exports free on board",
            "nomenclature": VINTAGES.get(vintages[0], vintages[0]) if vintages else "not stated",
            "periods": taken,
            "left_out": dropped,
            "aliases": {"S19": "TWN"} if "TWN" in iso.values() else {},
            "not_iso": sorted(c for c in set(iso.values()) if c not in country_codes().names),
        },
    )


def _period(text: pl.Expr) -> pl.Expr:
    """Return 2023, 202305, 20230101 (a year) as 2023, 2023-05, 2023."""
    month = text.str.slice(0, 4) + "-" + text.str.slice(4, 2)
    return (
        pl.when(text.str.contains(r"^[0-9]{4}$") | text.str.contains(r"^[0-9]{4}0101$"))
        .then(text.str.slice(0, 4))
        .when(text.str.contains(r"^[0-9]{4}(0[1-9]|1[0-2])(01)?$"))
        .then(month)
        .otherwise(None)
    )


def _names(table: Table) -> dict[str, str]:
    """Return Comtrade's numbers of the countries in the file to alpha-3, or to the letters that it uses itself."""
    m49 = {str(int(n)): c for n, c in country_codes().m49.items()}
    names: dict[str, str] = {}
    for side in ("reporter", "partner"):
        number, letters = table.column(f"{side}Code"), table.optional(f"{side}ISO")
        table.refuse(
            ~pl.col(number).str.contains(r"^[0-9]+$").fill_null(value=False), number, "is not a country number"
        )
        own = [number] if letters is None else [number, letters]
        for row in table.frame.select(own).unique().rows():
            n = str(row[0])
            known = NUMBERS.get(n) or m49.get(n)
            given = row[1] if letters is not None and row[1] else None
            names[n] = known or ALIASES.get(given or "", given or "") or f"#{n}"
    return names


def _table(source: str | Path | Iterable[dict[str, Any]]) -> Table:
    if not isinstance(source, str | Path):
        return _records(list(source), "the records")
    path = Path(source)
    data, name = content(path, r"\.(csv|txt|json)$")
    if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in (b"{", b"["):
        return parse(data, name, None)
    try:
        document = json.loads(text_of(data))
    except json.JSONDecodeError as problem:
        raise InputError(f"{name}, line {problem.lineno}, column {problem.colno}: not JSON ({problem.msg})") from None
    if isinstance(document, dict):
        if document.get("error"):
            raise InputError(f"{name} is an error of the service, not data: {document['error']}")
        if not isinstance(document.get("data"), list):
            raise InputError(f"{name}: records are looked for under 'data'; it has {', '.join(document) or 'nothing'}")
        document = document["data"]
    return _records(document, name)


def _records(records: list[Any], name: str) -> Table:
    for i, record in enumerate(records):
        if not isinstance(record, dict):
            raise InputError(f"{name}, record {i + 1}: {record!r} is not a record of named fields")
    columns = list(dict.fromkeys(k for r in records for k in r))
    texts = {c: pl.Series(c, [_text(r.get(c)) for r in records], dtype=pl.String) for c in columns}
    frame = pl.DataFrame(texts).with_columns(pl.int_range(1, len(records) + 1, dtype=pl.Int64).alias(LINE))
    return Table(name, frame, "record")


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
