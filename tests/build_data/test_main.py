import pytest
from tools.build_data import __main__ as build
from tools.build_data import elasticities, elasticities_protee
from tools.build_data.common import default_sources


def test_list_and_mistakes(capsys, tmp_path):
    assert build.main(["list"]) == 0
    assert "elasticities" in capsys.readouterr().out
    assert build.main([]) == 2
    assert build.main(["nothing"]) == 2
    assert "known: all" in capsys.readouterr().err
    assert build.main(["world", "--sources"]) == 2
    assert build.main(["world", "--sources", str(tmp_path / "no")]) == 2
    assert "SURTAX_SOURCES" in capsys.readouterr().err
    assert build.main(["all", "--sources", str(tmp_path), "--x"]) == 2


def test_the_shipped_elasticities_are_what_the_builders_make(tmp_path, monkeypatch):
    sources = default_sources()
    if not (sources / "elasticities").is_dir():
        pytest.skip("the sources of the elasticities are not here")
    shipped = {p.name: p.read_bytes() for p in elasticities.FOLDER.iterdir()}
    monkeypatch.setattr(elasticities, "FOLDER", tmp_path)
    monkeypatch.setattr(elasticities_protee, "FOLDER", tmp_path)
    assert build.main(["elasticities", "protee", "--sources", str(sources)]) == 0
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == shipped


def test_products_are_averaged_by_trade():
    """Two products, 3 to 1: σ 5 of its own, and 9 for a code that two older ones share (8 and 10, one of them imputed)."""
    rows = elasticities_protee.by_sector(
        {"a": 5.0, "b": 8.0, "c": 10.0}, {"c"}, {"B": ["b", "c"], "Z": ["z"]},
        {("a", "C29"): 3.0, ("B", "C29"): 1.0, ("Z", "C29"): 4.0, ("Z", "C30"): 1.0},
    )  # fmt: skip
    (row,) = rows
    assert row.theta == pytest.approx((3 * 4 + 1 * 8) / 4)
    assert "2 products, 50 % of the sector's US imports; 44 % estimated" in row.source  # 3.5 of 8


def test_estimates_mapped_together_are_averaged_as_independent():
    table = {"x": (4.0, 0.3), "y": (6.0, 0.4)}
    (row,) = elasticities.mapped(table, {"C17_18": (("x", "y"), "aggregated")}, {"x": "p", "y": "p"})
    assert (row.theta, row.standard_error) == (5.0, pytest.approx(0.25))  # half of the root of 0.09 + 0.16
