"""Numbers as people read them.

Few digits, thousands apart, a true minus, an en dash where there is no number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from surtax.world.units import UNSTATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from surtax.world.units import Unit

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
# From here on, and below the least, a number is written with a power of ten: digits would fill the line, or be zeros.
HUGE, TINY = 1e9, 1e-4
# A longer name of a unit does not fit the head of a column.
LONGEST_HEAD = 16
# Amounts below this share of the largest one shown are rounding of the solver.
ROUNDING = 1e-11
# Words for powers of a thousand, and the short ones for heads of tables.
SCALES = ((1e12, "trillion", "tn"), (1e9, "billion", "bn"), (1e6, "million", "m"), (1e3, "thousand", "th"))


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
    """Format a column of a table, all with the same decimals, or all with powers of ten where some are huge."""
    if any(v is not None and math.isfinite(v) and abs(v) >= HUGE for v in values):
        return [power(v, significant, sign=sign) for v in values]
    digits = digits_for(values, significant)
    return [fixed(v, digits, sign=sign) for v in values]


def power(x: float | None, significant: int = 3, *, sign: bool = False) -> str:
    """Return `x` with a power of ten, as 1.23e21 or −4.5e−12; zero and what is no number as `fixed` has them."""
    if x is None or not math.isfinite(x) or x == 0:
        return fixed(x, 0, sign=sign)
    mantissa, exponent_ = f"{abs(x):.{significant - 1}e}".split("e")
    shown = int(exponent_)
    return (MINUS if x < 0 else "+" if sign else "") + f"{mantissa}e{MINUS if shown < 0 else ''}{abs(shown)}"


def least(texts: Sequence[str], values: Sequence[float]) -> list[str]:
    """Where a value that is not zero shows as zero, say less than the last digit: <0.01."""
    shown = []
    for text, value in zip(texts, values, strict=True):
        zero = value != 0 and not text.strip("0.,")
        shown.append(f"<{text[:-1]}1" if zero and value > 0 else text)
    return shown


def short(x: float, significant: int = 2) -> str:
    """Return the magnitude of `x` with so many significant digits, for use in a sentence."""
    size = abs(x)
    if math.isfinite(size) and (size >= HUGE or 0 < size < TINY):
        return power(size, significant)
    return fixed(size, digits_for([x], significant))


def amount(x: float, unit: Unit, significant: int = 2) -> str:
    """Return the magnitude of an amount of the accounts, in words: `USD 4.9 billion`, or `4.9 units`."""
    if unit.scale is None:
        return f"{short(x, significant)} {_word(unit)}"
    size = abs(x) * unit.scale
    for scale, word, _ in SCALES:
        if size >= 0.9995 * scale:
            return f"{unit.currency} {short(size / scale, significant)} {word}"
    return f"{unit.currency} {short(size, significant)}"


def _word(unit: Unit) -> str:
    """What to call one unit of value in running text, where it has no currency."""
    return "units" if unit.text == UNSTATED else unit.text


def exponent(x: float) -> str:
    """Return a small number as 1.7e−11, for residuals."""
    if math.isnan(x):
        return DASH
    return "0" if x == 0 else f"{x:.1e}".replace("-", MINUS)


class Money:
    """The unit in which a result shows amounts: a currency with a power of a thousand, or the accounts' own unit.

    Attributes
    ----------
    label, head : the unit, in full (`USD billion`) and for the head of a column (`USD bn`).
    short_label : the head without the currency (`bn`); may be empty.
    scale : units of the accounts that make one unit shown.
    """

    def __init__(self, largest: float, unit: Unit) -> None:
        """Choose by the largest amount that is shown, in units of the accounts."""
        self.unit, self.largest = unit, abs(largest)
        self.scale, self.short_label = 1.0, ""
        if unit.scale is None:
            self.label = unit.text
            self.head = unit.text if len(unit.text) <= LONGEST_HEAD else "units"
            return
        word, size = "", self.largest * unit.scale
        # From ten up, so that smaller amounts beside the largest keep digits; billions at most, as usual for trade.
        for scale, name, letter in SCALES[1:]:
            if size >= 10 * scale:
                word, self.short_label, self.scale = name, letter, scale / unit.scale
                break
        else:
            self.scale = 1 / unit.scale
        self.label = f"{unit.currency} {word}".strip()
        self.head = f"{unit.currency} {self.short_label}".strip()

    def column(self, values: Sequence[float], *, sign: bool = False, significant: int = 3) -> list[str]:
        """Format amounts of the accounts as a column in this unit; with powers of ten where all are tiny."""
        shown = [v / self.scale for v in values]
        largest = max((abs(v) for v in shown if math.isfinite(v)), default=0.0)
        if ROUNDING * self.largest / self.scale < largest < TINY:
            return [power(v, significant, sign=sign) for v in shown]
        return column(shown, sign=sign, significant=significant)
