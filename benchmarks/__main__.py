"""`python -m benchmarks [NAME …] [--quick] [--markdown FILE]`: measure, print, and put the table into a document."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import games, kernel, liberation_day, processes, rates, solving, tariffwar, variants
from benchmarks.measure import Row, Spread, machine

BENCHMARKS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "solve": solving.solve,
    "caliendo-parro": solving.caliendo_parro,
    "liberation-day": liberation_day.liberation_day,
    "kernel": kernel.kernel,
    "variants": variants.variants,
    "load": processes.load,
    "import": processes.imports,
    "command": processes.command,
    "nash-by-formula": tariffwar.nash,
    "scaling": solving.scaling,
    "rates": rates.rates,
    "games": games.games,
}
BEGIN, END = "<!-- begin: python -m benchmarks -->", "<!-- end: python -m benchmarks -->"
HEAD = ("what", "time", "against", "its time", "ratio or difference", "target", "pairs", "remarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named benchmarks (all by default); returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small worlds, few repeats: does it run?")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="replace the table between FILE's markers")
    options = parser.parse_args(arguments)
    unknown = [n for n in options.names if n not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if options.markdown and not _has_markers(options.markdown):
        parser.error(f"{options.markdown} has no lines {BEGIN} and {END} between which the table could go")
    print(f"machine: {machine()}")
    rows = list(measure(options.names, quick=options.quick))
    if options.markdown:
        _insert(options.markdown, f"Machine: {machine()}.\n\n{table(rows)}")
        print(f"wrote the table into {options.markdown}")
    return 0


def measure(names: Sequence[str] = (), *, quick: bool = False) -> Iterator[Row]:
    """Yield and print the rows of the named benchmarks."""
    for name, benchmark in BENCHMARKS.items():
        if names and name not in names:
            continue
        print(f"\n{name}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
        for row in benchmark(quick):
            print("  " + line(row), flush=True)
            yield row


def line(row: Row) -> str:
    """One row as a line of text."""
    _, t, _, bench, ratio, target, _, remarks = cells(row)
    text = row.case
    if row.time is not None:
        text += f": {t}"
    if row.yardstick_time is not None:
        text += f"; {row.yardstick}: {bench}"
    if row.ratio is not None:
        text += f" → {ratio}" + (f" (target {target})" if target else "")
    return f"{text}{'; ' if remarks else ''}{remarks}"


def cells(row: Row) -> tuple[str, ...]:
    """One row as the cells of the table, in the order of ``HEAD``."""
    remarks = [row.note] if row.note else []
    if row.agrees is not None:
        remarks.append(f"{row.compared} agree within {row.agrees:.0e}")
    if row.noisy:
        remarks.append("the machine was busy: repeat")
    return (
        row.case,
        _seconds(row.time),
        row.yardstick,
        _seconds(row.yardstick_time),
        _ratio(row.ratio, row.kind),
        row.target + {"×": " ×", "+ms": " ms", "MB": " MB"}.get(row.kind, "") if row.target else "",
        str(row.repeats or ""),
        "; ".join(remarks),
    )


def table(rows: Sequence[Row]) -> str:
    """All rows as one Markdown table for each benchmark."""
    parts = []
    for name in dict.fromkeys(r.benchmark for r in rows):
        head = [f"### {name}", "", "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        parts.append("\n".join([*head, *("| " + " | ".join(cells(r)) + " |" for r in rows if r.benchmark == name)]))
    return "\n\n".join(parts)


def _seconds(t: Spread | None) -> str:
    if t is None:
        return ""
    if t.median >= 1:
        return f"{t.median:.1f} s"
    return f"{1e3 * t.median:.1f} ms" if t.median >= 1e-3 else f"{1e3 * t.median:.3f} ms"


def _ratio(r: Spread | None, kind: str) -> str:
    if r is None:
        return ""
    digits = ".0f" if kind in ("+ms", "MB") or r.median >= 100 else ".1f" if r.median >= 10 else ".2f"
    median, low, high = (format(v, digits) for v in (r.median, r.low, r.high))
    sign = "+" if kind == "+ms" and r.median >= 0 else ""
    unit = {"×": " × faster", "floor": " × its time", "+ms": " ms", "MB": " MB"}[kind]
    return f"**{sign}{median}{unit}** ({low} to {high})"


def _has_markers(path: Path) -> bool:
    return path.is_file() and BEGIN in path.read_text(encoding="utf-8") and END in path.read_text(encoding="utf-8")


def _insert(path: Path, text: str) -> None:
    before, rest = path.read_text(encoding="utf-8").split(BEGIN, 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
