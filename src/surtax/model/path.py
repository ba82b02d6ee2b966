"""`Path`: what a dynamic path says, by year, with the conditions under which it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.labelled import Labelled

if TYPE_CHECKING:
    import polars as pl

    from surtax.model.dynamic import Dynamics
    from surtax.model.outcome import Outcome
    from surtax.world import World

Array = NDArray[np.float64]

#: name → (dimensions, unit, definition); all against the path on which nothing changes
PATH_VARIABLES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "welfare": (("year", "country"), "per cent", "real income of the year, 100 (Î/P̂ − 1)"),
    "consumption": (
        ("year", "country"), "per cent",
        "real income of the year less what is invested; empty where the base leaves none",
    ),
    "average_real_wage": (("year", "country"), "per cent", "the wage bill per worker over consumer prices"),
    "real_wage": (
        ("year", "sector", "country"), "per cent",
        "what a worker of the sector earns, over consumer prices; empty where nothing is produced",
    ),
    "employment": (
        ("year", "sector", "country"), "per cent", "workers in the sector; empty where nothing is produced",
    ),
    "reallocated": (
        ("year", "country"), "per 1,000 workers", "workers in another sector, net: half of the sum of absolute changes",
    ),
    "capital": (("year", "country"), "per cent", "capital at the start of the year, at base weights"),
    "capital_sector": (
        ("year", "sector", "country"), "per cent",
        "capital at the start of the year by sector, in models whose capital stays in sectors",
    ),
    "revenue_change": (("year", "country"), "money", "tariff revenue of the year less that of the base"),
    "path_welfare": (
        ("country",), "per cent",
        "lasting change of consumption worth the path, 100 (exp((1 − β) Σ β^t ln Ĉ) − 1); empty as consumption is",
    ),
    "worker_welfare": (
        ("sector", "country"), "per cent",
        "the same for workers by first sector, from real wages and moves, 100 (exp((1 − β) v) − 1); empty as real_wage",
    ),
    "worker_welfare_mean": (("country",), "per cent", "mean of worker_welfare over the base's workers"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Path:
    """A dynamic path against the path on which nothing changes.

    Attributes
    ----------
    years : the years that are reported; the first is the one in which the measures become known.
    outcomes : one a year; their real incomes are of the year, at its capital.
    long_run : the equilibrium at rest under the last year's measures.
    settings : see `surtax.model.dynamic.Dynamics`.
    arrays : values of `PATH_VARIABLES`; NaN is empty.
    residuals : largest relative residual of every kind of equation [t], over all years that were solved.
    solved : how many years were solved; behind the last the economy is taken to be at rest.
    away : by how much labour or capital is still off its rest after the last solved year, relative, at most.
    rounds : how often expectations were revised.
    notes : what a reader should know of the measures, year by year.
    """

    world: World
    title: str
    years: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    long_run: Outcome
    settings: Dynamics
    arrays: Mapping[str, Array]
    residuals: Mapping[str, Array]
    solved: int
    away: float
    rounds: int
    notes: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in PATH_VARIABLES:
            raise AttributeError(f"a Path has no {name!r}{nearest(name, PATH_VARIABLES)}")
        return self.variable(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.arrays]

    def variable(self, name: str) -> Labelled:
        """One variable; years are labels such as "2027".

        Raises
        ------
        InputError
            no such variable.
        """
        if name not in self.arrays:
            raise InputError(f"a path has no variable {name!r}{nearest(name, self.arrays)}")
        dims, unit, _ = PATH_VARIABLES[name]
        labels = {
            "year": tuple(map(str, self.years)),
            "sector": self.world.sectors,
            "country": self.world.countries,
        }
        values = self.arrays[name]
        values.flags.writeable = False
        return Labelled(name, self.world.unit.resolve(unit), values, dims, {d: labels[d] for d in dims})

    def outcome(self, year: int) -> Outcome:
        """The outcome of a year.

        Raises
        ------
        InputError
            the path does not report it.
        """
        if year not in self.years:
            raise InputError(f"the path reports {self.years[0]} to {self.years[-1]}, not {year}.")
        return self.outcomes[self.years.index(year)]

    @property
    def residual(self) -> float:
        """Largest relative residual of any equation of any year."""
        return max(float(r.max()) for r in self.residuals.values())

    def describe(self) -> dict[str, Any]:
        """The conditions of the path as plain values."""
        last = self.outcomes[-1].describe()
        kept = ("closure", "elasticities", "world", "year", "units", "countries", "sectors", "base_tariffs", "base",
                "numeraire", "aggregated", "adjustments")  # fmt: skip
        return {
            "model": "dynamic",
            "about": self.settings.about(),
            **self.settings.plain(),
            **{k: last[k] for k in kept},
            "years_solved": self.solved,
            "away_from_rest": self.away,
            "residuals": {k: float(v.max()) for k, v in self.residuals.items()},
            "rounds": self.rounds,
            "notes": list(self.notes),
            "changes": {str(y): list(o.describe()["changes"]) for y, o in zip(self.years, self.outcomes, strict=True)},
        }

    def to_frame(self) -> pl.DataFrame:
        """A long table: variable, year, sector, country, value, unit; the long run is the year "long run"."""
        import polars as pl

        parts = []
        for name in self.arrays:
            x = self.variable(name)
            grid = np.meshgrid(*(np.arange(n) for n in x.values.shape), indexing="ij")
            columns: dict[str, Any] = {"variable": np.full(x.values.size, name)}
            for d, g in zip(x.dims, grid, strict=True):
                columns[d] = np.array(x.coords[d])[g.ravel()]
            frame = pl.DataFrame({**columns, "value": x.values.ravel(), "unit": np.full(x.values.size, x.unit)})
            missing = [pl.lit(None, dtype=pl.String).alias(c) for c in ("year", "sector", "country") if c not in x.dims]
            frame = frame.with_columns(missing).with_columns(pl.col("value").fill_nan(None))
            parts.append(frame.select("variable", "year", "sector", "country", "value", "unit"))
        return pl.concat(parts)

    def __repr__(self) -> str:
        ranked = sorted(self.path_welfare.items(), key=lambda kv: kv[1])
        ends = ranked if len(ranked) <= 6 else [*ranked[:3], *ranked[-3:]]
        text = ", ".join(f"{k} {v:+.3f} %" for k, v in ends)
        return f"Path({self.title!r}, {self.years[0]} to {self.years[-1]}: lasting consumption {text})"
