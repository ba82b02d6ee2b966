"""Rates as tariffs print them: free, per cent, amounts per unit, and both."""

from __future__ import annotations

import re
from typing import NamedTuple

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_SPECIFIC = re.compile(r"(?:\$\s*(?P<d>\d+(?:\.\d+)?)|(?P<c>\d+(?:\.\d+)?)\s*(?:¢|cents))\s*(?:/|each|per)\s*(?P<u>.*)")


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


def parse_rate(text: str) -> Rate:
    """Read one printed rate such as `Free`, `2.5%`, `1.5¢/kg` or `0.9¢/kg + 7.5%`.

    Returns
    -------
    Rate
        In per cent and currency units per unit; `known` is False for rates that depend on more than
        value and one quantity (`See …`, `The rate applicable to …`, several units): such a rate is
        refused, never zero.
    """
    text = " ".join(text.split())
    if text.lower() == "free":
        return FREE
    ad_valorem = amount = 0.0
    unit = ""
    for part in text.split(" + "):
        if match := _PERCENT.fullmatch(part):
            ad_valorem += float(match[1])
            continue
        match = _SPECIFIC.fullmatch(part)
        if match is None or unit:
            return Rate(-1.0, 0.0, "", text)
        unit = match["u"].strip() or "No."
        amount = float(match["d"]) if match["d"] else round(float(match["c"]) / 100, 10)
        if " on " in unit or "<" in unit or "," in unit:
            return Rate(-1.0, 0.0, "", text)
    return Rate(ad_valorem, amount, unit, text)


def parse_special(text: str) -> dict[str, Rate]:
    """Read the special column, such as `Free (A+,AU,S) 2.4% (JP)`: programme code to rate."""
    found: dict[str, Rate] = {}
    for rate, programmes in re.findall(r"([^()]+)\(([^()]*)\)", " ".join(text.split())):
        parsed = parse_rate(rate.strip(" ,;"))
        for code in programmes.split(","):
            found.setdefault(code.strip(), parsed)
    return found
