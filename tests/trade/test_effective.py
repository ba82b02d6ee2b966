"""Effective rates: identities that hold whatever the law and the claims are, and days on which the answer is known from the texts."""

import datetime as dt
import itertools

import numpy as np
import pytest

import surtax.law
from surtax import InputError
from surtax.trade.effective import basket, collected, effective, path, rates_on
from surtax.trade.flows import load_claims, load_us_imports
from surtax.trade.metal import metal_content


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def may(law):
    return effective(law, "2025-05-06")


def test_weights_are_the_month_s_imports_to_the_dollar(may):
    claims = load_claims()
    month = claims.imports("2025-05").select(origin="CAN")
    assert may.basket.value.sum() == month.value.sum()
    assert basket("CAN").value.sum() == load_us_imports().select(origin="CAN").total()


@pytest.mark.parametrize("key", ["sector", "chapter", "heading"])
def test_groups_add_up_to_the_whole(may, key):
    rows = may.by(key)
    assert sum(r[1] for r in rows) == may.basket.value.sum()
    # Sums of some thousand products of doubles: rounding is 1e-12 of the total.
    assert sum(r[3] for r in rows) == pytest.approx(may.steps["predicted"].duty[1], rel=1e-11)


def test_measures_add_up_to_the_duty(may):
    for step in may.steps.values():
        for end in (0, 1):
            assert sum(d[end] for d in step.by_measure.values()) == pytest.approx(step.duty[end], rel=1e-11)


def test_unknown_value_is_said_and_left_out_of_the_mean(may):
    step = may.steps["none"]
    known = ~np.isnan(step.rates)
    assert sum(may.unknown.values()) == may.basket.value[~known].sum()
    assert step.high == pytest.approx(100 * step.duty[1] / may.basket.value[known].sum())


def test_a_claim_lowers_what_is_due(may):
    none, full, recorded, predicted = (may.steps[k] for k in ("none", "full", "recorded", "predicted"))
    assert full.high < predicted.high < recorded.high < none.high
    assert all(s.low <= s.high for s in may.steps.values())


def test_before_the_dispute_a_claim_makes_canadian_goods_free(law):
    """HTS special column: S is free for every item that grants it; nothing else was levied on Canada on 15 January 2025."""
    found = effective(law, "2025-01-15")
    assert found.steps["full"].high == pytest.approx(0, abs=0.01)
    assert set(found.steps["none"].by_measure) <= {"us-mfn", "us-s201-solar"}


def test_from_4_to_6_march_2025_claims_did_not_help(law):
    """EO 14193 as it stood before EO 14231 (law.md): goods that claim USMCA paid too."""
    on_5, on_7 = (effective(law, d).steps["full"] for d in ("2025-03-05", "2025-03-07"))
    assert on_5.by_measure["us-ieepa-can"][1] > 20 * on_7.by_measure.get("us-ieepa-can", (0, 0))[1]


def test_predicted_and_recorded_part_only_before_july_2025(law):
    later = effective(law, "2025-07-15")
    assert later.steps["predicted"].high == later.steps["recorded"].high


def test_the_band_is_the_cars_alone(may):
    for name, (low, high) in may.steps["full"].by_measure.items():
        assert (low < high) == (name == "us-s232-autos"), name


def test_rates_on_two_days_share_lines_and_claims(law):
    found = rates_on(law, "CAN", (dt.date(2025, 1, 1), dt.date(2025, 1, 2)), "predicted", 0.5)
    assert found.goods.value.sum() == load_us_imports().select(origin="CAN").total()
    np.testing.assert_array_equal(found.before, found.after)


def test_months_without_a_record_carry_claims_and_say_so(law):
    found = effective(law, "2025-06-10")
    assert found.basket.claims_from == ("2025-05", True)
    assert "2024" in found.basket.weights


def test_collections_are_a_comparator_with_their_source():
    assert collected("CAN")["2025-05"] == 1.90  # oracles/published.csv: US Census
    assert collected("MEX") == {}


def test_metal_shares_are_shares():
    codes = ["7208390015", "8703230110", "0000000000"]
    found = metal_content(codes)
    total = sum(np.nan_to_num(v) for v in found.values())
    assert (total <= 1 + 1e-9).all()  # shares are kept to six digits
    assert all(np.isnan(v[2]) for v in found.values())
    assert found["steel"][0] > found["steel"][1] > 0


def test_other_origins_and_words_are_refused(law):
    with pytest.raises(InputError, match="CAN and MEX"):
        effective(law, "2025-05-06", "DEU")
    with pytest.raises(InputError, match="weights"):
        effective(law, "2025-05-06", weights="2023")
    with pytest.raises(InputError, match="claims"):
        rates_on(law, "CAN", (dt.date(2025, 1, 1), dt.date(2025, 5, 6)), "guessed", 0.5)


def test_the_path_agrees_with_single_days_and_covers_each_day_once(law):
    start, end = dt.date(2025, 2, 27), dt.date(2025, 3, 14)
    stretches = path(law, "CAN", start, end)
    assert stretches[0].start == start
    assert stretches[-1].end == end
    assert all(a.end == b.start for a, b in itertools.pairwise(stretches))
    starts = {s.start for s in stretches}
    # 1 March: claims of March; 4 and 7 March: EO 14193 and 14231; 12 March: Section 232
    assert {dt.date(2025, 3, d) for d in (1, 4, 7, 12)} <= starts
    for s in stretches:
        one = effective(law, s.start, weights="2024")
        assert s.statutory == pytest.approx(one.steps["none"].high, rel=1e-9)
        assert (s.low, s.high) == pytest.approx((one.steps["predicted"].low, one.steps["predicted"].high), rel=1e-9)


def test_an_empty_range_is_refused(law):
    with pytest.raises(InputError, match="empty"):
        path(law, "CAN", dt.date(2025, 3, 1), dt.date(2025, 3, 1))


@pytest.mark.parametrize("day", ["2024-12-31", "2026-08-19", "2030-01-01"])
def test_days_that_the_law_does_not_cover_are_refused(law, day):
    with pytest.raises(InputError, match="covered for the United States"):
        effective(law, day)
    with pytest.raises(InputError, match="covered for the United States"):
        path(law, "CAN", dt.date.fromisoformat(day), dt.date.fromisoformat(day) + dt.timedelta(days=3))
