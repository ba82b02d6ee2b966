"""`surtax depend` and `surtax border` on the command line: JSON that is strict, text, and slips told in words."""

import json
import re
import subprocess
import sys

import pytest


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "surtax", *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(("horizon", "names"), [("both", ["long", "short"]), ("short", ["short"]), ("long", ["long"])])
def test_depend_json(horizon, names):
    done = run("depend", "--product", "cars", "--horizon", horizon, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = strict(done.stdout)["products"]
    assert list(found["losses"]) == list(found["conditions"]) == names
    assert all(x["importer"] < 0 for x in found["losses"].values())
    assert found["schema"] == "surtax-dependence/1"


def test_depend_in_both_directions_and_together():
    done = run("depend", "--product", "energy", "--product", "lumber", "--both", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    plain = strict(done.stdout)
    assert [(d["importer"], d["product"]["name"]) for d in plain["products"]] == [
        ("USA", "energy"), ("USA", "lumber"), ("CAN", "energy"), ("CAN", "lumber"),
    ]  # fmt: skip
    assert [(t["importer"], t["model"]) for t in plain["together"]] == [
        ("USA", "core"), ("USA", "short-run"), ("CAN", "core"), ("CAN", "short-run"),
    ]  # fmt: skip
    for t in plain["together"]:
        assert t["sum_importer"] == pytest.approx(sum(x["importer"] for x in t["alone"].values()))


def test_depend_text_names_horizons_and_conditions():
    done = run("depend", "--product", "lumber")
    text = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("long run", "short run", "deficits fixed", "residual", "sawn wood"):
        assert words in text


def test_border_json_and_text():
    done = run("border", "--union", "--remove", "10", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    plain = strict(done.stdout)
    assert plain["schema"] == "surtax-border/1"
    assert plain["removed"] == pytest.approx(0.1)
    assert set(plain["by_benchmark"]) == {"head-ries", "provinces"}
    assert [a["country"] for a in plain["accounts"]] == ["CAN", "USA"]
    assert any("fiscal" in x for x in plain["not_modelled"])
    text = " ".join(run("border", "--union").stdout.split())
    for words in (
        "not modelled: fiscal",
        "not modelled: migration",
        "trade: solved",
        "million persons",
        "McCallum",
        "44",
    ):
        assert words in text


def test_border_by_gravity():
    pytest.importorskip("pyfixest", reason="the extra `estimate` is not installed")
    done = run("border", "--benchmark", "gravity", "--remove", "10", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    plain = strict(done.stdout)
    assert set(plain["by_benchmark"]) == {"head-ries", "provinces", "gravity"}
    assert set(plain["average_pair"]) == set(plain["by_benchmark"]["gravity"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("depend", "--product", "enrgy"), "did you mean energy"),
        (("depend", "--product", ""), "unknown product"),
        (("depend", "--importer", "USA", "--origin", "usa"), "same country"),
        (("depend", "--importer", "Atlantis"), "unknown country"),
        (("depend", "--horizon", "medium"), "short, long or both"),
        (("depend", "--product", "electricity"), "among services"),
        (("depend", "--deficits", "none"), "unknown closure"),
        (("depend", "--elasticities", "-1"), "positive"),
        (("depend", "--world", "atlantis"), "atlantis"),
        (("border", "--between", "CAN"), "two countries"),
        (("border", "--between", "CAN,USA,MEX"), "two countries"),
        (("border", "--between", "CAN,CAN"), "same country"),
        (("border", "--between", "MEX,USA"), "head-ries"),
        (("border", "--benchmark", "distance"), "one of head-ries, provinces, gravity"),
        (("border", "--remove", "150"), "between 0 and 100"),
        (("border", "--remove", "nan"), "between 0 and 100"),
        (("border", "--remove", "half"), "half"),
        (("border", "--given", "us-canada-2052"), "us-canada-2025"),
        (("check", "canada-subsdy"), "did you mean canada-subsidy"),
        (("check", "missing.yaml"), "missing.yaml"),
        (("check",), "NAME"),
        (("check", "canada-subsidy", "--report", "no/such/folder/page.html"), "no/such/folder"),
    ],
)
def test_slips_are_told_in_words(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    assert re.search(words, " ".join(done.stderr.split())), done.stderr
