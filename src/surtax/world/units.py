"""The unit of value of a world's accounts: the one place that says currency and scale."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALES = {
    "thousand": 1e3, "k": 1e3, "1000": 1e3, "1,000": 1e3,
    "million": 1e6, "mn": 1e6, "mio": 1e6, "m": 1e6,
    "billion": 1e9, "bn": 1e9,
    "trillion": 1e12, "tn": 1e12,
}  # fmt: skip
NAMES = {1.0: "", 1e3: "thousand", 1e6: "million", 1e9: "billion", 1e12: "trillion"}
UNSTATED = "units of the accounts"
# Placeholders of the table of variables, which knows no world.
MONEY, PER_PERSON = "money", "money per person"


@dataclass(frozen=True)
class Unit:
    """What one unit of value in the accounts is.

    Attributes
    ----------
    currency : its code, such as USD; empty where the accounts do not state one that is understood.
    scale : how many of the currency make one unit (1e6 for USD million), or None with no currency.
    text : the unit in words: `USD million`; what the accounts state, where that is not understood; or
        `units of the accounts`.
    """

    currency: str
    scale: float | None
    text: str

    def resolve(self, unit: str) -> str:
        """Put this unit where the table of variables says `money` or `money per person`; others stay."""
        if unit == MONEY:
            return self.text
        if unit == PER_PERSON:
            return f"{self.currency or self.text} per person"
        return unit


def unit_of(stated: object) -> Unit:
    """Read what accounts state about their unit: a three-letter currency code and a power of a thousand.

    `USD million`, `EUR thousand, basic prices` (what follows a comma is no part of the unit), `CAD`, `millions of JPY`.
    Any other text is kept as it is, without a currency or scale: nothing is claimed that was not understood.
    """
    text = re.split(r",\s|[;(]", str(stated))[0].strip() if stated else ""
    if not text:
        return Unit("", None, UNSTATED)
    words = [w for w in text.split() if w.lower() != "of"]
    codes = [w for w in words if re.fullmatch(r"[A-Z]{3}", w)]
    scales = [SCALES[w.lower().removesuffix("s")] for w in words if w.lower().removesuffix("s") in SCALES]
    if len(codes) != 1 or len(scales) > 1 or len(words) != 1 + len(scales):
        return Unit("", None, text)
    scale = scales[0] if scales else 1.0
    return Unit(codes[0], scale, f"{codes[0]} {NAMES[scale]}".strip())
