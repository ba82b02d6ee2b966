"""`surtax rates --importer CAN`: what it prints, its JSON, its chart, and what it refuses."""

from __future__ import annotations

import json
from functools import partial

import pytest


@pytest.fixture
def call(call):
    return partial(call, "rates", "--importer", "CAN")


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("origin", [(), ("--origin", "USA")])
def test_a_day_as_json(call, origin):
    code, out, err = call("--on", "2025-05-06", "--by", "order", "--json", *origin)
    assert (code, err) == (0, "")
    plain = strict(out)
    assert (plain["schema"], plain["importer"], plain["origin"]) == ("surtax-rates-canada/1", "CAN", "USA")
    assert sum(r["value_usd"] for r in plain["by"]["rows"]) == plain["imports_usd"]
    assert plain["coverage"][0].keys() >= {"upper_bound_usd", "factor", "value_usd"}


def test_a_day_in_words(call):
    code, out, _ = call("--on", "2025-07-15", "--by", "sector", "--top", "3")
    assert code == 0
    text = " ".join(out.split())
    for words in ("39,166", "0.559", "34,287", "0.635", "CAD 30.0 bn", "CAD 29.8 bn", "2.6 %", "comparator", "a band",
                  "surtax only", "others"):  # fmt: skip
        assert words in text, words


def test_months_and_days(call, tmp_path):
    code, out, _ = call("--monthly", "--json")
    months = [p["month"] for p in strict(out)]
    assert (code, months[0], months[-1], len(months)) == (0, "2025-01", "2026-07", 19)
    assert [strict(out)[i]["days"] for i in (1, -1)] == [28, 23]
    chart = tmp_path / "canada.svg"
    code, out, _ = call("--daily", "--json", "--chart", str(chart))
    plain = strict(out)
    assert code == 0
    assert plain["schema"] == "surtax-rates-canada-path/1"
    assert plain["stretches"][0]["start"] == "2025-01-01"
    drawn = chart.read_text(encoding="utf-8")
    assert "SOR/2025-118 begins" in drawn
    assert "Bank of Canada" in drawn
    code, out, _ = call("--daily")
    assert "SOR/2025-66" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--origin", "DEU"], "not covered"),
        (["--origin", "CAN"], "own goods"),
        (["--origin", "Narnia"], "no country"),
        (["--on", "yesterday"], "not a day"),
        (["--on", "2026-07-24"], "after the last day"),
        (["--by", "colour"], "--by"),
        (["--weights", "2023"], "2024 alone"),
        (["--daily", "--monthly"], "choose one"),
        (["--daily", "--by", "colour"], "--by"),
        (["--monthly", "--on", "2025-07-15"], "--on names one"),
        (["--on", "2025-13"], "not a month"),
        (["--on", "2026-08"], "after the last day"),
        (["--format", "baci"], "give --flows"),
        (["--chart", "x.svg"], "--daily"),
        (["--daily", "--chart", "x.png"], r".svg"),
        (["--daily", "--chart", "/nowhere/x.svg"], "cannot write"),
    ],
)
def test_refusals_are_one_message(call, arguments, words):
    code, out, err = call(*arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in err + out


def test_breakdowns_go_with_months_and_days_in_words_and_in_json(call):
    """They were dropped in silence from the table of months, and refused with --daily."""
    code, out, _ = call("--monthly", "--by", "order", "--top", "2")
    assert code == 0
    assert out.count("95-steel") + out.count("118") >= 19
    assert "2025-03, mean over 31 days" in out
    code, out, _ = call("--daily", "--by", "sector", "--json")
    plain = strict(out)
    for one in plain["stretches"]:
        assert sum(r["value_usd"] for r in one["groups"]["sector"]) == plain["imports_usd"]
    stretches = strict(call("--daily", "--by", "measure", "--json")[1])["stretches"]
    assert call("--daily", "--by", "measure", "--top", "20")[1].count("no surtax") == len(stretches)
