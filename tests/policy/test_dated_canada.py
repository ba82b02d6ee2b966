"""Canada's side of a day: the nest of its lines against means, remissions, edited law, and its revenue."""

import datetime as dt

import numpy as np
import pytest

import surtax as sx
import surtax.law
from surtax.policy.dated import on_day
from surtax.policy.dated_canada import lined_canada, share_remitted
from surtax.policy.revenue import revenue
from surtax.trade.nest import bias_of_mean

MAY = dt.date(2025, 5, 6)


@pytest.fixture(scope="module")
def world():
    return sx.load_world()


@pytest.fixture(scope="module")
def scenario():
    return sx.load_scenario("us-canada-2025")


@pytest.fixture(scope="module")
def law():
    return surtax.law.load()


@pytest.fixture(scope="module")
def may(world, law):
    return lined_canada(world, law, MAY)


def means(world, found):
    """[s] trade-weighted mean of the rates of the lines, worked out plainly."""
    goods, rate = found.rates.goods, found.rates.after / 100
    out = np.zeros(len(world.sectors))
    for s in np.unique(goods.sectors[found.inside]):
        here = found.inside & (goods.sectors == s)
        out[world.sector(str(s))] = (rate[here] * goods.value[here]).sum() / goods.value[here].sum()
    return out


def test_means_of_lines_are_the_sector_factors_of_the_shipped_scenario(world, scenario, may):
    """Worked out apart, by sector, in tools/build_data/scenarios.py; the file rounds values to USD 0.1 million."""
    o, d = world.country("USA"), world.country("CAN")
    ids = [m.id for m in scenario.measures if m.id.startswith("ca-")]
    added = scenario.only(*ids).schedule(world).tariffs[:, o, d] - world.tariffs[:, o, d]
    # Two roundings of USD 0.05 million in the smallest taxed sector, imports of USD 242 million: 0.25 · 2 · 0.05/242.
    np.testing.assert_allclose(means(world, may), added, atol=1.1e-4)


def test_the_nest_s_wedge_lies_below_the_mean(world, may):
    mean = means(world, may)
    taxed = mean > 0
    assert (may.nest.wedge[taxed] <= 1 + mean[taxed] + 1e-12).all()
    assert (may.nest.wedge[taxed] >= 1).all()
    assert (may.nest.rate[taxed] <= mean[taxed] + 1e-12).all()
    assert may.nest.wedge[world.sector("C26")] < 1 + mean[world.sector("C26")] - 0.001


def test_wedges_are_their_closed_form(world, may):
    """Every surtax is 25 % but on vehicles: κ̂^−θ = 1 − ω + Σ ω κ^−θ, at ς = θ + 1 over a base without tariffs."""
    goods = may.rates.goods
    for sector in ("C24A", "C29", "C10T12"):
        s = world.sector(sector)
        here = may.inside & (goods.sectors == sector)
        share = goods.value[here] / goods.value[here].sum()
        theta = world.elasticity[s]
        powers = (share * (1 + may.rates.after[here] / 100) ** -theta).sum()
        assert may.nest.wedge[s] == pytest.approx(powers ** (-1 / theta), rel=1e-12)
        # The rest of the sector is one line without a surtax; taken apart it would change nothing.
        halves = np.flatnonzero(here & (goods.part == "rest"))
        value = np.append(goods.value[here].astype(float), goods.value[halves] / 2)
        value[np.flatnonzero(goods.part[here] == "rest")] /= 2
        rate = np.append(may.rates.after[here], 0.0) / 100
        split = bias_of_mean(np.zeros(value.size, int), value, 0 * rate, rate, theta + 1)
        assert split.wedge[0] == pytest.approx(may.nest.wedge[s], rel=1e-12)


