"""Games as pages: what a result says, in tables, for the terminal and for an HTML file alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from surtax.errors import InputError
from surtax.report.markup import Column, Safe, bullets, figure, join, paragraphs, section, table, tag
from surtax.report.numbers import column, fixed

if TYPE_CHECKING:
    from surtax.games.best_reply import Reply
    from surtax.games.cooperate import Cooperation
    from surtax.games.frontier import Frontier
    from surtax.games.nash import Nash
    from surtax.games.situation import Player, Situation

Numbers = Sequence[float] | NDArray[np.float64]

#: Rows of rates that a terminal shows; files hold all.
SHOWN = 40


@dataclass(frozen=True)
class Sheet:
    """One table: caption, headings, rows of text (the first column heads the row), and notes."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    numeric: bool = True


@dataclass(frozen=True)
class Page:
    """A result in words and tables.

    Attributes
    ----------
    title : what was asked; says : the answer; sheets : tables; conditions : what it holds under.
    chart : title, description and Vega-Lite layers with their data, or None.
    """

    title: str
    says: Sequence[str]
    sheets: Sequence[Sheet]
    conditions: dict[str, Any] = field(default_factory=dict)
    chart: tuple[str, str, dict[str, Any]] | None = None


def _per_cent(values: Numbers) -> list[str]:
    return column([float(v) for v in values], sign=True)


def _rate(x: float) -> str:
    return fixed(100 * float(x), 1)


def _welfare(situation: Situation, before: Numbers, after: Numbers, first: Sequence[str]) -> Sheet:
    world = situation.world
    named = [world.country(c) for c in dict.fromkeys(first)]
    change = np.asarray(after) - np.asarray(before)
    others = [int(n) for n in np.argsort(-np.abs(change)) if n not in named][: max(0, 10 - len(named))]
    order = [*named, *others]
    return Sheet(
        "Real income, per cent of the base",
        ("", "with what is in force", "then", "change"),
        list(
            zip(
                [world.country_names[n] for n in order],
                _per_cent([before[n] for n in order]),
                _per_cent([after[n] for n in order]),
                _per_cent([change[n] for n in order]),
                strict=True,
            )
        ),
        ("The players and the countries that it moves most; --json has all.",) if len(order) < len(after) else (),
    )


def _rates(players: Sequence[Player], rates: Sequence[Numbers]) -> Sheet:
    rows = [
        (p.name, label, _rate(p.instrument.in_force[k]), _rate(z[k]), fixed(100 * float(share[k]), 1))
        for p, z in zip(players, rates, strict=True)
        for share in [p.instrument.trade / p.instrument.trade.sum()]
        for k, label in enumerate(p.instrument.labels)
    ]
    unit = "per cent" if players[0].instrument.unit == "rate" else "per cent of the measure"
    notes = (
        ("Of rates on little trade the objective hardly depends: their digits mean little.",) if len(rows) > 1 else ()
    )
    return Sheet(f"Rates, {unit}", ("player", "on", "in force (mean)", "then", "share of its trade"), rows, notes)


