"""How fast the law answers: single duties, and schedules of many lines and dates, against a loop.

    python -m benchmarks.law [--sources DIR] [--sample N] [--all-partners]

The lines are those that the United States imported in 2024 (US Census Bureau; ten-digit codes of one partner,
or of all fifty without counting Slovakia's part of the EU twice), the dates every day of 2025 and 2026 that is
covered. The loop asks `Law.duty` for a sample of lines once an epoch (a spell in which the law does not change),
so that it is not slowed by days on which nothing happens; the whole is the sample scaled up. Memory is the
process's peak. Targets: 12,203 Canadian lines at most 2 s; all partner-lines at most 30 s and 1.5 GB; one duty at
most 1 ms.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import os
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np

import surtax.law
from surtax.law.grid import UNKNOWN, Lines

CANADA, EU, SLOVAKIA = "1220", "0003", "4359"


def partner_lines(sources: Path, partner: str) -> list[str]:
    """Return the ten-digit codes imported from a partner in 2024."""
    import polars as pl

    path = sources / "trade" / "us_imports_hs10_2024" / f"2024-hs10-imports{partner}.parquet"
    return [str(c) for c in pl.read_parquet(path, columns=["I_COMMODITY"])["I_COMMODITY"].to_list()]


def partners(sources: Path) -> dict[str, str]:
    """Return Census code to ISO 3166 code of the partners with a file; the EU stands for Germany."""
    folder = sources / "trade" / "us_imports_hs10_2024"
    with (folder / "CensusCountryMapping_FRBAtl_short.csv").open(encoding="utf-8-sig", newline="") as file:
        names = {row["CTY_CODE"]: row["ISO3"] for row in csv.DictReader(file)}
    names[EU] = "DEU"
    found = sorted(p.stem.removeprefix("2024-hs10-imports") for p in folder.glob("2024-hs10-imports*.parquet"))
    return {c: names[c] for c in found if c != SLOVAKIA}


def covered_days(law: surtax.law.Law) -> list[dt.date]:
    """Return every day of 2025 and 2026 that the law covers."""
    place = law.jurisdiction("USA")
    return [dt.date.fromordinal(d) for d in range(place.start, place.end)]


def peak_mb() -> float:
    """Return the peak memory of this process, MB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / 1024 if sys.platform != "darwin" else size / 1024**2


def single(law: surtax.law.Law, count: int = 1000) -> float:
    """Return seconds for one warm duty."""
    about = {"importer": "USA", "origin": "CAN", "on": "2025-08-06", "preference": "usmca", "us_content": 0.4}
    law.duty("8703.23.01", **about)
    start = time.perf_counter()
    for _ in range(count):
        law.duty("8703.23.01", **about)
    return (time.perf_counter() - start) / count


def run(law: surtax.law.Law, codes: list[str], origins: str | list[str], sample: int) -> None:
    """Time one schedule, compare a sample with the loop, and print both."""
    days = covered_days(law)
    lines = Lines("USA", codes, origins, claimed=0.0, metal_content=0.4, us_content=0.2)
    start = time.perf_counter()
    table = law.schedule(lines, days)
    whole = time.perf_counter() - start
    n, epochs = table.rates.shape
    pick = random.Random(1).sample(range(n), min(sample, n))  # noqa: S311
    firsts = [int(table.dates[table.epochs == e][0]) for e in range(epochs)]
    wrong = 0
    start = time.perf_counter()
    for i in pick:
        origin = origins if isinstance(origins, str) else origins[i]
        for e, day in enumerate(firsts):
            one = law.duty(
                codes[i],
                importer="USA",
                origin=origin,
                on=dt.date.fromordinal(day),
                metal_content=0.4,
                us_content=0.2,
            ).total_rate
            rate = table.rates[i, e]
            wrong += (one is None) != bool(np.isnan(rate)) or (one is not None and abs(one - rate) > 1e-6)
    loop = (time.perf_counter() - start) * n / len(pick)
    known = np.mean(~np.isnan(table.rates))
    unknown = np.mean(table.status == UNKNOWN)
    print(
        f"{n:,} lines x {len(days)} days ({epochs} epochs): {whole:.2f} s, {1e9 * whole / (n * epochs):.0f} ns a "
        f"line and epoch; line by line {loop:.0f} s, {loop / whole:.0f} times as long; {len(pick)} lines compared, "
        f"{wrong} differ; known {known:.1%}, unknown {unknown:.1%}; peak {peak_mb():.0f} MB"
    )


def main() -> None:
    """Run the benchmarks."""
    root = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("SURTAX_SOURCES", root.parent / "shared" / "data")
    parser.add_argument("--sources", type=Path, default=Path(default))
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--all-partners", action="store_true")
    options = parser.parse_args()
    start = time.perf_counter()
    law = surtax.law.load()
    print(f"load {1e3 * (time.perf_counter() - start):.1f} ms; one warm duty {1e3 * single(law):.3f} ms")
    run(law, partner_lines(options.sources, CANADA), "CAN", options.sample)
    if options.all_partners:
        codes: list[str] = []
        origins: list[str] = []
        for census, iso3 in partners(options.sources).items():
            mine = partner_lines(options.sources, census)
            codes += mine
            origins += [iso3] * len(mine)
        run(law, codes, origins, options.sample)


if __name__ == "__main__":
    main()
