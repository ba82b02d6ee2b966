"""Shared by all tests: repeatable hypothesis runs, and the embedded world with its main scenario."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

import surtax as sx

# Runs repeat exactly, here and in CI; HYPOTHESIS_PROFILE=search looks for new examples.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture
def call(capsys):
    """Run the command line with some arguments: exit code, stdout, stderr."""
    from surtax.cli import main

    def run(*arguments):
        with pytest.raises(SystemExit) as leave:
            main(list(arguments))
        captured = capsys.readouterr()
        return leave.value.code, captured.out, captured.err

    return run


def pytest_terminal_summary(terminalreporter):
    """Say in a few lines what was not run and why: a skipped test reproduces nothing."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(r.longrepr[2].removeprefix("Skipped: ") for r in reports if isinstance(r.longrepr, tuple))
    for reason, count in reasons.most_common(8):
        terminalreporter.write_line(f"skipped {count}: {reason[:160]}")
    if len(reasons) > 8:
        terminalreporter.write_line(f"… and {len(reasons) - 8} other reasons (pytest -rs lists all)")


@pytest.fixture(scope="session")
def embedded():
    return sx.load_world()


@pytest.fixture(scope="session")
def main_outcome(embedded):
    return sx.solve(embedded, sx.load_scenario("us-canada-2025"))
