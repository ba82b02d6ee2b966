"""Dates of the law: strict ISO days, held as ordinals, without clocks or time zones.

An instrument that takes effect at 12:01 a.m. local time on a day applies to the whole of that day;
a row of law therefore starts on its first day (inclusive) and ends before its `to` day (exclusive).
"""

from __future__ import annotations

import datetime as dt
import re

from surtax.errors import InputError

ALWAYS = 1
"""Ordinal of the first day that Python knows; a row without a start."""
NEVER = dt.date.max.toordinal()
"""Ordinal after every day that law may name; a row without an end."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def ordinal(day: str | dt.date) -> int:
    """Return the proleptic Gregorian ordinal of a day.

    Parameters
    ----------
    day : str or datetime.date
        `YYYY-MM-DD` in ASCII digits, or a date without a time.

    Raises
    ------
    InputError
        If the text is anything else: another order, a time, a zone, a day that does not exist.
    """
    if isinstance(day, dt.datetime):
        raise InputError(
            f"{day!r} has a time of day; give a date alone (the law of a place changes with its "
            "own days, "
            "and a time zone could move it by one)"
        )
    if isinstance(day, dt.date):
        return day.toordinal()
    if isinstance(day, str) and _ISO.fullmatch(day):
        try:
            return dt.date.fromisoformat(day).toordinal()
        except ValueError:
            pass
    raise InputError(f"{day!r} is not a date; write it as YYYY-MM-DD, for instance 2025-05-06")


def iso(day: int) -> str:
    """Return `YYYY-MM-DD` of an ordinal."""
    return dt.date.fromordinal(day).isoformat()


def period(text: str) -> tuple[int, int]:
    """Read `DATE` or `FIRST..LAST` (both inclusive) into the ordinals of its first and last day."""
    first, dots, last = text.partition("..")
    start = ordinal(first.strip())
    end = ordinal(last.strip()) if dots else start
    if end < start:
        raise InputError(f"the period {text!r} ends before it starts; write FIRST..LAST")
    return start, end
