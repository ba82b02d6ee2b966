"""What the United States sold in 2024 of the six-digit codes on Canada's two lists of March 2025.

Canada's imports by tariff item are not in the data. Six digits are wider than the items: a value is an upper
bound for the items of its code. Beside it stands how many of the code's known Canadian items each group of a
list names, and for each list the official coverage and the factor from the one to the other.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tools.build_data.common import DATA, no_options, read_rows
from tools.build_data.scenarios import TYPED
from tools.build_data.us_imports import whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = "surtax-us-exports-canada/1"
FILES = {"SOR/2025-66": "canada-US-exports-030425", "SOR/2025-95": "canada-steel-US-exports-031225"}
START = {"SOR/2025-66": "2025-03-04", "SOR/2025-95": "2025-03-13"}
OFFICIAL: Mapping[str, tuple[str, ...]] = {
    "SOR/2025-66": ("cad_bn_sor_66",),
    "SOR/2025-95": ("cad_bn_sor_95_steel", "cad_bn_sor_95_aluminium", "cad_bn_sor_95_other"),
}
# Schedule 1 of SOR/2025-95 holds aluminium and other goods; the split by chapter 76 is ours.
GROUPS = ("66", "95_steel", "95_aluminium", "95_other")
COLUMNS = ("hs6", "exports_usd", "lists", *(f"items_{g}" for g in GROUPS), "items_known")


def exports(sources: Path, order: str) -> dict[str, int]:
    """Return US exports to Canada by the six-digit codes of one list, USD."""
    import polars as pl

    path = sources / "trade" / "canada_lists" / f"{FILES[order]}.parquet"
    frame = pl.read_parquet(path, columns=["hs-code", "exports"])
    return {str(code): whole(value, f"{order}/{code}") for code, value in frame.iter_rows()}


def items(sources: Path) -> tuple[dict[str, set[str]], set[str]]:
    """Return the tariff items of each group on the list's first day, and all Canadian items known here."""
    groups: dict[str, set[str]] = defaultdict(set)
    known: set[str] = set()
    for r in read_rows(sources / "law" / "canada" / "derived" / "canada_counter_tariff_items.csv"):
        item = r["tariff_item"].replace(".", "")
        known.add(item)
        order = r["instrument"]
        if order not in FILES or r["valid_from"] != START[order] or r["schedule"] == "SCHEDULE 3":
            continue
        if order == "SOR/2025-66":
            groups["66"].add(item)
        elif r["schedule"] == "SCHEDULE 2":
            groups["95_steel"].add(item)
        else:
            groups["95_aluminium" if item[:2] == "76" else "95_other"].add(item)
    text = (sources / "trade" / "canada_lists" / "canada-125b-list.csv").read_text(encoding="utf-8-sig")
    known |= {w.strip().replace(".", "") for w in text.splitlines() if w.strip()}
    return groups, known


def assemble(sources: Path) -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """Return the rows of `us_exports_canada.csv` and its metadata."""
    lists = {order: exports(sources, order) for order in FILES}
    groups, known = items(sources)
    count = {g: Counter(i[:6] for i in groups[g]) for g in GROUPS}
    of_code = Counter(i[:6] for i in known)
    rows: list[tuple[str, ...]] = []
    for code in sorted(set().union(*lists.values())):
        values = {lists[o][code] for o in lists if code in lists[o]}
        if len(values) != 1:
            raise SystemExit(f"{code}: the two lists give different values {values}")
        on = "+".join(o for o in lists if code in lists[o])
        rows.append(
            (code, str(values.pop()), on, *(str(count[g].get(code, 0)) for g in GROUPS), str(of_code.get(code, 0)))
        )
    rate = TYPED["cad_per_usd"]
    coverage = {}
    for order, constants in OFFICIAL.items():
        cad = sum(TYPED[c].value for c in constants)
        bound = sum(lists[order].values())
        official = cad * 1e9 / rate.value
        coverage[order] = {
            "upper_bound_usd": bound,
            "official_cad": round(cad * 1e9),
            "official_usd": round(official),
            "factor": official / bound,
            "parts_cad_bn": {c.removeprefix("cad_bn_"): TYPED[c].value for c in constants},
            "source": [TYPED[c].source for c in constants],
            "six_digit_codes": len(lists[order]),
        }
    stray = sorted(c for g in GROUPS for c in count[g] if c not in set().union(*lists.values()))
    both = [r for r in rows if "+" in r[2]]
    meta = {
        "format": FORMAT,
        "what": "US exports to Canada by the six-digit codes on Canada's lists of March 2025",
        "exporter": "USA",
        "importer": "CAN",
        "year": 2024,
        "currency": "USD",
        "unit": 1,
        "upper_bound": True,
        "columns": {
            "hs6": "six digits, HS 2022",
            "exports_usd": "US exports to Canada, USD: an upper bound for the listed items of the code",
            "lists": "orders whose list holds items of the code",
            "items_known": "Canadian tariff items of the code known here: those of the Department of Finance's CAD 125 "
            "billion list and of the orders; not the whole tariff",
            **{f"items_{g}": "how many of them the group names" for g in GROUPS},
        },
        "coverage": coverage,
        "on_both_lists": {"codes": [r[0] for r in both], "exports_usd": sum(int(r[1]) for r in both)},
        "union_usd": sum(int(r[1]) for r in rows),
        "cad_per_usd": {"value": rate.value, "source": rate.source},
        "items_without_exports_file": stray,
        "source": [
            "US Census Bureau (public domain), through tradewartracker/trade-war-redux-2025 at 726c5958 (MIT)",
            "SOR/2025-66 and SOR/2025-95, Justice Laws Website (Open Government Licence - Canada)",
            "Department of Finance Canada, second list, CAD 125 billion (Open Government Licence - Canada)",
        ],
        "licence": "public domain; contains information licensed under the Open Government Licence - Canada",
        "build": "python -m tools.build_data us-exports-canada",
        "notes": [
            "Six digits are wider than the listed items: every value is an upper bound, unscaled.",
            "US exports are not Canada's imports: valuation and origin differ (exports here may be of foreign origin).",
            "The year of the exports is not stated in their files; it is taken as 2024, that of the official coverage.",
            "Five codes are on both lists with the same value: the two bounds overlap by on_both_lists.",
        ],
    }
    return rows, meta


def build(sources: Path, out: Path) -> None:
    """Write `trade/us_exports_canada.csv` and `.json` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    rows, meta = assemble(sources)
    text = "\n".join(",".join(r) for r in (COLUMNS, *rows)) + "\n"
    (folder / "us_exports_canada.csv").write_text(text, encoding="utf-8", newline="\n")
    document = json.dumps(meta, ensure_ascii=False, indent=1) + "\n"
    (folder / "us_exports_canada.json").write_text(document, encoding="utf-8", newline="\n")
    for order, c in meta["coverage"].items():
        print(f"{order}: upper bound USD {c['upper_bound_usd']:,}, factor to the official coverage {c['factor']:.4f}")


def run(sources: Path, arguments: list[str]) -> None:
    """Build into the package."""
    no_options("us-exports-canada", arguments)
    build(sources, DATA)
