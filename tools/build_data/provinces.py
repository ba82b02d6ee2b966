"""Two worlds in which Canada is ten provinces.

`provinces-2021`: the ten provinces, six partners and the rest × 23 sectors, as Statistics Canada's provincial tables
and the OECD's ICIO have 2021 (through a public calibration of them). Values in CAD million. Inputs are those of one
national matrix in every region; where they ask for more of an input than a region absorbs they are scaled to it and the
sector's other inputs take the rest, so that final demand is never negative.

`canada-provinces-2022`: the embedded world with Canada split by the pattern of the first (see `surtax.world.split`):
its provinces add up to the Canada of `oecd-icio-2022` cell by cell.

`regions/provinces_employment_2021.csv`: employed persons by province and the same 23 sectors.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from surtax.world import load_world, split
from surtax.world.files import FORMAT
from surtax.world.library import save_world
from surtax.world.world import Adjustment, World
from tools.build_data.common import DATA, no_options

Array = NDArray[np.float64]

WORLDS = DATA / "worlds"
EMPLOYMENT = DATA / "regions" / "provinces_employment_2021.csv"
NAME, LINKED = "provinces-2021", "canada-provinces-2022"

# Persons on 1 July 2022, Statistics Canada, population estimates (table 17-10-0005-01).
PROVINCES = {
    "Newfoundland and Labrador": ("CA-NL", 525_972), "Prince Edward Island": ("CA-PE", 170_688),
    "Nova Scotia": ("CA-NS", 1_019_725), "New Brunswick": ("CA-NB", 812_061), "Quebec": ("CA-QC", 8_695_659),
    "Ontario": ("CA-ON", 15_109_416), "Manitoba": ("CA-MB", 1_409_223), "Saskatchewan": ("CA-SK", 1_194_803),
    "Alberta": ("CA-AB", 4_543_111), "British Columbia": ("CA-BC", 5_319_324),
}  # fmt: skip
PARTNERS = {
    "United States": "USA", "China": "CHN", "United Kingdom": "GBR", "Japan": "JPN", "Mexico": "MEX",
    "Germany": "DEU", "Rest of World": "ROW",
}  # fmt: skip
# Source's label → code, whether a good, and the sectors of the OECD's 2025 edition that it covers. Plastics stand with
# chemicals and machinery with metals, as the source's own grouping of the national tables has them.
SECTORS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    "Agriculture, Forestry, Fishing": ("AGR", True, ("A01", "A02", "A03")),
    "Mining and Extraction": ("MIN", True, ("B05", "B06", "B07", "B08", "B09")),
    "Utilities": ("UTL", False, ()),
    "Construction": ("CON", False, ()),
    "Food, Beverage, Tobacco": ("FBT", True, ("C10T12",)),
    "Textile, Apparel, Leather": ("TEX", True, ("C13T15",)),
    "Wood, Paper, Printing": ("WPP", True, ("C16", "C17_18")),
    "Petroleum and Chemicals": ("PCH", True, ("C19", "C20", "C21", "C22")),
    "Non-metallic Mineral Products": ("NMM", True, ("C23",)),
    "Metals and Machinery": ("MET", True, ("C24A", "C24B", "C25", "C28")),
    "Computers, Electronics, Electrical": ("CEE", True, ("C26", "C27")),
    "Transportation Equipment": ("TRE", True, ("C29", "C301", "C302T309")),
    "Furniture and Other Manufacturing": ("FUR", True, ("C31T33",)),
    "Wholesale and Retail Trade": ("WRT", False, ()),
    "Transportation Services": ("TRS", False, ()),
    "Information and Communication": ("INF", False, ()),
    "Finance and Insurance": ("FIN", False, ()),
    "Real Estate, Rental, Leasing": ("REA", False, ()),
    "Professional and Administrative Services": ("PRO", False, ()),
    "Education": ("EDU", False, ()),
    "Health": ("HEA", False, ()),
    "Arts, Recreation, Accommodation, Food": ("ART", False, ()),
    "Public Administration and Other Services": ("PUB", False, ()),
}
ROUNDS = 10_000
ALIKE = (
    "sectors that the provincial accounts have in one (motor vehicles and aircraft; iron, aluminium and machinery; oil "
    "and metal ores) are split alike: Ontario's cars and Quebec's aluminium are understated"
)


@dataclass(frozen=True)
class Source:
    """The calibration's tables in the order of `regions` and `SECTORS`; money in CAD million.

    Attributes
    ----------
    flows : [s,o,d]; inputs : [k,s] shares of all inputs; value_added, final_shares, persons : [s,n]; dispersion : [s].
    """

    regions: tuple[str, ...]
    flows: Array
    inputs: Array
    value_added: Array
    final_shares: Array
    persons: Array
    dispersion: Array


def read(folder: Path) -> Source:
    """Read the tables of a calibration."""
    regions = (*PROVINCES, *PARTNERS)
    place = {"sector": list(SECTORS), "region": list(regions)}

    def table(name: str, *keys: tuple[str, str], fill: float = np.nan) -> Array:
        frame = pl.read_parquet(folder / f"{name}.parquet")
        out = np.full([len(place[kind]) for _, kind in keys], fill)
        at = [[place[kind].index(v) for v in frame[column]] for column, kind in keys]
        out[tuple(at)] = frame["value"].to_numpy()
        if np.isnan(out).any():
            raise SystemExit(f"{name}: a cell is missing")
        return out

    # Cells of the trade table that are absent are flows that do not exist.
    flows = table("bilateral_trade", ("sector", "sector"), ("source", "region"), ("destination", "region"), fill=0.0)
    by_region = (("sector", "sector"), ("region", "region"))
    return Source(
        regions,
        flows / 1000,
        table("io_matrix", ("source_sector", "sector"), ("dest_sector", "sector")),
        table("value_added_share", *by_region),
        table("final_demand_share", *by_region),
        table("employment", *by_region),
        table("sectoral_dispersion", ("sector", "sector")),
    )


def inputs_that_fit(source: Source) -> tuple[Array, Adjustment]:
    """Shares of cost γ [k,s,n], the national matrix scaled so that no input exceeds what a region absorbs.

    Rows are scaled down to what is absorbed, then columns back to what value added leaves, until both hold.
    """
    Y, E = source.flows.sum(axis=2), source.flows.sum(axis=1)
    asked = source.inputs[:, :, None] * ((1 - source.value_added) * Y)[None]
    use = asked.copy()
    columns = asked.sum(axis=0)
    for _ in range(ROUNDS):
        rows = use.sum(axis=1)
        factor = np.minimum(1.0, np.divide(E, rows, out=np.ones_like(E), where=rows > 0))
        use = use * factor[:, None, :]
        total = use.sum(axis=0)
        use = use * np.divide(columns, total, out=np.ones_like(total), where=total > 0)[None]
        if (use.sum(axis=1) <= E * (1 + 1e-10)).all():
            break
    else:
        raise SystemExit("inputs cannot be fitted within what regions absorb")
    moved = np.abs(use - asked)
    worst = np.unravel_index(int(np.argmax(moved)), moved.shape)
    codes = [c for c, _, _ in SECTORS.values()]
    note = Adjustment(
        "national input shares scaled to what each region absorbs, so that final demand is not negative",
        int((moved > 1e-6 * np.maximum(asked, 1e-9)).sum()),
        float(moved.sum() / 2),
        f"{codes[worst[0]]} into {codes[worst[1]]} in {source.regions[worst[2]]} {moved[worst]:.4g}",
    )
    return np.divide(use, Y[None], out=np.zeros_like(use), where=Y[None] > 0), note


def own_world(source: Source) -> World:
    """The world of 17 regions × 23 sectors."""
    gamma, note = inputs_that_fit(source)
    codes = [PROVINCES[r][0] if r in PROVINCES else PARTNERS[r] for r in source.regions]
    national = load_world()
    people = [
        float(PROVINCES[r][1]) if r in PROVINCES else _population(national, PARTNERS[r], codes) for r in source.regions
    ]
    rates, how = _base_tariffs(national, codes)
    meta = {
        "format": FORMAT,
        "name": NAME,
        "title": "Canada's provinces 2021: ten provinces, six partners and the rest of the world × 23 sectors",
        "year": 2021,
        "vintage": "StatCan 2021, OECD ICIO 2023 edition",
        "parts": {"CAN": [code for code, _ in PROVINCES.values()]},
        "sectors": [
            {"code": code, "name": name, "goods": good, "members": list(members)}
            for name, (code, good, members) in SECTORS.items()
        ],
        "sources": [
            {
                "title": "Provincial symmetric input-output tables and interprovincial trade flows, 2021; employment",
                "licence": "Statistics Canada Open Licence",
                "attribution": "Statistics Canada; adapted; this does not constitute an endorsement",
                "note": "through the public calibration twedl/qge (MIT), canada_2021_partners",
            },
            {
                "title": "OECD Inter-Country Input-Output Tables, 2023 edition, year 2021",
                "licence": "CC BY 4.0",
                "attribution": "OECD",
                "note": "flows, value added and final demand outside Canada",
            },
        ],
        "build": "python -m tools.build_data provinces",
        "limits": [
            "a province's trade with each partner is its trade abroad split by Canada's shares of partners by sector",
            "one national matrix of inputs for every region, scaled to what it absorbs",
            "trade elasticities by the source's sectors, from estimates for US states and Caliendo & Parro (2015)",
            "employment is Statistics Canada's for provinces; the territories are left out",
        ],
        "imputed": [],
        "tariffs": how,
        "elasticities": {
            "set": "provinces",
            "source": "1 / the dispersion of the public calibration: Caliendo & Parro (2015) in manufacturing (means "
            "where two of their sectors are one here), 4.55 for everything else",
        },
    }
    world = World.from_arrays(
        codes,
        [code for code, _, _ in SECTORS.values()],
        source.flows,
        elasticity=1 / source.dispersion,
        tariffs=rates,
        inputs=gamma,
        value_added=source.value_added,
        inputs_as="shares",
        population=people,
        country_names=list(source.regions),
        sector_names=list(SECTORS),
        goods=[good for _, good, _ in SECTORS.values()],
        units="CAD million, basic prices",
        meta={k: v for k, v in meta.items() if k != "adjustments"},
    )
    return world.replace(adjustments=(note, *world.adjustments))


def _population(national: World, code: str, codes: list[str]) -> float:
    if national.population is None:
        raise SystemExit("the embedded world has no population")
    if code == "ROW":
        named = {*codes, "CAN"} - {"ROW"}
        return float(sum(p for c, p in zip(national.countries, national.population, strict=True) if c not in named))
    return float(national.population[national.country(code)])


def _base_tariffs(national: World, codes: list[str]) -> tuple[Array, dict[str, Any]]:
    """US base tariffs by sector and origin, means of the embedded world's weighted by its flows."""
    us = national.country("USA")
    rates = np.zeros((len(SECTORS), len(codes), len(codes)))
    goods = [(i, members) for i, (_, _, members) in enumerate(SECTORS.values()) if members]
    named = set(codes) - {"ROW"}
    for o, code in enumerate(codes):
        if code == "USA":
            continue
        if code.startswith("CA-"):
            origins = [national.country("CAN")]
        elif code == "ROW":
            origins = [n for n, c in enumerate(national.countries) if c not in named | {"CAN"}]
        else:
            origins = [national.country(code)]
        for s, members in goods:
            rows = [national.sector(m) for m in members]
            X = national.flows[np.ix_(rows, origins, [us])]
            duty = (national.tariffs[np.ix_(rows, origins, [us])] * X).sum()
            rates[s, o, codes.index("USA")] = duty / X.sum() if X.sum() > 0 else 0.0
    return rates, {
        "source": "US duties collected in 2024 by sector and origin, as in oecd-icio-2022, weighted by its flows",
        "note": "base tariffs of the United States only; Canada's on the US are none in the data",
    }


