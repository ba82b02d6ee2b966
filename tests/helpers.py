"""The product's objects from the reference's plain arrays, and back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import surtax as sx
from tests.reference.solver import base_accounts, equation_residuals
from tests.reference.worlds import random_world

ROOT = Path(__file__).resolve().parents[1]


def replication_folder() -> Path | None:
    """Inputs of published studies, which may not ship: `$SURTAX_REPLICATION_DATA`, or shared/ beside or in the checkout."""
    named = os.environ.get("SURTAX_REPLICATION_DATA")
    places = [Path(named)] if named else [root / "shared/data/replication" for root in (ROOT.parent, ROOT)]
    return next((p for p in places if p.is_dir()), None)


def inputs_of(study: str) -> Path:
    """The folder of inputs, where it holds those of the study; else the test is skipped, saying so."""
    folder = replication_folder()
    if folder is None or not (folder / study).is_dir():
        pytest.skip(f"inputs of {study} are not here and may not ship; set SURTAX_REPLICATION_DATA to their folder")
    return folder


def as_world(w) -> sx.World:
    """A `World` with the accounts of a reference `RandomWorld` (or of a published study)."""
    sectors = getattr(w, "sectors", None) or tuple(f"S{s:02d}" for s in range(len(w.theta)))
    return sx.World.from_arrays(
        w.countries, sectors, w.flows, elasticity=w.theta, tariffs=w.tariffs, inputs=w.gamma, inputs_as="shares",
        final_shares=w.alpha,
    )  # fmt: skip


def small_world(seed=1, countries=4, sectors=3, **kwargs) -> sx.World:
    return as_world(random_world(seed, countries, sectors, **{"theta": (2.0, 9.0), **kwargs}))


def reference_base(world):
    """The reference's `Base` of the product's (possibly re-solved) world."""
    return base_accounts(
        world.flows, world.tariffs, world.elasticity, world.inputs, world.value_added, world.final_shares
    )


def residuals_by_reference(outcome) -> dict[str, float]:
    """What the reference's evaluator, which shares no code with the product, says about an outcome."""
    tau = outcome.schedule.trade_cost
    return equation_residuals(
        reference_base(outcome.world), outcome.schedule.tariffs, 1.0 if tau is None else tau,
        outcome.conditions.closure, outcome.w_hat, outcome.P_hat, outcome.E_new,
    )  # fmt: skip


def foreign(world) -> np.ndarray:
    """[1, o, d] True for trade between two countries."""
    return ~np.eye(len(world.countries), dtype=bool)[None]
