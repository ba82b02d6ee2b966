"""The United States' ordinary duties and nomenclature, from the HTS at eleven dates.

Writes, in the folder of the US law:

- `us-mfn.csv`: general, special and column 2 rates by eight-digit item (ten digits where a suffix
  differs) and period, as printed but for spelling;
- `nomenclature.csv`: the items and statistical suffixes of chapters 1 to 97 by period;
- `us-mfn-mexico.csv`: the items whose USMCA rate stands in headings 9823.01 to 9823.08, free for Mexico;
- `origins.csv`: countries of origin, ISO 3166 code and name.

What is equal in consecutive editions is one row. An edition holds from its date in
`revision_dates.csv` (`policy_effective_date`, or `effective_date` where that is missing) until the
next: a change between two editions is dated on the later, the day by which it is certain.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surtax.law.rates import parse_rate, split_special
from tools.build_data.law_lists import bare, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

EDITIONS = (
    "2025_basic",
    "2025_rev_5",
    "2025_rev_10",
    "2025_rev_13",
    "2025_rev_16",
    "2025_rev_20",
    "2025_rev_26",
    "2025_rev_32",
    "2026_basic",
    "2026_rev_4",
    "2026_rev_10",
)

# Left out of the export of the first edition by mistake: imports of December 2024 stand under them
# (Census), and the next edition has them unchanged.
MISSING_AT_FIRST = ("44201900", "4420190000", "9401696031")

# Misprints: (code, column, as printed) to what the later editions print.
MISPRINTS = {
    ("2909191800", "other", "37% / 5.5%"): "37%",
    ("20031001", "other", "22¢/kg on drained weght + 45%"): "22¢/kg on drained weight + 45%",
}

# The export shows the column 2 rate of 9006.59.15 again on its first suffix.
REPEATED = {("9006591520", "other")}

# A suffix without an item above it, in one edition (1 July 2025) only.
STRAY = {"9401993030"}

# Origins that the Census list of partners leaves out. The insular possessions of the United States (general
# note 3(a)(iv)) are left out on purpose: they are no foreign origins.
MORE_ORIGINS = {
    "BES": "Bonaire, Sint Eustatius and Saba",
    "CUB": "Cuba",
    "ESH": "Western Sahara",
    "HMD": "Heard and McDonald Islands",
    "IOT": "British Indian Ocean Territory",
    "PRK": "North Korea",
    "SPM": "St. Pierre and Miquelon",
    "WLF": "Wallis and Futuna",
}

Rates = tuple[str, str, str]
"""general, special, other"""


@dataclass(frozen=True)
class Edition:
    """The tariff on a day: rates by code of eight or ten digits, and all codes."""

    start: str
    rates: Mapping[str, Rates]
    codes: frozenset[str]


def clean(text: str) -> str:
    """Return a printed rate without markup and with one spelling of blanks, plus signs and units."""
    text = re.sub(r"<[^>]*>", "", text or "").replace("\xa0", " ")
    text = re.sub(r"(\w)- (\w)", r"\1\2", " ".join(text.split()))
    text = re.sub(r"\s*\+\s*(?=[\d$.])", " + ", text)
    text = re.sub(r"(¢|\d|gross|line)\s*/\s*(?=[a-z\d])", r"\1/", text)
    return text.replace("pf.liter", "pf. liter").replace("m2of", "m2 of").replace("thebattery", "the battery").strip()


def clean_special(text: str) -> str:
    """Return the special column with its programmes separated alike."""
    text = re.sub(r"\((\w+) \(\1\)", r"(\1)", clean(text))  # one line prints "(PA (PA)"
    if not text:
        return ""
    groups = split_special(text)
    left = re.sub(r"[^()]+\([^()]*\)", "", text).strip(" ,;.")
    if left or not groups:
        raise ValueError(f"the special column {text!r} is not rates with programmes in brackets")
    return " ".join(f"{rate} ({','.join(code.strip('.') for code in granted)})" for rate, granted in groups)


def edition_dates(folder: Path) -> dict[str, str]:
    """Return the first day of each edition."""
    with (folder / "revision_dates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    dates = {}
    for row in rows:
        name = row["revision"] if row["revision"].startswith("2026") else f"2025_{row['revision']}"
        day = row["policy_effective_date"]
        dates[name] = row["effective_date"] if day == "NA" else day
    return dates


def read_edition(folder: Path, name: str, start: str) -> Edition:
    """Read one edition: rates stand on a line or on the shorter code above it."""
    with gzip.open(folder / f"hts_{name}.json.gz", "rt", encoding="utf-8") as file:
        lines = json.load(file)
    own: dict[str, Rates] = {}
    found: set[str] = set()
    for line in lines:
        code = bare(line["htsno"])
        if len(code) not in (8, 10) or code[:2] >= "98" or code in STRAY:
            continue
        found.update((code, code[:8]))
        general, other = (
            MISPRINTS.get((code, c, clean(line[c])), "" if (code, c) in REPEATED else clean(line[c]))
            for c in ("general", "other")
        )
        special = clean_special(line["special"])
        if general or special or other:
            own[code] = (general, special, other)
    rates: dict[str, Rates] = {}
    by_item: dict[str, dict[str, Rates]] = defaultdict(dict)
    for code, triple in own.items():
        by_item[code[:8]][code] = triple
    for item in sorted({c[:8] for c in found}):
        printed = by_item.get(item, {})
        if item in printed:
            rates[item] = printed.pop(item)
        elif len(set(printed.values())) == 1:
            rates[item] = next(iter(printed.values()))
            continue
        rates.update(printed)
    lost = [c for c in found if len(c) == 10 and c not in rates and c[:8] not in rates]
    empty = [c for c, (general, _, other) in rates.items() if not (general and other)]
    if lost or empty:
        raise ValueError(f"{name}: no rate for {lost[:5]}, a column empty for {empty[:5]}")
    return Edition(start, rates, frozenset(found))


def read_editions(sources: Path) -> list[Edition]:
    """Read the eleven editions in the order of their dates."""
    folder = sources / "law" / "us" / "hts"
    dates = edition_dates(folder)
    editions = [read_edition(folder, name, dates[name]) for name in EDITIONS]
    first, second = editions[0], editions[1]
    missing = [c for c in MISSING_AT_FIRST if c not in first.codes]
    rates = {**first.rates, **{c: second.rates[c] for c in missing if c in second.rates}}
    editions[0] = Edition(first.start, rates, first.codes | set(missing))
    starts = [e.start for e in editions]
    if starts != sorted(set(starts)):
        raise ValueError(f"the editions are not in the order of their dates: {starts}")
    return editions


def periods(values: Sequence[object], starts: Sequence[str]) -> list[tuple[str, str, object]]:
    """Return (from, to, value) where consecutive equal values are joined; None is no value.

    `to` is empty where the last edition still has the value.
    """
    rows: list[tuple[str, str, object]] = []
    ends = [*starts[1:], ""]
    for value, start, end in zip(values, starts, ends, strict=True):
        if value is None:
            continue
        if rows and rows[-1][2] == value and rows[-1][1] == start:
            rows[-1] = (rows[-1][0], end, value)
        else:
            rows.append((start, end, value))
    return rows


def rate_rows(editions: Sequence[Edition]) -> list[list[str]]:
    """Return the rows of `us-mfn.csv`."""
    starts = [e.start for e in editions]
    codes = sorted({c for e in editions for c in e.rates})
    return [
        [dotted(code), start, end, *triple]  # type: ignore[misc]
        for code in codes
        for start, end, triple in periods([e.rates.get(code) for e in editions], starts)
    ]


def code_rows(editions: Sequence[Edition]) -> list[list[str]]:
    """Return the rows of `nomenclature.csv`."""
    starts = [e.start for e in editions]
    codes = sorted({c for e in editions for c in e.codes})
    return [
        [dotted(code), start, end]
        for code in codes
        for start, end, _ in periods([True if code in e.codes else None for e in editions], starts)
    ]


def mexico_rows(editions: Sequence[Edition]) -> list[list[str]]:
    """Return the items that send USMCA claims to headings 9823.01 to 9823.08.

    The first subheading of each is "Free (S+)" for goods of Mexico in every edition (checked by eye);
    9823.09 and 9823.10 (sugar) name a note instead, so they are left out.
    """
    through = re.compile(r"See 9823\.0[1-8]\.01-\S+ \(S\+\)")
    return [[dotted(c)] for c in sorted({c for e in editions for c, t in e.rates.items() if through.search(t[1])})]


def origin_rows(sources: Path) -> list[list[str]]:
    """Return code and name of every country that the Census names as an origin, but the United States."""
    path = sources / "trade" / "us_imports_hs10_2024" / "CensusCountryMapping_FRBAtl_short.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        named = {row["ISO3"]: " ".join(row["country"].split()) for row in csv.DictReader(file)}
    named |= MORE_ORIGINS
    return [[code, named[code]] for code in sorted(named) if re.fullmatch("[A-Z]{3}", code) and code != "USA"]


def coverage(editions: Sequence[Edition], imports: Mapping[str, float]) -> dict[str, float]:
    """Count what can be read: shares of items, and of imports by ten-digit code (USD).

    Returns
    -------
    dict
        For the first edition: items; share of items whose general rate is a number, and is a number
        without a quantity; the same shares of imports (chapters 1 to 97), and the share of imports under
        codes that the edition does not have.
    """
    rates = editions[0].rates
    items = {c: parse_rate(t[0]) for c, t in rates.items() if len(c) == 8}
    value = {"known": 0.0, "ad_valorem": 0.0, "absent": 0.0, "all": 0.0}
    for code, usd in imports.items():
        if code[:2] >= "98":
            continue
        value["all"] += usd
        rate = items.get(code[:8])
        if rate is None or code not in editions[0].codes:
            value["absent"] += usd
        if rate is not None:
            value["known"] += usd * rate.known
            value["ad_valorem"] += usd * (rate.known and not rate.amount)
    return {
        "items": len(items),
        "items_read": sum(r.known for r in items.values()) / len(items),
        "items_without_quantity": sum(r.known and not r.amount for r in items.values()) / len(items),
        "imports_read": value["known"] / value["all"],
        "imports_without_quantity": value["ad_valorem"] / value["all"],
        "imports_under_absent_codes": value["absent"] / value["all"],
    }


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def run(sources: Path, out: Path) -> None:
    """Write rates, nomenclature and origins."""
    editions = read_editions(sources)
    _write(out / "us-mfn.csv", ("code", "from", "to", "general", "special", "other"), rate_rows(editions))
    _write(out / "nomenclature.csv", ("code", "from", "to"), code_rows(editions))
    _write(out / "us-mfn-mexico.csv", ("code",), mexico_rows(editions))
    _write(out / "origins.csv", ("code", "name"), origin_rows(sources))
