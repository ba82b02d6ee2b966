"""The tariffs that serve a player best, given what others do: the best that several searches found, with evidence.

Real income is not concave in tariffs, so a search from one start proves little. Each search climbs by exact gradients;
they start from what is in force, from free trade, from a formula, and from random rates; the best point found is
reported with the spread of what the others reached, what a Newton step would still gain, and the largest gain of random
deviations around and far from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.games.situation import Player, Situation
from surtax.numerics.maximise import SLACK, Linear, Maximum, gain_left, maximise

Array = NDArray[np.float64]
Say = Callable[[str], None]

#: Gains smaller than this are none, per cent of the objective (1e-6 of real income is 1e-4 per cent).
NOTHING = 1e-5
#: A gradient that moves the objective by less than this over the whole range of the rates is flat, per cent.
FLAT = 1e-9
#: How often random deviations may lead to a better place before what they still gain is left as it is, and said.
ROUNDS = 5


@dataclass(frozen=True)
class Search:
    """How hard to look.

    Attributes
    ----------
    starts : searches from different points, at least one.
    deviations : random deviations tried at the end.
    budget : evaluations a search.
    seed : of the random starts and deviations.
    tolerance : see `surtax.numerics.maximise`.
    """

    starts: int = 3
    deviations: int = 10
    budget: int = 400
    seed: int = 1
    tolerance: float = 3e-6


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for a best reply.

    Attributes
    ----------
    reached : the objective at the end of each search, per cent, best first; starts : where each began, same order.
    distance : largest difference of a rate between the best end and the next best, each weighted by its share of trade.
    gain_left : what a Newton step within the bounds would still gain, per cent; NaN where a constraint binds steps too.
    gain_found : the largest gain of the random deviations, per cent; negative where each of them loses.
    deviations : how many were tried.
    at_bounds : how many of the rates are at a bound.
    cut_short : how many searches were ended by their budget of evaluations, not by a maximum.
    """

    reached: tuple[float, ...]
    starts: tuple[str, ...]
    distance: float
    gain_left: float
    gain_found: float
    deviations: int
    at_bounds: int
    cut_short: int

    @property
    def spread(self) -> float:
        """How far below the best the worst of the searches ended, per cent."""
        return max(self.reached) - min(self.reached)


@dataclass(frozen=True, eq=False)
class Reply:
    """A best reply: the best one found.

    Attributes
    ----------
    player : who; z : the rates [k], laid out as `player.instrument.labels`.
    value : the objective there, value_before : with what was in force, both per cent of the base.
    tariffs : the whole schedule with it [s,o,d].
    welfare, welfare_before : real incomes of all countries, per cent of the base [n].
    residual : largest residual of the equilibrium there.
    evidence : why to believe it.
    finished : False where the search was interrupted.
    evaluations : equilibria solved.
    """

    player: Player
    z: Array
    value: float
    value_before: float
    tariffs: Array
    welfare: Array
    welfare_before: Array
    residual: float
    evidence: Evidence
    finished: bool
    evaluations: int


def climb(
    situation: Situation,
    player: Player,
    tariffs: Array,
    z: Array,
    search: Search,
    constraint: Linear | None = None,
    curvature: Array | None = None,
) -> Maximum:
    """One search from z, the tariffs [s,o,d] of all others standing still; `curvature` [k] where it is known better."""
    i = player.instrument
    curvature = i.curvature if curvature is None else curvature
    return maximise(
        lambda x: player.payoff_and_gradient(situation, tariffs, x),
        z, i.lower, i.upper, curvature=curvature, constraint=constraint, tolerance=search.tolerance,
        budget=search.budget,
    )  # fmt: skip


