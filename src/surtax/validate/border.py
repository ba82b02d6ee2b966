"""Anderson & van Wincoop (2003): by how much the border reduces trade between the United States and Canada.

They estimate the border from trade within and between provinces and states in 1993; those data are not here. What
can be computed is the border against trade among provinces (`surtax.experiments.border`): by how much less provinces
trade with the United States than with each other, sector by sector, removed in general equilibrium with multilateral
resistance. It stands beside their number as a comparator and is never tuned to it.
"""

from __future__ import annotations

import time
from pathlib import Path

from surtax.experiments.border import remove_border
from surtax.validate.inputs import Needed
from surtax.validate.published import row
from surtax.validate.row import Row
from surtax.world import load_world

needs: tuple[Needed, ...] = ()


def rows(folder: Path | None) -> list[Row]:
    """Trade between the two lost to the border, per cent of what there would be without it."""
    del folder
    start = time.perf_counter()
    found = remove_border(load_world(), "CAN", "USA", benchmark="provinces")
    note = (
        f"Here: ICIO 2022 by sector with its own elasticities ({found.conditions['elasticities']}), the provinces of "
        f"2021; deficits {found.conditions['closure']}. Distance is not taken out, and trade between states is not "
        f"known: the border is measured on Canada's side alone."
    )
    return [row("border/us-canada", found.reduces_trade, seconds=time.perf_counter() - start, note=note)]
