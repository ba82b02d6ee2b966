"""Loading, importing and the command as a process, each beyond what it cannot avoid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.measure import Failed, Process, Row, Spread, beyond, over, pairs, process_pairs
from surtax.world.library import DEFAULT, SHIPPED, read_world

#: what `import surtax` must not load
HEAVY = ("scipy", "polars", "pydantic", "altair", "vl_convert", "xarray", "yaml", "rich", "click", "h5py")
LIBRARIES = ("numpy", "click", "yaml", "pydantic", "rich")
REPORT_LIBRARIES = (*LIBRARIES, "vl_convert")
NAMES = "import surtax; surtax.World, surtax.load_world, surtax.solve, surtax.Outcome, surtax.Scenario"


def load(quick: bool) -> Iterator[Row]:
    """The shipped world from its file, checks included, against numpy.load of every array in it."""
    path = SHIPPED / f"{DEFAULT}.npz"

    def plain() -> None:
        with np.load(path) as archive:
            for name in archive.files:
                archive[name]

    a, b = pairs(lambda: read_world(path), plain, 5 if quick else 21)
    size = path.stat().st_size / 1e6
    note = f"{size:.2f} MB on disk; target ≤ 40 ms"
    yield over("load", f"the world {DEFAULT}, with its checks", "numpy.load of all its arrays", a, b, note=note)


def imports(quick: bool) -> Iterator[Row]:
    """`import surtax` as a process against `import numpy`; and with the names that a session needs touched."""
    for code, what in (("import surtax", "import surtax"), (NAMES, "import surtax, its main names used")):
        try:
            a, b = process_pairs(["-c", code], ["-c", "import numpy"], 3 if quick else 15)
        except Failed as problem:
            yield _absent("import", what, str(problem))
            continue
        loaded = heavy_modules(code)
        note = f"{_processor(a, b)}; loads of the heavy libraries: {', '.join(loaded) or 'none'}"
        yield beyond("import", what, "import numpy", _wall(a), _wall(b), target="≤ 50", note=note)


def heavy_modules(code: str) -> list[str]:
    """Heavy libraries that running ``code`` in a new process loads."""
    ask = f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.split()


def command(quick: bool) -> Iterator[Row]:
    """`surtax run us-canada-2025` as a process, beyond the bare import of the libraries that it needs."""
    run = ["-m", "surtax", "run", "us-canada-2025"]
    yield from _command("surtax run us-canada-2025", run, LIBRARIES, "≤ 300", 2 if quick else 11)
    if not quick:
        # About 400 of the milliseconds are the start of vl-convert's JavaScript engine, which its import does not pay.
        report = [*run, "--report", "report.html"]
        yield from _command("the same with --report", report, REPORT_LIBRARIES, "≤ 1000", 5)


def _command(what: str, arguments: Sequence[str], libraries: Sequence[str], target: str, repeats: int) -> Iterator[Row]:
    bare = f"import {', '.join(libraries)}"
    try:
        a, b = process_pairs(arguments, ["-c", bare], repeats)
    except Failed as problem:
        yield _absent("command", what, str(problem))
        return
    yield beyond("command", what, bare, _wall(a), _wall(b), target=target, note=_processor(a, b))
    peak = Spread.of([p.peak for p in a])
    yield Row(
        "command",
        f"{what}, peak memory",
        "",
        Spread.of(_wall(a)),
        None,
        peak,
        "MB",
        target="≤ 300",
        repeats=repeats,
    )


def _wall(processes: Sequence[Process]) -> list[float]:
    return [p.wall for p in processes]


def _processor(a: Sequence[Process], b: Sequence[Process]) -> str:
    """The same difference in processor time, which other work on the machine disturbs less."""
    cpu = Spread.of([1e3 * (x.cpu - y.cpu) for x, y in zip(a, b, strict=True)])
    return f"{cpu.median:+.0f} ms of processor time"


def _absent(benchmark: str, what: str, why: str) -> Row:
    return Row(benchmark, what, "", None, None, None, "+ms", note=f"not measured: {why}")
