"""Effective rates as plain values, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surtax.trade.baskets import basket
from surtax.trade.effective import Effective, Group
from surtax.trade.gaps import Gaps
from surtax.trade.gaps import as_plain as gaps_as_plain
from surtax.trade.stretches import Stretch


def effective_as_plain(
    found: Effective, pieces: Gaps, step: str = "predicted", key: str | None = None, unmatched: bool = False
) -> dict[str, Any]:
    """The waterfall, its gaps, and what was asked for beside them.

    Parameters
    ----------
    step, key : the step to break down and by what; None leaves the groups out.
    unmatched : list the lines without a rate or a goods sector.
    """
    plain: dict[str, Any] = {
        "schema": "surtax-rates/2",
        "on": found.on.isoformat(),
        "month": found.month,
        "days": found.days,
        "importer": "USA",
        "origin": found.origin,
        "weights": found.basket.weights,
        "weights_from": {"month": found.basket.month, "carried": found.basket.carried},
        "value_usd": found.value,
        "claims_from": {"month": found.claims_from[0], "carried": found.claims_from[1]},
        "steps": [
            {
                "claims": s.name, "rate_low": _rate(s.low), "rate_high": _rate(s.high), "duty_low_usd": s.duty[0],
                "duty_high_usd": s.duty[1], "rate_low_of_all": 100 * s.duty[0] / found.value,
                "rate_high_of_all": 100 * s.duty[1] / found.value,
                "by_measure_usd": {m: list(d) for m, d in s.by_measure.items()},
                "claimed_usd": float(s.shares @ found.basket.value),
            }
            for s in found.steps.values()
        ],
        "collected_rate": found.collected,
        "gaps": gaps_as_plain(pieces),
        "unknown_usd": dict(found.unknown),
        "ordinary_duty_equivalents_usd": found.equivalents,
        "law": list(found.law),
        "notes": list(found.notes),
    }  # fmt: skip
    if key is not None:
        plain["groups"] = {"by": key, "claims": step, "rows": [_group(g) for g in found.by(key, step)]}
    if unmatched:
        plain["unmatched"] = found.without_a_place()
    return plain


def path_as_plain(stretches: Sequence[Stretch], origin: str, claims: str) -> dict[str, Any]:
    """The path by day."""
    goods = basket(origin)
    rows = []
    for s in stretches:
        row: dict[str, Any] = {
            "start": s.start.isoformat(), "end": s.end.isoformat(), "statutory": s.statutory, "low": s.low,
            "high": s.high, "unknown": s.unknown, "claims_from": s.claims_from,
        }  # fmt: skip
        if s.groups:
            row["groups"] = {key: [_group(g) for g in groups] for key, groups in s.groups.items()}
        rows.append(row)
    return {
        "schema": "surtax-rates-path/1", "importer": "USA", "origin": origin, "claims": claims,
        "weights": goods.weights, "value_usd": int(goods.value.sum()), "stretches": rows,
    }  # fmt: skip


def _group(g: Group) -> dict[str, Any]:
    return {
        "label": g.label, "value_usd": g.value, "value_with_a_rate_usd": g.known, "duty_low_usd": g.low,
        "duty_high_usd": g.high,
    }  # fmt: skip


def _rate(x: float) -> float | None:
    return x if x == x else None
