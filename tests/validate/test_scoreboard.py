"""The scoreboard as a whole: what it says of right, wrong, missing and damaged inputs, and in which forms."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest

import surtax as sx
from surtax.cli import main
from surtax.validate import STUDIES, caliendo_parro, inputs, published, run, studies
from tests.helpers import inputs_of, replication_folder


def leave(arguments):
    with pytest.raises(SystemExit) as left:
        main(["validate", *arguments])
    return left.value.code


@pytest.fixture(scope="module")
def everything():
    folder = replication_folder()
    if folder is None:
        pytest.skip("inputs of published studies are not here and may not ship")
    return run((), folder)


def test_every_row_with_inputs_passes(everything):
    wrong = [(r.id, r.published, r.computed, r.note) for r in everything.rows if r.status == "fail"]
    assert not wrong
    assert not [r.missing for r in everything.rows if r.missing]
    assert [r.id for r in everything.rows] == [i for i in published.table() if i.split("/")[0] in STUDIES]


def test_what_is_computed_is_not_what_is_read(everything):
    """Every judged row has a computed number of its own: equal to the last bit would be a copy."""
    for row in everything.rows:
        assert row.computed is not None, row.id
        assert row.computed != row.published, row.id


def test_a_wrong_number_fails(monkeypatch):
    folder = inputs_of("cp2015")
    wrong = dict(published.table())
    wrong["cp2015/MEX/real-wage"] = replace(wrong["cp2015/MEX/real-wage"], published=1.73)
    monkeypatch.setattr(published, "table", lambda: wrong)
    monkeypatch.setattr(studies, "table", lambda: wrong)
    board = run(["cp2015"], folder)
    assert [r.id for r in board.rows if r.status == "fail"] == ["cp2015/MEX/real-wage"]
    assert board.count("pass") == 14
    assert leave(["cp2015", "--data", str(folder)]) == 1
    assert leave(["cp2015/CAN", "--data", str(folder)]) == 0


def test_without_inputs_nothing_passes(tmp_path, capsys):
    board = run(["cp2015", "gegravity"], tmp_path)
    assert {r.status for r in board.rows} == {"no input"}
    assert leave(["cp2015", "--data", str(tmp_path)]) == 0
    assert "0 of 0 rows pass" in capsys.readouterr().out
    assert leave(["cp2015", "--data", str(tmp_path), "--strict"]) == 1
    with pytest.raises(sx.InputError, match="no folder"):
        inputs.input_folder(tmp_path / "none")


def test_rows_that_need_one_file_more_are_left_out_alone(tmp_path):
    """The cubes have a public copy, the solution of all countries has none."""
    (tmp_path / "tariffwar").mkdir()
    shutil.copy(inputs_of("tariffwar") / "tariffwar/WIOD2014.mat", tmp_path / "tariffwar")
    board = run(["tariffwar"], tmp_path)
    assert {r.id: r.status for r in board.rows if r.status != "pass"} == {
        "tariffwar/all/tariffs": "no input",
        "tariffwar/all/welfare": "no input",
        "tariffwar/finding/best-reply": "finding",
    }
    assert board.count("pass") == 4


def test_a_damaged_file_is_refused(tmp_path, capsys):
    shutil.copytree(inputs_of("cp2015") / "cp2015", tmp_path / "cp2015")
    path = tmp_path / "cp2015" / "B.txt"
    path.chmod(0o644)
    path.write_text(path.read_text(encoding="ascii").replace("0.6", "0.7", 1), encoding="ascii")
    assert leave(["cp2015", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "B.txt is not the file" in said
    assert "--fetch" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [("1 2 3\n4 five 6\n", "does not read as a table of numbers"), ("1 2\n", "40 × 31 are needed"), (None, "B.txt")],
)
def test_files_that_are_no_tables_are_refused(tmp_path, text, message):
    """The readers themselves, for files of whatever origin."""
    shutil.copytree(inputs_of("cp2015") / "cp2015", tmp_path / "cp2015")
    path = tmp_path / "cp2015" / "B.txt"
    path.chmod(0o644)
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="ascii")
    with pytest.raises(sx.InputError, match=message):
        caliendo_parro.load(tmp_path)


def test_no_equilibrium_is_a_failure(monkeypatch):
    def none(_folder):
        raise sx.NoConvergence("it did not come to hold")

    monkeypatch.setattr(studies.study_named("autarky"), "rows", none)
    board = run(["autarky"])
    assert [r.status for r in board.rows] == ["fail"]
    assert "did not come to hold" in board.rows[0].note


def test_a_study_that_forgets_a_row_is_a_defect(monkeypatch):
    monkeypatch.setattr(studies.study_named("autarky"), "rows", lambda _folder: [])
    with pytest.raises(AssertionError, match="autarky/icio-2022"):
        run(["autarky"])


def test_rows_by_name(capsys):
    assert studies.chosen(["cp2015/MEX", "autarky"])[-1] == "autarky/icio-2022"
    assert len(studies.chosen(["cp2015/MEX/"])) == 5
    with pytest.raises(sx.InputError, match=r"did you mean .*cp2015"):
        studies.chosen(["cp2016"])
    assert leave(["--list"]) == 0
    listed = capsys.readouterr().out
    assert all(i in listed for i in studies.chosen([]))
    assert leave(["--list", "--json", "border"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["id"] == "border/us-canada"
    assert leave(["nothing"]) == 2
    assert leave(["--to", "x"]) == 2


def test_json_is_strict(capsys):
    assert leave(["autarky", "border", "cp2015/MEX", "--json"]) == 0

    def refuse(name):
        raise AssertionError(name)

    plain = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert plain["schema"] == "surtax-validate/1"
    assert sum(plain["counts"].values()) == len(plain["rows"])
    row = next(r for r in plain["rows"] if r["study"] == "autarky")
    assert row["status"] == "pass"
    assert len(row["numbers"]) == row["count"] == 81


def test_the_page_works_offline(tmp_path, capsys):
    path = tmp_path / "board.html"
    assert leave(["autarky", "border", "cp2015", "--data", str(tmp_path), "--html", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", text)
    assert "<script" not in text
    for row in run(["autarky", "border", "cp2015"], tmp_path).rows:
        assert row.what.replace("&", "&amp;") in text
    assert "no input" in text
    assert leave(["border", "--html", str(tmp_path)]) == 2


def test_the_terminal_names_rows_at_any_width(capsys, monkeypatch):
    for columns in ("80", "160"):
        monkeypatch.setenv("COLUMNS", columns)
        assert leave(["border", "autarky"]) == 0
        said = capsys.readouterr().out
        assert "us-canada" in said
        assert "comparator" in said
        assert "1 of 1 rows pass (81 numbers)" in said
