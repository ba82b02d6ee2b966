"""Canada's lists, from the consolidated orders in XML, version by version.

Each order is read in every consolidation that the sources hold. An item's period follows from the
versions that list it; the counts are checked against the orders, and a difference stops the build.
"""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.build_data import law_canada_remissions
from tools.build_data.law_lists import bare, dotted, hts_codes, write_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMS = "{http://justice.gc.ca/lims}"
ITEM = re.compile(r"\d{4}\.\d{2}(?:\.\d{2}){0,2}")


@dataclass(frozen=True)
class Schedule:
    """A schedule of an order in one consolidation."""

    label: str
    title: str
    items: tuple[str, ...]
    in_force: str
    amended: str


def schedules(path: Path) -> list[Schedule]:
    """Read the schedules of one consolidation that are lists of tariff items."""
    root = ET.parse(path).getroot()  # noqa: S314 -- a government file of the sources
    return list(_schedules(root))


def _schedules(root: ET.Element) -> Iterator[Schedule]:
    for element in root.iter("Schedule"):
        label = _text(element.find("ScheduleFormHeading/Label"))
        title = _text(element.find("ScheduleFormHeading/TitleText"))
        items = [_text(item) for top in element.findall("List") for item in top.findall("Item")]
        if not items or not all(ITEM.fullmatch(item) for item in items):
            continue
        if len(set(items)) != len(items):
            raise SystemExit(f"{label}: an item stands twice")
        yield Schedule(
            label,
            title,
            tuple(items),
            element.get(f"{LIMS}inforce-start-date", ""),
            element.get(f"{LIMS}lastAmendedDate", ""),
        )


def _text(element: ET.Element | None) -> str:
    return "" if element is None else " ".join("".join(element.itertext()).split())


def expect(what: str, found: int, stated: int) -> None:
    """Stop the build where a count differs from the order."""
    if found != stated:
        raise SystemExit(f"{what}: {found} items, the order has {stated}")


def run(sources: Path, out: Path) -> None:
    """Write Canada's lists."""
    xml = sources / "law" / "canada" / "xml"
    goods(xml, out)
    steel_and_aluminum(xml, out)
    vehicles(xml, out)
    derivatives(xml, out)
    steel_quotas(xml, out)
    chinese_metal(xml, out)
    law_canada_remissions.run(sources, out)
    nomenclature(sources, out)


def goods(xml: Path, out: Path) -> None:
    """SOR/2025-66: 1,270 items, the same in every consolidation until the repeal."""
    versions = {p.name: schedules(p) for p in sorted(xml.glob("SOR-2025-66.*.xml"))}
    listed = {s.items for found in versions.values() for s in found}
    if len(listed) != 1:
        raise SystemExit("SOR/2025-66: its schedule differs between consolidations")
    (items,) = listed
    expect("SOR/2025-66", len(items), 1270)
    expect("SOR/2025-66, chapters 98 and 99", sum(i[:2] in ("98", "99") for i in items), 14)
    rows = [{"code": i, "group": "chapters-98-99" if i[:2] in ("98", "99") else "goods"} for i in items]
    write_list(out / "ca-sor-2025-66.csv", rows)


def steel_and_aluminum(xml: Path, out: Path) -> None:
    """SOR/2025-95: Schedules 1 to 3 from 13 March, 1 to 4 after SOR/2025-181."""
    first = {s.label: s for s in schedules(xml / "SOR-2025-95.2025-04-17.a9d2d4c6.xml")}
    for path in ("SOR-2025-95.2025-05-07.8a24eec3.xml", "SOR-2025-95.2025-05-29.1c924375.xml"):
        _same("SOR/2025-95", first, xml / path)
    _same("SOR/2025-95", first, xml / "SOR-2025-95.2025-07-31.c9cac912.xml")
    last = {s.label: s for s in schedules(xml / "SOR-2025-95.xml")}
    _same("SOR/2025-95", last, xml / "SOR-2025-95.2025-09-15.1d32a216.xml")
    for label, before, after in (("1", 274, 29), ("2", 265, 265), ("3", 14, 13)):
        expect(f"SOR/2025-95, Schedule {label}", len(first[f"SCHEDULE {label}"].items), before)
        expect(f"SOR/2025-95 as amended, Schedule {label}", len(last[f"SCHEDULE {label}"].items), after)
    rows = []
    # Schedule 1 was replaced on 1 September (its own in-force date), the others amended on 29
    # August
    ends = {"SCHEDULE 1": last["SCHEDULE 1"].in_force, "SCHEDULE 3": last["SCHEDULE 3"].amended}
    if ends != {"SCHEDULE 1": "2025-09-01", "SCHEDULE 3": "2025-08-29"}:
        raise SystemExit(f"SOR/2025-95: the schedules' dates are {ends}")
    for label, schedule in last.items():
        group = label.lower().replace(" ", "-")
        old = set(first[label].items) if label in first else set()
        if added := set(schedule.items) - old - (set(schedule.items) if label not in first else set()):
            raise SystemExit(f"SOR/2025-95, {label}: items were added: {sorted(added)[:5]}")
        start = "2025-03-13" if label in first else schedule.in_force
        rows += [{"code": i, "group": group, "from": start} for i in schedule.items]
        rows += [
            {"code": i, "group": group, "from": start, "to": ends[label]} for i in sorted(old - set(schedule.items))
        ]
    write_list(out / "ca-sor-2025-95.csv", rows)


