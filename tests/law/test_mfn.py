"""The ordinary duties of the United States: golden cases, what can be read, claims, units, and speed."""

from __future__ import annotations

import csv
import io
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

import surtax.law
from surtax.errors import InputError
from surtax.law.grid import Lines
from surtax.law.rates import convert, factor, parse_rate, split_special, unit_name

if TYPE_CHECKING:
    from surtax.law import Answer, Law

HERE = Path(__file__).resolve().parent
USA = Path(surtax.law.__file__).parents[1] / "data" / "law" / "USA"
SOURCES = Path(os.environ.get("SURTAX_SOURCES", HERE.parents[1].parent / "shared" / "data"))
HAVE_HTS = (SOURCES / "law" / "us" / "hts").is_dir()
needs_sources = pytest.mark.skipif(not HAVE_HTS, reason=f"no HTS editions under {SOURCES}: set SURTAX_SOURCES")


def cases(*files: str) -> list[dict[str, Any]]:
    paths = [HERE / "cases" / f for f in files] or sorted((HERE / "cases").glob("us-*.yaml"))
    return [case for path in paths for case in yaml.safe_load(path.read_text(encoding="utf-8"))]


def ask(law: Law, line: dict[str, Any]) -> Answer:
    about = {k: line[k] for k in ("importer", "origin", "preference", "us_content", "metal_content", "value")}
    if line.get("ca_mx_content") is not None:
        about["ca_mx_content"] = line["ca_mx_content"]
    if line.get("quantity") is not None:
        about["quantity"] = {line["unit"]: line["quantity"]}
    return law.duty(line["product"], on=str(line["on"]), **about)


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((USA / name).read_text(encoding="utf-8"))))


@pytest.mark.parametrize("case", cases("us-mfn.yaml"), ids=lambda c: c["id"])
def test_golden_cases_of_ordinary_duties(law: Law, case: dict[str, Any]) -> None:
    answer = ask(law, case["line"])
    expect = case["expect"]
    assert answer.status == expect["status"], answer.reason
    if expect["status"] == "refused":
        assert answer.total_rate is None
    else:
        assert answer.total_rate == pytest.approx(expect["total_rate"])
        mfn = next(f for f in answer.measures if f.id == "us-mfn")
        assert mfn.effective_rate == pytest.approx(expect["measures"]["mfn"]["effective_rate"])


BASE = [c for c in cases() if "mfn" in c["expect"].get("measures", {}) and c["line"]["importer"] == "USA"]


@pytest.mark.parametrize("case", BASE, ids=lambda c: c["id"])
def test_ordinary_duty_in_the_cases_of_all_other_measures(law: Law, case: dict[str, Any]) -> None:
    answer = ask(law, case["line"])
    found = [f.effective_rate for f in answer.measures if f.id == "us-mfn"]
    assert found == [pytest.approx(case["expect"]["measures"]["mfn"]["effective_rate"])], answer.reason


REFUSED = [
    c
    for c in cases("refusals.yaml")
    if c["line"]["importer"] == "USA" and c["expect"]["status"] == "refused" and "annex" not in c["id"]
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c["id"])
def test_golden_refusals(law: Law, case: dict[str, Any]) -> None:
    try:
        answer = ask(law, case["line"])
    except InputError:
        return
    assert answer.status == "refused"
    assert answer.total_rate is None
    assert answer.reason


def us(law: Law, code: str, origin: str, on: str = "2025-01-15", **about: Any) -> Answer:
    return law.duty(code, importer="USA", origin=origin, on=on, **about)


def test_a_code_of_another_edition_is_refused_with_its_days_and_neighbours(law: Law) -> None:
    before = us(law, "0202.30.80.15", "BRA")
    assert before.status == "refused"
    assert "2026-02-24" in str(before.reason)
    assert "0202.30.80.00" in str(before.reason)
    after = us(law, "0202.30.80.00", "CAN", "2026-07-01")
    assert "2026-02-23" in str(after.reason)
    near = str(us(law, "7208.39.00.99", "DEU").reason)
    assert "7208.39.00.90" in near
    assert "nor is any code of its heading" in str(us(law, "0199.99.99", "DEU").reason)


def test_codes_that_the_first_edition_lost_in_export_are_there(law: Law) -> None:
    assert us(law, "4420.19.00.00", "CHN").measures
    assert us(law, "4420.19.00", "DEU").total_rate == pytest.approx(3.2)
    assert us(law, "9401.69.60.31", "DEU").total_rate == 0


def test_origins_are_countries(law: Law) -> None:
    assert "DEU (Germany)" in str(us(law, "6109.10.00", "GER").reason)
    assert us(law, "6109.10.00", "EUR").status == "refused"
    assert us(law, "6109.10.00", "XKX" if "XKX" in law.jurisdiction("USA").origin_names else "FRA").total_rate == 16.5
    assert len(law.jurisdiction("USA").origin_names) > 200


