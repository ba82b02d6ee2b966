"""The table of published numbers, `data/literature/published.csv`: one line a row of the scoreboard.

Single published numbers ship with their source; of rows whose numbers stand in a study's own files (`value` empty)
only the description and the tolerance do.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from surtax.csvfile import read_rows
from surtax.validate.row import KINDS, Row

COLUMNS = ("id", "kind", "source", "what", "unit")
MORE = ("value", "tolerance", "relative", "note")
PATH = Path(__file__).resolve().parent.parent / "data" / "literature" / "published.csv"


@lru_cache(maxsize=1)
def table() -> dict[str, Row]:
    """Every row of the scoreboard by id, nothing computed yet."""
    found: dict[str, Row] = {}
    for place, cells in read_rows(PATH, (*COLUMNS, *MORE), blank=MORE):
        if cells["kind"] not in KINDS or cells["id"] in found:
            raise ValueError(f"{place}: an unknown kind or a second row of that id")
        found[cells["id"]] = Row(
            id=cells["id"],
            source=cells["source"],
            what=cells["what"],
            unit=cells["unit"],
            published=float(cells["value"]) if cells["value"] else None,
            computed=None,
            tolerance=float(cells["tolerance"]) if cells["tolerance"] else None,
            note=cells["note"],
            kind=cells["kind"],
            relative=cells["relative"] == "yes",
        )
    return found


def listed(study: str) -> dict[str, Row]:
    """The rows of a study by id, in the order of the table."""
    return {i: r for i, r in table().items() if r.study == study}


def row(identity: str, computed: float, *, high: float | None = None, seconds: float = 0.0, note: str = "") -> Row:
    """A row of the table with what was computed.

    Parameters
    ----------
    high : upper end, where a band was computed.
    note : is put behind the table's.
    """
    listed_row = table()[identity]
    text = " ".join(x for x in (listed_row.note, note) if x)
    return replace(
        listed_row, computed=float(computed), high=None if high is None else float(high), seconds=seconds, note=text
    )
