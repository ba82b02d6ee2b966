"""Interleaved timing: A B A B …, so that a machine that slows down or is shared slows both sides.

A ratio is taken pair by pair and its median quoted, with the least and the largest pair. Where they lie far
apart the machine was busy, and the run is to be repeated.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Largest over least pair above which a row is marked: the machine was doing something else.
NOISY = 2.0


@dataclass(frozen=True)
class Spread:
    """Median, least and largest of a measured series."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise a series."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One line of the report.

    Attributes
    ----------
    benchmark : name by which it is called.
    case : what was done.
    yardstick : what it is compared with.
    time, yardstick_time : seconds.
    ratio : what ``kind`` says, dimensionless or in the unit that it names.
    kind : "×" yardstick over product, "floor" product over yardstick, "+ms" product minus yardstick, "MB".
    target : the aim, as text; empty where there is none.
    repeats : pairs measured.
    agrees : largest difference between product and yardstick, or None where there is nothing to compare.
    compared : what `agrees` is the difference of.
    note : what a reader should know.
    """

    benchmark: str
    case: str
    yardstick: str
    time: Spread | None
    yardstick_time: Spread | None
    ratio: Spread | None
    kind: str
    target: str = ""
    repeats: int = 0
    agrees: float | None = None
    note: str = ""
    compared: str = "real incomes"

    @property
    def noisy(self) -> bool:
        """Whether the times of the product lie so far apart that the row should not be quoted."""
        if self.time is None:
            return False
        return self.repeats > 1 and self.time.high > NOISY * self.time.low


def timed(call: Callable[[], object], calls: int = 1) -> float:
    """Seconds a call, over ``calls`` calls in a row."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def pairs(
    product: Callable[[], object], yardstick: Callable[[], object], repeats: int, calls: int = 1
) -> tuple[list[float], list[float]]:
    """Seconds of both sides, in turn, after one call of the product that is not counted.

    ``calls`` calls make one measurement where a single one is too short for the clock.
    """
    product()
    if repeats > 1:
        yardstick()
    a, b = [], []
    for _ in range(repeats):
        a.append(timed(product, calls))
        b.append(timed(yardstick, calls))
    return a, b


def faster(benchmark: str, case: str, yardstick: str, a: list[float], b: list[float], **more: object) -> Row:
    """Row of the yardstick's time over the product's."""
    return _row(benchmark, case, yardstick, a, b, [y / x for x, y in zip(a, b, strict=True)], "×", **more)


def over(benchmark: str, case: str, yardstick: str, a: list[float], b: list[float], **more: object) -> Row:
    """Row of the product's time over the yardstick's."""
    return _row(benchmark, case, yardstick, a, b, [x / y for x, y in zip(a, b, strict=True)], "floor", **more)


def beyond(benchmark: str, case: str, yardstick: str, a: list[float], b: list[float], **more: object) -> Row:
    """Row of the product's time minus the yardstick's, in milliseconds."""
    return _row(benchmark, case, yardstick, a, b, [1e3 * (x - y) for x, y in zip(a, b, strict=True)], "+ms", **more)


def _row(
    benchmark: str,
    case: str,
    yardstick: str,
    a: list[float],
    b: list[float],
    ratios: list[float],
    kind: str,
    **more: object,
) -> Row:
    return Row(benchmark, case, yardstick, Spread.of(a), Spread.of(b), Spread.of(ratios), kind, repeats=len(a), **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Process:
    """What one finished process cost: wall seconds, processor seconds, peak memory in MB (10⁶ bytes)."""

    wall: float
    cpu: float
    peak: float


class Failed(Exception):
    """A measured process did not end well; the message holds its last line."""


def process(arguments: Sequence[str]) -> Process:
    """Run Python with ``arguments`` in an empty folder and return what it cost, by the system's own accounting.

    Compiled modules may be kept, as those of an installed package are, whatever the shell forbids.

    Raises
    ------
    Failed
        another exit code than 0.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder, Path(folder, "err").open("wb+") as errors:
        start = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=errors, cwd=folder, env=environment
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"exit code {child.returncode}: {lines[-1] if lines else 'nothing said'}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Process(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def process_pairs(
    product: Sequence[str], yardstick: Sequence[str], repeats: int
) -> tuple[list[Process], list[Process]]:
    """Costs of two processes, in turn, after one run of each that is not counted (files come into the cache)."""
    process(product), process(yardstick)
    a, b = [], []
    for _ in range(repeats):
        a.append(process(product))
        b.append(process(yardstick))
    return a, b


def machine() -> str:
    """The class of machine, for the head of a table: cores and versions, no names."""
    import platform

    import numpy as np

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, NumPy {np.__version__}, "
        f"{blas.get('name', 'unknown BLAS')} {blas.get('version', '')}".strip()
    )
