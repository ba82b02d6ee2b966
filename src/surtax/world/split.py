"""A country of a world split into regions, so that the regions add up to it cell by cell.

What is known of the regions (their shares of output and of final demand, who trades with whom) comes from other
accounts, of another year and in coarser sectors. It is used as a pattern only: sector by sector, flows between
regions and with every other country are the ones closest to the pattern (in relative entropy) whose sums are the
country's own flows, the regions' output, and the regions' use. That is biproportional fitting (Deming & Stephan 1940,
Annals of Mathematical Statistics 11; Stone 1961), with the block of other countries among themselves left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from surtax.errors import AccountsError, InputError

if TYPE_CHECKING:
    from surtax.world.world import World

Array = NDArray[np.float64]

#: Largest relative gap in a margin at which fitting stops, and the number of rounds after which it gives up.
CLOSE = 1e-12
ROUNDS = 20_000


@dataclass(frozen=True)
class Pattern:
    """What is known of R regions in J sectors; only proportions count.

    Attributes
    ----------
    codes, names : of the regions.
    output : [s,r] gross output, any unit.
    final : [s,r] final demand, any unit.
    internal : [s,r,r'] sales of r to r'.
    exports : [s,r,n] sales of r to each country of the world (the column of the country itself is not read).
    imports : [s,n,r] purchases of r from each country.
    population : [r] persons, or None.
    """

    codes: Sequence[str]
    names: Sequence[str]
    output: Array
    final: Array
    internal: Array
    exports: Array
    imports: Array
    population: Array | None = None


def split(world: World, country: str, pattern: Pattern, meta: Mapping[str, object] | None = None) -> World:
    """Return the world with a country replaced by its regions, in its place in the order.

    Regions have the country's technique (γ and γ^V by sector), its origins' intermediate shares as far as margins
    allow, its base tariffs as importers and exporters. Summed over the regions, flows (intermediate and final), use
    and factor income are the country's.

    Parameters
    ----------
    world : accounts with `final` flows and without tariffs that the country itself levies.
    country : its code.
    pattern : see `Pattern`; its last axes of countries are the world's.

    Raises
    ------
    InputError
        the world does not split final and intermediate flows, the country levies tariffs, or shapes do not fit.
    AccountsError
        no flows with these margins keep to the pattern's zeros.
    """
    c = world.country(country)
    if world.final is None:
        raise InputError("splitting a country needs a world that knows which flows are final.")
    if (world.tariffs[:, :, c] != 0).any():
        raise InputError(f"{country} levies base tariffs: inputs at purchaser prices would differ between regions.")
    J, N = world.output.shape
    R = len(pattern.codes)
    for name, shape in (
        ("output", (J, R)), ("final", (J, R)), ("internal", (J, R, R)), ("exports", (J, R, N)), ("imports", (J, N, R)),
    ):  # fmt: skip
        if getattr(pattern, name).shape != shape:
            raise InputError(f"pattern: {name} has shape {getattr(pattern, name).shape}; expected {shape}.")
    others = np.array([n for n in range(N) if n != c])
    place = np.concatenate([others[others < c], np.full(R, -1), others[others > c]])
    region = np.flatnonzero(place < 0)
    other = np.flatnonzero(place >= 0)
    M = N + R - 1
    flows, final = np.zeros((J, M, M)), np.zeros((J, M, M))
    for whole, new in ((world.flows, flows), (world.final, final)):
        new[:, other[:, None], other] = whole[:, others[:, None], others]
    Y = _shares(pattern.output) * world.output[:, [c]]
    bought = (world.flows[:, :, c] - world.final[:, :, c]).sum(axis=1)
    use = _shares(np.einsum("ks,sr->kr", world.inputs[:, :, c], Y)) * bought[:, None]
    wanted = _shares(pattern.final) * world.final[:, :, c].sum(axis=1)[:, None]
    for s in range(J):
        X, F = world.flows[s], world.final[s]
        seeds = _seeds(pattern, s, X, F, c, others)
        fitted = fit(seeds, Y[s], use[s], wanted[s], (X - F)[others, c], F[others, c], (X - F)[c, others], F[c, others])
        if fitted is None:
            raise AccountsError(
                f"{world.sectors[s]}: no flows of the regions of {country} keep to the pattern and add up to the "
                f"country's. The pattern has too many zeros there, or output and use of the regions contradict it."
            )
        within_i, within_f, out_i, out_f, in_i, in_f = fitted
        for block, value_i, value_f in (
            (np.ix_(region, region), within_i, within_f),
            (np.ix_(region, other), out_i, out_f),
            (np.ix_(other, region), in_i, in_f),
        ):
            flows[s][block], final[s][block] = value_i + value_f, value_f
    return _assembled(world, country, pattern, (flows, final), place, meta or {})


def _shares(x: Array) -> Array:
    """[s,r] shares over regions; equal where nothing is known."""
    total = x.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(x, total, out=np.full_like(x, 1 / x.shape[1]), where=total > 0))


Blocks = tuple[Array, Array, Array, Array, Array, Array]


def _seeds(pattern: Pattern, s: int, X: Array, F: Array, c: int, others: NDArray[np.intp]) -> Blocks:
    """The pattern at the size of the country's flows: intermediate and final, within, out and in."""

    def spread(shape: Array, total: Array, axis: int | None) -> Array:
        whole = shape.sum(axis=axis, keepdims=True)
        even = np.ones_like(shape) / (shape.size if axis is None else shape.shape[axis])
        share = np.divide(shape, whole, out=even, where=whole > 0)
        return np.asarray(share * total)

    within = spread(pattern.internal[s], X[c, c], None)
    out = spread(pattern.exports[s][:, others], X[c, others][None, :], 0)
    into = spread(pattern.imports[s][others], X[others, c][:, None], 1)
    part = np.divide(F, X, out=np.zeros_like(F), where=X > 0)
    home, there, here = part[c, c], part[c, others][None, :], part[others, c][:, None]
    return within * (1 - home), within * home, out * (1 - there), out * there, into * (1 - here), into * here


def fit(
    seeds: Blocks, output: Array, use: Array, final: Array, in_i: Array, in_f: Array, out_i: Array, out_f: Array
) -> Blocks | None:
    """Scale the blocks until their margins are the ones given; None where they cannot be.

    Parameters
    ----------
    seeds : within [r,r'], out [r,n], in [n,r], each intermediate and final, in the order i, f.
    output [r] ; use, final [r] : what regions sell in all, and absorb as inputs and as final demand.
    in_i, in_f, out_i, out_f : [n] the country's imports and exports, intermediate and final.
    """
    Wi, Wf, Oi, Of, Mi, Mf = (np.array(x) for x in seeds)

    def ratio(target: Array, now: Array) -> Array:
        return np.asarray(np.divide(target, now, out=np.ones_like(target), where=now > 0))

    scale = max(float(output.sum()), float(use.sum() + final.sum()), 1e-300)
    for _ in range(ROUNDS):
        rows = ratio(output, Wi.sum(1) + Wf.sum(1) + Oi.sum(1) + Of.sum(1))[:, None]
        Wi, Wf, Oi, Of = Wi * rows, Wf * rows, Oi * rows, Of * rows
        Mi, Mf = Mi * ratio(in_i, Mi.sum(1))[:, None], Mf * ratio(in_f, Mf.sum(1))[:, None]
        column_i, column_f = ratio(use, Wi.sum(0) + Mi.sum(0)), ratio(final, Wf.sum(0) + Mf.sum(0))
        Wi, Mi, Wf, Mf = Wi * column_i, Mi * column_i, Wf * column_f, Mf * column_f
        Oi, Of = Oi * ratio(out_i, Oi.sum(0)), Of * ratio(out_f, Of.sum(0))
        gap = max(
            float(np.abs(Wi.sum(1) + Wf.sum(1) + Oi.sum(1) + Of.sum(1) - output).max(initial=0.0)),
            float(np.abs(Mi.sum(1) - in_i).max(initial=0.0)), float(np.abs(Mf.sum(1) - in_f).max(initial=0.0)),
        )  # fmt: skip
        if gap <= CLOSE * scale:
            return Wi, Wf, Oi, Of, Mi, Mf
    return None


def _assembled(
    world: World,
    country: str,
    pattern: Pattern,
    flows: tuple[Array, Array],
    place: NDArray[np.intp],
    meta: Mapping[str, object],
) -> World:
    from surtax.world.world import World

    c = world.country(country)
    source = np.where(place < 0, c, place)  # whose row or column a region takes
    regions = iter(zip(pattern.codes, pattern.names, strict=True))
    labels = [next(regions) if p < 0 else (world.countries[p], world.country_names[p]) for p in place]
    people = None
    if world.population is not None:
        known = pattern.population if pattern.population is not None else np.full(len(pattern.codes), np.nan)
        people = world.population[source].copy()
        people[place < 0] = known
    tariffs = world.tariffs[:, source[:, None], source]
    return World.from_arrays(
        [code for code, _ in labels],
        world.sectors,
        flows[0],
        elasticity=world.elasticity,
        tariffs=tariffs,
        inputs=world.inputs[:, :, source],
        value_added=world.value_added[:, source],
        inputs_as="shares",
        final=np.minimum(flows[1], flows[0]),
        population=people,
        country_names=[name for _, name in labels],
        sector_names=world.sector_names,
        goods=world.goods,
        meta={**world.meta, **meta, "parts": {country: list(pattern.codes)}},
    )