def reply_page(situation: Situation, r: Reply) -> Page:
    """A best reply."""
    i, e = r.player.instrument, r.evidence
    mean = float(i.trade @ r.z / i.trade.sum())
    until = "" if r.finished else " until it was interrupted"
    ends = ", ".join(column(list(e.reached), sign=True, significant=6))
    moved = f"{'gains' if e.gain_found > 0 else 'loses'} {abs(e.gain_found):.0e}"
    left = "" if np.isnan(e.gain_left) else f"A Newton step from the best would gain {e.gain_left:.0e}. "
    if e.cut_short:
        left += f"{e.cut_short} of them ended by the limit of evaluations, not at a maximum. "
    tried = (
        f"the best of {e.deviations} random deviations {moved}"
        if np.isfinite(e.gain_found)
        else "no deviations were tried"
    )
    wanted = r.player.objective.objective
    before = _said(r.value_before)
    answer = f"Best found{until}: {_said(r.value)} for {r.player.name}, against {before} with what is in force"
    says = [f"{answer} ({wanted}, per cent of the base)."]
    if i.unit == "rate" and len(i.labels) > 1:
        says.append(f"Mean rate, weighted by base trade: {_rate(mean)} per cent.")
    if e.at_bounds:
        says.append(f"{e.at_bounds} of {len(i.labels)} rates are at a bound.")
    says.append(
        f"Searches from {len(e.starts)} starts ended at {ends}: a spread of {e.spread:.1e}. {left}{tried[0].upper()}"
        f"{tried[1:]}. Real income is not concave in tariffs: a better reply than the best found cannot be excluded."
    )
    if i.kind == "products":
        says.append(
            "A duty on a list is laid on sectors by the list's share of US imports of 2024: a mean over the lines, in "
            "which buyers do not move between listed and other products. That overstates what a partial list costs."
        )
    sheets = [_rates([r.player], [r.z]), _welfare(situation, r.welfare_before, r.welfare, [r.player.name])]
    return Page(f"Best reply of {r.player.name}, {i.kind}", says, sheets)


def _said(x: float) -> str:
    return fixed(x, 5 if abs(x) < 0.1 else 3, sign=True)


def nash_page(situation: Situation, n: Nash) -> Page:
    """Nash equilibria."""
    count = len(n.equilibria)
    until = "" if n.finished else " until it was interrupted"
    says = [f"{count} equilibri{'um' if count == 1 else 'a'} found{until}; others cannot be excluded."]
    says += [f"From {start}: none ({why})" for start, why in n.failed]
    sheets: list[Sheet] = []
    if n.stood is not None:
        says.append(f"From {n.stood[0]} the search had come to the rates below: no equilibrium, only how far it was.")
        sheets.append(_rates(n.players, n.stood[1]))
    for k, e in enumerate(n.equilibria):
        name = f"Equilibrium {k + 1}" if count > 1 else "The equilibrium"
        met = "did not both end" if e.apart is None else f"{'met' if e.met else 'did not meet'} ({e.apart:.0e} apart)"
        says.append(
            f"{name}, from {', '.join(e.found_from)}: best replies and first-order conditions {met}; the largest "
            f"unilateral gain that any search found is {e.certificate.largest:.0e} per cent."
        )
        rows = [
            (p.name, a, b, f"{g:.0e}", f"{left:.0e}", str(t))
            for p, a, b, g, left, t in zip(
                n.players, _per_cent(n.values_before), _per_cent(e.values), e.certificate.gain, e.certificate.gain_left,
                e.certificate.tried, strict=True,
            )
        ]  # fmt: skip
        heads = ("player", "in force", "equilibrium", "largest gain found", "Newton's gain left", "deviations tried")
        sheets += [
            Sheet(f"{name}: objectives, per cent, and what each could still gain", heads, rows),
            _rates(n.players, e.rates),
            _welfare(situation, n.welfare_before, e.welfare, [p.name for p in n.players][:8]),
        ]
    return Page(f"Nash equilibrium of {_list([p.name for p in n.players])}", says, sheets)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} others"


