"""The embedded world: OECD ICIO 2022, 80 economies and the rest × 27 goods sectors and services.

Two reductions of the same table are joined:

- total flows F [s, o, d] of 81 economies × 28 sectors (intermediate and final use together);
- intermediate flows m [s, o, d] and inputs u [k, s, n] among 80 economies × 50 sectors. The rest of
  the world is neither a seller nor a buyer there: Σ_s u[k, s, n] = Σ_{o in the 80} m[k, o, n].

What follows, sector by sector:

1. Among the 80 final demand is F − m. Where m exceeds F (rounding, and a cell or two of real
   conflict) m is cut to F.
2. Sales of the rest of the world to an economy of the 80: the intermediate share is taken from what
   that economy buys from its other foreign suppliers in that sector. Inputs of all buying sectors
   rise in proportion, which keeps inputs = intermediate supply. Left out, these purchases would
   inflate final demand and value added (Italian refining would show a value-added share of 0.53 for
   want of its Libyan and Algerian crude).
3. The rest of the world's own inputs: the technique is the pooled one of the 80 (their inputs over
   their output), scaled down where it asks for more of an input than the rest of the world absorbs
   from all origins. The share of intermediates in what it absorbs is the same for all origins.

Gross output is the sum of sales and factor income what inputs leave, by construction.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.world import elasticities
from surtax.world.files import FORMAT, write_world
from surtax.world.icio_codes import REST, SERVICES, country_name, is_good, sector_name
from tools.build_data.common import DATA, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

NAME = "oecd-icio-2022"
YEAR = 2022
OUT = DATA / "worlds" / f"{NAME}.npz"
# Persons; Taiwan is not in the World Bank's list of economies. National statistics.
TAIWAN = 23_400_000.0
# Left as factor income where inputs would exceed output: far above float32's rounding, far below
# what matters.
LEAST_FACTOR_SHARE = 1e-6


@dataclass(frozen=True)
class Raw:
    """The two reductions of the table, on the same labels.

    Attributes
    ----------
    countries : 81 codes, the rest of the world last.
    sectors : 28 codes, services last.
    total : F [s, o, d] over the 81.
    intermediate : m [s, o, d] over the 80.
    use : u [k, s, n] over the 80.
    services_trade : {services sector of the 50: trade between countries in intermediates}.
    services : the codes that the last sector adds up.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    total: Array
    intermediate: Array
    use: Array
    services_trade: dict[str, float]
    services: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """flows, final [s, o, d], use [k, s, n] in float64, with what was imputed and adjusted."""

    flows: Array
    final: Array
    use: Array
    imputed: list[dict[str, Any]]
    adjustments: list[dict[str, Any]]


def read_raw(folder: Path) -> Raw:
    """Read both files and bring them to 81 × 28."""
    import h5py

    with h5py.File(folder / "ICIO2022.mat") as file:

        def strings(name: str) -> list[str]:
            references = file[f"data/{name}"][()].ravel()
            return ["".join(map(chr, file[r][()].ravel())) for r in references]

        countries = strings("countries")
        sectors = strings("sectors")
        # MATLAB stores [exporter, importer, sector]; h5py shows the axes reversed: [sector,
        # importer, exporter].
        total = np.ascontiguousarray(file["data/Xjik_3D"][()].transpose(0, 2, 1))
    reduced = np.load(folder / "icio2025_y2022_80x50_reduced.npz", allow_pickle=False)
    fine = [str(s) for s in reduced["sectors"]]
    goods = [s for s in fine if is_good(s)]
    if [str(c) for c in reduced["countries"]] != countries[:-1] or countries[-1] != REST:
        raise SystemExit("the two ICIO files list different economies, or in another order")
    if sectors[:-1] != goods:
        raise SystemExit("the two ICIO files list different goods sectors, or in another order")
    place = np.array([goods.index(s) if s in goods else len(goods) for s in fine])
    add = (np.arange(len(goods) + 1)[:, None] == place).astype(float)
    fine_flows = reduced["interm_trade_sector_exporter_importer_musd"].astype(float)
    fine_use = reduced["interm_use_input_buyersector_country_musd"].astype(float)
    services = tuple(s for s in fine if s not in goods)
    abroad = fine_flows.sum(axis=(1, 2)) - np.trace(fine_flows, axis1=1, axis2=2)
    raw = Raw(
        tuple(countries),
        (*goods, SERVICES),
        total,
        np.einsum("gs,sod->god", add, fine_flows),
        np.einsum("gk,hs,ksn->ghn", add, add, fine_use, optimize=True),
        {s: float(abroad[i]) for i, s in enumerate(fine) if s in services},
        services,
    )
    output = add @ reduced["gross_output_sector_country_musd"].astype(float)
    gap = np.abs(total.sum(axis=2)[:, :-1] - output)
    if (gap > 0.5 + 1e-4 * output).any():
        raise SystemExit(f"gross output of the two ICIO files differs by up to {gap.max():.6g} USD million")
    return raw


