"""Codes of the OECD's Inter-Country Input-Output tables in every edition: names, goods, parts.

The editions cut ISIC Rev. 4 differently (2025: `A01`, `C24A`; 2023: `A01_02`, `C24`; 2021 and 2018:
`01T02`, `24`). A code of any of them is read here as the set of ISIC divisions that it covers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICES = "SVC"
REST = "ROW"

COUNTRY_NAMES = {
    "AGO": "Angola", "ARE": "United Arab Emirates", "ARG": "Argentina", "AUS": "Australia",
    "AUT": "Austria", "BEL": "Belgium", "BGD": "Bangladesh", "BGR": "Bulgaria", "BLR": "Belarus",
    "BRA": "Brazil", "BRN": "Brunei", "CAN": "Canada", "CHE": "Switzerland", "CHL": "Chile",
    "CHN": "China", "CIV": "Côte d'Ivoire", "CMR": "Cameroon", "COD": "DR Congo",
    "COL": "Colombia", "CRI": "Costa Rica", "CYP": "Cyprus", "CZE": "Czechia", "DEU": "Germany",
    "DNK": "Denmark", "EGY": "Egypt", "ESP": "Spain", "EST": "Estonia", "FIN": "Finland",
    "FRA": "France", "GBR": "United Kingdom", "GRC": "Greece", "HKG": "Hong Kong",
    "HRV": "Croatia", "HUN": "Hungary", "IDN": "Indonesia", "IND": "India", "IRL": "Ireland",
    "ISL": "Iceland", "ISR": "Israel", "ITA": "Italy", "JOR": "Jordan", "JPN": "Japan",
    "KAZ": "Kazakhstan", "KHM": "Cambodia", "KOR": "South Korea", "LAO": "Laos",
    "LTU": "Lithuania", "LUX": "Luxembourg", "LVA": "Latvia", "MAR": "Morocco", "MEX": "Mexico",
    "MLT": "Malta", "MMR": "Myanmar", "MYS": "Malaysia", "NGA": "Nigeria", "NLD": "Netherlands",
    "NOR": "Norway", "NZL": "New Zealand", "PAK": "Pakistan", "PER": "Peru", "PHL": "Philippines",
    "POL": "Poland", "PRT": "Portugal", "ROU": "Romania", "RUS": "Russia", "SAU": "Saudi Arabia",
    "SEN": "Senegal", "SGP": "Singapore", "STP": "São Tomé and Príncipe", "SVK": "Slovakia",
    "SVN": "Slovenia", "SWE": "Sweden", "THA": "Thailand", "TUN": "Tunisia", "TUR": "Türkiye",
    "TWN": "Taiwan", "UKR": "Ukraine", "USA": "United States", "VNM": "Vietnam",
    "ZAF": "South Africa", REST: "Rest of world",
}  # fmt: skip

SECTOR_NAMES = {
    "A01": "Agriculture and hunting",
    "A02": "Forestry and logging",
    "A03": "Fishing and aquaculture",
    "B05": "Coal mining",
    "B06": "Crude oil and natural gas",
    "B07": "Metal ores",
    "B08": "Other mining and quarrying",
    "B09": "Mining support services",
    "C10T12": "Food, beverages and tobacco",
    "C13T15": "Textiles, clothing and leather",
    "C16": "Wood and wood products",
    "C17_18": "Paper and printing",
    "C19": "Coke and refined petroleum",
    "C20": "Chemicals",
    "C21": "Pharmaceuticals",
    "C22": "Rubber and plastics",
    "C23": "Glass, cement and other minerals",
    "C24A": "Iron and steel",
    "C24B": "Aluminium and other non-ferrous metals",
    "C25": "Fabricated metal products",
    "C26": "Computers, electronics and optics",
    "C27": "Electrical equipment",
    "C28": "Machinery",
    "C29": "Motor vehicles and parts",
    "C301": "Ships and boats",
    "C302T309": "Aircraft, trains and other transport equipment",
    "C31T33": "Furniture and other manufacturing",
    "D": "Electricity and gas supply",
    "E": "Water and waste",
    "F": "Construction",
    "G": "Wholesale and retail trade",
    "H49": "Land transport and pipelines",
    "H50": "Water transport",
    "H51": "Air transport",
    "H52": "Warehousing and transport support",
    "H53": "Post and couriers",
    "I": "Hotels and restaurants",
    "J58T60": "Publishing, film and broadcasting",
    "J61": "Telecommunications",
    "J62_63": "Computing and information services",
    "K": "Finance and insurance",
    "L": "Real estate",
    "M": "Professional and scientific services",
    "N": "Administrative services",
    "O": "Public administration and defence",
    "P": "Education",
    "Q": "Health and social work",
    "R": "Arts and recreation",
    "S": "Other services",
    "T": "Households as employers",
    "A01_02": "Agriculture and forestry",
    "B05_06": "Coal, oil and gas",
    "B07_08": "Metal ores and other mining",
    "C24": "Basic metals",
    "C30": "Other transport equipment",
    SERVICES: "Services (all)",
}

# Sections that the OECD prints as a letter alone, as ISIC Rev. 4 divisions.
_SECTIONS = {
    "A": (1, 3), "B": (5, 9), "C": (10, 33), "D": (35, 35), "E": (36, 39), "F": (41, 43),
    "G": (45, 47), "H": (49, 53), "I": (55, 56), "J": (58, 63), "K": (64, 66), "L": (68, 68),
    "M": (69, 75), "N": (77, 82), "O": (84, 84), "P": (85, 85), "Q": (86, 88), "R": (90, 93),
    "S": (94, 96), "T": (97, 98),
}  # fmt: skip
# Parts of a division, and other spellings of the same parts.
_PARTS = {
    "C24A": 24,
    "C24B": 24,
    "C301": 30,
    "C302T309": 30,
    "C241_2431": 24,
    "C242_2432": 24,
    "C30X301": 30,
}
_ALIASES = {"C241_2431": "C24A", "C242_2432": "C24B", "C30X301": "C302T309"}
_NUMBERS = re.compile(r"^[A-Z]?(\d\d)(?:[T_](\d\d))?$")
_LAST_GOODS_DIVISION = 33


def canonical(code: str) -> str:
    """Return the 2025 edition's spelling of a sector code where another one is in use."""
    return _ALIASES.get(code, code)


