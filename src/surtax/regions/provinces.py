"""A scenario by Canadian province: real income, wages, trade, jobs and the sectors behind them.

The world is `canada-provinces-2022`, whose provinces add up to Canada cell by cell, so that the sum over provinces can
be held against Canada as one country; `provinces-2021` is the provinces' own accounts, in coarser sectors. What is
behind a result is told in those coarser sectors in both: within them the split is the same for all.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.errors import InputError
from surtax.model.equilibrium import solve
from surtax.policy.translate import fitted, sector_members
from surtax.world import load_world

if TYPE_CHECKING:
    from surtax.model.outcome import Outcome
    from surtax.policy.scenario import Scenario
    from surtax.world import World

#: Fall of a sector's real wage, per cent, from which on its workers are counted as at risk: a convention.
AT_RISK = 1.0
DEFAULT = "canada-provinces-2022"
EMPLOYMENT = Path(__file__).resolve().parent.parent / "data" / "regions" / "provinces_employment_2021.csv"


@dataclass(frozen=True)
class Province:
    """One province; changes against the base.

    Attributes
    ----------
    welfare, real_wage : per cent.
    equivalent_variation : in the world's unit; per_person : in its currency.
    exports_to_us, exports_to_us_change : goods and services, in the world's unit.
    persons : employed in 2021; moved : how many of them change sector.
    lost : how many lose their job; None in models that lose none (all but those with rigid wages).
    at_risk : how many work where wages fall by more than `AT_RISK` per cent in terms of consumer prices; None in
        models whose wages are the same in all sectors.
    sectors : (sector of the provincial accounts, change of value added in the world's unit), largest losses and gains.
    """

    code: str
    name: str
    welfare: float
    real_wage: float
    equivalent_variation: float
    per_person: float
    exports_to_us: float
    exports_to_us_change: float
    persons: int
    moved: int
    lost: int | None
    at_risk: int | None
    sectors: tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class ByProvince:
    """All provinces, and what they add up to.

    Attributes
    ----------
    provinces : largest loss first.
    total : Σ equivalent variation; national : the same of Canada as one country, or NaN where the world's national
        twin does not ship; welfare_national : per cent, likewise.
    outcome : the equilibrium behind it.
    """

    provinces: tuple[Province, ...]
    total: float
    national: float
    welfare_national: float
    outcome: Outcome


def by_province(
    scenario: Scenario, world: str | World = DEFAULT, *, country: str = "CAN", top: int = 3, **options: Any
) -> ByProvince:
    """Solve a scenario in a world whose `country` is in parts and tell it part by part.

    Parameters
    ----------
    options : of `surtax.solve` (deficits, elasticities, …).

    Raises
    ------
    InputError
        the world does not have the country in parts; see `solve` for the rest.
    """
    accounts = load_world(world) if isinstance(world, str) else world
    if country not in accounts.parts:
        raise InputError(
            f"{accounts.meta.get('name', 'this world')!r} does not have {country} in parts: take {DEFAULT} or "
            f"provinces-2021."
        )
    outcome = solve(accounts, fitted(scenario, accounts, load_world), **options)
    us = accounts.country("USA") if "USA" in accounts.countries else -1
    rows = [_row(outcome, code, us, top) for code in accounts.parts[country]]
    rows.sort(key=lambda r: r.welfare)
    national = welfare = float("nan")
    if accounts.meta.get("name") == DEFAULT:
        whole = load_world()
        one = solve(whole, scenario, **options)
        national, welfare = one.equivalent_variation[country], one.welfare[country]
    total = float(sum(r.equivalent_variation for r in rows))
    return ByProvince(tuple(rows), total, float(national), float(welfare), outcome)


def _row(o: Outcome, code: str, us: int, top: int) -> Province:
    w = o.world
    n = w.country(code)
    change = o.value_added_change.values[:, n]
    grouped = {name: float(change[rows].sum()) for name, rows in _groups(w).items()}
    order = sorted(grouped, key=lambda g: grouped[g])
    kept = [g for g in order[:top] if grouped[g] < 0] + [g for g in order[::-1][:top] if grouped[g] > 0]
    persons = _persons(w, code)
    moved, lost, at_risk = _jobs(o, n, persons)
    sold = float(w.flows[:, n, us].sum()) if us >= 0 else float("nan")
    return Province(
        code,
        w.country_names[n],
        float(o.welfare.values[n]),
        float(o.real_wage.values[n]),
        float(o.equivalent_variation.values[n]),
        float(o.equivalent_variation_per_person.values[n]),
        sold,
        float(o.X_new[:, n, us].sum()) - sold if us >= 0 else float("nan"),
        int(persons.sum()),
        moved,
        lost,
        at_risk,
        tuple((g, grouped[g]) for g in kept),
    )


def _jobs(o: Outcome, n: int, persons: Any) -> tuple[int, int | None, int | None]:
    """Persons who change sector, lose their job, and work where wages fall; see `Province`."""
    changed = float(np.abs(persons * np.nan_to_num(o.factor_use.values[:, n]) / 100).sum())
    lost = at_risk = None
    if "L_hat" in o.extra:
        lost = max(0.0, float(persons.sum() * (1 - o.extra["L_hat"][n])))
        changed = max(0.0, changed - lost)
    if "sector_wage_hat" in o.extra:
        real = o.extra["sector_wage_hat"][:, n] / o.P_consumer[n]
        at_risk = round(float(persons[real < 1 - AT_RISK / 100].sum()))
    return round(changed / 2), None if lost is None else round(lost), at_risk


def _groups(world: World) -> dict[str, list[int]]:
    """Name of each sector of the provincial accounts → positions of the world's sectors in it; services as one."""
    own = load_world("provinces-2021")
    if world.sectors == own.sectors:
        return {name: [i] for i, name in enumerate(own.sector_names)}
    members = sector_members(own)
    found = {}
    for code, name in zip(own.sectors, own.sector_names, strict=True):
        rows = [i for i, s in enumerate(world.sectors) if s in members.get(code, ())]
        if rows:
            found[name] = rows
    placed = {i for rows in found.values() for i in rows}
    return {**found, "Services": [i for i in range(len(world.sectors)) if i not in placed]}


def _persons(world: World, code: str) -> Any:
    """Employed persons [s] of a province in the world's sectors, those of a group shared out by value added."""
    own = load_world("provinces-2021")
    table = {name: employment()[code, g] for g, name in zip(own.sectors, own.sector_names, strict=True)}
    n = world.country(code)
    income = world.value_added[:, n] * world.output[:, n]
    persons = np.zeros(len(world.sectors))
    groups = _groups(world)
    for name, rows in groups.items():
        counted = table[name] if name in table else sum(x for g, x in table.items() if g not in groups)
        total = income[rows].sum()
        persons[rows] = counted * (income[rows] / total if total > 0 else np.full(len(rows), 1 / len(rows)))
    return persons


@lru_cache(maxsize=1)
def employment() -> Mapping[tuple[str, str], int]:
    """Employed persons by province and sector of `provinces-2021` (Statistics Canada, 2021)."""
    with EMPLOYMENT.open(encoding="utf-8", newline="") as file:
        return {(r["province"], r["sector"]): int(r["persons"]) for r in csv.DictReader(file)}


def as_plain(found: ByProvince) -> dict[str, Any]:
    """The result as plain values for JSON; numbers that do not exist are null."""

    def number(x: float) -> float | None:
        return float(x) if np.isfinite(x) else None

    return {
        "schema": "surtax-provinces/1",
        "conditions": found.outcome.describe(),
        "limits": list(found.outcome.world.meta.get("limits", ())),
        "total_equivalent_variation": number(found.total),
        "national_equivalent_variation": number(found.national),
        "national_welfare": number(found.welfare_national),
        "provinces": [
            {
                "code": p.code, "name": p.name, "welfare": p.welfare, "real_wage": p.real_wage,
                "equivalent_variation": p.equivalent_variation, "per_person": number(p.per_person),
                "exports_to_us": number(p.exports_to_us), "exports_to_us_change": number(p.exports_to_us_change),
                "persons_employed": p.persons, "persons_changing_sector": p.moved,
                "persons_losing_jobs": p.lost, "persons_at_risk": p.at_risk,
                "value_added_change": [{"sector": s, "change": x} for s, x in p.sectors],
            }
            for p in found.provinces
        ],
    }  # fmt: skip
