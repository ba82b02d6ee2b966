"""What each tariff item on Canada's lists is taken to be worth, and what Canada imports from the United States in all.

Canada's imports by tariff item are not in the data. What the Department of Finance states of a list is spread over
its items: the exports of a six-digit code are split equally among the Canadian items of it that are known here, those
of the list are kept, and the sum is scaled to the stated coverage, in whole dollars that add up to it. Of vehicles the
total alone is known: each item of SOR/2025-118 holds the same part, a stand-in.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tools.build_data.common import DATA, no_options, read_rows
from tools.build_data.concordance import GOODS, assemble
from tools.build_data.scenarios import TYPED, canadian_imports, icio_us_to_canada
from tools.build_data.us_exports_canada import FILES, START, exports, items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT = "surtax-canada-items/1"
COLUMNS = ("item", "list", "sector", "exports_usd", "value_usd")
#: Part of a list → (order, the statement of its coverage), in the order in which rounding is carried on.
PARTS: Mapping[str, tuple[str, str]] = {
    "66": ("SOR/2025-66", "cad_bn_sor_66"),
    "95-steel": ("SOR/2025-95", "cad_bn_sor_95_steel"),
    "95-aluminium": ("SOR/2025-95", "cad_bn_sor_95_aluminium"),
    "95-other": ("SOR/2025-95", "cad_bn_sor_95_other"),
    "118": ("SOR/2025-118", "cad_bn_vehicles"),
}
STARTS = START | {"SOR/2025-118": "2025-04-09"}
#: Of goods that a steel-derivative item adds to the lists of March 2025 nothing is known.
LATER = ("SOR/2025-267", "ca-sor-2025-267.csv")
EXPORTS_USD_BN = 349.4
COMPARATOR = {
    "month": "2025-07",
    "rate_percent": 2.6,
    "what": "average Canadian tariff on US goods, net of remissions",
    "source": "Bank of Canada, Monetary Policy Report, October 2025",
}


def shares(weights: Iterable[float], total: int) -> list[int]:
    """Split whole dollars in proportion to weights by running sums: the parts add up to the total."""
    weights = list(weights)
    whole, done, given = sum(weights), 0.0, 0
    parts = []
    for w in weights:
        done += w
        upto = round(total * done / whole)
        parts.append(upto - given)
        given = upto
    # The last running sum may miss `whole` by rounding.
    parts[-1] += total - given
    return parts


def official() -> dict[str, int]:
    """Return the stated coverage of each part, whole USD, so that the parts of an order add up to the order's."""
    found: dict[str, int] = {}
    rate = TYPED["cad_per_usd"].value
    for order in STARTS:
        done, given = 0.0, 0
        for part, (of, constant) in PARTS.items():
            if of == order:
                done += TYPED[constant].value
                upto = round(done * 1e9 / rate)
                found[part], given = upto - given, upto
    return found


def rows_of(sources: Path) -> list[tuple[str, str, str, int | None, int | None]]:
    """Return the rows of `canada_items.csv`: item, part, sector, exports of its code, value; None is not known."""
    concordance = assemble(sources).concordance
    groups, known = items(sources)
    of_code = Counter(i[:6] for i in known)
    by_order = {order: exports(sources, order) for order in FILES}
    target = official()
    rows: list[tuple[str, str, str, int | None, int | None]] = []
    for part, (order, _) in PARTS.items():
        if part == "118":
            continue
        listed = sorted(i for i in groups[part.replace("-", "_")] if i[:2] not in {"98", "99"})
        code_value = by_order[order]
        weights = [code_value.get(i[:6], 0) / of_code[i[:6]] for i in listed]
        values = shares(weights, target[part])
        for item, value in zip(listed, values, strict=True):
            rows.append((item, part, concordance.sector(item[:6]), code_value.get(item[:6], 0), value))
    path = sources / "law" / "canada" / "derived" / "canada_counter_tariff_items.csv"
    vehicles = sorted(
        r["tariff_item"].replace(".", "")
        for r in read_rows(path)
        if r["instrument"] == "SOR/2025-118" and r["schedule"] == "SCHEDULE 1"
    )
    for item, value in zip(vehicles, shares([1.0] * len(vehicles), target["118"]), strict=True):
        rows.append((item, "118", concordance.sector(item[:6]), None, value))
    there = {r[0] for r in rows}
    for r in read_rows(DATA / "law" / "CAN" / LATER[1]):
        item = r["code"].replace(".", "")
        if item not in there:
            rows.append((item, "267", concordance.sector(item[:6]), None, None))
    return rows


