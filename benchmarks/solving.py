"""Time to an equilibrium, against the two yardsticks of `benchmarks.textbook`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import numpy as np

import surtax as sx
from benchmarks import textbook
from benchmarks.measure import Row, faster, over, pairs, timed
from benchmarks.problems import Problem, fresh, random_problem, shipped
from surtax.policy.schedule import Schedule

#: excess demand, or largest relative step, at which the yardsticks stop; the product's own default is stricter
TOLERANCE = 1e-10
NESTED = "textbook nested loops, dense expenditure solve, cubes of powers"
PLAIN = "plain Anderson on cubes of powers"
#: product and yardstick have to agree on real incomes (ratios) at least so far, or the time is of no interest
AGREE = 1e-8


def solve(quick: bool) -> Iterator[Row]:
    """Warm solves of the shipped world: world and base laid out before, as in a session or a sweep."""
    for problem in [random_problem(12, 6)] if quick else [shipped("us-canada-2025"), shipped("all-goods-25-both")]:
        yield from _against("solve", problem, quick, nested=problem.name != "all-goods-25-both")
    if not quick:
        yield _first(shipped("us-canada-2025"))


def _against(benchmark: str, problem: Problem, quick: bool, *, nested: bool) -> Iterator[Row]:
    arrays = problem.arrays
    results: dict[str, np.ndarray] = {}

    def product() -> None:
        results["product"] = sx.solve(problem.world, problem.schedule).real_income

    def plain() -> None:
        results["plain"] = textbook.anderson(*arrays, tol=TOLERANCE).real_income_hat

    def loops() -> None:
        results["nested"] = textbook.nested(*arrays, tol=TOLERANCE).real_income_hat

    yield from _two(benchmark, problem.name, product, plain, loops if nested else None, results, quick)


def caliendo_parro(quick: bool) -> Iterator[Row]:
    """Both solves of Caliendo and Parro's exercise: the base at zero deficits, then NAFTA's tariffs."""
    from tests.helpers import replication_folder

    from surtax.validate.caliendo_parro import load

    name = "Caliendo–Parro, two solves"
    folder = replication_folder()
    if folder is None or not (folder / "cp2015").is_dir():
        yield Row(
            "caliendo-parro",
            name,
            "",
            None,
            None,
            None,
            "×",
            note="not measured: its data are not on this machine; set SURTAX_REPLICATION_DATA to their folder",
        )
        return
    study = load(folder)
    N, world = len(study.countries), study.world("Caliendo–Parro")
    schedule = Schedule(study.new_tariffs)
    # The accounts as the product took them: it sets one slightly negative value added to zero, and says so.
    arrays, zero = Problem(name, world, schedule).arrays, np.zeros(N)
    base_arrays = (*arrays[:6], study.tariffs, arrays[7])
    results: dict[str, np.ndarray] = {}

    def product() -> None:
        # A copy remembers nothing, so that base and counterfactual are both solved each time.
        results["product"] = sx.solve(fresh(world), schedule, deficits="balanced").real_income

    def twice(method: Callable[..., textbook.TextbookSolution], key: str) -> Callable[[], None]:
        def call() -> None:
            before = method(*base_arrays, zero, tol=TOLERANCE).real_income_hat
            results[key] = method(*arrays, zero, tol=TOLERANCE).real_income_hat / before

        return call

    loops = twice(textbook.nested, "nested")
    yield from _two(
        "caliendo-parro", name, product, twice(textbook.anderson, "plain"), loops if not quick else None, results, quick
    )


def _two(
    benchmark: str,
    name: str,
    product: Callable[[], None],
    plain: Callable[[], None],
    loops: Callable[[], None] | None,
    results: dict[str, np.ndarray],
    quick: bool,
) -> Iterator[Row]:
    if loops is not None:
        # One run of the loops takes as long as hundreds of the product's: each is set against the median of those
        # before and after it.
        count, a, b = (3, [], []) if quick else (10, [], [])
        product()
        for _ in range(1 if quick else 2):
            around = [timed(product) for _ in range(count)]
            b.append(timed(loops))
            around += [timed(product) for _ in range(count)]
            a.append(statistics.median(around))
        gap = _difference(results, "nested")
        yield faster(benchmark, name, NESTED, a, b, target="" if quick else "≥ 200", agrees=gap)
    a, b = pairs(product, plain, 2 if quick else 15)
    yield faster(benchmark, name, PLAIN, a, b, target="" if quick else "≥ 5", agrees=_difference(results, "plain"))


def _difference(results: dict[str, np.ndarray], key: str) -> float:
    gap = float(np.abs(results["product"] - results[key]).max())
    if not gap <= AGREE:
        raise AssertionError(f"product and yardstick differ by {gap:.1e} in real income: a wrong answer has no speed")
    return gap


def _first(problem: Problem) -> Row:
    """The first solve of a world, which lays out the base, against the next."""
    a, b = pairs(
        lambda: sx.solve(fresh(problem.world), problem.schedule), lambda: sx.solve(problem.world, problem.schedule), 15
    )
    return over("solve", "us-canada-2025, first solve of a world", "the same again", a, b)


def scaling(quick: bool) -> Iterator[Row]:
    """Warm solves of dense random worlds of several sizes, each in turn with the smallest."""
    sizes = [(10, 5), (20, 5)] if quick else [(20, 10), (40, 10), (80, 10), (160, 10), (40, 20), (40, 40), (160, 40)]
    problems = [random_problem(*size) for size in sizes]
    first = problems[0]
    for problem in problems[1:]:
        evaluations = sx.solve(problem.world, problem.schedule).conditions.evaluations
        a, b = pairs(
            lambda p=problem: sx.solve(p.world, p.schedule),
            lambda: sx.solve(first.world, first.schedule),
            3 if quick else 9,
        )
        cells = problem.world.flows.size / first.world.flows.size
        note = f"{cells:.0f}× the cells, {evaluations} evaluations"
        yield over("scaling", problem.name, first.name, a, b, note=note)
