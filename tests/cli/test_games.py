"""Games on the command line: strict JSON with its conditions, pages, refusals, interruption."""

from __future__ import annotations

import json

import pytest

import surtax as sx
from surtax.cli import main
from tests.helpers import small_world

TREE = """
schema: surtax-tree/1
players: [C00, C01]
scenario: SCENARIO
until: 2026-01-01
matrix: [first]
start: first
nodes:
  - {id: first, day: 2025-01-01, who: C00, moves: [
      {id: tax, kind: impose, impose: [a], then: second}, {id: wait, kind: hold, then: second}]}
  - {id: second, day: 2025-07-01, who: C01, moves: [
      {id: answer, kind: retaliate, impose: [b], then: end}, {id: nothing, kind: hold, then: end}]}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("games")
    small_world(3).save(folder / "w.npz")
    (folder / "s.yaml").write_text(
        "title: A war\nmeasures: [{id: a, importer: C00, exporter: C01, changes: [{sector: S00, rate: 20}]},"
        "{id: b, importer: C01, exporter: C00, changes: [{sector: S00, rate: 20}]}]\n"
    )
    (folder / "t.yaml").write_text(TREE.replace("SCENARIO", str(folder / "s.yaml")))
    return folder


@pytest.fixture
def call(files, capsys, monkeypatch):
    monkeypatch.chdir(files)

    def run(*arguments):
        with pytest.raises(SystemExit) as leave:
            main(list(arguments))
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


def refuse_nan(name):
    raise AssertionError(f"{name} is no JSON")


ON = ("--world", "w.npz", "--given", "s.yaml")
COMMANDS = {
    "surtax-best-reply/1": ("best-reply", "--player", "C00", "--against", "C01", "--instrument", "by-sector", *ON),
    "surtax-nash/1": ("nash", "--players", "C00,C01", "--starts", "1", *ON),
    "surtax-frontier/1": ("frontier", "--player", "C00", "--against", "C01", "--points", "3", *ON),
    "surtax-cooperate/1": ("cooperate", "--players", "C00,C01", "--points", "2", *ON),
    "surtax-escalate/1": ("escalate", "t.yaml", "--world", "w.npz"),
}


@pytest.mark.parametrize("schema", COMMANDS)
def test_json_is_strict_and_carries_its_conditions(call, schema):
    code, out, err = call(*COMMANDS[schema], "--json")
    assert code == 0
    assert err == ""
    document = json.loads(out, parse_constant=refuse_nan)
    assert document["schema"] == schema
    conditions = document["conditions"]
    assert conditions["closure"] == "fixed"
    assert conditions["residual"] < 1e-9
    assert conditions["elasticities"]
    assert conditions["world"]


@pytest.mark.parametrize("schema", COMMANDS)
def test_text_and_page(call, files, schema):
    code, out, err = call(*COMMANDS[schema], "--report", "page.html")
    assert code == 0
    assert err == ""
    assert "residual" in out
    assert "wrote page.html" in out
    page = (files / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "Conditions" in page


def test_the_reply_is_the_best_of_its_neighbours(call, files):
    _, out, _ = call(*COMMANDS["surtax-best-reply/1"], "--bounds", "0,80", "--json")
    document = json.loads(out)
    world, given = sx.load_world(files / "w.npz"), sx.load_scenario(files / "s.yaml")

    def welfare(rates):
        scenario = given
        for sector, rate in rates.items():
            scenario = scenario.tariff(importer="C00", exporter="C01", sector=sector, set=rate / 100)
        return sx.solve(world, scenario).welfare["C00"]

    best = welfare(document["rates"])
    assert best == pytest.approx(document["value"], abs=1e-8)
    assert best == pytest.approx(document["welfare"]["C00"], abs=1e-8)
    for sector, rate in document["rates"].items():
        for step in (-3, 3):
            other = min(max(rate + step, 0), 80)
            assert welfare({**document["rates"], sector: other}) <= best + 1e-7


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("best-reply", "--player", "XX"), "unknown country 'XX'"),
        (("best-reply", "--player", "C00", "--against", "C00"), "against itself"),
        (("best-reply", "--player", "C00", "--instrument", "by-sectr"), "did you mean by-sector"),
        (("best-reply", "--player", "C00", "--bounds", "50,10"), "bounds cross"),
        (("best-reply", "--player", "C00", "--bounds", "50"), "two numbers in per cent"),
        (("best-reply", "--player", "C00", "--bounds", "20,50", "--average-at-most", "10"), "cannot be met"),
        (("best-reply", "--player", "C00", "--against", "C01", "--instrument", "by-partner", "--mfn"), "cannot be met"),
        (("best-reply", "--player", "C00", "--objective", "jobs"), "flat"),
        (("best-reply", "--player", "C00", "--objective", "happiness"), "unknown term"),
        (("best-reply", "--player", "C00", "--instrument", "products"), "needs a list"),
        (("best-reply", "--player", "C00", "--deficits", "none"), "unknown closure"),
        (("best-reply", "--player", "C00", "--bounds", "5,5"), "flat"),
        (("nash", "--players", "C00"), "two players or more"),
        (("nash", "--players", "C00,C00"), "stands twice"),
        (("nash", "--players", "C00,C01", "--against", "nobody"), "each-other or everyone"),
        (("nash", "--players", "C00,C01", "--mfn"), "cannot be met"),
        (("frontier", "--player", "C00", "--against", "C01", "--up-to", "0"), "give a higher rate"),
        (("cooperate", "--players", "C00,C01", "--threat", "war"), "in-force or nash"),
        (("cooperate", "--players", "C00,C01", "--power", "2"), "bargaining power"),
        (("cooperate", "--players", "C00,C01,C02"), "two players"),
    ],
)
def test_wrong_input_is_said_in_words(call, arguments, words):
    code, out, err = call(*arguments, "--world", "w.npz")
    assert code == 2
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_trees_that_are_wrong(call, files):
    (files / "bad.yaml").write_text((files / "t.yaml").read_text().replace("then: second}, {", "then: thrid}, {"))
    code, _, err = call("escalate", "bad.yaml", "--world", "w.npz")
    assert code == 2
    assert "a branch is missing" in err
    code, _, err = call("escalate", "t.yaml", "--world", "w.npz", "--picture", "x.png")
    assert code == 2
    assert ".svg" in err


def test_a_picture_of_the_matrices(call, files):
    from xml.etree import ElementTree as ET

    code, out, _ = call("escalate", "t.yaml", "--world", "w.npz", "--leaves", "--picture", "m.svg")
    assert code == 0
    assert "tax → answer" in out
    text = (files / "m.svg").read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 - our own file
    assert "answer" in text


def test_an_objective_for_one_player(call):
    _, out, _ = call(*COMMANDS["surtax-nash/1"], "--objective", "C01=revenue", "--json")
    document = json.loads(out)
    assert [p["objective"] for p in document["players"]] == ["income", "revenue"]


def test_an_interrupted_run_prints_what_it_found(call, monkeypatch):
    from surtax.games.situation import Situation

    original, calls = Situation.solve, [0]

    def solve(self, tariffs, **more):
        calls[0] += 1
        if calls[0] == 15:
            raise KeyboardInterrupt
        return original(self, tariffs, **more)

    monkeypatch.setattr(Situation, "solve", solve)
    code, out, err = call(*COMMANDS["surtax-best-reply/1"], "--json")
    assert code == 130
    assert "interrupted" in err
    document = json.loads(out)
    assert document["finished"] is False
    assert document["value"] > document["value_before"]


@pytest.mark.parametrize("at", [8, 60])
def test_an_interrupted_equilibrium_says_where_it_stood(call, monkeypatch, at):
    from surtax.games.situation import Situation

    original, calls = Situation.solve, [0]

    def solve(self, tariffs, **more):
        calls[0] += 1
        if calls[0] == at:
            raise KeyboardInterrupt
        return original(self, tariffs, **more)

    monkeypatch.setattr(Situation, "solve", solve)
    code, out, err = call("nash", "--players", "C00,C01", "--instrument", "by-sector", *ON, "--json")
    assert code == 130
    assert "interrupted" in err
    document = json.loads(out, parse_constant=refuse_nan)
    assert document["finished"] is False
    assert document["equilibria"] == []
    stood = document["stood_when_interrupted"]
    assert set(stood["rates"]) == {"C00", "C01"}
    calls[0] = 0
    code, out, _ = call("nash", "--players", "C00,C01", "--instrument", "by-sector", *ON)
    assert code == 130
    assert "no equilibrium, only how far it was" in " ".join(out.split())


def test_a_list_of_products(files, call):
    (files / "steel.csv").write_text("product\n7208\n7210.49\n")
    code, out, err = call(
        "best-reply", "--player", "USA", "--against", "CAN", "--instrument", "products", "--products", "steel.csv",
        "--starts", "1", "--json",
    )  # fmt: skip
    assert code == 0, err
    document = json.loads(out)
    assert list(document["rates"]) == ["steel"]
    code, _, err = call(
        "best-reply", "--player", "CAN", "--against", "USA", "--instrument", "products", "--products", "steel.csv"
    )
    assert code == 2
    assert "not public" in err
    (files / "none.csv").write_text("product\nsteel\n")
    code, _, err = call("best-reply", "--player", "USA", "--instrument", "products", "--products", "none.csv")
    assert code == 2
    assert "is not a product" in err
