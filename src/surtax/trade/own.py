"""The law on trade flows of a user's own: effective rates, exact by tariff line, a band where six digits are known.

A flow of ten digits (into Canada: eight or more) has the rate of its line. A flow of fewer digits stands for any of the
lines under its code on the day, and of the codes that its own vintage was converted to: its rate lies between the least
and the highest of them, and where US imports of 2024 know these lines from the same origin their mean is beside the
band. Nothing narrows a band in silence, and what has no rate is named with its value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.trade.flows import load_us_imports
from surtax.trade.lines import Lines
from surtax.trade.metal import metal_content
from surtax.trade.vintages import VINTAGES, counterparts, sector_of

if TYPE_CHECKING:
    from surtax.law.book import Law

Floats = NDArray[np.float64]

IMPORTERS = ("USA", "CAN")
KEYS = ("sector", "chapter", "origin")
#: Whether all that may claim USMCA does, or nobody.
CLAIMS = ("none", "full")
USMCA = ("CAN", "MEX", "USA")
LATEST = "2022"
LEAST_DIGITS = 6
TOO_COARSE = "fewer than six digits"
NO_LINE = "no tariff line of the day under its code"
NOT_SAID = "a fact, content or origin that the flow does not state"


@dataclass(frozen=True)
class Group:
    """One row of a breakdown: value and value with a rate, duty at both ends, in the currency of the flows."""

    label: str
    value: float
    known: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class OwnRates:
    """Rates of a user's flows on one day.

    Attributes
    ----------
    on, importer, claims : the day, who charges, and who claims USMCA.
    lines : the flows into the importer.
    low, high : (n,) per cent of value; equal where the tariff line is known, NaN where there is no rate.
    mean : (n,) per cent, lines under a code weighted by US imports of 2024 from the origin; NaN where not known.
    candidates : (n,) how many tariff lines a flow may be of; partly : (n,) whether some of them have no rate.
    carried : (n,) whether they are lines of other codes, since the day does not have the flow's own.
    per_unit : (n,) whether an ordinary duty per unit is left out of the rate, since flows hold no quantities.
    reasons : (n,) why there is no rate, or empty.
    """

    on: dt.date
    importer: str
    claims: str
    lines: Lines
    low: Floats
    high: Floats
    mean: Floats
    candidates: NDArray[np.int64]
    partly: NDArray[np.bool_]
    carried: NDArray[np.bool_]
    per_unit: NDArray[np.bool_]
    reasons: NDArray[np.str_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(n,) whether there is a rate."""
        return ~np.isnan(self.high)

    def duty(self) -> tuple[float, float]:
        """Duty at both ends of the band, in the currency of the flows."""
        value = self.lines.value.astype(float)
        return float((np.nan_to_num(self.low) / 100) @ value), float((np.nan_to_num(self.high) / 100) @ value)

    def rate(self) -> tuple[float, float]:
        """Mean rate over value with a rate, per cent, at both ends; NaN where nothing has one."""
        base = self.value_where(self.known)
        low, high = self.duty()
        return (100 * low / base, 100 * high / base) if base else (float("nan"), float("nan"))

    def value_where(self, here: NDArray[np.bool_]) -> float:
        """Value of the flows where (n,) `here` holds."""
        return float(self.lines.value[here].sum())

    def unknown(self) -> dict[str, float]:
        """Value without a rate by reason."""
        return {str(r): self.value_where(self.reasons == r) for r in np.unique(self.reasons) if r}

    def by(self, key: str) -> list[Group]:
        """Group by sector, chapter or origin: rows that add up to the whole, the largest duty first.

        Raises
        ------
        InputError
            another grouping.
        """
        if key not in KEYS:
            raise InputError(f"cannot group by {key!r}: {', '.join(KEYS[:-1])} or {KEYS[-1]}.")
        if key == "origin":
            labels = self.lines.origin_codes
        elif key == "chapter":
            labels = self.lines.codes.astype("U2")
        else:
            found = sector_of(self.lines.codes, ten_digits=str(self.lines.metadata.get("ten_digits", "")))
            labels = np.where(found == "", "unmatched", found)
        names, at = np.unique(labels, return_inverse=True)
        value = self.lines.value.astype(float)
        columns = [
            np.bincount(at, x, names.size)
            for x in (value, value * self.known, np.nan_to_num(self.low) / 100 * value,
                      np.nan_to_num(self.high) / 100 * value)
        ]  # fmt: skip
        rows = [Group(str(n), *(float(c[i]) for c in columns)) for i, n in enumerate(names)]
        return sorted(rows, key=lambda r: (-r.high, -r.value, r.label))


