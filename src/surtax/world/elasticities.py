"""Trade elasticities by sector: the registry of sets that ship, and θ for any grouping of the OECD's sectors."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from surtax.errors import InputError, nearest
from surtax.world.icio_codes import is_good, members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / "data" / "elasticities"
DEFAULT = "fgo"
#: Quality of a value that a set lacks and takes from the default one, and of one that is assumed by its source.
ASSUMED = "assumed"


class Elasticity(NamedTuple):
    """One row of a set: θ > 0, whose estimate it is, and how directly it belongs to the sector.

    `standard_error` is None where none is published. `estimate` names the published row behind the value: sectors
    that share one share its sampling error. `quality`: direct (estimated for this sector), aggregated (a mean of
    estimates for its parts), approximate (estimated for a wider or neighbouring one), assumed (no estimate).
    """

    theta: float
    source: str
    quality: str
    standard_error: float | None = None
    estimate: str = ""


@dataclass(frozen=True)
class ElasticitySet:
    """A published set of trade elasticities by sector of the OECD's 2025 edition.

    Attributes
    ----------
    name, title, citation, licence, note : as `surtax elasticities` prints them.
    definition : how the published number is read as θ.
    rows : {sector: Elasticity}, the set's own.
    borrowed : {sector: Elasticity}, those it lacks, taken from the default set and marked assumed.
    """

    name: str
    title: str
    definition: str
    citation: str
    licence: str
    note: str
    rows: Mapping[str, Elasticity]
    borrowed: Mapping[str, Elasticity]

    @property
    def table(self) -> dict[str, Elasticity]:
        """All sectors, own and borrowed, in the default set's order."""
        known = {**self.rows, **self.borrowed}
        order = [*_own(DEFAULT), *known]
        return {s: known[s] for s in dict.fromkeys(order) if s in known}


def set_names() -> tuple[str, ...]:
    """Names of the sets that ship, the default first."""
    names = sorted(p.stem for p in FOLDER.glob("*.csv"))
    return tuple(sorted(names, key=lambda n: n != DEFAULT))


@lru_cache(maxsize=1)
def elasticity_sets() -> Mapping[str, ElasticitySet]:
    """Return every published set that ships, {name: set}, the default first."""
    about = json.loads((FOLDER / "sets.json").read_text(encoding="utf-8"))["sets"]
    default = _own(DEFAULT)
    found = {}
    for name in set_names():
        rows = _own(name)
        borrowed = {
            s: r._replace(source=f"not in this set; {DEFAULT}: {r.source}", quality=ASSUMED, estimate=f"{DEFAULT}: {s}")
            for s, r in default.items()
            if s not in rows
        }
        found[name] = ElasticitySet(
            name=name, rows=MappingProxyType(rows), borrowed=MappingProxyType(borrowed), **about[name]
        )
    return MappingProxyType(found)


def elasticity_set(name: str = DEFAULT) -> Mapping[str, Elasticity]:
    """Return a shipped set of trade elasticities by sector code of the OECD's 2025 edition, gaps filled and marked.

    Raises
    ------
    InputError
        no set of that name ships.
    """
    known = elasticity_sets()
    if name not in known:
        hint = nearest(name, known) or f"; known: {', '.join(known)}"
        raise InputError(f"unknown set of elasticities {name!r}{hint}")
    return known[name].table


def _own(name: str) -> dict[str, Elasticity]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {
            r["sector"]: Elasticity(
                float(r["theta"]),
                r["source"],
                r["quality"],
                float(r["standard_error"]) if r["standard_error"] else None,
                r["estimate"],
            )
            for r in csv.DictReader(line for line in file if not line.startswith("#"))
        }


def for_groups(
    table: Mapping[str, Elasticity],
    groups: Mapping[str, Sequence[str]],
    weights: Mapping[str, float],
) -> tuple[NDArray[np.float64], list[dict[str, Any]]]:
    """Return θ for groups of sectors: the mean of their members, weighted by trade.

    Members without an estimate are left out. A group without any estimate (public administration,
    households as employers) takes the mean over all goods or all services sectors in `weights`,
    marked as a placeholder.

    Parameters
    ----------
    table : a set of elasticities.
    groups : {group: member codes}, of any edition; a member that merges several sectors of the set
        takes their unweighted mean, since the trade of its parts is not known.
    weights : {member code: trade between countries}, any unit; where a group has none its members
        weigh alike.

    Returns
    -------
    theta : [s] in the order of `groups`.
    records : for each group its source, quality, members with their weights, and members without an
        estimate.

    Raises
    ------
    InputError
        no member of a group has an estimate, nor any sector of its kind.
    """
    theta, records = np.empty(len(groups)), []
    for position, (group, codes) in enumerate(groups.items()):
        used, rows, values = _estimates(table, codes)
        without = [c for c in codes if c not in used]
        placeholder = not used
        if placeholder:
            kind = is_good(codes[0])
            used, rows, values = _estimates(table, [c for c in weights if is_good(c) == kind])
        if not used:
            raise InputError(
                f"no trade elasticity is known for sector {group} ({', '.join(codes)}): "
                f"pass elasticity={{'{group}': ...}} or one number for all."
            )
        trade = np.array([weights.get(c, 0.0) for c in used])
        share = trade / trade.sum() if trade.sum() > 0 else np.full(len(used), 1 / len(used))
        theta[position] = float(share @ np.array(values))
        record: dict[str, Any] = {
            "sector": group,
            "theta": float(theta[position]),
            "source": "; ".join(dict.fromkeys(r.source for r in rows)),
            "quality": "placeholder" if placeholder else rows[0].quality if len(rows) == 1 else "mean",
        }
        if len(rows) == 1 and rows[0].standard_error is not None:
            record["standard_error"] = rows[0].standard_error
        if len(rows) > 1:
            record["note"] = f"mean of {len(rows)} estimates, weighted by trade between countries"
            record["members"] = [
                {"sector": c, "theta": v, "weight": round(float(w), 6)}
                for c, v, w in zip(used, values, share, strict=True)
            ]
        if without:
            record["without"] = without
        records.append(record)
    return theta, records


def _estimates(
    table: Mapping[str, Elasticity], codes: Sequence[str]
) -> tuple[list[str], list[Elasticity], list[float]]:
    """Return the codes that have an estimate, the rows of the set behind them, and each θ."""
    used: list[str] = []
    rows: list[Elasticity] = []
    values: list[float] = []
    for code in codes:
        found = [table[c] for c in members(code, list(table))]
        if found:
            used.append(code)
            rows.extend(found)
            values.append(float(np.mean([f.theta for f in found])))
    return used, rows, values


def member_weights(about: object) -> dict[str, dict[str, float]]:
    """Return {group: {member: share of the group's trade}} from what a world's metadata say of its elasticities."""
    if not isinstance(about, dict):
        return {}
    kept = about.get("weights")
    if isinstance(kept, dict):
        return {str(g): {str(m): float(w) for m, w in ms.items()} for g, ms in kept.items()}
    found = {}
    for record in about.get("by_sector") or ():
        listed = record.get("members")
        if listed:
            found[str(record["sector"])] = {str(m["sector"]): float(m["weight"]) for m in listed}
    return found
