"""Canada's surtaxes of a day as plain values for JSON: rates, coverage unscaled and scaled, remissions, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surtax.trade.canada import ENDS, IMPORTER, ORIGIN
from surtax.trade.canada_months import CanadaMonth
from surtax.trade.canada_rates import HIGH, LOW, CanadaRates, Group, reference

if TYPE_CHECKING:
    from surtax.law.book import Law


def as_plain(found: CanadaRates, law: Law, by: str | None = None) -> dict[str, Any]:
    """Return the result as plain values for JSON."""
    goods, about = found.goods, found.goods.metadata
    parts = about["parts"]
    official: dict[str, dict[str, Any]] = {}
    for name, part in parts.items():
        row = official.setdefault(
            part["order"], {"list_of": part["list_of"], "official_cad": 0, "official_usd": 0, "upper_bound_usd": 0}
        )
        row["official_cad"] += part["official_cad"]
        row["official_usd"] += part["official_usd"]
        bound = part["upper_bound_usd"]
        row["upper_bound_usd"] = None if bound is None else row["upper_bound_usd"] + bound
        row.setdefault("parts", []).append(name)
    for row in official.values():
        bound = row["upper_bound_usd"]
        row["factor"] = None if bound is None else row["official_usd"] / bound
    plain: dict[str, Any] = {
        "schema": "surtax-rates-canada/1",
        "on": found.on.isoformat(),
        "month": found.month if isinstance(found, CanadaMonth) else None,
        "days": found.days if isinstance(found, CanadaMonth) else 1,
        "importer": IMPORTER,
        "origin": ORIGIN,
        "status": "surtax-only",
        "law": list(law.edits),
        "trade_of": about["year"],
        "unit": "USD",
        "imports_usd": goods.total,
        "imports_note": about["imports_note"],
        "census_exports": dict(about["census_exports"]),
        "steps": {
            s: {
                "rate": {e: found.rate(s, e) for e in ENDS},
                "rate_over_census_exports": {e: 100 * found.duty(s, e) / goods.exports for e in ENDS},
                "duty_usd": {e: found.duty(s, e) for e in ENDS},
            }
            for s in found.by_line
        },
        "net_of_remissions": {"low": found.rate("all", LOW), "high": found.rate("before", HIGH)},
        "coverage": [
            {
                "measure": c.measure, "reference": reference(law, c.measure), "items": c.items,
                "upper_bound_usd": c.upper_bound, "value_usd": c.value, "factor": c.factor,
                "without_value": list(c.without_value),
            }
            for c in found.coverage()
        ],
        "official": official,
        "remissions_at_most_usd": dict(found.remissions),
        "unmatched_usd": found.unmatched,
        "unknown_usd": found.unknown,
        "unvalued": list(found.charged.unvalued),
        "vehicles": dict(about["vehicles"]),
        "comparator": None if found.comparator is None else dict(found.comparator),
        "notes": list(about["notes"]),
    }  # fmt: skip
    if by is not None:
        plain["by"] = {"key": by, "rows": [group_as_plain(g) for g in found.by(by)]}
    return plain


def group_as_plain(g: Group) -> dict[str, Any]:
    """Return one row of a breakdown as plain values."""
    duty = {s: dict(d) for s, d in g.duty.items()}
    return {"label": g.label, "value_usd": g.value, "taxed_usd": g.taxed, "duty_usd": duty}
