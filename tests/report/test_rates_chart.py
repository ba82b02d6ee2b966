"""The chart of rates over time: well-formed, complete, refusing other endings."""

import datetime as dt
from xml.etree import ElementTree as ET

import pytest

from surtax import InputError
from surtax.report.rates_chart import write_chart
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
