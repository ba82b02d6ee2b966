"""The frame of a self-contained HTML page: its head, its style, a policy under which nothing runs or is fetched."""

from __future__ import annotations

from pathlib import Path

from surtax.errors import InputError
from surtax.report.markup import Safe, tag


def page(title: str, body: Safe) -> str:
    """Return a whole document."""
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Whatever a text from outside might hold: nothing runs and nothing is fetched.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="generator" content="Surtax">\n'
        f"{tag('title', title)}\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def write_page(text: str, path: str | Path) -> None:
    """Write a document.

    Raises
    ------
    InputError
        the file cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise InputError(f"cannot write the report to {path}: {problem.strerror}.") from None
