"""`World`: the accounts of a base year, from which an equilibrium in changes starts.

Arrays are C-ordered, values in one unit of money (`World.unit`) of the base year at basic prices, rates are shares
(0.25 is 25 %):
`[s, o, d]` sector, origin, destination; `[s, n]` sector, country; `[k, s, n]` input, buying sector, country.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError, nearest
from surtax.inputs import codes
from surtax.world import checks
from surtax.world.elasticities import member_weights
from surtax.world.units import Unit, unit_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Adjustment:
    """Something in the accounts that was changed so that they are accounts.

    Attributes
    ----------
    what : which cells and what was done.
    cells : how many.
    value : their absolute sum, in the world's unit (or shares of cost where it says so).
    worst : the largest, as text.
    """

    what: str
    cells: int
    value: float
    worst: str = ""


@dataclass(frozen=True, eq=False)
class World:
    """Labelled, immutable accounts of N countries and J sectors.

    Build one with `World.from_arrays`, `load_world` or `World.load`. The constructor itself checks nothing and keeps
    the arrays that it is given, read-only: whoever passes arrays to it hands them over.

    Attributes
    ----------
    countries, sectors : codes, unique.
    flows : X [s,o,d] in the world's unit, net of tariff, domestic sales on the diagonal.
    tariffs : t [s,o,d] ad valorem shares of X.
    elasticity : θ [s] trade elasticity, > 0.
    inputs : γ [k,s,n] input k's share of the cost of sector s, at purchaser prices.
    value_added : γ^V [s,n] factor share of cost; Σ_k γ + γ^V = 1.
    final_shares : α [s,n] shares of final demand, Σ_s α = 1.
    final : [s,o,d] the part of `flows` that goes to final demand, or None where it is not known.
    population : [n] persons, NaN where unknown, or None.
    country_names, sector_names : readable names.
    goods : [s] True for goods, False for services.
    meta : provenance: sources, licence, vintage, units, what is imputed.
    adjustments : what was changed to make the accounts consistent.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    flows: Array
    tariffs: Array
    elasticity: Array
    inputs: Array
    value_added: Array
    final_shares: Array
    final: Array | None = None
    population: Array | None = None
    country_names: tuple[str, ...] = ()
    sector_names: tuple[str, ...] = ()
    goods: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=bool))
    meta: Mapping[str, Any] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "flows", "tariffs", "elasticity", "inputs", "value_added", "final_shares", "final", "population", "goods",
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                value = np.ascontiguousarray(value)
                if value.flags.writeable:
                    value = value.view()
                    value.flags.writeable = False
                object.__setattr__(self, name, value)
        object.__setattr__(self, "country_names", tuple(self.country_names) or self.countries)
        object.__setattr__(self, "sector_names", tuple(self.sector_names) or self.sectors)
        if self.goods.size == 0:
            object.__setattr__(self, "goods", np.ones(len(self.sectors), dtype=bool))

    # -- construction ---------------------------------------------------------------------------------------------

    @classmethod
    def from_arrays(
        cls,
        countries: Sequence[str],
        sectors: Sequence[str],
        flows: ArrayLike,
        *,
        elasticity: ArrayLike | Mapping[str, float],
        tariffs: ArrayLike | None = None,
        inputs: ArrayLike | None = None,
        value_added: ArrayLike | None = None,
        final_shares: ArrayLike | None = None,
        final: ArrayLike | None = None,
        population: ArrayLike | None = None,
        country_names: Sequence[str] = (),
        sector_names: Sequence[str] = (),
        goods: ArrayLike | None = None,
        units: str | None = None,
        inputs_as: str = "auto",
        allow_rates_above: float = checks.HIGHEST_RATE,
        meta: Mapping[str, Any] | None = None,
    ) -> World:
        """Make a world from plain arrays, after the accounting checks.

        Parameters
        ----------
        countries, sectors : unique codes, N and J of them.
        flows : [s,o,d] (or [o,d] if there is one sector) sales of origin o to destination d, net of tariff, domestic
            sales on the diagonal; any unit of value, the same everywhere (see `units`); not negative.
        elasticity : trade elasticity θ > 0: a number for all sectors, [s], or {sector: θ}.
        tariffs : [s,o,d] ad valorem shares; None is no tariffs. Rates above `allow_rates_above` (10 = 1000 %) are
            refused, since they are usually per cent where shares are meant.
        inputs : [k,s,n] what sector s of country n buys of input k: values at basic prices, or shares of cost at
            purchaser prices; see `inputs_as`. None is production from factors alone.
        value_added : [s,n] value added, in the same terms as `inputs`; None is what remains.
        final_shares : α [s,n]; None is what remains of each country's expenditure after its inputs.
        final : [s,o,d] the part of flows that goes to final demand, if known.
        population : [n] persons; NaN where unknown.
        goods : [s] True for goods; the default is all.
        units : the unit of value, such as "USD million" or "EUR thousand, basic prices"; None is not stated: results
            then name no currency, and nothing is given per person.
        inputs_as : "values", "shares", or "auto": whichever makes inputs and value added sum to output or to one.

        Raises
        ------
        InputError
            shapes, labels, numbers that are no numbers, rates in per cent.
        AccountsError
            an accounting identity fails by more than rounding; the message names it, the cells and the remedy.
        """
        countries = codes("countries", countries, "['USA', 'CAN']")
        sectors = codes("sectors", sectors, "['A01', 'C29']")
        checks.labels("countries", countries)
        checks.labels("sectors", sectors)
        N, J = len(countries), len(sectors)
        X = checks.array("flows", flows, (J, N, N), "[sector, origin, destination]", one_sector=True)
        X = checks.not_negative("flows", X, countries, sectors)
        t = (
            np.zeros_like(X)
            if tariffs is None
            else checks.array("tariffs", tariffs, (J, N, N), "[sector, origin, destination]", one_sector=True)
        )
        checks.rates("tariffs", t, countries, sectors, allow_rates_above)
        theta = checks.elasticity(elasticity, sectors)
        Y = X.sum(axis=2)
        E = (X * (1 + t)).sum(axis=1)
        markup = np.divide(E, X.sum(axis=1), out=np.ones_like(E), where=X.sum(axis=1) > 0)
        gamma, gamma_v, adjustments = checks.costs(inputs, value_added, Y, markup, countries, sectors, inputs_as)
        alpha, more = checks.final_demand(final_shares, X, t, E, Y, gamma, gamma_v, countries, sectors)
        F = None
        if final is not None:
            F = checks.array("final", final, (J, N, N), "[sector, origin, destination]", one_sector=True)
            F = checks.not_negative("final", F, countries, sectors)
            checks.part_of_flows(F, X, countries, sectors)
        people = None
        if population is not None:
            people = checks.population(population, countries)
        mask = np.ones(J, dtype=bool)
        if goods is not None:
            mask = checks.mask("goods", goods, (J,), "[sector]")
        for name, given, count in (
            ("country_names", country_names, N),
            ("sector_names", sector_names, J),
        ):
            if given and len(given) != count:
                raise InputError(f"{name} has {len(given)} names for {count} codes.")
        return cls(
            countries, sectors, X, t, theta, gamma, gamma_v, alpha, F, people,
            tuple(country_names), tuple(sector_names), mask,
            _meta(meta, units), (*adjustments, *more),
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path) -> World:
        """Read a world file (`.npz`, written by `save` or by the builder).

        Raises
        ------
        InputError
            the file is missing, not a world file, or its accounts do not hold.
        """
        from surtax.world.library import read_world

        return read_world(Path(path))

    @classmethod
    def from_icio_csv(cls, path: str | Path, **options: Any) -> World:
        """Read an OECD ICIO table as published (CSV or zip; any year).

        Parameters
        ----------
        options : year, countries, sectors, elasticity, population, name, title, as for
            `surtax.world.icio.build_world_from_icio_csv`.
        """
        from surtax.world.icio import build_world_from_icio_csv
        from surtax.world.library import world_of

        return world_of(*build_world_from_icio_csv(path, **options))

    def save(self, path: str | Path) -> None:
        """Write the world to `path` (.npz); `World.load` reads it back."""
        from surtax.world.library import save_world

        save_world(self, Path(path))

    @cached_property
    def unit(self) -> Unit:
        """The unit of value, from what the metadata state under `units`."""
        return unit_of(self.meta.get("units"))

    # -- the accounts ---------------------------------------------------------------------------------------------

    @cached_property
    def output(self) -> Array:
        """Gross output Y [s,n] = Σ_d X, in the world's unit."""
        return _fixed(self.flows.sum(axis=2))

    @cached_property
    def expenditure(self) -> Array:
        """Expenditure E [s,n] = Σ_o X (1 + t), in the world's unit, tariffs included."""
        return _fixed((self.flows * (1 + self.tariffs)).sum(axis=1))

    @cached_property
    def factor_income(self) -> Array:
        """V [n] = Σ_s γ^V Y, in the world's unit."""
        return _fixed((self.value_added * self.output).sum(axis=0))

    @cached_property
    def revenue(self) -> Array:
        """Tariff revenue R [n] = Σ t X, in the world's unit."""
        return _fixed((self.tariffs * self.flows).sum(axis=(0, 1)))

    @cached_property
    def deficit(self) -> Array:
        """Trade deficit D [n] = imports − exports, net of tariff, in the world's unit; ΣD = 0."""
        return _fixed(self.flows.sum(axis=(0, 1)) - self.flows.sum(axis=(0, 2)))

    @cached_property
    def income(self) -> Array:
        """I [n] = V + R + D, in the world's unit: what is spent on final goods."""
        return _fixed(self.factor_income + self.revenue + self.deficit)

    @cached_property
    def base_residual(self) -> float:
        """Largest gap in E = Σ γ Y + α I over world output: above rounding, the base has to be re-solved."""
        gap = self.expenditure - np.einsum("ksn,sn->kn", self.inputs, self.output)
        gap = gap - self.final_shares * self.income
        return float(np.max(np.abs(gap)) / self.output.sum())

    # -- labels ---------------------------------------------------------------------------------------------------

    def country(self, code: str) -> int:
        """Position of a country by code (any case); an unknown one raises `InputError` with the nearest names."""
        return find(code, self.countries, self.country_names, "country")

    def sector(self, code: str) -> int:
        """Position of a sector by code (any case); an unknown one raises `InputError` with the nearest names."""
        return find(code, self.sectors, self.sector_names, "sector")

    # -- new worlds from this one ---------------------------------------------------------------------------------

    def replace(self, **changes: Any) -> World:
        """Return a copy with fields replaced, unchecked; derived accounts are computed anew."""
        return replace(self, **changes)

    def with_elasticity(self, elasticity: ArrayLike | Mapping[str, float], name: str = "") -> World:
        """Return the same accounts with other trade elasticities: a number, [s], or {sector: θ} for some of them."""
        if isinstance(elasticity, Mapping):
            theta = np.array(self.elasticity)
            for code, value in elasticity.items():
                theta[self.sector(str(code))] = checks.number(f"elasticity of {code}", value)
            elasticity = theta
        about: dict[str, Any] = {"set": name or "given by the user"}
        # What a merged sector's members trade stays true, and lets another set be averaged as the first one was.
        weights = member_weights(self.meta.get("elasticities"))
        if weights:
            about["weights"] = weights
        meta = {**self.meta, "elasticities": about}
        return replace(self, elasticity=checks.elasticity(elasticity, self.sectors), meta=meta)

    def aggregate(
        self,
        countries: Mapping[str, Sequence[str]] | None = None,
        sectors: Mapping[str, Sequence[str]] | None = None,
    ) -> World:
        """Return a coarser world: groups {new code: members}; what is in no group stays as it is.

        Values add up; a group's tariff is its revenue over its imports, so that revenue is kept (trade inside a
        group of countries becomes domestic, and any duty on it stays with the group's domestic flow); γ, γ^V and α
        follow from the added values; θ is the mean over the members weighted by trade between countries.

        Raises
        ------
        InputError
            an unknown member (nearest names offered), one in two groups, a group whose code another member has.
        """
        from surtax.world.aggregate import aggregate

        return aggregate(self, countries, sectors)

    def balanced(self) -> World:
        """Return the world re-solved at zero trade deficits, with its own tariffs, γ and α.

        This needs the model, the one place where this room asks an outer one (docs/decisions/0002).
        """
        from surtax.model.equilibrium import rebalance

        return rebalance(self)

    def __repr__(self) -> str:
        name = self.meta.get("name", "unnamed")
        return (
            f"World({name!r}: {len(self.countries)} countries × {len(self.sectors)} sectors, "
            f"output {self.output.sum():.6g})"
        )


