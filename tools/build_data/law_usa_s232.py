"""The lists of the United States' Section 232 measures, read from the HTS and its notes.

Where an instrument's own list is in the tariff it is read there: the US notes of chapter 99
(`us/texts/hts_chapter99_notes_2026_rev_6.txt.gz`: notes 16, 19, 33, 37 and 38) and the footnotes of the
tariff's editions, which name note 16 or note 19 beside every line of 12 March 2025. What neither holds (the
inclusions of June and August 2025, the copper list) comes from public lists, and the measures' rows say so.

Codes that no edition of the tariff held while the row was in force are dropped and reported.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from tools.build_data.law_lists import bare, dotted, write_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NOTES = "hts_chapter99_notes_2026_rev_6.txt.gz"
MARCH, JUNE, AUGUST = "2025-03-12", "2025-06-23", "2025-08-18"
APRIL_2026, SECOND_2026 = "2026-04-06", "2026-06-08"

# Articles of steel and aluminium proper (Procs. 9704 and 9705); what else the footnotes name is derivative.
STEEL_ARTICLES = ("72", "730110", "730210", "730240", "730290", "7304", "7305", "7306")
ALUMINUM_ARTICLES = ("7601", "7604", "7605", "7606", "7607", "7608", "7609", "7616995160", "7616995170")
# The derivatives of Proc. 9980 (2020): the notes describe them in words beside these numbers.
NAILS = ("73170030", "7317005503", "7317005505", "7317005507", "7317005560", "7317005580", "7317006560")
CABLES = ("76141050", "76149020", "76149040", "76149050")
STAMPINGS = ("87081030", "87082921")
# Commerce's first inclusions (90 FR 25208), which no list in the data dates: steel content from 23 June 2025.
JUNE_STEEL = (
    *("84181000", "84183000", "84184000", "84221100", "84501100", "84502000"),
    *("84512100", "84512900", "85098020", "85166040", "9403999020"),
)
# Beer and empty cans (90 FR 14786): in note 19(j) and (k), undated there.
BEER, CANS, BEER_DAY = "22030000", "76129010", "2025-04-04"

# What Proc. 11032 may have moved: par. 7 to 9 name farm and mobile industrial equipment, residential heating and
# cooling, and their components. Its annexes are not in the data, so whole chapters are in doubt, but for wires.
EQUIPMENT = ("732181", "732182", "732189", "732190", "7322", "84", "85", "86", "87")
NOT_EQUIPMENT = ("8544", "8547")

# How many codes each list must hold: counted by hand in the notes, or stated by the instrument.
COUNTS = {
    "articles": 9,
    "march-chapter-73": 152,
    "march-other": 12,
    "auto-parts": 130,
    "mhd-vehicles": 25,
    "buses": 10,
    "softwood": 15,
    "upholstered": 4,
    "cabinets": 3,
    "copper": 80,
}


class Item(NamedTuple):
    """A line of a list."""

    code: str
    group: str
    start: str = ""
    end: str = ""
    note: str = ""


def run(sources: Path, out: Path) -> None:
    """Write the lists of every Section 232 measure of the United States."""
    us = sources / "law" / "us"
    notes = read_notes(us / "texts" / NOTES)
    editions = read_editions(us / "hts")
    lists = us / "lists"
    new = list_2026(notes)
    _write("us-s232-metals-2026", metals_2026(new), editions, out)
    _write("us-s232-steel", steel(editions, lists, new), editions, out)
    _write("us-s232-aluminum", aluminum(notes, editions), editions, out)
    _write("us-s232-copper", copper(lists), editions, out)
    parts = [Item(c, "parts") for c in codes_in(notes["33(g)"])]
    _check("auto-parts", parts)
    # note 33(g) names the whole heading 8471; only computers that are parts of vehicles are meant (note 33(h)(ii))
    parts = [i._replace(group="computers") if i.code == "8471" else i for i in parts]
    british = [Item(c, "uk", "2025-06-30") for c in whole(codes_in(notes["33(j)"]), editions, "2025-06-30")]
    _write("us-s232-auto-parts", [*parts, *british], editions, out)
    buses = codes_in(notes["38(c)"])
    _check("buses", buses)
    trucks = [Item(c, "vehicles") for c in codes_in(notes["38(b)"])]
    _check("mhd-vehicles", trucks)
    _write("us-s232-trucks", trucks, editions, out)
    _write("us-s232-mhd-parts", [Item(c, "parts") for c in codes_in(notes["38(i)"])], editions, out)
    wood = [
        (g, codes_in(notes[n])) for g, n in (("softwood", "37(b)"), ("upholstered", "37(d)"), ("cabinets", "37(f)"))
    ]
    for group, found in wood:
        _check(group, found)
    _write("us-s232-wood", [Item(c, g) for g, found in wood for c in found], editions, out)


# --- the notes of chapter 99


SUBDIVISIONS = {
    # name: (line that opens it, line that ends it), each searched for after the note's own opening
    "16(c)": (r"^16\. \(a\)", r"^\(c\) Headings 9903\.82\.02", r"^\(d\) Headings 9903\.82\.04"),
    "19(j)": (r"^19\. \(a\)", r"^\(j\) The rates of duty set forth in heading 9903\.85\.07", r"^\(k\)"),
    "19(k)": (r"^19\. \(a\)", r"^\(k\) The rates of duty in heading 9903\.85\.08", r"^For any derivative"),
    "33(b)": (r"^33\. \(a\)", r"^\(b\) The rates of duty", r"^\(c\) Heading"),
    "33(g)": (r"^33\. \(a\)", r"^HTSUS enumerated in this subdivision:", r"^\(h\) Heading"),
    "33(j)": (r"^33\. \(a\)", r"^\(j\) Heading 9903\.94\.32", r"^Any automotive part"),
    "37(b)": (r"^37\.$", r"^\(b\) The rates of duty", r"^\(c\) Heading"),
    "37(d)": (r"^37\.$", r"^\(d\) The rates of duty", r"^\(e\) Except"),
    "37(f)": (r"^37\.$", r"^\(f\) Except", r"^\(g\) Heading"),
    "38(b)": (r"^38\.$", r"^\(b\) The rate of duty", r"^\(c\) Heading"),
    "38(c)": (r"^38\.$", r"^\(c\) Heading 9903\.74\.02", r"^\(d\) Heading"),
    "38(i)": (r"^38\.$", r"^\(i\) The rates of duty", r"^\(j\) Heading"),
}
HEAD = re.compile(r"Harmonized Tariff Schedule|Annotated for Statistical|^XXII$|^99 - III|^U\.S\. Notes")


def read_notes(path: Path) -> dict[str, list[str]]:
    """Return the lines of each subdivision that holds a list, page heads left out."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        lines = [re.sub(r"\s+", " ", line).strip() for line in file]
    # a page head can stand before the text of a line: "U.S. Notes (con.) 7301.20.10"
    lines = [line.removeprefix("U.S. Notes (con.)").strip() for line in lines]
    lines = [line for line in lines if line and not HEAD.search(line)]
    found = {}
    for name, (note, opens, closes) in SUBDIVISIONS.items():
        at = _find(lines, note, 0, name)
        at = _find(lines, opens, at, name)
        found[name] = lines[at : _find(lines, closes, at + 1, name)]
    return found


