import pytest
from tools.build_data import __main__ as build
from tools.build_data import elasticities
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


def test_the_shipped_elasticities_are_what_the_builder_makes(tmp_path, monkeypatch):
    sources = default_sources()
    if not (sources / "elasticities").is_dir():
        pytest.skip("the sources of the elasticities are not here")
    shipped = elasticities.OUT.read_bytes()
    monkeypatch.setattr(elasticities, "OUT", tmp_path / "fgo.csv")
    assert build.main(["elasticities", "--sources", str(sources)]) == 0
    assert (tmp_path / "fgo.csv").read_bytes() == shipped
