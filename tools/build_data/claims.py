"""Claims of USMCA by product, origin and month, with the value of imports, in one table.

The months at hand are those of the sources; nothing is filled in here. Shares of 2024 come without values:
where the imports of 2024 know no value of a line, its share is not a number, never zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tools.build_data.base_tariffs import hs10_lines
from tools.build_data.common import DATA, no_options, read_rows
from tools.build_data.us_imports import write_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "surtax-usmca-claims/1"
ORIGINS = {"1220": "CAN", "2010": "MEX"}
NAME = "usmca_product_shares_"

Keys = tuple[str, str]
"""(ISO origin, ten digits)."""


def months(sources: Path) -> list[str]:
    """Return the months with values, such as `2025-01`, in order."""
    files = (sources / "law" / "usmca_claims").glob(f"{NAME}????_??.csv.gz")
    return sorted(f.name.removeprefix(NAME)[:7].replace("_", "-") for f in files)


def month(sources: Path, name: str) -> dict[Keys, tuple[int, int]]:
    """Return {(origin, product): (imports, claimed)} of one month, USD, lines without imports left out."""
    rows = read_rows(sources / "law" / "usmca_claims" / f"{NAME}{name.replace('-', '_')}.csv.gz")
    table: dict[Keys, tuple[int, int]] = {}
    for r in rows:
        key = (ORIGINS[r["cty_code"]], r["hts10"])
        value, claimed = int(r["total_value"]), int(r["usmca_value"])
        if key in table or len(key[1]) != 10 or not 0 <= claimed <= value:
            raise SystemExit(f"claims of {name}: {key} stands twice, has no ten digits or claims more than its value")
        share = claimed / value if value else 0.0
        if abs(share - float(r["usmca_share"])) > 1e-9:
            raise SystemExit(f"claims of {name}: the share of {key} is not its claimed value over its value")
        table[key] = (value, claimed)
    return {k: v for k, v in table.items() if v[0]}


def shares_2024(sources: Path) -> dict[Keys, float]:
    """Return the shares of 2024 of the lines that had imports in 2024."""
    imported = {
        (iso, code) for census, iso in ORIGINS.items() for code, value, _ in hs10_lines(sources, census) if value
    }
    rows = read_rows(sources / "law" / "usmca_claims" / f"{NAME}2024.csv.gz")
    table = {(ORIGINS[r["cty_code"]], r["hts10"]): float(r["usmca_share"]) for r in rows}
    lost = [k for k, share in table.items() if share and k not in imported]
    if lost or not all(0 <= s <= 1 for s in table.values()):
        raise SystemExit(f"claims of 2024: shares outside 0 to 1, or of lines without imports: {lost[:5]}")
    return {k: v for k, v in table.items() if k in imported}


def assemble(sources: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the metadata of `usmca_claims.npz`."""
    names = months(sources)
    tables = [month(sources, m) for m in names]
    year = shares_2024(sources)
    keys = sorted(set(year).union(*tables))
    origins = sorted(ORIGINS.values())
    blank = (0, 0)
    arrays = {
        "product": np.array([code for _, code in keys], dtype="S10"),
        "origin": np.array([origins.index(o) for o, _ in keys], dtype=np.uint8),
        # One row a month: neighbours in a row are alike, and the file is smaller.
        "value": np.array([[t.get(k, blank)[0] for k in keys] for t in tables], dtype=np.int64),
        "claimed": np.array([[t.get(k, blank)[1] for k in keys] for t in tables], dtype=np.int64),
        "share_2024": np.array([year.get(k, np.nan) for k in keys]),
    }
    totals = {
        m: {
            o: {
                "value_usd": sum(v for (x, _), (v, _) in t.items() if x == o),
                "claimed_usd": sum(c for (x, _), (_, c) in t.items() if x == o),
            }
            for o in origins
        }
        for m, t in zip(names, tables, strict=True)
    }
    meta = {
        "format": FORMAT,
        "what": "US imports for consumption from Canada and Mexico by HS10 and month, and the part claiming USMCA",
        "importer": "USA",
        "ten_digits": "USA",
        "preference": "usmca",
        "currency": "USD",
        "unit": 1,
        "origins": origins,
        "months": names,
        "totals": totals,
        "source": "USITC DataWeb (US Census Bureau), imports for consumption by HS10: months of 2025, shares of 2024",
        "licence": "public domain (US government work)",
        "collected_through": "Budget-Lab-Yale/tariff-rate-tracker at 8315fffd (MIT)",
        "build": "python -m tools.build_data claims",
        "notes": [
            "Before July 2025 claims on lines free of ordinary duty were not recorded: zero there is no behaviour.",
            "Chapter 99 is not among the products.",
            "The shares of 2024 come without values; the lines without imports in 2024 are not a number.",
        ],
        "recorded_on_free_lines_from": "2025-07",
    }
    return arrays, meta


def build(sources: Path, out: Path) -> None:
    """Write `trade/usmca_claims.npz` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    arrays, meta = assemble(sources)
    write_table(folder / "usmca_claims.npz", arrays, meta)
    print(f"claims: {arrays['product'].size} lines, months {', '.join(meta['months'])}")


def run(sources: Path, arguments: list[str]) -> None:
    """Build into the package."""
    no_options("claims", arguments)
    build(sources, DATA)
