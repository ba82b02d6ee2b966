"""The embedded world: facts about 2022 that anyone can check, and a rebuild of the shipped file."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from surtax.world.files import read_arrays

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "src" / "surtax" / "data" / "worlds" / "oecd-icio-2022.npz"
SOURCES = Path(os.environ.get("SURTAX_SOURCES", ROOT.parent / "shared" / "data"))


class Shipped:
    """The shipped arrays in float64, and what follows from them."""

    def __init__(self):
        arrays, self.meta = read_arrays(SHIPPED)
        self.arrays = arrays
        self.X, self.F, self.U = (arrays[k].astype(float) for k in ("flows", "final", "use"))
        self.Y = self.X.sum(axis=2)
        self.V = self.Y - self.U.sum(axis=0)
        self.c = {c["code"]: i for i, c in enumerate(self.meta["countries"])}
        self.s = {c["code"]: i for i, c in enumerate(self.meta["sectors"])}


@pytest.fixture(scope="module")
def w():
    return Shipped()


def test_shapes_types_and_size(w):
    assert (len(w.c), len(w.s)) == (81, 28)
    for name in ("flows", "final", "tariffs"):
        assert w.arrays[name].shape == (28, 81, 81)
        assert w.arrays[name].dtype == np.float32
    assert w.arrays["use"].shape == (28, 28, 81)
    assert w.arrays["elasticity"].dtype == w.arrays["population"].dtype == np.float64
    assert SHIPPED.stat().st_size < 3e6
    assert [s["goods"] for s in w.meta["sectors"]] == [True] * 27 + [False]


def test_accounts_hold_after_rounding_to_float32(w):
    assert (w.F >= 0).all()
    assert (w.F <= w.X).all()
    assert (w.V >= 0).all()
    assert (w.V[w.Y > 0] > 0).all()
    supply, demand = (w.X - w.F).sum(axis=1), w.U.sum(axis=1)
    np.testing.assert_allclose(supply, demand, rtol=2e-5, atol=1e-4)
    deficit = w.X.sum(axis=(0, 1)) - w.X.sum(axis=(0, 2))
    income = w.V.sum(axis=0) + deficit
    np.testing.assert_allclose(w.F.sum(axis=(0, 1)), income, rtol=1e-6)
    assert abs(deficit.sum()) < 1e-9 * w.Y.sum()


def test_empty_cells_stay_empty(w):
    empty = w.Y == 0
    assert empty.sum() == 41
    assert not w.U.sum(axis=0)[empty].any()
    assert (w.X == 0).sum() == 17343


def test_the_world_economy(w):
    """Factor income lies below GDP at market prices (World Bank: 101 tn, US 26.0, China 18.3,
    Germany 4.2, Canada 2.2)
    by taxes on final demand."""
    world = w.V.sum()
    assert 92e6 < world < 100e6
    income = {c: w.V[:, i].sum() / 1e6 for c, i in w.c.items()}
    assert 0.25 < income["USA"] * 1e6 / world < 0.27
    for code, gdp in {
        "USA": 26.0,
        "CHN": 18.3,
        "DEU": 4.2,
        "JPN": 4.3,
        "CAN": 2.2,
        "MEX": 1.47,
    }.items():
        assert 0.88 * gdp < income[code] < 1.0 * gdp


def test_income_against_gdp(w):
    path = SOURCES / "macro" / "gdp.csv"
    if not path.exists():
        pytest.skip("the source of GDP is not here")
    import csv

    with path.open() as file:
        gdp = {r["Country Code"]: float(r["Value"]) / 1e6 for r in csv.DictReader(file) if r["Year"] == "2022"}
    ratio = {c: w.V[:, i].sum() / gdp[c] for c, i in w.c.items() if c in gdp}
    assert len(ratio) == 79
    assert 0.92 < np.median(list(ratio.values())) < 0.96
    # Where the OECD's accounts and the World Bank's GDP part most.
    assert {c for c, r in ratio.items() if not 0.87 < r < 1.04} == {"PAK", "EGY", "AGO"}


def test_value_added_shares(w):
    share = np.divide(w.V, w.Y, out=np.full_like(w.V, np.nan), where=w.Y > 0)
    assert np.nanmax(share) < 0.94
    assert {(s, c) for s, i in w.s.items() for c, n in w.c.items() if share[i, n] < 0.03} == {
        ("C19", "MAR"), ("C21", "ISL"), ("C26", "HKG"),
    }  # fmt: skip
    world = w.V.sum(axis=1) / w.Y.sum(axis=1)
    assert 0.2 < world[w.s["C19"]] < 0.25
    assert 0.2 < world[w.s["C29"]] < 0.3
    assert 0.5 < world[w.s["SVC"]] < 0.6
    # Crude from Libya and Algeria, which are in the rest of the world, is an input of Italian
    # refining.
    assert 0.10 < share[w.s["C19"], w.c["ITA"]] < 0.25


def test_what_is_final(w):
    final = w.F.sum(axis=(1, 2)) / w.X.sum(axis=(1, 2))
    for sector, (low, high) in {
        "B06": (0.0, 0.1), "B07": (0.0, 0.05), "C24A": (0.0, 0.05), "C10T12": (0.6, 0.7),
        "C13T15": (0.35, 0.5), "C28": (0.5, 0.65), "C29": (0.55, 0.7), "SVC": (0.5, 0.6),
    }.items():  # fmt: skip
        assert low < final[w.s[sector]] < high, sector


def test_trade_of_canada_and_the_united_states(w):
    """At basic prices: without trade and transport margins, which are services here, and without
    re-exports.

    Customs values of 2022: 437 and 356 billion. Goods and services together, 507 and 426, are
    nearer.
    """
    can, usa = w.c["CAN"], w.c["USA"]
    goods = slice(0, 27)
    assert 300e3 < w.X[goods, can, usa].sum() < 330e3
    assert 170e3 < w.X[goods, usa, can].sum() < 195e3
    assert 430e3 < w.X[:, can, usa].sum() < 460e3
    assert 290e3 < w.X[:, usa, can].sum() < 315e3
    assert w.X[w.s["B06"], can, usa] == pytest.approx(97.0e3, rel=0.01)
    # Sold by the exporter, not to it: oil flows from Canada, and the diagonal holds most sales.
    assert w.X[w.s["B06"], can, usa] > 4 * w.X[w.s["B06"], usa, can]


def test_population(w):
    people = dict(zip(w.c, w.arrays["population"], strict=True))
    assert people["CAN"] == pytest.approx(38.9e6, rel=0.01)
    assert people["TWN"] == 23.4e6
    assert sum(people.values()) == pytest.approx(7.99e9, rel=1e-3)


def test_elasticities(w):
    theta = dict(zip(w.s, w.arrays["elasticity"], strict=True))
    assert theta["C29"] == pytest.approx(8.66469765)
    assert theta["C24A"] == pytest.approx(3.4562068)
    records = {r["sector"]: r for r in w.meta["elasticities"]["by_sector"]}
    services = records["SVC"]
    assert services["without"] == ["O", "T"]
    mean = sum(m["theta"] * m["weight"] for m in services["members"])
    assert theta["SVC"] == pytest.approx(mean, abs=1e-4)
    assert records["B05"]["quality"] == "approximate"


def test_tariffs_are_those_of_the_united_states_or_none(w):
    t = w.arrays["tariffs"]
    others = [i for c, i in w.c.items() if c != "USA"]
    assert not t[:, :, others].any()
    assert not t[:, w.c["USA"], w.c["USA"]].any()
    assert (t >= 0).all()
    assert t.max() < 1
    assert not t[w.s["SVC"]].any()
    assert w.meta["tariffs"]


def test_metadata(w):
    assert w.meta["format"] == "surtax-world/1"
    assert w.meta["build"] == "python -m tools.build_data world"
    assert {s["licence"] for s in w.meta["sources"]} >= {"CC BY 4.0"}
    names = {c["code"]: c["name"] for c in w.meta["countries"]}
    assert (names["CHN"], names["TUR"], names["CIV"]) == ("China", "Türkiye", "Côte d'Ivoire")
    assert not [c for c in (*w.meta["countries"], *w.meta["sectors"]) if c["name"] == c["code"]]
    imputed = w.meta["imputed"]
    assert [i["cells"] for i in imputed] == [2240, 784]
    assert imputed[0]["value"] == pytest.approx(1.0388e6, rel=1e-3)
    assert set(imputed[1]["scaled"]) == {"B05", "B07"}
    assert sum(a["value"] for a in w.meta["adjustments"]) < 20
    json.dumps(w.meta)


def test_the_shipped_file_is_what_the_builder_makes(w):
    if not (SOURCES / "world" / "icio2022").is_dir():
        pytest.skip("the sources of the world are not here")
    pytest.importorskip("h5py")
    from tools.build_data import world

    arrays, meta = world.build(SOURCES, tariffs="none")
    for name in ("flows", "final", "use", "population"):
        np.testing.assert_array_equal(arrays[name], w.arrays[name], err_msg=name)
    np.testing.assert_allclose(arrays["elasticity"], w.arrays["elasticity"], rtol=1e-12)
    for key in ("countries", "sectors", "sources", "year"):
        assert meta[key] == w.meta[key], key
