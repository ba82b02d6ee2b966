"""The pieces between a step and collections: what each is must hold by its own definition."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import surtax.law
from surtax import InputError
from surtax.law.grid import Lines
from surtax.trade.effective import collected_usd, effective, monthly
from surtax.trade.flows import load_claims
from surtax.trade.gaps import as_plain, gaps


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def may(law):
    return monthly(law, "2025-05")


def piece(found, start):
    (one,) = (p for p in found.pieces if p.name.startswith(start))
    return one


def test_what_is_left_and_the_pieces_add_up_to_the_gap(law, may):
    found = gaps(law, may)
    paid = collected_usd(may)
    others = [p for p in found.pieces if p.low is not None and not p.counted and not p.name.startswith("US content")]
    low, high = found.unexplained
    # The two ends of the band, each with the pieces at one end.
    assert low + sum(p.high for p in others) == pytest.approx(found.duty[0] - paid)
    assert high + sum(p.low for p in others) == pytest.approx(found.duty[1] - paid)


@pytest.mark.parametrize("month", load_claims().months)
@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_every_month_has_all_pieces_and_ordered_bands(law, origin, month):
    found = gaps(law, monthly(law, month, origin))
    assert len(found.pieces) == 11
    for p in found.pieces:
        assert (p.low is None) == (p.high is None)
        assert p.low is None or p.low <= p.high
        assert p.words
    assert piece(found, "antidumping").low is None
    assert (found.collected is None) == (found.unexplained is None)


def test_cars_are_the_band_of_the_step(law, may):
    one = may.steps["predicted"]
    assert piece(gaps(law, may), "US content").high == pytest.approx(one.duty[1] - one.duty[0])


def test_metal_on_the_full_value_is_the_law_s(law):
    """All of a derivative in its largest metal that the law asks about, by the schedule, on lines of one metal alone."""
    day = dt.date(2025, 9, 10)
    found = effective(law, day)
    one, goods = found.steps["none"], found.basket
    low = piece(gaps(law, found, "none"), "metal content").low
    assert low < 0
    # By hand: for each metal, the lines at which it is the largest of those asked about, evaluated with content one.
    from surtax.trade.joined import joined

    looks = {m: joined(law, "CAN").looks_at(m)[goods.at] for m in ("steel", "aluminum", "copper")}
    average = {m: np.where(looks[m], goods.products.metals[m][goods.at], -1) for m in looks}
    most = np.argmax(np.array(list(average.values())), axis=0)
    contents = {}
    for i, metal in enumerate(looks):
        asked = np.any(list(looks.values()), axis=0)
        contents[metal] = np.where(asked, (most == i) * 1.0, goods.products.metals[metal][goods.at])
    lines = Lines("USA", goods.codes.tolist(), "CAN", us_content=0.0, metal_content=contents)
    rates = law.schedule(lines, [day]).at(day)
    both = ~np.isnan(rates) & (one.known == 1)
    more = (rates[both] / 100 * goods.value[both]).sum() - one.duties[1][both].sum()
    # Lines with amounts per unit have no rate in the schedule and no metal.
    assert -low == pytest.approx(more, rel=0.02)


def test_transit_is_bounded_where_a_rule_is_in_force(law):
    """HTSUS 9903.03.07 and Proclamation of 20 February 2026: goods loaded before 24 February 2026 escape Section 122."""
    inside, before = (piece(gaps(law, effective(law, d)), "entries in transit") for d in ("2026-02-26", "2025-03-05"))
    assert inside.high > 0
    assert inside.high <= effective(law, "2026-02-26").steps["predicted"].by_measure["us-s122"][1] * 1.001
    assert before.low is None
    assert "no measure" in before.words


def test_offsets_are_bounded_by_the_duty_on_parts(law):
    found = effective(law, "2025-06-10")
    one = piece(gaps(law, found), "offsets")
    assert one.high == pytest.approx(found.steps["predicted"].by_measure["us-s232-auto-parts"][1])
    assert piece(gaps(law, effective(law, "2025-04-10")), "offsets").counted  # Proc. 10925: parts from 3 May 2025


def test_energy_pays_fifteen_points_less_than_at_the_general_rate(law):
    """EO 14193, s. 2: 10 per cent on energy instead of 25, so that crude oil alone saves 15 points."""
    found = effective(law, "2025-05-06")
    one = piece(gaps(law, found, "none"), "energy")
    assert one.counted
    crude = found.basket.value[found.basket.codes.astype("U4") == "2709"].sum()
    value = float(one.words.split("USD ")[1].split(" million")[0].replace(",", ""))
    assert value > crude / 1e6  # other energy, and potash since 7 March (EO 14231)
    assert -one.high == pytest.approx(0.15 * value * 1e6, rel=1e-3)  # the words round to a million


def test_scrap_and_lines_without_a_rate_are_their_value(law, may):
    found = gaps(law, may)
    chapter = may.basket.codes.astype("U2") == "98"
    assert f"USD {may.basket.value[chapter].sum() / 1e6:,.0f} million" in piece(found, "chapter 98").words
    scrap = np.isin(may.basket.codes.astype("U4"), ["7204", "7404", "7602", "7112", "7503", "7802", "7902", "8002"])
    assert f"USD {may.basket.value[scrap].sum() / 1e6:,.0f} million" in piece(found, "metal scrap").words


def test_unrecorded_claims_matter_before_july_only(law, may):
    assert piece(gaps(law, may), "claims on lines").high > 0
    assert piece(gaps(law, monthly(law, "2025-07")), "claims on lines").counted
    assert piece(gaps(law, may, "full"), "claims on lines").counted


def test_plain_values_have_points_of_all_imports(law, may):
    plain = as_plain(gaps(law, may))
    cars = plain["pieces"][0]
    assert cars["high_points"] == pytest.approx(100 * cars["high_usd"] / may.value)


def test_unknown_steps_are_refused(law, may):
    with pytest.raises(InputError, match="step"):
        gaps(law, may, "guessed")
