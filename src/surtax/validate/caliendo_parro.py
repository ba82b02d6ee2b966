"""Caliendo & Parro (2015), Review of Economic Studies 82(1): what NAFTA's tariff cuts of 1993 to 2005 did.

Their files, read as docs of the study say (../notation, "Caliendo–Parro's own data, read rightly"): trade in thousand
USD net of tariff, rows importer; tariffs in per cent; sectors 21 to 40 not traded; negative final demand set to zero.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from surtax.model.equilibrium import solve
from surtax.validate.arrays import Accounts, Array
from surtax.validate.inputs import Needed, github, read_text_table
from surtax.validate.published import row
from surtax.validate.row import Row

_FILES = {
    "xbilat1993.txt": "dcc0ae3a5b21ebc8e3c864df7e097da9bdbdf6a661ed6fc92d95aa25dc65a116",
    "tariffs1993.txt": "f6824dac7831dbf0bffc2a1c2ff2c37292ef59eec10b9d67fbfb8f5bd1eeb506",
    "tariffs2005.txt": "75f6c5113bb07e2e7c1d5ba3ff9f36b3c51491850ead998b60558e30e7ed90c8",
    "IO.txt": "844447e2b9db61b91aa64786d4a4dace1553f4c4c240174a9235a76a4b8ce05e",
    "B.txt": "ab6f6686938468052112aeb69a9ece4005e3991faa54a6075994f3e4a28c032f",
    "GO.txt": "ee6b27f50bde6f79cf275fe8037dd92be7a3fa4feda7b9ea89278b53a5d8b151",
    "T.txt": "0e9daba39ed0a13bad5e516e459de221d2720f18f791823b8a9e62e8df61c6e8",
}
needs = tuple(
    Needed(
        f"cp2015/{name}",
        sha256,
        (github("paulofelipe/cp2015-jax", "102f210ed071cb568b3fc93128a73a25689257dd", f"original_data/{name}"),),
    )
    for name, sha256 in _FILES.items()
)

REGIONS, SECTORS, GOODS = 31, 40, 20
#: positions, from 0, in the authors' files
COUNTRIES = {"CAN": 4, "MEX": 19, "USA": 29}
#: θ of the twenty sectors that are not traded, from the authors' code
SERVICES_THETA = 8.22


def load(folder: Path) -> Accounts:
    """The accounts of 1993 and NAFTA's tariffs of 2005 from the folder of inputs.

    Raises
    ------
    InputError
        a file is missing or does not hold what it should.
    """
    at = folder / "cp2015"
    N, J = REGIONS, SECTORS
    own = np.arange(N)

    def stacked(name: str) -> Array:  # rows importer, columns exporter → [s,o,d]
        cube: Array = read_text_table(at / name, (GOODS, N, N)).transpose(0, 2, 1)
        return cube

    def tariffs(name: str) -> Array:
        rates = np.zeros((J, N, N))
        rates[:GOODS] = stacked(name) / 100
        rates[:, own, own] = 0.0
        return rates

    flows = np.zeros((J, N, N))
    flows[:GOODS] = 1000 * stacked("xbilat1993.txt")
    flows[:, own, own] = 0.0
    output = read_text_table(at / "GO.txt", (J, N))
    flows[:, own, own] = np.maximum(output - flows.sum(axis=2), 0.0)
    t, t2005 = tariffs("tariffs1993.txt"), tariffs("tariffs2005.txt")
    new = t.copy()
    members = list(COUNTRIES.values())
    block = np.ix_(range(J), members, members)
    new[block] = t2005[block]

    gamma_v = read_text_table(at / "B.txt", (J, N))
    technique = read_text_table(at / "IO.txt", (N, J, J)).transpose(1, 2, 0)  # [k,s,n]
    # printed to seven digits: without this Σ γ + γ^V misses one by 4e-7, and Walras with it
    total = technique.sum(axis=0)
    technique = np.divide(technique, total, out=np.zeros_like(technique), where=total > 0)
    gamma = (1 - gamma_v)[None] * technique
    final = (flows * (1 + t)).sum(axis=1) - np.einsum("ksn,sn->kn", gamma, flows.sum(axis=2))
    alpha = np.maximum(final, 0.0)
    theta = np.full(J, SERVICES_THETA)
    theta[:GOODS] = read_text_table(at / "T.txt", (GOODS,))
    names = {v: k for k, v in COUNTRIES.items()}
    return Accounts(
        tuple(names.get(n, f"R{n:02d}") for n in range(N)), flows, t, theta, gamma, gamma_v,
        alpha / alpha.sum(axis=0), new, np.ones_like(flows), "balanced", int((final < 0).sum()),
    )  # fmt: skip


def rows(folder: Path | None) -> list[Row]:
    """Table 2, the exact real incomes behind it, and what the table's welfare is."""
    assert folder is not None  # it has needs  # noqa: S101
    start = time.perf_counter()
    accounts = load(folder)
    outcome = solve(accounts.world("Caliendo–Parro"), accounts.schedule, deficits=accounts.closure)
    first = outcome.decomposition("first-order")
    seconds = time.perf_counter() - start
    found: list[Row] = []
    for region in ("MEX", "CAN", "USA"):
        values = {
            "welfare": first.total[region],
            "terms-of-trade": first.terms_of_trade[region],
            "volume-of-trade": first.volume_of_trade[region],
            "real-wage": outcome.real_wage[region],
            "real-income": outcome.welfare[region],
        }
        found += [row(f"cp2015/{region}/{name}", value, seconds=seconds) for name, value in values.items()]
    found.append(row("cp2015/finding/mexico", outcome.welfare["MEX"], seconds=seconds))
    return found
