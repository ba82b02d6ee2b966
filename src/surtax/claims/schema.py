"""What a claim file says; YAML, one claim a file."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Number = Annotated[float, Field(strict=True)]


def _date_text(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Amount(_Strict):
    """The number that a claim states."""

    value: Number
    unit: str


class Holds(_Strict):
    """When a reading makes the claim true: the whole range on that side of the bound."""

    above: Number | None = None
    below: Number | None = None
    because: str = Field(description="why this bound is the fair one")

    @model_validator(mode="after")
    def _one_of(self) -> Holds:
        if (self.above is None) == (self.below is None):
            raise ValueError("give exactly one of above and below")
        return self


class Reading(_Strict):
    """One way in which the words can be meant; the most favourable to the claimant first."""

    id: str
    means: str
    value: str = Field(description="arithmetic on figures and on results of tests")
    unit: str
    holds: Holds | None = None
    note: str = ""
    context: bool = Field(False, description="shown, but no reading of the claim: takes no part in the verdict")


class Test(_Strict):
    """An experiment whose results readings may use as `name.result`."""

    name: str
    do: Literal["doing-without", "scenario", "border", "incidence"]
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class ClaimFile(_Strict):
    """A claim file."""

    schema_: Literal["surtax-claim/1"] = Field("surtax-claim/1", alias="schema")
    title: str
    words: str = Field(description="the statement")
    quotation: Literal["verbatim", "abridged", "paraphrase"] = Field(
        "paraphrase", description="how near the words are to those said; what is not sure is no verbatim quotation"
    )
    who: str
    when: Annotated[str, BeforeValidator(_date_text)]
    source: str
    side: Literal["US", "Canada", "both"]
    meaning: str = Field("", description="what the claimant or others said that it counts")
    claimed: Amount | None = None
    tests: list[Test] = Field(default_factory=list)
    readings: list[Reading] = Field(min_length=1)
    not_computed: list[str] = Field(default_factory=list, description="what would belong to it and is not at hand")

    @model_validator(mode="after")
    def _complete(self) -> ClaimFile:
        for r in self.readings:
            if not r.context and r.holds is None and self.claimed is None:
                raise ValueError(f"reading {r.id!r} needs `holds`, since the claim states no amount")
            if r.holds is None and self.claimed is not None and not r.context and r.unit != self.claimed.unit:
                raise ValueError(f"reading {r.id!r} is in {r.unit!r}, the claim in {self.claimed.unit!r}")
        ids = [r.id for r in self.readings]
        if len(set(ids)) != len(ids):
            raise ValueError("two readings have the same id")
        if all(r.context for r in self.readings):
            raise ValueError("every reading is context: none decides")
        return self
