"""The triad estimator: exact recovery, invariance, a slow reference, Monte Carlo, and the authors' own data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surtax.errors import InputError
from surtax.estimation import triad
from surtax.estimation.triad import triples
from tests.estimation.data import gravity
from tests.reference.published import NoReplicationData, folder


def slow(table, sector=0, year=0):
    """(ln X side, ln τ side, members, year) by the paper's eq. 23, one triple at a time, from dictionaries."""
    X, tau = {}, {}
    for o, d, s, y, v, t in zip(
        table.exporter, table.importer, table.sector, table.year, table.value, table.tariff, strict=True
    ):
        if s == sector and y == year and o != d:
            X[d, o], tau[d, o] = v, 1 + t  # X_ni: what n buys from i
    found = []
    names = sorted({c for pair in X for c in pair})
    for a, n in enumerate(names):
        for b, i in enumerate(names[a + 1 :], a + 1):
            for h in names[b + 1 :]:
                ring, back = [(n, i), (i, h), (h, n)], [(i, n), (h, i), (n, h)]
                if any(not X.get(p, 0) > 0 or not np.isfinite(tau.get(p, np.nan)) for p in ring + back):
                    continue
                ln_x = np.log(np.prod([X[p] for p in ring]) / np.prod([X[p] for p in back]))
                ln_tau = np.log(np.prod([tau[p] for p in ring]) / np.prod([tau[p] for p in back]))
                found.append((ln_x, ln_tau, (n, i, h), year))
    return found


@pytest.mark.parametrize("years", [1, 3])
def test_without_noise_theta_is_recovered_to_rounding(years):
    found = triad(gravity(noise=0, theta=(5.0, 2.5, 12.0), years=years))
    for e, theta in zip(found.estimates, (5.0, 2.5, 12.0), strict=True):
        assert e.theta == pytest.approx(theta, rel=1e-10)  # logarithms of values over ten orders of magnitude
        assert e.standard_error == pytest.approx(0, abs=1e-10)
        assert e.observations == 364 * years  # 14 over 3
        assert (e.countries, e.clusters) == (14, 91)


def test_values_before_duty_give_one_more():
    """X before duty is what the buyer pays over 1 + t: its coefficient is −(θ + 1)."""
    table = gravity(noise=0, before_duty=True)
    assert triad(table, values="before-duty").estimates[0].theta == pytest.approx(5, rel=1e-10)
    assert triad(table).estimates[0].theta == pytest.approx(6, rel=1e-10)


