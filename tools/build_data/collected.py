"""What US customs collected on goods of Canada, by month: a comparator, never an input."""

from __future__ import annotations

import csv
from pathlib import Path

from tools.build_data.common import DATA, no_options, read_rows

SOURCE = (
    "US Census Bureau: calculated duties over imports for consumption (public domain), through tradewartracker (MIT)"
)


def run(sources: Path, arguments: list[str]) -> None:
    """Write `data/trade/us_collected_canada.csv`."""
    no_options("collected", arguments)
    rows = read_rows(sources / "trade" / "us_collected_duties_canada_2025.csv")
    with (DATA / "trade" / "us_collected_canada.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "collected_rate_percent", "duty_usd_million", "source"])
        for row in rows:
            writer.writerow([row["month"], row["collected_rate_percent"], row["duty_usd_million"], SOURCE])
