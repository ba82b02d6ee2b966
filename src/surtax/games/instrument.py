"""What a player may choose: rates of its tariffs, laid out over the cells of the model.

Every instrument is affine, t′ = offset + M z on the cells that it reaches, so that a gradient by cells becomes one by
rates through Mᵀ. Rates are shares; the unknown of `measure` is the share of the measure that stays in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest

if TYPE_CHECKING:
    from surtax.policy.scenario import Scenario
    from surtax.world import World

Array = NDArray[np.float64]
Cells = NDArray[np.intp]

KINDS = ("uniform", "by-partner", "by-sector", "by-sector-partner", "measure", "products")
#: Rates outside are not searched unless the caller says so: subsidies of half the price, duties of 300 per cent.
LOWEST, HIGHEST = -0.5, 3.0


@dataclass(frozen=True, eq=False)
class Instrument:
    """An affine map from a player's unknowns z [k] to the tariffs of cells.

    Attributes
    ----------
    player, kind : whose, and which of `KINDS`.
    labels : [k] what each unknown is: `CAN`, `C29`, `C29<-CAN`, a measure's id.
    cells : [m] flat positions in the cube [s,o,d], each once; offset : [m] their tariff at z = 0.
    row, column, slope : the entries of M: cell row[i] gains slope[i] for each unit of unknown column[i].
    lower, upper : [k] bounds.
    in_force : [k] what is in force, the mean weighted by base trade where an unknown covers several rates.
    start : [k] the same, cut to the bounds.
    trade : [k] base trade that each unknown falls on, in the world's unit.
    curvature : [k] rough size of −∂²(real income, per cent)/∂z², to scale steps with.
    unit : "rate" (a share, printed per cent) or "scale" (a share of the measure).
    """

    player: str
    kind: str
    labels: tuple[str, ...]
    cells: Cells
    offset: Array
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    slope: Array
    lower: Array
    upper: Array
    in_force: Array
    start: Array
    trade: Array
    curvature: Array
    unit: str = "rate"

    def rates(self, z: Array) -> Array:
        """Tariffs of the cells [m] at z [k]."""
        return self.offset + np.bincount(self.row, self.slope * z[self.column], minlength=self.cells.size)

    def pull(self, gradient: Array) -> Array:
        """The gradient by z [k] of what has the gradient by cells [m]."""
        return np.asarray(np.bincount(self.column, self.slope * gradient[self.row], minlength=len(self.labels)), float)

    def put(self, z: Array, tariffs: Array) -> Array:
        """A copy of the tariffs [s,o,d] with this instrument at z."""
        t = tariffs.copy()
        t.ravel()[self.cells] = self.rates(z)
        return t

    def lift(self, k: int, tariffs: Array) -> None:
        """Take unknown k off the tariffs [s,o,d], in place: its rates to zero, its measure away; all else stands."""
        on = self.column == k
        cells = self.cells[self.row[on]]
        flat = tariffs.reshape(-1)
        flat[cells] = flat[cells] - self.slope[on] if self.unit == "scale" else 0.0


@dataclass(frozen=True)
class Choice:
    """How an instrument is asked for.

    Attributes
    ----------
    kind : one of `KINDS`.
    against : partners, codes; empty is everyone.
    sectors : codes; empty is all goods; "*" is everything, services too.
    bounds : lowest and highest rate, shares (`measure`: of the measure); None is the default.
    mfn : the same rate on every partner.
    subsidies : whether rates may be negative.
    measures : ids, for `measure`.
    products : path of a list of products, for `products`.
    """

    kind: str = "uniform"
    against: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    mfn: bool = False
    subsidies: bool = True
    measures: tuple[str, ...] = ()
    products: str = ""


def instrument(world: World, player: str, choice: Choice, tariffs: Array, given: Scenario | None = None) -> Instrument:
    """Lay a choice out for a player in a world where `tariffs` [s,o,d] are in force under the scenario `given`.

    Raises
    ------
    InputError
        unknown labels, bounds that cross, a constraint that nothing meets, nothing to choose.
    """
    if choice.kind not in KINDS:
        raise InputError(f"instrument {choice.kind!r}{nearest(choice.kind, KINDS)}: one of {', '.join(KINDS)}")
    d = world.country(player)
    player = world.countries[d]
    if choice.mfn and choice.kind in ("measure", "products"):
        raise InputError(
            f"--mfn ties rates together; the instrument {choice.kind!r} has none. Use by-sector or uniform."
        )
    partners = _partners(world, d, choice)
    sectors = _sectors(world, choice)
    lower, upper = _bounds(choice)
    if choice.kind == "measure":
        from surtax.games.measures import scaled

        labels, entries, offset = scaled(world, d, choice, given)
    elif choice.kind == "products":
        from surtax.games.products import listed

        labels, entries, offset = listed(world, d, partners, choice, tariffs)
    else:
        labels, entries, offset = _rates(world, d, partners, sectors, _merged(choice, world, d, partners))
    return _laid_out(world, player, choice, labels, entries, offset, tariffs, (lower, upper))


#: unknown, flat cell, slope
Entry = tuple[int, int, float]


def _merged(choice: Choice, world: World, d: int, partners: list[int]) -> str:
    """The kind that a most-favoured-nation clause leaves: rates that may not differ between partners are one."""
    if not choice.mfn:
        return choice.kind
    outside = next((n for n in _abroad(world, d) if n not in partners), None)
    if outside is not None:
        raise InputError(
            f"--mfn cannot be met: it ties the rates on {', '.join(world.countries[n] for n in partners[:3])} to those "
            f"on {world.countries[outside]} and others, which are not chosen here. Leave --against out."
        )
    return {"by-partner": "uniform", "by-sector-partner": "by-sector"}.get(choice.kind, choice.kind)


def _rates(
    world: World, d: int, partners: list[int], sectors: list[int], kind: str
) -> tuple[list[str], list[Entry], dict[int, float]]:
    N = len(world.countries)
    names: dict[tuple[int, int], int] = {}
    labels: list[str] = []
    entries: list[Entry] = []
    for s in sectors:
        for o in partners:
            if not world.flows[s, o, d] > 0:
                continue  # no trade: whatever the rate, nothing changes
            key = {"uniform": (-1, -1), "by-partner": (-1, o), "by-sector": (s, -1)}.get(kind, (s, o))
            if key not in names:
                names[key] = len(labels)
                one, other = world.sectors[key[0]], world.countries[key[1]]
                labels.append({"uniform": "all", "by-partner": other, "by-sector": one}.get(kind, f"{one}<-{other}"))
            entries.append((names[key], (s * N + o) * N + d, 1.0))
    return labels, entries, {}


def _laid_out(
    world: World,
    player: str,
    choice: Choice,
    labels: list[str],
    entries: list[Entry],
    offset: dict[int, float],
    tariffs: Array,
    bounds: tuple[float, float],
) -> Instrument:
    if not entries:
        raise InputError(
            f"{player} has nothing to choose: there is no trade in the base that the instrument {choice.kind!r} "
            f"falls on."
        )
    k, N = len(labels), len(world.countries)
    column = np.array([e[0] for e in entries])
    where = np.array([e[1] for e in entries])
    slope = np.array([e[2] for e in entries])
    cells, row = np.unique(where, return_inverse=True)
    row = row.ravel()
    base = np.array([offset.get(int(c), 0.0) for c in cells])
    flows = world.flows.ravel()[cells]
    theta = world.elasticity[cells // (N * N)]
    in_force = tariffs.ravel()[cells]
    trade = np.asarray(np.bincount(column, flows[row], minlength=k), float)
    # −∂²/∂t² of the loss triangle, 100 θ X/I at a rate of nothing; it only scales steps.
    steep = np.bincount(column, slope**2 * (theta * flows)[row], minlength=k)
    curvature = np.asarray(100 * steep / float(world.income[world.country(player)]), float)
    scale = choice.kind == "measure"
    if scale:
        start = np.ones(k)
    elif choice.kind == "products":
        start = np.zeros(k)
    else:
        weight = np.bincount(column, slope**2 * flows[row], minlength=k)
        start = np.bincount(column, (slope * flows * 1.0)[row] * (in_force - base)[row], minlength=k) / weight
    lower, upper = np.full(k, bounds[0]), np.full(k, bounds[1])
    found = Instrument(
        player, choice.kind, tuple(labels), cells, base, row, column, slope, lower, upper, start,
        np.clip(start, lower, upper), trade, np.maximum(curvature, 1e-9), "scale" if scale else "rate",
    )  # fmt: skip
    _within_reach(found, world, in_force, subsidies=choice.subsidies)
    return found


def _within_reach(i: Instrument, world: World, in_force: Array, *, subsidies: bool) -> None:
    """Refuse bounds on what adds to other tariffs (a measure, a list) under which a tariff falls too low."""
    ends = np.minimum(i.slope * i.lower[i.column], i.slope * i.upper[i.column])
    lowest = i.offset + np.bincount(i.row, ends, minlength=i.cells.size)
    # A subsidy that is in force already is nobody's choice here.
    below = lowest - (np.minimum(in_force, 0.0) if lowest.min() > -1 else 0.0)
    worst = int(below.argmin())
    s, o, _ = np.unravel_index(i.cells[worst], world.flows.shape)
    rate = f"{100 * lowest[worst]:.4g} per cent"
    where = f"the tariff of {i.player} on {world.sectors[s]} from {world.countries[o]} to {rate}"
    if lowest[worst] <= -1:
        raise InputError(f"the bounds take {where}: at −100 per cent there is no price left. Narrow --bounds.")
    if not subsidies and below[worst] < -1e-12:
        raise InputError(f"the bounds take {where}, a subsidy, which is ruled out. Narrow --bounds.")


def _partners(world: World, d: int, choice: Choice) -> list[int]:
    found = [n for c in choice.against for n in world.positions(c)] or _abroad(world, d)
    for o in found:
        if world.within[o, d]:
            other = "itself" if o == d else f"{world.countries[o]}, a part of the same country"
            raise InputError(f"{world.countries[d]} against {other}: a tariff falls on trade between two countries.")
    return list(dict.fromkeys(found))


def _abroad(world: World, d: int) -> list[int]:
    """Positions of everyone but d and, where d is a part of a country, its other parts."""
    return [int(n) for n in np.flatnonzero(~world.within[:, d])]


def _sectors(world: World, choice: Choice) -> list[int]:
    if not choice.sectors:
        return [int(s) for s in np.flatnonzero(world.goods)]
    found: list[int] = []
    for code in choice.sectors:
        if code == "*":
            found += range(len(world.sectors))
        elif code == "goods" and code not in world.sectors:
            found += [int(s) for s in np.flatnonzero(world.goods)]
        else:
            found.append(world.sector(code))
    return list(dict.fromkeys(found))


def _bounds(choice: Choice) -> tuple[float, float]:
    low, high = choice.bounds or ((0.0, 2.0) if choice.kind == "measure" else (LOWEST, HIGHEST))
    if not choice.subsidies:
        low = max(low, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError("bounds have to be finite numbers; the default is −50 to 300 per cent.")
    if low > high:
        crossed = "" if choice.bounds and choice.bounds[0] > high else " once subsidies are ruled out"
        raise InputError(
            f"the bounds cross{crossed}: from {100 * low:g} to {100 * high:g} per cent. Give the lower one first."
        )
    if low <= -1:
        raise InputError(f"a lower bound of {100 * low:g} per cent: at −100 per cent there is no price left.")
    return float(low), float(high)
