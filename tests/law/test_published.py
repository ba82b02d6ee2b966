"""What is published with the law is up to date: the JSON Schema, the documentation's table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from surtax.law import schema

if TYPE_CHECKING:
    from surtax.law import Law

ROOT = Path(__file__).resolve().parents[2]
REMEDY = "run: python -m tools.build_data law --compile-only"


def test_the_json_schema_is_that_of_the_models() -> None:
    text = (ROOT / "docs" / "measure-schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == schema.json_schema(), REMEDY


def test_the_coverage_table_names_every_canadian_measure(law: Law) -> None:
    text = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")
    mine = {m.id for m in law.measures.values() if m.levied_by == "CAN"}
    assert set(re.findall(r"`(ca-[a-z0-9-]+)`", text)) >= mine


def test_every_source_of_a_canadian_measure_is_named(law: Law) -> None:
    for m in law.measures.values():
        assert m.sources or m.levied_by != "CAN", m.id
        assert all(s.startswith(("canada/xml/", "us/")) for s in m.sources), m.id