@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 3))
@settings(max_examples=25)
def test_effects_of_exporters_importers_and_pairs_cancel(seed, scale):
    """Any exporter effect, importer effect and symmetric pair effect leaves estimate and errors as they are."""
    table = gravity(seed, countries=7)
    rng = np.random.default_rng(seed + 1)
    a, b = rng.normal(scale=scale, size=(2, 7))
    both = rng.normal(scale=scale, size=(7, 7))
    moved = replace(
        table,
        value=table.value
        * np.exp(a[table.exporter] + b[table.importer] + (both + both.T)[table.exporter, table.importer]),
    )
    one, two = triad(table).estimates[0], triad(moved).estimates[0]
    assert two.theta == pytest.approx(one.theta, rel=1e-9, abs=1e-9)  # rounding of logarithms, over Σx² of order one
    assert two.standard_errors == pytest.approx(one.standard_errors, rel=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_names_and_order_do_not_matter(seed):
    table = gravity(seed, countries=6)
    rng = np.random.default_rng(seed)
    names, rows = rng.permutation(6), rng.permutation(len(table))
    other = replace(
        table, exporter=names[table.exporter][rows], importer=names[table.importer][rows],
        sector=table.sector[rows], year=table.year[rows], value=table.value[rows], tariff=table.tariff[rows],
    )  # fmt: skip
    one, two = triad(table).estimates[0], triad(other).estimates[0]
    assert two.theta == pytest.approx(one.theta, rel=1e-9)
    assert two.standard_errors == pytest.approx(one.standard_errors, rel=1e-6)


@pytest.mark.parametrize("years", [1, 2])
def test_against_the_slow_reference(years):
    """Slope, and the three variances by their double sums over triads, with holes and zeros in the data."""
    table = gravity(3, countries=8, years=years, zeros=0.03, missing=(5, 17))
    rows = [r for year in range(years) for r in slow(table, year=year)]
    y, x = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    members = [set(r[2]) for r in rows]
    countries = len(set().union(*members))
    slope = (x @ y) / (x @ x)
    e = triad(table).estimates[0]
    assert e.observations == len(rows)
    assert e.theta == pytest.approx(-slope, rel=1e-10)
    score, n = x * (y - slope * x), len(x)
    power = x @ x
    assert e.standard_errors["robust"] == pytest.approx(np.sqrt(score @ score * n / (n - 1)) / power, rel=1e-10)
    # each pair's weight in the slope, and its residual from a regression on dummies for countries by year
    places = {}
    for m, row in zip(x, rows, strict=True):
        for sign, pair in ((1, row[2][:2]), (1, row[2][1:]), (-1, row[2][::2])):
            places.setdefault((*pair, row[3]), []).append(sign * m / power)
    cells = {(table.importer[r], table.exporter[r], table.year[r]): r for r in range(len(table))}
    there = [(cells[i, j, t], cells[j, i, t]) for i, j, t in places]
    A, tau = (
        np.array([np.log(v[r] / v[q]) for r, q in there]) for v in (table.value, 1 + table.tariff)
    )  # fmt: skip
    dummies = np.zeros((len(places), 8 * years))
    for p, (i, j, t) in enumerate(places):
        dummies[p, 8 * t + i], dummies[p, 8 * t + j] = 1, -1
    net = A - slope * tau
    residual = net - dummies @ np.linalg.lstsq(dummies, net, rcond=None)[0]
    sums = {}
    for (i, j, _), w, r in zip(places, places.values(), residual, strict=True):
        sums[i, j] = sums.get((i, j), 0) + sum(w) * r
    variance = sum(v**2 for v in sums.values()) * len(sums) / (len(sums) - countries)
    assert e.standard_errors["pair"] == pytest.approx(np.sqrt(variance), rel=1e-9)
    left = []
    for c in set().union(*members):
        keep = np.array([c not in m for m in members])
        left.append(x[keep] @ y[keep] / (x[keep] @ x[keep]))
    jack = (countries - 1) / countries * ((left - np.mean(left)) ** 2).sum()
    assert e.standard_errors["country"] == pytest.approx(np.sqrt(jack), rel=1e-9)
    assert sum(e.dropped.values()) + e.observations == 56 * years  # 8 over 3, none lost without a reason


def test_complete_triads_are_a_regression_of_pairs_on_country_effects():
    """The slope equals that of A_od = ln X_od − ln X_do on its tariff counterpart with an effect for each country."""
    table = gravity(9, countries=9)
    X, T = np.ones((2, 9, 9))
    X[table.exporter, table.importer], T[table.exporter, table.importer] = table.value, 1 + table.tariff
    o, d = np.triu_indices(9, 1)
    A, L = (np.log(M)[o, d] - np.log(M).T[o, d] for M in (X, T))
    effects = np.zeros((o.size, 9))
    effects[np.arange(o.size), o], effects[np.arange(o.size), d] = 1, -1
    coefficient = np.linalg.lstsq(np.column_stack([L, effects]), A, rcond=None)[0][0]
    assert triad(table).estimates[0].coefficient == pytest.approx(coefficient, rel=1e-9)


def test_monte_carlo_theta_is_unbiased_and_its_errors_cover():
    """200 draws of 14 countries, θ = 5. The mean lies within 4 of its standard errors; the pair error covers 95 %: 200
    draws put coverage at ±3 standard deviations, √(0.95·0.05/200) = 1.5 points each, less two for the few clusters. Robust errors
    of triads, as in the paper, are half of what they should be, and those by country too large."""
    found = [triad(gravity(seed)).estimates[0] for seed in range(200)]
    theta = np.array([e.theta for e in found])
    spread = theta.std(ddof=1)
    assert abs(theta.mean() - 5) < 4 * spread / 200**0.5
    errors = {kind: np.array([e.standard_errors[kind] for e in found]) for kind in ("pair", "country", "robust")}
    cover = {kind: np.mean(np.abs(theta - 5) < 1.96 * se) for kind, se in errors.items()}
    assert 0.95 - 0.065 < cover["pair"] <= 0.995
    assert errors["robust"].mean() < 0.6 * spread
    assert cover["robust"] < 0.8
    assert errors["country"].mean() > 1.2 * spread
    # what the docs say of it
    means, covers = (
        [f(k) for k in ("pair", "country", "robust")] for f in (lambda k: errors[k].mean(), lambda k: cover[k])
    )
    text = " ".join((Path(__file__).parents[2] / "docs/models/estimation.md").read_text(encoding="utf-8").split())
    said = (
        f"the estimates scatter by {spread:.2f}; the mean errors are {means[0]:.2f} by pair, {means[1]:.2f} by country and "
        f"{means[2]:.2f} robust, and intervals of 1.96 of them hold θ in {100 * covers[0]:.0f}, {100 * covers[1]:.0f} and "
        f"{100 * covers[2]:.0f} % of the tables"
    )
    assert said in text, said


def test_the_bootstrap_agrees_with_the_jackknife():
    """Both draw whole countries: the same order of error; 499 draws give a standard deviation to some 3 %, and samples
    with repeated countries have fewer triads, which makes the bootstrap the larger one."""
    e = triad(gravity(2, countries=20), errors="bootstrap", seed=1).estimates[0]
    assert e.standard_error == e.standard_errors["bootstrap"]
    assert 0.7 < e.standard_errors["bootstrap"] / e.standard_errors["country"] < 1.6
    again = triad(gravity(2, countries=20), errors="bootstrap", seed=1).estimates[0]
    assert again.standard_error == e.standard_error


def test_what_falls_out_is_counted():
    table = gravity(1, countries=6)
    value, tariff = table.value.copy(), table.tariff.copy()

    def row(o, d):
        return np.flatnonzero((table.exporter == o) & (table.importer == d))[0]

    value[row(0, 1)] = 0  # four of twenty triads hold 0 and 1
    value[row(2, 3)] = np.nan  # four hold 2 and 3, none of which holds 0 and 1 both
    tariff[row(1, 4)] = np.nan  # four hold 1 and 4: with 0, which is gone; with 2, 3 and 5
    e = triad(replace(table, value=value, tariff=tariff)).estimates[0]
    assert e.dropped == {"a flow is zero": 4, "a flow is missing": 4, "a tariff is missing": 3}
    assert e.observations == 9


def test_tariffs_that_cancel_give_no_information():
    """MFN tariffs of importers alone cancel in every triad: nothing can be estimated, and this is said."""
    table = gravity(1, countries=6)
    mfn = np.linspace(0, 0.25, 6)[table.importer]
    with pytest.raises(InputError, match=r"S0: 0 triads can be used \(20 tariffs cancel: no information"):
        triad(replace(table, tariff=mfn))


def test_trimming_leaves_out_the_smallest():
    table = gravity(4, countries=8)
    value = table.value * np.where((table.exporter == 3) | (table.importer == 3), 1e-6, 1)
    e = triad(replace(table, value=value), trim=1.0).estimates[0]
    assert e.countries == 7
    assert e.dropped["countries trimmed"] == 1
    assert "left out as smallest: K03" in e.notes
    assert triad(replace(table, value=value)).estimates[0].countries == 8


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"errors": "cluster"}, "pair, country, bootstrap, robust"),
        ({"values": "net"}, "duty-paid or before-duty"),
        ({"trim": 100}, "below 100"),
        ({"trim": -1}, "below 100"),
        ({"replications": 1}, "at least two"),
    ],
)
def test_bad_words(kwargs, message):
    with pytest.raises(InputError, match=message):
        triad(gravity(), **kwargs)


