"""`surtax path` as a user calls it, on a small world."""

from __future__ import annotations

import json

import pytest

import surtax as sx
from surtax.cli import main
from tests.helpers import small_world

HIT = ("--set", "C00<-C01=+20", "--set", "C01<-C00=+10")


@pytest.fixture
def world(tmp_path):
    file = tmp_path / "small.npz"
    small_world(4).save(file)
    return str(file)


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as leave:
        main(["path", *arguments])
    out = capsys.readouterr()
    return leave.value.code, out.out, out.err


def test_the_table_has_a_row_a_year_and_the_end(world, capsys):
    code, out, err = call(capsys, "none", *HIT, "--world", world, "--imposed", "2025", "--years", "3")
    assert code == 0, err
    for year in ("2025", "2028", "at rest"):
        assert f"\n{year} " in out
    assert "2029" not in out
    assert "C00" in out
    assert "C01" in out
    assert "perfect foresight" in out


def test_json_is_strict_and_says_what_the_library_says(world, capsys):
    from surtax.model.dynamic import Dynamics, solve_path

    options = ("--imposed", "2027", "--announced", "2025", "--reversed", "2029", "--years", "4", "--nu", "1.5")
    code, out, err = call(capsys, "none", *HIT, "--world", world, *options, "--json")
    assert code == 0, err
    plain = json.loads(out, parse_constant=pytest.fail)
    assert plain["schema"] == "surtax-path/1"
    assert plain["years"] == [2025, 2026, 2027, 2028, 2029]
    accounts = sx.load_world(world)
    scenario = (
        sx.Scenario().tariff(importer="C00", exporter="C01", add=0.2).tariff(importer="C01", exporter="C00", add=0.1)
    )
    path = solve_path(accounts, {2027: scenario, 2029: None}, announced=2025, horizon=4, settings=Dynamics(nu=1.5))
    assert plain["countries"]["C00"]["welfare"][2] == pytest.approx(path.welfare["2027", "C00"], abs=1e-9)
    assert plain["countries"]["C01"]["path_welfare"] == pytest.approx(path.path_welfare["C01"], abs=1e-9)
    assert plain["conditions"]["residuals"]["values"] < 1e-8
    assert plain["conditions"]["changes"]["2029"] == []


def test_files_are_written(world, capsys, tmp_path):
    table, chart = tmp_path / "path.csv", tmp_path / "path.svg"
    code, out, err = call(
        capsys,
        "none",
        *HIT,
        "--world",
        world,
        "--years",
        "2",
        "--recursive",
        "--csv",
        str(table),
        "--chart",
        str(chart),
    )
    assert code == 0, err
    assert f"wrote {table}" in out.replace("\n", "")
    assert table.read_text(encoding="utf-8").startswith("variable,year,sector,country,value,unit")
    assert chart.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--reversed", "1"), "begin in 1"),
        (("--announced", "5"), "later than it happens"),
        (("--surprises", "--recursive"), "give one"),
        (("--stay", "2"), "stay is 2"),
        (("--capital", "none"), "capital is 'none'"),
        (("--law-path",), "us-canada-2025"),
        (("--csv", "x.txt"), ".csv"),
        (("--chart", "x.png"), ".svg"),
        (("--countries", ","), "empty"),
        (("--countries", "ZZZ"), "ZZZ"),
        (("--deficits", "none"), "closure"),
    ],
)
def test_wrong_input_is_told_in_words(world, capsys, options, words):
    code, _, err = call(capsys, "none", *HIT, "--world", world, *options)
    assert code == 2
    assert words in err
    assert "Traceback" not in err
