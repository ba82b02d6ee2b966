"""Codes, dates and files that nobody should write: an error in words or an answer, never a traceback."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import surtax.law
from surtax.cli import law as commands
from surtax.errors import InputError
from surtax.law import codes, dates
from surtax.law.index import Index
from surtax.law.rates import parse_rate, parse_special

LAW = surtax.law.load()
HERE = {"importer": "CAN", "origin": "USA"}
SMALL = {
    "jurisdiction.yaml": """schema: surtax-jurisdiction-1
importer: CAN
name: Canada
status: surtax-only
from: 2025-01-01
to: 2026-01-01
before: none
after: none
origins: {only: [USA]}
currency: CAD
digits: [8, 10]
nomenclature: hs.csv
nomenclature_digits: 6
""",
    "hs.csv": "code,from,to\n0101.21,,\n7208.36,2025-02-01,\n",
    "list.csv": "code,group,from,to,note\n0101.21.00,one,,,\n7208.36.00,one,2025-03-01,2025-04-01,\n",
    "ca-one.yaml": """schema: surtax-measure-1
id: ca-one
title: One
kind: surtax
instrument: Order 1
citation: [{text: s. 1}]
levied_by: CAN
on_origins: {only: [USA]}
products:
  goods: {list: list.csv, list_group: one}
rates:
  - {from: 2025-02-01, to: 2025-06-01, ad_valorem: 25, groups: [goods], citation: s. 1}
exemptions:
  - {id: spared, from: 2025-02-01, when: {facts: [spare]}, reason: spared}
facts: {spare: the goods are spared}
precedence:
  - {relation: yields_to, measures: [ca-two], from: 2025-03-01, citation: s. 2}
provenance: {sources: []}
""",
    "ca-two.yaml": """schema: surtax-measure-1
id: ca-two
title: Two
kind: surtax
instrument: Order 2
citation: [{text: s. 1}]
levied_by: CAN
on_origins: {all_except: []}
products:
  all: {include: ["72", "7301-7304"], exclude: ["7208.37"]}
rates:
  - {from: 2025-02-01, specific: {amount: 2, currency: CAD, unit: kg}, ad_valorem: 1}
