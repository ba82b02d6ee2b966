"""`surtax frontier`, `best-reply`, `nash`, `cooperate`: governments that choose tariffs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from surtax.cli.shared import command_line, echo_json, progress, scenario_named, writable
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.games.best_reply import Search
    from surtax.games.instrument import Choice
    from surtax.games.objective import Objective
    from surtax.games.situation import Player, Situation
    from surtax.report.games import Page

F = TypeVar("F", bound=Callable[..., Any])

#: Left with when a long run was interrupted and what it had found was printed.
INTERRUPTED = 130


def common(command: F) -> F:
    """Options of all games."""
    for option in reversed((
        click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from."),
        click.option("--given", default="none", show_default=True, metavar="SCENARIO",
                     help="What is in force: a scenario by name or file."),
        click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE",
                     help="fixed, balanced, gdp-share or multiplicative."),
        click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="Trade elasticities."),
        click.option("--objective", "objectives", multiple=True, metavar="[PLAYER=]TERMS",
                     help="income (default), revenue, wages, wages:SECTORS, jobs:SECTORS, or a sum such as "
                          "'income + 0.2 jobs:C24A,C29 - 0.1 income@CHN'; per player with USA=…"),
        click.option("--sectors", default=None, metavar="CODES", help="Sectors with a rate: all goods unless given."),
        click.option("--bounds", default=None, metavar="LO,HI",
                     help="Lowest and highest rate, per cent; -50,300 unless given (of a measure: 0,200)."),
        click.option("--no-subsidy", is_flag=True, help="No rate below zero."),
        click.option("--starts", default=None, type=click.IntRange(1, 100), help="Searches from different points."),
        click.option("--seed", default=1, show_default=True, type=int, help="Of random starts and deviations."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page."),
    )):  # fmt: skip
        command = option(command)
    return command


INSTRUMENT = click.option(
    "--instrument", default="uniform", show_default=True, metavar="KIND",
    help="uniform, by-partner, by-sector, by-sector-partner, measure or products.",
)  # fmt: skip
AGAINST = click.option("--against", default=None, metavar="CODES", help="Partners, by commas; everyone unless given.")
MFN = click.option("--mfn", is_flag=True, help="The same rate on every partner.")


class Table:
    """What the options of a game say, read once: the situation, and players as they are asked for."""

    def __init__(self, given: dict[str, Any], say: Callable[[str], None]) -> None:

        writable((), given["report"])
        self.given = given
        import surtax as sx
        from surtax.games.situation import Situation

        say("reading the accounts")
        world = sx.load_world() if given["world"] is None else sx.load_world(given["world"])
        self.situation: Situation = Situation.of(
            world, scenario_named(given["given"]), given["deficits"], given["elasticities"]
        )
        self.say = say

    def search(self, starts: int) -> Search:
        """How hard to look, with so many starts unless the user says otherwise."""
        from surtax.games.best_reply import Search

        return Search(starts=self.given["starts"] or starts, seed=self.given["seed"])

    def choice(self, kind: str, against: tuple[str, ...], **more: Any) -> Choice:
        """The instrument that the options describe."""
        from surtax.games.instrument import Choice

        sectors = _codes(self.given["sectors"])
        return Choice(
            kind, against, sectors, _bounds(self.given["bounds"]), subsidies=not self.given["no_subsidy"], **more
        )

    def objective(self, player: str) -> Objective:
        """The objective of a player: its own, or everyone's."""
        from surtax.games.objective import Objective

        text = "income"
        for given in self.given["objectives"]:
            name, sign, terms = given.partition("=")
            if not sign:
                text = given
            elif self.situation.world.country(name) == self.situation.world.country(player):
                return Objective.parse(terms)
        return Objective.parse(text)

    def player(self, name: str, choice: Choice) -> Player:
        """A player with an instrument."""
        from surtax.games.situation import player

        return player(self.situation, name, choice, self.objective(name))

    def out(self, page: Page, plain: dict[str, Any], *, finished: bool) -> None:
        """Print or write a result; an interrupted one leaves with code 130 after it."""
        from dataclasses import replace

        from surtax.report.games import print_page, write_page

        page = replace(page, conditions=plain["conditions"])
        if self.given["as_json"]:
            echo_json(plain)
        else:
            from surtax.report.console import Console

            print_page(page, Console())
        if self.given["report"]:
            write_page(page, self.given["report"], command_line())
            if not self.given["as_json"]:
                click.echo(f"wrote {self.given['report']}")
        if not finished:
            click.echo("surtax: interrupted; the result is what was found until then", err=True)
            sys.exit(INTERRUPTED)


def _codes(text: str | None) -> tuple[str, ...]:
    return tuple(c.strip() for c in (text or "").split(",") if c.strip())


def _bounds(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(x) for x in text.split(","))
    except ValueError:
        raise InputError(f"--bounds {text!r}: two numbers in per cent, such as 0,100.") from None
    return low / 100, high / 100


