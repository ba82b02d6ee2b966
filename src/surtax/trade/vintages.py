"""Product codes between vintages of the Harmonized System, and to the sectors of the accounts.

The tables of the vintages give one earlier code for each later one (the UN's conversion). Backwards a code may
have several: its value is then split equally and counted as `split`; codes without a counterpart are listed with
their value and not dropped in silence.
"""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError
from surtax.trade.flows import SHIPPED
from surtax.trade.lines import Lines

VINTAGES = ("2012", "2017", "2022")
CONCORDANCE = Path(__file__).resolve().parent.parent / "data" / "concordance"
SERVICES, NO_SECTOR, UNMATCHED = "SVC", "NONE", ""
NO_SECTOR_CHAPTERS = ("98", "99")
SIX = 6


@dataclass(frozen=True)
class Unmatched:
    """A code that a table does not know, with the value that hangs on it."""

    code: str
    value: int | float


# --- vintages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Conversion:
    """Values by six-digit code in another vintage.

    Parameters
    ----------
    codes : (m,) str array
        Six digits of the target vintage, sorted.
    value : (m,) int64 or float64
        Adds up, with the unmatched, to what was given; whole numbers stay whole.
    split : int or float
        The value that was split equally because its code has several counterparts.
    unmatched : tuple of Unmatched
        Codes that are not in the source vintage, or have no counterpart.
    """

    codes: NDArray[np.str_]
    value: NDArray[Any]
    split: int | float
    unmatched: tuple[Unmatched, ...]


def counterparts(source: str, target: str) -> Mapping[str, tuple[str, ...]]:
    """Return the six-digit codes of one vintage to those of another.

    Parameters
    ----------
    source, target : {"2012", "2017", "2022"}

    Raises
    ------
    InputError
        An unknown vintage.
    """
    for vintage in (source, target):
        if vintage not in VINTAGES:
            raise InputError(f"no vintage {vintage!r} of the Harmonized System here; known: {', '.join(VINTAGES)}")
    return _counterparts(source, target)


@lru_cache(maxsize=16)
def _counterparts(source: str, target: str) -> dict[str, tuple[str, ...]]:
    steps = _steps()
    a, b = VINTAGES.index(source), VINTAGES.index(target)
    if a == b:
        known = {later for later, _ in steps[source]} if source in steps else {e for _, e in steps[VINTAGES[a + 1]]}
        return {c: (c,) for c in sorted(known)}
    path = VINTAGES[a : b + 1] if a < b else VINTAGES[b : a + 1][::-1]
    found: dict[str, tuple[str, ...]] = {}
    for i, (one, other) in enumerate(itertools.pairwise(path)):
        step: dict[str, list[str]] = defaultdict(list)
        for later, earlier in steps[max(one, other)]:
            if one > other:
                step[later].append(earlier)
            else:
                step[earlier].append(later)
        if i == 0:
            found = {k: tuple(v) for k, v in step.items()}
        else:
            found = {k: tuple(sorted({x for m in v for x in step.get(m, ())})) for k, v in found.items()}
    return {k: v for k, v in found.items() if v}


@lru_cache(maxsize=1)
def _steps() -> dict[str, list[tuple[str, str]]]:
    steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (SHIPPED / "hs_vintages.csv").open(encoding="utf-8", newline="") as file:
        for r in csv.DictReader(file):
            steps[r["later_vintage"]].append((r["later"], r["earlier"]))
    return dict(steps)


