"""Rates per unit: by quantity, by a stated unit value as an ad-valorem equivalent, or refused; and the published JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from surtax.cli import law as commands
from surtax.errors import InputError
from surtax.law import Law, Lines

ABOUT: dict[str, Any] = {"importer": "CAN", "origin": "USA", "on": "2025-05-06"}
ADDED: dict[str, Any] = {
    "schema": "surtax-measure-1",
    "id": "ca-per-unit",
    "title": "A compound rate",
    "kind": "surtax",
    "instrument": "none",
    "citation": [{"text": "s. 1"}],
    "levied_by": "CAN",
    "on_origins": {"only": ["USA"]},
    "products": {"all": {"include": ["0101"]}, "floor": {"include": ["0102"]}},
    "rates": [
        {"from": "2025-01-01", "groups": ["all"], "ad_valorem": 5, "specific": {"amount": 0.5, "currency": "CAD", "unit": "kg"}},
        {"from": "2025-01-01", "groups": ["floor"], "specific": {"amount": 0.5, "currency": "CAD", "unit": "kg"}, "at_least": 20},
    ],
    "provenance": {"sources": []},
}  # fmt: skip


@pytest.fixture(scope="module")
def unit(law: Law) -> Law:
    return law.edit(add=ADDED)


def test_neither_quantity_nor_unit_value_is_refused(unit: Law) -> None:
    answer = unit.duty("0101.21.00", value=100, **ABOUT)
    assert answer.status == "refused"
    assert "give the quantity in kg, or a unit value" in (answer.reason or "")


def test_quantity_comes_before_a_unit_value(unit: Law) -> None:
    exact = unit.duty("0101.21.00", value=100, quantity={"kg": 10}, unit_value={"kg": 1}, **ABOUT)
    assert (exact.total_rate, exact.total_amount) == (10, 10)
    assert not any(f.equivalent for f in exact.measures)
    assert not any("equivalent" in text for text in exact.assumptions)


def test_an_equivalent_is_marked(unit: Law) -> None:
    answer = unit.duty("0101.21.00", value=200, unit_value={"kg": 10}, **ABOUT)
    assert (answer.total_rate, answer.total_amount) == (10, 20)
    (found,) = (f for f in answer.measures if f.equivalent)
    assert (found.id, found.rate_text) == ("ca-per-unit", "5% + 0.5 per kg")
    assert any("ad-valorem equivalent" in text for text in answer.assumptions)
    assert unit.duty("0101.21.00", unit_value={"kg": 10}, **ABOUT).total_rate == 10


def test_a_floor_holds_for_rates_per_unit_in_both_engines(unit: Law) -> None:
    for value, rate in ((10.0, 20.0), (1.0, 50.0)):
        assert unit.duty("0102.21.00", unit_value={"kg": value}, **ABOUT).total_rate == rate
        counted = unit.duty("0102.21.00", value=100 * value, quantity={"kg": 100}, **ABOUT)
        assert (counted.total_rate, counted.total_amount) == (rate, pytest.approx(rate * value))
        lines = Lines("CAN", ["0102.21.00"], "USA", unit_values={"kg": np.array([value])})
        assert unit.schedule(lines, [ABOUT["on"]]).rates[0, 0] == rate


@pytest.mark.parametrize("value", [0, -1, float("inf"), "much"])
def test_a_unit_value_is_a_positive_number(unit: Law, value: Any) -> None:
    with pytest.raises(InputError, match="unit value per kg"):
        unit.duty("0101.21.00", unit_value={"kg": value}, **ABOUT)


def test_unit_values_at_the_terminal() -> None:
    args = ["7208.36.00", "--importer", "CAN", "--origin", "USA", "--on", "2025-05-06", "--json"]
    for text in ("1.85/kg", "kg=1.85", "1.85 / kg"):
        result = CliRunner().invoke(commands.duty, [*args, "--unit-value", text])
        assert json.loads(result.output)["line"]["unit_value"] == {"kg": 1.85}, text
    result = CliRunner().invoke(commands.duty, [*args, "--unit-value", "1.85"])
    assert result.exit_code == 2
    assert "has no unit" in json.loads(result.output)["reason"]


def test_json_has_the_published_keys_and_numbers(law: Law) -> None:
    """Every measure says the same keys; nothing taken is 0, not null; a displaced or exempt rate is told."""
    answer = law.duty("7308.20.00", importer="CAN", origin="USA", on="2026-01-15", value=1000).as_json()
    assert {"schema", "status", "total_rate", "total_amount", "measures"} <= set(answer)
    keys = {"id", "instrument", "citation", "applies", "rate", "base_share", "effective_rate", "amount", "reason", "excluded_by"}  # fmt: skip
    rows = {m["id"]: m for m in answer["measures"]}
    for row in rows.values():
        assert keys <= set(row)
        if row["applies"] is False:
            assert (row["effective_rate"], row["amount"], row["base_share"]) == (0, 0, 0)
    assert (rows["ca-sor-2025-95"]["rate"], rows["ca-sor-2025-95"]["amount"]) == (25, 250)
    displaced = rows["ca-sor-2025-267"]
    assert (displaced["rate"], displaced["excluded_by"]) == (25, "ca-sor-2025-95")
    assert rows["ca-sor-2025-66"]["rate"] is None
    exempt = law.duty("9403.10.00", importer="CAN", origin="USA", on="2026-01-15", facts=["casual_goods"])
    (found,) = (f for f in exempt.measures if f.id == "ca-sor-2025-267")
    assert (found.code, found.rate, found.effective_rate) == ("exempt", 25, 0)


def test_law_diff_takes_importer_and_origin() -> None:
    def ids(*more: str) -> set[str]:
        result = CliRunner().invoke(commands.law, ["diff", "2025-06-26", "2025-08-01", "--json", *more])
        assert result.exit_code == 0
        return {c["measure"] for c in json.loads(result.output)["changes"]}

    assert "ca-sor-2025-154" in ids("--importer", "CAN")
    assert ids("--importer", "CAN", "--origin", "DEU") == {"ca-sor-2025-148", "ca-sor-2025-154"}
    assert all(i.startswith("us-") for i in ids("--importer", "usa"))
    assert CliRunner().invoke(commands.law, ["diff", "2025-06-26", "2025-08-01", "--importer", "Mars"]).exit_code == 2
    assert CliRunner().invoke(commands.law, ["diff", "2025-06-26", "2025-08-01", "--origin", "Mars"]).exit_code == 2
