"""The registry of elasticity sets, their use everywhere, and draws from standard errors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

import surtax as sx
from surtax.elasticities import apply
from surtax.world.elasticities import Elasticity, elasticity_set, for_groups
from surtax.world.elasticity_draws import draw_table, truncated_normal
from surtax.world.icio_codes import is_good
from tests.helpers import small_world

NAMES = ("fgo", "boc", "boc-2016", "caliendo-parro-2015", "caliendo-parro-2015-full", "protee")


def test_the_registry_lists_the_default_first():
    assert set(sx.elasticity_sets()) == set(NAMES)
    assert next(iter(sx.elasticity_sets())) == "fgo"


@pytest.mark.parametrize("name", NAMES)
def test_every_set_is_whole_and_says_what_it_is(name):
    chosen = sx.elasticity_sets()[name]
    assert all((chosen.title, chosen.definition, chosen.citation, chosen.licence, chosen.note))
    goods = {s for s in elasticity_set("fgo") if is_good(s)}
    missing = goods - set(chosen.rows)
    assert missing == ({"B09"} if name == "protee" else set())  # mining services are no product
    assert list(chosen.table) == list(elasticity_set("fgo"))
    for s, r in chosen.table.items():
        assert 0 < r.theta < 100, s
        assert r.source, s
        assert r.quality in {"direct", "aggregated", "approximate", "assumed"}, s
        assert r.standard_error is None or r.standard_error > 0, s
    for s, r in chosen.borrowed.items():
        assert (r.theta, r.quality, r.standard_error) == (elasticity_set("fgo")[s].theta, "assumed", None)


@pytest.mark.parametrize(
    ("name", "sector", "theta", "error"),
    [
        # Caliendo & Parro (2015), Table 1: 99 % sample (the θ are those of the authors' file too), full sample
        ("caliendo-parro-2015", "C19", 64.85, 15.61),
        ("caliendo-parro-2015", "A01", 9.11, 2.01),
        ("caliendo-parro-2015-full", "C29", 1.01, 0.80),
        ("caliendo-parro-2015-full", "C13T15", 5.56, 1.14),
        # Office, Communication and Medical: (12.95 + 3.95 + 8.71) / 3, errors as of independent estimates
        ("caliendo-parro-2015", "C26", 25.61 / 3, (4.53**2 + 1.77**2 + 1.56**2) ** 0.5 / 3),
        # Charbonneau & Landry (2018), Table 1: autos of 2016, and of 1993 where 4.5/2.3 falls short of 1.96
        ("boc-2016", "C29", 4.5, 2.3),
        ("boc", "C29", 1.0, 0.8),
        ("boc", "B07", 43.0, 9.4),
        ("fgo", "C29", 8.66469765, None),
    ],
)
def test_published_values(name, sector, theta, error):
    row = sx.elasticity_sets()[name].rows[sector]
    assert row.theta == pytest.approx(theta, rel=1e-9)  # ten digits are kept
    assert row.standard_error == (None if error is None else pytest.approx(error, rel=1e-9))


@pytest.mark.parametrize("name", NAMES)
def test_every_set_solves_the_main_scenario(embedded, name):
    outcome = sx.solve(embedded, sx.load_scenario("us-canada-2025"), elasticities=name)
    assert outcome.conditions.elasticities == name
    assert outcome.conditions.residual < 1e-8  # what the solver accepts
    records = {r["sector"]: r for r in outcome.world.meta["elasticities"]["by_sector"]}
    assert set(records) == set(embedded.sectors)
    assert outcome.world.elasticity[embedded.sector("C29")] == elasticity_set(name)["C29"].theta
    # services have one source, and one value, in every set
    assert outcome.world.elasticity[-1] == pytest.approx(embedded.elasticity[-1], rel=1e-5)


def test_in_sample_is_the_worlds_own():
    world = small_world(3)
    assert sx.solve(world, elasticities="in-sample").world is not None
    np.testing.assert_array_equal(apply(world, "in-sample").elasticity, world.elasticity)
    assert apply(world, "in-sample") is apply(world, "world")


def test_sets_follow_each_other_without_a_trace(embedded):
    there = apply(apply(embedded, "boc"), "caliendo-parro-2015")
    straight = apply(embedded, "caliendo-parro-2015")
    np.testing.assert_allclose(there.elasticity, straight.elasticity, rtol=1e-12)  # sums in another order
    assert there.meta["elasticities"]["set"] == "caliendo-parro-2015"


# --- files ---

COMMAS = {
    "theta and error": "sector,elasticity,standard_error\nC29,8,66\n",
    "theta and note": "sector,elasticity,source\nC29,8,66\n",
    "another column": "sector,elasticity,n\nA01,3.1,4\nC29,8,66\n",
}


@pytest.mark.parametrize("content", COMMAS.values(), ids=COMMAS)
def test_decimal_commas_that_fill_a_third_column_are_refused(embedded, tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(sx.InputError, match=r"line \d: 8,66 reads as elasticity 8 with .* or as 8.66 with a decimal"):
        apply(embedded, path)


def test_files_with_standard_errors_sources_and_a_rule_for_the_rest(embedded, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("sector,elasticity,standard_error,source\nC29,8.0,2,mine\n*,5,,assumed\n")
    world = apply(embedded, path)
    assert world.elasticity[world.sector("C29")] == 8
    assert (np.delete(world.elasticity, world.sector("C29")) == 5).all()
    record = world.meta["elasticities"]["by_sector"][world.sector("C29")]
    assert record == {"sector": "C29", "theta": 8.0, "source": "mine", "quality": "user", "standard_error": 2.0}
    drawn = sx.elasticity_draws(embedded, path, count=4000, seed=1)
    assert drawn.varied.sum() == 1
    # a normal (8, 2) is cut off at −4 s.e., which moves nothing: the error of a mean of 4,000 is 2/√4000
    assert drawn.theta[:, world.sector("C29")].mean() == pytest.approx(8, abs=4 * 2 / 4000**0.5)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sector,elasticity,standard_error\nC29,8.5,x\n", "line 2: 'x' is not a number"),
        ("sector,elasticity,standard_error\nC29,8.5,-1\n", "standard error -1 is not a positive"),
        ('sector,elasticity\nC29,"8,5"\n', "'8,5' is not a number: write decimals with a point, 8.5"),
        ("sector,elasticity\n*,8.5\n*,3\n", r"line 3: sector \* .* stands twice"),
    ],
)
def test_bad_files(embedded, tmp_path, content, message):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(sx.InputError, match=message):
        apply(embedded, tmp_path / "t.csv")


# --- draws ---


@given(
    mean=st.floats(0.05, 60), error=st.floats(0.01, 40), share=st.floats(0, 0.999),
    u=st.lists(st.floats(1e-3, 0.999), min_size=1, max_size=5),
)  # fmt: skip
def test_the_truncated_normal_is_scipys(mean, error, share, u):
    """Against scipy.stats.truncnorm, another code, good to some ten digits in the middle of the distribution. The cut lies
    below the mean, as draws ask."""
    above = share * mean
    mine = truncated_normal(np.array([mean]), np.array([error]), np.array(u)[:, None], above)[:, 0]
    theirs = truncnorm.isf(u, (above - mean) / error, np.inf, loc=mean, scale=error)
    assert (mine > above).all()
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9 * error)


def test_draws_have_the_moments_of_the_truncated_normal(embedded):
    count = 20_000
    drawn = sx.elasticity_draws(embedded, "caliendo-parro-2015", count=count, seed=4)
    assert (drawn.theta > 0).all()
    for sector, mean, error in (("C29", 1.84, 0.92), ("C301", 0.39, 1.08), ("C19", 64.85, 15.61)):
        sample = drawn.theta[:, embedded.sector(sector)]
        exact = truncnorm(-mean / error, np.inf, loc=mean, scale=error)
        assert abs(sample.mean() - exact.mean()) < 4 * exact.std() / count**0.5  # one in 16,000 by chance; seed fixed
        assert sample.std() == pytest.approx(exact.std(), rel=0.03)  # its standard error is below 1/√(2·20,000) · 1.4
        assert drawn.cut[embedded.sector(sector)] == pytest.approx(1 - truncated_share(mean, error), abs=1e-12)
    # sectors on one estimate move together; services have none and stay
    np.testing.assert_array_equal(drawn.theta[:, embedded.sector("A01")], drawn.theta[:, embedded.sector("A03")])
    assert np.corrcoef(drawn.theta[:, embedded.sector("C29")], drawn.theta[:, embedded.sector("C19")])[0, 1] < 0.03
    assert not drawn.varied[-1]
    assert np.ptp(drawn.theta[:, -1]) == 0
    again = sx.elasticity_draws(embedded, "caliendo-parro-2015", count=count, seed=4)
    np.testing.assert_array_equal(again.theta, drawn.theta)


def truncated_share(mean, error):
    """Probability of the untruncated normal above zero."""
    from scipy.stats import norm

    return norm.sf(0, mean, error)


def test_merged_sectors_average_the_draws_of_their_members():
    """Against θ for groups worked out anew from each drawn table."""
    table = {
        "C24A": Elasticity(3.0, "x", "direct", 0.5, "metals"),
        "C24B": Elasticity(3.0, "x", "direct", 0.5, "metals"),
        "C25": Elasticity(6.0, "x", "direct", 1.0, "products"),
        "G": Elasticity(4.0, "x", "assumed"),
    }
    groups, weights = (
        {"M": ["C24A", "C25"], "C24B": ["C24B"], "S": ["G"]},
        {"C24A": 1.0, "C25": 3.0, "C24B": 1.0, "G": 1},
    )
    theta, varied, _ = draw_table(table, groups, weights, count=50, seed=3)
    assert varied.tolist() == [True, True, False]
    metals = theta[:, 1]
    products = (theta[:, 0] - metals / 4) * 4 / 3
    for k in range(50):
        drawn = {s: r._replace(theta={"metals": metals[k], "products": products[k]}.get(r.estimate, r.theta))
                 for s, r in table.items()}  # fmt: skip
        np.testing.assert_allclose(for_groups(drawn, groups, weights)[0], theta[k], rtol=1e-12)
    assert products.std() == pytest.approx(1.0, rel=0.35)  # 50 draws


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"given": "fgo"}, "no published standard errors.*boc"),
        ({"given": "protee"}, "no published standard errors"),
        ({}, "no published standard errors"),
        ({"given": "uniform-4"}, "no set with standard errors"),
        ({"given": "boc", "count": 0}, "at least one draw"),
        ({"given": "boc", "above": -1}, "above zero or more"),
        ({"given": "boc", "above": 1.05}, "estimate Auto is 1, not above 1.05"),
    ],
)
def test_draws_refuse(embedded, kwargs, message):
    with pytest.raises(sx.InputError, match=message):
        sx.elasticity_draws(embedded, **{"count": 3, **kwargs})


# --- the command ---


def run(*arguments):
    from surtax.cli import cli

    return CliRunner().invoke(cli, ["elasticities", *arguments])


def test_the_command_lists_and_shows():
    listed = run()
    assert listed.exit_code == 0
    for name in (*NAMES, "in-sample", "uniform-X"):
        assert name in listed.output
    shown = run("boc")
    assert shown.exit_code == 0
    assert "Charbonneau" in shown.output
    plain = json.loads(run("caliendo-parro-2015", "--json").output)
    assert plain["schema"] == "surtax-elasticities/1"
    rows = {r["sector"]: r for r in plain["by_sector"]}
    assert rows["C29"]["standard_error"] == 0.92
    assert rows["G"]["quality"] == "assumed"
    assert {s["name"] for s in json.loads(run("--json").output)["sets"]} == set(NAMES)


@pytest.mark.parametrize(("name", "message"), [("bo", "did you mean boc"), ("world", "whatever the world holds")])
def test_the_command_refuses(name, message):
    with pytest.raises(sx.InputError, match=message):
        CliRunner().invoke(
            __import__("surtax.cli", fromlist=["cli"]).cli,
            ["elasticities", name],
            catch_exceptions=False,
            standalone_mode=False,
        )


def test_a_world_with_sectors_that_have_no_members_is_refused_in_words():
    with pytest.raises(sx.InputError, match="which UTL is not"):
        apply(sx.load_world("provinces-2021"), "boc")
