"""The worlds that ship with the package, and world files of a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, exists, nearest
from surtax.world.files import read_arrays, write_world
from surtax.world.world import Adjustment, World

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "worlds"
DEFAULT = "oecd-icio-2022"


def world_names() -> tuple[str, ...]:
    """Names of the worlds that ship with the package."""
    return tuple(sorted(p.stem for p in SHIPPED.glob("*.npz")))


def load_world(name: str | Path = DEFAULT) -> World:
    """Load a world by name, or from a `.npz` file.

    Parameters
    ----------
    name : a shipped world (see `world_names`) or the path of a world file.

    Raises
    ------
    InputError
        no such world (nearest names offered) or file, or its accounts do not hold.
    """
    text = str(name)
    if not text:
        raise InputError(f"the name of a world is empty: give one of {', '.join(world_names())}, or a world file.")
    if text in world_names():
        return _shipped(text)
    path = Path(text)
    if path.suffix == ".npz" or exists(path):
        return read_world(path)
    known = world_names()
    hint = nearest(text, known) or f"; known: {', '.join(known)}"
    raise InputError(f"unknown world {text!r}{hint} (or give the path of a world file, .npz)")


@lru_cache(maxsize=4)
def _shipped(name: str) -> World:
    return read_world(SHIPPED / f"{name}.npz")


def read_world(path: Path) -> World:
    """Read a world file; see `surtax.world.files` for the format."""
    return world_of(*read_arrays(path), str(path))


def world_of(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], path: str = "the table") -> World:
    """A world from the arrays and metadata of a world file, after the accounting checks; `path` names it in errors."""
    try:
        return _world_of(arrays, meta, path)
    except InputError as problem:
        text = str(problem)
        raise type(problem)(text if text.startswith(path) else f"{path}: {text}") from None


def _world_of(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], path: str) -> World:
    shares = "inputs" in arrays
    missing = [n for n in ("flows", "elasticity", "inputs" if shares else "use") if n not in arrays]
    try:
        countries, country_names = [[str(c[k]) for c in meta["countries"]] for k in ("code", "name")]
        sectors, sector_names = [[str(s[k]) for s in meta["sectors"]] for k in ("code", "name")]
        goods = np.array([bool(s.get("goods", True)) for s in meta["sectors"]])
        recorded = tuple(
            Adjustment(str(a["what"]), int(a["cells"]), float(a["value"]), str(a.get("worst", "")))
            for a in meta.get("adjustments", ())
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InputError(
            f"{path}: its metadata lacks or garbles countries, sectors or adjustments ({problem!r}): build it anew."
        ) from None
    if missing:
        raise InputError(f"{path} lacks the array {missing[0]!r}: it is not a whole world file; build it anew.")
    world = World.from_arrays(
        countries,
        sectors,
        arrays["flows"],
        elasticity=arrays["elasticity"],
        tariffs=arrays.get("tariffs"),
        inputs=arrays["inputs"] if shares else arrays["use"],
        value_added=arrays.get("value_added"),
        inputs_as="shares" if shares else "values",
        final_shares=arrays.get("final_shares"),
        final=arrays.get("final"),
        population=arrays.get("population"),
        country_names=country_names,
        sector_names=sector_names,
        goods=goods,
        allow_rates_above=np.inf,
        meta=meta,
    )
    if shares and not world.adjustments:
        # Sums that are one but for the last digit have been divided by once more: take the digits of the file.
        exact = {n: arrays[n] for n in ("inputs", "value_added", "final_shares") if n in arrays}
        world = world.replace(
            **{n: a for n, a in exact.items() if a.dtype == float and np.abs(a - getattr(world, n)).max() <= 1e-13}
        )
    return world.replace(adjustments=(*recorded, *world.adjustments))


def save_world(world: World, path: Path) -> None:
    """Write a world file that `read_world` turns into the same world to the last bit."""
    described = world.meta.get("sectors")
    known = {s["code"]: s for s in described if isinstance(s, Mapping)} if isinstance(described, list) else {}
    meta = {
        **world.meta,
        "format": "surtax-world/1",
        "countries": [{"code": c, "name": n} for c, n in zip(world.countries, world.country_names, strict=True)],
        "sectors": [
            {**known.get(c, {}), "code": c, "name": n, "goods": bool(g)}
            for c, n, g in zip(world.sectors, world.sector_names, world.goods, strict=True)
        ],
        "adjustments": [
            {"what": a.what, "cells": a.cells, "value": a.value, "worst": a.worst} for a in world.adjustments
        ],
    }
    arrays = {
        "flows": world.flows, "tariffs": world.tariffs, "elasticity": world.elasticity, "inputs": world.inputs,
        "value_added": world.value_added, "final_shares": world.final_shares,
    }  # fmt: skip
    for name in ("final", "population"):
        value = getattr(world, name)
        if value is not None:
            arrays[name] = value
    write_world(path, arrays, meta)
