"""Gravity by PPML: exact recovery, a slow reference, Monte Carlo, invariance, and what falls out."""

from __future__ import annotations

import builtins
from dataclasses import replace

import numpy as np
import pytest

from surtax.errors import InputError
from surtax.estimation import ppml
from surtax.estimation.ppml import Design, pruned
from tests.estimation.data import gravity

pytest.importorskip("pyfixest", reason="PPML needs pyfixest, the extra `estimate`")


def slow_ppml(y, X, clusters, k, steps=500):
    """Newton's method with every dummy written out: (coefficients, covariance clustered by each key, two-way if two).

    Covariance times G/(G − 1) and (n − 1)/(n − k).
    """
    mu = (y + y.mean()) / 2
    eta = np.log(mu)
    for _ in range(steps):
        w = np.sqrt(mu)
        beta = np.linalg.lstsq(X * w[:, None], w * (eta + y / mu - 1), rcond=None)[0]
        new = X @ beta
        done = np.abs(new - eta).max() < 1e-13
        eta, mu = new, np.exp(new)
        if done:
            break
    bread = np.linalg.pinv(X.T @ (X * mu[:, None]))
    n = len(y)

    def meat(key):
        at = np.unique(key, return_inverse=True)[1]
        sums = np.zeros((at.max() + 1, X.shape[1]))
        np.add.at(sums, at, X * (y - mu)[:, None])
        return sums.T @ sums, at.max() + 1

    pieces = [meat(c) for c in clusters]
    if len(pieces) == 1:
        total, G = pieces[0]
    else:  # two ways: one, plus the other, less both (Cameron, Gelbach & Miller 2011), with the smaller number of clusters
        both = meat(clusters[0] * (clusters[1].max() + 1) + clusters[1])
        total, G = pieces[0][0] + pieces[1][0] - both[0], min(pieces[0][1], pieces[1][1])
    return beta, bread @ total @ bread * (G / (G - 1)) * ((n - 1) / (n - k))


def dummies(*keys):
    columns = []
    for key in keys:
        at = np.unique(key, return_inverse=True)[1]
        columns.append(np.eye(at.max() + 1)[at])
    return np.column_stack(columns)


@pytest.mark.parametrize("years", [1, 2])
def test_without_noise_theta_is_recovered(years):
    found = ppml(gravity(noise=0, theta=(5.0, 2.5), years=years, countries=8))
    for e, theta in zip(found.estimates, (5.0, 2.5), strict=True):
        assert e.theta == pytest.approx(theta, rel=1e-6)  # where iteration stops: 1e-10 of the deviance
        assert e.observations == 56 * years
        assert (e.countries, e.clusters) == (8, 56)


def test_values_before_duty_give_one_more():
    table = gravity(noise=0, before_duty=True, countries=8)
    assert ppml(table, values="before-duty").estimates[0].theta == pytest.approx(5, rel=1e-6)
    assert ppml(table).estimates[0].theta == pytest.approx(6, rel=1e-6)


@pytest.mark.parametrize("errors", ["pair", "country", "robust"])
def test_against_the_slow_reference(errors):
    """With zeros, a control and two years; estimate and error to what the iteration leaves."""
    table = gravity(5, countries=7, years=2, zeros=0.1, controls=True, beta=-1.0)
    e = ppml(table, errors=errors).estimates[0]
    o, d = table.year * 7 + table.exporter, table.year * 7 + table.importer
    X = np.column_stack([np.log1p(table.tariff), table.controls["distance"], dummies(o, d)])
    pair = table.exporter * 7 + table.importer
    clusters = {"pair": [pair], "country": [table.exporter, table.importer], "robust": [np.arange(len(table))]}[errors]
    # fixest's count: two slopes, and 14 + 14 effects less one; effects that clusters hold (exporters by year within
    # exporters, importers likewise) count as one together
    k = 3 if errors == "country" else 2 + 27
    beta, covariance = slow_ppml(table.value, X, clusters, k)
    assert e.coefficient == pytest.approx(beta[0], rel=1e-6)
    expected = np.sqrt(covariance[0, 0])
    assert e.standard_error == pytest.approx(expected, rel=1e-5)
    assert e.observations == len(table)


def test_pair_effects_use_years_alone():
    """With effects of pairs a constant trade cost of each pair, however asymmetric, changes nothing."""
    table = gravity(6, countries=6, years=3)
    pairs = np.random.default_rng(0).normal(size=(6, 6))
    effects = ("exporter-year", "importer-year", "pair")
    one = ppml(table, effects=effects).estimates[0]
    two = ppml(replace(table, value=table.value * np.exp(pairs[table.exporter, table.importer])), effects=effects)
    # another objective, with weights of its own: the estimates are alike, not equal
    assert abs(two.estimates[0].theta - one.theta) < 3 * max(one.standard_error, two.estimates[0].standard_error)
    flat = ppml(replace(gravity(6, countries=6, years=3, noise=0), value=gravity(6, countries=6, years=3, noise=0).value
                * np.exp(pairs[table.exporter, table.importer])), effects=effects)  # fmt: skip
    assert flat.estimates[0].theta == pytest.approx(5, rel=1e-6)


def test_effects_of_exporters_and_importers_cancel():
    """Poisson's first-order conditions absorb whatever is multiplicative by exporter or importer only if it is fitted
    again; without noise that is exact."""
    table = gravity(7, countries=8, noise=0)
    rng = np.random.default_rng(3)
    a, b = rng.normal(scale=2, size=(2, 8))
    moved = replace(table, value=table.value * np.exp(a[table.exporter] + b[table.importer]))
    assert ppml(moved).estimates[0].theta == pytest.approx(5, rel=1e-6)


