"""What two players could agree on: the efficient frontier, Nash's bargain, and the cuts that both would sign.

Nash (1950, Econometrica 18): the bargain maximises Π (W − T)^b over the rates of both, T the threat: what is in
force, or the Nash equilibrium. Its logarithm is continued below a small gain by its tangent, so that a search may
begin anywhere. Transfers other than through tariffs are not allowed; with subsidies allowed, tariffs below zero are
such transfers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence
from surtax.games.best_reply import NOTHING, Search, residual_of
from surtax.games.nash import Rates, together
from surtax.games.situation import Player, Situation
from surtax.model.adjoint import Cotangents
from surtax.numerics.maximise import maximise

Array = NDArray[np.float64]
Say = Callable[[str], None]

#: A gain below this is continued by the logarithm's tangent, per cent.
SMALL = 1e-4
#: How many of the largest flows of each side are paired for reciprocal cuts.
PAIRED = 8


@dataclass(frozen=True, eq=False)
class Agreement:
    """Rates that two players could set together: payoffs and gains over the threat, per cent of the base.

    `what` says how it came about: a weight of the first player on the frontier, or the bargain.
    """

    what: str
    rates: Rates
    values: Array
    gains: Array


@dataclass(frozen=True)
class Cut:
    """Rates of one or both players set to zero: (player, label, from), and each player's gain over what is in force."""

    rates: tuple[tuple[str, str, float], ...]
    gains: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Cooperation:
    """What an agreement could reach.

    Attributes
    ----------
    players : the two.
    threat : payoffs without one; threat_is : what they are of.
    in_force : payoffs with what is in force.
    bargain : Nash's; None where nothing serves both.
    frontier : efficient points, by the first player's weight.
    cuts : single cuts and reciprocal pairs that both gain from, over what is in force, best first; tried : how many.
    residual : largest residual at the bargain.
    finished : False where it was interrupted.
    """

    players: tuple[Player, ...]
    threat: Array
    threat_is: str
    in_force: Array
    bargain: Agreement | None
    frontier: tuple[Agreement, ...]
    cuts: tuple[Cut, ...]
    tried: int
    residual: float
    finished: bool


def cooperate(
    situation: Situation,
    players: Sequence[Player],
    threat: Array | None = None,
    threat_is: str = "what is in force",
    power: float = 0.5,
    points: int = 7,
    search: Search | None = None,
    say: Say = lambda _text: None,
) -> Cooperation:
    """Look for agreements of two players.

    Parameters
    ----------
    threat : payoffs [2] without an agreement; None is what is in force.
    power : the first player's bargaining power b, 0 < b < 1.
    points : of the frontier.

    Raises
    ------
    InputError
        not two players, a power that is none.
    """
    if len(players) != 2:
        raise InputError("an agreement is looked for between two players.")
    if not 0 < power < 1:
        raise InputError(f"bargaining power {power:g}: a share between 0 and 1, the first player's.")
    search, players = search or Search(), tuple(players)
    start: Rates = tuple(p.instrument.start for p in players)
    now = values_at(situation, players, situation.tariffs)
    threat = now if threat is None else threat
    edge: list[Agreement] = []
    bargain: Agreement | None = None
    cuts: list[Cut] = []
    tried, residual, finished = 0, np.nan, True
    try:
        say("Nash's bargain")
        bargain = _bargain(situation, players, threat, power, start, search)
        if bargain is not None:
            residual = residual_of(situation, situation.solve(together(situation, players, bargain.rates)))
        money = situation.base.I[[p.objective.player for p in players]]
        for share in np.linspace(0.4, 0.6, points):
            say(f"the frontier at weight {share:.2f}")
            weights = np.array([share, 1 - share]) * money / money.sum()
            edge.append(_weighted(situation, players, threat, weights, f"weight {share:.2f}", start, search))
        say("cuts that both would sign")
        cuts, tried = _cuts(situation, players, now)
    except KeyboardInterrupt:
        finished = False
    return Cooperation(
        players, threat, threat_is, now, bargain, tuple(edge), tuple(cuts), tried, residual, finished
    )  # fmt: skip


def values_at(situation: Situation, players: Sequence[Player], tariffs: Array) -> Array:
    """Payoffs of the players under tariffs [s,o,d], per cent."""
    found = situation.solve(tariffs)
    return np.array([p.objective.value(found.x, found.state) for p in players])


