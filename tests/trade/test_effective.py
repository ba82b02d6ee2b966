"""Effective rates: identities that hold whatever the law and the claims are, and days on which the answer is known from the texts."""

import datetime as dt
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax.law
from surtax import InputError
from surtax.law.grid import Lines
from surtax.trade.baskets import basket, products
from surtax.trade.collected import collected
from surtax.trade.effective import effective, monthly
from surtax.trade.flows import load_claims, load_us_imports
from surtax.trade.gaps import paid_on
from surtax.trade.joined import covered_months, joined
from surtax.trade.metal import metal_content
from surtax.trade.stretches import path
from surtax.trade.two_days import rates_on


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
    for step in may.steps.values():
        rows = may.by(key, step.name)
        assert sum(g.value for g in rows) == may.value
        # Sums of some thousand products of doubles: rounding is 1e-12 of the total.
        assert sum(g.low for g in rows) == pytest.approx(step.duty[0], rel=1e-11)
        assert sum(g.high for g in rows) == pytest.approx(step.duty[1], rel=1e-11)
        assert sum(g.known for g in rows) == pytest.approx(float(may.basket.value @ step.known), rel=1e-11)


def test_measures_add_up_to_the_duty(may):
    for step in may.steps.values():
        for end in (0, 1):
            assert sum(d[end] for d in step.by_measure.values()) == pytest.approx(step.duty[end], rel=1e-11)


def test_unknown_value_is_said_and_left_out_of_the_mean(may):
    step = may.steps["none"]
    known = step.known == 1
    assert sum(may.unknown.values()) == may.basket.value[~known].sum()
    assert step.high == pytest.approx(100 * step.duty[1] / may.basket.value[known].sum())
    listed = [r for r in may.without_a_place() if r["without_a_rate"]]
    assert sum(r["value_usd"] for r in listed) == sum(may.unknown.values())


def test_a_claim_lowers_what_is_due(may):
    none, full, recorded, predicted = (may.steps[k] for k in ("none", "full", "recorded", "predicted"))
    assert full.high < predicted.high < recorded.high < none.high
    assert all(s.low <= s.high for s in may.steps.values())


def test_before_the_dispute_a_claim_makes_canadian_goods_free(law):
    """HTS special column: S is free for every item that grants it; nothing else was levied on Canada on 15 January 2025."""
    found = effective(law, "2025-01-15")
    assert found.steps["full"].high == pytest.approx(0, abs=0.01)
    levied = {m for m, duty in found.steps["none"].by_measure.items() if duty[1]}
    assert levied <= {"us-mfn", "us-s201-solar"}


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
    assert found.claims_from == ("2025-05", True)
    assert (found.basket.month, found.basket.carried) == ("2025-05", True)
    assert "standing for 2025-06" in found.basket.weights
    assert effective(law, "2025-06-10", weights="2024").value == load_us_imports().select(origin="CAN").total()


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


def test_an_industry_that_the_source_does_not_know_is_no_content_of_zero():
    """Secondary aluminium (NAICS 331314) stands in BEA's table with zeros: its six digits decide, 7601.20 among them."""
    codes = ["7601209045", "7601209075", "7601209080"]
    found = metal_content(codes)["aluminum"]
    assert found[0] == found[1] == pytest.approx(found[2])
    assert np.isnan(metal_content(["7204490020"])["steel"]).all()  # scrap: no industry makes it


def test_other_origins_and_words_are_refused(law):
    with pytest.raises(InputError, match="CAN and MEX"):
        effective(law, "2025-05-06", "DEU")
    with pytest.raises(InputError, match="weights"):
        effective(law, "2025-05-06", weights="2023")
    with pytest.raises(InputError, match="step"):
        effective(law, "2025-05-06").by("sector", "guessed")
    with pytest.raises(InputError, match="cannot group"):
        effective(law, "2025-05-06").by("port")
    with pytest.raises(InputError, match="not a day"):
        effective(law, "6 May")
    with pytest.raises(InputError, match="not a month"):
        monthly(law, "2025-13")
    with pytest.raises(InputError, match="covered for the United States"):
        monthly(law, "2027-01")
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