def test_triples():
    from itertools import combinations

    for n in range(9):
        assert triples(n).tolist() == [list(c) for c in combinations(range(n), 3)]


def test_few_countries():
    """Three countries have one triad, and nothing to tell an error from; four have four, and six pairs."""
    with pytest.raises(InputError, match="1 triads can be used"):
        triad(gravity(0, countries=3))
    e = triad(gravity(0, countries=4)).estimates[0]
    assert (e.observations, e.clusters) == (4, 6)
    assert e.standard_errors["pair"] > e.standard_errors["robust"] > 0


# --- the authors' own data ---

COUNTRIES = [
    "ARG",
    "AUS",
    "AUT",
    "BRA",
    "CAN",
    "CHL",
    "CHN",
    "DNK",
    "FIN",
    "FRA",
    "DEU",
    "GRC",
    "HUN",
    "IND",
    "IDN",
    "IRL",
    "ITA",
    "JPN",
    "KOR",
    "MEX",
    "NLD",
    "NZL",
    "NOR",
    "PRT",
    "ZAF",
    "ESP",
    "SWE",
    "TUR",
    "GBR",
    "USA",
    "ROW",
]
UNION = ["AUT", "DNK", "FIN", "FRA", "DEU", "GRC", "IRL", "ITA", "NLD", "PRT", "ESP", "SWE", "GBR"]
#: theirs but for Switzerland, Colombia and Thailand, which the file has not
SAMPLE = [[c] for c in ["ARG", "AUS", "CAN", "CHL", "CHN", "IND", "IDN", "JPN", "KOR", "NZL", "NOR", "USA"]] + [UNION]
#: Table 1, full sample: θ and standard error
PUBLISHED = [
    (8.11, 1.86), (15.72, 2.76), (2.55, 0.61), (5.56, 1.14), (10.83, 2.53), (9.07, 1.69), (51.08, 18.05), (4.75, 1.77),
    (1.66, 1.41), (2.76, 1.44), (7.99, 2.53), (4.30, 2.15), (1.52, 1.81), (12.79, 2.14), (10.60, 1.38), (7.07, 1.72),
    (8.98, 1.25), (1.01, 0.80), (0.37, 1.08), (5.00, 0.92),
]  # fmt: skip


