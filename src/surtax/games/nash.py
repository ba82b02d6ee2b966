"""Nash equilibria in tariffs: two methods that have to meet, and what each player could still gain.

*Best replies*: every player replies to the others' last rates, climbing by exact gradients; the sweep is a fixed-point
map, accelerated by Anderson's method. *Newton*: the first-order conditions of all players at once, stacked, with bounds
kept by projection; its matrix comes from differences of exact gradients (all of it where that is cheap, else its
diagonal) and is kept up to date by Broyden's formula. A point counts as an equilibrium only if no player's searches
from several starts find a unilateral gain; see `surtax.games.certificate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, NoConvergence, NoEquilibrium
from surtax.games.best_reply import NOTHING, Search, climb, random_rates, residual_of
from surtax.games.certificate import Certificate, certify
from surtax.games.situation import GRADIENT, Player, Situation
from surtax.numerics import Anderson, anderson

Array = NDArray[np.float64]
Rates = tuple[Array, ...]
Say = Callable[[str], None]

#: Unknowns are rates times the square root of the curvature: half the square of a distance is a loss in per cent.
#: Sweeps stop when no player would move further than this, which loses 5e-9 per cent.
STILL = 1e-4
#: Two points nearer than this (a loss of 5e-7 per cent) are one equilibrium, and two methods have met.
SAME = 1e-3
#: The first-order conditions hold when no gradient over √curvature is larger.
CONDITIONS = 2e-6
#: Equilibria whose payoffs differ by less, relative to one per cent and the payoff, are one.
ALIKE = 1e-4
#: Gradients of all players that a full matrix of the first-order conditions may cost.
FULL_MATRIX = 600


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """An equilibrium and why to believe that it is one.

    Attributes
    ----------
    rates : z of each player; values : their objectives, per cent of the base; tariffs : the schedule [s,o,d].
    welfare : real incomes of all countries, per cent [n].
    certificate : what each player could still gain.
    apart : distance between where best replies and Newton's method ended, √(2 × per cent); None where one of them did
        not end.
    found_from : the starts that led here.
    residual : largest residual of the equilibrium of the economies.
    """

    rates: Rates
    values: Array
    tariffs: Array
    welfare: Array
    certificate: Certificate
    apart: float | None
    found_from: tuple[str, ...]
    residual: float

    @property
    def met(self) -> bool:
        """Whether best replies and first-order conditions ended at one point."""
        return self.apart is not None and self.apart <= SAME


@dataclass(frozen=True, eq=False)
class Nash:
    """All equilibria that were found.

    Attributes
    ----------
    players : who plays, with instruments and objectives.
    equilibria : distinct ones, the one from what is in force first.
    values_before, welfare_before : with what is in force.
    failed : starts that led nowhere, with the reason.
    finished : False where the search was interrupted; what was found until then stands.
    stood : where an interrupted search stood, (start, rates of each player): no equilibrium, only how far it had come.
    """

    players: tuple[Player, ...]
    equilibria: tuple[Equilibrium, ...]
    values_before: Array
    welfare_before: Array
    failed: tuple[tuple[str, str], ...]
    finished: bool
    stood: tuple[str, Rates] | None = None


def nash(
    situation: Situation,
    players: Sequence[Player],
    search: Search | None = None,
    say: Say = lambda _text: None,
) -> Nash:
    """Look for Nash equilibria from several starts.

    Raises
    ------
    InputError
        fewer than two players.
    NoEquilibrium
        from no start did replies settle at a point where nobody gains by moving.
    """
    if len(players) < 2:
        raise InputError("a Nash equilibrium takes two players or more; for one, ask for its best reply.")
    players, search = tuple(players), search or Search(starts=2)
    before = situation.solve(situation.tariffs)
    values_before = np.array([p.objective.value(before.x, before.state) for p in players])
    welfare_before = situation.real_incomes(before)
    found: list[Equilibrium] = []
    failed: list[tuple[str, str]] = []
    stood: list[tuple[str, Rates]] = []
    finished = True
    rng = np.random.default_rng(search.seed)
    for name, rates in _starts(players, search.starts, rng):
        try:
            stood[:] = [(name, rates)]
            _add(found, _from(situation, players, name, rates, search, say, partial(_note, stood, name)))
        except NoConvergence as problem:
            failed.append((name, str(problem)))
        except KeyboardInterrupt:
            finished = False
            break
    if not found and finished:
        reasons = "; ".join(f"from {name}: {why}" for name, why in failed)
        raise NoEquilibrium(f"no Nash equilibrium in these rates was found ({reasons})")
    return Nash(
        players, tuple(found), values_before, welfare_before, tuple(failed), finished,
        stood[-1] if stood and not finished else None,
    )  # fmt: skip


def _note(stood: list[tuple[str, Rates]], name: str, rates: Rates) -> None:
    stood.append((name, rates))


def _from(
    situation: Situation,
    players: tuple[Player, ...],
    name: str,
    rates: Rates,
    search: Search,
    say: Say,
    note: Callable[[Rates], None],
) -> Equilibrium:
    """Follow one start to an equilibrium, through unilateral gains where the certificate finds some; note the way."""
    apart: float | None = None
    for attempt in range(4):
        say(f"from {name}: best replies")
        by_replies = replies(situation, players, rates, search, note)
        note(by_replies)
        say(f"from {name}: first-order conditions")
        rates, apart = _both(situation, players, by_replies, rates if attempt == 0 else by_replies)
        note(rates)
        say(f"from {name}: looking for unilateral gains")
        certificate, better = certify(situation, players, rates, search)
        if certificate.largest <= NOTHING:
            break
        rates = better
    else:
        raise NoEquilibrium(f"some player always gains by moving, at last {certificate.largest:.2g} per cent.")
    tariffs = together(situation, players, rates)
    economies = situation.solve(tariffs)
    return Equilibrium(
        rates,
        np.array([p.objective.value(economies.x, economies.state) for p in players]),
        tariffs,
        situation.real_incomes(economies),
        certificate,
        apart,
        (name,),
        residual_of(situation, economies),
    )


def _both(
    situation: Situation, players: tuple[Player, ...], by_replies: Rates, begin: Rates
) -> tuple[Rates, float | None]:
    """Newton's method from `begin`, then from the replies' end: where both methods lead, and how far apart they end.

    Two roads to two places: the conditions may hold at a saddle; replies lead to maxima, and stand where they differ
    or where the conditions do not come to hold (None).
    """
    apart: float | None = None
    for start in (begin, by_replies):
        try:
            by_newton = first_order(situation, players, start)
        except NoConvergence:
            continue
        apart = distance(players, by_replies, by_newton)
        if apart <= SAME:
            return by_newton, apart
    return by_replies, apart


def together(situation: Situation, players: Sequence[Player], rates: Rates) -> Array:
    """The schedule [s,o,d] with every player's rates."""
    t = situation.tariffs.copy()
    for p, z in zip(players, rates, strict=True):
        t.ravel()[p.instrument.cells] = p.instrument.rates(z)
    return t


