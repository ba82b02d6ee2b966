"""ProTEE's trade elasticities by HS6, averaged to sectors with US imports of 2024 as weights (set `protee`)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tools.build_data.common import no_options, read_rows
from tools.build_data.elasticities import FOLDER, Row, write_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SOURCE = "ProTEE 0.1"


def by_sector(
    sigma: Mapping[str, float],
    imputed: set[str],
    older: Mapping[str, list[str]],
    trade: Mapping[tuple[str, str], float],
) -> list[Row]:
    """Return θ = Σ w (σ − 1) by sector.

    Parameters
    ----------
    sigma : {HS 2007 code: σ > 0}; imputed : those that are averages of their heading.
    older : {HS 2022 code: its HS 2007 codes}, whose plain mean it takes.
    trade : {(HS 2022 code, sector): weight}.
    """
    total: dict[str, float] = defaultdict(float)
    known: dict[str, float] = defaultdict(float)
    own: dict[str, float] = defaultdict(float)
    sums: dict[str, float] = defaultdict(float)
    products: dict[str, int] = defaultdict(int)
    for (code, sector), weight in trade.items():
        total[sector] += weight
        codes = [c for c in older.get(code, [code]) if c in sigma]
        if not codes:
            continue
        known[sector] += weight
        own[sector] += weight * sum(c not in imputed for c in codes) / len(codes)
        sums[sector] += weight * sum(sigma[c] - 1 for c in codes) / len(codes)
        products[sector] += 1
    rows = []
    for sector in sorted(known):
        share, direct = known[sector] / total[sector], own[sector] / total[sector]
        source = (
            f"{SOURCE}: {products[sector]} products, {100 * share:.0f} % of the sector's US imports; "
            f"{100 * direct:.0f} % estimated for the product itself"
        )
        rows.append(Row(sector, round(sums[sector] / known[sector], 6), None, sector, source, "aggregated"))
    return rows


def run(sources: Path, arguments: list[str]) -> None:
    """Write `protee.csv`; needs the concordance and the table of US imports."""
    from surtax.trade import load_us_imports
    from surtax.trade.vintages import line_sectors
    from surtax.world.icio_codes import is_good

    no_options("protee", arguments)
    sigma, imputed = {}, set()
    for r in read_rows(sources / "elasticities" / "ProTEE_0_1.csv"):
        if r["sigma"]:
            sigma[r["HS6"]] = -float(r["sigma"])
        if r["zero"] == "1" or r["positive"] == "1":
            imputed.add(r["HS6"])
    older: dict[str, list[str]] = defaultdict(list)
    for r in read_rows(sources / "concordances" / "hs6_hs3.csv"):
        older[r["HS6_6d"]].append(r["HS3_6d"])
    lines = load_us_imports()
    trade: dict[tuple[str, str], float] = defaultdict(float)
    for code, sector, value in zip(lines.codes, line_sectors(lines), lines.value, strict=True):
        if len(code) >= 6 and is_good(str(sector)):
            trade[str(code)[:6], str(sector)] += float(value)
    write_set(FOLDER, "protee", by_sector(sigma, imputed, older, trade), builder="protee")
