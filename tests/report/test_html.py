from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.report import charts
from surtax.report.html import render, write_report
from tests.report.conftest import NASTY, Page, small_world, tiny_world, war


@pytest.fixture(scope="module")
def html(small):
    scenario, world = small.scenario, small.world
    closures = {k: sx.solve(world, scenario, deficits=k) for k in ("fixed", "balanced", "gdp-share")}
    return render(
        small,
        closures=closures,
        decomposition=small.decomposition(),
        command="surtax run war.yaml --report x.html",
    )


def svgs(text):
    return re.findall(r"<svg\b.*?</svg>", text, re.DOTALL)


def test_is_well_formed_and_complete(html):
    page = Page(html)
    assert page.of("html") == [{"lang": "en"}]
    assert len(page.of("h1")) == 1
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for a in page.of("a"):
        assert a["href"].removeprefix("#") in ids
    for _, a in page.tags:
        for key in ("aria-labelledby", "aria-describedby"):
            assert a.get(key) is None or a[key] in ids
    for heading in (
        "Who gains and who loses",
        "Tariff revenue",
        "What is left out",
        "How much hangs on",
        "Where the change of real income comes from",
        "Conditions",
        "What the quantities mean",
    ):
        assert heading in page.words
    assert "surtax run war.yaml --report x.html" in page.words
    assert "6 May 2025" in page.words
    assert "at 2020 prices" in page.words
    for name in ("United Aland", "Beland (C01)", "Celand", "Beland (C03)"):
        assert name in page.words


def test_tables_have_captions_and_scopes(html):
    page = Page(html)
    assert len(page.of("table")) == len(page.of("caption")) > 8
    assert all(a.get("scope") in ("row", "col", "colgroup") for a in page.of("th"))


def test_base_tariffs_are_sentences_and_details_are_folded(small):
    meta = {
        **small.world.meta,
        "tariffs": {
            "what": "tariffs as collected",
            "year": 2019,
            "imports_usd": 4e9,
            "duty_usd": 1e8,
            "cells_without_imports": [f"S{i}:C{i}" for i in range(50)],
            "other_importers": "some are missing",
        },
    }
    text = render(sx.solve(small.world.replace(meta=meta), small.scenario))
    page = Page(text)
    assert "Tariffs of the base: all importers: as collected 2019. Collected: USD 100 million" in page.words
    assert "In 50 pairs of sector and origin nothing was imported" in page.words
    assert "Some are missing." in page.words
    folded = text[text.index("What the accounts record about their tariffs") :]
    assert "50: S0:C0, S1:C1" in folded
    assert "42 more" in folded
    assert "S9:C9" not in text
    start = text.index("Tariffs of the base")
    assert len(text[start : text.index("</p>", start)]) < 600


def test_conditions_are_whole(html):
    words = Page(html).words
    for part in ("4 countries × 3 sectors", "war: 2 changes by the measures above", "Base tariffs all importers"):
        assert part in words


def test_rows_fill_their_tables(html):
    for table in re.findall(r"<table\b.*?</table>", html, re.DOTALL):
        body = re.search(r"<tbody>(.*)</tbody>", table, re.DOTALL)[1]
        widths = {len(re.findall(r"<t[hd]\b", row)) for row in body.split("</tr>") if row.strip()}
        assert len(widths) == 1
        head = re.search(r"<thead>(.*)</thead>", table, re.DOTALL)[1]
        first = re.findall(r"<th\b[^>]*>", head.split("</tr>")[0])
        spans = (re.search(r'colspan="(\d+)"', th) for th in first)
        assert {sum(int(s[1]) if s else 1 for s in spans)} == widths


def test_nothing_is_fetched_and_nothing_runs(html):
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "img", "object", "embed", "image", "use")
        for key, value in attributes.items():
            assert not key.startswith("on")
            if key in ("src", "href", "xlink:href", "action", "data"):
                assert value.startswith("#")
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)
    # A citation may name an address; it stays text.
    assert "see https://a.b/c" in page.words


def test_charts_are_xml_with_a_name(html):
    found = svgs(html)
    assert len(found) == 3
    for svg in found:
        root = ET.fromstring(svg)  # noqa: S314 - our own
        assert root.get("role") == "img"
        assert root.get("aria-label")
        assert root[0].tag.endswith("title")
        assert root[0].text == root.get("aria-label")
        assert root[1].tag.endswith("desc")
        assert len(root[1].text) > 40


def test_charts_follow_the_schema(small, monkeypatch):
    alt = pytest.importorskip("altair")
    drawn, draw = [], charts._draw

    def note(spec):
        drawn.append(spec)
        return draw(spec)

    monkeypatch.setattr(charts, "_draw", note)
    assert len(svgs(render(small))) == 3
    for spec in drawn:
        alt.LayerChart.from_dict({k: v for k, v in spec.items() if k != "$schema"}, validate=True)
    assert len(drawn) == 3


def test_the_schema_would_notice(small):
    alt = pytest.importorskip("altair")
    import jsonschema

    wrong = {"layer": [{"mark": {"type": "barr"}, "encoding": {}}], "datasets": {}}
    with pytest.raises(jsonschema.ValidationError):
        alt.LayerChart.from_dict(wrong, validate=True)


