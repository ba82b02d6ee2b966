"""Lists of the United States' duties under IEEPA and Sections 122, 301 and 338.

The notes to chapter 99 (as of April 2026) are the source where they hold a list, the lists of
others only where they date it or where no note does. Country rates are typed in the YAML files and
held here against the texts of the headings.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from tools.build_data.law_lists import bare, dotted, hts_codes, write_list

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOTES = "hts_chapter99_notes_2026_rev_6.txt.gz"
CODE = r"\d{4}(?:\.\d{2}(?:\.\d{2}(?:\.?\d{2})?)?)?"
PURE = re.compile(rf"(?:{CODE}\s*)+")

# EO 14346, Annex: what Annex II of EO 14257 gained and lost on 8 September 2025. The order is not among the
# sources; the list is as customs brokers published it. It fits what is: each code gained stands in the note of
# 2026 and on no earlier list, each code lost stands on a list of exempt goods and no longer in the note.
SEPTEMBER_GAINED = [
    "2504.10.10",
    "2604.00.00",
    "2609.00.00",
    "2612.20.00",
    "2613.90.00",
    "2825.40.00",
    "2833.24.00",
    "2903.51.10",
    "2924.29.01",
    "2924.29.03",
    "2924.29.23",
    "2924.29.26",
    "2924.29.28",
    "2924.29.33",
    "2924.29.57",
    "2924.29.80",
    "2926.90.50",
    "2933.29.05",
    "2933.29.60",
    "4703.11.00",
    "4703.21.00",
    "4703.29.00",
    "7108.11.00",
    "7108.12.50",
    "7108.13.10",
    "7108.13.55",
    "7108.13.70",
    "7108.20.00",
    "7115.90.05",
    "7115.90.30",
    "7202.60.00",
    "7501.10.00",
    "7502.10.00",
    "7502.20.00",
    "7503.00.00",
    "7504.00.00",
    "7903.90.30",
    "8505.11.00.70",
    "8541.41.00",
]
SEPTEMBER_LOST = [
    "2818.30.00",
    "3824.99.93",
    "3907.29.00",
    "3907.30.00",
    "3907.61.00",
    "3907.69.00",
    "3907.99.50",
    "3910.00.00",
]
# On Brazil's list from the start, so not among its additions of November, but added to Annex II then.
NOVEMBER_OTHERS = ["0801.21.00", "2009.11.00", "2009.12.25", "2009.12.45"]
MEMORANDUM = [
    "8471",
    "8473.30",
    "8486",
    "8517.13.00",
    "8517.62.00",
    "8523.51.00",
    "8524",
    "8528.52.00",
    "8541.10.00",
    "8541.21.00",
    "8541.29.00",
    "8541.30.00",
    "8541.49.10",
    "8541.49.70",
    "8541.49.80",
    "8541.49.95",
    "8541.51.00",
    "8541.59.00",
    "8541.90.00",
    "8542",
]
PARTICULAR = [
    "0805.90.01",
    "0811.90.80",
    "1404.90.90",
    "1905.90.10",
    "1905.90.90",
    "2008.99.21",
    "2009.31.60",
    "2009.89.70",
    "2009.90.40",
    "2106.90.99",
    "3301.29.51",
]

EUROPEAN_UNION = [
    "AUT",
    "BEL",
    "BGR",
    "CYP",
    "CZE",
    "DEU",
    "DNK",
    "ESP",
    "EST",
    "FIN",
    "FRA",
    "GRC",
    "HRV",
    "HUN",
    "IRL",
    "ITA",
    "LTU",
    "LUX",
    "LVA",
    "MLT",
    "NLD",
    "POL",
    "PRT",
    "ROU",
    "SVK",
    "SVN",
    "SWE",
]
COUNTRIES = {
    "Afghanistan": "AFG", "Algeria": "DZA", "Angola": "AGO", "Bangladesh": "BGD", "Bolivia": "BOL",
    "Bosnia and Herzegovina": "BIH", "Botswana": "BWA", "Brazil": "BRA", "Brunei": "BRN", "Cambodia": "KHM",
    "Cameroon": "CMR", "Chad": "TCD", "Costa Rica": "CRI", "Cote dIvoire": "CIV",
    "Democratic Republic of the Congo": "COD", "Ecuador": "ECU", "Equatorial Guinea": "GNQ",
    "Falkland Islands": "FLK", "Fiji": "FJI", "Ghana": "GHA", "Guyana": "GUY", "Iceland": "ISL", "India": "IND",
    "Indonesia": "IDN", "Iraq": "IRQ", "Israel": "ISR", "Japan": "JPN", "Jordan": "JOR", "Kazakhstan": "KAZ",
    "Laos": "LAO", "Lesotho": "LSO", "Libya": "LBY", "Liechtenstein": "LIE", "Madagascar": "MDG", "Malawi": "MWI",
    "Malaysia": "MYS", "Mauritius": "MUS", "Moldova": "MDA", "Mozambique": "MOZ", "Myanmar (Burma)": "MMR",
    "Namibia": "NAM", "Nauru": "NRU", "New Zealand": "NZL", "Nicaragua": "NIC", "Nigeria": "NGA",
    "North Macedonia": "MKD", "Norway": "NOR", "Pakistan": "PAK", "Papua New Guinea": "PNG", "Philippines": "PHL",
    "Serbia": "SRB", "South Africa": "ZAF", "South Korea": "KOR", "Sri Lanka": "LKA", "Switzerland": "CHE",
    "Syria": "SYR", "Taiwan": "TWN", "Thailand": "THA", "Trinidad and Tobago": "TTO", "Tunisia": "TUN",
    "Turkey": "TUR", "Uganda": "UGA", "United Kingdom": "GBR", "Vanuatu": "VUT", "Venezuela": "VEN",
    "Vietnam": "VNM", "Zambia": "ZMB", "Zimbabwe": "ZWE",
}  # fmt: skip
"""Names as the headings write them (without apostrophes and accents) to ISO 3166."""


def run(sources: Path, out: Path) -> None:
    """Write the lists, and check the country rates."""
    lists = sources / "law" / "us" / "lists"
    known = hts_codes(sources)
    carved = _csv(lists / "fentanyl_carveout_products.csv")
    _write("us-ieepa-can", _groups(carved, {"energy_ca": "energy", "potash_ca": "potash"}), known, out)
    _write("us-ieepa-mex", _groups(carved, {"potash_mx": "potash"}), known, out)
    _write("us-ieepa-reciprocal", reciprocal(sources), known, out)
    _write("us-ieepa-bra", brazil(sources), known, out)
    _write("us-s301-chn", china301(sources), known, out)
    exempt = [(c, "exempt", "", "") for c in note_list(sources, "9903.03.03")]
    exempt += [(c, "aircraft", "", "") for c in note_list(sources, "9903.03.05")]
    _same(
        "Section 122", {c for c, g, *_ in exempt if g == "exempt"}, _column(lists / "section122-product-exemptions.csv")
    )
    _same(
        "aircraft of 122",
        {c for c, g, *_ in exempt if g != "exempt"},
        _column(lists / "section122-aircraft-exemptions.csv"),
    )
    _write("us-s122", [*exempt, *((bare(c), "particular", "", "") for c in PARTICULAR)], known, out)
    aircraft = _column(lists / "canada-338-aircraft-exempt.csv")
    for name, file in (("alcohol", "alcohol"), ("dairy", "dairy"), ("vehicles", "autos")):
        listed = _column(lists / f"canada-338-{file}.csv")
        both = [(c, "listed", "", "") for c in listed] + [(c, "aircraft", "", "") for c in listed & aircraft]
        _write(f"us-s338-{name}", both, known, out)
    check_countries(sources, out)


def reciprocal(sources: Path) -> list[tuple[str, str, str, str]]:
    """Return Annex II of EO 14257 by period, and the lists of the agreements.

    Annex II of April: the list at hand, the codes of the note that stand on no list of additions, and the eight
    codes that were taken out in September. Chapter 44 left on 14 October 2025 (Proc. 10976, cl. 12), copper that
    pays under Section 232 on 1 August 2025 (Proc. 10962, cl. 4), each save what the note of 2026 still holds.
    """
    lists = sources / "law" / "us" / "lists"
    note = set(note_list(sources, "9903.01.32"))
    april = {c[:8] for c in _column(lists / "annex-II-exemptions.csv")}
    gained, lost = set(map(bare, SEPTEMBER_GAINED)), set(map(bare, SEPTEMBER_LOST))
    electronics = set(map(bare, MEMORANDUM))
    november = {c for c in brazil_additions(sources) if c in note and c not in april} | set(map(bare, NOVEMBER_OTHERS))
    _require(gained <= note and not gained & april, "additions of September 2025 against the note")
    _require(not lost & note, "removals of September 2025 against the note")
    _require(november <= note and not november & (gained | april), "additions of November 2025")
    _require(len(november) == 237, f"237 additions of November 2025, not {len(november)}")
    _require(electronics <= note, "memorandum of 11 April 2025 against the note")
    named = {c[:8] for c in _column(lists / "consumer_electronics_EO14257_apr11.csv")}
    _require(all(_within(c, electronics) for c in named), "memorandum of 11 April 2025 against the list of its lines")
    copper = {c[:8] for c in _column(lists / "s232_copper_products.csv")}
    rest = note - april - gained - november - electronics
    rows: list[tuple[str, str, str, str]] = []
    for code in sorted(april | rest | lost):
        end = "2025-09-08" if code in lost else ""
        if code not in note and code[:2] == "44":
            end = "2025-10-14"
        elif code not in note and code[:2] == "74":
            _require(code in copper, f"copper {code} left Annex II but is not on the list of Section 232")
            end = "2025-08-01"
        _require(bool(end) or code in note, f"{code} left Annex II on a day that is not known")
        rows.append((code, "annex-ii", "2025-04-05", end))
    rows += [(c, "annex-ii", "2025-09-08", "") for c in sorted(gained)]
    rows += [(c, "annex-ii", "2025-11-13", "") for c in sorted(november)]
    print(
        f"Annex II: {len(april)} listed and {len(rest)} inferred for April, {len(lost)} lost and {len(gained)} gained "
        f"in September, {len(november)} in November 2025"
    )
    rows += [(c, "electronics", "", "") for c in electronics]
    rows += [(bare(c), "particular", "", "") for c in PARTICULAR]
    pharma, aircraft = note_list(sources, "9903.02.77"), note_list(sources, "9903.02.76")
    _same("pharmaceuticals of the EU and of Switzerland", set(pharma), set(note_list(sources, "9903.02.86")))
    _same("aircraft of the EU and of Switzerland", set(aircraft), set(note_list(sources, "9903.02.85")))
    for group, codes in (
        ("eu-articles", note_list(sources, "9903.02.74")),
        ("swiss-articles", note_list(sources, "9903.02.84")),
        ("generic-pharmaceuticals", pharma),
        ("aircraft-eu-swiss", aircraft),
        ("aircraft-korea", note_list(sources, "9903.02.81")),
        ("aircraft-uk", note_list(sources, "9903.96.01")),
        ("aircraft-japan", note_list(sources, "9903.96.02")),
    ):
        rows += [(c, group, "", "") for c in codes]
    return rows


def brazil(sources: Path) -> list[tuple[str, str, str, str]]:
    """Return what EO 14323 exempts, by day: the note's list, dated by the list of those who followed it."""
    added = brazil_additions(sources)
    rows = [(c, "exempt", "2025-11-13" if c in added else "2025-08-06", "") for c in note_list(sources, "9903.01.81")]
    rows += [(c, "aircraft", "", "") for c in note_list(sources, "9903.01.82")]
    return [*rows, *((bare(c), "particular", "", "") for c in PARTICULAR)]


