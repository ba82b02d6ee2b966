"""The commands of the law, as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from surtax.cli import law as commands

if TYPE_CHECKING:
    import click

CAR = ["8703.23.01", "--importer", "USA", "--origin", "CAN", "--on", "2025-05-06"]


def run(command: click.Command, *args: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(args))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_the_table_gives_reasons_and_the_total() -> None:
    more = ["--preference", "usmca", "--us-content", "0.4", "--value", "30000"]
    code, text = run(commands.duty, *CAR, *more)
    assert code == 0
    assert "us-s232-autos" in text
    assert "4,500.00" in text
    assert "EO 14231" in text


def test_json_of_an_answer_and_of_a_refusal() -> None:
    code, text = run(commands.duty, *CAR, "--json")
    assert code == 0
    assert json.loads(text)["schema"] == "surtax-duty-1"
    code, text = run(commands.duty, *CAR[:-1], "2030-01-01", "--json")
    assert code == 2
    assert json.loads(text)["status"] == "refused"
    code, text = run(commands.duty, "abc", *CAR[1:], "--json")
    assert code == 2
    assert json.loads(text)["total_rate"] is None


def test_a_period_prints_the_history() -> None:
    code, text = run(commands.duty, *CAR[:-1], "2025-03-01..2025-05-01", "--line")
    assert code == 0
    assert [line[:10] for line in text.splitlines()] == ["2025-03-01", "2025-03-04", "2025-04-03"]


@pytest.mark.parametrize(
    "more",
    [
        ["--metal-content", "much"],
        ["--quantity", "12"],
        ["--fact", "nothing"],
        ["--us-content", "40"],
        ["--preference", "!"],
    ],
)
def test_wrong_input_is_an_error_with_words(more: list[str]) -> None:
    code, text = run(commands.duty, *CAR, *more)
    assert code == 2
    assert text.startswith("error: ")


def test_measures_and_diff() -> None:
    code, text = run(commands.measures, "--on", "2025-05-06", "--importer", "CAN")
    assert code == 0
    assert "ca-sor-2025-66" in text
    code, text = run(commands.measures, "--json")
    assert {"id", "from", "to"} <= set(json.loads(text)["measures"][0])
    code, text = run(commands.law, "diff", "2025-06-03", "2025-06-04")
    assert code == 0
    assert "Proc. 10947" in text
    assert run(commands.law, "diff", "2025-06-03", "yesterday")[0] == 2


@settings(max_examples=150, deadline=None)
@given(code=st.text(max_size=14), day=st.text(max_size=12), origin=st.text(max_size=4))
def test_any_text_gets_an_answer_or_an_error(code: str, day: str, origin: str) -> None:
    args = ["--importer=USA", f"--origin={origin}", f"--on={day}", "--json", "--", code]
    exit_code, text = run(commands.duty, *args)
    assert exit_code in (0, 2)
    assert json.loads(text)["status"] in ("refused", "complete", "surtax-only")


@settings(max_examples=150, deadline=None)
@given(
    code=st.from_regex(r"[0-9]{8}([0-9]{2})?", fullmatch=True),
    day=st.dates().map(str),
    importer=st.sampled_from(["USA", "CAN"]),
)
def test_any_code_and_day_gets_an_answer(code: str, day: str, importer: str) -> None:
    origin = "CAN" if importer == "USA" else "USA"
    args = [code, "--importer", importer, "--origin", origin, "--on", day, "--json"]
    exit_code, text = run(commands.duty, *args)
    data = json.loads(text)
    assert (exit_code == 2) == (data["status"] == "refused")
    assert (data["total_rate"] is None) == (data["status"] == "refused")


def test_a_duty_imports_nothing_heavy() -> None:
    program = (
        "import sys; from surtax.cli.law import duty; "
        f"duty({[*CAR, '--line']!r}, standalone_mode=False); "
        "heavy = {'numpy', 'polars', 'pydantic', 'scipy', 'yaml', 'rich'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
