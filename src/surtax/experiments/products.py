"""What a word such as "energy" or a product code means in customs lines and in the sectors of the accounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest

if TYPE_CHECKING:
    from surtax.trade import Lines
    from surtax.world import World

Array = NDArray[np.float64]

#: word → (HS prefixes, what they are)
NAMED: dict[str, tuple[tuple[str, ...], str]] = {
    "energy": (("27",), "mineral fuels, oils and electricity (HS 27)"),
    "oil": (("2709",), "crude oil (HS 2709)"),
    "gas": (("2711",), "natural and petroleum gas (HS 2711)"),
    "electricity": (("2716",), "electricity (HS 2716)"),
    "cars": (("8703",), "passenger cars (HS 8703)"),
    "vehicles": (("87",), "vehicles and their parts (HS 87)"),
    "lumber": (("4407",), "sawn wood (HS 4407)"),
    "wood": (("44",), "wood and articles of wood (HS 44)"),
    "steel": (("72", "73"), "iron and steel and articles of them (HS 72, 73)"),
    "aluminum": (("76",), "aluminium and articles of it (HS 76)"),
    "potash": (("3104",), "potassic fertilisers (HS 3104)"),
}
#: Part of a product's trade from which on a sector stands for it where only sectors are known.
HOLDS_IT = 0.1
EVERYTHING = ("everything", "anything", "goods")


@dataclass(frozen=True)
class Product:
    """A product as asked for.

    Attributes
    ----------
    name, words : as asked, and what it is.
    prefixes : HS codes it starts with; empty where it is sectors.
    sectors : sectors of the accounts that it is, whole; empty where it is codes.
    """

    name: str
    words: str
    prefixes: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()


def product(name: str, world: World) -> Product:
    """The product that a word, an HS code (`HS2709`, `8703.23`) or a sector (`C29`) stands for.

    Raises
    ------
    InputError
        none of them.
    """
    text = name.strip()
    word = {"aluminium": "aluminum", "autos": "cars", "automobiles": "cars"}.get(text.lower(), text.lower())
    goods = tuple(s for s, g in zip(world.sectors, world.goods, strict=True) if g)
    if word in EVERYTHING:
        return Product("everything", "all goods", sectors=goods)
    if word in NAMED:
        return Product(word, NAMED[word][1], prefixes=NAMED[word][0])
    if text.upper() in world.sectors or text in world.sector_names:
        i = world.sector(text)
        return Product(world.sectors[i], world.sector_names[i], sectors=(world.sectors[i],))
    digits = re.sub(r"^HS\s*", "", text, flags=re.IGNORECASE).replace(".", "").replace(" ", "")
    if digits.isdigit() and 2 <= len(digits) <= 10:
        return Product(f"HS {digits}", f"products of HS {digits}", prefixes=(digits,))
    known = [*NAMED, *EVERYTHING, *world.sectors]
    raise InputError(
        f"unknown product {name!r}{nearest(text, known)}: give {', '.join(NAMED)}, everything, an HS code such as "
        f"HS2709, or a sector of the accounts such as {goods[0]}."
    )


@lru_cache(maxsize=8)
def imports_of_the_us(origin: str) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.str_]]:
    """Codes, values in USD and sectors of US imports of 2024 from an origin, by ten digits."""
    from surtax.trade import line_sectors, load_us_imports

    lines: Lines = load_us_imports().select(origin=origin)
    return lines.codes, lines.value.astype(np.int64), line_sectors(lines)


def within(codes: NDArray[np.str_], prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    """[n] whether a code starts with one of the prefixes."""
    hit = np.zeros(codes.size, dtype=bool)
    for p in prefixes:
        hit |= np.char.startswith(codes, p)
    return hit


def coverage(item: Product, world: World, importer: str, origin: str) -> tuple[Array, str]:
    """Share of each sector's flow [s] that the product is, and where the shares come from.

    Raises
    ------
    InputError
        a product that was not traded, or that the accounts hold among services (electricity).
    """
    share = np.zeros(len(world.sectors))
    if item.sectors:
        for s in item.sectors:
            share[world.sector(s)] = 1.0
        return share, "whole sectors of the accounts"
    # By product only US imports are at hand. The other way round whole sectors stand for a product: those that hold it
    # in what the US buys from the same country.
    buyer_known = importer == "USA"
    codes, value, sectors = imports_of_the_us(origin if buyer_known else importer)
    hit = within(codes, item.prefixes)
    total = value[hit].sum()
    if not total:
        source = origin if buyer_known else importer
        raise InputError(f"the US bought nothing of {item.words} from {source} in 2024: nothing to do without.")
    goods = [s for s, g in zip(world.sectors, world.goods, strict=True) if g]
    outside = int(value[hit & ~np.isin(sectors, goods)].sum())
    if outside == total:
        raise InputError(
            f"{item.words}: the accounts hold it among services, with much else: they have no share and no loss for it."
        )
    # Electricity is a good in customs and part of services in the accounts: that part stays open, and it is said.
    rest = f"; {100 * outside / total:.1f} % of it is among services in the accounts and stays open" if outside else ""
    for i, s in enumerate(world.sectors):
        rows = sectors == s
        if world.goods[i] and value[rows & hit].sum():
            of_sector, of_product = value[rows & hit].sum() / value[rows].sum(), value[rows & hit].sum() / total
            share[i] = of_sector if buyer_known else float(of_product >= HOLDS_IT)
    if buyer_known:
        return share, f"US imports from {origin} of 2024 by ten-digit product{rest}"
    held = ", ".join(s for s, x in zip(world.sectors, share, strict=True) if x)
    return (
        share,
        f"whole sectors that hold it ({held}), wider than it: imports of {importer} by product are not at hand{rest}",
    )
