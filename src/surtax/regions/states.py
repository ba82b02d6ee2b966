"""A national result of the US, spread over its states by their trade with Canada: incidence, not a solution.

What the model says of the nation's imports from and exports to Canada falls on states in proportion to what each bought
from and sold to Canada in 2022, all goods alike: trade by state and product is not at hand, so a state of cars and one
of oil with the same trade are given the same change. Duties paid at a state's border may be borne elsewhere.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome

FOLDER = Path(__file__).resolve().parent.parent / "data" / "regions"
MARK = (
    "national results spread over states by their goods trade with Canada in 2022: incidence, not a solution by state"
)
#: What there is on jobs, and why it is not used.
JOBS = (
    "jobs by state are not computed: employment by industry is at hand by metropolitan area only (2019), many areas "
    "lie in several states, and their codes do not say which; it would tell where an industry works, not what it sells "
    "to Canada"
)


@dataclass(frozen=True)
class State:
    """One state.

    Attributes
    ----------
    imports, exports : goods from and to Canada in 2022, USD million; of_gdp : their sum over GDP, per cent.
    imports_change, exports_change : the state's part of the national change, in the world's unit.
    duty : its part of the change of US duties on Canadian goods; counter_duty : of Canada's duties on US goods, by what
        it sells; both in the world's unit.
    """

    code: str
    name: str
    imports: float
    exports: float
    of_gdp: float
    imports_change: float
    exports_change: float
    duty: float
    counter_duty: float


@lru_cache(maxsize=1)
def trade() -> tuple[tuple[Mapping[str, str], ...], Mapping[str, Any]]:
    """The table by state, and its metadata."""
    with (FOLDER / "us_states_2022.csv").open(encoding="utf-8", newline="") as file:
        rows = tuple(csv.DictReader(file))
    return rows, json.loads((FOLDER / "us_states_2022.json").read_text(encoding="utf-8"))


def by_state(outcome: Outcome) -> tuple[State, ...]:
    """Spread an outcome over the states, most exposed first.

    Parts add up to the nation's: goods from and to Canada (all of its parts, where the world has them).

    Raises
    ------
    InputError
        a world without USA or CAN.
    """
    w = outcome.world
    if "USA" not in w.countries or not {"CAN", *w.parts} & {"CAN"}:
        raise InputError("results by state need a world with USA and CAN.")
    us, canada = w.country("USA"), list(w.positions("CAN"))
    goods, X, t = w.goods, w.flows, w.tariffs
    bought = float((outcome.X_new - X)[goods][:, canada, us].sum())
    sold = float((outcome.X_new - X)[goods][:, us][:, canada].sum())
    duty = outcome.schedule.tariffs * outcome.X_new - t * X
    paid = float(duty[goods][:, canada, us].sum())
    countered = float(duty[goods][:, us][:, canada].sum())
    rows, meta = trade()
    total_in = sum(float(r["imports_from_canada"]) for r in rows)
    total_out = sum(float(r["exports_to_canada"]) for r in rows)
    usd = 1 / float(meta["cad_per_usd"])
    found = []
    for r in rows:
        share_in = float(r["imports_from_canada"]) / total_in
        share_out = float(r["exports_to_canada"]) / total_out
        value_in, value_out = usd * float(r["imports_from_canada"]), usd * float(r["exports_to_canada"])
        of_gdp = 100 * (value_in + value_out) / float(r["gdp"])
        found.append(
            State(
                r["state"],
                r["name"],
                value_in,
                value_out,
                of_gdp,
                share_in * bought,
                share_out * sold,
                share_in * paid,
                share_out * countered,
            )
        )
    return tuple(sorted(found, key=lambda s: -s.of_gdp))


def as_plain(found: tuple[State, ...], outcome: Outcome) -> dict[str, Any]:
    """The result as plain values for JSON."""
    return {
        "schema": "surtax-states/1",
        "mark": MARK,
        "not_computed": [JOBS],
        "conditions": outcome.describe(),
        "trade": dict(trade()[1]),
        "states": [asdict(s) for s in found],
    }
