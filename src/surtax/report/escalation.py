"""A tree of moves as a page, and its payoff matrices as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from surtax.errors import InputError
from surtax.report.charts import diverging, ink_on
from surtax.report.games import Page, Sheet
from surtax.report.numbers import DASH, column, digits_for, fixed

if TYPE_CHECKING:
    from surtax.games.escalate import Escalation, Leaf, Matrix, Perfect
    from surtax.games.tree import Tree

#: Ways listed where there are more: the best for the first player.
LISTED = 400


def escalation_page(e: Escalation, conditions: dict[str, Any], *, leaves: bool) -> Page:
    """The answer to a tree: the paths of best moves, what moves them, matrices, and on request every way."""
    tree = e.tree
    names = list(tree.players)
    says = [tree.description] if tree.description else []
    wanted = ", ".join(f"{p}: {tree.objectives.get(p, 'income')}" for p in names)
    patience = ", ".join(f"{p} {tree.patience.get(p, 1.0):g}" for p in names)
    known = [n for n in range(len(e.leaves)) if np.isfinite(e.payoffs[n]).all()]
    actual = e.actual if e.actual in known else None
    says.append(
        f"{len(e.leaves)} ways through the tree, {e.schedules} schedules solved. Payoffs: {wanted}, per cent of the "
        f"base, mean over the days to {tree.until.isoformat()}, patience {patience} a year."
    )
    rows: list[tuple[str, ...]] = []
    if e.perfect is None:
        says.append(
            f"Interrupted after {e.schedules} of {e.of_schedules} schedules: {len(known)} ways are known, and where "
            f"best moves lead is not."
        )
    else:
        count = len(e.perfect.leaves)
        if count == 1:
            says.append(f"Best moves on both sides lead to: {_way(e.perfect.leaves[0])}.")
        else:
            says.append(f"Somebody is indifferent: {count} ways are subgame-perfect.")
        text = _by_row(e.perfect.payoffs)
        rows += [("subgame-perfect", _way(x), *v) for x, v in zip(e.perfect.leaves, text, strict=True)]
    if actual is not None:
        says.append(f"What happened: {_way(e.leaves[actual])}.")
        rows.append(("what happened", _way(e.leaves[actual]), *column(list(e.payoffs[actual]), sign=True)))
    sheets = [Sheet("Payoffs", ("", "moves", *names), rows, numeric=False)] if rows else []
    if e.by_patience:
        by_patience = {f"{b:g}": p for b, p in e.by_patience.items()}
        sheets.append(_sensitivity("Patience of both, a discount factor a year", by_patience, names))
    if e.by_tastes:
        sheets.append(_sensitivity("Political weights", e.by_tastes, names))
    sheets += [_sheet(tree, m) for m in e.matrices]
    if (leaves or not e.finished) and known:
        order = sorted(known, key=lambda n: -e.payoffs[n, 0])[:LISTED]
        text = _by_row([e.payoffs[n] for n in order])
        sheets.append(
            Sheet(
                "Every way, best for the first player first",
                ("moves", *names),
                [(_way(e.leaves[n]), *t) for n, t in zip(order, text, strict=True)],
                () if len(order) == len(e.leaves) else (f"{len(order)} of {len(e.leaves)}.",),
            )
        )
    says += [f"Source: {what}: {where}." for what, where in tree.sources]
    chart = None
    if e.matrices:
        title = f"Payoffs in {tree.title or tree.name}"
        chart = (title, "Payoff matrices; each cell gives both players' payoffs, the answerer's best in bold.", spec(e))
    return Page(tree.title or tree.name, says, sheets, conditions, chart)


def _way(leaf: Leaf) -> str:
    return " → ".join(leaf.moves)


def _by_row(values: Sequence[Any]) -> list[tuple[str, ...]]:
    if not len(values):
        return []
    columns = [column([float(v[k]) for v in values], sign=True) for k in range(len(values[0]))]
    return list(zip(*columns, strict=True))


def _sensitivity(caption: str, found: dict[str, Perfect], names: list[str]) -> Sheet:
    rows = []
    for name, perfect in found.items():
        first = True
        for leaf, v in zip(perfect.leaves, _by_row(perfect.payoffs), strict=True):
            rows.append((name if first else "", _way(leaf), *v))
            first = False
    return Sheet(caption, ("", "subgame-perfect", *names), rows, numeric=False)


def _sheet(tree: Tree, m: Matrix) -> Sheet:
    digits = digits_for([float(x) for x in m.payoffs.ravel()])
    rows = []
    for r, name in enumerate(m.rows):
        cells = []
        for c in range(len(m.columns)):
            pair = m.payoffs[r, c]
            text = DASH if np.isnan(pair).any() else " | ".join(fixed(float(x), digits, sign=True) for x in pair)
            cells.append(f"{text}{' *' if m.best[r, c] else ''}")
        rows.append((name, *cells))
    node = tree.nodes[m.node]
    return Sheet(
        f"{node.day.isoformat()}, {m.node}: {m.who} (rows), {m.next_who} answers; payoffs {' | '.join(tree.players)}",
        ("", *m.columns),
        rows,
        (f"After the history until then, and best moves afterwards. * the best answer of {m.next_who}.",),
    )


def spec(e: Escalation) -> dict[str, Any]:
    """The matrices as heat maps of the first mover's payoff, each cell with all payoffs."""
    parts = []
    for m in e.matrices:
        p = e.tree.players.index(m.who)
        shown = [float(x) for x in m.payoffs[:, :, p].ravel() if not np.isnan(x)]
        limit = max((abs(x) for x in shown), default=1.0) or 1.0
        digits = digits_for([float(x) for x in m.payoffs.ravel()])
        data = [
            {
                "row": row, "column": name, "colour": diverging(float(m.payoffs[r, c, p]) / limit),
                "ink": ink_on(diverging(float(m.payoffs[r, c, p]) / limit)),
                "text": " | ".join(fixed(float(x), digits, sign=True) for x in m.payoffs[r, c]),
                "weight": "bold" if m.best[r, c] else "normal",
            }
            for r, row in enumerate(m.rows)
            for c, name in enumerate(m.columns)
            if not np.isnan(m.payoffs[r, c]).any()
        ]  # fmt: skip
        where = {
            "x": {"field": "column", "type": "nominal", "title": f"{m.next_who} answers", "sort": list(m.columns),
                  "axis": {"labelAngle": 0, "orient": "top"}},
            "y": {"field": "row", "type": "nominal", "title": m.who, "sort": list(m.rows)},
        }  # fmt: skip
        colour = {"field": "colour", "type": "nominal", "scale": None}
        ink = {"field": "ink", "type": "nominal", "scale": None}
        text = {"text": {"field": "text", "type": "nominal"}, "color": ink}
        parts.append({
            "title": {"text": f"{m.node}: payoffs {' | '.join(e.tree.players)}, per cent", "anchor": "start"},
            "data": {"values": data},
            "width": 190 * len(m.columns),
            "height": 46 * len(m.rows),
            "encoding": where,
            "layer": [
                {"mark": {"type": "rect"}, "encoding": {"color": colour}},
                {"transform": [{"filter": "datum.weight == 'bold'"}],
                 "mark": {"type": "text", "fontWeight": "bold"}, "encoding": text},
                {"transform": [{"filter": "datum.weight != 'bold'"}], "mark": {"type": "text"}, "encoding": text},
            ],
        })  # fmt: skip
    return {"vconcat": parts, "resolve": {"scale": {"x": "independent", "y": "independent"}}}


def write_picture(e: Escalation, path: Path) -> None:
    """Write the matrices as SVG.

    Raises
    ------
    InputError
        the tree asks for no matrix, or the file cannot be written.
    """
    from surtax.report.games import draw

    if not e.matrices:
        raise InputError(f"the tree {e.tree.name!r} asks for no matrix: name nodes under `matrix`.")
    title = f"Payoffs in {e.tree.title or e.tree.name}"
    try:
        path.write_text(draw(spec(e), title, "Payoff matrices of the tree."), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror}.") from None
