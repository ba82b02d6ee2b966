"""Pieces of HTML.

Text is escaped unless it is `Safe`, which only this room's own functions make.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from surtax.report.numbers import DASH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NO_VALUE = (
    f"{DASH} stands where there is no number: the base is zero, so that no change from it can "
    f"be given in per cent, or the "
    f"accounts do not say (population)."
)


class Safe(str):
    """Text that is HTML already."""

    __slots__ = ()


def esc(text: object) -> Safe:
    """Escape what may come from a user."""
    return text if isinstance(text, Safe) else Safe(html.escape(str(text), quote=True))


def join(parts: Iterable[object], between: str = "\n") -> Safe:
    """Join pieces, escaping those that are not `Safe`."""
    return Safe(between.join(esc(p) for p in parts if p))


def tag(name: str, *content: object, **attributes: str | None) -> Safe:
    """Return an element; `class_` is the attribute class, underscores stand for hyphens."""
    given = "".join(
        f' {k.rstrip("_").replace("_", "-")}="{html.escape(v, quote=True)}"'
        for k, v in attributes.items()
        if v is not None
    )
    return Safe(f"<{name}{given}>{join(content, '')}</{name}>")


def paragraphs(*texts: str, class_: str | None = None) -> Safe:
    """One paragraph each."""
    return join(tag("p", t, class_=class_) for t in texts if t)


def bullets(items: Iterable[object]) -> Safe:
    """Return an unordered list, or nothing where there is nothing to list."""
    listed = [tag("li", x) for x in items if x]
    return tag("ul", *listed) if listed else Safe("")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    head : its heading; unit : a line below it.
    cells : text, one per row.
    numeric : aligned to the right.
    group : heading over this column and its neighbours of the same group.
    """

    head: str
    cells: Sequence[object]
    numeric: bool = True
    unit: str = ""
    group: str = ""


def table(
    caption: str,
    columns: Sequence[Column],
    *,
    notes: Sequence[str] = (),
    total: bool = False,
    class_: str = "",
    highlight: Iterable[int] = (),
) -> Safe:
    """Return a table with a caption; the first column heads the rows.

    Parameters
    ----------
    notes : lines below it; an explanation of the en dash is added where one occurs.
    total : the last row is a total.
    highlight : rows to set in bold.
    """
    count = len(columns[0].cells)
    bold = set(highlight)
    rows = []
    for i in range(count):
        cells = [tag("td", c.cells[i], class_="n" if c.numeric else None) for c in columns[1:]]
        first = tag("th", columns[0].cells[i], scope="row")
        marks = [m for m, on in (("total", total and i == count - 1), ("hl", i in bold)) if on]
        rows.append(tag("tr", first, *cells, class_=" ".join(marks) or None))
    lines = list(notes)
    if any(c.cells[i] == DASH for c in columns for i in range(count)):
        lines.append(NO_VALUE)
    body = tag("table", tag("caption", caption), _head(columns), tag("tbody", *rows), class_=class_ or None)
    scroll = tag("div", body, class_="scroll", role="region", tabindex="0", aria_label=caption)
    return join([scroll, *(tag("p", x, class_="note") for x in lines)])


def _head(columns: Sequence[Column]) -> Safe:
    def cell(c: Column, **more: str | None) -> Safe:
        unit = tag("span", c.unit, class_="unit") if c.unit else ""
        return tag("th", c.head, unit, scope="col", class_="n" if c.numeric else None, **more)

    if not any(c.group for c in columns):
        return tag("thead", tag("tr", *(cell(c) for c in columns)))
    top: list[Safe] = []
    below: list[Safe] = []
    i = 0
    while i < len(columns):
        c = columns[i]
        if not c.group:
            top.append(cell(c, rowspan="2"))
            i += 1
            continue
        width = 1
        while i + width < len(columns) and columns[i + width].group == c.group:
            width += 1
        top.append(tag("th", c.group, scope="colgroup", colspan=str(width), class_="group"))
        below += [cell(x) for x in columns[i : i + width]]
        i += width
    return tag("thead", tag("tr", *top), tag("tr", *below))


def details(summary: str, *content: object) -> Safe:
    """Return a part that is folded on the screen and open in print."""
    return tag("details", tag("summary", summary), tag("div", *content))


def section(anchor: str, title: str, *content: object) -> Safe:
    """Return a section with a heading."""
    heading = tag("h2", title, id=f"{anchor}-h")
    return tag("section", heading, "\n", join(content), id=anchor, aria_labelledby=f"{anchor}-h")


def figure(title: str, subtitle: str, svg: Safe, source: str, *notes: str) -> Safe:
    """Return a chart under a title that states what it shows."""
    caption = tag("figcaption", tag("h3", title), tag("p", subtitle, class_="sub"))
    frame = tag("div", svg, class_="scroll chart", role="region", tabindex="0", aria_label=f"Chart: {title}")
    below = [tag("p", x, class_="note") for x in (*notes, source) if x]
    return tag("figure", caption, frame, *below)
