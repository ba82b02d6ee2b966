"""Claims: every shipped file valid, its arithmetic recomputed by hand, its verdict derived again, sources present."""

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import surtax as sx
from surtax.claims import check, claim_names, load_claim
from surtax.claims.check import as_plain
from surtax.claims.expression import Range, names_in, value
from surtax.claims.figures import figures

NAMES = claim_names()


def test_the_claims_that_ship():
    wanted = {
        "canada-subsidy", "dont-need-cars", "dont-need-energy", "dont-need-lumber", "dont-need-anything", "51st-state",
        "protected-for-free", "tariffs-paid-by-foreigners", "us-tariffs-cost-jobs-only-in-canada",
        "canada-retaliation-hurts-us",
    }  # fmt: skip
    assert wanted <= set(NAMES)
    sides = {load_claim(n)[1].side for n in NAMES}
    assert {"US", "Canada"} <= sides


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_is_whole_and_its_verdict_follows(name):
    c = check(name)
    assert c.words
    assert c.who
    assert re.match(r"\d{4}-\d{2}-\d{2}", c.when)
    assert c.source
    deciding = [r for r in c.readings if r.status != "context"]
    for r in c.readings:
        assert r.range.low <= r.range.high
        assert r.sources, r.id
    # the verdict again, from the readings alone, by counting
    holds = sum(r.status == "holds" for r in deciding)
    fails = sum(r.status == "does not hold" for r in deciding)
    if holds == len(deciding):
        assert c.verdict.startswith("Holds under")
    elif fails == len(deciding):
        assert c.verdict.startswith("Does not hold")
    else:
        assert c.verdict.startswith("Depends on what is meant")
        assert not holds or f"holds under {holds} of {len(deciding)}" in c.verdict
    for r in deciding:
        if r.needed is not None:
            assert r.needed == pytest.approx(c.claimed[0] / r.range.high)
    json.dumps(as_plain(c), allow_nan=False)


def test_the_subsidy_by_hand():
    """The arithmetic of the accounts, typed out: what each reading comes to in USD billion."""
    found = {r.id: r.range for r in check("canada-subsidy").readings}
    gdp = 2140
    assert found["goods"] == pytest.approx((63.336, 63.336))
    assert found["goods-and-defence-nato"] == pytest.approx((63.336 + 0.0063 * gdp, 63.336 + 0.00687 * gdp))
    assert found["goods-and-defence-us"] == pytest.approx((70.603 + 0.0205 * gdp, 70.603 + 0.02107 * gdp))
    assert found["without-energy"] == pytest.approx((63.336 - 94,) * 2)
    c = check("canada-subsidy")
    assert c.verdict.startswith("Does not hold")
    highest = max(r.range.high for r in c.readings if r.status != "context")
    assert highest < 200


def test_readings_of_an_amount_favour_the_claimant_first():
    for n in NAMES:
        c = check(n)
        if c.claimed is not None:
            values = [r.range.high for r in c.readings if r.status != "context"]
            assert values == sorted(values, reverse=True), n


def test_experiments_in_claims_are_those_of_the_commands(embedded):
    from surtax.experiments.dependence import dependence

    d = dependence(embedded, "USA", "CAN", "energy", deficits="fixed").losses["long"]
    r = {x.id: x.range for x in check("dont-need-energy").readings}
    assert r["survives"].low <= -d.importer <= r["survives"].high
    assert r["canada"].low <= -d.origin <= r["canada"].high


def test_every_figure_has_a_source():
    for f in figures().values():
        assert f.source
        assert f.year
        assert f.range.low <= f.range.high


# --- arithmetic with ranges ---

numbers = st.floats(-50, 50)


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=2), st.floats(0, 1), st.floats(0, 1))
def test_ranges_hold_every_result(ends, x, y):
    a, b = (Range(min(e), max(e)) for e in ends)
    u, v = a.low + x * (a.high - a.low), b.low + y * (b.high - b.low)
    for text, exact in (("a + b", u + v), ("a - b", u - v), ("a * b", u * v), ("-a", -u), ("abs(a)", abs(u)),
                        ("max(a, b)", max(u, v)), ("2 * (a + 1) / 4", 2 * (u + 1) / 4)):  # fmt: skip
        found = value(text, {"a": a, "b": b})
        assert found.low - 1e-9 <= exact <= found.high + 1e-9, text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a +", "not arithmetic"), ("a ** 2", "only"), ("__import__('os')", "only"), ("b", "unknown figure"),
        ("1 / a", "may be zero"), ("max()", "takes values"), ("abs(a, a)", "one value"), ("[1]", "only"), ("True", "only"),
        ("'x'", "only"), ("a if a else a", "only"), ("a.__class__", "unknown figure"),
    ],
)  # fmt: skip
def test_nothing_but_arithmetic(text, words):
    with pytest.raises(sx.InputError, match=words):
        value(text, {"a": Range(-1, 1)})


def test_names_in_an_expression():
    assert names_in("max(a.b, c) + 2 * d - a.b") == ("a.b", "c", "d")


# --- files of a user's own ---


def claim_file(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


WHOLE = """
title: T
words: W
who: somebody
when: 2025-01-01
source: s
side: US
claimed: {value: 50, unit: USD billion}
readings:
  - {id: a, means: goods, value: goods_deficit, unit: USD billion}
"""


def test_a_claim_of_ones_own(tmp_path):
    c = check(str(claim_file(tmp_path, WHOLE)))
    assert c.verdict.startswith("Holds under the one reading")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("goods_deficit", "goods_defict", "did you mean goods_deficit"),
        ("side: US", "side: Mars", "line 7"),
        ("unit: USD billion}\n", "unit: CAD}\n", "reading 'a' is in"),
        ("words: W\n", "", "lacks the key 'words'"),
        ("claimed: {value: 50, unit: USD billion}\n", "", "needs `holds`"),
        ("value: goods_deficit", "value: 1 +", "not arithmetic"),
        ("readings:", "tests: [{name: x, do: fly}]\nreadings:", "do"),
        ("readings:", "tests: [{name: x, do: scenario, with: {scenari: a}}]\nreadings:", "did you mean scenario"),
    ],
)
def test_slips_are_told(tmp_path, old, new, words):
    assert old in WHOLE
    # the unit stands twice: in the claim and in the reading; the last one is meant
    head, _, tail = WHOLE.rpartition(old)
    with pytest.raises(sx.InputError, match=words):
        check(str(claim_file(tmp_path, head + new + tail)))


def test_unknown_claims_are_told():
    with pytest.raises(sx.InputError, match="did you mean canada-subsidy"):
        check("canada-subsdy")


@pytest.mark.parametrize(
    "command",
    [["claims"], ["claims", "--json"], ["check", "protected-for-free"], ["check", "dont-need-cars", "--json"]],
)
def test_commands(command):
    done = subprocess.run(
        [sys.executable, "-m", "surtax", *command], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    if "--json" in command:
        json.loads(done.stdout)


def test_a_report_is_one_page_that_asks_for_nothing(tmp_path):
    path = tmp_path / "c.html"
    done = subprocess.run([sys.executable, "-m", "surtax", "check", "canada-subsidy", "--report", str(path)],
                          capture_output=True, text=True, check=False, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = path.read_text(encoding="utf-8")
    assert "subsidizing Canada" in page
    assert not re.search(r'(src|href)="https?:', page)
