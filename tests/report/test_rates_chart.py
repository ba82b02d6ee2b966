"""The chart of rates over time: well-formed, complete, refusing other endings."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from surtax import InputError
from surtax.report.rates_chart import EVENTS, chart, write_chart
from surtax.trade.stretches import Stretch

DAYS = [dt.date(2025, 3, 1), dt.date(2025, 3, 4), dt.date(2025, 3, 7), dt.date(2025, 4, 1)]
STRETCHES = [
    Stretch(a, b, 20.0, low, low + 1, 0.05, "2025-03")
    for a, b, low in zip(DAYS, DAYS[1:], (0.1, 20.0, 2.5), strict=False)
]


def test_steps_points_and_events_are_drawn(tmp_path):
    path = tmp_path / "chart.svg"
    write_chart(STRETCHES, {"2025-03": 1.87}, path, "CAN")
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 - our own file
    assert "USMCA goods exempt" in text
    assert "metals 50 %" not in text  # after the last day


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.svg"):
        write_chart(STRETCHES, {}, tmp_path / "chart.png", "CAN")


def marks(spec, kind):
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == kind]


@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_events_are_those_of_the_origin_inside_the_days(origin):
    days = [dt.date(2025, 1, 1), dt.date(2026, 8, 19)]
    spec = chart([Stretch(*days, 20.0, 3.0, 4.0, 0.05, "2025-03")], {}, origin)
    labels = {v["event"] for layer in marks(spec, "text") for v in layer["data"]["values"] if "event" in v}
    assert labels == {text for _, text, origins in EVENTS if origin in origins}
    assert ("IEEPA 35 %, copper" in labels) == (origin == "CAN")
    assert "Points" not in spec["title"]["subtitle"]


def test_every_event_is_a_day_on_which_the_law_changes():
    import surtax.law

    changes = {dt.date.fromordinal(d).isoformat() for d in surtax.law.load().change_days("USA")}
    assert {day for day, _, _ in EVENTS} <= changes


@pytest.mark.parametrize("highest", [0.3, 1.0, 6.9, 9.5, 10.0, 37.0, 220.0])
def test_the_axis_is_marked_at_round_numbers_up_to_its_top(highest):
    spec = chart([Stretch(DAYS[0], DAYS[3], highest, highest, highest, 0, "2025-03")], {}, "CAN")
    (area,) = marks(spec, "area")
    ticks = area["encoding"]["y"]["axis"]["values"]
    assert ticks[0] == 0
    assert highest <= ticks[-1] * (1 + 1e-12)
    assert len(ticks) <= 11
    assert all(round(t, 1) == pytest.approx(t) for t in ticks)


def test_what_runs_out_of_the_axis_is_written_and_short_spells_do_not_stretch_it():
    spec = chart(STRETCHES, {"2025-03": 1.87, "2024-01": 9}, "CAN")
    (area,) = marks(spec, "area")
    assert max(v["high"] for v in area["data"]["values"]) < 21
    texts = {v["text"] for layer in marks(spec, "text") for v in layer["data"]["values"] if "text" in v}
    assert texts == {"21.0 % from 4 Mar 2025"}
    (points,) = marks(spec, "point")
    assert [v["day"] for v in points["data"]["values"]] == ["2025-03-15"]  # inside the days alone


def test_nothing_to_draw_and_closed_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least one"):
        write_chart([], {}, tmp_path / "chart.svg", "CAN")
    with pytest.raises(InputError, match="cannot write"):
        write_chart(STRETCHES, {}, tmp_path / "none" / "chart.svg", "CAN")
