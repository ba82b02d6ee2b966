"""The product-level tables that ship: US imports, claims of USMCA, US exports on Canada's lists, country codes."""

from __future__ import annotations

import csv
import json
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest
from surtax.trade.lines import Lines

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "trade"
FIRST_YEAR = "2024"


# --- US imports ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def load_us_imports() -> Lines:
    """Return US imports for consumption of 2024 by ten-digit product and origin, with calculated duty, in USD.

    Every dollar stands once: `total()` is the whole of US imports. 49 countries and Slovakia have their own
    ten-digit lines; the other members of the European Union are one origin, `EUX` (`select(origin="EU27")` adds
    Slovakia); all other origins are known by two-digit chapter, as lines of two digits
    (`metadata["coverage"]["by_chapter_only"]`).

    Returns
    -------
    Lines
        importer USA; values and duties int64, USD; some 214,000 lines.
    """
    return _us_imports("")


@lru_cache(maxsize=1)
def load_eu_members() -> Lines:
    """Return US imports of 2024 from the members of the European Union but Slovakia, by two-digit chapter.

    They add up to the lines of `EUX` in `load_us_imports`, chapter by chapter: a breakdown of these, to be used
    instead of them and never in addition.
    """
    return _us_imports("member_")


def _us_imports(prefix: str) -> Lines:
    arrays, meta = _table("us_imports_2024.npz", "surtax-us-imports/1", "us-imports")
    start = arrays[f"{prefix}start"]
    origins = tuple(meta["members" if prefix else "origins"])
    n = int(start[-1])
    members = set(origins)
    return Lines(
        products=arrays["products"].astype("U10"),
        origins=origins,
        importers=(str(meta["importer"]),),
        product=arrays[f"{prefix}product"].astype(np.intp),
        origin=np.repeat(np.arange(len(origins), dtype=np.intp), np.diff(start)),
        importer=np.zeros(n, dtype=np.intp),
        value=arrays[f"{prefix}value"],
        duty=arrays[f"{prefix}duty"],
        currency=str(meta["currency"]),
        period=str(meta["year"]),
        groups={k: tuple(v) for k, v in meta["groups"].items() if set(v) <= members},
        metadata={**meta, "breakdown_of": "EUX", "coverage": {"by_chapter_only": list(origins)}} if prefix else meta,
    )


# --- claims -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class MonthClaims:
    """Claims of USMCA that stand for one month, aligned with `Claims.products` and `Claims.origins`.

    Parameters
    ----------
    month : str
        The month asked for.
    source : str
        The month (or `2024`, the year) that was recorded.
    carried : bool
        Whether it is another month than asked for: the last one recorded before it.
    share : (n,) float64
        Claimed value over value; NaN where nothing was imported, so that no share is known.
    value, claimed : (n,) int64, optional
        Of the recorded month, USD; None for 2024, which gives shares alone.
    """

    month: str
    source: str
    carried: bool
    share: NDArray[np.float64]
    value: NDArray[np.int64] | None
    claimed: NDArray[np.int64] | None


