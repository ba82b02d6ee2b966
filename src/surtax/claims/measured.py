"""The experiments that a claim file may ask for, as named ranges.

A range spans the closures of trade deficits: what nobody knows about a result is part of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.claims.expression import Range
from surtax.errors import InputError, NoConvergence, nearest

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.world import World

#: Two closures that bracket what deficits do in most experiments; each test may name others.
CLOSURES = ("fixed", "balanced")

Results = Mapping[str, Range]


def measure(do: str, given: Mapping[str, Any]) -> tuple[Results, tuple[str, ...]]:
    """Run one experiment: results by name, and the conditions that they hold under.

    Raises
    ------
    InputError
        an unknown experiment or setting.
    """
    tests: dict[str, tuple[Callable[..., tuple[Results, tuple[str, ...]]], tuple[str, ...]]] = {
        "doing-without": (_doing_without, ("importer", "origin", "product", "closures")),
        "scenario": (_scenario, ("scenario", "against", "countries", "horizon", "rigidity", "closures")),
        "border": (_border, ("between", "benchmark", "remove", "union", "closures")),
        "incidence": (_incidence, ("scenario", "importer", "closures")),
    }
    if do not in tests:
        raise InputError(f"unknown experiment {do!r}{nearest(do, tests)}")
    function, known = tests[do]
    strange = [k for k in given if k not in known]
    if strange:
        raise InputError(f"{do}: unknown setting {strange[0]!r}{nearest(strange[0], known)}; known: {', '.join(known)}")
    parameters = inspect.signature(function).parameters.items()
    missing = [k for k, p in parameters if p.default is p.empty and k not in (*given, "closures")]
    if missing:
        raise InputError(f"{do}: needs {', '.join(missing)}.")
    closures = given.get("closures", CLOSURES)
    if isinstance(closures, str) or not closures:
        raise InputError(f"{do}: closures are a list of at least one, such as [fixed, balanced].")
    closures = tuple(closures)
    return function(closures, **{k: v for k, v in given.items() if k != "closures"})


@lru_cache(maxsize=1)
def _world() -> World:
    from surtax.world import load_world

    return load_world()


def _spans(found: list[dict[str, float]]) -> dict[str, Range]:
    return {k: Range(min(f[k] for f in found), max(f[k] for f in found)) for k in found[0]}


def _conditions(all_described: Sequence[Mapping[str, Any]], closures: tuple[str, ...]) -> tuple[str, ...]:
    """What solutions hold under, which all but their closures share, and the largest residual among them."""
    described, residual = all_described[0], max(d["residual"] for d in all_described)
    return (
        f"model {described['model']}, accounts {described['world']}",
        f"elasticities {described['elasticities']}; ranges over closures {', '.join(closures)}",
        f"largest residual {residual:.0e}",
    )


def _doing_without(
    closures: tuple[str, ...], importer: str, origin: str, product: str
) -> tuple[Results, tuple[str, ...]]:
    from surtax.experiments.dependence import dependence

    found, solved = [], []
    for closure in closures:
        d = dependence(_world(), importer, origin, product, "both", deficits=closure)
        row = {"share_of_imports": d.of_imports, "share_of_use": d.of_use}
        for ending, loss in (("", d.losses["long"]), ("_short", d.losses["short"])):
            row |= {
                f"loss_importer{ending}": -loss.importer, f"loss_origin{ending}": -loss.origin,
                f"loss_importer_value{ending}": -loss.importer_value / 1e3,
                f"loss_origin_value{ending}": -loss.origin_value / 1e3, f"price{ending}": loss.importer_price,
            }  # fmt: skip
        if d.customs is not None:
            row |= {"customs_share": d.customs.share, "customs_value": d.customs.value / 1e9}
        found.append(row)
        solved.append(d)
    long, short = (_conditions([d.conditions[h] for d in solved], closures) for h in ("long", "short"))
    return _spans(found), (*long, *(f"short run: {x}" for x in short), f"product: {solved[-1].basis}")


def _solved(
    name: str, closures: tuple[str, ...], horizon: str = "long", rigidity: float | None = None
) -> list[Outcome]:
    from surtax.model.equilibrium import solve
    from surtax.model.options import General
    from surtax.policy.library import load_scenario

    plain = horizon == "long" and rigidity is None
    words = f"{horizon} run" + ("" if rigidity is None else f", wages not below {rigidity:g} of the base")
    model: Any = "core" if plain else General(horizon=horizon, rigidity=rigidity, label=f"core, {words}")

    scenario = load_scenario(name)
    outcomes = []
    for closure in closures:
        try:
            outcomes.append(solve(_world(), scenario, deficits=closure, model=model))
        except NoConvergence as problem:
            raise type(problem)(f"{name} under the closure {closure}: {problem}") from None
    return outcomes


def _scenario(
    closures: tuple[str, ...], scenario: str, countries: list[str], against: str | None = None, horizon: str = "long",
    rigidity: float | None = None,
) -> tuple[Results, tuple[str, ...]]:  # fmt: skip
    """Welfare, employment and displaced factors by country, less those of `against` where given."""
    outcomes = _solved(scenario, closures, horizon, rigidity)
    other = _solved(against, closures, horizon, rigidity) if against else [None] * len(outcomes)
    found = []
    for o, base in zip(outcomes, other, strict=True):
        row: dict[str, float] = {}
        for c in countries:
            values = _effects(o, c)
            less = _effects(base, c) if base is not None else dict.fromkeys(values, 0.0)
            row |= {f"{k}_{c}": v - less[k] for k, v in values.items()}
        found.append(row)
    text = (f"{scenario} less {against}",) if against else ()
    return _spans(found), (*text, *_conditions([o.describe() for o in [*outcomes, *other] if o is not None], closures))


def _effects(o: Outcome, country: str) -> dict[str, float]:
    n = o.world.country(country)
    use = o.world.value_added[:, n] * o.world.output[:, n]
    change = np.nan_to_num(o.factor_use.values[:, n]) / 100
    # Only a model whose wages may not fall can lose employment; elsewhere it is no result, and not named as one.
    lost = {"employment": float(o.employment.values[n])} if "L_hat" in o.extra else {}
    return lost | {
        "welfare": float(o.welfare.values[n]),
        "real_wage": float(o.real_wage.values[n]),
        "value": float(o.equivalent_variation.values[n]) / 1e3,
        # Labour and capital that leave shrinking sectors, per cent of all: jobs that end where they are.
        "displaced": 100 * float((np.maximum(-change, 0) * use).sum() / use.sum()),
    }


def _border(
    closures: tuple[str, ...], between: list[str], remove: list[float], benchmark: str = "provinces",
    union: bool = False,
) -> tuple[Results, tuple[str, ...]]:  # fmt: skip
    from surtax.experiments.border import remove_border
    from surtax.inputs import number

    if not isinstance(between, list) or len(between) != 2:
        raise InputError("border: between takes two countries, such as [CAN, USA].")
    if not isinstance(remove, list):
        raise InputError("border: remove takes a list of parts between 0 and 1, such as [0.1, 1].")
    remove = [number("border: remove", x) for x in remove]
    one, other = between
    found, solved = [], []
    for closure in closures:
        for part in remove:
            b = remove_border(
                _world(), one, other, benchmark=benchmark, remove=part, union=union, last=True, deficits=closure
            )
            end = b.steps[-1]
            row = {
                f"welfare_{b.one}": end.welfare[b.one],
                f"welfare_{b.other}": end.welfare[b.other],
                "trade": end.trade,
            }
            if not union:
                row["border_reduces_trade"] = b.reduces_trade
            persons = zip((b.one, b.other), b.accounts, strict=True)
            found.append(row | {f"income_per_person_{c}": x.income_per_person / 1e3 for c, x in persons})
            solved.append(b.conditions)
    if not found:
        raise InputError("an experiment needs at least one part of the border.")
    parts = ", ".join(f"{x:g}" for x in remove)
    return _spans(found), (*_conditions(solved, closures), f"parts of the border's wedge removed: {parts}")


def _incidence(closures: tuple[str, ...], scenario: str, importer: str) -> tuple[Results, tuple[str, ...]]:
    """Who bears a tariff: the fall of sellers' prices relative to the importer's own, as part of the added rate.

    On each taxed flow the buyer pays (1 + t′)/(1 + t) ĉ and the seller gets ĉ. What the seller bears is
    −ln(ĉ_seller / ĉ_importer) over ln((1 + t′)/(1 + t)), averaged with the duty added on base flows.
    """
    outcomes = _solved(scenario, closures)
    found = []
    for o in outcomes:
        w = o.world
        d = w.country(importer)
        added = np.log1p(o.schedule.tariffs[:, :, d]) - np.log1p(w.tariffs[:, :, d])
        weight = np.where(added > 0, added * w.flows[:, :, d], 0.0)
        fall = -np.log(o.c_hat) + np.log(o.c_hat[:, [d]])
        if not weight.sum() > 0:
            raise InputError(f"incidence: {scenario} adds no duty on what {importer} buys: nobody bears any.")
        share = np.divide(fall, added, out=np.zeros_like(fall), where=added > 0)
        found.append({"foreign_share": 100 * float((share * weight).sum() / weight.sum())})
    return _spans(found), _conditions([o.describe() for o in outcomes], closures)