# --- months ---


@pytest.mark.parametrize(("origin", "month"), [("CAN", "2025-03"), ("MEX", "2025-11"), ("CAN", "2026-02")])
def test_a_month_is_the_mean_over_its_days(law, origin, month):
    """Day by day, each with the law of the day, the month's claims and the same imports."""
    found = monthly(law, month, origin)
    first = dt.date.fromisoformat(f"{month}-01")
    days = [first + dt.timedelta(days=i) for i in range(found.days)]
    assert (days[-1] + dt.timedelta(days=1)).day == 1
    single = [effective(law, d, origin) for d in days]
    for name, step in found.steps.items():
        for end in (0, 1):
            # The mean of thirty sums against the sum of means.
            assert step.duty[end] == pytest.approx(np.mean([d.steps[name].duty[end] for d in single]), rel=1e-10)


def test_march_2025_has_three_days_on_which_claims_did_not_help(law):
    """4 to 6 March (EO 14193 before EO 14231): 3 of 31 days at 25 or 10 per cent on all goods, claimed or not."""
    month, inside = monthly(law, "2025-03").steps["full"], effective(law, "2025-03-05").steps["full"]
    of_three, of_month = (s.by_measure["us-ieepa-can"][1] for s in (inside, month))
    assert of_month == pytest.approx(3 / 31 * of_three, rel=1e-9)


def test_a_month_that_the_law_covers_in_part_says_so(law):
    found = monthly(law, "2026-08")
    assert found.days == 18
    assert "all that the law covers" in found.notes[-1]


@pytest.mark.parametrize("month", load_claims().months)
def test_every_month_with_claims_has_its_own_imports_and_claims(law, month):
    found = monthly(law, month)
    assert found.claims_from == (month, False)
    assert found.value == load_claims().metadata["totals"][month]["CAN"]["value_usd"]
    claimed = found.steps["recorded"].shares @ found.basket.value
    # Shares times values give the claimed dollars back but for rounding.
    assert claimed == pytest.approx(load_claims().metadata["totals"][month]["CAN"]["claimed_usd"], rel=1e-12)


def test_collections_are_those_published_or_the_rate_on_carried_imports(law):
    assert paid_on(monthly(law, "2025-05")) == 561e6  # US Census
    june = monthly(law, "2025-06")
    assert paid_on(june) == pytest.approx(0.0241 * june.value)
    assert paid_on(monthly(law, "2025-05", "MEX")) is None


def test_what_is_due_without_a_claim_on_amounts_per_unit():
    """Crude oil pays 5.25 or 10.5 cents a barrel (HTS 2709): 0.05 to 0.3 per cent at 35 to 100 dollars a barrel."""
    goods = products("CAN")
    crude = np.isin(goods.codes.astype("U4"), ["2709"]) & (goods.value_2024 > 10**9)
    assert crude.any()
    assert ((goods.equivalent[crude] > 0.05) & (goods.equivalent[crude] < 0.3)).all()


# --- the path ---


def test_the_path_by_groups_adds_up_on_every_stretch(law):
    keys = ("sector", "chapter", "heading", "measure")
    for s in path(law, "MEX", dt.date(2025, 7, 20), dt.date(2025, 11, 10), by=keys):
        total = load_us_imports().select(origin="MEX").total()
        whole = {k: (sum(g.low for g in s.groups[k]), sum(g.high for g in s.groups[k])) for k in keys}
        for key in keys[:3]:
            assert sum(g.value for g in s.groups[key]) == total
        for key in keys[1:]:
            assert whole[key] == pytest.approx(whole["sector"], rel=1e-11)
        known = sum(g.known for g in s.groups["sector"])
        assert s.high == pytest.approx(100 * whole["sector"][1] / known, rel=1e-11)
        assert s.unknown == pytest.approx(1 - known / total, rel=1e-9)


