"""Trade elasticities by name, number, file or mapping; draws of them from their standard errors.

The default set travels with each world (docs/elasticities.md says which and why). `in-sample` (or `world`) is the
world's own, `uniform-X` is θ = X everywhere; the published sets are in `surtax.world.elasticities`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.csvfile import read_rows
from surtax.errors import InputError, exists, nearest
from surtax.world import World
from surtax.world.elasticities import (
    Elasticity,
    ElasticitySet,
    elasticity_set,
    elasticity_sets,
    for_groups,
    member_weights,
    set_names,
)
from surtax.world.icio_codes import divisions, sector_name

if TYPE_CHECKING:
    from surtax.world.elasticity_draws import Draws

__all__ = ["ElasticitySet", "apply", "elasticity_draws", "elasticity_sets", "names"]

#: The world's own elasticities: those of a study that came with its data, or the default of a table read here.
OWN = ("in-sample", "world")
#: In a file: every sector that no other row names.
EVERY = "*"


@dataclass(frozen=True)
class _Table:
    """Estimates behind a world's sectors: what `for_groups` asks for, and the name to print."""

    table: Mapping[str, Elasticity]
    groups: Mapping[str, Sequence[str]]
    weights: Mapping[str, float]
    name: str


def names() -> tuple[str, ...]:
    """What may be asked for by name, beside numbers and files."""
    return (*set_names(), "in-sample")


def apply(world: World, given: Any) -> World:
    """Return the world with other trade elasticities θ.

    Parameters
    ----------
    given : a number; [s]; {sector: θ}, for some or all sectors; "in-sample" (or "world"); the name of a set
        (`elasticity_sets`); "uniform-4"; or the path of a CSV file with columns `sector` and `elasticity`, and, if
        known, `standard_error` and `source`.

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


def elasticity_draws(
    world: World, given: str | Path | None = None, *, count: int, seed: int = 0, above: float = 0.0
) -> Draws:
    """Return draws of θ for the world's sectors from published standard errors.

    Parameters
    ----------
    given : a set by name or a CSV file with a column `standard_error`; by default the set that the world records.
    count : how many; seed : of NumPy's default generator; above : θ is drawn from a normal cut off below it, ≥ 0.

    Returns
    -------
    Draws : see `surtax.world.elasticity_draws`; sectors without a standard error do not vary, and are marked.

    Raises
    ------
    InputError
        the set or file has no standard errors at all (such as `fgo`), or the cut lies above an estimate.
    """
    from surtax.world.elasticity_draws import Draws, draw_table

    recorded = world.meta.get("elasticities", {})
    text = str(given) if given is not None else str(recorded.get("set") if isinstance(recorded, Mapping) else recorded)
    if text in set_names():
        asked = _shipped_table(world, text)
        if not any(r.standard_error for r in asked.table.values()):
            have = [n for n, s in elasticity_sets().items() if any(r.standard_error for r in s.rows.values())]
            raise InputError(
                f"the set {text!r} has no published standard errors: there is nothing to draw from. Sets that have "
                f"them: {', '.join(have)}; or give a CSV file with a column standard_error."
            )
    elif given is not None and (Path(text).suffix == ".csv" or exists(Path(text))):
        rows = {**_kept(world), **_from_csv(Path(text), world)}
        asked = _Table(
            rows, {s: [s] for s in world.sectors}, dict.fromkeys(world.sectors, 1.0), f"from {Path(text).name}"
        )
    else:
        raise InputError(
            f"elasticities {text!r} are no set with standard errors (give {', '.join(set_names())}, or a CSV file)."
        )
    if count < 1 or not (np.isfinite(above) and above >= 0):
        raise InputError(f"count={count}, above={above}: at least one draw, above zero or more.")
    theta, varied, cut = draw_table(asked.table, asked.groups, asked.weights, count=count, seed=seed, above=above)
    return Draws(theta, varied, cut, asked.name, seed, above)


def _named(world: World, text: str) -> World:
    recorded = world.meta.get("elasticities", {})
    if text in OWN or (text in set_names() and isinstance(recorded, Mapping) and recorded.get("set") == text):
        return world
    if text in set_names():
        return _with_table(world, _shipped_table(world, text))
    number = text.removeprefix("uniform-")
    try:
        value = float(number)
    except ValueError:
        pass
    else:
        return world.with_elasticity(value, f"uniform {value:g}")
    path = Path(text)
    if path.suffix == ".csv" or exists(path):
        rows = _from_csv(path, world)
        changed = world.with_elasticity({s: r.theta for s, r in rows.items()}, f"from {path.name}")
        records = []
        for s, r in {**_kept(world), **rows}.items():
            records.append({"sector": s, "theta": r.theta, "source": r.source, "quality": r.quality})
            if r.standard_error is not None:
                records[-1]["standard_error"] = r.standard_error
        return _recorded(changed, records)
    raise InputError(
        f"unknown elasticities {text!r}{nearest(text, names())} (give {', '.join(map(repr, names()))}, 'uniform-4' "
        f"(any number), or a CSV file with columns sector and elasticity)"
    )


def _with_table(world: World, asked: _Table) -> World:
    theta, records = for_groups(asked.table, asked.groups, asked.weights)
    return _recorded(world.with_elasticity(theta, asked.name), records)


def _recorded(world: World, records: list[dict[str, Any]]) -> World:
    about = {**world.meta["elasticities"], "by_sector": records}
    return world.replace(meta={**world.meta, "elasticities": about})


def _shipped_table(world: World, name: str) -> _Table:
    """The estimates of a shipped set behind the world's sectors, by their codes or by the members of its metadata."""
    described = world.meta.get("sectors")
    members = {}
    for s in described if isinstance(described, list) else ():
        if isinstance(s, Mapping) and isinstance(s.get("members"), list):
            members[s.get("code")] = [str(m) for m in s["members"]]
    groups = {s: members.get(s, [s]) for s in world.sectors}
    # Services of some worlds are no sum of the OECD's sectors: their list of members is empty.
    strange = [s for s, codes in groups.items() if not (codes and all(map(_of_the_oecd, codes)))]
    if strange:
        raise InputError(
            f"the elasticities {name!r} are by sectors of the OECD's tables, which {strange[0]} is not: give a number, "
            f"or a CSV file with columns sector and elasticity."
        )
    abroad = world.flows.sum(axis=(1, 2)) - np.einsum("snn->s", world.flows)
    # What crosses borders is known of a sector; of its members where its metadata weigh them, else they weigh
    # alike, and the name says so.
    known = member_weights(world.meta.get("elasticities"))
    weights: dict[str, float] = {}
    alike = []
    table = elasticity_set(name)
    for i, (s, codes) in enumerate(groups.items()):
        shares = known.get(s) or dict.fromkeys(codes, 1 / len(codes))
        weights |= {c: float(abroad[i]) * shares.get(c, 0.0) for c in codes}
        if s not in known and sum(c in table for c in codes) > 1:
            alike.append(s)
    return _Table(table, groups, weights, f"{name} (plain mean of its members: {', '.join(alike)})" if alike else name)


