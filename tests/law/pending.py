"""Which golden cases the law does not satisfy: `python -m tests.law.pending [--write]`.

Prints each failing case with what was expected and what the engine says. `--write` makes
`cases/pending.yaml` anew from them; a reason that stands there already is kept.
"""

from __future__ import annotations

import json
import sys

import surtax.law
from tests.law import golden

HEAD = """# SPDX-License-Identifier: Apache-2.0
# Golden cases that the law does not satisfy yet, each with what is wrong. They must fail: a case that passes has to leave
# the list. `python -m tests.law.pending --write` makes it anew.
"""


def say(*lines: str) -> None:
    """Write lines to the terminal."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main(options: list[str]) -> None:
    """Print the failing cases, and with --write keep them as the pending list."""
    law = surtax.law.load()
    known = golden.pending()
    cases = golden.load()
    failing = {case.id: found for case in cases if (found := golden.differences(law, case))}
    for case in cases:
        if case.id in failing:
            say(f"{case.file}/{case.id}", *(f"    {text}" for text in failing[case.id]))
    say(f"{len(failing)} of {len(cases)} cases fail; {len(known.keys() - failing.keys())} leave the pending list")
    if "--write" in options:
        reasons = {i: known.get(i, found[0]) for i, found in sorted(failing.items())}
        # JSON strings are YAML strings
        lines = [f"{i}: {json.dumps(text, ensure_ascii=False)}\n" for i, text in reasons.items()]
        golden.PENDING.write_text(HEAD + ("".join(lines) or "{}\n"), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