def brazil_additions(sources: Path) -> set[str]:
    """Return the codes added on 13 November 2025, without the headings that strayed into the list."""
    path = sources / "law" / "us" / "lists" / "country_eo_exempt_products.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    found = {bare(r["hts10"]) for r in rows if r["effective_date_start"] == "2025-11-13"}
    return {c for c in found if not c.startswith("99")} - set(map(bare, PARTICULAR))


def china301(sources: Path) -> list[tuple[str, str, str, str]]:
    """Return the lists of notes 20 and 31, each product once, held against the footnotes of the tariff.

    Items that the four-year review moved on 1 January 2026 stand under their headings of 2025 as the footnotes of
    2025 name them; parts of items are in the YAML file.
    """
    rows: list[tuple[str, str, str, str]] = []
    seen: dict[str, str] = {}
    for group, heading in (("list-1", "9903.88.01"), ("list-2", "9903.88.02"), ("list-3", "9903.88.03"),
                           ("list-4a", "9903.88.15"), ("review-25", "9903.91.01"), ("review-50", "9903.91.02"),
                           ("review-100", "9903.91.03"), ("review-50-2025", "9903.91.05"),
                           ("review-25-2025", "9903.91.11"), ("review-25-2026", "9903.91.06"),
                           ("review-100-2026", "9903.91.08")):  # fmt: skip
        codes = note_list(sources, heading)
        for code in codes:
            _require(code not in seen, f"{code} stands on {seen.get(code)} and {group} of Section 301")
            seen[code] = group
        rows += [(c, group, "", "") for c in codes]
    footnotes = footnotes_301(sources, "2026_rev_10")
    wanted = {g: set() for g in ("9903.88.01", "9903.88.02", "9903.88.03", "9903.88.15", "9903.91.01")}
    for code, headings in footnotes.items():
        for heading in headings & wanted.keys():
            wanted[heading].add(code)
    for group, heading in (("list-1", "9903.88.01"), ("list-2", "9903.88.02"), ("list-3", "9903.88.03"),
                           ("list-4a", "9903.88.15"), ("review-25", "9903.91.01")):  # fmt: skip
        have = {c for c, g, *_ in rows if g == group}
        extra, lack = sorted(wanted[heading] - have), sorted(c for c in have - wanted[heading] if c in footnotes)
        print(f"Section 301 {group}: footnotes alone {len(extra)} {extra[:12]}, note alone {len(lack)} {lack[:12]}")
    return rows


