"""Claims: every shipped file valid, its arithmetic recomputed by hand, its verdict derived again, sources present."""

import csv
import itertools
import json
import math
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import surtax as sx
from surtax.claims import check, claim_names, load_claim
from surtax.claims.check import SHIPPED, as_plain
from surtax.claims.expression import Range, names_in, value
from surtax.claims.figures import figures
from surtax.claims.measured import measure

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


def test_readings_that_hold_come_before_those_that_do_not():
    order = ["holds", "open", "does not hold"]
    for n in NAMES:
        c = check(n)
        if c.claimed is None:
            found = [order.index(r.status) for r in c.readings if r.status != "context"]
            assert found == sorted(found), n


def raw(name):
    return yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_arithmetic_and_verdict_again_from_the_file(name):
    """Every value by Python's own arithmetic at the corners of its figures, every status from the raw file's bounds.

    Corners give the exact range, since each expression is monotonic in each name and no name stands twice on two sides.
    """
    with (SHIPPED / "figures.csv").open(encoding="utf-8", newline="") as file:
        table = {r["id"]: (float(r["value"]), float(r["high"] or r["value"])) for r in csv.DictReader(file)}
    claim, checked = raw(name), {r.id: r for r in check(name).readings}
    for test in claim.get("tests", []):
        found, _ = measure(test["do"], test["with"])
        table |= {f"{test['name']}.{k}": tuple(v) for k, v in found.items()}
    statuses = []
    for r in claim["readings"]:
        text = str(r["value"])
        used = sorted(
            (n for n in table if re.search(rf"(?<![\w.]){re.escape(n)}(?![\w.])", text)), key=len, reverse=True
        )
        assert used, text
        values = []
        for corner in itertools.product(*(table[n] for n in used)):
            filled = text
            for n, x in zip(used, corner, strict=True):
                filled = re.sub(rf"(?<![\w.]){re.escape(n)}(?![\w.])", f"({x!r})", filled)
            values.append(eval(filled, {"__builtins__": {}}, {"max": max, "min": min, "abs": abs}))  # noqa: S307
        low, high = min(values), max(values)
        got = checked[r["id"]]
        assert got.range == pytest.approx((low, high), rel=1e-12), r["id"]
        if r.get("context"):
            want = "context"
        elif "holds" not in r:
            want = "holds" if high >= claim["claimed"]["value"] else "does not hold"
        elif "above" in r["holds"]:
            b = r["holds"]["above"]
            want = "holds" if low > b else "does not hold" if high <= b else "open"
        else:
            b = r["holds"]["below"]
            want = "holds" if high < b else "does not hold" if low >= b else "open"
        assert got.status == want, r["id"]
        statuses.append(want)
    verdict = check(name).verdict
    n = sum(s != "context" for s in statuses)
    for status, words in (
        ("holds", "holds under"),
        ("does not hold", "does not hold under"),
        ("open", "is open under"),
    ):
        count = statuses.count(status)
        if 0 < count < n:
            assert f"{words} {count}" in verdict
    assert verdict.startswith(("Holds under", "Does not hold under", "Depends on what is meant"))


def experiments(do):
    return [(n, t["name"], t["with"]) for n in NAMES for t in raw(n).get("tests", []) if t["do"] == do]


@pytest.mark.parametrize(("name", "test", "given"), experiments("scenario"))
def test_scenarios_again_by_hand(name, test, given, embedded):
    """The fixed closure, from the outcome's arrays: real incomes, money, and factors that leave shrinking sectors."""
    from surtax.model.options import General

    rigid = {"horizon": given.get("horizon", "long"), "rigidity": given.get("rigidity")}
    model = "core" if rigid == {"horizon": "long", "rigidity": None} else General(**rigid)

    def effects(scenario, c):
        o = sx.solve(embedded, sx.load_scenario(scenario), model=model)
        n = embedded.country(c)
        factors = embedded.value_added[:, n] * embedded.output[:, n]
        found = {"welfare": 100 * (o.real_income[n] - 1), "value": (o.real_income[n] - 1) * embedded.income[n] / 1e3}
        if model == "core":
            left = factors * np.nan_to_num(np.maximum(1 - o.Y_new[:, n] / embedded.output[:, n] / o.w_hat[n], 0))
            found["displaced"] = 100 * left.sum() / factors.sum()
        else:
            found["employment"] = 100 * (o.extra["L_hat"][n] - 1)
        return found

    found, _ = measure("scenario", given | {"closures": ["fixed"]})
    wide, _ = measure("scenario", given)
    for c in given["countries"]:
        less = effects(given["against"], c) if "against" in given else {}
        for k, x in effects(given["scenario"], c).items():
            assert found[f"{k}_{c}"].low == pytest.approx(x - less.get(k, 0.0), abs=1e-9), (name, test, k)
            assert wide[f"{k}_{c}"].low <= found[f"{k}_{c}"].low <= wide[f"{k}_{c}"].high


