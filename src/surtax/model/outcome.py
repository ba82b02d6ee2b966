"""`Outcome`: an equilibrium in terms that people use, with the conditions under which it holds.

Which variables there are, over which dimensions, in which unit and by which definition is one table,
`surtax/variables.csv`; it feeds this class, the exports, the report and the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.labelled import Labelled
from surtax.model.changes import changes_made
from surtax.world.provenance import NOT_STATED, aggregated, base_tariffs

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr

    from surtax.model.decomposition import Decomposition
    from surtax.policy.scenario import Scenario
    from surtax.policy.schedule import Schedule
    from surtax.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Variable:
    """One row of the table of variables.

    `unit` is `money` or `money per person` where it depends on the world: `world.unit.resolve(unit)` says which.
    `needs` names the arrays of `Outcome.extra` without which a model has no such variable; most need none.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    needs: tuple[str, ...]
    label: str
    definition: str


@lru_cache(maxsize=1)
def variables() -> dict[str, Variable]:
    """The table of variables, by name."""
    import csv

    path = Path(__file__).resolve().parent.parent / "variables.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["name"]: Variable(
                row["name"],
                tuple(row["dims"].split()),
                row["unit"],
                tuple(row["needs"].split()),
                row["label"],
                row["definition"],
            )
            for row in csv.DictReader(file)
        }


#: The core model in one line.
CORE = (
    "multi-sector, with input–output links, perfect competition, one factor a country that moves freely between its "
    "sectors; full employment"
)


@dataclass(frozen=True)
class Conditions:
    """What a result holds under; carried by every outcome and printed with it.

    Attributes
    ----------
    model, closure : which equations, and what happens to trade deficits.
    elasticities : name of the set; vintage : world, year and source of the accounts.
    base : whether the base was used as it stands or re-solved first, and why.
    residual : largest relative residual of any equation; walras : largest gap between a country's trade balance,
        added up from the flows, and the deficit its closure gives it, over its income: the redundant equation.
    method, evaluations : how the equilibrium was found.
    adjustments : what was changed in the accounts, as text.
    about : the model in one line; empty where it says nothing of itself.
    settings : of the model, where it has any, as text.
    numeraire : what nominal values are measured in.
    """

    model: str
    closure: str
    elasticities: str
    vintage: str
    base: str
    residual: float
    walras: float
    method: str
    evaluations: int
    adjustments: tuple[str, ...] = ()
    about: str = ""
    settings: tuple[str, ...] = ()
    numeraire: str = "world factor income"


@dataclass(frozen=True, eq=False)
class Detail:
    """The accounts in whose sectors a scenario is stated, where a model adds sectors up.

    Attributes
    ----------
    world : the accounts as they were given.
    flows : X′ [s,o,d] by their sectors, net of tariff, in the outcome's numeraire; computed when asked for.
    """

    world: World
    flows: Callable[[], Array]


