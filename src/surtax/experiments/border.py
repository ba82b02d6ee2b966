"""What a border costs: its wedge, estimated from trade, and the world without it, in general equilibrium.

Three readings of the wedge between countries o and d in sector s, from paid flows X at purchaser prices:

- *Head–Ries* (Head & Ries 2001, American Economic Review 91(4)): φ = √(X_od X_do / (X_oo X_dd)), τ = φ^(−1/θ):
  everything that makes trade between them dearer than trade at home, distance and tastes included, the mean of both
  directions.
- *provinces*: φ between Canada's provinces and the other country over φ between provinces, both as means of logarithms
  weighted by size: what the border adds to distance within Canada. Whether it is too high or too low depends on whether
  the other country's regions lie nearer or farther than provinces do, which the accounts do not tell. Where provinces
  trade less with each other than abroad there is no barrier in this reading: τ = 1.
- *gravity*: φ from PPML with exporter and importer effects on the flows of all countries with sales at home
  (`surtax.estimation.borders`): home sales of all countries are the yardstick, so that a country whose own are odd
  weighs less. Like Head–Ries it holds distance and taste: without distances they cannot be told from the border.

Removing a part r of a wedge means τ̂ = τ^(−r) in both directions. Prices of third countries respond (multilateral
resistance, Anderson & van Wincoop 2003), since the whole system is solved.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.model.equilibrium import solve
from surtax.policy.scenario import Scenario
from surtax.policy.schedule import Schedule

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.world import World

Array = NDArray[np.float64]

PROVINCES = "canada-provinces-2022"
BENCHMARKS = ("head-ries", "provinces", "gravity")
#: Published estimates of the US–Canada border, with what each means: comparators, of other years and methods.
COMPARATORS = (
    (
        "McCallum (1995), American Economic Review 85(3)",
        22.0,
        "times as much trade among provinces as with US states of like size and distance, 1988",
    ),
    (
        "Anderson & van Wincoop (2003), American Economic Review 93(1)",
        44.0,
        "per cent by which the border reduces US–Canada trade, 1993",
    ),
)


@dataclass(frozen=True, eq=False)
class Wedge:
    """A border between two countries.

    Attributes
    ----------
    benchmark : how it was read.
    phi : φ [s] freeness of trade relative to the benchmark, NaN where nothing is traded or made.
    tau : τ [s] = φ^(−1/θ) ≥ 1, ratio of costs; 1 where φ is not known or above one.
    factor : 1/φ over sectors, weighted by trade: how many times as much would be traded at given incomes and prices.
    average, average_error : for gravity: τ [s] of the mean other pair of countries, and the standard error of its
        logarithm; NaN where not known, None for the other benchmarks.
    """

    benchmark: str
    phi: Array
    tau: Array
    factor: float
    average: Array | None = None
    average_error: Array | None = None

    @property
    def equivalents(self) -> Array:
        """[s] tariff equivalent 100 (τ − 1), per cent; NaN where the wedge is not known."""
        return np.where(np.isnan(self.phi), np.nan, 100 * (self.tau - 1))


def head_ries(world: World, o: int, d: int) -> Array:
    """φ [s] between two countries, NaN where one of the four flows is zero; see the module's text."""

    def paid(i: int, j: int) -> Array:
        return np.asarray(world.flows[:, i, j] * (1 + world.tariffs[:, i, j]))

    across, home = paid(o, d) * paid(d, o), paid(o, o) * paid(d, d)
    known = (across > 0) & (home > 0)
    return np.asarray(np.sqrt(np.divide(across, home, out=np.full_like(across, np.nan), where=known)))


def wedge(world: World, one: str, other: str, benchmark: str = "provinces") -> Wedge:
    """The border between two countries.

    Raises
    ------
    InputError
        an unknown benchmark; the benchmark of provinces for other countries than Canada and one other; gravity without
        pyfixest.
    NoConvergence
        gravity: an estimation did not settle.
    """
    if benchmark not in BENCHMARKS:
        raise InputError(f"benchmark {benchmark!r}: one of {', '.join(BENCHMARKS)}.")
    a, b = world.country(one), world.country(other)
    if a == b:
        raise InputError(f"{one} and {other} are the same country: there is no border between them.")
    average = error = None
    if benchmark == "provinces":
        phi = _against_provinces(world, world.countries[a], world.countries[b])
    elif benchmark == "gravity":
        phi, average, error = gravity(world, a, b)
    else:
        phi = head_ries(world, a, b)
    tau = np.where(np.isnan(phi) | (phi > 1), 1.0, np.where(np.isnan(phi), 1.0, phi) ** (-1 / world.elasticity))
    trade = world.flows[:, a, b] + world.flows[:, b, a]
    kept = ~np.isnan(phi) & (trade > 0)
    factor = float((trade[kept] / np.minimum(phi[kept], 1)).sum() / trade[kept].sum()) if kept.any() else float("nan")
    return Wedge(benchmark, phi, tau, factor, average, error)