def pattern(source: Source, national: World) -> split.Pattern:
    """What `provinces-2021` says of the provinces, in the sectors and countries of the embedded world."""
    R = len(PROVINCES)
    groups = {m: i for i, (_, _, members) in enumerate(SECTORS.values()) for m in members}
    services = [i for i, (_, _, members) in enumerate(SECTORS.values()) if not members]
    rows = [[groups[s]] if s in groups else services for s in national.sectors]
    X = np.stack([source.flows[r].sum(axis=0) for r in rows])
    spent = (source.value_added * source.flows.sum(axis=2)).sum(axis=0) + source.flows.sum(axis=(0, 1))
    spent = spent - source.flows.sum(axis=(0, 2))
    final = source.final_shares * spent
    partner = [R + list(PARTNERS.values()).index(c if c in PARTNERS.values() else "ROW") for c in national.countries]
    return split.Pattern(
        codes=[code for code, _ in PROVINCES.values()],
        names=list(PROVINCES),
        output=X[:, :R].sum(axis=2),
        final=np.stack([final[r, :R].sum(axis=0) for r in rows]),
        internal=X[:, :R, :R],
        exports=X[:, :R][:, :, partner],
        imports=X[:, partner][:, :, :R],
        population=np.array([float(p) for _, p in PROVINCES.values()]),
    )