@dataclass(frozen=True, eq=False)
class Outcome:
    """An equilibrium of a model for a world and a scenario.

    Every variable of `variables()` is an attribute: `outcome.welfare["CAN"]`, `outcome.prices["USA"]`.

    Attributes
    ----------
    world : the base that the changes are relative to (re-solved, where the closure asks for it).
    scenario, schedule : what was changed.
    conditions : closure, elasticities, vintage, residuals.
    w_hat [n], P_hat [s,n], c_hat [s,n] : ŵ, P̂, ĉ in the numeraire that the conditions name (Σ ŵV = ΣV).
    E_new, Y_new [s,n]; R_new, D_new, I_new [n] : E′, Y′, R′, D′, I′, in the world's unit.
    X_new : X′ [s,o,d] in the world's unit, net of tariff.
    extra : what a model has beyond these, by the names that `variables.csv` lists under `needs`, such as L_hat [n];
        `W_hat` [n] and `P_consumer` [n] replace Î/P̂ and Π P̂^α where a model measures real income or consumer prices
        otherwise.
    detail : accounts and flows by the sectors in which the scenario is stated, where they are not the model's own.
    """

    world: World
    scenario: Scenario
    schedule: Schedule
    conditions: Conditions
    w_hat: Array
    P_hat: Array
    c_hat: Array
    E_new: Array
    Y_new: Array
    R_new: Array
    D_new: Array
    I_new: Array
    X_new: Array
    extra: Mapping[str, Array] = field(default_factory=dict)
    detail: Detail | None = None

    def __post_init__(self) -> None:
        for name in ("w_hat", "P_hat", "c_hat", "E_new", "Y_new", "R_new", "D_new", "I_new", "X_new"):
            getattr(self, name).flags.writeable = False
        for values in self.extra.values():
            values.flags.writeable = False

    @cached_property
    def P_consumer(self) -> Array:
        """P̂ [n] = Π_s P̂[s,n]^α[s,n], unless the model has its own."""
        if "P_consumer" in self.extra:
            return self.extra["P_consumer"]
        return np.asarray(np.exp((self.world.final_shares * np.log(self.P_hat)).sum(axis=0)))

    @cached_property
    def real_income(self) -> Array:
        """Î/P̂ [n], ratio of real incomes, unless the model has its own measure."""
        if "W_hat" in self.extra:
            return self.extra["W_hat"]
        return np.asarray(self.I_new / self.world.income / self.P_consumer)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that this outcome has, in the order of the table."""
        return tuple(name for name, v in variables().items() if all(x in self.extra for x in v.needs))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in variables():
            raise AttributeError(f"an Outcome has no {name!r}{nearest(name, variables())}")
        if name not in self.variables:
            raise AttributeError(f"the model {self.conditions.model!r} has no {name!r}: it holds it fixed.")
        return self.variable(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.variables]

    def variable(self, name: str) -> Labelled:
        """Return one variable of the table.

        Raises
        ------
        InputError
            no such variable (nearest names offered), or none in this outcome's model.
        """
        cache: dict[str, Labelled] = self.__dict__.setdefault("_cache", {})
        if name not in cache:
            table = variables()
            if name not in table:
                raise InputError(f"unknown variable {name!r}{nearest(name, table)}")
            v = table[name]
            if name not in self.variables:
                raise InputError(f"the model {self.conditions.model!r} has no {name!r}: it holds it fixed.")
            values = np.ascontiguousarray(FORMULAS[name](self))
            values.flags.writeable = False
            coords = {d: self._labels(d) for d in v.dims}
            cache[name] = Labelled(name, self.world.unit.resolve(v.unit), values, v.dims, coords)
        return cache[name]

    def _labels(self, dim: str) -> tuple[str, ...]:
        return self.world.sectors if dim == "sector" else self.world.countries

    def decomposition(self, method: str = "path", tolerance: float = 1e-8) -> Decomposition:
        """Split the change of real income into terms of trade, volume of trade, trade costs and transfers.

        Parameters
        ----------
        method : "path" (the integral of the first-order terms along the way, which adds up to the change of real
            income) or "first-order" (Caliendo & Parro 2015, Table 2: the terms at the base times the whole change,
            which does not).
        tolerance : how closely the path's terms have to add up, relative to the largest.
        """
        from surtax.model.decomposition import decompose

        return decompose(self, method, tolerance)

    # -- tables ---------------------------------------------------------------------------------------------------

    def to_frame(self, name: str | None = None) -> pl.DataFrame:
        """Return one variable with its dimensions as columns, or, without a name, a long table.

        The long table holds every variable of one or two dimensions: variable, country, partner, sector, value, unit.
        """
        import polars as pl

        if name is not None:
            x = self.variable(name)
            grid = np.meshgrid(*(np.arange(n) for n in x.values.shape), indexing="ij")
            columns: dict[str, Any] = {d: np.array(x.coords[d])[g.ravel()] for d, g in zip(x.dims, grid, strict=True)}
            return pl.DataFrame({**columns, name: x.values.ravel()}).with_columns(pl.col(name).fill_nan(None))
        parts = []
        for v in map(variables().__getitem__, self.variables):
            if len(v.dims) > 2:
                continue
            frame = self.to_frame(v.name).rename({v.name: "value"})
            names = {"exporter": "country", "importer": "partner"}
            frame = frame.rename({k: n for k, n in names.items() if k in frame.columns})
            missing = [c for c in ("country", "partner", "sector") if c not in frame.columns]
            frame = frame.with_columns(
                [pl.lit(None, dtype=pl.String).alias(c) for c in missing]
                + [pl.lit(v.name).alias("variable"), pl.lit(self.world.unit.resolve(v.unit)).alias("unit")]
            )
            parts.append(frame.select("variable", "country", "partner", "sector", "value", "unit"))
        return pl.concat(parts)

    def to_xarray(self) -> xr.Dataset:
        """Return all variables as an xarray Dataset (needs the extra `surtax[xarray]`)."""
        try:
            import xarray as xr
        except ImportError:
            raise InputError("to_xarray needs xarray: pip install 'surtax[xarray]'.") from None
        data = {}
        for name in self.variables:
            v, x = variables()[name], self.variable(name)
            attributes = {"unit": x.unit, "long_name": v.label, "definition": v.definition}
            data[name] = xr.DataArray(x.values, dims=x.dims, attrs=attributes)
        dims = {d for v in variables().values() for d in v.dims}
        coords = {d: list(self._labels(d)) for d in dims}
        return xr.Dataset(data, coords=coords, attrs=self.describe())

    def describe(self) -> dict[str, Any]:
        """The conditions of the result as plain values: what was changed, in which accounts, solved how."""
        c, world = self.conditions, self.world
        return {
            "scenario": self.scenario.name,
            "law": list(self.scenario.law),
            "measures": [": ".join((m.id, "; ".join(filter(None, m.basis)))) for m in self.scenario.measures],
            "changes": list(changes_made(world, self.scenario, self.schedule)),
            "model": c.model,
            "about": c.about,
            "settings": list(c.settings),
            "closure": c.closure,
            "elasticities": c.elasticities,
            "world": c.vintage,
            "year": world.meta.get("year") or NOT_STATED,
            "units": str(world.meta.get("units") or NOT_STATED),
            "countries": len(world.countries),
            "sectors": len(world.sectors),
            "aggregated": list(aggregated(world)),
            "base_tariffs": base_tariffs(world),
            "base": c.base,
            "numeraire": c.numeraire,
            "residual": c.residual,
            "walras": c.walras,
            "method": c.method,
            "evaluations": c.evaluations,
            "adjustments": list(c.adjustments),
        }

    def __repr__(self) -> str:
        ranked = sorted(self.welfare.items(), key=lambda kv: kv[1])
        ends = ranked if len(ranked) <= 6 else [*ranked[:3], *ranked[-3:]]
        text = ", ".join(f"{k} {v:+.3f} %" for k, v in ends)
        c = self.conditions
        conditions = f"{c.model}, deficits {c.closure}, residual {c.residual:.1e}"
        return f"Outcome({self.scenario.name!r}: real income {text}; {conditions})"


def _per_cent(new: Array, base: Array) -> Array:
    """100 (new/base − 1), NaN where the base is zero."""
    return 100 * np.divide(new - base, base, out=np.full_like(base, np.nan), where=base != 0)


def _abroad(X: Array, axis: int) -> Array:
    N = X.shape[1]
    total = X.sum(axis=0)
    off = total * (1 - np.eye(N))
    return np.asarray(off.sum(axis=axis))


def _per_person(o: Outcome) -> Array:
    people, scale = o.world.population, o.world.unit.scale
    if people is None or scale is None:
        return np.full(len(o.world.countries), np.nan)
    return np.asarray(scale * (o.real_income - 1) * o.world.income / people)


def _factor_use(o: Outcome) -> Array:
    if "labour_hat" in o.extra:
        return 100 * (o.extra["labour_hat"] - 1)
    return _per_cent(o.Y_new / o.w_hat, o.world.output)


FORMULAS: Mapping[str, Callable[[Outcome], Array]] = {
    "welfare": lambda o: 100 * (o.real_income - 1),
    "equivalent_variation": lambda o: (o.real_income - 1) * o.world.income,
    "equivalent_variation_per_person": _per_person,
    "wage": lambda o: 100 * (o.w_hat - 1),
    "real_wage": lambda o: 100 * (o.w_hat / o.P_consumer - 1),
    "price_index": lambda o: 100 * (o.P_consumer - 1),
    "income": lambda o: _per_cent(o.I_new, o.world.income),
    "income_base": lambda o: o.world.income,
    "revenue": lambda o: o.R_new,
    "revenue_base": lambda o: o.world.revenue,
    "revenue_change": lambda o: o.R_new - o.world.revenue,
    "deficit": lambda o: o.D_new,
    "deficit_base": lambda o: o.world.deficit,
    "exports": lambda o: _per_cent(_abroad(o.X_new, 1), _abroad(o.world.flows, 1)),
    "imports": lambda o: _per_cent(_abroad(o.X_new, 0), _abroad(o.world.flows, 0)),
    "exports_change": lambda o: _abroad(o.X_new, 1) - _abroad(o.world.flows, 1),
    "imports_change": lambda o: _abroad(o.X_new, 0) - _abroad(o.world.flows, 0),
    "prices": lambda o: 100 * (o.P_hat - 1),
    "unit_cost": lambda o: 100 * (o.c_hat - 1),
    "output": lambda o: _per_cent(o.Y_new, o.world.output),
    "output_volume": lambda o: _per_cent(o.Y_new / o.c_hat, o.world.output),
    "output_base": lambda o: o.world.output,
    "output_change": lambda o: o.Y_new - o.world.output,
    "factor_use": _factor_use,
    "value_added_base": lambda o: o.world.value_added * o.world.output,
    "value_added_change": lambda o: o.world.value_added * (o.Y_new - o.world.output),
    "expenditure": lambda o: _per_cent(o.E_new, o.world.expenditure),
    "trade": lambda o: _per_cent(o.X_new.sum(axis=0), o.world.flows.sum(axis=0)),
    "trade_base": lambda o: o.world.flows.sum(axis=0),
    "trade_change": lambda o: o.X_new.sum(axis=0) - o.world.flows.sum(axis=0),
    "flows": lambda o: _per_cent(o.X_new, o.world.flows),
    "flows_base": lambda o: o.world.flows,
    "flows_change": lambda o: o.X_new - o.world.flows,
    "tariff_base": lambda o: 100 * o.world.tariffs,
    "tariff": lambda o: 100 * o.schedule.tariffs,
    "employment": lambda o: 100 * (o.extra["L_hat"] - 1),
    "sector_wage": lambda o: 100 * (o.extra["sector_wage_hat"] - 1),
    "labour_sector": lambda o: 100 * (o.extra["labour_hat"] - 1),
    "labour_moved": lambda o: 1000 * o.extra["labour_moved"],
    "workers_sector": lambda o: 100 * (o.extra["workers_hat"] - 1),
    "prices_final": lambda o: 100 * (o.extra["P_final_hat"] - 1),
    "prices_inputs": lambda o: 100 * (o.extra["P_inputs_hat"] - 1),
}
