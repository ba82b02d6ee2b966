"""What each feature of a model does to the answer: switched one at a time, all at once, and one after another.

From the reference (core, the world's own elasticities) one feature is switched at a time. Features interact, so these
changes do not add up to what all of them do together; both are reported. The way to `melitz-pareto`, which shares no
kernel with the core, goes step by step, each from the step before: these do add up, but depend on their order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError
from surtax.experiments.compare import attempt
from surtax.model.equilibrium import Core
from surtax.model.melitz import MelitzPareto
from surtax.model.options import General
from surtax.model.tariffwar import TariffWar

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.model.registry import Model
    from surtax.policy.scenario import Scenario
    from surtax.world import World

ALONE, SUM, TOGETHER, CHAIN, WHOLE = "alone", "sum", "together", "chain", "whole"

#: (reason, what is switched, the model with it)
ONE_AT_A_TIME: tuple[tuple[str, str, Any], ...] = (
    ("inputs", "all purchases final", TariffWar()),
    ("labour", "factors stay in their sectors (μ = 1)", General(mobility=1.0)),
    ("labour", "wages do not fall; employment does", General(rigidity=1.0)),
    ("horizon", "short-run trade elasticities", General(horizon="short", mobility=math.inf)),
    ("horizon", "these, and factors stay", General(horizon="short")),
    ("origins", "inputs, final demand apart", General(end_use=True)),
    ("scale", "external economies, ψ = 1/(2θ)", General(scale="half-krugman")),
    ("nest", "home against foreign goods at θ/2", General(nest="half")),
)
#: Options of the core that are switched alone above and at once here. Rigid wages with both economies of scale and the
#: short run have no equilibrium in the shipped dispute: docs/compare.md.
COMBINED: tuple[tuple[dict[str, Any], ...], ...] = (
    ({"horizon": "short"}, {"end_use": True}, {"scale": "half-krugman"}, {"nest": "half"}),
    ({"horizon": "short"}, {"end_use": True}, {"nest": "half"}, {"rigidity": 1.0}),
)
WORDS = {"horizon": "short run", "end_use": "origins", "scale": "scale", "nest": "nest", "rigidity": "rigid wages"}
_CORNER = MelitzPareto(nu=0.0, labour_supply=0.0, domestic="recorded")
#: From the core to melitz-pareto; each step starts from the one before.
STEPS: tuple[tuple[str, str, Any], ...] = (
    ("inputs", "all purchases final", TariffWar()),
    ("sectors", "one sector, one elasticity", _CORNER),
    ("labour", "supply responds, κ = 0.5", replace(_CORNER, labour_supply=0.5)),
    ("accounts", "home sales from GDP", replace(_CORNER, labour_supply=0.5, domestic=None)),
    ("firms", "they pay to enter: melitz-pareto", MelitzPareto()),
)


@dataclass(frozen=True)
class Step:
    """What one switch does.

    Attributes
    ----------
    kind : "alone" (from the reference), "sum" (of those that can be combined), "together" (these at once), "chain"
        (from the step before), "whole" (the chain from end to end).
    reason, what : the feature, in a word and in words.
    change : country → change of real income, percentage points of the base's; empty where there is none.
    why : in words, where there is none.
    """

    kind: str
    reason: str
    what: str
    change: Mapping[str, float] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Reasons:
    """The decomposition.

    Attributes
    ----------
    closure : of the reference, and of all but the steps that switch it.
    reference : country → real income, per cent; empty where the reference has no equilibrium, as `why` says.
    steps : in the order in which they are told.
    """

    closure: str
    reference: Mapping[str, float]
    steps: tuple[Step, ...]
    why: str = ""


def reasons(
    world: World,
    scenario: Scenario,
    countries: Sequence[str],
    *,
    closure: str = "fixed",
    elasticities: Mapping[str, World | InputError] | None = None,
    say: Callable[[str], None] | None = None,
) -> Reasons:
    """Decompose why answers differ from the core's.

    Parameters
    ----------
    world : with its own elasticities, the reference's.
    scenario, countries : what changes, and whose real income is reported.
    closure : of the reference, one of the core's.
    elasticities : name → the world with other sets, or why it cannot have them.
    say : called with a line of text before each solution.

    Raises
    ------
    InputError
        a closure that the core does not have.
    """
    if closure not in Core().closures:
        raise InputError(f"the reference is the core: its closures are {', '.join(Core().closures)}, not {closure!r}.")
    bench = _Bench(scenario, countries, say)
    start = bench.welfare(world, Core(), closure)
    if isinstance(start, str):
        return Reasons(closure, {}, (), start)
    steps = [bench.step(ALONE, r, w, start, (world, m, closure)) for r, w, m in ONE_AT_A_TIME]
    steps += [
        bench.step(ALONE, "elasticity", name, start, (other, Core(), closure))
        for name, other in (elasticities or {}).items()
        if other is not world
    ]
    steps += [
        bench.step(ALONE, "closure", other, start, (world, Core(), other))
        for other in Core().closures
        if other != closure
    ]
    steps += bench.combined(world, closure, start)
    return Reasons(closure, start, (*steps, *bench.chain(world, closure, start)))


class _Bench:
    """Real incomes of one scenario, each setting solved once."""

    def __init__(self, scenario: Scenario, countries: Sequence[str], say: Callable[[str], None] | None) -> None:
        self.scenario, self.countries, self.say = scenario, tuple(countries), say
        self.found: dict[tuple[int, Any, str], dict[str, float] | str] = {}

    def welfare(self, world: World | InputError, model: Model, closure: str) -> dict[str, float] | str:
        """Country → real income, per cent; or why there is none."""
        if isinstance(world, InputError):
            return str(world)
        if closure not in model.closures:
            return f"the model {model.name} has the closures {', '.join(model.closures)}"
        key = id(world), model, closure
        if key not in self.found:
            outcome: Outcome | None
            outcome, _, why = attempt(world, self.scenario, model, closure)
            self.found[key] = why if outcome is None else {c: float(outcome.welfare[c]) for c in self.countries}
        return self.found[key]

    def step(
        self, kind: str, reason: str, what: str, before: dict[str, float] | str,
        setting: tuple[World | InputError, Model, str],
    ) -> Step:  # fmt: skip
        """The change from `before` to a setting."""
        if self.say:
            self.say(f"why answers differ: {what}")
        if isinstance(before, str):
            return Step(kind, reason, what, why=f"the step before has no result: {before}")
        after = self.welfare(*setting)
        if isinstance(after, str):
            return Step(kind, reason, what, why=after)
        return Step(kind, reason, what, {c: after[c] - before[c] for c in self.countries})

    def combined(self, world: World, closure: str, start: dict[str, float]) -> list[Step]:
        """What the core's options do together, beside the sum of what each does."""
        steps = []
        for asked in COMBINED:
            alone = [(o, self.welfare(world, General(**o), closure)) for o in asked]
            parts = [(o, x) for o, x in alone if not isinstance(x, str)]
            options = {k: v for o, _ in parts for k, v in o.items()}
            named = ", ".join(WORDS[k] for k in options)
            total = {c: sum(x[c] - start[c] for _, x in parts) for c in self.countries}
            steps.append(Step(SUM, "sum", f"added up: {named}", total))
            setting = (world, General(**options), closure)
            steps.append(self.step(TOGETHER, "together", f"at once: {named}", start, setting))
        return steps

    def chain(self, world: World, closure: str, start: dict[str, float]) -> list[Step]:
        """From the core to melitz-pareto, each step from the one before."""
        steps: list[Step] = []
        before: dict[str, float] | str = start
        for reason, what, model in STEPS:
            steps.append(self.step(CHAIN, reason, what, before, (world, model, closure)))
            before = self.welfare(world, model, closure)
        whole = (world, STEPS[-1][2], closure)
        return [*steps, self.step(WHOLE, "together", "from the core to melitz-pareto", start, whole)]
