"""What the builders share: where the sources are, and how to read them."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "surtax" / "data"


def default_sources() -> Path:
    """Folder of raw material: $SURTAX_SOURCES, or `../shared/data` beside the repository."""
    return Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data"))


def no_options(builder: str, arguments: list[str]) -> None:
    """Leave with an error if a builder that takes no options was given some."""
    if arguments:
        raise SystemExit(f"{builder} takes no options, only --sources DIR; got {' '.join(arguments)}")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header, gzipped or not, as text: codes keep their leading zeros."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