def build_accounts(raw: Raw) -> Accounts:
    """Join the two reductions; see the module's text for the rules."""
    F, rest = raw.total, len(raw.countries) - 1
    N, J = len(raw.countries), len(raw.sectors)
    known = raw.countries[:rest]
    adjustments: list[dict[str, Any]] = []
    imputed: list[dict[str, Any]] = []

    # 1. among the 80
    inside = F[:, :rest, :rest]
    excess = np.maximum(raw.intermediate - inside, 0.0)
    adjustments.append(
        note(
            "intermediate flows above total flows cut to the total, so that final demand is not negative",
            excess,
            (raw.sectors, known, known),
        )
    )
    intermediate = np.zeros((J, N, N))
    intermediate[:, :rest, :rest] = np.minimum(raw.intermediate, inside)

    # 2. sales of the rest of the world to the 80
    foreign = ~np.eye(rest, dtype=bool)
    bought = (inside * foreign).sum(axis=1)
    as_input = (intermediate[:, :rest, :rest] * foreign).sum(axis=1)
    if (F[:, rest, :rest] > 0)[bought <= 0].any():
        raise SystemExit("an economy buys a good abroad from the rest of the world alone: no share to impute from")
    share = np.divide(as_input, bought, out=np.zeros_like(bought), where=bought > 0)
    intermediate[:, rest, :rest] = F[:, rest, :rest] * share
    supply = intermediate[:, :, :rest].sum(axis=1)
    listed = raw.use.sum(axis=1)
    if ((supply > 0) & (listed <= 0)).any():
        raise SystemExit("a good is sold as an input, but no sector is listed that buys it")
    use = np.zeros((J, J, N))
    use[:, :, :rest] = raw.use * np.divide(supply, listed, out=np.zeros_like(supply), where=listed > 0)[:, None, :]
    imputed.append(
        {
            "what": "intermediate part of what the 80 economies buy from the rest of the world, by buying sector",
            "why": "the source lists intermediate flows and inputs among the 80 economies only",
            "how": "share of intermediates in the same economy's imports of the same sector from "
            "its other foreign "
            "suppliers; spread over buying sectors like its known inputs of that sector",
            "cells": int(np.count_nonzero(intermediate[:, rest, :rest])),
            "value": float(intermediate[:, rest, :rest].sum()),
        }
    )

    # Inputs above output: the imputed part gives way, and what it leaves goes to final demand.
    output = F.sum(axis=2)
    inputs = use.sum(axis=0)
    allowed = output * (1 - LEAST_FACTOR_SHARE)
    over = np.where(inputs > allowed, inputs - allowed, 0.0)
    over[:, rest] = 0.0
    if (over > 0).any():
        adjustments.append(
            note(
                "inputs above output scaled down to it; what is freed of imports from the rest of "
                "the world goes to "
                "final demand",
                over,
                (raw.sectors, raw.countries),
            )
        )
        scaled = use * np.where(over > 0, allowed / np.where(inputs > 0, inputs, 1.0), 1.0)
        freed = (use - scaled).sum(axis=1)
        if (freed[:, :rest] > intermediate[:, rest, :rest]).any():
            raise SystemExit("inputs exceed output by more than the imputed purchases from the rest of the world")
        intermediate[:, rest, :] -= freed
        use = scaled

    # 3. the rest of the world as a buyer
    technique = np.divide(
        use.sum(axis=2),
        output[:, :rest].sum(axis=1),
        out=np.zeros((J, J)),
        where=output[:, :rest].sum(axis=1) > 0,
    )
    asked = technique * output[:, rest]
    absorbed = F[:, :, rest].sum(axis=1)
    wanted = asked.sum(axis=1)
    given = np.minimum(wanted, absorbed)
    ratio = np.divide(given, wanted, out=np.zeros(J), where=wanted > 0)
    use[:, :, rest] = asked * ratio[:, None]
    intermediate[:, :, rest] = F[:, :, rest] * np.divide(given, absorbed, out=np.zeros(J), where=absorbed > 0)[:, None]
    bound = [s for s, r in zip(raw.sectors, ratio, strict=True) if r < 1]
    imputed.append(
        {
            "what": "inputs of the rest of the world, and the intermediate part of all that it buys",
            "why": "the source does not list the rest of the world's inputs",
            "how": "pooled technique of the 80 economies, each input within what the rest of the "
            "world absorbs "
            f"(binding for {', '.join(bound) or 'none'}); the same intermediate share for all "
            f"origins",
            "cells": int(np.count_nonzero(use[:, :, rest])),
            "value": float(use[:, :, rest].sum()),
            "scaled": {s: round(float(r), 4) for s, r in zip(raw.sectors, ratio, strict=True) if r < 1},
        }
    )
    return Accounts(F, F - intermediate, use, imputed, adjustments)


