"""Numbers as people read them.

Few digits, thousands apart, a true minus, an en dash where there is no number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
BILLION = 1e3
# Below this largest income (USD million) billions would be all zeros: a textbook world.
SMALLEST_IN_BILLIONS = 1e4


def fixed(x: float | None, digits: int = 0, *, sign: bool = False) -> str:
    """Return `x` with so many decimals; `sign` shows a plus as well. No number is an en dash.

    What rounds to zero has no sign.
    """
    if x is None or math.isnan(x):
        return DASH
    if math.isinf(x):
        return ("+" if sign else "") + "∞" if x > 0 else MINUS + "∞"
    text = f"{abs(x):,.{digits}f}"
    if not text.strip("0.,"):
        return text
    return (MINUS if x < 0 else "+" if sign else "") + text


def digits_for(values: Iterable[float | None], significant: int = 3, most: int = 6) -> int:
    """Return decimals at which the largest value has so many significant digits.

    All of a column share them.
    """
    finite = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(finite, default=0.0)
    # What would show as zero with all decimals is zero: rounding of the solver, not news.
    if largest < 0.5 * 10.0**-most:
        return 0
    digits = significant - 1 - math.floor(math.log10(largest))
    # 0.9996 shown with three decimals is 1.000: one digit too many.
    if round(largest, max(digits, 0)) >= 10.0 ** (math.floor(math.log10(largest)) + 1):
        digits -= 1
    return min(max(digits, 0), most)


def column(values: Sequence[float | None], *, sign: bool = False, significant: int = 3) -> list[str]:
    """Format a column of a table, all with the same decimals."""
    digits = digits_for(values, significant)
    return [fixed(v, digits, sign=sign) for v in values]


def least(texts: Sequence[str], values: Sequence[float]) -> list[str]:
    """Where a value that is not zero shows as zero, say less than the last digit: <0.01."""
    shown = []
    for text, value in zip(texts, values, strict=True):
        zero = value != 0 and not text.strip("0.,")
        shown.append(f"<{text[:-1]}1" if zero and value > 0 else text)
    return shown


def short(x: float, significant: int = 2) -> str:
    """Return the magnitude of `x` with so many significant digits, for use in a sentence."""
    return fixed(abs(x), digits_for([x], significant))


def dollars(million: float) -> str:
    """Return the magnitude of an amount, in words: USD 4.9 billion."""
    size = abs(million)
    for scale, word in ((1e6, "trillion"), (1e3, "billion")):
        if size >= 0.9995 * scale:
            return f"USD {short(size / scale)} {word}"
    return f"USD {short(size)} million"


def exponent(x: float) -> str:
    """Return a small number as 1.7e−11, for residuals."""
    if math.isnan(x):
        return DASH
    return "0" if x == 0 else f"{x:.1e}".replace("-", MINUS)


class Money:
    """The unit in which amounts are shown: USD billion, or million in a small world.

    Attributes
    ----------
    scale : USD million that make one unit; label, short_label : the unit's name.
    """

    def __init__(self, largest_income: float) -> None:
        """Choose by the largest income, USD million."""
        billions = largest_income >= SMALLEST_IN_BILLIONS
        self.scale = BILLION if billions else 1.0
        self.label = "USD billion" if billions else "USD million"
        self.short_label = "bn" if billions else "m"

    def column(self, values: Sequence[float], *, sign: bool = False, significant: int = 3) -> list[str]:
        """Format amounts in USD million as a column in this unit."""
        return column([v / self.scale for v in values], sign=sign, significant=significant)
