"""The shipped scenarios: the measures of the US–Canada dispute in force on 6 May 2025, by sector.

Each added rate is a product of stated factors: the rate in the instrument, the value in scope over
the sector's imports, and the share of the value in scope that is taxed. Nothing is fitted to what
customs collected. Every number that is typed in stands in `TYPED`, with its source, and is printed
into the scenario files.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.build_data.base_tariffs import hs10_lines
from tools.build_data.common import DATA, ROOT, no_options, read_rows
from tools.build_data.concordance import GOODS, Concordance, assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

DATE = "2025-05-06"
CANADA = "1220"


@dataclass(frozen=True)
class Typed:
    """A number that is not computed from the data folder."""

    value: float
    unit: str
    source: str
    assumption: bool = False
    band: str = ""


TYPED: Mapping[str, Typed] = {
    "cad_per_usd": Typed(1.3698, "CAD per USD", "Bank of Canada, annual average exchange rate 2024"),
    "cad_bn_sor_66": Typed(
        30.0,
        "CAD billion of 2024 imports",
        "Department of Finance Canada on SOR/2025-66, March 2025",
    ),
    "cad_bn_sor_95_steel": Typed(
        12.6,
        "CAD billion of 2024 imports",
        "Department of Finance Canada on SOR/2025-95, 12 March 2025",
    ),
    "cad_bn_sor_95_aluminium": Typed(
        3.0,
        "CAD billion of 2024 imports",
        "Department of Finance Canada on SOR/2025-95, 12 March 2025",
    ),
    "cad_bn_sor_95_other": Typed(
        14.2,
        "CAD billion of 2024 imports",
        "Department of Finance Canada on SOR/2025-95, 12 March 2025",
    ),
    "cad_bn_vehicles": Typed(
        35.6,
        "CAD billion of 2024 imports",
        "Department of Finance Canada, news release of 8 April 2025 on SOR/2025-118 (vehicle "
        "imports from the US, 2024)",
    ),
    "cad_bn_motor_sector": Typed(
        77.0,
        "CAD billion of 2024 imports of motor vehicles and parts from the US",
        "Canadian Automotive Partnership Council, statement of 5 March 2025",
    ),
    "us_content_of_canadian_cars": Typed(
        0.50,
        "share of the value of a Canadian-built vehicle",
        "Innovation, Science and Economic Development Canada, question-period note "
        "IND-2025-QP-00004, 30 May 2025: "
        "about 50 per cent US content by value on average",
        assumption=True,
        band="non-US content 0.50 to 1: the Yale tracker takes 0.60, the ICIO's inputs in "
        "proportion give 0.84, and "
        "1 was due until the Secretary of Commerce approved a model",
    ),
    "non_cusma_us_vehicles": Typed(
        0.08,
        "share of US vehicles imported into Canada outside CUSMA",
        "Canadian officials as reported in April 2025 (about 8 per cent of 750,000 vehicles, by number)",
        assumption=True,
        band="0.02 to 0.15",
    ),
    "canadian_mexican_content_of_us_vehicles": Typed(
        0.15,
        "share of the value of a CUSMA vehicle deducted under SOR/2025-118, s. 2(2)",
        "the order's own minimum: 15 per cent unless the importer claims more",
        assumption=True,
        band="0.15 to 0.30, since importers may claim more",
    ),
}

VEHICLES = (
    "87032201", "87032301", "87032401", "87033101", "87033201", "87033301", "87034000", "87035000",
    "87036000", "87037000", "87038000", "87039001", "87042101", "87043101", "87044100", "87045100",
    "87046000",
)  # fmt: skip
"""HTS chapter 99, subchapter III, note 33(b)."""

STEEL_RANGES = (
    (720610, 721650),
    (721699, 730110),
    (730210, 730210),
    (730240, 730290),
    (730410, 730690),
)
"""Proclamation 9705, clause 1, six digits inclusive."""

ALUMINIUM = ("7601", "7604", "7605", "7606", "7607", "7608", "7609", "7616995160", "7616995170")
"""Proclamation 9704, clause 1."""

NOT_ONLY_FOR_CARS = ("8471",)
"""In note 33(g) as a whole heading, though taxed only as parts of cars: no line of it is known
to be one."""

INFORMATIONAL = (
    "4901",
    "4902",
    "4903",
    "4904",
    "4905",
    "4909",
    "4911",
    "3705",
    "3706",
    "8523",
    "97",
)
"""Informational materials of 9903.01.12 (50 U.S.C. 1702(b)(3)): the headings that hold them."""

HTS_OF_THE_DAY = "hts_2025_rev_10.json.gz"


@dataclass(frozen=True)
class Line:
    """A US tariff line of imports from Canada, 2024."""

    hs10: str
    sector: str
    value: float
    claim: float
    steel: float
    aluminium: float
    kind: str  # car, part, or goods
    ieepa: str  # 25, energy, potash or none


@dataclass
class Tally:
    """Value in scope and value taxed, by sector; outside holds what falls in no goods sector."""

    scope: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    taxed: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    outside: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, sector: str, value: float, share: float) -> None:
        """Add a line's value, of which `share` is taxed."""
        if sector in GOODS:
            self.scope[sector] += value
            self.taxed[sector] += value * share
        else:
            self.outside[0] += value
            self.outside[1] += value * share

    def total(self) -> float:
        """Return the value taxed, goods sectors only."""
        return sum(self.taxed.values())


