"""Scenario files: what they mean, and that whatever is in them is answered in words."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import surtax as sx
from surtax.policy.library import ScenarioFile
from surtax.yamlfile import parse_yaml
from tests.policy.test_scenario import W

GOOD = """\
schema: surtax-scenario/1
name: mine
title: A title
date: 2025-05-06
measures:
  - id: steel
    importer: USA
    exporter: CAN
    changes:
      - {sector: C29, rate: 25, in_scope: 10, imports: 40, taxed_share: 0.5}
      - sector: [A01, SVC]
        set: 10
      - sector: "*"
        exporter: MEX
        trade_cost: 10
        note: fees
left_out:
  - {what: lumber, why: not decided}
"""


def write(tmp_path, text, name="s.yaml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(tmp_path, text):
    return sx.load_scenario(write(tmp_path, text))


def test_a_file_by_hand(tmp_path):
    scenario = load(tmp_path, GOOD)
    assert (scenario.name, scenario.title, scenario.date) == ("mine", "A title", "2025-05-06")
    schedule = scenario.schedule(W)
    # 25 % × 10/40 × 0.5 on top of 2 %
    assert schedule.tariffs[1, 1, 0] == pytest.approx(0.02 + 0.25 * 0.25 * 0.5)
    assert schedule.tariffs[0, 1, 0] == schedule.tariffs[2, 1, 0] == 0.10
    assert (schedule.trade_cost[:, 2, 0] == 1.1).all()
    (measure,) = scenario.measures
    assert dict(measure.changes[0].factors) == {
        "rate, per cent": 25, "in scope, USD million": 10, "imports, USD million": 40, "taxed share": 0.5,
    }  # fmt: skip
    assert measure.changes[2].note == "fees"
    assert scenario.left_out[0].what == "lumber"


def test_the_name_is_the_files_if_it_has_none(tmp_path):
    assert load(tmp_path, "title: nothing happens").name == "s"


CHANGE = "measures: [{id: a, importer: USA, exporter: CAN, changes: [%s]}]"

BAD = {
    "unknown key": ("tittle: x", r"s\.yaml, line 1: unknown key 'tittle' in the file; did you mean title"),
    "unknown key deep": (
        "title: x\nmeasures:\n  - id: a\n    changes:\n      - sector: C29\n        rat: 25\n",
        r"line 6: unknown key 'rat' in measures\.0\.changes\.0; did you mean rate",
    ),
    "missing key": ("measures:\n  - changes: [{sector: A01, rate: 1}]", "line 2: measures.0 lacks the key 'id'"),
    "rate text": (CHANGE % "{sector: C29, rate: lots}", "changes.0.rate: .*valid number.*lots"),
    "rate NaN": (CHANGE % "{sector: C29, rate: .nan}", "rate: .*finite"),
    "rate infinite": (CHANGE % "{sector: C29, rate: .inf}", "rate: .*finite"),
    "rate true": (CHANGE % "{sector: C29, rate: true}", "rate: .*valid number.*True"),
    "rate yes": (CHANGE % "{sector: C29, rate: yes}", "rate: .*valid number.*True"),
    "rate quoted": (CHANGE % "{sector: C29, rate: '25'}", "rate: .*valid number.*'25'"),
    "rate in base sixty": (CHANGE % "{sector: C29, rate: 1:30}", "line 1: 1:30 would be read as a number in base sixty"),
    "rate in base eight": (CHANGE % "{sector: C29, rate: 010}", "line 1: 010 would be read as a number in base eight"),
    "set true": (CHANGE % "{sector: C29, set: true}", "set: .*valid number"),
    "share true": (CHANGE % "{sector: C29, rate: 1, taxed_share: true}", "taxed_share: .*valid number"),
    "limit true": ("allow_rates_above: true", "allow_rates_above: .*valid number"),
    "trade cost true": (CHANGE % "{sector: C29, trade_cost: true}", "trade_cost: .*valid number"),
    "trade cost NaN": (CHANGE % "{sector: C29, trade_cost: .nan}", "trade_cost: .*(greater than|number)"),
    "trade cost below": (CHANGE % "{sector: C29, trade_cost: -.inf}", "trade_cost: .*greater than"),
    "no changes": (CHANGE % "", "changes: .*at least 1"),
    "none of three": (CHANGE % "{sector: C29}", "exactly one of rate"),
    "two of three": (CHANGE % "{sector: C29, rate: 1, set: 2}", "exactly one of rate"),
    "in_scope alone": (CHANGE % "{sector: C29, rate: 1, in_scope: 2}", "in_scope and imports go together"),
    "imports alone": (CHANGE % "{sector: C29, rate: 1, imports: 2}", "in_scope and imports go together"),
    "in_scope beyond": (CHANGE % "{sector: C29, rate: 1, in_scope: 3, imports: 2}", "in_scope exceeds imports"),
    "in_scope negative": (CHANGE % "{sector: C29, rate: 1, in_scope: -3, imports: 2}", "greater than or equal to 0"),
    "imports zero": (CHANGE % "{sector: C29, rate: 1, in_scope: 0, imports: 0}", "greater than 0"),
    "taxed_share": (CHANGE % "{sector: C29, rate: 1, taxed_share: 50}", "less than or equal to 1"),
    "factors of set": (CHANGE % "{sector: C29, set: 1, taxed_share: 0.5}", "factors of rate"),
    "trade cost": (CHANGE % "{sector: C29, trade_cost: -100}", "greater than -100"),
    "too high": (CHANGE % "{sector: C29, rate: 2500}", "rates in files are per cent.*allow_rates_above: 2500"),
    "set too low": (CHANGE % "{sector: C29, set: -100}", "no price left"),
    "sector empty": (CHANGE % "{sector: [], rate: 1}", "at least 1"),
    "sector number": (CHANGE % "{sector: 29, rate: 1}", "sector: .*list"),
    "no importer": (
        "measures: [{id: a, exporter: CAN, changes: [{sector: A01, rate: 1}]}]", "change 1: say importer and exporter",
    ),
    "key twice": ("title: a\ntitle: b", "line 2: key 'title' stands twice"),
    "key twice deep": (CHANGE % "{sector: C29, rate: 1, rate: 2}", "key 'rate' stands twice"),
    "id twice": (
        "measures:\n" + 2 * "  - {id: a, importer: USA, exporter: CAN, changes: [{sector: A01, rate: 1}]}\n",
        "measure id 'a' stands twice",
    ),
    "empty": ("", "is empty"),
    "only comments": ("# nothing\n", "is empty"),
    "a list": ("- a\n- b", "should be a mapping.*list"),
    "a word": ("word", "should be a mapping.*str"),
    "two documents": ("title: a\n---\ntitle: b", "not valid YAML"),
    "tabs": ("title: a\n\tb: c", "line 2: not valid YAML"),
    "unclosed": ("title: [a", "not valid YAML"),
    "an object": ("title: !!python/object:os.system x", "not valid YAML"),
    "not UTF-8": ("title: Québec".encode("latin-1"), "not a text file in UTF-8"),
    "binary": (bytes(range(256)), "not a text file in UTF-8"),
    "control characters": (b"title: a\x00b", "not valid YAML"),
    "schema": ("schema: surtax-scenario/2", "schema: .*surtax-scenario/1"),
    "date word": ("date: tomorrow", "date: a day written as year-month-day"),
    "date impossible": ("date: 2025-02-30", "not valid YAML: day is out of range"),
    "date text impossible": ("date: '2025-13-01'", "year-month-day"),
    "date and time": ("date: 2025-05-06 12:00:00", "year-month-day"),
    "date number": ("date: 20250506", "date: .*string"),
    "complex key": ("? [a, b]\n: c", "key should be one word"),
    "complex key deep": ("measures:\n  - ? {a: b}\n    : c", "line 2: a key should be one word"),
    "number as key": ("1: 2", "line 1: "),
    "endless alias": ("&a [*a]", "should be a mapping|not valid YAML"),
    "unknown alias": ("title: *b", "not valid YAML"),
    "extends unknown": ("extends: us-canada-2024", "extends an unknown scenario.*us-canada-2025"),
    "extends long": ("extends: " + "x" * 5000, "extends an unknown scenario"),
    "extends nothing readable": ('extends: "a\\0b"', "extends an unknown scenario"),
    "only without extends": ("only: [a]", "which is missing"),
    "only unknown": ("extends: all-goods-25\nonly: [nothing]", "has no measure 'nothing'"),
    "itself": ("extends: s.yaml", "extends itself"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_bad_files(tmp_path, text, message):
    with pytest.raises(sx.InputError, match=message) as refusal:
        load(tmp_path, text)
    text = str(refusal.value)
    assert "s.yaml" in text
    # said once, and as what it is
    assert "not valid YAML" not in text or "not valid YAML" in message


def test_many_errors_are_cut_short(tmp_path):
    text = "\n".join(f"wrong{i}: 1" for i in range(9))
    with pytest.raises(sx.InputError, match=r"\(and 4 more\)") as refusal:
        load(tmp_path, text)
    assert str(refusal.value).count("\n") == 5


def test_high_rates_when_meant(tmp_path):
    text = "allow_rates_above: 3000\n" + CHANGE % "{sector: C29, rate: 2500}"
    assert load(tmp_path, text).schedule(W).tariffs[1, 1, 0] == pytest.approx(25.02)


def test_an_embargo(tmp_path):
    text = CHANGE % "{sector: C29, trade_cost: .inf}"
    cost = load(tmp_path, text).schedule(W).trade_cost
    assert cost[1, 1, 0] == np.inf
    assert np.isinf(cost).sum() == 1


def test_extends_and_only(tmp_path):
    write(tmp_path, GOOD, "base.yaml")
    more = "extends: base.yaml\nonly: [steel]\n" + (CHANGE % "{sector: C29, rate: 5}").replace("id: a", "id: more")
    scenario = load(tmp_path, more)
    assert [m.id for m in scenario.measures] == ["steel", "more"]
    assert scenario.title == "A title"
    assert scenario.name == "s"
    assert scenario.left_out[0].what == "lumber"
    shipped = load(tmp_path, "extends: us-canada-2025\nonly: [us-232-steel]")
    assert [m.id for m in shipped.measures] == ["us-232-steel"]


def test_extending_in_a_circle(tmp_path):
    write(tmp_path, "extends: b.yaml", "a.yaml")
    write(tmp_path, "extends: c.yaml", "b.yaml")
    path = write(tmp_path, "extends: a.yaml", "c.yaml")
    with pytest.raises(sx.InputError, match=r"c\.yaml extends itself, through c\.yaml → a\.yaml → b\.yaml"):
        sx.load_scenario(path)


def test_aliases_that_multiply_do_not_hang(tmp_path):
    """Nine levels of nine aliases each: a billion nodes if each were visited anew."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for here, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{here}: &{here} [{', '.join(9 * [f'*{before}'])}]")
    with pytest.raises(sx.InputError, match="unknown key 'a'"):
        load(tmp_path, "\n".join(lines))


