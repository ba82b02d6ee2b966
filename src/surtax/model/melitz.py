"""The model `melitz-pareto`: its settings, and from a solution to an outcome.

Ignatenko, Lashkaripour, Macedoni & Simonovska (2025); docs/models/melitz-pareto.md says when to use it and what its
settings mean. Equations stand in `melitz_kernel`, accounts and parameters in `melitz_base`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.inputs import number
from surtax.model import melitz_kernel as kernel
from surtax.model.drive import Solver
from surtax.model.feasible import ACCEPT
from surtax.model.melitz_accounts import Prepared, prepared
from surtax.model.melitz_base import CLOSURES, MelitzBase
from surtax.model.melitz_kernel import Wedges
from surtax.model.melitz_solve import find
from surtax.model.outcome import Conditions, Detail, Outcome
from surtax.model.registry import Task
from surtax.numerics import Solution
from surtax.policy.schedule import Schedule
from surtax.world import World

Array = NDArray[np.float64]

#: The model in one line.
ABOUT = (
    "one sector, firms that pay to enter markets (Melitz–Pareto), labour supply that responds to take-home pay; full "
    "employment"
)

NUMERAIRES = {
    "factor-income": "world factor income",
    "prices": "mean consumer price of the world, weighted by base spending",
    "wages": "mean wage of the world, weighted by base income",
}


@dataclass(frozen=True)
class MelitzPareto:
    """One sector, firms with Pareto productivities that pay to enter markets, and labour supply that responds.

    Attributes
    ----------
    nu : ν, the share of what firms pay to enter a market that is paid there: a number, {country: share} ("*" for all
        others), or None: calibrated so that sales-weighted averages of the rest and of the designated country are
        `targets` (`two_region_nu`). 0 is the Eaton–Kortum corner, in which φ = 1.
    designated : the country with a ν of its own and of the closure "designated-balanced"; None is USA if the world has
        it; without any, an uncalibrated ν is `targets[0]` everywhere.
    targets : see `nu`.
    labour_supply : κ ≥ 0, elasticity of labour with respect to what an hour buys.
    scale : ψ = scale/ε and θ = ε/scale (Pareto shape).
    calibrated_at : the ε at which ψ and φ are computed; None is the world's own. The paper changes ε alone.
    pass_through : 1, or the share of a tariff that reaches prices before firms' selection: φ falls by 1 − share.
    value_added : β, share of value added in cost; below 1 inputs are bought round about.
    rebate : what tariff revenue is used for: "income-tax" (a lower tax on labour) or "lump-sum".
    domestic : "recorded" (domestic sales as the world has them), "gdp" (from GDP and trade, as the paper does:
        `derived_domestic_sales`; divided by β where there are inputs), or None: "recorded" where all of cost is value
        added, "gdp" in worlds with inputs, whose sales at home count goods more than once.
    welfare : "published" (the paper's measure) or "utility" (what labour supply maximises). They differ where revenue
        cuts the income tax: docs/models/melitz-pareto.md.
    numeraire : "factor-income", "prices" (the paper's without inputs) or "wages" (its with inputs).
    """

    nu: float | Mapping[str, float] | tuple[tuple[str, float], ...] | None = None
    designated: str | None = None
    targets: tuple[float, float] = (0.12, 0.26)
    labour_supply: float = 0.5
    scale: float = 0.67
    calibrated_at: float | None = None
    pass_through: float = 1.0
    value_added: float = 1.0
    rebate: str = "income-tax"
    domestic: str | None = None
    welfare: str = "published"
    numeraire: str = "factor-income"
    name: str = field(default="melitz-pareto", init=False)
    closures: tuple[str, ...] = field(default=CLOSURES, init=False)

    def __post_init__(self) -> None:
        for name, low, high, low_in, high_in in (
            ("labour_supply", 0, np.inf, True, False),
            ("scale", 0, np.inf, False, False),
            ("calibrated_at", 0, np.inf, False, False),
            ("pass_through", -np.inf, np.inf, False, False),
            ("value_added", 0, 1, False, True),
        ):
            if name == "calibrated_at" and self.calibrated_at is None:
                continue
            value = number(f"MelitzPareto: {name}", getattr(self, name))
            if not ((low <= value if low_in else low < value) and (value <= high if high_in else value < high)):
                interval = f"{'[' if low_in else '('}{low:g}, {high:g}{']' if high_in else ')'}"
                raise InputError(f"MelitzPareto: {name} is {value:g}; it has to lie in {interval}.")
            object.__setattr__(self, name, value)
        for name, known in (
            ("rebate", ("income-tax", "lump-sum")),
            ("domestic", (None, "recorded", "gdp")),
            ("welfare", ("published", "utility")),
            ("numeraire", tuple(NUMERAIRES)),
        ):
            if getattr(self, name) not in known:
                raise InputError(
                    f"MelitzPareto: {name} is {getattr(self, name)!r}; it is one of {', '.join(map(repr, known))}."
                )
        if not (isinstance(self.targets, tuple | list) and len(self.targets) == 2):
            raise InputError("MelitzPareto: targets are two shares, of the rest and of the designated country.")
        object.__setattr__(self, "targets", tuple(_share("targets", x) for x in self.targets))
        if isinstance(self.nu, Mapping | tuple):
            pairs = tuple(self.nu.items()) if isinstance(self.nu, Mapping) else self.nu
            object.__setattr__(self, "nu", tuple((str(k), _share(f"nu of {k}", v)) for k, v in pairs))
        elif self.nu is not None:
            object.__setattr__(self, "nu", _share("nu", self.nu))

    def equilibrium(self, task: Task) -> Outcome:
        """Solve; see `surtax.solve`."""
        return equilibrium_from(self, prepared(self, task.world, task.deficits, task.solver), task)

    def designated_in(self, world: World) -> int | None:
        """Position of the designated country, or None; an unknown one raises `InputError`."""
        if self.designated is not None:
            return world.country(self.designated)
        return world.countries.index("USA") if "USA" in world.countries else None

    def base(self, world: World) -> MelitzBase:
        """The accounts that this model reads off a world."""
        return prepared(self, world, "fixed", Solver()).base


def _share(what: str, given: object) -> float:
    value = number(f"MelitzPareto: {what}", given)
    if not 0 <= value < 1:
        raise InputError(f"MelitzPareto: {what} is {value:g}; a share of fixed costs lies in [0, 1).")
    return value


def equilibrium_from(model: MelitzPareto, ready: Prepared, task: Task) -> Outcome:
    """Solve a task from prepared accounts.

    Their transfers need not be those that close them: with others, changes count from the accounts as they were
    recorded.
    """
    base, schedule = ready.base, task.schedule

    def wedge(share: float) -> Wedges:
        t, cost = schedule.tariffs, schedule.trade_cost
        if share < 1:
            t = np.exp((1 - share) * np.log1p(ready.tariffs) + share * np.log1p(t)) - 1
            t = np.where(schedule.tariffs == ready.tariffs, ready.tariffs, t)
            cost = None if cost is None else cost**share
        with np.errstate(all="ignore"):  # prohibitive wedges underflow to closed cells
            return kernel.wedges(base, ready.weights, ready.tariffs, t, cost)

    whole = wedge(1.0)
    solution = find(
        base, ready.inverse, lambda share: whole if share == 1 else wedge(share), lambda _: base.T, task.solver,
        ready.world.countries, task.progress,
    )  # fmt: skip
    return _outcome(model, ready, whole, solution, task)


def _outcome(model: MelitzPareto, ready: Prepared, wedge: Wedges, solution: Solution, task: Task) -> Outcome:
    base, world = ready.base, ready.world
    s = kernel.evaluate(solution.value, base, wedge, base.T)
    level = {
        "factor-income": float(s.Y.sum()) / float(base.Y.sum()),
        "prices": float(np.exp(s.P) @ base.E) / float(base.E.sum()),
        "wages": float(np.exp(s.w) @ base.Y) / float(base.Y.sum()),
    }[model.numeraire]
    w, P, L = np.exp(s.w) / level, np.exp(s.P) / level, np.exp(s.L)
    E, R, Y, X = s.E / level, s.R / level, s.Y / level, kernel.flows(s, wedge) / level
    T = base.T * (float(Y.sum()) / float(base.Y.sum()))
    residual = max(float(r.max()) for r in kernel.equation_residuals(base, wedge, base.T, w, L, P, E).values())
    nu = base.parameters.nu
    bought = X.sum(axis=0)
    given = bought * (1 - nu) - X @ (1 - nu) - T
    income = R + Y + T
    walras = float(np.max(np.abs(given) / income))
    if not (residual <= ACCEPT and walras <= ACCEPT and (income > 0).all()):
        raise NoConvergence(
            f"the solution does not hold up: largest residual {residual:.1e}, Walras {walras:.1e}. Please report the "
            f"scenario."
        )
    measure = kernel.utility if model.welfare == "utility" else kernel.welfare
    sets = task.world.meta.get("elasticities", {})
    named = str(sets.get("set", "given with the world") if isinstance(sets, dict) else sets)
    meta = world.meta

    def by_product() -> Array:
        t, cost = task.schedule.tariffs, task.schedule.trade_cost
        with np.errstate(all="ignore"):
            return kernel.products(base, ready.weights, ready.tariffs, t, cost, X)

    return Outcome(
        world=world,
        scenario=task.scenario,
        schedule=Schedule(kernel.rates(wedge, base)[None], None, np.inf),
        conditions=Conditions(
            model=model.name,
            closure=task.deficits,
            elasticities=named,
            vintage=str(meta.get("title") or meta.get("name") or "arrays"),
            base=ready.how,
            residual=residual,
            walras=walras,
            method=solution.stats.method,
            evaluations=solution.stats.evaluations,
            adjustments=tuple(f"{a.what}: {a.cells} cells, {a.value:.4g}" for a in world.adjustments),
            settings=ready.notes,
            about=ABOUT,
            numeraire=NUMERAIRES[model.numeraire],
        ),
        w_hat=w,
        P_hat=P[None],
        c_hat=(s.u ** (-1 / base.parameters.epsilon) / level)[None],
        E_new=E[None],
        Y_new=Y[None],
        R_new=R,
        D_new=bought - X.sum(axis=1),
        I_new=income,
        X_new=X[None],
        extra={"L_hat": L, "W_hat": measure(base, s, base.T), "P_consumer": P.copy()},
        detail=Detail(task.world, by_product),
    )
