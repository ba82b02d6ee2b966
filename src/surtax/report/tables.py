"""An outcome as tables for other programs: CSV, Parquet, JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from surtax.errors import InputError
from surtax.model.outcome import Outcome, Variable, variables
from surtax.report.summary import Summary

SCHEMA = "surtax-outcome/1"


def write_tables(outcome: Outcome, folder: Path, kind: str) -> None:
    """Write one file a variable into `folder`, `variables.csv` with units and definitions, and `conditions.json`.

    Parameters
    ----------
    kind : "csv" or "parquet".

    Raises
    ------
    InputError
        the folder cannot be written.
    """
    import json

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in outcome.variables:
            frame = outcome.to_frame(name)
            path = folder / f"{name}.{kind}"
            if kind == "csv":
                frame.write_csv(path)
            else:
                frame.write_parquet(path)
        _write_variables(outcome, folder / "variables.csv")
        text = json.dumps(outcome.describe(), ensure_ascii=False, indent=1)
        (folder / "conditions.json").write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot write to {folder}: {problem.strerror or problem}.") from None


def _table(outcome: Outcome) -> dict[str, Variable]:
    """The rows of the table that this outcome has."""
    return {name: variables()[name] for name in outcome.variables}


def _write_variables(outcome: Outcome, path: Path) -> None:
    """The table of variables with the units of this outcome's world."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["name", "dims", "unit", "label", "definition"])
        for v in _table(outcome).values():
            rows.writerow([v.name, " ".join(v.dims), outcome.world.unit.resolve(v.unit), v.label, v.definition])


def as_plain(outcome: Outcome, summary: Summary) -> dict[str, Any]:
    """The result as plain values for JSON: summary, and every variable of one or two dimensions for all countries.

    Values that do not exist (a sector that a country does not have) are null.
    """
    per_country: dict[str, dict[str, Any]] = {c: {} for c in outcome.world.countries}
    per_sector: dict[str, dict[str, dict[str, Any]]] = {
        c: {s: {} for s in outcome.world.sectors} for c in outcome.world.countries
    }
    for name, v in _table(outcome).items():
        values = outcome.variable(name).values
        if v.dims == ("country",):
            for c, x in zip(outcome.world.countries, values, strict=True):
                per_country[c][name] = _plain(x)
        elif v.dims == ("sector", "country"):
            for i, s in enumerate(outcome.world.sectors):
                for j, c in enumerate(outcome.world.countries):
                    per_sector[c][s][name] = _plain(values[i, j])
    return {
        "schema": SCHEMA,
        "conditions": outcome.describe(),
        "units": {n: outcome.world.unit.resolve(v.unit) for n, v in _table(outcome).items() if len(v.dims) <= 2},
        "summary": _clean(asdict(summary)),
        "countries": per_country,
        "sectors": per_sector,
    }


def _plain(x: float) -> float | None:
    value = float(x)
    return value if math.isfinite(value) else None


def _clean(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _clean(v) for k, v in x.items()}
    if isinstance(x, list | tuple):
        return [_clean(v) for v in x]
    return _plain(x) if isinstance(x, float) else x
