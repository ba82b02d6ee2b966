"""The law room: tariff measures as dated data, and the duty on any line, on any day, with reasons.

The room imports no other. Who does what, from the file to the answer:

| module | does |
|---|---|
| `schema` | what a measure file may say (pydantic models, JSON Schema) |
| `compiler` | a folder of YAML and CSV, checked, into one binary index |
| `index` | the binary index of lists, tables and nomenclatures; standard library alone |
| `measures` | measures as frozen records, made from the index |
| `precedence` | which measure gives way to which, by day; a circle is an error at load |
| `line` | the consignment asked about, checked |
| `engine` | the duty on one line: findings, reasons, total |
| `answer` | what is answered, and its published JSON |
| `grid` | many lines and dates at once, in NumPy; held against `engine` in the tests |
| `lists` | product lists looked up for many products at once |
| `book` | `Law`: what one asks and may change |
| `editing` | one edit; `clocks` its days, `scope` its products and origins |
| `edits` | law files: edits that a user writes down, read strictly |
| `change` | differences between days, and between laws |
| `codes`, `dates`, `rates` | product codes, days and printed rates |

A law is immutable. `load()` gives the law that ships; `load(folder)` one of your own.

    import surtax as sx law = sx.law.load() law.duty("8703.23.01", importer="USA", origin="CAN",
    on="2025-05-06", preference="usmca", us_content=0.4) law.edit("us-ieepa-can",
    delay=30).schedule(lines, dates)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from surtax.law.answer import Answer, Finding
from surtax.law.book import Change, Law, Spell
from surtax.law.line import Line, make_line

if TYPE_CHECKING:
    from surtax.law.edits import Edits

__all__ = [
    "Answer",
    "Change",
    "Finding",
    "Law",
    "Line",
    "Lines",
    "Schedule",
    "Spell",
    "edited",
    "load",
    "load_edits",
    "make_line",
]

_SHIPPED = os.path.join(os.path.dirname(os.path.dirname(__file__)), "data", "law", "law.index")  # noqa: PTH118, PTH120
_loaded: dict[str, Law] = {}


def load(folder: str | os.PathLike[str] | None = None) -> Law:
    """Return the law that ships with the package, or the law of a folder of measure files.

    Parameters
    ----------
    folder : path, optional
        A folder with one folder an importer (`USA/`, `CAN/`), each with `jurisdiction.yaml`,
        measures (YAML) and lists (CSV). It is checked and compiled in memory.

    Raises
    ------
    InputError
        With every fault of the folder, or if the shipped index is missing or damaged.
    """
    from surtax.errors import InputError
    from surtax.law.index import Index, read

    if folder is not None:
        from pathlib import Path

        from surtax.law.compiler import compile_folder

        return Law(Index(compile_folder(Path(folder))))
    if "law" not in _loaded:
        try:
            data = read(_SHIPPED)
        except OSError:
            raise InputError("the package has no law index; build it: python -m tools.build_data law") from None
        _loaded["law"] = Law(Index(data))
    return _loaded["law"]


def load_edits(path: str | os.PathLike[str]) -> Edits:
    """Read a file of edits (docs/law-files.md); see `surtax.law.edits.load_edits`."""
    from surtax.law import edits

    return edits.load_edits(os.fspath(path))


def edited(*paths: str | os.PathLike[str], base: Law | None = None) -> Law:
    """Return the law with the edits of files made, one file after the other; it says so in `Law.edits`.

    Parameters
    ----------
    paths : files of edits (docs/law-files.md).
    base : the law that is edited; None is the law that ships.

    Raises
    ------
    InputError
        A file that cannot be read or does not fit the law, with its line.
    """
    law = load() if base is None else base
    for path in paths:
        law = load_edits(path).apply(law)
    return law


def __getattr__(name: str) -> Any:
    if name in ("Lines", "Schedule"):
        from surtax.law import grid

        return getattr(grid, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
