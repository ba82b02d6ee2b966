"""`python -m tools.build_data NAME… [--sources DIR] [builder's options]`, or `all`, or `list`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from tools.build_data.common import default_sources

# In the order in which `all` runs them: a builder may read what an earlier one wrote.
# Each is a module here with `run(sources, arguments)`; one whose module is absent is skipped by
# `all`, and said so.
BUILDERS = {
    "concordance": "concordance",
    "elasticities": "elasticities",
    "base-tariffs": "base_tariffs",
    "world": "world",
    "us-imports": "us_imports",
    "protee": "elasticities_protee",
    "claims": "claims",
    "us-exports-canada": "us_exports_canada",
    "hs-vintages": "hs_vintages",
    "scenarios": "scenarios",
    "law": "law",
    "canada-items": "canada_items",
    "metal-content": "metal_content",
    "collected": "collected",
    "claiming": "claiming",
}


def main(arguments: list[str]) -> int:
    """Run the builders named; return the exit code."""
    arguments = list(arguments)
    sources = default_sources()
    if "--sources" in arguments:
        at = arguments.index("--sources")
        if at + 1 == len(arguments):
            print("--sources needs a folder", file=sys.stderr)
            return 2
        sources = Path(arguments[at + 1])
        del arguments[at : at + 2]
    first_option = next((i for i, a in enumerate(arguments) if a.startswith("-")), len(arguments))
    names, options = arguments[:first_option], arguments[first_option:]
    if not names or names == ["list"] or any(o in ("-h", "--help") for o in options):
        print(f"{__doc__}\nbuilders: {', '.join(BUILDERS)}\nsources: {sources}")
        return 0 if names or options else 2
    unknown = [n for n in names if n not in BUILDERS and n != "all"]
    if unknown:
        print(f"unknown builder {unknown[0]!r}; known: all, {', '.join(BUILDERS)}", file=sys.stderr)
        return 2
    if not sources.is_dir():
        print(
            f"there is no folder {sources}: give --sources DIR or set SURTAX_SOURCES",
            file=sys.stderr,
        )
        return 2
    everything = "all" in names
    if everything and options:
        print(f"options go with one builder, not with all: {' '.join(options)}", file=sys.stderr)
        return 2
    for name, module_name in BUILDERS.items():
        if not everything and name not in names:
            continue
        module = f"tools.build_data.{module_name}"
        if everything and importlib.util.find_spec(module) is None:
            print(f"{name}: no such builder yet, skipped", file=sys.stderr)
            continue
        importlib.import_module(module).run(sources, options)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