def best_reply(
    situation: Situation,
    player: Player,
    search: Search | None = None,
    constraint: Linear | None = None,
    say: Say = lambda _text: None,
) -> Reply:
    """Find the best reply of a player to the schedule in force.

    Parameters
    ----------
    constraint : linear constraints on the rates beside the bounds; see `average_at_most`.

    Raises
    ------
    InputError
        an objective that no rate moves, a constraint that no rates within the bounds meet.
    NoConvergence
        no start led to an equilibrium.
    """
    search = search or Search()
    before = situation.solve(situation.tariffs)
    value_before, welfare_before = player.objective.value(before.x, before.state), situation.real_incomes(before)
    _not_flat(situation, player)
    if constraint is not None:
        _feasible(player, constraint)
    ends: list[tuple[str, Maximum]] = []
    trouble: NoConvergence | None = None
    interrupted = False
    rng = np.random.default_rng(search.seed)
    for name, z in starts(player, search.starts, rng):
        say(f"searching from {name}")
        try:
            end = climb(situation, player, situation.tariffs, z, search, constraint)
        except NoConvergence as problem:
            trouble = problem
            continue
        except KeyboardInterrupt:
            if not ends:
                raise
            interrupted = True
            break
        ends.append((name, end))
        if not end.finished and end.evaluations < search.budget:
            interrupted = True
            break
    if not ends:
        raise trouble or NoConvergence("no search came to an end.")
    ends.sort(key=lambda e: -e[1].value)
    return _evidence(situation, player, search, constraint, ends, (value_before, welfare_before), rng, say, interrupted)


def _evidence(
    situation: Situation,
    player: Player,
    search: Search,
    constraint: Linear | None,
    ends: list[tuple[str, Maximum]],
    before: tuple[float, Array],
    rng: np.random.Generator,
    say: Say,
    interrupted: bool,
) -> Reply:
    i = player.instrument
    best = ends[0][1]
    gain, tried = -np.inf, 0
    try:
        for attempt in range(0 if interrupted else ROUNDS):
            say("trying random deviations")
            gain, z, count = _deviate(situation, player, search, constraint, best, rng)
            tried += count
            if gain <= NOTHING or attempt == ROUNDS - 1:
                break
            say("a deviation was better: searching from there")
            best = climb(situation, player, situation.tariffs, z, search, constraint)
            ends = [("a better deviation", best), *ends]
            gain = -np.inf  # of the new place nothing is known yet
            if not best.finished and best.evaluations < search.budget:
                interrupted = True
                break
    except KeyboardInterrupt:
        interrupted = True
    tariffs = i.put(best.x, situation.tariffs)
    found = situation.solve(tariffs)
    value = player.objective.value(found.x, found.state)
    second = ends[1][1].x if len(ends) > 1 else best.x
    share = i.trade / i.trade.max()
    evidence = Evidence(
        reached=tuple(e.value for _, e in ends),
        starts=tuple(n for n, _ in ends),
        distance=float(np.max(np.abs(second - best.x) * share)),
        gain_left=np.nan if constraint is not None else gain_left(best.gradient, best.x, i.lower, i.upper, i.curvature),
        gain_found=float(gain),
        deviations=tried,
        at_bounds=int(((best.x <= i.lower) | (best.x >= i.upper)).sum()),
        cut_short=sum(not e.finished and e.evaluations >= search.budget for _, e in ends),
    )
    return Reply(
        player, best.x, value, before[0], tariffs, situation.real_incomes(found), before[1],
        residual_of(situation, found), evidence, not interrupted, situation.solves,
    )  # fmt: skip


def _deviate(
    situation: Situation,
    player: Player,
    search: Search,
    constraint: Linear | None,
    best: Maximum,
    rng: np.random.Generator,
) -> tuple[float, Array, int]:
    """The largest gain of random deviations from a place, where it is had, and how many were tried."""
    gain, where, tried = -np.inf, best.x, 0
    for other in deviations(player, best.x, search.deviations, rng):
        if constraint is not None and constraint.missed(other) > SLACK:
            continue
        try:
            value = player.payoff(situation, situation.tariffs, other, quick=True)
        except NoConvergence:
            continue
        tried += 1
        if value - best.value > gain:
            gain, where = value - best.value, other
    return gain, where, tried


