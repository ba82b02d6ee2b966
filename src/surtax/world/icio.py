"""Worlds from the OECD's Inter-Country Input-Output tables (ICIO), for any grouping.

`icio_csv` reads the files; this module adds them up. What the accounts here are:

- flows [s,o,d]: all sales of sector s of o to users in d; `final` the part that goes to final
  demand (consumption of households, non-profits and government, investment, stocks, residents'
  purchases abroad).
- use [k,s,n]: what sector s of n buys of k from all origins.
- gross output is the sum of sales; factor income ("value added" in the model) is output less inputs
  at basic prices. It contains the taxes less subsidies that producers pay on their inputs (the TLS
  row), which the model has no other recipient for. Taxes on final demand are no part of the
  accounts, so that the world's factor income lies some 5 to 7 % below its GDP at market prices.
- Final demand summed over its categories (and over the groups asked for) can be negative where
  stocks fell by more than was sold. Such a cell is set to zero, as in Costinot & Rodríguez-Clare
  (2014): the goods drawn from stock are treated as if they had been produced in the year. Output is
  then solved for anew, x = (I − A)⁻¹ f, with every industry's technique as in the table, so that
  shares of inputs, of origins and of factors stay what they were. Industries whose inputs exceed
  their output have them scaled to output. Both are counted in `adjustments`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import AccountsError, InputError, nearest
from surtax.world import elasticities
from surtax.world.files import FORMAT
from surtax.world.groups import check_codes, goods_of
from surtax.world.icio_codes import REST, SERVICES, country_name, is_good, sector_name
from surtax.world.icio_csv import IcioTable, read_icio_csv, unique

if TYPE_CHECKING:
    from pathlib import Path

Array = NDArray[np.float64]

# Differences below this share of output are the rounding of sums, not of the source.
NOISE = 1e-9
# Left as factor income where inputs exceed output: far above float32's rounding, far below anything
# that matters.
LEAST_FACTOR_SHARE = 1e-6

LICENCE = "CC BY 4.0"
ATTRIBUTION = "OECD, Inter-Country Input-Output Tables"


@dataclass(frozen=True)
class IcioAccounts:
    """Accounts that hold exactly: sales = output, inputs + value added = output.

    Attributes
    ----------
    countries, sectors : codes.
    sector_members : for each sector the codes of the table that it adds up.
    flows, final : [s, o, d] USD million at basic prices.
    use : [k, s, n] USD million at basic prices.
    value_added : [s, n] output less inputs, ≥ 0.
    trade : {sector of the table: its trade between countries, USD million}, the weights of means
        over sectors.
    adjustments : what was changed, each with its count, value and worst cells.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    sector_members: Mapping[str, tuple[str, ...]]
    flows: Array
    final: Array
    use: Array
    value_added: Array
    trade: Mapping[str, float]
    adjustments: tuple[dict[str, Any], ...]


