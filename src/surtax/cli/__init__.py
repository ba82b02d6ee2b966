"""Commands, arguments, progress and exit codes.

0 fine, 1 a row of the scoreboard failed, 2 wrong input, 3 no convergence.

Commands are loaded when they are called, so that each costs only the libraries that it needs.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from surtax import __version__
from surtax.errors import SurtaxError, nearest

COMMANDS = {
    "run": (
        "surtax.cli.run",
        "Solve a scenario: who gains, who loses, and under which conditions.",
    ),
    "path": ("surtax.cli.path", "A scenario year by year: workers who change sectors, capital that is saved."),
    "worlds": ("surtax.cli.library", "List the accounts that ship with the package."),
    "scenarios": ("surtax.cli.library", "List the scenarios that ship with the package."),
    "show": ("surtax.cli.library", "Describe a world or a scenario."),
    "duty": ("surtax.cli.law", "The duty on a product from an origin on a day, with reasons."),
    "measures": ("surtax.cli.law", "List the measures of the law, or check a folder of them."),
    "law": ("surtax.cli.law", "What changed in the law between two days."),
    "rates": ("surtax.cli.rates", "Effective rates: what the law asks, and what claims of preference leave of it."),
    "revenue": ("surtax.cli.revenue", "What the duties collect by measure, before and after trade responds."),
    "pe": ("surtax.cli.pe", "Partial equilibrium of product markets from a CSV file."),
    "frontier": ("surtax.cli.games", "A country's welfare as its tariff rises, with and without reply."),
    "best-reply": ("surtax.cli.games", "The tariffs that serve a country best, given what others do."),
    "nash": ("surtax.cli.games", "Nash equilibria in tariffs, with what each player could still gain."),
    "cooperate": ("surtax.cli.games", "What two countries could agree on, and the cuts that both would sign."),
    "escalate": ("surtax.cli.escalate", "A tree of moves: every leaf solved, and where best moves lead."),
    "provinces": (
        "surtax.cli.regions",
        "A scenario by Canadian province: real income, wages, trade, the sectors behind it.",
    ),
    "states": ("surtax.cli.regions", "Incidence of a scenario by US state, by their trade with Canada."),
    "depend": ("surtax.cli.experiments", "How much one country depends on another's goods, and the loss without them."),
    "border": ("surtax.cli.experiments", "What a border costs, and the world without it."),
    "claims": ("surtax.cli.claims", "List what is said about the dispute and can be checked."),
    "check": ("surtax.cli.claims", "Compute a claim: readings, values, sources, verdict."),
    "elasticities": ("surtax.cli.elasticities", "The published sets of trade elasticities, and what stands in them."),
    "estimate": ("surtax.cli.estimate", "Trade elasticities from your own table of trade and tariffs."),
    "validate": ("surtax.cli.validate", "The scoreboard: what others published, and what Surtax computes."),
    "build-world": ("surtax.cli.build", "Make a world file from an OECD ICIO table as published."),
}


class _ReaderLeft(Exception):
    """Standard output was closed from the other side; under a name that click does not turn into exit code 1."""


@contextlib.contextmanager
def _pipes_told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise _ReaderLeft from None


class _Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _pipes_told():  # --help prints here
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _pipes_told():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"no command {args[0]!r}{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="surtax")
def cli() -> None:
    """Surtax, a laboratory for trade wars.

    Try: surtax run us-canada-2025
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; leaves the process with the exit code."""
    # A pipe or a file may be set to an encoding without Greek letters or minus signs: replace, never fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    code: Any
    try:
        try:
            code = cli.main(args=arguments, standalone_mode=False)
        except SystemExit as leave:  # commands that say their own exit code
            code = leave.code
        sys.stdout.flush()
    except SurtaxError as problem:
        click.echo(f"surtax: {problem}", err=True)
        code = problem.exit_code
    except click.ClickException as problem:
        problem.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("surtax: interrupted", err=True)
        code = 130
    except (BrokenPipeError, _ReaderLeft):
        # The reader went away (`surtax … | head`): nothing to say, and nowhere to say it.
        _discard_output()
        code = 0
    except OSError as problem:
        # A full disk behind `surtax … > file`, or a file that no command looks after.
        _discard_output()
        what = f"use {problem.filename}" if problem.filename else "write the result"
        click.echo(f"surtax: cannot {what}: {problem.strerror or problem}.", err=True)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)


def _discard_output() -> None:
    """Let what is still buffered go nowhere, so that closing the stream at exit does not fail once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
