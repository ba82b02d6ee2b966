"""US imports of 2024 by product and origin, to the dollar, in one table; and the codes of countries.

Every dollar stands once. Origins with a ten-digit file keep their lines. The file of the European Union
holds Slovakia, which has a file of its own: the table has Slovakia (SVK) and the Union without it (EUX).
All other origins are known by two-digit chapter. The chapters of the Union's members add up to its lines;
they stand apart, to be used instead of these, never in addition.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from tools.build_data.base_tariffs import CENSUS, EU, EU_MEMBERS, SLOVAKIA, hs2_chapters, hs10_codes, hs10_lines
from tools.build_data.common import DATA, no_options, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "surtax-us-imports/1"
EUX = "EUX"
CHAPTER_DIGITS = 2

# Census codes that the list at hand does not pair with ISO 3166; by their names in the Census files.
ISO_OF_CENSUS: Mapping[str, str] = {
    "1010": "GRL", "2430": "TCA", "2440": "CYM", "2481": "AIA", "2482": "VGB", "2485": "MSR", "2774": "SXM",
    "2777": "CUW", "2831": "GLP", "2839": "MTQ", "3170": "GUF", "3720": "FLK", "4031": "SJM", "4091": "FRO",
    "4272": "MCO", "4720": "GIB", "4751": "SMR", "4752": "VAT", "5082": "PSE", "5083": "PSE", "5660": "MAC",
    "6022": "NFK", "6023": "CCK", "6024": "CXR", "6142": "COK", "6143": "TKL", "6144": "NIU", "6225": "PCN",
    "6227": "TUV", "6412": "NCL", "6414": "PYF", "6810": "MHL", "6820": "FSM", "6830": "PLW", "6862": "NRU",
    "7323": "SSD", "7580": "SHN", "7660": "COD", "7881": "MYT", "7904": "REU",
}  # fmt: skip

# A zip entry carries a date; a fixed one keeps the bytes the same from build to build.
EPOCH = (1980, 1, 1, 0, 0, 0)

Table = dict[str, tuple[int, int]]
"""Product to (customs value, calculated duty), USD."""


def write_table(path: Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> None:
    """Write arrays and their metadata as `.npz`, the same bytes each time.

    Nothing is deflated: that takes four fifths of the time to load, its bytes depend on the library, and
    wheels and repositories deflate anyway.
    """
    text = json.dumps(meta, ensure_ascii=False, allow_nan=False, indent=1)
    content = {"meta": np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, array in content.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, buffer.getvalue())


def iso_of_census(sources: Path) -> dict[str, str]:
    """Return Census Schedule C codes to ISO 3166 alpha-3; Gaza and the West Bank are both PSE."""
    rows = read_rows(sources / "law" / "us" / "lists" / "census_to_iso3.csv")
    return {r["cty_code"]: r["iso3"] for r in rows if r["cty_code"] != "1000"} | dict(ISO_OF_CENSUS)


def whole(amount: float, where: str) -> int:
    """Return a whole number of dollars, or stop: nothing is rounded."""
    number = int(amount)
    if number != amount or number < 0:
        raise SystemExit(f"{where}: {amount!r} is not a whole number of dollars")
    return number


def _lines(sources: Path, census: str) -> Table:
    table: Table = {}
    for code, value, duty in hs10_lines(sources, census):
        if len(code) != 10 or not code.isdigit() or code in table:
            raise SystemExit(f"partner {census}: {code!r} is no ten-digit code, or stands twice")
        table[code] = (whole(value, f"{census}/{code}"), whole(duty, f"{census}/{code}"))
    return table


def _without(union: Table, member: Table) -> Table:
    """Take a member's lines out of a union's; lines that were the member's alone go."""
    rest: Table = {}
    for code, (value, duty) in union.items():
        v, d = member.get(code, (0, 0))
        if v > value or d > duty:
            raise SystemExit(f"{code}: the member has more than the union")
        if (value - v, duty - d) != (0, 0) or (v, d) == (0, 0):
            rest[code] = (value - v, duty - d)
    if set(member) - set(union):
        raise SystemExit(f"lines of the member are not in the union: {sorted(set(member) - set(union))[:5]}")
    return rest


def _sum(tables: Iterable[Table]) -> Table:
    total: dict[str, list[int]] = {}
    for table in tables:
        for code, (value, duty) in table.items():
            at = total.setdefault(code, [0, 0])
            at[0] += value
            at[1] += duty
    return {c: (v, d) for c, (v, d) in total.items()}


def by_chapter(table: Table) -> Table:
    """Return a table summed to two digits."""
    return _sum({code[:CHAPTER_DIGITS]: amounts} for code, amounts in table.items())


def partition(sources: Path) -> tuple[dict[str, Table], dict[str, Table], dict[str, str]]:
    """Return every origin's lines, the Union's members by chapter, and the Census codes of each origin.

    Checked here, so that a change of the sources stops the build: ten-digit lines add up to the chapters of
    their partner, and the members of the Union to its aggregate.
    """
    iso = iso_of_census(sources)
    files = hs10_codes(sources)
    chapters = {
        code: {c: (whole(v, code), whole(d, code)) for c, (v, d) in table.items()}
        for code, table in hs2_chapters(sources)
    }
    origins: dict[str, Table] = {}
    members: dict[str, Table] = {}
    census: dict[str, str] = {}
    lines = {code: _lines(sources, code) for code in files}
    for code in files:
        if code != EU and by_chapter(lines[code]) != chapters[code]:
            raise SystemExit(f"partner {code}: the ten-digit lines do not add up to the chapters")
    in_union = {CENSUS[m] for m in EU_MEMBERS}
    if by_chapter(lines[EU]) != _sum(chapters[c] for c in sorted(in_union)):
        raise SystemExit("the members of the European Union do not add up to its lines")
    for code in sorted(chapters):
        country = iso.get(code)
        if country is None:
            raise SystemExit(f"partner {code} has no ISO code: add it to ISO_OF_CENSUS")
        if code in in_union and code not in lines:
            members[country] = chapters[code]
            continue
        table = lines.get(code, chapters[code])
        origins[country] = _sum([origins[country], table]) if country in origins else table
        census[country] = f"{census[country]}+{code}" if country in census else code
    origins[EUX] = _without(lines[EU], lines[SLOVAKIA])
    census[EUX] = f"{EU}-{SLOVAKIA}"
    return origins, members, census


