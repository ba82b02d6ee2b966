"""The option `--law`: files of edited law, for every command that uses the law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.errors import InputError, is_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from surtax.law.book import Law


def law_option(folders: bool = False) -> Callable[[Any], Any]:
    """Return the decorator that adds `--law` as the argument `law_files`."""
    also = "; or a folder of law of your own" if folders else ""
    return click.option(
        "--law",
        "law_files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE|DIR" if folders else "FILE",
        help=f"Edited law: a YAML file of edits{also} (docs/law-files.md). May be given several times.",
    )


def load_law(paths: tuple[Path, ...], *, folders: bool = False) -> Law:
    """Return the law with the edits of files, one after the other; with `folders`, a folder replaces the law.

    Raises
    ------
    InputError
        a file that cannot be read or does not fit, a folder where none is taken, or two.
    """
    import surtax.law

    places = [p for p in paths if is_folder(p)]
    if places and not folders:
        raise InputError(
            f"--law {places[0]} is a folder: trade and scenarios follow the law that ships. Give a file of edits "
            f"(docs/law-files.md); `surtax duty`, `measures` and `law diff` take folders."
        )
    if len(places) > 1:
        raise InputError(f"--law {places[0]} and --law {places[1]} are both folders: give one law to edit.")
    base = surtax.law.load(places[0]) if places else surtax.law.load()
    return surtax.law.edited(*(p for p in paths if p not in places), base=base)