def assemble_table(sources: Path) -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """Return the rows of `canada_items.csv` as text and its metadata."""
    rows = rows_of(sources)
    rate = TYPED["cad_per_usd"]
    target = official()
    totals = {s: round(1e6 * v) for s, v in canadian_imports(sources).items()}
    listed: Counter[str] = Counter()
    for _, _, sector, _, value in rows:
        listed[sector] += value or 0
    for sector in GOODS:
        if listed[sector] > totals[sector]:
            raise SystemExit(f"{sector}: listed goods of USD {listed[sector]:,} exceed its imports {totals[sector]:,}")
    parts = {}
    for part, (order, constant) in PARTS.items():
        mine = [r for r in rows if r[1] == part]
        bound = {r[0][:6]: r[3] for r in mine if r[3] is not None}
        parts[part] = {
            "order": order,
            "list_of": STARTS[order],
            "items": len(mine),
            "official_cad": round(TYPED[constant].value * 1e9),
            "official_usd": target[part],
            "upper_bound_usd": sum(bound.values()) if bound else None,
            "source": TYPED[constant].source,
        }

    def typed(name: str) -> dict[str, Any]:
        t = TYPED[name]
        return {"value": t.value, "unit": t.unit, "source": t.source, "assumption": t.assumption, "band": t.band}

    meta = {
        "format": FORMAT,
        "what": "tariff items on Canada's lists with the value of US goods that each is taken to hold",
        "exporter": "USA",
        "importer": "CAN",
        "year": 2024,
        "currency": "USD",
        "unit": 1,
        "columns": {
            "item": "Canadian tariff item, eight digits, HS 2022",
            "list": "part of a list of March or April 2025 on which the item stands: 66, 95-steel, 95-aluminium, "
            "95-other, 118; 267 for an item that only SOR/2025-267 names",
            "sector": "sector of the accounts by six digits; SVC: in the services of the accounts",
            "exports_usd": "US exports to Canada of the item's six-digit code, an upper bound; empty: not known",
            "value_usd": "its part of the official coverage of the list; empty: not known",
        },
        "parts": parts,
        "cad_per_usd": {"value": rate.value, "source": rate.source},
        "imports_usd": {s: totals[s] for s in GOODS},
        "imports_note": "Canada's imports of US goods by sector, customs values of 2024: the pattern of the OECD ICIO "
        "2022, scaled by one factor, that of motor vehicles and parts",
        "imports_scale": typed("cad_bn_motor_sector"),
        "accounts_usd": round(1e6 * sum(icio_us_to_canada(sources).values())),
        "census_exports": {
            "usd": round(EXPORTS_USD_BN * 1e9),
            "what": "US exports of goods to Canada 2024, Census basis, re-exports of foreign goods included",
            "source": "US Census/BEA as printed by AP, 8 May 2025",
        },
        "vehicles": {
            "outside_cusma": typed("non_cusma_us_vehicles") | {"low": 0.02, "high": 0.15},
            "content": typed("canadian_mexican_content_of_us_vehicles") | {"low": 0.15, "high": 0.30},
        },
        "comparator": COMPARATOR,
        "source": [
            "US Census Bureau (public domain), through tradewartracker/trade-war-redux-2025 at 726c5958 (MIT)",
            "the orders, Justice Laws Website, and the Department of Finance (Open Government Licence - Canada)",
            "OECD, Inter-Country Input-Output Tables, 2025 edition (CC BY 4.0)",
        ],
        "licence": "contains information licensed under the Open Government Licence - Canada; CC BY 4.0 (OECD)",
        "build": "python -m tools.build_data canada-items",
        "notes": [
            "Imports by tariff item are not public here: values are stand-ins that add up to the official coverage.",
            "Items of chapters 98 and 99 tax goods classifiable on the list; they have no value of their own.",
            "Vehicles have no split by item: each holds an equal part of CAD 35.6 bn.",
        ],
    }
    text = [(i, p, s, *("" if x is None else str(x) for x in (bound, value))) for i, p, s, bound, value in rows]
    return text, meta


def build(sources: Path, out: Path) -> None:
    """Write `trade/canada_items.csv` and `.json` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    rows, meta = assemble_table(sources)
    text = "\n".join(",".join(r) for r in (COLUMNS, *rows)) + "\n"
    (folder / "canada_items.csv").write_text(text, encoding="utf-8", newline="\n")
    document = json.dumps(meta, ensure_ascii=False, indent=1) + "\n"
    (folder / "canada_items.json").write_text(document, encoding="utf-8", newline="\n")
    print(f"canada-items: {len(rows)} items, USD {sum(meta['imports_usd'].values()):,} of imports")


def run(sources: Path, arguments: list[str]) -> None:
    """Build into the package."""
    no_options("canada-items", arguments)
    build(sources, DATA)
