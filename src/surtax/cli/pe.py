"""`surtax pe`: partial equilibrium of product markets from a small CSV file."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from surtax.cli.shared import echo_json
from surtax.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rich.console import Console

    from surtax.trade.pe import Market

    Array = NDArray[np.float64]

REQUIRED = ("product", "origin", "importer", "value", "tariff_before", "tariff_after")
OPTIONAL = ("sigma", "eta", "supply")
# A dense product × origin × importer table of more cells than this is no small file.
MOST_CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class Sheet:
    """A file as arrays; see `read_sheet`.

    Attributes
    ----------
    products, origins, importers : labels in the order of the file.
    value, before, after : [g,o,d]; listed : [g,o,d] True where the file has a row.
    sigma, eta : [g]; supply : [g,o].
    """

    products: list[str]
    origins: list[str]
    importers: list[str]
    value: Array
    before: Array
    after: Array
    listed: NDArray[np.bool_]
    sigma: Array
    eta: Array
    supply: Array

    @property
    def home(self) -> NDArray[np.bool_]:
        """[o,d] True where origin and importer bear the same name."""
        return np.array([[o == d for d in self.importers] for o in self.origins], dtype=bool)


@click.command("pe", short_help="Partial equilibrium of product markets.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--sigma", metavar="NUMBER", help="Elasticity between origins, where FILE has none (there is no default)."
)
@click.option("--eta", default="1", show_default=True, metavar="NUMBER",
              help="Elasticity of demand for all origins together, as a positive number.")  # fmt: skip
@click.option("--supply", default="inf", show_default=True, metavar="NUMBER|inf",
              help="Elasticity of export supply; inf is a given world price.")  # fmt: skip
@click.option("--method", type=click.Choice(["exact", "gsim", "smart"]), default="exact", show_default=True,
              help="The exact solution, or the linear GSIM or SMART to compare with.")  # fmt: skip
@click.option("--top", default=15, show_default=True, type=click.IntRange(1, 1000), help="Flows listed.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def pe(file: Path, sigma: str | None, eta: str, supply: str, method: str, top: int, as_json: bool) -> None:
    """Say what a change of tariffs does to the markets in FILE.

    FILE is CSV with the columns product, origin, importer, value (net of tariff, any unit), tariff_before and
    tariff_after (per cent), and, if you like, sigma and eta (one a product) and supply (one a product and origin). An
    origin that bears the importer's name is its own production.
    """
    from surtax.trade.pe import METHODS

    sheet = read_sheet(
        file,
        sigma=None if sigma is None else _number(sigma, "--sigma"),
        eta=_number(eta, "--eta"),
        supply=_number(supply, "--supply"),
    )
    given: dict[str, Any] = {"sigma": sheet.sigma, "eta": sheet.eta, "home": sheet.home}
    if method != "smart":
        given["supply"] = sheet.supply
    elif np.isfinite(sheet.supply).any():
        raise InputError("SMART is the case of infinitely elastic supply: leave out supply, or use another --method.")
    with _labels(sheet):
        market = METHODS[method](sheet.value, sheet.before, sheet.after, **given)
    notes = _notes(sheet, market)
    if as_json:
        echo_json(as_plain(sheet, market, notes))
        return
    from surtax.report.console import Console

    _print(sheet, market, notes, Console(), top)


class _labels:  # noqa: N801 - a context manager, used like a function
    """Errors of the arrays name positions: append which product they mean."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        import re

        from surtax.errors import SurtaxError

        if not isinstance(problem, SurtaxError):
            return
        names = {"product": self.sheet.products, "origin": self.sheet.origins, "importer": self.sheet.importers}
        text = re.sub(
            r"\b(product|origin|importer) (\d+)\b", lambda m: f"{m[1]} {names[m[1]][int(m[2])]}", str(problem)
        )
        raise type(problem)(text) from None


