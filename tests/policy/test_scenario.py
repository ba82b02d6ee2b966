"""Scenarios in Python: immutable, stacked by label, refused where they make no sense."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import surtax as sx
from surtax.policy.library import with_one_off
from tests.world.test_from_arrays import FLOWS


def world():
    return sx.World.from_arrays(
        ["USA", "CAN", "MEX"], ["A01", "C29", "SVC"], np.concatenate([FLOWS, FLOWS[:1]]), elasticity=4,
        tariffs=np.concatenate([np.full((2, 3, 3), 0.02), np.zeros((1, 3, 3))]) * (1 - np.eye(3)),
        goods=[True, True, False], country_names=["United States", "Canada", "Mexico"],
    )  # fmt: skip


W = world()
S = sx.Scenario()


def rates(scenario):
    return scenario.schedule(W).tariffs


def test_add_and_set():
    t = rates(S.tariff(importer="USA", exporter="CAN", sector="C29", add=0.25))
    assert t[1, 1, 0] == pytest.approx(0.27)
    t[1, 1, 0] = 0.02
    np.testing.assert_array_equal(t, W.tariffs)
    t = rates(S.tariff(importer="USA", exporter="CAN", sector="C29", set=0.25))
    assert t[1, 1, 0] == 0.25
    assert S.schedule(W).trade_cost is None


def test_order_matters_for_set_and_not_for_add():
    add = {"importer": "USA", "exporter": "CAN", "sector": "C29", "add": 0.1}
    put = {"importer": "USA", "exporter": "CAN", "sector": "C29", "set": 0.5}
    assert rates(S.tariff(**add).tariff(**put))[1, 1, 0] == 0.5
    assert rates(S.tariff(**put).tariff(**add))[1, 1, 0] == pytest.approx(0.6)
    assert rates(S.tariff(**add).tariff(**add))[1, 1, 0] == pytest.approx(0.22)


def test_scenarios_are_immutable():
    first = S.tariff(importer="USA", exporter="CAN", add=0.1)
    second = first.tariff(importer="USA", exporter="MEX", add=0.1)
    third = first.trade_cost(importer="USA", exporter="CAN", factor=1.1)
    assert S.measures == ()
    assert [len(x.measures[0].changes) for x in (first, second, third)] == [1, 2, 2]
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.name = "x"
    assert hash(first) == hash(S.tariff(importer="USA", exporter="CAN", add=0.1))


def test_stars_and_goods_and_home():
    t = rates(S.tariff(importer="*", exporter="*", set=0.3))
    assert (t[:, ~np.eye(3, dtype=bool)] == 0.3).all()
    assert not t[:, np.eye(3, dtype=bool)].any()  # domestic trade is never taxed
    t = rates(S.tariff(importer="USA", exporter="*", sector="goods", set=0.3))
    assert (t[:2, 1:, 0] == 0.3).all()
    assert not t[2].any()
    assert not t[:, 0, 0].any()
    t = rates(S.tariff(importer=["USA", "CAN"], exporter=["USA", "CAN", "MEX"], sector=["goods", "SVC"], set=0.3))
    assert (t[:, :, :2] == 0.3).sum() == 3 * 4
    # a label named twice, or by star and by name, counts once
    twice = S.tariff(importer=["USA", "usa"], exporter=["CAN", "*"], sector=["C29", "goods"], add=0.1)
    assert rates(twice)[1, 1, 0] == pytest.approx(0.12)


def test_a_sector_called_goods_is_that_sector():
    """A world of two sectors, goods and services, whose makers did not say which is which."""
    plain = sx.World.from_arrays(["A", "B"], ["goods", "services"], FLOWS[:, :2, :2], elasticity=4)
    assert plain.goods.all()
    t = S.tariff(importer="A", exporter="B", sector="goods", set=0.3).schedule(plain).tariffs
    assert t[:, 1, 0].tolist() == [0.3, 0]
    t = with_one_off(S, "A<-B=30").schedule(plain).tariffs
    assert t[:, 1, 0].tolist() == [0.3, 0]


def test_trade_costs_multiply():
    s = S.trade_cost(importer="USA", exporter="*", factor=1.1).trade_cost(
        importer="USA", exporter="CAN", sector="C29", factor=2
    )
    cost = s.schedule(W).trade_cost
    assert cost[1, 1, 0] == pytest.approx(2.2)
    assert cost[0, 1, 0] == pytest.approx(1.1)
    assert cost[1, 0, 0] == 1
    assert (cost[:, :, 1:] == 1).all()
    np.testing.assert_array_equal(s.schedule(W).tariffs, W.tariffs)


def test_embargo():
    cost = S.trade_cost(importer="USA", exporter="CAN", factor=np.inf).schedule(W).trade_cost
    assert np.isinf(cost[:, 1, 0]).all()
    assert np.isinf(cost).sum() == 3


def test_labels_by_name_and_any_case():
    t = rates(S.tariff(importer="united states", exporter="can", sector="c29", set=0.3))
    assert t[1, 1, 0] == 0.3


def test_only():
    s = S.tariff(importer="USA", exporter="CAN", add=0.1, measure="one")
    s = s.tariff(importer="USA", exporter="CAN", add=0.2, measure="two")
    assert [m.id for m in s.only("two").measures] == ["two"]
    with pytest.raises(sx.InputError, match="no measure 'three'; it has one, two"):
        s.only("three")


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({}, "exactly one of add"),
        ({"add": 0.1, "set": 0.1}, "exactly one of add"),
        ({"add": 25}, "2500 %.*25 % is 0.25.*allow_rates_above=25"),
        ({"set": 25}, "2500 %"),
        ({"set": -1}, "no price left"),
        ({"set": -3.0}, "no price left"),
        ({"add": np.nan}, "not a number"),
        ({"add": np.inf}, "not a number"),
        ({"add": 0.1, "sector": []}, "empty list"),
        ({"add": "25"}, "rate is '25', which is not a number but text"),
        ({"set": True}, "rate is True, which is not a number"),
        ({"set": [0.25]}, "not a number"),
        ({"set": 10**400}, "too large"),
        ({"add": 0.1, "sector": 3}, "a label is 3: give a list of codes"),
        ({"add": 0.1, "sector": None}, "a label is None: give a list of codes"),
        ({"add": 0.1, "sector": ["A01", 3]}, "a label holds 3: codes are text"),
    ],
)
def test_bad_tariffs(kwargs, message):
    with pytest.raises(sx.InputError, match=message):
        S.tariff(importer="USA", exporter="CAN", **kwargs)


def test_high_rates_when_meant():
    assert rates(S.tariff(importer="USA", exporter="CAN", set=25, allow_rates_above=30))[0, 1, 0] == 25


@pytest.mark.parametrize(
    ("factor", "message"),
    [(0, "above zero"), (-1, "above zero"), (np.nan, "not a number"), ("x", "'x', which is not a number"),
     (None, "None, which is not"), (True, "True, which is not"), ([1.1], "not a number"), (1 + 1j, "not a number")],
)  # fmt: skip
def test_bad_trade_costs(factor, message):
    with pytest.raises(sx.InputError, match=message):
        S.trade_cost(importer="USA", exporter="CAN", factor=factor)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"importer": "USS"}, r"scenario 'custom', measure 'custom': unknown country 'USS'.*did you mean USA"),
        ({"exporter": "Canda"}, "did you mean Canada"),
        ({"exporter": ["*", "Canda"]}, "unknown country 'Canda'"),
        ({"sector": "C2"}, "unknown sector 'C2'.*C29"),
        ({"sector": ["*", "C2"]}, "unknown sector 'C2'"),
        ({"sector": "Goods!"}, "unknown sector"),
        ({"exporter": "USA"}, "USA on itself"),
        ({"importer": ""}, "unknown country ''"),
    ],
)
def test_unknown_labels_are_named_by_solve(labels, message):
    scenario = S.tariff(**{"importer": "USA", "exporter": "CAN", "add": 0.1, **labels})
    with pytest.raises(sx.InputError, match=message):
        sx.solve(W, scenario)


def test_additions_that_end_below_minus_one_are_refused():
    s = S.tariff(importer="USA", exporter="CAN", sector="C29", add=-0.6)
    s = s.tariff(importer="USA", exporter="CAN", sector="C29", add=-0.6)
    with pytest.raises(sx.InputError, match="tariff of USA on CAN's C29 would be -118 %"):
        sx.solve(W, s)


def test_a_subsidy_is_a_negative_rate():
    outcome = sx.solve(W, S.tariff(importer="USA", exporter="CAN", sector="C29", set=-0.2))
    assert outcome.revenue["USA"] < outcome.revenue_base["USA"]
    assert outcome.tariff.sel(sector="C29", exporter="CAN", importer="USA") == -20


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (sx.Schedule(np.zeros((3, 3))), r"tariffs has shape \(3, 3\); expected \(3, 3, 3\)"),
        (sx.Schedule(np.full((3, 3, 3), np.nan)), "numbers above −1"),
        (sx.Schedule(np.full((3, 3, 3), -1.0)), "numbers above −1"),
        (sx.Schedule(np.full((3, 3, 3), "x")), "not an array of numbers"),
        (sx.Schedule(np.zeros((3, 3, 3)), np.zeros((3, 3, 3))), "above zero"),
        (sx.Schedule(np.zeros((3, 3, 3)), np.full((3, 3, 3), np.nan)), "above zero"),
        (sx.Schedule(np.zeros((3, 3, 3)), np.ones(3)), "trade_cost has shape"),
        (sx.Schedule(None), "tariffs is not an array of numbers: it is None"),
        (sx.Schedule(np.zeros((3, 3, 3)) + 0j), "it holds complex numbers"),
        (sx.Schedule(100 * W.tariffs + 25 * (1 - np.eye(3))), r"is 2700 %.*25 % is 0\.25.*allow_rates_above="),
        (sx.Schedule(W.tariffs + 0.1), "tariff of USA on its own A01 changes"),
    ],
)
def test_bad_schedules(schedule, message):
    with pytest.raises(sx.InputError, match=message):
        sx.solve(W, schedule)


def test_schedules_with_high_rates_when_meant():
    foreign = 1 - np.eye(3)
    t = 25.0 * foreign * np.ones((3, 3, 3))
    outcome = sx.solve(W, sx.Schedule(t, allow_rates_above=25), deficits="balanced")
    assert outcome.tariff.values.max() == 2500
    # the world's own high rates may stay, and a scenario's were checked when it was made
    high = W.replace(tariffs=t)
    assert sx.solve(high, sx.Schedule(t), deficits="balanced").tariff.values.max() == 2500
    s = S.tariff(importer="USA", exporter="CAN", set=25, allow_rates_above=30)
    assert sx.solve(W, s.schedule(W)).tariff.values.max() == 2500
    # 1000 % but for the rounding of logarithms
    sx.solve(W, sx.Schedule(np.expm1(np.log1p(10.0)) * foreign * np.ones((3, 3, 3))), deficits="balanced")


def test_trade_costs_at_home_may_change():
    tau = np.ones((3, 3, 3))
    tau[0, 0, 0] = 1.1
    assert sx.solve(W, sx.Schedule(np.array(W.tariffs), tau)).welfare["USA"] < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("oecd-icio-2022",), r"takes a world, not its name: surtax\.load_world\('oecd-icio-2022'\)"),
        ((None,), "takes a world, not None"),
        ((S, W), "takes a world, not a Scenario"),
        ((W, {}), "takes a scenario, not a dict"),
        ((W, np.zeros((3, 3, 3))), "takes a scenario, not a ndarray"),
    ],
)
def test_solve_says_what_it_takes(arguments, message):
    with pytest.raises(sx.InputError, match=message):
        sx.solve(*arguments)


@pytest.mark.parametrize("closure", [None, 3, ["fixed"], np.zeros(3)])
def test_closures_of_another_kind(closure):
    with pytest.raises(sx.InputError, match="unknown closure"):
        sx.solve(W, S, deficits=closure)


@pytest.mark.parametrize("key", [0, slice(None), None, ("USA", 0), np.int64(1)])
def test_results_are_picked_by_label(key):
    with pytest.raises(sx.InputError, match=r"picked from by label, such as \w+\['.+'\].*values"):
        sx.solve(W).prices[key]


@pytest.mark.parametrize("closure", ["fix", "Balanced", "", "gdp"])
def test_unknown_closures(closure):
    with pytest.raises(sx.InputError, match=r"unknown closure.*fixed, balanced, gdp-share, multiplicative"):
        sx.solve(W, S, deficits=closure)


def test_the_name_of_a_scenario_is_not_one():
    with pytest.raises(sx.InputError, match=r"load_scenario\('us-canada-2025'\)"):
        sx.solve(W, "us-canada-2025")


def test_unknown_model():
    with pytest.raises(sx.InputError, match="unknown model 'melitz'"):
        sx.solve(W, S, model="melitz")


# --- --set: USA<-CAN:C29=+25 ---


@pytest.mark.parametrize(
    ("text", "cells", "rate"),
    [
        ("USA<-CAN:C29=+25", [(1, 1, 0)], 0.27),
        ("USA<-CAN:C29=25", [(1, 1, 0)], 0.25),
        ("USA<-CAN:C29=25%", [(1, 1, 0)], 0.25),
        ("USA<-CAN:C29=-1", [(1, 1, 0)], 0.01),
        (" USA <- CAN : C29 = +2.5 % ", [(1, 1, 0)], 0.045),
        ("USA<-CAN:C29=.5", [(1, 1, 0)], 0.005),
        ("USA<-CAN:C29=0", [(1, 1, 0)], 0),
        ("USA<-CAN=50", [(0, 1, 0), (1, 1, 0)], 0.5),
        ("USA<-CAN,MEX:C29=50", [(1, 1, 0), (1, 2, 0)], 0.5),
        ("usa<-*:C29=50", [(1, 1, 0), (1, 2, 0)], 0.5),
        ("CAN<-USA:*=50", [(0, 0, 1), (1, 0, 1), (2, 0, 1)], 0.5),
        ("United States<-Canada:Cars: new, used=50", [], None),
        ('United States <- Canada : "Cars: new, used" = 50', [(1, 1, 0)], 0.5),
        (
            "'United States'<-'Canada','Mexico':A01,'Cars: new, used'=50",
            [(s, o, 0) for s in (0, 1) for o in (1, 2)],
            0.5,
        ),
        ("united states<-Canada:C29=50", [(1, 1, 0)], 0.5),
        ("'United States'<-Canada=50", [(0, 1, 0), (1, 1, 0)], 0.5),
        ("USA<-*:Farmers' goods=50", [(0, 1, 0), (0, 2, 0)], 0.5),
        ("USA<-CAN:'Farmers' goods',C29=50", [(0, 1, 0), (1, 1, 0)], 0.5),
    ],
)
def test_one_off(text, cells, rate):
    named = W.replace(sector_names=("Farmers' goods", "Cars: new, used", "Services"))
    if rate is None:  # names that hold signs of the grammar need quotation marks
        with pytest.raises(sx.InputError, match="unknown"):
            with_one_off(S, text).schedule(named)
        return
    t = with_one_off(S, text).schedule(named).tariffs
    touched = {tuple(map(int, i)) for i in np.argwhere(t != W.tariffs)}
    assert touched == set(cells)
    for cell in cells:
        assert t[cell] == pytest.approx(rate)


@pytest.mark.parametrize(
    "text",
    [
        "", "USA", "USA<-CAN", "USA<-CAN:C29", "USA<-CAN:C29=", "USA->CAN:C29=5", "USA<-CAN:C29=x", "USA<-CAN:C29=+-5",
        "USA<-CAN:C29=1e3", "<-CAN:C29=5", "USA<-:C29=5", "USA<-CAN:=5", "USA<-CAN:C29=5=6", "USA<-CAN:C29=nan",
        "USA<-CAN:C29=5 %%", "USA CAN<-MEX=5", "USA<-CAN:C29=-200", "USA<-CAN:C29=2500",
        "USA<-CAN:C29=" + "9" * 400, "USA<-USA:C29=5", "USA<-CAN,:C29=5", "USA<-XXX=5", "USA<-CAN:C28=5", "USA<-CAN=5\x00",
    ],
)  # fmt: skip
def test_bad_one_offs(text):
    with pytest.raises(sx.InputError):
        sx.solve(W, with_one_off(S, text))


def test_one_offs_speak_per_cent():
    with pytest.raises(sx.InputError, match=r"2500 %: rates here are per cent.*--allow-rates-above 2500\.") as refusal:
        with_one_off(S, "USA<-CAN:C29=+2500")
    assert "0.25" not in str(refusal.value)
    assert rates(with_one_off(S, "USA<-CAN:C29=+2500", 2500))[1, 1, 0] == pytest.approx(25.02)