# --- the United States
# ------------------------------------------------------------------------------------------


def free_of_duty(sources: Path) -> dict[str, bool]:
    """Return whether each eight-digit line of the schedule of the day is free of duty."""
    with gzip.open(sources / "law" / "us" / "hts" / HTS_OF_THE_DAY, "rt", encoding="utf-8") as file:
        schedule = json.load(file)
    free: dict[str, bool] = {}
    for row in schedule:
        code = row["htsno"].replace(".", "")
        # A line without statistical suffixes stands with all ten digits.
        if len(code) in {8, 10} and row["general"]:
            free[code[:8]] = row["general"].strip().startswith("Free")
    return free


def _claims(sources: Path, month: str) -> dict[str, tuple[float, float]]:
    path = sources / "law" / "usmca_claims" / f"usmca_product_shares_{month}.csv.gz"
    return {
        r["hts10"]: (float(r["total_value"]), float(r["usmca_value"]))
        for r in read_rows(path)
        if r["cty_code"] == CANADA
    }


class ClaimShares:
    """The share of a line's value entered under USMCA, from one month and one kind of lines.

    A line not traded in the month takes the pooled share of the widest code that was: eight,
    six, four, two digits, all.
    """

    def __init__(self, claims: Mapping[str, tuple[float, float]], keep: Callable[[str], bool]) -> None:
        self.pools: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for hs10, (total, claimed) in claims.items():
            if hs10[:2] in {"98", "99"} or not keep(hs10):
                continue
            for digits in (10, 8, 6, 4, 2, 0):
                pool = self.pools[hs10[:digits]]
                pool[0] += total
                pool[1] += min(claimed, total)

    def __call__(self, hs10: str) -> float:
        """Return the share, between 0 and 1."""
        for digits in (10, 8, 6, 4, 2, 0):
            total, claimed = self.pools.get(hs10[:digits], (0.0, 0.0))
            if total > 0:
                return claimed / total
        raise ValueError(f"no claims at all for {hs10}")


def _is_free(free: Mapping[str, bool]) -> Callable[[str], bool]:
    headings: dict[str, Counter[bool]] = defaultdict(Counter)
    for code, is_free in free.items():
        headings[code[:6]][is_free] += 1
        headings[code[:4]][is_free] += 1

    def decide(hs10: str) -> bool:
        if hs10[:8] in free:
            return free[hs10[:8]]
        # A line of 2024 that the schedule of the day no longer has: as most of its subheading, then
        # heading.
        votes = headings.get(hs10[:6]) or headings.get(hs10[:4]) or Counter()
        return votes[True] >= votes[False]

    return decide


def _list(sources: Path, name: str) -> list[str]:
    text = (sources / "law" / "us" / "lists" / name).read_text(encoding="utf-8-sig")
    return [w for w in (line.strip().strip('"').replace(".", "") for line in text.splitlines()) if w.isdigit()]


@dataclass(frozen=True)
class Scope:
    """Which lines the metals measures reach, and on what."""

    steel_derivatives: frozenset[str]
    aluminium_derivatives: frozenset[str]
    dropped: tuple[str, ...]
    contents: Mapping[str, tuple[float, float]]
    pooled: Mapping[str, tuple[float, float]]

    def steel(self, hs10: str) -> float:
        """Return the share of the value that the steel measure reaches."""
        six = int(hs10[:6])
        if any(low <= six <= high for low, high in STEEL_RANGES):
            return 1.0
        if not _starts(hs10, self.steel_derivatives):
            return 0.0
        return 1.0 if hs10[:2] == "73" else self._content(hs10)[0]

    def aluminium(self, hs10: str) -> float:
        """Return the share of the value that the aluminium measure reaches."""
        if hs10.startswith(ALUMINIUM):
            return 1.0
        if not _starts(hs10, self.aluminium_derivatives):
            return 0.0
        return 1.0 if hs10[:2] == "76" else self._content(hs10)[1]

    def _content(self, hs10: str) -> tuple[float, float]:
        for digits in (10, 8, 6, 4):
            found = self.contents.get(hs10) if digits == 10 else self.pooled.get(hs10[:digits])
            if found:
                return found
        raise ValueError(f"no metal content for {hs10}")


def _starts(hs10: str, codes: frozenset[str]) -> bool:
    return any(hs10[:n] in codes for n in (10, 8, 6, 4))


