"""Results by province add up; incidence by state adds up to the nation's and says what it is."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

import surtax as sx
from surtax.regions.provinces import as_plain, by_province
from surtax.regions.states import MARK, by_state


@pytest.fixture(scope="module")
def found():
    return by_province(sx.load_scenario("us-canada-2025"))


def test_provinces_are_told_whole(found):
    w = found.outcome.world
    assert {p.code for p in found.provinces} == set(w.parts["CAN"])
    assert found.total == pytest.approx(sum(p.equivalent_variation for p in found.provinces), rel=1e-12)
    assert [p.welfare for p in found.provinces] == sorted(p.welfare for p in found.provinces)
    assert found.total == pytest.approx(found.national, rel=0.02)  # what aggregation hides
    can, us = [w.country(p) for p in w.parts["CAN"]], w.country("USA")
    change = (found.outcome.X_new - w.flows)[:, can, us].sum()
    assert sum(p.exports_to_us_change for p in found.provinces) == pytest.approx(change, rel=1e-12)
    for p in found.provinces:
        assert 0 <= p.moved <= p.persons


def test_nothing_changes_where_nothing_changed():
    for world in ("canada-provinces-2022", "provinces-2021"):
        same = by_province(sx.Scenario(name="none"), world)
        assert all(abs(p.welfare) < 1e-8 for p in same.provinces)
        assert all(p.moved == 0 for p in same.provinces)


def test_what_is_behind_adds_up_when_all_of_it_is_listed():
    one = by_province(sx.load_scenario("us-canada-2025"), top=30)
    values = one.outcome.value_added_change.values
    for p in one.provinces:
        listed = sum(x for _, x in p.sectors)
        assert listed == pytest.approx(values[:, one.outcome.world.country(p.code)].sum(), abs=1e-6)


def test_states_add_up_to_the_nation(main_outcome):
    states = by_state(main_outcome)
    assert len(states) == 51
    w = main_outcome.world
    can, us, goods = w.country("CAN"), w.country("USA"), w.goods
    change = (main_outcome.X_new - w.flows)[goods]
    assert sum(s.imports_change for s in states) == pytest.approx(change[:, can, us].sum(), rel=1e-9)
    assert sum(s.exports_change for s in states) == pytest.approx(change[:, us, can].sum(), rel=1e-9)
    duty = (main_outcome.schedule.tariffs * main_outcome.X_new - w.tariffs * w.flows)[goods, can, us].sum()
    assert sum(s.duty for s in states) == pytest.approx(duty, rel=1e-9)
    counter = (main_outcome.schedule.tariffs * main_outcome.X_new - w.tariffs * w.flows)[goods, us, can].sum()
    assert counter > 0
    assert sum(s.counter_duty for s in states) == pytest.approx(counter, rel=1e-9)
    # Michigan's trade with Canada is known to be a tenth of its economy and more than most states'.
    assert "MI" in [s.code for s in states[:5]]


def test_states_also_where_canada_is_in_parts(found, main_outcome):
    states, national = by_state(found.outcome), by_state(main_outcome)
    assert sum(s.imports_change for s in states) == pytest.approx(sum(s.imports_change for s in national), rel=0.01)


def test_jobs_in_the_short_run():
    """Specific factors move nobody; wages that do not fall lose jobs, which add up to employment in each province."""
    from surtax.model.options import General

    scenario = sx.load_scenario("us-canada-2025")
    flexible = by_province(scenario, model="short-run")
    assert all((p.moved, p.lost) == (0, None) for p in flexible.provinces)
    w, o = flexible.outcome.world, flexible.outcome
    for p in flexible.provinces:
        real = o.extra["sector_wage_hat"][:, w.country(p.code)] / o.P_consumer[w.country(p.code)]
        assert (p.at_risk > 0) == bool((real < 0.99).any())
        assert p.at_risk <= p.persons
    rigid = by_province(scenario, model=General(horizon="short", rigidity=1.0))
    for p in rigid.provinces:
        employed = rigid.outcome.employment[p.code] / 100
        assert p.lost == pytest.approx(-employed * p.persons, abs=1)
        assert 0 < p.lost < p.persons
        assert 0 <= p.moved <= p.persons


def test_provinces_on_a_day_are_the_law_of_that_day():
    from surtax.policy.dated import on_day

    scenario = sx.load_scenario("us-canada-2025")
    before = by_province(on_day(scenario, sx.load_world(), "2025-02-01"))
    assert all(abs(p.welfare) < 1e-8 for p in before.provinces)
    war = by_province(on_day(scenario, sx.load_world(), "2025-05-06"))
    assert war.total == pytest.approx(war.national, rel=0.02)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["provinces", "--horizon", "both"], "short or long"),
        (["provinces", "--horizon", "medium"], "short, long"),
        (["provinces", "us-only", "--on", "2025-05-06"], "goes with us-canada-2025"),
        (["provinces", "--on", "yesterday"], "no day|not a day"),
        (["provinces", "--on", "2025-05-06", "--world", "provinces-2021"], "cannot be restated"),
        (["provinces", "--world", "oecd-icio-2022"], "in parts"),
        (["states", "--on", "2025-13-01"], "not a day"),
        (["states", "us-canada-2052"], "did you mean us-canada-2025"),
        (["states", "--deficits", "free"], "unknown closure"),
    ],
)
def test_slips_on_the_command_line(command, words):
    done = subprocess.run(
        [sys.executable, "-m", "surtax", *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(words, " ".join(done.stderr.split())), done.stderr


def test_bad_input():
    with pytest.raises(sx.InputError, match="does not have CAN in parts"):
        by_province(sx.Scenario(), "oecd-icio-2022")
    world = sx.World.from_arrays(["A", "B"], ["x"], [[6.0, 4.0], [4.0, 6.0]], elasticity=4)
    with pytest.raises(sx.InputError, match="USA and CAN"):
        by_state(sx.solve(world))


def test_json_is_strict_and_whole(found):
    text = json.dumps(as_plain(found), allow_nan=False)
    assert json.loads(text)["limits"]


@pytest.mark.parametrize(
    "command",
    [
        ["provinces"],
        ["provinces", "--on", "2025-05-06"],
        ["provinces", "--horizon", "short", "--rigid-wages", "1"],
        ["states", "--top", "3"],
        ["states", "--on", "2025-04-10"],
        ["provinces", "--json"],
        ["states", "--json"],
    ],
)
def test_commands(command):
    done = subprocess.run(
        [sys.executable, "-m", "surtax", *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    if "--json" in command:
        document = json.loads(done.stdout)
        assert len(document[command[0]]) == {"provinces": 10, "states": 51}[command[0]]
    else:
        words = {"provinces": "Ontario", "states": MARK.split(":", maxsplit=1)[0]}[command[0]]
        assert words in " ".join(done.stdout.split())


def test_running_the_dispute_in_the_provincial_accounts():
    """Sectors that the accounts have coarser are restated, on the command line as well."""
    command = [sys.executable, "-m", "surtax", "run", "us-canada-2025", "--world", "provinces-2021", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    welfare = {c: v["welfare"] for c, v in json.loads(done.stdout)["countries"].items()}
    assert welfare["CA-ON"] < 0
    assert np.isfinite(list(welfare.values())).all()
