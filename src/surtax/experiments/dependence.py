"""How much one country depends on another's goods: shares, substitutes, and the loss from doing without.

Doing without is an embargo in general equilibrium: a closed cell is closed exactly (τ̂ = ∞). A product that is part ω
of a sector's flow closes that part: with lines that substitute as varieties do (ς = θ + 1 in the product nest,
docs/models/nest.md) the cell's wedge becomes τ̂ = (1 − ω)^(−1/θ), whose limit at ω = 1 is the closed cell. θ is that of
the model solved: in the short run it is smaller, and the same ω takes a larger τ̂.

Two horizons: the *long* run, when factors have moved between sectors and buyers have changed suppliers, and the *short*
run, with factors that stay in their sectors and the trade elasticities of the first year (`General(horizon="short")`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.experiments.products import Product, coverage, product, within
from surtax.model.equilibrium import solve, with_elasticities
from surtax.model.options import General
from surtax.model.registry import model_named
from surtax.policy.scenario import Scenario

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.world import World

Array = NDArray[np.float64]

#: horizon → model that makes it.
HORIZONS: Mapping[str, str] = {"long": "core", "short": "short-run"}
#: Models whose flows fall with τ̂^(−θ), so that a part ω of a flow is closed by τ̂ = (1 − ω)^(−1/θ).
ARMINGTON = ("core", "tariffwar")


def horizons(asked: str) -> tuple[str, ...]:
    """The horizons that "short", "long" or "both" names, the long run first.

    Raises
    ------
    InputError
        another word.
    """
    if asked == "both":
        return tuple(HORIZONS)
    if asked not in HORIZONS:
        raise InputError(f"horizon {asked!r}: short, long or both.")
    return (asked,)


@dataclass(frozen=True)
class Customs:
    """US imports of a product in 2024, USD.

    Attributes
    ----------
    value, total : from the origin, and from all; share : per cent.
    others : (origin, value), the five largest besides.
    concentration : Herfindahl–Hirschman index of all origins, 0–10,000.
    known_by_chapter : value of the product's chapters from origins known by chapter only: some may be the product.
    """

    value: int
    total: int
    share: float
    others: tuple[tuple[str, int], ...]
    concentration: float
    known_by_chapter: int


@dataclass(frozen=True)
class Loss:
    """What an embargo does.

    Attributes
    ----------
    importer, origin : change of real income, per cent.
    importer_value, origin_value : equivalent variation in the world's unit.
    importer_price : change of the importer's price index of the product's sectors, per cent, by expenditure.
    """

    importer: float
    origin: float
    importer_value: float
    origin_value: float
    importer_price: float


@dataclass(frozen=True, eq=False)
class Dependence:
    """One product, one pair.

    Attributes
    ----------
    product, importer, origin : what was asked.
    basis : where the shares of sectors come from.
    customs : trade by product, or None where it is not at hand.
    of_imports, of_use : the origin's part of the importer's imports and of its use in the product's sectors, per cent,
        in the accounts, weighted by what of each sector the product is.
    losses : horizon → loss from closing the flow.
    conditions : of the solutions.
    """

    product: Product
    importer: str
    origin: str
    basis: str
    customs: Customs | None
    of_imports: float
    of_use: float
    losses: Mapping[str, Loss]
    conditions: Mapping[str, Any]


def dependence(
    world: World,
    importer: str,
    origin: str,
    name: str,
    horizon: str = "long",
    **options: Any,
) -> Dependence:
    """How much `importer` depends on `origin` for a product.

    Parameters
    ----------
    world : the accounts, with the elasticities to be used.
    importer, origin : codes.
    name : see `surtax.experiments.products.product`.
    horizon : "long", "short" or "both"; each is a model, see `HORIZONS`.
    options : of `solve` (deficits, …); a model of one's own goes with one horizon and is called by it.

    Raises
    ------
    InputError
        a country with itself, an unknown product or one that is not traded; see `solve`.
    """
    d, o = world.country(importer), world.country(origin)
    importer, origin = world.countries[d], world.countries[o]
    if d == o:
        raise InputError(f"{importer} and {origin} are the same country: dependence is on another one.")
    item = product(name, world)
    share, basis = coverage(item, world, importer, origin)
    bought = world.flows[:, :, d] * (1 + world.tariffs[:, :, d])
    flow = share * bought[:, o]
    if not flow.sum() > 0:
        raise InputError(
            f"{importer} buys nothing of {item.words} from {origin} in the accounts: nothing to do without."
        )
    abroad = bought.sum(axis=1) - bought[:, d]
    weight = share > 0
    of_imports = 100 * flow.sum() / (share * abroad)[weight].sum()
    of_use = 100 * flow.sum() / (share * bought.sum(axis=1))[weight].sum()
    losses, conditions = {}, {}
    for each in horizons(horizon):
        outcome = embargo(world, importer, origin, [share], **_with_model(each, horizon, options))
        losses[each] = _loss(outcome, d, o, share)
        conditions[each] = outcome.describe()
    return Dependence(
        item,
        importer,
        origin,
        basis,
        _customs(item, importer, origin),
        float(of_imports),
        float(of_use),
        losses,
        conditions,
    )


def embargo(
    world: World, importer: str, origin: str, shares: Sequence[Array], *, both: bool = False, **options: Any
) -> Outcome:
    """The equilibrium without the given shares [s] of each sector's flow from origin to importer; shares add up.

    With `both` the flow from importer to origin is closed as well. `options` are those of `solve`.

    Raises
    ------
    InputError
        a part of a flow is to be closed in a model in which no single wedge does it; see `solve`.
    """
    world = with_elasticities(world, options.pop("elasticities", None))
    theta = _theta(world, options.get("model", "core"))
    closed = np.minimum(np.sum(shares, axis=0), 1.0)
    # Shares that make up a whole but for rounding close the cell.
    closed[closed > 1 - 1e-12] = 1.0
    scenario = Scenario(name="embargo", title=f"{importer} buys without {origin}")
    for d, o in [(importer, origin), (origin, importer)][: 2 if both else 1]:
        flow = world.flows[:, world.country(o), world.country(d)]
        for s in np.flatnonzero((closed > 0) & (flow > 0)):
            factor = np.inf if closed[s] == 1 else float((1 - closed[s]) ** (-1 / theta[s]))
            scenario = scenario.trade_cost(importer=d, exporter=o, sector=world.sectors[s], factor=factor)
    return solve(world, scenario, **options)


def _with_model(each: str, asked: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `solve` for one horizon."""
    if "model" in options and asked == "both":
        raise InputError("both horizons are models of their own: give model with one horizon, long or short.")
    return {"model": HORIZONS[each], **options}