def footnotes_301(sources: Path, revision: str) -> dict[str, set[str]]:
    """Return the headings of subchapter III that the footnotes of each eight-digit line name."""
    found: dict[str, set[str]] = {}
    for line in _edition(sources, revision):
        code = bare(line["htsno"])
        if len(code) == 8 and not code.startswith("99"):
            text = " ".join(str(f.get("value", "")) for f in line.get("footnotes") or [])
            found[code] = set(re.findall(r"9903\.\d\d\.\d\d", text))
    return found


@cache
def _notes(sources: Path) -> list[str]:
    path = sources / "law" / "us" / "texts" / NOTES
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        return [re.sub(r".*U\.S\. Notes \(con\.\)", "", line).strip() for line in file]


@cache
def _edition(sources: Path, revision: str) -> list[dict[str, Any]]:
    path = sources / "law" / "us" / "hts" / f"hts_{revision}.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines: list[dict[str, Any]] = json.load(file)
    return lines


# Where the list of a heading begins and ends in the notes, and how many codes it holds.
SPANS = {
    "9903.01.32": ("(a) As provided for in heading 9903.01.32", "(b) As provided in heading 9903.02.78", 1082),
    "9903.02.74": ("(xx) As provided in heading 9903.02.74", "(xxi) As provided in heading 9903.02.75", 219),
    "9903.02.76": ("(xxii)  As provided in heading 9903.02.76", "(xxiii) As provided in heading 9903.02.77", 553),
    "9903.02.77": ("(xxiii) As provided in heading 9903.02.77", "(a) As provided in headings 9903.02.79", 807),
    "9903.02.81": ("(b) As provided in heading 9903.02.81", "(a) As provided in headings 9903.02.82", 554),
    "9903.02.84": ("(b) As provided in headings 9903.02.84", "(c) As provided in headings 9903.02.85", 321),
    "9903.02.85": ("(c) As provided in headings 9903.02.85", "(d) As provided in headings 9903.02.86", 553),
    "9903.02.86": ("(d) As provided in headings 9903.02.86", "(i) Except as provided in headings 9903.01.78", 807),
    "9903.01.81": ("(a) As provided in heading 9903.01.81", "(b) As provided in heading 9903.01.90", 367),
    "9903.01.82": ("(iv) As provided in heading 9903.01.82", "(v) The additional duties imposed by heading 9903", 565),
    "9903.03.03": ("(ii) As provided in heading 9903.03.03", "(iii) As provided in heading 9903.03.04", 1098),
    "9903.03.05": ("(iv) As provided in heading 9903.03.05", "(v) As provided in heading 9903.03.06", 546),
    "9903.88.01": ("(b) Heading 9903.88.01 applies", "(c) For the purposes of heading 9903.88.02", 856),
    "9903.88.02": ("(d) Heading 9903.88.02 applies", "(e) For the purposes of heading 9903.88.03", 283),
    "9903.88.03": ("(f) Heading 9903.88.03 applies", "(g) For the purposes of heading 9903.88.04", 5906),
    "9903.88.15": ("(s) Heading 9903.88.15 applies", "(ii) the following products of China:", 2958),
    "9903.91.01": ("(b) Heading 9903.91.01 applies", "(c) Heading 9903.91.02 applies", 348),
    "9903.91.02": ("(c) Heading 9903.91.02 applies", "(d) Heading 9903.91.03 applies", 2),
    "9903.91.03": ("(d) Heading 9903.91.03 applies", "(e) Heading 9903.91.04 applies", 10),
    "9903.91.05": ("(i) Heading 9903.91.05 applies", "(g) Heading 9903.91.06 applies", 18),
    "9903.91.06": ("(g) Heading 9903.91.06 applies", "(h) Heading 9903.91.07 applies", 5),
    "9903.91.08": ("(i) Heading 9903.91.08 applies", "(j) Heading 9903.91.11 applies", 1),
    "9903.91.11": ("(j) Heading 9903.91.11 applies", "(i) Heading 9903.91.12 applies", 3),
    "9903.96.01": ("(a) As provided in heading 9903.96.01", "(b) As provided in heading 9903.96.02", 0),
    "9903.96.02": ("(b) As provided in heading 9903.96.02", "36. ", 0),
}  # fmt: skip
INLINE = {"9903.91.08", "9903.96.01", "9903.96.02"}


