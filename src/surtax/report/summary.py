"""What is worth telling about an outcome: who is shown, what moves most. Text, HTML and JSON all start from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.model.outcome import Outcome
from surtax.world.units import UNSTATED, Unit

Array = NDArray[np.float64]

USUAL = ("USA", "CAN", "MEX", "CHN")
ALL_UP_TO = 8
REST = "rest"
# A sector is listed among those that move most if it makes at least this share of the country's output: a per cent
# of next to nothing is no news. All sectors are in the exports.
SMALLEST_SECTOR = 5e-4


@dataclass(frozen=True)
class CountryRow:
    """One country, or the rest together (`code` is "rest": money adds up, per cents are weighted by base income)."""

    code: str
    name: str
    welfare: float
    equivalent_variation: float
    per_person: float | None
    price_index: float
    wage: float
    real_wage: float
    revenue_base: float
    revenue: float
    exports: float
    imports: float
    employment: float | None = None


@dataclass(frozen=True)
class SectorRow:
    """One sector of one country."""

    code: str
    name: str
    output_volume: float
    output_change: float
    output_base: float
    factor_use: float
    price: float


@dataclass(frozen=True)
class TradeRow:
    """What an exporter sells to an importer, in the world's unit net of tariff, base prices of the numeraire."""

    exporter: str
    importer: str
    base: float
    change: float
    per_cent: float


@dataclass(frozen=True)
class MeasureRow:
    """A measure of the scenario and what it adds to the tariff on its cells, weighted by base trade.

    `trade` is what it touches in the base, `duty` its own addition on trade as it is after the change, both in the
    world's unit.
    """

    id: str
    title: str
    instrument: str
    citation: str
    importer: str
    exporter: str
    sectors: tuple[str, ...]
    mean_rate: float
    trade: float
    duty: float


@dataclass(frozen=True)
class Summary:
    """Everything the front page of a result shows."""

    title: str
    description: str
    date: str
    countries: tuple[CountryRow, ...]
    parties: tuple[str, ...]
    sides: tuple[str, ...]
    trade: tuple[TradeRow, ...]
    sectors: dict[str, tuple[SectorRow, ...]]
    measures: tuple[MeasureRow, ...]
    left_out: tuple[tuple[str, str], ...]
    conditions: dict[str, Any] = field(default_factory=dict)
    unit: Unit = Unit("", None, UNSTATED)


def summarise(outcome: Outcome, top: int = 5) -> Summary:
    """Collect what the front page of a result shows; `top` sectors a side."""
    codes = outcome.world.countries
    parties = _parties(outcome)
    rows = [_country(outcome, c) for c in parties]
    if len(parties) < len(codes):
        rows.append(_rest(outcome, [i for i, c in enumerate(codes) if c not in parties]))
    sides = _sides(outcome, parties)
    scenario = outcome.scenario
    return Summary(
        title=scenario.title or scenario.name,
        description=scenario.description,
        date=scenario.date,
        countries=tuple(rows),
        parties=parties,
        sides=sides,
        trade=_trade(outcome, parties),
        # A model that adds all sectors up has none that move most.
        sectors={c: _sectors(outcome, c, top) if outcome.detail is None else () for c in sides},
        measures=_measures(outcome),
        left_out=tuple((x.what, x.why) for x in scenario.left_out),
        conditions=outcome.describe(),
        unit=outcome.world.unit,
    )


def _parties(outcome: Outcome) -> tuple[str, ...]:
    """Countries shown one by one: all of a small world, else the scenario's parties and the usual four."""
    codes = outcome.world.countries
    if len(codes) <= ALL_UP_TO:
        return codes
    named = [
        codes[n]
        for m in outcome.scenario.measures
        for change in m.changes
        for c in (*change.importer, *change.exporter)
        if c != "*"
        for n in outcome.world.positions(c)
    ]
    shown = dict.fromkeys([*(c for c in USUAL if c in codes), *named])
    if len(shown) < 2:
        order = np.argsort(-np.abs(outcome.real_income - 1))
        shown = dict.fromkeys([*shown, *(codes[int(i)] for i in order[:5])])
    return tuple(shown)[:20]


def _sides(outcome: Outcome, parties: tuple[str, ...]) -> tuple[str, ...]:
    """The two countries whose sectors are listed: the parties whose mutual trade changes most."""
    changed = (outcome.schedule.tariffs != outcome.world.tariffs).any(axis=0)
    if outcome.schedule.trade_cost is not None:
        changed |= (outcome.schedule.trade_cost != 1).any(axis=0)
    moved = np.abs(outcome.trade_change.values) * changed
    moved = moved + moved.T
    positions = [outcome.world.country(c) for c in parties]
    best = moved[np.ix_(positions, positions)]
    if not best.any():
        return parties[:2]
    i, j = np.unravel_index(int(np.argmax(best)), best.shape)
    return tuple(parties[k] for k in sorted((int(i), int(j))))


