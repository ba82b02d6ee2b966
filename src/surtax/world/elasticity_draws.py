"""Draws of trade elasticities from their published standard errors.

Each published estimate is drawn once, from a normal with its standard error cut off below: θ > `above`. Sectors that
rest on one estimate share its draw, and a merged sector averages its members' draws. Estimates of different rows are
independent, as they come from separate regressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.world.elasticities import Elasticity, for_groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of θ.

    Attributes
    ----------
    theta : [draw, s] > 0, in the order of the world's sectors.
    varied : [s] True where at least one estimate behind the sector has a standard error; others stay as published.
    cut : [s] probability that the untruncated normal falls where it is cut off, the largest among the sector's
        estimates: by how much the draws are not the published normal.
    set : name of the set; `seed`, `above` : as asked.
    """

    theta: Array
    varied: NDArray[np.bool_]
    cut: Array
    set: str
    seed: int
    above: float


def truncated_normal(mean: Array, error: Array, uniform: Array, above: float = 0.0) -> Array:
    """Return draws of a normal conditional on exceeding `above`, by the inverse of its upper tail.

    Parameters
    ----------
    mean, error : [e], error > 0; uniform : [draw, e] in (0, 1].

    Notes
    -----
    x = mean − error · Φ⁻¹(u Φ((mean − above)/error)): exact also far in the tail, and u = 1 gives `above` itself, which
    is moved to the next larger number so that x > above holds.
    """
    from scipy.special import ndtr, ndtri

    drawn = mean - error * ndtri(uniform * ndtr((mean - above) / error))
    return np.asarray(np.maximum(drawn, np.nextafter(above, np.inf)), dtype=float)


def draw_table(
    table: Mapping[str, Elasticity],
    groups: Mapping[str, Sequence[str]],
    weights: Mapping[str, float],
    *,
    count: int,
    seed: int,
    above: float = 0.0,
) -> tuple[Array, NDArray[np.bool_], Array]:
    """Return (θ [draw, g], varied [g], cut [g]) for groups of a table's sectors; see `Draws` and `for_groups`.

    Raises
    ------
    InputError
        no estimate behind the groups has a standard error, or one with a standard error is not above `above`.
    """
    from scipy.special import ndtr

    theta, _ = for_groups(table, groups, weights)
    estimates = {(r.estimate or s): r for s, r in table.items() if r.standard_error}
    names, mean = list(estimates), np.array([r.theta for r in estimates.values()])
    error = np.array([r.standard_error or 0.0 for r in estimates.values()])
    # θ of the groups is linear in the estimates: one column for each, by a unit in its place.
    columns = [
        for_groups({s: r._replace(theta=float((r.estimate or s) == n)) for s, r in table.items()}, groups, weights)[0]
        for n in names
    ]
    linear = np.array(columns, dtype=float).reshape(len(names), len(theta))
    varied = np.asarray((linear != 0).any(axis=0), dtype=bool)
    if not varied.any():
        raise InputError("no standard error is known for any sector: there is nothing to draw from.")
    if (mean <= above).any():
        low = names[int(np.argmax(mean <= above))]
        raise InputError(f"the estimate {low} is {estimates[low].theta:g}, not above {above:g}: choose a lower cut.")
    uniform = 1.0 - np.random.default_rng(seed).random((count, len(names)))
    shift = truncated_normal(mean, error, uniform, above) - mean
    outside = ndtr((above - mean) / error)
    cut = np.asarray((outside[:, None] * (linear != 0)).max(axis=0), dtype=float)
    return theta + shift @ linear, varied, cut
