"""The lists of Canada's remission orders, SOR/2025-122 and SOR/2026-34, in every consolidation.

SOR/2025-122 was amended on 26 June, 15 October and 11 December 2025 and on 5 February 2026. A
remission gives back a surtax that was paid, so an item added in 2026 reaches goods imported in
2025: its period is that of the goods, and the day of the amendment is when it was made. Each
amendment's additions are a group of their own, and the measure files date the groups. Schedule 4 of
June 2025 (importers, with periods) was parted into Schedules 4 and 4.1 in October: the periods of a
code are read as a whole, and only what an amendment adds to them is written.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from tools.build_data.law_lists import write_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CODE = re.compile(r"\d{4}\.\d{2}(?:\.\d{2}){0,2}")
PERIOD = re.compile(r"([A-Z][a-z]+ \d{1,2}, \d{4}) (?:to|and) ([A-Z][a-z]+ \d{1,2}, \d{4})")
VERSIONS = (
    ("2025-04-16", ("2025-05-15.baf0bf59",)),
    ("2025-06-26", ("2025-07-24.adfc11b1", "2025-07-31.c9cac912")),
    ("2025-10-15", ("2025-11-10.52ab78de",)),
    ("2025-12-11", ("2026-01-27.d88d9257",)),
    ("2026-02-05", ("2026-03-04.05d53246",)),
)
"""Day of the amendment, and the consolidations that hold it."""

FIRST, LAST = dt.date(2025, 3, 4), dt.date.max
"""No surtax was due before the first order; no end is stated."""

COUNTS = {
    "1": (17, 17, 18, 18, 19),
    "2": (0, 46, 141, 141, 220),
    "3": (0, 4, 9, 9, 10),
    "4": (0, 58, 72, 72, 162),
    "4.1": (0, 0, 112, 112, 172),
    "5": (0, 7, 7, 7, 7),
}
"""Distinct codes of each schedule by version, counted apart from the table reader."""

Span = tuple[dt.date, dt.date]
Spans = dict[str, list[Span]]


def run(sources: Path, out: Path) -> None:
    """Write the lists of both orders."""
    xml = sources / "law" / "canada" / "xml"
    united_states(xml, out)
    derivatives(xml, out)


def united_states(xml: Path, out: Path) -> None:
    """SOR/2025-122: what each amendment adds to Schedules 1, 2, 3, 4 with 4.1, and 5."""
    known: dict[str, Spans] = {"1": {}, "2": {}, "3": {}, "4": {}, "5": {}}
    rows: list[dict[str, str]] = []
    for at, (day, names) in enumerate(VERSIONS):
        texts = [_schedules(xml / f"SOR-2025-122.{name}.xml") for name in names]
        if any(text != texts[0] for text in texts):
            raise SystemExit(f"SOR/2025-122: the consolidations of {day} differ: {names}")
        found = texts[0]
        for label, counts in COUNTS.items():
            if len(found.get(label, {})) != counts[at]:
                raise SystemExit(f"SOR/2025-122 of {day}, Schedule {label}: {len(found.get(label, {}))} codes")
        if "4.1" in found:
            found["4"] = {
                code: _union([*found["4"].get(code, []), *found["4.1"].get(code, [])])
                for code in {*found["4"], *found["4.1"]}
            }
        for label, old in known.items():
            new = found.get(label, {})
            _withdraw(rows, label, old, new, dt.date.fromisoformat(day))
            for code, spans in new.items():
                added = _less(spans, old.get(code, []))
                rows.extend(_row(code, f"schedule-{label}-{day}", span) for span in added)
                old[code] = _union([*old.get(code, []), *spans])
    write_list(out / "ca-sor-2025-122.csv", rows)


def _withdraw(rows: list[dict[str, str]], label: str, old: Spans, new: Spans, day: dt.date) -> None:
    """End on the day of an amendment what it takes out; earlier imports keep it."""
    for code in sorted(old):
        for first, last in _less(old[code], new.get(code, [])):
            if last <= day:
                continue
            gone = (max(first, day), last)
            print(f"SOR/2025-122: {code} of Schedule {label} lost {gone[0]} to {gone[1]} on {day}")
            for row in [r for r in rows if r["code"] == code and r["group"].startswith(f"schedule-{label}-")]:
                rows.remove(row)
                span = (_day(row["from"], FIRST), _day(row["to"], LAST))
                kept = _less([span], [gone])
                how = "shortened" if code in new else "taken out"
                note = row["note"] if kept == [span] else f"{how} on {day}"
                rows += [{**_row(code, row["group"], left), "note": note} for left in kept]
            old[code] = _less(old[code], [gone])


def _day(text: str, default: dt.date) -> dt.date:
    return dt.date.fromisoformat(text) if text else default


def _row(code: str, group: str, span: Span) -> dict[str, str]:
    first, last = span
    return {
        "code": code,
        "group": group,
        "from": "" if first <= FIRST else first.isoformat(),
        "to": "" if last == LAST else last.isoformat(),
        "note": "",
    }


def _union(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        elif first < last:
            joined.append((first, last))
    return joined


def _less(spans: Iterable[Span], taken: list[Span]) -> list[Span]:
    """Return the days of some spans that are in none of others."""
    left = []
    for first, last in _union(spans):
        at = first
        for start, end in _union(taken):
            if end <= at or start >= last:
                continue
            if start > at:
                left.append((at, start))
            at = max(at, end)
        if at < last:
            left.append((at, last))
    return left


def _schedules(path: Path) -> dict[str, Spans]:
    """Read the schedules of one consolidation: label to code to periods of import."""
    root = ET.parse(path).getroot()  # noqa: S314 -- a government file of the sources
    found: dict[str, Spans] = {}
    for element in root.iter("Schedule"):
        # the first text has one schedule, without a number
        label = _text(element.find("ScheduleFormHeading/Label")).removeprefix("SCHEDULE").strip() or "1"
        spans: Spans = {}
        if element.find(".//thead") is None:
            for code in CODE.findall(_text(element)):
                spans[code] = [(FIRST, LAST)]
        for head, cells in table_rows(element):
            codes = CODE.findall(_text(cells[head.index("Tariff Classification Number")]))
            when = _periods(label, head, cells)
            for code in codes:
                spans[code] = _union([*spans.get(code, []), *when])
        found[label] = spans
    return found


def _periods(label: str, head: list[str], cells: list[ET.Element | None]) -> list[Span]:
    if "Expiry date" in head:
        return [(FIRST, _date(_text(cells[head.index("Expiry date")])))]
    if "Period" in head:
        text = _text(cells[head.index("Period")])
        # the last day of a period is within it
        spans = [(_date(a), _date(b) + dt.timedelta(1)) for a, b in PERIOD.findall(text)]
        if bool(text) != bool(spans):
            raise SystemExit(f"SOR/2025-122, Schedule {label}: the period {text!r} cannot be read")
        return spans or [(FIRST, LAST)]
    if label == "3":
        return [(FIRST, dt.date(2026, 3, 13))]  # s. 5(a)(ii) of June 2025
    if label == "4":
        return [(FIRST, dt.date(2025, 9, 1))]  # s. 5(a.1)(iii) since October 2025
    return [(FIRST, LAST)]


def table_rows(schedule: ET.Element) -> list[tuple[list[str], list[ET.Element | None]]]:
    """Return the rows of a schedule's tables with cells that span several rows repeated."""
    found = []
    for group in schedule.iter("tgroup"):
        names = [_text(entry) for entry in group.findall("thead/row")[-1].findall("entry")]
        held: list[tuple[ET.Element | None, int]] = [(None, 0)] * len(names)
        for row in group.findall("tbody/row"):
            entries = iter(row.findall("entry"))
            cells: list[ET.Element | None] = []
            for column in range(len(names)):
                cell, left = held[column]
                if left:
                    held[column] = (cell, left - 1)
                else:
                    cell = next(entries, None)
                    if cell is None:
                        raise SystemExit(f"a row of {_text(schedule)[:20]} is short: {_text(row)[:80]}")
                    held[column] = (cell, int(cell.get("morerows", 0)))
                cells.append(cell)
            if next(entries, None) is not None:
                raise SystemExit(f"a row of {_text(schedule)[:20]} is long: {_text(row)[:80]}")
            found.append((names, cells))
    return found


def _text(element: ET.Element | None) -> str:
    return "" if element is None else " ".join(" ".join(element.itertext()).split())


def _date(text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text.strip(" ."), "%B %d, %Y").date()  # noqa: DTZ007 -- a day, no clock
    except ValueError:
        raise SystemExit(f"{text!r} is not a date") from None


def derivatives(xml: Path, out: Path) -> None:
    """SOR/2026-34: 43 entries of goods, one number twice; wind towers stand in its s. 4."""
    root = ET.parse(xml / "SOR-2026-34.xml").getroot()  # noqa: S314
    rows = [row for schedule in root.iter("Schedule") for row in table_rows(schedule)]
    codes = {
        code for head, cells in rows for code in CODE.findall(_text(cells[head.index("Tariff Classification Number")]))
    }
    if (len(rows), len(codes)) != (43, 42):
        raise SystemExit(f"SOR/2026-34: {len(rows)} rows, {len(codes)} codes")
    write_list(out / "ca-sor-2026-34.csv", [{"code": code, "group": "schedule"} for code in sorted(codes)])
