"""The triad estimator of Caliendo & Parro (2015, Review of Economic Studies 82(1), eq. 23).

For three countries n, i, h in a sector, with X_ni what n buys from i and τ = 1 + t,

    ln (X_ni X_ih X_hn / X_in X_hi X_nh) = −θ ln (τ_ni τ_ih τ_hn / τ_in τ_hi τ_nh) + ε

without a constant. Whatever is the exporter's, the importer's, or the same in both directions of a pair cancels. With
A_ni = ln X_ni − ln X_in both sides are sums around the triangle, y = A_ni + A_ih + A_hn; turning round changes both
signs, so each set of three counts once.

Triads are not independent: a pair stands in N − 2 of them, a country in half of (N − 1)(N − 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from surtax.errors import InputError
from surtax.estimation.result import SHIFT, Estimate, Estimation, finished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from surtax.estimation.table import Flows

    Array = NDArray[np.float64]
    Index = NDArray[np.intp]

ERRORS = ("pair", "country", "bootstrap", "robust")
# A tariff side below this is what is left of logarithms that cancel.
NOTHING = 1e-12
FEWEST = 3


class Triads(NamedTuple):
    """Observations of one sector.

    members [t, 3] positions of countries, y [t] trade side, x [t] tariff side; sides [t, 3] positions among the pairs
    (o, d), (d, h) and (o, h) of each triad, the last of which counts with a minus.
    Pairs: pair [p, 3] two countries and the year, a [p] their A, duty [p] the same of ln(1 + t).
    """

    members: Index
    y: Array
    x: Array
    sides: Index
    pair: Index
    a: Array
    duty: Array


def triad(
    table: Flows,
    *,
    values: str = "duty-paid",
    errors: str = "pair",
    trim: float = 0.0,
    replications: int = 499,
    seed: int = 0,
) -> Estimation:
    """Estimate θ by sector from triads.

    Parameters
    ----------
    values : "duty-paid" (θ is minus the coefficient, as the authors read it) or "before-duty" (minus one more).
    errors : "pair" allows for triads that share a pair of countries, "country" (a jackknife) and "bootstrap" (countries
        drawn with replacement) for any that share a country, "robust" takes triads as independent, as in the paper.
    trim : per cent of a sector's trade; its smallest countries that together trade no more are left out (the paper's
        99 % and 97.5 % samples are 1 and 2.5).
    replications, seed : of the bootstrap.

    Raises
    ------
    InputError
        a word or number out of range, or no sector can be estimated.
    """
    if values not in SHIFT:
        raise InputError(f"values={values!r}: {' or '.join(SHIFT)}.")
    if errors not in ERRORS:
        raise InputError(f"errors={errors!r}: {', '.join(ERRORS)}.")
    if not 0 <= trim < 100:
        raise InputError(f"trim={trim}: per cent of a sector's trade, from 0 to below 100.")
    if replications < 2:
        raise InputError(f"replications={replications}: at least two.")
    found, failed = [], {}
    foreign = table.exporter != table.importer
    for position, sector in enumerate(table.sectors):
        rows = np.flatnonzero((table.sector == position) & foreign)
        kept, out = _trimmed(table, rows, trim)
        triads, dropped = observations(table, kept)
        if out:
            dropped["countries trimmed"] = len(out)
        if triads.x.size < FEWEST:
            reasons = ", ".join(f"{n} {why}" for why, n in dropped.items())
            failed[sector] = f"{triads.x.size} triads can be used ({reasons or 'fewer than three countries'})"
            continue
        notes = (f"left out as smallest: {', '.join(out)}",) if out else ()
        found.append(_estimate(sector, triads, dropped, values, errors, (replications, seed), notes))
    settings = {
        "values": values, "errors": errors, "trim_percent": trim, "tariffs_read_as": table.tariff_unit,
        **({"replications": replications, "seed": seed} if errors == "bootstrap" else {}),
    }  # fmt: skip
    source = f"triads (Caliendo & Parro 2015, eq. 23) from {table.source}"
    rows_out = {"domestic": int((~foreign).sum())}
    return finished(
        Estimation("triad", source, settings, tuple(found), failed, {k: v for k, v in rows_out.items() if v})
    )


def observations(table: Flows, rows: Index) -> tuple[Triads, dict[str, int]]:
    """Return a sector's triads from its rows, and how many fall out, by the first reason that applies."""
    n = len(table.countries)
    present = np.unique(np.concatenate([table.exporter[rows], table.importer[rows]]))
    local = np.zeros(n, dtype=np.intp)
    local[present] = np.arange(present.size)
    corners = triples(present.size)
    dropped: dict[str, int] = {}
    parts: list[Triads] = []
    for year in np.unique(table.year[rows]):
        at = rows[table.year[rows] == year]
        # Rows are importers, columns exporters.
        trade, duty = np.full((2, present.size, present.size), np.nan)
        d, o = local[table.importer[at]], local[table.exporter[at]]
        trade[d, o], duty[d, o] = table.value[at], table.tariff[at]
        with np.errstate(divide="ignore"):
            y, x = (around(np.log(m), corners) for m in (trade, 1 + duty))
        reasons = (
            ("a flow is missing", np.isnan(around(trade, corners))),
            ("a flow is zero", ~np.isfinite(y)),
            ("a tariff is missing", np.isnan(x)),
            ("tariffs cancel: no information", np.abs(x) < NOTHING),
        )
        use = np.ones(len(corners), dtype=bool)
        for why, hit in reasons:
            count = int((use & hit).sum())
            if count:
                dropped[why] = dropped.get(why, 0) + count
            use &= ~hit
        parts.append(_triads(corners[use], present, int(year), np.log(np.where(trade > 0, trade, 1)), np.log1p(duty)))
    if not parts:
        parts = [_triads(corners[:0], present, 0, np.zeros((0, 0)), np.zeros((0, 0)))]
    shift = np.cumsum([0, *(p.a.size for p in parts)])
    parts = [p._replace(sides=p.sides + at) for p, at in zip(parts, shift, strict=False)]
    return Triads(*(np.concatenate(p) for p in zip(*parts, strict=True))), dropped


