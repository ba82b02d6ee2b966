"""Law files: what the documentation shows, what each key does on either side of its days, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import surtax.law
from surtax.cli import cli
from surtax.errors import InputError
from surtax.law.dates import iso
from surtax.law.grid import Lines
from tests.law.test_grid import some_codes

if TYPE_CHECKING:
    from surtax.law import Law

LAW = surtax.law.load()
DOC = (Path(__file__).parents[2] / "docs" / "law-files.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", DOC, re.DOTALL))
STEEL, CARS_AND_PENS = "7208.39.00.30", "3406.00.90"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def one(text: str, name: str = "mine.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return one


def us(law: Law, on: str, code: str = STEEL, origin: str = "CAN", **about: Any) -> float | None:
    return law.duty(code, importer="USA", origin=origin, on=on, **about).total_rate


def canada(law: Law, on: str, code: str = CARS_AND_PENS) -> float | None:
    return law.duty(code, importer="CAN", origin="USA", on=on).total_rate


# --- what the documentation shows ---


def test_the_commands_of_the_documentation_print_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (shown,) = re.findall(r"```console\n(.*?)```", DOC, re.DOTALL)
    parts = re.split(r"^\$ surtax (.*)\n", shown, flags=re.MULTILINE)[1:]
    assert len(parts) == 8
    for command, output in zip(parts[::2], parts[1::2], strict=True):
        result = CliRunner().invoke(cli, shlex.split(command))
        assert (result.exit_code, result.output) == (0, output), command


def test_steel_at_25_again(write: Any) -> None:
    """Proc. 10947 set 50 % from 4 June 2025; the file leaves it at 25 %. Aluminium, and 3 June, stay."""
    law = surtax.law.edited(write(FILES["steel-at-25.yaml"]))
    assert [us(x, "2025-06-03") for x in (LAW, law)] == [25, 25]
    assert [us(x, "2025-06-04") for x in (LAW, law)] == [50, 25]
    assert [us(x, "2025-06-04", "7601.10.30.00", metal_content=1) for x in (LAW, law)] == [52.6, 52.6]
    # the United Kingdom, at 25 under Proc. 10947, cl. 7
    assert [us(x, "2025-06-04", origin="GBR") for x in (LAW, law)] == [25, 25]


def test_canada_keeps_its_counter_tariffs(write: Any) -> None:
    """SOR/2025-181 ended SOR/2025-66 and most of Schedule 1 of SOR/2025-95 on 1 September 2025."""
    law = surtax.law.edited(write(FILES["canada-keeps.yaml"]))
    juice = "2009.12.00"  # on the list of SOR/2025-66
    for code in (CARS_AND_PENS, juice):
        assert [canada(x, "2025-08-31", code) for x in (LAW, law)] == [25, 25]
        assert [canada(x, "2025-09-01", code) for x in (LAW, law)] == [0, 25]
        assert canada(law, "2026-07-23", code) == 25
        assert [canada(x, "2025-03-03", code) for x in (LAW, law)] == [0, 0]


def test_energy_is_spared_and_a_measure_added(write: Any) -> None:
    law = surtax.law.edited(write(FILES["no-duty-on-energy.yaml"]))
    oil = {"code": "2709.00.20.10", "unit_value": {"bbl": 70.0}}
    ordinary = 100 * 0.105 / 70  # HTSUS 2709.00.20: 10.5 cents a barrel
    assert us(LAW, "2025-07-01", **oil) == pytest.approx(10 + ordinary)  # EO 14193, s. 2(b)
    assert us(law, "2025-05-31", **oil) == pytest.approx(ordinary)
    assert us(law, "2025-06-01", **oil) == pytest.approx(2 + ordinary)


# --- keys ---


@pytest.mark.parametrize(
    ("edit", "days"),
    [
        ("withdraw: true", {"2025-03-05": 0, "2025-07-01": 50, "2025-04-01": 25}),  # metals come to the fore
        ("suspend: {from: 2025-03-07, to: 2025-03-10}", {"2025-03-06": 25, "2025-03-07": 0, "2025-03-10": 25}),
        ("suspend: {from: 2025-03-07}", {"2025-03-06": 25, "2025-03-07": 0}),
        ("start: 2025-02-04", {"2025-02-03": 0, "2025-02-04": 25, "2025-03-04": 25}),  # EO 14193 before its pause
        ("start: 2025-03-06", {"2025-03-05": 0, "2025-03-06": 25}),
        ("delay: 2", {"2025-03-05": 0, "2025-03-06": 25}),
        ("end: 2025-03-06", {"2025-03-05": 25, "2025-03-06": 0}),
        ("rate: 12.5", {"2025-03-05": 12.5}),
        ("rate: {25: 30, 35: 40}", {"2025-03-05": 30}),
        ("{rate: 5, from: 2025-03-06, to: 2025-03-08}", {"2025-03-05": 25, "2025-03-06": 5, "2025-03-08": 25}),
        ("remove_products: '7208.39'", {"2025-03-05": 0}),
        ("{remove_products: ['7208'], from: 2025-03-06, to: 2025-03-07}",
         {"2025-03-05": 25, "2025-03-06": 0, "2025-03-07": 25}),
        ("origins: [MEX]", {"2025-03-05": 0}),
        ("{origins: [MEX], from: 2025-03-06, to: 2025-03-07}", {"2025-03-05": 25, "2025-03-06": 0, "2025-03-07": 25}),
        ("{add_origins: DEU, remove_origins: CAN, from: 2025-03-06}", {"2025-03-05": 25, "2025-03-06": 0}),
        ("add_exemption: {id: mine, reason: x, products: ['7208'], from: 2025-03-06}",
         {"2025-03-05": 25, "2025-03-06": 0}),
    ],
)  # fmt: skip
def test_each_key_holds_on_its_days(write: Any, edit: str, days: dict[str, float]) -> None:
    """EO 14193: 25 % on goods of Canada from 4 March 2025; the metal duty of 12 March gives way to it until 3 June."""
    body = edit[1:-1] if edit.startswith("{") else edit
    law = surtax.law.edited(write(f"edits: [{{measure: us-ieepa-can, {body}}}]"))
    assert {day: us(law, day) for day in days} == days
    assert us(LAW, "2025-03-05") == 25


def test_origins_added_for_some_days(write: Any) -> None:
    law = surtax.law.edited(
        write("edits: [{measure: us-ieepa-can, add_origins: [DEU], from: 2025-03-06, to: 2025-03-08}]")
    )
    assert [us(law, f"2025-03-0{d}", "0101.21.00", "DEU") for d in (5, 6, 7, 8)] == [0, 25, 25, 0]
    assert [us(law, f"2025-03-0{d}", "0101.21.00") for d in (5, 6, 8)] == [25, 25, 25]
    assert us(law, "2025-03-06", "0101.21.00", "MEX") == us(LAW, "2025-03-06", "0101.21.00", "MEX")


def test_a_later_end_takes_everything_along_that_ended_with_the_measure(write: Any) -> None:
    """IEEPA ended on 24 February 2026; prolonged, its claims of USMCA, energy and lists go on as well."""
    law = surtax.law.edited(write("edits: [{measure: us-ieepa-can, end: 2026-04-01}]"))
    pen, oil = "9608.10.00.00", "2709.00.20.10"
    for day in ("2026-02-23", "2026-03-31"):
        found = {f.id: f for f in law.duty(pen, importer="USA", origin="CAN", on=day).applied}
        assert found["us-ieepa-can"].effective_rate == 35
        assert "us-ieepa-can" not in {
            f.id for f in law.duty(pen, importer="USA", origin="CAN", on=day, preference="usmca").applied
        }
        energy = law.duty(oil, importer="USA", origin="CAN", on=day, unit_value={"bbl": 100.0})
        assert {f.id: f.effective_rate for f in energy.applied}["us-ieepa-can"] == 10
    assert "us-ieepa-can" not in {f.id for f in law.duty(pen, importer="USA", origin="CAN", on="2026-04-01").applied}
    assert law.as_known("2026-02-01").find("us-ieepa-can").end == dt.date(2026, 4, 1).toordinal()


def test_a_group_has_its_own_rate(write: Any) -> None:
    law = surtax.law.edited(write("edits: [{measure: ca-sor-2025-95, rate: 50, group: schedule-2}]"))
    day = "2025-05-06"
    assert [canada(x, day, "7208.36.00") for x in (LAW, law)] == [25, 50]  # steel: Schedule 2
    assert [canada(x, day) for x in (LAW, law)] == [25, 25]


def test_lists_of_an_added_measure_stand_beside_the_file(write: Any) -> None:
    write("code\n0101.21\n", "goods.csv")
    measure = "{id: us-mine, kind: additional_duty, levied_by: USA, on_origins: {only: [CAN]}, products: {a: {list: goods.csv}}"
    law = surtax.law.edited(write(f"edits: [{{add: {measure}, rates: [{{from: 2025-01-01, ad_valorem: 7}}]}}}}]"))
    assert us(law, "2025-01-02", "0101.21.00") == 7
    assert us(law, "2025-01-02", "0101.29.00") == 0


def test_files_and_edits_are_made_in_their_order(write: Any) -> None:
    one = write("edits: [{measure: us-ieepa-can, rate: {25: 30}}]", "one.yaml")
    two = write("edits: [{measure: us-ieepa-can, rate: {30: 40}}]", "two.yaml")
    law = surtax.law.edited(one, two)
    assert us(law, "2025-03-05") == 40
    assert [text.split(":")[0] for text in law.edits] == ["law edited by one.yaml", "law edited by two.yaml"]
    with pytest.raises(InputError, match=r"two.yaml, line 1: us-ieepa-can has no rate of 30 %"):
        surtax.law.edited(two, one)


DAYS = st.integers(dt.date(2025, 1, 1).toordinal(), dt.date(2026, 7, 23).toordinal())


@settings(max_examples=40, deadline=None)
@given(
    days=st.tuples(DAYS, DAYS, DAYS), code=st.sampled_from([STEEL, "0101.21.00.10", "8703.23.01.10", "7616.99.51.90"])
)
def test_a_window_changes_the_law_inside_and_nowhere_else(days: tuple[int, int, int], code: str) -> None:
    first, last, day = min(days[:2]), max(days[:2]) + 1, days[2]
    law = LAW.edit("us-ieepa-can", rate=60, since=iso(first), until=iso(last))
    everywhere = LAW.edit("us-ieepa-can", rate=60)
    about = {"importer": "USA", "origin": "CAN", "on": iso(day), "metal_content": 0.4}
    wanted = (everywhere if first <= day < last else LAW).duty(code, **about)
    found = law.duty(code, **about)
    assert (found.status, found.total_rate) == (wanted.status, wanted.total_rate)


@settings(max_examples=25, deadline=None)
@given(days=st.tuples(DAYS, DAYS, DAYS), code=st.sampled_from(some_codes("CAN", 60)))
def test_what_is_held_answers_as_on_its_day(days: tuple[int, int, int], code: str) -> None:
    """Inside, a held order says what it said on the day; outside, what the law says."""
    as_on, other, day = days
    until = max(as_on + 1, other)
    name = "ca-sor-2025-95"
    try:
        law = LAW.edit(name, hold=(iso(as_on), iso(until)))
    except InputError:
        assert as_on < LAW.find(name).start
        return

    def asked(of: Law, on: int) -> Any:
        found = of.duty(code, importer="CAN", origin="USA", on=iso(on)).measures
        f = next((f for f in found if f.id == name), None)
        return None if f is None else (f.applies, f.effective_rate)

    if as_on <= day < until:
        plain = LAW.duty(code, importer="CAN", origin="USA", on=iso(as_on)).status
        assert plain == "refused" or asked(law, day) == asked(LAW, as_on)
    elif day >= until or day < LAW.find(name).start:
        assert asked(law, day) == asked(LAW, day)


def test_both_engines_follow_the_edits(write: Any) -> None:
    """The schedule of many lines against the engine of one, under every example of the documentation at once."""
    paths = [write(text, name) for name, text in FILES.items()]
    law = surtax.law.edited(*paths)
    days = ["2025-05-06", "2025-07-01", "2025-08-31", "2025-09-01", "2025-12-01"]
    for importer, origin in (("USA", "CAN"), ("CAN", "USA")):
        codes = some_codes(importer, 120)
        table = law.schedule(Lines(importer, codes, origin, us_content=0.4, ca_mx_content=0.3, metal_content=0.3), days)
        for day in days:
            rates = table.at(day)
            for code, rate in zip(codes, rates, strict=True):
                answer = law.duty(code, importer=importer, origin=origin, on=day, us_content=0.4, ca_mx_content=0.3,
                                  metal_content=0.3)  # fmt: skip
                assert (answer.total_rate is None) == bool(np.isnan(rate)), (code, day)
                # sums of a few doubles in another order
                assert answer.total_rate is None or rate == pytest.approx(answer.total_rate, abs=1e-9), (code, day)


# --- refusals ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("- a", "mapping"),
        ("title: x", "lacks the key 'edits'"),
        ("edits: []", "at least 1"),
        ("edits:\n - {measure: us-s232-steal, rate: 1}", "line 2: no measure 'us-s232-steal'; did you mean us-s232-steel"),
        ("edits:\n - measure: us-s232-steel\n   rat: 1", "line 3: unknown key 'rat'.*did you mean rate"),
        ("edits:\n - {measure: us-s232-steel, rates: {50: 25}}", "unknown key 'rates'"),
        ("edits: [{measure: us-s232-steel, form: 2025-06-04, rate: 1}]", "did you mean from"),
        ("edits: [{measure: us-s232-steel}]", "nothing to do with us-s232-steel"),
        ("edits: [{rate: 25}]", "names a `measure`"),
        ("edits: [{measure: us-s232-steel, rate: '25'}]", "number"),
        ("edits: [{measure: us-s232-steel, rate: true}]", "number"),
        ("edits: [{measure: us-s232-steel, rate: -1}]", "greater than or equal to 0"),
        ("edits: [{measure: us-s232-steel, rate: .nan}]", "got nan"),
        ("edits: [{measure: us-s232-steel, rate: {45: 25}}]", r"no rate of 45 %.*it has 25 %, 50 %"),
        ("edits: [{measure: us-s232-steel, rate: {50: 25}, to: 2025-06-04}]", "no rate of 50 %.*it has 25 %"),
        ("edits: [{measure: us-mfn, rate: 5}]", "changes nothing in us-mfn"),
        ("edits: [{measure: us-ieepa-can, end: 2025-13-01}]", "month must be in 1..12"),
        ("edits: [{measure: us-ieepa-can, end: 01/02/2026}]", "YYYY-MM-DD"),
        ("edits: [{measure: us-ieepa-can, end: 2026-02-24}]", "changes nothing"),
        ("edits: [{measure: us-ieepa-can, end: 2025-03-04}]", "nothing is left"),
        ("edits: [{measure: us-ieepa-can, rate: 5, from: 2025-04-01, to: 2025-04-01}]", "not after it starts"),
        ("edits: [{measure: us-ieepa-can, end: 2025-12-01, from: 2025-04-01}]", "goes with a rate, origins or products"),
        ("edits: [{measure: us-ieepa-can, rate: 4, end: 2025-12-01, from: 2025-04-01}]", "make them two edits"),
        ("edits: [{measure: us-ieepa-can, withdraw: true, rate: 3}]", "nothing left to change"),
        ("edits: [{measure: us-ieepa-can, withdraw: false}]", "withdraw"),
        ("edits: [{measure: us-ieepa-can, delay: 0}]", "delay"),
        ("edits: [{measure: us-ieepa-can, suspend: {from: 2024-01-01, to: 2024-02-01}}]", "not in force on any day"),
        ("edits: [{measure: us-ieepa-can, suspend: {from: 2025-01-01}}]", "withdraw it instead"),
        ("edits: [{measure: us-ieepa-can, suspend: {start: 2025-04-01}}]", "unknown key 'start'"),
        ("edits: [{measure: us-ieepa-can, hold: {as_on: 2025-01-15}}]", "no rate in force on 2025-01-15"),
        ("edits: [{measure: us-ieepa-can, hold: {as_on: 2025-05-01, until: 2025-05-01}}]", "not after it"),
        ("edits: [{measure: us-ieepa-can, group: energie, rate: 1}]", "no product group 'energie'"),
        ("edits: [{measure: us-ieepa-can, group: energy, end: 2025-12-01}]", "a group goes with"),
        ("edits: [{measure: us-ieepa-can, add_products: ['0101']}]", "several product groups"),
        ("edits: [{measure: us-ieepa-can, add_products: ['0177'], group: energy}]", "begins with 0177"),
        ("edits: [{measure: us-ieepa-can, add_products: [7208], group: energy}]", "quotation marks"),
        ("edits: [{measure: us-ieepa-can, add_products: ['72x'], group: energy}]", "not a product code"),
        ("edits: [{measure: us-s232-steel, remove_products: ['0101']}]", "not among the products"),
        ("edits: [{measure: us-s232-steel, remove_products: ['7208']}, {measure: us-s232-steel, add_products: ['7208.39'], group: chapter-72}]",
         "excludes 7208.39"),
        ("edits: [{measure: us-ieepa-can, add_origins: [CAN]}]", "already"),
        ("edits: [{measure: us-ieepa-can, remove_origins: [MEX]}]", "does not fall on goods of MEX"),
        ("edits: [{measure: us-ieepa-can, origins: [DEX]}]", "'DEX' is not an origin"),
        ("edits: [{measure: us-ieepa-can, origins: [de]}]", "alpha-3"),
        ("edits: [{measure: us-ieepa-can, origins: everyone}]", "origins"),
        ("edits: [{measure: us-ieepa-can, drop_exemption: mexico}]", "no exemption 'mexico'"),
        ("edits: [{measure: us-ieepa-can, add_exemption: {id: usmca, reason: x}}]", "exemption 'usmca' already"),
        ("edits: [{measure: us-ieepa-can, add_exemption: {id: a, reason: x, groups: [oil]}}]", "no product group 'oil'"),
        ("edits: [{measure: us-ieepa-can, add_exemption: {id: a, reason: x, groups: [energy], products: ['27']}}]", "not both"),
        ("edits: [{measure: us-ieepa-can, add_exemption: {id: a, reason: x, when: {facts: [sunny]}}}]", "not described"),
        ("edits: [{add: {id: us-x, levied_by: USA}}]", "lacks the key"),
        ("edits: [{add: {id: us-x, kind: surtax, levied_by: FRA, on_origins: {only: [CAN]}, products: {a: {include: ['*']}}, rates: [{from: 2025-01-01, ad_valorem: 1}]}}]",
         "imports into FRA are not covered"),
        ("edits: [{add: {id: us-mfn, kind: surtax, levied_by: USA, on_origins: {only: [CAN]}, products: {a: {include: ['*']}}, rates: [{from: 2025-01-01, ad_valorem: 1}]}}]",
         "exists"),
        ("edits: [{add: {id: us-x, kind: surtax, levied_by: USA, on_origins: {only: [CAN]}, products: {a: {include: ['*']}}, rates: [{from: 2025-01-01, ad_valorem: 1}], precedence: [{relation: yields_to, measures: [us-nothing]}]}}]",
         "'us-nothing' that is not there"),
        ("edits: [{add: {id: us-x, kind: surtax, levied_by: USA, on_origins: {only: [CAN]}, products: {a: {list: no.csv}}, rates: [{from: 2025-01-01, ad_valorem: 1}]}}]",
         "no.csv"),
    ],
)  # fmt: skip
def test_faults_are_named_with_their_line(write: Any, text: str, words: str) -> None:
    path = write(text)
    with pytest.raises(InputError, match=words) as caught:
        surtax.law.edited(path)
    assert str(path) in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        surtax.law.edited(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="is a folder"):
        surtax.law.load_edits(tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        surtax.law.edited(tmp_path / "b.yaml")


def test_coverage_stays(write: Any) -> None:
    law = surtax.law.edited(write("edits: [{measure: ca-sor-2025-66, hold: {as_on: 2025-05-06}}]"))
    answer = law.duty("2009.12.00", importer="CAN", origin="USA", on="2027-01-01")
    assert answer.status == "refused"


# --- the commands ---


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(args))
    return result.exit_code, result.output


def test_answers_say_that_the_law_was_edited(write: Any) -> None:
    path = str(write(FILES["steel-at-25.yaml"], "steel-at-25.yaml"))
    words = "law edited by steel-at-25.yaml (Steel at 25 % again): us-s232-steel: rate 50 → 25 % from 2025-06-04"
    duty = ("duty", STEEL, "--importer", "USA", "--origin", "CAN", "--on", "2025-07-01")
    code, text = run(*duty, "--law", path, "--json")
    assert code == 0
    assert json.loads(text)["edits"] == [words]
    assert json.loads(run(*duty, "--json")[1])["edits"] == []
    assert words.split(":", maxsplit=1)[0] in run(*duty, "--law", path)[1]
    assert json.loads(run("measures", "--law", path, "--json")[1])["edits"] == [words]
    changes = json.loads(run("law", "diff", "2025-07-01", "--law", path, "--json")[1])
    assert changes["edits"] == [words]
    assert {c["measure"] for c in changes["changes"]} == {"us-s232-steel"}
    assert {c["what"] for c in changes["changes"]} == {"taken out", "put in"}
    assert run("law", "diff", "2025-05-06", "--law", path)[1].startswith("nothing changes on 2025-05-06")


def test_a_folder_of_law_may_be_edited_and_two_may_not(write: Any, tmp_path: Path) -> None:
    (tmp_path / "place" / "USA").mkdir(parents=True)
    path = str(write(FILES["steel-at-25.yaml"]))
    data = str(Path(surtax.law.__file__).parents[1] / "data" / "law")
    code, text = run("duty", STEEL, "--importer", "USA", "--origin", "CAN", "--on", "2025-07-01", "--line",
                     "--law", data, "--law", path)  # fmt: skip
    assert (code, "25%" in text) == (0, True)
    code, text = run("measures", "--law", data, "--law", data)
    assert (code, "both folders" in text) == (2, True)
    code, text = run("measures", "--check", data, "--law", path)
    assert code == 2
    code, text = run("law", "diff", "2025-07-01")
    assert (code, "two days" in text) == (2, True)
