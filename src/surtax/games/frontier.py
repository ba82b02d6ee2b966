"""A player's payoff as one rate of its own rises, with and without the others' replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from surtax.games.best_reply import Reply, Search, best_reply
from surtax.games.nash import replies, together
from surtax.games.situation import Player, Situation

Array = NDArray[np.float64]
Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Point:
    """One rate of the player's, the others' rates, and all payoffs, per cent of the base; the player's first."""

    rate: float
    others: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Frontier:
    """Payoffs along a player's rate.

    Attributes
    ----------
    player, others : who; each has one rate.
    alone : others keep what is in force; answered : each plays its best reply (among several, to each other too).
    optimum : the best reply to what is in force, with its evidence; leader : the best rate if others answer.
    before : payoffs with what is in force.
    residual : largest residual of the equilibrium at the optimum.
    finished : False where it was interrupted: the points until then stand.
    """

    player: Player
    others: tuple[Player, ...]
    alone: tuple[Point, ...]
    answered: tuple[Point, ...]
    optimum: Reply
    leader: Point | None
    before: tuple[float, ...]
    finished: bool


def frontier(
    situation: Situation,
    player: Player,
    others: Sequence[Player],
    rates: Array,
    search: Search | None = None,
    say: Say = lambda _text: None,
) -> Frontier:
    """Walk up the rates [m] (shares, rising) of a player with a uniform instrument.

    Raises
    ------
    InputError, NoConvergence
        as `best_reply`; a rate at which others' replies do not settle.
    """
    search = search or Search()
    others = tuple(others)
    say("looking for the optimum")
    optimum = best_reply(situation, player, search, say=say)
    before = _values(situation, (player, *others), situation.tariffs)
    alone: list[Point] = []
    answered: list[Point] = []
    leader, finished = None, optimum.finished
    last = tuple(p.instrument.start for p in others)
    try:
        for rate in rates if finished else ():
            say(f"at {100 * rate:.0f} per cent")
            t = player.instrument.put(np.array([rate]), situation.tariffs)
            alone.append(Point(float(rate), (), _values(situation, (player, *others), t)))
            point, last = _answered(situation, player, others, float(rate), last, search)
            answered.append(point)
        if finished:
            say("refining the best rate")
            leader = _refined(situation, player, others, answered, search)
    except KeyboardInterrupt:
        finished = False
    return Frontier(player, others, tuple(alone), tuple(answered), optimum, leader, before, finished)


def _values(situation: Situation, players: Sequence[Player], tariffs: Array) -> tuple[float, ...]:
    found = situation.solve(tariffs)
    return tuple(p.objective.value(found.x, found.state) for p in players)


def _answered(
    situation: Situation,
    player: Player,
    others: tuple[Player, ...],
    rate: float,
    last: tuple[Array, ...],
    search: Search,
) -> tuple[Point, tuple[Array, ...]]:
    there = replace(situation, tariffs=player.instrument.put(np.array([rate]), situation.tariffs))
    z = replies(there, others, last, search)
    values = _values(there, (player, *others), together(there, others, z))
    situation.solves, situation.gradients = there.solves, there.gradients
    return Point(rate, tuple(float(x[0]) for x in z), values), z


def _refined(
    situation: Situation, player: Player, others: tuple[Player, ...], points: Sequence[Point], search: Search
) -> Point:
    """The best point, refined between its neighbours (Brent's method)."""
    from scipy.optimize import minimize_scalar

    best = max(range(len(points)), key=lambda n: points[n].values[0])
    low, high = points[max(best - 1, 0)].rate, points[min(best + 1, len(points) - 1)].rate
    found = [points[best]]
    last = tuple(np.array([x]) for x in points[best].others)

    def loss(rate: float) -> float:
        point, _ = _answered(situation, player, others, float(rate), last, search)
        found.append(point)
        return -point.values[0]

    if high > low:
        minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-4, "maxiter": 20})
    return max(found, key=lambda p: p.values[0])
