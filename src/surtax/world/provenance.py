"""What a world's metadata and arrays say about itself, in short lines: size, year, base tariffs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from surtax.world.world import World

NOT_STATED = "not stated"
# More importers than this are counted, not named.
MOST_NAMED = 3


def size(world: World) -> str:
    """`81 countries × 28 sectors`, counted from the world itself."""
    n, j = len(world.countries), len(world.sectors)
    return f"{n} {'country' if n == 1 else 'countries'} × {j} {'sector' if j == 1 else 'sectors'}"


def aggregated(world: World) -> tuple[str, ...]:
    """How countries and sectors were added up, one line each; empty where they were not."""
    said = world.meta.get("aggregated") or ()
    return (said,) if isinstance(said, str) else tuple(str(x) for x in said)


def base_tariffs(world: World) -> str:
    """Who levies tariffs in the base, as of when: the arrays say who, the metadata when and how known.

    `United States: as collected 2024; all other importers: none in the accounts`; `none` where all are zero.
    """
    levy = np.flatnonzero((world.tariffs != 0).any(axis=(0, 1)))
    if not levy.size:
        return "none"
    about = world.meta.get("tariffs")
    facts = about if isinstance(about, Mapping) else {}
    when = f" {facts['year']}" if facts.get("year") else ""
    how = "as collected" if "as collected" in str(facts.get("what", "")) else "as given in the accounts"
    source = "" if facts.get("what") else str(facts.get("source") or (about if isinstance(about, str) else ""))
    if len(levy) <= MOST_NAMED:
        who = ", ".join(world.country_names[int(i)] for i in levy)
    else:
        who = f"{len(levy)} importers" if len(levy) < len(world.countries) else "all importers"
    stated = f"{who}: {how}{when or ', year not stated'}" + (f" ({source})" if source else "")
    return stated if len(levy) == len(world.countries) else f"{stated}; all other importers: none in the accounts"
