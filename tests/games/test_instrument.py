"""Instruments: which cells move with which rate, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.games.instrument import KINDS, Choice, instrument
from surtax.games.objective import Objective
from surtax.games.situation import Situation, player
from tests.helpers import small_world


@pytest.fixture
def world():
    return small_world(6, countries=5, zero_flows=0.2)


def cube(world, cells):
    out = np.zeros(world.flows.shape, dtype=bool)
    out.ravel()[cells] = True
    return out


@pytest.mark.parametrize("kind", ["uniform", "by-partner", "by-sector", "by-sector-partner"])
def test_rates_fall_on_the_player_s_imports_where_there_is_trade(world, kind):
    i = instrument(world, "C02", Choice(kind), world.tariffs)
    expected = np.zeros(world.flows.shape, dtype=bool)
    expected[:, :, 2] = world.flows[:, :, 2] > 0
    expected[:, 2, 2] = False
    np.testing.assert_array_equal(cube(world, i.cells), expected)
    z = np.random.default_rng(1).uniform(size=len(i.labels))
    t = i.put(z, world.tariffs)
    np.testing.assert_array_equal(t[~expected], world.tariffs[~expected])
    s, o, _ = np.nonzero(expected)
    names = {
        "uniform": ["all"] * s.size,
        "by-partner": [world.countries[k] for k in o],
        "by-sector": [world.sectors[k] for k in s],
        "by-sector-partner": [f"{world.sectors[a]}<-{world.countries[b]}" for a, b in zip(s, o, strict=True)],
    }[kind]
    np.testing.assert_allclose(t[expected], [z[i.labels.index(n)] for n in names])
    # what is in force, averaged by trade, is where searches start
    if kind == "by-sector-partner":
        np.testing.assert_allclose(i.start, np.clip(world.tariffs[expected], i.lower, i.upper))
    total = (world.flows * world.tariffs)[expected].sum()
    if (i.start > i.lower).all():
        assert i.start @ i.trade == pytest.approx(total)
    assert i.trade.sum() == pytest.approx(world.flows[expected].sum())


@pytest.mark.parametrize("kind", ["uniform", "by-sector-partner"])
def test_pull_is_the_transpose_of_rates(world, kind):
    i = instrument(world, "C02", Choice(kind), world.tariffs)
    rng = np.random.default_rng(3)
    z, g = rng.normal(size=len(i.labels)), rng.normal(size=i.cells.size)
    assert (i.rates(z) - i.offset) @ g == pytest.approx(i.pull(g) @ z)


def test_partners_and_sectors_may_be_chosen(world):
    i = instrument(world, "C02", Choice("by-sector", against=("C01",), sectors=("S01",)), world.tariffs)
    assert i.labels == ("S01",)
    s, o, d = np.unravel_index(i.cells, world.flows.shape)
    assert (s, o, d) == ([1], [1], [2])


def test_most_favoured_nation_leaves_one_rate_for_all_partners(world):
    for kind, left in (("by-sector-partner", "by-sector"), ("by-partner", "uniform")):
        tied = instrument(world, "C02", Choice(kind, mfn=True), world.tariffs)
        plain = instrument(world, "C02", Choice(left), world.tariffs)
        assert tied.labels == plain.labels
        np.testing.assert_array_equal(tied.cells, plain.cells)


def test_measures_scale_what_they_add():
    world = small_world(6)
    given = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.1, measure="one")
    given = given.tariff(importer="C00", exporter="*", sector="S00", add=0.2, measure="two")
    given = given.tariff(importer="C01", exporter="C00", add=0.3, measure="theirs")
    tariffs = given.schedule(world).tariffs
    i = instrument(world, "C00", Choice("measure"), tariffs, given)
    assert i.labels == ("one", "two")
    assert i.unit == "scale"
    traded = np.zeros(world.flows.shape, dtype=bool)
    traded.ravel()[i.cells] = True
    np.testing.assert_allclose(i.put(np.ones(2), tariffs), tariffs, atol=1e-15)
    bare = given.only("theirs").schedule(world).tariffs
    np.testing.assert_allclose(i.put(np.zeros(2), tariffs)[traded], bare[traded], atol=1e-15)
    half = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.05).schedule(world).tariffs
    np.testing.assert_allclose(i.put(np.array([0.5, 0.0]), tariffs)[traded], half[traded], atol=1e-15)


@pytest.mark.parametrize(
    ("player", "choice", "words"),
    [
        ("XX", Choice(), "unknown country"),
        ("C00", Choice("by-product"), "did you mean|one of"),
        ("C00", Choice(against=("C00",)), "against itself"),
        ("C00", Choice(against=("YY",)), "unknown country"),
        ("C00", Choice(sectors=("nope",)), "unknown sector"),
        ("C00", Choice(bounds=(0.5, 0.1)), "bounds cross"),
        ("C00", Choice(bounds=(-0.5, -0.1), subsidies=False), "once subsidies are ruled out"),
        ("C00", Choice(bounds=(-1.5, 0.1)), "no price left"),
        ("C00", Choice(bounds=(0, np.inf)), "finite"),
        ("C00", Choice("by-partner", against=("C01",), mfn=True), "cannot be met"),
        ("C00", Choice("measure"), "name one with --given"),
    ],
)
def test_refusals(player, choice, words):
    world = small_world(6)
    with pytest.raises(InputError, match=words):
        instrument(world, player, choice, world.tariffs)


def test_measures_that_are_not_there_or_not_the_player_s_are_refused():
    world = small_world(6)
    given = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.1, measure="mine")
    given = given.tariff(importer="C01", exporter="C00", add=0.1, measure="theirs")
    t = given.schedule(world).tariffs
    for measures, words in ((("mien",), "did you mean mine"), (("theirs",), "is not C00's")):
        with pytest.raises(InputError, match=words):
            instrument(world, "C00", Choice("measure", measures=measures), t, given)
    setting = sx.Scenario().tariff(importer="C00", exporter="C01", set=0.1, measure="set")
    with pytest.raises(InputError, match="sets rates"):
        instrument(world, "C00", Choice("measure"), setting.schedule(world).tariffs, setting)
    with pytest.raises(InputError, match="no measure of C02"):
        instrument(world, "C02", Choice("measure"), t, given)


def test_kinds_are_all_known():
    assert set(KINDS) == {"uniform", "by-partner", "by-sector", "by-sector-partner", "measure", "products"}


def test_what_is_in_force_is_told_apart_from_where_a_search_may_start():
    """Bounds cut where a search starts, never what is said to be in force."""
    world = small_world(6)
    given = sx.Scenario().tariff(importer="C00", exporter="*", set=0.4, measure="m")
    i = instrument(world, "C00", Choice("uniform", bounds=(0.0, 0.02)), given.schedule(world).tariffs)
    assert i.start == pytest.approx([0.02])
    goods = world.goods
    t, x = given.schedule(world).tariffs[goods][:, 1:, 0], world.flows[goods][:, 1:, 0]
    assert i.in_force == pytest.approx([(t * x).sum() / x.sum()])


def test_measures_may_not_take_a_tariff_below_what_is_allowed():
    """A cut of tariffs, doubled, is a subsidy."""
    world = small_world(6)
    given = sx.Scenario().tariff(importer="C00", exporter="C01", add=0.3, measure="up")
    given = given.tariff(importer="C00", exporter="C01", add=-0.3, measure="down")
    tariffs = given.schedule(world).tariffs
    chosen = Choice("measure", measures=("down",), subsidies=False)
    instrument(world, "C00", Choice("measure", measures=("down",)), tariffs, given)
    tight = Choice("measure", measures=("down",), subsidies=False, bounds=(0.0, 1.0))
    instrument(world, "C00", tight, tariffs, given)
    with pytest.raises(InputError, match="a subsidy, which is ruled out"):
        instrument(world, "C00", chosen, tariffs, given)
    with pytest.raises(InputError, match="no price left"):
        instrument(world, "C00", Choice("measure", measures=("down",), bounds=(0.0, 9.0)), tariffs, given)


@pytest.mark.parametrize("kind", ["measure", "products"])
def test_most_favoured_nation_is_refused_where_there_are_no_rates_to_tie(kind):
    with pytest.raises(InputError, match="ties rates together"):
        instrument(small_world(6), "C00", Choice(kind, mfn=True), small_world(6).tariffs)


def test_parts_of_a_country_levy_no_tariffs_on_each_other():
    world = sx.load_world("canada-provinces-2022")
    here = world.country("CA-ON")
    for kind, mfn in (("by-partner", False), ("uniform", True)):
        i = instrument(world, "CA-ON", Choice(kind, mfn=mfn), world.tariffs)
        _, origins, _ = np.unravel_index(i.cells, world.flows.shape)
        assert not world.within[origins, here].any()
    with pytest.raises(InputError, match="part of the same country"):
        instrument(world, "CA-ON", Choice(against=("CA-QC",)), world.tariffs)
    whole = instrument(world, "USA", Choice("by-partner", against=("CAN",)), world.tariffs)
    assert set(whole.labels) <= set(world.parts["CAN"])
    situation = Situation.of(world)
    with pytest.raises(InputError, match="in 10 parts"):
        player(situation, "CAN", Choice(), Objective())
