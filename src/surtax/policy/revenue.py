"""What one side's duties on the other's goods collect: on the trade of 2024, and after trade responds.

Three answers, in USD million of 2024 a year, on the lines that have a goods sector and a rate:

- *conventional*: rate × value, trade as it was;
- *partial*: buyers switch between lines and between origins, at given costs and sector spending (Armington with
  constant costs): the share of the origin becomes π κ̂^−θ / (1 − π + π κ̂^−θ);
- *general*: the flows of an equilibrium, all prices, wages and incomes included.

In all three the response of a sector is that of the accounts, π and X′/X, applied to the customs value of its lines;
within the sector lines respond by the nest (docs/models/nest.md), whose collected rate the duties of a sector give.
What an equilibrium does to the duties on everybody else's goods is `change_by_origin`, in the accounts' own values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.policy.dated import Lined
    from surtax.trade.nest import Nest
    from surtax.world import World

Array = NDArray[np.float64]

RESPONSES = ("conventional", "partial", "general")
KEYS = ("measure", "sector", "chapter", "heading")
OTHERS = "other origins"
#: Groups of origins of which a table of all duties tells; the exporter and all others are beside them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Canada": ("CAN",),
    "United States": ("USA",),
    "Mexico": ("MEX",),
    "China with Hong Kong": ("CHN", "HKG"),
    "European Union": (
        "AUT", "BEL", "BGR", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV", "HUN",
        "IRL", "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE",
    ),
    "Japan": ("JPN",),
    "Korea": ("KOR",),
    "United Kingdom": ("GBR",),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One group of lines, USD million: their value in 2024, and the duty by response."""

    label: str
    value: float
    duty: Mapping[str, float]


@dataclass(frozen=True)
class Outside:
    """Lines outside the goods sectors or without a rate, USD million; they do not respond.

    Attributes
    ----------
    value : all of them. without_rate : those whose duty the law's data do not say.
    duty : of the others, on trade as it was.
    """

    value: float
    without_rate: float
    duty: float


@dataclass(frozen=True, eq=False)
class Revenue:
    """Duty by measure, USD million.

    Attributes
    ----------
    conventional, partial, general : measure → duty; they add up to `totals`.
    totals : the three totals by name.
    trade : value of the lines inside after each response, USD million, by name.
    before : duty of the same lines before the dispute, USD million.
    outside : what is in none of these.
    lines : response → (n,) value of the lines inside, USD. rates : measure → (n,) shares. labels : key → (n,) labels.
    """

    conventional: Mapping[str, float]
    partial: Mapping[str, float]
    general: Mapping[str, float]
    totals: Mapping[str, float]
    trade: Mapping[str, float]
    before: float
    outside: Outside
    lines: Mapping[str, Array]
    rates: Mapping[str, Array]
    labels: Mapping[str, NDArray[np.str_]]

    def by(self, key: str) -> list[Row]:
        """Group by measure, sector, chapter or heading: rows that add up to `totals`, largest conventional duty first.

        The value of a measure is that of the lines that pay it; by measure values overlap.

        Raises
        ------
        InputError
            another grouping.
        """
        if key not in KEYS:
            raise InputError(f"cannot group by {key!r}: {', '.join(KEYS[:-1])} or {KEYS[-1]}.")
        value = self.lines["conventional"]
        if key == "measure":
            rows = [
                Row(m, float(value[r > 0].sum()) / 1e6, {n: getattr(self, n)[m] for n in RESPONSES})
                for m, r in self.rates.items()
            ]
        else:
            names, group = np.unique(self.labels[key], return_inverse=True)
            rate = np.sum([*self.rates.values(), np.zeros(value.size)], axis=0)
            values = np.bincount(group, value, names.size) / 1e6
            duty = {n: np.bincount(group, rate * x, names.size) / 1e6 for n, x in self.lines.items()}
            rows = [
                Row(str(name), float(values[i]), {n: float(x[i]) for n, x in duty.items()})
                for i, name in enumerate(names)
            ]
        return sorted(rows, key=lambda r: (-r.duty["conventional"], r.label))


def partial_ratio(
    share: ArrayLike, wedge: ArrayLike, net: ArrayLike, elasticity: ArrayLike, demand_elasticity: float = 1.0
) -> Array:
    """X′/X of an origin, net of tariff, at given costs: X̂ = κ̂^−θ P̂^θ Ê b′/b, P̂ = (1 − π + π κ̂^−θ)^(−1/θ), Ê = P̂^(1−η).

    Parameters
    ----------
    share : π, of the origin in the buyer's spending on the sector. wedge : κ̂. net : b′/b, of the cell (see the nest).
    elasticity : θ. demand_elasticity : η of the buyer's demand for the sector; 1 is given spending.

    Notes
    -----
    At σ = θ + 1 = 0, η = 0 and ς = 0 between lines nobody responds, and the ratio is 1.
    """
    pi, kappa, theta = (np.asarray(x, dtype=float) for x in (share, wedge, elasticity))
    pull = kappa**-theta
    index = 1 - pi + pi * pull
    log_price = np.where(theta == 0, pi * np.log(kappa), -np.log(index) / np.where(theta == 0, 1.0, theta))
    return np.asarray(pull / index * np.exp((1 - demand_elasticity) * log_price) * np.asarray(net, dtype=float))


