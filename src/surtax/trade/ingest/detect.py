"""Which published format a trade file has, and its reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from surtax.errors import InputError
from surtax.trade.ingest.baci import read_baci
from surtax.trade.ingest.census import read_census
from surtax.trade.ingest.comtrade import read_comtrade
from surtax.trade.ingest.statcan import read_statcan
from surtax.trade.ingest.table import content, text_of
from surtax.trade.lines import Lines

READERS: dict[str, Callable[..., Lines]] = {
    "baci": read_baci,
    "comtrade": read_comtrade,
    "census": read_census,
    "statcan": read_statcan,
}


def read_flows(path: str | Path, kind: str | None = None, **options: str) -> Lines:
    """Read a trade file in one of the published formats.

    Parameters
    ----------
    path : path
    kind : "baci", "comtrade", "census" or "statcan"; by default what the file's name and first line say.
    options : of the reader, such as `period`.

    Raises
    ------
    InputError
        A format that is none, or cannot be told; what the reader refuses.
    """
    path = Path(path)
    if kind is not None and kind not in READERS:
        raise InputError(f"format {kind!r}: {', '.join(READERS)}")
    return READERS[kind or kind_of(path)](path, **options)


def kind_of(path: Path) -> str:
    """Return the format of a file by its name and first line.

    Raises
    ------
    InputError
        The file cannot be read, or looks like none of them.
    """
    name = path.name.upper()
    for start, kind in (("BACI_", "baci"), ("CIMT", "statcan"), ("ODPFN", "statcan"), ("COMTRADE", "comtrade")):
        if name.startswith(start):
            return kind
    data, shown = content(path, r".*")
    text = text_of(data[:200_000]).lstrip()
    if text.startswith("["):
        inner = text[1:].lstrip()
        return "census" if inner.startswith("[") else "comtrade"
    if text.startswith("{"):
        return "comtrade"
    header = [c.strip().strip('"').lower() for c in text.partition("\n")[0].replace("\t", ",").split(",")]
    if header[:5] == ["t", "i", "j", "k", "v"]:
        return "baci"
    if "cmdcode" in header:
        return "comtrade"
    if header[0].startswith("yearmonth"):
        return "statcan"
    raise InputError(
        f"{shown}: looks like no file of CEPII BACI, UN Comtrade, the US Census API or Statistics Canada (it begins "
        f"{json.dumps(text[:60])}); say which with --format, or see docs/trade.md for what each looks like."
    )