def _of_the_oecd(code: str) -> bool:
    """Whether a code is one of the OECD's, and not somebody's own that looks like a division, such as S05."""
    if code in elasticity_set():
        return True
    covered, section = divisions(code), divisions(code[:1])
    # In the 2018 and 2021 editions D stands before the number of a division: D01T02.
    plausible = code[:1] == "D" or not section or covered <= section
    return bool(covered) and sector_name(code) != code and plausible


def _kept(world: World) -> dict[str, Elasticity]:
    """The world's own values, for sectors that a file does not name."""
    return {
        s: Elasticity(float(t), "the world's own", "kept") for s, t in zip(world.sectors, world.elasticity, strict=True)
    }


def _from_csv(path: Path, world: World) -> dict[str, Elasticity]:
    """The rows of a user's file by the world's own codes; `*` gives all sectors that no other row names."""
    found: dict[str, Elasticity] = {}
    every: Elasticity | None = None
    for place, row in read_rows(path, ("sector", "elasticity"), rest=True):
        _refuse_decimal_comma(place, row)
        given = Elasticity(
            _number(place, row["elasticity"]),
            row.get("source") or path.name,
            "user",
            _error(place, row.get("standard_error", "")),
            row["sector"],
        )
        if row["sector"] == EVERY:
            if every:
                raise InputError(f"{place}: sector * (every other) stands twice.")
            every = given
            continue
        try:
            sector = world.sectors[world.sector(row["sector"])]
        except InputError as problem:
            raise InputError(f"{place}: {problem}") from None
        if sector in found:
            raise InputError(f"{place}: sector {row['sector']!r} stands twice (codes and names in any case).")
        found[sector] = given
    if not found and every is None:
        raise InputError(f"{path} has no rows.")
    if every is None:
        return found
    return {s: found.get(s, every) for s in world.sectors}


def _refuse_decimal_comma(place: str, row: Mapping[str, str]) -> None:
    """Refuse `C29,8,66` under three columns: 8 with something else, or 8.66 with a decimal comma? It cannot be told."""
    order = list(row)
    after = order[order.index("elasticity") + 1 :]
    value, following = row["elasticity"], row[after[0]] if after else ""
    if value.lstrip("+-").isdigit() and following.isdigit() and after[0] != "sector":
        raise InputError(
            f"{place}: {value},{following} reads as elasticity {value} with {after[0]} {following}, or as "
            f"{value}.{following} with a decimal comma: write {value}.0 in the first case, {value}.{following} in the "
            f"second."
        )


def _number(place: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        hint = f": write decimals with a point, {text.replace(',', '.')}" if text.count(",") == 1 else ""
        raise InputError(f"{place}: {text!r} is not a number{hint}.") from None


def _error(place: str, text: str) -> float | None:
    if not text:
        return None
    value = _number(place, text)
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{place}: the standard error {text} is not a positive number.")
    return value or None


def _resolved(world: World, given: Mapping[Any, Any]) -> dict[str, Any]:
    """The mapping by the world's own codes, each once."""
    found: dict[str, Any] = {}
    for label, value in given.items():
        sector = world.sectors[world.sector(label)]
        if sector in found:
            raise InputError(f"elasticities name sector {sector} twice (codes and names in any case).")
        found[sector] = value
    return found
