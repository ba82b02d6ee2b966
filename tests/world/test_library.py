"""Shipped worlds, world files, elasticities."""

from __future__ import annotations

import contextlib
import csv
import json

import numpy as np
import pytest

import surtax as sx
from surtax.world.elasticities import FOLDER
from surtax.world.files import read_arrays, write_world
from tests.helpers import small_world
from tests.world.test_from_arrays import FLOWS, USE, C, S

ARRAYS = ("flows", "tariffs", "elasticity", "inputs", "value_added", "final_shares", "final", "population", "goods")


def assert_same(a, b):
    for name in ARRAYS:
        x, y = getattr(a, name), getattr(b, name)
        if x is None:
            assert y is None
        else:
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y, err_msg=name)
    for name in ("countries", "sectors", "country_names", "sector_names", "adjustments"):
        assert getattr(a, name) == getattr(b, name)


def full_world():
    return sx.World.from_arrays(
        C, S, FLOWS, elasticity=[np.pi, 5], tariffs=np.full_like(FLOWS, 0.01) / 3, inputs=USE, inputs_as="values",
        final=FLOWS / 7, population=[3e8, np.nan, 1e8], country_names=["United States", "Canada", "México"],
        sector_names=["Farming", "Cars"], goods=[True, False], meta={"name": "mine", "sources": ["née"]},
    )  # fmt: skip


@pytest.mark.parametrize(
    "world", [full_world(), small_world(3), small_world(4, 6, 5), small_world(9).aggregate({"X": ["C00", "C01"]})]
)
def test_saved_and_loaded_to_the_last_bit(world, tmp_path):
    world.save(tmp_path / "one.npz")
    loaded = sx.World.load(tmp_path / "one.npz")
    assert_same(world, loaded)
    loaded.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sx.solve(loaded).conditions.base == "as recorded"


def test_results_survive_a_file(embedded, tmp_path):
    rest = [c for c in embedded.countries if c not in ("USA", "CAN", "MEX", "CHN", "DEU")]
    world = embedded.aggregate({"REST": rest})
    world.save(tmp_path / "w.npz")
    loaded = sx.load_world(tmp_path / "w.npz")
    assert_same(world, loaded)
    first, again = (sx.solve(w, sx.load_scenario("us-canada-2025")) for w in (world, loaded))
    # the same numbers in another place of memory: sums may differ in their last digit
    np.testing.assert_allclose(again.real_income, first.real_income, rtol=1e-13)


def test_clipping_is_still_said_after_a_file(tmp_path):
    use = USE.copy()
    use[0, 1, 2] = -0.5
    world = sx.World.from_arrays(C, S, FLOWS, elasticity=4, inputs=use, inputs_as="values")
    world.save(tmp_path / "w.npz")
    assert sx.World.load(tmp_path / "w.npz").adjustments == world.adjustments
    assert len(world.adjustments) == 1


