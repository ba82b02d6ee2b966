"""From a folder of measure files to the binary index: read, check, and pack.

The folder has one folder an importer (`USA`, `CAN`), each with a `jurisdiction.yaml`, one YAML file
a measure and the CSV lists that they name. Used when the package's data are built, by `surtax
measures --check`, and when a law is loaded from a folder; never while a duty is computed.
"""

from __future__ import annotations

import csv
import itertools
import json
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from surtax.errors import InputError
from surtax.law import codes, schema
from surtax.law.dates import ALWAYS, NEVER, iso, ordinal
from surtax.law.index import Index, Posting, pack
from surtax.law.measures import Row, measure_from, row_from
from surtax.law.precedence import Precedence
from surtax.law.rates import parse_rate, split_special
from surtax.yamlfile import read_yaml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pydantic import ValidationError


@dataclass
class Draft:
    """What has been read so far; `group` numbers are given out in order."""

    measures: list[dict[str, Any]] = field(default_factory=list)
    jurisdictions: dict[str, dict[str, Any]] = field(default_factory=dict)
    postings: dict[int, list[Posting]] = field(default_factory=dict)
    groups: int = 0
    sections: dict[str, Any] = field(default_factory=dict)
    tables: int = 0
    nomenclatures: int = 0
    adds: list[tuple[str, str, int, int]] = field(default_factory=list)
    """(measure, the one it adds to, start, end): for the check alone"""


def compile_folder(folder: Path) -> bytes:
    """Compile a folder of law into the bytes of an index.

    Raises
    ------
    InputError
        With every fault found, one a line: file, place and remedy.
    """
    draft = Draft()
    faults: list[str] = []
    folders = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    places = [p for p in folders if any(p.glob("*.yaml"))]
    if not places:
        raise InputError(f"{folder} holds no law: expected one folder an importer, such as USA/ and CAN/")
    for place in places:
        for path in sorted(place.glob("*.yaml")):
            try:
                if path.name == "jurisdiction.yaml":
                    add_jurisdiction(draft, read_yaml(path, schema.Jurisdiction), place)
                else:
                    add_measure(draft, read_yaml(path, schema.Measure), place, path.stem)
            except InputError as error:
                text = str(error)
                faults.append(text if text.startswith(str(path)) else f"{path}: {text}")
    if not faults:
        faults = list(check(draft))
    if faults:
        raise InputError(f"the law in {folder} has {len(faults)} fault(s):\n  " + "\n  ".join(faults))
    return finish(draft)


def fault_lines(error: ValidationError) -> Iterator[str]:
    """Yield the faults that pydantic found, one a line: place and what is wrong."""
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"]) or "file"
        yield f"{place}: {fault['msg'].removeprefix('Value error, ')}"


def _day(value: dt.date | None, default: int) -> int:
    return default if value is None else value.toordinal()


def _number(value: dt.date | None) -> int | None:
    return None if value is None else value.toordinal()


def blocks(text: str) -> list[str]:
    """Return the prefixes that a prefix, `*` or a range stands for, as few as possible."""
    if text == "*":
        return [""]
    first, dash, last = text.partition("-")
    low = codes.digits(first)
    if not dash:
        return [low]
    n = len(low)
    at, stop = int(low), int(codes.digits(last)) + 1
    found = []
    while at < stop:
        size = 1
        while at % (size * 10) == 0 and at + size * 10 <= stop:
            size *= 10
        found.append(f"{at:0{n}d}"[: n - len(str(size)) + 1])
        at += size
    return found


