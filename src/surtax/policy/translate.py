"""A scenario written for one world, restated for another with coarser sectors or fewer countries.

What each measure adds to tariffs in the world that it was written for becomes, cell by cell of the other world, a mean
weighted by the first world's flows. Means hide dispersion (docs/models/nest.md); the restated scenario says what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.policy.scenario import Change, Measure, Scenario

if TYPE_CHECKING:
    from surtax.world import World

Array = NDArray[np.float64]


def needs_translation(scenario: Scenario, world: World) -> bool:
    """Whether the scenario names sectors that the world has only as members of coarser ones."""
    own = {*world.sectors, *world.sector_names, "*", "goods"}
    named = {s for m in scenario.measures for c in m.changes for s in c.sector}
    members = {m for group in sector_members(world).values() for m in group}
    return bool(named - own) and named <= own | members


def fitted(scenario: Scenario, world: World, source: Callable[[], World]) -> Scenario:
    """The scenario as it stands where the world has its sectors, else restated from the world that `source` gives."""
    return translated(scenario, source(), world) if needs_translation(scenario, world) else scenario


def sector_members(world: World) -> Mapping[str, tuple[str, ...]]:
    """Sectors of the OECD's edition that each sector of the world covers, where its metadata say."""
    described = world.meta.get("sectors")
    found = {}
    for s in described if isinstance(described, list) else ():
        if isinstance(s, Mapping) and s.get("members"):
            found[str(s.get("code"))] = tuple(str(m) for m in s["members"])
    return found


def translated(scenario: Scenario, source: World, target: World) -> Scenario:
    """Restate `scenario`, which fits `source`, for `target`.

    Parameters
    ----------
    source : world whose flows are the weights.
    target : world whose sectors name their `members` among the source's, and whose countries are the source's, parts of
        them, or ROW for all that it does not name.

    Raises
    ------
    InputError
        a change of trade costs, which has no mean; a sector or country of the scenario that the target cannot place.
    """
    if any(c.trade_cost is not None for m in scenario.measures for c in m.changes):
        raise InputError(
            f"scenario {scenario.name!r} changes trade costs by sector, which cannot be restated as means for "
            f"{target.meta.get('name', 'this world')!r}: write it in the sectors of that world."
        )
    sectors = {code: [source.sector(m) for m in group] for code, group in sector_members(target).items()}
    countries = _countries(source, target)
    measures = []
    for measure, added in scenario.additions(source):
        _all_placed(measure, added, source, sectors, countries)
        changes = []
        touched = np.argwhere(added != 0)
        for code, rows in sectors.items():
            inside = touched[np.isin(touched[:, 0], rows)]
            pairs = {(o, d) for _, o, d in inside.tolist()}
            for o, where_o in countries.items():
                for d, where_d in countries.items():
                    if not any((x, y) in pairs for x in where_o for y in where_d):
                        continue
                    block = np.ix_(rows, where_o, where_d)
                    X = source.flows[block]
                    if o != d and X.sum() > 0:
                        mean = float((added[block] * X).sum() / X.sum())
                        changes.append(Change((d,), (o,), (code,), add=mean, note="mean over sectors, by flows"))
        kept = Measure(measure.id, measure.title, measure.instrument, measure.citation, measure.source, tuple(changes))
        measures.append(kept)
    text = (
        f"{scenario.description} Restated for {target.meta.get('name')}: means weighted by {source.meta.get('name')}."
    )
    return replace(scenario, description=text.strip(), measures=tuple(m for m in measures if m.changes))


def _countries(source: World, target: World) -> dict[str, list[int]]:
    """Label of the target → positions in the source; parts of a country stand under the whole's label."""
    inside = {c for whole in target.parts.values() for c in whole}
    labels = [*target.parts, *(c for c in target.countries if c not in inside)]
    found = {c: [source.country(c)] for c in labels if c in source.countries}
    if "ROW" in found:
        named = {i for c, where in found.items() if c != "ROW" for i in where}
        found["ROW"] = [i for i in range(len(source.countries)) if i not in named]
    return found


def _all_placed(
    measure: Measure, added: Array, source: World, sectors: Mapping[str, list[int]], countries: Mapping[str, list[int]]
) -> None:
    rows = sorted({i for group in sectors.values() for i in group})
    places = sorted({i for group in countries.values() for i in group})
    missing = np.setdiff1d(np.flatnonzero((added != 0).any(axis=(1, 2))), rows)
    if missing.size:
        raise InputError(
            f"measure {measure.id!r} taxes {source.sectors[int(missing[0])]}, which the world has in no sector."
        )
    both = (added != 0).any(axis=0)
    strange = np.setdiff1d(np.flatnonzero(both.any(axis=0) | both.any(axis=1)), places)
    if strange.size:
        raise InputError(
            f"measure {measure.id!r} concerns {source.countries[int(strange[0])]}, which the world does not have."
        )
