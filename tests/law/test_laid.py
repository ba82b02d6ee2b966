"""Rates without and with a claim, laid out once, against the schedule and the line-by-line engine."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surtax.errors import InputError
from surtax.law.grid import Lines
from surtax.law.laid import Laid
from tests.law.test_grid import some_codes

if TYPE_CHECKING:
    from surtax.law import Law

FIRST, LAST = dt.date(2025, 1, 1), dt.date(2026, 8, 18)
CODES = some_codes("USA", 300)
# Shares of four parts of each value, of which the fourth is no metal.
PARTS = np.random.default_rng(3).dirichlet((1, 1, 1, 1), len(CODES))
METALS = {m: PARTS[:, i] for i, m in enumerate(("steel", "aluminum", "copper"))}


def rates_of(laid: Laid, day: dt.date, share: float, variant: str | None) -> np.ndarray:
    """Mix the two sides as a reader of `Laid` would; NaN where a side that counts is not known."""
    epoch, rows = laid.on(day.toordinal()), laid.rows(variant)
    total, unknown = np.zeros(len(rows)), np.zeros(len(rows), dtype=bool)
    for side, weight in ((epoch.plain, 1 - share), (epoch.claimed, share)):
        if not weight:
            continue
        whole = np.zeros(len(laid.line))
        for at, column in side.by_measure.values():
            whole[at] += column
        total += weight * whole[rows]
        unknown |= side.status[rows] != 0
    return np.where(unknown, np.nan, total)


@pytest.fixture(scope="module")
def laid(law: Law) -> dict[str, Laid]:
    return {
        o: Laid(law, Lines("USA", CODES, o, us_content=0.0, metal_content=METALS)).vary("half", us_content=0.5)
        for o in ("CAN", "MEX", "DEU")
    }


@settings(max_examples=40, deadline=None)
@given(
    day=st.dates(FIRST, LAST),
    origin=st.sampled_from(["CAN", "MEX"]),
    share=st.sampled_from([0.0, 1.0, 0.3]) | st.floats(0, 1),
    half=st.booleans(),
)
def test_mixtures_are_the_schedule_s_rates(law, laid, day, origin, share, half):
    lines = Lines("USA", CODES, origin, claimed=share, us_content=0.5 if half else 0.0, metal_content=METALS)
    table = law.schedule(lines, [day]).at(day)
    # The same products and sums in another order.
    np.testing.assert_allclose(rates_of(laid[origin], day, share, "half" if half else None), table, rtol=0, atol=1e-9)


@pytest.mark.parametrize("origin", ["CAN", "MEX"])
@pytest.mark.parametrize("variant", [None, "half"])
def test_both_sides_are_the_line_by_line_engine_s(law, laid, origin, variant):
    pick = random.Random(5)  # noqa: S311
    for _ in range(12):
        day = FIRST + dt.timedelta(days=pick.randrange((LAST - FIRST).days + 1))
        for share, preference in ((0.0, "none"), (1.0, "usmca")):
            rates = rates_of(laid[origin], day, share, variant)
            for i in pick.sample(range(len(CODES)), 40):
                answer = law.duty(
                    CODES[i], importer="USA", origin=origin, on=day, preference=preference,
                    us_content=0.5 if variant else 0.0, metal_content={m: float(v[i]) for m, v in METALS.items()},
                )  # fmt: skip
                assert (answer.total_rate is None) == bool(np.isnan(rates[i])), (CODES[i], day, answer.reason)
                assert answer.total_rate is None or rates[i] == pytest.approx(answer.total_rate), (CODES[i], day)


def test_copies_are_made_only_where_a_measure_looks(laid):
    """US content matters for vehicles and, since 2026, metals of Canada and Mexico, not for their reciprocal tariff."""
    looks = {o: x.looks_at("us") for o, x in laid.items()}
    assert 0 < looks["CAN"].mean() < 0.9
    assert len(laid["CAN"].line) == len(CODES) + looks["CAN"].sum()
    # The reciprocal tariff lets out US content from every origin that it is levied on.
    assert looks["DEU"].all()


def test_metal_variants_are_the_schedule_s_rates(law):
    day = dt.date(2025, 9, 10)
    other = {m: np.full(len(CODES), 0.9 if m == "steel" else 0.0) for m in METALS}
    laid = Laid(law, Lines("USA", CODES, "CAN", us_content=0.0, metal_content=METALS)).vary("s", metal_content=other)
    table = law.schedule(Lines("USA", CODES, "CAN", us_content=0.0, metal_content=other), [day]).at(day)
    np.testing.assert_allclose(rates_of(laid, day, 0.0, "s"), table, rtol=0, atol=1e-9)


def test_days_outside_and_names_that_are_taken_are_refused(laid):
    with pytest.raises(InputError, match="outside the days"):
        laid["CAN"].on(dt.date(2024, 12, 31).toordinal())
    with pytest.raises(InputError, match="there already"):
        laid["CAN"].vary("half", us_content=0.4)
    with pytest.raises(InputError, match="outside 0 to 1"):
        laid["CAN"].vary("more", us_content=1.4)


def test_days_are_counted_once(laid):
    days = [FIRST.toordinal() + i for i in range(300)]
    spans = laid["CAN"].spans(days)
    assert sum(n for _, n in spans) == 300
    assert [laid["CAN"].on(d).start for d, _ in spans] == sorted({laid["CAN"].on(d).start for d in days})