def note_list(sources: Path, heading: str) -> list[str]:
    """Return the codes that the notes list under a heading, in order, each once.

    Raises
    ------
    ValueError
        If the text or the number of codes is not what it was when the span was typed.
    """
    lines = _notes(sources)
    begin, end, count = SPANS[heading]
    starts = [i for i, line in enumerate(lines) if line.startswith(begin)]
    _require(len(starts) == 1, f"{heading}: {begin!r} stands {len(starts)} times in the notes")
    stop = next(i for i in range(starts[0] + 1, len(lines)) if lines[i].startswith(end))
    found: dict[str, None] = {}
    for line in lines[starts[0] : stop]:
        text = re.sub(r"^\(\d+\)\s*", "", line)
        if heading in INLINE:
            codes = [c for c in re.findall(r"\b\d{4}\.\d{2}\.\d{2}\b", line) if not c.startswith("99")]
        else:
            codes = text.split() if PURE.fullmatch(text) else []
        found.update(dict.fromkeys(map(bare, codes)))
    _require(count in (0, len(found)), f"{heading}: {len(found)} codes in the notes, expected {count}")
    return list(found)


def check_countries(sources: Path, out: Path) -> None:
    """Hold the typed country rates against the texts of the headings, Annex I and the August list."""
    text = (out / "us-ieepa-reciprocal.yaml").read_text(encoding="utf-8")
    typed: dict[str, tuple[frozenset[str], float]] = {}
    for row in yaml.safe_load(text)["rates"]:
        headings = re.findall(r"^HTSUS (9903\.0[12]\.\d\d)$", row["citation"])
        if headings and "origins" in row:
            rate = row.get("ad_valorem", row.get("top_up_to"))
            typed[headings[0]] = (frozenset(row["origins"]["only"]), float(rate))
    printed = {
        **headings_of(sources, "2025_rev_10", 43, 76, "9903.01."),
        **headings_of(sources, "2025_rev_20", 2, 71, "9903.02."),
    }
    del printed["9903.01.63"]  # China: its rates changed by the day
    printed["9903.02.20"] = (frozenset(EUROPEAN_UNION), 15.0)
    for heading, expected in printed.items():
        _require(typed.get(heading) == expected, f"{heading}: typed {typed.get(heading)}, printed {expected}")
    lists = sources / "law" / "us" / "lists"
    numbers = {r["cty_code"]: r["iso3"] for r in _csv(lists / "census_to_iso3.csv")}
    for row in _csv(lists / "reciprocal-tariffs-annex-I.csv"):
        iso = numbers.get(row["CTY_CODE"])
        here = [rate for h, (who, rate) in typed.items() if h.startswith("9903.01") and iso in who]
        if iso is not None and iso not in {"CHN", "HKG", "MAC"} and here != [float(row["tariff_rate"])]:
            print(f"Annex I list: {row['CTY_NAME']} {row['tariff_rate']}, headings {here}")
    print(f"reciprocal: {len(printed)} headings, as typed")


