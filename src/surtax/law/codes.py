"""Product codes of the Harmonized System and of tariffs, as numbers to search.

A code of n digits (0 to 10) is a prefix of the ten-digit space. Its key is `padded * 16 + n`, where
`padded` is the code followed by zeros up to ten digits: keys sort by where a prefix begins, wider
prefixes first.
"""

from __future__ import annotations

import re

from surtax.errors import InputError

DIGITS = 10
_CODE = re.compile(r"[0-9]{2}(?:[. ]?[0-9]{1,2}){0,8}", re.ASCII)


def digits(code: str) -> str:
    """Return the digits of a product code written with or without dots.

    Raises
    ------
    InputError
        If it is not 2 to 10 digits, with dots or blanks only between them.
    """
    if isinstance(code, str):
        if code.isascii() and code.isdecimal() and 2 <= len(code) <= DIGITS:
            return code
        text = code.strip()
        if _CODE.fullmatch(text):
            bare = text.replace(".", "").replace(" ", "")
            if 2 <= len(bare) <= DIGITS:
                return bare
    raise InputError(
        f"{code!r} is not a product code; write 2 to 10 digits with or without dots, for instance 8703.23.01"
    )


def key(bare: str) -> int:
    """Return the search key of a prefix in bare digits; the empty one holds every product."""
    n = len(bare)
    return (int(bare or 0) * int(10 ** (DIGITS - n))) * 16 + n


def prefix_of(number: int) -> str:
    """Return the bare digits of a key."""
    padded, n = divmod(number, 16)
    return f"{padded:0{DIGITS}d}"[:n]


def span(bare: str) -> tuple[int, int]:
    """Return the first key under a prefix, and the first key after it."""
    wide = 10 ** (DIGITS - len(bare))
    low = int(bare or 0) * wide
    return low * 16, (low + wide) * 16


def dotted(bare: str) -> str:
    """Write a code as tariffs print it: 8703.23.01.10."""
    if len(bare) <= 4:
        return bare
    return ".".join([bare[:4], *(bare[i : i + 2] for i in range(4, len(bare), 2))])