def _triads(corners: Index, present: Index, year: int, trade: Array, duty: Array) -> Triads:
    """One year's triads from logarithms [importer, exporter] that are known for all their sides."""
    n = present.size
    i, j, k = corners.T
    keys, sides = np.unique(np.stack([i * n + j, j * n + k, i * n + k], axis=1), return_inverse=True)
    sides = sides.reshape(-1, 3)
    one, two = np.divmod(keys, max(n, 1))
    a, t = trade[one, two] - trade[two, one], duty[one, two] - duty[two, one]
    y, x = (side[sides[:, 0]] + side[sides[:, 1]] - side[sides[:, 2]] for side in (a, t))
    pair = np.stack([present[one], present[two], np.full(one.size, year)], axis=1)
    return Triads(present[corners], y, x, sides, pair, a, t)


def triples(n: int) -> Index:
    """Return every i < j < k below n, [t, 3]."""
    i, j = np.triu_indices(n, 1)
    count = n - 1 - j
    at = np.repeat(np.arange(j.size), count)
    k = np.arange(at.size) - np.repeat(np.cumsum(count) - count, count) + j[at] + 1
    return np.stack([i[at], j[at], k], axis=1).astype(np.intp)


def around(m: Array, corners: Index) -> Array:
    """Return m_ni + m_ih + m_hn − (m_in + m_hi + m_nh) [t] for triples (n, i, h) of a matrix [importer, exporter]."""
    with np.errstate(invalid="ignore"):
        a = m - m.T
        i, j, k = corners.T
        total: Array = a[i, j] + a[j, k] + a[k, i]
    return total


def standard_errors(triads: Triads, slope: float) -> dict[str, float]:
    """Return standard errors of the slope, {kind: value}; one that cannot be had is not there.

    robust : √Σ(xu)² / Σx² · √(n/(n − 1)), triads independent (the paper's). Too small: a pair stands in many triads.
    pair : the slope is Σ w_p A_p over pairs. √(Σ (w_p e_p)² · P/(P − G)), with e the residuals of A_p − b duty_p on
        effects of the countries (by year), which triads cannot see, P pairs, G countries; over years a pair's products
        add up first. Right where shocks to pairs are independent.
    country : the delete-one-country jackknife, (G − 1)/G Σ (b without c − mean)²: any dependence within a country.
        Too large where only pairs are shared, since each pair is then left out twice.
    """
    x, n = triads.x, triads.x.size
    score, power = x * (triads.y - slope * x), float(x @ x)
    found = {"robust": np.sqrt(float(score @ score) * n / (n - 1)) / power}
    weight = sum(np.bincount(triads.sides[:, c], s * x, triads.a.size) for c, s in enumerate((1, 1, -1))) / power
    product = weight * without_effects(triads.a - slope * triads.duty, triads.pair)
    at = np.unique(triads.pair[:, :2], axis=0, return_inverse=True)[1].ravel()
    sums = np.bincount(at, product)
    countries, of = np.unique(triads.members, return_inverse=True)
    P, G = sums.size, countries.size
    if P > G:
        found["pair"] = np.sqrt(float(sums @ sums) * P / (P - G))
    of = of.reshape(-1, 3).T.ravel()
    without = power - np.bincount(of, np.tile(x * x, 3))
    if G > 3 and (without > NOTHING).all():
        slopes = -np.bincount(of, np.tile(score, 3)) / without  # less the slope itself
        found["country"] = np.sqrt((G - 1) / G * float(((slopes - slopes.mean()) ** 2).sum()))
    return {kind: float(v) for kind, v in found.items()}


