"""The instrument `measure`: how much of a scenario's measure stays in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError, nearest

if TYPE_CHECKING:
    from surtax.games.instrument import Choice, Entry
    from surtax.policy.scenario import Scenario
    from surtax.world import World


def scaled(
    world: World, player: int, choice: Choice, given: Scenario | None
) -> tuple[list[str], list[Entry], dict[int, float]]:
    """Lay out one unknown a measure: z = 1 is the measure as it stands, 0 without it, 2 twice what it adds.

    Only the measures' effects on the player's own tariffs count.

    Raises
    ------
    InputError
        no scenario, an unknown measure, one that is not the player's, one that sets rates over another's.
    """
    name = world.countries[player]
    if given is None or not given.measures:
        raise InputError("the instrument 'measure' scales measures of a scenario: name one with --given.")
    own = {}
    for measure, added in given.additions(world):
        if any(c.set is not None for c in measure.changes) and added[:, :, player].any():
            raise InputError(
                f"measure {measure.id!r} sets rates instead of adding to them; scaling it would change what other "
                f"measures do. Use another instrument."
            )
        if added[:, :, player].any():
            own[measure.id] = added
    known = [m.id for m in given.measures]
    ids = choice.measures or tuple(own)
    if not ids:
        raise InputError(f"scenario {given.name!r} has no measure of {name}.")
    labels: list[str] = []
    entries: list[Entry] = []
    for i in ids:
        if i not in known:
            raise InputError(f"scenario {given.name!r} has no measure {i!r}{nearest(i, known)}")
        if i not in own:
            raise InputError(f"measure {i!r} is not {name}'s: it changes no tariff of {name}.")
        reached = np.flatnonzero((own[i] != 0) & (world.flows > 0))
        entries += [(len(labels), int(cell), float(own[i].ravel()[cell])) for cell in reached]
        labels.append(i)
    # What is in force without the chosen measures stays.
    t = given.schedule(world).tariffs - sum(own[i] for i in ids)
    offset = {cell: float(t.ravel()[cell]) for _, cell, _ in entries}
    return labels, entries, offset
