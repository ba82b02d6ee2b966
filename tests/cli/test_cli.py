"""The command line: exit codes, one message and no traceback, JSON, CSV and Parquet that hold the whole outcome."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import surtax as sx
from surtax.cli import main
from surtax.model.outcome import variables
from tests.helpers import small_world

# the variables of the core model
CORE = {name: v for name, v in variables().items() if not v.needs}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small world and a scenario for it, as a user would have them."""
    folder = tmp_path_factory.mktemp("cli")
    small_world(3).save(folder / "w.npz")
    (folder / "s.yaml").write_text(
        "title: A tax\nmeasures: [{id: a, importer: C00, exporter: C01, changes: [{sector: S00, rate: 20}]}]\n"
    )
    return folder


@pytest.fixture
def call(files, capsys, monkeypatch):
    """Run the command line in the folder of the files: exit code, stdout, stderr."""
    monkeypatch.chdir(files)

    def run(*arguments):
        with pytest.raises(SystemExit) as leave:
            main(list(arguments))
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


# --- results ---


def refuse_nan(name):
    raise AssertionError(f"{name} is no JSON")


def test_json_is_whole(call, files):
    code, out, err = call("run", "s.yaml", "--world", "w.npz", "--json")
    assert code == 0
    assert err == ""  # nobody watches: no progress, no warnings
    document = json.loads(out, parse_constant=refuse_nan)
    outcome = sx.solve(sx.load_world(files / "w.npz"), sx.load_scenario(files / "s.yaml"))
    assert document["schema"] == "surtax-outcome/1"
    assert document["conditions"]["closure"] == "fixed"
    assert document["conditions"]["residual"] < 1e-10
    assert document["summary"]["title"] == "A tax"
    for name, v in CORE.items():
        if len(v.dims) <= 2:
            assert document["units"][name] == outcome.world.unit.resolve(v.unit)
        values = outcome.variable(name)
        if v.dims == ("country",):
            found = [document["countries"][c][name] for c in outcome.world.countries]
        elif v.dims == ("sector", "country"):
            found = [[document["sectors"][c][s][name] for c in outcome.world.countries] for s in outcome.world.sectors]
        else:
            continue
        # the same code twice on the same numbers; sums may differ in their last digit with the place in memory
        scale = np.nanmax(np.abs(values.values), initial=1.0)
        np.testing.assert_allclose(np.array(found, dtype=float), values.values, rtol=1e-9, atol=1e-11 * scale)


