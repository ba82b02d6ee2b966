"""Shared by all tests: repeatable hypothesis runs, and the embedded world with its main scenario."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

import surtax as sx

# Runs repeat exactly, here and in CI; HYPOTHESIS_PROFILE=search looks for new examples.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def embedded():
    return sx.load_world()


@pytest.fixture(scope="session")
def main_outcome(embedded):
    return sx.solve(embedded, sx.load_scenario("us-canada-2025"))
