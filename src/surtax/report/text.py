"""A result in a terminal, or in a file as plain text.

rich lays it out; it is imported when something is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from surtax.report import words
from surtax.report.numbers import DASH, MINUS, Money, column, exponent, fixed, least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from rich.console import Console
    from rich.table import Table

    from surtax.report.summary import CountryRow, Summary

# For terminals whose encoding has no such signs; what is not listed becomes a question mark there.
PLAIN = str.maketrans(
    {
        MINUS: "-",
        DASH: "-",
        "—": "-",
        "→": "->",
        "×": "x",
        "θ": "theta",
        "·": "-",
        "’": "'",
        "−": "-",
    }
)
# Below these widths columns are left out, the least needed first.
ALL_COLUMNS, MOST_COLUMNS, SOME_COLUMNS = 96, 78, 56
# The first column, of names, folds at its least to so many characters.
LEAST_FIRST = 10
# More rows of trade than this are cut, and the cut is said.
MOST_TRADE = 12
# More changes than this are counted, as those of a scenario file; one-off ones are always told.
MOST_CHANGES = 6
# A text of something left out is cut at this many characters; the report has it whole.
LONGEST = 90


@dataclass(frozen=True)
class Shown:
    """One column of a table; below `least_width` of the console it is left out."""

    head: str
    cells: Sequence[str]
    numeric: bool = True
    least_width: int = 0


def print_summary(summary: Summary, console: Console, *, year: object = None) -> None:
    """Print the front page of a result, from the answer to what is left out.

    Parameters
    ----------
    summary : from `summarise`.
    console : a rich console; one that is no terminal gets plain text.
    year : of the prices, if known.
    """
    page = Page(console)
    page.title(summary.title, summary.date)
    page.text(" ".join(words.headline(summary, year)))
    names = {r.code: r.name for r in summary.countries}
    money = Money(_largest(summary), summary.unit)
    _countries(page, summary, money)
    _trade(page, summary, names, money)
    _sectors(page, summary, names, money)
    _measures(page, summary, money)
    _conditions(page, summary)
    _left_out(page, summary)


class Page:
    """Writes text that is never taken for markup, in what the console's encoding can show."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = console.width

    def show(self, text: str) -> str:
        """The text in signs that the console's encoding has."""
        encoding = (self.console.encoding or "utf-8").lower()
        if encoding.startswith("utf"):
            return text
        return text.translate(PLAIN).encode(encoding, "replace").decode(encoding)

    def title(self, title: str, date: str) -> None:
        """Print the first line."""
        from rich.text import Text

        day = words.day(date)
        when = f"  (as of {day})" if date and day not in title else ""
        self.console.print(Text.assemble((self.show(title), "bold"), (self.show(when), "dim")))

    def heading(self, text: str) -> None:
        """Print the head of a section."""
        from rich.text import Text

        self.console.print()
        self.console.print(Text(self.show(text), style="bold"))

    def text(self, text: str, style: str = "") -> None:
        """Print a paragraph."""
        from rich.text import Text

        self.console.print(Text(self.show(text), style=style))

    def item(self, text: str) -> None:
        """One line of a list; what wraps hangs below its text."""
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row("-", Text(self.show(text)))
        self.console.print(Padding(grid, 0, expand=False))

    def table(self, columns: Sequence[Shown], bold: Iterable[int] = (), *, header: bool = True) -> None:
        """Print columns side by side, those that have room; it says which have none. `bold` are positions of rows."""
        from rich.table import Table
        from rich.text import Text

        kept = self._that_fit(columns)
        fits = _width(kept) <= self.width
        grid: Table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_header=header)
        for i, c in enumerate(kept):
            grid.add_column(
                Text(self.show(c.head)),
                justify="right" if c.numeric else "left",
                # Rather broken over lines than cut: digits that are missing would be another number.
                no_wrap=c.numeric and fits,
                overflow="fold",
                ratio=None,
                min_width=LEAST_FIRST if not i and fits else None,
            )
        strong = set(bold)
        for i in range(len(kept[0].cells)):
            style = "bold" if i in strong else ""
            grid.add_row(*(Text(self.show(c.cells[i]), style=style) for c in kept))
        self.console.print(grid)
        left = [" ".join(c.head.split()) for c in columns if c not in kept]
        if left:
            self.text(
                f"No room here for: {', '.join(left)}; a wider terminal, --json, --csv and --report have it.", "dim"
            )

    def _that_fit(self, columns: Sequence[Shown]) -> list[Shown]:
        """The columns for which there is room; the least needed go first, those needed at any width stay."""
        kept = [c for c in columns if c.least_width <= self.width]
        while _width(kept) > self.width:
            last = max(range(len(kept)), key=lambda i: (kept[i].least_width, i))
            if not kept[last].least_width:
                break
            del kept[last]
        return kept


