"""The options of `surtax run` that choose a model, and the files they may name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.errors import InputError, exists

if TYPE_CHECKING:
    from surtax.model.options import General
    from surtax.world import World

HORIZONS = ("short", "long")

OPTIONS = (
    click.option("--model", "model", default="core", show_default=True, metavar="NAME",
                 help="core, specific-factors, roy-frechet, short-run, end-use, scale-economies, nested, rigid-wages, "
                      "tariffwar or melitz-pareto (docs/models)."),
    click.option("--horizon", default=None, metavar="short|long|both",
                 help="short: factors stay in their sectors and trade elasticities are 0.38 of the long run's; "
                      "both: one beside the other."),
    click.option("--mobility", default=None, metavar="MU",
                 help="How easily workers change sectors: 1 (not at all) to inf (freely)."),
    click.option("--end-use", is_flag=True, help="Inputs and final demand buy from their own origins."),
    click.option("--scale", default=None, metavar="NUMBER|half-krugman|krugman|FILE",
                 help="Economies of scale: unit cost falls by so much per cent for one more of size; a CSV file has "
                      "columns sector and scale."),
    click.option("--nest", default=None, metavar="NUMBER|half|FILE",
                 help="Elasticity between home and foreign goods; a CSV file has columns sector and elasticity."),
    click.option("--rigid-wages", "rigidity", default=None, metavar="DELTA",
                 help="Wages do not fall below DELTA of the base (1: not at all); employment falls instead."),
    click.option("--anchor", default=None, metavar="world|own",
                 help="With --rigid-wages: in units of world factor income, or of the country's own earnings."),
    click.option("--employment", default=None, type=click.Path(path_type=Path), metavar="FILE.csv",
                 help="Jobs by country and sector (columns country, sector, fte): results then count jobs."),
)  # fmt: skip


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, in their order; it takes them as `choice` of keywords."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen_model(
    *,
    model: str,
    horizon: str | None,
    mobility: str | None,
    end_use: bool,
    scale: str | None,
    nest: str | None,
    rigidity: str | None,
    anchor: str | None,
) -> Any:
    """The model that the options ask for; a name alone stays a name.

    Raises
    ------
    InputError
        a value that is none, options that the model does not have, an unreadable file.
    """
    from surtax.model.options import General
    from surtax.model.registry import model_named

    if horizon is not None and horizon not in (*HORIZONS, "both"):
        raise InputError(f"--horizon {horizon}: give short, long or both.")
    given: dict[str, Any] = {}
    if mobility is not None:
        given["mobility"] = _number("--mobility", mobility)
    if end_use:
        given["end_use"] = True
    if scale is not None:
        given["scale"] = _by_sector("--scale", scale, ("krugman", "half-krugman"), "scale")
    if nest is not None:
        given["nest"] = _by_sector("--nest", nest, ("half",), "elasticity")
    if rigidity is not None:
        given["rigidity"] = _number("--rigid-wages", rigidity)
    if anchor is not None:
        given["anchor"] = anchor
    if horizon in HORIZONS:
        given["horizon"] = horizon
    if not given and horizon != "both":
        return model
    start = General() if model == "core" else model_named(model)
    if not isinstance(start, General):
        raise InputError(
            f"the model {model!r} has no {', '.join('--' + k.replace('_', '-') for k in given) or '--horizon both'}: "
            f"these are options of the core and of its variants."
        )
    if anchor is not None and given.get("rigidity", start.rigidity) is None:
        raise InputError("--anchor says in what wages may not fall: give --rigid-wages too.")
    label = "" if not start.label else f"{start.label} + options"
    return replace(start, label=label if given else start.label, **given)


def both_horizons(model: General) -> dict[str, General]:
    """The same model in the short and in the long run."""
    return {h: replace(model, horizon=h, label=f"{model.name}, {h} run") for h in HORIZONS}


def _number(option: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{option} {text}: give a number{', or inf' if option == '--mobility' else ''}.") from None
    if math.isnan(value):
        raise InputError(f"{option} {text}: give a number.")
    return value


def _by_sector(option: str, text: str, names: tuple[str, ...], column: str) -> Any:
    """A name, a number, or {sector: number} from a CSV file."""
    if text in names:
        return text
    path = Path(text)
    if path.suffix == ".csv" or exists(path):
        from surtax.csvfile import read_rows

        found: dict[str, float] = {}
        for place, row in read_rows(path, ("sector", column)):
            if row["sector"] in found:
                raise InputError(f"{place}: sector {row['sector']!r} stands twice.")
            try:
                found[row["sector"]] = float(row[column])
            except ValueError:
                raise InputError(f"{place}: {row[column]!r} is not a number.") from None
        if not found:
            raise InputError(f"{path} has no rows.")
        return found
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{option} {text}: give a number, {', '.join(names)}, or a CSV file.") from None


def employment_of(path: Path | None, world: World) -> Any:
    """Jobs [s,n] from a CSV file, NaN where it says nothing; None without a file.

    Raises
    ------
    InputError
        an unknown country or sector, a cell twice, a number that is none.
    """
    if path is None:
        return None
    import numpy as np

    from surtax.csvfile import read_rows

    jobs = np.full(world.output.shape, np.nan)
    for place, row in read_rows(path, ("country", "sector", "fte")):
        try:
            at = world.sector(row["sector"]), world.country(row["country"])
            value = float(row["fte"])
        except InputError as problem:
            raise InputError(f"{place}: {problem}") from None
        except ValueError:
            raise InputError(f"{place}: {row['fte']!r} is not a number.") from None
        if not (0 <= value < math.inf):
            raise InputError(f"{place}: {row['fte']} jobs: give a number that is not negative.")
        if not math.isnan(jobs[at]):
            raise InputError(f"{place}: {row['country']}, {row['sector']} stands twice.")
        jobs[at] = value
    if np.isnan(jobs).all():
        raise InputError(f"{path} has no rows.")
    return jobs