@click.command()
@click.option("--player", required=True, metavar="CODE", help="Whose tariff rises.")
@click.option("--against", required=True, metavar="CODES", help="On whom, by commas; they may reply.")
@click.option("--up-to", default=100.0, show_default=True, type=float, help="Highest rate of the walk, per cent.")
@click.option("--points", default=21, show_default=True, type=click.IntRange(2, 500), help="Rates on the way.")
@common
def frontier(player: str, against: str, up_to: float, points: int, **given: Any) -> None:
    """A player's welfare as its tariff rises, with and without reply, the optimum marked."""
    import numpy as np

    from surtax.games import plain
    from surtax.games.frontier import frontier as walk
    from surtax.report.games import frontier_page

    with progress("reading the accounts") as say:
        table = Table(given, say)
        partners = _codes(against)
        me = table.player(player, table.choice("uniform", partners))
        others = [table.player(p, table.choice("uniform", (me.name,))) for p in partners]
        low, high = max(float(me.instrument.lower[0]), 0.0), min(up_to / 100, float(me.instrument.upper[0]))
        if not low < high:
            raise InputError(f"--up-to {up_to:g}: the walk begins at {100 * low:g} per cent; give a higher rate.")
        found = walk(table.situation, me, others, np.linspace(low, high, points), table.search(3), say)
        page, plain_ = frontier_page(found), plain.frontier(table.situation, found)
    table.out(page, plain_, finished=found.finished)


@click.command()
@click.option("--player", required=True, metavar="CODE", help="Whose tariffs are chosen.")
@AGAINST
@INSTRUMENT
@MFN
@click.option("--measures", default=None, metavar="IDS", help="With --instrument measure: which; all unless given.")
@click.option("--products", default="", metavar="FILE.csv",
              help="With --instrument products: a list with a column `product`, and `group` for several.")  # fmt: skip
@click.option("--average-at-most", default=None, type=float, metavar="RATE",
              help="The mean rate, weighted by base trade, is to be no higher, per cent.")  # fmt: skip
@common
def best_reply(
    player: str,
    against: str | None,
    instrument: str,
    mfn: bool,
    measures: str | None,
    products: str,
    average_at_most: float | None,
    **given: Any,
) -> None:
    """The tariffs that serve a player best, given what others do: the best found, with the evidence."""
    from surtax.games import best_reply as replies
    from surtax.games import plain
    from surtax.report.games import reply_page

    with progress("reading the accounts") as say:
        table = Table(given, say)
        choice = table.choice(instrument, _codes(against), mfn=mfn, measures=_codes(measures), products=products)
        me = table.player(player, choice)
        limit = None if average_at_most is None else replies.average_at_most(me, average_at_most / 100)
        found = replies.best_reply(table.situation, me, table.search(3), limit, say)
        page, plain_ = reply_page(table.situation, found), plain.reply(table.situation, found)
    table.out(page, plain_, finished=found.finished)


@click.command()
@click.option("--players", default="USA,CAN", show_default=True, metavar="CODES|all", help="Who plays, by commas.")
@click.option("--against", default="each-other", show_default=True, metavar="each-other|everyone",
              help="On whom their rates fall.")  # fmt: skip
@INSTRUMENT
@MFN
@common
def nash(players: str, against: str, instrument: str, mfn: bool, **given: Any) -> None:
    """Nash equilibria of players' tariffs, with what each could still gain."""
    from surtax.games import plain
    from surtax.games.nash import nash as solve
    from surtax.report.games import nash_page

    with progress("reading the accounts") as say:
        table = Table(given, say)
        who = _players(table, players, against, instrument, mfn=mfn)
        # Many players: one start, since each costs as many searches as there are players.
        found = solve(table.situation, who, table.search(2 if len(who) <= 10 else 1), say)
        page, plain_ = nash_page(table.situation, found), plain.nash(table.situation, found)
    table.out(page, plain_, finished=found.finished)


def _players(table: Table, names: str, against: str, kind: str, *, mfn: bool = False) -> list[Player]:
    world = table.situation.world
    codes = list(world.countries) if names == "all" else [world.countries[world.country(c)] for c in _codes(names)]
    twice = {c for c in codes if codes.count(c) > 1}
    if twice:
        raise InputError(f"player {min(twice)} stands twice.")
    if against not in ("each-other", "everyone"):
        raise InputError(f"--against {against!r}: each-other or everyone.")
    if len(codes) < 2:
        raise InputError("name two players or more, such as --players USA,CAN.")
    found: list[Player] = []
    for code in codes:
        others = tuple(c for c in codes if c != code)
        whole = against == "everyone" or len(codes) == len(world.countries)
        found.append(table.player(code, table.choice(kind, () if whole else others, mfn=mfn)))
    return found


@click.command()
@click.option("--players", default="USA,CAN", show_default=True, metavar="CODE,CODE", help="The two.")
@INSTRUMENT
@click.option("--threat", default="in-force", show_default=True, metavar="in-force|nash",
              help="What happens without an agreement.")  # fmt: skip
@click.option("--power", default=0.5, show_default=True, type=float, help="Bargaining power of the first player.")
@click.option("--points", default=5, show_default=True, type=click.IntRange(0, 50), help="Efficient points.")
@common
def cooperate(players: str, instrument: str, threat: str, power: float, points: int, **given: Any) -> None:
    """What two players could agree on: Nash's bargain, the efficient frontier, the cuts that both would sign."""
    from surtax.games import plain
    from surtax.games.cooperate import cooperate as agree
    from surtax.games.nash import nash as solve
    from surtax.report.games import cooperation_page

    if threat not in ("in-force", "nash"):
        raise InputError(f"--threat {threat!r}: in-force or nash.")
    with progress("reading the accounts") as say:
        table = Table(given, say)
        who = _players(table, players, "each-other", instrument)
        without, name = None, "what is in force"
        if threat == "nash":
            known = solve(table.situation, who, table.search(1), say)
            if not known.finished:
                raise KeyboardInterrupt
            without = known.equilibria[0].values
            name = "the Nash equilibrium"
        found = agree(table.situation, who, without, name, power, points, table.search(1), say)
        page, plain_ = cooperation_page(found), plain.cooperation(table.situation, found)
    table.out(page, plain_, finished=found.finished)