def headings_of(
    sources: Path, revision: str, first: int, last: int, chapter: str
) -> dict[str, tuple[frozenset[str], float]]:
    """Return countries and rate of the headings of an edition that add to the ordinary duty."""
    found = {}
    for line in _edition(sources, revision):
        heading = line["htsno"]
        number = heading.removeprefix(chapter)
        if not (heading.startswith(chapter) and number.isdigit() and first <= int(number) <= last):
            continue
        rate = re.search(r"\+ (\d+)%", line["general"])
        names = re.search(r"articles the product of (?:the )?(.+?),? as provided for", line["description"])
        if rate is None or names is None:
            continue
        text = names[1].replace("’", "").replace("`", "").replace("ô", "o").replace("'", "")
        text = text.replace("Bosnia and Herzegovina", "Bosnia & Herzegovina").replace(
            "Trinidad and Tobago", "Trinidad & Tobago"
        )
        countries: set[str] = set()
        for part in re.split(r", or |, | or ", text):
            name = part.replace(" & ", " and ").removeprefix("the ")
            if name.startswith("European Union"):
                countries.update(EUROPEAN_UNION)
            elif name.startswith("China") or name == "including Hong Kong and Macau":
                countries.update({"CHN", "HKG", "MAC"})
            else:
                _require(name in COUNTRIES, f"{heading}: {name!r} is not a country that the loader knows")
                countries.add(COUNTRIES[name])
        found[heading] = (frozenset(countries), float(rate[1]))
    return found