@dataclass(frozen=True, eq=False)
class Claims:
    """US imports from Canada and Mexico by ten-digit product and month, and the part claiming USMCA.

    Parameters
    ----------
    products : (n,) str array
        Ten digits; sorted within an origin.
    origins : (n,) str array
        CAN or MEX.
    months : tuple of str
        The months recorded, such as `2025-05`.
    value, claimed : (m, n) int64
        USD.
    share_2024 : (n,) float64
        The year 2024; NaN where nothing was imported.
    metadata : mapping
        Source, licence, totals by month, notes.
    """

    products: NDArray[np.str_]
    origins: NDArray[np.str_]
    months: tuple[str, ...]
    value: NDArray[np.int64]
    claimed: NDArray[np.int64]
    share_2024: NDArray[np.float64]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("products", "origins", "value", "claimed", "share_2024"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)
        object.__setattr__(self, "metadata", types.MappingProxyType(dict(self.metadata)))

    def at(self, month: str) -> MonthClaims:
        """Return the claims of a month; where it was not recorded, the last recorded before it, marked.

        Before July 2025 claims on lines free of ordinary duty were not recorded: a zero there is not behaviour.

        Parameters
        ----------
        month : str
            `2025-06` (a day, `2025-06-15`, stands for its month).

        Raises
        ------
        InputError
            Not a month, or one before 2024, of which nothing is known.
        """
        wanted = _month(month)
        if wanted < FIRST_YEAR:
            raise InputError(f"claims of USMCA are known from 2024 on, not for {wanted}")
        before = [i for i, m in enumerate(self.months) if m <= wanted]
        if not before:
            # Twelve months as one: every month of the year is marked as carried.
            return MonthClaims(wanted, FIRST_YEAR, True, self.share_2024, None, None)
        i = before[-1]
        value, claimed = self.value[i], self.claimed[i]
        share = np.full(value.shape, np.nan)
        np.divide(claimed, value, out=share, where=value > 0)
        return MonthClaims(wanted, self.months[i], self.months[i] != wanted, share, value, claimed)

    def imports(self, month: str) -> Lines:
        """Return the imports of a recorded month as lines.

        Raises
        ------
        InputError
            The month was not recorded; imports are not carried from one month to another.
        """
        wanted = _month(month)
        if wanted not in self.months:
            raise InputError(
                f"imports of {wanted} are not in the data and are not carried from another month; recorded months: "
                f"{', '.join(self.months)}"
            )
        value = self.value[self.months.index(wanted)]
        keep = value > 0
        origins = ("CAN", "MEX")
        products, product = np.unique(self.products[keep], return_inverse=True)
        return Lines(
            products=products,
            origins=origins,
            importers=("USA",),
            product=product.astype(np.intp),
            origin=np.searchsorted(np.array(origins), self.origins[keep]),
            importer=np.zeros(int(keep.sum()), dtype=np.intp),
            value=value[keep],
            duty=None,
            period=wanted,
            metadata=self.metadata,
        )


def _month(text: str) -> str:
    parts = str(text).split("-")
    if (
        len(parts) in {2, 3}
        and all(p.isascii() and p.isdigit() for p in parts)
        and len(parts[0]) == 4
        and len(parts[1]) == 2
        and 1 <= int(parts[1]) <= 12
    ):
        return "-".join(parts[:2])
    raise InputError(f"{text!r} is not a month; write it as 2025-06")


@lru_cache(maxsize=1)
def load_claims() -> Claims:
    """Return claims of USMCA by product, origin and month; see `Claims`."""
    arrays, meta = _table("usmca_claims.npz", "surtax-usmca-claims/1", "claims")
    return Claims(
        products=arrays["product"].astype("U10"),
        origins=np.array(meta["origins"], dtype="U3")[arrays["origin"]],
        months=tuple(meta["months"]),
        value=arrays["value"],
        claimed=arrays["claimed"],
        share_2024=arrays["share_2024"],
        metadata=meta,
    )


# --- what the United States sells to Canada on Canada's lists -----------------------------------------------------


@dataclass(frozen=True)
class Coverage:
    """What Canada says an order covers, beside US exports of its six-digit codes.

    Parameters
    ----------
    upper_bound_usd : int
        US exports to Canada of all six-digit codes that hold a listed item; unscaled.
    official_cad : int
        Imports of 2024 that the order covers, as the Department of Finance stated.
    official_usd : int
        The same at the annual average exchange rate of 2024.
    factor : float
        official_usd / upper_bound_usd: what the six-digit values must be multiplied by to give the official coverage.
    """

    upper_bound_usd: int
    official_cad: int
    official_usd: int
    factor: float


@dataclass(frozen=True, eq=False)
class ListedExports:
    """US exports to Canada by the six-digit codes on Canada's two lists of March 2025.

    `lines.value` is an upper bound for the listed items: six digits are wider than tariff items.

    Parameters
    ----------
    lines : Lines
        importer CAN, origin USA, six digits, USD, no duties.
    listed : mapping of str to (n,) bool
        By order (`SOR/2025-66`, `SOR/2025-95`): whether its list holds items of the code.
    items : mapping of str to (n,) int64
        By group (`66`, `95_steel`, `95_aluminium`, `95_other`): how many items of the code it names.
    items_known : (n,) int64
        Canadian items of the code that are known here; not the whole tariff.
    coverage : mapping of str to Coverage
        By order.
    metadata : mapping
    """

    lines: Lines
    listed: Mapping[str, NDArray[np.bool_]]
    items: Mapping[str, NDArray[np.int64]]
    items_known: NDArray[np.int64]
    coverage: Mapping[str, Coverage]
    metadata: Mapping[str, Any]

    def scaled(self, order: str) -> NDArray[np.float64]:
        """Return (n,) values of one order's codes scaled to its official coverage, USD; other codes are zero.

        The one factor assumes that every code holds the same part of listed goods: a stated stand-in.

        Raises
        ------
        InputError
            No such order.
        """
        if order not in self.coverage:
            raise InputError(f"no list of {order!r}; known: {', '.join(self.coverage)}")
        return np.where(self.listed[order], self.lines.value * self.coverage[order].factor, 0.0)


