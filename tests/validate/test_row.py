"""When a row passes, and what it can never do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surtax.validate import Row
from surtax.validate.published import table
from surtax.validate.row import KINDS, plain

ROW = Row("a/b", "source", "what", "per cent", 1.0, 1.0, 0.01)
numbers = st.floats(-1e6, 1e6)


@given(numbers, numbers, st.floats(1e-9, 1e3))
def test_a_row_passes_within_its_tolerance_and_nowhere_else(published, computed, tolerance):
    row = replace(ROW, published=published, computed=computed, tolerance=tolerance)
    assert (row.status == "pass") == (abs(computed - published) <= tolerance)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, None])
def test_no_number_never_passes(bad):
    assert replace(ROW, computed=bad).status == "fail"
    assert replace(ROW, published=bad).status == "fail"
    assert replace(ROW, high=bad, computed=math.nan).status == "fail"


def test_without_a_tolerance_nothing_passes():
    assert replace(ROW, tolerance=None).status == "fail"


def test_missing_inputs_neither_pass_nor_fail():
    assert replace(ROW, missing="file").status == "no input"


@pytest.mark.parametrize("kind", [k for k, judged in KINDS.items() if not judged])
@pytest.mark.parametrize("computed", [1.0, 99.0])
def test_comparators_and_findings_are_not_judged(kind, computed):
    assert replace(ROW, kind=kind, computed=computed).status == kind


def test_a_band_differs_by_its_nearer_end():
    band = replace(ROW, computed=2.0, high=3.0)
    assert replace(band, published=1.5).difference == 0.5
    assert replace(band, published=2.5).difference == 0
    assert replace(band, published=4.0).difference == -1.0


def test_relative_differences():
    row = replace(ROW, published=-200.0, computed=-202.0, relative=True)
    assert row.difference == pytest.approx(-0.01)
    assert replace(row, published=0.0, computed=0.5).difference == 0.5


def test_the_worst_of_many_stands_for_all():
    row = ROW.with_numbers(["x", "y", "z"], [1, 2, 3], [1.001, 1.5, 3])
    assert (row.published, row.computed, row.count, row.status) == (2, 1.5, 3, "fail")
    assert "3 numbers; furthest off: y" in row.note
    nan = ROW.with_numbers(["x", "y"], [1, 2], [math.nan, 5], keep=False)
    assert nan.status == "fail"
    assert "x" in nan.note
    assert not nan.cells
    with pytest.raises(ValueError, match="zip"):
        ROW.with_numbers(["x"], [1, 2], [1, 2])
    with pytest.raises(ValueError, match="no numbers"):
        ROW.with_numbers([], [], [])


def test_plain_values_hold_no_nan():
    assert plain(replace(ROW, computed=math.nan))["computed"] is None


def test_every_published_number_has_a_source_and_judged_rows_a_tolerance():
    for row in table().values():
        assert row.source, row.id
        assert (row.tolerance is not None and row.tolerance > 0) == KINDS[row.kind], row.id
        assert row.kind != "finding" or len(row.note) > 80, row.id
