"""Trade by product: who sold what to whom, in which value, with which duty."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError, nearest

Numbers = NDArray[np.int64] | NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Lines:
    """Product-level trade flows; every array is read-only.

    Lines are in the order of importer, origin, product; each combination stands once.

    Parameters
    ----------
    products : (p,) str array
        Product codes in bare digits (2 to 10), sorted. Lines of different depth may stand side by side: two
        digits are what is known of an origin without finer data, never a sum of other lines.
    origins, importers : tuple of str
        Labels of countries, ISO 3166 alpha-3 or as `metadata` says, sorted.
    product, origin, importer : (n,) int
        Positions in the above, one a line.
    value : (n,) int64 or float64
        In units of `currency`; whole numbers where the source is whole.
    duty : (n,) int64 or float64, optional
        Same unit; None where the source does not give duties. A missing duty is never zero.
    currency : str
        ISO 4217.
    period : str
        `2024`, or `2024-05`.
    groups : mapping of str to tuple of str
        Names that stand for several origins, such as `EU27`.
    metadata : mapping
        Source, licence, build command, coverage, notes; what is known by chapter alone.
    """

    products: NDArray[np.str_]
    origins: tuple[str, ...]
    importers: tuple[str, ...]
    product: Index
    origin: Index
    importer: Index
    value: Numbers
    duty: Numbers | None
    currency: str = "USD"
    period: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("products", "product", "origin", "importer", "value", "duty"):
            array = getattr(self, name)
            if array is not None:
                view = array.view()
                view.flags.writeable = False
                object.__setattr__(self, name, view)
        for name in ("groups", "metadata"):
            object.__setattr__(self, name, types.MappingProxyType(dict(getattr(self, name))))

    def __len__(self) -> int:
        return int(self.value.size)

    def __repr__(self) -> str:
        into = self.importers[0] if len(self.importers) == 1 else f"{len(self.importers)} importers"
        return (
            f"Lines({len(self)} lines, {self.products.size} products, {len(self.origins)} origins into {into}, "
            f"{self.period}, {self.currency} {self.total():,})"
        )

    @property
    def codes(self) -> NDArray[np.str_]:
        """(n,) product code of each line."""
        return self.products[self.product]

    @property
    def origin_codes(self) -> NDArray[np.str_]:
        """(n,) origin of each line."""
        return np.array(self.origins, dtype=np.str_)[self.origin]

    @property
    def digits(self) -> NDArray[np.int64]:
        """(n,) number of digits of each line's product code."""
        return np.char.str_len(self.products).astype(np.int64)[self.product]

    def total(self) -> int | float:
        """Return the value of all lines."""
        return self.value.sum().item()  # type: ignore[no-any-return]

    def total_duty(self) -> int | float:
        """Return the duty of all lines.

        Raises
        ------
        InputError
            The source gives no duties.
        """
        return self._duty().sum().item()  # type: ignore[no-any-return]

    def select(self, *, origin: str | Iterable[str] | None = None, importer: str | None = None) -> Lines:
        """Return the lines of one or several origins (or groups), into one importer; both by label.

        Raises
        ------
        InputError
            No such origin, group or importer; the nearest are named.
        """
        keep = np.ones(len(self), dtype=bool)
        if origin is not None:
            wanted: set[int] = set()
            for name in [origin] if isinstance(origin, str) else origin:
                wanted.update(_position(o, self.origins, "origin", self.groups) for o in self.groups.get(name, (name,)))
            keep &= np.isin(self.origin, sorted(wanted))
        if importer is not None:
            keep &= self.importer == _position(importer, self.importers, "importer")
        return self.where(keep)

    def where(self, keep: NDArray[np.bool_]) -> Lines:
        """Return the lines where an (n,) mask holds; labels stay as they are."""
        keep = np.asarray(keep)
        if keep.dtype != bool or keep.shape != (len(self),):
            raise InputError(f"a mask of {len(self)} true or false is needed, got {keep.dtype} of shape {keep.shape}")
        return replace(
            self,
            product=self.product[keep],
            origin=self.origin[keep],
            importer=self.importer[keep],
            value=self.value[keep],
            duty=None if self.duty is None else self.duty[keep],
        )

    def at_digits(self, digits: int) -> Lines:
        """Return the lines summed to codes of at most `digits` digits; shorter codes stay as they are."""
        if digits not in (2, 4, 6, 8, 10):
            raise InputError(f"{digits} digits: give 2, 4, 6, 8 or 10")
        return from_rows(
            np.array(self.importers, dtype=np.str_)[self.importer],
            self.origin_codes,
            self.codes.astype(f"U{digits}"),
            self.value,
            self.duty,
            currency=self.currency,
            period=self.period,
            groups=self.groups,
            metadata={**self.metadata, "summed_to_digits": digits},
        )

    def by_origin(self) -> dict[str, int | float]:
        """Return the value of each origin that has lines."""
        return _sums(np.array(self.origins, dtype=np.str_), self.origin, self.value)

    def by_product(self) -> dict[str, int | float]:
        """Return the value of each product that has lines."""
        return _sums(self.products, self.product, self.value)

    def _duty(self) -> Numbers:
        if self.duty is None:
            raise InputError("these lines carry no duties: their source gives none")
        return self.duty