@lru_cache(maxsize=1)
def load_us_exports_canada() -> ListedExports:
    """Return US exports to Canada on Canada's lists, as upper bounds, with the official coverage."""
    path = _file("us_exports_canada.json", "us-exports-canada")
    meta = json.loads(path.read_text(encoding="utf-8"))
    with _file("us_exports_canada.csv", "us-exports-canada").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = np.array([r["hs6"] for r in rows], dtype="U6")
    n = codes.size
    whole = {c: np.array([int(r[c]) for r in rows], dtype=np.int64) for c in rows[0] if c not in {"hs6", "lists"}}
    zero = np.zeros(n, dtype=np.intp)
    lines = Lines(
        products=codes,
        origins=("USA",),
        importers=("CAN",),
        product=np.arange(n, dtype=np.intp),
        origin=zero,
        importer=zero.copy(),
        value=whole["exports_usd"],
        duty=None,
        period=str(meta["year"]),
        metadata=meta,
    )
    return ListedExports(
        lines=lines,
        listed={o: np.array([o in r["lists"].split("+") for r in rows]) for o in meta["coverage"]},
        items={c.removeprefix("items_"): v for c, v in whole.items() if c not in {"exports_usd", "items_known"}},
        items_known=whole["items_known"],
        coverage={
            o: Coverage(int(c["upper_bound_usd"]), int(c["official_cad"]), int(c["official_usd"]), float(c["factor"]))
            for o, c in meta["coverage"].items()
        },
        metadata=meta,
    )


# --- countries ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CountryCodes:
    """Codes of countries to ISO 3166 alpha-3.

    Parameters
    ----------
    iso2, m49, census : mapping of str to str
        Two letters; UN M49 numbers with leading zeros; Census Schedule C.
    names : mapping of str to str
        By alpha-3.
    """

    iso2: Mapping[str, str]
    m49: Mapping[str, str]
    census: Mapping[str, str]
    names: Mapping[str, str]


@lru_cache(maxsize=1)
def country_codes() -> CountryCodes:
    """Return the codes of countries."""
    with _file("countries.csv", "us-imports").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return CountryCodes(
        iso2={r["iso2"]: r["iso3"] for r in rows if r["iso2"]},
        m49={r["m49"]: r["iso3"] for r in rows if r["m49"]},
        census={c: r["iso3"] for r in rows for c in r["census"].split("+") if c},
        names={r["iso3"]: r["name"] for r in rows},
    )


def country(code: str) -> str:
    """Return the alpha-3 code of a country given by two letters, three letters, M49 or Census number.

    Three digits are M49, four are Census.

    Raises
    ------
    InputError
        No such country.
    """
    known = country_codes()
    text = str(code).strip().upper()
    if text in known.names:
        return text
    found = known.iso2.get(text) or known.m49.get(text) or known.census.get(text)
    if found is None:
        raise InputError(f"no country {code!r}{nearest(text, known.names)}")
    return found


# --- files --------------------------------------------------------------------------------------------------------


def _file(name: str, builder: str) -> Path:
    path = SHIPPED / name
    if not path.is_file():
        raise InputError(f"{name} does not ship here: build it with `python -m tools.build_data {builder}`")
    return path


def _table(name: str, wanted: str, builder: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    path = _file(name, builder)
    again = f"install the package anew, or build it with `python -m tools.build_data {builder}`"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {k: archive[k] for k in archive.files}
        meta = json.loads(arrays.pop("meta").tobytes())
    except Exception as problem:  # noqa: BLE001 - a damaged archive fails in many ways
        raise InputError(f"{name} cannot be read ({problem}): {again}") from None
    if meta.get("format") != wanted:
        raise InputError(f"{name} has format {meta.get('format')!r}, {wanted!r} is needed: {again}")
    return arrays, meta
