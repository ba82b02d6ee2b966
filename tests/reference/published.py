"""Inputs of published studies as plain arrays, for tests only; nothing here may be shipped.

They are looked for in ``$SURTAX_REPLICATION_DATA``, then in ``../shared/data/replication`` and
``shared/data/replication`` beside the repository's root.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

#: 0-based positions in Caliendo and Parro's files
CP_COUNTRIES = {"CAN": 4, "MEX": 19, "USA": 29}
#: elasticity of the twenty sectors that are not traded
CP_SERVICES_THETA = 8.22


class NoReplicationData(Exception):  # noqa: N818 - a reason to skip, not a failure
    """The files of a study are not on this machine."""


def folder(study: str) -> Path:
    """The folder of a study's files; NoReplicationData says where it was looked for."""
    named = os.environ.get("SURTAX_REPLICATION_DATA")
    places = (
        [Path(named)]
        if named
        else [ROOT.parent / "shared/data/replication", ROOT / "shared/data/replication"]
    )
    for place in places:
        if (place / study).is_dir():
            return place / study
    raise NoReplicationData(
        f"replication data of {study} not found in {[str(p) for p in places]}; "
        "set SURTAX_REPLICATION_DATA to the folder that holds it"
    )


@dataclass(frozen=True)
class Study:
    """A world and a scenario as arrays: s sector, o origin, d destination, k input; USD, shares."""

    countries: tuple[str, ...]
    flows: np.ndarray  # X[s, o, d] net of tariff
    tariffs: np.ndarray
    theta: np.ndarray
    gamma: np.ndarray  # [k, s, n]
    gamma_v: np.ndarray  # [s, n]
    alpha: np.ndarray  # [s, n]
    new_tariffs: np.ndarray
    tau_hat: np.ndarray
    closure: str
    clipped: int  # negative final-demand cells set to zero

    @property
    def problem(self) -> tuple[np.ndarray, ...]:
        """The arguments of ``solve_reference`` before the closure."""
        return (
            self.flows,
            self.tariffs,
            self.theta,
            self.gamma,
            self.gamma_v,
            self.alpha,
            self.new_tariffs,
            self.tau_hat,
        )


def caliendo_parro() -> Study:
    """Caliendo and Parro (2015): 31 regions, 40 sectors, 1993; NAFTA tariffs of 2005."""
    at = folder("cp2015")
    N, J, goods = 31, 40, 20

    def stacked(name: str) -> np.ndarray:  # rows importer, columns exporter -> [s, o, d]
        return np.loadtxt(at / name).reshape(goods, N, N).transpose(0, 2, 1)

    def tariffs(name: str) -> np.ndarray:
        rates = np.zeros((J, N, N))
        rates[:goods] = stacked(name) / 100
        return rates

    flows = np.zeros((J, N, N))
    flows[:goods] = 1000 * stacked("xbilat1993.txt")
    own = np.arange(N)
    flows[:, own, own] = 0.0
    exports = flows.sum(axis=2)
    output = np.loadtxt(at / "GO.txt")
    flows[:, own, own] = np.maximum(output - exports, 0.0)
    t, t2005 = tariffs("tariffs1993.txt"), tariffs("tariffs2005.txt")
    t[:, own, own] = t2005[:, own, own] = 0.0
    new = t.copy()
    members = list(CP_COUNTRIES.values())
    block = np.ix_(range(J), members, members)
    new[block] = t2005[block]

    gamma_v = np.loadtxt(at / "B.txt")
    technique = np.loadtxt(at / "IO.txt").reshape(N, J, J).transpose(1, 2, 0)  # [k, s, n]
    # printed to seven digits: without this Σ γ + γV misses one by 4e-7, and Walras with it
    total = technique.sum(axis=0)
    technique = np.divide(technique, total, out=np.zeros_like(technique), where=total > 0)
    gamma = (1 - gamma_v)[None] * technique
    final = (flows * (1 + t)).sum(axis=1) - np.einsum("ksn,sn->kn", gamma, flows.sum(axis=2))
    alpha = np.maximum(final, 0.0)
    theta = np.full(J, CP_SERVICES_THETA)
    theta[:goods] = np.loadtxt(at / "T.txt")
    names = {v: k for k, v in CP_COUNTRIES.items()}
    return Study(
        tuple(names.get(n, f"R{n:02d}") for n in range(N)),
        flows,
        t,
        theta,
        gamma,
        gamma_v,
        alpha / alpha.sum(axis=0),
        new,
        np.ones_like(flows),
        "balanced",
        int((final < 0).sum()),
    )


def eu_enlargement() -> tuple[Study, np.ndarray, np.ndarray]:
    """ge_gravity's EU enlargement, 44 countries: the study, w_eu[n] (= Î / P̂) and X_eu[o, d]."""
    with (folder("gegravity_zylkin") / "eu_enlargement_2000.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = tuple(dict.fromkeys(r["exporter"] for r in rows))
    index = {name: i for i, name in enumerate(names)}
    N = len(names)
    trade, effect, new_trade = (np.zeros((N, N)) for _ in range(3))
    welfare = np.zeros(N)
    for r in rows:
        cell = index[r["exporter"]], index[r["importer"]]
        trade[cell], effect[cell], new_trade[cell] = (
            float(r[c]) for c in ("trade", "eu_effect", "X_eu")
        )
        welfare[cell[0]] = float(r["w_eu"])
    theta = 4.0
    zero = np.zeros((1, N, N))
    study = Study(
        names,
        trade[None],
        zero,
        np.array([theta]),
        np.zeros((1, 1, N)),
        np.ones((1, N)),
        np.ones((1, N)),
        zero,
        np.exp(-effect / theta)[None],
        "fixed",
        0,
    )
    return study, welfare, new_trade


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
