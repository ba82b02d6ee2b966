"""Trade elasticities by sector, from estimates published by their authors: the sets that ship, and what they are.

`protee` is built by `elasticities_protee`, which needs the table of US imports.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, NamedTuple

from tools.build_data.common import DATA, no_options, read_rows
from tools.build_data.elasticities_published import (
    BOC,
    BOC_MAP,
    BOC_PAPER,
    BOC_PICKED,
    CP,
    CP_BOTH,
    CP_MAP,
    CP_PAPER,
    SETS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FOLDER = DATA / "elasticities"
COLUMNS = ("sector", "theta", "standard_error", "estimate", "source", "quality")
FGO_SOURCES = {
    "fontagne_guimbard_orefice_2022": "Fontagné, Guimbard & Orefice (2022)",
    "ahmad_schreiber_2024": "Ahmad & Schreiber (2024)",
    "bachmann_baqaee_2024_wiod": "Bachmann, Baqaee et al. (2024)",
}
FGO_QUALITY = {"direct": "direct", "approximate": "approximate", "placeholder": "assumed"}


class Row(NamedTuple):
    """One line of a set; `standard_error` is None where none is published."""

    sector: str
    theta: float
    standard_error: float | None
    estimate: str
    source: str
    quality: str


def write_set(folder: Path, name: str, rows: Iterable[Row], builder: str = "elasticities") -> None:
    """Write one set as CSV, its title and builder at the head."""
    kept = list(rows)
    wrong = [r.sector for r in kept if not r.theta > 0 or (r.standard_error is not None and not r.standard_error > 0)]
    if wrong:
        raise SystemExit(f"{name}: {', '.join(wrong)} is not positive")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(
            f"# {SETS[name]['title']}\n"
            f"# By sector of the OECD's ICIO tables (2025 edition): theta > 0. What each column means: sets.json.\n"
            f"# Built by: python -m tools.build_data {builder}\n"
        )
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for r in kept:
            error = "" if r.standard_error is None else f"{r.standard_error:.10g}"
            writer.writerow([r.sector, f"{r.theta:.10g}", error, r.estimate, r.source, r.quality])
    print(f"{name}.csv: {len(kept)} sectors")


def mapped(
    table: Mapping[str, tuple[float, float]],
    places: Mapping[str, tuple[tuple[str, ...], str]],
    source: Mapping[str, str],
) -> list[Row]:
    """Return the rows of a set from published rows; several for one sector are averaged as independent estimates."""
    rows = []
    for sector, (names, quality) in places.items():
        values, errors = [table[n][0] for n in names], [table[n][1] for n in names]
        error = sum(e * e for e in errors) ** 0.5 / len(names)
        sources = "; ".join(dict.fromkeys(source[n] for n in names))
        rows.append(Row(sector, sum(values) / len(names), error, "; ".join(names), sources, quality))
    return rows


def fgo(sources: Path) -> list[Row]:
    """The default set: one row for each sector of the source, digits as published."""
    rows = []
    for r in read_rows(sources / "elasticities" / "icio50_trade_elasticities.csv"):
        theta = float(r["trade_elast"])
        rows.append(Row(r["icio_sector"], theta, None, r["icio_sector"], FGO_SOURCES[r["source"]],
                        FGO_QUALITY[r["mapping_quality"]]))  # fmt: skip
    return rows


def boc_of_2016() -> dict[str, tuple[float, float]]:
    """The Bank's estimates on data of 2016."""
    return {name: row[:2] for name, row in BOC.items()}


def boc_picked(sources: Path) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """The estimate of 2016 where it differs from zero at five per cent, else that of 1993; and which it is.

    The rule is checked against the values at hand, which were picked by somebody else.
    """
    table, source = {}, {}
    for name, (theta, error, old, old_error) in BOC.items():
        recent = theta / error > BOC_PICKED
        table[name] = (theta, error) if recent else (old, old_error)
        source[name] = f"{BOC_PAPER}, Table 1, {'2016' if recent else '1993'}"
    for r in read_rows(sources / "elasticities" / "boc_theta.csv"):
        names = [n.strip() for n in r["boc_component"].split(";")]
        mean = sum(table[n][0] for n in names) / len(names)
        if abs(mean - float(r["theta_base"])) > 1e-9:
            raise SystemExit(
                f"boc: {r['boc_component']} is {mean:g} by the rule and {r['theta_base']} in boc_theta.csv"
            )
    return table, source


def run(sources: Path, arguments: list[str]) -> None:
    """Write the sets and `sets.json`; `sources` is the folder of raw material."""
    no_options("elasticities", arguments)
    write_set(FOLDER, "fgo", fgo(sources))
    for name, column in (("caliendo-parro-2015", 2), ("caliendo-parro-2015-full", 0)):
        table = {n: (row[column], row[column + 1]) for n, row in CP.items()}
        words = "99 % sample" if column else "full sample"
        write_set(FOLDER, name, mapped(table, CP_MAP, dict.fromkeys(CP, f"{CP_PAPER}, Table 1, {words}")))
    table, source = boc_picked(sources)
    write_set(FOLDER, "boc", mapped(table, BOC_MAP, source))
    source = dict.fromkeys(BOC, f"{BOC_PAPER}, Table 1, 2016")
    write_set(FOLDER, "boc-2016", mapped(boc_of_2016(), BOC_MAP, source))
    for name, (old, old_error) in CP_BOTH.items():
        # Two independent copies of one table: the Bank's, to one decimal, and ours.
        theta, error = CP[name][:2]
        if abs(theta - old) > 0.0501 or abs(error - old_error) > 0.0501:
            raise SystemExit(
                f"caliendo-parro-2015-full: {name} is {theta} ({error}), the other copy {old} ({old_error})"
            )
    text = json.dumps(
        {"format": "surtax-elasticity-sets/1", "build": "python -m tools.build_data elasticities", "sets": SETS},
        ensure_ascii=False, indent=1,
    )  # fmt: skip
    (FOLDER / "sets.json").write_text(text + "\n", encoding="utf-8")
    print(f"sets.json: {len(SETS)} sets")
