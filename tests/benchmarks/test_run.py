"""The benchmarks run and compare right answers; nothing here asserts a time."""

import math

import pytest
from benchmarks.__main__ import BEGIN, BENCHMARKS, END, main, measure, table
from benchmarks.measure import Failed, beyond, faster, over, process
from benchmarks.processes import heavy_modules


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_runs_and_agrees(name):
    rows = list(measure([name], quick=True))
    assert rows
    for row in rows:
        assert row.benchmark == name
        if row.ratio is None:
            assert row.note.startswith("not measured: ")
            continue
        assert all(math.isfinite(x) for x in (row.ratio.low, row.ratio.median, row.ratio.high))
        assert row.ratio.low <= row.ratio.median <= row.ratio.high
        if row.kind == "×":
            assert row.agrees < 1e-8
    assert table(rows).count("\n") == len(rows) + 3


def test_ratios_are_taken_pair_by_pair():
    a, b = [1.0, 2.0, 4.0], [10.0, 40.0, 20.0]
    assert faster("n", "", "", a, b).ratio.median == 10
    assert faster("n", "", "", a, b).ratio.high == 20
    assert over("n", "", "", a, b).ratio.low == 0.05
    assert beyond("n", "", "", a, b).ratio.median == pytest.approx(-16e3)
    assert faster("n", "", "", a, b).noisy


def test_the_table_goes_between_the_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    assert main(["load", "--quick", "--markdown", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\nMachine: ")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text
    assert "oecd-icio-2022" in text


def test_tables_of_what_was_not_measured_stay(tmp_path):
    page = tmp_path / "page.md"
    old = "### solve\n\n| a |\n\n### load\n\n| gone |\n\n### scaling\n\n| b |"
    page.write_text(f"{BEGIN}\nMachine: x.\n\n{old}\n{END}\n", encoding="utf-8")
    assert main(["load", "--quick", "--markdown", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "gone" not in text
    assert [x for x in text.splitlines() if x.startswith("### ")] == ["### solve", "### load", "### scaling"]
    assert "| a |" in text
    assert "| b |" in text


def test_wrong_use_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["sovle"])
    assert "'sovle'" in capsys.readouterr().err
    bare = tmp_path / "bare.md"
    bare.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["load", "--markdown", str(bare)])
    assert bare.read_text(encoding="utf-8") == "nothing"


def test_a_failed_process_is_not_timed():
    with pytest.raises(Failed, match="exit code 3"):
        process(["-c", "import sys; sys.exit(3)"])
    done = process(["-c", "pass"])
    assert done.wall > 0
    assert 1 < done.peak < 1000


def test_importing_the_package_loads_nothing_heavy():
    assert heavy_modules("import surtax; surtax.World, surtax.load_world, surtax.solve") == []
    assert "click" in heavy_modules("import click")