def frontier_page(f: Frontier) -> Page:
    """Payoffs along a rate."""
    me, others = f.player.name, [p.name for p in f.others]
    best = f.optimum
    wanted, in_force = f.player.objective.objective, _said(best.value_before)
    answer = f"Without reply {me} does best at {_rate(best.z[0])} per cent: {_said(best.value)}"
    says = [f"{answer} ({wanted}, per cent of the base; {in_force} with what is in force)."]
    if f.leader is not None:
        rates = ", ".join(f"{n} {_rate(x)}" for n, x in zip(others, f.leader.others, strict=True))
        says.append(
            f"With the best reply of {_list(others)}, {me} does best at {_rate(f.leader.rate)} per cent: "
            f"{_said(f.leader.values[0])} (replies, per cent: {rates})."
        )
    if not f.finished:
        says.append("Interrupted: what was found until then.")
    heads = ["rate, per cent", *(f"{n}, no reply" for n in (me, *others)), *(f"{n} replies" for n in others)]
    heads += [f"{n}, with reply" for n in (me, *others)]
    columns = [[_rate(p.rate) for p in f.alone]]
    columns += [_per_cent([p.values[k] for p in f.alone]) for k in range(1 + len(others))]
    columns += [[_rate(p.others[k]) for p in f.answered] for k in range(len(others))]
    columns += [_per_cent([p.values[k] for p in f.answered]) for k in range(1 + len(others))]
    rows = list(zip(*columns, strict=False))
    data = [
        {"rate": 100 * p.rate, "value": p.values[0], "line": line}
        for line, points in (("no reply", f.alone), ("with reply", f.answered))
        for p in points
    ]
    marks = [{"rate": 100 * float(best.z[0]), "value": best.value, "line": "no reply"}]
    if f.leader is not None:
        marks.append({"rate": 100 * f.leader.rate, "value": f.leader.values[0], "line": "with reply"})
    chart = lines_chart(data, marks, f"tariff of {me}, per cent", f"{me}: {f.player.objective.objective}, per cent")
    title = f"{me} as its tariff rises"
    return Page(
        f"Frontier of {me} against {_list(others)}", says, [Sheet("Payoffs, per cent of the base", heads, rows)], {},
        (title, f"Payoff of {me} by its tariff, without and with reply; points mark the optima.", chart),
    )  # fmt: skip


def lines_chart(data: list[dict[str, Any]], marks: list[dict[str, Any]], x: str, y: str) -> dict[str, Any]:
    """Lines by name with marked points."""
    colour = {
        "field": "line", "type": "nominal", "title": None, "legend": {"orient": "top"},
        "scale": {"range": ["#0072B2", "#D55E00"]},
    }  # fmt: skip
    where = {
        "x": {"field": "rate", "type": "quantitative", "title": x},
        "y": {"field": "value", "type": "quantitative", "title": y, "scale": {"zero": False}},
        "color": colour,
    }
    dash = {"field": "line", "type": "nominal", "legend": None}
    return {
        "width": 640,
        "height": 320,
        "layer": [
            {"data": {"values": data}, "mark": {"type": "line", "strokeWidth": 2},
             "encoding": {**where, "strokeDash": dash}},
            {"data": {"values": marks}, "mark": {"type": "point", "filled": True, "size": 90}, "encoding": where},
        ],
    }  # fmt: skip


def cooperation_page(c: Cooperation) -> Page:
    """What an agreement could reach."""
    a, b = (p.name for p in c.players)
    says = [f"Without an agreement ({c.threat_is}): {a} {_said(c.threat[0])}, {b} {_said(c.threat[1])} per cent."]
    sheets: list[Sheet] = []
    if c.bargain is None:
        says.append("No rates within the bounds were found that serve both.")
    else:
        says.append(
            f"Nash's bargain: {a} {_said(c.bargain.values[0])}, {b} {_said(c.bargain.values[1])} per cent; gains "
            f"{_said(c.bargain.gains[0])} and {_said(c.bargain.gains[1])}."
        )
        sheets.append(_rates(c.players, c.bargain.rates))
    if c.cuts:
        best = c.cuts[0]
        says.append(
            f"Of {c.tried} cuts to zero, alone or one for one, {len(c.cuts)} serve both; best for whom it serves "
            f"least: {' and '.join(f'{p} {label} from {_rate(t)}' for p, label, t in best.rates[:4])}"
            f"{f' and {len(best.rates) - 4} others' if len(best.rates) > 4 else ''}."
        )
        rows = [
            (
                "; ".join(f"{p} {label} from {_rate(t)}" for p, label, t in cut.rates[:3])
                + (f"; {len(cut.rates) - 3} others" if len(cut.rates) > 3 else ""),
                *column(list(cut.gains), sign=True),
            )
            for cut in c.cuts[:15]
        ]
        sheets.append(Sheet("Cuts to zero that both would sign, gains in per cent", ("cut", a, b), rows))
    elif c.tried:
        says.append(f"None of {c.tried} cuts to zero, alone or one for one, would serve both.")
    if not c.finished:
        says.append("Interrupted: what was found until then.")
    if c.frontier:
        rows = [
            (x.what, *_per_cent(x.values), *_per_cent(x.gains), *(_rate(_mean(p, z)) for p, z in
             zip(c.players, x.rates, strict=True)))
            for x in c.frontier
        ]  # fmt: skip
        heads = (f"of {a}", f"{a}", f"{b}", f"{a} gains", f"{b} gains", f"mean rate of {a}", f"of {b}")
        sheets.append(Sheet("Efficient points: weighted sums of money-metric payoffs maximised", heads, rows))
    return Page(f"What {a} and {b} could agree on", says, sheets)


