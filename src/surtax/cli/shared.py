"""What commands share: scenarios by name, targets that can be written, progress, JSON, the command that was given."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from surtax.errors import InputError, is_folder

if TYPE_CHECKING:
    from surtax.policy.scenario import Scenario


def echo_json(plain: Any) -> None:
    """Print plain values as JSON; a number that is none is a defect of whoever made them."""
    import json

    click.echo(json.dumps(plain, ensure_ascii=False, allow_nan=False))


def command_line() -> str:
    """The command as it was given, for whoever wants the result again."""
    import shlex

    return shlex.join(["surtax", *sys.argv[1:]])


def scenario_named(name: str) -> Scenario:
    """A scenario by name or file; `none` changes nothing."""
    from surtax.policy.library import load_scenario
    from surtax.policy.scenario import Scenario

    return Scenario(name="none", title="Nothing changes") if name == "none" else load_scenario(name)


def with_changes(chosen: Scenario, changes: tuple[str, ...], allow_rates_above: float) -> Scenario:
    """The scenario with the changes of `--set`, per cent; rates above the limit are refused."""
    from dataclasses import replace

    from surtax.policy.library import with_one_off

    if not changes:
        return chosen
    base = "" if chosen.name == "none" else f"{chosen.title or chosen.name}, with "
    name = chosen.name
    for text in changes:
        chosen = with_one_off(chosen, text, allow_rates_above)
    return replace(chosen, name=f"{name} + set", title=f"{base}{'; '.join(changes)}")


def writable(folders: tuple[Path | None, ...], report: Path | None) -> None:
    """Refuse targets that cannot be written before any work is done."""
    import os

    for folder in folders:
        if folder is None:
            continue
        # The folder itself may be new; what has to be there is one above it that can be written to.
        there = next(p for p in (folder, *folder.absolute().parents) if os.path.lexists(p))
        if not is_folder(there):
            raise InputError(f"{there} is a file; give a folder.")
        if not os.access(there, os.W_OK):
            raise InputError(f"the folder {there} cannot be written to.")
    if report is not None:
        if is_folder(report):
            raise InputError(f"{report} is a folder; give a file name.")
        parent = report.absolute().parent
        if not is_folder(parent):
            raise InputError(f"the folder {report.parent} does not exist; create it first.")
        # What is there may be writable where its folder is not, such as /dev/null.
        if not os.access(report if os.path.lexists(report) else parent, os.W_OK):
            raise InputError(f"{report} cannot be written to.")


@contextlib.contextmanager
def progress(first: str, after: float = 1.0) -> Iterator[Any]:
    """Say on stderr what is going on, if it takes longer than `after` seconds and somebody is watching."""
    import threading

    text = [first]
    if not sys.stderr.isatty():
        yield lambda _message: None
        return
    done = threading.Event()

    def show() -> None:
        wait, last = after, ""
        while not done.wait(wait):
            wait = 0.1
            if text[0] != last:
                last = text[0]
                sys.stderr.write(f"\r\033[Ksurtax: {last} …")
                sys.stderr.flush()
        if last:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()

    def say(message: str) -> None:
        text[0] = message

    try:
        yield say
    finally:
        done.set()
        thread.join()