def from_rows(
    importers: ArrayLike,
    origins: ArrayLike,
    products: ArrayLike,
    value: ArrayLike,
    duty: ArrayLike | None = None,
    *,
    currency: str = "USD",
    period: str = "",
    groups: Mapping[str, Sequence[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Lines:
    """Build lines from columns; rows of the same importer, origin and product are added up.

    Parameters
    ----------
    importers, origins : str, or (n,) str
        Labels; one stands for all rows.
    products : (n,) str
        2, 4, 6, 8 or 10 bare digits.
    value, duty : (n,) numbers
        Not negative. Columns of whole numbers stay whole and add up exactly.

    Raises
    ------
    InputError
        Columns of different length, a code that is not digits, a value that is not a number or below zero.
    """
    codes = np.atleast_1d(np.asarray(products, dtype=np.str_))
    n = codes.size
    who = _labels(importers, n, "importers")
    whence = _labels(origins, n, "origins")
    names, product = np.unique(codes, return_inverse=True)
    into, importer = np.unique(who, return_inverse=True)
    sources, origin = np.unique(whence, return_inverse=True)
    return from_index(
        (into, importer), (sources, origin), (names, product), value, duty,
        currency=currency, period=period, groups=groups, metadata=metadata,
    )  # fmt: skip


def from_index(
    importers: tuple[NDArray[np.str_], NDArray[Any]],
    origins: tuple[NDArray[np.str_], NDArray[Any]],
    products: tuple[NDArray[np.str_], NDArray[Any]],
    value: ArrayLike,
    duty: ArrayLike | None = None,
    *,
    currency: str = "USD",
    period: str = "",
    groups: Mapping[str, Sequence[str]] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Lines:
    """Build lines from columns given as (sorted labels, (n,) positions in them); otherwise as `from_rows`."""
    (into, importer), (sources, origin), (names, product) = importers, origins, products
    n = int(np.size(product))
    amounts = _amounts(value, n, "value")
    duties = None if duty is None else _amounts(duty, n, "duty")
    bad = ~(np.char.isdecimal(names) & np.isin(np.char.str_len(names), (2, 4, 6, 8, 10)))
    if bad.any():
        at = int(np.flatnonzero(bad[product])[0])
        raise InputError(f"row {at + 1}: product {str(names[product[at]])!r} is not 2, 4, 6, 8 or 10 digits")
    key = (importer.astype(np.int64) * max(sources.size, 1) + origin) * max(names.size, 1) + product
    once, first = np.unique(key, return_index=True)
    if once.size < n:
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        amounts = np.add.reduceat(amounts[order], starts)
        duties = None if duties is None else np.add.reduceat(duties[order], starts)
    else:
        amounts = amounts[first]
        duties = None if duties is None else duties[first]
    return Lines(
        products=names,
        origins=tuple(sources.tolist()),
        importers=tuple(into.tolist()),
        product=product[first].astype(np.intp),
        origin=origin[first].astype(np.intp),
        importer=importer[first].astype(np.intp),
        value=amounts,
        duty=duties,
        currency=currency,
        period=period,
        groups={k: tuple(v) for k, v in (groups or {}).items()},
        metadata=metadata or {},
    )


def _labels(labels: ArrayLike, n: int, what: str) -> NDArray[np.str_]:
    names = np.asarray(labels, dtype=np.str_)
    if names.ndim == 0:
        return np.full(n, str(names))
    if names.shape != (n,):
        raise InputError(f"{what}: {names.size} labels for {n} products; give one, or as many")
    return names


def _amounts(values: ArrayLike, n: int, what: str) -> Numbers:
    amounts = np.asarray(values)
    if amounts.shape != (n,) or amounts.dtype.kind not in "iuf":
        raise InputError(f"{what}: {n} numbers are needed, got {amounts.dtype} of shape {amounts.shape}")
    bad = ~np.isfinite(amounts) | (amounts < 0)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise InputError(f"row {at + 1}: {what} is {amounts[at]}; give a number that is not below zero")
    if amounts.dtype.kind == "f":
        whole = amounts.astype(np.int64) if amounts.size == 0 or amounts.max() < 2**53 else None
        return amounts.astype(np.float64) if whole is None or (whole != amounts).any() else whole
    return amounts.astype(np.int64)


def _sums(names: NDArray[np.str_], index: Index, value: Numbers) -> dict[str, int | float]:
    total = np.zeros(names.size, dtype=value.dtype)
    np.add.at(total, index, value)
    seen = np.bincount(index, minlength=names.size) > 0
    return {str(n): t.item() for n, t in zip(names[seen], total[seen], strict=True)}


def _position(name: str, known: tuple[str, ...], what: str, groups: Iterable[str] = ()) -> int:
    try:
        return known.index(name)
    except ValueError:
        choices = [*known, *groups]
        hint = nearest(name, choices) or f"; known: {', '.join(choices[:12])}{' …' if len(choices) > 12 else ''}"
        raise InputError(f"no {what} {name!r} among these lines{hint}") from None
