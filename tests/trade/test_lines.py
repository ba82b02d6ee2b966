"""Lines from rows: sums stay exact, and what is wrong is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surtax import trade
from surtax.errors import InputError
from surtax.trade import from_rows

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["USA", "CAN"]),
        st.sampled_from(["MEX", "CHN", "DEU"]),
        st.sampled_from(["01", "010121", "0101210010", "870323"]),
        st.integers(0, 10**12),
        st.integers(0, 10**9),
    ),
    max_size=60,
)


@given(ROWS)
def test_rows_add_up_to_the_last_unit(rows):
    columns = [list(c) for c in zip(*rows, strict=True)] if rows else [[], [], [], [], []]
    value, duty = (np.array(c, dtype=np.int64) for c in columns[3:])
    lines = from_rows(*columns[:3], value, duty)
    assert lines.total() == sum(columns[3])
    assert lines.total_duty() == sum(columns[4])
    keys = list(zip(lines.importer.tolist(), lines.origin.tolist(), lines.product.tolist(), strict=True))
    assert keys == sorted(set(keys))
    for i in range(len(lines)):
        key = (lines.importers[lines.importer[i]], lines.origins[lines.origin[i]], lines.codes[i])
        assert lines.value[i] == sum(r[3] for r in rows if r[:3] == key)


def test_whole_floats_become_integers_and_others_stay():
    assert from_rows("USA", "CAN", ["01"], [2.0]).value.dtype == np.int64
    lines = from_rows("USA", "CAN", ["01", "01"], [0.5, 0.25])
    assert lines.value.tolist() == [0.75]


def test_bad_rows_are_named():
    with pytest.raises(InputError, match="row 2: value is -1"):
        from_rows("USA", "CAN", ["01", "02"], [1, -1])
    with pytest.raises(InputError, match="row 1: value is nan"):
        from_rows("USA", "CAN", ["01"], [np.nan])
    with pytest.raises(InputError, match=r"row 2: product '0101\.21'"):
        from_rows("USA", "CAN", ["01", "0101.21"], [1, 1])
    with pytest.raises(InputError, match="'101'"):
        from_rows("USA", "CAN", ["101"], [1])
    with pytest.raises(InputError, match="2 labels for 1"):
        from_rows("USA", ["CAN", "MEX"], ["01"], [1])
    with pytest.raises(InputError, match="1 numbers are needed"):
        from_rows("USA", "CAN", ["01"], ["x"])
    with pytest.raises(InputError, match="no duties"):
        from_rows("USA", "CAN", ["01"], [1]).total_duty()
    with pytest.raises(InputError, match="3 digits"):
        from_rows("USA", "CAN", ["01"], [1]).at_digits(3)


def test_callers_arrays_stay_theirs():
    value = np.array([5, 7])
    lines = from_rows("USA", "CAN", ["01", "02"], value)
    value[0] = 9
    assert lines.total() == 12
    assert "2 lines" in repr(lines)


def test_groups():
    lines = from_rows("USA", ["EUX", "SVK", "CAN"], ["01"] * 3, [1, 2, 4], groups={"EU27": ("EUX", "SVK")})
    assert lines.select(origin="EU27").total() == 3
    assert lines.select(origin=["EU27", "CAN"]).total() == 7
    assert trade.unmatched(lines) == ()
