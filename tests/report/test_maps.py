"""Maps: every shape drawn, values where they belong, colours that say the sign, pages that ask for nothing."""

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import surtax as sx
from surtax.regions.provinces import by_province
from surtax.regions.states import by_state
from surtax.report import maps
from surtax.report.regions_page import provinces_page, states_page


def test_outlines_hold_who_they_should(embedded):
    world = maps.outlines("world")["shapes"]
    too_small = {"HKG", "MLT", "SGP", "STP", "ROW"}
    assert set(embedded.countries) - set(world) == too_small
    states = maps.outlines("us_states")["shapes"]
    assert len(states) == 51
    for name in ("world", "us_states"):
        width, height = maps.outlines(name)["size"]
        for code, path in maps.outlines(name)["shapes"].items():
            points = [tuple(map(float, p.split(","))) for p in re.findall(r"-?[\d.]+,-?[\d.]+", path)]
            assert points, code
            assert all(-1 <= x <= width + 1 for x, _ in points), code
            assert all(y <= height + 1 for _, y in points), code
    # Russia crosses the antimeridian: both parts are drawn, and no ring spans the map
    for ring in world["RUS"].split("Z"):
        xs = [float(x) for x, _ in re.findall(r"(-?[\d.]+),(-?[\d.]+)", ring)]
        assert not xs or max(xs) - min(xs) < 400


@given(st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=1, max_size=60))
@example([5e-324])
@example([1.0, 5e-324])
@example([2.2e-311, 1.0])
def test_steps_rise(values):
    a, b, c = maps.steps(values)
    assert 0 < a < b < c


@pytest.mark.parametrize("size", [5e-324, 1e-308, 1e-14])
def test_rounding_has_no_colour(size):
    bounds = maps.steps([size, -size, 0.0])
    assert all(maps.colour(v, bounds) == maps.LITTLE for v in (size, -size, 0.0))


@given(st.floats(-100, 100))
def test_colours_mirror_the_sign(value):
    bounds = (1.0, 5.0, 20.0)
    found, mirrored = maps.colour(value, bounds), maps.colour(-value, bounds)
    if abs(value) < 1:
        assert found == mirrored == maps.LITTLE
    else:
        pair = dict(zip(maps.GAINS, reversed(maps.LOSSES), strict=True))
        assert pair[found if value > 0 else mirrored] == (mirrored if value > 0 else found)
    assert maps.colour(math.nan, bounds) == maps.UNKNOWN


def test_pages_stand_alone():
    found = by_province(sx.load_scenario("us-canada-2025"))
    for page in (
        provinces_page(found, "surtax provinces"),
        states_page(by_state(found.outcome), found.outcome, "surtax states"),
    ):
        assert not re.search(r'(src|href)="https?:', page)
        assert "<script" not in page
        assert page.count("<svg") == 1
    for p in found.provinces:
        assert p.name in provinces_page(found, "surtax provinces")


def test_the_report_has_a_map_where_the_world_is_on_it(main_outcome):
    from surtax.report.html import render

    assert 'id="map"' in render(main_outcome)
    small = sx.World.from_arrays(["A", "B"], ["x"], [[6.0, 4.0], [4.0, 6.0]], elasticity=4)
    assert 'id="map"' not in render(sx.solve(small))


@pytest.mark.parametrize("ring", [[(170.0, 10.0), (-170.0, 10.0), (-170.0, 20.0), (170.0, 20.0)]])
def test_rings_are_cut_at_the_antimeridian(ring):
    from tools.build_data.maps import within_180

    parts = within_180(ring)
    assert len(parts) == 2
    spans = sorted((min(x for x, _ in p), max(x for x, _ in p)) for p in parts)
    assert spans == [(-180.0, -170.0), (170.0, 180.0)]