def _find(lines: list[str], pattern: str, start: int, name: str) -> int:
    for i in range(start, len(lines)):
        if re.search(pattern, lines[i]):
            return i
    raise SystemExit(f"note {name}: no line matches {pattern!r}; the layout of the notes has changed")


CODE = re.compile(r"(?<![\d.])(\d{4}(?:\.\d\d(?:\.\d\d(?:\d\d)?)?)?)(?![\d])")


def codes_in(lines: Iterable[str]) -> list[str]:
    """Return the bare codes of a list of chapters 1 to 97, in order, once each."""
    found: dict[str, None] = {}
    for line in lines:
        text = re.sub(
            r"9903\.\d\d(\.\d\d)?|HTSUS heading \d{4}|heading \d{4}|to \d{4}\b|calendar year\s*\d{4}", " ", line
        )
        for code in CODE.findall(text):
            number = bare(code)
            if "01" <= number[:2] <= "97":
                found[number] = None
    return list(found)


LISTS = {
    "i": r"^\(i\) Articles of aluminum",
    "ii": r"^\(ii\) Derivative aluminum",
    "iii": r"^\(iii\) Articles of steel",
    "iv-v": r"7301\.20\.10 7301\.20\.50",
    "vi": r"^\(vi\) Derivative aluminum",
    "vii": r"^\(vii\) Derivative steel",
    "viii": r"^\(viii\) Articles of copper",
    "ix": r"^\(ix\) Derivative aluminum",
    "x": r"^\(x\) Derivative steel",
}


