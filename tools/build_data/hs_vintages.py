"""Six-digit codes of HS 2022, 2017 and 2012, each paired with the code that it converts to.

The tables of the sources give one earlier code for each later one (the conversion of the UN Statistics
Division, not the correlation of all relations). Backwards one code may have several; some earlier codes
have none, because all their products went to codes that convert to another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.build_data.common import DATA, no_options, read_rows

if TYPE_CHECKING:
    from pathlib import Path

TABLES = (("2022", "2017", "hs6_hs5", "HS6", "HS5"), ("2017", "2012", "hs5_hs4", "HS5", "HS4"))


def pairs(sources: Path, table: str, later: str, earlier: str) -> list[tuple[str, str]]:
    """Return sorted (later, earlier) codes; each later code stands once."""
    found = {(r[f"{later}_6d"], r[f"{earlier}_6d"]) for r in read_rows(sources / "concordances" / f"{table}.csv")}
    if len({a for a, _ in found}) != len(found) or any(len(c) != 6 or not c.isdigit() for p in found for c in p):
        raise SystemExit(f"{table}: a code stands twice or has not six digits")
    return sorted(found)


def text(sources: Path) -> str:
    """Return `hs_vintages.csv`."""
    lines = ["later_vintage,later,earlier_vintage,earlier"]
    for a, b, table, later, earlier in TABLES:
        lines += [f"{a},{x},{b},{y}" for x, y in pairs(sources, table, later, earlier)]
    return "\n".join(lines) + "\n"


def build(sources: Path, out: Path) -> None:
    """Write `trade/hs_vintages.csv` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hs_vintages.csv").write_text(text(sources), encoding="utf-8", newline="\n")


def run(sources: Path, arguments: list[str]) -> None:
    """Build into the package."""
    no_options("hs-vintages", arguments)
    build(sources, DATA)
