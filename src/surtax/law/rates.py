"""Rates as tariffs print them: free, per cent, amounts per unit, and both; and their units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = r"\d*\.?\d+"
_PERCENT = re.compile(rf"(?P<n>{_NUMBER})(?: (?P<a>\d+)/(?P<b>\d+))?\s*%")
_SPECIFIC = re.compile(rf"(?:\$\s*(?P<d>{_NUMBER})|(?P<c>{_NUMBER})\s*(?:¢|cents))\s*(?:/|each|per\b)\s*(?P<u>.*)")

_ALIASES = {
    "kg": "kg kilogram kilograms kilo kilos",
    "t": "t tonne tonnes",
    "g": "g gram grams",
    "liter": "liter liters litre litres l",
    "pf. liter": "pf.liter|pf liter|pf. liter|proof liter|proof liters|proof litre|proof litres",
    "bbl": "bbl barrel barrels",
    "No.": "no number each item items pc pcs piece pieces unit units head",
    "doz.": "doz dz dozen dozens",
    "gross": "gross",
    "1000": "1000|1,000|thousand|1000 pins|1,000 pins",
    "pr.": "pr pair pairs",
    "m": "m|meter|metre|lin. m|lin m",
    "m2": "m2 m²",
    "m3": "m3 m³",
    "pack": "pack packs",
    "clean kg": "clean kg|kg clean",
    "line/gross": "line/gross|line/ gross",
}
_CANON = {
    alias: unit
    for unit, names in _ALIASES.items()
    for alias in (names.split("|") if "|" in names or unit == "clean kg" else names.split())
}
_QUALIFIED = re.compile(
    r"(?P<unit>.+?) ?(?P<how>on drained weight|on contents and container|on entire contents of container|"
    r"including weight of container|of total sugars|of recording surface|of immediate containers|"
    r"of anhydrous morphine content|on [a-z]+(?: alcohol)? content)"
)
# An amount per dozen is one per piece times twelve; nothing here depends on the goods.
_FAMILIES = (
    {"kg": 1.0, "t": 1000.0, "g": 0.001},
    {"No.": 1.0, "doz.": 12.0, "gross": 144.0, "1000": 1000.0},
    {"liter": 1.0, "m3": 1000.0, "bbl": 158.987294928},
)


class Rate(NamedTuple):
    """A printed rate. With `text` alone it is one that the data do not turn into numbers."""

    ad_valorem: float
    amount: float
    unit: str
    text: str

    @property
    def known(self) -> bool:
        """Whether the rate could be read."""
        return self.ad_valorem >= 0


FREE = Rate(0.0, 0.0, "", "Free")


def unit_name(text: str) -> str | None:
    """Return the name under which a unit is kept, such as `pr.` for `pair`; None if unknown.

    What is measured is part of the unit: `kg on drained weight` is not `kg`.
    """
    bare = " ".join(text.replace(",", " ").split()).lower() if "weight" in text else " ".join(text.split()).lower()
    known = _CANON.get(bare) or _CANON.get(bare.rstrip("."))
    if known is not None:
        return known
    match = _QUALIFIED.fullmatch(bare)
    if match is None:
        return None
    unit = unit_name(match["unit"])
    return None if unit is None else f"{unit} {match['how']}"


def convert(quantities: Mapping[str, float], unit: str) -> float | None:
    """Return how much of a unit quantities in other units are, or None if none of them tells.

    Only within mass, count and volume; kilograms never become litres.
    """
    if unit in quantities:
        return quantities[unit]
    for other, quantity in quantities.items():
        size = factor(other, unit)
        if size is not None:
            return quantity * size
    return None


def convert_price(unit_values: Mapping[str, float], unit: str) -> float | None:
    """Return the value of one of a unit from values of other units, or None if none of them tells; see `convert`."""
    for other, value in unit_values.items():
        size = factor(unit, other)
        if size is not None:
            return value * size
    return None


def factor(one: str, unit: str) -> float | None:
    """Return how many of a unit one of another is (12 for `doz.` in `No.`), or None if that depends on the goods."""
    for family in _FAMILIES:
        if one in family and unit in family:
            return family[one] / family[unit]
    return 1.0 if one == unit else None


def parse_rate(text: str) -> Rate:
    """Read one printed rate such as `Free`, `2.5%`, `1.5¢/kg` or `0.9¢/kg + 7.5%`.

    Returns
    -------
    Rate
        In per cent and currency units per unit; `known` is False for rates that depend on more than
        value and one quantity (`See …`, `The rate applicable to …`, a rate on the case and another
        on the battery, a scale by degrees, several units): such a rate is refused, never zero.
    """
    text = " ".join(text.split())
    if text.lower() == "free":
        return FREE
    refused = Rate(-1.0, 0.0, "", text)
    ad_valorem = amount = 0.0
    unit = ""
    for part in re.split(r"\s*\+\s*", text):
        if match := _PERCENT.fullmatch(part):
            ad_valorem += float(match["n"]) + (int(match["a"]) / int(match["b"]) if match["a"] else 0.0)
            continue
        match = _SPECIFIC.fullmatch(part)
        name = unit_name(match["u"].strip() or "No.") if match is not None else None
        if match is None or name is None or unit:
            return refused
        unit = name
        amount = float(match["d"]) if match["d"] else round(float(match["c"]) / 100, 10)
    return Rate(round(ad_valorem, 10), amount, unit, text)


def split_special(text: str) -> list[tuple[str, list[str]]]:
    """Split the special column, such as `Free (A+,AU,S) 2.4% (JP)`, into rates and programmes."""
    return [
        (rate.strip(" ,;"), [code for code in re.split(r"[\s,]+", programmes) if code])
        for rate, programmes in re.findall(r"([^()]+)\(([^()]*)\)", " ".join(text.split()))
    ]


def parse_special(text: str) -> dict[str, Rate]:
    """Read the special column: programme code to rate."""
    found: dict[str, Rate] = {}
    for rate, programmes in split_special(text):
        parsed = parse_rate(rate)
        for code in programmes:
            found.setdefault(code, parsed)
    return found