@pytest.mark.parametrize(("name", "test", "given"), experiments("doing-without"))
def test_doing_without_again_by_hand(name, test, given, embedded):
    """The embargo as a schedule of arrays, from customs lines counted here."""
    from surtax.model.options import SHORT_OVER_LONG
    from surtax.trade import line_sectors, load_us_imports

    prefix = {"cars": "8703", "energy": "27", "lumber": "4407", "everything": ""}[given["product"]]
    d, o = embedded.country(given["importer"]), embedded.country(given["origin"])
    part = np.array(embedded.goods, dtype=float)
    if prefix:
        lines = load_us_imports().select(origin=given["origin"])
        sectors = line_sectors(lines)
        for s, code in enumerate(embedded.sectors):
            here = sectors == code
            hit = [c.startswith(prefix) for c in lines.codes[here]]
            part[s] = (
                lines.value[here][hit].sum() / lines.value[here].sum() if embedded.goods[s] and here.any() else 0.0
            )
    found, _ = measure("doing-without", given | {"closures": ["fixed"]})
    for ending, model, scale in (("", "core", 1.0), ("_short", "short-run", SHORT_OVER_LONG)):
        cost = np.ones_like(embedded.flows)
        with np.errstate(divide="ignore"):
            cost[:, o, d] = (1 - part) ** (-1 / (scale * embedded.elasticity))
        schedule = sx.Schedule(embedded.tariffs, cost, np.inf)
        out = sx.solve(embedded, schedule, model=model)
        assert found[f"loss_importer{ending}"].low == pytest.approx(100 * (1 - out.real_income[d]), abs=1e-9)
        assert found[f"loss_origin{ending}"].low == pytest.approx(100 * (1 - out.real_income[o]), abs=1e-9)
        lost = (1 - out.real_income[d]) * embedded.income[d] / 1e3
        assert found[f"loss_importer_value{ending}"].low == pytest.approx(lost, abs=1e-6)
    bought = embedded.flows[:, :, d] * (1 + embedded.tariffs[:, :, d])
    use = part * bought.sum(axis=1)
    assert found["share_of_use"].low == pytest.approx(100 * (part * bought[:, o]).sum() / use.sum())


@pytest.mark.parametrize(("name", "test", "given"), experiments("border"))
def test_borders_again_by_hand(name, test, given, embedded):
    """The union's end as a schedule of arrays: no bilateral tariffs, common ones on others, the wedge's part gone."""
    from surtax.experiments.border import wedge

    a, b = (embedded.country(c) for c in given["between"])
    tau = wedge(embedded, *given["between"], given["benchmark"]).tau
    for part in given["remove"]:
        cost, tariffs = np.ones_like(embedded.flows), np.array(embedded.tariffs)
        cost[:, a, b] = cost[:, b, a] = tau**-part
        tariffs[:, a, b] = tariffs[:, b, a] = 0
        for n in range(len(embedded.countries)):
            if n not in (a, b):
                tariffs[:, n, a] = tariffs[:, n, b]
        out = sx.solve(embedded, sx.Schedule(tariffs, cost, np.inf))
        found, _ = measure("border", given | {"remove": [part], "closures": ["fixed"]})
        for n, c in zip((a, b), given["between"], strict=True):
            assert found[f"welfare_{c}"].low == pytest.approx(100 * (out.real_income[n] - 1), abs=1e-9)


