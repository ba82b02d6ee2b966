"""The terminal, with its troubles left to whoever can say something about them."""

from __future__ import annotations

from typing import NoReturn

import rich.console


class Console(rich.console.Console):
    """Rich's console; where the reader goes away (`surtax … | head`) the error goes on to the command line."""

    def on_broken_pipe(self) -> NoReturn:
        """Pass the error on; Rich would leave the process with code 1."""
        raise  # noqa: PLE0704 - Rich calls this while it handles the error
