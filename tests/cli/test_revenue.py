"""`surtax revenue`: groupings, elasticities and refusals at the terminal."""

from __future__ import annotations

import json

import pytest


def refuse_nan(name):
    raise AssertionError(f"{name} is no JSON")


def test_json_by_chapter_adds_up_and_says_what_it_holds_under(call):
    code, out, err = call(
        "revenue", "--by", "chapter", "--elasticities", "uniform-4", "--deficits", "balanced", "--json"
    )
    assert (code, err) == (0, "")
    plain = json.loads(out, parse_constant=refuse_nan)
    assert plain["schema"] == "surtax-revenue/1"
    assert (plain["conditions"]["closure"], plain["conditions"]["elasticities"]) == ("balanced", "uniform 4")
    for name, total in plain["totals"].items():
        assert sum(r[name] for r in plain["groups"]["rows"]) == pytest.approx(total, rel=1e-11)
        assert sum(r[name] for r in plain["by_measure"].values()) == pytest.approx(total, rel=1e-11)
    own, others = plain["dynamic"]["exporter"], plain["dynamic"]["other_origins"]
    assert own == pytest.approx(plain["totals"]["general"] - plain["before"], rel=1e-12)
    assert others == pytest.approx(sum(r["change"] for r in plain["accounts"]["by_origin"][1:]), rel=1e-12)
    assert "offset" in plain["not_modelled"]


def test_less_responds_where_elasticities_are_lower(call):
    low, high = (json.loads(call("revenue", "--elasticities", n, "--json")[1])["totals"] for n in ("2", "8"))
    assert low["conventional"] == pytest.approx(high["conventional"])
    assert low["partial"] > high["partial"]
    assert low["general"] > high["general"]


def test_words(call):
    code, out, _ = call("revenue", "--by", "sector", "--top", "2")
    assert code == 0
    for words in ("others", "other origins", "dynamic:", "not modelled", "Outside the goods sectors"):
        assert words in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--by", "province"], "measure, sector, chapter or heading"),
        (["--on", "May"], "is not a day"),
        (["--on", "2027-01-01"], "covered for"),
        (["--car-us-content", "2"], "between 0 and 1"),
        (["--preference", "some"], "preference"),
        (["--elasticities", "fog"], "did you mean fgo"),
        (["--deficits", "fxed"], "fixed"),
        (["--law", "nowhere.yaml"], "No such file"),
    ],
)
def test_wrong_input(call, arguments, words):
    code, out, err = call("revenue", *arguments)
    assert (code, out) == (2, "")
    assert words in err