@pytest.mark.parametrize("origin", ["BLR", "CUB", "PRK", "RUS"])
def test_column_2(law: Law, origin: str) -> None:
    answer = us(law, "6109.10.00", origin)
    assert answer.total_rate == 90
    assert "column 2" in answer.applied[0].reason


def test_korean_beef_becomes_free_in_2026(law: Law) -> None:
    assert us(law, "0201.30.80", "KOR", "2025-01-15", preference="korus").total_rate == pytest.approx(1.7)
    found = us(law, "0201.30.80", "KOR", "2026-01-01", preference="korus")
    assert next(f for f in found.measures if f.id == "us-mfn").effective_rate == 0


@pytest.mark.parametrize(
    ("code", "origin", "preference", "word"),
    [
        ("6109.10.00", "DEU", "usmca", "does not serve"),
        ("6109.10.00", "ZAF", "agoa", "African Growth"),
        ("6109.10.00", "IND", "gsp", "lapsed on 31 December 2020"),
        ("6109.10.00", "DEU", "mercosur", "not known"),
        ("0406.10.38", "CAN", "usmca", "9823.04"),
    ],
)
def test_claims_that_cannot_be_settled_are_refused(
    law: Law, code: str, origin: str, preference: str, word: str
) -> None:
    answer = us(law, code, origin, preference=preference)
    assert answer.status == "refused"
    assert word in str(answer.reason)


def test_partial_grants_are_not_read_as_none(law: Law) -> None:
    row = next(r for r in rows("us-mfn.csv") if "E*" in r["special"] and parse_rate(r["general"]).ad_valorem > 0)
    answer = us(law, row["code"], "JAM", preference="cbi")
    assert answer.status == "refused"
    assert "some goods or origins" in str(answer.reason)
    lines = Lines("USA", [row["code"]], "JAM", claimed=1.0, preference="cbi")
    assert np.isnan(law.schedule(lines, ["2025-01-15"]).rates).all()


def test_usmca_goods_of_mexico_are_free_where_the_column_names_heading_9823(law: Law) -> None:
    assert us(law, "1806.90.08", "MEX", preference="usmca").total_rate == 0
    assert us(law, "1806.90.08", "CAN", preference="usmca").status == "refused"
    assert us(law, "1806.90.08", "MEX").status == "refused"  # a compound rate without quantity


def test_chapters_98_and_99_are_refused(law: Law) -> None:
    for code in ("9801.00.10", "9802.00.80.68", "9903.01.10", "9999.95.00"):
        assert us(law, code, "CAN", "2025-05-06", preference="usmca").status == "refused"


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("33 1/3%", (100 / 3, 0, "")),
        ("$1.055/kg+ 40%", (40, 1.055, "kg")),
        ("3.7¢/kg on drained weight", (0, 0.037, "kg on drained weight")),
        ("7.4¢/kg, including weight of container", (0, 0.074, "kg including weight of container")),
        ("28.8¢/kg of total sugars + 8.5%", (8.5, 0.288, "kg of total sugars")),
        ("17.8¢/kg on molybdenum content", (0, 0.178, "kg on molybdenum content")),
        ("10¢/1,000 pins + 3.5%", (3.5, 0.10, "1000")),
        ("0.1¢ each", (0, 0.001, "No.")),
        ("13.5¢/pf.liter", (0, 0.135, "pf. liter")),
        ("90¢/pr. + 37.5%", (37.5, 0.9, "pr.")),
    ],
)
def test_printed_rates_of_the_tariff(text: str, rate: tuple[float, float, str]) -> None:
    parsed = parse_rate(text)
    assert (parsed.ad_valorem, parsed.amount, parsed.unit) == pytest.approx(rate)


@pytest.mark.parametrize(
    "text",
    [
        "2.5% on the value of the lead content",
        "30¢ each + 6.9% on the case + 5.3% on the battery",
        "4.4¢/liter + 31.4¢/pf. liter",
        "1.4606¢/kg less 0.020668¢/kg for each degree under 100 degrees but not less than 0.943854¢/kg",
        "36¢ each + 5.6% + 2¢/jewel",
        "Free, under bond",
        "See additional U.S. note 1",
        "37% / 5.5%",
        "5¢/bushel",
        "5¢/kg 3%",
    ],
)
def test_rates_that_need_more_than_value_and_one_quantity_are_no_numbers(text: str) -> None:
    assert not parse_rate(text).known


def test_units_have_one_name_and_convert_only_within_a_measure() -> None:
    assert unit_name("barrels") == "bbl"
    assert unit_name("Pair") == "pr."
    assert unit_name("litres") == "liter"
    assert unit_name("furlong") is None
    assert convert({"t": 2.0}, "kg") == 2000
    assert convert({"doz.": 2.0}, "No.") == 24
    assert convert({"kg": 2.0}, "liter") is None
    assert convert({"kg": 2.0}, "kg on drained weight") is None
    assert factor("doz.", "No.") == 12


