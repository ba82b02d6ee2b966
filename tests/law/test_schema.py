"""A small invented law: rate tables, floors, remissions, quotas, statistical suffixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import surtax.law
from surtax.errors import InputError
from surtax.law.grid import Lines
from surtax.law.rates import parse_rate, parse_special

if TYPE_CHECKING:
    from pathlib import Path

    from surtax.law import Answer, Law

JURISDICTION = """
schema: surtax-jurisdiction-1
importer: USA
name: the United States
status: complete
from: 2025-01-01
to: 2026-01-01
before: invented
after: invented
origins: {all_except: []}
currency: USD
digits: [8, 10]
nomenclature: nomenclature.csv
"""
NOMENCLATURE = """code,from,to
0101.21.00,,
0101.21.00.10,,
0101.21.00.20,,
0102.00.00,,
0103.00.00,,2025-07-01
0104.00.00,,
0105.00.00,,
"""
TABLE = """code,from,to,general,special,other
0101.21.00,,2025-07-01,10%,"Free (S,S+) 4% (KR)",40%
0101.21.00,2025-07-01,,5%,"Free (S,S+) 4% (KR)",40%
0102.00.00,,,1.5¢/kg,Free (S),$2/t
0103.00.00,,,0.9¢/kg + 20%,,20%
0104.00.00,,,See 9904.01.01,Free (S),20%
0105.00.00,,,20%,Free (S),20%
"""
HEAD = """
schema: surtax-measure-1
title: invented
instrument: invented
citation: [{text: invented}]
levied_by: USA
provenance: {sources: [none]}
"""
MEASURES = {
    "us-mfn": """
kind: mfn
on_origins: {all_except: []}
products: {all: {include: ["*"]}}
rates: [{from: 2025-01-01, table: true}]
table:
  file: mfn.csv
  programmes: {usmca: [S, S+], korus: [KR]}
  programme_origins: {usmca: [CAN, MEX], korus: [KOR]}
  other_origins: [PRK]
""",
    "us-floor": """
kind: additional_duty
on_origins: {only: [DEU, CAN]}
products: {animals: {include: ["01"], exclude: ["0102"]}}
rates:
  - {from: 2025-02-01, origins: {only: [DEU]}, top_up_to: 15}
  - from: 2025-02-01
    when: {preference: [usmca]}
    ad_valorem: 25
    base: non-us-content
    at_least: 15
  - {from: 2025-02-01, ad_valorem: 25}
""",
    "us-suffix": """
kind: surtax
on_origins: {only: [MEX]}
products: {one: {include: ["0101210010"]}, content: {include: ["0105"]}}
rates:
  - {from: 2025-02-01, groups: [content], ad_valorem: 50, base: copper-content}
  - {from: 2025-02-01, ad_valorem: 7}
exemptions:
  - id: domestic
    from: 2025-02-01
    reason: made of US copper
    when: {content: {us: {at_least: 0.85}}}
""",
    "us-quota": """
kind: quota
on_origins: {all_except: [CAN, USA, MEX]}
products: {oxen: {include: ["0102"]}}
rates:
  - {from: 2025-03-01, when: {facts: [over_quota]}, ad_valorem: 50}
  - {from: 2025-03-01, when: {not_facts: [within_quota]}, refuse: say whether the quota is filled}
exemptions:
  - {id: within, from: 2025-03-01, when: {facts: [within_quota]}, reason: within the quota}
facts: {over_quota: the quota of the period is filled, within_quota: the quota is not filled}
""",
    "us-remission": """
