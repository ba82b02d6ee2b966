"""Trade of each US state with Canada in 2022, for the incidence of national results by state.

The values are Canada's customs figures by state of destination and of origin, in CAD million, and GDP and population by
state, as compiled publicly. Employment by industry is at hand by metropolitan area only and is not used.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tools.build_data.common import DATA, no_options, read_rows

OUT = DATA / "regions" / "us_states_2022.csv"
# Bank of Canada, annual average of 2022.
CAD_PER_USD = 1.3013
META = DATA / "regions" / "us_states_2022.json"


def number(text: str) -> float:
    """A number that may carry thousands separators."""
    return float(text.replace(",", ""))


def run(sources: Path, arguments: list[str]) -> None:
    """Write one row a state."""
    no_options("regions", arguments)
    rows = read_rows(sources / "regions" / "us_states_canada_provinces_trade" / "data.csv")
    states = sorted((r for r in rows if r["id"].startswith("US-")), key=lambda r: r["id"])
    if len(states) != 51:
        raise SystemExit(f"{len(states)} states; expected 50 and the District of Columbia")
    with OUT.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["state", "name", "imports_from_canada", "exports_to_canada", "gdp", "population"])
        for r in states:
            out.writerow([
                r["id"].removeprefix("US-"), r["Name"].strip(), f"{number(r['Exp_US_CDN_Trade_2022']):.3f}",
                f"{number(r['Imp_US_CDN_Trade_2022']):.3f}", f"{number(r['gdp_2022']):.0f}",
                f"{number(r['pop_2022']):.0f}",
            ])  # fmt: skip
    meta = {
        "title": "Goods trade of US states with Canada, 2022",
        "year": 2022,
        "units": "trade CAD million, from Canada's side; GDP USD million; population persons",
        "columns": {
            "imports_from_canada": "Canada's exports to the state: where goods are cleared to, not always where used",
            "exports_to_canada": "Canada's imports from the state: where goods were shipped from, not always made",
        },
        "cad_per_usd": CAD_PER_USD,
        "sources": [
            {
                "title": "Trade Data Online, by state",
                "licence": "Open Government Licence – Canada",
                "attribution": "Innovation, Science and Economic Development Canada; Statistics Canada",
            },
            {
                "title": "GDP and population by state, 2022",
                "licence": "public domain (US government work)",
                "attribution": "US Bureau of Economic Analysis; US Census Bureau",
            },
        ],
        "through": "figures as compiled in trevortombe/TradeMap",
        "build": "python -m tools.build_data regions",
    }
    META.write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{OUT.name}: {len(states)} states")
