"""A rough inverse of the general system: its Jacobian within each country, other countries held still, inverted once.

It steers the steps; the equations decide where they end (docs/kernel.md, "Country blocks"). Sub-states of a country
are (log ω̄, log P̂ [k,s], log Ê [k,s], log Ŷ [s]).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surtax.model.general import Layout, Rules, Split, State, home_net

Array = NDArray[np.float64]

# A country that hardly trades has a nearly singular block, since its own prices and wages move together for free.
KEEP_OFF = 1e-3


def blocks(state: State, split: Split, shock: Layout, rules: Rules, closure: str) -> NDArray[np.float32]:
    """Inverses of the countries' blocks of the Jacobian at an evaluation, [n,u,u]."""
    base = split.base
    K, J, N = split.E.shape
    M = K * J
    size = 1 + 2 * M + J
    E, Yq = slice(1 + M, 1 + 2 * M), slice(1 + 2 * M, size)
    s = np.arange(J)
    theta, psi = base.theta[:, None], rules.psi[:, None]
    free, m = state.free.astype(float), rules.stickiness
    # costs
    cost = np.zeros((N, J, size))
    bundle = 1 + psi
    cost[:, :, 0] = (bundle * base.gamma_v * (free * (1 - m) + (1 - free) * float(rules.own_anchor))).T
    cost[:, :, 1 : 1 + J] = bundle[None] * base.gamma_nsk
    cost[:, s, 1 + 2 * M + s] = (bundle * base.gamma_v * free * m - psi).T
    # shares at home, and how sales respond to costs and to spending at home
    own = np.arange(N)
    diagonal = shock.A[:, :, own, own] * state.u
    X = shock.B * state.u[:, :, None] * state.v[:, :, None, :]
    phi = shock.A * state.u[:, :, None] / state.S[:, :, None, :]
    made = np.where(split.made, state.Y, 1.0)
    if rules.eta is None:
        at_home = diagonal / state.S
        home = X[:, :, own, own]
        slope = (-theta[:, :, None] * X * (1 - phi)).sum(axis=(0, 3))
    else:
        eta = rules.eta[:, None]
        at_home = state.at_home
        home = state.spent * at_home * home_net(shock)
        pull = theta - eta * (1 - state.abroad)
        slope = (X * (phi * pull[:, :, None, :] - theta[:, :, None])).sum(axis=(0, 3))
        slope -= (home * eta * (1 - at_home)).sum(axis=0)
    sales = (slope / made).T[:, :, None] * cost
    for k in range(K):
        sales[:, s, 1 + M + k * J + s] += (home[k] / made).T
    # income and spending
    kept = (shock.B * state.u[:, :, None]).sum(axis=2) / state.S
    revenue = state.spent * (state.abroad * (1 - kept) + state.at_home * (1 - home_net(shock)))
    spread = state.I / (state.wV + state.R) if closure in ("gdp-share", "multiplicative") else np.ones(N)
    income = np.zeros((N, size))
    income[:, 0] = spread * state.wV
    income[:, E] = spread[:, None] * np.where(split.bought, revenue, 0.0).reshape(M, N).T
    # the equations
    J_ = np.zeros((N, size, size))
    demand = (base.gamma_v * state.Y / state.factor_demand).T
    J_[:, 0, :] = (demand[:, None, :] @ sales)[:, 0, :]
    J_[:, 0, 0] -= 1 + KEEP_OFF
    bought = split.bought.astype(float)
    for k in range(K):
        J_[:, 1 + k * J : 1 + (k + 1) * J, :] = (at_home[k] * bought[k]).T[:, :, None] * cost
    E_new = np.where(split.bought, state.E, np.inf)
    inputs = base.gamma_nks @ (state.Y.T[:, :, None] * sales)
    J_[:, 1 + M : 1 + M + J, :] = inputs / E_new[0].T[:, :, None]
    last = slice(1 + 2 * M - J, 1 + 2 * M)
    J_[:, last, :] += (base.alpha / E_new[-1]).T[:, :, None] * income[:, None, :]
    J_[:, Yq, :] = np.where(split.made, 1.0, 0.0).T[:, :, None] * sales
    diagonal_index = np.arange(1, size)
    J_[:, diagonal_index, diagonal_index] -= 1
    return np.linalg.inv(-J_).astype(np.float32)


def apply(inverse: NDArray[np.float32], r: Array, split: Split, *, transposed: bool = False) -> Array:
    """The step that residuals r would take country by country; laid out like the state."""
    K, J, N = split.E.shape
    by_country = _by_country(r, K * J, J, N)
    size = max(float(np.abs(by_country).max()), 1e-300)
    small = (by_country / size).astype(np.float32)
    step = (small[:, None, :] @ inverse)[:, 0, :] if transposed else (inverse @ small[:, :, None])[:, :, 0]
    out: Array = np.empty_like(r)
    step = step.astype(float) * size
    out[:N] = step[:, 0]
    out[N:] = step[:, 1:].T.reshape(-1)
    return out


def _by_country(r: Array, M: int, J: int, N: int) -> Array:
    """[n, u] of a vector laid out like the state; its blocks are all [rows, n]."""
    return np.concatenate([r[:N, None], r[N:].reshape(2 * M + J, N).T], axis=1)