provenance: {sources: []}
""",
}


def write(folder: Path, **other: str | bytes | None) -> Path:
    """Write the small law with some files replaced, added or (None) left out."""
    place = folder / "CAN"
    place.mkdir(parents=True, exist_ok=True)
    for name, text in {**SMALL, **other}.items():
        if isinstance(text, bytes):
            (place / name).write_bytes(text)
        elif text is not None:
            (place / name).write_text(text, encoding="utf-8")
    return folder


def check(folder: Path) -> tuple[int, str]:
    """Return code and output of `surtax measures --check`; anything but an exit is an error of ours."""
    result = CliRunner().invoke(commands.measures, ["--check", str(folder)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=16), st.text("0123456789. -٣４²", max_size=14)))
@example("8703.23.01\n")
@example("٨٧٠٣.٢٣")
@example("8703..23")
@example("8703.23.")
def test_a_code_is_digits_or_an_error(text: str) -> None:
    try:
        bare = codes.digits(text)
    except InputError:
        return
    assert bare.isascii()
    assert bare.isdigit()
    assert 2 <= len(bare) <= 10
    assert bare == "".join(c for c in text if c.isdigit())


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=20), st.text("0123456789-T:Z+/ ", max_size=20), st.datetimes().map(str)))
@example("2025-05-06T00:00:00Z")
@example("2025-05-06 ")
@example("2025-5-6")
@example("20250506")
@example("2025-W19-2")
@example("2025-02-29")
@example("0000-01-01")
@example("２０２５-05-06")
def test_a_date_is_strictly_iso_or_an_error(text: str) -> None:
    try:
        day = dates.ordinal(text)
    except InputError:
        return
    assert dates.iso(day) == text


@given(moment=st.datetimes(timezones=st.one_of(st.none(), st.timezones())))
def test_a_moment_is_refused(moment: dt.datetime) -> None:
    with pytest.raises(InputError, match="time of day"):
        dates.ordinal(moment)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_no_time_zone_moves_a_date(zone: str) -> None:
    program = (
        "import surtax.law as l; law = l.load(); "
        "print([law.duty('2009.12.00', importer='CAN', origin='USA', on=d).total_rate "
        "for d in ('2025-03-03', '2025-03-04', '2025-08-31', '2025-09-01')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": zone},
    )
    assert done.stdout.strip() == "[0.0, 25.0, 25.0, 0.0]"


ANYTHING = st.one_of(
    st.none(), st.text(max_size=6), st.integers(-3, 3), st.floats(allow_nan=True), st.booleans(), st.binary(max_size=3)
)


@settings(max_examples=400, deadline=None)
@given(
    about=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("importer", "origin", "on", "preference", "value", "us_content", "ca_mx_content", "otherwise"), ANYTHING
        )
        | {
            "metal_content": st.one_of(ANYTHING, st.dictionaries(st.text(max_size=6), ANYTHING, max_size=2)),
            "quantity": st.dictionaries(st.text(max_size=3), ANYTHING, max_size=2),
            "unit_value": st.dictionaries(st.text(max_size=3), ANYTHING, max_size=2),
            "facts": st.lists(st.text(max_size=5), max_size=2),
        },
    ),
    product=st.one_of(st.just("7208.36.00"), ANYTHING),
)
def test_any_argument_gets_an_answer_or_an_error(about: dict[str, Any], product: Any) -> None:
    try:
        answer = LAW.duty(product, **{**HERE, "on": "2025-05-06", **about})
    except InputError:
        return
    assert answer.status in ("refused", "complete", "surtax-only")
    assert (answer.total_rate is None) == (answer.status == "refused")
    json.dumps(answer.as_json(), allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=24))
def test_any_printed_rate_is_read_or_unknown(text: str) -> None:
    rate = parse_rate(text)
    assert rate.known or rate.text == " ".join(text.split())
    parse_special(text)


@settings(max_examples=100, deadline=None)
@given(first=st.text("0123456789-.", max_size=12), last=st.text("0123456789-. ", max_size=12))
def test_any_period_gets_a_history_or_an_error(first: str, last: str) -> None:
    result = CliRunner().invoke(
        commands.duty, ["7208.36.00", "--importer=CAN", "--origin=USA", f"--on={first}..{last}", "--json"]
    )
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code in (0, 2)


def test_the_small_law_is_sound(tmp_path: Path) -> None:
    code, text = check(write(tmp_path))
    assert code == 0, text
    assert "no faults" in text


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("list.csv", "code,group\n0101.2l.00,one\n", ["list.csv, line 2", "not a product code"]),
        ("list.csv", "code,group,from,to\n0101.21.00,one,2025-3-1,\n", ["list.csv, line 2", "YYYY-MM-DD"]),
        ("list.csv", "code,group,from,to\n0101.21.00,one,2025-03-01,2025-03-01\n", ["list.csv, line 2", "ends on"]),
        ("list.csv", "code,group\n0101.21.00\n", ["list.csv, line 2", "cells"]),
        ("list.csv", "code,group\n0101.21.00,one,x\n", ["list.csv, line 2", "cells"]),
        ("list.csv", "code,group\n0101.21.00,two\n", ["no row with group 'one'"]),
        ("list.csv", "item,group\n0101.21.00,one\n", ["lacks the column(s) code"]),
        ("list.csv", "", ["lacks the column(s) code"]),
        ("list.csv", "code,group\n", ["is empty"]),
        ("list.csv", b"code,group\n\xff\xfe,one\n", ["list.csv cannot be read"]),
        ("list.csv", None, ["list.csv does not exist"]),
        ("hs.csv", "code,from,to\n0101.21,never,\n", ["hs.csv, line 2"]),
        ("hs.csv", None, ["hs.csv does not exist"]),
        ("jurisdiction.yaml", None, ["has no jurisdiction.yaml"]),
        ("ca-one.yaml", "id: [", ["ca-one.yaml", "line", "not valid YAML"]),
        ("ca-one.yaml", "", ["ca-one.yaml", "empty"]),
        ("ca-one.yaml", "- 1\n", ["ca-one.yaml", "mapping"]),
        ("ca-one.yaml", b"\x00\x01", ["ca-one.yaml"]),
        ("ca-one.yaml", "? [1, 2]\n: 3\n", ["ca-one.yaml"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("ad_valorem: 25", "ad_valorem: high"), ["line 12", "rates"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("ad_valorem: 25", "ad_valorem: .nan"), ["line 12", "rates"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("to: 2025-06-01", "to: 2025-01-01"), ["line 12", "ends on"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("to: 2025-06-01", "to: 2025-06-01T05:00:00Z"), ["time of day"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("[goods]", "[good]"), ["'good'", "not defined"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("[spare]", "[spared]"), ["'spared'", "not described"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("id: ca-one", "id: ca-uno"), ["ca-one.yaml", "ca-uno"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("levied_by: CAN", "levied_by: USA"), ["levied_by is USA"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("[ca-two]", "[ca-too]"), ["ca-too, which does not exist"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("[ca-two]", "[ca-one]"), ["names itself"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("title: One", "tittle: One"), ["line 3", "title"]),
        ("ca-one.yaml", SMALL["ca-one.yaml"].replace("title: One", "title: One\ntitle: Two"), ["line 4", "twice"]),
    ],
)
def test_a_fault_is_told_with_its_place(
    tmp_path: Path, name: str, content: str | bytes | None, wanted: list[str]
) -> None:
    code, text = check(write(tmp_path, **{name: content}))
    assert code == 2
    assert text.startswith("error: ")
    for words in wanted:
        assert words in text, text


def test_a_folder_that_holds_no_law(tmp_path: Path) -> None:
    assert check(tmp_path) == (
        2,
        f"error: {tmp_path} holds no law: expected one folder an importer, such as USA/ and CAN/\n",
    )
    (tmp_path / "notes").mkdir()
    code, text = check(tmp_path)
    assert (code, "holds no law" in text) == (2, True)


def test_a_circle_and_a_contradiction_are_errors(tmp_path: Path) -> None:
    back = "precedence:\n  - {relation: %s, measures: [ca-one], from: %s, citation: s. 9}\nprovenance"
    text = SMALL["ca-two.yaml"].replace("provenance", back % ("yields_to", "2025-04-01"))
    code, out = check(write(tmp_path / "a", **{"ca-two.yaml": text}))
    assert code == 2
    assert "circle on 2025-04-01" in out
    text = SMALL["ca-two.yaml"].replace("provenance", back % ("adds_to", "2025-04-01"))
    code, out = check(write(tmp_path / "b", **{"ca-two.yaml": text}))
    assert code == 2
    assert "ca-two: adds_to ca-one contradicts ca-one yields to ca-two" in out
    assert "from 2025-04-01" in out
    ended = SMALL["ca-one.yaml"].replace("from: 2025-03-01, citation", "from: 2025-03-01, to: 2025-04-01, citation")
    assert check(write(tmp_path / "c", **{"ca-two.yaml": text, "ca-one.yaml": ended}))[0] == 0


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SMALL)), seed=st.integers(0, 10**6), junk=st.binary(min_size=1, max_size=6))
def test_damaged_files_are_errors_in_words_or_law(tmp_path: Path, name: str, seed: int, junk: bytes) -> None:
    pick = random.Random(seed)  # noqa: S311
    data = bytearray(SMALL[name].encode())
    for _ in range(pick.randrange(1, 4)):
        at = pick.randrange(len(data))
        how = pick.randrange(3)
        if how == 0:
            data[at : at + pick.randrange(1, 12)] = junk
        elif how == 1:
            del data[at : at + pick.randrange(1, 40)]
        else:
            other = pick.randrange(len(data))
            data[at:at] = data[other : other + 20]
    shutil.rmtree(tmp_path / "law", ignore_errors=True)
    code, text = check(write(tmp_path / "law", **{name: bytes(data)}))
    assert code in (0, 2)
    assert text.startswith("error: ") == (code == 2)


@settings(max_examples=60, deadline=None)
@example(at=12, value=0, cut=False)
@given(at=st.integers(0, 10**9), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_index_is_an_error(at: int, value: int, cut: bool) -> None:
    data = bytearray(Path(surtax.law._SHIPPED).read_bytes())
    at %= len(data)
    if cut:
        del data[at:]
    elif data[at] == value:
        return
    else:
        data[at] = value
    with pytest.raises(InputError):
        Index(bytes(data))
