"""Adding up countries and sectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.world.checks import final_demand, labels
from surtax.world.groups import check_codes, goods_of

if TYPE_CHECKING:
    from surtax.world.world import World

Array = NDArray[np.float64]


def aggregate(
    world: World,
    countries: Mapping[str, Sequence[str]] | None,
    sectors: Mapping[str, Sequence[str]] | None,
) -> World:
    """See `World.aggregate`."""
    new_c, gc, name_c = _groups(countries, world.countries, world.country_names, world.country, "country")
    new_s, gs, name_s = _groups(sectors, world.sectors, world.sector_names, world.sector, "sector")
    C, S = _matrix(gc, len(new_c)), _matrix(gs, len(new_s))  # [group, member]

    def cube(a: Array) -> Array:
        return np.asarray(np.einsum("Ss,sod,Oo,Dd->SOD", S, a, C, C, optimize=True))

    X, duty = cube(world.flows), cube(world.tariffs * world.flows)
    # Where nothing is traded a tariff has no weight: take the plain mean of the members' rates.
    count = cube(np.ones_like(world.flows))
    t = np.divide(duty, X, out=cube(world.tariffs) / count, where=X > 0)
    Y = X.sum(axis=2)
    E = (X * (1 + t)).sum(axis=1)
    cost = np.einsum("Kk,Ss,Nn,ksn->KSN", S, S, C, world.inputs * world.output, optimize=True)
    added = np.einsum("Ss,Nn,sn->SN", S, C, world.value_added * world.output, optimize=True)
    whole = cost.sum(axis=0) + added
    gamma = np.divide(cost, whole, out=np.zeros_like(cost), where=whole > 0)
    gamma_v = np.divide(added, whole, out=np.ones_like(added), where=whole > 0)
    alpha, notes = final_demand(None, X, t, E, Y, gamma, gamma_v, new_c, new_s)
    crossing = world.flows.sum(axis=(1, 2)) - np.einsum("snn->s", world.flows)
    weight = np.where(crossing > 0, crossing, 0.0)
    totals = S @ weight
    theta = np.where(totals > 0, (S @ (weight * world.elasticity)) / np.where(totals > 0, totals, 1), 0)
    theta = np.where(totals > 0, theta, (S @ world.elasticity) / S.sum(axis=1))
    goods, mixed = goods_of(S, world.goods, weight, new_s)
    changed = [
        f"{what}: " + ", ".join(f"{g} = {'+'.join(m)}" for g, m in groups.items())
        for what, groups in (("countries", countries), ("sectors", sectors))
        if groups
    ]
    return world.replace(
        countries=new_c, sectors=new_s, flows=X, tariffs=t, elasticity=theta, inputs=gamma, value_added=gamma_v,
        final_shares=alpha, final=None if world.final is None else cube(world.final),
        population=None if world.population is None else C @ world.population,
        country_names=name_c, sector_names=name_s, goods=goods,
        meta={**world.meta, "aggregated": changed, "elasticities": _elasticities(world, changed)},
        adjustments=(*world.adjustments, *notes, *mixed),
    )  # fmt: skip


def _elasticities(world: World, changed: list[str]) -> dict[str, Any]:
    """What the metadata say of θ; values by sector no longer hold where sectors were added up."""
    old = world.meta.get("elasticities")
    kept = dict(old) if isinstance(old, dict) else {"set": str(old or "given with the world")}
    if any(text.startswith("sectors") for text in changed):
        kept.pop("by_sector", None)
        kept["aggregated"] = "means weighted by trade between countries"
    return kept


def _groups(
    groups: Mapping[str, Sequence[str]] | None,
    codes: Sequence[str],
    names: Sequence[str],
    position: Callable[[str], int],
    kind: str,
) -> tuple[tuple[str, ...], NDArray[np.intp], tuple[str, ...]]:
    """New codes in the order of their first member, group of each member, and names."""
    if groups is not None and not isinstance(groups, Mapping):
        raise InputError(
            f"groups of {kind} codes are a mapping {{new code: members}}, not {groups!r}: such as "
            f"{{'EUR': ['DEU', 'FRA']}}."
        )
    member_of: dict[int, str] = {}
    for group, members in (groups or {}).items():
        if isinstance(members, str) or not isinstance(members, Iterable) or not list(members):
            raise InputError(f"group {group!r} of {kind} codes needs a list of members, such as ['DEU', 'FRA'].")
        for member in members:
            i = position(member)
            if i in member_of:
                raise InputError(f"{kind} {codes[i]} is in two groups: {member_of[i]} and {group}.")
            member_of[i] = str(group)
    check_codes(kind, codes, {codes[i]: group for i, group in member_of.items()})
    new = list(dict.fromkeys(member_of.get(i, code) for i, code in enumerate(codes)))
    labels(f"{kind} codes", new)
    where = {code: g for g, code in enumerate(new)}
    index = np.array([where[member_of.get(i, code)] for i, code in enumerate(codes)])
    old = dict(zip(codes, names, strict=True))
    return tuple(new), index, tuple(old.get(code, code) for code in new)


def _matrix(index: NDArray[np.intp], groups: int) -> Array:
    M = np.zeros((groups, index.size))
    M[index, np.arange(index.size)] = 1.0
    return M
