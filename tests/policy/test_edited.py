"""Edited law in rates, revenue and runs of a day: what follows the edit, what is refused, what the result says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import surtax as sx
import surtax.law
from surtax.cli import cli
from surtax.policy.dated import on_day
from surtax.trade.effective import effective

LAW = surtax.law.load()
ADDED = {
    "schema": "surtax-measure-1",
    "id": "an-import-fee",
    "title": "A fee",
    "kind": "additional_duty",
    "instrument": "none",
    "citation": [{"text": "none"}],
    "levied_by": "USA",
    "on_origins": {"only": ["CAN"]},
    "products": {"all": {"include": ["*"]}},
    "rates": [{"from": "2025-01-01", "ad_valorem": 3}],
    "provenance": {"sources": ["this test"]},
}
KEEPS = LAW.edit("ca-sor-2025-66", hold=("2025-08-31", "2026-07-24")).edit(
    "ca-sor-2025-95", hold=("2025-08-31", "2026-07-24")
)


@pytest.fixture(scope="module")
def world():
    return sx.load_world()


@pytest.fixture(scope="module")
def dispute():
    return sx.load_scenario("us-canada-2025")


def test_an_added_measure_counts_whatever_its_name_and_first_day(world, dispute):
    """It holds before the dispute as well; an edit is still a change against the law as it is."""
    law = LAW.edit(add=ADDED)
    before, after = (effective(x, "2025-05-06").steps["none"] for x in (LAW, law))
    # on every line with a rate, three points more
    known = before.known > 0
    value = effective(LAW, "2025-05-06").basket.value
    np.testing.assert_allclose((after.duties[1] - before.duties[1])[known], 0.03 * value[known], rtol=1e-9, atol=1e-3)
    assert after.by_measure["an-import-fee"][1] == pytest.approx(0.03 * value[known].sum())
    scenario = on_day(dispute, world, "2025-01-02", law=law)
    schedule = scenario.only("us-law").schedule(world)
    o, d = world.country("CAN"), world.country("USA")
    s = world.sector("C10T12")
    # the nest collects a little less than the three points, since buyers turn from dutiable lines
    assert 0.025 < schedule.tariffs[s, o, d] - world.tariffs[s, o, d] <= 0.0301


def test_without_ordinary_duties_rates_are_those_of_the_rest():
    law = LAW.edit("us-mfn", drop=True)
    plain, without = (effective(x, "2025-05-06").steps["full"] for x in (LAW, law))
    assert "us-mfn" not in without.by_measure
    assert without.duty[1] == pytest.approx(plain.duty[1] - plain.by_measure.get("us-mfn", (0, 0))[1], rel=1e-9)


def rates_of(measure):
    return {c.sector[0]: c.set for c in measure.changes if c.set is not None}


def canada(scenario):
    return next((m for m in scenario.measures if m.id == "ca-law"), None)


def test_canada_keeps_its_orders_where_they_are_held(world, dispute):
    """On 15 October under the held orders: what the law itself says of 31 August, sector by sector."""
    kept = on_day(dispute, world, "2025-10-15", law=KEEPS)
    plain, before = (on_day(dispute, world, day) for day in ("2025-10-15", "2025-08-31"))
    assert rates_of(canada(kept)) == pytest.approx(rates_of(canada(before)), rel=1e-12)
    assert rates_of(canada(plain)) != pytest.approx(rates_of(canada(before)))
    assert kept.law == KEEPS.edits
    assert plain.law == ()
    assert "edited law" in kept.title


@pytest.mark.parametrize(
    ("edit", "gone"),
    [({"drop": True}, True), ({"end": "2025-05-01"}, True), ({"suspend": ("2025-05-01", "2025-06-01")}, True),
     ({"suspend": ("2025-06-01", None)}, False)],
)  # fmt: skip
def test_canada_s_orders_follow_their_days(world, dispute, edit, gone):
    found = canada(on_day(dispute, world, "2025-05-06", law=LAW.edit("ca-sor-2025-66", **edit)))
    food = "C10T12"  # of the orders SOR/2025-66 alone reaches food
    assert (food not in rates_of(found)) == gone


def test_canada_s_rates_follow_an_edit_of_the_rate(world, dispute):
    half = canada(on_day(dispute, world, "2025-05-06", law=LAW.edit("ca-sor-2025-66", rate=12.5)))
    full = canada(on_day(dispute, world, "2025-05-06"))
    assert 0 < rates_of(half)["C10T12"] < rates_of(full)["C10T12"]


def test_results_say_that_the_law_was_edited(world, dispute, tmp_path):
    scenario = on_day(dispute, world, "2025-10-15", law=KEEPS)
    assert sx.solve(world, scenario).describe()["law"] == list(KEEPS.edits)
    assert sx.solve(world, dispute).describe()["law"] == []
    path = tmp_path / "cut.yaml"
    path.write_text("title: Cut\nedits: [{measure: us-ieepa-can, withdraw: true}]\n", encoding="utf-8")
    words = "law edited by cut.yaml (Cut): us-ieepa-can: withdrawn"

    def run(*args):
        result = CliRunner().invoke(cli, [*args, "--law", str(path)])
        assert result.exit_code == 0, result.output
        return result.output

    day = ("--on", "2025-05-06")
    assert words in json.loads(run("rates", *day, "--json"))["notes"]
    assert json.loads(run("revenue", *day, "--json"))["law"] == [words]
    report = tmp_path / "r.html"
    assert json.loads(run("run", "us-canada-2025", *day, "--json", "--report", str(report)))["conditions"]["law"] == [
        words
    ]
    assert words in report.read_text(encoding="utf-8")
    for command in (("rates", *day), ("revenue", *day), ("run", "us-canada-2025", *day)):
        assert words in " ".join(run(*command).split())


def test_law_files_need_a_day_and_are_no_folders(tmp_path):
    (tmp_path / "a.yaml").write_text("edits: [{measure: us-ieepa-can, withdraw: true}]\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["run", "us-canada-2025", "--law", str(tmp_path / "a.yaml")])
    assert "--on" in str(result.exception)
    for command in ("rates", "revenue"):
        result = CliRunner().invoke(cli, [command, "--law", str(tmp_path)])
        assert "is a folder" in str(result.exception)
