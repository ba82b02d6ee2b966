"""`surtax rates`: one page, strict JSON that adds up, every month, refusals in words."""

from __future__ import annotations

import itertools
import json
from functools import partial

import pytest

from surtax.trade import load_us_imports


@pytest.fixture
def call(call):
    return partial(call, "rates")


def strict(text):
    def refuse(name):
        raise AssertionError(name)

    return json.loads(text, parse_constant=refuse)


def test_the_page_has_every_step_and_piece(call):
    code, out, _ = call("--on", "2025-05", "--by", "sector", "--unmatched", "--top", "3")
    text = " ".join(out.split())
    assert code == 0
    for words in (
        "statutory: nobody claims USMCA", "everybody claims USMCA", "claims as recorded", "lines free of duty predicted",
        "as they respond", "collected by customs", "US content of cars", "metal content", "chapter 98", "scrap",
        "energy", "in transit", "offsets for assembly", "antidumping", "not known here", "not explained by the pieces",
        "without a rate or a goods sector", "others",
    ):  # fmt: skip
        assert words in text or words.replace(" ", "") in text.replace(" ", ""), words


def test_json_of_a_day_adds_up(call):
    code, out, _ = call("--on", "2025-09-15", "--origin", "mex", "--by", "heading", "--unmatched", "--json")
    plain = strict(out)
    assert code == 0
    assert plain["schema"] == "surtax-rates/2"
    assert [s["claims"] for s in plain["steps"]] == ["none", "full", "recorded", "predicted", "endogenous"]
    rows = plain["groups"]["rows"]
    assert sum(r["value_usd"] for r in rows) == plain["value_usd"]
    step = plain["steps"][3]
    for end in ("duty_low_usd", "duty_high_usd"):
        assert sum(r[end] for r in rows) == pytest.approx(step[end], rel=1e-11)
    for i in (0, 1):
        assert sum(d[i] for d in step["by_measure_usd"].values()) == pytest.approx(
            step[("duty_low_usd", "duty_high_usd")[i]], rel=1e-11
        )
    without = sum(r["value_usd"] for r in plain["unmatched"] if r["without_a_rate"])
    assert without == sum(plain["unknown_usd"].values())
    assert plain["claims_from"] == {"month": "2025-07", "carried": True}


def test_every_month_is_there_and_marked(call):
    code, out, _ = call("--monthly", "--json", "--by", "measure", "--preference", "endogenous")
    plain = strict(out)
    assert code == 0
    months = {p["month"]: p for p in plain}
    assert list(months) == [f"2025-{m:02d}" for m in range(1, 13)] + [f"2026-{m:02d}" for m in range(1, 9)]
    recorded = {m for m, p in months.items() if not p["claims_from"]["carried"]}
    assert recorded == {"2025-01", "2025-03", "2025-04", "2025-05", "2025-07", "2025-10", "2025-12"}
    assert all(p["gaps"]["step"] == p["groups"]["claims"] == "endogenous" for p in plain)
    code, out, _ = call("--monthly")
    assert code == 0
    assert "2025-08" in out
    assert "2025-07*" in out


def test_the_daily_path_by_group_is_json(call):
    code, out, _ = call("--daily", "--by", "measure", "--json")
    plain = strict(out)
    assert code == 0
    assert plain["value_usd"] == load_us_imports().select(origin="CAN").total()
    assert (plain["law"], plain["weights"]) == ([], "US imports from CAN of 2024")
    rows = plain["stretches"]
    assert (rows[0]["start"], rows[-1]["end"]) == ("2025-01-01", "2026-08-19")
    assert all(a["end"] == b["start"] for a, b in itertools.pairwise(rows))
    may = next(r for r in rows if r["start"] <= "2025-05-06" < r["end"])
    assert {"us-ieepa-can", "us-s232-autos"} <= {g["label"] for g in may["groups"]["measure"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--origin", "FRA"], "CAN and MEX, not FRA"),
        (["--origin", "XXX", "--daily"], "CAN and MEX, not XXX"),
        (["--origin", "", "--monthly"], "CAN and MEX"),
        (["--on", "2024-12-31"], "covered for the United States"),
        (["--on", "2026-09"], "covered for the United States"),
        (["--on", "2025-13"], "not a month"),
        (["--on", "6 May"], "not a day such as"),
        (["--importer", "DEU"], "not covered"),
        (["--by", "port"], "sector, chapter, heading or measure"),
        (["--preference", "guess"], "none, full, recorded, predicted, endogenous"),
        (["--weights", "2023"], "'month' or '2024'"),
        (["--daily", "--monthly"], "one of the two"),
        (["--daily", "--unmatched"], "--unmatched"),
        (["--chart", "x.svg"], "--daily"),
        (["--monthly", "--on", "2025-05"], "--on names one day or month"),
        (["--daily", "--on", "2025-05-06"], "--on names one day or month"),
        (["--format", "baci"], "give --flows FILE"),
        (["--value", "CON_VAL_MO"], "give --flows FILE"),
    ],
)
def test_wrong_input_is_refused_in_words(call, arguments, words):
    code, _, error = call(*arguments)
    assert code == 2
    assert words in " ".join(error.split())
    assert "Traceback" not in error