def linked_world(source: Source, national: World) -> World:
    """The embedded world with Canada in ten provinces."""
    meta = {
        "name": LINKED,
        "title": "OECD Inter-Country Input-Output Tables 2022 with Canada in ten provinces: 90 regions × 28 sectors",
        "build": "python -m tools.build_data provinces",
        "limits": [
            f"provinces add up to Canada cell by cell; how a cell is split is fitted to {NAME} and is no observation",
            ALIKE,
            "every province has Canada's technique by sector, and Canada's shares of partners in its trade",
            "the territories are in Canada's total and so in the provinces",
        ],
        "sources": [
            *national.meta["sources"],
            {
                "title": "Provincial symmetric input-output tables and interprovincial trade flows, 2021",
                "licence": "Statistics Canada Open Licence",
                "attribution": "Statistics Canada; adapted; this does not constitute an endorsement",
                "note": f"as the pattern by which Canada is split; see {NAME}",
            },
        ],
    }
    return split.split(national, "CAN", pattern(source, national), meta)


def run(sources: Path, arguments: list[str]) -> None:
    """Build and write both worlds."""
    no_options("provinces", arguments)
    source = read(sources / "world" / "provinces2021" / "canada_2021_partners")
    national = load_world()
    for name, world in ((NAME, own_world(source)), (LINKED, linked_world(source, national))):
        path = WORLDS / f"{name}.npz"
        save_world(world, path)
        print(f"{path.name}: {world!r}, {path.stat().st_size / 1e6:.2f} MB; base residual {world.base_residual:.1e}")
        for a in world.adjustments:
            print(f"  {a.what}: {a.cells} cells, {a.value:.4g}; {a.worst}")
    EMPLOYMENT.parent.mkdir(exist_ok=True)
    with EMPLOYMENT.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["province", "sector", "persons"])
        for r, (code, _) in enumerate(PROVINCES.values()):
            for s, (sector, _, _) in enumerate(SECTORS.values()):
                rows.writerow([code, sector, round(float(source.persons[s, r]))])
