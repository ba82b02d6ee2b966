"""Objectives: values against the outcome's own variables, gradients against re-solved worlds, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import surtax as sx
from surtax.errors import InputError
from surtax.games.instrument import Choice
from surtax.games.objective import Objective, Term
from surtax.games.situation import Situation, player
from surtax.model import core
from tests.helpers import small_world

TEXTS = (
    "income",
    "revenue",
    "wages",
    "jobs:S00",
    "wages:S01,S02",
    "income + 0.3 jobs:S01 - 0.2 income@C02 + 2*revenue",
)


def test_terms_are_read():
    found = Objective.parse("income + 0.2 jobs:C24A,C29 - .1 income@CHN")
    assert found.terms == (
        Term("income"),
        Term("jobs", 0.2, ("C24A", "C29")),
        Term("income", -0.1, (), "CHN"),
    )
    assert str(found) == "income + 0.2 jobs:C24A,C29 - 0.1 income@CHN"
    assert Objective.parse(str(found)) == found
    assert Objective.parse("-1 revenue").terms == (Term("revenue", -1.0),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("incme", "did you mean income"),
        ("income jobs:A", "cannot read 'jobs:A'"),
        ("income + ?", "cannot read"),
        ("jobs", "fully employed"),
        ("revenue:C29", "has no sectors"),
        ("0 income", "weight of zero"),
    ],
)
def test_what_does_not_read_is_refused(text, words):
    with pytest.raises(InputError, match=words.replace("?", r"\?")):
        Objective.parse(text)


def test_unknown_places_are_refused():
    situation = Situation.of(small_world(4), None)
    for text, words in (("jobs:S09", "unknown sector"), ("income@XX", "unknown country")):
        with pytest.raises(InputError, match=words):
            player(situation, "C01", Choice(), Objective.parse(text))


@pytest.mark.parametrize("closure", core.CLOSURES)
def test_values_are_those_of_the_outcome(closure):
    world = small_world(4)
    tariffs = np.array(world.tariffs)
    tariffs[:, 0, 1] += 0.2
    outcome = sx.solve(world, sx.Schedule(tariffs), deficits=closure)
    situation = Situation.of(world, None, closure)
    found = situation.solve(tariffs)
    base, n = outcome.world, 1
    pay, pay_base = outcome.Y_new * base.value_added, base.output * base.value_added
    expected = {
        "income": outcome.welfare["C01"],
        "revenue": 100 * outcome.revenue_change["C01"] / base.income[n],
        "wages": outcome.real_wage["C01"],
        "jobs:S00": 100 * (pay[0, n] / outcome.w_hat[n] / pay_base[0, n] - 1),
        "wages:S01,S02": 100 * (pay[1:, n].sum() / outcome.P_consumer[n] / pay_base[1:, n].sum() - 1),
    }
    for text, value in expected.items():
        bound = player(situation, "C01", Choice(), Objective.parse(text)).objective
        assert bound.value(found.x, found.state) == pytest.approx(value, abs=1e-8)  # both solved to 1e-12


@pytest.mark.parametrize("closure", core.CLOSURES)
@pytest.mark.parametrize("text", TEXTS)
def test_gradients_are_those_of_differences(closure, text):
    world = small_world(5, countries=5)
    situation = Situation.of(world, None, closure)
    p = player(situation, "C01", Choice("by-sector-partner"), Objective.parse(text))
    rng = np.random.default_rng(2)
    z = rng.uniform(0.0, 0.3, size=p.instrument.start.size)
    _, g = p.payoff_and_gradient(situation, situation.tariffs, z)
    for _ in range(3):
        v = rng.normal(size=z.size)

        def along(h, v=v):
            return (
                p.payoff(situation, situation.tariffs, z + h * v) - p.payoff(situation, situation.tariffs, z - h * v)
            ) / (2 * h)

        numeric = (4 * along(5e-4) - along(1e-3)) / 3
        # promised: 1e-6; equilibria to 1e-12 over a step of 1e-3 leave 1e-8 of a gradient of order one
        assert abs(g @ v - numeric) <= 1e-6 * max(abs(numeric), 0.1 * np.abs(g * v).sum())