@pytest.mark.parametrize("claims", ["none", "full", "recorded", "endogenous"])
def test_the_path_follows_the_step_asked_for(law, claims):
    day = dt.date(2025, 8, 2)
    (one,) = path(law, "CAN", day, day + dt.timedelta(days=1), claims=claims)
    step = effective(law, day, weights="2024").steps[claims]
    assert (one.low, one.high) == pytest.approx((step.low, step.high), rel=1e-11)


def test_unknown_keys_and_claims_of_the_path_are_refused(law):
    days = dt.date(2025, 8, 2), dt.date(2025, 8, 3)
    with pytest.raises(InputError, match="cannot group by 'port'"):
        path(law, "CAN", *days, by=("port",))
    with pytest.raises(InputError, match="claims 'guess'"):
        path(law, "CAN", *days, claims="guess")
    with pytest.raises(InputError, match="CAN and MEX"):
        path(law, "FRA", *days)


# --- any lines, any days ---

LAW = surtax.law.load()
MONTHS = covered_months(LAW)


@settings(max_examples=25, deadline=None)
@given(
    month=st.sampled_from(MONTHS),
    day=st.integers(1, 28),
    whole=st.booleans(),
    origin=st.sampled_from(["CAN", "MEX"]),
    weights=st.sampled_from(["month", "2024"]),
    key=st.sampled_from(["sector", "chapter", "heading"]),
)
def test_every_dollar_is_in_one_group_on_any_day(month, day, whole, origin, weights, key):
    if month == MONTHS[-1]:
        day = min(day, 18)  # the last day that is covered
    if whole:
        found = monthly(LAW, month, origin, weights=weights)
    else:
        found = effective(LAW, f"{month}-{day:02d}", origin, weights=weights)
    for step in found.steps.values():
        rows = found.by(key, step.name)
        assert sum(g.value for g in rows) == found.value
        assert sum(g.high for g in rows) == pytest.approx(step.duty[1], rel=1e-11, abs=1e-6)
        assert sum(d[0] for d in step.by_measure.values()) == pytest.approx(step.duty[0], rel=1e-11, abs=1e-6)
        assert all(0 <= g.known <= g.value * (1 + 1e-12) for g in rows)
        assert all(g.low <= g.high * (1 + 1e-12) for g in rows)
    # Each reason is rounded to a dollar.
    idle = found.value - float(found.basket.value @ found.steps["none"].known)
    assert sum(found.unknown.values()) == pytest.approx(idle, abs=2)


@settings(max_examples=25, deadline=None)
@given(
    day=st.dates(dt.date(2025, 1, 1), dt.date(2026, 8, 18)),
    origin=st.sampled_from(["CAN", "MEX"]),
    seed=st.integers(0, 10**6),
    variant=st.sampled_from([("low", 0.5), ("high", 0.0)]),
)
def test_any_lines_under_any_claims_have_the_schedule_s_rates(day, origin, seed, variant):
    """The law's own schedule of a random basket; lines with amounts per unit have none there and an equivalent here."""
    rng = np.random.default_rng(seed)
    goods = products(origin)
    at = rng.choice(goods.codes.size, 200, replace=False)
    share = rng.choice([0.0, 1.0, 0.2, 0.9], 200)
    found = joined(LAW, origin).on(day, at, share, variant[0])
    metals = {m: v[at] for m, v in goods.metals.items()}
    lines = Lines(
        "USA", goods.codes[at].tolist(), origin, claimed=share, us_content=variant[1], metal_content=metals
    )  # fmt: skip
    table = LAW.schedule(lines, [day])
    known = table.status[:, 0] == 0
    np.testing.assert_allclose(found.total[known], table.rates[known, 0], rtol=0, atol=1e-9)
    assert (found.status[known] == 0).all()
    assert (found.status[table.status[:, 0] == 3] == 3).all()
    assert np.isnan(found.total[np.isin(table.status[:, 0], (1, 2))]).all()
    np.testing.assert_allclose(sum(found.by_measure.values()), np.nan_to_num(found.total), rtol=0, atol=1e-9)
