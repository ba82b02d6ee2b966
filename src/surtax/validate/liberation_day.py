"""Liberation Day: the experiments of Ignatenko, Lashkaripour, Macedoni & Simonovska (2025), and their scoreboard rows.

Every experiment is a function from the data to a table [n,7] in the columns of the authors' output (`COLUMNS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surtax.model.drive import Solver
from surtax.model.equilibrium import solve
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
    "change of exports over income, per cent",
    "change of imports over income, per cent",
    "change of employment, per cent",
    "change of consumer prices, per cent",
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


@dataclass(frozen=True)
class Row:
    """One published number beside what is computed.

    Attributes
    ----------
    name : what it is; source : where it is printed.
    published, computed : values; tolerance : how far they may lie apart, absolute.
    unit : of the values; note : what a reader should know.
    """

    name: str
    source: str
    published: float
    computed: float
    tolerance: float
    unit: str
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether they agree."""
        return abs(self.computed - self.published) <= self.tolerance


#: printed or given in full precision; the tolerance is half of the last digit printed, or 1e-6 of the full output
TABLE_1 = (
    ("welfare of USA, revenue cuts the income tax", "main", US, 1.130712397, 1e-6),
    ("welfare of CAN, revenue cuts the income tax", "main", "CAN", -0.995790786, 1e-6),
    ("welfare of USA, lump-sum rebate", "lump_sum", US, -0.01, 0.005),
)
#: the columns of the full output are compared to this, in their own units
FULL_OUTPUT = 1e-6


def rows(folder: str | Path) -> tuple[Row, ...]:
    """The scoreboard of this paper.

    Raises
    ------
    InputError
        the folder does not hold its data (see `liberation_day_data`).
    """
    study = LiberationDay.read(folder)
    countries = study.data.countries
    tables = {"main": main(study), "lump_sum": lump_sum(study)}
    found = [
        Row(name, f"{PAPER}, Table 1", value, float(tables[which][countries.index(code), 0]), tolerance, "per cent")
        for name, which, code, value, tolerance in TABLE_1
    ]
    if study.data.published is not None:
        gaps = np.abs(tables["main"] - study.data.published)
        for k, column in enumerate(COLUMNS):
            n = int(np.argmax(gaps[:, k]))
            what, unit = column.rsplit(", ", 1)
            found.append(
                Row(
                    f"all {len(countries)} countries: {what} (largest difference: {countries[n]})",
                    f"{PAPER}, output_map.csv column {k + 1}", float(study.data.published[n, k]),
                    float(tables["main"][n, k]), FULL_OUTPUT, unit, "the authors' solver stops at about 1e-9",
                )
            )  # fmt: skip
    return tuple(found)