def metals_scope(sources: Path, free: Mapping[str, bool]) -> Scope:
    """Read the derivative lists in force from 12 March 2025 and the metal contents."""
    contents: dict[str, tuple[float, float]] = {}
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in read_rows(sources / "law" / "us" / "lists" / "metal_content_shares_bea_hs10.csv.gz"):
        pair = (float(row["steel_share"]), float(row["aluminum_share"]))
        contents[row["hs10"]] = pair
        for digits in (8, 6, 4):
            s = sums[row["hs10"][:digits]]
            s[0] += pair[0]
            s[1] += pair[1]
            s[2] += 1
    pooled = {k: (a / n, b / n) for k, (a, b, n) in sums.items()}
    steel = set(_list(sources, "steel-tariffs.csv"))
    detailed = set(_list(sources, "alu-tariffs.csv"))
    headings = [
        r["hts_prefix"]
        for r in read_rows(sources / "law" / "us" / "lists" / "s232_derivative_products.csv")
        if not r["effective_date"]
    ]
    aluminium: set[str] = set()
    for prefix in headings:
        # Outside chapter 76 the annex lists statistical numbers inside these lines; take those
        # where they are known.
        inside = {c for c in detailed if c.startswith(prefix) and not c.endswith("00")}
        aluminium |= inside if inside and prefix[:2] != "76" else {prefix}
    schedule = set(free)
    dropped = tuple(sorted(c for c in steel | aluminium if c[:8] not in schedule))
    keep = frozenset
    return Scope(
        keep(c for c in steel if c not in dropped),
        keep(c for c in aluminium if c not in dropped),
        dropped,
        contents,
        pooled,
    )


def us_lines(sources: Path, concordance: Concordance) -> tuple[list[Line], Scope, dict[str, float]]:
    """Return every line of 2024 imports from Canada, the metals' scope, and facts on claims."""
    free = free_of_duty(sources)
    is_free = _is_free(free)
    may, july = _claims(sources, "2025_05"), _claims(sources, "2025_07")
    on_free = ClaimShares(july, is_free)
    on_dutiable = ClaimShares(may, lambda h: not is_free(h))
    scope = metals_scope(sources, free)
    parts = frozenset(c for c in _list(sources, "s232_auto_parts.txt") if c not in NOT_ONLY_FOR_CARS)
    listed = read_rows(sources / "law" / "us" / "lists" / "fentanyl_carveout_products.csv")
    carve = {r["hts8"]: r["category"] for r in listed if r["category"].endswith("_ca")}
    lines: list[Line] = []
    facts = {"free_value": 0.0, "dutiable_value": 0.0, "free_claimed": 0.0, "dutiable_claimed": 0.0,
             "not_in_schedule": 0.0}  # fmt: skip
    for hs10, value, _ in hs10_lines(sources, CANADA):
        if hs10[:2] in {"98", "99"}:
            lines.append(Line(hs10, concordance.sector(hs10), value, 0.0, 0.0, 0.0, "special", "none"))
            continue
        untaxed = is_free(hs10)
        claim = (on_free if untaxed else on_dutiable)(hs10)
        kind = "car" if hs10[:8] in VEHICLES else "part" if _starts(hs10, parts) else "goods"
        category = carve.get(hs10[:8], "25")
        ieepa = {"energy_ca": "energy", "potash_ca": "potash"}.get(category, "25")
        if hs10.startswith(INFORMATIONAL):
            ieepa = "none"
        lines.append(
            Line(
                hs10,
                concordance.sector(hs10),
                value,
                claim,
                scope.steel(hs10),
                scope.aluminium(hs10),
                kind,
                ieepa,
            )
        )
        key = "free" if untaxed else "dutiable"
        facts[f"{key}_value"] += value
        facts[f"{key}_claimed"] += value * claim
        facts["not_in_schedule"] += value if hs10[:8] not in free else 0.0
    return lines, scope, facts


US_MEASURES = (
    "us-232-steel", "us-232-aluminium", "us-232-cars", "us-232-parts",
    "us-ieepa", "us-ieepa-energy", "us-ieepa-potash",
)  # fmt: skip


def us_tallies(lines: Iterable[Line], *, non_us_content: float, alone: bool = False) -> dict[str, Tally]:
    """Return value in scope and value taxed by measure, under Executive Order 14289.

    Subject to the automobile measure: neither IEEPA nor metals. Subject to IEEPA-Canada (that
    is, entered outside USMCA): no metals duty. So a metal article pays once: Section 232 if it
    claims USMCA, IEEPA if it does not.

    Parameters
    ----------
    lines : iterable of Line
    non_us_content : float
        Share of a USMCA car's value that is taxed.
    alone : bool
        The metals and car measures by themselves, without IEEPA and parts to displace them.
    """
    tallies = {m: Tally() for m in US_MEASURES}
    for x in lines:
        outside = 1.0 - x.claim
        if x.kind == "special":
            continue
        if x.kind == "car":
            tallies["us-232-cars"].add(x.sector, x.value, x.claim * non_us_content + outside)
            continue
        if x.kind == "part":
            tallies["us-232-parts"].add(x.sector, x.value, outside)
        elif x.ieepa != "none":
            name = {"25": "us-ieepa", "energy": "us-ieepa-energy", "potash": "us-ieepa-potash"}[x.ieepa]
            tallies[name].add(x.sector, x.value, outside)
        free_of_others = 1.0 if alone or (x.kind == "goods" and x.ieepa == "none") else x.claim
        if x.steel:
            tallies["us-232-steel"].add(x.sector, x.value, x.steel * free_of_others)
        if x.aluminium:
            tallies["us-232-aluminium"].add(x.sector, x.value, x.aluminium * free_of_others)
    return tallies