def test_incidence_again_by_hand(embedded):
    """Cell by cell: what sellers' prices fell by, against the importer's own, as part of the duty added."""
    found, _ = measure("incidence", {"scenario": "us-only", "importer": "USA", "closures": ["fixed"]})
    o = sx.solve(embedded, sx.load_scenario("us-only"))
    d, total, borne = embedded.country("USA"), 0.0, 0.0
    for s in range(len(embedded.sectors)):
        for n in range(len(embedded.countries)):
            old, new = embedded.tariffs[s, n, d], o.schedule.tariffs[s, n, d]
            if new > old:
                rate = math.log((1 + new) / (1 + old))
                weight = rate * embedded.flows[s, n, d]
                total += weight
                if weight:
                    borne += weight * math.log(o.c_hat[s, d] / o.c_hat[s, n]) / rate
    assert found["foreign_share"].low == pytest.approx(100 * borne / total, rel=1e-9)


def test_words_stand_in_quotation_marks_only_where_they_were_said(tmp_path):
    assert check("canada-subsidy").quoted.startswith("“")
    assert check("51st-state").quoted.endswith("(abridged)")
    own = check(str(claim_file(tmp_path, WHOLE)))
    assert own.quoted == "W (not a quotation)"
    assert "“" not in check("us-tariffs-cost-jobs-only-in-canada").quoted


@pytest.mark.parametrize("name", NAMES)
def test_the_paragraph_says_who_what_and_how_to_make_it_again(name):
    c = check(name)
    for text in (c.words, c.who, c.when, c.verdict, c.replay):
        assert text in c.paragraph
    assert len(c.paragraph.split()) < 250


def test_experiments_in_claims_are_those_of_the_commands(embedded):
    from surtax.experiments.dependence import dependence

    d = dependence(embedded, "USA", "CAN", "energy", deficits="fixed").losses["long"]
    r = {x.id: x.range for x in check("dont-need-energy").readings}
    assert r["survives"].low <= -d.importer <= r["survives"].high
    assert r["canada"].low <= -d.origin <= r["canada"].high


def test_readings_that_decide_can_be_quoted_alone():
    for n in NAMES:
        for r in check(n).readings:
            assert r.status == "context" or not re.search(r"the same|likewise|that case|that union", r.means), r.means


def test_a_figure_that_customs_lines_give_is_what_they_give():
    found, _ = measure(
        "doing-without", {"importer": "USA", "origin": "CAN", "product": "energy", "closures": ["fixed"]}
    )
    assert figures()["energy_imports"].range.low == pytest.approx(found["customs_value"].low, abs=5e-4)  # printed so


def test_every_figure_is_used():
    texts = "".join((SHIPPED / f"{n}.yaml").read_text(encoding="utf-8") for n in NAMES)
    assert [f for f in figures() if not re.search(rf"\b{f}\b", texts)] == []


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


def test_the_replay_of_a_file_is_a_command(tmp_path):
    path = tmp_path / "my claim.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    found = check(str(path))
    assert shlex.split(found.replay) == ["surtax", "check", str(path)]


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
        (
            "readings:",
            "tests: [{name: x, do: scenario, with: {scenario: us-only, countries: [USA], closures: fixed}}]\nreadings:",
            "closures are a list",
        ),
        (
            "readings:",
            "tests: [{name: x, do: scenario, with: {scenario: us-only, countries: [USA], horizon: medium}}]\nreadings:",
            "horizon",
        ),
        (
            "readings:",
            "tests: [{name: x, do: incidence, with: {scenario: us-only, importer: CAN}}]\nreadings:",
            "nobody bears",
        ),
        ("readings:", "tests: [{name: x, do: scenario, with: {scenario: us-only}}]\nreadings:", "needs countries"),
        (
            "readings:",
            "tests: [{name: x, do: border, with: {between: [CAN], remove: [1]}}]\nreadings:",
            "two countries",
        ),
        ("readings:", "tests: [{name: x, do: border, with: {between: [CAN, USA], remove: [a]}}]\nreadings:", "remove"),
        ("readings:", "tests: [{name: x, do: border, with: {between: [CAN, USA], remove: 1}}]\nreadings:", "remove"),
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