def note(what: str, changes: Array, labels: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Count, value and the five largest of some changes, the latter as text."""
    order = np.argsort(-changes, axis=None, kind="stable")[:5]
    worst = []
    for flat in order:
        index = np.unravel_index(flat, changes.shape)
        if changes[index] > 0:
            sector, *places = (axis[i] for axis, i in zip(labels, index, strict=True))
            worst.append(f"{sector} {'→'.join(places)} {changes[index]:.4g}")
    return {
        "what": what,
        "cells": int(np.count_nonzero(changes)),
        "value": float(changes.sum()),
        "worst": "; ".join(worst),
    }


def read_population(path: Path, countries: Sequence[str]) -> tuple[Array, str]:
    """Persons [n] in the base year, and how the rest of the world was found."""
    listed = {r["iso3"]: float(r["population"]) for r in read_rows(path) if r["year"] == str(YEAR) and r["population"]}
    listed["TWN"] = TAIWAN
    people = np.array([listed.get(c, np.nan) for c in countries])
    rest = countries.index(REST)
    if np.isnan(np.delete(people, rest)).any():
        raise SystemExit("an economy has no population")
    # The World Bank's world total exceeds the sum of its 217 economies by 23.2 million, which is
    # Taiwan.
    people[rest] = listed["WLD"] - np.nansum(people)
    return people, (
        f"World Bank, {YEAR}; Taiwan 23.4 million (national statistics); rest of the world: the "
        f"World Bank's "
        "world total, which includes Taiwan, less the 80 economies"
    )


def base_tariffs(
    which: str, sources: Path, countries: Sequence[str], sectors: Sequence[str]
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return base tariffs [s, o, d] and where they come from; `which` is "collected" or "none"."""
    rates = np.zeros((len(sectors), len(countries), len(countries)), dtype=np.float32)
    if which == "none":
        return rates, {"source": "none", "note": "no base tariffs: all are zero"}
    from tools.build_data.base_tariffs import us_collected

    collected = us_collected(sources, countries, sectors)
    importer = list(countries).index("USA")
    rates[:, :, importer] = collected.rates
    rates[:, importer, importer] = 0.0
    return rates, dict(collected.metadata)


def build(sources: Path, tariffs: str = "collected") -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the embedded world's arrays and metadata."""
    raw = read_raw(sources / "world" / "icio2022")
    accounts = build_accounts(raw)
    groups = {s: (s,) for s in raw.sectors[:-1]} | {SERVICES: raw.services}
    theta, records = elasticities.for_groups(elasticities.elasticity_set(), groups, raw.services_trade)
    people, how_people = read_population(sources / "macro" / "population.csv", raw.countries)
    rates, tariff_meta = base_tariffs(tariffs, sources, raw.countries, raw.sectors)
    arrays: dict[str, NDArray[Any]] = {
        "flows": accounts.flows.astype(np.float32),
        "final": accounts.final.astype(np.float32),
        "use": accounts.use.astype(np.float32),
        "tariffs": rates,
        "elasticity": theta,
        "population": people,
    }
    meta = {
        "format": FORMAT,
        "name": NAME,
        "title": "OECD Inter-Country Input-Output Tables 2022: 80 economies and the rest of the world × 28 sectors",
        "year": YEAR,
        "vintage": "2025 edition",
        "countries": [{"code": c, "name": country_name(c)} for c in raw.countries],
        "sectors": [
            {"code": s, "name": sector_name(s), "goods": s != SERVICES, "members": list(groups[s])} for s in raw.sectors
        ],
        "units": "USD million, basic prices",
        "value_added": "output less inputs at basic prices: value added plus net taxes that "
        "producers pay on inputs; "
        "taxes on final demand are no part of the accounts",
        "sources": [
            {
                "title": "OECD Inter-Country Input-Output Tables, 2025 edition, year 2022",
                "licence": "CC BY 4.0",
                "attribution": "OECD, Inter-Country Input-Output Tables, 2025 edition",
                "note": "from two public reductions of the table (intermediate flows of 80 "
                "economies × 50 sectors; total "
                "flows of 81 economies × 28 sectors), joined and completed by Surtax; the OECD "
                "does not endorse it",
            },
            {
                "title": "Population, World Development Indicators",
                "licence": "CC BY 4.0",
                "attribution": "World Bank",
                "note": how_people,
            },
            {
                "title": "US imports for consumption and calculated duties, 2024",
                "licence": "public domain (US government work)",
                "attribution": "US Census Bureau",
                "note": "base tariffs of the United States by sector and origin; see tariffs",
            },
            {
                "title": "Trade elasticities by sector",
                "licence": "published estimates",
                "attribution": "Fontagné, Guimbard & Orefice (2022); Ahmad & Schreiber (2024); "
                "Bachmann, Baqaee et al. (2024)",
                "note": "numbers cited from the papers; see elasticities",
            },
        ],
        "build": "python -m tools.build_data world",
        "imputed": accounts.imputed,
        "adjustments": accounts.adjustments,
        "tariffs": tariff_meta,
        "elasticities": {
            "set": elasticities.DEFAULT,
            "source": "Fontagné, Guimbard & Orefice (2022) for goods; gaps: Bachmann, Baqaee et "
            "al. (2024); services: "
            "mean of the services sectors weighted by intermediate trade between the 80 economies "
            "(O and T have none)",
            "by_sector": records,
        },
    }
    return arrays, meta


def run(sources: Path, arguments: list[str]) -> None:
    """Build and write the world, and print what a reader should look at."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_data world", description=__doc__)
    parser.add_argument("--tariffs", choices=["collected", "none"], default="collected")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    arrays, meta = build(sources, options.tariffs)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_world(options.out, arrays, meta)
    report(arrays, meta)
    print(f"{options.out.name}: {options.out.stat().st_size / 1e6:.2f} MB")


def report(arrays: dict[str, NDArray[Any]], meta: dict[str, Any]) -> None:
    """Print the main numbers, what was imputed and adjusted, and the most unusual cells."""
    flows = arrays["flows"].astype(float)
    output = flows.sum(axis=2)
    income = output - arrays["use"].astype(float).sum(axis=0)
    codes = [c["code"] for c in meta["countries"]]
    sectors = [s["code"] for s in meta["sectors"]]
    total = income.sum()
    us = codes.index("USA")
    print(f"factor income of the world {total / 1e6:.2f} tn USD, of the US {100 * income[:, us].sum() / total:.1f} %")
    print(f"cells without output: {int((output == 0).sum())}; zero flows: {int((flows == 0).sum())}")
    for kind in ("imputed", "adjustments"):
        for entry in meta[kind]:
            print(f"{kind}: {entry['what']}: {entry['cells']} cells, {entry['value']:.6g} USD million")
            print(f"    {entry.get('worst') or entry.get('how')}")
    share = np.divide(income, output, out=np.full_like(output, np.nan), where=output > 0)
    order = [i for i in np.argsort(share, axis=None) if output.flat[i] > 0]
    for what, chosen in (("lowest", order[:10]), ("highest", order[-10:])):
        text = ", ".join(
            f"{sectors[s]} {codes[n]} {share[s, n]:.3f}" for s, n in (np.unravel_index(i, share.shape) for i in chosen)
        )
        print(f"{what} factor shares: {text}")