def _country(o: Outcome, code: str) -> CountryRow:
    n = o.world.country(code)
    person = float(o.equivalent_variation_per_person.values[n])

    def value(name: str) -> float:
        return float(o.variable(name).values[n])

    return CountryRow(
        code=code,
        name=o.world.country_names[n],
        welfare=value("welfare"),
        equivalent_variation=value("equivalent_variation"),
        per_person=person if np.isfinite(person) else None,
        price_index=value("price_index"),
        wage=value("wage"),
        real_wage=value("real_wage"),
        revenue_base=value("revenue_base"),
        revenue=value("revenue"),
        exports=value("exports"),
        imports=value("imports"),
        employment=value("employment") if "employment" in o.variables else None,
    )


def _rest(o: Outcome, members: list[int]) -> CountryRow:
    weight = o.world.income[members]
    weight = weight / weight.sum()

    def mean(name: str) -> float:
        return float(o.variable(name).values[members] @ weight)

    def total(name: str) -> float:
        return float(o.variable(name).values[members].sum())

    variation = total("equivalent_variation")
    people = None if o.world.population is None else o.world.population[members]
    off = 1 - np.eye(len(o.world.countries))
    base, new = (x.sum(axis=0) * off for x in (o.world.flows, o.X_new))
    return CountryRow(
        REST,
        f"Rest ({len(members)} economies)",
        100 * variation / float(o.world.income[members].sum()),
        variation,
        per_person(variation, people, o.world.unit),
        mean("price_index"),
        mean("wage"),
        mean("real_wage"),
        total("revenue_base"),
        total("revenue"),
        100 * float(new[members].sum() / base[members].sum() - 1),
        100 * float(new[:, members].sum() / base[:, members].sum() - 1),
        mean("employment") if "employment" in o.variables else None,
    )


def per_person(amount: float, people: Array | None, unit: Unit) -> float | None:
    """An amount over all `people`, in the currency; None where population, currency or scale is not known."""
    if people is None or unit.scale is None or not np.isfinite(people).all():
        return None
    return unit.scale * amount / float(people.sum())


def _trade(o: Outcome, parties: tuple[str, ...]) -> tuple[TradeRow, ...]:
    rows = []
    for e in parties:
        for i in parties:
            base = o.trade_base.sel(exporter=e, importer=i)
            if e != i and base > 0:
                change = o.trade_change.sel(exporter=e, importer=i)
                rows.append(TradeRow(e, i, base, change, 100 * change / base))
    return tuple(rows)


def sector_rows(o: Outcome, code: str) -> tuple[SectorRow, ...]:
    """All sectors that country `code` produces, in the world's order."""
    n = o.world.country(code)
    picked = [
        o.variable(v).values[:, n] for v in ("output_volume", "output_change", "output_base", "factor_use", "prices")
    ]
    return tuple(
        SectorRow(s, o.world.sector_names[i], *(float(x[i]) for x in picked))
        for i, s in enumerate(o.world.sectors)
        if picked[2][i] > 0
    )


def _sectors(o: Outcome, code: str, top: int) -> tuple[SectorRow, ...]:
    rows = sector_rows(o, code)
    smallest = SMALLEST_SECTOR * sum(r.output_base for r in rows)
    large = [r for r in rows if r.output_base >= smallest]
    return tuple(sorted(large, key=lambda r: -abs(r.output_volume))[:top])


def _measures(o: Outcome) -> tuple[MeasureRow, ...]:
    """Each measure's own addition: the schedule with the measures up to it, less the one before it."""
    rows = []
    if not o.scenario.measures:
        return ()
    world, after = (o.world, o.X_new) if o.detail is None else (o.detail.world, o.detail.flows())
    for m, added in o.scenario.additions(world):
        touched = added != 0
        trade = float(world.flows[touched].sum())
        duty = float((world.flows * added)[touched].sum())
        importers = list(dict.fromkeys(c for x in m.changes for c in x.importer))
        exporters = list(dict.fromkeys(c for x in m.changes for c in x.exporter))
        sectors = tuple(dict.fromkeys(c for x in m.changes for c in x.sector))
        rows.append(
            MeasureRow(
                m.id,
                m.title or m.id,
                m.instrument,
                m.citation,
                ", ".join(importers),
                ", ".join(exporters),
                sectors,
                100 * duty / trade if trade else 0.0,
                trade,
                float((added * after).sum()),
            )  # fmt: skip
        )
    return tuple(rows)