def gravity(world: World, a: int, b: int) -> tuple[Array, Array, Array]:
    """φ [s] of a pair by PPML, τ [s] of the mean other pair and its logarithm's standard error; NaN: not known."""
    from surtax.estimation import border_effect

    phi, mean, error = (np.full(len(world.sectors), np.nan) for _ in range(3))
    for s in range(len(world.sectors)):
        paid = world.flows[s] * (1 + world.tariffs[s])
        if not (paid[a, b] + paid[b, a] > 0 and np.diag(paid).any()):
            continue
        found = border_effect(paid, a, b)
        phi[s] = np.exp(found.pair)
        mean[s] = np.exp(-found.others / world.elasticity[s])
        error[s] = found.others_error / world.elasticity[s]
    return phi, mean, error


def by_benchmark(world: World, one: str, other: str, chosen: Wedge) -> dict[str, Wedge]:
    """The wedge by every benchmark that takes no estimation, and the chosen one: to be shown side by side."""
    found = {}
    for name in BENCHMARKS:
        if name == chosen.benchmark:
            found[name] = chosen
        elif name != "gravity":
            with contextlib.suppress(InputError):  # provinces, for other countries than Canada and one other
                found[name] = wedge(world, one, other, name)
    return found


def _against_provinces(world: World, one: str, other: str) -> Array:
    from surtax.world import load_world

    pair = {one, other}
    split = load_world(PROVINCES)
    if "CAN" not in pair or split.sectors != world.sectors or not pair - {"CAN"} <= set(split.countries):
        raise InputError(
            "the benchmark 'provinces' is for Canada and one other country in the sectors of oecd-icio-2022: give "
            "benchmark 'head-ries'."
        )
    return _beyond_provinces((pair - {"CAN"}).pop())


@lru_cache(maxsize=8)
def _beyond_provinces(country: str) -> Array:
    """φ [s] of provinces with a country over φ among provinces, in the world of provinces that ships."""
    from surtax.world import load_world

    split = load_world(PROVINCES)
    abroad = split.country(country)
    members = split.positions("CAN")
    size = split.output.sum(axis=0)

    def mean(pairs: list[tuple[int, int]]) -> Array:
        logs = np.array([np.log(head_ries(split, i, j)) for i, j in pairs])
        weights = np.sqrt([size[i] * size[j] for i, j in pairs])[:, None] * ~np.isnan(logs)
        total = weights.sum(axis=0)
        summed = (np.nan_to_num(logs) * weights).sum(axis=0)
        return np.asarray(np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0))

    within = mean([(i, j) for n, i in enumerate(members) for j in members[n + 1 :]])
    phi = np.exp(mean([(i, abroad) for i in members]) - within)
    phi.flags.writeable = False
    return np.asarray(phi)


@dataclass(frozen=True)
class Step:
    """One step of a union: what it adds to the one before.

    Attributes
    ----------
    name : of the step.
    welfare : country → change of real income against the base, per cent, for both parties and the largest others.
    trade : change of trade between the two, both ways, against the base, per cent, in the numeraire.
    """

    name: str
    welfare: Mapping[str, float]
    trade: float


@dataclass(frozen=True)
class Accounts:
    """A country beside the other, from the world's accounts: what bears on transfers and migration, not modelled.

    Attributes
    ----------
    income : value added, in the world's unit; persons : NaN where unknown.
    income_per_person : in the unit's currency, at its exchange rate; NaN where persons are unknown.
    """

    country: str
    income: float
    persons: float
    income_per_person: float


def accounts_of(world: World, country: str) -> Accounts:
    """Income and persons of one country."""
    n = world.country(country)
    income = float((world.value_added[:, n] * world.output[:, n]).sum())
    persons = float("nan") if world.population is None else float(world.population[n])
    scale = world.unit.scale or float("nan")
    return Accounts(world.countries[n], income, persons, income * scale / persons)


@dataclass(frozen=True, eq=False)
class Border:
    """A border and the world without it.

    Attributes
    ----------
    one, other, removed, sectors : the pair, the part of the wedge that is removed, and the world's sectors.
    wedge : see `Wedge`; beside : benchmark → wedge, this one and those that are at hand.
    equivalents : sector → tariff equivalent 100 (τ − 1) of the whole wedge.
    steps : in order; each holds all before it.
    reduces_trade : per cent by which the border reduces trade between the two, from the step that removes it; NaN where
        that step was not solved on its own.
    accounts : of the two, in their order.
    not_modelled : what a union would also bring.
    conditions : of the last solution.
    """

    one: str
    other: str
    removed: float
    sectors: tuple[str, ...]
    wedge: Wedge
    beside: Mapping[str, Wedge]
    equivalents: Mapping[str, float]
    steps: tuple[Step, ...]
    reduces_trade: float
    accounts: tuple[Accounts, Accounts]
    not_modelled: tuple[str, ...]
    conditions: Mapping[str, Any]


