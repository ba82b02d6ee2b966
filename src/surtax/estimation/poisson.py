"""Gravity by Poisson pseudo-maximum likelihood with fixed effects, sector by sector.

    X_od = exp( exporter effect + importer effect [+ pair effect] + b ln(1 + t_od) + controls ) · η_od

(Santos Silva & Tenreyro 2006, Review of Economics and Statistics 88(4); exporter and importer effects by year stand for
multilateral resistance, Anderson & van Wincoop 2003). Zero flows are observations. The estimation is pyfixest's.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.errors import InputError, NoConvergence, nearest
from surtax.estimation.result import SHIFT, Estimate, Estimation, finished

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from surtax.estimation.table import Flows

    Array = NDArray[np.float64]
    Index = NDArray[np.intp]

ERRORS = ("pair", "country", "robust")
EFFECTS = ("exporter", "importer", "year", "exporter-year", "importer-year", "pair", "pair-symmetric")
DEFAULT_EFFECTS = ("exporter-year", "importer-year")
# Of the deviance, relative, between iterations; the slope is then good to about its root.
TOLERANCE = 1e-10
ITERATIONS = 100
UNSETTLED = (
    "{what} did not settle: look for flows of very different size, or for effects with few flows, and try fewer fixed "
    "effects."
)


@dataclass(frozen=True)
class Design:
    """What one sector's regression takes.

    Attributes
    ----------
    y : [n] value ≥ 0; x : {name: [n]} the tariff first; effects, clusters : {name: [n]} positions.
    """

    y: Array
    x: dict[str, Array]
    effects: dict[str, Index]
    clusters: dict[str, Index]

    def rows(self, keep: NDArray[np.bool_]) -> Design:
        """The same for some rows."""
        return Design(
            self.y[keep],
            {k: v[keep] for k, v in self.x.items()},
            {k: v[keep] for k, v in self.effects.items()},
            {k: v[keep] for k, v in self.clusters.items()},
        )


def ppml(
    table: Flows,
    *,
    values: str = "duty-paid",
    errors: str = "pair",
    effects: Sequence[str] = DEFAULT_EFFECTS,
    domestic: bool = False,
) -> Estimation:
    """Estimate θ by sector from gravity.

    Parameters
    ----------
    values : as for `triad`: "duty-paid" (θ is minus the coefficient) or "before-duty" (minus one more).
    errors : clustered by directed "pair" or two ways by exporter and importer ("country"), or "robust" to
        heteroskedasticity alone.
    effects : of `EFFECTS`; without years those by year are those of the countries.
    domestic : keep sales at home, with a dummy for the border unless pairs have effects; a blank tariff there is none.

    Raises
    ------
    InputError
        pyfixest is not installed (says how to install it), a word out of range, or no sector can be estimated.
    NoConvergence
        the iteration did not settle, and no sector could be estimated; beside others, such a sector is told as failed.
    """
    if values not in SHIFT:
        raise InputError(f"values={values!r}: {' or '.join(SHIFT)}.")
    if errors not in ERRORS:
        raise InputError(f"errors={errors!r}: {', '.join(ERRORS)}.")
    unknown = [e for e in effects if e not in EFFECTS]
    if unknown or not effects:
        which = unknown[0] if unknown else "none"
        raise InputError(f"fixed effects {which!r}{nearest(which, EFFECTS)}; known: {', '.join(EFFECTS)}.")
    _pyfixest()
    found, failed, unsettled = [], {}, False
    for position, sector in enumerate(table.sectors):
        rows = np.flatnonzero(table.sector == position)
        rows, dropped = _usable(table, rows, domestic)
        design = _design(table, rows, effects, domestic)
        keep, out = pruned(design)
        dropped |= out
        design = design.rows(keep)
        why = _hopeless(design)
        if why:
            lost = ", ".join(f"{n} {what}" for what, n in dropped.items())
            failed[sector] = f"{why} (left out: {lost})" if lost else why
            continue
        countries = np.unique(np.concatenate([table.exporter[rows][keep], table.importer[rows][keep]])).size
        try:
            found.append(_estimate(sector, design, dropped, values, errors, countries))
        except (InputError, NoConvergence) as problem:
            failed[sector] = str(problem)
            unsettled |= isinstance(problem, NoConvergence)
    if unsettled and not found:
        raise NoConvergence("; ".join(f"{s}: {why}" for s, why in failed.items()))
    settings = {
        "values": values, "errors": errors, "fixed_effects": list(effects),
        "domestic": "kept" if domestic else "dropped", "controls": list(table.controls),
        "tariffs_read_as": table.tariff_unit,
    }  # fmt: skip
    return finished(Estimation("ppml", f"gravity by PPML from {table.source}", settings, tuple(found), failed))


def pruned(design: Design) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Return which rows carry information, and how many do not: sole members of an effect, effects without any trade.

    An effect with one row fits it exactly; one whose flows are all zero goes to minus infinity, its rows with it. Each
    loss may make another, so this goes on until nothing more falls out (Correia 2015).
    """
    keep = np.ones(design.y.size, dtype=bool)
    lost = {"sole observation of a fixed effect": 0, "all flows of a fixed effect are zero (separated)": 0}
    alone, empty = lost
    while True:
        before = int(keep.sum())
        for labels in design.effects.values():
            for why, weight in ((alone, np.ones_like(design.y)), (empty, design.y)):
                sums = np.bincount(labels[keep], weight[keep], int(labels.max(initial=0)) + 1)
                gone = keep & ((sums[labels] == 1) if why == alone else (sums[labels] == 0))
                lost[why] += int(gone.sum())
                keep &= ~gone
        if int(keep.sum()) == before:
            return keep, {k: v for k, v in lost.items() if v}