def residual_of(situation: Situation, found: object) -> float:
    """Largest relative residual of an equilibrium, checked by the model's own measure.

    Raises
    ------
    NoConvergence
        it does not hold up.
    """
    from surtax.model.equilibrium import Found, equation_residuals
    from surtax.model.feasible import ACCEPT

    assert isinstance(found, Found)  # noqa: S101 - for the type checker
    worst = max(float(r.max()) for r in equation_residuals(found.x, found.state, situation.base).values())
    if not worst <= ACCEPT:
        raise NoConvergence(f"the equilibrium does not hold up: largest residual {worst:.1e}.")
    return worst


def starts(player: Player, count: int, rng: np.random.Generator) -> list[tuple[str, Array]]:
    """Where searches begin: in force, no tariffs, 30 per cent, then random rates, one for all and one for each."""
    i = player.instrument
    named = [
        ("what is in force", i.start),
        ("a rate of 30 per cent" if i.unit == "rate" else "half of each measure", np.full(i.start.size, 0.3)),
        ("none", np.zeros(i.start.size)),
    ]
    named += [(f"random rates {r + 1}", random_rates(player, rng)) for r in range(count - len(named))]
    return [(name, np.clip(z, i.lower, i.upper)) for name, z in named[: max(count, 1)]]


def random_rates(player: Player, rng: np.random.Generator) -> Array:
    """Rates within the bounds: a common level, log-uniform in 1 + t, and some scatter."""
    i = player.instrument
    low, high = np.log1p(i.lower), np.log1p(np.minimum(i.upper, 2.0))
    level = rng.uniform(0, 1)
    place = np.clip(level + 0.2 * rng.normal(size=i.start.size), 0, 1)
    return np.asarray(np.expm1(low + place * (high - low)))


def deviations(player: Player, z: Array, count: int, rng: np.random.Generator) -> list[Array]:
    """Random deviations from z: all rates a little, some of them, one of them, all anew; in turn."""
    i = player.instrument
    found = []
    for n in range(count):
        kind = n % 4
        if kind == 3:
            new = random_rates(player, rng)
        else:
            size = np.exp(rng.uniform(np.log(1e-3), np.log(0.5)))
            step = size * rng.normal(size=z.size)
            if kind == 1:
                step = step * (rng.random(z.size) < 0.3)
            elif kind == 2:
                chosen = rng.choice(z.size, p=i.trade / i.trade.sum())
                step = np.where(np.arange(z.size) == chosen, step, 0.0)
            new = z + step
        found.append(np.clip(new, i.lower, i.upper))
    return found


def average_at_most(player: Player, rate: float) -> Linear:
    """The constraint that the mean rate, weighted by base trade, is at most `rate` (a share)."""
    i = player.instrument
    if i.unit != "rate":
        raise InputError("a limit on the average rate goes with rates, not with measures.")
    return Linear((i.trade / i.trade.sum())[None, :], np.array([-np.inf]), np.array([rate]))


def _feasible(player: Player, constraint: Linear) -> None:
    i = player.instrument
    positive = np.maximum(constraint.matrix, 0)
    negative = np.minimum(constraint.matrix, 0)
    least = positive @ i.lower + negative @ i.upper
    most = positive @ i.upper + negative @ i.lower
    if (least > constraint.high + 1e-12).any() or (most < constraint.low - 1e-12).any():
        raise InputError(
            f"the constraint cannot be met: within the bounds the average rate is at least {100 * float(least[0]):.4g} "
            f"per cent, and it may be {100 * float(constraint.high[0]):.4g} at most. Lower the bounds or raise it."
        )


def _not_flat(situation: Situation, player: Player) -> None:
    """Refuse an objective that no rate moves, at what is in force and elsewhere."""
    i = player.instrument
    if (i.upper > i.lower).any():
        for z in (i.start, np.clip(np.full(i.start.size, 0.1), i.lower, i.upper)):
            _, g = player.payoff_and_gradient(situation, situation.tariffs, z)
            if float(np.abs(g * (i.upper - i.lower)).max()) > FLAT:
                return
    raise InputError(
        f"the objective {player.objective.objective} of {player.name} is flat: no rate that the instrument "
        f"{i.kind!r} offers moves it. Choose other sectors or partners, wider bounds, or another objective."
    )