@pytest.mark.parametrize("name", ["us-canada-2024", "us_canada_2025.yaml", "x" * 5000, "a\0b", "", ".", "missing.yml"])
def test_unknown_scenarios(name):
    with pytest.raises(sx.InputError):
        sx.load_scenario(name)


def test_a_folder_is_no_scenario(tmp_path):
    (tmp_path / "d.yaml").mkdir()
    for path in (tmp_path / "d.yaml", tmp_path):
        with pytest.raises(sx.InputError):
            sx.load_scenario(path)


# --- what ships ---


@pytest.mark.parametrize("name", sx.scenario_names())
def test_shipped_scenarios_fit_the_embedded_world(name, embedded):
    scenario = sx.load_scenario(name)
    assert scenario.name == name
    assert scenario.title
    schedule = scenario.schedule(embedded)
    moved = (schedule.tariffs != embedded.tariffs).any(axis=0)
    usa, can = embedded.country("USA"), embedded.country("CAN")
    where = {(embedded.countries[o], embedded.countries[d]) for o, d in zip(*moved.nonzero(), strict=True)}
    assert where <= {("CAN", "USA"), ("USA", "CAN"), ("MEX", "USA")}
    assert not moved[usa, usa]
    assert not moved[can, can]
    assert schedule.tariffs.max() < 0.6
    for measure in scenario.measures:
        assert measure.source or measure.instrument