def _meta(meta: Mapping[str, Any] | None, units: str | None) -> dict[str, Any]:
    """The metadata with the unit of value among them.

    Raises
    ------
    InputError
        units that are no text, or two that contradict each other.
    """
    kept = dict(meta or {"name": "from arrays"})
    if units is None:
        return kept
    if not isinstance(units, str) or not units.strip():
        raise InputError(f"units {units!r}: give a text such as 'USD million', or None if they are not known.")
    if kept.get("units") not in (None, "", units):
        raise InputError(f"units is {units!r}, but meta['units'] is {kept['units']!r}: give one of them.")
    return kept | {"units": units}


def _fixed(a: Array) -> Array:
    """The array, read-only: it is kept with the world and handed out to everyone who asks."""
    a = np.asarray(a)
    a.flags.writeable = False
    return a


def find(code: str, codes: Sequence[str], names: Sequence[str], kind: str) -> int:
    """Position of `code` among codes (any case) or full names, else an `InputError` that offers the nearest."""
    if not isinstance(code, str):
        raise InputError(f"unknown {kind} {code!r}: a {kind} is named by its code, such as {codes[0]!r}.")
    wanted = code.strip()
    if wanted in codes:
        return codes.index(wanted)
    lowered = wanted.lower()
    for pool in (codes, names):
        hits = [i for i, c in enumerate(pool) if c.lower() == lowered]
        if len(hits) == 1:
            return hits[0]
    labels = dict.fromkeys([*codes, *names])
    hint = nearest(wanted, labels) or f"; known: {', '.join(codes[:12])}{', …' if len(codes) > 12 else ''}"
    raise InputError(f"unknown {kind} {code!r}{hint}")