def _mean(p: Player, z: Numbers) -> float:
    return float(p.instrument.trade @ np.asarray(z) / p.instrument.trade.sum())


# -- where pages go ------------------------------------------------------------------------------------------------


def print_page(page: Page, console: Any) -> None:
    """Print a page on a terminal."""
    from rich.markup import escape
    from rich.table import Table

    console.print(f"[bold]{escape(page.title)}[/bold]")
    for text in page.says:
        console.print(escape(text))
    for sheet in page.sheets:
        console.print()
        console.print(f"[bold]{escape(sheet.caption)}[/bold]")
        grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for k, head in enumerate(sheet.heads):
            grid.add_column(escape(head), justify="right" if k and sheet.numeric else "left")
        for row in sheet.rows[:SHOWN]:
            grid.add_row(*(escape(x) for x in row))
        console.print(grid)
        if len(sheet.rows) > SHOWN:
            console.print(f"… and {len(sheet.rows) - SHOWN} more rows (--json and --report have them)")
        for note in sheet.notes:
            console.print(f"[dim]{escape(note)}[/dim]")
    console.print()
    console.print(f"[dim]{escape(_under(page.conditions))}[/dim]")


def _under(conditions: dict[str, Any]) -> str:
    residual = conditions.get("residual")
    size = "not known" if residual is None else f"{residual:.1e}"
    return (
        f"Given: {conditions['given']}; deficits {conditions['closure']}; elasticities {conditions['elasticities']}; "
        f"{conditions['world']}, {conditions['base']}; residual {size}; {conditions['equilibria_solved']} equilibria "
        f"and {conditions['gradients']} gradients."
    )


def write_page(page: Page, path: Path, command: str) -> None:
    """Write a page as an HTML file that works offline.

    Raises
    ------
    InputError
        the file cannot be written.
    """
    parts: list[Safe] = [paragraphs(*page.says)]
    if page.chart:
        title, description, spec = page.chart
        parts.append(figure(title, description, draw(spec, title, description), ""))
    for sheet in page.sheets:
        columns = [
            Column(head, [row[k] for row in sheet.rows], numeric=bool(k) and sheet.numeric)
            for k, head in enumerate(sheet.heads)
        ]
        parts.append(table(sheet.caption, columns, notes=sheet.notes))
    given = bullets(f"{key}: {value}" for key, value in page.conditions.items())
    body = join([
        tag("header", tag("h1", page.title)),
        tag("main", section("result", "Result", *parts), section("conditions", "Conditions", given),
            section("reproduce", "Again", tag("pre", command))),
    ])  # fmt: skip
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    text = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"{tag('title', page.title)}\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as problem:
        raise InputError(f"cannot write the report to {path}: {problem.strerror}.") from None


def draw(spec: dict[str, Any], title: str, description: str) -> Safe:
    """A Vega-Lite chart as accessible SVG."""
    from surtax.report.charts import config, drawn

    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": config(), **spec}
    return drawn(whole, "game", title, description)