def _width(columns: Sequence[Shown]) -> int:
    """How wide a table has to be: numbers whole, the first column folded at `LEAST_FIRST`, other text at its words."""
    total = 2 * (len(columns) - 1)
    for i, c in enumerate(columns):
        texts = [*c.head.split("\n"), *c.cells]
        if c.numeric:
            total += max(len(x) for x in texts)
        else:
            longest = max((len(w) for x in texts for w in x.split()), default=0)
            total += LEAST_FIRST if not i else min(longest, LEAST_FIRST)
    return total


def _largest(summary: Summary) -> float:
    """Return the largest amount shown, in units of the accounts; it decides the unit of money."""
    amounts = [abs(r.equivalent_variation) for r in summary.countries]
    amounts += [t.base for t in summary.trade] + [r.revenue for r in summary.countries]
    amounts += [s.output_base for rows in summary.sectors.values() for s in rows]
    return max(amounts, default=0.0)


def _countries(page: Page, s: Summary, money: Money) -> None:
    rows = s.countries

    def of(value: Callable[[CountryRow], float | None]) -> list[str]:
        return column([value(r) for r in rows], sign=True)

    page.heading("Who gains and who loses")
    revenue = money.column([r.revenue_base for r in rows] + [r.revenue for r in rows])
    n = len(rows)
    amounts = money.column([r.equivalent_variation for r in rows], sign=True)
    per_person = []
    if s.unit.scale:
        cells = of(lambda r: r.per_person)
        per_person = [Shown(f"per\nperson\n{s.unit.currency}", cells, least_width=SOME_COLUMNS)]
    page.table(
        [
            Shown("", [r.name for r in rows], numeric=False),
            Shown("real\nincome\n%", of(lambda r: r.welfare)),
            Shown(f"real\nincome\n{money.head}", amounts),
            *per_person,
            Shown("\nprices\n%", of(lambda r: r.price_index), least_width=MOST_COLUMNS),
            Shown("\nwages\n%", of(lambda r: r.wage), least_width=ALL_COLUMNS),
            Shown("real\nwage\n%", of(lambda r: r.real_wage), least_width=SOME_COLUMNS),
            Shown(f"revenue\nbefore\n{money.head}", revenue[:n], least_width=MOST_COLUMNS),
            Shown(f"revenue\nafter\n{money.head}", revenue[n:], least_width=MOST_COLUMNS),
        ],
        bold=[i for i, r in enumerate(rows) if r.code in s.sides],
    )
    page.text("Prices and wages against world factor income; only their differences have meaning.", "dim")


def _trade(page: Page, s: Summary, names: dict[str, str], money: Money) -> None:
    rows = sorted(s.trade, key=lambda t: -abs(t.change))[:MOST_TRADE]
    if not rows:
        return
    page.heading("Trade with each other, net of tariff")
    page.table(
        [
            Shown(
                "from → to",
                [f"{names[t.exporter]} → {names[t.importer]}" for t in rows],
                numeric=False,
            ),
            Shown(
                f"base {money.head}",
                money.column([t.base for t in rows]),
                least_width=SOME_COLUMNS,
            ),
            Shown(f"change {money.head}", money.column([t.change for t in rows], sign=True)),
            Shown("%", column([t.per_cent for t in rows], sign=True)),
        ]
    )
    if len(s.trade) > len(rows):
        page.text(f"The {len(rows)} largest changes of {len(s.trade)}.", "dim")