# --- Canada ---------------------------------------------------------------------------------------
# ----------------


def icio_us_to_canada(sources: Path) -> dict[str, float]:
    """Return the OECD ICIO's flows from the US to Canada in 2022 by goods sector, USD million."""
    import h5py

    with h5py.File(sources / "world" / "icio2022" / "ICIO2022.mat") as file:

        def names(path: str) -> list[str]:
            return ["".join(chr(int(c)) for c in file[r][:].ravel()) for r in file[path][:].ravel()]

        countries, sectors = names("data/countries"), names("data/sectors")
        cube = file["data/Xjik_3D"]  # sector, importer, exporter
        flows = cube[:, countries.index("CAN"), countries.index("USA")]
    return {s: float(v) for s, v in zip(sectors, flows, strict=True) if s in GOODS}


def canadian_imports(sources: Path) -> dict[str, float]:
    """Return Canada's imports of US origin by sector, USD million, at 2024 customs values.

    By sector and origin they are not in the data. The ICIO gives the pattern; the one sector
    with an official value, motor vehicles and parts, gives the scale from basic prices of 2022
    to customs values of 2024.
    """
    flows = icio_us_to_canada(sources)
    motor = 1000 * TYPED["cad_bn_motor_sector"].value / TYPED["cad_per_usd"].value
    return {s: v * motor / flows["C29"] for s, v in flows.items()}


@dataclass(frozen=True)
class CanadaList:
    """One Canadian list: value of US exports by sector, scaled to its official coverage."""

    tally: Tally
    six_digit_usd: float
    listed_usd: float
    official_usd: float


def _items(sources: Path) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for r in read_rows(sources / "law" / "canada" / "derived" / "canada_counter_tariff_items.csv"):
        if r["valid_from"] > DATE or (r["valid_to_inclusive"] and r["valid_to_inclusive"] < DATE):
            continue
        item = r["tariff_item"].replace(".", "")
        if item[:2] in {"98", "99"}:
            continue
        if r["instrument"] == "SOR/2025-66":
            groups["ca-66"].append(item)
        elif r["instrument"] == "SOR/2025-118":
            groups["ca-118"].append(item)
        elif r["schedule"] == "SCHEDULE 2":
            groups["ca-95-steel"].append(item)
        else:
            groups["ca-95-aluminium" if item[:2] == "76" else "ca-95-other"].append(item)
    return groups


def canada_lists(sources: Path, concordance: Concordance) -> dict[str, CanadaList]:
    """Spread the official coverage of each list over sectors by US exports at six digits.

    Six digits are wider than the items. A code counts with the share of its known Canadian
    items that the list names; the sum is then scaled to the coverage that the Department of
    Finance stated.
    """
    import polars as pl

    groups = _items(sources)
    folder = sources / "trade" / "canada_lists"
    exports: dict[str, dict[str, float]] = {}
    for key, name in (
        ("ca-66", "canada-US-exports-030425"),
        ("ca-95", "canada-steel-US-exports-031225"),
    ):
        frame = pl.read_parquet(folder / f"{name}.parquet", columns=["hs-code", "exports"])
        exports[key] = {str(c): float(v) for c, v in frame.iter_rows()}
    text = (folder / "canada-125b-list.csv").read_text(encoding="utf-8-sig")
    known = {w.strip().replace(".", "") for w in text.splitlines() if w.strip()}
    known |= {item for items in groups.values() for item in items}
    items_of = Counter(item[:6] for item in known)
    official = {
        "ca-66": "cad_bn_sor_66",
        "ca-95-steel": "cad_bn_sor_95_steel",
        "ca-95-aluminium": "cad_bn_sor_95_aluminium",
        "ca-95-other": "cad_bn_sor_95_other",
    }
    result: dict[str, CanadaList] = {}
    for group, constant in official.items():
        value = exports["ca-66" if group == "ca-66" else "ca-95"]
        listed = Counter(item[:6] for item in groups[group])
        part = {c: value.get(c, 0.0) * n / items_of[c] for c, n in listed.items()}
        target = 1e9 * TYPED[constant].value / TYPED["cad_per_usd"].value
        scale = target / sum(part.values())
        tally = Tally()
        for code, amount in sorted(part.items()):
            tally.add(concordance.sector(code), amount * scale, 1.0)
        result[group] = CanadaList(tally, sum(value.get(c, 0.0) for c in listed), sum(part.values()), target)
    return result


def vehicles_tally() -> Tally:
    """Return US vehicles under SOR/2025-118: value and taxed share, both of stated sources."""
    tally = Tally()
    outside = TYPED["non_cusma_us_vehicles"].value
    deducted = TYPED["canadian_mexican_content_of_us_vehicles"].value
    value = 1e9 * TYPED["cad_bn_vehicles"].value / TYPED["cad_per_usd"].value
    tally.add("C29", value, outside + (1 - outside) * (1 - deducted))
    return tally