def list_2026(notes: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return note 16(c)'s lists (i) to (x), the annexes of Proc. 11021 in the tariff.

    On the page of lists (iv) and (v) the columns of the two run together in the text; copper is chapter 74 there
    and steel is the rest.
    """
    lines = notes["16(c)"]
    starts = [(name, _find(lines, pattern, 0, f"16(c)({name})")) for name, pattern in LISTS.items()]
    found: dict[str, list[str]] = {}
    for (name, at), (_, end) in zip(starts, [*starts[1:], ("", len(lines))], strict=True):
        found[name] = codes_in(lines[at:end])
    mixed = found.pop("iv-v")
    found["v"] = [c for c in mixed if c[:2] == "74"]
    found["iv"] = [c for c in mixed if c[:2] != "74"]
    return found


def metals_2026(lists: dict[str, list[str]]) -> list[Item]:
    """Return the lists of April 2026, with the groups that exceptions need."""
    items = [Item(c, f"list-{name}") for name, found in lists.items() for c in found]
    listed = {c for found in lists.values() for c in found}
    items += [Item(c, "outside-metal-chapters") for c in sorted(listed) if c[:2] not in ("72", "73", "74", "76")]
    items += [
        Item(c, "equipment", SECOND_2026)
        for name in ("vi", "vii", "ix", "x")
        for c in lists[name]
        if c.startswith(EQUIPMENT) and not c.startswith(NOT_EQUIPMENT)
    ]
    return items


# --- the tariff's editions


def read_editions(folder: Path) -> dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]]:
    """Return by first day: the codes of an edition, and the lines whose footnotes name note 16 or 19."""
    with (folder / "revision_dates.csv").open(encoding="utf-8-sig", newline="") as file:
        days = {row["revision"]: row for row in csv.DictReader(file)}
    found = {}
    for path in folder.glob("hts_*.json.gz"):
        name = path.name.removeprefix("hts_").removesuffix(".json.gz").removeprefix("2025_")
        row = days[name]
        day = row["policy_effective_date"] if row["policy_effective_date"] != "NA" else row["effective_date"]
        found[day] = _edition(path)
    return dict(sorted(found.items()))


@cache
def _edition(path: Path) -> tuple[frozenset[str], dict[int, frozenset[str]]]:
    codes: set[str] = set()
    noted: dict[int, set[str]] = {16: set(), 19: set()}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in json.load(file):
            code = bare(line["htsno"])
            codes.update(code[:n] for n in (4, 6, 8, 10) if len(code) >= n)
            for foot in line.get("footnotes") or ():
                for note, where in noted.items():
                    if f"note {note} to subchapter III" in foot["value"] and not code.startswith("99"):
                        where.add(short(code))
    return frozenset(codes), {note: frozenset(where) for note, where in noted.items()}


def short(code: str) -> str:
    """Leave out a statistical suffix that divides nothing."""
    return code[:8] if len(code) == 10 and code.endswith("00") else code


def _in_force(
    editions: dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]], start: str, end: str
) -> Iterator[str]:
    days = sorted(editions)
    for i, day in enumerate(days):
        until = days[i + 1] if i + 1 < len(days) else "9999"
        if until > (start or "2025-01-01") and day < (end or "9999"):
            yield day


def whole(
    listed: list[str], editions: dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]], start: str
) -> list[str]:
    """Return a list with eight digits where it names every statistical suffix that an item has had since a day."""
    found: dict[str, None] = {}
    for code in listed:
        item = code[:8]
        suffixes = {
            c for d in _in_force(editions, start, "") for c in editions[d][0] if len(c) == 10 and c.startswith(item)
        }
        found[item if suffixes <= set(listed) else code] = None
    return list(found)


# --- steel and aluminium, 12 March 2025 to 5 April 2026


def steel(
    editions: dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]], lists: Path, new: dict[str, list[str]]
) -> list[Item]:
    """Return the steel derivatives: by the footnotes (March), by public lists (June, August), and undated."""
    first = editions[next(d for d in editions if d > MARCH)][1][16]
    before = editions[min(editions)][1][16]
    march = sorted(c for c in first if not c.startswith((*STEEL_ARTICLES, *NAILS, "731700", *STAMPINGS)))
    march += ["73170010", "73170020", "73170075"]
    items = [Item(c, "chapter-73" if c[:2] == "73" else "other", MARCH) for c in sorted(set(march))]
    _check("march-chapter-73", [i for i in items if i.group == "chapter-73"])
    _check("march-other", [i for i in items if i.group == "other"])
    # subdivision (m) takes the suffixes of the nails' subheadings that (l) leaves
    rest = [c for c in sorted(editions[next(d for d in editions if d > MARCH)][0]) if len(c) == 10]
    items += [Item(c, "chapter-73", MARCH) for c in rest if c.startswith(("73170055", "73170065")) and c not in NAILS]
    items += [Item(c, "nails") for c in NAILS]
    if missing := [c for c in NAILS if not any(short(c).startswith(b[:8]) for b in before)]:
        raise SystemExit(f"nails without a footnote before March 2025: {missing}")
    items += [Item(c, "june", JUNE) for c in JUNE_STEEL]
    later = _removed(lists, "steel") | {c for name in ("iv", "vii", "x") for c in new[name]}
    dated = [r for r in _csv(lists / "s232_derivative_products.csv") if r["derivative_type"] == "steel"]
    august: set[str] = set()
    for row in dated:
        if row["ch99_code"] != "9903.81.91" or row["effective_date"] != AUGUST:
            raise SystemExit(f"a steel derivative of another date or heading: {row}")
        code = row["hts_prefix"]
        # the list gives eight digits where the annexes of 2026 name suffixes: then only these are meant
        suffixes = {c for c in later if len(c) == 10 and short(c) != code and c.startswith(code)}
        august |= suffixes if suffixes and code not in later else {code}
    items += [Item(c, "august", AUGUST) for c in sorted(august)]
    known = [i.code for i in items] + [*STEEL_ARTICLES[1:], *STAMPINGS]
    undated = {
        c for c in later if len(c) >= 8 and c[:2] != "72" and not any(c.startswith(k) or k.startswith(c) for k in known)
    } | {c for c in new["iv"] if c[:2] == "72"}
    items += [Item(c, "undated", AUGUST, APRIL_2026) for c in sorted(undated)]
    return items


def _removed(lists: Path, metal: str) -> set[str]:
    """Return what Annex II of Proc. 11021 took out, by metal, as the public list gives it."""
    rows = [r for r in _csv(lists / "s232_annex_products.csv") if r["annex"] == "2" and r["metal_type"] == metal]
    exact = {r["HTSUS"] for r in _csv(lists / "metals-annex-II-removed.csv")}
    found: set[str] = set()
    for row in rows:
        suffixes = {c for c in exact if c.startswith(row["hts_prefix"])}
        found |= suffixes or {row["hts_prefix"]}
    return {short(c) for c in found}


def aluminum(
    notes: dict[str, list[str]], editions: dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]]
) -> list[Item]:
    """Return note 19(j) and (k): dated to March where the edition after it has the footnote, else by the inclusions.

    The notes give no dates. Lines with the footnote of March are of March; beer and cans were added in April; the
    rest came with the inclusions of August, the only other ones.
    """
    first = editions[next(d for d in editions if d > MARCH)][1][19]
    eights = {c[:8] for c in first}
    items = []
    for name, group in (("19(j)", "chapter-76"), ("19(k)", "other")):
        for code in map(short, codes_in(notes[name])):
            if code in (BEER, CANS):
                items.append(Item(code, f"april-{group}", BEER_DAY))
            elif code[:8] in eights:
                items.append(Item(code, group, MARCH))
            else:
                items.append(Item(code, f"august-{group}", AUGUST))
    return items


def copper(lists: Path) -> list[Item]:
    """Return the copper list, the same in two public lists (the proclamation prints it as a picture)."""
    found = {short(r["hts10"]) for r in _csv(lists / "s232_copper_products.csv")}
    other = {short(r["HTSUS"]) for r in _csv(lists / "copper-list.csv")}
    if found != other:
        print(f"copper: the two lists differ: {sorted(map(dotted, found ^ other))}")
    items = [Item(c, "copper") for c in sorted(found)]
    _check("copper", items)
    return items


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _check(name: str, found: list[Item] | list[str]) -> None:
    if len(found) != COUNTS[name]:
        raise SystemExit(f"{name}: {len(found)} codes where the instrument has {COUNTS[name]}")


def _write(
    name: str,
    items: Iterable[Item],
    editions: dict[str, tuple[frozenset[str], dict[int, frozenset[str]]]],
    out: Path,
) -> None:
    """Write a list; codes that the tariff never held while they were listed are dropped and reported."""
    kept: dict[tuple[str, str], Item] = {}
    dropped: set[str] = set()
    for given in items:
        item = given._replace(code=short(given.code))
        span = list(_in_force(editions, item.start, item.end))
        if not any(item.code in editions[d][0] for d in span):
            dropped.add(dotted(item.code))
            continue
        kept.setdefault((item.code, item.group), item)
    groups: dict[str, int] = {}
    for item in kept.values():
        groups[item.group] = groups.get(item.group, 0) + 1
    print(f"{name}: {groups}; not in the tariff of their days, dropped: {', '.join(sorted(dropped)) or 'none'}")
    write_list(
        out / f"{name}.csv",
        [
            {"code": dotted(i.code), "group": i.group, "from": i.start, "to": i.end, "note": i.note}
            for i in kept.values()
        ],
    )