def test_json_of_the_main_scenario(call):
    code, out, err = call("run", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out, parse_constant=refuse_nan)
    assert document["countries"]["CAN"]["welfare"] < 0
    assert len(document["countries"]) == 81
    assert len(document["sectors"]["USA"]) == 28
    assert set(document["summary"]["sides"]) == {"CAN", "USA"}
    assert {r["code"] for r in document["summary"]["countries"]} >= {"USA", "CAN", "MEX", "CHN", "rest"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_are_whole(call, files, tmp_path, kind):
    folder = tmp_path / "new" / "tables.v1"
    code, out, err = call("run", "s.yaml", "--world", "w.npz", f"--{kind}", str(folder), "--json")
    assert (code, err) == (0, "")
    json.loads(out)  # what was written is not announced in the middle of JSON
    outcome = sx.solve(sx.load_world(files / "w.npz"), sx.load_scenario(files / "s.yaml"))
    expected = {f"{name}.{kind}" for name in CORE} | {"variables.csv", "conditions.json"}
    assert {p.name for p in folder.iterdir()} == expected
    for name, v in CORE.items():
        path = folder / f"{name}.{kind}"
        frame = pl.read_csv(path, schema_overrides={name: pl.Float64}) if kind == "csv" else pl.read_parquet(path)
        assert frame.columns == [*v.dims, name]
        x = outcome.variable(name)
        assert len(frame) == x.values.size
        # labels in the order of the axes, values as computed; empty where there is none
        labels = np.meshgrid(*(np.array(x.coords[d]) for d in v.dims), indexing="ij")
        for d, grid in zip(v.dims, labels, strict=True):
            assert frame[d].to_list() == grid.ravel().tolist()
        values = np.array([np.nan if y is None else y for y in frame[name]])
        scale = np.nanmax(np.abs(x.values), initial=1.0)
        np.testing.assert_allclose(values, x.values.ravel(), rtol=1e-9, atol=1e-11 * scale, err_msg=name)
        assert not frame[name].is_nan().any()
    with (folder / "variables.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["name"] for r in rows] == list(CORE)
    assert [r["unit"] for r in rows] == [outcome.world.unit.resolve(v.unit) for v in CORE.values()]
    assert json.loads((folder / "conditions.json").read_text())["closure"] == "fixed"


def test_tables_may_be_written_twice(call, tmp_path):
    for _ in range(2):
        code, _, err = call("run", "s.yaml", "--world", "w.npz", "--csv", str(tmp_path), "--json")
        assert (code, err) == (0, "")


def test_options_do_what_they_say(call, files):
    def document(*options):
        code, out, err = call("run", "s.yaml", "--world", "w.npz", "--json", *options)
        assert (code, err) == (0, "")
        return json.loads(out)

    assert document("--deficits", "balanced")["conditions"]["closure"] == "balanced"
    assert document("--elasticities", "uniform-5")["conditions"]["elasticities"] == "uniform 5"
    assert len(document("--top", "1")["summary"]["sectors"]["C00"]) == 1
    high = document("--set", "C00<-C01=2500", "--allow-rates-above", "2500")
    assert high["countries"]["C00"]["welfare"] != document()["countries"]["C00"]["welfare"]
    more = document("--set", "C02<-C03:S01=+10", "--set", "C03<-C02:S01=+10")
    assert more["summary"]["title"] == "A tax, with C02<-C03:S01=+10; C03<-C02:S01=+10"
    assert [m["id"] for m in more["summary"]["measures"]] == ["a", "set C02<-C03:S01=+10", "set C03<-C02:S01=+10"]
    code, out, err = call("run", "none", "--world", "w.npz", "--json", "--set", "C00<-C01:S00=+20")
    assert (code, err) == (0, "")
    alone = json.loads(out)
    # `none` and one change is the scenario file: same cells, same rate
    assert alone["countries"]["C00"]["welfare"] == pytest.approx(document()["countries"]["C00"]["welfare"], rel=1e-9)
    del files


def test_lists(call):
    code, out, err = call("worlds")
    assert (code, err) == (0, "")
    assert "oecd-icio-2022" in out
    assert "81 countries × 28 sectors" in out
    code, out, err = call("scenarios")
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()} == set(sx.scenario_names())


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run", "--help"], ["show", "-h"], ["--version"]])
def test_help(call, arguments):
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert "surtax" in out or "Usage" in out


# --- wrong input: exit code 2, one message that starts with the program's name or click's, no traceback ---

RUN = ["run", "s.yaml", "--world", "w.npz", "--json"]
WRONG = {
    "no such command": (["rum"], "no command 'rum'; did you mean run"),
    "no such option": (["run", "--jsn"], "--json"),
    "no such scenario": (["run", "us-canada-2024"], "did you mean us-canada-2025"),
    "missing file": (["run", "missing.yaml"], "cannot read .*missing.yaml"),
    "a very long name": (["run", "x" * 5000], "unknown scenario"),
    "a folder": (["run", "folder.yaml"], "cannot read .*folder.yaml"),
    "not UTF-8": (["run", "binary.yaml"], "not a text file"),
    "empty file": (["run", "empty.yaml"], "is empty"),
    "unknown key": (["run", "typo.yaml"], "line 1: unknown key 'tittle' in the file; did you mean title"),
    "no such country": (["run", "us-canada-2025", "--world", "w.npz"], "us-canada-2025.*unknown country 'USA'"),
    "no such world": (["run", "--world", "oecd"], "unknown world 'oecd'.*oecd-icio-2022"),
    "missing world": (["run", "--world", "missing.npz"], "no file missing.npz"),
    "world a folder": (["run", "--world", "folder.npz"], "is a folder"),
    "world damaged": (["run", "--world", "damaged.npz"], "damaged"),
    "world cut": (["run", "--world", "cut.npz"], "damaged"),
    "world of text": (["run", "--world", "s.yaml"], "damaged or of another kind"),
    "plain npz": (["run", "--world", "plain.npz"], "not a world file"),
    "closure": ([*RUN, "--deficits", "fixd"], "unknown closure 'fixd'; did you mean fixed"),
    "elasticities": ([*RUN, "--elasticities", "fgoo"], "unknown elasticities 'fgoo'"),
    "elasticities missing": ([*RUN, "--elasticities", "missing.csv"], "cannot read missing.csv"),
    "elasticities folder": ([*RUN, "--elasticities", "."], r"cannot read \."),
    "elasticities wrong": ([*RUN, "--elasticities", "bad.csv"], "bad.csv, line 2: 'x' is not a number"),
    "elasticities negative": ([*RUN, "--elasticities", "-4"], "elasticity of S00 is -4"),
    "elasticities binary": ([*RUN, "--elasticities", "binary.yaml"], "UTF-8"),
    "set": ([*RUN, "--set", "C00->C01=5"], "write IMPORTER<-EXPORTER:SECTOR"),
    "set unknown": ([*RUN, "--set", "C00<-C91=5"], "unknown country 'C91'; did you mean C01"),
    "set per cent of per cent": ([*RUN, "--set", "C00<-C01=2500"], "2500 %"),
    "set high": ([*RUN, "--set", "C00<-C01=+2500"], "2500 %: rates here are per cent.*--allow-rates-above 2500"),
    "allow text": ([*RUN, "--allow-rates-above", "x"], "--allow-rates-above"),
    "world empty": (["run", "--world", ""], "name of a world is empty"),
    "elasticities empty": ([*RUN, "--elasticities", ""], r"unknown elasticities ''|cannot read \."),
    "top": ([*RUN, "--top", "0"], "--top"),
    "top text": ([*RUN, "--top", "x"], "--top"),
    "csv on a file": ([*RUN, "--csv", "s.yaml"], "s.yaml is a file; give a folder"),
    "csv below a file": ([*RUN, "--csv", "s.yaml/sub"], "s.yaml is a file; give a folder"),
    "parquet below a file": ([*RUN, "--parquet", "s.yaml/a/b"], "s.yaml is a file; give a folder"),
    "csv where none can be": ([*RUN, "--csv", "/proc/1/surtax"], "cannot (write|be written)"),
    "report a folder": ([*RUN, "--report", "folder.yaml"], "is a folder; give a file name"),
    "report in no folder": ([*RUN, "--report", "nowhere/r.html"], "does not exist"),
    "show nothing": (["show"], "NAME"),
    "show unknown": (["show", "us-canada"], "no world or scenario is called 'us-canada'; did you mean us-canada-2025"),
    "too many": (["worlds", "extra"], "extra"),
}  # fmt: skip


@pytest.fixture(scope="module")
def wrong_files(files):
    for name in ("folder.yaml", "folder.npz"):
        (files / name).mkdir()
    (files / "binary.yaml").write_bytes(bytes(range(256)))
    (files / "empty.yaml").write_text("")
    (files / "typo.yaml").write_text("tittle: x\n")
    (files / "bad.csv").write_text("sector,elasticity\nS00,x\n")
    content = bytearray((files / "w.npz").read_bytes())
    (files / "cut.npz").write_bytes(content[: len(content) // 2])
    content[len(content) // 3 : len(content) // 3 + 40] = 40 * b"!"
    (files / "damaged.npz").write_bytes(content)
    np.savez(files / "plain.npz", flows=np.ones(3))


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.usefixtures("wrong_files")
def test_wrong_input(call, arguments, message):
    import re

    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert re.search(message, err), err
    assert "Traceback" not in err
    assert err.startswith(("surtax: ", "Usage: ", "Error: "))


def test_no_equilibrium_is_exit_code_3(call, tmp_path):
    """A country that promised more than its markets leave it: see tests/model/test_reference_agreement."""
    flows = [[[100.0, 300.0, 300.0], [20.0, 500.0, 200.0], [20.0, 200.0, 500.0]]]
    sx.World.from_arrays(["A", "B", "C"], ["x"], flows, elasticity=4.0).save(tmp_path / "w.npz")
    options = ["--world", str(tmp_path / "w.npz"), "--set", "B<-A:x=+900", "--set", "C<-A:x=+900", "--json"]
    code, out, err = call("run", "none", *options)
    assert (code, out) == (3, "")
    assert "income of A" in err
    assert "deficits='balanced'" in err
    code, out, _ = call("run", "none", *options, "--deficits", "balanced")
    assert code == 0
    assert json.loads(out)["countries"]["A"]["welfare"] < 0


# --- as a process ---


def process(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "surtax", *arguments], capture_output=True, timeout=60, check=False, **kwargs
    )


def test_a_process(files):
    done = process("run", "s.yaml", "--world", "w.npz", "--json", cwd=files)
    assert done.returncode == 0
    assert done.stderr == b""
    assert json.loads(done.stdout)["summary"]["title"] == "A tax"


def test_a_process_with_wrong_input(files):
    done = process("run", "us-canada-2024", cwd=files, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"surtax: unknown scenario 'us-canada-2024'")
    assert b"Traceback" not in done.stderr


def test_a_reader_who_leaves(files):
    """`surtax … | head -c 1` ends quietly."""
    command = f"{shlex.quote(sys.executable)} -m surtax run s.yaml --world w.npz --json | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False, cwd=files)
    assert done.stdout == b"{"
    assert done.stderr == b""


@pytest.mark.parametrize(
    "arguments",
    ["run s.yaml --world w.npz", "run s.yaml --world w.npz --json", "show us-canada-2025", "--help", "worlds",
     "duty 8703.23.01 --importer USA --origin CAN --on 2025-05-06 --preference usmca --us-content 0.4"],
)  # fmt: skip
def test_a_reader_who_leaves_is_no_failure(files, arguments):
    command = f"{shlex.quote(sys.executable)} -m surtax {arguments} | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False, cwd=files)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["run", "s.yaml", "--world", "w.npz"], ["run", "us-only", "--json"], ["worlds"]])
def test_a_full_disk_is_said(files, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "surtax", *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False,
            cwd=files,
        )  # fmt: skip
    assert (done.returncode, done.stderr.decode()) == (2, "surtax: cannot write the result: No space left on device.\n")


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--report"])
def test_folders_that_may_not_be_looked_into(call, tmp_path, monkeypatch, option):
    """As mode 000 does to anybody but root; up to Python 3.13 pathlib passes the refusal on."""

    def closed(self, **_kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "is_dir", closed)
    code, out, err = call(*RUN, option, str(tmp_path / "x"))
    assert (code, out) == (2, "")
    assert "Permission denied" in err
    assert err.startswith("surtax: cannot look at ")


def test_a_report_where_nothing_can_be_written(call, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_args: False)
    code, out, err = call(*RUN, "--report", str(tmp_path / "r.html"))
    assert (code, out) == (2, "")
    assert "r.html cannot be written to" in err


# --- the tariff war by formula ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "--tariffs", "optimal"], "nash-by-formula"),
        (["us-only", "--tariffs", "nash-by-formula"], "scenario none"),
        (["none", "--set", "USA<-CAN=+5", "--tariffs", "nash-by-formula"], "without --set"),
        (["none", "--tariffs", "nash-by-formula", "--deficits", "fixed"], "balanced trade"),
    ],
)
def test_the_war_by_formula_refuses_what_it_cannot_carry(call, arguments, message):
    code, _, said = call("run", *arguments)
    assert code == 2
    assert message in said


def test_the_war_by_formula(call):
    found = json.loads(call("run", "none", "--tariffs", "nash-by-formula", "--json")[1])
    assert found["conditions"]["model"] == "tariffwar"
    assert found["conditions"]["closure"] == "balanced"
    assert any("links dropped" in a for a in found["conditions"]["adjustments"])
    assert len(found["conditions"]["changes"]) == 81


@pytest.mark.parametrize("option", [("--preference", "full"), ("--car-us-content", "0"), ("--remissions", "all")])
def test_choices_of_a_dated_run_are_not_dropped_in_silence(capsys, option):
    with pytest.raises(SystemExit) as leave:
        main(["run", "us-canada-2025", *option])
    assert leave.value.code == 2
    assert f"{option[0]} goes with --on DATE" in capsys.readouterr().err
