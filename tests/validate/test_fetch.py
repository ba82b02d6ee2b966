"""Fetching inputs: from a server of the test's own, since there may be no other."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

import surtax as sx
from surtax.validate import STUDIES, inputs
from surtax.validate.inputs import Needed, fetch
from surtax.validate.studies import needs
from tests.helpers import replication_folder

CONTENT = b"1 2 3\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    source = tmp_path / "server"
    source.mkdir()
    (source / "a.txt").write_bytes(CONTENT)
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(source))) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_files_arrive_where_they_are_looked_for(server, tmp_path, monkeypatch):
    needed = [Needed("study/a.txt", SHA256, (f"{server}/a.txt",)), Needed("study/b.txt", SHA256)]
    folder, got, without = fetch(needed, tmp_path / "to")
    assert (folder, got, without) == (tmp_path / "to", ["study/a.txt"], ["study/b.txt"])
    assert (folder / "study/a.txt").read_bytes() == CONTENT
    inputs.check(needed, folder)
    assert inputs.missing(needed, folder) == needed[1:]
    # what is there and right is not asked for again
    again = [Needed("study/a.txt", SHA256, ("http://127.0.0.1:9/a.txt",))]
    assert fetch(again, tmp_path / "to")[1] == ["study/a.txt"]
    # and the folder that the variable names comes before the cache
    monkeypatch.setenv(inputs.VARIABLE, str(folder))
    assert inputs.input_folder() == folder


def test_a_second_copy_serves_where_the_first_is_gone(server, tmp_path):
    needed = [Needed("a.txt", SHA256, (f"{server}/gone.txt", f"{server}/a.txt"))]
    assert fetch(needed, tmp_path / "to")[1] == ["a.txt"]


def test_another_content_is_refused(server, tmp_path):
    needed = [Needed("a.txt", "0" * 64, (f"{server}/a.txt",))]
    with pytest.raises(sx.InputError, match="not the file that the published numbers rest on"):
        fetch(needed, tmp_path / "to")
    assert not (tmp_path / "to/a.txt").exists()


@pytest.mark.parametrize("path", ["none.txt", None])
def test_what_cannot_be_had_is_said(server, tmp_path, path):
    url = f"{server}/{path}" if path else "http://127.0.0.1:9/a.txt"
    with pytest.raises(sx.InputError, match="cannot fetch http://127"):
        fetch([Needed("a.txt", SHA256, (url,))], tmp_path / "to")


def test_without_pooch_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pooch", None)
    monkeypatch.delenv(inputs.VARIABLE, raising=False)
    with pytest.raises(sx.InputError, match=r"surtax\[validate\]"):
        fetch([], tmp_path)
    assert inputs.input_folder() is None


def test_the_pinned_files_are_those_of_the_tests():
    """Checksums in the code are those of the inputs that the numbers were met with."""
    folder = replication_folder()
    if folder is None:
        pytest.skip("inputs of published studies are not here and may not ship")
    every = needs(tuple(STUDIES))
    assert every
    inputs.check(every, folder)
    assert not inputs.missing(every, folder)
    assert all(u.startswith("https://raw.githubusercontent.com/") for n in every for u in n.urls)
