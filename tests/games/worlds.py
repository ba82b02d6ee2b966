"""Small worlds in which answers are known."""

from __future__ import annotations

import numpy as np

import surtax as sx


def two_countries(theta=4.0, home=0.8, size=1.0, t=(0.0, 0.0)):
    """One sector, no inputs, balanced: HOM and FOR, FOR `size` times as large at the given share of home goods.

    `home` is FOR's share of spending on its own goods; HOM's follows from balanced trade. `t` are base tariffs of HOM on
    FOR and of FOR on HOM.
    """
    imports = (1 - home) * size / (1 + t[1])  # FOR's imports net of tariff, HOM's income is one
    flows = np.array([[[1 - imports, imports], [imports, size - imports]]])
    tariffs = np.array([[[0.0, t[1]], [t[0], 0.0]]])
    return sx.World.from_arrays(["HOM", "FOR"], ["GDS"], flows, elasticity=theta, tariffs=tariffs)


def own_share(world, outcome_flows, tariffs, n):
    """π′_nn [·] of a one-sector world from flows X′ [1,o,d]."""
    paid = outcome_flows[0, :, n] * (1 + tariffs[0, :, n])
    return paid[n] / paid.sum()
