"""The pieces between a step and collections: what each is must hold by its own definition."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import surtax.law
from surtax import InputError
from surtax.law.grid import Lines
from surtax.trade.effective import effective, monthly
from surtax.trade.flows import load_claims
from surtax.trade.gaps import as_plain, gaps, paid_on


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
    paid = paid_on(may)
    others = [p for p in found.pieces if p.low is not None and not p.counted and not p.name.startswith("US content")]
    low, high = found.unexplained
    # The two ends of the band, each with the pieces at one end.
    assert low + sum(p.high for p in others) == pytest.approx(found.duty[0] - paid)
    assert high + sum(p.low for p in others) == pytest.approx(found.duty[1] - paid)


@pytest.mark.parametrize("month", load_claims().months)
@pytest.mark.parametrize("origin", ["CAN", "MEX"])
def test_every_month_has_all_pieces_and_ordered_bands(law, origin, month):
    found = gaps(law, monthly(law, month, origin))
    assert len(found.pieces) == 13
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


def test_books_are_let_out_of_duties_under_ieepa_alone(law):
    """50 U.S.C. 1702(b)(3), which EO 14193 cannot set aside: by the law line by line, with the fact stated."""
    found = effective(law, "2025-05-06")
    one = piece(gaps(law, found, "none"), "informational")
    asked, fact = {"importer": "USA", "origin": "CAN", "on": "2025-05-06"}, "human_relief_or_information"
    codes = [c for c in found.basket.codes.tolist() if c.startswith("49")]
    value = dict(zip(found.basket.codes.tolist(), found.basket.value.tolist(), strict=True))
    books = sum(
        value[c] / 100 * float(law.duty(c, **asked).total_rate - law.duty(c, facts=[fact], **asked).total_rate)
        for c in codes
    )
    assert books == pytest.approx(0.25 * sum(value[c] for c in codes))  # free of ordinary duty or not, 25 points
    assert 0 < books < one.high
    assert piece(gaps(law, effective(law, "2025-01-15"), "none"), "informational").high == 0
    assert piece(gaps(law, effective(law, "2026-08-10"), "none"), "informational").high == 0
    # In between: the surcharge under Section 122 has the same exception (Proclamation of 20 February 2026).
    assert piece(gaps(law, effective(law, "2026-05-06"), "none"), "informational").high > 0


def test_no_line_is_in_two_pieces(law):
    """Scrap and informational materials have pieces of their own, so the pieces about claims leave them out."""
    found = effective(law, "2025-05-06")
    pieces, goods = gaps(law, found), found.basket
    apart = np.isin(goods.codes.astype("U4"), ["7204", "7404", "7602", "7112", "7503", "7802", "7902", "8002"])
    apart |= np.isin(goods.codes.astype("U4"), ["3705", "3706", "8523", "9701", "9702", "9703"])
    apart |= goods.codes.astype("U2") == "49"
    since_july = [goods.products.months.index(m) for m in ("2025-07", "2025-10", "2025-12")]
    value, claimed = (x[since_july].sum(axis=0)[goods.at] for x in (goods.products.value, goods.products.claimed))
    never = (value > 0) & (claimed == 0) & ~np.isin(goods.codes.astype("U2"), ["98", "99"])
    predicted = found.steps["recorded"].shares != found.steps["predicted"].shares
    saved = found.steps["predicted"].duties[1] - found.steps["full"].duties[1]
    assert saved[predicted & apart].sum() > 0
    claims = sum(piece(pieces, name).high for name in ("claims on lines free", "lines on which no claim"))
    assert claims == pytest.approx(saved[(predicted | never) & ~apart].sum())


def test_unrecorded_claims_matter_before_july_only(law, may):
    assert piece(gaps(law, may), "claims on lines").high > 0
    assert piece(gaps(law, monthly(law, "2025-07")), "claims on lines").counted
    assert piece(gaps(law, may, "full"), "claims on lines").counted


def test_gas_by_pipeline_and_electricity_never_claim(law):
    """USITC DataWeb: HS10 2711210000 and 2716000000 of Canada have no claim in July, October or December 2025."""
    found = monthly(law, "2025-10")
    one = piece(gaps(law, found), "lines on which no claim")
    lines = np.isin(found.basket.codes, ["2711210000", "2716000000"])
    assert found.steps["recorded"].shares[lines].tolist() == [0, 0]
    saved = (found.steps["predicted"].duties[1] - found.steps["full"].duties[1])[lines].sum()
    assert 0 < saved <= one.high
    assert "2711210000" in one.words


def test_plain_values_have_points_of_all_imports(law, may):
    plain = as_plain(gaps(law, may))
    cars = plain["pieces"][0]
    assert cars["high_points"] == pytest.approx(100 * cars["high_usd"] / may.value)


def test_unknown_steps_are_refused(law, may):
    with pytest.raises(InputError, match="step"):
        gaps(law, may, "guessed")
