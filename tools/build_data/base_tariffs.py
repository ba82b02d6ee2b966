"""What the United States collected in 2024, by sector and origin.

Rates are calculated duties over customs value of imports for consumption (US Census Bureau).
Partners with a ten-digit file are summed line by line. The others are known by two-digit chapter:
their imports and duties by chapter are kept to the dollar and split over sectors inside a chapter,
EU members by the composition of the EU without Slovakia, the rest by the pooled composition of all
ten-digit partners without China (whose duties are those of Section 301) and Russia (column 2).
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.build_data.common import DATA, no_options
from tools.build_data.concordance import GOODS, NO_SECTOR, SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

EU = "0003"
SLOVAKIA = "4359"
CHINA, RUSSIA = "5700", "4621"

CENSUS: Mapping[str, str] = {
    # ICIO economy to Census country code (Schedule C, 2024); the United States itself has none.
    "AGO": "7620", "ARE": "5200", "ARG": "3570", "AUS": "6021", "AUT": "4330", "BEL": "4231",
    "BGD": "5380", "BGR": "4870", "BLR": "4622", "BRA": "3510", "BRN": "5610", "CAN": "1220",
    "CHE": "4419", "CHL": "3370", "CHN": "5700", "CIV": "7480", "CMR": "7420", "COD": "7660",
    "COL": "3010", "CRI": "2230", "CYP": "4910", "CZE": "4351", "DEU": "4280", "DNK": "4099",
    "EGY": "7290", "ESP": "4700", "EST": "4470", "FIN": "4050", "FRA": "4279", "GBR": "4120",
    "GRC": "4840", "HKG": "5820", "HRV": "4791", "HUN": "4370", "IDN": "5600", "IND": "5330",
    "IRL": "4190", "ISL": "4000", "ISR": "5081", "ITA": "4759", "JOR": "5110", "JPN": "5880",
    "KAZ": "4634", "KHM": "5550", "KOR": "5800", "LAO": "5530", "LTU": "4510", "LUX": "4239",
    "LVA": "4490", "MAR": "7140", "MEX": "2010", "MLT": "4730", "MMR": "5460", "MYS": "5570",
    "NGA": "7530", "NLD": "4210", "NOR": "4039", "NZL": "6141", "PAK": "5350", "PER": "3330",
    "PHL": "5650", "POL": "4550", "PRT": "4710", "ROU": "4850", "RUS": "4621", "SAU": "5170",
    "SEN": "7440", "SGP": "5590", "STP": "7644", "SVK": "4359", "SVN": "4792", "SWE": "4010",
    "THA": "5490", "TUN": "7230", "TUR": "4890", "TWN": "5830", "UKR": "4623", "VNM": "5520",
    "ZAF": "7910",
}  # fmt: skip

EU_MEMBERS = frozenset(
    [
        "AUT",
        "BEL",
        "BGR",
        "HRV",
        "CYP",
        "CZE",
        "DNK",
        "EST",
        "FIN",
        "FRA",
        "DEU",
        "GRC",
        "HUN",
        "IRL",
        "ITA",
        "LVA",
        "LTU",
        "LUX",
        "MLT",
        "NLD",
        "POL",
        "PRT",
        "ROU",
        "SVK",
        "SVN",
        "ESP",
        "SWE",
    ]
)


@dataclass(frozen=True)
class BaseTariffs:
    """US tariffs as collected in 2024.

    Parameters
    ----------
    rates : float64 [s, o]
        Duty over imports, shares; zero where nothing was imported and in services.
    imports, duty : float64 [s, o]
        USD.
    metadata : dict
        Source, year, licence, coverage, origins known by chapter only, cells without trade.
    """

    rates: NDArray[np.float64]
    imports: NDArray[np.float64]
    duty: NDArray[np.float64]
    metadata: dict[str, Any]


def _folder10(sources: Path) -> Path:
    return sources / "trade" / "us_imports_hs10_2024"


def hs10_codes(sources: Path) -> list[str]:
    """Return the Census codes with a ten-digit file, sorted."""
    files = _folder10(sources).glob("2024-hs10-imports*.parquet")
    return sorted(f.stem.removeprefix("2024-hs10-imports") for f in files)


@lru_cache(maxsize=64)
def hs10_lines(sources: Path, partner: str) -> tuple[tuple[str, float, float], ...]:
    """Return (hs10, customs value, calculated duty) of one partner, USD, sorted by code."""
    import polars as pl

    frame = pl.read_parquet(
        _folder10(sources) / f"2024-hs10-imports{partner}.parquet",
        columns=["I_COMMODITY", "CON_VAL_YR", "CAL_DUT_YR"],
    )
    return tuple((str(code), float(value), float(duty)) for code, value, duty in sorted(frame.iter_rows()))


def hs2_chapters(sources: Path) -> Iterator[tuple[str, dict[str, tuple[float, float]]]]:
    """Yield (Census code, {chapter: (imports, duty)}) for every partner but the EU aggregate."""
    from tools.build_data.common import read_rows

    for path in sorted((sources / "trade" / "us_imports_hs2_2024").glob("hs2-tariff-*.csv")):
        code = path.stem.removeprefix("hs2-tariff-")
        if code == EU:
            continue
        chapters: dict[str, tuple[float, float]] = {}
        for row in read_rows(path):
            chapters[row["HS2"].zfill(2)] = (float(row["2024_imports"]), float(row["2024_duty"]))
        yield code, chapters


Cells = dict[tuple[str, str], list[float]]
"""(chapter, sector) → [imports, duty]."""


def _cells(lines: Sequence[tuple[str, float, float]], sector_of: Any) -> Cells:
    cells: Cells = defaultdict(lambda: [0.0, 0.0])
    for code, value, duty in lines:
        cell = cells[code[:2], sector_of(code)]
        cell[0] += value
        cell[1] += duty
    return cells


def _add(into: Cells, cells: Cells, sign: float = 1.0) -> None:
    for key, (value, duty) in cells.items():
        into[key][0] += sign * value
        into[key][1] += sign * duty


class _Split:
    """Shares of each sector in a chapter's imports and duty."""

    def __init__(self, cells: Cells, otherwise: _Split | None = None) -> None:
        self.by_chapter: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
        for (chapter, sector), (value, duty) in sorted(cells.items()):
            if value > 0:
                self.by_chapter[chapter].append((sector, value, max(duty, 0.0)))
        self.otherwise = otherwise

    def __call__(self, chapter: str, value: float, duty: float) -> list[tuple[str, float, float]]:
        if chapter in {"98", "99"}:
            return [(NO_SECTOR, value, duty)]
        parts = self.by_chapter.get(chapter)
        if not parts:
            if self.otherwise is None:
                raise ValueError(f"no composition for chapter {chapter}")
            return self.otherwise(chapter, value, duty)
        values = sum(p[1] for p in parts)
        duties = sum(p[2] for p in parts)
        # A chapter that paid nothing in the composition has no pattern of duty: spread by value.
        return [(s, value * v / values, duty * (d / duties if duties else v / values)) for s, v, d in parts]