def respond(nest: Nest, share: Array, elasticity: Array, flows_ratio: Array) -> dict[str, Array]:
    """Return the new value of every line by response; see `revenue`."""
    partial = partial_ratio(
        share,
        np.where(nest.covered, nest.wedge, 1.0),
        np.where(nest.covered, nest.net / nest.net_base, 1.0),
        elasticity,
    )
    # Where the accounts have no flow to change, the origin is too small to move anybody's prices: the partial response.
    general = np.where(share > 0, flows_ratio, partial)
    return {
        "conventional": _as_it_was(nest),
        "partial": nest.lines(nest.value * partial)[0],
        "general": nest.lines(nest.value * np.where(nest.covered, general, 1.0))[0],
    }


def _as_it_was(nest: Nest) -> Array:
    """X [ℓ] of the lines of a nest: ω Σx(1+t)/(1+t)."""
    spent = np.divide(nest.value, nest.net_base, out=np.zeros_like(nest.value), where=nest.covered)
    return np.asarray(nest.share_base * spent[nest.cell] / (1 + nest.before))


def revenue(world: World, found: Lined, flows_ratio: Array) -> Revenue:
    """Duty under the three assumptions.

    Parameters
    ----------
    world : the accounts that `found` was made for.
    found : see `surtax.policy.dated.lined`, and `surtax.policy.dated_canada.lined_canada` for the other side.
    flows_ratio : [s] X′/X of the exporter's sales to the importer in an equilibrium, net of tariff; see `ratio_of`.
    """
    o, d = world.country(found.exporter), world.country(found.importer)
    inside, goods = found.inside, found.rates.goods
    spent = world.flows[:, o, d] * (1 + world.tariffs[:, o, d])
    share = np.divide(spent, world.expenditure[:, d], out=np.zeros_like(spent), where=world.expenditure[:, d] > 0)
    lines = respond(found.nest, share, world.elasticity, flows_ratio)
    # The same to rounding, but whole dollars.
    value = lines["conventional"] = np.asarray(goods.value[inside], dtype=float)
    rates = {m: r[inside] / 100 for m, r in found.rates.by_measure.items() if r[inside].any()}
    by = {name: {m: float(r @ x) / 1e6 for m, r in rates.items()} for name, x in lines.items()}
    after, out = found.rates.after, ~inside
    unknown = out & np.isnan(after)
    return Revenue(
        conventional=by["conventional"],
        partial=by["partial"],
        general=by["general"],
        totals={name: sum(duties.values()) for name, duties in by.items()},
        trade={name: float(x.sum()) / 1e6 for name, x in lines.items()},
        before=float(found.rates.before[inside] @ value) / 1e8,
        outside=Outside(
            value=float(goods.value[out].sum()) / 1e6,
            without_rate=float(goods.value[unknown].sum()) / 1e6,
            duty=float((np.nan_to_num(after[out]) * goods.value[out]).sum()) / 1e8,
        ),
        lines=lines,
        rates=rates,
        labels={key: _labels(goods, key)[inside] for key in KEYS if key != "measure"},
    )


def ratio_of(outcome: Any, found: Lined) -> Array:
    """X′/X [s] of the exporter's sales to the importer in an outcome, against the base that it was solved from."""
    base = outcome.world
    o, d = base.country(found.exporter), base.country(found.importer)
    before = base.flows[:, o, d]
    return np.asarray(np.divide(outcome.X_new[:, o, d], before, out=np.ones_like(before), where=before > 0))


def _labels(goods: Any, key: str) -> NDArray[np.str_]:
    found = goods.labels(key)
    if isinstance(found, tuple):  # the distinct ones, and where each stands
        names, at = found
        return np.asarray(names)[at]
    return np.asarray(found)


@dataclass(frozen=True)
class OriginChange:
    """All duties that an importer collects on the goods of some origins, in the unit of the accounts."""

    label: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """What they change by."""
        return self.after - self.before


def change_by_origin(outcome: Any, importer: str, exporter: str) -> list[OriginChange]:
    """What an equilibrium does to all duties of an importer, by group of origins, the exporter first.

    Σ_s t X before and Σ_s t′ X′ after, in the accounts' values; the rows add up to R and R′ of the importer. Duties on
    the other origins change although their rates do not: their trade is redirected.

    Parameters
    ----------
    outcome : see `surtax.solve`.
    """
    world = outcome.world
    d = world.country(importer)
    before = (world.tariffs[:, :, d] * world.flows[:, :, d]).sum(axis=0)
    after = (outcome.schedule.tariffs[:, :, d] * outcome.X_new[:, :, d]).sum(axis=0)
    label_of = {code: label for label, members in GROUPS.items() for code in members}
    labels = np.array([label_of.get(code, OTHERS) for code in world.countries])
    first = str(labels[world.country(exporter)])
    order = [first, *(n for n in (*GROUPS, OTHERS) if n != first and (labels == n).any())]
    # No duty falls on trade at home, and what neither pays before nor after is no row.
    pays = {n for n in order if before[labels == n].any() or after[labels == n].any()}
    order = [n for n in order if n == first or (n in pays and n != str(labels[d]))]
    return [OriginChange(n, float(before[labels == n].sum()), float(after[labels == n].sum())) for n in order]