def test_a_summary_at_hand_is_used_and_altair_is_not_needed(small, tmp_path):
    from surtax.report.summary import summarise

    one = summarise(small, top=1)
    text = render(small, summary=one)
    assert "its one sector" in Page(text).words
    assert render(small, summary=summarise(small)) == render(small)
    code = (
        "import sys; sys.modules['altair'] = None\n"
        "from surtax.report.charts import Bar, welfare_bars\n"
        "assert '<svg' in welfare_bars([Bar('A', 1.0, True)], 't', 'd')"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path).returncode == 0


def test_the_same_outcome_gives_the_same_text(small, tmp_path):
    write_report(small, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == render(small)


def test_numbers_are_those_of_the_outcome(html, small):
    page = Page(html)
    for code in ("C00", "C01"):
        value = small.welfare[code]
        text = f"{abs(value):.2f}".rstrip("0")[:4]
        assert text in page.words
        assert ("\N{MINUS SIGN}" if value < 0 else "+") + text in page.words
    assert not re.search(r"[>\s(]-\d", html.split("</style>")[1].split("<svg")[0])
    for bad in ("nan", "inf %", "None", "n/a"):
        assert not re.search(rf">[^<]*\b{re.escape(bad)}\b[^<]*<", html)


def test_what_is_unknown_is_a_dash_with_an_explanation(html, small):
    assert np.isnan(small.equivalent_variation_per_person["C01"])
    assert '<td class="n">\N{EN DASH}</td>' in html
    assert "stands where there is no number" in Page(html).words


def test_tiny_world(tiny):
    text = render(tiny)
    page = Page(text)
    assert "AAA" in page.words
    assert "BBB" in page.words
    assert "USD" not in text
    assert "units of the accounts" in page.words
    assert "no currency is claimed" in page.words
    assert "all are zero" in page.words
    assert len(svgs(text)) == 3


def test_sparse_world_with_nan_cells():
    world = small_world()
    X = np.array(world.flows)
    # The first two do not trade; one sector is not traded at all by the third.
    X[:, 0, 1] = X[:, 1, 0] = 0
    world = sx.World.from_arrays(world.countries, world.sectors, X, elasticity=3.0)
    outcome = sx.solve(world, war("C00", "C02"))
    assert np.isnan(outcome.trade.values).any()
    page = Page(render(outcome))
    assert "grey" in page.words


@pytest.mark.parametrize("closure", ["fixed", "balanced", "gdp-share", "multiplicative"])
def test_each_closure_is_explained(closure):
    outcome = sx.solve(tiny_world(), war("AAA", "BBB"), deficits=closure)
    page = Page(render(outcome))
    assert f"{closure}:" in page.words
    assert "In this model, where " in page.words


def test_no_change_and_no_measures():
    text = render(sx.solve(tiny_world()))
    page = Page(text)
    assert "nothing changes" in page.words
    assert "no measures" in page.words


def test_a_malicious_scenario_stays_text():
    world = tiny_world(country_names=[NASTY, "B"], sector_names=[NASTY], meta={"name": NASTY})
    scenario = war(
        "AAA",
        "BBB",
        title=NASTY,
        description=NASTY,
        left_out=(sx.policy.scenario.LeftOut(NASTY, NASTY),),
    )
    measures = tuple(replace(m, title=NASTY, instrument=NASTY, citation=NASTY) for m in scenario.measures)
    text = render(sx.solve(world, replace(scenario, measures=measures)), command=NASTY)
    assert "<script" not in text
    assert "<img" not in text
    page = Page(text)
    assert all(not key.startswith("on") for _, a in page.tags for key in a)
    for svg in svgs(text):
        ET.fromstring(svg)  # noqa: S314
    assert NASTY in " ".join(page.text)


def test_many_countries_show_the_ends_and_say_what_is_hidden():
    world = small_world(n=30, j=2)
    outcome = sx.solve(world, war("C00", "C01"))
    page = Page(render(outcome))
    assert re.search(r"Not shown: \d+ economies between", page.words)
    assert re.search(r"Rest \(\d+ economies\)", page.words)


def test_factors_and_kinds_of_change():
    change = sx.policy.scenario.Change
    measure = sx.Measure(
        "m",
        changes=(
            change(
                ("C00",),
                ("C01",),
                ("s0",),
                add=0.125,
                factors=(("rate, per cent", 25.0), ("taxed share", 0.5)),
                note="half of it",
            ),
            change(("C00",), ("C02",), ("goods",), set=0.3),
            change(("C02",), ("*",), ("*",), trade_cost=1.1),
        ),
    )
    outcome = sx.solve(small_world(), sx.Scenario(measures=(measure,)))
    words = Page(render(outcome)).words
    for text in ("0.5000", "+12.500", "set to 30.000", "trade cost +10.00 %", "half of it"):
        assert text in words


def test_wrong_companions_are_refused(small, tiny, tmp_path):
    with pytest.raises(InputError, match="other countries"):
        render(small, closures={"fixed": tiny})
    with pytest.raises(InputError, match="solved under 'fixed'"):
        render(small, closures={"balanced": small})
    with pytest.raises(InputError, match="other countries"):
        render(small, decomposition=tiny.decomposition("first-order"))
    with pytest.raises(InputError, match="cannot write"):
        write_report(tiny, tmp_path)


def test_first_order_decomposition_says_so(tiny):
    words = Page(render(tiny, decomposition=tiny.decomposition("first-order"))).words
    assert "need not add up" in words


def test_charts_are_imported_only_when_drawn():
    code = (
        "import sys; import surtax.report.html, surtax.report.text; "
        "sys.exit(bool({'altair', 'vl_convert', 'rich', 'polars'} & set(sys.modules)))"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
