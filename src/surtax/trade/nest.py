"""The product nest: a model cell (sector, origin, destination) seen as its tariff lines instead of their mean.

Inside a cell sit lines ℓ, all made at the cell's unit cost, that substitute for each other with elasticity ς (CES).
What the model needs of them is two numbers a cell: the price wedge κ̂ and the part b of spending that reaches the
seller. docs/models/nest.md derives both. With ς = 0 they are those of the trade-weighted mean tariff, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surtax.errors import InputError

Array = NDArray[np.float64]
Cells = NDArray[np.intp]

# exp overflows at 709; a wedge that far from the mean of its cell is no tariff.
LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, eq=False)
class Nest:
    """What the lines of each cell add up to. Cells without a line that has value hold NaN; see `covered`.

    Attributes
    ----------
    wedge : κ̂ [c], the cell's price over its base price at unchanged cost.
    net : b = Σ ω′/(1+t′) [c], what the seller gets of a unit of spending after the change.
    net_base : b₀ = Σ ω/(1+t) [c], the same before it.
    value : Σ x [c], base value net of tariff, in the unit of the lines.
    share, share_base : ω′, ω [ℓ] shares of a cell's spending, tariff included, after and before.
    cell : [ℓ] the cell of each line; before, after : t, t′ [ℓ].
    elasticity : ς [c].
    """

    wedge: Array
    net: Array
    net_base: Array
    value: Array
    share: Array
    share_base: Array
    cell: Cells
    before: Array
    after: Array
    elasticity: Array

    @property
    def covered(self) -> NDArray[np.bool_]:
        """[c] whether any line has value."""
        return self.value > 0

    @property
    def rate(self) -> Array:
        """1/b − 1 [c]: revenue over the value net of tariff, after lines have been substituted."""
        return np.asarray(1 / self.net - 1)

    @property
    def rate_base(self) -> Array:
        """1/b₀ − 1 [c]: the trade-weighted mean tariff of the base."""
        return np.asarray(1 / self.net_base - 1)

    def lines(self, flows: ArrayLike) -> tuple[Array, Array]:
        """Split new flows of cells among their lines.

        Parameters
        ----------
        flows : X′ [c], net of tariff, any unit of value.

        Returns
        -------
        X′ [ℓ] net of tariff and revenue t′X′ [ℓ], in that unit; the first adds up to `flows` in every covered cell,
        the second to flows · `rate`.

        Raises
        ------
        InputError
            a wrong shape, or value in a cell that no line covers, which would be lost.
        """
        X = np.asarray(flows, dtype=float)
        if X.shape != self.net.shape:
            raise InputError(f"flows of cells have shape {X.shape}; the nest has {self.net.size} cells.")
        lost = ~self.covered & (X != 0)
        if lost.any():
            raise InputError(
                f"{int(lost.sum())} cells have flows but no lines (the first is cell {int(np.flatnonzero(lost)[0])}): "
                f"their value would be lost. Set them to zero and account for them apart."
            )
        per_unit = np.divide(X, self.net, out=np.zeros_like(X), where=self.covered)
        split = self.share / (1 + self.after) * per_unit[self.cell]
        return split, self.after * split


def nest(
    cell: ArrayLike,
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    elasticity: ArrayLike,
    *,
    cells: int | None = None,
) -> Nest:
    """Aggregate lines to cells.

    Parameters
    ----------
    cell : [ℓ] cell of each line, integers from 0, in any order.
    value : x [ℓ] base value net of tariff (customs value), not negative; lines without value count for nothing.
    before, after : t, t′ [ℓ] ad valorem shares above −1.
    elasticity : ς between the lines of a cell, ≥ 0: a number or [c]. The model's default is θ + 1, at which lines and
        origins form one CES and the order of nesting does not matter; 1 is Cobb–Douglas; 0 the mean tariff.
    cells : how many cells there are; the default is one more than the largest number in `cell`.

    Returns
    -------
    Nest

    Raises
    ------
    InputError
        shapes that do not fit, cells outside the range, values or rates that are none.

    Notes
    -----
    κ̂ = (Σ ω κ^(1−ς))^(1/(1−ς)) with κ = (1+t′)/(1+t) and ω = x(1+t)/Σ x(1+t). It is computed around the mean of log κ,
    where the sum is at least one: no digits are lost for any ς, nor near ς = 1. Docs: docs/models/nest.md.
    """
    index, x, t, t_new = _checked_lines(cell, value, before, after)
    count = _count(index, cells)
    s = _checked_elasticity(elasticity, count)
    size = _sums(index, x, count)
    # The rest works on the cells that have value, usually few of those there are.
    used = np.flatnonzero(size)
    place = np.zeros(count, dtype=np.intp)
    place[used] = np.arange(used.size)
    local = place[index]

    def total(a: Array) -> Array:
        # Lines without value add nothing, whichever cell they are counted in.
        return _sums(local, a, used.size)[: used.size]

    def spread_out(a: Array) -> Array:
        out = np.full(count, np.nan)
        out[used] = a
        return out

    # Fresh memory is what costs here, more than arithmetic: one scratch vector serves all steps.
    scratch = 1 + t
    w = x * scratch
    spent = total(w)
    wedge, w_new, b = np.zeros(0), w.copy(), np.zeros(0)
    if used.size:
        change = t_new - t
        change /= scratch
        w /= np.take(spent, local, out=scratch, mode="clip")
        wedge, w_new = _ces(local, w, change, s[used], total, scratch)
        np.add(1, t_new, out=scratch)
        b = total(np.divide(w_new, scratch, out=scratch))
    return Nest(
        wedge=spread_out(wedge),
        net=spread_out(b),
        net_base=spread_out(size[used] / spent),
        value=size,
        share=w_new,
        share_base=w,
        cell=index,
        before=t,
        after=t_new,
        elasticity=s,
    )


def _sums(index: Cells, a: Array, count: int) -> Array:
    return np.asarray(np.bincount(index, a, count), dtype=np.float64)


def _ces(
    local: Cells, w: Array, change: Array, s: Array, total: Callable[[Array], Array], scratch: Array
) -> tuple[Array, Array]:
    """κ̂ [u] and the new shares ω′ [ℓ] of lines with shares ω = w and κ − 1 = `change`, which is overwritten."""
    y = np.log1p(change, out=change)
    mean = total(np.multiply(w, y, out=scratch))
    power = 1 - s
    y -= np.take(mean, local, out=scratch, mode="clip")
    y *= np.take(power, local, out=scratch, mode="clip")
    if float(y.max()) > LARGEST_EXPONENT:
        worst = int(np.argmax(y))
        raise InputError(
            f"line {worst}: its tariff change is too far from the mean of its cell to be aggregated with an elasticity "
            f"of {s[local[worst]]:g} between lines; give a smaller one."
        )
    np.expm1(y, out=y)
    y *= w
    # Σ ω e^y ≥ 1 where Σ ω y = 0; rounding may leave it a hair below.
    excess = np.maximum(total(y), 0.0)
    y += w
    y /= np.take(1 + excess, local, out=scratch, mode="clip")
    spread = np.divide(np.log1p(excess), power, out=np.zeros_like(mean), where=power != 0)
    return np.exp(mean + spread), y


@dataclass(frozen=True, eq=False)
class Bias:
    """What the trade-weighted mean tariff gets wrong in each cell; all [c], NaN where no line has value.

    Attributes
    ----------
    mean_wedge, wedge : (1+t̄′)/(1+t̄) with trade-weighted means, and κ̂ of the nest; wedge ≤ mean_wedge.
    mean_rate, rate : t̄′, and the nest's revenue over the value net of tariff.
    log_wedge, log_net : log κ̂ − log mean_wedge (≤ 0), and log(1+rate) − log(1+mean_rate).
    log_wedge_approx, log_net_approx : their second-order terms −½ ς Var(log κ) and −ς Cov(log(1+t′), log κ).
    variance, covariance : Var(log κ) and Cov(log(1+t′), log κ) across a cell's lines, weighted by ω.
    """

    mean_wedge: Array
    wedge: Array
    mean_rate: Array
    rate: Array
    log_wedge: Array
    log_net: Array
    log_wedge_approx: Array
    log_net_approx: Array
    variance: Array
    covariance: Array


def bias_of_mean(
    cell: ArrayLike,
    value: ArrayLike,
    before: ArrayLike,
    after: ArrayLike,
    elasticity: ArrayLike,
    *,
    cells: int | None = None,
) -> Bias:
    """Compare the trade-weighted mean tariff of each cell with its lines; arguments and errors as for `nest`.

    Both errors grow with the square of the dispersion of tariff changes and in proportion to ς; where the base is
    free of tariffs that of the revenue rate is twice that of the wedge.
    """
    lines = nest(cell, value, before, after, elasticity, cells=cells)
    # ς = 0 is the mean: one formula for both sides of the comparison.
    mean = nest(cell, value, before, after, 0.0, cells=lines.value.size)
    index, w, count = lines.cell, lines.share_base, lines.value.size
    u = np.log1p((lines.after - lines.before) / (1 + lines.before))
    z = np.log1p(lines.after)
    du = u - _sums(index, w * u, count)[index]
    dz = z - _sums(index, w * z, count)[index]
    nothing = np.where(lines.covered, 0.0, np.nan)
    variance = _sums(index, w * du * du, count) + nothing
    covariance = _sums(index, w * du * dz, count) + nothing
    return Bias(
        mean_wedge=mean.wedge,
        wedge=lines.wedge,
        mean_rate=mean.rate,
        rate=lines.rate,
        log_wedge=np.log(lines.wedge) - np.log(mean.wedge),
        log_net=np.log(mean.net) - np.log(lines.net),
        log_wedge_approx=-0.5 * lines.elasticity * variance,
        log_net_approx=-lines.elasticity * covariance,
        variance=variance,
        covariance=covariance,
    )


def cubes(lines: Nest, tariffs_base: Array, tariffs_otherwise: Array | None = None) -> tuple[Array, Array]:
    """Return the two cubes that the model's kernel takes, `wedge` and `net`, for every cell.

    Parameters
    ----------
    lines : a nest whose cell numbers are flat positions in [s,o,d] (`numpy.ravel_multi_index`).
    tariffs_base : t [s,o,d] of the world.
    tariffs_otherwise : t′ [s,o,d] for cells that no line covers; None leaves those at `tariffs_base`.

    Returns
    -------
    wedge : κ̂ [s,o,d]; (1+t′)/(1+t) where no line covers the cell.
    net : [s,o,d] what reaches the seller of a unit of spending: b · (1/(1+t))/b₀, so that a nest that changes nothing
        leaves the base as it stands even where the world's tariff is not the mean of the lines'; 1/(1+t′) where no line
        covers the cell.

    Raises
    ------
    InputError
        shapes that do not fit; a net part that is not positive.
    """
    shape = tariffs_base.shape
    if lines.value.size != tariffs_base.size:
        raise InputError(
            f"the nest has {lines.value.size} cells, the world {tariffs_base.size} (shape {shape}): number cells by "
            f"their position in [sector, exporter, importer] and pass cells={tariffs_base.size}."
        )
    other = tariffs_base if tariffs_otherwise is None else tariffs_otherwise
    if other.shape != shape:
        raise InputError(f"tariffs_otherwise has shape {other.shape}; expected {shape}.")
    if not (np.isfinite(tariffs_base).all() and np.isfinite(other).all()) or min(tariffs_base.min(), other.min()) <= -1:
        raise InputError("tariffs have to be numbers above −1 (−100 %).")
    covered = lines.covered.reshape(shape)
    wedge = (1 + other) / (1 + tariffs_base)
    net = 1 / (1 + other)
    wedge[covered] = lines.wedge[lines.covered]
    net[covered] = ((lines.net / lines.net_base)[lines.covered]) / (1 + tariffs_base[covered])
    return wedge, net


def as_rates(wedge: Array, net: Array, tariffs_base: Array, trade_cost: Array | None = None) -> tuple[Array, Array]:
    """Return the tariff and trade cost of a plain schedule that mean the same to the kernel as a pair of cubes.

    A plain cell has wedge (1+t″)/(1+t) · τ″ and net part 1/(1+t″): hence t″ = 1/net − 1, the collected rate, and
    τ″ = κ̂ · net · (1+t). τ″ holds what a mean tariff misses: the gap between what buyers' prices rise by and what the
    treasury takes, since spending moved between lines. A decomposition books it under trade costs; it belongs there
    together with the volume of trade.

    Parameters
    ----------
    wedge, net : [s,o,d] from `cubes`; tariffs_base : t [s,o,d] of the world.
    trade_cost : τ̂ [s,o,d], multiplied in; None is no change.
    """
    cost = wedge * net * (1 + tariffs_base)
    return 1 / net - 1, cost if trade_cost is None else cost * trade_cost


def _checked_lines(
    cell: ArrayLike, value: ArrayLike, before: ArrayLike, after: ArrayLike
) -> tuple[Cells, Array, Array, Array]:
    raw = np.asarray(cell)
    if raw.ndim != 1 or (raw.size and raw.dtype.kind not in "iu"):
        raise InputError("cell has to be a vector of integers, one for each line.")
    index = raw.astype(np.intp, copy=False)
    arrays = []
    for name, given in (("value", value), ("before", before), ("after", after)):
        try:
            a = np.asarray(given, dtype=float)
        except (TypeError, ValueError) as problem:
            raise InputError(f"{name}: not an array of numbers: {problem}.") from None
        if a.shape != index.shape:
            raise InputError(f"{name} has shape {a.shape}; there are {index.size} lines.")
        floor = 0.0 if name == "value" else -1.0
        fine = np.isfinite(a) & ((a >= floor) if name == "value" else (a > floor))
        if not fine.all():
            line = int(np.argmin(fine))
            wanted = "a number that is not negative" if name == "value" else "a rate above −1 (−100 %)"
            raise InputError(f"{name} of line {line} is {a[line]:g}; it has to be {wanted}.")
        arrays.append(a)
    return index, arrays[0], arrays[1], arrays[2]


def _count(index: Cells, cells: int | None) -> int:
    low, high = (int(index.min()), int(index.max())) if index.size else (0, -1)
    count = high + 1 if cells is None else cells
    if low < 0 or high >= count:
        raise InputError(f"cells are numbered {low} to {high}; with {count} cells they go from 0 to {count - 1}.")
    return count


def _checked_elasticity(elasticity: ArrayLike, count: int) -> Array:
    s = np.asarray(elasticity, dtype=float)
    if s.shape not in {(), (count,)}:
        raise InputError(f"elasticity has shape {s.shape}; give one number, or one for each of the {count} cells.")
    if not np.isfinite(s).all() or (s < 0).any():
        raise InputError("the elasticity of substitution between lines has to be a number that is not negative.")
    return np.broadcast_to(s, (count,))
