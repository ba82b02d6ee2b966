"""Choosing a model on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest

import surtax as sx
from surtax.cli import main
from surtax.model.options import General
from surtax.model.registry import MODELS
from tests.helpers import small_world


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    world = small_world(3)
    share = world.final_shares * world.income / world.expenditure
    world.replace(final=world.flows * share[:, None, :]).save(folder / "w.npz")
    (folder / "s.yaml").write_text(
        "title: A tax\nmeasures: [{id: a, importer: C00, exporter: C01, changes: [{sector: S00, rate: 20}]}]\n"
    )
    (folder / "scale.csv").write_text("sector,scale\nS00,0.05\n")
    (folder / "nest.csv").write_text("sector,elasticity\nS01,1.5\n")
    (folder / "jobs.csv").write_text("country,sector,fte\nC00,S00,1000\nC00,S01,500\n")
    (folder / "twice.csv").write_text("country,sector,fte\nC00,S00,1000\nC00,S00,500\n")
    return folder


@pytest.fixture
def call(files, capsys, monkeypatch):
    monkeypatch.chdir(files)

    def run(*arguments):
        with pytest.raises(SystemExit) as leave:
            main(["run", "s.yaml", "--world", "w.npz", *arguments])
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


def solved(files, **options):
    return sx.solve(sx.load_world(files / "w.npz"), sx.load_scenario(files / "s.yaml"), model=General(**options))


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--model", "specific-factors"], {"mobility": 1}),
        (["--mobility", "2.5"], {"mobility": 2.5}),
        (["--horizon", "short"], {"horizon": "short"}),
        (["--model", "short-run", "--mobility", "inf"], {"horizon": "short", "mobility": np.inf}),
        (["--end-use", "--scale", "half-krugman"], {"end_use": True, "scale": "half-krugman"}),
        (["--scale", "scale.csv"], {"scale": {"S00": 0.05}}),
        (["--nest", "nest.csv"], {"nest": {"S01": 1.5}}),
        (["--nest", "2"], {"nest": 2.0}),
        (["--rigid-wages", "1", "--mobility", "1", "--anchor", "own"],
         {"rigidity": 1.0, "mobility": 1, "anchor": "own"}),
    ],
)  # fmt: skip
def test_options_reach_the_model(call, files, arguments, options):
    code, out, err = call("--json", *arguments)
    assert (code, err) == (0, "")
    result = json.loads(out)
    expected = solved(files, **options)
    for country in expected.world.countries:
        assert result["countries"][country]["welfare"] == pytest.approx(expected.welfare[country], abs=1e-9)
    assert result["conditions"]["about"] == expected.conditions.about


def test_both_horizons(call, files):
    code, out, _ = call("--horizon", "both", "--json")
    assert code == 0
    result = json.loads(out)
    assert result["schema"] == "surtax-horizons/1"
    for horizon in ("short", "long"):
        value = result[horizon]["countries"]["C01"]["welfare"]
        assert value == pytest.approx(solved(files, horizon=horizon).welfare["C01"], abs=1e-9)
    code, out, _ = call("--horizon", "both")
    assert code == 0
    assert "short run and long run" in out
    assert "factors specific to sectors" in out
    code, out, _ = call("--horizon", "both", "--csv", "tables")
    assert code == 0
    assert (files / "tables" / "short" / "sector_wage.csv").exists()
    assert (files / "tables" / "long" / "welfare.csv").exists()


def test_jobs_are_counted_where_they_are_known(call, files):
    code, out, _ = call("--employment", "jobs.csv", "--json")
    assert code == 0
    jobs = json.loads(out)["jobs_change"]
    core = sx.solve(sx.load_world(files / "w.npz"), sx.load_scenario(files / "s.yaml"))
    assert set(jobs) == {"C00"}
    assert set(jobs["C00"]) == {"S00", "S01"}
    assert jobs["C00"]["S00"] == pytest.approx(1000 * core.factor_use["S00", "C00"] / 100, rel=1e-9)
    code, out, _ = call("--employment", "jobs.csv", "--mobility", "2")
    assert code == 0
    assert "jobs" in out


def test_the_text_says_what_the_model_is(call):
    code, out, _ = call("--model", "rigid-wages")
    assert code == 0
    text = " ".join(out.split())
    assert "wages do not fall below 1 of the base in units of world factor income" in text
    assert "Employment" in text
    code, out, _ = call()
    assert code == 0
    assert "one factor a country that moves freely between its sectors" in " ".join(out.split())
    assert "Employment" not in out


def test_the_report_is_of_the_model(call, files):
    code, _, err = call("--model", "specific-factors", "--report", "r.html")
    assert (code, err) == (0, "")
    page = (files / "r.html").read_text(encoding="utf-8")
    assert "factors specific to sectors" in page
    assert "labour and capital move freely" not in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "specific"], "unknown model 'specific'; did you mean specific-factors"),
        (["--horizon", "medium"], "give short, long or both"),
        (["--mobility", "fast"], "--mobility fast: give a number, or inf"),
        (["--mobility", "nan"], "--mobility nan: give a number"),
        (["--mobility", "0.5"], "μ is 1 (specific factors) or more"),
        (["--scale", "big"], "--scale big: give a number, krugman, half-krugman, or a CSV file"),
        (["--scale", "nest.csv"], "should name the columns sector and scale"),
        (["--nest", "nowhere.csv"], "cannot read nowhere.csv"),
        (["--anchor", "own"], "give --rigid-wages too"),
        (["--rigid-wages", "2"], "above 0 and at most 1"),
        (["--horizon", "both", "--report", "r.html"], "--report shows one horizon"),
        (["--employment", "twice.csv"], "line 3: C00, S00 stands twice"),
        (["--employment", "scale.csv"], "should name the columns country and sector and fte"),
    ],
)
def test_wrong_options_are_refused_in_words(call, arguments, message):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert message in " ".join(err.split())
    assert "Traceback" not in err


# --- every model of the library ---


@pytest.mark.parametrize("name", MODELS)
def test_every_model_runs_reports_and_exports(call, tmp_path, name):
    code, out, err = call("--model", name, "--report", str(tmp_path / "r.html"), "--csv", str(tmp_path / "csv"))
    assert code == 0, err
    words = " ".join(out.split())
    assert f"{name}: " in words
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"Source: Surtax, {name} model" in page
    has = name in ("rigid-wages", "melitz-pareto")
    assert ("Employment" in page) == has
    assert (tmp_path / "csv" / "employment.csv").exists() == has
    # What one model says of factors is not said of another.
    assert ("none is idle" in page) == (name in ("core", "tariffwar"))
    code, out, _ = call("--model", name, "--json")
    plain = json.loads(out)
    assert plain["conditions"]["model"] == name
    (measure,) = plain["summary"]["measures"]
    assert measure["mean_rate"] == pytest.approx(20)
    assert (plain["summary"]["countries"][0]["employment"] is not None) == has


def test_the_help_names_every_model(capsys):
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    told = " ".join(capsys.readouterr().out.replace("-\n", "-").split()).replace("- ", "-")
    for name in MODELS:
        assert name in told


def test_melitz_pareto_says_what_it_holds_fixed(call, tmp_path):
    _, out, _ = call("--model", "melitz-pareto", "--report", str(tmp_path / "r.html"))
    words = " ".join(out.split())
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for text in (words, page):
        assert "transfers" in text
        assert "each country's trade deficit stays" not in text
        assert "ν 0.12 everywhere" in text
    assert "Sectors that move most" not in words
    assert "welfare as this model measures it" in page


def test_duties_of_measures_add_up_where_a_model_adds_sectors_up(files, call):
    """Duty of the only measure on a world without tariffs is all of the revenue, whatever sectors the model has."""
    world = sx.load_world(str(files / "w.npz"))
    bare = world.replace(tariffs=np.zeros_like(world.tariffs))
    scenario = sx.Scenario().tariff(importer="C00", exporter="C01", sector="S00", add=0.2)
    scenario = scenario.tariff(importer="C00", exporter="C01", sector="S01", add=-0.05)
    outcome = sx.solve(bare.balanced(), scenario, model="melitz-pareto")
    from surtax.report.summary import summarise

    duty = sum(m.duty for m in summarise(outcome).measures)
    assert duty == pytest.approx(float(outcome.R_new.sum()), rel=1e-12)
    np.testing.assert_allclose(outcome.detail.flows().sum(axis=0), outcome.X_new[0], rtol=1e-13)


def test_jobs_by_sector_need_sectors(call):
    code, _, err = call("--model", "melitz-pareto", "--employment", "jobs.csv")
    assert code == 2
    assert "adds all sectors up" in err
