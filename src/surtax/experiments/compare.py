"""Why answers differ: one scenario through many models, closures and sets of elasticities.

`grid` gives a row for each combination, those that a model does not offer or that have no equilibrium among them.
What one feature at a time changes is in `surtax.experiments.reasons`; other people's estimates in `comparators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError, NoConvergence, nearest
from surtax.experiments.dates import dates
from surtax.model.equilibrium import solve, with_elasticities
from surtax.model.registry import MODELS, model_named
from surtax.world.elasticities import set_names

if TYPE_CHECKING:
    from surtax.experiments.comparators import Comparator
    from surtax.experiments.reasons import Reasons
    from surtax.model.outcome import Outcome
    from surtax.model.registry import Model
    from surtax.policy.scenario import Scenario
    from surtax.world import World

    Say = Callable[[str], None]

#: What a row reports of each country, by name in `variables.csv`.
QUANTITIES = ("welfare", "real_wage", "revenue_change", "exports")
#: Shown besides the scenario's parties, where the world has them.
BESIDE = ("MEX", "CHN")
ALL = "all"
#: Lines of the dynamic path, which takes some ten seconds in the embedded world: asked for by name.
PATH = "path"
#: The elasticities that a world comes with.
OWN = "default"
UNIFORM = "uniform-4"
SMALL_WORLD = 8
SOLVED, NOT_OFFERED, NO_EQUILIBRIUM = "solved", "not offered", "no equilibrium"


@dataclass(frozen=True)
class Row:
    """One combination.

    Attributes
    ----------
    model, closure, elasticities : as asked for.
    status : "solved", "not offered" or "no equilibrium"; why : in words, where it is not solved.
    values : quantity → country → value, in the units of `variables.csv`; NaN where the base is zero.
    conditions : of the outcome (`Outcome.describe`), with its residual.
    """

    model: str
    closure: str
    elasticities: str
    status: str
    why: str = ""
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Everything that `surtax compare` tells.

    Attributes
    ----------
    scenario, title, world : what was compared, in which accounts.
    countries : codes; revenue_unit : of `revenue_change`.
    own : name of the world's own elasticities.
    rows, expected : combinations found, and how many there are: fewer rows mean that somebody interrupted.
    reasons : None where it was interrupted or not asked for.
    comparators : published estimates that stand beside it.
    """

    scenario: str
    title: str
    world: str
    countries: tuple[str, ...]
    revenue_unit: str
    own: str
    rows: tuple[Row, ...]
    expected: int
    reasons: Reasons | None = None
    comparators: tuple[Comparator, ...] = ()


def chosen_models(names: Sequence[str]) -> dict[str, Model]:
    """Models by name; "all" is every one of the registry, "path" the dates of the dynamic path.

    `grid` takes any mapping of names to models: a model of the user's, or several settings of one, need no registry.

    Raises
    ------
    InputError
        no such model.
    """
    asked = [*MODELS, *(n for n in names if n not in (ALL, *MODELS))] if ALL in names else names
    found: dict[str, Model] = {}
    for name in dict.fromkeys(asked):
        found |= dates() if name == PATH else {name: model_named(name)}
    return found


def chosen_closures(names: Sequence[str], models: Mapping[str, Model]) -> tuple[str, ...]:
    """Closures in the models' order; "all" is every one that any of the models has.

    Raises
    ------
    InputError
        a closure that no model of the registry has.
    """
    offered = dict.fromkeys(c for m in models.values() for c in m.closures)
    if ALL in names:
        return tuple(offered)
    known = {c for name in MODELS for c in model_named(name).closures} | set(offered)
    for name in names:
        if name not in known:
            raise InputError(f"unknown closure {name!r}{nearest(name, known)} (all, or {', '.join(sorted(known))})")
    return tuple(dict.fromkeys(names))


