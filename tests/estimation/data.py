"""Tables drawn from the model's own gravity equation: what o sells to d, duty paid, is exp(effects) · (1 + t)^−θ · noise."""

from __future__ import annotations

import numpy as np

from surtax.estimation.table import Flows


def gravity(
    seed=0,
    countries=14,
    years=1,
    theta=(5.0,),
    noise=0.3,
    before_duty=False,
    missing=(),
    zeros=0.0,
    controls=None,
    beta=0.0,
) -> Flows:
    """All foreign flows; `noise` is the standard deviation of their logarithm, with a mean of one in levels."""
    rng = np.random.default_rng(seed)
    N, S = countries, len(theta)
    s, y, o, d = (a.ravel() for a in np.indices((S, years, N, N)))
    keep = o != d
    s, y, o, d = s[keep], y[keep], o[keep], d[keep]
    t = rng.uniform(0, 0.3, o.size)
    effect_o, effect_d = rng.normal(size=(2, S, years, N))
    distance = rng.uniform(0, 1, (N, N))
    log = effect_o[s, y, o] + effect_d[s, y, d] - np.array(theta)[s] * np.log1p(t)
    log = log + (beta * (distance + distance.T))[o, d]
    value = np.exp(log + noise * rng.normal(size=o.size) - noise**2 / 2)
    value[rng.random(o.size) < zeros] = 0.0
    if before_duty:
        value = value / (1 + t)
    value[list(missing)] = np.nan
    return Flows(
        source="drawn",
        countries=tuple(f"K{i:02d}" for i in range(N)),
        sectors=tuple(f"S{i}" for i in range(S)),
        years=tuple(str(2000 + i) for i in range(years)),
        exporter=o, importer=d, sector=s, year=y, value=value, tariff=t,
        controls={"distance": (distance + distance.T)[o, d]} if controls else {},
        tariff_unit="share",
    )  # fmt: skip


def as_csv(table: Flows, percent=True) -> str:
    """The table as a user would hold it."""
    rows = ["exporter,importer,sector,year,value,tariff"]
    scale = 100 if percent else 1
    for o, d, s, y, v, t in zip(
        table.exporter, table.importer, table.sector, table.year, table.value, table.tariff, strict=True
    ):
        rows.append(
            f"{table.countries[o]},{table.countries[d]},{table.sectors[s]},{table.years[y]},"
            f"{'' if np.isnan(v) else repr(float(v))},{float(t) * scale!r}"
        )
    return "\n".join(rows) + "\n"