def read_sheet(path: Path, *, sigma: float | None, eta: float, supply: float) -> Sheet:
    """Read the CSV file of `surtax pe`.

    Parameters
    ----------
    path : file; rates in per cent.
    sigma, eta, supply : what holds where the file has no such column or an empty cell.

    Raises
    ------
    InputError
        with file and line: a missing column, a number that is none, a flow given twice, elasticities of one product
        that differ.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save the file as CSV UTF-8.") from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}.") from None
    rows = csv.DictReader(text.splitlines())
    header = [h.strip().lower() for h in rows.fieldnames or []]
    rows.fieldnames = header
    missing = [c for c in REQUIRED if c not in header]
    if missing:
        hint = nearest(missing[0], [h for h in header if h not in REQUIRED])
        if len(header) == 1 and header[0].count(";") >= len(REQUIRED) - 1:
            hint = " (its cells are separated by semicolons: save it with commas, and points as decimal signs)"
        raise InputError(f"{path}, line 1: no column {', '.join(missing)}{hint}; needed are {', '.join(REQUIRED)}.")
    twice = sorted({h for h in header if header.count(h) > 1})
    unknown = [h for h in header if h not in (*REQUIRED, *OPTIONAL)]
    if twice or unknown:
        what = f"column {twice[0]!r} stands there twice" if twice else f"unknown column {unknown[0]!r}"
        hint = "" if twice else nearest(unknown[0], OPTIONAL)
        raise InputError(f"{path}, line 1: {what}{hint}; optional are {', '.join(OPTIONAL)}.")
    return _Reader(path, sigma, eta, supply).read(rows)


class _Reader:
    def __init__(self, path: Path, sigma: float | None, eta: float, supply: float) -> None:
        self.path = path
        self.default = {"sigma": sigma, "eta": eta, "supply": supply}
        self.index: dict[str, dict[str, int]] = {"product": {}, "origin": {}, "importer": {}}
        self.flows: dict[tuple[int, int, int], tuple[int, float, float, float]] = {}
        self.elasticities: dict[tuple[object, ...], tuple[int, float]] = {}
        self.line = 1

    def fail(self, message: str) -> InputError:
        return InputError(f"{self.path}, line {self.line}: {message}")

    def read(self, rows: csv.DictReader[str]) -> Sheet:
        try:
            for row in rows:
                self.line = rows.line_num
                self.row(row)
        except csv.Error as problem:
            self.line = rows.line_num
            raise self.fail(f"not CSV: {problem}.") from None
        if not self.flows:
            raise InputError(f"{self.path}: no rows below the header.")
        return self.sheet()

    def row(self, row: dict[str, str]) -> None:
        if None in row:
            raise self.fail("more cells than columns; a name with a comma has to stand in quotation marks.")
        names = {}
        for name in self.index:
            names[name] = (row[name] or "").strip()
            if not names[name]:
                raise self.fail(f"{name} is empty.")
        g, o, d = (self.index[k].setdefault(v, len(self.index[k])) for k, v in names.items())
        value = self.number(row, "value")
        rates = [self.number(row, c) for c in ("tariff_before", "tariff_after")]
        if value < 0 or not math.isfinite(value):
            raise self.fail(f"value is {value:g}; it has to be a number that is not negative.")
        for column, rate in zip(("tariff_before", "tariff_after"), rates, strict=True):
            if not math.isfinite(rate) or rate <= -100:
                raise self.fail(f"{column} is {rate:g}; rates are per cent, above −100.")
        if (g, o, d) in self.flows:
            raise self.fail(
                f"{names['product']} from {names['origin']} to {names['importer']} stands on line "
                f"{self.flows[g, o, d][0]} already; add the rows up."
            )
        self.flows[g, o, d] = self.line, value, rates[0] / 100, rates[1] / 100
        self.elasticity("sigma", ("sigma", g), row, f"product {names['product']}")
        self.elasticity("eta", ("eta", g), row, f"product {names['product']}")
        self.elasticity("supply", ("supply", g, o), row, f"{names['product']} from {names['origin']}")

    def number(self, row: dict[str, str], column: str) -> float:
        text = (row[column] or "").strip()
        if not text:
            raise self.fail(f"{column} is empty.")
        try:
            return float(text)
        except ValueError:
            raise self.fail(f"{column} is {text!r}, not a number (no %, no thousands separator).") from None

    def elasticity(self, column: str, key: tuple[object, ...], row: dict[str, str], of: str) -> None:
        if not (row.get(column) or "").strip():
            return
        x = self.number(row, column)
        fine = x > 0 if column == "sigma" else x >= 0
        if not fine or (column != "supply" and not math.isfinite(x)):
            raise self.fail(f"{column} is {x:g}; elasticities are given as positive numbers.")
        before = self.elasticities.setdefault(key, (self.line, x))
        if before[1] != x:
            raise self.fail(f"{column} of {of} is {x:g}, but {before[1]:g} on line {before[0]}; give one.")

    def sheet(self) -> Sheet:
        products, origins, importers = (list(self.index[k]) for k in ("product", "origin", "importer"))
        shape = (len(products), len(origins), len(importers))
        if math.prod(shape) > MOST_CELLS:
            raise InputError(
                f"{self.path}: {shape[0]} products × {shape[1]} origins × {shape[2]} importers are too many at once; "
                f"split the file by product."
            )
        value, before, after = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        listed = np.zeros(shape, dtype=bool)
        for at, (_, v, t, t_new) in self.flows.items():
            value[at], before[at], after[at], listed[at] = v, t, t_new, True
        sigma = np.array([self.of("sigma", g) for g in range(shape[0])])
        if np.isnan(sigma).any():
            first = products[int(np.flatnonzero(np.isnan(sigma))[0])]
            raise InputError(
                f"{self.path}: no elasticity between origins for product {first}: add a column sigma, or pass "
                f"--sigma NUMBER (there is no default, since results depend on it most)."
            )
        eta = np.array([self.of("eta", g) for g in range(shape[0])])
        supply = np.array([[self.of("supply", g, o) for o in range(shape[1])] for g in range(shape[0])])
        return Sheet(products, origins, importers, value, before, after, listed, sigma, eta, supply)

    def of(self, name: str, *at: int) -> float:
        found = self.elasticities.get((name, *at))
        default = self.default[name]
        return found[1] if found else math.nan if default is None else default


def _number(text: str, what: str) -> float:
    try:
        x = float(text)
    except ValueError:
        raise InputError(f"{what} {text!r} is not a number") from None
    if not x >= 0:
        raise InputError(f"{what} is {text}; elasticities are given as positive numbers.")
    return x


def _notes(sheet: Sheet, market: Market) -> list[str]:
    notes = []
    highest = 100 * max(float(sheet.before.max()), float(sheet.after.max()))
    if 0 < highest <= 1:
        notes.append(f"rates are read as per cent: the highest in the file is {highest:g} %.")
    complements = int((sheet.sigma < sheet.eta).sum())
    if complements:
        notes.append(
            f"{complements} products have eta above sigma: their origins are complements, and the solution, whose "
            f"equations hold, is not proven to be the only one."
        )
    if market.method != "exact":
        notes.append(
            f"{market.method} is linear: it is close for small changes only; --method exact has no such limit."
        )
    return notes


# -- output -----------------------------------------------------------------------------------------------------------


def _safe(x: float) -> float | str | None:
    if math.isnan(x):
        return None
    return x if math.isfinite(x) else "inf"


def _totals(sheet: Sheet, m: Market) -> dict[str, list[dict[str, Any]]]:
    """Sums over products by importer and by origin."""
    abroad = ~m.home
    imports = (m.value * abroad).sum(axis=(0, 1))
    imports_after = (m.value_after * abroad).sum(axis=(0, 1))
    creation, effect = m.creation.sum(axis=(0, 1)), m.price_effect.sum(axis=(0, 1))
    own = (m.producer_surplus @ m.home).sum(axis=0)
    importers = [
        {
            "importer": name,
            "imports_before": float(imports[d]),
            "imports_after": float(imports_after[d]),
            "creation": float(creation[d]),
            "diversion_gross": float(0.5 * np.abs(m.diversion[:, :, d]).sum()),
            "price_effect": float(effect[d]),
            "revenue_before": float(m.revenue_before[:, :, d].sum()),
            "revenue_after": float(m.revenue_after[:, :, d].sum()),
            "consumer_surplus": float(m.consumer_surplus[:, d].sum()),
            "own_producer_surplus": float(own[d]),
            "welfare": float(m.national_welfare[:, d].sum()),
        }
        for d, name in enumerate(sheet.importers)
    ]
    origins = [
        {
            "origin": name,
            "sales_before": float(m.value[:, o].sum()),
            "sales_after": float(m.value_after[:, o].sum()),
            "producer_surplus": float(m.producer_surplus[:, o].sum()),
        }
        for o, name in enumerate(sheet.origins)
    ]
    return {"importers": importers, "origins": origins}


def _flow(sheet: Sheet, m: Market, at: tuple[int, int, int], through: Array) -> dict[str, Any]:
    g, o, d = at
    return {
        "product": sheet.products[g],
        "origin": sheet.origins[o],
        "importer": sheet.importers[d],
        "home": bool(m.home[o, d]),
        "tariff_before": 100 * float(m.before[at]),
        "tariff_after": 100 * float(m.after[at]),
        "value_before": float(m.value[at]),
        "value_after": float(m.value_after[at]),
        "quantity": 100 * float(m.quantity[at] - 1),
        "creation": float(m.creation[at]),
        "diversion": float(m.diversion[at]),
        "price_effect": float(m.price_effect[at]),
        "producer_price": 100 * float(m.producer_price[g, o] - 1),
        "consumer_price": 100 * float(m.consumer_price[at] - 1),
        "pass_through": _safe(float(through[at])),
        "revenue_before": float(m.revenue_before[at]),
        "revenue_after": float(m.revenue_after[at]),
    }


def as_plain(sheet: Sheet, m: Market, notes: Sequence[str]) -> dict[str, Any]:
    """Everything as plain values; prices and quantities are changes in per cent, money in the unit of the file."""
    through = m.pass_through
    cells = [tuple(int(i) for i in at) for at in np.argwhere(sheet.listed)]
    bound = m.error_bound
    return {
        "schema": "surtax-pe-1",
        "method": m.method,
        "notes": list(notes),
        "residual": float(m.residual.max()),
        "error_bound": _safe(float(bound.max())),
        **_totals(sheet, m),
        "markets": [
            {
                "product": sheet.products[g],
                "importer": sheet.importers[d],
                "sigma": float(sheet.sigma[g]),
                "eta": float(sheet.eta[g]),
                "price_index": 100 * float(m.price_index[g, d] - 1),
                "consumer_surplus": float(m.consumer_surplus[g, d]),
                "revenue_change": float(m.revenue_change[g, d]),
                "welfare": float(m.national_welfare[g, d]),
            }
            for g, d in np.argwhere(sheet.listed.any(axis=1))
        ],
        "suppliers": [
            {
                "product": sheet.products[g],
                "origin": sheet.origins[o],
                "supply": _safe(float(sheet.supply[g, o])),
                "producer_price": 100 * float(m.producer_price[g, o] - 1),
                "producer_surplus": float(m.producer_surplus[g, o]),
            }
            for g, o in np.argwhere(sheet.listed.any(axis=2))
        ],
        "flows": [_flow(sheet, m, (g, o, d), through) for g, o, d in cells],
    }


def _print(sheet: Sheet, m: Market, notes: Sequence[str], console: Console, top: int) -> None:
    from rich.text import Text

    from surtax.report.numbers import exponent

    sums = _totals(sheet, m)
    trade = {
        "imports_before": "before", "imports_after": "after", "creation": "creation", "diversion_gross": "diversion",
        "price_effect": "price effect",
    }  # fmt: skip
    money = {
        "revenue_before": "revenue\nbefore", "revenue_after": "revenue\nafter",
        "consumer_surplus": "consumers'\nsurplus",
        "own_producer_surplus": "own\nproducers", "welfare": "\nwelfare",
    }  # fmt: skip
    if not m.home.any():
        del money["own_producer_surplus"]
    _table(console, "Imports", sums["importers"], {"importer": ""}, trade, ())
    _table(console, "Who gains and who loses", sums["importers"], {"importer": ""}, money, ())
    keys = {"sales_before": "sales\nbefore", "sales_after": "sales\nafter", "producer_surplus": "producers'\nsurplus"}
    _table(console, "Origins", sums["origins"], {"origin": ""}, keys, ())
    change = np.where(sheet.listed, np.abs(m.value_after - m.value), -1.0)
    order = np.argsort(-change, axis=None, kind="stable")[: min(top, int(sheet.listed.sum()))]
    through = m.pass_through
    flows = []
    for position in order:
        g, o, d = (int(i) for i in np.unravel_index(int(position), change.shape))
        flow = _flow(sheet, m, (g, o, d), through)
        flow["from"] = f"{flow['origin']} → {flow['importer']}"
        flows.append(flow)
    keys = {
        "value_before": "value\nbefore", "value_after": "\nafter", "creation": "crea-\ntion",
        "diversion": "diver-\nsion", "producer_price": "seller's\nprice %", "consumer_price": "buyer's\nprice %",
        "pass_through": "pass-\nthrough",
    }  # fmt: skip
    _table(
        console,
        f"Flows that change most ({len(flows)} of {int(sheet.listed.sum())})",
        flows,
        {"product": "", "from": "from → to"},
        keys,
        ("producer_price", "consumer_price"),
    )
    console.print()
    console.print(Text("Holds under", style="bold"))
    for line in _conditions(sheet, m, exponent(float(m.residual.max()))):
        console.print(Text(line))
    for note in notes:
        console.print(Text(f"Note: {note}"))


def _conditions(sheet: Sheet, m: Market, residual: str) -> list[str]:
    def span(a: Array) -> str:
        low, high = float(a.min()), float(a.max())
        return f"{low:g}" if low == high else f"{low:g} to {high:g}"

    solution = {
        "exact": f"Exact solution in changes, largest misfit of a price {residual}.",
        "gsim": "GSIM (Francois & Hall 2009), linear at the base.",
        "smart": "SMART (Laird & Yeats 1986), linear, given world prices.",
    }[m.method]
    elasticities = (
        f"Elasticities: between origins {span(sheet.sigma)}, of total demand {span(sheet.eta)}, of supply "
        f"{span(sheet.supply)}."
    )
    rest = (
        "Nothing else moves: no income, no wages, no other product. Money in the unit of the file, net of tariff. "
        "Trade diversion is what moves between foreign origins at the old total of imports."
    )
    return [solution, elasticities, rest]


def _table(
    console: Console,
    title: str,
    rows: Sequence[dict[str, Any]],
    names: dict[str, str],
    keys: dict[str, str],
    signed: Sequence[str],
) -> None:
    from rich.table import Table
    from rich.text import Text

    from surtax.report.numbers import column

    console.print()
    console.print(Text(title, style="bold"))
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in names.values():
        grid.add_column(Text(head), overflow="fold")
    cells = []
    changes = (
        "creation",
        "diversion",
        "price_effect",
        "consumer_surplus",
        "own_producer_surplus",
        "welfare",
        "producer_surplus",
    )
    for key, head in keys.items():
        grid.add_column(Text(head), justify="right", no_wrap=True)
        cells.append(column([r[key] for r in rows], sign=key in signed or key in changes))
    for i, r in enumerate(rows):
        grid.add_row(*(Text(str(r[k])) for k in names), *(Text(c[i]) for c in cells))
    console.print(grid)
