"""YAML files of a user's, validated, with errors that name the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from surtax.errors import InputError, nearest

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Read `path` and validate it as `model`.

    Raises
    ------
    InputError
        the file cannot be read, is no YAML, repeats a key, has unknown keys (the nearest known one is offered) or
        values of the wrong kind; each with its line.
    """
    return parse_yaml(read_text(path), model, str(path))


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8, or refuse it in words."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not a text file in UTF-8.") from None


def entry_lines(text: str, key: str) -> list[int]:
    """Return the line of each entry of the list under a key of a text that `parse_yaml` has found valid."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    lists = [value for name, value in root.value if name.value == key]
    return [entry.start_mark.line + 1 for entry in lists[0].value] if lists else []


def parse_yaml(text: str, model: type[Model], name: str) -> Model:
    """Validate YAML text as `model`; `name` stands for the file in errors."""
    # Both are safe loaders; the one in C is ten times as fast where it was built.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = _checked(loader.get_single_node(), name)
        data = loader.construct_document(node)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(problem, "problem", None) or str(problem)
        raise InputError(f"{name}{where}: not valid YAML: {what}.") from None
    except InputError:
        raise
    except (ValueError, ArithmeticError, RecursionError) as problem:  # an impossible date, nesting without end
        raise InputError(f"{name}: not valid YAML: {problem}.") from None
    except (AttributeError, TypeError, LookupError):
        # The loader's own slips over a tag whose value does not fit it, such as `!!timestamp x`.
        raise InputError(f"{name}: not valid YAML: a value does not fit its tag.") from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise InputError(f"{name} should be a mapping of keys to values, not a {type(data).__name__}.")
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        lines = [_explain(e, node, model, name) for e in problem.errors()]
        more = f"\n(and {len(lines) - 5} more)" if len(lines) > 5 else ""
        raise InputError("\n".join(lines[:5]) + more) from None


def _checked(node: yaml.Node | None, name: str) -> yaml.Node:
    if node is None:
        raise InputError(f"{name} is empty.")
    _unique_keys(node, name, set())
    return node


def _unique_keys(node: yaml.Node, name: str, visited: set[int]) -> None:
    # Aliases lead to the same node from many places, and may nest: each is looked at once.
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        _plain_number(node, name)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{name}, line {key.start_mark.line + 1}: a key should be one word, not a collection.")
            if key.value in seen:
                raise InputError(f"{name}, line {key.start_mark.line + 1}: key {key.value!r} stands twice.")
            seen.add(key.value)
            _unique_keys(value, name, visited)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _unique_keys(value, name, visited)


def _plain_number(node: yaml.ScalarNode, name: str) -> None:
    """Refuse what YAML 1.1 silently reads as another number: 1:30 is 90 (base 60), 010 is 8 (base 8)."""
    if not node.tag.endswith((":int", ":float")):
        return
    digits = node.value.lstrip("+-")
    if ":" in digits or (node.tag.endswith(":int") and len(digits) > 1 and digits[0] == "0" and digits[1] not in "xb"):
        base = "sixty" if ":" in digits else "eight"
        raise InputError(
            f"{name}, line {node.start_mark.line + 1}: {node.value} would be read as a number in base {base}: write it "
            f"in base ten, or in quotation marks if text is meant."
        )


def _explain(error: Any, node: yaml.Node, model: type[BaseModel], name: str) -> str:
    path = [p for p in error["loc"] if not (isinstance(p, str) and p.startswith("function-"))]
    line, reached = _line(node, path)
    where = f"{name}, line {line}"
    dotted = ".".join(str(p) for p in path[:reached] or path)
    if error["type"] == "extra_forbidden":
        return (
            f"{where}: unknown key {path[-1]!r} in {_parent(path)}{nearest(str(path[-1]), _fields(model, path[:-1]))}"
        )
    if error["type"] == "missing":
        return f"{where}: {_parent(path)} lacks the key {path[-1]!r}."
    return f"{where}: {dotted}: {error['msg'].removeprefix('Value error, ')} (got {_short(error['input'])})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _parent(path: list[Any]) -> str:
    return ".".join(str(p) for p in path[:-1]) or "the file"


def _line(node: yaml.Node, path: list[Any]) -> tuple[int, int]:
    """Line of the deepest node on the path, and how much of the path it covers."""
    line = node.start_mark.line + 1
    for depth, step in enumerate(path):
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    node, line = value, key.start_mark.line + 1
                    break
            else:
                return line, depth
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            return line, depth
    return line, len(path)


def _fields(model: type[BaseModel], path: list[Any]) -> list[str]:
    """Names that are known where an unknown key stands."""
    current: Any = model
    for step in path:
        if isinstance(step, int):
            continue
        fields = getattr(current, "model_fields", {})
        field = next((f for name, f in fields.items() if step in (name, f.alias)), None)
        if field is None:
            return []
        current = _inner_model(field.annotation)
    return [f.alias or name for name, f in getattr(current, "model_fields", {}).items()]


def _inner_model(annotation: Any) -> Any:
    from typing import get_args

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