def vehicles(xml: Path, out: Path) -> None:
    """SOR/2025-118: 19 items; 9966.00.00 left Schedule 2 on 29 August."""
    first = {s.label: s for s in schedules(xml / "SOR-2025-118.2025-05-07.8a24eec3.xml")}
    _same("SOR/2025-118", first, xml / "SOR-2025-118.2025-07-31.c9cac912.xml")
    last = {s.label: s for s in schedules(xml / "SOR-2025-118.xml")}
    _same("SOR/2025-118", last, xml / "SOR-2025-118.2025-09-15.1d32a216.xml")
    expect("SOR/2025-118, Schedule 1", len(first["SCHEDULE 1"].items), 19)
    if first["SCHEDULE 1"].items != last["SCHEDULE 1"].items:
        raise SystemExit("SOR/2025-118: Schedule 1 has changed")
    gone = set(first["SCHEDULE 2"].items) - set(last["SCHEDULE 2"].items)
    if gone != {"9966.00.00"} or last["SCHEDULE 2"].amended != "2025-08-29":
        raise SystemExit(f"SOR/2025-118: Schedule 2 lost {sorted(gone)}")
    rows = [{"code": i, "group": "schedule-1"} for i in first["SCHEDULE 1"].items]
    rows += [
        {"code": i, "group": "schedule-2", "to": "2025-08-29" if i in gone else ""} for i in first["SCHEDULE 2"].items
    ]
    write_list(out / "ca-sor-2025-118.csv", rows)


def derivatives(xml: Path, out: Path) -> None:
    """SOR/2025-267: 61 items."""
    (found,) = schedules(xml / "SOR-2025-267.xml")
    expect("SOR/2025-267", len(found.items), 61)
    write_list(out / "ca-sor-2025-267.csv", [{"code": i, "group": "schedule"} for i in found.items])


def steel_quotas(xml: Path, out: Path) -> None:
    """SOR/2025-148: the items of its quota schedules, at eight digits."""
    root = ET.parse(xml / "SOR-2025-148.xml").getroot()  # noqa: S314
    found: dict[str, set[str]] = {}
    for element in root.iter("Schedule"):
        label = _text(element.find("ScheduleFormHeading/Label"))
        if label in ("SCHEDULE 1", "SCHEDULE 2"):
            texts = " ".join(" ".join(entry.itertext()) for entry in element.iter("entry"))
            found[label] = set(re.findall(r"\d{4}\.\d{2}\.\d{2}\.\d{2}", texts))
    if found["SCHEDULE 1"] != found["SCHEDULE 2"]:
        raise SystemExit("SOR/2025-148: its two quota schedules list different goods")
    expect("SOR/2025-148", len(found["SCHEDULE 1"]), 576)
    items = {dotted(bare(code)[:8]) for code in found["SCHEDULE 1"]}
    write_list(out / "ca-sor-2025-148.csv", [{"code": i, "group": "steel"} for i in items])


def chinese_metal(xml: Path, out: Path) -> None:
    """SOR/2025-154: the items of both parts of its schedule."""
    root = ET.parse(xml / "SOR-2025-154.xml").getroot()  # noqa: S314
    items = {code for s in root.iter("Schedule") for code in re.findall(r"\d{4}\.\d{2}\.\d{2}", _text(s))}
    expect("SOR/2025-154", len(items), 182)
    write_list(out / "ca-sor-2025-154.csv", [{"code": i, "group": "metal"} for i in items])


def _same(order: str, known: dict[str, Schedule], path: Path) -> None:
    other = {s.label: s.items for s in schedules(path)}
    if other != {label: s.items for label, s in known.items()}:
        raise SystemExit(f"{order}: the schedules of {path.name} differ from those of the version before")


def nomenclature(sources: Path, out: Path) -> None:
    """Write the six-digit codes of HS 2022: the international list and the US tariff's."""
    with (sources / "concordances" / "harmonized-system.csv").open(encoding="utf-8-sig", newline="") as file:
        codes = {r["hscode"] for r in csv.DictReader(file) if len(r["hscode"]) == 6 and r["hscode"] != "999999"}
    codes |= {c for c in hts_codes(sources) if len(c) == 6 and c[:2] < "98"}
    write_list(out / "hs6.csv", [{"code": dotted(bare(c))} for c in codes], ("code", "from", "to"))