def _csv(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    """Read a list; `rows[i]["line"]` is where the row stands in its file."""
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if missing := [name for name in needed if name not in (reader.fieldnames or ())]:
                raise InputError(f"the list {path.name} lacks the column(s) {', '.join(missing)}")
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(
                        f"{path.name}, line {reader.line_num}: {len(reader.fieldnames or ())} columns are named, "
                        "and the line has another number of cells"
                    )
                rows.append({**row, "line": str(reader.line_num)})
    except FileNotFoundError:
        raise InputError(f"the list {path.name} does not exist in {path.parent}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the list {path.name} cannot be read: {error}") from None
    if not rows:
        raise InputError(f"the list {path.name} is empty")
    return rows


def _row_span(path_name: str, row: Mapping[str, str], start: int, end: int) -> tuple[str, int, int]:
    """Read the code and the days of a line of a list."""
    try:
        first = ordinal(row["from"]) if row.get("from") else start
        last = ordinal(row["to"]) if row.get("to") else end
        bare = codes.digits(row["code"])
    except InputError as error:
        raise InputError(f"{path_name}, line {row['line']}: {error}") from None
    if last <= first:
        raise InputError(
            f"{path_name}, line {row['line']}: {row['code']} ends on {iso(last)}, not after it starts on {iso(first)}"
        )
    return bare, first, last


def _keyed(span: tuple[str, int, int]) -> tuple[int, int, int]:
    bare, first, last = span
    return codes.key(bare), first, last


def add_group(draft: Draft, group: schema.Group, place: Path | None, name: str) -> int:
    """Add a product group's postings; returns its number."""
    number = draft.groups
    draft.groups += 1
    start, end = _day(group.start, ALWAYS), _day(group.end, NEVER)
    items: list[tuple[str, int, int, int]] = []
    for text in group.include:
        items += [(bare, start, end, 1) for bare in blocks(text)]
    for text in group.exclude:
        items += [(bare, ALWAYS, NEVER, 0) for bare in blocks(text)]
    if group.file is not None:
        if place is None:
            raise InputError(f"group {name}: a measure given as data cannot name a list file; use `include`")
        rows = _csv(place / group.file, ["code"])
        if group.list_group is not None:
            rows = [row for row in rows if row.get("group") == group.list_group]
            if not rows:
                raise InputError(f"group {name}: {group.file} has no row with group {group.list_group!r}")
        for row in rows:
            items.append((*_row_span(group.file, row, start, end), 1))
    seen: dict[str, list[tuple[int, int]]] = {}
    for bare, first, last, sign in items:
        for other_first, other_last in seen.get(f"{bare}/{sign}", ()):
            if first < other_last and other_first < last:
                raise InputError(f"group {name}: {codes.dotted(bare)} is listed twice for the same days")
        seen.setdefault(f"{bare}/{sign}", []).append((first, last))
        draft.postings.setdefault(codes.key(bare), []).append((number, first, last, sign))
    return number


def _origins(value: schema.Origins | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {"only": sorted(value.only)} if value.only is not None else {"all_except": sorted(value.all_except or [])}


def _condition(when: schema.Condition | None, groups: Mapping[str, int]) -> dict[str, Any] | None:
    if when is None:
        return None
    data: dict[str, Any] = {}
    if when.preference:
        data["preference"] = sorted(when.preference)
    if when.facts:
        data["facts"] = when.facts
    if when.not_facts:
        data["not_facts"] = when.not_facts
    if when.content:
        data["content"] = [[n, c.at_least, c.above, c.below] for n, c in sorted(when.content.items())]
    if when.otherwise_in is not None:
        data["otherwise_in"] = [groups[g] for g in when.otherwise_in]
    if when.otherwise_not_in is not None:
        data["otherwise_not_in"] = [groups[g] for g in when.otherwise_not_in]
    return data or None


def _row(row: schema.RateRow | schema.Exemption, groups: Mapping[str, int]) -> dict[str, Any]:
    data: dict[str, Any] = {
        "start": _day(row.start, ALWAYS),
        "end": _day(row.end, NEVER),
        "signed": _number(row.signed),
        "end_signed": _number(row.end_signed),
        "groups": None if row.groups is None else [groups[g] for g in row.groups],
        "origins": _origins(row.origins),
        "when": _condition(row.when, groups),
        "citation": row.citation,
        "confidence": row.confidence,
        "note": row.note,
    }
    if isinstance(row, schema.Exemption):
        data["exempt"] = row.id
        data["reason"] = row.reason
    else:
        specific = row.specific
        data |= {
            "ad_valorem": row.ad_valorem,
            "specific": None if specific is None else [specific.amount, specific.currency, specific.unit],
            "top_up_to": row.top_up_to,
            "at_least": row.at_least,
            "table": row.table or None,
            "remit": row.remit,
            "refuse": row.refuse,
            "base": None if row.base == "full" else row.base,
            "content_floor": row.content_floor,
            "us_content_free_from": row.us_content_free_from,
        }
    if row.remains_subject:
        data["remains_subject"] = [[_day(s.start, ALWAYS), _day(s.end, NEVER), s.citation] for s in row.remains_subject]
    return {k: v for k, v in data.items() if v is not None}


def row_of(row: schema.RateRow | schema.Exemption, groups: Mapping[str, int]) -> Row:
    """Return a valid row as the engine holds it."""
    return row_from(_row(row, groups))


def _relations(draft: Draft, measure: schema.Measure) -> list[dict[str, Any]]:
    found = []
    for rule in measure.precedence:
        for other in rule.measures:
            if other == measure.id:
                raise InputError(f"precedence: {measure.id} names itself")
            if rule.relation == "adds_to":
                draft.adds.append((measure.id, other, _day(rule.start, ALWAYS), _day(rule.end, NEVER)))
                continue
            loser, winner = (measure.id, other) if rule.relation == "yields_to" else (other, measure.id)
            found.append(
                {
                    "loser": loser,
                    "winner": winner,
                    "start": _day(rule.start, ALWAYS),
                    "end": _day(rule.end, NEVER),
                    "article": rule.reach == "article",
                    "citation": rule.citation or measure.citation[0].text,
                    "stated_by": measure.id,
                    "signed": _number(rule.signed),
                    "end_signed": _number(rule.end_signed),
                }
            )
    return found


def measure_record(draft: Draft, measure: schema.Measure, place: Path | None) -> dict[str, Any]:
    """Turn a valid measure into its record in the index, adding its lists to the draft."""
    groups = {name: add_group(draft, group, place, name) for name, group in measure.products.items()}
    data: dict[str, Any] = {
        "id": measure.id,
        "title": measure.title,
        "kind": measure.kind,
        "instrument": measure.instrument,
        "citation": [[c.text, c.where] for c in measure.citation],
        "levied_by": measure.levied_by,
        "origins": _origins(measure.on_origins),
        "groups": groups,
        "rates": [_row(row, groups) for row in measure.rates],
        "exemptions": [_row(row, groups) for row in measure.exemptions],
        "relations": _relations(draft, measure),
        "remits": measure.remits,
        "limit": measure.limit,
        "currency": measure.currency,
        "facts": measure.facts,
        "confidence": measure.confidence,
        "sources": measure.provenance.sources,
        "notes": measure.notes,
    }
    if measure.table is not None:
        if place is None:
            raise InputError("a measure given as data cannot have a rate table; name a file in a folder of law")
        data["table"] = add_table(draft, measure.table, place)
    return {k: v for k, v in data.items() if v not in (None, [], {})} | {
        "rates": data["rates"],
        "groups": groups,
    }


def add_measure(draft: Draft, measure: schema.Measure, place: Path, name: str) -> None:
    """Add a measure of the folder of its importer, from the file of that name."""
    if measure.id != name:
        raise InputError(f"the id {measure.id!r} differs from the file's name; name it {measure.id}.yaml")
    if measure.levied_by != place.name:
        raise InputError(f"levied_by is {measure.levied_by} but the file stands in {place.name}/")
    if any(m["id"] == measure.id for m in draft.measures):
        raise InputError(f"another measure has the id {measure.id}")
    draft.measures.append(measure_record(draft, measure, place))


def add_table(draft: Draft, table: schema.Table, place: Path) -> dict[str, Any]:
    """Add a rate table: three columns of numbers into short lists of distinct rates."""
    number = draft.tables
    lists: dict[str, dict[str, int]] = {"rate": {}, "special": {}}
    kinds = (("general", "rate"), ("special", "special"), ("other", "rate"))
    rows = [
        (
            *_keyed(_row_span(table.file, row, ALWAYS, NEVER)),
            *(lists[kind].setdefault(row[column], len(lists[kind])) for column, kind in kinds),
        )
        for row in _csv(place / table.file, ["code", "from", "to", "general", "special", "other"])
    ]
    rows.sort()
    for before, after in itertools.pairwise(rows):
        if before[0] == after[0] and after[1] < before[2]:
            raise InputError(f"{table.file}: {codes.prefix_of(after[0])} has two rows for the same days")
    for i, (column, code) in enumerate(
        (
            ("key", "q"),
            ("start", "i"),
            ("end", "i"),
            ("general", "I"),
            ("special", "I"),
            ("other", "I"),
        )
    ):
        draft.sections[f"t{number}.{column}"] = array(code, (row[i] for row in rows))
    # the special column as lists of [number of the rate, programmes]; its own rates join the list of rates
    specials = [
        [
            [lists["rate"].setdefault(rate, len(lists["rate"])), ",".join(granted)]
            for rate, granted in split_special(text)
        ]
        for text in lists["special"]
    ]
    words = {"rates": [list(parse_rate(text)) for text in lists["rate"]], "specials": specials}
    text = json.dumps(words, separators=(",", ":"), ensure_ascii=False)
    draft.sections[f"t{number}.words"] = array("B", text.encode())
    draft.tables += 1
    return {
        "number": number,
        "programmes": table.programmes,
        "programme_origins": table.programme_origins,
        "other_origins": sorted(table.other_origins),
        "not_covered": table.not_covered,
        "currency": table.currency,
    }


def add_jurisdiction(draft: Draft, place_law: schema.Jurisdiction, place: Path) -> None:
    """Add the coverage of an importer, with its nomenclature."""
    if place_law.importer != place.name:
        raise InputError(f"importer is {place_law.importer} but the file stands in {place.name}/")
    number = None
    if place_law.nomenclature is not None:
        number = draft.nomenclatures
        draft.nomenclatures += 1
        rows = sorted(
            _keyed(_row_span(place_law.nomenclature, row, ALWAYS, NEVER))
            for row in _csv(place / place_law.nomenclature, ["code"])
        )
        for i, (column, code) in enumerate((("key", "q"), ("start", "i"), ("end", "i"))):
            draft.sections[f"n{number}.{column}"] = array(code, (row[i] for row in rows))
    names = {}
    origins = _origins(place_law.origins)
    if place_law.origin_names is not None:
        names = {row["code"]: row["name"] for row in _csv(place / place_law.origin_names, ["code", "name"])}
        if origins == {"all_except": []}:
            origins = {"only": sorted(names)}
    draft.jurisdictions[place_law.importer] = {
        "importer": place_law.importer,
        "name": place_law.name,
        "status": place_law.status,
        "status_reason": place_law.status_reason,
        "start": place_law.start.toordinal(),
        "end": place_law.end.toordinal(),
        "before": place_law.before,
        "after": place_law.after,
        "origins": origins,
        "origins_reason": place_law.origins_reason,
        "origin_names": names,
        "currency": place_law.currency,
        "digits": place_law.digits,
        "nomenclature": number,
        "nomenclature_digits": place_law.nomenclature_digits,
        "pending": [[p.start.toordinal(), p.text] for p in place_law.pending],
    }


def check(draft: Draft) -> Iterator[str]:
    """Yield what is wrong between files: unknown ids, circles, missing coverage."""
    ids = {m["id"] for m in draft.measures}
    for m in draft.measures:
        if m["levied_by"] not in draft.jurisdictions:
            yield f"{m['id']}: {m['levied_by']}/ has no jurisdiction.yaml"
        for other in m.get("remits", ()):
            if other not in ids:
                yield f"{m['id']}: remits {other}, which does not exist"
        for r in m.get("relations", ()):
            for other in (r["loser"], r["winner"]):
                if other not in ids:
                    yield f"{m['id']}: precedence names {other}, which does not exist"
    yield from _contradictions(draft, ids)
    for importer in sorted(draft.jurisdictions):
        try:
            Precedence(measure_from(m) for m in draft.measures if m["levied_by"] == importer)
        except InputError as error:
            yield f"{importer}: {error}"


def _contradictions(draft: Draft, ids: set[str]) -> Iterator[str]:
    """Yield each `adds_to` that another relation between the same two measures denies on some day."""
    for name, other, start, end in draft.adds:
        if other not in ids:
            yield f"{name}: precedence names {other}, which does not exist"
        for m in draft.measures:
            for r in m.get("relations", ()):
                first, last = max(start, r["start"]), min(end, r["end"])
                if {r["loser"], r["winner"]} == {name, other} and first < last:
                    until = "" if last >= NEVER else f" to {iso(last - 1)}"
                    since = "always" if first <= ALWAYS else f"from {iso(first)}"
                    yield (
                        f"{name}: adds_to {other} contradicts {r['loser']} yields to {r['winner']}, stated in "
                        f"{r['stated_by']} ({r['citation']}): both hold {since}{until}; end one before the other starts"
                    )


def pack_postings(draft: Draft) -> dict[str, Any]:
    """Return the sections of the inverted index of product lists."""
    keys = sorted(draft.postings)
    first, columns = array("I", [0]), [array("I"), array("i"), array("i"), array("B")]
    for k in keys:
        for posting in sorted(draft.postings[k]):
            for column, value in zip(columns, posting, strict=True):
                column.append(value)
        first.append(len(columns[0]))
    return {
        "key": array("q", keys),
        "first": first,
        "group": columns[0],
        "start": columns[1],
        "end": columns[2],
        "sign": columns[3],
    }


def finish(draft: Draft) -> bytes:
    """Pack a draft, and read the result back as a check."""
    data = pack(
        {
            "measures": sorted(draft.measures, key=lambda m: str(m["id"])),
            "jurisdictions": draft.jurisdictions,
            "groups": draft.groups,
        },
        {**pack_postings(draft), **draft.sections},
    )
    Index(data)
    return data
