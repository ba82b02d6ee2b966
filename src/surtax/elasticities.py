"""Trade elasticities by name, number, file or mapping.

The default set travels with each world (docs/elasticities.md says which and why). A registry of published sets
with their standard errors is planned; today there are `world` (the world's own) and `uniform-X` (θ = X
everywhere), a number, and a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from surtax.csvfile import read_rows
from surtax.errors import InputError, exists
from surtax.world import World


def apply(world: World, given: Any) -> World:
    """Return the world with other trade elasticities θ.

    Parameters
    ----------
    given : a number; [s]; {sector: θ}, for some or all sectors; "world"; "uniform-4"; or the path of a CSV file
        with columns `sector` and `elasticity`.

    Raises
    ------
    InputError
        no such set or file; an unknown sector; a value that is not positive.
    """
    if isinstance(given, str | Path):
        return _named(world, str(given))
    if isinstance(given, Mapping):
        return world.with_elasticity(_resolved(world, given), "given by the user")
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"elasticities={given!r}: give a number, one for each sector, {{sector: θ}}, or the name of a set."
        ) from None
    name = f"uniform {values:g}" if values.ndim == 0 else "given by the user"
    return world.with_elasticity(values, name)


def _named(world: World, text: str) -> World:
    if text == "world":
        return world
    number = text.removeprefix("uniform-")
    try:
        value = float(number)
    except ValueError:
        pass
    else:
        return world.with_elasticity(value, f"uniform {value:g}")
    path = Path(text)
    if path.suffix == ".csv" or exists(path):
        return world.with_elasticity(_from_csv(path, world), f"from {path.name}")
    raise InputError(
        f"unknown elasticities {text!r}: give 'world', 'uniform-4' (any number), or a CSV file with columns sector "
        f"and elasticity."
    )


def _from_csv(path: Path, world: World) -> dict[str, float]:
    found: dict[str, float] = {}
    for place, row in read_rows(path, ("sector", "elasticity")):
        try:
            value = float(row["elasticity"])
            sector = world.sectors[world.sector(row["sector"])]
        except InputError as problem:
            raise InputError(f"{place}: {problem}") from None
        except ValueError:
            raise InputError(f"{place}: {row['elasticity']!r} is not a number.") from None
        if sector in found:
            raise InputError(f"{place}: sector {row['sector']!r} stands twice (codes and names in any case).")
        found[sector] = value
    if not found:
        raise InputError(f"{path} has no rows.")
    return found


def _resolved(world: World, given: Mapping[Any, Any]) -> dict[str, Any]:
    """The mapping by the world's own codes, each once."""
    found: dict[str, Any] = {}
    for label, value in given.items():
        sector = world.sectors[world.sector(label)]
        if sector in found:
            raise InputError(f"elasticities name sector {sector} twice (codes and names in any case).")
        found[sector] = value
    return found
