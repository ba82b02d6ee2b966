"""Liberation Day: the experiments of Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), and their scoreboard rows.

Every experiment is a function from the data to a table [n,7] in the columns of the authors' output (`COLUMNS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surtax.model.equilibrium import Solver, solve
from surtax.model.melitz import MelitzPareto, equilibrium_from
from surtax.model.melitz_accounts import prepared
from surtax.model.melitz_base import closure_transfers, formula_tariff
from surtax.model.outcome import Outcome
from surtax.model.registry import Task
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule
from surtax.validate.data_liberation_day import US, LiberationDayData, liberation_day_data, liberation_day_world
from surtax.world import World

Array = NDArray[np.float64]

COLUMNS = (
    "welfare, per cent",
    "change of the trade deficit over its absolute value, per cent",
    "exports over income, per cent change",
    "imports over income, per cent change",
    "employment, per cent change",
    "prices, per cent change",
    "tariff revenue over base spending, share",
)
PAPER = "Ignatenko, Lashkaripour, Macedoni & Simonovska (2025)"

#: The paper's main setting.
MAIN = MelitzPareto(designated=US, domestic="gdp", numeraire="prices")


def columns(outcome: Outcome) -> Array:
    """The authors' seven columns [n,7] of an outcome, in the numeraire that the outcome has (theirs: "prices")."""
    base, X, X_new = outcome.world, outcome.world.flows[0], outcome.X_new[0]
    Y, Y_new = base.output[0], outcome.Y_new[0]
    D = X.sum(axis=0) - X.sum(axis=1)
    abroad = ~np.eye(len(D), dtype=bool)
    exports = [np.where(abroad, x, 0.0).sum(axis=1) for x in (X, X_new)]
    imports = [np.where(abroad, x, 0.0).sum(axis=0) for x in (X, X_new)]
    return np.column_stack(
        [
            100 * (outcome.real_income - 1),
            100 * (outcome.D_new - D) / np.abs(D),
            100 * (exports[1] / Y_new / (exports[0] / Y) - 1),
            100 * (imports[1] / Y_new / (imports[0] / Y) - 1),
            100 * (outcome.extra["L_hat"] - 1),
            100 * (outcome.P_consumer - 1),
            outcome.R_new / base.expenditure[0],
        ]
    )


@dataclass(frozen=True, eq=False)
class LiberationDay:
    """The data and the world made from it, for the experiments below."""

    data: LiberationDayData
    world: World

    @classmethod
    def read(cls, folder: str | Path) -> LiberationDay:
        """Read the folder; errors as for `liberation_day_data`."""
        data = liberation_day_data(folder)
        return cls(data, liberation_day_world(data))

    def run(self, tariffs: Array | None = None, model: MelitzPareto = MAIN, **options: object) -> Outcome:
        """Solve for tariffs [o,d], the announced ones by default."""
        t = self.data.tariffs() if tariffs is None else tariffs
        return solve(self.world, Schedule(t[None]), model=model, **options)  # type: ignore[arg-type]


def main(study: LiberationDay) -> Array:
    """The announced tariffs without retaliation; revenue cuts the income tax."""
    return columns(study.run())


def lump_sum(study: LiberationDay) -> Array:
    """Revenue handed out as a lump sum."""
    return columns(study.run(model=replace(MAIN, rebate="lump-sum")))


def partial_pass_through(study: LiberationDay) -> Array:
    """φ − 0.75: a quarter of a tariff reaches prices before selection."""
    return columns(study.run(model=replace(MAIN, pass_through=0.25)))


def eaton_kortum(study: LiberationDay) -> Array:
    """The corner ν = 0, φ = 1 on the flows of the main setting: Y are their row sums."""
    base = MAIN.base(study.world)
    world = World.from_arrays(study.data.countries, study.world.sectors, base.X, elasticity=4.0)
    return columns(solve(world, Schedule(study.data.tariffs()[None]), model=replace(MAIN, nu=0.0, domestic="recorded")))


def other_elasticity(study: LiberationDay, epsilon: float = 8.0) -> Array:
    """Another ε, with ψ and φ as at ε = 4."""
    return columns(study.run(model=replace(MAIN, calibrated_at=4.0), elasticities=epsilon))


def reciprocal(study: LiberationDay) -> Array:
    """Partners charge the US what it charges them."""
    t = study.data.tariffs()
    return columns(study.run(t + t.T))


def optimal_retaliation(study: LiberationDay) -> Array:
    """Partners charge the US the rate that the paper's formula gives: by formula, not an argmax."""
    t = study.data.tariffs()
    t[study.data.us, :] = formula_tariff(MAIN.base(study.world), study.data.us)
    t[study.data.us, study.data.us] = 0.0
    return columns(study.run(t))


def no_us_deficit(study: LiberationDay) -> Array:
    """Transfers without the US's, from the accounts as recorded: with tariffs less without, as the paper reports it.

    Transfers are those of the closure "designated-balanced", which add up to zero. The paper's own do not, and its
    system has no solution (docs/decisions/0006-transfers-add-up.md). The closure itself counts changes from the
    re-solved base.
    """
    world, data = study.world, study.data
    recorded = prepared(MAIN, world, "fixed", Solver())
    T = closure_transfers(recorded.base, "designated-balanced", data.us)
    ready = replace(recorded, base=replace(recorded.base, T=T), how=f"{recorded.how}; transfers without those of {US}")
    tables = []
    for t in (data.tariffs(), np.zeros_like(data.trade)):
        schedule = Schedule(t[None]).checked(world)
        task = Task(world, Scenario(name="liberation-day"), schedule, "designated-balanced", Solver())
        tables.append(columns(equilibrium_from(MAIN, ready, task)))
    return np.asarray(tables[0] - tables[1])


def round_about(study: LiberationDay) -> Array:
    """Inputs bought round about, β = 0.49."""
    return columns(study.run(model=replace(MAIN, value_added=0.49, numeraire="wages")))


EXPERIMENTS: dict[str, Callable[[LiberationDay], Array]] = {
    f.__name__: f
    for f in (
        main, lump_sum, partial_pass_through, eaton_kortum, other_elasticity, reciprocal, optimal_retaliation,
        no_us_deficit, round_about,
    )
}  # fmt: skip
