"""The dispute on any day: what the law has in force is what the schedule has."""

import datetime as dt

import numpy as np
import pytest

import surtax as sx
import surtax.law
from surtax.policy.dated import lined, on_day


@pytest.fixture(scope="module")
def world():
    return sx.load_world()


@pytest.fixture(scope="module")
def scenario():
    return sx.load_scenario("us-canada-2025")


def test_before_the_dispute_nothing_changes(world, scenario):
    found = on_day(scenario, world, "2025-01-02")
    assert found.measures == ()
    assert np.abs(sx.solve(world, found).welfare.values).max() < 1e-12


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2025-03-03", set()),  # SOR/2025-66 starts on 4 March
        ("2025-03-04", {"66"}),
        ("2025-03-13", {"66", "95"}),
        ("2025-04-09", {"66", "95", "118"}),
        ("2025-09-01", {"95", "118"}),  # SOR/2025-181
        ("2025-12-26", {"95", "118", "267"}),
    ],
)
def test_canada_s_orders_count_while_in_force(world, scenario, day, expected):
    measures = {m.id: m for m in on_day(scenario, world, day).measures}
    named = measures["ca-law"].instrument.split(", ") if "ca-law" in measures else []
    assert {m.removeprefix("ca-sor-2025-") for m in named} == expected


def test_services_stay_untaxed_and_only_canada_is_hit(world, scenario):
    schedule = on_day(scenario, world, "2025-05-06").only("us-law").schedule(world)
    changed = schedule.tariffs != world.tariffs
    assert not changed[~world.goods].any()
    hit = np.argwhere(changed)
    assert set(hit[:, 1]) == {world.country("CAN")}
    assert set(hit[:, 2]) == {world.country("USA")}


def test_an_edited_law_changes_the_schedule_and_the_law_does_not(world, scenario):
    law = surtax.law.load()
    without = law.edit("us-ieepa-can", drop=True)
    plain, edited = (
        on_day(scenario, world, "2025-05-06", law=x).only("us-law").schedule(world) for x in (law, without)
    )
    s, o, d = world.sector("C26"), world.country("CAN"), world.country("USA")
    assert edited.tariffs[s, o, d] < 0.1 * plain.tariffs[s, o, d]


def test_collected_rates_lie_between_nothing_and_the_highest_rate(world, scenario):
    schedule = on_day(scenario, world, "2025-05-06", preference="none").only("us-law").schedule(world)
    o, d = world.country("CAN"), world.country("USA")
    rates = schedule.tariffs[world.goods, o, d]
    assert (rates >= 0).all()
    # IEEPA 25 % and Section 232 25 % exclude each other on 6 May 2025 (EO 14289); ordinary duty comes on top.
    assert rates.max() < 0.40


def test_endogenous_claims_are_the_predicted_ones_where_the_law_is_as_recorded(world, scenario):
    """October 2025: claims were recorded, so that the day differs only in what the lines paid before the dispute."""
    predicted, moved = (
        lined(world, surtax.law.load(), dt.date(2025, 10, 10), c, 0.5).rates for c in ("predicted", "endogenous")
    )
    np.testing.assert_array_equal(predicted.after, moved.after)
    value = moved.goods.value
    # Before the dispute a claim saved less, and more of the trade paid its ordinary duty.
    assert np.nansum(moved.before * value) > np.nansum(predicted.before * value)


def test_an_edit_moves_endogenous_claims_alone(world, scenario):
    law = surtax.law.load()
    more = law.edit("us-ieepa-can", rate=60)
    duty = {}
    for claims in ("predicted", "endogenous"):
        rates = lined(world, more, dt.date(2025, 10, 10), claims, 0.5).rates
        duty[claims] = np.nansum(rates.after * rates.goods.value)
    assert duty["endogenous"] < duty["predicted"]


def test_any_us_content_is_taken_and_more_of_it_lowers_the_duty(world):
    law = surtax.law.load()
    duties = []
    for content in (0.0, 0.25, 0.5, 0.8):
        rates = lined(world, law, dt.date(2025, 5, 6), "predicted", content).rates
        duties.append(np.nansum(rates.after * rates.goods.value))
    assert duties == sorted(duties, reverse=True)
    # The duty of claimed cars is linear in the content; nothing else looks at it on that day.
    assert duties[1] == pytest.approx((duties[0] + duties[2]) / 2, rel=1e-9)
    with pytest.raises(sx.InputError, match="share between 0 and 1"):
        lined(world, law, dt.date(2025, 5, 6), "predicted", 1.2)


@pytest.mark.parametrize("word", ["guessed", "", "USMCA"])
def test_unknown_claims_are_refused(world, scenario, word):
    with pytest.raises(sx.InputError, match="preference"):
        on_day(scenario, world, "2025-05-06", preference=word)


def test_days_that_are_none_and_aggregates_are_refused(world, scenario):
    with pytest.raises(sx.InputError, match="not a day"):
        on_day(scenario, world, "6 May")
    coarse = world.aggregate(sectors={"METAL": ["C24A", "C24B"]})
    with pytest.raises(sx.InputError, match="C24"):
        on_day(scenario, coarse, "2025-05-06")


@pytest.mark.parametrize(
    ("day", "side"),
    [("2024-12-31", "United States"), ("2026-07-24", "Canada"), ("2026-08-19", "United States"), ("2027-01-01", "")],
)
def test_days_that_the_law_does_not_cover_are_refused(world, scenario, day, side):
    """Texts end on 18 August 2026 (US) and 23 July 2026 (Canada): no measure known is not no measure."""
    with pytest.raises(sx.InputError, match=f"covered for.*{side}"):
        on_day(scenario, world, day)


def test_conditions_say_whose_claims_cars_and_remissions(world, scenario):
    """Data: claims of June 2025 were not recorded, those of May are carried."""
    said = sx.solve(world, on_day(scenario, world, "2025-06-10", car_us_content=0.25, remissions="named")).describe()
    american, canadian = said["measures"]
    for words in ("us-law", "claims predicted, of 2025-05, carried", "US content of cars 0.25", "US imports 2024"):
        assert words in american, words
    assert "remissions: named" in canadian
    assert "of 2025-07;" in sx.solve(world, on_day(scenario, world, "2025-07-10")).describe()["measures"][0]
