"""The duty on one line: rates, precedence, exemptions, refusals, boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.law import Answer, Law

STEEL, CAR, STRUCTURE = "7208.39.00.30", "8703.23.01", "7308.20.00"


def us(law: Law, code: str, on: str, **about: Any) -> Answer:
    return law.duty(code, importer="USA", origin="CAN", on=on, **about)


def ca(law: Law, code: str, on: str, **about: Any) -> Answer:
    return law.duty(code, importer="CAN", origin="USA", on=on, **about)


def by_id(answer: Answer, name: str) -> Any:
    return next(f for f in answer.measures if f.id == name)


@pytest.mark.parametrize(
    ("on", "preference", "ieepa", "steel"),
    [
        ("2025-03-03", "none", 0, 0),
        ("2025-03-04", "none", 25, 0),
        ("2025-03-06", "usmca", 25, 0),
        ("2025-03-07", "usmca", 0, 0),
        ("2025-03-11", "usmca", 0, 0),
        ("2025-03-12", "usmca", 0, 25),
        ("2025-05-06", "none", 25, 0),  # EO 14289, s. 3(a)(ii)
        ("2025-05-06", "usmca", 0, 25),
        ("2025-06-03", "none", 25, 0),
        ("2025-06-04", "none", 0, 50),  # Proc. 10947, cl. 5
        ("2025-06-05", "none", 0, 50),
        ("2025-06-05", "usmca", 0, 50),
    ],
)
def test_hot_rolled_steel_pays_one_of_the_two(law: Law, on: str, preference: str, ieepa: float, steel: float) -> None:
    answer = us(law, STEEL, on, preference=preference)
    assert by_id(answer, "us-ieepa-can").effective_rate == ieepa
    assert by_id(answer, "us-s232-steel").effective_rate == steel


def test_displacement_names_the_winner_and_the_text(law: Law) -> None:
    found = by_id(us(law, STEEL, "2025-05-06"), "us-s232-steel")
    assert found.applies is False
    assert found.code == "displaced"
    assert found.excluded_by == "us-ieepa-can"
    assert "EO 14289" in found.reason
    assert "3(a)(ii)" in found.reason


def test_as_known_before_the_order_against_stacking_both_were_due(law: Law) -> None:
    known = law.as_known("2025-04-28")
    answer = us(known, STEEL, "2025-04-15")
    assert by_id(answer, "us-ieepa-can").effective_rate == 25
    assert by_id(answer, "us-s232-steel").effective_rate == 25


def test_car_under_usmca_pays_on_the_content_that_is_not_of_the_us(law: Law) -> None:
    answer = us(law, CAR, "2025-05-06", preference="usmca", us_content=0.4, value=30_000)
    found = by_id(answer, "us-s232-autos")
    assert (found.rate, found.base_share, found.effective_rate, found.amount) == (25, 0.6, 15, 4500)
    assert by_id(answer, "us-ieepa-can").code == "exempt"


def test_car_without_a_claim_pays_the_automobile_duty_alone(law: Law) -> None:
    found = by_id(us(law, CAR, "2025-05-06"), "us-ieepa-can")
    assert found.excluded_by == "us-s232-autos"
    assert found.displaced[0].share == 1


def test_two_measures_on_two_parts_of_the_value(law: Law) -> None:
    answer = us(law, STRUCTURE, "2025-07-01", metal_content=0.6)
    steel, ieepa = by_id(answer, "us-s232-steel"), by_id(answer, "us-ieepa-can")
    assert (steel.base_share, steel.effective_rate) == (0.6, 30)
    assert (ieepa.base_share, ieepa.effective_rate) == (0.4, 10)
    assert ieepa.displaced[0].share == 0.6
    assert ieepa.applies is True


def test_content_that_a_base_needs_is_asked_for(law: Law) -> None:
    answer = us(law, STRUCTURE, "2025-07-01")
    assert answer.status == "refused"
    assert answer.total_rate is None
    assert "steel content" in str(answer.reason)


def test_content_is_not_asked_for_where_the_measure_gives_way_anyway(law: Law) -> None:
    # a derivative outside chapter 73 pays on its content, unless IEEPA displaces it anyway
    answer = us(law, "9403.20.00.86", "2025-05-06")
    assert by_id(answer, "us-ieepa-can").effective_rate == 25
    assert by_id(answer, "us-s232-aluminum").excluded_by == "us-ieepa-can"


def test_energy_and_potash_pay_ten(law: Law) -> None:
    assert by_id(us(law, "2709.00.10.00", "2025-03-04"), "us-ieepa-can").effective_rate == 10
    assert by_id(us(law, "3104.20.00", "2025-03-06"), "us-ieepa-can").effective_rate == 25
    assert by_id(us(law, "3104.20.00", "2025-03-07"), "us-ieepa-can").effective_rate == 10


@pytest.mark.parametrize(
    ("on", "rate"), [("2025-07-31", 25), ("2025-08-01", 35), ("2026-02-23", 35), ("2026-02-24", 0)]
)
def test_ieepa_rates_start_and_end_on_their_days(law: Law, on: str, rate: float) -> None:
    assert by_id(us(law, "0101.21.00", on), "us-ieepa-can").effective_rate == rate


@pytest.mark.parametrize(
    ("code", "on", "rate"),
    [
        ("0105.11.22", "2025-03-03", 0),
        ("0105.11.22", "2025-03-04", 25),
        ("0105.11.22", "2025-08-31", 25),
        ("0105.11.22", "2025-09-01", 0),
        ("7208.39.00", "2025-03-12", 0),
        ("7208.39.00", "2025-03-13", 25),
        ("7208.39.00", "2026-07-23", 25),
        ("3406.00.90", "2025-08-31", 25),  # left Schedule 1 of SOR/2025-95 on 1 September
        ("3406.00.90", "2025-09-01", 0),
        ("7601.10.00", "2025-09-01", 25),
        ("8703.23.00", "2025-04-08", 0),
        ("8703.23.00", "2025-04-09", 25),
    ],
)
def test_canadas_surtaxes_start_and_end_on_their_days(law: Law, code: str, on: str, rate: float) -> None:
    answer = ca(law, code, on)
    assert answer.status == "surtax-only"
    assert answer.total_rate == rate


@pytest.mark.parametrize(("content", "rate"), [(None, 21.25), (0.1, 21.25), (0.15, 21.25), (0.4, 15), (1.0, 0)])
def test_canadian_rule_for_cusma_vehicles(law: Law, content: float | None, rate: float) -> None:
    answer = ca(law, "8703.23.00", "2025-05-06", preference="usmca", ca_mx_content=content)
    assert answer.total_rate == pytest.approx(rate)


def test_heavy_electric_trucks_are_excepted_from_29_august(law: Law) -> None:
    facts = ["over_five_tonnes"]
    assert ca(law, "8704.60.00", "2025-08-28", facts=facts).total_rate == 25
    assert ca(law, "8704.60.00", "2025-08-29", facts=facts).total_rate == 0
    assert ca(law, "8704.60.00", "2025-08-29").total_rate == 25


def test_chapter_98_asks_what_the_goods_otherwise_are(law: Law) -> None:
    assert ca(law, "9897.00.00", "2025-04-01").status == "refused"
    assert ca(law, "9897.00.00", "2025-04-01", otherwise="0105.11.22").total_rate == 25
    assert ca(law, "9897.00.00", "2025-04-01", otherwise="8802.30.00").total_rate == 0
    # 9802.00.00 is on no list: s. 3(2)(b) excepts it
    assert ca(law, "9802.00.00", "2025-04-01", otherwise="0105.11.22").total_rate == 0


@pytest.mark.parametrize(
    ("about", "word"),
    [
        ({"importer": "USA", "origin": "CAN", "on": "2024-12-31"}, "before the first day"),
        ({"importer": "USA", "origin": "CAN", "on": "2026-08-19"}, "after the last day"),
        ({"importer": "USA", "origin": "CAN", "on": "2026-08-25"}, "Section 338"),
        ({"importer": "CAN", "origin": "USA", "on": "2026-07-24"}, "after the last day"),
        ({"importer": "CAN", "origin": "USA", "on": "2026-09-08"}, "SOR/2026-186"),
        ({"importer": "CAN", "origin": "CHN", "on": "2025-05-06"}, "China"),
        ({"importer": "MEX", "origin": "USA", "on": "2025-05-06"}, "not covered"),
        ({"importer": "USA", "origin": "USA", "on": "2025-05-06"}, "own goods"),
    ],
)
def test_what_is_not_covered_is_refused_by_name(law: Law, about: dict[str, str], word: str) -> None:
    answer = law.duty("7208.39.00", **about)
    assert answer.status == "refused"
    assert answer.total_rate is None
    assert word in str(answer.reason)


def test_products_that_do_not_exist_are_refused(law: Law) -> None:
    answer = ca(law, "8703.99.99", "2025-05-06")
    assert answer.status == "refused"
    assert "nomenclature" in str(answer.reason)


def test_short_codes_are_refused(law: Law) -> None:
    assert "digits" in str(us(law, "8703.23", "2025-05-06").reason)


@pytest.mark.parametrize("on", ["2025-5-6", "2025-02-30", "06/05/2025", "2025-05-06T00:00", "", "٢٠٢٥-05-06"])
def test_dates_are_strict(law: Law, on: str) -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        us(law, STEEL, on)


@pytest.mark.parametrize(
    "about",
    [
        {"us_content": 40},
        {"us_content": -0.1},
        {"us_content": float("nan")},
        {"value": -1},
        {"metal_content": {"tin": 0.2}},
        {"metal_content": {"steel": 0.7, "copper": 0.7}},
        {"facts": ["no_such_fact"]},
        {"preference": "USMCA!"},
    ],
)
def test_arguments_that_make_no_sense_are_errors(law: Law, about: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        us(law, STEEL, "2025-05-06", **about)


def test_splitting_a_consignment_changes_nothing(law: Law) -> None:
    whole = us(law, STRUCTURE, "2025-07-01", metal_content=0.6, value=1000).total_amount
    part = us(law, STRUCTURE, "2025-07-01", metal_content=0.6, value=500).total_amount
    assert whole == pytest.approx(2 * (part or 0))


def test_history_joins_equal_days(law: Law) -> None:
    spells = law.history(STEEL, importer="USA", origin="CAN", on="2025-01-01..2025-12-31")
    assert [(s.first, s.answer.total_rate) for s in spells] == [
        ("2025-01-01", 0),
        ("2025-03-04", 25),
        ("2025-06-04", 50),
    ]
    assert spells[-1].last == "2025-12-31"


def test_json_has_the_published_keys(law: Law) -> None:
    data = us(law, STEEL, "2025-05-06").as_json()
    assert {"schema", "status", "total_rate", "total_amount", "measures"} <= set(data)
    keys = {
        "id",
        "instrument",
        "citation",
        "applies",
        "rate",
        "base_share",
        "effective_rate",
        "amount",
        "reason",
        "excluded_by",
    }
    assert all(keys <= set(m) for m in data["measures"])