def convert(codes: ArrayLike, value: ArrayLike, *, source: str, target: str) -> Conversion:
    """Carry values by product from one vintage to another, losing nothing.

    Parameters
    ----------
    codes : (n,) str
        Six digits or more; digits beyond the sixth are left out. Chapters 98 and 99 are national: unmatched.
    value : (n,) numbers
    source, target : {"2012", "2017", "2022"}

    Returns
    -------
    Conversion
        Values of codes with several counterparts are split equally, whole numbers to the last unit.

    Raises
    ------
    InputError
        An unknown vintage, or columns of different length.
    """
    table = counterparts(source, target)
    names = np.asarray(codes, dtype=np.str_).astype(f"U{SIX}")
    amounts = np.asarray(value)
    if names.shape != amounts.shape or names.ndim != 1 or amounts.dtype.kind not in "iuf":
        raise InputError(f"{names.size} codes and {amounts.size} values: give two equal columns, values in numbers")
    unique, index = np.unique(names, return_inverse=True)
    sums = np.zeros(unique.size, dtype=np.float64 if amounts.dtype.kind == "f" else np.int64)
    np.add.at(sums, index, amounts)
    whole = sums.dtype.kind == "i"
    out: dict[str, int | float] = defaultdict(int)
    split: int | float = 0
    unmatched = []
    for code, number in zip(unique.tolist(), sums.tolist(), strict=True):
        targets = table.get(code)
        if not targets:
            unmatched.append(Unmatched(code, number))
        elif len(targets) == 1:
            out[targets[0]] += number
        else:
            split += number
            each, left = divmod(number, len(targets)) if whole else (number / len(targets), 0)
            for i, name in enumerate(targets):
                out[name] += each + (1 if i < left else 0)
    order = sorted(out)
    return Conversion(
        codes=np.array(order, dtype=f"U{SIX}"),
        value=np.array([out[c] for c in order], dtype=sums.dtype),
        split=split,
        unmatched=tuple(unmatched),
    )


# --- sectors ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _sectors() -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """Return sorted codes (two, six and ten digits) and the sector of each.

    A chapter is here only if all its products are in one sector.
    """
    table: dict[str, str] = {}
    chapters: dict[str, set[str]] = defaultdict(set)
    for name, key in (("hs6.csv", "hs6"), ("hs10_exceptions.csv", "hs10")):
        with (CONCORDANCE / name).open(encoding="utf-8", newline="") as file:
            for r in csv.DictReader(file):
                table[r[key]] = r["sector"]
                chapters[r[key][:2]].add(r["sector"])
    table |= {c: next(iter(s)) for c, s in chapters.items() if len(s) == 1}
    codes = np.array(sorted(table), dtype="U10")
    return codes, np.array([table[c] for c in codes.tolist()], dtype="U8")


def sector_of(codes: ArrayLike, *, ten_digits: str = "USA") -> NDArray[np.str_]:
    """Return the sector of each product: ten-digit exceptions first, then six digits.

    Parameters
    ----------
    codes : (n,) str
        Bare digits, six to ten (HS 2017 or 2022). A two-digit chapter has a sector only where all its products
        share it.
    ten_digits : str
        Whose statistical numbers the ten digits are: the exceptions are the United States' and serve no other.

    Returns
    -------
    (n,) str array
        A goods sector of the accounts, `SVC` (electricity, publishing, scrap, used goods), `NONE` (chapters 98
        and 99) or, where the tables do not know the code, the empty string; see `unmatched`.
    """
    names, index = np.unique(np.asarray(codes, dtype=np.str_).ravel(), return_inverse=True)
    known, sectors = _sectors()
    width = np.char.str_len(names)
    found = np.full(names.shape, UNMATCHED, dtype="U8")
    finest = (width == 2) | ((width == 10) & (ten_digits == "USA"))
    for keys, where in ((names.astype(f"U{SIX}"), width >= SIX), (names, finest)):
        at = np.searchsorted(known, keys).clip(max=known.size - 1)
        hit = where & (known[at] == keys)
        found[hit] = sectors[at[hit]]
    found[np.isin(names.astype("U2"), NO_SECTOR_CHAPTERS)] = NO_SECTOR
    return found[index].reshape(np.shape(codes))


def line_sectors(lines: Lines) -> NDArray[np.str_]:
    """Return the (n,) sector of each line; see `sector_of`."""
    return sector_of(lines.products, ten_digits=str(lines.metadata.get("ten_digits", "")))[lines.product]


def unmatched(lines: Lines) -> tuple[Unmatched, ...]:
    """Return the products of lines that the tables of sectors do not know, with their value, largest first."""
    unknown = line_sectors(lines) == UNMATCHED
    at = lines.product[unknown]
    total = np.zeros(lines.products.size, dtype=lines.value.dtype)
    np.add.at(total, at, lines.value[unknown])
    order = sorted(np.unique(at).tolist(), key=lambda i: (-total[i], str(lines.products[i])))
    return tuple(Unmatched(str(lines.products[i]), total[i].item()) for i in order)