def chosen_elasticities(names: Sequence[str], world: World) -> dict[str, World | InputError]:
    """The world with each set of elasticities, or why it cannot have it; "all": its own, every shipped set, θ = 4.

    Raises
    ------
    InputError
        no such set, number or file.
    """
    if ALL in names:
        own = own_elasticities(world)
        names = [own, *(n for n in (*set_names(), UNIFORM) if n != own)]
    found: dict[str, World | InputError] = {}
    for name in names:
        if name in (OWN, own_elasticities(world)):
            found[own_elasticities(world)] = world
            continue
        try:
            found[name] = with_elasticities(world, name)
        except InputError as problem:
            if name not in set_names():
                raise
            found[name] = problem  # a set that exists, for sectors that this world does not have
    return found


def own_elasticities(world: World) -> str:
    """What the world's own elasticities are called."""
    recorded = world.meta.get("elasticities")
    name = recorded.get("set") if isinstance(recorded, Mapping) else recorded
    return str(name or OWN)


def shown_countries(world: World, scenario: Scenario) -> tuple[str, ...]:
    """All of a small world; else whoever the scenario names, then Mexico and China."""
    codes = world.countries
    if len(codes) <= SMALL_WORLD:
        return codes
    changes = [c for m in scenario.measures for c in m.changes]
    named = [codes[n] for c in changes for x in (*c.importer, *c.exporter) if x != "*" for n in world.positions(x)]
    usual = [c for c in (*(() if named else ("USA", "CAN")), *BESIDE) if c in codes]
    return tuple(dict.fromkeys([*sorted(set(named)), *usual]))


def size(models: Mapping[str, Model], closures: Sequence[str], elasticities: Mapping[str, World | InputError]) -> int:
    """Rows that `grid` gives."""
    return len(models) * len(closures) * len(elasticities)


def grid(
    scenario: Scenario,
    models: Mapping[str, Model],
    closures: Sequence[str],
    elasticities: Mapping[str, World | InputError],
    countries: Sequence[str],
    say: Say | None = None,
) -> Iterator[Row]:
    """One row for each model, closure and set of elasticities, in this order; none is left out.

    Parameters
    ----------
    models, closures, elasticities : see `chosen_models`, `chosen_closures`, `chosen_elasticities`.
    countries : codes of the countries reported.
    say : called with a line of text before each solution.
    """
    total, done = size(models, closures, elasticities), 0
    for name, model in models.items():
        for closure in closures:
            for called, world in elasticities.items():
                done += 1
                if say:
                    say(f"{done} of {total}: {name}, deficits {closure}, elasticities {called}")
                yield _row(scenario, (name, closure, called), model, world, countries)


def _row(
    scenario: Scenario, key: tuple[str, str, str], model: Model, world: World | InputError, countries: Sequence[str]
) -> Row:
    if key[1] not in model.closures:
        return Row(*key, NOT_OFFERED, f"the model {key[0]} has the closures {', '.join(model.closures)}")
    if isinstance(world, InputError):
        return Row(*key, NOT_OFFERED, str(world))
    outcome, status, why = attempt(world, scenario, model, key[1])
    if outcome is None:
        return Row(*key, status, why)
    return Row(*key, SOLVED, "", values_of(outcome, countries), outcome.describe())


def attempt(world: World, scenario: Scenario, model: Model, closure: str) -> tuple[Outcome | None, str, str]:
    """The outcome, or None with what kind of refusal it was and why."""
    try:
        return solve(world, scenario, model=model, deficits=closure), SOLVED, ""
    except NoConvergence as problem:
        return None, NO_EQUILIBRIUM, str(problem)
    except InputError as problem:
        # The scenario fits the world (`check_scenario`): what is refused is the model's own.
        return None, NOT_OFFERED, str(problem)


def check_scenario(world: World, scenario: Scenario, countries: Sequence[str]) -> tuple[str, ...]:
    """The countries by the world's codes, once it is clear that the scenario fits the world.

    Raises
    ------
    InputError
        an unknown country or sector, in the scenario or among the countries.
    """
    scenario.schedule(world)
    return tuple(dict.fromkeys(world.countries[n] for c in countries for n in world.positions(c)))


def values_of(outcome: Outcome, countries: Iterable[str]) -> dict[str, dict[str, float]]:
    """Quantity → country → value."""
    return {q: {c: float(outcome.variable(q)[c]) for c in countries} for q in QUANTITIES}