def _climb(
    situation: Situation,
    players: tuple[Player, ...],
    start: Rates,
    slopes: Callable[[Array], tuple[float, Array]],
    curvature: float,
    search: Search,
) -> Rates:
    """Maximise F(W) over all rates together; `slopes` gives F and ∂F/∂W at payoffs W."""
    cuts = np.cumsum([z.size for z in start])[:-1]
    cells = np.concatenate([p.instrument.cells for p in players])

    def f(x: Array) -> tuple[float, Array]:
        rates = tuple(np.split(x, cuts))
        t = together(situation, players, rates)
        found = situation.solve(t)
        W = np.array([p.objective.value(found.x, found.state) for p in players])
        value, by_W = slopes(W)
        both = [p.objective.cotangents(found.x, found.state) for p in players]
        total = Cotangents(*(
            sum(w * np.asarray(getattr(c, name)) for w, c in zip(by_W, both, strict=True))
            for name in ("log_w", "log_P", "Y", "R", "I")
        ))  # fmt: skip
        g = situation.pull(found, total, cells, t.ravel()[cells])
        parts = np.split(g, np.cumsum([p.instrument.cells.size for p in players])[:-1])
        return value, np.concatenate([p.instrument.pull(q) for p, q in zip(players, parts, strict=True)])

    i = [p.instrument for p in players]
    best = maximise(
        f, np.concatenate(start), np.concatenate([x.lower for x in i]), np.concatenate([x.upper for x in i]),
        curvature=curvature * np.concatenate([x.curvature for x in i]), tolerance=search.tolerance,
        budget=search.budget,
    )  # fmt: skip
    if not best.finished and best.evaluations < search.budget:
        raise KeyboardInterrupt
    return tuple(np.split(best.x, cuts))


def _agreement(situation: Situation, players: tuple[Player, ...], what: str, rates: Rates, threat: Array) -> Agreement:
    values = values_at(situation, players, together(situation, players, rates))
    return Agreement(what, rates, values, values - threat)


def _weighted(
    situation: Situation,
    players: tuple[Player, ...],
    threat: Array,
    weights: Array,
    what: str,
    start: Rates,
    search: Search,
) -> Agreement:
    rates = _climb(situation, players, start, lambda W: (float(weights @ W), weights), float(weights.min()), search)
    return _agreement(situation, players, what, rates, threat)


def _bargain(
    situation: Situation, players: tuple[Player, ...], threat: Array, power: float, start: Rates, search: Search
) -> Agreement | None:
    b = np.array([power, 1 - power])

    def slopes(W: Array) -> tuple[float, Array]:
        gain = W - threat
        inside = gain > SMALL
        log = np.where(inside, np.log(np.maximum(gain, SMALL)), np.log(SMALL) + (gain - SMALL) / SMALL)
        return float(b @ log), b / np.maximum(gain, SMALL)

    best: Agreement | None = None
    zero = tuple(np.clip(np.zeros_like(z), p.instrument.lower, p.instrument.upper)
                 for p, z in zip(players, start, strict=True))  # fmt: skip
    for begin in (start, zero):
        try:
            rates = _climb(situation, players, begin, slopes, 10.0, search)
        except NoConvergence:
            continue
        found = _agreement(situation, players, "Nash's bargain", rates, threat)
        if (found.gains > NOTHING).all() and (best is None or slopes(found.values)[0] > slopes(best.values)[0]):
            best = found
    return best


def _cuts(situation: Situation, players: tuple[Player, ...], now: Array) -> tuple[list[Cut], int]:
    """Rates above zero set to zero: each alone, and the largest of one side with the largest of the other."""
    single = [
        [
            (n, k)
            for k in range(p.instrument.in_force.size)
            if p.instrument.in_force[k] > NOTHING and p.instrument.lower[k] <= 0
        ]
        for n, p in enumerate(players)
    ]
    in_force = [p.instrument.in_force for p in players]
    large = [
        sorted(keys, key=lambda nk: -players[nk[0]].instrument.trade[nk[1]] * in_force[nk[0]][nk[1]]) for keys in single
    ]
    packages: list[tuple[tuple[int, int], ...]] = [(one,) for keys in single for one in keys]
    packages += [(a, b) for a in large[0][:PAIRED] for b in large[1][:PAIRED]]
    if all(single) and len(single[0]) + len(single[1]) > 2:
        packages.append(tuple(single[0] + single[1]))
    found: list[Cut] = []
    for package in packages:
        # All else stays as it is, cell by cell: a mean rate in its stead would be a change of its own.
        tariffs = situation.tariffs.copy()
        for n, k in package:
            players[n].instrument.lift(k, tariffs)
        try:
            gains = values_at(situation, players, tariffs) - now
        except NoConvergence:
            continue
        if (gains > NOTHING).all():
            named = tuple((players[n].name, players[n].instrument.labels[k], float(in_force[n][k]))
                          for n, k in package)  # fmt: skip
            found.append(Cut(named, tuple(float(g) for g in gains)))
    found.sort(key=lambda c: -min(c.gains))
    return found, len(packages)
