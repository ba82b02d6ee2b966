"""The tariff war by formula, against the same equations as SciPy's general root finder takes them.

``plain`` is what a user writes from the paper: wages, incomes and tariffs as 3 N unknowns, cubes of powers in each
evaluation, MINPACK's hybrid method with finite differences; first the base at balanced trade (2 N unknowns), then the
war. It shares no code with the product and is tested as a reference in tests/model/test_nash_formula.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import root

from benchmarks.measure import Row, faster, pairs
from benchmarks.problems import fresh, random_world
from surtax.model.nash_formula import nash_by_formula
from surtax.model.tariffwar import without_inputs

YARDSTICK = "plain SciPy: hybrid method on 3 N unknowns, cubes of powers"
AGREE = 1e-8


def equations(w, income, t, accounts):
    """Residuals: factor markets [n], incomes [n], formula [n]; relative.

    ``accounts`` are π, t, θ, α, V, I of the base; ``t`` [s,o,d]. [n] of w and income are ratios.
    """
    pi, base_t, theta, alpha, V, base_income = accounts
    N = V.size
    cube = pi * (w[None, :, None] * (1 + t) / (1 + base_t)) ** -theta[:, None, None]
    total = cube.sum(axis=1, keepdims=True)
    share = np.divide(cube, total, out=np.zeros_like(cube), where=total > 0)
    flows = share * (alpha * (income * base_income))[:, None, :] / (1 + t)
    sales = flows.sum(axis=(0, 2)) / (w * V) - 1
    earned = (w * V + (t * flows).sum(axis=(0, 1))) / (income * base_income) - 1
    abroad = flows * (1 - np.eye(N))
    exports = abroad.sum(axis=(0, 2))
    strength = np.einsum("s,sod->o", theta, abroad * (1 - share)) / np.where(exports > 0, exports, 1.0)
    rate = np.array([t[0, (n + 1) % N, n] for n in range(N)])
    return sales, earned, rate - 1 / np.maximum(strength, 1.0), flows


def uniform(rates, sectors):
    """[s,o,d] one rate a destination, none at home."""
    return np.broadcast_to(rates * (1 - np.eye(rates.size)), (sectors, rates.size, rates.size))


def accounts_of(flows, tariffs, theta):
    """π, t, θ, α, V, I of flows that clear markets."""
    spent = (flows * (1 + tariffs)).sum(axis=1)
    pi = flows * (1 + tariffs) / np.where(spent > 0, spent, 1.0)[:, None, :]
    return pi, tariffs, theta, spent / spent.sum(axis=0), flows.sum(axis=(0, 2)), spent.sum(axis=0)


def plain_base(flows, tariffs, theta):
    """Flows at balanced trade and the same tariffs."""
    N = flows.shape[1]
    accounts = accounts_of(flows, tariffs, theta)
    V = accounts[4]

    def balanced(x):
        w, income = np.abs(x[:N]), np.abs(x[N:])
        sales, earned, _, _ = equations(w, income, tariffs, accounts)
        sales[-1] = (w * V).sum() / V.sum() - 1
        return np.concatenate([sales, earned])

    found = np.abs(_root(balanced, np.ones(2 * N)))
    return equations(found[:N], found[N:], tariffs, accounts)[3]


def plain_war(flows, tariffs, theta):
    """From balanced flows: tariffs [n], real incomes relative to the base [n], and ŵ [n]."""
    J, N = flows.shape[:2]
    accounts = accounts_of(flows, tariffs, theta)
    pi, _, _, alpha, V, _ = accounts

    def war(x):
        w, income, rates = np.abs(x[:N]), np.abs(x[N : 2 * N]), np.abs(x[2 * N :])
        sales, earned, formula, _ = equations(w, income, uniform(rates, J), accounts)
        sales[-1] = (w * V).sum() / V.sum() - 1
        return np.concatenate([sales, earned, formula])

    found = np.abs(_root(war, np.concatenate([np.full(N, 0.9), np.full(N, 1.1), np.full(N, 0.35)])))
    w, income, rates = found[:N], found[N : 2 * N], found[2 * N :]
    wedge = w[None, :, None] * (1 + uniform(rates, J)) / (1 + tariffs)
    total = (pi * wedge ** -theta[:, None, None]).sum(axis=1)
    price = np.exp(-(alpha * np.log(np.where(total > 0, total, 1.0)) / theta[:, None]).sum(axis=0))
    return rates, income / price, w


def _root(function, start):
    found = root(function, start, method="hybr", options={"xtol": 1e-13})
    if np.abs(function(found.x)).max() > 1e-9:
        raise ArithmeticError(f"the yardstick did not converge: {found.message}")
    return found.x


def problem(quick: bool):
    """WIOD 2014 where its file is at hand, else random accounts of that size."""
    from tests.helpers import replication_folder

    from surtax.validate.tariffwar import CUBES, load

    folder = replication_folder()
    if quick or folder is None or not (folder / CUBES.path).is_file():
        size = (8, 4) if quick else (44, 16)
        return f"Nash tariffs by formula, random {size[0]} × {size[1]}", without_inputs(random_world(*size))
    return "Nash tariffs by formula, WIOD 2014, 44 × 16", load(folder / CUBES.path)


def nash(quick: bool) -> Iterator[Row]:
    """The tariff war by Lashkaripour's formula: balanced base and Nash tariffs."""
    name, world = problem(quick)
    arrays = world.tariffs, world.elasticity
    balanced = plain_base(world.flows, *arrays)
    results = {}

    def product(accounts):
        results["product"] = nash_by_formula(accounts).real_income

    def yardstick(flows):
        results["plain"] = plain_war(flows, *arrays)[1]

    for what, ours, theirs, target in (
        ("base and war", lambda: product(fresh(world)), lambda: yardstick(plain_base(world.flows, *arrays)), "≥ 13"),
        ("warm: the war on a balanced base", lambda: product(world), lambda: yardstick(balanced), ""),
    ):
        a, b = pairs(ours, theirs, 2 if quick else 9)
        gap = float(np.abs(results["product"] - results["plain"]).max())
        if not gap <= AGREE:
            raise AssertionError(f"product and yardstick differ by {gap:.1e} in real income")
        yield faster("nash-by-formula", f"{name}, {what}", YARDSTICK, a, b, agrees=gap, target="" if quick else target)
