"""Arrays that know their labels: what an `Outcome` hands out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, nearest

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Values with named dimensions.

    Attributes
    ----------
    name : of the variable; unit : of the values.
    values : array, one axis a dimension, read-only.
    dims : names of the axes; coords : codes along each.

    `x["CAN"]` picks a label wherever it stands, `x["CAN", "C29"]` two of them in any order; where a label stands
    on two axes (exporter and importer) use `x.sel(exporter="CAN")`. With every axis picked the answer is a float.
    """

    name: str
    unit: str
    values: Array
    dims: tuple[str, ...]
    coords: Mapping[str, tuple[str, ...]]

    def __getitem__(self, key: str | tuple[str, ...]) -> Any:
        chosen: dict[str, str] = {}
        labels = key if isinstance(key, tuple) else (key,)
        wrong = [x for x in labels if not isinstance(x, str)]
        if wrong:
            example = next((c[0] for c in self.coords.values() if c), "USA")
            raise InputError(
                f"{self.name} is picked from by label, such as {self.name}[{example!r}], not by {wrong[0]!r}; "
                f"{self.name}.values is the plain array."
            )
        for label in labels:
            homes = [d for d in self.dims if d not in chosen and label in self.coords[d]]
            if not homes:
                known = [c for d in self.dims for c in self.coords[d]]
                raise InputError(f"{self.name} has no label {label!r}{nearest(str(label), known)}")
            if len(homes) > 1:
                raise InputError(
                    f"{label!r} stands on {' and '.join(homes)} of {self.name}: use .sel({homes[0]}={label!r})."
                )
            chosen[homes[0]] = label
        return self.sel(**chosen)

    def sel(self, **labels: str) -> Any:
        """Pick one label on each named dimension; a float if none remains, else a smaller `Labelled`."""
        values: Any = self.values
        index: list[Any] = []
        for dim in self.dims:
            if dim in labels:
                label = labels[dim]
                if label not in self.coords[dim]:
                    raise InputError(f"{self.name} has no {dim} {label!r}{nearest(str(label), self.coords[dim])}")
                index.append(self.coords[dim].index(label))
            else:
                index.append(slice(None))
        unknown = [d for d in labels if d not in self.dims]
        if unknown:
            raise InputError(f"{self.name} has no dimension {unknown[0]!r}; it has {', '.join(self.dims)}.")
        values = values[tuple(index)]
        rest = tuple(d for d in self.dims if d not in labels)
        if not rest:
            return float(values)
        return Labelled(self.name, self.unit, values, rest, {d: self.coords[d] for d in rest})

    def items(self) -> Iterator[tuple[str, float]]:
        """Pairs (label, value) of a one-dimensional array."""
        if len(self.dims) != 1:
            raise InputError(f"{self.name} has dimensions {', '.join(self.dims)}: pick all but one first.")
        yield from zip(self.coords[self.dims[0]], map(float, self.values), strict=True)

    def to_dict(self) -> dict[str, float]:
        """A one-dimensional array as {label: value}."""
        return dict(self.items())

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype) if copy or dtype else self.values

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        head = f"{self.name} [{', '.join(self.dims)}], {self.unit}"
        if len(self.dims) != 1:
            return f"<{head}, {' × '.join(str(n) for n in self.values.shape)}>"
        return "\n".join([head, *(f"  {k:<10} {v: .6g}" for k, v in self.items())])