NOT_MODELLED = (
    "fiscal union: federal taxes, transfers, debt and defence would be shared; the accounts do not hold them",
    "migration: people would move towards higher real incomes; labour stays in its country in this model",
    "law, health care, currency and supply management, and the cost of changing them",
    "how much of the wedge a common border, currency and law would in fact remove: the part is an assumption",
)


def remove_border(
    world: World,
    one: str,
    other: str,
    *,
    benchmark: str = "provinces",
    remove: float = 1.0,
    union: bool = False,
    given: Scenario | None = None,
    last: bool = False,
    **options: Any,
) -> Border:
    """Solve the world without (a part of) the border between two countries.

    Parameters
    ----------
    remove : part of the wedge's logarithm that goes, 0 to 1.
    union : also end tariffs between the two and give `other`'s tariffs on third countries to `one` ("51st state":
        one=CAN, other=USA).
    given : measures in force; a step of their own, over which the others are laid.
    last : solve the last step alone.
    options : of `solve`.

    Raises
    ------
    InputError
        a part outside 0 to 1; see `wedge` and `solve`.
    """
    if not 0 <= remove <= 1:
        raise InputError(f"remove {remove:g}: the part of the border that goes, between 0 and 1.")
    a, b = world.country(one), world.country(other)
    one, other = world.countries[a], world.countries[b]
    found = wedge(world, one, other, benchmark)
    schedule = (given or Scenario()).schedule(world)
    cost = np.ones_like(world.flows) if schedule.trade_cost is None else np.array(schedule.trade_cost)
    lower = found.tau**-remove
    cost[:, a, b] *= lower
    cost[:, b, a] *= lower
    plan: list[tuple[str, Schedule]] = [("border removed", replace(schedule, trade_cost=cost))]
    if given is not None:
        plan.insert(0, (f"{given.name} in force", schedule))
    if union:
        free = np.array(schedule.tariffs)
        free[:, a, b] = free[:, b, a] = 0.0
        plan.append(("and no tariffs between the two", Schedule(free, cost, np.inf)))
        common = free.copy()
        others = [n for n in range(len(world.countries)) if n not in (a, b)]
        common[:, others, a] = common[:, others, b]
        plan.append((f"and {other}'s tariffs on third countries for both", Schedule(common, cost, np.inf)))
    steps, outcome = [], None
    for name, what in plan[-1:] if last else plan:
        outcome = solve(world, what, **options)
        steps.append(_step(name, outcome, a, b))
    if outcome is None:  # pragma: no cover - there is always a first step
        raise AssertionError
    # The step that removes the border, against the one before it or the base.
    at = 0 if given is None else 1
    before = 0.0 if given is None else steps[0].trade / 100
    known = not last or len(plan) == 1
    reduces = 100 * (1 - (1 + before) / (1 + steps[at].trade / 100)) if known else float("nan")
    return Border(
        one, other, remove, world.sectors, found, by_benchmark(world, one, other, found),
        {s: float(x) for s, x in zip(world.sectors, found.equivalents, strict=True) if not np.isnan(x)},
        tuple(steps),
        reduces,
        (accounts_of(world, one), accounts_of(world, other)),
        NOT_MODELLED if union else NOT_MODELLED[3:],
        outcome.describe(),
    )  # fmt: skip


def _step(name: str, outcome: Outcome, a: int, b: int) -> Step:
    w = outcome.world
    new = outcome.X_new[:, a, b].sum() + outcome.X_new[:, b, a].sum()
    old = w.flows[:, a, b].sum() + w.flows[:, b, a].sum()
    change = np.abs(outcome.equivalent_variation.values)
    third = [int(n) for n in np.argsort(-change) if n not in (a, b)][:3]
    return Step(
        name, {w.countries[n]: float(outcome.welfare.values[n]) for n in (a, b, *third)}, 100 * float(new / old - 1)
    )


def as_plain(found: Border) -> dict[str, Any]:
    """The result as plain values for JSON."""
    average = found.wedge.average

    def number(x: float) -> float | None:
        return float(x) if np.isfinite(x) else None

    def by_sector(values: Array) -> dict[str, float | None]:
        return {s: number(x) for s, x in zip(found.sectors, values, strict=True)}

    return {
        "schema": "surtax-border/1",
        "between": [found.one, found.other],
        "benchmark": found.wedge.benchmark,
        "removed": found.removed,
        "factor": found.wedge.factor,
        "tariff_equivalents": dict(found.equivalents),
        "by_benchmark": {k: by_sector(v.equivalents) for k, v in found.beside.items()},
        "average_pair": None if average is None else by_sector(100 * (average - 1)),
        "steps": [asdict(s) for s in found.steps],
        "border_reduces_trade": number(found.reduces_trade),
        "accounts": [{k: v if isinstance(v, str) else number(v) for k, v in asdict(a).items()} for a in found.accounts],
        "comparators": [{"source": s, "value": v, "what": w} for s, v, w in COMPARATORS],
        "not_modelled": list(found.not_modelled),
        "conditions": dict(found.conditions),
    }
