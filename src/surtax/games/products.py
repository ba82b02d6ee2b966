"""The instrument `products`: a duty on a list of products, as far as a model of sectors can carry it.

A list has one unknown (or one a group): a duty r added to what is in force on the listed products. In the model a
sector's tariff rises by r times the listed share of US imports of that sector from that partner in 2024. That is the
mean over the sector's lines, not the product nest: buyers do not move between listed and other products, which
overstates what a partial list costs (docs/models/nest.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from surtax.csvfile import read_rows
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.games.instrument import Choice, Entry
    from surtax.world import World


def listed(
    world: World, player: int, partners: list[int], choice: Choice, tariffs: object
) -> tuple[list[str], list[Entry], dict[int, float]]:
    """Lay out one unknown a group of the list.

    Parameters
    ----------
    choice : `products` is a CSV file with a column `product` (two to ten digits, dots allowed) and, for several
        unknowns, `group`.
    tariffs : t′ [s,o,d] in force.

    Raises
    ------
    InputError
        a player other than the United States, whose imports by product are not public here; partners without lines
        of their own; a list that cannot be read or names nothing that is traded.
    """
    name = world.countries[player]
    if not choice.products:
        raise InputError("the instrument 'products' needs a list: --products FILE.csv with a column `product`.")
    if name != "USA":
        raise InputError(
            f"lists of products are laid out over US imports of 2024 by ten-digit product; imports of {name} by "
            f"product are not public here. Use by-sector, or a measure of a scenario."
        )
    groups = _read(Path(choice.products))
    from surtax.trade import sector_of
    from surtax.trade.flows import load_us_imports

    imports = load_us_imports()
    place = {code: s for s, code in enumerate(world.sectors) if world.goods[s]}
    N = len(world.countries)
    t = np.asarray(tariffs).ravel()
    labels = list(groups)
    hit = dict.fromkeys(labels, 0)
    entries: list[Entry] = []
    offset: dict[int, float] = {}
    for o in partners:
        origin = world.countries[o]
        if origin not in imports.origins or origin in imports.metadata["coverage"]["by_chapter_only"]:
            raise InputError(
                f"US imports from {origin} are not known by ten-digit product here: name partners with --against (CAN, "
                f"MEX, CHN and 46 others are)."
            )
        lines = imports.select(origin=origin)
        codes, value = lines.products[lines.product], lines.value
        sectors = sector_of(codes)
        for k, (label, prefixes) in enumerate(groups.items()):
            on = np.zeros(codes.size, dtype=bool)
            for prefix in prefixes:
                on |= np.char.startswith(codes, prefix)
            hit[label] += int(on.sum())
            for code, s in place.items():
                inside = sectors == code
                total, part = float(value[inside].sum()), float(value[inside & on].sum())
                if part > 0 and world.flows[s, o, player] > 0:
                    cell = (s * N + o) * N + player
                    entries.append((k, cell, part / total))
                    offset[cell] = float(t[cell])
    empty = [label for label, count in hit.items() if not count]
    if empty:
        raise InputError(
            f"{choice.products}: no product of the list {empty[0]!r} was imported from "
            f"{', '.join(world.countries[o] for o in partners[:5])} in 2024."
        )
    return labels, entries, offset


def _read(path: Path) -> dict[str, list[str]]:
    """Product prefixes by group, bare digits."""
    try:
        head = path.read_text(encoding="utf-8-sig").splitlines()[:1]
    except (OSError, UnicodeDecodeError):
        head = []  # read_rows says what is wrong
    grouped = bool(head) and "group" in [c.strip() for c in head[0].split(",")]
    groups: dict[str, list[str]] = {}
    for where, row in read_rows(path, ["product", "group"] if grouped else ["product"]):
        code = row["product"].replace(".", "").replace(" ", "")
        if not (code.isascii() and code.isdigit() and 2 <= len(code) <= 10):
            raise InputError(f"{where}: {row['product']!r} is not a product: two to ten digits, such as 7208.10.15.00.")
        groups.setdefault(row["group"] if grouped else path.stem, []).append(code)
    if not groups:
        raise InputError(f"{path} lists no product.")
    return groups
