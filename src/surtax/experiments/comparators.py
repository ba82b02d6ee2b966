"""Other people's estimates of the dispute, `data/literature/comparators.csv`: comparators, never targets.

Each answers a question of its own: another scenario, another quantity, another horizon. `near` names the shipped
scenario that comes closest, so that what Surtax's core says of that one can stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from surtax.csvfile import read_rows
from surtax.errors import InputError, NoConvergence
from surtax.model.equilibrium import solve
from surtax.policy.library import load_scenario

if TYPE_CHECKING:
    from surtax.world import World

PATH = Path(__file__).resolve().parent.parent / "data" / "literature" / "comparators.csv"
COLUMNS = ("id", "author", "date", "scenario", "country", "quantity", "value", "source", "differs")


@dataclass(frozen=True)
class Comparator:
    """One published estimate.

    Attributes
    ----------
    id, author, date, source : whose, when, where.
    scenario, quantity, country : what it is an estimate of, in the author's terms.
    value, high : the number, and the upper end of a band.
    differs : how it is another question than this project's.
    near : the closest scenario that ships, or empty; core : change of real income of the country there, per cent, by
        the core at fixed deficits; None where it was not asked for or the world cannot tell.
    """

    id: str
    author: str
    date: str
    scenario: str
    country: str
    quantity: str
    value: float
    high: float | None
    source: str
    differs: str
    near: str
    core: float | None = None


def comparators() -> tuple[Comparator, ...]:
    """All of the table, nothing computed."""
    return tuple(
        Comparator(
            id=row["id"],
            author=row["author"],
            date=row["date"],
            scenario=row["scenario"],
            country=row["country"],
            quantity=row["quantity"],
            value=float(row["value"]),
            high=float(row["high"]) if row["high"] else None,
            source=row["source"],
            differs=row["differs"],
            near=row["near"],
        )
        for _, row in read_rows(PATH, (*COLUMNS, "high", "near"), blank=("high", "near"))
    )


def beside(world: World, countries: Iterable[str]) -> tuple[Comparator, ...]:
    """Those about the given countries, with what the core says of the scenario closest to theirs."""
    listed = [c for c in comparators() if c.country in set(countries)]
    incomes: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(c.near for c in listed if c.near):
        try:
            outcome = solve(world, load_scenario(name))
        except (InputError, NoConvergence):
            continue  # a world without these countries or sectors: the estimate then stands alone
        incomes[name] = dict(outcome.welfare.items())
    return tuple(replace(c, core=incomes.get(c.near, {}).get(c.country)) for c in listed)
