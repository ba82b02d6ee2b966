"""Who claims: the record where the law is as recorded, and a response that has the right sign, bounds and inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax.law
from surtax import InputError
from surtax.trade.baskets import products
from surtax.trade.claiming import CLAIMS, gain, is_fuel, responses, shares, shifted
from surtax.trade.effective import effective
from surtax.trade.flows import load_claims
from surtax.trade.joined import covered_months, joined

LATE = [m for m in load_claims().months if m >= "2025-07"]


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


# --- the shift ---


@given(share=st.floats(0, 1), slope=st.floats(0, 3), change=st.floats(-4, 4))
def test_a_shift_stays_a_share_and_goes_the_way_of_the_saving(share, slope, change):
    moved = float(shifted(share, slope, change))
    assert 0 <= moved <= 1
    # One rounding of a share.
    assert (moved - share) * change >= -1e-15


@given(share=st.floats(0.001, 0.999), change=st.floats(-4, 4))
def test_a_shift_and_its_opposite_undo_each_other(share, change):
    # e^4 at most stands between the two: errors of rounding grow by that much.
    assert float(shifted(shifted(share, 1.0, change), 1.0, -change)) == pytest.approx(share, abs=1e-12)


@given(share=st.floats(0.001, 0.999), slope=st.floats(0, 3), change=st.floats(-4, 4))
def test_a_shift_is_one_of_the_logit(share, slope, change):
    moved = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + slope * change)))
    assert float(shifted(share, slope, change)) == pytest.approx(moved, abs=1e-12)


def test_corners_and_no_change_stay_exactly():
    share = np.array([0.0, 1.0, 0.3, 0.7])
    assert shifted(share, 2.0, [3.0, -3.0, 0.0, 0.0]).tolist() == share.tolist()


def test_what_costs_or_is_not_known_gains_nothing():
    assert gain([0.0, -5.0, np.nan, np.e - 1]).tolist() == pytest.approx([0, 0, 0, 1])


# --- the estimates that ship ---


@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_claims_rise_with_what_they_save(origin):
    found = responses()[origin]
    for group in found.fit["groups"].values():
        assert group["slope"] > 2 * group["standard_error"] > 0
        assert group["observations"] > group["lines"] > group["headings"]
    assert found.slope(np.array(["2709001000", "8703230110"])).tolist() == [found.fuels, found.others]


def test_other_goods_of_canada_and_mexico_respond_alike():
    """They need not; that they do is said in docs/claims.md."""
    can, mex = (responses()[o].fit["groups"]["other goods"] for o in ("CAN", "MEX"))
    spread = np.hypot(can["standard_error"], mex["standard_error"])
    assert abs(can["slope"] - mex["slope"]) < 2 * spread


@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_predictions_of_months_not_used_are_closer_than_carried_shares(origin):
    for test in responses()[origin].fit["tests"]:
        if test["from"] == "2025-01":  # before the dispute: what a claim saves rose
            assert abs(test["aggregate_error_predicted"]) < abs(test["aggregate_error_carried"])
            assert test["line_error_predicted"] < test["line_error_carried"]


# --- shares of a month ---


@pytest.mark.parametrize("month", LATE)
@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_where_the_law_is_as_recorded_the_record_stands(law, origin, month):
    recorded, moved = (shares(law, origin, month, c).shares for c in ("recorded", "endogenous"))
    np.testing.assert_array_equal(recorded, moved)


@pytest.mark.parametrize("month", ["2025-01", "2025-05"])
def test_before_july_2025_only_free_lines_differ_from_the_record(law, month):
    recorded, predicted, moved = (shares(law, "CAN", month, c).shares for c in ("recorded", "predicted", "endogenous"))
    free = joined(law, "CAN").free(surtax_day(month))
    np.testing.assert_array_equal(recorded[~free], predicted[~free])
    np.testing.assert_array_equal(recorded[~free], moved[~free])
    assert predicted[free].mean() > recorded[free].mean()


def surtax_day(month):
    import datetime as dt

    return dt.date.fromisoformat(f"{month}-01")


@pytest.mark.parametrize("month", covered_months(surtax.law.load()))
def test_all_assumptions_give_shares_in_every_month(law, month):
    for claims in CLAIMS:
        found = shares(law, "MEX", month, claims)
        assert ((found.shares >= 0) & (found.shares <= 1)).all()
        assert found.carried == (month not in load_claims().months)
        assert found.source <= month


def test_a_law_under_which_a_claim_saves_less_is_claimed_less(law):
    without = law.edit("us-ieepa-can", drop=True)
    goods = products("CAN")
    actual, fewer = (shares(x, "CAN", "2025-10", "endogenous").shares for x in (law, without))
    assert (fewer <= actual).all()
    value = goods.value[goods.months.index("2025-10")]
    assert (fewer @ value) / value.sum() < (actual @ value) / value.sum() - 0.01
    # What is recorded or predicted does not move with an edit.
    np.testing.assert_array_equal(*(shares(x, "CAN", "2025-10", "predicted").shares for x in (law, without)))


def test_a_higher_rate_raises_claims_and_the_duty_by_less_than_in_proportion(law):
    more = law.edit("us-ieepa-can", rate=70)
    base, fixed, moved = (
        effective(x, "2025-10-10").steps[s].duty[1]
        for x, s in ((law, "endogenous"), (more, "predicted"), (more, "endogenous"))
    )
    assert base < moved < fixed


@settings(max_examples=5, deadline=None)
@given(rate=st.floats(0, 100))
def test_shares_follow_the_equation_line_by_line(rate):
    """logit p′ − logit p = slope · (log(1 + s′) − log(1 + s)) on every line inside (0, 1), whatever the law is edited to."""
    law = surtax.law.load()
    edited = law.edit("us-ieepa-can", rate=rate)
    p, q = (shares(x, "CAN", "2025-12", "endogenous").shares for x in (law, edited))
    s, t = (joined(x, "CAN").saving("2025-12") for x in (law, edited))
    inside = (p > 1e-6) & (p < 1 - 1e-6) & (q > 1e-9) & (q < 1 - 1e-9) & ~np.isnan(s) & ~np.isnan(t)
    codes = products("CAN").codes[inside]
    left = np.log(q[inside] / (1 - q[inside])) - np.log(p[inside] / (1 - p[inside]))
    right = np.where(is_fuel(codes), responses()["CAN"].fuels, responses()["CAN"].others) * (gain(t) - gain(s))[inside]
    # Shares within 1e-9 of the corners lose seven of sixteen digits.
    np.testing.assert_allclose(left, right, atol=1e-6)


def test_bad_words_are_refused(law):
    with pytest.raises(InputError, match="endogenous"):
        shares(law, "CAN", "2025-10", "endogenus")
    with pytest.raises(InputError, match="CAN and MEX"):
        shares(law, "FRA", "2025-10", "recorded")
    with pytest.raises(InputError, match="month"):
        shares(law, "CAN", "2025-1", "recorded")
    with pytest.raises(InputError, match="covered for the United States"):
        shares(law, "CAN", "2027-01", "recorded")