def _arrays(tables: Mapping[str, Table], products: Mapping[str, int], prefix: str) -> dict[str, NDArray[Any]]:
    start, product, value, duty = [0], [], [], []
    for origin in sorted(tables):
        for code, (v, d) in sorted(tables[origin].items()):
            product.append(products[code])
            value.append(v)
            duty.append(d)
        start.append(len(product))
    return {
        f"{prefix}start": np.array(start, dtype=np.int32),
        f"{prefix}product": np.array(product, dtype=np.uint16),
        f"{prefix}value": np.array(value, dtype=np.int64),
        f"{prefix}duty": np.array(duty, dtype=np.int64),
    }


def assemble(sources: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the metadata of `us_imports_2024.npz`."""
    origins, members, census = partition(sources)
    names = sorted({code for table in (*origins.values(), *members.values()) for code in table})
    products = {code: i for i, code in enumerate(names)}
    arrays = {
        "products": np.array(names, dtype="S10"),
        **_arrays(origins, products, ""),
        **_arrays(members, products, "member_"),
    }
    by_two = [o for o in sorted(origins) if all(len(c) == CHAPTER_DIGITS for c in origins[o])]
    chapter_value = sum(v for o in by_two for v, _ in origins[o].values())
    meta: dict[str, Any] = {
        "format": FORMAT,
        "what": "US imports for consumption: customs value and calculated duty by product and origin",
        "importer": "USA",
        "ten_digits": "USA",
        "year": 2024,
        "currency": "USD",
        "unit": 1,
        "nomenclature": "HTS of the United States, 2024 (HS 2022)",
        "source": "US Census Bureau, International Trade API, imports for consumption by HS10 and HS2, calendar 2024",
        "licence": "public domain (US government work)",
        "collected_through": "tradewartracker/trade-war-redux-2025 at 726c5958 (MIT)",
        "build": "python -m tools.build_data us-imports",
        "lines": int(arrays["start"][-1]),
        "value_usd": int(arrays["value"].sum()),
        "duty_usd": int(arrays["duty"].sum()),
        "coverage": {
            "all_partners": True,
            "by_ten_digits_usd": int(arrays["value"].sum()) - chapter_value,
            "by_chapter_usd": chapter_value,
            "by_chapter_only": by_two,
            "note": "every other origin is known by two-digit chapter alone",
        },
        "notes": [
            "EUX is the European Union without Slovakia (SVK), which its file holds and which has a file of its own.",
            "The other members of the Union by chapter add up to EUX: a breakdown, never an addition.",
            "Gaza and the West Bank are one origin, PSE.",
            "Calculated duty is the Census estimate of duty at the rates of entry, not cash collected.",
            "Products are the statistical numbers of 2024; some left the schedule in January 2025.",
        ],
        "origins": sorted(origins),
        "members": sorted(members),
        "census": census,
        "groups": {"EU27": [EUX, "SVK"], "USMCA": ["CAN", "MEX"]},
        "group_members": {EUX: sorted(members)},
    }
    return arrays, meta


def countries(sources: Path) -> str:
    """Return `countries.csv`: ISO 3166 codes, UN M49, Census Schedule C and names."""
    census: dict[str, list[str]] = {}
    for code, country in iso_of_census(sources).items():
        census.setdefault(country, []).append(code)
    rows = ["iso3,iso2,m49,census,name"]
    known: set[str] = set()
    for r in sorted(
        read_rows(sources / "concordances" / "country-codes.csv"), key=lambda r: r["ISO3166-1-Alpha-3"].strip()
    ):
        iso3 = r["ISO3166-1-Alpha-3"].strip()
        m49 = (r["M49"].strip() or r["ISO3166-1-numeric"].strip()).split(".")[0]
        name = (r["CLDR display name"].strip() or r["UNTERM English Short"].strip()).replace('"', "'")
        if len(iso3) != 3:
            continue
        known.add(iso3)
        quoted = f'"{name}"' if "," in name else name
        rows.append(
            f"{iso3},{r['ISO3166-1-Alpha-2'].strip()},{m49.zfill(3) if m49 else ''},"
            f"{'+'.join(sorted(census.get(iso3, [])))},{quoted}"
        )
    lost = sorted(set(census) - known)
    rows += [f"{c},,,{'+'.join(sorted(census[c]))},{c}" for c in lost]
    return "\n".join(rows) + "\n"


def build(sources: Path, out: Path) -> None:
    """Write `trade/us_imports_2024.npz` and `trade/countries.csv` under `out`."""
    folder = out / "trade"
    folder.mkdir(parents=True, exist_ok=True)
    arrays, meta = assemble(sources)
    write_table(folder / "us_imports_2024.npz", arrays, meta)
    (folder / "countries.csv").write_text(countries(sources), encoding="utf-8", newline="\n")
    print(f"us-imports: {meta['lines']} lines, USD {meta['value_usd']:,} value, USD {meta['duty_usd']:,} duty")


def run(sources: Path, arguments: list[str]) -> None:
    """Build into the package."""
    no_options("us-imports", arguments)
    build(sources, DATA)
