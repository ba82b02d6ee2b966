"""`surtax depend` and `surtax border`: doing without a partner's goods, and a world without a border."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from surtax.cli.shared import echo_json
from surtax.errors import InputError

if TYPE_CHECKING:
    from surtax.experiments.border import Border
    from surtax.experiments.dependence import Dependence, Together


def _money(world: Any, x: float) -> str:
    from surtax.report.numbers import amount

    return ("−" if x < 0 else "") + amount(abs(x), world.unit, 3)


@click.command()
@click.option("--importer", default="USA", show_default=True, help="Who does without.")
@click.option("--origin", default="CAN", show_default=True, help="Whose goods.")
@click.option("--product", "products", multiple=True, default=("energy",), show_default=True, metavar="NAME",
              help="energy, cars, lumber, everything, …; an HS code (HS2709); a sector (C29). Several: the sum "
              "against the parts.")  # fmt: skip
@click.option("--both", is_flag=True, help="The other direction as well.")
@click.option("--horizon", default="both", show_default=True, metavar="short|long|both",
              help="short: factors stay where they are, buyers change suppliers as in the first year.")  # fmt: skip
@click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from.")
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE", help="As for `surtax run`.")
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="As for `surtax run`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def depend(
    importer: str, origin: str, products: tuple[str, ...], both: bool, horizon: str, world: str | None, deficits: str,
    elasticities: str | None, as_json: bool,
) -> None:  # fmt: skip
    """How much IMPORTER depends on ORIGIN for a product, and what doing without it would cost (an exact embargo)."""
    import surtax as sx
    from surtax.elasticities import apply
    from surtax.experiments.dependence import HORIZONS, as_plain, dependence, horizons, together

    asked = horizons(horizon)
    accounts = sx.load_world() if world is None else sx.load_world(world)
    if elasticities is not None:
        accounts = apply(accounts, elasticities)
    options: dict[str, Any] = {"deficits": deficits}
    pairs = [(importer, origin), (origin, importer)] if both else [(importer, origin)]
    found = [dependence(accounts, i, o, p, horizon, **options) for i, o in pairs for p in products]
    joint = []
    for i, o in pairs if len(products) > 1 else []:
        joint += [together(accounts, i, o, list(products), model=HORIZONS[h], **options) for h in asked]
    if as_json:
        plain: dict[str, Any] = {"schema": "surtax-depend/1", "products": [as_plain(d) for d in found]}
        if joint:
            from dataclasses import asdict

            plain["together"] = [asdict(t) for t in joint]
        echo_json(plain)
        return
    from surtax.report.console import Console

    console = Console()
    for d in found:
        _dependence(console, accounts, d)
    for t in joint:
        _together(console, t)
    for each, c in found[0].conditions.items():
        worst = max(d.conditions[each]["residual"] for d in found)
        console.print(
            f"{each} run: {c['model']}, deficits {c['closure']}, elasticities {c['elasticities']}; {c['world']}; "
            f"residual {worst:.0e}"
        )


def _dependence(console: Any, world: Any, d: Dependence) -> None:
    console.print(f"[bold]{d.importer} without {d.origin}'s {d.product.words}[/bold]")
    if d.customs is not None:
        c = d.customs
        others = ", ".join(f"{k} {v / 1e9:,.1f}" for k, v in c.others)
        console.print(
            f"customs 2024: USD {c.value / 1e9:,.1f} bn of {c.total / 1e9:,.1f} ({c.share:.1f} %); next: {others}; "
            f"concentration {c.concentration:,.0f} of 10,000"
        )
        if c.known_by_chapter:
            console.print(
                f"  some of USD {c.known_by_chapter / 1e9:,.2f} bn from origins known by chapter only may be this too"
            )
    console.print(f"accounts: {d.of_imports:.1f} % of imports and {d.of_use:.1f} % of use in these sectors ({d.basis})")
    for horizon, x in d.losses.items():
        console.print(
            f"without it ({horizon} run): {d.importer} {x.importer:+.4f} % ({_money(world, x.importer_value)}), "
            f"{d.origin} {x.origin:+.4f} % ({_money(world, x.origin_value)}); prices of these sectors in {d.importer} "
            f"{x.importer_price:+.2f} %"
        )
    console.print()


def _together(console: Any, t: Together) -> None:
    i, o = t.importer, t.origin
    parts = ", ".join(f"{k} {v.importer:+.4f}" for k, v in t.alone.items())
    console.print(
        f"[bold]{i} without all of them at once[/bold] ({t.model}): {i} {t.together.importer:+.4f} %, {o} "
        f"{t.together.origin:+.4f} %; one by one they add up to {t.sum_importer:+.4f} and {t.sum_origin:+.4f} ({i}: "
        f"{parts})"
    )


@click.command()
@click.option("--between", default="CAN,USA", show_default=True, metavar="A,B", help="The two countries.")
@click.option("--benchmark", default="provinces", show_default=True, metavar="provinces|head-ries|gravity",
              help="What the border is measured against: trade within Canada; the two countries' trade at home; trade "
                   "at home of all countries, by PPML (some seconds; needs the extra `estimate`).")  # fmt: skip
@click.option(
    "--remove", default=100.0, show_default=True, type=float, metavar="PER CENT", help="Part of the wedge that goes."
)
@click.option(
    "--union", is_flag=True, help="Also end tariffs between the two and give the second's tariffs to the first."
)
@click.option("--given", default=None, metavar="SCENARIO", help="Measures in force.")
@click.option("--world", default=None, metavar="NAME|FILE", help="Accounts to start from.")
@click.option("--deficits", default="fixed", show_default=True, metavar="CLOSURE", help="As for `surtax run`.")
@click.option("--elasticities", default=None, metavar="NAME|NUMBER|FILE", help="As for `surtax run`.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def border(
    between: str, benchmark: str, remove: float, union: bool, given: str | None, world: str | None, deficits: str,
    elasticities: str | None, as_json: bool,
) -> None:  # fmt: skip
    """What a border costs: its wedge by sector, and the world without it, with multilateral resistance."""
    import surtax as sx
    from surtax.elasticities import apply
    from surtax.experiments.border import as_plain, remove_border

    pair = [x.strip() for x in between.split(",")]
    if len(pair) != 2 or not all(pair):
        raise InputError(f"--between {between!r}: two countries, such as CAN,USA.")
    if not 0 <= remove <= 100:
        raise InputError(f"--remove {remove:g}: the part of the border that goes, between 0 and 100 per cent.")
    accounts = sx.load_world() if world is None else sx.load_world(world)
    if elasticities is not None:
        accounts = apply(accounts, elasticities)
    scenario = sx.load_scenario(given) if given else None
    found = remove_border(
        accounts, *pair, benchmark=benchmark, remove=remove / 100, union=union, given=scenario, deficits=deficits
    )
    if as_json:
        echo_json(as_plain(found))
        return
    _border(found)


def _border(found: Border) -> None:
    from rich.table import Table

    from surtax.experiments.border import COMPARATORS
    from surtax.report.console import Console

    console = Console()
    console.print(
        f"[bold]The border between {found.one} and {found.other}[/bold], against {found.wedge.benchmark}: at given "
        f"incomes and prices {found.wedge.factor:.2f} times as much would be traded without it"
    )
    console.print(_wedges(found))
    if found.wedge.average is not None:
        console.print("gravity has no distances: like head-ries it counts distance and taste as part of the border")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"{100 * found.removed:g} % of it removed")
    table.add_column("trade between them, %", justify="right")
    table.add_column("real income, %")
    for s in found.steps:
        table.add_row(s.name, f"{s.trade:+.1f}", ", ".join(f"{c} {x:+.2f}" for c, x in s.welfare.items()))
    console.print(table)
    console.print(f"the border reduces trade between them by {found.reduces_trade:.1f} %")
    for source, value, what in COMPARATORS:
        console.print(f"beside it: {source}: {value:g} {what}")
    _parts(console, found)
    c = found.conditions
    console.print(
        f"{c['model']}, deficits {c['closure']}, elasticities {c['elasticities']}; {c['world']}; residual "
        f"{c['residual']:.0e}"
    )


def _wedges(found: Border) -> Any:
    """Tariff equivalents by sector and benchmark, the chosen benchmark's largest first."""
    from rich.table import Table

    def cell(x: float) -> str:
        return f"{x:.0f}" if x == x else "–"

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("tariff equivalent of the wedge, %")
    columns = [w.equivalents for w in found.beside.values()]
    for name in found.beside:
        table.add_column(name, justify="right")
    if found.wedge.average is not None:
        table.add_column("gravity, mean other pair", justify="right")
        columns.append(100 * (found.wedge.average - 1))
    own = found.wedge.equivalents
    for s in sorted(range(len(own)), key=lambda s: -own[s] if own[s] == own[s] else 1.0):
        table.add_row(found.sectors[s], *(cell(float(x[s])) for x in columns))
    return table


def _parts(console: Any, found: Border) -> None:
    """What is solved, and what is not: figures of the accounts beside the parts that are not modelled."""
    console.print("trade: solved, above; nothing below is part of those numbers")
    if len(found.not_modelled) > 1:
        for a in found.accounts:
            if a.persons == a.persons and a.income_per_person == a.income_per_person:
                console.print(
                    f"accounts of {a.country}: {a.persons / 1e6:,.1f} million persons, value added of "
                    f"{a.income_per_person:,.0f} a person at the accounts' exchange rate"
                )
    for text in found.not_modelled:
        console.print(f"not modelled: {text}")
