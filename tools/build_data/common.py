"""What the builders share: where the sources are, and how to read them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "surtax" / "data"


def default_sources() -> Path:
    """Folder of raw material: $SURTAX_SOURCES, or `../shared/data` beside the repository."""
    return Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data"))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header as dictionaries."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