# --- files ----------------------------------------------------------------------------------------
# ----------------

PROC_STEEL = "Proclamations 9705 and 10896 (Section 232)"
PROC_ALU = "Proclamations 9704 and 10895 (Section 232)"
LEGAL: Mapping[str, dict[str, str]] = {
    "us-232-steel": {
        "title": "US: 25 % on steel and its derivatives",
        "instrument": PROC_STEEL,
        "citation": "HTS 9903.81.87 to 9903.81.91; EO 14289, s. 3(a)(ii)",
        "source": (
            "Proclamation 10896 of 10 February 2025, from 12 March 2025; derivatives outside "
            "chapter 73 on steel content"
        ),
    },
    "us-232-aluminium": {
        "title": "US: 25 % on aluminium and its derivatives",
        "instrument": PROC_ALU,
        "citation": "HTS 9903.85.02 to 9903.85.08; EO 14289, s. 3(a)(ii)",
        "source": (
            "Proclamation 10895 of 10 February 2025, from 12 March 2025; derivatives outside "
            "chapter 76 on aluminium content"
        ),
    },
    "us-232-cars": {
        "title": "US: 25 % on cars and light trucks, USMCA vehicles on non-US content",
        "instrument": "Proclamation 10908 (Section 232)",
        "citation": ("Proclamation 10908, cl. 1 and 2; HTS 9903.94.01 and 9903.94.03, note 33(b) to (d)"),
        "source": "Proclamation 10908 of 26 March 2025, from 3 April 2025",
    },
    "us-232-parts": {
        "title": "US: 25 % on automobile parts entered outside USMCA",
        "instrument": "Proclamation 10908 (Section 232)",
        "citation": ("Proclamation 10908, cl. 1 and 4; HTS 9903.94.05 and 9903.94.06, note 33(g) and (h)"),
        "source": ("Proclamation 10908 of 26 March 2025, from 3 May 2025; offset of Proclamation 10925 not applied"),
    },
    "us-ieepa": {
        "title": "US: 25 % on goods entered outside USMCA",
        "instrument": "Executive Order 14193 (IEEPA)",
        "citation": ("EO 14193 s. 2(a), EO 14231 s. 2(a); HTS 9903.01.10 and 9903.01.14; EO 14289, s. 3(a)(i)"),
        "source": "Executive Order 14193 of 1 February 2025 as amended by EO 14231 of 6 March 2025",
    },
    "us-ieepa-energy": {
        "title": "US: 10 % on energy and critical minerals entered outside USMCA",
        "instrument": "Executive Order 14193 (IEEPA)",
        "citation": "EO 14193 s. 2(b), EO 14231 s. 2(a); HTS 9903.01.13 and 9903.01.14",
        "source": "Executive Order 14193 of 1 February 2025 as amended by EO 14231 of 6 March 2025",
    },
    "us-ieepa-potash": {
        "title": "US: 10 % on potash entered outside USMCA",
        "instrument": "Executive Order 14231 (IEEPA)",
        "citation": "EO 14231 s. 2(b); HTS 9903.01.15",
        "source": "Executive Order 14231 of 6 March 2025, from 7 March 2025",
    },
    "ca-66": {
        "title": "Canada: 25 % on the CAD 30 billion list",
        "instrument": "United States Surtax Order (2025-1)",
        "citation": "SOR/2025-66, schedule: 1,256 items outside chapters 98 and 99",
        "source": "in force 4 March to 31 August 2025",
    },
    "ca-95-steel": {
        "title": "Canada: 25 % on US steel",
        "instrument": "United States Surtax Order (Steel and Aluminum 2025)",
        "citation": "SOR/2025-95, schedule 2: 265 items",
        "source": "in force from 13 March 2025",
    },
    "ca-95-aluminium": {
        "title": "Canada: 25 % on US aluminium",
        "instrument": "United States Surtax Order (Steel and Aluminum 2025)",
        "citation": "SOR/2025-95, schedule 1, chapter 76",
        "source": "in force from 13 March 2025",
    },
    "ca-95-other": {
        "title": "Canada: 25 % on other US goods (tools, computers, sports goods, gold)",
        "instrument": "United States Surtax Order (Steel and Aluminum 2025)",
        "citation": "SOR/2025-95, schedule 1, outside chapter 76",
        "source": "in force 13 March to 31 August 2025",
    },
    "ca-118": {
        "title": "Canada: 25 % on US vehicles, CUSMA vehicles without Canadian and Mexican content",
        "instrument": "United States Surtax Order (Motor Vehicles 2025)",
        "citation": "SOR/2025-118, s. 2 and schedule 1: 19 items",
        "source": "in force from 9 April 2025",
    },
}
RATES = dict.fromkeys(LEGAL, 25.0) | {"us-ieepa-energy": 10.0, "us-ieepa-potash": 10.0}


