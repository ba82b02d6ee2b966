"""Trade elasticities by sector: the shipped sets, and θ for any grouping of the OECD's sectors."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from surtax.errors import InputError, nearest
from surtax.world.icio_codes import is_good, members

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / "data" / "elasticities"
DEFAULT = "fgo"


class Elasticity(NamedTuple):
    """One row of a set: θ > 0, whose estimate it is, and how directly it belongs to the sector."""

    theta: float
    source: str
    quality: str


def set_names() -> tuple[str, ...]:
    """Names of the sets that ship."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.csv")))


@lru_cache(maxsize=4)
def elasticity_set(name: str = DEFAULT) -> Mapping[str, Elasticity]:
    """Return a shipped set of trade elasticities by sector code of the OECD's 2025 edition.

    Raises
    ------
    InputError
        no set of that name ships.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        known = set_names()
        hint = nearest(name, known) or f"; known: {', '.join(known)}"
        raise InputError(f"unknown set of elasticities {name!r}{hint}")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {r["sector"]: Elasticity(float(r["theta"]), r["source"], r["quality"]) for r in rows}


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