def _usable(table: Flows, rows: Index, domestic: bool) -> tuple[Index, dict[str, int]]:
    """Rows with all that is needed, and how many lack what."""
    home = table.exporter[rows] == table.importer[rows]
    tariff = np.where(home & np.isnan(table.tariff[rows]), 0.0, table.tariff[rows])
    reasons = (
        ("domestic", home if not domestic else np.zeros_like(home)),
        ("value not given", np.isnan(table.value[rows])),
        ("tariff not given", np.isnan(tariff)),
        *((f"{c} not given", np.isnan(v[rows])) for c, v in table.controls.items()),
    )
    use = np.ones(rows.size, dtype=bool)
    dropped = {}
    for why, hit in reasons:
        if (use & hit).any():
            dropped[why] = int((use & hit).sum())
        use &= ~hit
    return rows[use], dropped


def _design(table: Flows, rows: Index, effects: Sequence[str], domestic: bool) -> Design:
    n = len(table.countries)
    o, d, year = table.exporter[rows], table.importer[rows], table.year[rows]
    keys = {
        "exporter": o, "importer": d, "year": year, "exporter-year": year * n + o, "importer-year": year * n + d,
        "pair": o * n + d, "pair-symmetric": np.minimum(o, d) * n + np.maximum(o, d),
    }  # fmt: skip
    x = {"tariff": np.log1p(np.nan_to_num(table.tariff[rows]))}
    x |= {f"control{i}": v[rows] for i, v in enumerate(table.controls.values())}
    if domestic and not {"pair", "pair-symmetric"} & set(effects):
        x["border"] = (o != d).astype(float)
    return Design(
        table.value[rows],
        x,
        {f"effect{i}": np.unique(keys[e], return_inverse=True)[1] for i, e in enumerate(dict.fromkeys(effects))},
        {"pair": keys["pair"], "exporter": o, "importer": d},
    )


def _hopeless(design: Design) -> str:
    """Why a sector cannot be estimated, before any library is asked; empty where it may."""
    if design.y.size < 3:
        return f"{design.y.size} observations carry information"
    if np.ptp(design.x["tariff"]) == 0:
        return "tariffs are all the same"
    return ""


def _pyfixest() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pyfixest
    except ImportError:
        raise InputError(
            "estimating by PPML needs the library pyfixest, which is not installed: pip install 'surtax[estimate]'. "
            "The triad estimator (--method triad) needs nothing more."
        ) from None
    return pyfixest


def _estimate(
    sector: str, design: Design, dropped: dict[str, int], values: str, errors: str, countries: int
) -> Estimate:
    # A scale moves the fixed effects alone, and keeps exponentials in range.
    scale = design.y.mean()
    kinds = {"pair": {"CRV1": "pair"}, "country": {"CRV1": "exporter+importer"}, "robust": "hetero"}
    fit = fit_poisson(design, scale, kinds[errors])
    names = [str(c) for c in fit.coef().index]
    if "tariff" not in names:
        raise InputError("the fixed effects and controls leave no variation in tariffs")
    lost = len(design.y) - int(fit._N)
    if lost:
        dropped = {**dropped, "separated by the regressors": lost}
    slope = float(fit.coef()["tariff"])
    error = float(fit.se()["tariff"])
    notes = []
    if len(names) < len(design.x):
        notes.append("controls without variation of their own were left out")
    if not (math.isfinite(error) and error >= 0):
        notes.append(f"no standard error of the kind {errors}: too few clusters")
    theta = -slope + SHIFT[values]
    if theta <= 0:
        notes.append("θ is not positive: the model cannot take it")
    clusters = {
        "pair": np.unique(design.clusters["pair"]).size,
        "country": min(np.unique(design.clusters[c]).size for c in ("exporter", "importer")),
        "robust": int(fit._N),
    }
    known = math.isfinite(error) and error >= 0
    return Estimate(
        sector=sector,
        theta=theta,
        standard_error=error if known else None,
        coefficient=slope,
        standard_errors={errors: error} if known else {},
        observations=int(fit._N),
        countries=countries,
        clusters=int(clusters[errors]),
        dropped=dropped,
        notes=tuple(notes),
    )


def fit_poisson(design: Design, scale: float, kind: Any) -> Any:
    """The fitted regression; pyfixest's warnings are read off its result instead."""
    pyfixest = _pyfixest()
    import pandas as pd

    data = pd.DataFrame({"value": design.y / scale, **design.x, **design.effects, **design.clusters})
    formula = f"value ~ {' + '.join(design.x)} | {' + '.join(design.effects)}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = pyfixest.fepois(
                formula,
                data=data,
                vcov=kind,
                # (n − 1)/(n − k) · G/(G − 1), k without effects that the clusters hold; singletons are gone already.
                ssc=pyfixest.ssc(k_adj=True, k_fixef="nonnested", G_adj=True),
                fixef_rm="none",
                separation_check=["fe", "ir"],
                iwls_tol=TOLERANCE,
                iwls_maxiter=ITERATIONS,
            )
    except (ValueError, np.linalg.LinAlgError) as problem:
        text = " ".join(str(problem).split())
        if "collinear" in text:
            raise InputError("the fixed effects leave no variation in tariffs") from None
        if "Demeaning failed" in text:
            raise NoConvergence(UNSETTLED.format(what="taking out the fixed effects")) from None
        raise InputError(f"pyfixest: {text}") from None
    # The library returns the last step of an iteration that did not settle, and says so in this flag alone.
    if not fit.convergence:
        raise NoConvergence(UNSETTLED.format(what=f"PPML after {ITERATIONS} steps"))
    return fit
