"""`Scenario`: measures that change tariffs and trade costs, independent of any world.

A scenario is a list of changes by label; `Scenario.schedule` turns it into arrays for one world. Rates are shares
in Python (0.25 is 25 %) and per cent in files and on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.inputs import codes, number
from surtax.policy.schedule import HIGHEST_RATE, Schedule

if TYPE_CHECKING:
    from surtax.world import World

Labels = str | Sequence[str]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Change:
    """One change to a block of cells.

    Attributes
    ----------
    importer, exporter, sector : codes, or `*` (every one; foreign ones only), or `goods` for sectors (all goods,
        unless the world has a sector of that very code). A country that a world has in parts stands for all of them.
    add : ad valorem share added to the tariff in force, or None.
    set : ad valorem share that replaces it, or None.
    trade_cost : τ̂, ratio of the new to the old non-tariff cost, or None.
    factors : how `add` came about, name → number, for those who re-derive it.
    note : what else a reader should know.
    """

    importer: tuple[str, ...]
    exporter: tuple[str, ...]
    sector: tuple[str, ...]
    add: float | None = None
    set: float | None = None
    trade_cost: float | None = None
    factors: tuple[tuple[str, float], ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Measure:
    """A legal measure and the changes by which a scenario stands for it.

    Attributes
    ----------
    id, title : short name and readable name.
    instrument, citation, source : the legal instrument, where in it, and where the numbers come from.
    changes : see `Change`.
    """

    id: str
    title: str = ""
    instrument: str = ""
    citation: str = ""
    source: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def basis(self) -> tuple[str, str, str, str]:
        """Title, instrument, citation (or what is assumed) and source: on what the changes rest."""
        return self.title, self.instrument, self.citation, self.source


@dataclass(frozen=True)
class LeftOut:
    """Something in force that a scenario does not carry, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Scenario:
    """Who taxes whose goods; immutable: every method returns a new scenario.

    Attributes
    ----------
    name, title, description, date : what it stands for.
    measures : in the order in which they apply; additions add up, `set` replaces what stands before it.
    left_out : what it does not carry.
    law : what makes the law that it follows another than the law as it is, in words.
    """

    name: str = "custom"
    title: str = ""
    description: str = ""
    date: str = ""
    measures: tuple[Measure, ...] = ()
    left_out: tuple[LeftOut, ...] = field(default=())
    law: tuple[str, ...] = ()

    def tariff(
        self,
        *,
        importer: Labels,
        exporter: Labels,
        sector: Labels = "*",
        add: float | None = None,
        set: float | None = None,  # noqa: A002 - the natural word for it
        measure: str = "custom",
        allow_rates_above: float = HIGHEST_RATE,
    ) -> Scenario:
        """Add to, or set, the tariff that `importer` levies on `exporter`'s goods.

        Parameters
        ----------
        importer, exporter, sector : a code, several, or "*"; sectors also "goods". Domestic trade is never taxed.
        add, set : ad valorem share (0.25 is 25 %); exactly one of them.
        measure : id of the measure in results.
        allow_rates_above : rates above it (10 = 1000 %) are refused: they are usually per cent.

        Raises
        ------
        InputError
            both or neither of add and set, a rate that is no share.
        """
        if (add is None) == (set is None):
            raise InputError(
                "a tariff change needs exactly one of add=… (to the rate in force) and set=… (instead of it)."
            )
        add = None if add is None else _checked_rate(add, allow_rates_above, setting=False)
        set = None if set is None else _checked_rate(set, allow_rates_above, setting=True)  # noqa: A001
        change = Change(_labels(importer), _labels(exporter), _labels(sector), add=add, set=set)
        return self._with(change, measure)

    def trade_cost(
        self,
        *,
        importer: Labels,
        exporter: Labels,
        sector: Labels = "*",
        factor: float,
        measure: str = "custom",
    ) -> Scenario:
        """Multiply the non-tariff trade cost by `factor` = τ̂ > 0 (1.1 is 10 % dearer; infinity is an embargo)."""
        factor = number("trade-cost factor", factor)
        if not factor > 0:
            raise InputError(f"trade-cost factor {factor!r}: it is a ratio of costs, above zero (1.1 is 10 % dearer).")
        change = Change(_labels(importer), _labels(exporter), _labels(sector), trade_cost=factor)
        return self._with(change, measure)

    def _with(self, change: Change, measure: str) -> Scenario:
        for i, m in enumerate(self.measures):
            if m.id == measure and i == len(self.measures) - 1:
                grown = replace(m, changes=(*m.changes, change))
                return replace(self, measures=(*self.measures[:i], grown))
        return replace(self, measures=(*self.measures, Measure(measure, changes=(change,))))

    def only(self, *ids: str) -> Scenario:
        """Keep the named measures.

        Raises
        ------
        InputError
            no measure of that id.
        """
        known = [m.id for m in self.measures]
        for i in ids:
            if i not in known:
                raise InputError(f"scenario {self.name!r} has no measure {i!r}; it has {', '.join(known)}.")
        return replace(self, measures=tuple(m for m in self.measures if m.id in ids))

    def schedule(self, world: World) -> Schedule:
        """Turn the scenario into arrays for a world.

        Raises
        ------
        InputError
            a country or sector that the world does not have (nearest names offered); a rate of −100 % or less.
        """
        t, tau = np.array(world.tariffs), None
        for measure in self.measures:
            tau = self._apply(measure, world, t, tau)
        if (t <= -1).any():
            s0, o0, d0 = (int(i) for i in np.unravel_index(int(np.argmin(t)), t.shape))
            raise InputError(
                f"scenario {self.name!r}: the tariff of {world.countries[d0]} on {world.countries[o0]}'s "
                f"{world.sectors[s0]} would be {100 * t[s0, o0, d0]:.6g} %; at −100 % there is no price left."
            )
        # Rates were checked where they were given; additions may take their sum beyond.
        return Schedule(t, tau, np.inf)

    def additions(self, world: World) -> Iterator[tuple[Measure, NDArray[np.float64]]]:
        """Each measure and what it alone adds to the tariffs [s,o,d] when its turn comes, shares."""
        before, tau = np.array(world.tariffs), None
        for measure in self.measures:
            after = before.copy()
            tau = self._apply(measure, world, after, tau)
            yield measure, after - before
            before = after

    def _apply(
        self, measure: Measure, world: World, t: NDArray[np.float64], tau: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """Change tariffs t [s,o,d] in place by a measure; return the trade costs, made when first needed."""
        for change in measure.changes:
            try:
                d = _positions(change.importer, world.positions, len(world.countries))
                o = _positions(change.exporter, world.positions, len(world.countries))
                s = _sector_positions(change.sector, world)
            except InputError as problem:
                raise InputError(f"scenario {self.name!r}, measure {measure.id!r}: {problem}") from None
            cells = s[:, None, None], o[None, :, None], d[None, None, :]
            foreign = ~world.within[np.ix_(o, d)][None]
            if not foreign.any():
                raise InputError(
                    f"scenario {self.name!r}, measure {measure.id!r}: {', '.join(change.importer)} on itself; "
                    f"a tariff falls on trade between two countries."
                )
            if change.add is not None:
                t[cells] += np.where(foreign, change.add, 0.0)
            if change.set is not None:
                t[cells] = np.where(foreign, change.set, t[cells])
            if change.trade_cost is not None:
                tau = np.ones_like(t) if tau is None else tau
                tau[cells] *= np.where(foreign, change.trade_cost, 1.0)
        return tau


def _labels(given: Labels) -> tuple[str, ...]:
    labels = (given,) if isinstance(given, str) else codes("a label", given, "['USA', 'CAN']")
    if not labels:
        raise InputError("an empty list of labels: name at least one country or sector, or '*' for all.")
    return labels


def _checked_rate(given: object, highest: float, *, setting: bool) -> float:
    value = number("rate", given)
    if not np.isfinite(value):
        raise InputError(f"rate {value!r} is not a number; an embargo is a trade cost, factor=inf.")
    if value > highest:
        raise InputError(
            f"rate {value:g} is {100 * value:g} %. Rates are shares: 25 % is 0.25. Divide by 100, or pass "
            f"allow_rates_above={value:g} if it is meant."
        )
    if setting and value <= -1:
        raise InputError(f"rate {value:g}: at −100 % or less there is no price left.")
    return value


def _positions(labels: Sequence[str], positions: Callable[[str], tuple[int, ...]], count: int) -> Positions:
    found = [i for c in labels if c != "*" for i in positions(c)]
    return np.arange(count) if "*" in labels else np.array(list(dict.fromkeys(found)))


def _sector_positions(labels: tuple[str, ...], world: World) -> Positions:
    found: list[int] = []
    for label in labels:
        if label == "*":
            found += range(len(world.sectors))
        elif label == "goods" and label not in world.sectors:
            found += [int(i) for i in np.flatnonzero(world.goods)]
        else:
            found.append(world.sector(label))
    return np.array(list(dict.fromkeys(found)))
