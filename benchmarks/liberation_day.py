"""Liberation Day, 194 countries, against plain SciPy on the published equations in 582 unknowns."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import root

import surtax as sx
from benchmarks.measure import Row, faster, over, pairs, timed
from benchmarks.problems import fresh
from surtax.model.melitz import MelitzPareto
from surtax.model.melitz_base import MelitzBase
from surtax.policy.schedule import Schedule

PLAIN = "SciPy's hybr on log ŵ, Ê, L̂, cubes of powers"
#: largest difference of welfare ratios; hybr stops where its own steps end
AGREE = 1e-8


def plain(base: MelitzBase, t: np.ndarray) -> np.ndarray:
    """Welfare ratios [n] by the textbook way: all powers anew at each evaluation, a Jacobian by differences."""
    p, N = base.parameters, len(base.E)

    def state(z: np.ndarray) -> tuple[np.ndarray, ...]:
        w, e, L = np.exp(z.reshape(3, N))
        sales = base.lam * ((w / L**p.psi) ** -p.epsilon)[:, None] * (1 + t) ** (-p.epsilon * p.phi)
        S = sales.sum(axis=0)
        X = sales / S * (base.E * e) / (1 + t)
        return w, e, L, (e / w) ** (1 - p.phi) * S ** (-1 / p.epsilon), X, (t * X).sum(axis=0)

    def equations(z: np.ndarray) -> np.ndarray:
        w, e, L, P, X, R = state(z)
        Y = w * L * base.Y
        market = (X @ (1 - p.nu) + p.nu * X.sum(axis=0) - Y) / base.Y
        market[-1] = ((P - 1) @ base.E) / base.E.sum()
        budget = (R + Y + base.T * Y.sum() / base.Y.sum()) / base.E - e
        return np.concatenate([market, budget, p.kappa * np.log(w / P / (1 - R / Y)) - np.log(L)])

    z = root(equations, np.zeros(3 * N), tol=1e-10).x
    w, e, L, P, _, R = state(z)
    delta = base.E / (base.E - p.kappa * (1 - R / (w * L * base.Y)) * base.Y / (1 + p.kappa))
    return np.asarray((delta * e + (1 - delta) * w * L) / P)


def _problem(quick: bool, folder: Path) -> tuple[str, sx.World, np.ndarray, MelitzPareto]:
    if quick:
        rng = np.random.default_rng(1)
        X = np.exp(rng.normal(size=(12, 12)))
        np.fill_diagonal(X, 30.0)
        t = np.zeros((12, 12))
        t[1:, 0] = rng.uniform(0.1, 0.4, size=11)
        world = sx.World.from_arrays([f"C{n:02d}" for n in range(12)], ["x"], X, elasticity=4)
        return "random 12 × 1", world, t, MelitzPareto(designated="C00")
    from surtax.validate.liberation_day import MAIN, LiberationDay

    study = LiberationDay.read(folder)
    return "Liberation Day, 194 countries", study.world, study.data.tariffs(), MAIN


def liberation_day(quick: bool) -> Iterator[Row]:
    """Warm solves: accounts laid out and their Jacobian inverted before, as in a session."""
    from tests.helpers import replication_folder

    name = "liberation-day"
    inputs = replication_folder()
    if not quick and inputs is None:
        note = "not measured: its data are not on this machine; set SURTAX_REPLICATION_DATA to their folder"
        yield Row(name, "Liberation Day, 194 countries", "", None, None, None, "×", note=note)
        return
    case, world, t, model = _problem(quick, (inputs or Path()) / "liberation_day")
    schedule, base = Schedule(t[None]), model.base(world)
    results: dict[str, np.ndarray] = {}

    def product() -> None:
        results["product"] = sx.solve(world, schedule, model=model).real_income

    def yardstick() -> None:
        results["plain"] = plain(base, t)

    # The yardstick takes as long as hundreds of the product's: each run is set against the median of those around it.
    product()
    count, a, b = (3, [], []) if quick else (15, [], [])
    for _ in range(2 if quick else 5):
        around = [timed(product) for _ in range(count)]
        b.append(timed(yardstick))
        around += [timed(product) for _ in range(count)]
        a.append(statistics.median(around))
    gap = float(np.abs(results["product"] - results["plain"]).max())
    if not gap <= AGREE:
        raise AssertionError(f"product and yardstick differ by {gap:.1e} in welfare: a wrong answer has no speed")
    yield faster(name, case, PLAIN, a, b, target="" if quick else "≥ 100", agrees=gap)
    a, b = pairs(lambda: sx.solve(fresh(world), schedule, model=model), product, 2 if quick else 9)
    yield over(name, f"{case}, first solve of a world", "the same again", a, b)