def _sectors(page: Page, s: Summary, names: dict[str, str], money: Money) -> None:
    for code, rows in s.sectors.items():
        if not rows:
            continue
        page.heading(f"Sectors that move most: {names[code]}")
        page.table(
            [
                Shown("", [r.name for r in rows], numeric=False),
                Shown("volume %", column([r.output_volume for r in rows], sign=True)),
                Shown(
                    f"output {money.head}",
                    money.column([r.output_change for r in rows], sign=True),
                ),
                Shown(
                    "factors %",
                    column([r.factor_use for r in rows], sign=True),
                    least_width=SOME_COLUMNS,
                ),
                Shown(
                    "buyers' prices %",
                    column([r.price for r in rows], sign=True),
                    least_width=MOST_COLUMNS,
                ),
            ]
        )


def _measures(page: Page, s: Summary, money: Money) -> None:
    page.heading("Measures")
    if not s.measures:
        page.text("None: nothing is changed.")
        return
    rows = s.measures
    rates = [m.mean_rate for m in rows]
    who = [f"{m.importer} on {m.exporter}" for m in rows]
    page.table(
        [
            Shown("", [m.title for m in rows], numeric=False),
            Shown(
                "who on whom",
                [w if len(w) <= 24 else w[:23] + "…" for w in who],
                numeric=False,
                least_width=ALL_COLUMNS,
            ),
            Shown("adds % (mean)", least(column(rates), rates)),
            Shown(f"to {money.head}", money.column([m.trade for m in rows])),
        ]
    )
    page.text("Mean over all trade of the sectors that a measure touches, at base weights.", "dim")


def _conditions(page: Page, s: Summary) -> None:
    c = s.conditions
    page.heading("Holds under")
    adjusted = c.get("adjustments") or []
    lines = [
        ("Closure", f"{c.get('closure')}: {words.closure(str(c.get('closure')))}"),
        ("Elasticities", c.get("elasticities")),
        ("Scenario", _scenario(s)),
        *(("Law", str(text)) for text in c.get("law") or ()),
        ("Accounts", c.get("world")),
        ("Size", _size(c)),
        ("Year", f"{c.get('year')}; unit of value: {c.get('units')}"),
        ("Base tariffs", c.get("base_tariffs")),
        ("Base", c.get("base")),
        (
            "Model",
            f"{words.model(c)}; numeraire {c.get('numeraire')}",
        ),
        (
            "Solution",
            (
                f"{c.get('method')}, {c.get('evaluations')} evaluations, residual "
                f"{exponent(float(c.get('residual', 'nan')))}, "
                f"Walras {exponent(float(c.get('walras', 'nan')))}"
            ),
        ),
        ("Adjusted", "; ".join(str(a) for a in adjusted) or "nothing in the accounts"),
    ]
    page.table(
        [
            Shown("", [k for k, _ in lines], numeric=False),
            Shown("", [str(v) for _, v in lines], numeric=False),
        ],
        header=False,
    )


def _scenario(s: Summary) -> str:
    """The name, and the changes where they are few: one-off ones are in no file."""
    made = [str(x) for x in s.conditions.get("changes") or ()]
    told = made if len(made) <= MOST_CHANGES else [x for x in made if ": " not in x]
    more = len(made) - len(told)
    if more:
        measures = sum(not m.id.startswith("set ") for m in s.measures)
        told = [f"{measures} measures, {more} changes by sector (--json and --csv list each)", *told]
    return f"{s.conditions.get('scenario')}: {'; '.join(told) or 'nothing is changed'}"


def _size(c: Mapping[str, Any]) -> str:
    added = "; ".join(str(x) for x in c.get("aggregated") or ())
    n, j = c.get("countries"), c.get("sectors")
    size = f"{n} {'country' if n == 1 else 'countries'} × {j} {'sector' if j == 1 else 'sectors'}"
    return f"{size}{', added up from more: ' + added if added else ''}"


def _left_out(page: Page, s: Summary) -> None:
    if not s.left_out:
        return
    page.heading(f"Left out ({fixed(len(s.left_out))}; the report says why)")
    for what, _ in s.left_out:
        cut = what if len(what) <= LONGEST else what[: LONGEST - 1].rstrip() + "…"
        page.item(cut)
