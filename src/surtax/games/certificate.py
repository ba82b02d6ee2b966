"""What speaks for an equilibrium: the largest unilateral gain that a search finds for each player.

A player with one rate is asked at a grid of rates over its bounds; one with many searches from several starts and tries
random deviations. Only what was tried is excluded: a certificate says how much was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoConvergence
from surtax.games.best_reply import NOTHING, Search, climb, deviations, starts
from surtax.games.situation import Player, Situation
from surtax.numerics.maximise import gain_left

Array = NDArray[np.float64]

#: Rates at which a player with one unknown is asked, over its bounds (evenly in ln(1 + t)).
GRID = 5


@dataclass(frozen=True, eq=False)
class Certificate:
    """How much each player could still gain, per cent of its objective.

    Attributes
    ----------
    gain : [p] the largest gain that any deviation of that player's reached (negative: all lose).
    gain_left : [p] what a Newton step from the equilibrium would gain: the projected gradient as an amount.
    tried : [p] deviations and search ends that were compared.
    """

    gain: Array
    gain_left: Array
    tried: NDArray[np.intp]

    @property
    def largest(self) -> float:
        """The largest gain of any player."""
        return float(self.gain.max())


def certify(
    situation: Situation, players: Sequence[Player], rates: Sequence[Array], search: Search
) -> tuple[Certificate, tuple[Array, ...]]:
    """Look for unilateral gains at `rates`; returns the certificate and the rates with every gain taken."""
    tariffs = situation.tariffs.copy()
    for p, z in zip(players, rates, strict=True):
        tariffs.ravel()[p.instrument.cells] = p.instrument.rates(z)
    at_home = situation.solve(tariffs)
    gains, left, tried, better = [], [], [], []
    rng = np.random.default_rng(search.seed + 7)
    for p, z in zip(players, rates, strict=True):
        i = p.instrument
        # Back to the equilibrium: what is found next starts there.
        situation.restart(at_home)
        value = p.objective.value(at_home.x, at_home.state)
        g = i.pull(situation.gradient(at_home, p.objective, i.cells, i.rates(z)))
        best, where, count = -np.inf, z, 0
        for other in _candidates(p, z, search, rng):
            try:
                reached = p.payoff(situation, tariffs, other, quick=True)
            except NoConvergence:
                continue
            if other is z:
                continue
            count += 1
            if reached > best:
                best, where = reached, other
        if z.size > 1:
            for _, start in starts(p, search.starts, rng):
                try:
                    end = climb(situation, p, tariffs, start, search)
                except NoConvergence:
                    continue
                if not end.finished and end.evaluations < search.budget:
                    raise KeyboardInterrupt
                count += 1
                if end.value > best:
                    best, where = end.value, end.x
        gains.append(best - value)
        left.append(gain_left(g, z, i.lower, i.upper, i.curvature))
        tried.append(count)
        better.append(where if best - value > NOTHING else z)
    return Certificate(np.array(gains), np.array(left), np.array(tried)), tuple(better)


def _candidates(p: Player, z: Array, search: Search, rng: np.random.Generator) -> list[Array]:
    i = p.instrument
    if z.size > 1:
        return deviations(p, z, search.deviations, rng)
    low, high = np.log1p(i.lower), np.log1p(i.upper)
    grid = [np.expm1(low + share * (high - low)) for share in np.linspace(0, 1, GRID)]
    near = [np.clip(z + step, i.lower, i.upper) for step in (-0.02, 0.02)]
    # Outwards on either side, so that each equilibrium starts from a near one.
    down = sorted((x for x in [*grid, near[0]] if x < z), reverse=True)
    up = sorted(x for x in [*grid, near[1]] if x > z)
    return [*down, z, *up]
