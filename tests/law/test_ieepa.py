"""United States: duties under IEEPA, Sections 122, 301 and 338, against texts and headings."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from surtax.law.grid import Lines

if TYPE_CHECKING:
    from surtax.law import Answer, Finding, Law

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = ("us-ieepa-canada", "us-mexico", "us-china", "us-other-origins", "us-s122-s338")
TAGS = {
    "ieepa-canada": ["us-ieepa-can"],
    "ieepa-mexico": ["us-ieepa-mex"],
    "ieepa-china": ["us-ieepa-chn"],
    "ieepa-reciprocal": ["us-ieepa-reciprocal"],
    "ieepa-brazil": ["us-ieepa-bra"],
    "ieepa-india": ["us-ieepa-ind"],
    "s301": ["us-s301-chn"],
    "s122": ["us-s122"],
    "s338": ["us-s338-alcohol", "us-s338-dairy", "us-s338-vehicles"],
}
SIGNED = dt.date(2026, 7, 20).toordinal()
HANDBAG, SHIRT, PHONE = "4202.21.90.00", "6109.10.00", "8517.13.00.00"


def ask(law: Law, code: str, origin: str, on: str, **about: Any) -> Answer:
    return law.duty(code, importer="USA", origin=origin, on=on, **about)


def find(answer: Answer, name: str) -> Finding:
    return next(f for f in answer.measures if f.id == name)


def rate(law: Law, name: str, code: str, origin: str, on: str, **about: Any) -> float:
    found = find(ask(law, code, origin, on, **about), name)
    if found.applies is None and "ordinary duty" in found.reason:
        pytest.skip("the ordinary duty is not in this edition of the data")
    assert found.effective_rate is not None, found.reason
    return found.effective_rate


def cases() -> list[Any]:
    texts = [(HERE / "cases" / f"{name}.yaml").read_text(encoding="utf-8") for name in FILES]
    return [pytest.param(case, id=case["id"]) for text in texts for case in yaml.safe_load(text)]


@pytest.mark.parametrize("case", cases())
def test_golden_cases_of_these_measures(law: Law, case: dict[str, Any]) -> None:
    line, expect = case["line"], case["expect"]
    answer = ask(law, line["product"], line["origin"], str(line["on"]), preference=line["preference"])
    if expect["status"] == "refused":
        assert answer.status == "refused"
        return
    measures = expect.get("measures", {})
    metals = {name for name in law.measures if name.startswith("us-s232-")}
    for tag in TAGS.keys() & measures.keys():
        found = [find(answer, name) for name in TAGS[tag]]
        if any(f.applies is None and "ordinary duty" in f.reason for f in found):
            pytest.skip("the ordinary duty is not in this edition of the data")
        displaced = any(m.get("applies") for other, m in measures.items() if other.startswith("s232-"))
        stated = any(r.loser in TAGS[tag] and r.winner in metals for m in law.measures.values() for r in m.relations)
        if displaced and measures[tag].get("applies") is False and not stated:
            pytest.skip("the measures of Section 232 do not say yet that they displace this one")
        assert sum(f.effective_rate or 0 for f in found) == pytest.approx(measures[tag].get("effective_rate", 0)), tag


@pytest.mark.parametrize(
    ("name", "code", "origin", "on", "expected"),
    [
        ("us-ieepa-chn", SHIRT, "HKG", "2025-03-04", 20),
        ("us-ieepa-chn", SHIRT, "MAC", "2025-03-04", 0),
        ("us-s301-chn", HANDBAG, "HKG", "2025-03-04", 0),
        ("us-ieepa-reciprocal", HANDBAG, "MAC", "2025-04-10", 125),
        ("us-ieepa-reciprocal", HANDBAG, "CHN", "2025-04-09", 84),
        ("us-ieepa-reciprocal", HANDBAG, "LSO", "2025-04-08", 10),
        ("us-ieepa-reciprocal", HANDBAG, "LSO", "2025-04-09", 50),
        ("us-ieepa-reciprocal", HANDBAG, "LSO", "2025-04-10", 10),
        ("us-ieepa-reciprocal", HANDBAG, "LSO", "2025-08-07", 15),
        ("us-ieepa-reciprocal", HANDBAG, "SYR", "2025-08-07", 41),
        ("us-ieepa-reciprocal", HANDBAG, "CHL", "2025-08-07", 10),
        ("us-ieepa-reciprocal", HANDBAG, "IND", "2026-02-23", 25),
        ("us-ieepa-reciprocal", HANDBAG, "IND", "2026-02-24", 0),
        ("us-ieepa-ind", HANDBAG, "IND", "2025-08-26", 0),
        ("us-ieepa-ind", HANDBAG, "IND", "2026-02-06", 25),
        ("us-ieepa-ind", HANDBAG, "IND", "2026-02-07", 0),
        ("us-ieepa-ind", PHONE, "IND", "2025-09-01", 0),
        ("us-ieepa-bra", "2009.11.00", "BRA", "2025-08-06", 0),  # orange juice, from the start
        ("us-ieepa-bra", "0901.21.00", "BRA", "2025-11-12", 40),
        ("us-ieepa-bra", "0901.21.00", "BRA", "2025-11-13", 0),
        ("us-s122", SHIRT, "DEU", "2026-07-23", 10),
        ("us-s122", SHIRT, "DEU", "2026-07-24", 0),
        ("us-s122", "4823.90.86", "DEU", "2026-03-10", 10),  # on the aircraft list alone
        # the lists of Annex II by day
        ("us-ieepa-reciprocal", "2818.30.00", "DEU", "2025-09-07", 0),
        ("us-ieepa-reciprocal", "2504.10.10", "BRA", "2025-09-07", 10),
        ("us-ieepa-reciprocal", "2504.10.10", "BRA", "2025-09-08", 0),
        ("us-ieepa-reciprocal", "7411.10.10", "CHL", "2025-07-31", 0),  # copper, until Proc. 10962
        ("us-ieepa-reciprocal", "7403.11.00", "CHL", "2025-09-01", 0),
        ("us-ieepa-reciprocal", "4412.33.06", "CHL", "2025-10-13", 0),  # plywood, until Proc. 10976
        ("us-ieepa-reciprocal", "4412.33.06", "CHL", "2025-10-14", 10),
        ("us-ieepa-reciprocal", "0901.21.00", "COL", "2025-11-13", 0),
        # Section 301: steps of the review
        ("us-s301-chn", "2504.10.10", "CHN", "2025-12-31", 0),
        ("us-s301-chn", "2504.10.10", "CHN", "2026-01-01", 25),
        ("us-s301-chn", "4015.12.10.10", "CHN", "2025-12-31", 50),
        ("us-s301-chn", "4015.12.10.10", "CHN", "2026-01-01", 100),
        ("us-s301-chn", "8507.60.00.10", "CHN", "2025-06-01", 25),
        ("us-s301-chn", "8507.60.00.20", "CHN", "2025-06-01", 7.5),
        ("us-s301-chn", "8507.60.00.20", "CHN", "2026-01-01", 25),
        ("us-s301-chn", "8541.43.00.10", "CHN", "2025-01-01", 50),
        ("us-s301-chn", "8517.62.00.20", "CHN", "2025-01-01", 25),
        ("us-s301-chn", "8517.62.00.90", "CHN", "2025-01-01", 7.5),
        ("us-s301-chn", "8426.19.00.00", "CHN", "2025-06-01", 0),
        ("us-s201-solar", "8541.43.00.10", "VNM", "2025-02-06", 14.25),
        ("us-s201-solar", "8541.43.00.10", "VNM", "2026-02-06", 14),
        ("us-s201-solar", "8541.43.00.10", "VNM", "2026-02-07", 0),
        ("us-s201-solar", "8541.43.00.10", "KHM", "2025-06-01", 0),
        ("us-s201-solar", "8541.42.00.10", "VNM", "2025-06-01", 0),
    ],
)
def test_rates_at_their_boundaries(law: Law, name: str, code: str, origin: str, on: str, expected: float) -> None:
    assert rate(law, name, code, origin, on) == expected


@pytest.mark.parametrize(
    ("code", "origin", "on", "expected"),
    [
        (HANDBAG, "DEU", "2025-08-07", 6),
        (SHIRT, "DEU", "2025-08-07", 0),
        (HANDBAG, "JPN", "2025-08-07", 6),
        (HANDBAG, "KOR", "2025-11-13", 15),
        (HANDBAG, "KOR", "2025-11-14", 6),
        (HANDBAG, "CHE", "2025-11-13", 39),
        (HANDBAG, "CHE", "2025-11-14", 6),
        (HANDBAG, "LIE", "2025-11-14", 6),
    ],
)
def test_floors_count_the_ordinary_duty(law: Law, code: str, origin: str, on: str, expected: float) -> None:
    assert rate(law, "us-ieepa-reciprocal", code, origin, on) == pytest.approx(expected)


def test_japan_as_it_was_known_before_the_floor(law: Law) -> None:
    known = law.as_known("2025-08-20")
    assert rate(known, "us-ieepa-reciprocal", HANDBAG, "JPN", "2025-08-20") == 15


@pytest.mark.parametrize(
    ("name", "origin", "on", "fact", "expected"),
    [
        ("us-ieepa-chn", "CHN", "2025-03-06", "in_transit_2025_02_01", 0),
        ("us-ieepa-chn", "CHN", "2025-03-07", "in_transit_2025_02_01", 20),
        ("us-ieepa-reciprocal", "VNM", "2025-04-09", "in_transit_2025_04_05", 0),
        ("us-ieepa-reciprocal", "VNM", "2025-04-09", "in_transit_2025_04_09", 10),
        ("us-ieepa-reciprocal", "VNM", "2025-08-07", "in_transit_2025_08_07", 10),
        ("us-ieepa-reciprocal", "VNM", "2025-10-05", "in_transit_2025_08_07", 20),
        ("us-ieepa-reciprocal", "VNM", "2025-08-07", "transshipped", 40),
        ("us-ieepa-bra", "BRA", "2025-10-04", "in_transit_2025_08_06", 0),
        ("us-ieepa-ind", "IND", "2025-09-16", "in_transit_2025_08_27", 0),
        ("us-s122", "VNM", "2026-02-27", "in_transit_2026_02_24", 0),
        ("us-s122", "VNM", "2026-02-28", "in_transit_2026_02_24", 10),
        ("us-s122", "HND", "2026-03-01", "dr_cafta_textile", 0),
        ("us-ieepa-can", "CAN", "2025-03-04", "human_relief_or_information", 0),
        ("us-s301-chn", "CHN", "2025-06-01", "ustr_exclusion", 0),
    ],
)
def test_facts(law: Law, name: str, origin: str, on: str, fact: str, expected: float) -> None:
    assert rate(law, name, SHIRT, origin, on, facts=[fact]) == expected


def test_goods_of_china_in_transit_on_the_tenth_of_april_are_refused(law: Law) -> None:
    found = find(
        ask(law, HANDBAG, "CHN", "2025-04-12", facts=["in_transit_2025_04_10"]),
        "us-ieepa-reciprocal",
    )
    assert found.applies is None
    assert "do not settle" in found.reason


def test_us_content_counts_from_a_fifth(law: Law) -> None:
    def share(us: float | None) -> float:
        return rate(law, "us-ieepa-reciprocal", HANDBAG, "VNM", "2025-06-01", us_content=us)

    assert share(None) == 10
    assert share(0.19) == 10
    assert share(0.2) == pytest.approx(8)
    assert share(0.5) == pytest.approx(5)
    lines = Lines("USA", [HANDBAG] * 4, "VNM", us_content=np.array([np.nan, 0.19, 0.2, 0.5]))
    table = law.schedule(lines, ["2025-06-01"], measures=["us-ieepa-reciprocal"])
    assert table.by_measure["us-ieepa-reciprocal"][:, 0].tolist() == pytest.approx([10, 10, 8, 5])


def test_reasons_name_the_text(law: Law) -> None:
    found = find(ask(law, HANDBAG, "CAN", "2025-06-01"), "us-ieepa-reciprocal")
    assert found.code == "exempt"
    assert "9903.01.26" in found.citation
    assert find(ask(law, SHIRT, "BLR", "2025-06-01"), "us-ieepa-reciprocal").code == "exempt"
    over = find(ask(law, SHIRT, "CAN", "2026-02-24"), "us-ieepa-can")
    assert over.code == "not-in-force"
    assert "20 February 2026" in over.reason


@pytest.mark.parametrize("origin", ["CAN", "MEX"])
@pytest.mark.parametrize("code", [SHIRT, HANDBAG, "2711.21.00.00", "3104.20.00", "0201.30.80"])
@pytest.mark.parametrize("on", ["2025-03-03", "2025-03-04", "2025-03-07", "2025-08-01", "2026-02-24", "2026-07-24"])
def test_a_claim_never_raises_these_duties(law: Law, code: str, origin: str, on: str) -> None:
    def total(preference: str) -> float:
        answer = ask(law, code, origin, on, preference=preference)
        return sum(
            f.effective_rate or 0 for f in answer.measures if f.id in ("us-ieepa-can", "us-ieepa-mex", "us-s122")
        )

    assert total("usmca") <= total("none")


def test_work_done_abroad_is_refused_and_the_rest_of_chapter_98_is_free(law: Law) -> None:
    assert find(ask(law, "9802.00.50.60", "DEU", "2025-06-01"), "us-ieepa-reciprocal").applies is None
    assert find(ask(law, "9801.00.10.12", "DEU", "2025-06-01"), "us-ieepa-reciprocal").code == "exempt"


@pytest.mark.parametrize(
    ("name", "code"), [("alcohol", "2203.00.00"), ("dairy", "0402.10.05"), ("vehicles", "0409.00.00")]
)
def test_section_338_is_signed_and_not_in_force(law: Law, name: str, code: str) -> None:
    found = find(ask(law, code, "CAN", "2026-08-18", preference="usmca"), f"us-s338-{name}")
    assert found.code == "not-in-force"
    assert "2026-08-22" in found.reason
    assert ask(law, code, "CAN", "2026-08-22").status == "refused"
    assert [(r.ad_valorem, r.signed) for r in law.measures[f"us-s338-{name}"].rates] == [(50, SIGNED)]


def test_lists_and_country_rates_follow_from_the_sources(tmp_path: Path) -> None:
    sources = Path(os.environ.get("SURTAX_SOURCES") or ROOT / ".." / "shared" / "data")
    if not (sources / "law" / "us" / "hts").is_dir():
        pytest.skip("the sources are not under $SURTAX_SOURCES or ../shared/data")
    loader = pytest.importorskip("tools.build_data.law_usa_ieepa")
    data = ROOT / "src" / "surtax" / "data" / "law" / "USA"
    (tmp_path / "us-ieepa-reciprocal.yaml").write_bytes((data / "us-ieepa-reciprocal.yaml").read_bytes())
    loader.run(sources, tmp_path)  # raises where a heading differs from what is typed
    for path in sorted(tmp_path.glob("*.csv")):
        assert path.read_bytes() == (data / path.name).read_bytes(), path.name
