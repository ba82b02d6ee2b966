"""Trade elasticities by name, number, file or mapping.

The default set travels with each world (docs/elasticities.md says which and why). A registry of published sets
with their standard errors is planned; today there are `world` (the world's own), the shipped set `fgo`, `uniform-X`
(θ = X everywhere), a number, and a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from surtax.csvfile import read_rows
from surtax.errors import InputError, exists, nearest
from surtax.world import World
from surtax.world.elasticities import elasticity_set, for_groups, set_names
from surtax.world.icio_codes import divisions, sector_name


def apply(world: World, given: Any) -> World:
    """Return the world with other trade elasticities θ.

    Parameters
    ----------
    given : a number; [s]; {sector: θ}, for some or all sectors; "world"; "fgo"; "uniform-4"; or the path of a CSV
        file with columns `sector` and `elasticity`.

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
    recorded = world.meta.get("elasticities", {})
    if text == "world" or (text in set_names() and isinstance(recorded, Mapping) and recorded.get("set") == text):
        return world
    if text in set_names():
        return _shipped(world, text)
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
        f"unknown elasticities {text!r}{nearest(text, ('world', *set_names()))} (give 'world', "
        f"{', '.join(map(repr, set_names()))}, 'uniform-4' (any number), or a CSV file with columns sector and "
        f"elasticity)"
    )


def _shipped(world: World, name: str) -> World:
    """The world with a shipped set, by the sectors' codes or by the members that its metadata names."""
    described = world.meta.get("sectors")
    members = {}
    for s in described if isinstance(described, list) else ():
        if isinstance(s, Mapping) and isinstance(s.get("members"), list):
            members[s.get("code")] = [str(m) for m in s["members"]]
    groups = {s: members.get(s, [s]) for s in world.sectors}
    strange = [s for s, codes in groups.items() if not all(map(_of_the_oecd, codes))]
    if strange:
        raise InputError(
            f"the elasticities {name!r} are by sectors of the OECD's tables, which {strange[0]} is not: give a number, "
            f"or a CSV file with columns sector and elasticity."
        )
    abroad = world.flows.sum(axis=(1, 2)) - np.einsum("snn->s", world.flows)
    # What crosses borders is known of a sector, not of its members: those weigh alike, and the name says so.
    weights = {c: float(abroad[i]) / len(codes) for i, codes in enumerate(groups.values()) for c in codes}
    theta, records = for_groups(elasticity_set(name), groups, weights)
    alike = [str(r["sector"]) for r in records if len(r.get("members", ())) > 1]
    return world.with_elasticity(theta, f"{name} (plain mean of its members: {', '.join(alike)})" if alike else name)


def _of_the_oecd(code: str) -> bool:
    """Whether a code is one of the OECD's, and not somebody's own that looks like a division, such as S05."""
    if code in elasticity_set():
        return True
    covered, section = divisions(code), divisions(code[:1])
    # In the 2018 and 2021 editions D stands before the number of a division: D01T02.
    plausible = code[:1] == "D" or not section or covered <= section
    return bool(covered) and sector_name(code) != code and plausible


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
