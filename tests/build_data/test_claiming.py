"""The estimator of claims against an independent one, and against data made by known parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import minimize
from tools.build_data import claiming as c

from surtax.trade.claiming import FILE


def made(n_lines=1500, slope=0.6, seed=0, noise=8.0):
    """Rows of a panel whose shares follow the model: chapters differ, and lines with high savings claim less."""
    rng = np.random.default_rng(seed)
    heading = rng.integers(0, 60, n_lines)
    codes = np.array([f"{10 + h // 6:02d}{h % 6:02d}{i:06d}" for i, h in enumerate(heading)])
    order = np.argsort(codes)
    codes, heading = codes[order], heading[order]
    line, month = (a.ravel() for a in np.meshgrid(np.arange(n_lines), np.arange(5), indexing="ij"))
    saving = (
        rng.uniform(0, 5, n_lines)[line] + np.array([0, 10, 10, 10, 25])[month] * rng.uniform(0.2, 1, n_lines)[line]
    )
    f = np.log1p(saving)
    mean = (np.bincount(line, f) / 5)[line]
    eta = 0.1 * (heading // 6)[line] + slope * f - 0.4 * mean
    p = 1 / (1 + np.exp(-eta))
    share = rng.beta(noise * p, noise * (1 - p))
    value = np.exp(rng.normal(14, 1, line.size))
    return c.Sample(line, month, share, saving, value, codes, tuple("abcde"), {})


def test_known_parameters_are_found():
    found = []
    for seed in range(6):
        fit = c.estimate(made(seed=seed))
        found.append((fit.beta[0], fit.covariance[0, 0] ** 0.5))
        # Within four of its own standard errors each time, of which one in ten thousand draws is farther.
        assert abs(fit.beta[0] - 0.6) < 4 * fit.covariance[0, 0] ** 0.5
    slopes, errors = np.array(found).T
    # The spread over draws is what standard errors estimate; six draws know it within a factor of two and a half.
    assert 1 / 2.5 < slopes.std(ddof=1) / errors.mean() < 2.5


def test_the_maximum_is_that_of_a_general_optimiser():
    s = made(200, seed=1)
    X, _ = c.design(s, np.log1p(s.saving))
    w = s.value / s.value.mean()
    fit = c.estimate(s)

    def loss(beta):
        eta = X @ beta
        return float(w @ (np.logaddexp(0, eta) - s.share * eta)), X.T @ (w * (1 / (1 + np.exp(-eta)) - s.share))

    other = minimize(loss, np.zeros(X.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-6})
    np.testing.assert_allclose(fit.beta, other.x, atol=1e-4)  # the other's own tolerance over the curvature


def test_one_cluster_a_row_is_the_robust_covariance():
    """With every row its own cluster: White's sandwich, written out here row by row."""
    s = made(150, seed=2)
    X, _ = c.design(s, np.log1p(s.saving))
    w = s.value / s.value.mean()
    n, k = X.shape
    fit = c.fractional_logit(s.share, X, s.value, np.arange(n))
    bread = np.linalg.inv(sum(w[i] * fit.fitted[i] * (1 - fit.fitted[i]) * np.outer(X[i], X[i]) for i in range(n)))
    meat = sum((w[i] * (s.share[i] - fit.fitted[i])) ** 2 * np.outer(X[i], X[i]) for i in range(n))
    np.testing.assert_allclose(fit.covariance, bread @ meat @ bread * n / (n - 1) * (n - 1) / (n - k), rtol=1e-8)


def test_the_unit_of_value_does_not_matter():
    s = made(300, seed=3)
    bigger = c.Sample(s.line, s.month, s.share, s.saving, 1000 * s.value, s.codes, s.months, {})
    a, b = c.estimate(s), c.estimate(bigger)
    np.testing.assert_allclose(a.beta, b.beta, atol=1e-8)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=1e-8)


def test_a_carried_share_without_a_response_errs_by_the_change():
    s = made(400, seed=4)
    found = c.errors(s, {True: 0.0, False: 0.0}, "a", "e")
    assert found["aggregate_error_carried"] == found["aggregate_error_predicted"] < 0
    better = c.errors(s, {True: 0.6, False: 0.6}, "a", "e")
    assert abs(better["aggregate_error_predicted"]) < abs(better["aggregate_error_carried"])


def test_chapters_in_which_all_claim_are_left_out():
    s = made(300, seed=5)
    share = np.where(np.char.startswith(s.codes[s.line], "10"), 1.0, s.share)
    out = c.separated(c.Sample(s.line, s.month, share, s.saving, s.value, s.codes, s.months, {}))
    assert (out == np.char.startswith(s.codes[s.line], "10")).all()


def test_separated_data_are_an_error():
    X = np.ones((4, 2))
    X[:2, 1] = 0
    with pytest.raises(SystemExit, match="separated"):
        c.fractional_logit(np.array([0.0, 0.0, 1.0, 1.0]), X, np.ones(4), np.arange(4))


# --- the table that ships ---


@pytest.fixture(scope="module")
def canada():
    return c.sample("CAN")


def test_the_sample_has_every_dollar_of_the_recorded_months(canada):
    from surtax.trade.baskets import products

    dropped = sum(d["usd"] for d in canada.dropped.values())
    assert dropped + int(canada.value.sum()) == products("CAN").value.sum()


def test_only_lines_that_pay_an_ordinary_duty_and_whose_saving_is_known(canada):
    assert (canada.saving[~np.isnan(canada.saving)] > -100).all()
    assert not np.isnan(canada.saving).any()
    assert not np.isin(canada.codes[canada.line].astype("U2"), ["98", "99"]).any()
    assert not np.isin(canada.codes[canada.line].astype("U8"), ["72083900"]).any()  # hot-rolled coil: free


def test_the_shipped_estimates_are_those_of_the_builder(canada):
    """Rounded to five digits; the sums behind them differ by machine in the last few of sixteen."""
    shipped = json.loads(FILE.read_text(encoding="utf-8"))["estimates"]["CAN"]["groups"]
    slopes = c.slopes(canada)
    fuel = c.fuels(canada)
    assert slopes[fuel][0] == pytest.approx(shipped["fuels"]["slope"], abs=2e-5)
    assert slopes[~fuel][0] == pytest.approx(shipped["other goods"]["slope"], abs=2e-5)
