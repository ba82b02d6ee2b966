"""The law as a path: which days are read, and what a year's mean is."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import surtax.law
from surtax.policy.dated import on_day
from surtax.policy.law_path import change_days, covered, law_path, mean
from surtax.policy.schedule import Schedule


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def dispute():
    import surtax as sx

    return sx.load_scenario("us-canada-2025")


@pytest.fixture(scope="module")
def found(embedded, dispute, law):
    return law_path(dispute, embedded, law=law)


def test_no_day_on_which_the_mean_rate_changes_is_missed(law):
    """Every measure's own days, on which something of it begins or ends, against the days found by looking at rates."""
    first, last, _ = covered(law)
    days = set(change_days(law, first, last))
    assert {first, dt.date(last.year, 1, 1)} <= days
    # each side's largest steps, by their orders: 4 and 7 March, 12 March, 3 April, 4 June, 1 August, 1 September 2025
    named = [(2025, 3, 4), (2025, 3, 7), (2025, 3, 12), (2025, 4, 3), (2025, 6, 4), (2025, 8, 1), (2025, 9, 1)]
    assert {dt.date(*d) for d in named} <= days


def test_the_stretches_cover_every_day_once(found, law):
    first, last, _ = covered(law)
    assert found.stretches[0][0] == first
    assert sum(n for _, n in found.stretches) == (last - first).days + 1
    assert found.last == last


def test_a_year_is_the_mean_of_its_days(found, embedded, dispute, law):
    """Day by day for the whole of 2025 would take minutes: the mean of its stretches' middle days, by days."""
    year = found.stretches[0][0].year
    total, days = np.zeros_like(embedded.tariffs), 0
    for begin, n in found.stretches:
        if begin.year != year:
            continue
        middle = begin + dt.timedelta(days=n // 2)
        total += n * on_day(dispute, embedded, middle, law=law).schedule(embedded).tariffs
        days += n
    assert days == 365
    # rounding of a weighted mean of some forty numbers
    np.testing.assert_allclose(found.schedules[year].tariffs, total / days, atol=1e-13)


def test_behind_the_last_day_its_law_is_held_and_that_is_said(found, embedded, dispute, law):
    last = on_day(dispute, embedded, found.last, law=law).schedule(embedded)
    np.testing.assert_array_equal(found.schedules[max(found.schedules)].tariffs, last.tariffs)
    assert max(found.schedules) == found.last.year + 1
    assert any("held" in note and found.last.isoformat() in note for note in found.notes)


def test_the_mean_weighs_tariffs_as_they_are_and_costs_in_logs():
    t = np.array([[[0.0, 0.1], [0.3, 0.0]]])
    one, two = (
        Schedule(t, None),
        Schedule(t + np.array([[[0.0, 0.2], [0.0, 0.0]]]), np.array([[[1.0, 4.0], [1.0, 1.0]]])),
    )
    got = mean([(1, one), (3, two)])
    assert got.tariffs[0, 0, 1] == pytest.approx(0.25)
    assert got.tariffs[0, 1, 0] == 0.3
    assert got.trade_cost[0, 0, 1] == pytest.approx(4**0.75)
