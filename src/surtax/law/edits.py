"""Law files: edits of the law that a user writes down, read strictly, and the law that they make.

docs/law-files.md describes the file key by key. Each entry of `edits` is what `Law.edit` takes, in the words of a
measure file; edits are made in their order, each on the law that the ones before have made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from surtax.errors import InputError, is_folder
from surtax.law import editing, schema
from surtax.yamlfile import entry_lines, parse_yaml, read_text

if TYPE_CHECKING:
    from surtax.law.book import Law

#: Numbers as YAML writes them: text and true/false are none, although they could be read as some.
Rate = Annotated[float, Field(strict=True, ge=0, le=10_000)]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_codes(value: object) -> object:
    for code in value if isinstance(value, list) else [value]:
        if isinstance(code, int | float):
            raise ValueError(f"{code} is a number to YAML: write product codes in quotation marks")  # noqa: TRY004
    return _as_list(value)


def _completed(value: object) -> object:
    """Fill in what a measure of the law must say about its sources: here the file is the source."""
    if not isinstance(value, Mapping):
        return value
    told = {
        "schema": "surtax-measure-1",
        "title": value.get("id", ""),
        "instrument": "edited law",
        "citation": [{"text": "edited law"}],
        "provenance": {"sources": ["edited law"]},
    }
    return {**told, **value}


Prefixes = Annotated[list[schema.Prefix], BeforeValidator(_as_codes), Field(min_length=1)]
Countries = Annotated[list[schema.Country], BeforeValidator(_as_list), Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Suspension(_Model):
    """Days without a rate."""

    start: schema.Day = Field(alias="from", description="first day")
    end: schema.Day | None = Field(None, alias="to", description="first day on which it holds again; none: for good")


class Hold(_Model):
    """A measure kept as it stands on a day."""

    as_on: schema.Day
    until: schema.Day | None = Field(None, description="first day on which the law goes on; none: for good")


class AddedExemption(schema.Exemption):
    """An exemption, with products and facts of its own."""

    products: Prefixes | None = Field(None, description="prefixes; instead of `groups` of the measure")
    facts: dict[schema.Fact, str] = Field(default_factory=dict, description="facts that `when` names, in words")

    @model_validator(mode="after")
    def _one_scope(self) -> AddedExemption:
        if self.products is not None and self.groups is not None:
            raise ValueError("an exemption has products or groups, not both")
        return self


class EditEntry(_Model):
    """One edit: of a measure, or a measure to add."""

    measure: str | None = Field(None, description="id of the measure (`surtax measures` lists them)")
    note: str | None = Field(None, description="why, kept with the file")
    withdraw: Literal[True] | None = Field(None, description="take the measure out of the law, on all days")
    suspend: Suspension | None = None
    hold: Hold | None = None
    start: schema.Day | None = Field(None, description="the measure's first day")
    end: schema.Day | None = Field(None, description="first day on which the measure no longer holds")
    delay: Annotated[int, Field(strict=True, ge=1)] | None = Field(None, description="days")
    rate: Rate | dict[Rate, Rate] | None = Field(None, description="per cent; or old: new")
    group: str | None = Field(None, description="product group that the rate or the products are about")
    origins: Literal["all"] | Countries | None = None
    add_origins: Countries | None = None
    remove_origins: Countries | None = None
    add_products: Prefixes | None = None
    remove_products: Prefixes | None = None
    since: schema.Day | None = Field(None, alias="from", description="first day of the new rate, origins or products")
    until: schema.Day | None = Field(None, alias="to", description="first day on which they no longer hold")
    add_exemption: AddedExemption | None = None
    drop_exemption: str | None = None
    add: Annotated[schema.Measure, BeforeValidator(_completed)] | None = Field(None, description="a whole measure")

    @field_validator("measure", "group", "drop_exemption")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        if value is not None and not value.strip():
            raise ValueError("an empty name")
        return value

    @model_validator(mode="after")
    def _something(self) -> EditEntry:
        given = self.model_fields_set - {"measure", "note"}
        if (self.measure is None) == (self.add is None):
            raise ValueError("an edit names a `measure` to change or gives a measure to `add`, one of both")
        if self.add is not None and given != {"add"}:
            raise ValueError("a measure to add stands alone: changes of it belong into it")
        if not given - {"since", "until", "group"}:
            raise ValueError(f"nothing to do with {self.measure}: give a rate, days, products, …")
        return self

    def as_edit(self, place: Path) -> editing.Edit:
        """Return the edit as `surtax.law.editing.edit` takes it."""

        def day(value: Any) -> str | None:
            return None if value is None else str(value.isoformat())

        plain: dict[str, Any] = {"by_alias": True, "exclude_unset": True}
        added = self.add
        return editing.Edit(
            drop=bool(self.withdraw),
            delay=self.delay,
            start=day(self.start),
            end=day(self.end),
            suspend=None if self.suspend is None else (str(self.suspend.start), day(self.suspend.end)),
            hold=None if self.hold is None else (str(self.hold.as_on), day(self.hold.until)),
            rate=self.rate,
            origins=tuple(self.origins) if isinstance(self.origins, list) else self.origins,
            add_origins=tuple(self.add_origins or ()),
            remove_origins=tuple(self.remove_origins or ()),
            add_products=tuple(self.add_products or ()),
            remove_products=tuple(self.remove_products or ()),
            group=self.group,
            since=day(self.since),
            until=day(self.until),
            add_exemption=None if self.add_exemption is None else self.add_exemption.model_dump(**plain),
            drop_exemption=self.drop_exemption,
            add=None if added is None else added.model_dump(**plain),
            place=place,
            strict=True,
        )


class LawFile(_Model):
    """A law file."""

    schema_: Literal["surtax-law-edits/1"] = Field("surtax-law-edits/1", alias="schema")
    title: str = ""
    description: str = ""
    source: str = ""
    edits: list[EditEntry] = Field(min_length=1)


@dataclass(frozen=True)
class Edits:
    """A law file that has been read.

    Attributes
    ----------
    path : where it was read from.
    title, description, source : what it says about itself.
    edits : (id of the measure or None, edit, line of the file), in order.
    """

    path: Path
    title: str
    description: str
    source: str
    edits: tuple[tuple[str | None, editing.Edit, int], ...]

    def __str__(self) -> str:
        named = f"{self.path.name} ({self.title})" if self.title else self.path.name
        return f"law edited by {named}: {'; '.join(edit.words(name) for name, edit, _ in self.edits)}"

    def apply(self, law: Law) -> Law:
        """Return the law with the edits made, in order; it says so in `Law.edits`.

        Raises
        ------
        InputError
            a measure, group, exemption, product or origin that is not there (nearest names offered), an edit without
            an effect, precedence in a circle; with the line of the edit.
        """
        edited = law
        for name, edit, line in self.edits:
            try:
                edited = editing.edit(edited, name, edit)
            except InputError as problem:
                raise InputError(f"{self.path}, line {line}: {problem}") from None
        return edited.with_edits((*law.edits, str(self)))


def load_edits(path: str | Path) -> Edits:
    """Read a law file.

    Raises
    ------
    InputError
        the file cannot be read, unknown keys (the nearest is offered), values of the wrong kind; with their line.
    """
    path = Path(path)
    if is_folder(path):
        raise InputError(f"{path} is a folder; edited law is a YAML file of edits (docs/law-files.md).")
    text = read_text(path)
    file = parse_yaml(text, LawFile, str(path))
    lines = entry_lines(text, "edits")
    entries = tuple((e.measure, e.as_edit(path.parent), line) for e, line in zip(file.edits, lines, strict=True))
    return Edits(path, file.title.strip(), file.description.strip(), file.source.strip(), entries)
