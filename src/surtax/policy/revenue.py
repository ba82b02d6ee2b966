"""What one side's duties on the other's goods collect, by measure: on the trade of 2024, and after trade responds.

Three answers, in USD million of 2024 a year, on the lines that have a sector and a rate:

- *conventional*: rate × value, trade as it was;
- *partial*: buyers switch between lines and between origins, at given costs and sector spending (Armington with
  constant costs): the share of the origin becomes π κ̂^−θ / (1 − π + π κ̂^−θ);
- *general*: the flows of an equilibrium, all prices, wages and incomes included.

In all three the response of a sector is that of the accounts, π and X′/X, applied to the customs value of its lines;
within the sector lines respond by the nest (docs/models/nest.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from surtax.policy.dated import Lined
    from surtax.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Revenue:
    """Duty by measure, USD million.

    Attributes
    ----------
    conventional, partial, general : measure → duty; they add up to `totals`.
    totals : the three totals by name.
    trade : value of the lines inside after each response, USD million, by name.
    before : duty of the same lines before the dispute, USD million.
    """

    conventional: Mapping[str, float]
    partial: Mapping[str, float]
    general: Mapping[str, float]
    totals: Mapping[str, float]
    trade: Mapping[str, float]
    before: float


def revenue(world: World, found: Lined, flows_ratio: Array) -> Revenue:
    """Duty by measure under the three assumptions.

    Parameters
    ----------
    world : the accounts that `found` was made for.
    found : see `surtax.policy.dated.lined`, and `surtax.policy.dated_canada.lined_canada` for the other side.
    flows_ratio : [s] X′/X of the exporter's sales to the importer in an equilibrium, net of tariff.
    """
    o, d = world.country(found.exporter), world.country(found.importer)
    nest, inside = found.nest, found.inside
    kappa = np.where(nest.covered, nest.wedge, 1.0)
    spent = world.flows[:, o, d] * (1 + world.tariffs[:, o, d])
    share = np.divide(spent, world.expenditure[:, d], out=np.zeros_like(spent), where=world.expenditure[:, d] > 0)
    pull = kappa**-world.elasticity
    partial = pull / (1 - share + share * pull) * np.where(nest.covered, nest.net / nest.net_base, 1.0)
    rates = {m: r[inside] / 100 for m, r in found.rates.by_measure.items()}
    value = found.rates.goods.value[inside].astype(float)
    responses = {
        "conventional": value,
        "partial": nest.lines(nest.value * partial)[0],
        "general": nest.lines(nest.value * np.where(nest.covered, flows_ratio, 1.0))[0],
    }
    by = {name: {m: float(r @ x) / 1e6 for m, r in rates.items() if r.any()} for name, x in responses.items()}
    return Revenue(
        conventional=by["conventional"],
        partial=by["partial"],
        general=by["general"],
        totals={name: sum(duties.values()) for name, duties in by.items()},
        trade={name: float(x.sum()) / 1e6 for name, x in responses.items()},
        before=float(found.rates.before[inside] @ value) / 1e8,
    )
