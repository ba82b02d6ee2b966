"""All studies, and running them: rows asked for, inputs looked for, times taken."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from surtax.errors import InputError, NoConvergence, nearest
from surtax.validate import inputs
from surtax.validate.inputs import Needed
from surtax.validate.published import listed, table
from surtax.validate.row import Row


class Study(Protocol):
    """What a module of this room exposes to be a study."""

    needs: tuple[Needed, ...]

    def rows(self, folder: Path | None) -> list[Row]:
        """Compute the study's rows; `folder` holds the needed files (those without which no row can be computed)."""


#: name → (module, title), in the order of the scoreboard; ids of rows begin with the name
STUDIES: dict[str, tuple[str, str]] = {
    "cp2015": ("surtax.validate.caliendo_parro", "Caliendo & Parro (2015): NAFTA, 31 regions × 40 sectors"),
    "gegravity": ("surtax.validate.ge_gravity", "Zylkin's ge_gravity: EU enlargement, 44 countries"),
    "tariffwar": ("surtax.validate.tariffwar", "Lashkaripour (2021): a tariff war by formula, WIOD 2014, 44 × 16"),
    "ignatenko": ("surtax.validate.ignatenko", "Ignatenko et al. (2025): the tariffs of 2 April 2025, 194 countries"),
    "autarky": ("surtax.validate.autarky", "The autarky formula on the embedded world"),
    "border": ("surtax.validate.border", "Anderson & van Wincoop (2003): the border between the US and Canada"),
    "rates": ("surtax.validate.rates", "Effective US rates on Canadian goods, as others give them"),
}


@dataclass(frozen=True)
class Scoreboard:
    """What was asked for.

    Attributes
    ----------
    rows : in the order of the table of published numbers.
    seconds : time taken by everything.
    folder : where inputs were looked for, or None.
    """

    rows: tuple[Row, ...]
    seconds: float
    folder: Path | None

    def count(self, status: str) -> int:
        """How many rows have a status."""
        return sum(r.status == status for r in self.rows)


def study_named(name: str) -> Study:
    """The module of a study."""
    module: Study = importlib.import_module(STUDIES[name][0])
    return module


def needs(names: Sequence[str] = ()) -> list[Needed]:
    """The files that studies read; all studies by default."""
    return [n for name in names or STUDIES for n in study_named(name).needs]


def chosen(wanted: Sequence[str]) -> list[str]:
    """Ids of the rows that are meant: each of `wanted` is a row, or what the ids of several begin with.

    Raises
    ------
    InputError
        there is no such row.
    """
    every = [i for i in table() if i.split("/")[0] in STUDIES]
    if not wanted:
        return every
    found: dict[str, None] = {}
    for text in wanted:
        hits = [i for i in every if i == text or i.startswith(f"{text.rstrip('/')}/")]
        if not hits:
            raise InputError(f"no row {text!r}{nearest(text, [*STUDIES, *every])} (`surtax validate --list` names all)")
        found.update(dict.fromkeys(hits))
    return [i for i in every if i in found]


def run(wanted: Sequence[str] = (), folder: Path | None = None, say: Callable[[str], None] | None = None) -> Scoreboard:
    """Compute the scoreboard, or some of its rows.

    Parameters
    ----------
    wanted : rows, or beginnings of their ids such as "cp2015"; all by default.
    folder : of inputs; see `surtax.validate.inputs.input_folder`.
    say : called with a line when a study begins.

    Raises
    ------
    InputError
        no such row; a file that is not the pinned one.
    """
    ids = chosen(wanted)
    start = time.perf_counter()
    found: dict[str, Row] = {}
    for name, (_, title) in STUDIES.items():
        mine = [i for i in ids if i.split("/")[0] == name]
        if not mine:
            continue
        if say:
            say(title)
        found |= _study(name, folder)
    return Scoreboard(tuple(found[i] for i in ids), time.perf_counter() - start, folder)


def _study(name: str, folder: Path | None) -> dict[str, Row]:
    """All rows of a study, those without inputs marked."""
    study, rows = study_named(name), listed(name)
    absent = inputs.missing(study.needs, folder)
    without = _without(folder, absent, rows)
    computed: dict[str, Row] = {}
    if len(without) < len(rows):
        if folder is not None:
            inputs.check(study.needs, folder)
        try:
            computed = {r.id: r for r in study.rows(folder)}
        except NoConvergence as problem:
            # No result where there should be one: computed stays None, which fails.
            return {i: replace(r, note=f"no result: {problem}") for i, r in rows.items() if i not in without} | without
    wrong = set(computed) ^ (set(rows) - set(without))
    if wrong:
        raise AssertionError(f"study {name}: rows and table differ in {sorted(wrong)}")
    return computed | without


def _without(folder: Path | None, absent: Sequence[Needed], rows: dict[str, Row]) -> dict[str, Row]:
    """The rows that cannot be computed, saying why."""
    if not absent:
        return {}
    where = f"not in {folder}" if folder else f"no folder of inputs (--data, ${inputs.VARIABLE} or --fetch)"
    lost: dict[str, Row] = {}
    for n in absent:
        for i in n.only or rows:
            if i not in lost:
                lost[i] = replace(rows[i], missing=f"{n.path}: {where}")
    return lost
