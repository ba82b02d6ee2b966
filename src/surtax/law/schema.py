"""What a measure file may say: the models behind the YAML and the JSON Schema.

Used by people and tools that write law, never while a duty is computed (`surtax.law.compiler` turns
valid files into the binary index that the engine reads). Every field says what it means; unknown
fields are errors.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from surtax.law import codes

Kind = Literal["mfn", "preference", "additional_duty", "surtax", "remission", "quota", "exemption"]
"""What sort of measure: it decides how the amount enters the total (a remission subtracts)."""

Base = Literal[
    "full",
    "steel-content",
    "aluminum-content",
    "copper-content",
    "non-us-content",
    "value-minus-content",
    "quantity",
]
"""The part of the customs value that a rate falls on."""

Confidence = Literal["primary", "reported", "inferred"]
"""Read in the instrument itself; told by a list or a report; concluded by us (the note says
how)."""


def _as_day(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        raise ValueError("a date without a time of day is needed")  # noqa: TRY004 -- what pydantic reads
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def _as_prefix(value: str) -> str:
    if value == "*":
        return value
    first, dash, last = value.partition("-")
    low = codes.digits(first)
    if dash and len(codes.digits(last)) != len(low):
        raise ValueError(f"{value!r}: both ends of a range need the same number of digits")
    if dash and codes.digits(last) < low:
        raise ValueError(f"{value!r}: the range ends before it starts")
    return value


def _as_origin(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"{value!r} is not an ISO 3166 alpha-3 code")
    return value


Day = Annotated[dt.date, BeforeValidator(_as_day)]
Prefix = Annotated[str, AfterValidator(_as_prefix)]
Country = Annotated[str, AfterValidator(_as_origin)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Fact = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Percent = Annotated[float, Field(ge=0, le=10_000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Source(_Model):
    """Where a text is cited from."""

    text: str = Field(description="the citation as a lawyer writes it, with section or clause")
    where: str | None = Field(None, description="where it stands: a file of the sources' law folder, or a gazette")


class Origins(_Model):
    """Countries of origin, by ISO 3166 alpha-3 code: either a list or everything except a list."""

    only: list[Country] | None = Field(None, description="these origins and no other")
    all_except: list[Country] | None = Field(None, description="every origin but these (an empty list: all)")

    @model_validator(mode="after")
    def _one_of_both(self) -> Origins:
        if (self.only is None) == (self.all_except is None):
            raise ValueError("origins need exactly one of `only` and `all_except`")
        return self


class Dated(_Model):
    """A row of law with its clocks."""

    start: Day | None = Field(None, alias="from", description="first day (inclusive)")
    end: Day | None = Field(None, alias="to", description="first day on which it no longer holds (exclusive)")
    signed: Day | None = Field(None, description="day the row was made, where it is not before `from`")
    end_signed: Day | None = Field(None, description="day on which its end was decided")
    citation: str | None = Field(None, description="section or clause that says so")
    confidence: Confidence | None = Field(None, description="overrides the measure's own")
    note: str | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Dated:
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"the row ends on {self.end}, not after it starts on {self.start}")
        return self


class Group(_Model):
    """A named set of products within a measure."""

    include: list[Prefix] = Field(
        default_factory=list,
        description='prefixes of 2 to 10 digits, ranges such as "7206.10-7216.50", or "*"',
    )
    exclude: list[Prefix] = Field(default_factory=list, description="prefixes taken out again; they win")
    file: str | None = Field(
        None,
        alias="list",
        description="CSV beside the file: columns code, and optionally group, from, to, note",
    )
    list_group: str | None = Field(None, description="take only the rows of the CSV whose `group` says so")
    start: Day | None = Field(None, alias="from", description="first day for items without a start of their own")
    end: Day | None = Field(None, alias="to", description="end for items without an end of their own")
    nomenclature: str | None = Field(None, description="the vintage the codes are written in, such as HTS 2025")
    citation: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Group:
        if not self.include and self.file is None:
            raise ValueError('a product group needs `include` or `list` (all products: include: ["*"])')
        return self


class Content(_Model):
    """Bounds on a content share of the customs value: at least, and below."""

    at_least: float | None = Field(None, ge=0, le=1)
    above: float | None = Field(None, ge=0, le=1)
    below: float | None = Field(None, ge=0, le=1)


class Condition(_Model):
    """What must be true of the consignment, all of it."""

    preference: list[str] | None = Field(
        None, description="one of these programmes is claimed (`none`: no claim; `any`: whichever)"
    )
    facts: list[Fact] = Field(default_factory=list, description="facts of the measure's `facts`, all stated true")
    not_facts: list[Fact] = Field(default_factory=list, description="facts none of which is stated")
    content: dict[Literal["us", "ca_mx", "steel", "aluminum", "copper"], Content] = Field(default_factory=dict)
    otherwise_in: list[Name] | None = Field(
        None,
        description="chapters 98 and 99: the goods are otherwise classifiable in one of these groups",
    )
    otherwise_not_in: list[Name] | None = Field(None, description="… and in none of these")


class Standing(Dated):
    """A period in which goods that owe nothing still count as subject to the measure."""


class Row(Dated):
    """A dated row that holds for some groups, origins and conditions; rows are read in order."""

    groups: list[Name] | None = Field(None, description="product groups (none named: all of the measure's)")
    origins: Origins | None = Field(None, description="narrows the measure's own origins")
    when: Condition | None = None
    remains_subject: list[Standing] = Field(
        default_factory=list,
        description="when goods that owe nothing still count as subject to the measure (otherwise not)",
    )


class Specific(_Model):
    """An amount per unit."""

    amount: float = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    unit: str = Field(description="kg, t, L, No., doz. ...")


class RateRow(Row):
    """One entry of the rate history. The first row that fits a consignment decides."""

    ad_valorem: Percent | None = Field(None, description="per cent of the base")
    specific: Specific | None = Field(None, description="with `ad_valorem`: a compound rate")
    top_up_to: Percent | None = Field(
        None,
        description="the rate that brings the sum with the ordinary duty to this (zero where that is above)",
    )
    at_least: Percent | None = Field(None, description="floor of the effective rate, per cent of customs value")
    table: bool = Field(False, description="the rate stands in the measure's table (ordinary duty)")
    remit: Percent | None = Field(None, description="remissions: per cent of the duty given back")
    refuse: str | None = Field(None, description="the data do not give the rate: refuse, with this reason")
    base: Base = "full"
    content_floor: float | None = Field(
        None,
        ge=0,
        le=1,
        description="value-minus-content: the least content share that is deducted",
    )
    us_content_free_from: float | None = Field(
        None,
        gt=0,
        le=1,
        description="US content is left out of the base if it is stated to be at least this share of the value",
    )

    @model_validator(mode="after")
    def _one_rate(self) -> RateRow:
        given = [
            self.ad_valorem is not None or self.specific is not None,
            self.top_up_to is not None,
            self.table,
            self.remit is not None,
            self.refuse is not None,
        ]
        if sum(given) != 1:
            raise ValueError("a rate row says one of: ad_valorem/specific, top_up_to, table, remit, refuse")
        if (self.content_floor is not None) != (self.base == "value-minus-content"):
            raise ValueError("content_floor goes with base: value-minus-content, and that base needs it")
        return self


class Exemption(Row):
    """Goods in scope that do not pay. The first exemption that fits decides, before any rate."""

    id: Name
    reason: str = Field(description="why, in words for the user")


class Precedence(Dated):
    """A dated relation to other measures."""

    relation: Literal["yields_to", "excludes", "adds_to"]
    measures: list[Name] = Field(min_length=1, description="ids of the others")
    reach: Literal["part", "article"] = Field(
        "part",
        description="part: displaced only on the part of the value the other falls on; article: on all of it",
    )


class Provenance(_Model):
    """How the file came to be."""

    sources: list[str] = Field(description="the texts and lists it was read from")
    method: str | None = Field(None, description="typed by hand, or the loader that wrote it")


class Table(_Model):
    """A table of ordinary rates: general, special and column-2 rates by code and period."""

    file: str = Field(description="CSV: code, from, to, general, special, other (rates as the tariff prints them)")
    programmes: dict[str, list[str]] = Field(
        description="preference name to the programme codes of the special column, such as usmca: [S, S+]"
    )
    programme_origins: dict[str, list[Country]] = Field(
        default_factory=dict, description="which origins a programme serves"
    )
    other_origins: list[Country] = Field(default_factory=list, description="origins that pay the `other` column")
    not_covered: dict[Name, str] = Field(
        default_factory=dict, description="preference names that are refused, each with the reason"
    )
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")


class Measure(_Model):
    """A tariff measure: one file."""

    schema_: Literal["surtax-measure-1"] = Field(alias="schema")
    id: Name
    title: str
    kind: Kind
    instrument: str = Field(description="the instrument, with number and amendments")
    citation: list[Source] = Field(min_length=1)
    levied_by: Country
    on_origins: Origins
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    products: dict[Name, Group] = Field(min_length=1)
    rates: list[RateRow] = Field(min_length=1)
    exemptions: list[Exemption] = Field(default_factory=list)
    precedence: list[Precedence] = Field(default_factory=list)
    remits: list[Name] = Field(default_factory=list, description="remissions: the measures they give back")
    limit: str | None = Field(None, description="remissions: a limit that is not public, in words")
    facts: dict[Fact, str] = Field(
        default_factory=dict,
        description="facts that conditions name, each in words; false unless stated",
    )
    table: Table | None = None
    provenance: Provenance
    confidence: Confidence = "primary"
    notes: list[str] = Field(default_factory=list)

    @field_validator("rates")
    @classmethod
    def _dated(cls, rates: list[RateRow]) -> list[RateRow]:
        for row in rates:
            if row.start is None:
                raise ValueError("every rate row needs `from`: nothing is in force without a start")
        return rates

    @model_validator(mode="after")
    def _consistent(self) -> Measure:
        known = set(self.products)
        facts = set(self.facts)
        rows: list[Row] = [*self.rates, *self.exemptions]
        for row in rows:
            when = row.when or Condition.model_validate({})
            named = {
                *(row.groups or []),
                *(when.otherwise_in or []),
                *(when.otherwise_not_in or []),
            }
            if missing := sorted(named - known):
                raise ValueError(f"product groups {missing} are named but not defined under `products`")
            if missing := sorted({*when.facts, *when.not_facts} - facts):
                raise ValueError(f"facts {missing} are used but not described under `facts`")
        if (self.kind == "remission") != bool(self.remits):
            raise ValueError("`remits` goes with kind: remission, and a remission needs it")
        if any((row.remit is not None) != (self.kind == "remission") for row in self.rates if not row.refuse):
            raise ValueError("`remit` rates belong to remissions, and remissions have no others")
        if any(row.table for row in self.rates) and self.table is None:
            raise ValueError("a `table: true` row needs the measure's `table`")
        names = [e.id for e in self.exemptions]
        if len(set(names)) != len(names):
            raise ValueError("two exemptions have the same id")
        return self


class Pending(_Model):
    """An instrument known by name whose content the data do not hold."""

    start: Day = Field(alias="from")
    text: str


class Jurisdiction(_Model):
    """What the data cover for one importer: the window, the nomenclature, and what is left out."""

    schema_: Literal["surtax-jurisdiction-1"] = Field(alias="schema")
    importer: Country
    name: str
    status: Literal["complete", "surtax-only"] = Field(
        description="surtax-only: the ordinary duty is not in the data, and answers say so"
    )
    status_reason: str | None = None
    start: Day = Field(alias="from", description="first day covered")
    end: Day = Field(alias="to", description="first day not covered")
    before: str = Field(description="why earlier days are refused")
    after: str = Field(description="why later days are refused")
    origins: Origins = Field(description="origins covered")
    origins_reason: str | None = Field(None, description="why other origins are refused")
    origin_names: str | None = Field(
        None, description="CSV: code, name: the origins there are; with `all_except: []` the origins covered are these"
    )
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    digits: list[int] = Field(description="lengths of a code that names a tariff item, such as [8, 10]")
    nomenclature: str | None = Field(None, description="CSV: code, from, to: the codes that exist, by period")
    nomenclature_digits: int = Field(10, description="codes are looked up by this many leading digits")
    pending: list[Pending] = Field(default_factory=list)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a measure file."""
    schema = Measure.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Surtax measure"
    return schema
