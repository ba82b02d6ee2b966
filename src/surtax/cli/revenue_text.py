"""The answers of `surtax revenue`, for both sides: computed, as plain values, and as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surtax.cli.tables import plain_table

if TYPE_CHECKING:
    from surtax.law.book import Law
    from surtax.model.outcome import Outcome
    from surtax.policy.revenue import OriginChange, Revenue, Row

NOT_MODELLED = (
    "income and payroll taxes that duties displace, by which official scores reduce the gross amount (the offset); "
    "evasion and transshipment; drawback and refunds; what the treasury does with the revenue (here households get it)"
)
TITLES = {
    "USA": "US duties on goods of Canada",
    "CAN": "Canada's surtaxes on goods of the United States",
}


@dataclass(frozen=True)
class Answer:
    """Duties under the choices asked for.

    Attributes
    ----------
    found, outcome : see `surtax.policy.revenue.revenue` and `surtax.solve`.
    origins : what the equilibrium does to all duties of the importer.
    band : name → totals, at the ends of what remissions leave open (Canada's side).
    """

    found: Revenue
    outcome: Outcome
    origins: list[OriginChange]
    band: Mapping[str, Mapping[str, float]]

    @property
    def dynamic(self) -> dict[str, float]:
        """Change of all duties of the importer, USD million: on the exporter's goods, on others', and both."""
        own = self.found.totals["general"] - self.found.before
        others = sum(x.change for x in self.origins[1:])
        return {"exporter": own, "other_origins": others, "all": own + others}


@dataclass(frozen=True)
class Asked:
    """What was asked: whose duties, on which day, under which claims, contents, closure, remissions and law."""

    importer: str
    day: dt.date
    preference: str
    car_us_content: float
    deficits: str
    remissions: str
    law: Law

    @property
    def exporter(self) -> str:
        """The other side."""
        return "CAN" if self.importer == "USA" else "USA"

    def answer(self, elasticities: str | None) -> Answer:
        """Solve the day."""
        import surtax as sx
        from surtax.elasticities import apply
        from surtax.policy.dated import lined, on_day
        from surtax.policy.dated_canada import lined_canada
        from surtax.policy.revenue import change_by_origin, ratio_of
        from surtax.policy.revenue import revenue as collect

        world = sx.load_world()
        if elasticities is not None:
            world = apply(world, elasticities)
        dispute = sx.load_scenario("us-canada-2025")
        american = lined(world, self.law, self.day, self.preference, self.car_us_content)

        def one(remitted: str, vehicles: str) -> tuple[Revenue, Outcome]:
            canadian = lined_canada(world, self.law, self.day, remitted, vehicles)
            scenario = on_day(
                dispute, world, self.day, law=self.law, lines=american, canada=canadian, remissions=remitted,
                preference=self.preference, car_us_content=self.car_us_content,
            )  # fmt: skip
            outcome = sx.solve(world, scenario, deficits=self.deficits)
            side = american if self.importer == "USA" else canadian
            return collect(world, side, ratio_of(outcome, side)), outcome

        found, outcome = one(self.remissions, "central")
        band = {}
        if self.importer == "CAN":
            ends = (("none", "high"), ("named", "central"), ("all", "low"))
            names = ("none, vehicles high", "named", "all, vehicles low")
            band = {name: one(*end)[0].totals for name, end in zip(names, ends, strict=True)}
        return Answer(found, outcome, change_by_origin(outcome, self.importer, self.exporter), band)


def as_plain(asked: Asked, answer: Answer, key: str) -> dict[str, Any]:
    """The answer as plain values, for JSON."""
    found = answer.found
    plain: dict[str, Any] = {
        "schema": "surtax-revenue/1", "on": asked.day.isoformat(), "importer": asked.importer,
        "origin": asked.exporter, "unit": "USD million a year", "preference": asked.preference,
        "car_us_content": asked.car_us_content, "remissions": asked.remissions, "law": list(asked.law.edits),
        "before": found.before, "totals": dict(found.totals), "trade": dict(found.trade),
        "by_measure": {r.label: dict(r.duty) for r in found.by("measure")},
        "outside": {
            "value": found.outside.value, "without_rate": found.outside.without_rate, "duty": found.outside.duty,
        },
        "dynamic": answer.dynamic,
        "accounts": {
            "unit": str(answer.outcome.world.meta.get("units") or "not stated"),
            "by_origin": [
                {"origins": x.label, "before": x.before, "after": x.after, "change": x.change} for x in answer.origins
            ],
        },
        "not_modelled": NOT_MODELLED,
        "conditions": answer.outcome.describe(),
    }  # fmt: skip
    if key != "measure":
        rows = [{"label": r.label, "value": r.value, **r.duty} for r in found.by(key)]
        plain["groups"] = {"by": key, "rows": rows}
    if asked.importer == "CAN":
        plain |= {"status": "surtax-only", "band": {name: dict(totals) for name, totals in answer.band.items()}}
    return plain


def print_revenue(console: Any, asked: Asked, answer: Answer, key: str, top: int) -> None:
    """Print the duties, what responds how, and what the equilibrium does to the duties on others."""
    from surtax.policy.revenue import RESPONSES

    found = answer.found
    day = asked.day.isoformat()
    console.print(f"[bold]{TITLES[asked.importer]}, law of {day}[/bold], USD million a year at the trade of 2024")
    for text in asked.law.edits:
        console.print(text, markup=False)
    console.print(_conditions(asked, answer))
    table = plain_table(key, "trade", *RESPONSES)
    rows = found.by(key)
    for row in rows[:top]:
        table.add_row(row.label, f"{row.value:,.1f}", *(f"{row.duty[n]:,.1f}" for n in RESPONSES))
    if rows[top:]:
        table.add_row(f"{len(rows) - top} others", *_sums(rows[top:]))
    table.add_row("all", f"{found.trade['conventional']:,.1f}", *(f"{found.totals[n]:,.1f}" for n in RESPONSES))
    for name, totals in answer.band.items():
        table.add_row(f"remissions {name}", "", *(f"{totals[n]:,.1f}" for n in RESPONSES))
    table.add_row("trade of these lines", "", *(f"{found.trade[n]:,.1f}" for n in RESPONSES))
    console.print(table)
    out = found.outside
    console.print(
        f"before the dispute: {found.before:,.1f}. Outside the goods sectors or without a rate, not in the table: "
        f"trade {out.value:,.1f}, of it without a rate {out.without_rate:,.1f}; duty on the rest {out.duty:,.1f}"
    )
    if asked.importer == "CAN":
        console.print(
            "surtax only. What was remitted is not public: these are ends of the law's band; after trade responds more "
            "duty need not be more revenue"
        )
    console.print()
    _print_origins(console, asked, answer)


def _conditions(asked: Asked, answer: Answer) -> str:
    american = f"claims of USMCA {asked.preference}, US content of cars {asked.car_us_content:g}"
    canadian = f"remissions {asked.remissions}"
    side, other = (american, canadian) if asked.importer == "USA" else (canadian, american)
    c = answer.outcome.conditions
    return (
        f"{side}; partial: costs and sector spending given; general: deficits {asked.deficits}, trade elasticities "
        f"{c.elasticities}, both sides' measures of the day (the other's: {other}), residual {c.residual:.1e}"
    )


def _print_origins(console: Any, asked: Asked, answer: Answer) -> None:
    who = "the United States" if asked.importer == "USA" else "Canada"
    units = answer.outcome.world.meta.get("units") or "unit not stated"
    console.print(f"[bold]All duties of {who} in general equilibrium[/bold], values of the accounts ({units})")
    table = plain_table("on goods of", "before", "after", "change")
    for x in answer.origins:
        table.add_row(x.label, f"{x.before:,.1f}", f"{x.after:,.1f}", f"{x.change:+,.1f}")
    before, after = (sum(getattr(x, n) for x in answer.origins) for n in ("before", "after"))
    table.add_row("all", f"{before:,.1f}", f"{after:,.1f}", f"{after - before:+,.1f}")
    console.print(table)
    total = answer.dynamic
    console.print(
        f"dynamic: {total['exporter']:+,.1f} on the lines above (general less before the dispute), "
        f"{total['other_origins']:+,.1f} on other origins' redirected trade (in the accounts' values), "
        f"{total['all']:+,.1f} in all"
    )
    if asked.importer == "CAN":
        console.print("the accounts hold no base tariffs of Canada: nothing is collected on other origins in them")
    console.print(f"not modelled: {NOT_MODELLED}")


def _sums(rows: list[Row]) -> list[str]:
    from surtax.policy.revenue import RESPONSES

    return [f"{sum(r.value for r in rows):,.1f}", *(f"{sum(r.duty[n] for r in rows):,.1f}" for n in RESPONSES)]
