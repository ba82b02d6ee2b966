"""One law for all tests of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import surtax.law

if TYPE_CHECKING:
    from surtax.law import Law


@pytest.fixture(scope="session")
def law() -> Law:
    return surtax.law.load()
