"""Every golden case against the engine; those not satisfied yet are listed, and must fail until they leave the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.law import golden

if TYPE_CHECKING:
    from surtax.law import Law

CASES = golden.load()
PENDING = golden.pending()


def parameters() -> list[object]:
    """Return the cases; a pending one that passes is a failure too, so that the list can only shrink."""
    return [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(strict=True, reason=PENDING[case.id], raises=AssertionError)]
            if case.id in PENDING
            else [],
        )
        for case in CASES
    ]


@pytest.mark.parametrize("case", parameters())
def test_case(law: Law, case: golden.Case) -> None:
    found = golden.differences(law, case)
    assert not found, f"{case.id} ({case.data['source']}): " + "; ".join(found)


def test_pending_cases_exist_and_say_why() -> None:
    assert set(PENDING) <= {case.id for case in CASES}
    assert all(str(reason).strip() for reason in PENDING.values())


def test_no_canadian_case_is_pending() -> None:
    assert not [case.id for case in CASES if case.file == "canada" and case.id in PENDING]


def test_every_tag_is_known() -> None:
    tags = {tag for case in CASES for tag in case.data["expect"].get("measures", {})}
    assert {t for t in tags if t != "mfn" and not t.startswith("ca-")} <= set(golden.TAGS)