def test_the_currency_does_not_matter():
    table = gravity(8, countries=8)
    one, two = (ppml(replace(table, value=table.value * f)).estimates[0] for f in (1, 1e9))
    assert two.theta == pytest.approx(one.theta, rel=1e-9)
    assert two.standard_error == pytest.approx(one.standard_error, rel=1e-9)


def test_monte_carlo():
    """40 draws of 20 countries, θ = 5: the mean within 4 of its standard errors. Errors by pair are known to be too small in
    samples like this (Pfaffermayr 2019); they are at least half of the spread, and this is said in the docs."""
    found = [ppml(gravity(seed, countries=20)).estimates[0] for seed in range(40)]
    theta = np.array([e.theta for e in found])
    spread = theta.std(ddof=1)
    assert abs(theta.mean() - 5) < 4 * spread / 40**0.5
    # 40 draws give the spread to 11 per cent (one standard deviation)
    assert 0.5 < np.mean([e.standard_error for e in found]) / spread < 1.25


# --- what falls out ---


def test_pruning_goes_on_until_nothing_falls_out():
    """Row 0 is alone in a; without it row 1 is alone in b; the group c of b is all zeros."""
    design = Design(
        y=np.array([1.0, 1, 2, 3, 0, 0, 4, 5]),
        x={"tariff": np.arange(8.0)},
        effects={"e": np.array([0, 1, 1, 1, 1, 2, 2, 2]), "f": np.array([1, 1, 0, 0, 3, 3, 0, 0])},
        clusters={},
    )
    keep, lost = pruned(design)
    assert keep.tolist() == [False, False, True, True, False, False, True, True]
    assert lost == {
        "sole observation of a fixed effect": 2,
        "all flows of a fixed effect are zero (separated)": 2,
    }


def test_countries_that_sell_nothing_are_separated_and_zeros_kept():
    table = gravity(1, countries=8, zeros=0.2)
    value = np.where(table.exporter == 2, 0, table.value)
    e = ppml(replace(table, value=value)).estimates[0]
    assert e.dropped == {"all flows of a fixed effect are zero (separated)": 7}
    assert e.observations == 49  # zeros of others are observations


def test_separation_by_the_regressors_is_found():
    """A dummy that is one only where nothing is sold."""
    table = gravity(2, countries=8)
    rows = np.array([3, 11, 30])
    dummy = np.zeros(len(table))
    dummy[rows] = 1
    value = table.value.copy()
    value[rows] = 0
    e = ppml(replace(table, value=value, controls={"closed": dummy})).estimates[0]
    assert e.dropped == {"separated by the regressors": 3}
    assert "controls without variation of their own were left out" in e.notes
    plain = ppml(replace(table, value=np.where(dummy == 1, np.nan, table.value))).estimates[0]
    assert e.theta == pytest.approx(plain.theta, rel=1e-6)


def test_missing_numbers_and_domestic_sales_are_counted():
    table = gravity(3, countries=6, controls=True)
    value, tariff = table.value.copy(), table.tariff.copy()
    distance = table.controls["distance"].copy()
    value[0], tariff[1], distance[2] = np.nan, np.nan, np.nan
    home = replace(
        table,
        exporter=np.append(table.exporter, [0, 1]), importer=np.append(table.importer, [0, 1]),
        sector=np.append(table.sector, [0, 0]), year=np.append(table.year, [0, 0]),
        value=np.append(value, [50.0, 60.0]), tariff=np.append(tariff, [np.nan, np.nan]),
        controls={"distance": np.append(distance, [0.0, 0.0])},
    )  # fmt: skip
    e = ppml(home).estimates[0]
    assert e.dropped == {"domestic": 2, "value not given": 1, "tariff not given": 1, "distance not given": 1}
    assert e.observations == 27
    kept = ppml(home, domestic=True).estimates[0]
    assert kept.observations == 29
    assert "domestic" not in kept.dropped


def test_tariffs_that_effects_absorb_cannot_be_used():
    table = gravity(1, countries=8)
    mfn = np.linspace(0, 0.25, 8)[table.importer]
    with pytest.raises(InputError, match="S0: the fixed effects leave no variation in tariffs"):
        ppml(replace(table, tariff=mfn))
    with pytest.raises(InputError, match="S0: tariffs are all the same"):
        ppml(replace(table, tariff=np.full(len(table), 0.1)))


def test_a_sector_that_fails_does_not_stop_the_others():
    table = gravity(1, countries=8, theta=(5.0, 3.0))
    found = ppml(replace(table, tariff=np.where(table.sector == 0, 0.1, table.tariff)))
    assert [e.sector for e in found.estimates] == ["S1"]
    assert found.failed == {"S0": "tariffs are all the same"}


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"errors": "bootstrap"}, "pair, country, robust"),
        ({"values": "fob"}, "duty-paid or before-duty"),
        ({"effects": ("exporter-years",)}, "did you mean exporter-year"),
        ({"effects": ()}, "known: exporter, importer"),
    ],
)
def test_bad_words(kwargs, message):
    with pytest.raises(InputError, match=message):
        ppml(gravity(), **kwargs)


def test_without_pyfixest_it_says_how_to_install_it(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "pyfixest":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=r"pip install 'surtax\[estimate\]'"):
        ppml(gravity())
