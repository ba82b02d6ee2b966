"""Borders by PPML from a matrix of flows that holds sales at home, without distances.

    X_od = exp( exporter effect + importer effect + b·[o ≠ d, another pair] + g·[o and d are the pair] ) · η_od

Effects stand for size and multilateral resistance (Anderson & van Wincoop 2003, American Economic Review 93(1)). What
is identified is trade across borders against trade at home at given effects: b is the mean of all other pairs of
countries, g that of the pair, both with all that makes trade abroad dearer than trade at home: distance, language and
taste besides the border. With two countries g is the logarithm of Head & Ries's φ, exactly; with more, the home sales
of all countries are the yardstick, not the two countries' own alone.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from surtax.errors import InputError
from surtax.estimation.poisson import Design, fit_poisson, pruned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class BorderEffect:
    """What one matrix of flows tells.

    Attributes
    ----------
    pair : g, the logarithm of the pair's freeness of trade against home. Two flows carry it: it has no standard error.
    others : b, the mean of all other pairs; NaN where there are none.
    others_error : its standard error, clustered two ways by exporter and importer; NaN where it cannot be had.
    observations : flows used.
    """

    pair: float
    others: float
    others_error: float
    observations: int


def border_effect(values: Array, one: int, other: int) -> BorderEffect:
    """Estimate the border between two countries.

    Parameters
    ----------
    values : [o,d] flows ≥ 0 with what is sold at home on the diagonal, including duty.
    one, other : positions of the two countries.

    Raises
    ------
    InputError
        pyfixest is not installed (says how to install it); the two do not trade, or nobody sells at home.
    NoConvergence
        the iteration did not settle.
    """
    n = values.shape[0]
    o, d = np.divmod(np.arange(n * n), n)
    y = np.asarray(values, dtype=float).ravel()
    pair = ((o == one) & (d == other)) | ((o == other) & (d == one))
    if not y[pair].any() or not y[o == d].any():
        raise InputError("the two countries do not trade, or nothing is sold at home: no border can be estimated.")
    x = {"pair": pair.astype(float), "others": ((o != d) & ~pair).astype(float)}
    design = Design(y, x, {"effect0": o, "effect1": d}, {"exporter": o, "importer": d})
    keep, _ = pruned(design)
    design = design.rows(keep)
    if design.x["others"].any() and not design.y[design.x["others"] == 1].any():
        design = design.rows(design.x["others"] == 0)
    if not design.x["others"].any():
        del design.x["others"]
    found = fit_poisson(design, float(design.y.mean()), {"CRV1": "exporter+importer"})
    with warnings.catch_warnings():
        # Two-way clusters can give the pair, which two flows carry, a variance below zero; it is not used.
        warnings.simplefilter("ignore")
        coefficients, errors = found.coef(), found.se()
    if "pair" not in coefficients.index:
        raise InputError("the fixed effects leave nothing to tell the border from.")
    known = "others" in coefficients.index
    error = float(errors["others"]) if known else math.nan
    return BorderEffect(
        float(coefficients["pair"]),
        float(coefficients["others"]) if known else math.nan,
        error if error > 0 else math.nan,
        int(found._N),
    )
