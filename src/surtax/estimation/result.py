"""What an estimation returns: θ by sector with its standard error, and everything that was left out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from surtax.errors import InputError

SCHEMA = "surtax-estimate/1"
#: How values were recorded → what is added to minus the coefficient to give θ. In the model (docs/notation.md) spending
#: including duty falls by θ per cent when 1 + t rises by one, and its value before duty, X, by θ + 1.
SHIFT = {"duty-paid": 0.0, "before-duty": -1.0}


@dataclass(frozen=True)
class Estimate:
    """θ of one sector.

    Attributes
    ----------
    sector : label, `*` where the table has no sectors.
    theta : θ = −coefficient (values with duty) or −coefficient − 1 (values before duty); may come out negative.
    standard_error : as asked for; None where it cannot be had, see `notes`.
    coefficient : on ln(1 + t).
    standard_errors : every kind computed, {kind: value}.
    observations : used in the regression; countries : in them; clusters : of the standard error.
    dropped : {why: observations}.
    notes : what a reader should know.
    """

    sector: str
    theta: float
    standard_error: float | None
    coefficient: float
    standard_errors: Mapping[str, float]
    observations: int
    countries: int
    clusters: int
    dropped: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the model can take it: θ > 0."""
        return math.isfinite(self.theta) and self.theta > 0


@dataclass(frozen=True)
class Estimation:
    """Estimates by sector.

    Attributes
    ----------
    method : ppml or triad; source : the table, in words for the column `source`.
    settings : everything asked for, and its reading.
    estimates : those sectors that could be estimated; failed : {sector: why} the others.
    dropped : {why: rows} of the table before any sector was looked at.
    """

    method: str
    source: str
    settings: Mapping[str, Any]
    estimates: tuple[Estimate, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "schema": SCHEMA,
            "method": self.method,
            "source": self.source,
            "settings": dict(self.settings),
            "dropped": dict(self.dropped),
            "estimates": [asdict(e) for e in self.estimates],
            "not_estimated": dict(self.failed),
        }

    def as_csv(self) -> str:
        """A file for `--elasticities`: sectors with θ > 0 alone, since the model takes no other.

        Raises
        ------
        InputError
            no sector has θ > 0.
        """
        usable = [e for e in self.estimates if e.usable]
        if not usable:
            raise InputError("no sector has an estimate of θ above zero: there is nothing to write for --elasticities.")
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["sector", "elasticity", "standard_error", "source", "observations"])
        for e in usable:
            error = "" if e.standard_error is None else repr(e.standard_error)
            writer.writerow([e.sector, repr(e.theta), error, self.source, e.observations])
        return buffer.getvalue()


def finished(found: Estimation) -> Estimation:
    """Return what was found, or refuse where nothing was.

    Raises
    ------
    InputError
        no sector could be estimated; says why for each, at most five.
    """
    if not found.estimates:
        reasons = "; ".join(f"{s}: {why}" for s, why in list(found.failed.items())[:5])
        raise InputError(f"nothing could be estimated: {reasons or 'the table has no rows to use'}.")
    return found