def aggregate_icio(
    table: IcioTable,
    countries: Mapping[str, str] | Sequence[str] | None = None,
    sectors: Mapping[str, str] | str | None = None,
) -> IcioAccounts:
    """Add a table up to countries × sectors and make the accounts hold (see the module's text).

    Parameters
    ----------
    table : from `read_icio_csv`.
    countries : None keeps every economy. A list of codes keeps these and adds the others up to
        `ROW`. A mapping {code: group} adds up groups; codes that it does not name stay, or go to
        the group under the key "*".
    sectors : None keeps every goods sector and adds the services up to one, `SVC`; "all" keeps
        every sector; a mapping {code: group} as for countries.

    Raises
    ------
    InputError
        a code that the table does not have (nearest names offered).
    AccountsError
        an industry without output that buys inputs.
    """
    names, country_of = _country_groups(table.economies, countries)
    kinds, sector_of = _sector_groups(table.sectors, sectors)
    N, J = len(names), len(kinds)
    economy_at = {c: n for n, c in enumerate(table.economies)}
    sector_at = {s: j for j, s in enumerate(table.sectors)}
    own_country = np.array([country_of[economy_at[c]] for c, _ in table.industries])
    own_sector = np.array([sector_at[s] for _, s in table.industries])
    group = sector_of[own_sector] * N + own_country

    wide = _add_up(table.intermediate, group, J * N, axis=1)
    final = _add_up(table.final, country_of, N, axis=1)
    sold = wide.reshape(-1, J, N).sum(axis=1) + final
    abroad = sold.sum(axis=1) - sold[np.arange(len(sold)), own_country]
    per_sector = np.bincount(own_sector, weights=abroad, minlength=len(table.sectors))

    Z = _add_up(wide, group, J * N, axis=0)
    F = _add_up(final, group, J * N, axis=0)
    gap = np.abs(table.intermediate.sum(axis=1) + table.final.sum(axis=1) - table.output)
    gap[gap <= NOISE * np.abs(table.output)] = 0.0
    notes = []
    if gap.any():
        worst = _worst(gap, ["_".join(i) for i in table.industries])
        notes.append(
            _note(
                "published gross output differs from the sum of sales: the sum of sales is taken",
                gap,
                worst,
            )
        )
    labels = [f"{s} {c}" for s in kinds for c in names]
    Z, F, more = _consistent(Z, F, labels, names)
    Z4, F3 = Z.reshape(J, N, J, N), F.reshape(J, N, N)
    flows = Z4.sum(axis=2) + F3
    use = Z4.sum(axis=1)
    value_added = flows.sum(axis=2) - use.sum(axis=0)
    members = {
        kind: tuple(s for s, g in zip(table.sectors, sector_of, strict=True) if g == j) for j, kind in enumerate(kinds)
    }
    return IcioAccounts(
        names,
        kinds,
        members,
        flows,
        np.ascontiguousarray(F3),
        np.ascontiguousarray(use),
        np.where(flows.sum(axis=2) > 0, value_added, 0.0),
        dict(zip(table.sectors, per_sector.tolist(), strict=True)),
        (*notes, *more),
    )