def test_quantities_in_other_words_give_the_same_duty(law: Law) -> None:
    def honey(quantity: dict[str, float]) -> float | None:
        return us(law, "0409.00.00", "ARG", value=1000, quantity=quantity).total_rate

    assert honey({"kg": 500}) == honey({"t": 0.5}) == honey({"kilograms": 500}) == pytest.approx(0.95)
    assert honey({"liter": 500}) is None


def test_almost_every_rate_is_read_and_the_rest_is_kept() -> None:
    table = [r for r in rows("us-mfn.csv") if r["from"] == "2025-01-01"]
    read = [parse_rate(r["general"]) for r in table]
    other = [parse_rate(r["other"]) for r in table]
    assert len(table) == 11_414
    assert sum(r.known for r in read) == 11_252
    assert sum(r.known for r in other) >= 11_200
    assert all(r["general"] and r["other"] for r in rows("us-mfn.csv"))
    assert all(not r["special"] or split_special(r["special"]) for r in rows("us-mfn.csv"))


def test_every_code_has_a_rate_on_every_day_it_exists(law: Law) -> None:
    codes = rows("nomenclature.csv")
    for day in ("2025-01-01", "2025-07-01", "2025-09-01", "2026-02-24", "2026-08-18"):
        live = [r["code"] for r in codes if r["from"] <= day and (not r["to"] or day < r["to"])]
        missing = [
            c for c in live if law.index.table_row(0, c.replace(".", ""), np.datetime64(day).item().toordinal()) is None
        ]
        assert missing == []
        assert len(live) > 30_000


@needs_sources
def test_the_files_are_what_the_editions_say(tmp_path: Path) -> None:
    from tools.build_data import law_usa_mfn

    law_usa_mfn.run(SOURCES, tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (USA / path.name).read_bytes(), path.name


def test_the_two_engines_agree_on_ordinary_duties(law: Law) -> None:
    pick = random.Random(3)  # noqa: S311
    codes = [r["code"] for r in rows("nomenclature.csv")]
    hard = [r["code"] for r in rows("us-mfn.csv") if not parse_rate(r["general"]).known or "¢" in r["general"]]
    codes = pick.sample(codes, 80) + pick.sample(hard, 60)
    days = ["2025-01-01", "2025-02-28", "2025-07-01", "2025-12-31", "2026-01-01", "2026-02-24", "2026-08-18"]
    values = {"kg": 2.0, "liter": 3.0, "No.": 5.0, "pr.": 8.0, "kg on drained weight": 1.5}
    for origin, preference in (
        ("DEU", "none"),
        ("KOR", "korus"),
        ("MEX", "usmca"),
        ("CUB", "none"),
        ("JAM", "cbi"),
        ("HND", "cafta-dr"),
        ("DEU", "usmca"),
        ("ZAF", "agoa"),
    ):
        claimed = float(preference != "none")
        units = {u: np.full(len(codes), v) for u, v in values.items()}
        lines = Lines("USA", codes, origin, claimed, preference, metal_content=0.4, unit_values=units)
        table = law.schedule(lines, days, measures=["us-mfn"])
        for day in days:
            for i, code in enumerate(codes):
                quantity = {u: 1000 / v for u, v in values.items()}
                one = us(
                    law, code, origin, day, preference=preference, metal_content=0.4, value=1000, quantity=quantity
                )
                rate = table.at(day)[i]
                assert (one.total_rate is None) == bool(np.isnan(rate)), (code, day, origin, one.reason)
                assert one.total_rate is None or rate == pytest.approx(one.total_rate), (code, day, origin)


def test_the_data_are_small() -> None:
    assert sum(p.stat().st_size for p in USA.parent.rglob("*") if p.is_file()) < 5_000_000


def test_a_schedule_says_when_only_a_unit_value_lacks(law: Law) -> None:
    codes = ["0409.00.00", "6109.10.00", "9102.11.10", "0409.00.99"]
    day = ["2025-01-15"]
    assert law.schedule(Lines("USA", codes, "ARG"), day).status[:, 0].tolist() == [3, 0, 2, 1]
    known = law.schedule(Lines("USA", codes, "ARG", unit_values={"t": 2000.0}), day)
    assert known.status[:, 0].tolist() == [0, 0, 2, 1]
    assert known.rates[0, 0] == pytest.approx(0.95)
    mixed = law.schedule(Lines("USA", codes[:1], "CAN", claimed=0.5), day)
    assert mixed.status[0, 0] == 3
    assert np.isnan(mixed.rates[0, 0])
