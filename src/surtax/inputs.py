"""Numbers and labels from outside, turned into what they should be or refused in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError


def number(what: str, given: Any) -> float:
    """One real number as a float; `what` names it in errors. Text, True and False, and complex numbers are none.

    Raises
    ------
    InputError
        it is no number, or NaN.
    """
    a = np.asarray(given) if isinstance(given, np.ndarray | np.generic) else given
    plain = a.item() if isinstance(a, np.ndarray) and a.ndim == 0 else a
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise InputError(f"{what} is {_short(given)}, which is not a number{_text_hint(given)}.")
    try:
        value = float(plain)
    except OverflowError:
        raise InputError(f"{what} is {_short(given)}, which is too large.") from None
    if math.isnan(value):
        raise InputError(f"{what} is NaN, which is not a number.")
    return value


def floats(what: str, given: ArrayLike | None, kinds: str = "an array of numbers") -> NDArray[np.float64]:
    """A new float64 array of the given numbers, NaN included; `what` names it in errors, `kinds` what it should be.

    Raises
    ------
    InputError
        None, text, dates, complex numbers, or anything else that is no array of real numbers.
    """
    if given is None:
        raise InputError(f"{what} is not {kinds}: it is None.")
    try:
        a = np.asarray(given)
        if a.dtype.kind in "biufO":
            return np.array(a, dtype=float)
    except (TypeError, ValueError, OverflowError) as problem:
        raise InputError(f"{what} is not {kinds}: {problem}.") from None
    held = {"c": "complex numbers", "U": "text", "S": "text", "M": "dates", "m": "periods"}
    raise InputError(f"{what} is not {kinds}: it holds {held.get(a.dtype.kind, f'the type {a.dtype}')}.")


def codes(what: str, given: Any, example: str) -> tuple[str, ...]:
    """A list of codes as a tuple of text; `example` shows one.

    Raises
    ------
    InputError
        a single text, something that is no list, or a member that is not text.
    """
    if isinstance(given, str):
        raise InputError(f"{what} is the single text {given!r}: give a list of codes, such as {example}.")
    if not isinstance(given, Iterable):
        raise InputError(f"{what} is {_short(given)}: give a list of codes, such as {example}.")
    found = tuple(given)
    for code in found:
        if not isinstance(code, str):
            raise InputError(f"{what} holds {_short(code)}: codes are text, such as those in {example}.")
    return tuple(map(str, found))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _text_hint(given: Any) -> str:
    return " but text: leave the quotation marks out" if isinstance(given, str) else ""