def _country_groups(
    codes: Sequence[str], wanted: Mapping[str, str] | Sequence[str] | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    if wanted is None or wanted == "all":
        return tuple(codes), np.arange(len(codes))
    if isinstance(wanted, str):
        raise InputError(f"countries={wanted!r}: give a list of codes, or a mapping from code to group.")
    if isinstance(wanted, Mapping):
        return _groups("country", codes, wanted)
    unique("countries", "code", list(wanted))
    kept = list(wanted) if REST in wanted else [*wanted, REST]
    names, group = _groups("country", codes, {"*": REST} | {c: c for c in wanted})
    order = [c for c in kept if c in names]
    return tuple(order), np.array([order.index(names[g]) for g in group])


def _sector_groups(
    codes: Sequence[str], wanted: Mapping[str, str] | str | None
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    if wanted == "all":
        return tuple(codes), np.arange(len(codes))
    if wanted is None:
        wanted = {c: SERVICES for c in codes if not is_good(c)}
    if isinstance(wanted, str):
        raise InputError(f'sectors={wanted!r}: give "all", or a mapping from sector code to group.')
    return _groups("sector", codes, wanted)


def _groups(kind: str, codes: Sequence[str], wanted: Mapping[str, str]) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return group codes in order of appearance, and each code's group by position."""
    for code in wanted:
        if code != "*" and code not in codes:
            hint = nearest(code, codes) or f"; the table has {', '.join(codes[:12])}, …"
            raise InputError(f"the table has no {kind} {code!r}{hint}")
    rest = wanted.get("*")
    named = {c: wanted.get(c, rest) for c in codes}
    check_codes(kind, codes, {c: g for c, g in named.items() if g is not None})
    chosen = [wanted.get(code, code if rest is None else rest) for code in codes]
    names = list(dict.fromkeys(chosen))
    return tuple(names), np.array([names.index(c) for c in chosen])


def _add_up(a: Array, group: NDArray[np.intp], size: int, axis: int) -> Array:
    """Sum rows (axis 0) or columns (axis 1) of a matrix by group; a group without any is zero."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    summed = np.add.reduceat(np.take(a, order, axis=axis), starts, axis=axis)
    out = np.zeros((size, a.shape[1]) if axis == 0 else (a.shape[0], size))
    if axis == 0:
        out[present] = summed
    else:
        out[:, present] = summed
    return out


def _consistent(
    Z: Array, F: Array, labels: Sequence[str], countries: Sequence[str]
) -> tuple[Array, Array, list[dict[str, Any]]]:
    """Return Z ≥ 0, F ≥ 0 with inputs ≤ output.

    F is clipped and output solved for anew at unchanged technique. Z [i, j] and F [i, n] as in
    `IcioTable`, at the level of the groups.
    """
    notes: list[dict[str, Any]] = []
    output = Z.sum(axis=1) + F.sum(axis=1)
    inputs = Z.sum(axis=0)
    stuck = (output <= 0) & (inputs > 0)
    if stuck.any():
        i = int(np.argmax(np.where(stuck, inputs, 0)))
        raise AccountsError(
            f"{labels[i]} has output {output[i]:.6g} but buys inputs of {inputs[i]:.6g} "
            f"({int(stuck.sum())} such "
            f"industries): merge the sector or the country with another one (sectors=, countries=)."
        )
    low = F < 0
    allowed = output * (1 - LEAST_FACTOR_SHARE)
    over = (inputs > allowed) & (output > 0)
    if not low.any() and not over.any():
        return Z, F, notes
    if low.any():
        cut = np.where(low, -F, 0.0)
        places = [f"{label}→{c}" for label in labels for c in countries]
        notes.append(
            _note(
                "negative final demand (stocks fell by more than was sold) set to zero, as if produced in the year",
                cut,
                _worst(cut.ravel(), places),
            )
        )
        F = np.where(low, 0.0, F)
    A = np.divide(Z, output, out=np.zeros_like(Z), where=output > 0)
    if over.any():
        excess = np.where(over, inputs - allowed, 0.0)
        notes.append(
            _note(
                "inputs above output scaled down to output (no negative factor income)",
                excess,
                _worst(excess, labels),
            )
        )
        A *= np.where(over, allowed / np.where(inputs > 0, inputs, 1.0), 1.0)
    solved = np.maximum(np.linalg.solve(np.eye(len(A)) - A, F.sum(axis=1)), 0.0)
    change = np.abs(solved - output)
    change[change <= NOISE * np.abs(output)] = 0.0
    notes.append(
        _note(
            "gross output solved anew for that final demand at unchanged technique",
            change,
            _worst(change, labels),
        )
    )
    return A * solved, F, notes


def _note(what: str, changes: Array, worst: str) -> dict[str, Any]:
    return {
        "what": what,
        "cells": int(np.count_nonzero(changes)),
        "value": float(np.abs(changes).sum()),
        "worst": worst,
    }


def _worst(changes: Array, labels: Sequence[str], count: int = 5) -> str:
    order = np.argsort(-np.abs(changes), kind="stable")[:count]
    return "; ".join(f"{labels[i]} {changes[i]:.4g}" for i in order if changes[i] != 0)


def build_world_from_icio_csv(
    path: str | Path,
    *,
    year: int | None = None,
    countries: Mapping[str, str] | Sequence[str] | None = None,
    sectors: Mapping[str, str] | str | None = None,
    elasticity: float | Mapping[str, float] | None = None,
    population: Mapping[str, float] | None = None,
    name: str | None = None,
    title: str | None = None,
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Build a world from the OECD's CSV file: arrays and metadata for `files.write_world`.

    Parameters
    ----------
    path, year : see `read_icio_csv`.
    countries, sectors : see `aggregate_icio`.
    elasticity : θ for all sectors, or {sector: θ} for some; the others take the shipped set `fgo`,
        averaged over a group's members by their trade between countries.
    population : {country: persons}; others are unknown.
    name, title : short name and title; made from the file's name and year where not given.

    Returns
    -------
    arrays : flows, final, use, tariffs (float32), elasticity, population (float64); see
        `surtax.world.files`. The OECD's tables know no tariffs: they are zero, and the metadata
        says so.
    meta : sources, licence, adjustments, elasticities.

    Raises
    ------
    InputError, AccountsError
        see `read_icio_csv` and `aggregate_icio`.
    """
    table = read_icio_csv(path, year)
    accounts = aggregate_icio(table, countries, sectors)
    theta, records = _elasticities(accounts, elasticity)
    goods, mixed = _goods(accounts)
    people = np.full(len(accounts.countries), np.nan)
    for code, persons in (population or {}).items():
        if code not in accounts.countries:
            raise InputError(f"population names unknown country {code!r}{nearest(code, accounts.countries)}")
        people[accounts.countries.index(code)] = persons
    arrays: dict[str, NDArray[Any]] = {
        "flows": accounts.flows.astype(np.float32),
        "final": accounts.final.astype(np.float32),
        "use": accounts.use.astype(np.float32),
        "tariffs": np.zeros(accounts.flows.shape, dtype=np.float32),
        "elasticity": theta,
        "population": people,
    }
    edition = edition_of(table)
    meta = {
        "format": FORMAT,
        "name": name or f"oecd-icio-{table.year}-{len(accounts.countries)}x{len(accounts.sectors)}",
        "title": title or f"OECD Inter-Country Input-Output Tables, {table.year}",
        "year": table.year,
        "countries": [{"code": c, "name": country_name(c)} for c in accounts.countries],
        "sectors": [
            {
                "code": s,
                "name": sector_name(s),
                "goods": bool(good),
                "members": list(accounts.sector_members[s]),
            }
            for s, good in zip(accounts.sectors, goods, strict=True)
        ],
        "units": "USD million, basic prices",
        "value_added": "output less inputs at basic prices: value added plus net taxes that producers pay on inputs",
        "sources": [
            {
                "title": f"OECD Inter-Country Input-Output Tables, {edition}, year {table.year}",
                "licence": LICENCE,
                "attribution": ATTRIBUTION,
                "note": f"read from {table.name}; aggregated and adjusted by Surtax as recorded under adjustments",
            }
        ],
        "build": f"surtax build-world {table.name}",
        "imputed": [],
        "adjustments": [*accounts.adjustments, *mixed],
        "tariffs": {
            "source": "none",
            "note": "the tables hold no tariffs: all base tariffs are zero",
        },
        "elasticities": {
            "set": elasticities.DEFAULT if elasticity is None else "given by the user",
            "by_sector": records,
        },
    }
    return arrays, meta


def _goods(accounts: IcioAccounts) -> tuple[NDArray[np.bool_], list[dict[str, Any]]]:
    """Which sectors are goods, and the note on those that mix goods and services."""
    codes = list(accounts.trade)
    S = np.array([[c in accounts.sector_members[s] for c in codes] for s in accounts.sectors], dtype=float)
    kinds = np.array([is_good(c) for c in codes])
    found, notes = goods_of(S, kinds, np.array(list(accounts.trade.values())), accounts.sectors)
    return found, [asdict(note) for note in notes]


def edition_of(table: IcioTable) -> str:
    """Name the edition of a table by the way it cuts sectors."""
    if "A02" in table.sectors:
        return "2025 edition"
    if any(s.startswith("A01_") for s in table.sectors):
        return "2023 edition"
    if "01T02" in table.sectors or "D01T02" in table.sectors:
        return "2021 edition"
    if "01T03" in table.sectors or "D01T03" in table.sectors:
        return "2018 edition"
    return "edition not recognised"


def _elasticities(
    accounts: IcioAccounts, given: float | Mapping[str, float] | None
) -> tuple[Array, list[dict[str, Any]]]:
    if isinstance(given, Mapping):
        for code in given:
            if code not in accounts.sectors:
                raise InputError(f"elasticity names unknown sector {code!r}{nearest(code, accounts.sectors)}")
    elif given is not None:
        given = dict.fromkeys(accounts.sectors, float(given))
    chosen = dict(given or {})
    wrong = [s for s, value in chosen.items() if not (np.isfinite(value) and value > 0)]
    if wrong:
        raise InputError(f"elasticity of {wrong[0]} is {chosen[wrong[0]]}: θ is a positive number.")
    theta = np.empty(len(accounts.sectors))
    records: list[dict[str, Any]] = []
    rest = {s: accounts.sector_members[s] for s in accounts.sectors if s not in chosen}
    shipped = elasticities.for_groups(elasticities.elasticity_set(), rest, accounts.trade) if rest else None
    by_rest = dict(zip(rest, zip(*shipped, strict=True), strict=True)) if shipped else {}
    for position, sector in enumerate(accounts.sectors):
        if sector in chosen:
            theta[position] = chosen[sector]
            records.append(
                {
                    "sector": sector,
                    "theta": float(chosen[sector]),
                    "source": "given by the user",
                    "quality": "user",
                }
            )
        else:
            theta[position], record = by_rest[sector]
            records.append(record)
    return theta, records
