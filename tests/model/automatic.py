"""The equations once more, written for automatic derivatives: from prices and wages to residuals, in any array library.

Written from docs/notation.md with the full cube of powers, sharing nothing with the kernel. `xp` is numpy (real or
complex arrays: complex steps) or jax.numpy.
"""

from __future__ import annotations

import numpy as np


def equations(xp, w, closure):
    """Residuals and readings as functions of (log ŵ, log P̂, log Ê, ln(1+t′), ln τ̂) for a `World` w without dead cells."""
    X, t0, theta = w.flows, w.tariffs, w.elasticity[:, None, None]
    E0, V, D, I0, R0 = w.expenditure, w.factor_income, w.deficit, w.income, w.revenue
    pi = X * (1 + t0) / E0[:, None, :]

    def parts(log_w, log_P, log_E, log_t, log_tau):
        log_c = xp.einsum("ksn,kn->sn", w.inputs, log_P) + w.value_added * log_w
        wedge = log_t - np.log1p(t0) + log_tau
        powers = pi * xp.exp(-theta * (log_c[:, :, None] + wedge))
        total = powers.sum(axis=1)
        share = powers / total[:, None, :]
        E = E0 * xp.exp(log_E)
        flows = share * E[:, None, :] / xp.exp(log_t)
        Y = flows.sum(axis=2)
        R = ((xp.exp(log_t) - 1) * flows).sum(axis=(0, 1))
        wV = xp.exp(log_w) * V
        if closure == "balanced":
            income = wV + R
        elif closure == "fixed":
            income = wV + R + D
        elif closure == "gdp-share":
            d = D / V
            income = wV + R + d * wV - wV * (d * wV).sum() / wV.sum()
        else:
            spent = I0 / (V + R0) * (wV + R)
            income = spent * (wV + R).sum() / spent.sum()
        new_E = xp.einsum("ksn,sn->kn", w.inputs, Y) + w.final_shares * income
        demand = (w.value_added * Y).sum(axis=0)
        residual = xp.concatenate([
            xp.log(demand / wV) - xp.log(wV.sum() / V.sum()),
            (-xp.log(total) / w.elasticity[:, None] - log_P).ravel(),
            (xp.log(new_E / E0) - log_E).ravel(),
        ])  # fmt: skip
        return residual, Y, R, income

    return parts