@dataclass(frozen=True)
class Numbers:
    """Everything the files print."""

    us: Mapping[str, Tally]
    us_alone: Mapping[str, Tally]
    canada: Mapping[str, Tally]
    lists: Mapping[str, CanadaList]
    us_imports: Mapping[str, float]
    us_imports_all: float
    ca_imports: Mapping[str, float]
    facts: Mapping[str, float]
    dropped: tuple[str, ...]
    lines: Sequence[Line]


def compute(sources: Path) -> Numbers:
    """Compute every factor of every measure from the sources. Values in USD."""
    concordance = assemble(sources).concordance
    lines, scope, facts = us_lines(sources, concordance)
    non_us = 1 - TYPED["us_content_of_canadian_cars"].value
    imports: dict[str, float] = defaultdict(float)
    for x in lines:
        imports[x.sector] += x.value
    lists = canada_lists(sources, concordance)
    canada = {k: v.tally for k, v in lists.items()} | {"ca-118": vehicles_tally()}
    return Numbers(
        us_tallies(lines, non_us_content=non_us),
        us_tallies(lines, non_us_content=non_us, alone=True),
        canada,
        lists,
        {s: imports[s] for s in GOODS},
        sum(imports.values()),
        {s: 1e6 * v for s, v in canadian_imports(sources).items()},
        facts,
        scope.dropped,
        lines,
    )


def _changes(tally: Tally, imports: Mapping[str, float], rate: float) -> list[dict[str, Any]]:
    changes = []
    for sector in GOODS:
        scope = tally.scope.get(sector, 0.0)
        # Below USD 50,000 a value prints as zero and moves nothing.
        if scope < 5e4 or tally.taxed[sector] <= 0:
            continue
        total = round(imports[sector] / 1e6, 1)
        changes.append(
            {
                "sector": sector,
                "rate": rate,
                "in_scope": min(round(scope / 1e6, 1), total),
                "imports": total,
                "taxed_share": round(tally.taxed[sector] / scope, 6),
            }
        )
    return changes


def _measure(name: str, tally: Tally, numbers: Numbers) -> dict[str, Any]:
    importer, exporter = ("USA", "CAN") if name.startswith("us-") else ("CAN", "USA")
    imports = numbers.us_imports if importer == "USA" else numbers.ca_imports
    return {
        "id": name,
        **LEGAL[name],
        "importer": importer,
        "exporter": exporter,
        "changes": _changes(tally, imports, RATES[name]),
    }


def _million(usd: float) -> str:
    return f"USD {usd / 1e6:,.0f} million"


def left_out(n: Numbers) -> list[dict[str, str]]:
    """List what the scenario does not carry, with values where the data give them."""
    special = sum(x.value for x in n.lines if x.kind == "special")
    us_outside = sum(t.outside[0] for k, t in n.us.items() if k.startswith("us-ieepa"))
    us_taxed = sum(RATES[k] / 100 * t.outside[1] for k, t in n.us.items())
    ca_outside = sum(t.outside[0] for t in n.canada.values())
    return [
        {
            "what": "US imports under chapters 98 and 99 (goods returned, low value, unspecified)",
            "why": f"{_million(special)} in 2024 belong to no sector; part of them was taxed",
        },
        {
            "what": "electricity, scrap, used goods and publications that the US order reaches",
            "why": (
                f"{_million(us_outside)} lie in the services aggregate, which carries no tariff; "
                f"at the claim shares used the US measures would take {_million(us_taxed)} of duty "
                "there"
            ),
        },
        {
            "what": "gold scrap and other goods on Canada's lists outside the goods sectors",
            "why": f"{_million(ca_outside)} at the scaled values lie in the services aggregate",
        },
        {
            "what": ("remission of surtax, SOR/2025-122 (manufacturing, packaging, health, public safety)"),
            "why": "granted per importer and use; no public value",
        },
        {
            "what": "remission for vehicle makers, SI/2025-60",
            "why": (
                "numbers of vehicles stand in a confidential schedule; full remission would end "
                "most of the vehicle surtax"
            ),
        },
        {
            "what": "offset for US assembly of automobiles, Proclamation 10925",
            "why": ("up to 3.75 % of retail price, by manufacturer; parts with a USMCA claim pay nothing anyway"),
        },
        {
            "what": "aluminium smelted and cast, steel melted and poured in the United States",
            "why": "exempt derivatives; no value by origin of the metal",
        },
        {
            "what": "derivative steel articles outside chapter 73 other than 9406.20.00",
            "why": "not in the list at hand; codes absent from the schedule were dropped: " + ", ".join(n.dropped),
        },
        {
            "what": "donations (9903.01.11) and goods in transit",
            "why": "not visible in trade statistics",
        },
        {
            "what": "automobile parts of heading 8471",
            "why": (
                "the note names the whole heading but taxes only parts of cars; these lines stay "
                "under IEEPA, at the same rate"
            ),
        },
        {
            "what": "US tariffs on other countries and their replies in 2025",
            "why": "this scenario is the dispute between the United States and Canada alone",
        },
        {
            "what": "the change in behaviour since 2024",
            "why": ("weights are the trade of 2024, before the measures; the model moves quantities itself"),
        },
    ]