def caliendo_parro():
    """X, t [s, importer, exporter] of 1993."""
    try:
        at = folder("cp2015")
    except NoReplicationData as missing:
        pytest.skip(str(missing))
    return (np.loadtxt(at / f"{n}1993.txt").reshape(20, 31, 31) / u for n, u in (("xbilat", 1), ("tariffs", 100)))


def as_table(X, t):
    s, d, o = (a.ravel() for a in np.indices(X.shape))
    return replace(
        gravity(0), countries=tuple(f"{i:02d}" for i in range(X.shape[1])), sectors=tuple(f"{i:02d}" for i in range(20)),
        years=("1993",), exporter=o, importer=d, sector=s, year=np.zeros_like(s), value=X.ravel(), tariff=t.ravel(),
    )  # fmt: skip


def test_on_the_31_economies_of_caliendo_and_parros_model():
    """Zeros, missing pairs and cancelling tariffs of real data, against the slow reference."""
    X, t = caliendo_parro()
    table = as_table(X, t)
    found = triad(table)
    assert found.dropped == {"domestic": 20 * 31}
    assert len(found.estimates) == 20
    for sector in (6, 17):  # petroleum, which has the most zeros, and autos
        rows = slow(table, sector)
        y, x = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
        e = found.estimates[sector]
        assert e.theta == pytest.approx(-(x @ y) / (x @ x), rel=1e-9)
        assert e.observations == (np.abs(x) > 1e-12).sum()
        assert e.observations + sum(e.dropped.values()) == 4495  # 31 over 3


def test_caliendo_and_parros_table_1_as_a_comparator():
    """Thirteen of their sixteen economies, with the EU made one from its members (flows added, tariffs weighted by them).

    They had sixteen, tariffs at four digits with gaps filled from other years, and the EU's own statistics. Nothing is
    fitted to their table; but both are estimates of one θ from nearly the same flows, so a published value further off
    than three combined standard errors (their robust ones, ours by pair) would say that the estimator is another one.
    The odds against any of twenty by chance are one in twenty; shared data make them longer.
    """
    X, t = caliendo_parro()
    at = [[COUNTRIES.index(c) for c in group] for group in SAMPLE]
    joined, duty = np.zeros((2, 20, 13, 13))
    for p, d in enumerate(at):
        for q, o in enumerate(at):
            cell = np.ix_(range(20), d, o)
            joined[:, p, q] = X[cell].sum(axis=(1, 2))
            weighted = (X[cell] * t[cell]).sum(axis=(1, 2))
            plain = t[cell].mean(axis=(1, 2))
            duty[:, p, q] = np.where(
                joined[:, p, q] > 0, weighted / np.where(joined[:, p, q] > 0, joined[:, p, q], 1), plain
            )
    found = triad(as_table(joined, duty))
    for e, (theta, error) in zip(found.estimates, PUBLISHED, strict=True):
        assert abs(e.theta - theta) < 3 * np.hypot(error, e.standard_errors["pair"]), e.sector
        assert e.standard_errors["robust"] < e.standard_errors["pair"]
