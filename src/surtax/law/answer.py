"""What the engine answers: one finding a measure, and the total, with reasons and citations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surtax.law.line import Line

SCHEMA = "surtax-duty-1"


@dataclass(frozen=True, slots=True)
class Displaced:
    """By which measure a part of the value was taken out, and under which text."""

    by: str
    share: float
    citation: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one measure does to the line.

    Attributes
    ----------
    applies : bool or None
        None where the data cannot say, which makes the whole answer a refusal.
    code : str
        Why, for programs: `applies`, `not-in-force`, `origin`, `out-of-scope`, `exempt`,
        `displaced`, `nothing-owed`, `not-claimed` (remissions) or `unknown`.
    rate : float or None
        Per cent of the base: what is charged, or where the measure is displaced or exempt what it
        would charge; negative for a remission. None where no ad valorem rate of it reaches the line
        (out of scope, not in force), or an amount per unit stands beside it and nothing is charged.
    base_share : float or None
        Share of the customs value that the rate falls on, after displacement.
    effective_rate : float or None
        Per cent of customs value; 0 where the measure does not apply; None where it is not known or
        a rate per unit stands without a value.
    amount : float or None
        In the importer's currency; 0 where the measure does not apply, None where no value was given.
    equivalent : bool
        The effective rate of an amount per unit was computed from a stated unit value.
    facts : tuple of str
        Facts (`--fact`) that nobody stated and that would grant this remission.
    """

    id: str
    title: str
    kind: str
    instrument: str
    citation: str
    applies: bool | None
    code: str
    reason: str
    rate: float | None = None
    rate_text: str | None = None
    base: str | None = None
    base_share: float | None = None
    effective_rate: float | None = None
    amount: float | None = None
    excluded_by: str | None = None
    displaced: tuple[Displaced, ...] = ()
    equivalent: bool = False
    facts: tuple[str, ...] = ()
    confidence: str = "primary"
    note: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "instrument": self.instrument,
            "citation": self.citation,
            "applies": self.applies,
            "rate": self.rate,
            "rate_text": self.rate_text,
            "base": self.base,
            "base_share": self.base_share,
            "effective_rate": self.effective_rate,
            "amount": self.amount,
            "equivalent": self.equivalent,
            "facts": list(self.facts),
            "code": self.code,
            "reason": self.reason,
            "excluded_by": self.excluded_by,
            "displaced": [{"by": d.by, "share": d.share, "citation": d.citation} for d in self.displaced],
            "confidence": self.confidence,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The duty on a line.

    Attributes
    ----------
    status : str
        `complete`, `surtax-only` (the ordinary duty is not covered) or `refused`.
    total_rate : float or None
        Per cent of customs value, None if refused.
    bounds : tuple of float or None
        Total with every remission that could be claimed granted, and with none, where remissions
        exist.
    assumptions : tuple of str
        What was taken as given because it was not stated.
    edits : tuple of str
        What makes the law another than the one loaded, in words; empty for the law as it is.
    """

    line: Line
    status: str
    reason: str | None
    total_rate: float | None
    total_amount: float | None
    currency: str | None
    measures: tuple[Finding, ...]
    bounds: tuple[float, float] | None = None
    assumptions: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the answer as plain values, in the published schema."""
        return {
            "schema": SCHEMA,
            "status": self.status,
            "reason": self.reason,
            "line": self.line.as_json(),
            "total_rate": self.total_rate,
            "total_amount": self.total_amount,
            "currency": self.currency,
            "bounds": None if self.bounds is None else {"with_remissions": self.bounds[0], "without": self.bounds[1]},
            "assumptions": list(self.assumptions),
            "edits": list(self.edits),
            "measures": [finding.as_json() for finding in self.measures],
        }

    @property
    def applied(self) -> tuple[Finding, ...]:
        """The findings of the measures that apply."""
        return tuple(f for f in self.measures if f.applies)