def _description(n: Numbers) -> str:
    us, ca = average_rates(n)
    return (
        "Both sides' measures in force on 6 May 2025, by sector: rate × value in scope / "
        "imports × share taxed. "
        f"They add {us['total']:.2f} per cent to US imports from Canada and {ca['total']:.2f} "
        "per cent to Canadian "
        "imports from the United States, at the trade of 2024. Assumptions: non-US content of "
        "USMCA cars "
        f"{1 - TYPED['us_content_of_canadian_cars'].value:.2f}; USMCA claims of May 2025 on "
        "dutiable lines and of July "
        "2025 on free lines, where claims were not recorded before; Canada's imports by sector "
        "from the ICIO, scaled. "
        f"docs/scenario-us-canada-2025.md explains each factor."
    )


def scenario_files(n: Numbers) -> dict[str, dict[str, Any]]:
    """Return the scenario files by name."""
    everything = [_measure(m, n.us[m], n) for m in US_MEASURES]
    everything += [_measure(m, n.canada[m], n) for m in n.canada]
    head = {"schema": "surtax-scenario/1"}
    main = {
        **head,
        "name": "us-canada-2025",
        "title": "The US–Canada measures in force on 6 May 2025",
        "description": _description(n),
        "date": DATE,
        "measures": everything,
        "left_out": left_out(n),
    }
    named = ["us-232-steel", "us-232-aluminium", "us-232-cars"]
    article = {
        **head,
        "name": "article-only",
        "title": "The five measures that the article names",
        "description": (
            "US 25 per cent on steel and aluminium and on cars; Canada's CAD 30 billion list, "
            "its surtax on US "
            "steel and aluminium, and on vehicles. Without the IEEPA duties nothing displaces the "
            "metals duties, so they fall "
            "on goods inside and outside USMCA alike."
        ),
        "date": DATE,
        "measures": [_measure(m, n.us_alone[m], n) for m in named]
        + [_measure(m, n.canada[m], n) for m in ("ca-66", "ca-95-steel", "ca-95-aluminium", "ca-118")],
        "left_out": [
            {"what": "everything else in us-canada-2025", "why": "the article does not name it"},
            *left_out(n)[2:8],
        ],
    }
    only_us = {
        **head,
        "name": "us-only",
        "title": "The US measures of us-canada-2025, without Canada's reply",
        "description": "The United States' side of the measures in force on 6 May 2025.",
        "date": DATE,
        "extends": "us-canada-2025",
        "only": list(US_MEASURES),
    }

    def flat(importer: str, exporter: str, who: str) -> dict[str, Any]:
        return {
            "id": f"{importer.lower()}-all-goods",
            "title": f"{who}: 25 % on all goods",
            "instrument": "hypothetical",
            "source": ("no legal measure: 25 percentage points on every goods sector, services untouched"),
            "importer": importer,
            "exporter": exporter,
            "changes": [{"sector": "goods", "rate": 25.0}],
        }

    us_flat = flat("USA", "CAN", "United States on Canada")
    ca_flat = flat("CAN", "USA", "Canada on the United States")
    services = [{"what": "services and electricity", "why": "they carry no tariff"}]
    all_goods = {
        **head,
        "name": "all-goods-25",
        "title": "US 25 % on all Canadian goods",
        "description": (
            "A plain experiment: 25 percentage points on top of what the US collected in 2024, "
            "on all goods, "
            "without preference for USMCA."
        ),
        "measures": [us_flat],
        "left_out": services,
    }
    both = {
        **head,
        "name": "all-goods-25-both",
        "title": "25 % on all goods, both ways",
        "description": (
            "The same on both sides: 25 percentage points on all goods traded between the United States and Canada."
        ),
        "measures": [us_flat, ca_flat],
        "left_out": services,
    }
    return {f["name"]: f for f in (main, article, only_us, all_goods, both)}


def average_rates(n: Numbers) -> tuple[dict[str, float], dict[str, float]]:
    """Return added average rates, per cent, by measure and in total: US on Canada, and back.

    Duty in goods sectors over all imports, chapters 98 and 99 and electricity included on the
    US side.
    """
    us = {k: RATES[k] * t.total() / n.us_imports_all for k, t in n.us.items()}
    whole = sum(n.ca_imports.values())
    ca = {k: RATES[k] * t.total() / whole for k, t in n.canada.items()}
    return us | {"total": sum(us.values())}, ca | {"total": sum(ca.values())}


HEADER = """\
# Written by `python -m tools.build_data scenarios`; do not edit. Rates are per cent, values USD
# million.
"""


def _typed_comment() -> str:
    lines = ["# Typed in, not computed:\n"]
    for name, t in TYPED.items():
        mark = "ASSUMPTION " if t.assumption else ""
        band = f"; band: {t.band}" if t.band else ""
        lines.append(f"# - {mark}{name} = {t.value:g} {t.unit}. {t.source}{band}.\n")
    return "".join(lines)


