"""Canada's orders: items against the schedules of each version; derivatives, remissions, quotas."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from surtax.law import codes
from surtax.law.change import items_of
from surtax.law.dates import ordinal

if TYPE_CHECKING:
    from surtax.law import Law

ROOT = Path(__file__).resolve().parents[2]
XML = Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data")) / "law/canada/xml"
HERE = {"importer": "CAN", "origin": "USA"}
FIFTEEN = {
    "3925.20.00",
    "7216.91.00",
    "8302.41.90",
    "9401.71.10",
    "9401.71.90",
    "9401.79.10",
    "9401.79.90",
    "9403.10.00",
    "9403.99.00",
    "9405.99.00",
    "9406.20.00",
    "9406.90.11",
    "9406.90.19",
    "9406.90.20",
    "9406.90.90",
}


def listed(law: Law, measure: str, groups: tuple[str, ...], on: str) -> set[str]:
    m = law.measures[measure]
    return {codes.dotted(c) for g in groups for c in items_of(law, m.groups[g], ordinal(on))}


@pytest.mark.skipif(not XML.is_dir(), reason="the orders in XML are not beside the repository")
@pytest.mark.parametrize(
    ("measure", "version", "on", "groups"),
    [
        ("66", ".2025-03-28.9378866d", "2025-03-04", {"": ("schedule", "chapters-98-99")}),
        ("66", ".2025-04-17.a9d2d4c6", "2025-04-09", {"": ("schedule", "chapters-98-99")}),
        ("66", ".2025-05-07.8a24eec3", "2025-05-06", {"": ("schedule", "chapters-98-99")}),
        ("66", ".2025-07-31.c9cac912", "2025-08-31", {"": ("schedule", "chapters-98-99")}),
        ("95", ".2025-04-17.a9d2d4c6", "2025-03-13", {}),
        ("95", ".2025-05-07.8a24eec3", "2025-05-06", {}),
        ("95", ".2025-05-29.1c924375", "2025-05-29", {}),
        ("95", ".2025-07-31.c9cac912", "2025-08-28", {}),
        ("95", ".2025-09-15.1d32a216", "2025-09-01", {}),
        ("95", "", "2026-07-23", {}),
        ("118", ".2025-05-07.8a24eec3", "2025-04-09", {}),
        ("118", ".2025-07-31.c9cac912", "2025-08-28", {}),
        ("118", ".2025-09-15.1d32a216", "2025-08-29", {}),
        ("118", "", "2026-07-23", {}),
        ("267", "", "2025-12-26", {"": ("schedule",)}),
    ],
)
def test_items_equal_the_schedules_of_each_version(
    law: Law, measure: str, version: str, on: str, groups: dict[str, tuple[str, ...]]
) -> None:
    root = ET.parse(XML / f"SOR-2025-{measure}{version}.xml").getroot()  # noqa: S314
    seen = 0
    for schedule in root.iter("Schedule"):
        label = schedule.findtext("ScheduleFormHeading/Label") or ""
        number = label.removeprefix("SCHEDULE").strip()
        text = " ".join(t for item in schedule.iter("Item") for t in item.itertext())
        items = set(re.findall(r"\d{4}\.\d{2}\.\d{2}", text))
        assert items
        mine = groups.get(number, (f"schedule-{number}",))
        assert listed(law, f"ca-sor-2025-{measure}", mine, on) == items
        seen += 1
    assert seen


def test_counts_of_the_orders(law: Law) -> None:
    assert len(listed(law, "ca-sor-2025-66", ("schedule",), "2025-05-06")) == 1256
    assert len(listed(law, "ca-sor-2025-66", ("chapters-98-99",), "2025-05-06")) == 14
    counts = {
        on: [len(listed(law, "ca-sor-2025-95", (f"schedule-{n}",), on)) for n in (1, 2, 3, 4)]
        for on in ("2025-05-06", "2025-08-29", "2025-09-01")
    }
    assert counts["2025-05-06"] == [274, 265, 14, 0]
    assert counts["2025-08-29"][:3] == [274, 265, 13]
    assert counts["2025-09-01"][:3] == [29, 265, 13]
    assert len(listed(law, "ca-sor-2025-118", ("schedule-1",), "2025-05-06")) == 19


def test_fifteen_derivatives_reach_goods_of_the_united_states(law: Law) -> None:
    reached = set()
    for item in listed(law, "ca-sor-2025-267", ("schedule",), "2026-01-15"):
        answer = law.duty(item, on="2026-01-15", **HERE)
        assert answer.total_rate == 25  # one surtax or the other, never both
        if any(f.id == "ca-sor-2025-267" for f in answer.applied):
            reached.add(item)
    assert reached == FIFTEEN


@pytest.mark.parametrize(
    ("on", "facts", "rate"),
    [
        ("2025-12-25", [], 0),
        ("2025-12-26", [], 25),
        ("2026-06-30", ["for_aircraft"], 0),
        ("2026-07-01", ["for_aircraft"], 25),
        ("2026-06-30", ["for_motor_vehicle_manufacture"], 0),
        ("2026-07-01", ["for_motor_vehicle_manufacture"], 25),
        ("2026-07-01", ["casual_goods"], 0),
    ],
)
def test_derivative_order_and_its_uses(law: Law, on: str, facts: list[str], rate: float) -> None:
    assert law.duty("9403.10.00", on=on, facts=facts, **HERE).total_rate == rate


def test_quota_order_says_why_it_does_not_apply(law: Law) -> None:
    answer = law.duty("7208.39.00", on="2026-01-15", **HERE)
    found = next(f for f in answer.measures if f.id == "ca-sor-2025-148")
    assert found.applies is False
    assert "s. 3(b)" in found.reason


@pytest.mark.parametrize(
    ("on", "preference", "open_"),
    [
        ("2025-04-08", "usmca", {}),
        ("2025-04-09", "usmca", {"ca-si-2025-60"}),
        ("2026-04-08", "usmca", {"ca-si-2025-60"}),
        ("2026-04-09", "usmca", {"ca-si-2026-13"}),
        ("2025-05-06", "none", {}),  # only surtax under s. 2(2) is remitted
    ],
)
def test_remission_for_vehicle_makers_is_a_band(law: Law, on: str, preference: str, open_: set[str]) -> None:
    answer = law.duty("8703.23.00", on=on, preference=preference, **HERE)
    assert {f.id for f in answer.measures if f.id.startswith("ca-si-") and f.code == "not-claimed"} == set(open_)
    if open_:
        assert answer.bounds == (0.0, 21.25)
