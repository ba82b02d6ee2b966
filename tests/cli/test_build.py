"""`surtax build-world`: groupings, what it refuses, and that nothing is written before the accounts hold."""

from __future__ import annotations

import pytest

import surtax as sx
from surtax.cli import main
from surtax.errors import AccountsError
from tests.world.test_icio import Table


@pytest.fixture
def build(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Table().write(tmp_path / "2022_SML.csv")

    def run(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text)
        with pytest.raises(SystemExit) as leave:
            main(["build-world", "2022_SML.csv", "-o", "w.npz", *arguments])
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


def test_groups(build, tmp_path):
    code, out, err = build(
        "--countries", "c.csv", "--sectors", "s.csv",
        c="code,group\nMEX,NAM\nCAN,NAM\n", s="code,group\nA01,X\nG,X\nA02,A02\n",
    )  # fmt: skip
    assert (code, err) == (0, "")
    world = sx.load_world(tmp_path / "w.npz")
    assert set(world.countries) == {"NAM", "CHN", "ROW"}
    assert set(world.sectors) == {"X", "A02", "C24A", "T"}
    assert "mixes goods and services" in out
    assert "X (" in out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("code,group\nMEX\n", "c.csv, line 2: nothing stands under group"),
        ("code,group\nMEX,\n", "c.csv, line 2: nothing stands under group"),
        ("code,group\nMEX,NAM,x\n", "c.csv, line 2: 3 cells for 2 columns"),
        ("code,group\nMEX,NAM\nMEX,SUR\n", "c.csv, line 3: code 'MEX' stands twice"),
        ("code,group\nMEX,CAN\n", "group code 'CAN' is also a country outside the group"),
        ("code,group\nMEX,*\n", "'\\*'"),
        ("code,group\nMEC,NAM\n", "no country 'MEC'; did you mean MEX"),
        ("code,group\n", "has no rows"),
        ("code;group\nMEX;NAM\n", "first line should name the columns code and group"),
        ('code,group\nMEX,"' + 200_000 * "x" + '"\n', "does not read as CSV"),
    ],
)
def test_bad_groupings(build, tmp_path, text, message):
    import re

    code, out, err = build("--countries", "c.csv", c=text)
    assert (code, out) == (2, "")
    assert re.search(message, err), err
    assert not (tmp_path / "w.npz").exists()


def test_nothing_is_written_before_the_accounts_hold(build, tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AccountsError("balances: something is off")

    monkeypatch.setattr(sx.World, "from_arrays", refuse)
    code, out, err = build()
    assert (code, out) == (2, "")
    assert "2022_SML.csv: balances: something is off" in err
    assert not (tmp_path / "w.npz").exists()


def test_accounts_errors_of_a_world_file_name_the_file(tmp_path, monkeypatch):
    sx.World.from_arrays(["A", "B"], ["x"], [[6, 4], [4, 6]], elasticity=4).save(tmp_path / "w.npz")

    def refuse(*_args, **_kwargs):
        raise AccountsError("balances: something is off")

    monkeypatch.setattr(sx.World, "from_arrays", refuse)
    with pytest.raises(sx.AccountsError, match=r"w\.npz: balances: something is off"):
        sx.load_world(tmp_path / "w.npz")