kind: remission
on_origins: {all_except: []}
products: {horses: {include: ["0101"]}}
remits: [us-floor]
rates: [{from: 2025-02-01, when: {facts: [for_hospitals]}, remit: 80}]
facts: {for_hospitals: the goods are for hospitals}
limit: a number of goods that is not public
""",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Law:
    return surtax.law.load(write(tmp_path_factory.mktemp("small")))


def write(folder: Path) -> Path:
    place = folder / "USA"
    place.mkdir()
    (place / "jurisdiction.yaml").write_text(JURISDICTION, encoding="utf-8")
    (place / "nomenclature.csv").write_text(NOMENCLATURE, encoding="utf-8")
    (place / "mfn.csv").write_text(TABLE, encoding="utf-8")
    for name, text in MEASURES.items():
        (place / f"{name}.yaml").write_text(f"{HEAD}id: {name}\n{text}", encoding="utf-8")
    return folder


def ask(law: Law, code: str, origin: str, on: str = "2025-05-06", **about: Any) -> Answer:
    return law.duty(code, importer="USA", origin=origin, on=on, **about)


@pytest.mark.parametrize(
    ("code", "origin", "on", "about", "rate"),
    [
        ("0101.21.00", "FRA", "2025-01-15", {}, 10),
        ("0101.21.00.20", "FRA", "2025-06-30", {}, 10),
        ("0101.21.00.20", "FRA", "2025-07-01", {}, 5),
        ("0101.21.00", "PRK", "2025-05-06", {}, 40),
        ("0101.21.00", "KOR", "2025-05-06", {"preference": "korus"}, 4),
        ("0101.21.00", "DEU", "2025-01-31", {}, 10),
        ("0101.21.00", "DEU", "2025-02-01", {}, 15),
        ("0101.21.00", "DEU", "2025-07-01", {}, 15),
        ("0105.00.00", "DEU", "2025-05-06", {}, 20),  # above the floor already
        ("0101.21.00", "CAN", "2025-05-06", {}, 35),
        ("0101.21.00", "CAN", "2025-05-06", {"preference": "usmca"}, 25),
        ("0101.21.00", "CAN", "2025-05-06", {"preference": "usmca", "us_content": 0.2}, 20),
        ("0101.21.00", "CAN", "2025-05-06", {"preference": "usmca", "us_content": 0.6}, 15),
        ("0102.00.00", "FRA", "2025-02-06", {"value": 100, "quantity": {"kg": 200}}, 3),
        ("0103.00.00", "FRA", "2025-02-06", {"value": 100, "quantity": {"kg": 200}}, 21.8),
        ("0101.21.00.10", "MEX", "2025-05-06", {"us_content": 0}, 17),
        ("0101.21.00.20", "MEX", "2025-05-06", {}, 10),
        ("0105.00.00", "MEX", "2025-05-06", {"us_content": 0, "metal_content": 0.4}, 40),
        ("0105.00.00", "MEX", "2025-05-06", {"us_content": 0.85}, 20),
        ("0102.00.00", "CAN", "2025-05-06", {"preference": "usmca"}, 0),
    ],
)
def test_rates(small: Law, code: str, origin: str, on: str, about: dict[str, Any], rate: float) -> None:
    answer = ask(small, code, origin, on, **about)
    assert answer.status == "complete", answer.reason
    assert answer.total_rate == pytest.approx(rate)


@pytest.mark.parametrize(
    ("code", "origin", "on", "about", "word"),
    [
        ("0102.00.00", "FRA", "2025-02-06", {}, "quantity in kg"),
        ("0103.00.00", "FRA", "2025-02-06", {"quantity": {"kg": 200}}, "customs value"),
        ("0104.00.00", "FRA", "2025-02-06", {}, "See 9904"),
        ("0104.00.00", "DEU", "2025-02-06", {}, "ordinary duty"),
        ("0103.00.00", "FRA", "2025-07-01", {}, "not in the tariff nomenclature"),
        ("0101.21.00", "MEX", "2025-05-06", {"us_content": 0}, "ten digits"),
        ("0105.00.00", "MEX", "2025-05-06", {}, "us content"),
        ("0105.00.00", "MEX", "2025-05-06", {"us_content": 0}, "copper content"),
        ("0102.00.00", "FRA", "2025-05-06", {"value": 100, "quantity": {"kg": 1}}, "quota"),
        ("0101.21.00", "FRA", "2025-05-06", {"preference": "usmca"}, "does not serve"),
        ("0101.21.00", "FRA", "2025-05-06", {"preference": "cafta"}, "not known"),
    ],
)
def test_refusals(small: Law, code: str, origin: str, on: str, about: dict[str, Any], word: str) -> None:
    answer = ask(small, code, origin, on, **about)
    assert answer.status == "refused"
    assert answer.total_rate is None
    assert answer.total_amount is None
    assert word in str(answer.reason)


def test_specific_amount_without_value(small: Law) -> None:
    answer = ask(small, "0102.00.00", "FRA", "2025-02-06", quantity={"kg": 200})
    assert answer.total_rate is None
    assert answer.total_amount == pytest.approx(3)


def test_quota(small: Law) -> None:
    about = {"value": 100.0, "quantity": {"kg": 0}}
    assert ask(small, "0102.00.00", "FRA", facts=["over_quota"], **about).total_rate == 50
    assert ask(small, "0102.00.00", "FRA", facts=["within_quota"], **about).total_rate == 0
    found = next(f for f in ask(small, "0102.00.00", "CAN").measures if f.id == "us-quota")
    assert found.code == "origin"


def test_remissions_are_bounds_until_claimed(small: Law) -> None:
    open_ = ask(small, "0101.21.00", "CAN")
    assert open_.bounds == (pytest.approx(15), 35)
    found = next(f for f in open_.measures if f.id == "us-remission")
    assert found.code == "not-claimed"
    assert "hospitals" in found.reason
    assert "not public" in found.reason
    claimed = ask(small, "0101.21.00", "CAN", facts=["for_hospitals"], value=100)
    assert claimed.total_rate == pytest.approx(15)
    assert claimed.total_amount == pytest.approx(15)
    assert claimed.bounds is None


def test_small_law_in_both_engines(small: Law) -> None:
    products = ["0101.21.00", "0101.21.00.10", "0101.21.00.20", "0102.00.00", "0103.00.00"]
    products += ["0104.00.00", "0105.00.00", "0106.00.00"]
    days = ["2025-01-15", "2025-02-15", "2025-05-06", "2025-08-06", "2026-01-01"]
    for origin in ("FRA", "DEU", "CAN", "MEX", "PRK", "KOR"):
        for preference in ("none", "usmca"):
            for facts in ((), ("over_quota", "for_hospitals")):
                about = {"us_content": 0.3, "metal_content": 0.4}
                claimed = float(preference == "usmca")
                unit_values = {"kg": np.full(8, 0.5), "t": np.full(8, 500.0)}
                lines = Lines("USA", products, origin, claimed, unit_values=unit_values, facts=facts, **about)
                table = small.schedule(lines, days)
                for day in days:
                    for i, product in enumerate(products):
                        one = ask(
                            small,
                            product,
                            origin,
                            day,
                            preference=preference,
                            value=100,
                            quantity={"kg": 200, "t": 0.2},
                            facts=facts,
                            **about,
                        )
                        rate = table.at(day)[i]
                        assert (one.total_rate is None) == bool(np.isnan(rate)), (product, one)
                        assert one.total_rate is None or rate == pytest.approx(one.total_rate)
    low = small.schedule(Lines("USA", ["0101.21.00"], "CAN"), ["2025-05-06"], remitted=True)
    assert low.rates[0, 0] == pytest.approx(15)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("Free", (0, 0, "")),
        ("2.5%", (2.5, 0, "")),
        ("1.5¢/kg", (0, 0.015, "kg")),
        ("$1.035/kg + 17%", (17, 1.035, "kg")),
        ("0.9¢/kg + 7.5%", (7.5, 0.009, "kg")),
        ("68¢/head", (0, 0.68, "No.")),
    ],
)
def test_printed_rates(text: str, rate: tuple[float, float, str]) -> None:
    parsed = parse_rate(text)
    assert (parsed.ad_valorem, parsed.amount, parsed.unit) == rate


@pytest.mark.parametrize("text", ["See 9903.88.01", "The rate applicable to the article", "", "1.2¢/kg + 3¢/No.", "x%"])
def test_rates_that_are_no_numbers_are_not_zero(text: str) -> None:
    assert not parse_rate(text).known


def test_special_column() -> None:
    found = parse_special("Free (A+,AU,BH, S,S+) 2.4% (JP) See 9822.01.25 (PE)")
    assert found["S"].ad_valorem == 0
    assert found["JP"].ad_valorem == 2.4
    assert not found["PE"].known


def test_two_rows_for_the_same_days_are_an_error(tmp_path: Path) -> None:
    folder = write(tmp_path)
    path = folder / "USA" / "mfn.csv"
    path.write_text(TABLE + "0105.00.00,2025-03-01,,1%,,2%\n", encoding="utf-8")
    with pytest.raises(InputError, match="two rows"):
        surtax.law.load(folder)
