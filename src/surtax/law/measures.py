"""Measures as the engine holds them: plain frozen records, made from the index.

Days are ordinals, `start` inclusive and `end` exclusive; product groups are numbers of the index;
rates are per cent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from surtax.law.dates import ALWAYS, NEVER

MFN_KINDS = ("mfn", "preference")


@dataclass(frozen=True, slots=True)
class Origins:
    """A set of origins: those in `codes`, or with `negated` all but those."""

    codes: frozenset[str]
    negated: bool

    def __contains__(self, origin: object) -> bool:
        return (origin in self.codes) != self.negated

    def __str__(self) -> str:
        listed = ", ".join(sorted(self.codes))
        if not self.negated:
            return listed
        return f"all origins but {listed}" if listed else "all origins"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a row asks of the consignment; every part must hold."""

    preference: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    not_facts: tuple[str, ...] = ()
    content: tuple[tuple[str, float | None, float | None, float | None], ...] = ()
    """(content, at least, above, below)"""
    otherwise_in: tuple[int, ...] | None = None
    otherwise_not_in: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A dated row of a measure: a rate, or with `exempt` an exemption."""

    start: int = ALWAYS
    end: int = NEVER
    signed: int | None = None
    end_signed: int | None = None
    groups: tuple[int, ...] | None = None
    origins: Origins | None = None
    when: Condition | None = None
    citation: str | None = None
    confidence: str | None = None
    note: str | None = None
    remains_subject: tuple[tuple[int, int, str | None], ...] = ()
    exempt: str | None = None
    reason: str | None = None
    ad_valorem: float | None = None
    specific: tuple[float, str, str] | None = None
    """(amount, currency, unit)"""
    top_up_to: float | None = None
    at_least: float | None = None
    table: bool = False
    remit: float | None = None
    refuse: str | None = None
    base: str = "full"
    content_floor: float | None = None
    us_content_free_from: float | None = None

    def in_force(self, day: int) -> bool:
        """Whether the row holds on a day."""
        return self.start <= day < self.end

    def subject_on(self, day: int) -> str | None:
        """Return the citation under which goods remain subject though nothing is owed."""
        for start, end, citation in self.remains_subject:
            if start <= day < end:
                return citation or ""
        return None


@dataclass(frozen=True, slots=True)
class Relation:
    """The loser yields to the winner while the relation holds."""

    loser: str
    winner: str
    start: int
    end: int
    article: bool
    citation: str
    stated_by: str
    signed: int | None = None
    end_signed: int | None = None


@dataclass(frozen=True, slots=True)
class RateTable:
    """Where a measure's ordinary rates stand, and which claims reach its special column."""

    number: int
    programmes: dict[str, tuple[str, ...]]
    programme_origins: dict[str, tuple[str, ...]]
    other_origins: frozenset[str]
    not_covered: dict[str, str]
    currency: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A tariff measure in force at some time."""

    id: str
    title: str
    kind: str
    instrument: str
    citation: tuple[tuple[str, str | None], ...]
    """(text, where it stands)"""
    levied_by: str
    origins: Origins
    groups: dict[str, int]
    rates: tuple[Row, ...]
    exemptions: tuple[Row, ...] = ()
    relations: tuple[Relation, ...] = ()
    remits: tuple[str, ...] = ()
    limit: str | None = None
    currency: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    table: RateTable | None = None
    confidence: str = "primary"
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """First day on which any of its rates holds."""
        return min(row.start for row in self.rates)

    @property
    def end(self) -> int:
        """First day after its last rate."""
        return max(row.end for row in self.rates)

    def cited(self, row: Row | None = None) -> str:
        """Return the citation of a row, or of the measure."""
        if row is not None and row.citation:
            return row.citation
        return "; ".join(text for text, _ in self.citation)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What is covered for one importer."""

    importer: str
    name: str
    status: str
    status_reason: str | None
    start: int
    end: int
    before: str
    after: str
    origins: Origins
    origins_reason: str | None
    origin_names: dict[str, str]
    currency: str
    digits: tuple[int, ...]
    nomenclature: int | None
    nomenclature_digits: int
    pending: tuple[tuple[int, str], ...]


def _origins(data: dict[str, Any] | None) -> Origins | None:
    if data is None:
        return None
    if data.get("only") is not None:
        return Origins(frozenset(data["only"]), negated=False)
    return Origins(frozenset(data["all_except"]), negated=True)


def _condition(data: dict[str, Any] | None) -> Condition | None:
    if data is None:
        return None
    data = {k: tuple(map(tuple, v)) if k == "content" else tuple(v) for k, v in data.items()}
    return Condition(**data)


def row_from(data: dict[str, Any]) -> Row:
    """Make a row from its entry in the index."""
    data = dict(data)
    for name in ("groups", "specific"):
        if data.get(name) is not None:
            data[name] = tuple(data[name])
    if "origins" in data:
        data["origins"] = _origins(data["origins"])
    if "when" in data:
        data["when"] = _condition(data["when"])
    if "remains_subject" in data:
        data["remains_subject"] = tuple(map(tuple, data["remains_subject"]))
    return Row(**data)


def measure_from(data: dict[str, Any]) -> Measure:
    """Make a measure from its entry in the index."""
    data = dict(data)
    data["origins"] = _origins(data["origins"])
    data["citation"] = tuple(map(tuple, data["citation"]))
    data["rates"] = tuple(map(row_from, data["rates"]))
    data["exemptions"] = tuple(map(row_from, data.get("exemptions", ())))
    data["relations"] = tuple(Relation(**r) for r in data.get("relations", ()))
    for name in ("remits", "sources", "notes"):
        data[name] = tuple(data.get(name, ()))
    if data.get("table") is not None:
        table = dict(data["table"])
        table["programmes"] = {k: tuple(v) for k, v in table["programmes"].items()}
        table["programme_origins"] = {k: tuple(v) for k, v in table["programme_origins"].items()}
        table["other_origins"] = frozenset(table["other_origins"])
        data["table"] = RateTable(**table)
    return Measure(**data)


def jurisdiction_from(data: dict[str, Any]) -> Jurisdiction:
    """Make a jurisdiction from its entry in the index."""
    data = dict(data)
    origins = _origins(data["origins"])
    if origins is None:
        raise ValueError("a jurisdiction needs origins")
    data["origins"] = origins
    data["digits"] = tuple(data["digits"])
    data["pending"] = tuple((day, text) for day, text in data["pending"])
    return Jurisdiction(**data)
