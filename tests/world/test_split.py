"""A country split into regions: adds up, and regions that are small copies of it fare as it does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import surtax as sx
from surtax.world.split import Pattern, fit, split
from tests.helpers import small_world


def whole(seed, countries=4, sectors=3):
    """A random world that knows its final flows and whose first country levies no tariffs."""
    w = small_world(seed, countries, sectors, zero_flows=0.0, zero_output=0.0)
    tariffs = np.array(w.tariffs)
    tariffs[:, :, 0] = 0.0
    # With the tariffs of one country gone its inputs at purchaser prices are those at basic prices.
    w = sx.World.from_arrays(w.countries, w.sectors, w.flows, elasticity=w.elasticity, tariffs=tariffs,
                             inputs=w.inputs * 0.5, inputs_as="shares")  # fmt: skip
    used = np.einsum("ksn,sn->kn", w.inputs, w.output) / w.expenditure
    return w.replace(final=w.flows * (1 - used[:, None, :]))


def pattern(w, R, rng=None):
    """A random pattern, or regions that are copies of each other in other sizes."""
    J, N = len(w.sectors), len(w.countries)
    sizes = np.arange(1.0, R + 1) if rng is None else None

    def some(*shape):
        return rng.uniform(0.2, 5, shape)

    names = [f"R{r}" for r in range(R)]
    if sizes is None:
        return Pattern(names, names, some(J, R), some(J, R), some(J, R, R), some(J, R, N), some(J, N, R))
    one = np.ones(J)[:, None]
    return Pattern(
        names, names, one * sizes, one * sizes, np.einsum("s,r,q->srq", np.ones(J), sizes, sizes),
        np.ones((J, R, N)) * sizes[None, :, None], np.ones((J, N, R)) * sizes[None, None, :],
    )  # fmt: skip


@given(st.integers(0, 10_000), st.integers(2, 4))
def test_regions_add_up_to_the_country(seed, R):
    w = whole(seed)
    new = split(w, w.countries[0], pattern(w, R, np.random.default_rng(seed)))
    assert new.parts == {w.countries[0]: tuple(f"R{r}" for r in range(R))}
    back = new.aggregate(countries={w.countries[0]: list(new.parts[w.countries[0]])})
    order = [back.countries.index(c) for c in w.countries]
    for name, axes in (
        ("flows", (1, 2)),
        ("final", (1, 2)),
        ("inputs", (2,)),
        ("value_added", (1,)),
        ("tariffs", (1, 2)),
    ):
        found = getattr(back, name)
        for axis in axes:
            found = np.take(found, order, axis=axis)
        # Margins are fitted to 1e-12 of the sector's output in the country.
        assert np.allclose(found, getattr(w, name), rtol=1e-9, atol=1e-10 * w.output.max()), name
    assert new.base_residual < 1e-11


def test_copies_fare_as_the_country_does():
    w = whole(5)
    country = w.countries[0]
    new = split(w, country, pattern(w, 3))
    tax = sx.Scenario().tariff(importer=w.countries[1], exporter=country, add=0.2)
    tax = tax.tariff(importer=country, exporter="*", add=0.1)
    one, many = sx.solve(w, tax), sx.solve(new, tax)
    for region in new.parts[country]:
        assert many.welfare[region] == pytest.approx(one.welfare[country], abs=1e-8)
    for c in w.countries[1:]:
        assert many.welfare[c] == pytest.approx(one.welfare[c], abs=1e-8)


def test_a_country_in_parts_stands_for_all_of_them_and_taxes_no_trade_within():
    w = whole(7)
    new = split(w, w.countries[0], pattern(w, 2, np.random.default_rng(1)))
    a, b = new.positions(w.countries[0])
    t = sx.Scenario().tariff(importer=w.countries[0].lower(), exporter="*", add=0.1).schedule(new).tariffs
    added = t - new.tariffs
    assert np.allclose(added[:, :, [a, b]][:, 2:], 0.1)
    assert (added[:, [a, b]][:, :, [a, b]] == 0).all()
    everybody = sx.Scenario().tariff(importer="*", exporter="*", add=0.1).schedule(new).tariffs - new.tariffs
    assert (everybody[:, new.within] == 0).all()
    assert np.allclose(everybody[:, ~new.within], 0.1)
    with pytest.raises(sx.InputError, match="on itself"):
        sx.Scenario().tariff(importer=w.countries[0], exporter="R1", add=0.1).schedule(new)


def test_margins_that_no_flows_have_are_found_out():
    seeds = (np.eye(2), np.zeros((2, 2)), np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((1, 2)), np.zeros((1, 2)))
    none = np.zeros(1)
    assert fit(seeds, np.array([1.0, 3.0]), np.array([2.0, 2.0]), np.zeros(2), none, none, none, none) is None


def test_what_cannot_be_split_is_refused():
    w = whole(3)
    p = pattern(w, 2, np.random.default_rng(0))
    with pytest.raises(sx.InputError, match="final"):
        split(w.replace(final=None), w.countries[0], p)
    with pytest.raises(sx.InputError, match="unknown country"):
        split(w, "ZZZ", p)
    levied = np.array(w.tariffs)
    levied[0, 1, 0] = 0.1
    with pytest.raises(sx.InputError, match="levies base tariffs"):
        split(w.replace(tariffs=levied), w.countries[0], p)
    with pytest.raises(sx.InputError, match="internal has shape"):
        split(w, w.countries[0], Pattern(p.codes, p.names, p.output, p.final, p.internal[:1], p.exports, p.imports))