def own_rates(
    law: Law,
    lines: Lines,
    on: str | dt.date,
    *,
    importer: str = "USA",
    claims: str = "none",
    car_us_content: float = 0.0,
) -> OwnRates:
    """Effective rates of an importer on a user's own flows.

    Parameters
    ----------
    law : see `surtax.law.load`, or an edited one.
    lines : what `surtax.trade.ingest` reads, or `surtax.trade.from_rows` makes. `metadata` may name the vintage of six
        digits (`nomenclature`: HS2017) and whose the longer ones are (`ten_digits`: USA).
    on : the day whose law holds, of any flows.
    importer : USA, or CAN (surtax only: Canada's ordinary tariff is not in the data).
    claims : "none", or "full": all goods of Canada and Mexico (into Canada: of the US) claim USMCA.
    car_us_content : US content of cars under a claim, a share.

    Raises
    ------
    InputError
        another importer or claim, a day that is none or not covered, no flow into the importer, a vintage that the
        tables do not know.

    Notes
    -----
    Contents of metal are averages of the industry that makes the product (`surtax.trade.metal`).
    """
    if importer not in IMPORTERS:
        raise InputError(f"importer {importer!r}: the law's data hold {' and '.join(IMPORTERS)}.")
    if claims not in CLAIMS:
        raise InputError(f"claims {claims!r}: {' or '.join(CLAIMS)}.")
    if not 0 <= car_us_content <= 1:
        raise InputError(f"US content of cars {car_us_content:g}: a share between 0 and 1.")
    try:
        day = dt.date.fromisoformat(on) if isinstance(on, str) else on
    except ValueError:
        raise InputError(f"{on!r} is not a day such as 2025-05-06.") from None
    law.require(importer, day)
    if importer not in lines.importers:
        known = ", ".join(lines.importers[:10]) or "nobody"
        raise InputError(f"these flows hold no imports of {importer}; they hold those of {known}.")
    flows = lines.select(importer=importer)
    flow, code, listed = _candidates(law, flows, day, importer)
    low, high, mean, partly, per_unit, tried = _bands(law, flows, flow, code, day, importer, claims, car_us_content)
    if importer == "CAN":
        # Below the items on its lists a code may hold others, which the lists do not name and no surtax reaches.
        wide = flows.digits < min(law.jurisdiction("CAN").digits)
        low[wide & ~np.isnan(low)] = 0.0
        mean[wide] = np.nan
        unlisted = wide & ~listed
        low[unlisted], high[unlisted] = 0.0, 0.0
    reasons = np.full(len(flows), "", dtype="U64")
    lacking = np.isnan(high)
    reasons[lacking] = np.where(tried[lacking], NOT_SAID, NO_LINE)
    reasons[lacking & (flows.digits < LEAST_DIGITS)] = TOO_COARSE
    count = np.bincount(flow, minlength=len(flows)).astype(np.int64)
    mine = flows.codes[flow]
    other = np.zeros(len(flows), dtype=bool)
    other[flow[~(np.char.startswith(code, mine) | np.char.startswith(mine, code))]] = True
    return OwnRates(day, importer, claims, flows, low, high, mean, count, partly, other, per_unit, reasons)


def _candidates(
    law: Law, flows: Lines, day: dt.date, importer: str
) -> tuple[NDArray[np.intp], NDArray[np.str_], NDArray[np.bool_]]:
    """(flow, code) of every tariff line that a flow may be of; and (n,) whether any was found."""
    own = str(flows.metadata.get("ten_digits", "USA"))
    source = str(flows.metadata.get("nomenclature", "")).removeprefix("HS")[:4]
    earlier = source if source in VINTAGES and source != LATEST else ""
    if source.isdigit() and len(source) == 4 and source not in VINTAGES:
        raise InputError(
            f"these flows are in HS {source}; the tables lead from {', '.join(VINTAGES)} to the law's HS {LATEST}."
        )
    # Where a file does not state its vintage its codes are those of the law: what is gone since then has no line.
    table = counterparts(earlier, LATEST) if earlier else {}
    under = _under(law, day, importer)
    lists = [
        () if len(p) < LEAST_DIGITS else under(p, exact=own == importer, heads=table.get(p[:6], (p[:6],)))
        for p in flows.products.tolist()
    ]
    sizes = np.array([len(x) for x in lists], dtype=np.intp)
    per_flow = sizes[flows.product]
    flow = np.repeat(np.arange(len(flows), dtype=np.intp), per_flow)
    code = np.array([c for p in flows.product.tolist() for c in lists[p]], dtype="U10")
    return flow, code, per_flow > 0


