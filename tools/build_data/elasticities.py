"""Trade elasticities by sector, from estimates published by their authors (set `fgo`)."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tools.build_data.common import DATA, read_rows

if TYPE_CHECKING:
    from pathlib import Path

OUT = DATA / "elasticities" / "fgo.csv"
SOURCES = {
    "fontagne_guimbard_orefice_2022": "Fontagné, Guimbard & Orefice (2022)",
    "ahmad_schreiber_2024": "Ahmad & Schreiber (2024)",
    "bachmann_baqaee_2024_wiod": "Bachmann, Baqaee et al. (2024)",
}
HEAD = """\
# Trade elasticities by sector of the OECD's ICIO tables (2025 edition): theta > 0.
# Numbers as published in the papers named; sectors O and T have no estimate.
# Fontagné, Guimbard & Orefice (2022): Tariff-based product-level trade elasticities, Journal of
#   International Economics. Ahmad & Schreiber (2024): US International Trade Commission (services).
#   Bachmann, Baqaee et al. (2024): gaps.
# quality: direct = estimated for this sector; approximate = for a wider or neighbouring one;
#   placeholder = assumed.
# Built by: python -m tools.build_data elasticities
"""


def run(sources: Path, arguments: list[str]) -> None:
    """Write the set; `sources` is the folder of raw material."""
    if arguments:
        raise SystemExit(f"elasticities takes no options: {' '.join(arguments)}")
    rows = read_rows(sources / "elasticities" / "icio50_trade_elasticities.csv")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", encoding="utf-8", newline="") as file:
        file.write(HEAD)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sector", "theta", "source", "quality"])
        for row in rows:
            theta = float(row["trade_elast"])
            if not theta > 0:
                raise SystemExit(f"elasticity of {row['icio_sector']} is {theta}: not positive")
            writer.writerow([row["icio_sector"], repr(theta), SOURCES[row["source"]], row["mapping_quality"]])
    print(f"{OUT.name}: {len(rows)} sectors")
