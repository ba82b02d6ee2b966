"""Products to sectors: the Harmonized System to the goods sectors of the embedded world.

One rule decides: HS10 → NAICS (US Census, by statistical reporting number) → sector, by the NAICS
prefixes in `NAICS_SECTORS`. The prefixes are typed here from the definitions of NAICS 2017 and
ISIC Rev. 4, and every assignment is checked against the published NAICS–ISIC table: a sector that
no ISIC class of the industry leads to is an error unless `CHECKED_AGAINST_ISIC` names it. A
six-digit code takes the sector in which most of its US imports fall; the ten-digit lines that fall
elsewhere are shipped as exceptions. Codes that NAICS does not reach go through ISIC. The result is
one sector for every code, without weights.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.build_data.common import DATA, no_options, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GOODS = [
    "A01",
    "A02",
    "A03",
    "B05",
    "B06",
    "B07",
    "B08",
    "B09",
    "C10T12",
    "C13T15",
    "C16",
    "C17_18",
    "C19",
    "C20",
    "C21",
    "C22",
    "C23",
    "C24A",
    "C24B",
    "C25",
    "C26",
    "C27",
    "C28",
    "C29",
    "C301",
    "C302T309",
    "C31T33",
]
SERVICES = "SVC"
NO_SECTOR = "NONE"
"""Chapters 98 and 99 and the Census residual industries: goods returned, low-value and
unspecified shipments."""

NAICS_SECTORS: Mapping[str, str] = {
    # Longest prefix wins.
    "111": "A01",
    "112": "A01",
    "1125": "A03",
    "1123XX": "A01",
    "113": "A02",
    "114": "A03",
    "115": "A01",
    "1153": "A02",
    "211": "B06",
    "2121": "B05",
    "2122": "B07",
    "2123": "B08",
    "213": "B09",
    "22": SERVICES,
    "311": "C10T12",
    "312": "C10T12",
    "313": "C13T15",
    "314": "C13T15",
    "315": "C13T15",
    "316": "C13T15",
    "321": "C16",
    "322": "C17_18",
    "323": "C17_18",
    "324": "C19",
    "32412": "C23",
    "325": "C20",
    "3254": "C21",
    "326": "C22",
    "327": "C23",
    "331": "C24A",
    "3313": "C24B",
    "3314": "C24B",
    "33152": "C24B",
    "332": "C25",
    "333": "C28",
    "333314": "C26",
    "333316": "C26",
    "333511": "C25",
    "33291": "C28",
    "332991": "C28",
    "334": "C26",
    "334614": "C17_18",
    "335": "C27",
    "3361": "C29",
    "3362": "C29",
    "3363": "C29",
    "3364": "C302T309",
    "3365": "C302T309",
    "3366": "C301",
    "3369": "C302T309",
    "337": "C31T33",
    "339": "C31T33",
    "339991": "C22",
    "51": SERVICES,
    "91": SERVICES,  # waste and scrap: ISIC 38, in the services aggregate
    "92": SERVICES,
    "93": SERVICES,  # used goods: the trade of second-hand dealers
    "98": NO_SECTOR,
    "99": NO_SECTOR,
}

SPECIAL_HS: Mapping[str, tuple[str, str]] = {
    "2716": (SERVICES, "electricity: ISIC 35, in the services aggregate"),
    "3705": ("C26", "exposed plates and film; Census gives it no industry"),
    "0507": ("A01", "ivory, horns and similar; Census gives it no industry"),
    "4901": (SERVICES, "books: publishing, ISIC 58"),
    "4902": (SERVICES, "newspapers and journals: publishing, ISIC 58"),
    "98": (NO_SECTOR, "special classification: goods returned, samples, personal effects"),
    "99": (NO_SECTOR, "special classification: low value, unspecified, temporary legislation"),
}
"""Codes decided by hand, longest prefix first; they win over NAICS."""

CHECKED_AGAINST_ISIC: Mapping[str, str] = {
    "312113": "ice: the published table sends it to trade",
    "336370": ("metal stampings for vehicles: headings 8707 and 8708 are the vehicle industry's (ISIC 2920, 2930)"),
    "337920": "blinds and shades: by material in ISIC, here with furniture",
    "339950": "signs: by material in ISIC, here other manufacturing",
}

WHY_SERVICES = {
    "91": "waste and scrap",
    "92": "waste and scrap",
    "93": "used goods",
    "51": "publishing",
    "22": "electricity",
}


@dataclass(frozen=True)
class Concordance:
    """One sector for every HS code.

    Parameters
    ----------
    hs6 : mapping
        Six-digit code to sector.
    hs10 : mapping
        Ten-digit codes that fall in another sector than their six digits.
    """

    hs6: Mapping[str, str]
    hs10: Mapping[str, str]

    def sector(self, code: str) -> str:
        """Return the sector of a code of six, eight or ten digits, dots allowed.

        Raises
        ------
        KeyError
            If the six digits are in no vintage covered.
        """
        digits = code.replace(".", "")
        if digits[:2] in {"98", "99"}:
            return NO_SECTOR
        if len(digits) == 10 and digits in self.hs10:
            return self.hs10[digits]
        return self.hs6[digits[:6]]


def longest_prefix(code: str, table: Mapping[str, str]) -> str | None:
    """Return the value under the longest key that `code` starts with."""
    return next((table[code[:n]] for n in range(len(code), 0, -1) if code[:n] in table), None)


def sector_of_naics(naics: str) -> str | None:
    """Return the sector of a NAICS industry, or None where no rule reaches it."""
    return longest_prefix(naics, NAICS_SECTORS)


def sector_of_isic(isic: str) -> str:
    """Return the sector of a four-digit ISIC Rev. 4 class; services and utilities are `SVC`."""
    division = isic[:2]
    if division == "24":
        return "C24A" if isic[:3] == "241" or isic == "2431" else "C24B"
    if division == "30":
        return "C301" if isic[:3] == "301" else "C302T309"
    ranges = {"C10T12": (10, 12), "C13T15": (13, 15), "C17_18": (17, 18), "C31T33": (31, 33)}
    number = int(division)
    for sector, (low, high) in ranges.items():
        if low <= number <= high:
            return sector
    letter = "A" if number <= 3 else "B" if number <= 9 else "C"
    sector = f"{letter}{division}"
    return sector if sector in GOODS else SERVICES


def world_imports(sources: Path) -> dict[str, tuple[float, float]]:
    """Return US imports and duty of 2024 by HS10, USD, over partners with ten-digit files."""
    from tools.build_data.base_tariffs import EU, SLOVAKIA, hs10_codes, hs10_lines

    total: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    codes = hs10_codes(sources)
    for partner in codes:
        if partner == SLOVAKIA and EU in codes:
            continue  # already in the EU aggregate
        for hs10, value, duty in hs10_lines(sources, partner):
            old = total[hs10]
            total[hs10] = (old[0] + value, old[1] + duty)
    return dict(total)


def _majority(votes: Mapping[str, float]) -> str:
    """Return the sector with most votes; a tie goes to the first in the order of the ICIO."""
    order = {s: i for i, s in enumerate([*GOODS, SERVICES, NO_SECTOR])}
    return min(votes, key=lambda s: (-votes[s], order[s]))


def _special(code: str) -> str | None:
    return longest_prefix(code, {k: v[0] for k, v in SPECIAL_HS.items()})


def _by_count(table: Iterable[dict[str, str]], hs: str, target: str, rule: str) -> dict[str, str]:
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in table:
        if not row[target].isalnum():
            continue  # the published table leaves some codes without a target
        sector = sector_of_naics(row[target]) if rule == "naics" else sector_of_isic(row[target])
        if sector in GOODS:
            votes[row[hs]][sector] += 1
        elif sector == SERVICES:
            votes[row[hs]][sector] += 0  # a services industry decides only where nothing else does
    return {code: _majority(v) for code, v in votes.items() if v}


@dataclass(frozen=True)
class Built:
    """The tables with what decided each code."""

    concordance: Concordance
    hs6_basis: Mapping[str, str]
    hs6_share: Mapping[str, float]
    hs10_naics: Mapping[str, str]
    imports: Mapping[str, tuple[float, float]]


def assemble(sources: Path) -> Built:
    """Decide the sector of every code from the sources."""
    folder = sources / "concordances"
    naics = {r["hs10"]: r["naics"] for r in read_rows(folder / "hs10_naics_crosswalk.csv")}
    if wrong := disagreements(sources):
        raise ValueError(f"sectors that no ISIC class of the industry leads to: {wrong}")
    imports = world_imports(sources)
    lines: dict[str, str] = {}
    for hs10, industry in naics.items():
        sector = _special(hs10) or sector_of_naics(industry)
        if sector is None:
            raise ValueError(f"NAICS {industry} of HS {hs10} has no sector: add its prefix")
        if sector == NO_SECTOR and hs10[:2] not in {"98", "99"}:
            continue  # Census gives the line no industry: its siblings or ISIC decide
        lines[hs10] = sector

    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for hs10, sector in lines.items():
        votes[hs10[:6]][sector] += imports.get(hs10, (0.0, 0.0))[0]
        counts[hs10[:6]][sector] += 1

    hs6: dict[str, str] = {}
    basis: dict[str, str] = {}
    share: dict[str, float] = {}
    for code, value in votes.items():
        # Scrap, used and returned goods decide a heading only where it holds nothing else.
        pool = {s: v for s, v in value.items() if s in GOODS} or dict(value)
        traded = sum(pool.values()) > 0
        use = pool if traded else {s: float(counts[code][s]) for s in pool}
        hs6[code] = _majority(use)
        basis[code] = "naics10-value" if traded else "naics10-count"
        share[code] = use[hs6[code]] / sum(use.values())
    fallbacks = [
        ("naics6-2022", _by_count(read_rows(folder / "hs6_naics.csv"), "HS6_6d", "NAICS_6d", "naics")),
        ("naics6-2017", _by_count(read_rows(folder / "hs5_naics.csv"), "HS5_6d", "NAICS_6d", "naics")),
        ("isic", _by_count(read_rows(folder / "hs_isic4.csv"), "HS_6d", "ISIC4_4d", "isic")),
    ]
    vintages = {r["HS6_6d"] for r in read_rows(folder / "hs6_hs5.csv")} | {
        r["HS5_6d"] for r in read_rows(folder / "hs6_hs5.csv")
    }
    wanted = vintages | {code[:6] for code in imports}
    for name, table in fallbacks:
        for code in sorted(wanted - set(hs6)):
            if code in table and code[:2] not in {"98", "99"}:
                hs6[code], basis[code], share[code] = _special(code) or table[code], name, 1.0
    for code in sorted(wanted - set(hs6)):
        if code[:2] in {"98", "99"}:
            hs6[code], basis[code], share[code] = NO_SECTOR, "special", 1.0
            continue
        siblings = Counter(s for c, s in hs6.items() if c[:4] == code[:4])
        if siblings:
            hs6[code], basis[code], share[code] = _majority(siblings), "heading", 1.0
    exceptions = {h: s for h, s in lines.items() if hs6[h[:6]] != s and h[:2] not in {"98", "99"}}
    hs6 = {c: s for c, s in hs6.items() if c[:2] not in {"98", "99"}}
    return Built(Concordance(hs6, exceptions), basis, share, naics, imports)


def disagreements(sources: Path) -> list[dict[str, str]]:
    """List the NAICS industries in use whose sector no ISIC class of theirs leads to."""
    folder = sources / "concordances"
    isic: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(folder / "naics2017_isic4.csv"):
        isic[row["NAICS2017_6d"]].add(sector_of_isic(row["ISIC4_4d"]))
    used = {r["naics"] for r in read_rows(folder / "hs10_naics_crosswalk.csv")}
    return [
        {"naics": n, "sector": str(sector_of_naics(n)), "isic_leads_to": " ".join(sorted(isic[n]))}
        for n in sorted(used)
        if n in isic and sector_of_naics(n) not in isic[n] and n not in CHECKED_AGAINST_ISIC
    ]


def unassigned(built: Built, lines: Iterable[tuple[str, float]]) -> list[dict[str, object]]:
    """Group what belongs to no goods sector by reason, with its value in USD."""
    value: dict[tuple[str, str], float] = defaultdict(float)
    for hs10, amount in lines:
        sector = built.concordance.sector(hs10)
        if sector in GOODS:
            continue
        if hs10[:2] in {"98", "99"}:
            reason = f"chapter {hs10[:2]}"
        else:
            reason = WHY_SERVICES.get(built.hs10_naics.get(hs10, "")[:2], "")
            reason = longest_prefix(hs10, {k: v[1] for k, v in SPECIAL_HS.items()}) or reason
            reason = reason or "line newer than the NAICS table, in a heading of scrap or used goods"
        value[sector, reason] += amount
    return [{"sector": s, "what": r, "usd": round(v)} for (s, r), v in sorted(value.items(), key=lambda item: -item[1])]


def build(sources: Path, out: Path) -> None:
    """Write the tables, their metadata and a README to `concordance/` under `out`."""
    from tools.build_data.base_tariffs import hs10_lines

    built = assemble(sources)
    folder = out / "concordance"
    folder.mkdir(parents=True, exist_ok=True)
    table = built.concordance
    with (folder / "hs6.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("hs6,sector,share,basis\n")
        for code in sorted(table.hs6):
            file.write(f"{code},{table.hs6[code]},{built.hs6_share[code]:.3g},{built.hs6_basis[code]}\n")
    with (folder / "hs10_exceptions.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("hs10,sector\n")
        file.writelines(f"{code},{table.hs10[code]}\n" for code in sorted(table.hs10))

    total = sum(v for v, _ in built.imports.values())
    goods = sum(v for h, (v, _) in built.imports.items() if table.sector(h) in GOODS)
    by_naics = sum(v for h, (v, _) in built.imports.items() if h in built.hs10_naics)
    mixed = sum(v for h, (v, _) in built.imports.items() if h in table.hs10)
    canada = [(h, v) for h, v, _ in hs10_lines(sources, "1220")]
    metadata = {
        "format": "surtax-concordance/1",
        "what": (
            "HS codes to the 27 goods sectors of the OECD ICIO (2025 edition) as aggregated in the embedded world"
        ),
        "build": "python -m tools.build_data concordance",
        "method": (
            "HS10 to NAICS (US Census) to sector by NAICS prefix; HS6 takes the sector with the "
            "largest value of US "
            "imports in 2024 among its ten-digit lines, ties by number of lines, then by the "
            "order of sectors; lines "
            "elsewhere are in hs10_exceptions.csv. HS6 codes without ten-digit lines: HS to "
            "NAICS by count, then HS "
            "to ISIC Rev. 4 by count, then the heading's majority."
        ),
        "columns": {
            "share": ("share of the code's goods imports (or lines, if untraded) that falls in the sector"),
            "basis": "what decided the code",
        },
        "codes": {
            "SVC": "services aggregate: electricity, publishing, waste and scrap, used goods",
            "NONE": "no sector: chapters 98 and 99",
        },
        "vintages": ["HS2017", "HS2022"],
        "hs6_codes": len(table.hs6),
        "hs10_exceptions": len(table.hs10),
        "coverage": {
            "year": 2024,
            "flow": ("US imports for consumption, customs value, the 50 partners and the EU with ten-digit files"),
            "usd": round(total),
            "share_in_goods_sectors": round(goods / total, 5),
            "share_with_ten_digit_naics": round(by_naics / total, 5),
            "share_on_exceptions": round(mixed / total, 5),
        },
        "canada": {
            "usd": round(sum(v for _, v in canada)),
            "not_in_a_goods_sector": unassigned(built, canada),
        },
        "decided_against_the_naics_isic_table": dict(CHECKED_AGAINST_ISIC),
        "sources": [
            {
                "title": "US Census Bureau, HS10 to NAICS concordance",
                "licence": "public domain (US government work)",
                "attribution": "US Census Bureau",
            },
            {
                "title": (
                    "concordance, an R package: HS to NAICS, HS to ISIC Rev. 4, NAICS to ISIC Rev. 4, HS vintages"
                ),
                "licence": ("MIT; original tables of the UN Statistics Division and WITS, free use with attribution"),
                "attribution": "concordance authors, 2022; UNSD; World Integrated Trade Solution",
            },
            {
                "title": "US imports for consumption by HS10 and partner, 2024 (weights)",
                "licence": "public domain (US government work)",
                "attribution": "US Census Bureau",
            },
        ],
    }
    (folder / "concordance.json").write_text(
        json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (folder / "README.md").write_text(_readme(metadata), encoding="utf-8")


def _readme(metadata: dict[str, object]) -> str:
    return f"""# Products to sectors

`hs6.csv` gives one sector for each six-digit code (HS 2017 and HS 2022), `hs10_exceptions.csv` the
ten-digit US lines that fall in another one; `concordance.json` says where each comes from, what is
covered and what belongs to no goods sector. Look a line up by its ten digits among the exceptions,
then by its six digits.

{metadata["method"]}

`SVC` is the services aggregate (electricity, publishing, waste and scrap, used goods), `NONE` no
sector at all (chapters 98 and 99). Rebuild: `{metadata["build"]}`.
"""


def run(sources: Path, arguments: list[str]) -> None:
    """Build what ships, from the command line."""
    no_options("concordance", arguments)
    build(sources, DATA)