class _under:  # noqa: N801 - used like a function
    """The tariff lines of a day under a code."""

    def __init__(self, law: Law, day: dt.date, importer: str) -> None:
        self.law, self.day, self.importer = law, day.toordinal(), importer
        self.number = law.jurisdiction(importer).nomenclature
        self.items: tuple[str, ...] = ()
        if importer == "CAN":
            from surtax.trade.canada import load_canadian_goods

            self.items = tuple(sorted({i for i in load_canadian_goods().items.tolist() if i}))

    def __call__(self, product: str, *, exact: bool, heads: Sequence[str]) -> tuple[str, ...]:
        if self.importer == "CAN":
            if exact and len(product) >= 8:
                return (product[:8],)
            return tuple(i for h in heads for i in self.items if i.startswith(h))
        if exact and len(product) >= 8:
            # A code of another day is taken back to the digits that the day has.
            for n in (10, 8, 6):
                if n <= len(product) and (found := self._children(product[:n])):
                    return found
            return ()
        return tuple(c for h in heads for c in self._children(h))

    def _children(self, prefix: str) -> tuple[str, ...]:
        if self.number is None:  # pragma: no cover - the law of the United States has a nomenclature
            return ()
        if len(prefix) == 10:
            spans = self.law.index.exists(self.number, prefix)
            return (prefix,) if any(a <= self.day < b for a, b in spans) else ()
        return tuple(self.law.index.children(self.number, prefix, self.day))


def _bands(
    law: Law,
    flows: Lines,
    flow: NDArray[np.intp],
    code: NDArray[np.str_],
    day: dt.date,
    importer: str,
    claims: str,
    car_us_content: float,
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    from surtax.law.grid import Lines as Asked

    n = len(flows)
    origin = flows.origin_codes[flow]
    # Many flows may be of one line: each line and origin is asked once.
    pair = np.char.add(np.char.add(origin, " "), code) if flow.size else np.zeros(0, dtype="U14")
    distinct, first, at = np.unique(pair, return_index=True, return_inverse=True)
    rates, lacks, tried = np.full(distinct.size, np.nan), np.zeros(distinct.size, dtype=bool), np.zeros(n, dtype=bool)
    if distinct.size:
        own = [m.id for m in law.measures.values() if m.levied_by == importer]
        claimed = np.isin(origin[first], USMCA) if claims == "full" else np.zeros(first.size)
        asked = Asked(
            importer, code[first].tolist(), origin[first].tolist(), claimed=claimed.astype(float),
            us_content=car_us_content, metal_content=metal_content(code[first]),
        )  # fmt: skip
        table = law.schedule(asked, [day], measures=own)
        status = table.status[:, 0]
        total = np.sum([np.nan_to_num(table.by_measure[m][:, 0]) for m in own], axis=0)
        lacks = status == 3
        rates = np.where((status == 0) | lacks, total, np.nan)
    rate, unit = rates[at], lacks[at]
    known = ~np.isnan(rate)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, flow[known], rate[known])
    np.maximum.at(high, flow[known], rate[known])
    nothing = ~np.isfinite(high)
    low[nothing], high[nothing] = np.nan, np.nan
    tried[flow] = True
    partly, per_unit = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    partly[flow[~known]] = True
    per_unit[flow[unit]] = True
    return low, high, _means(flow, code, origin, rate, known, n, importer), partly & ~nothing, per_unit, tried


def _means(
    flow: NDArray[np.intp], code: NDArray[np.str_], origin: NDArray[np.str_], rate: Floats, known: NDArray[np.bool_],
    n: int, importer: str,
) -> Floats:  # fmt: skip
    """(n,) means over the lines under a code by US imports of 2024 from the origin; a single line is its own mean."""
    single = np.bincount(flow, minlength=n) == 1
    mean = np.full(n, np.nan)
    alone = known & single[flow]
    mean[flow[alone]] = rate[alone]
    if importer != "USA" or not flow.size:
        return mean
    us = load_us_imports()
    keys = np.char.add(np.char.add(us.origin_codes, " "), us.codes)
    order = np.argsort(keys, kind="stable")
    wanted = np.char.add(np.char.add(origin, " "), code)
    place = np.searchsorted(keys[order], wanted).clip(max=keys.size - 1)
    weight = np.where(keys[order][place] == wanted, us.value[order][place], 0).astype(float) * known
    total = np.bincount(flow, weight, n)
    duty = np.bincount(flow, weight * np.nan_to_num(rate), n)
    many = ~single & (total > 0)
    mean[many] = duty[many] / total[many]
    return mean