def test_where_it_cannot_be_saved(tmp_path):
    world = small_world(1)
    with pytest.raises(sx.InputError, match="cannot write"):
        world.save(tmp_path / "missing" / "w.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(sx.InputError, match="cannot write"):
        world.save(tmp_path / "file" / "w.npz")
    with pytest.raises(sx.InputError, match=r"ends in \.npz"):
        world.save(tmp_path / "w.zip")
    with pytest.raises(sx.InputError, match="JSON"):
        world.replace(meta={"made by": object()}).save(tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["oecd-icio-2023", "OECD", "x" * 5000, "a\0b", "", "no/such/world"])
def test_unknown_worlds(name):
    with pytest.raises(sx.InputError):
        sx.load_world(name)


def test_the_nearest_world_is_offered():
    with pytest.raises(sx.InputError, match="did you mean oecd-icio-2022"):
        sx.load_world("oecd-icio-2020")


def test_damaged_worlds(tmp_path):
    small_world(1).save(tmp_path / "w.npz")
    arrays, meta = read_arrays(tmp_path / "w.npz")

    def attempt(message, drop=(), **changes):
        write_world(tmp_path / "bad.npz", {k: v for k, v in arrays.items() if k not in drop}, {**meta, **changes})
        with pytest.raises(sx.InputError, match=message):
            sx.load_world(tmp_path / "bad.npz")

    attempt("lacks the array 'flows'", drop=["flows"])
    attempt("lacks the array 'use'", drop=["inputs"])
    attempt("countries, sectors", countries=None)
    attempt("countries, sectors", countries=["USA", "CAN"])
    attempt("countries, sectors", sectors=[{"code": "A"}])
    attempt("adjustments", adjustments=[{"what": "x"}])
    attempt("flows has shape", countries=meta["countries"][:2])
    content = (tmp_path / "w.npz").read_bytes()
    for cut in (0, 10, len(content) // 2, len(content) - 30):
        (tmp_path / "cut.npz").write_bytes(content[:cut])
        with pytest.raises(sx.InputError, match="damaged"):
            sx.load_world(tmp_path / "cut.npz")


def test_flipped_bytes_never_end_in_a_traceback(tmp_path):
    small_world(1, 2, 1).save(tmp_path / "w.npz")
    content = (tmp_path / "w.npz").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(content)
        for at in rng.integers(len(content), size=3):
            broken[at] = rng.integers(256)
        (tmp_path / "bad.npz").write_bytes(broken)
        with contextlib.suppress(sx.InputError):
            sx.load_world(tmp_path / "bad.npz")


# --- what ships ---


def test_the_embedded_world(embedded):
    assert sx.world_names() == ("oecd-icio-2022",)
    assert (len(embedded.countries), len(embedded.sectors)) == (81, 28)
    assert embedded.base_residual < 1e-14
    assert embedded.goods.sum() == 27
    for key in ("title", "sources", "year", "build", "imputed", "units"):
        assert embedded.meta[key], key
    json.dumps(embedded.meta, allow_nan=False)
    usa = embedded.country("USA")
    assert embedded.tariffs[:, :, usa].any()
    assert not np.delete(embedded.tariffs, usa, axis=2).any()  # supplied by "The law" later; recorded as such
    assert not np.einsum("snn->sn", embedded.tariffs).any()
    # 2022 value added at basic prices: the world about 100 tn, the US about 25 tn; a coarse check of units
    assert 85e6 < embedded.factor_income.sum() < 105e6
    assert 23e6 < embedded.factor_income[usa] < 27e6
    assert (embedded.population[np.isfinite(embedded.population)] > 1e5).all()


# --- elasticities ---


def test_elasticities_by_every_road(embedded, tmp_path):
    scenario = sx.load_scenario("all-goods-25")
    (tmp_path / "t.csv").write_text("sector,elasticity,note\nA01,3\nC29,7,cars\n", encoding="utf-8-sig")
    outcome = sx.solve(embedded, scenario, elasticities=str(tmp_path / "t.csv"))
    assert outcome.world.elasticity[embedded.sector("C29")] == 7
    assert outcome.world.elasticity[embedded.sector("A01")] == 3
    assert outcome.world.elasticity[embedded.sector("C28")] == embedded.elasticity[embedded.sector("C28")]
    assert outcome.conditions.elasticities == "from t.csv"
    same = [sx.solve(embedded, scenario, elasticities=e) for e in (4, "4", "uniform-4", np.full(28, 4.0))]
    for other in same[1:]:
        np.testing.assert_array_equal(other.real_income, same[0].real_income)
    assert same[0].conditions.elasticities == "uniform 4"
    assert sx.solve(embedded, scenario, elasticities={"C29": 2}).world.elasticity[embedded.sector("C29")] == 2
    world = sx.solve(embedded, scenario, elasticities="world")
    np.testing.assert_array_equal(world.world.elasticity, embedded.elasticity)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "first line"),
        (b"code,theta\nA01,3\n", "first line should name"),
        (b"sector,elasticity\n", "has no rows"),
        (b"sector,elasticity\nA01,x\n", "line 2: 'x' is not a number"),
        (b"sector,elasticity\nA01\n", "line 2: nothing stands under elasticity"),
        (b"sector,elasticity\n,4\n", "line 2: nothing stands under sector"),
        (b"sector,elasticity\nC29,8,5\n", "line 2: 3 cells for 2 columns.*decimals with a point"),
        (b"sector,elasticity,note\nC29,8,5,cars\n", "line 2: 4 cells for 3 columns"),
        (b"sector,elasticity,elasticity\nC29,8,5\n", "column elasticity twice"),
        (b"sector,elasticity\nC29,8\nc29,5\n", "line 3: sector 'c29' stands twice"),
        (
            b"sector,elasticity\nC29,8\nMotor vehicles and parts,5\n",
            "line 3: sector 'Motor vehicles and parts' stands twice",
        ),
        (b"sector,elasticity\nA01,3\nA01,4\n", "line 3: sector 'A01' stands twice"),
        (b"sector,elasticity\nZZZ,3\n", "unknown sector 'ZZZ'"),
        (b"sector,elasticity\nA01,-3\n", "elasticity of A01 is -3"),
        (b"sector,elasticity\nA01,nan\n", "elasticity of A01"),
        (b"sector,elasticity\nA01,inf\n", "elasticity of A01"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'sector,elasticity\nA01,"' + b"9" * 200_000 + b'"\n', "does not read as CSV"),
    ],
)
def test_bad_elasticity_files(embedded, tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(sx.InputError, match=message):
        sx.solve(embedded, elasticities=tmp_path / "t.csv")


def test_the_default_set_by_its_name(embedded):
    printed = sx.solve(embedded).conditions.elasticities
    assert printed == "fgo"
    np.testing.assert_array_equal(sx.solve(embedded, elasticities=printed).world.elasticity, embedded.elasticity)
    coarse = embedded.aggregate(sectors={"METALS": ["C24A", "C24B"]})
    np.testing.assert_array_equal(sx.solve(coarse, elasticities="fgo").world.elasticity, coarse.elasticity)
    # a world with another set takes it by its sectors' codes; what the members of SVC trade is remembered (to the six
    # digits that the metadata hold)
    back = sx.solve(embedded.with_elasticity(4), elasticities="fgo")
    np.testing.assert_array_equal(back.world.elasticity[:-1], embedded.elasticity[:-1])
    assert back.world.elasticity[-1] == pytest.approx(embedded.elasticity[-1], rel=1e-5)
    assert back.conditions.elasticities == "fgo"
    # where it is not known members weigh alike, and the name says so
    unknown = embedded.with_elasticity(4).replace(meta={**embedded.meta, "elasticities": {"set": "other"}})
    back = sx.solve(unknown, elasticities="fgo")
    assert back.conditions.elasticities == "fgo (plain mean of its members: SVC)"
    # of the CSV that ships, read here: C29 5.98 and so on, by eye in the file
    with (FOLDER / "fgo.csv").open(encoding="utf-8") as file:
        rows = {r["sector"]: float(r["theta"]) for r in csv.DictReader(x for x in file if not x.startswith("#"))}
    own = sx.World.from_arrays(["A", "B"], ["C29", "A01"], np.ones((2, 2, 2)), elasticity=4)
    assert sx.solve(own, elasticities="fgo").world.elasticity.tolist() == [rows["C29"], rows["A01"]]
    services = [rows[m] for m in embedded.meta["sectors"][-1]["members"] if m in rows]
    assert back.world.elasticity[-1] == pytest.approx(np.mean(services), rel=1e-12)
    with pytest.raises(sx.InputError, match="by sectors of the OECD's tables, which S00 is not"):
        sx.solve(small_world(1), elasticities="fgo")
    with pytest.raises(sx.InputError, match="which S05 is not"):  # nor is it coal mining
        sx.solve(sx.World.from_arrays(["A", "B"], ["S05"], np.ones((2, 2)), elasticity=4), elasticities="fgo")
    with pytest.raises(sx.InputError, match="did you mean fgo"):
        sx.solve(embedded, elasticities="fgoo")


@pytest.mark.parametrize(
    "given", ["fgoo", "uniform-", "uniform-x", "-3", "nan", "missing.csv", ".", "x" * 5000, [1, 2], {"A01": "x"}, object()]
)  # fmt: skip
def test_bad_elasticities(embedded, given):
    with pytest.raises(sx.InputError):
        sx.solve(embedded, elasticities=given)


def test_a_mapping_that_names_a_sector_twice_is_refused(embedded):
    with pytest.raises(sx.InputError, match="name sector C29 twice"):
        sx.solve(embedded, elasticities={"C29": 4, "c29": 5})
