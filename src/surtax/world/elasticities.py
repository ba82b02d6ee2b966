"""Trade elasticities by sector of the OECD's tables: the shipped sets, and θ for any grouping of sectors."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.world.icio_codes import members

FOLDER = Path(__file__).resolve().parent.parent / "data" / "elasticities"
DEFAULT = "fgo"


class Elasticity(NamedTuple):
    """One row of a set: θ > 0, whose estimate it is, and how directly it belongs to the sector."""

    theta: float
    source: str
    quality: str


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
        known = sorted(p.stem for p in FOLDER.glob("*.csv"))
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
    """Return θ for groups of sectors: the mean over the members that have one, weighted by their trade.

    Parameters
    ----------
    table : a set of elasticities.
    groups : {group: member codes}, of any edition; a member that merges several sectors of the set takes their
        unweighted mean, since the trade of its parts is not known.
    weights : {member code: trade between countries}, any unit; where a group has none its members weigh alike.

    Returns
    -------
    theta : [s] in the order of `groups`.
    records : for each group its source, quality, and which members have no estimate.

    Raises
    ------
    InputError
        no member of a group has an estimate.
    """
    theta, records = np.empty(len(groups)), []
    for position, (group, codes) in enumerate(groups.items()):
        used, values, trade, rows, without = [], [], [], [], []
        for code in codes:
            found = [table[c] for c in members(code, list(table))]
            if found:
                used.append(code)
                values.append(float(np.mean([f.theta for f in found])))
                trade.append(weights.get(code, 0.0))
                rows.extend(found)
            else:
                without.append(code)
        if not values:
            raise InputError(
                f"no trade elasticity is known for sector {group} ({', '.join(codes)}): "
                f"pass elasticity={{'{group}': ...}} or one number for all."
            )
        share = np.array(trade) if sum(trade) > 0 else np.ones(len(values))
        theta[position] = float(np.average(values, weights=share))
        record: dict[str, Any] = {
            "sector": group,
            "theta": theta[position],
            "source": "; ".join(dict.fromkeys(r.source for r in rows)),
            "quality": rows[0].quality if len(rows) == 1 else "mean",
        }
        if len(rows) > 1:
            record["note"] = f"mean of {len(rows)} estimates, weighted by trade between countries"
            record["members"] = [
                {"sector": c, "theta": v, "weight": round(float(w), 6)}
                for c, v, w in zip(used, values, share / share.sum(), strict=True)
            ]
        if without:
            record["without"] = without
        records.append(record)
    return theta, records
