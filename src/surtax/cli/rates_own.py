"""`surtax rates --flows FILE`: the law on trade flows of a user's own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surtax.cli.shared import echo_json
from surtax.cli.tables import band, plain_table
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.trade.own import OwnRates

WORDS = {"none": "nobody claims USMCA", "full": "all that may claim USMCA does"}


def rates_of_own(
    path: Path, kind: str | None, *, importer: str, origin: str | None, day: str, law: Law, key: str | None, top: int,
    as_json: bool, column: str | None = None,
) -> None:  # fmt: skip
    """Print the rates of a file's flows with nobody claiming USMCA, and with all claiming.

    Parameters
    ----------
    kind : format of the file, or None to tell it by its look.
    origin : one origin, or None for all.
    column : of values, where a Census file has several.
    """
    from surtax.trade.ingest.detect import kind_of, read_flows
    from surtax.trade.own import CLAIMS, KEYS, own_rates

    if key not in (None, *KEYS):
        raise InputError(f"--by {key!r}: with --flows {', '.join(KEYS[:-1])} or {KEYS[-1]}.")
    if column is not None and (kind or kind_of(path)) != "census":
        raise InputError("--value chooses among the columns of a US Census file: files of other formats have one.")
    lines = read_flows(path, kind, **({} if column is None else {"value": column}))
    if origin is not None:
        lines = lines.select(origin=origin)
    found = [own_rates(law, lines, day, importer=importer, claims=claims) for claims in CLAIMS]
    if as_json:
        echo_json(as_plain(found, law, key))
        return
    from surtax.report.console import Console

    _print(Console(), found, law, key, top)


def as_plain(found: list[OwnRates], law: Law, key: str | None) -> dict[str, Any]:
    """The rates as plain values, for JSON."""
    one = found[0]
    meta = one.lines.metadata
    plain: dict[str, Any] = {
        "schema": "surtax-rates-own/1", "on": one.on.isoformat(), "importer": one.importer,
        "status": law.jurisdiction(one.importer).status, "law": list(law.edits),
        "flows": {
            "source": meta.get("source"), "file": meta.get("file"), "period": one.lines.period,
            "currency": one.lines.currency, "valuation": meta.get("valuation"), "value": float(one.lines.total()),
            "left_out": [dict(x) for x in meta.get("left_out", ())],
        },
        "steps": [
            {
                "claims": f.claims, "rate_low": _finite(f.rate()[0]), "rate_high": _finite(f.rate()[1]),
                "duty_low": f.duty()[0], "duty_high": f.duty()[1], "unknown": f.unknown(),
                "value_with_a_band": f.value_where(f.known & (f.high > f.low)),
                "value_carried_to_other_codes": f.value_where(f.carried & f.known),
                "value_partly_known": f.value_where(f.partly),
                "value_with_ordinary_duty_per_unit_left_out": f.value_where(f.per_unit & f.known),
                **({} if key is None else {"groups": {"by": key, "rows": [g.__dict__ for g in f.by(key)]}}),
            }
            for f in found
        ],
        "lines": [
            {
                "product": str(product), "origin": str(origin), "value": float(value),
                "low": _finite(one.low[i]), "high": _finite(one.high[i]), "mean": _finite(one.mean[i]),
                "low_claimed": _finite(found[1].low[i]), "high_claimed": _finite(found[1].high[i]),
                "tariff_lines": int(one.candidates[i]), "carried": bool(one.carried[i]),
                "reason": str(one.reasons[i]) or None,
            }
            for i, (product, origin, value) in enumerate(
                zip(one.lines.codes, one.lines.origin_codes, one.lines.value, strict=True)
            )
        ],
    }  # fmt: skip
    return plain


def _finite(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def _print(console: Any, found: list[OwnRates], law: Law, key: str | None, top: int) -> None:
    one = found[0]
    meta = one.lines.metadata
    scale, money = _unit(one)

    def amount(x: float) -> str:
        return f"{money} {x / scale:,.1f}"

    console.print(f"[bold]Duties of {one.importer} on flows of {meta.get('file', 'your own')}[/bold], law of {one.on}")
    for text in law.edits:
        console.print(text, markup=False)
    console.print(
        f"{meta.get('source', 'source not stated')}, {one.lines.period or 'period not stated'}, "
        f"{meta.get('valuation', 'valuation not stated')}: {amount(one.lines.total())}"
    )
    for part in meta.get("left_out", ()):
        console.print(f"  left out by the reader: {part['what']}: {part['rows']} rows, {part['value']:,.0f}")
    table = plain_table("", "rate, per cent", f"duty, {money}")
    for f in found:
        low, high = f.duty()
        table.add_row(WORDS[f.claims], band(*f.rate(), 2), band(low / scale, high / scale, 1))
    console.print(table)
    words = {
        "a band, as the file names no tariff line (the least and the highest rate of the lines under each code)": (
            one.value_where(one.known & (one.high > one.low))
        ),
        **{f"without a rate: {reason}": value for reason, value in one.unknown().items()},
        "codes that the day does not have, at the rates of what is under their first digits, or of what they became": (
            one.value_where(one.carried & one.known)
        ),
        "some tariff lines under the code have no rate": one.value_where(one.partly),
        "ordinary duties per unit left out (the file has no quantities)": one.value_where(one.per_unit & one.known),
    }
    for what, value in words.items():
        if value:
            console.print(f"  {what}: {amount(value)}")
    if law.jurisdiction(one.importer).status != "complete":
        console.print("  surtax only: the ordinary duty of the importer is not in the data; before remissions")
    if key:
        _breakdown(console, one, key, top)


def _unit(one: OwnRates) -> tuple[float, str]:
    """Millions, or for small files the currency itself."""
    money = one.lines.currency
    return (1e6, f"{money} million") if one.lines.total() >= 1e7 else (1.0, money)


def _breakdown(console: Any, one: OwnRates, key: str, top: int) -> None:
    from surtax.trade.own import Group

    scale, money = _unit(one)
    table = plain_table(key, f"value, {money}", "without a rate", "rate, per cent", f"duty, {money}")
    rows = one.by(key)
    shown = rows[:top]
    if rest := rows[top:]:
        sums = (sum(getattr(r, n) for r in rest) for n in ("value", "known", "low", "high"))
        shown.append(Group(f"{len(rest)} others", *sums))
    for r in shown:
        table.add_row(
            r.label, f"{r.value / scale:,.1f}", f"{(r.value - r.known) / scale:,.1f}",
            band(100 * r.low / r.known, 100 * r.high / r.known, 2) if r.known else "–",
            band(r.low / scale, r.high / scale, 1),
        )  # fmt: skip
    console.print(f"{WORDS[one.claims]}:")
    console.print(table)
