"""Games: gradients against solves, best replies against SciPy with differences, equilibria against their targets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.measure import Row, faster, over, pairs, timed
from benchmarks.problems import random_world
from surtax.games.best_reply import Search, best_reply, climb
from surtax.games.instrument import Choice
from surtax.games.nash import nash
from surtax.games.objective import Objective
from surtax.games.situation import Player, Situation, player, players


def games(quick: bool) -> Iterator[Row]:
    """Exact gradients, best replies, Nash equilibria."""
    world, given, me, other = _world(quick)
    situation = Situation.of(world, given)
    everything = player(situation, me, Choice("by-sector-partner"), Objective())
    yield _gradient(situation, everything, 3 if quick else 15)
    for kind, target in (("uniform", "0.5 s"), ("by-sector", "3 s")):
        p = player(situation, me, Choice(kind, (other,)), Objective())
        # Differences by sector and partner would take 2,000 solves a step: no yardstick waits for that.
        yield _search(situation, p, quick)
        yield _whole(
            situation, f"best reply {kind}, searches and evidence", lambda p=p: best_reply(situation, p), target
        )
    case = "best reply by sector and partner, searches and evidence"
    yield _whole(situation, case, lambda: best_reply(situation, everything), "10 s")
    choices = [Choice("by-sector", (other,)), Choice("by-sector", (me,))]
    both = players(situation, [me, other], choices, [Objective()] * 2)
    case = "Nash of two by sector, with certificate"
    yield _whole(situation, case, lambda: nash(situation, both, Search(starts=1)), "15 s")
    n = len(world.countries)
    free = Situation.of(world, None)
    every = players(free, world.countries, [Choice("uniform")] * n, [Objective()] * n)
    case = f"Nash of all {n}, uniform, with certificate"
    yield _whole(free, case, lambda: nash(free, every, Search(starts=1)), "30 s")


def _world(quick: bool):
    import surtax as sx

    if quick:
        world = random_world(5, 3)
        return world, None, world.countries[0], world.countries[1]
    return sx.load_world(), sx.load_scenario("us-canada-2025"), "USA", "CAN"


def _gradient(situation: Situation, p: Player, repeats: int) -> Row:
    """A gradient by every rate of a player, over a warm solve of a neighbouring schedule."""
    i, t = p.instrument, situation.tariffs
    z = np.clip(i.start + 0.05, i.lower, i.upper)
    turn = iter(range(10**9))

    def solve():
        return situation.solve(i.put(z * (1 + 0.01 * (next(turn) % 2)), t))

    found = solve()

    def gradient():
        situation._multipliers.clear()
        return situation.gradient(found, p.objective, i.cells, i.rates(z))

    a, b = pairs(gradient, solve, repeats)
    return over(
        "games", f"gradient by {len(i.labels):,} rates, from nothing", "a warm solve", a, b, target="≤ 2",
        note="one transposed linear system, whatever the number of rates",
    )  # fmt: skip


def _search(situation: Situation, p: Player, quick: bool) -> Row:
    """One search by exact gradients, against SciPy's L-BFGS-B with differences on the same warm solves."""
    from scipy import optimize

    i = p.instrument
    reached = {}

    def ours():
        reached["ours"] = climb(situation, p, situation.tariffs, i.start, Search()).value

    def scipys():
        done = optimize.minimize(
            lambda z: -p.payoff(situation, situation.tariffs, z), i.start, method="L-BFGS-B",
            bounds=optimize.Bounds(i.lower, i.upper), options={"ftol": 1e-12, "gtol": 1e-8},
        )  # fmt: skip
        reached["SciPy"] = -float(done.fun)

    a, b = pairs(ours, scipys, 1 if quick else 3)
    apart = abs(reached["ours"] - reached["SciPy"]) / 100
    case = f"one search, {i.kind}, exact gradients"
    return faster("games", case, "SciPy L-BFGS-B with differences on the same solves", a, b, agrees=apart)


def _whole(situation: Situation, case: str, call: Callable[[], object], target: str) -> Row:
    """A whole command's work in seconds and in warm solves of its start."""
    near = situation.tariffs * 1.001
    turn = iter(range(10**9))
    solve = timed(lambda: situation.solve((situation.tariffs, near)[next(turn) % 2]), 6)
    began = time.process_time()
    seconds = timed(call)
    note = f"{time.process_time() - began:.1f} s of one processor; target {target}"
    return over("games", case, "one warm solve", [seconds], [solve], note=note)