def render(file: Mapping[str, Any]) -> str:
    """Return a scenario file as YAML text."""
    import yaml

    text = yaml.safe_dump(dict(file), sort_keys=False, allow_unicode=True, width=110)
    uses_typed = file["name"] in {"us-canada-2025", "article-only"}
    return HEADER + (_typed_comment() if uses_typed else "") + text


def build(sources: Path, out: Path) -> None:
    """Write `scenarios/*.yaml` under `out`."""
    folder = out / "scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in scenario_files(compute(sources)).items():
        (folder / f"{name}.yaml").write_text(render(file), encoding="utf-8", newline="\n")


# --- documentation
# ------------------------------------------------------------------------------------------------

BEGIN, END = (
    "<!-- tables: begin, written by tools/build_data/scenarios.py -->",
    "<!-- tables: end -->",
)


def _sector_table(tallies: Mapping[str, Tally], imports: Mapping[str, float]) -> list[str]:
    names = list(tallies)
    text = [
        "| sector | imports | " + " | ".join(names) + " | added rate |",
        "|---|--:|" + "--:|" * (len(names) + 1),
    ]
    for s in GOODS:
        added = [RATES[m] * tallies[m].taxed.get(s, 0.0) / imports[s] if imports[s] else 0.0 for m in names]
        cells = " | ".join(f"{a:.2f}" if a >= 0.005 else "·" for a in added)
        text.append(f"| {s} | {imports[s] / 1e6:,.0f} | {cells} | {sum(added):.2f} |")
    return text


def _measure_table(tallies: Mapping[str, Tally], average: Mapping[str, float]) -> list[str]:
    text = [
        "| measure | rate | in scope | taxed share | duty | added to all imports |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for m, t in tallies.items():
        scope = sum(t.scope.values())
        duty = RATES[m] / 100 * t.total()
        text.append(
            f"| {m} | {RATES[m]:g} % | {scope / 1e6:,.0f} | {t.total() / scope:.3f} | "
            f"{duty / 1e6:,.0f} | {average[m]:.2f} % |"
        )
    duty = sum(RATES[m] / 100 * t.total() for m, t in tallies.items())
    text.append(f"| all | | | | {duty / 1e6:,.0f} | {average['total']:.2f} % |")
    return text


def with_may_weights(sources: Path, n: Numbers) -> float:
    """Return the US average added rate, per cent, weighted with the imports of May 2025."""
    may = _claims(sources, "2025_05")
    duty = 0.0
    lines = [
        Line(
            x.hs10,
            x.sector,
            may.get(x.hs10, (0.0, 0.0))[0],
            x.claim,
            x.steel,
            x.aluminium,
            x.kind,
            x.ieepa,
        )
        for x in n.lines
    ]
    tallies = us_tallies(lines, non_us_content=1 - TYPED["us_content_of_canadian_cars"].value)
    duty = sum(RATES[k] * t.total() for k, t in tallies.items())
    return duty / sum(v for v, _ in may.values())


def tables(sources: Path) -> str:
    """Return the tables of docs/scenario-us-canada-2025.md as Markdown."""
    n = compute(sources)
    us, ca = average_rates(n)
    f = n.facts
    text = [
        BEGIN,
        "",
        "### US on Canada, by measure (USD million, 2024)",
        "",
        *_measure_table(n.us, us),
        "",
        (
            f"Claim shares: {f['dutiable_claimed'] / f['dutiable_value']:.3f} on dutiable lines "
            "(recorded, May 2025; "
            f"{_million(f['dutiable_value'])}), {f['free_claimed'] / f['free_value']:.3f} on free "
            "lines (from July 2025; "
            f"{_million(f['free_value'])}). Lines of 2024 that the schedule of the day no longer "
            f"has: {_million(f['not_in_schedule'])}."
        ),
        (
            f"All imports from Canada: {_million(n.us_imports_all)}. With the import values of May "
            "2025 as weights the total is "
            f"{with_may_weights(sources, n):.2f} %."
        ),
        "",
        "### US on Canada, by sector (per cent added)",
        "",
        *_sector_table(n.us, n.us_imports),
        "",
        "### Canada on the US, by measure (USD million)",
        "",
        *_measure_table(n.canada, ca),
        "",
        ("| list | US exports in its six-digit codes | in its items' share of them | official coverage |"),
        "|---|--:|--:|--:|",
        *(
            f"| {k} | {v.six_digit_usd / 1e6:,.0f} | {v.listed_usd / 1e6:,.0f} | {v.official_usd / 1e6:,.0f} |"
            for k, v in n.lists.items()
        ),
        "",
        "### Canada on the US, by sector (per cent added)",
        "",
        *_sector_table(n.canada, n.ca_imports),
        "",
        END,
    ]
    return "\n".join(text)


def refresh(page: Path, sources: Path) -> None:
    """Rewrite the tables inside a page of documentation."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(before + tables(sources) + after, encoding="utf-8", newline="\n")


def run(sources: Path, arguments: list[str]) -> None:
    """Build, and bring the page of documentation up to date."""
    no_options("scenarios", arguments)
    build(sources, DATA)
    page = ROOT / "docs" / "scenario-us-canada-2025.md"
    if page.is_file():
        refresh(page, sources)
