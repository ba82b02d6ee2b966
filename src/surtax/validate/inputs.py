"""The files behind published studies: where they are, whether they are the right ones, and where they can be had.

None of them ships: their licences are not stated. `fetch` gets them from their public copies at pinned commits.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError, is_file, is_folder

VARIABLE = "SURTAX_REPLICATION_DATA"


@dataclass(frozen=True)
class Needed:
    """A file that a study reads.

    Attributes
    ----------
    path : where it is inside the folder of inputs, such as `cp2015/B.txt`.
    sha256 : checksum of its content.
    urls : its public copies at pinned commits, tried in turn; empty where it has none in this form.
    only : ids of the rows that need it; empty where all of the study's do.
    """

    path: str
    sha256: str
    urls: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def github(repository: str, commit: str, path: str) -> str:
    """Address of a file's content at a commit of a public repository."""
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"


def input_folder(given: Path | None = None) -> Path | None:
    """The folder of inputs: the one given, `$SURTAX_REPLICATION_DATA`, or where `fetch` puts them; None if none exists.

    Raises
    ------
    InputError
        the folder given, or named by the variable, does not exist.
    """
    named = os.environ.get(VARIABLE)
    for what, place in (("--data", given), (f"${VARIABLE}", Path(named) if named else None)):
        if place is None:
            continue
        if not is_folder(place):
            raise InputError(f"{what}: there is no folder {place}.")
        return place
    try:
        kept = cache()
    except InputError:  # without pooch nothing was fetched
        return None
    return kept if is_folder(kept) else None


def cache() -> Path:
    """Where fetched inputs are kept on this machine.

    Raises
    ------
    InputError
        pooch is not installed.
    """
    return Path(_pooch().os_cache("surtax")) / "replication"


def missing(needs: Iterable[Needed], folder: Path | None) -> list[Needed]:
    """The needed files that are not there."""
    return [n for n in needs if folder is None or not is_file(folder / n.path)]


def check(needs: Iterable[Needed], folder: Path) -> None:
    """Refuse files that are there but are not the pinned ones.

    Raises
    ------
    InputError
        another content; the message names the file and both checksums.
    """
    for n in needs:
        path = folder / n.path
        if not is_file(path):
            continue
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as problem:
            raise InputError(f"cannot read {path}: {problem.strerror}.") from None
        if found != n.sha256:
            raise InputError(
                f"{path} is not the file that the published numbers rest on: its SHA-256 is {found[:12]}…, expected "
                f"{n.sha256[:12]}…. It may be damaged or of another version; remove it and get it again "
                f"(`surtax validate --fetch`)."
            )


def fetch(
    needs: Iterable[Needed], to: Path | None = None, say: Callable[[str], None] | None = None
) -> tuple[Path, list[str], list[str]]:
    """Get the needed files from their public copies; what is there and right is left alone.

    Parameters
    ----------
    to : the folder to put them in; the default is `cache()`.
    say : called with a line before each file.

    Returns
    -------
    tuple
        the folder, the files that are there now, and those that have no public copy in the form that is read here.

    Raises
    ------
    InputError
        pooch is not installed, a file cannot be had, or it is not the pinned one.
    """
    pooch = _pooch()
    folder = to or cache()
    got, without = [], []
    for n in needs:
        if not n.urls:
            if is_file(folder / n.path):
                check([n], folder)
                got.append(n.path)
            else:
                without.append(n.path)
            continue
        if say:
            say(f"fetching {n.path}")
        troubles = []
        for url in n.urls:
            trouble = _retrieve(pooch, url, n.sha256, folder / n.path)
            if not trouble:
                break
            troubles.append(trouble)
        else:
            raise InputError(" ".join(troubles))
        got.append(n.path)
    return folder, got, without


def _retrieve(pooch: Any, url: str, sha256: str, target: Path) -> str:
    """Get a file unless it is there; what went wrong, or nothing."""
    try:
        pooch.retrieve(url, known_hash=f"sha256:{sha256}", fname=target.name, path=target.parent)
    except ValueError:
        return (
            f"{url} is not the file that the published numbers rest on (expected SHA-256 {sha256}); nothing was kept. "
            f"Say so to the maintainers of Surtax: a pinned copy should not change."
        )
    except OSError as problem:  # what requests raises is an OSError too
        return f"cannot fetch {url}: {_why(problem)}."
    return ""


def _why(problem: OSError) -> str:
    """The answer of the server if there was one, else the kind of trouble."""
    status = getattr(getattr(problem, "response", None), "status_code", None)
    return f"HTTP {status}" if status else problem.strerror or type(problem).__name__


def _pooch() -> Any:
    try:
        import pooch
    except ImportError:
        raise InputError("fetching inputs needs pooch: pip install 'surtax[validate]'.") from None
    pooch.get_logger().setLevel("WARNING")
    return pooch


def read_text_table(path: Path, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Numbers of a text file as an array of the given shape.

    Raises
    ------
    InputError
        the file cannot be read, holds something else than numbers, or not as many as the shape asks for.
    """
    try:
        values = np.loadtxt(path)
    except (OSError, ValueError) as problem:
        raise InputError(f"{path} does not read as a table of numbers: {problem}.") from None
    if values.size != int(np.prod(shape)):
        raise InputError(f"{path} holds {values.size} numbers; {' × '.join(map(str, shape))} are needed.")
    return values.reshape(shape)