def _theta(world: World, model: Any) -> Array:
    """θ [s] with which the model answers a wedge."""
    chosen = model_named(model)
    if isinstance(chosen, General):
        return chosen.theta(world)
    if chosen.name in ARMINGTON:
        return world.elasticity
    raise InputError(
        f"the model {chosen.name!r} has no product nest: give core, short-run or another variant of the core."
    )


def _loss(outcome: Outcome, d: int, o: int, share: Array) -> Loss:
    w = outcome.world
    touched = share > 0
    spent = w.expenditure[touched, d]
    prices = float((outcome.P_hat[touched, d] * spent).sum() / spent.sum()) - 1
    return Loss(
        float(outcome.welfare.values[d]), float(outcome.welfare.values[o]),
        float(outcome.equivalent_variation.values[d]), float(outcome.equivalent_variation.values[o]), 100 * prices,
    )  # fmt: skip


def _customs(item: Product, importer: str, origin: str) -> Customs | None:
    if importer != "USA":
        return None
    from surtax.trade import line_sectors, load_us_imports

    lines = load_us_imports()
    keep = within(lines.codes, item.prefixes) if item.prefixes else np.isin(line_sectors(lines), item.sectors)
    finer = tuple(p[:2] for p in item.prefixes if len(p) > 2)
    by_chapter = int(lines.value[(np.char.str_len(lines.codes) < 10) & within(lines.codes, finer)].sum())
    values = {k: int(v) for k, v in lines.where(keep).by_origin().items() if v}
    total = sum(values.values())
    others = sorted(((k, v) for k, v in values.items() if k != origin), key=lambda kv: -kv[1])[:5]
    index = sum((100 * v / total) ** 2 for v in values.values()) if total else float("nan")
    value = values.get(origin, 0)
    return Customs(value, total, 100 * value / total if total else float("nan"), tuple(others), index, by_chapter)


@dataclass(frozen=True)
class Together:
    """Several products: each alone, all at once.

    Attributes
    ----------
    importer, origin, model : whom it is about, and the model solved.
    alone : product → loss; sum_importer, sum_origin : added up, per cent.
    together : all closed at once.
    """

    importer: str
    origin: str
    model: str
    alone: Mapping[str, Loss]
    together: Loss
    sum_importer: float
    sum_origin: float


def together(world: World, importer: str, origin: str, names: Sequence[str], **options: Any) -> Together:
    """The sum against the parts: closing several products one by one, and all of them; `options` are of `solve`."""
    d, o = world.country(importer), world.country(origin)
    importer, origin = world.countries[d], world.countries[o]
    shares = {n: coverage(product(n, world), world, importer, origin)[0] for n in names}
    alone = {n: _loss(embargo(world, importer, origin, [x], **options), d, o, x) for n, x in shares.items()}
    union = _union(world, names, shares, importer, origin)
    outcome = embargo(world, importer, origin, [union], **options)
    return Together(
        importer, origin, outcome.conditions.model, alone, _loss(outcome, d, o, union),
        sum(x.importer for x in alone.values()), sum(x.origin for x in alone.values()),
    )  # fmt: skip


def _union(world: World, names: Sequence[str], shares: Mapping[str, Array], importer: str, origin: str) -> Array:
    """Shares [s] of what is in any of the products: codes named twice count once."""
    items = [product(n, world) for n in names]
    if importer != "USA":
        return np.asarray(np.max(list(shares.values()), axis=0))
    whole = {s for i in items for s in i.sectors}
    prefixes = tuple(p for i in items for p in i.prefixes)
    union = np.zeros(len(world.sectors))
    if prefixes:
        joint = replace(items[0], prefixes=prefixes, sectors=())
        union = coverage(joint, world, importer, origin)[0]
    for s in whole:
        union[world.sector(s)] = 1.0
    return union


def as_plain(found: Dependence) -> dict[str, Any]:
    """The result as plain values for JSON."""
    from dataclasses import asdict

    return {
        "schema": "surtax-dependence/1",
        "product": asdict(found.product),
        "importer": found.importer,
        "origin": found.origin,
        "basis": found.basis,
        "customs": None if found.customs is None else asdict(found.customs),
        "share_of_imports": found.of_imports,
        "share_of_use": found.of_use,
        "losses": {k: asdict(v) for k, v in found.losses.items()},
        "conditions": dict(found.conditions),
    }