def test_variants_are_parts_of_the_main_scenario():
    main = {m.id: m for m in sx.load_scenario("us-canada-2025").measures}
    for measure in sx.load_scenario("us-only").measures:
        assert measure == main[measure.id]


# --- anything at all ---

WORDS = st.sampled_from(
    ["schema", "name", "title", "date", "extends", "only", "measures", "left_out", "allow_rates_above", "id", "changes",
     "sector", "importer", "exporter", "rate", "set", "trade_cost", "in_scope", "imports", "taxed_share", "what", "why",
     "*", "goods", "USA", "<<", "surtax-scenario/1", "2025-05-06"]
)  # fmt: skip
LEAVES = st.one_of(
    WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.binary(max_size=4)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | LEAVES, inner, max_size=5),
    max_leaves=12,
)


def read(text):
    with contextlib.suppress(sx.InputError):
        assert isinstance(parse_yaml(text, ScenarioFile, "fuzz.yaml"), ScenarioFile)


@settings(max_examples=300)
@given(st.text())
@example("{a: *a}")
@example("? {}")
@example("[" * 5000)
@example("{? " * 400)
@example("2025-13-45")
@example("date: 2025-01-01T99:99:99Z")
@example("a: !!timestamp x")
@example("a: !!int x")
@example("a: !!float x")
@example("a: !!binary x")
@example("a: !!set {b, b}")
@example("a: !!omap [b]")
@example("<<: 1")
@example("<<: [1, 2]")
@example("a: 0b")
@example("a: 1_")
@example("a: ._")
@example("a: 190:20:30:99999999999999999999")
def test_any_text_is_answered_in_words(text):
    read(text)


@settings(max_examples=300)
@given(st.dictionaries(WORDS, TREES, max_size=6))
def test_any_tree_is_answered_in_words(tree):
    read(yaml.safe_dump(tree, allow_unicode=True))


@settings(max_examples=200)
@given(st.data())
def test_a_good_file_with_anything_put_in_is_answered_in_words(data):
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:cut] + data.draw(st.text(max_size=5)) + lines[at][cut + data.draw(st.integers(0, 3)) :]
    read("\n".join(lines))
