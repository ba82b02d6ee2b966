"""The remission orders, SOR/2025-122 and SOR/2026-34: lists against the texts, and the clocks of their conditions."""

from __future__ import annotations

import csv
import datetime as dt
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import surtax.law

if TYPE_CHECKING:
    from surtax.law import Law

ROOT = Path(__file__).resolve().parents[2]
XML = Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data")) / "law/canada/xml"
LISTS = Path(surtax.law.__file__).parents[1] / "data" / "law" / "CAN"
HERE = {"importer": "CAN", "origin": "USA"}
STEEL, ALUMINUM, JUICE, CAR = "7208.36.00", "7604.29.00", "2009.12.00", "8703.23.00"


@pytest.mark.skipif(not XML.is_dir(), reason="the orders in XML are not beside the repository")
@pytest.mark.parametrize(
    ("version", "made"),
    [
        ("2025-05-15.baf0bf59", "2025-04-16"),
        ("2025-07-24.adfc11b1", "2025-06-26"),
        ("2025-07-31.c9cac912", "2025-06-26"),
        ("2025-11-10.52ab78de", "2025-10-15"),
        ("2026-01-27.d88d9257", "2025-12-11"),
        ("2026-03-04.05d53246", "2026-02-05"),
    ],
)
def test_lists_hold_the_codes_of_every_consolidation(version: str, made: str) -> None:
    """Codes alone in their cell, read without the loader's tables, are those of the list by that day."""
    root = ET.parse(XML / f"SOR-2025-122.{version}.xml").getroot()  # noqa: S314
    stated: dict[str, set[str]] = {}
    for schedule in root.iter("Schedule"):
        label = (schedule.findtext("ScheduleFormHeading/Label") or "").removeprefix("SCHEDULE").strip() or "1"
        cells = [c for tag in ("entry", "Item", "Text") for c in schedule.iter(tag)]
        texts = (" ".join(" ".join(c.itertext()).split()) for c in cells)
        codes = {t for t in texts if re.fullmatch(r"\d{4}\.\d\d(\.\d\d){0,2}", t)}
        stated.setdefault(label[:1], set()).update(codes)
    listed: dict[str, set[str]] = {}
    with (LISTS / "ca-sor-2025-122.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            _, label, day = row["group"].split("-", 2)
            gone = row["note"].partition("taken out on ")[2]
            if day <= made and not (gone and gone <= made):
                listed.setdefault(label, set()).add(row["code"])
    assert listed == stated


@pytest.mark.parametrize(
    ("product", "on", "fact", "total"),
    [
        # s. 5(a): ss. 1 and 2 to 30 June 2026; goods imported before the order was made as well
        (JUICE, "2025-03-04", "health_care_use", 0),
        (STEEL, "2026-06-30", "public_safety_use", 0),
        (STEEL, "2026-07-01", "public_safety_use", 25),
        (CAR, "2026-06-30", "health_care_use", 0),
        (CAR, "2026-07-01", "health_care_use", 25),
        (STEEL, "2025-10-14", "public_body_import", 0),
        (STEEL, "2025-10-15", "public_body_import", 25),
        # s. 3 and s. 5(a.01), (a.02)
        (JUICE, "2025-03-04", "use_in_manufacture", 0),
        (STEEL, "2026-01-31", "use_in_manufacture", 0),
        (STEEL, "2026-02-01", "use_in_manufacture", 25),
        (ALUMINUM, "2026-06-30", "use_in_manufacture", 0),
        (ALUMINUM, "2026-07-01", "use_in_manufacture", 25),
        (CAR, "2025-06-01", "use_in_manufacture", 25),
        (ALUMINUM, "2025-04-01", "use_in_agriculture", 0),
        # s. 3.1 and s. 5(a.03)
        (STEEL, "2026-01-31", "for_aircraft", 25),
        (STEEL, "2026-02-01", "for_aircraft", 0),
        (STEEL, "2026-06-30", "for_motor_vehicle_manufacture", 0),
        (STEEL, "2026-07-01", "for_motor_vehicle_manufacture", 25),
        # ss. 4, 4.1 and the dates of Schedule 3
        ("2202.99.39.10", "2025-03-04", "remission_schedule_1_goods", 0),
        ("7318.16.00.85", "2026-04-01", "remission_schedule_2_or_3_goods", 0),
        ("7318.16.00.85", "2026-04-02", "remission_schedule_2_or_3_goods", 25),
        ("7209.16.00", "2026-03-13", "remission_schedule_2_or_3_goods", 0),  # Schedule 2 as well, since 2026-02-05
        ("7304.41.00", "2025-05-16", "remission_schedule_2_or_3_goods", 0),
        ("7304.41.00", "2025-05-17", "remission_schedule_2_or_3_goods", 25),
        # ss. 4.2, 4.21: before 1 September 2025; periods of Schedule 4.1 with their last day
        ("7208.26.00", "2027-01-01", "remission_schedule_4_importer", None),
        ("7208.26.00", "2026-07-23", "remission_schedule_4_importer", 0),
        ("4407.14.00", "2025-08-31", "remission_schedule_4_importer", 0),
        # s. 4.3
        ("8703.24.00.21", "2026-07-23", "remission_schedule_5_vehicle", 0),
        ("8703.24.00.29", "2026-07-23", "remission_schedule_5_vehicle", 25),
        (CAR, "2025-04-09", "hearse", 0),
        ("8704.31.00", "2026-07-23", "all_terrain_vehicle", 0),
        # SOR/2026-34 reaches back to the first day of SOR/2025-267
        ("9403.10.00", "2025-12-26", "public_safety_use", 0),
        ("9403.10.00", "2026-07-23", "public_safety_use", 0),
        ("3925.20.00", "2026-07-23", "derivative_remission_goods", 0),
        ("9403.10.00", "2026-07-23", "derivative_remission_goods", 25),
    ],
)
def test_clocks(law: Law, product: str, on: str, fact: str, total: float | None) -> None:
    assert law.duty(product, on=on, facts=[fact], **HERE).total_rate == total


def test_a_remission_is_bound_and_not_granted_unless_stated(law: Law) -> None:
    answer = law.duty(STEEL, on="2025-05-06", value=1000, **HERE)
    assert (answer.total_rate, answer.bounds) == (25, (0, 25))
    stated = law.duty(STEEL, on="2025-05-06", value=1000, facts=["use_in_manufacture"], **HERE)
    assert (stated.total_rate, stated.total_amount, stated.bounds) == (0, 0, None)
    found = next(f for f in stated.measures if f.id == "ca-sor-2025-122-manufacture")
    assert (found.rate, found.effective_rate, found.amount) == (-100, -25, -250)


def test_a_certain_ground_beside_an_uncertain_one(law: Law) -> None:
    """Eight digits do not say whether the vehicle is of Schedule 5; a hearse is remitted all the same."""
    about = {"on": "2025-06-01", **HERE}
    unsure = law.duty("8703.24.00", facts=["remission_schedule_5_vehicle"], **about)
    assert (unsure.total_rate, unsure.bounds) == (25, (0, 25))
    found = next(f for f in unsure.measures if f.id == "ca-sor-2025-122-motor-vehicles")
    assert "give ten digits" in found.reason
    for facts in (["hearse"], ["remission_schedule_5_vehicle", "hearse"]):
        assert law.duty("8703.24.00", facts=facts, **about).total_rate == 0
        lines = surtax.law.Lines("CAN", ["8703.24.00"], "USA", facts=facts)
        assert law.schedule(lines, ["2025-06-01"]).rates[0, 0] == 0


def test_nothing_is_remitted_twice(law: Law) -> None:
    facts = ["use_in_manufacture", "health_care_use", "world_cup_goods"]
    assert law.duty(STEEL, on="2025-08-06", facts=facts, **HERE).total_rate == 0


def test_remissions_as_the_texts_stood(law: Law) -> None:
    """Before an amendment its rows are not there, and the older ends hold."""
    about = {"on": "2025-11-01", "facts": ["use_in_manufacture"], **HERE}
    assert law.duty(STEEL, **about).total_rate == 0
    assert law.as_known("2025-10-14").duty(STEEL, **about).total_rate == 25
    assert law.as_known("2025-04-15").duty(STEEL, on="2025-04-10", **HERE).bounds is None
    assert law.as_known("2025-04-16").duty(STEEL, on="2025-04-10", **HERE).bounds == (0, 25)


def test_lower_bound_of_the_schedule_is_that_of_the_line(law: Law) -> None:
    products = [STEEL, ALUMINUM, JUICE, CAR, "8703.24.00", "9403.10.00", "7216.91.00", "8517.13.00", "9401.71.10"]
    days = [dt.date(2025, 3, 1) + dt.timedelta(9 * i) for i in range(56)]
    for preference, claimed in (("none", 0.0), ("usmca", 1.0)):
        low = law.schedule(surtax.law.Lines("CAN", products, "USA", claimed=claimed), days, remitted=True)
        for day in days:
            for product, rate in zip(products, low.at(day), strict=True):
                answer = law.duty(product, on=day, preference=preference, **HERE)
                want = answer.total_rate if answer.bounds is None else answer.bounds[0]
                assert rate == pytest.approx(want), (product, day)