def _groups(rows: list[dict[str, str]], names: dict[str, str]) -> list[tuple[str, str, str, str]]:
    return [(r["hts8"], names[r["category"]], "", "") for r in rows if r["category"] in names]


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _column(path: Path) -> set[str]:
    """Return the first column of a list."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {bare(row[0]) for row in list(csv.reader(file))[1:]}


def _within(code: str, codes: set[str]) -> bool:
    return any(code[:n] in codes for n in (4, 6, 8, 10))


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise ValueError(f"the sources are not as expected: {text}")


def _same(what: str, one: set[str], other: set[str]) -> None:
    _require(one == other, f"{what}: {sorted(one ^ other)[:10]}")


def _write(name: str, rows: Iterable[tuple[str, str, str, str]], known: frozenset[str], out: Path) -> None:
    """Write a list; codes that no edition of the tariff holds are dropped and reported."""
    kept: dict[tuple[str, str, str], str] = {}
    dropped = []
    for listed, group, start, end in rows:
        code = bare(listed)
        if code not in known:
            dropped.append(dotted(code))
            continue
        kept[code, group, start] = end
    print(f"{name}: {len(kept)} codes; not in the tariff, dropped: {', '.join(sorted(dropped)) or 'none'}")
    write_list(
        out / f"{name}.csv",
        [{"code": dotted(c), "group": g, "from": s, "to": e} for (c, g, s), e in kept.items()],
    )