def distance(players: Sequence[Player], one: Rates, other: Rates) -> float:
    """Largest over players of |√h (z − z′)|: half its square is about what the difference costs, in per cent."""
    return max(
        float(np.linalg.norm((a - b) * np.sqrt(p.instrument.curvature)))
        for p, a, b in zip(players, one, other, strict=True)
    )


def _stack(players: Sequence[Player], rates: Rates) -> Array:
    return np.concatenate([z * np.sqrt(p.instrument.curvature) for p, z in zip(players, rates, strict=True)])


def _unstack(players: Sequence[Player], y: Array) -> Rates:
    cuts = np.cumsum([p.instrument.curvature.size for p in players])[:-1]
    return tuple(
        np.clip(part / np.sqrt(p.instrument.curvature), p.instrument.lower, p.instrument.upper)
        for p, part in zip(players, np.split(y, cuts), strict=True)
    )


def replies(
    situation: Situation,
    players: Sequence[Player],
    rates: Rates,
    search: Search,
    note: Callable[[Rates], None] = lambda _rates: None,
) -> Rates:
    """Best replies to best replies until nobody moves; each round's are noted.

    Raises
    ------
    NoConvergence
        the replies do not settle.
    """
    # What one sweep learns of the payoffs' curvature, the next begins with.
    learned = [p.instrument.curvature for p in players]

    def sweep(y: Array, closeness: float = search.tolerance) -> Array:
        now = _unstack(players, y)
        t = together(situation, players, now)
        gentle = replace(search, budget=60, tolerance=closeness)
        moved = []
        for n, (p, z) in enumerate(zip(players, now, strict=True)):
            end = climb(situation, p, t, z, gentle, curvature=learned[n])
            learned[n] = end.curvature
            if not end.finished and end.evaluations < gentle.budget:
                raise KeyboardInterrupt
            moved.append(end.x)
        note(tuple(moved))
        return _stack(players, tuple(moved))

    y = _stack(players, rates)
    # Early replies answer rates that will move: their last digits are not worth having.
    for closeness in (1e-2, 1e-3):
        y = sweep(y, closeness)
    config = Anderson(tolerance=STILL, acceptable=STILL, depth=4, max_evaluations=40, max_step=10.0)
    done = anderson(sweep, y, config)
    if not done.converged:
        raise NoConvergence(f"replies do not settle: after {done.stats.evaluations} rounds somebody still moves.")
    return _unstack(players, done.value)


