"""`surtax compare`: what it prints and writes, strict JSON, refusals in words, and interruptions."""

import csv
import json
import re
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from surtax.cli import cli
from surtax.errors import InputError

FEW = ["compare", "us-canada-2025", "--models", "core,melitz-pareto,end-use"]


def run(*arguments):
    result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def strict(text):
    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    page, table = folder / "c.html", folder / "c.csv"
    output = run(*FEW, "--deficits", "fixed,designated-balanced", "--elasticities", "fgo,4", "--json",
                 "--report", str(page), "--csv", str(table))  # fmt: skip
    return (
        strict(output),
        page.read_text(encoding="utf-8"),
        list(csv.DictReader(table.read_text(encoding="utf-8").splitlines())),
    )


def test_json_has_every_combination_with_its_conditions(written):
    plain, _, _ = written
    assert plain["schema"] == "surtax-compare/1"
    assert plain["complete"] is True
    assert plain["expected"] == len(plain["rows"]) == 3 * 2 * 2
    for r in plain["rows"]:
        if r["status"] == "solved":
            assert 0 <= r["residual"] < 1e-8
            assert r["conditions"]["closure"] == r["closure"]
            assert set(r["values"]["welfare"]) == {"CAN", "USA", "MEX", "CHN"}
        else:
            assert r["status"] == "not offered"
            assert r["why"]
            assert r["values"] is None
    assert [s["kind"] for s in plain["reasons"]["steps"]].count("whole") == 1
    assert plain["comparators"]
    assert all(x["differs"] for x in plain["comparators"])


def test_the_first_row_is_what_run_says(written, main_outcome):
    first = written[0]["rows"][0]
    assert first["values"]["welfare"]["CAN"] == pytest.approx(main_outcome.welfare["CAN"], abs=1e-8)
    assert first["values"]["revenue_change"]["USA"] == pytest.approx(main_outcome.revenue_change["USA"], rel=1e-8)


def test_csv_holds_the_same_rows(written):
    plain, _, rows = written
    solved = [r for r in plain["rows"] if r["status"] == "solved"]
    assert len(rows) == 4 * len(solved) + len(plain["rows"]) - len(solved)
    by = {(r["model"], r["closure"], r["elasticities"], r["country"]): r for r in rows}
    for r in solved:
        for country, value in r["values"]["exports"].items():
            assert float(by[r["model"], r["closure"], r["elasticities"], country]["exports"]) == value
    assert all(r["why"] for r in rows if r["status"] != "solved")


def test_the_page_works_offline_and_shows_every_dot(written):
    plain, page, _ = written
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", page)
    charts = [ET.fromstring(x) for x in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314 - our own file
    assert len(charts) == 4
    solved = [r for r in plain["rows"] if r["status"] == "solved"]
    for chart in charts:
        marks = [g for g in chart.iter() if "mark-symbol" in g.get("class", "") and "layer" in g.get("class", "")]
        assert sum(len(list(g)) for g in marks) == len(solved)
    for text in ("designated-balanced", "Bank of Canada", "do not add up", "Why answers differ"):
        assert text in page


def test_charts_follow_the_schema(monkeypatch, tmp_path):
    alt = pytest.importorskip("altair")
    from surtax.report import charts

    drawn, draw = [], charts._draw
    monkeypatch.setattr(charts, "_draw", lambda spec: drawn.append(spec) or draw(spec))
    # rigid wages lie so far from the others that they stand at the edge
    run("compare", "--models", "core,nested,rigid-wages", "--no-reasons", "--report", str(tmp_path / "c.html"))
    assert len(drawn) == 4
    for spec in drawn:
        alt.LayerChart.from_dict({k: v for k, v in spec.items() if k != "$schema"}, validate=True)
    canada = drawn[0]["datasets"]
    assert [r["label"] for r in canada["rows"]] == ["core", "nested"]
    assert [r["label"] for r in canada["low"]] == ["rigid-wages"]


@pytest.mark.parametrize("width", ["80", "130"])
def test_the_terminal_is_readable(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    text = run(*FEW, "--deficits", "all", "--elasticities", "fgo,caliendo-parro-2015-full", "--show", "all")
    assert max(map(len, text.splitlines())) <= int(width)
    assert "…" not in text
    for part in (
        "Real income",
        "Real wage",
        "Tariff revenue",
        "Exports",
        "not offered [1]",
        "comparators, not targets",
    ):
        assert part in text


def test_another_world_scenario_and_countries():
    text = run("compare", "none", "--set", "DEU<-FRA:C29=+25", "--models", "core", "--countries", "fra,DEU",
               "--no-reasons", "--json")  # fmt: skip
    plain = strict(text)
    assert plain["countries"] == ["FRA", "DEU"]
    assert plain["reasons"] is None
    assert plain["comparators"] == []


def test_nothing_changes_where_nothing_is_changed(tmp_path):
    text = run("compare", "none", "--models", "core,tariffwar", "--no-reasons", "--json",
               "--report", str(tmp_path / "c.html"))  # fmt: skip
    for r in strict(text)["rows"]:
        assert all(abs(x) < 1e-7 for x in r["values"]["welfare"].values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--models", "cor"], "core"),
        (["--models", "core,,nested"], "commas"),
        (["--deficits", "fixt"], "fixed"),
        (["--elasticities", "bok"], "boc"),
        (["--countries", "XYZ"], "XYZ"),
        (["--show", "welfair"], "welfare"),
        (["--report", "/nowhere/at/all.html"], "does not exist"),
        (["--csv", "/nowhere/at/all.csv"], "does not exist"),
    ],
)
def test_wrong_input_is_refused_in_words(arguments, said):
    result = CliRunner().invoke(cli, ["compare", *arguments])
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


@pytest.mark.parametrize("after", [0, 3])
def test_an_interruption_keeps_what_was_found(monkeypatch, after):
    from surtax.experiments import compare as module

    found, row = [], module._row

    def interrupted(*a):
        if len(found) == after:
            raise KeyboardInterrupt
        found.append(row(*a))
        return found[-1]

    monkeypatch.setattr(module, "_row", interrupted)
    result = CliRunner().invoke(cli, ["compare", "--json"])
    assert result.exit_code != 0
    plain = strict(result.stdout.splitlines()[0])
    assert len(plain["rows"]) == after
    assert plain["complete"] is False
    assert plain["expected"] == 10
    assert plain["reasons"] is None