def divisions(code: str) -> frozenset[int]:
    """ISIC Rev. 4 divisions that a sector code covers, empty where the code is not understood.

    `A01_02`, `D01T02` and `01T02` all give {1, 2}; `E` gives {36, …, 39}; `C24A` gives {24}.
    """
    if code in _PARTS:
        return frozenset({_PARTS[code]})
    if code in _SECTIONS:
        first, last = _SECTIONS[code]
        return frozenset(range(first, last + 1))
    match = _NUMBERS.match(code)
    if not match:
        return frozenset()
    first = int(match[1])
    return frozenset(range(first, int(match[2] or first) + 1))


def is_good(code: str) -> bool:
    """Whether a sector code is agriculture, mining or manufacturing (ISIC divisions 01 to 33)."""
    covered = divisions(code)
    return bool(covered) and max(covered) <= _LAST_GOODS_DIVISION


def members(code: str, known: Sequence[str]) -> list[str]:
    """Return the codes of `known` on the ground of `code`: itself, or those of its divisions."""
    code = canonical(code)
    if code in known:
        return [code]
    covered = divisions(code)
    return [k for k in known if divisions(k) & covered]


def country_name(code: str) -> str:
    """Readable name of an economy, the code itself where none is known."""
    return COUNTRY_NAMES.get(code, code)


def sector_name(code: str) -> str:
    """Readable name of a sector in any edition's spelling, the code itself where none is known."""
    code = canonical(code)
    if code in SECTOR_NAMES:
        return SECTOR_NAMES[code]
    covered = divisions(code)
    same = [c for c in SECTOR_NAMES if c not in _PARTS and divisions(c) == covered]
    return SECTOR_NAMES[same[0]] if covered and same else code
