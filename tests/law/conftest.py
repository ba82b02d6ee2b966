"""One law for all tests of the room, and goods to ask about."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

import surtax.law
from surtax.law import codes

if TYPE_CHECKING:
    from surtax.law import Law


@pytest.fixture(scope="session")
def law() -> Law:
    return surtax.law.load()


def origins_of(law: Law, importer: str) -> list[str]:
    """Return the origins that some measure of an importer names, and others."""
    named = {c for m in law.measures.values() if m.levied_by == importer for c in m.origins.codes}
    place = law.jurisdiction(importer)
    return sorted({*named, *place.origins.codes, "USA", "CAN", "MEX", "CHN", "DEU", "GBR", "FRA"})


@cache
def goods_of(importer: str, listed: bool = False) -> tuple[str, ...]:
    """Return codes that a tariff item of the importer may have, of every list, and unless `listed` of its nomenclature."""
    law = surtax.law.load()
    place = law.jurisdiction(importer)
    groups = {g for m in law.measures.values() if m.levied_by == importer for g in m.groups.values()}
    keys, first = law.index.section("key"), law.index.section("first")
    numbers = law.index.section("group")
    prefixes = {
        codes.prefix_of(key)
        for at, key in enumerate(keys)
        if any(numbers[i] in groups for i in range(first[at], first[at + 1]))
    }
    if place.nomenclature is not None and not listed:
        prefixes |= {codes.prefix_of(k) for k in law.index.section(f"n{place.nomenclature}.key")}
    long = {p for p in prefixes if len(p) in place.digits}
    padded = {p.ljust(n, "0")[:n] for p in prefixes if p for n in place.digits}
    return tuple(sorted(long | padded))
