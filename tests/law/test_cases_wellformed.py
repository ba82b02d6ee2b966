"""The golden cases themselves: shape, arithmetic, and codes that exist at their dates."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = sorted((HERE / "cases").glob("*.yaml"))

STATUSES = {"complete", "surtax-only", "refused"}
PREFERENCES = {"none", "usmca"}
LINE_KEYS = {
    "importer",
    "origin",
    "product",
    "on",
    "preference",
    "us_content",
    "metal_content",
    "value",
    "quantity",
}
OPTIONAL_LINE_KEYS = {"unit", "ca_mx_content"}
CASE_KEYS = {"id", "line", "expect", "why", "source"}
OPTIONAL_CASE_KEYS = {"code_exists", "confidence"}
EXPECT_KEYS = {"status", "total_rate", "total_range", "bounds", "partial", "measures"}
# The HTS files and the first day each stands for (policy dates of revision_dates.csv).
REVISIONS = (
    ("2025-01-01", "2025_basic"),
    ("2025-03-14", "2025_rev_5"),
    ("2025-04-15", "2025_rev_10"),
    ("2025-05-16", "2025_rev_13"),
    ("2025-07-01", "2025_rev_16"),
    ("2025-08-27", "2025_rev_20"),
    ("2025-11-01", "2025_rev_26"),
    ("2025-12-05", "2025_rev_32"),
    ("2026-01-01", "2026_basic"),
    ("2026-02-24", "2026_rev_4"),
    ("2026-06-08", "2026_rev_10"),
)


def _load() -> list[tuple[str, dict[str, Any]]]:
    return [(path.stem, case) for path in FILES for case in yaml.safe_load(path.read_text(encoding="utf-8"))]


CASES = _load()
BY_ID = [pytest.param(case, id=case["id"]) for _, case in CASES]


def _tags() -> set[str]:
    text = (HERE / "cases" / "README.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", text, flags=re.MULTILINE))


def _sources() -> Path:
    return Path(os.environ.get("SURTAX_SOURCES") or ROOT / ".." / "shared" / "data")


def _statuses(case: dict[str, Any]) -> set[str]:
    status = case["expect"]["status"]
    return set(status) if isinstance(status, list) else {status}


def test_there_are_enough_cases_with_distinct_ids() -> None:
    ids = [case["id"] for _, case in CASES]
    assert len(ids) >= 150
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", i) for i in ids)


def test_no_two_cases_ask_the_same_question_with_different_answers() -> None:
    seen: dict[str, dict[str, Any]] = {}
    for _, case in CASES:
        expect = case["expect"]
        answer = {k: expect.get(k) for k in ("status", "total_rate", "total_range")}
        key = json.dumps(case["line"], default=str, sort_keys=True)
        assert seen.setdefault(key, answer) == answer, case["id"]


@pytest.mark.parametrize("case", BY_ID)
def test_case_has_the_documented_shape(case: dict[str, Any]) -> None:
    assert set(case) >= CASE_KEYS
    assert set(case) <= CASE_KEYS | OPTIONAL_CASE_KEYS
    line, expect = case["line"], case["expect"]
    assert set(line) >= LINE_KEYS
    assert set(line) <= LINE_KEYS | OPTIONAL_LINE_KEYS
    assert line["importer"] in {"USA", "CAN"}
    assert re.fullmatch(r"[A-Z]{3}", line["origin"])
    assert isinstance(line["product"], str)
    assert isinstance(line["on"], dt.date)
    assert line["preference"] in PREFERENCES
    assert (line["quantity"] is None) == ("unit" not in line)
    assert set(expect) <= EXPECT_KEYS
    assert _statuses(case) <= STATUSES
    assert case["why"].strip()
    assert case["source"].strip()


@pytest.mark.parametrize("case", BY_ID)
def test_expected_numbers_add_up(case: dict[str, Any]) -> None:
    expect = case["expect"]
    if _statuses(case) == {"refused"}:
        assert set(expect) == {"status"}
        return
    assert ("total_rate" in expect) != ("total_range" in expect)
    rates = []
    for tag, measure in expect.get("measures", {}).items():
        assert tag in _tags(), f"{tag} is not listed in README.md"
        assert set(measure) <= {"applies", "effective_rate"}
        if measure.get("applies") is False:
            assert "effective_rate" not in measure
        else:
            rates.append(float(measure["effective_rate"]))
    for key in ("total_range", "bounds"):
        if key in expect:
            low, high = expect[key]
            assert 0 <= low < high
    if "bounds" in expect:
        assert expect["bounds"][0] <= expect["total_rate"] <= expect["bounds"][1]
    if "total_rate" in expect and not expect.get("partial"):
        assert math.isclose(sum(rates), expect["total_rate"], abs_tol=1e-6)


@cache
def _hts_codes(revision: str) -> frozenset[str]:
    path = _sources() / "law" / "us" / "hts" / f"hts_{revision}.json.gz"
    if not path.is_file():
        pytest.skip(f"the HTS file hts_{revision}.json.gz is not under $SURTAX_SOURCES or ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return frozenset(row["htsno"] for row in json.load(handle) if row.get("htsno"))


@cache
def _canadian_items() -> frozenset[str]:
    folder = _sources() / "law" / "canada" / "xml"
    if not folder.is_dir():
        pytest.skip("the Canadian orders are not under $SURTAX_SOURCES or ../shared/data")
    texts = (path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.xml")))
    return frozenset(item for text in texts for item in re.findall(r"\d{4}\.\d\d\.\d\d", text))


@pytest.mark.parametrize("case", BY_ID)
def test_code_exists_in_the_nomenclature_of_its_date(case: dict[str, Any]) -> None:
    line, expected = case["line"], case.get("code_exists", True)
    product, day = line["product"], line["on"].isoformat()
    if line["importer"] == "CAN":
        assert (product in _canadian_items()) is expected
        return
    past = [name for start, name in REVISIONS if start <= day]
    codes = _hts_codes(past[-1] if past else REVISIONS[0][1])
    # A heading or a six-digit parent is in the files too, and is not a line that can be entered.
    assert (product in codes and len(product) >= len("0000.00.00")) is expected