def gradients(situation: Situation, players: Sequence[Player], rates: Rates, closeness: float = GRADIENT) -> Array:
    """Each player's gradient by its own rates, over √h, stacked."""
    found = situation.solve(together(situation, players, rates))
    parts = []
    for p, z in zip(players, rates, strict=True):
        i = p.instrument
        g = i.pull(situation.gradient(found, p.objective, i.cells, i.rates(z), closeness))
        parts.append(g / np.sqrt(i.curvature))
    return np.concatenate(parts)


def first_order(situation: Situation, players: Sequence[Player], rates: Rates) -> Rates:
    """Solve the stacked first-order conditions y = clip(y + g) from `rates`.

    Raises
    ------
    NoConvergence
        the conditions did not come to hold.
    """
    lower = _stack(players, tuple(p.instrument.lower for p in players))
    upper = _stack(players, tuple(p.instrument.upper for p in players))
    y = np.clip(_stack(players, rates), lower, upper)
    g = gradients(situation, players, _unstack(players, y))
    H = _matrix(situation, players, y, g, upper)
    for _ in range(40):
        missed = np.clip(y + g, lower, upper) - y
        if float(np.abs(missed).max()) <= CONDITIONS:
            return _unstack(players, y)
        # Rates that a bound holds stay there; the others take Newton's step, no further than 0.3 of a rate.
        free = ~(((y <= lower) & (g < 0)) | ((y >= upper) & (g > 0)))
        step = np.zeros_like(y)
        try:
            step[free] = -np.linalg.solve(H[np.ix_(free, free)], g[free])
        except np.linalg.LinAlgError:
            step[:] = np.nan  # rates that move nothing leave a singular matrix: up the gradients instead
        if not step @ g > 0 or not np.isfinite(step).all():
            step = np.where(free, g, 0.0)
        reach = np.concatenate([0.3 * np.sqrt(p.instrument.curvature) for p in players])
        step *= min(1.0, 1.0 / max(float(np.max(np.abs(step) / reach)), 1e-300))
        new = np.clip(y + step, lower, upper)
        moved = new - y
        if not moved.any():
            break
        # Far from a solution gradients need few digits: two more than the conditions miss.
        closeness = float(np.clip(1e-4 * np.abs(missed).max(), GRADIENT, 1e-5))
        g_new = gradients(situation, players, _unstack(players, new), closeness)
        H = H + np.outer(g_new - g - H @ moved, moved) / float(moved @ moved)
        y, g = new, g_new
    raise NoConvergence("the first-order conditions did not come to hold from there.")


def _matrix(situation: Situation, players: Sequence[Player], y: Array, g: Array, upper: Array) -> Array:
    """∂g/∂y by differences of gradients: all of it where that is cheap, else the diagonal from one difference."""
    n = y.size
    width = np.concatenate(
        [np.full(p.instrument.curvature.size, 1e-4) * np.sqrt(p.instrument.curvature) for p in players]
    )
    width = np.where(y + width > upper, -width, width)
    if n * len(players) <= FULL_MATRIX:
        H = np.empty((n, n))
        for j in range(n):
            there = y.copy()
            there[j] += width[j]
            H[:, j] = (gradients(situation, players, _unstack(players, there)) - g) / width[j]
        return H
    change = (gradients(situation, players, _unstack(players, y + width)) - g) / width
    # A payoff that is not concave there gives no Newton step: then the estimate of the curvature, −1.
    return np.diag(np.where(change < -1e-2, change, -1.0))


def _starts(players: Sequence[Player], count: int, rng: np.random.Generator) -> list[tuple[str, Rates]]:
    named: list[tuple[str, Rates]] = [
        ("what is in force", tuple(p.instrument.start for p in players)),
        ("rates of 50 per cent", tuple(_all_at(p, 0.5) for p in players)),
    ]
    named += [
        (f"random rates {r + 1}", tuple(random_rates(p, rng) for p in players)) for r in range(count - len(named))
    ]
    return named[: max(1, count)]


def _all_at(p: Player, rate: float) -> Array:
    i = p.instrument
    return np.asarray(np.clip(np.full(i.start.size, rate), i.lower, i.upper))


def _add(found: list[Equilibrium], new: Equilibrium) -> None:
    """Keep an equilibrium unless it is there already; then note that another start led to it."""
    for n, old in enumerate(found):
        # Payoffs tell equilibria apart; rates of cells that trade next to nothing do not.
        if float((np.abs(old.values - new.values) / (1 + np.abs(old.values))).max()) <= ALIKE:
            found[n] = replace(old, found_from=(*old.found_from, *new.found_from))
            return
    found.append(new)
