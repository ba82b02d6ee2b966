"""Labour and wages by sector, and the short run beside the long run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.report.numbers import column
from surtax.report.summary import SMALLEST_SECTOR
from surtax.report.text import Page, Shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from surtax.model.outcome import Outcome

Array = NDArray[np.float64]

NOTE = (
    "Labour is counted in units of given productivity, full-time equivalents of the base. The accounts hold value "
    "added, not hours or persons: all factors of a sector count as its labour, by what they earn in the base."
)
NO_JOBS = (
    f"{NOTE} They are per thousand workers, since the accounts hold no employment; --employment FILE.csv (columns "
    f"country, sector, fte) counts jobs."
)
HORIZONS = (
    "Short run: factors stay in their sectors (unless --mobility says otherwise) and trade elasticities are 0.38 of "
    "the long run's (Boehm, Levchenko & Pandalai-Nayar 2023: 0.76 in the year after a change, about 2 later). Long "
    "run: factors move freely (unless --mobility says otherwise). Neither is a forecast of a date."
)


def labour(outcome: Outcome) -> Array:
    """Change of the labour employed by sector, a share of the base [s,n]; NaN where nothing is produced."""
    return np.asarray(outcome.factor_use.values / 100)


def jobs(outcome: Outcome, employment: Array) -> Array:
    """Change of jobs by sector [s,n] in the units of `employment` (base jobs by sector, NaN where not known)."""
    return employment * labour(outcome)


def moved(outcome: Outcome) -> Array:
    """Change of the labour employed by sector per 1,000 workers of the country [s,n]."""
    world = outcome.world
    share = world.value_added * world.output / world.factor_income
    return np.asarray(1000 * share * labour(outcome))


def has_sector_wages(outcome: Outcome) -> bool:
    """Whether the model tells sectors' workers apart."""
    return "sector_wage" in outcome.variables


def print_labour(
    outcome: Outcome, sides: Sequence[str], console: Console, top: int, employment: Array | None = None
) -> None:
    """Sectors that gain or lose most labour, with their wages, of the countries given."""
    page = Page(console)
    for code in sides:
        rows = _largest(outcome, moved(outcome), code, top)
        page.heading(f"Labour by sector: {_name(outcome, code)}")
        page.table(_columns(outcome, code, rows, employment, ""))
    page.text(NO_JOBS if employment is None else NOTE, "dim")


def print_horizons(
    outcomes: Mapping[str, Outcome], parties: Sequence[str], sides: Sequence[str], console: Console, top: int,
    employment: Array | None = None,
) -> None:  # fmt: skip
    """The same scenario in the short and in the long run, side by side."""
    page = Page(console)
    first = next(iter(outcomes.values()))
    page.title(f"{first.scenario.title or first.scenario.name}: short run and long run", first.scenario.date)
    page.text(HORIZONS)
    page.heading("Who gains and who loses, per cent")
    columns = [Shown("", [_name(first, c) for c in parties], numeric=False)]
    shown = [("welfare", "real\nincome"), ("real_wage", "real\nwage"), ("exports", "\nexports")]
    if "employment" in first.variables:
        shown.append(("employment", "employ-\nment"))
    for name, label in shown:
        for horizon, o in outcomes.items():
            columns.append(
                Shown(f"{label}\n{horizon}", column([float(o.variable(name)[c]) for c in parties], sign=True))
            )
    page.table(columns)
    for code in sides:
        most = np.max([np.abs(np.nan_to_num(moved(o))) for o in outcomes.values()], axis=0)
        rows = _largest(first, most, code, top)
        page.heading(f"Labour by sector: {_name(first, code)}")
        columns = [Shown("", [first.world.sector_names[s] for s in rows], numeric=False)]
        for horizon, o in outcomes.items():
            columns += _columns(o, code, rows, employment, f"\n{horizon}")[1:]
        page.table(columns)
    page.text(NO_JOBS if employment is None else NOTE, "dim")
    c = first.conditions
    page.heading("Holds under")
    for horizon, o in outcomes.items():
        page.item(f"{horizon} run: {o.conditions.about}; elasticities {o.conditions.elasticities}; residual "
                  f"{o.conditions.residual:.1e}, Walras {o.conditions.walras:.1e}")  # fmt: skip
    page.item(f"closure {c.closure}; accounts: {c.vintage}; base {c.base}; numeraire {c.numeraire}")


def labour_plain(outcome: Outcome, employment: Array | None) -> dict[str, Any]:
    """Jobs by country and sector for JSON, where employment is known."""
    if employment is None:
        return {}
    change = jobs(outcome, employment)
    return {
        "jobs_change": {
            c: {s: float(change[i, n]) for i, s in enumerate(outcome.world.sectors) if np.isfinite(change[i, n])}
            for n, c in enumerate(outcome.world.countries)
            if np.isfinite(change[:, n]).any()
        }
    }


def _columns(o: Outcome, code: str, rows: Sequence[int], employment: Array | None, suffix: str) -> list[Shown]:
    n = o.world.country(code)
    columns = [Shown("", [o.world.sector_names[s] for s in rows], numeric=False)]
    if has_sector_wages(o):
        columns.append(Shown(f"wage\n%{suffix}", column(o.sector_wage.values[rows, n].tolist(), sign=True)))
    columns.append(Shown(f"labour\n%{suffix}", column((100 * labour(o)[rows, n]).tolist(), sign=True)))
    if employment is None:
        columns.append(Shown(f"per\n1,000{suffix}", column(moved(o)[rows, n].tolist(), sign=True)))
    else:
        cells = [float(x) if np.isfinite(x) else None for x in jobs(o, employment)[rows, n]]
        columns.append(Shown(f"jobs\n{suffix.strip()}", column(cells, sign=True)))
    return columns


def _largest(o: Outcome, size: Array, code: str, top: int) -> list[int]:
    """Sectors of a country by the size of the move; those that make next to nothing are left out."""
    n = o.world.country(code)
    output = o.world.output[:, n]
    large = [int(s) for s in np.flatnonzero(output >= SMALLEST_SECTOR * output.sum())]
    return sorted(large, key=lambda s: -abs(float(np.nan_to_num(size[s, n]))))[:top]


def _name(o: Outcome, code: str) -> str:
    return o.world.country_names[o.world.country(code)]
