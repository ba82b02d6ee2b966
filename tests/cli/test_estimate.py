"""`surtax estimate`, from a user's table to a file that `--elasticities` takes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import surtax as sx
from surtax.cli import main
from surtax.elasticities import apply
from tests.estimation.data import as_csv, gravity


@pytest.fixture
def call(tmp_path, capsys, monkeypatch):
    """Run the command line in an empty folder with a table of two sectors, the second with a θ below zero."""
    monkeypatch.chdir(tmp_path)
    table = as_csv(gravity(1, countries=10, theta=(6.0, -3.0), noise=0.1)).replace("S0", "C29").replace("S1", "C28")
    (tmp_path / "t.csv").write_text(table)

    def run(*arguments):
        with pytest.raises(SystemExit) as leave:
            main(["estimate", *arguments])
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


def test_from_a_table_to_the_model(call, tmp_path, embedded):
    code, out, _ = call("t.csv", "--method", "triad", "-o", "mine.csv")
    assert code == 0
    for text in (
        "triads (Caliendo & Parro 2015, eq. 23) from t.csv",
        "C28: θ is not positive",
        "wrote mine.csv, without 1",
    ):
        assert " ".join(text.split()) in " ".join(out.split())
    with (tmp_path / "mine.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["sector"] == "C29"
    assert abs(float(row["elasticity"]) - 6) < 4 * float(row["standard_error"])
    world = apply(embedded, tmp_path / "mine.csv")
    assert world.elasticity[world.sector("C29")] == float(row["elasticity"])
    drawn = sx.elasticity_draws(embedded, tmp_path / "mine.csv", count=10)
    assert drawn.varied[world.sector("C29")]


def test_a_table_without_sectors_gives_one_number_for_all(call, tmp_path, embedded):
    rows = [line.split(",") for line in (tmp_path / "t.csv").read_text().splitlines()]
    kept = [rows[0][:2] + rows[0][4:]] + [r[:2] + r[4:] for r in rows[1:] if r[2] == "C29"]
    (tmp_path / "one.csv").write_text("\n".join(map(",".join, kept)) + "\n")
    code, _, _ = call("one.csv", "--method", "triad", "-o", "mine.csv")
    assert code == 0
    world = apply(embedded, tmp_path / "mine.csv")
    assert np.ptp(world.elasticity) == 0
    assert world.elasticity[0] == pytest.approx(6, abs=1)


def test_json_holds_all_of_it(call):
    code, out, _ = call(
        "t.csv", "--method", "triad", "--json", "--errors", "bootstrap", "--replications", "50", "--trim", "1"
    )
    plain = json.loads(out, parse_constant=lambda c: pytest.fail(f"{c} in JSON"))
    assert code == 0
    assert (plain["schema"], plain["method"]) == ("surtax-estimate/1", "triad")
    assert plain["settings"]["errors"] == "bootstrap"
    first = plain["estimates"][0]
    assert set(first["standard_errors"]) == {"robust", "pair", "country", "bootstrap"}
    assert first["standard_error"] == first["standard_errors"]["bootstrap"]


def test_ppml_by_command(call):
    pytest.importorskip("pyfixest", reason="PPML needs pyfixest, the extra `estimate`")
    code, out, _ = call("t.csv", "--method", "ppml", "--json")
    first = json.loads(out)["estimates"][0]
    assert code == 0
    assert first["observations"] == 90
    assert abs(first["theta"] - 6) < 6 * first["standard_error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["t.csv"], "Missing option '--method'"),
        (["t.csv", "--method", "ols"], "ppml or triad"),
        (["none.csv", "--method", "triad"], "cannot read none.csv"),
        (["t.csv", "--method", "triad", "--fixed-effects", "pair"], "--fixed-effects does not go with --method triad"),
        (["t.csv", "--method", "triad", "--domestic"], "--domestic does not go"),
        (["t.csv", "--method", "ppml", "--trim", "1"], "--trim does not go with --method ppml"),
        (["t.csv", "--method", "triad", "--sector-column", "industry"], "first line should name"),
        (["t.csv", "--method", "triad", "-o", "no/where.csv"], "cannot be written"),
        (["t.csv", "--method", "triad", "--values", "fob"], "duty-paid or before-duty"),
    ],
)
def test_wrong_input_is_told_in_one_line(call, arguments, message):
    code, _, err = call(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