def without_effects(a: Array, pair: Index) -> Array:
    """Return the residuals of a_od on α_o − α_d, year by year, by least squares; a [p], pair [p, 3] as in `Triads`."""
    rest = np.array(a)
    for year in np.unique(pair[:, 2]):
        at = np.flatnonzero(pair[:, 2] == year)
        names, ends = np.unique(pair[at, :2], return_inverse=True)
        o, d = ends.reshape(-1, 2).T
        normal = np.zeros((names.size, names.size))
        np.add.at(normal, (o, d), -1.0)
        normal += normal.T
        np.fill_diagonal(normal, -normal.sum(axis=1))
        moved = np.bincount(o, a[at], names.size) - np.bincount(d, a[at], names.size)
        # The level of α is free, in each set of countries that pairs connect.
        alpha = np.linalg.lstsq(normal, moved, rcond=None)[0]
        rest[at] -= alpha[o] - alpha[d]
    return rest


def bootstrap(triads: Triads, replications: int, seed: int) -> float:
    """Return the standard deviation of the slope over samples of countries with replacement.

    A triad weighs the product of its three countries' numbers of draws; samples without an informative triad are drawn
    anew.
    """
    names, at = np.unique(triads.members, return_inverse=True)
    at = at.reshape(-1, 3)
    rng = np.random.default_rng(seed)
    xy, xx = triads.x * triads.y, triads.x**2
    slopes: list[float] = []
    for _ in range(20 * replications):
        times = np.bincount(rng.integers(names.size, size=names.size), minlength=names.size)
        weight = times[at].prod(axis=1)
        if weight @ xx > 0:
            slopes.append(float(weight @ xy / (weight @ xx)))
        if len(slopes) == replications:
            break
    return float(np.std(slopes, ddof=1))


def _estimate(
    sector: str,
    triads: Triads,
    dropped: dict[str, int],
    values: str,
    errors: str,
    boot: tuple[int, int],
    notes: Sequence[str],
) -> Estimate:
    slope = float(triads.x @ triads.y / (triads.x @ triads.x))
    countries = np.unique(triads.members).size
    kinds = standard_errors(triads, slope)
    if errors == "bootstrap":
        kinds["bootstrap"] = bootstrap(triads, *boot)
    said = list(notes)
    if errors not in kinds:
        said.append(f"no standard error of the kind {errors} with {countries} countries and {triads.x.size} triads")
    theta = -slope + SHIFT[values]
    if theta <= 0:
        said.append("θ is not positive: the model cannot take it")
    return Estimate(
        sector=sector,
        theta=theta,
        standard_error=kinds.get(errors),
        coefficient=slope,
        standard_errors=kinds,
        observations=triads.x.size,
        countries=countries,
        clusters=_clusters(triads, errors),
        dropped=dropped,
        notes=tuple(said),
    )


def _clusters(triads: Triads, errors: str) -> int:
    if errors == "robust":
        return triads.x.size
    if errors == "pair":
        return len(np.unique(triads.pair[:, :2], axis=0))
    return np.unique(triads.members).size


def _trimmed(table: Flows, rows: Index, trim: float) -> tuple[Index, list[str]]:
    """Rows without the smallest countries that together hold at most `trim` per cent of the sector's trade."""
    if trim == 0 or rows.size == 0:
        return rows, []
    n = len(table.countries)
    value = np.nan_to_num(table.value[rows])
    size = np.bincount(table.exporter[rows], value, n) + np.bincount(table.importer[rows], value, n)
    present = np.unique(np.concatenate([table.exporter[rows], table.importer[rows]]))
    order = present[np.argsort(size[present], kind="stable")]
    small = order[np.cumsum(size[order]) <= trim / 100 * size.sum()]
    keep = ~(np.isin(table.exporter[rows], small) | np.isin(table.importer[rows], small))
    return rows[keep], sorted(table.countries[c] for c in small)