def test_remissions_choose_between_the_ends(world, scenario, law):
    none, named, half, everything = (lined_canada(world, law, MAY, r) for r in ("none", "named", 0.5, "all"))
    assert (none.rates.after >= named.rates.after - 1e-12).all()
    np.testing.assert_allclose(half.rates.after, (none.rates.after + everything.rates.after) / 2, atol=1e-12)
    for found in (none, named, half, everything):
        np.testing.assert_allclose(sum(found.rates.by_measure.values()), found.rates.after, atol=1e-9)
    text = on_day(scenario, world, MAY, law=law, remissions="named")
    (band,) = (x for x in text.left_out if "remissions" in x.what)
    assert "named" in band.what
    assert "0.00 %" in band.why
    assert "6.17 %" in band.why


@pytest.mark.parametrize("word", ["some", "", "1.5", -0.1, float("nan"), None, [1]])
def test_other_remissions_are_refused(word):
    with pytest.raises(sx.InputError, match="remissions"):
        share_remitted(word)


def test_shares_are_read_from_words():
    assert share_remitted("0.25") == 0.25
    assert share_remitted("all") == "all"


def test_an_edited_law_changes_canada_s_side(world, scenario, law):
    plain, edited = (
        on_day(scenario, world, MAY, law=x).only("ca-law").schedule(world)
        for x in (law, law.edit("ca-sor-2025-118", drop=True))
    )
    s, o, d = world.sector("C29"), world.country("USA"), world.country("CAN")
    assert edited.tariffs[s, o, d] < 0.1 * plain.tariffs[s, o, d]
    others = np.arange(len(world.sectors)) != s
    np.testing.assert_array_equal(edited.tariffs[others, o, d], plain.tariffs[others, o, d])
    dropped = law
    for m in ("ca-sor-2025-66", "ca-sor-2025-95", "ca-sor-2025-118"):
        dropped = dropped.edit(m, drop=True)
    assert "ca-law" not in {m.id for m in on_day(scenario, world, MAY, law=dropped).measures}


def test_goods_whose_trade_is_not_known_are_said_to_be_left_out(world, scenario, law):
    added = law.edit("ca-sor-2025-66", add_products=["2709"], group="schedule")
    assert any("2709" in x.what for x in on_day(scenario, world, MAY, law=added).left_out)


def test_coarse_worlds_are_refused(world, law):
    with pytest.raises(sx.InputError, match="C24"):
        lined_canada(world.aggregate(sectors={"METAL": ["C24A", "C24B"]}), law, MAY)
    with pytest.raises(sx.InputError, match="vehicles"):
        lined_canada(world, law, MAY, "none", "fast")


# --- revenue --------------------------------------------------------------------------------------------------------


def test_conventional_duty_is_rate_times_value(world, may):
    found = revenue(world, may, np.ones(len(world.sectors)))
    direct = (may.rates.after[may.inside] / 100 * may.rates.goods.value[may.inside]).sum() / 1e6
    assert found.totals["conventional"] == pytest.approx(direct, rel=1e-9)  # sums of doubles in another order
    assert set(found.conventional) == {"ca-sor-2025-66", "ca-sor-2025-95", "ca-sor-2025-118"}
    # docs/scenario-us-canada-2025.md: vehicles CAD 35.6 bn × 0.862 × 25 %
    assert found.conventional["ca-sor-2025-118"] == pytest.approx(0.25 * 0.862 * 35_600 / 1.3698, rel=1e-6)
    assert found.before == 0


def test_the_partial_response_is_the_model_s_at_given_prices_and_spending(world, scenario, law, may):
    """One evaluation of the kernel's shares with costs and spending held; see the same test of the other side."""
    from surtax.model import core
    from surtax.model.base import base_of

    schedule = on_day(scenario, world, MAY, law=law).only("ca-law").schedule(world)
    base = base_of(world)
    shock = core.shock(base, schedule.tariffs, schedule.trade_cost)
    o, d = world.country("USA"), world.country("CAN")
    X = shock.B[:, o, d] / shock.A[:, :, d].sum(axis=1) * world.expenditure[:, d]
    ratio = np.divide(X, world.flows[:, o, d], out=np.ones_like(X), where=world.flows[:, o, d] > 0)
    held = revenue(world, may, ratio)
    assert held.totals["general"] == pytest.approx(held.totals["partial"], rel=1e-9)
