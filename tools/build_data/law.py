"""Build the law that ships: lists from the sources, then the binary index.

`python -m tools.build_data law` runs the loaders of both jurisdictions and compiles;
`--compile-only` leaves the lists as they are. The same sources give the same bytes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from surtax.law import schema
from surtax.law.compiler import compile_folder
from tools.build_data import law_canada, law_usa_ieepa, law_usa_mfn, law_usa_s232

ROOT = Path(__file__).resolve().parents[2]
LAW = ROOT / "src" / "surtax" / "data" / "law"


def run(sources: Path, options: list[str]) -> None:
    """Write lists, index and JSON Schema."""
    if "--compile-only" not in options:
        law_canada.run(sources, LAW / "CAN")
        law_usa_mfn.run(sources, LAW / "USA")
        law_usa_ieepa.run(sources, LAW / "USA")
        law_usa_s232.run(sources, LAW / "USA")
    data = compile_folder(LAW)
    (LAW / "law.index").write_bytes(data)
    text = json.dumps(schema.json_schema(), indent=2, ensure_ascii=False) + "\n"
    (ROOT / "docs" / "measure-schema.json").write_text(text, encoding="utf-8")
    print(f"law: {len(data):,} bytes")


if __name__ == "__main__":
    run(Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data")), sys.argv[1:])
