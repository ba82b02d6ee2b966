"""What can be said of a schedule before anything is solved: no source, no finance, trade one way only.

Every model in changes that keeps trade balances by country is subject to these. `open` [o,d] or [s,o,d] says between
whom, and in what, trade is left.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surtax.errors import NoEquilibrium
from surtax.model.base import Base
from surtax.world import World

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Incomes and balances that miss by less than this share of income are rounding; the same bound results are held to.
ACCEPT = 1e-8


def check(base: Base, trade: Mask, closure: str, world: World) -> None:
    """Refuse what cannot have an equilibrium under a closure.

    Parameters
    ----------
    trade : [s,o,d] cells that the schedule leaves open.

    Raises
    ------
    NoEquilibrium
        with the country and what to do.
    """
    everything_sold(base.bought, trade, world)
    balanced_by_trade(base, trade, closure, world)


def balanced_by_trade(base: Base, trade: Mask, closure: str, world: World) -> None:
    """Refuse deficits that the trade left open, all uses together, cannot make; see `check`."""
    if closure == "fixed":
        all_financed(base, trade, closure, world)
    if closure in ("fixed", "balanced"):
        _two_sided(base, trade, closure, world)


def everything_sold(bought: Mask, trade: Mask, world: World) -> None:
    """Refuse a schedule that closes every source of something that is bought [s,n]: its price would be infinite."""
    missing = bought & ~trade.any(axis=1)
    if missing.any():
        s, n = (int(i) for i in np.argwhere(missing)[0])
        raise NoEquilibrium(
            f"{world.countries[n]} buys {world.sectors[s]}, but the scenario leaves nobody who sells it there "
            f"({int(missing.sum())} such cells): its price would be infinite. Leave a source open, make the trade cost "
            f"finite, or aggregate countries or sectors."
        )


def _tied(trade: Mask) -> Mask:
    """[n, m] whether trade that the schedule leaves open ties two countries, directly or through others."""
    tied: Mask = np.logical_or(trade.any(axis=0), np.eye(trade.shape[1], dtype=bool))
    tied = np.logical_or(tied, tied.T)
    while not tied.all():
        # Counts of paths, exact in floating point as far as zero goes.
        further: Mask = np.greater(tied.astype(float) @ tied.astype(float), 0)
        if np.array_equal(further, tied):
            break
        tied = further
    return tied


def all_financed(base: Base, trade: Mask, closure: str, world: World) -> None:
    """Refuse deficits of countries that no open trade ties to those who would have to finance them.

    Under `fixed` that is known beforehand; under `gdp-share` and `multiplicative`, which let every deficit move with
    the world's incomes, it is why no equilibrium was found.
    """
    tied = _tied(trade)
    if tied.all():
        return
    if closure == "fixed":
        unmet, income = tied @ base.D, tied @ base.I
        wrong = np.abs(unmet) > ACCEPT * income
        if not wrong.any():
            return
        n = int(np.argmax(np.where(wrong, np.abs(unmet) / income, -1.0)))
        why, others = f"keeps it at {unmet[n]:.4g}", "'balanced'"
    else:
        n = int(np.argmin(tied.sum(axis=1)))
        why, others = "lets it move with the world's incomes", "'balanced' or 'fixed'"
    group = [world.countries[int(i)] for i in np.flatnonzero(tied[n])]
    who = f"{', '.join(group[:5])}{', …' if len(group) > 5 else ''}"
    alone = "trades with nobody" if len(group) == 1 else "trade with nobody else"
    raise NoEquilibrium(
        f"no equilibrium under the closure {closure!r}: {who} {alone} under this scenario, so that the trade deficit "
        f"has to be zero there, but the closure {why}, and nobody can finance it. Try deficits={others}, "
        f"leave some trade open, or leave such countries out."
    )


def _two_sided(base: Base, trade: Mask, closure: str, world: World) -> None:
    """Refuse a country that may only buy abroad without a deficit, or only sell there without a surplus."""
    D = np.zeros_like(base.D) if closure == "balanced" else base.D
    open_trade = np.logical_and(trade.any(axis=0), ~np.eye(D.size, dtype=bool))
    sells, buys = open_trade.any(axis=1), open_trade.any(axis=0)
    least = ACCEPT * base.I
    for wrong, verb, sign in (
        (sells & ~buys & (-least < D), "buys nothing abroad and sells there", "a trade surplus"),
        (buys & ~sells & (least > D), "sells nothing abroad and buys there", "a trade deficit"),
    ):
        if wrong.any():
            n = int(np.argmax(wrong))
            raise NoEquilibrium(
                f"no equilibrium under the closure {closure!r}: {world.countries[n]} {verb} under this scenario, which "
                f"takes {sign}, but its trade deficit is {D[n]:.4g} by the closure. Close both sides (and try "
                f"deficits='balanced'), or leave both open."
            )
