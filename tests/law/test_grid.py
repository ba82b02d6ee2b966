"""The vectorised schedule against the scalar engine, line by line and day by day."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import surtax.law
from surtax.errors import InputError
from surtax.law.grid import Lines

if TYPE_CHECKING:
    from surtax.law import Law

DATA = Path(surtax.law.__file__).parents[1] / "data" / "law"
DAYS = [dt.date(2025, 1, 1) + dt.timedelta(i) for i in range(600)]


def some_codes(importer: str, count: int) -> list[str]:
    """Codes of the lists, and others around them, from a fixed seed."""
    found: set[str] = set()
    for path in sorted(p for p in (DATA / importer).glob("*.csv") if p.name != "origins.csv"):
        for row in path.read_text(encoding="utf-8").splitlines()[1:]:
            bare = row.partition(",")[0].replace(".", "")
            found.update((bare.ljust(8, "0")[:8], bare.ljust(10, "0")[:10]))
    pick = random.Random(7)  # noqa: S311
    return pick.sample(sorted(found), count) + [f"{pick.randrange(10**7, 10**8):08d}" for _ in range(40)]


@pytest.mark.parametrize("preference", ["none", "usmca"])
@pytest.mark.parametrize("metal", [None, 0.3, {"steel": 0.2, "aluminum": 0.3}])
@pytest.mark.parametrize(("importer", "origin"), [("USA", "CAN"), ("CAN", "USA")])
def test_the_two_engines_agree(law: Law, importer: str, origin: str, metal: Any, preference: str) -> None:
    products = some_codes(importer, 160)
    lines = Lines(
        importer,
        products,
        origin,
        claimed=float(preference != "none"),
        us_content=0.4,
        ca_mx_content=0.3,
        metal_content=np.nan if metal is None else metal,
    )
    table = law.schedule(lines, DAYS)
    for e in range(table.rates.shape[1]):
        day = dt.date.fromordinal(int(table.dates[table.epochs == e][0]))
        for i, product in enumerate(products):
            answer = law.duty(
                product,
                importer=importer,
                origin=origin,
                on=day,
                preference=preference,
                us_content=0.4,
                ca_mx_content=0.3,
                metal_content=metal,
            )
            rate = table.rates[i, e]
            assert (answer.total_rate is None) == bool(np.isnan(rate)), (
                product,
                day,
                answer.reason,
            )
            assert answer.total_rate is None or rate == pytest.approx(answer.total_rate), (
                product,
                day,
            )


def test_claims_mix_the_two_rates(law: Law) -> None:
    def on(claimed: float) -> float:
        lines = Lines("USA", ["0101.21.00"], "CAN", claimed=claimed)
        return float(law.schedule(lines, ["2025-05-06"]).at("2025-05-06")[0])

    assert on(0.0) == 25
    assert on(1.0) == 0
    assert on(0.4) == pytest.approx(15)


def test_schedule_refuses_what_it_cannot_understand(law: Law) -> None:
    with pytest.raises(InputError, match="outside"):
        law.schedule(Lines("USA", ["0101.21.00"], "CAN", claimed=60), ["2025-05-06"])
    with pytest.raises(InputError, match="no dates"):
        law.schedule(Lines("USA", ["0101.21.00"], "CAN"), [])
    with pytest.raises(InputError, match="not among"):
        law.schedule(Lines("USA", ["0101.21.00"], "CAN"), ["2025-05-06"]).at("2025-05-07")
    with pytest.raises(InputError, match="origins"):
        law.schedule(Lines("USA", ["0101.21.00"], ["CAN", "MEX"]), ["2025-05-06"])


def test_edits_reach_the_schedule(law: Law) -> None:
    lines = Lines("USA", ["0101.21.00", "7208.39.00.30"], "CAN")
    changed = law.edit("us-ieepa-can", remove_products=["0101"]).edit("us-ieepa-can", rate=30)
    assert changed.schedule(lines, ["2025-05-06"]).at("2025-05-06").tolist() == [0, 30]


def test_many_lines_are_answered_at_once(law: Law) -> None:
    products = [f"{c}{s:02d}" for c in some_codes("USA", 400) for s in range(30)][:12_000]
    products = [p.ljust(10, "0")[:10] for p in products]
    found = law.schedule(Lines("USA", products, "CAN", claimed=0.5, metal_content=0.5), DAYS)
    assert found.at(DAYS[0]).shape == (len(products),)
