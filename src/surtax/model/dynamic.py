"""The dynamic path: workers who change sectors at a cost and capital that is saved, under perfect foresight.

    path = solve_path(world, {2025: scenario, 2029: None})        # in force 2025 to 2028, known from 2025
    path = solve_path(world, scenario, announced=2025, start=2027)  # known two years ahead
    path.welfare["2025", "CAN"], path.path_welfare["CAN"], path.employment["2030", "C29", "CAN"]

docs/models/dynamic.md has the equations, the settings' sources, and what is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.inputs import floats, number
from surtax.model import core
from surtax.model.drive import Solver
from surtax.model.options import General
from surtax.model.switching import transitions
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule
from surtax.world import World

if TYPE_CHECKING:
    from surtax.model.given_factors import Ground
    from surtax.model.outcome import Outcome
    from surtax.model.path import Path

Array = NDArray[np.float64]
Measures = Scenario | Schedule | None

CAPITAL = ("specific", "mobile", "fixed")
# A matrix under which base employment moves by more than this share is not at rest in the base.
AT_REST = 1e-6
LONGEST = 500


@dataclass(frozen=True)
class Dynamics:
    """How workers and capital move; see docs/models/dynamic.md for the defaults' sources.

    Attributes
    ----------
    stay : probability a year that a worker does not look around; who does ends in a sector in proportion to its
        employment. 1: nobody ever moves.
    nu : ν, dispersion of workers' tastes for sectors, in units of log real wage; the smaller, the more they respond.
    discount : β a year, of workers and of owners of capital; depreciation : δ a year.
    labour_share : λ of value added: a number, {country: λ} (others the default), [n] or [s,n].
    capital : "specific" (stays in its sector, grows there by its own return), "mobile" (free within a country, grows
        by the country's return; λ is then one number) or "fixed" (the same, and does not grow).
    transitions : μ⁰ [j,k] for all countries or [n,j,k], instead of `stay`: probabilities a year of going from sector j
        to k, under which base employment is at rest.
    employment : base workers [s,n]; None: in proportion to the wage bill, as if base wages were equal.
    foresight : False: workers take each year's real wages to last (recursive).
    surprises : every change of the measures is unforeseen and held to be for good; with foresight of all else.
    settle : years solved beyond the last that matters; behind them the economy is at rest.
    statics : options of the year's equilibrium: end use, scale economies, nest.

    Raises
    ------
    InputError
        a value outside its range.
    """

    stay: float = 0.9
    nu: float = 2.02
    discount: float = 0.96
    depreciation: float = 0.05
    labour_share: Any = 0.6
    capital: str = "specific"
    transitions: Any = None
    employment: Any = None
    foresight: bool = True
    surprises: bool = False
    settle: int = 60
    statics: General = General()

    def __post_init__(self) -> None:
        for name, value, low, high, rule in (
            ("stay", self.stay, 0, 1, "a probability from 0 to 1 (1: nobody ever moves)"),
            ("discount", self.discount, 0, 1, "β above 0 and below 1"),
            ("depreciation", self.depreciation, 0, 1, "δ from 0 to 1"),
        ):
            if not low <= number(name, value) <= high or (name == "discount" and value in (0, 1)):
                raise InputError(f"{name} is {value:g}: {rule}.")
        if not 0 < number("nu", self.nu) < np.inf:
            raise InputError(f"nu is {self.nu:g}: ν is above zero and finite; stay=1 keeps everybody in place.")
        if self.capital not in CAPITAL:
            raise InputError(
                f"capital is {self.capital!r}{nearest(self.capital, CAPITAL)}: give {', '.join(map(repr, CAPITAL))}."
            )
        if isinstance(self.settle, bool) or not isinstance(self.settle, int) or not 1 <= self.settle <= LONGEST:
            raise InputError(f"settle is {self.settle!r}: a whole number of years from 1 to {LONGEST}.")
        if self.surprises and not self.foresight:
            raise InputError("surprises=True is about foresight of all but the measures: leave out foresight=False.")
        for name in ("mobility", "rigidity"):
            if getattr(self.statics, name) is not None:
                raise InputError(f"statics.{name} has no place in a path: workers move as stay and nu say.")

    @property
    def moves(self) -> bool:
        """Whether anybody ever changes sector."""
        return self.transitions is not None or self.stay < 1

    def about(self) -> str:
        """The model in one line."""
        workers = f"workers change sectors at a cost (stay {self.stay:g}, ν {self.nu:g})"
        if self.transitions is not None:
            workers = f"workers change sectors at a cost (transitions given, ν {self.nu:g})"
        elif not self.moves:
            workers = "workers stay in their sectors"
        capital = {
            "specific": "capital stays in its sector and is saved from its return",
            "mobile": "capital moves within a country and is saved from its return",
            "fixed": "capital moves within a country and does not grow",
        }[self.capital]
        looks = "perfect foresight" if self.foresight else "each year's wages are held to last"
        if self.surprises:
            looks = "foresight of all but changes of the measures, each held to be for good"
        return f"multi-sector, with input–output links, year by year; {workers}; {capital}; {looks}"

    def plain(self) -> dict[str, Any]:
        """The settings as plain values; arrays are told, not listed."""

        def told(given: Any) -> Any:
            return given if given is None or isinstance(given, int | float) else "given by the user"

        return {
            "stay": self.stay if self.transitions is None else None,
            "nu": self.nu,
            "discount": self.discount,
            "depreciation": self.depreciation,
            "labour_share": told(self.labour_share),
            "capital": self.capital,
            "transitions": told(self.transitions),
            "employment": told(self.employment),
            "foresight": self.foresight,
            "surprises": self.surprises,
        }

    def shares(self, world: World) -> Array:
        """λ [s,n] for a world.

        Raises
        ------
        InputError
            an unknown country, a wrong shape, a value outside (0, 1], several where capital is mobile.
        """
        shape = world.output.shape
        given = self.labour_share
        if isinstance(given, Mapping):
            by = np.full(shape[1], float(Dynamics.labour_share))
            for country, value in given.items():
                by[world.country(str(country))] = number(f"labour_share of {country}", value)
            given = by
        values = floats("labour_share", given, "a number, {country: number}, [country] or [sector, country]")
        if (values.ndim == 2 and values.shape != shape) or (values.ndim == 1 and values.size != shape[1]):
            raise InputError(f"labour_share has shape {values.shape}; give a number, [country], or {shape}.")
        if values.ndim > 2:
            raise InputError(f"labour_share has {values.ndim} dimensions; give a number, [country], or {shape}.")
        if not ((values > 0) & (values <= 1)).all():
            raise InputError("labour_share: λ is above 0 and at most 1 everywhere (1: no capital).")
        if self.capital != "specific" and values.min() < values.max():
            raise InputError(
                f"labour_share differs, but capital is {self.capital!r}: give one number, or capital='specific'."
            )
        return np.broadcast_to(values, shape).astype(float)

    def base_workers(self, world: World, wage_bill: Array) -> Array:
        """Base employment [s,n], zero where there is no wage bill."""
        if self.employment is None:
            return wage_bill
        workers = floats("employment", self.employment)
        if workers.shape != wage_bill.shape:
            raise InputError(f"employment has shape {workers.shape}; expected {wage_bill.shape} = [sector, country].")
        wrong = ~np.isfinite(workers) | (workers < 0) | ((workers > 0) != (wage_bill > 0))
        if wrong.any():
            s, n = (int(i) for i in np.argwhere(wrong)[0])
            raise InputError(
                f"employment of {world.sectors[s]} in {world.countries[n]} is {workers[s, n]:g} where the wage bill is "
                f"{wage_bill[s, n]:.4g}: workers are needed where, and only where, wages are paid."
            )
        return workers

    def base_transitions(self, world: World, employment: Array) -> Array:
        """μ⁰ [n,j,k].

        Raises
        ------
        InputError
            a wrong shape, rows that do not add up, employment that is not at rest, sectors nobody can reach.
        """
        if self.transitions is None:
            return transitions(self.stay, employment)
        J, N = employment.shape
        mu = floats("transitions", self.transitions)
        if mu.shape not in ((J, J), (N, J, J)):
            raise InputError(f"transitions has shape {mu.shape}; expected {(J, J)} or {(N, J, J)}.")
        mu = np.broadcast_to(mu, (N, J, J)).copy()
        if not np.isfinite(mu).all() or (mu < 0).any() or np.abs(mu.sum(axis=2) - 1).max() > AT_REST:
            raise InputError("transitions: rows are probabilities, not negative, that add up to 1.")
        mu /= mu.sum(axis=2, keepdims=True)
        off = np.abs((employment.T[:, None, :] @ mu)[:, 0, :].T - employment) / employment.sum(axis=0)
        if off.max() > AT_REST:
            s, n = (int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
            raise InputError(
                f"transitions: base employment is not at rest under them: {world.sectors[s]} in {world.countries[n]} "
                f"changes by {off[s, n]:.1e} of the country's workers a year. Give employment=… that is, or a matrix "
                f"that keeps it."
            )
        _one_class(mu, employment, world)
        return mu


def _one_class(mu: Array, employment: Array, world: World) -> None:
    """Refuse a matrix under which some sectors with workers never reach others: no rest would be the only one."""
    reach = (mu > 0) | np.eye(mu.shape[1], dtype=bool)
    for _ in range(int(np.ceil(np.log2(max(mu.shape[1], 2)))) + 1):
        reach = (reach.astype(float) @ reach.astype(float)) > 0
    works = employment.T > 0
    cut = works[:, :, None] & works[:, None, :] & ~reach
    if cut.any():
        n, j, k = (int(i) for i in np.argwhere(cut)[0])
        raise InputError(
            f"transitions: in {world.countries[n]} nobody ever comes from {world.sectors[j]} to {world.sectors[k]}, "
            f"directly or by way of others; give a small probability, or stay=1 for no moves at all."
        )


def solve_path(
    world: World,
    scenarios: Measures | Mapping[int, Measures],
    *,
    horizon: int = 10,
    start: int | None = None,
    announced: int | None = None,
    settings: Dynamics | None = None,
    deficits: str = "fixed",
    elasticities: object = None,
    solver: Solver | None = None,
    progress: Callable[[str], None] | None = None,
    title: str = "",
    notes: tuple[str, ...] = (),
) -> Path:
    """Find the path of measures that change over the years.

    Parameters
    ----------
    scenarios : measures in force from `start` for good, or {year: measures}, each from that year until the next one
        (None: those of the base).
    horizon : years reported after the first.
    start : first year of a single scenario; None is the year of its date, or 1.
    announced : year in which everything becomes known; None is the first year of the measures.
    settings, deficits, elasticities, solver, progress : see `Dynamics` and `surtax.solve`.
    title, notes : for whoever reads the result.

    Returns
    -------
    Path
        every equation of every solved year holds to 1e-8.

    Raises
    ------
    InputError, NoEquilibrium, NoConvergence
        as for `surtax.solve`; a base that the settings do not fit.
    """
    from surtax.model.solve_dynamic import find_path

    settings = settings or Dynamics()
    if not isinstance(world, World):
        raise InputError("solve_path takes a world: surtax.load_world() or World.from_arrays(…).")
    if isinstance(horizon, bool) or not isinstance(horizon, int) or not 0 <= horizon <= LONGEST:
        raise InputError(f"horizon is {horizon!r}: a whole number of years from 0 to {LONGEST}.")
    if not isinstance(deficits, str) or deficits not in core.CLOSURES:
        raise InputError(
            f"unknown closure {deficits!r}{nearest(deficits, core.CLOSURES)} (one of {', '.join(core.CLOSURES)})"
        )
    if elasticities is not None:
        from surtax.elasticities import apply

        world = apply(world, elasticities)
    dated = _dated(scenarios, start)
    first = min(dated)
    if announced is not None:
        if isinstance(announced, bool) or not isinstance(announced, int):
            raise InputError(f"announced is {announced!r}: a year, such as 2025.")
        if announced > first:
            raise InputError(
                f"announced in {announced}, in force from {first}: nobody can know later than it happens. For changes "
                f"that nobody foresees use Dynamics(surprises=True)."
            )
        if settings.surprises and announced < first:
            raise InputError("surprises=True and an announcement contradict each other: give one of them.")
        first = announced
    if max(dated) - first > LONGEST:
        raise InputError(f"measures from {first} to {max(dated)}: at most {LONGEST} years.")
    return find_path(world, dated, first, horizon, settings, deficits, solver or Solver(), progress, title, notes)


def _dated(scenarios: Measures | Mapping[int, Measures], start: int | None) -> dict[int, Measures]:
    """{year: measures}, in order."""
    if not isinstance(scenarios, Mapping):
        if start is None:
            date = scenarios.date[:4] if isinstance(scenarios, Scenario) else ""
            start = int(date) if date.isdigit() else 1
        scenarios = {start: scenarios}
    elif start is not None:
        raise InputError("start goes with a single scenario; {year: scenario} has its years.")
    if not scenarios:
        raise InputError("scenarios is empty: give {year: scenario}.")
    for year, measures in scenarios.items():
        if isinstance(year, bool) or not isinstance(year, int | np.integer):
            raise InputError(f"scenarios: {year!r} is no year, such as 2025.")
        if not isinstance(measures, Scenario | Schedule | type(None)):
            raise InputError(f"scenarios[{year}] is {type(measures).__name__}: give a Scenario, a Schedule or None.")
    return {int(year): scenarios[year] for year in sorted(scenarios)}


def comparison(
    world: World, scenario: Measures, *, settings: Dynamics | None = None, deficits: str = "fixed", **options: Any
) -> dict[str, Outcome]:
    """The same scenario in its first year, ten years on, and at rest, for a table beside other models.

    Real incomes are of the year: at rest they hold what more or less capital brings, but not the consumption given up
    for it; `Path.path_welfare` does.
    """
    path = solve_path(world, scenario, horizon=10, settings=settings, deficits=deficits, **options)
    return {"first year": path.outcomes[0], "ten years on": path.outcomes[-1], "at rest": path.long_run}


def ground_of(settings: Dynamics, world: World, deficits: str) -> Ground:
    """What all years share; see `surtax.model.given_factors`."""
    from surtax.model.given_factors import Ground
    from surtax.model.solve_general import split_of

    split = split_of(world, end_use=settings.statics.end_use)
    share = settings.shares(world)
    mobile = settings.capital != "specific"
    rules = replace(settings.statics.rules(world, split.base.theta), stickiness=float(share.flat[0]) if mobile else 1.0)
    works = split.made & (split.base.gamma_v > 0)
    return Ground(world, split, rules, deficits, share, mobile, works)
