"""What can go wrong, in words for the person who sees it.

Every error that a user can cause is a `SurtaxError`: its message says what is wrong, where, and what to do.
The command line prints the message alone and leaves with `exit_code`; anything else is a defect of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path


class SurtaxError(Exception):
    """Base of every error meant for a user."""

    exit_code = 2


class InputError(SurtaxError, ValueError):
    """Something given to Surtax is wrong: a shape, a label, a rate, a file."""


class AccountsError(InputError):
    """A table of accounts breaks a named identity; the message names the cells and the remedy."""


class NoConvergence(SurtaxError, ArithmeticError):
    """The solver stopped before the equations held to the asked tolerance. There is no result."""

    exit_code = 3


class NoEquilibrium(NoConvergence):
    """The counterfactual has no equilibrium with positive wages and incomes under the closure asked for."""


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; False too for what cannot be a path, such as a very long name."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether the path is a folder.

    Raises
    ------
    InputError
        it cannot be told, such as inside a folder that may not be read.
    """
    return _looked_at(path, path.is_dir)


def is_file(path: Path) -> bool:
    """Whether the path is a file; errors as for `is_folder`."""
    return _looked_at(path, path.is_file)


def _looked_at(path: Path, question: Callable[[], bool]) -> bool:
    # Up to Python 3.13 pathlib passes on a refusal of access, later it answers False.
    try:
        return question()
    except OSError as problem:
        raise InputError(f"cannot look at {path}: {problem.strerror or problem}.") from None
    except ValueError:
        return False


def nearest(word: object, known: Iterable[str], count: int = 3) -> str:
    """Return `; did you mean …?` with the labels most like `word`, or an empty string."""
    import difflib

    word = str(word)
    known = list(known)
    upper = {k.upper(): k for k in known}
    close = difflib.get_close_matches(word.upper(), upper, n=count, cutoff=0.5)
    return f"; did you mean {', '.join(upper[c] for c in close)}?" if close else ""
