"""The dispute on any day: what the law has in force is what the schedule has."""

import numpy as np
import pytest

import surtax as sx
import surtax.law
from surtax.policy.dated import on_day


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
