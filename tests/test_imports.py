"""What importing costs, and which room may ask which."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import surtax as sx

SOURCE = Path(sx.__file__).resolve().parent
HEAVY = {
    "scipy",
    "polars",
    "pydantic",
    "altair",
    "vl_convert",
    "xarray",
    "yaml",
    "rich",
    "h5py",
    "pandas",
    "click",
    "pyfixest",
    "pooch",
}


def modules_after(code):
    """Top-level modules that a fresh process holds after running `code`."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_surtax_loads_nothing_heavy():
    assert not modules_after("import surtax") & HEAVY


def test_importing_surtax_loads_no_room():
    """Rooms come with the first use of a name; numpy itself is not needed to say what the version is."""
    assert "numpy" not in modules_after("import surtax; surtax.__version__; dir(surtax)")


def test_solving_from_arrays_needs_numpy_alone():
    code = (
        "import surtax as sx\n"
        "w = sx.World.from_arrays(['A', 'B'], ['x'], [[6., 4.], [4., 6.]], elasticity=4)\n"
        "o = sx.solve(w, sx.Scenario().tariff(importer='A', exporter='B', add=0.1))\n"
        "o.welfare['A'], o.decomposition()"
    )
    assert not modules_after(code) & (HEAVY - {"scipy"})


def test_the_plain_way_of_solving_needs_no_scipy():
    """Newton–Krylov, which does, is for hard cases."""
    code = "import surtax as sx; w = sx.load_world(); sx.solve(w, sx.Scenario().tariff(importer='USA', exporter='CAN', add=0.1))"
    assert not modules_after(code) & HEAVY


def test_help_is_cheap():
    code = "import sys; from surtax.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert not modules_after(code) & (HEAVY - {"click"})


@pytest.mark.parametrize("name", sx.__all__)
def test_every_public_name_is_there_and_described(name):
    thing = getattr(sx, name)
    assert thing.__doc__, name
    assert name in dir(sx)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        sx.slove  # noqa: B018


# --- rooms ---

#: room → the rooms it may import, at the top of a module or inside a function
ALLOWED = {
    "numerics": set(),
    "law": set(),
    "trade": {"law"},
    "world": set(),
    "policy": {"world", "law", "trade"},
    "model": {"world", "numerics", "policy"},
    "validate": {"model", "policy", "world", "numerics", "law", "trade", "experiments"},
    "regions": {"model", "policy", "world"},
    "experiments": {"model", "policy", "world", "trade", "estimation"},
    "claims": {"experiments", "regions", "model", "policy", "world"},
    "games": {"model", "policy", "world", "numerics", "law", "trade"},
    "report": {"model", "policy", "world", "law", "validate", "claims", "regions", "games", "experiments"},
    "estimation": set(),
    "cli": {
        "model",
        "policy",
        "world",
        "report",
        "law",
        "trade",
        "validate",
        "regions",
        "experiments",
        "claims",
        "estimation",
        "elasticities",
        "games",
    },
}
#: modules that belong to no room and import none
SHARED = {"csvfile", "errors", "inputs", "labelled", "yamlfile"}
#: single exceptions, each written down: (module, imported module) → why
EXCEPTIONS = {
    ("world/world.py", "model.equilibrium"): "World.balanced asks the model, lazily: docs/decisions/0002",
    ("model/equilibrium.py", "elasticities"): "solve(elasticities=…) goes through the door for names and files, lazily",
    ("games/situation.py", "elasticities"): "as for solve(elasticities=…)",
    ("model/dynamic.py", "elasticities"): "solve_path(elasticities=…), as above",
    ("elasticities.py", "world"): "elasticities apply to a world",
    ("elasticities.py", "world.elasticities"): "the shipped sets",
    ("elasticities.py", "world.icio_codes"): "which sectors the shipped sets are by",
    ("elasticities.py", "world.elasticity_draws"): "draws from standard errors",
}


def imports(path):
    """(imported surtax module without the prefix, at the top and at run time?) of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            typing_only |= {id(x) for x in ast.walk(node)}
    top = {id(x) for x in tree.body}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            # `from surtax.world import checks` imports a module as well as a room
            names = [node.module or ""]
            if node.module == "surtax":
                names = [f"surtax.{a.name}" for a in node.names]
        for name in names:
            if name == "surtax" or name.startswith("surtax."):
                kind = "types" if id(node) in typing_only else "top" if id(node) in top else "lazy"
                yield name.removeprefix("surtax").lstrip("."), kind


FILES = sorted(p.relative_to(SOURCE).as_posix() for p in SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", [f for f in FILES if "/" in f])
def test_rooms_ask_only_inner_rooms(file):
    room = file.split("/")[0]
    for target, kind in imports(SOURCE / file):
        other = target.split(".")[0]
        if other in SHARED | {room}:
            continue
        if (file, target) in EXCEPTIONS:
            assert kind == "lazy", f"{file} imports {target} at the top: {EXCEPTIONS[file, target]}"
            continue
        if room in ("cli", "report", "claims") and other in ("__version__", ""):
            continue  # the public door, which loads nothing by itself
        assert other in ALLOWED[room], f"{file} imports {target} ({kind})"
        if room == "policy" and other == "world":
            assert kind == "types", f"{file} needs {target} at run time"


@pytest.mark.parametrize("file", [f for f in FILES if "/" not in f and f not in ("__init__.py", "__main__.py")])
def test_shared_modules_ask_no_room(file):
    for target, kind in imports(SOURCE / file):
        assert target.split(".")[0] in SHARED or (file, target) in EXCEPTIONS, f"{file} imports {target} ({kind})"


def test_the_package_itself_imports_no_room_when_loaded():
    assert all(kind == "types" for _, kind in imports(SOURCE / "__init__.py"))


def test_only_numerics_and_the_lazy_doors_import_heavy_libraries_at_the_top():
    allowed = {
        "pydantic": {"policy/library.py", "yamlfile.py", "claims/schema.py", "games/tree.py"},
        "yaml": {"yamlfile.py"},
        "click": {f for f in FILES if f.startswith("cli/")},
    }
    for file in FILES:
        tree = ast.parse((SOURCE / file).read_text(encoding="utf-8"))
        for node in tree.body:
            names = (
                [a.name for a in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            )  # fmt: skip
            for name in {n.split(".")[0] for n in names} & HEAVY:
                if file.startswith(("report/", "law/", "trade/ingest/")):
                    continue  # loaded by the command that needs them
                assert file in allowed.get(name, ()), f"{file} imports {name} at the top"