def _compositions(sources: Path, sector_of: Any) -> tuple[dict[str, Cells], _Split, _Split]:
    partners = {c: _cells(hs10_lines(sources, c), sector_of) for c in hs10_codes(sources)}
    pool: Cells = defaultdict(lambda: [0.0, 0.0])
    for code, cells in partners.items():
        if code not in {CHINA, RUSSIA, SLOVAKIA}:
            _add(pool, cells)
    everyone: Cells = defaultdict(lambda: [0.0, 0.0])
    _add(everyone, pool)
    for code in (CHINA, RUSSIA):
        if code in partners:
            _add(everyone, partners[code])
    world = _Split(pool, _Split(everyone))
    union: Cells = defaultdict(lambda: [0.0, 0.0])
    _add(union, partners[EU])
    if SLOVAKIA in partners:
        _add(union, partners[SLOVAKIA], -1.0)
    return partners, _Split(union, world), world


def us_collected(sources: Path, countries: Sequence[str], sectors: Sequence[str]) -> BaseTariffs:
    """Return US tariffs as collected in 2024 by sector and origin.

    Parameters
    ----------
    sources : Path
        Folder of raw sources.
    countries : sequence of str
        ICIO codes, in the order wanted; "ROW" takes every other partner, "USA" stays at zero.
    sectors : sequence of str
        ICIO sectors in the order wanted, the services aggregate as `SVC`.

    Returns
    -------
    BaseTariffs
        Arrays [s, o].

    Raises
    ------
    ValueError
        If a country or sector is unknown, or "ROW" is missing so that partners would be lost.
    """
    from tools.build_data.concordance import assemble

    unknown = [c for c in countries if c not in CENSUS and c not in {"USA", "ROW"}]
    if unknown or "ROW" not in countries:
        raise ValueError(f"countries: unknown {unknown}, or no ROW among them")
    missing = [s for s in GOODS if s not in sectors]
    if missing or SERVICES not in sectors:
        raise ValueError(f"sectors: missing {missing or SERVICES}")
    concordance = assemble(sources).concordance
    partners, eu, world = _compositions(sources, concordance.sector)
    origin = {CENSUS[c]: c for c in countries if c in CENSUS}
    column = {c: i for i, c in enumerate(countries)}
    line = {s: i for i, s in enumerate(sectors)}
    imports = np.zeros((len(sectors), len(countries)))
    duty = np.zeros_like(imports)
    outside = {"imports": 0.0, "duty": 0.0}
    by_chapter: list[str] = []
    seen: set[str] = set()
    totals = [0.0, 0.0]
    row_by_chapter = 0.0

    for code, chapters in hs2_chapters(sources):
        seen.add(code)
        country = origin.get(code, "ROW")
        totals[0] += sum(v for v, _ in chapters.values())
        totals[1] += sum(d for _, d in chapters.values())
        if code in partners:
            parts = [(s, v, d) for (_, s), (v, d) in sorted(partners[code].items())]
        else:
            split = eu if country in EU_MEMBERS else world
            parts = [p for ch, (v, d) in sorted(chapters.items()) for p in split(ch, v, d)]
            if country == "ROW":
                row_by_chapter += sum(p[1] for p in parts)
            else:
                by_chapter.append(country)
        for sector, value, paid in parts:
            if sector == NO_SECTOR:
                outside["imports"] += value
                outside["duty"] += paid
            else:
                imports[line[sector], column[country]] += value
                duty[line[sector], column[country]] += paid
    lost = [c for c in origin.values() if CENSUS[c] not in seen]

    rates = np.divide(duty, imports, out=np.zeros_like(duty), where=imports > 0)
    services = line[SERVICES]
    in_services = {"imports": float(imports[services].sum()), "duty": float(duty[services].sum())}
    rates[services] = 0.0
    goods = [line[s] for s in GOODS]
    empty = [f"{sectors[i]}:{c}" for i in goods for c in countries if c != "USA" and imports[i, column[c]] == 0]
    metadata = {
        "what": ("US tariffs as collected: calculated duty over customs value of imports for consumption"),
        "year": 2024,
        "importer": "USA",
        "source": ("US Census Bureau, imports for consumption by HS10 and HS2 and partner, calendar 2024"),
        "licence": "public domain (US government work)",
        "collected_through": "tradewartracker/trade-war-redux-2025 (MIT)",
        "imports_usd": totals[0],
        "duty_usd": totals[1],
        "average_rate": totals[1] / totals[0],
        "goods": {"imports_usd": float(imports[goods].sum()), "duty_usd": float(duty[goods].sum())},
        "in_services_rate_set_to_zero": in_services,
        "no_sector": outside,
        "by_chapter_only": sorted(by_chapter),
        "by_chapter_note": (
            "imports and duty by two-digit chapter are exact; within a chapter they follow the "
            "EU without Slovakia "
            "(members of the EU) or all ten-digit partners without China and Russia (others)"
        ),
        "rest_of_world": {"imports_by_chapter_only_usd": row_by_chapter},
        "unknown": lost,
        "zero_means": (
            "in `cells_without_imports` nothing was imported in 2024: the rate is not defined "
            "and stands at zero; "
            "every other zero was collected as zero; services carry no tariff"
        ),
        "cells_without_imports": empty,
        "other_importers": "all but the United States: zero for lack of an openly licensed source, also where trade "
        "agreements (USMCA) make it right; not a statement that they levy nothing",
    }
    return BaseTariffs(rates, imports, duty, metadata)


def build(sources: Path, out: Path) -> None:
    """Write `tariffs/us_collected_2024.csv` and its metadata.

    The embedded world takes its tariffs from `us_collected`; this file is for reading and
    checking.
    """
    countries = [*CENSUS, "ROW"]
    sectors = [*GOODS, SERVICES]
    base = us_collected(sources, countries, sectors)
    folder = out / "tariffs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "us_collected_2024.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("sector,origin,imports_usd,duty_usd\n")
        for i, sector in enumerate(sectors):
            for j, country in enumerate(countries):
                if base.imports[i, j]:
                    file.write(f"{sector},{country},{base.imports[i, j]:.0f},{base.duty[i, j]:.0f}\n")
    text = json.dumps(base.metadata, indent=1, ensure_ascii=False)
    (folder / "us_collected_2024.json").write_text(text + "\n", encoding="utf-8")


def run(sources: Path, arguments: list[str]) -> None:
    """Build what ships, from the command line."""
    no_options("base-tariffs", arguments)
    build(sources, DATA)
