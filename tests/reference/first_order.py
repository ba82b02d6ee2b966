"""Caliendo and Parro's first-order terms from the reference solver's solution."""

from __future__ import annotations

import numpy as np


def first_order_terms(base, solution) -> dict[str, np.ndarray]:
    """The terms of Caliendo and Parro's Table 2, per cent, [n]; hats minus one, not logs.

    ``base`` has flows, tariffs and I before the shock (at D = 0); ``solution`` has c_hat, w_hat,
    flows_new, price_level_hat. Foreign flows only, net of tariff.
    """
    foreign = ~np.eye(len(base.I), dtype=bool)[None]
    X = base.flows * foreign
    dc = solution.c_hat - 1
    X_hat = np.divide(solution.flows_new, base.flows, out=np.ones_like(X), where=base.flows > 0)
    sold = np.einsum("sod,so->o", X, dc)
    bought = np.einsum("sod,so->d", X, dc)
    volume = (base.tariffs * X * ((X_hat - 1) - dc[:, :, None])).sum(axis=(0, 1))
    terms, volume = 100 * (sold - bought) / base.I, 100 * volume / base.I
    return {
        "terms of trade": terms,
        "volume of trade": volume,
        "welfare first-order": terms + volume,
        "real wage": 100 * (solution.w_hat / solution.price_level_hat - 1),
        "real income exact": 100 * (solution.real_income_hat - 1),
    }
