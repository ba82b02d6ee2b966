"""Arithmetic on named ranges: + − * /, parentheses, min, max, abs, numbers.

Every value is a range (a number is a range of no width), and the result is the range that the operands' ranges allow,
each taken on its own: a name that occurs twice is taken twice, which can only widen the result.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import NamedTuple

from surtax.errors import InputError, nearest


class Range(NamedTuple):
    """The numbers from low to high."""

    low: float
    high: float


def value(text: str, names: Mapping[str, Range] | Callable[[str], Range]) -> Range:
    """Evaluate an expression.

    Parameters
    ----------
    text : such as `goods_deficit + 0.5 * gap` ; names may have dots.
    names : ranges by name, or what gives them.

    Raises
    ------
    InputError
        no expression of this kind, an unknown name, a division by a range that holds zero.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise InputError(f"{text!r} is not arithmetic on figures.") from None
    return _value(tree, text, names if callable(names) else _look_up(names))


def names_in(text: str) -> tuple[str, ...]:
    """Names that an expression uses, each once, in order."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise InputError(f"{text!r} is not arithmetic on figures.") from None
    found: list[str] = []
    _collect(tree.body, found)
    return tuple(dict.fromkeys(found))


def _collect(node: ast.AST, found: list[str]) -> None:
    if isinstance(node, ast.Attribute | ast.Name):
        found.append(ast.unparse(node))
    elif isinstance(node, ast.Call):
        for argument in node.args:
            _collect(argument, found)
    else:
        for child in ast.iter_child_nodes(node):
            _collect(child, found)


def _look_up(names: Mapping[str, Range]) -> Callable[[str], Range]:
    def find(name: str) -> Range:
        if name not in names:
            raise InputError(f"unknown figure {name!r}{nearest(name, names)}")
        return names[name]

    return find


def _value(node: ast.AST, text: str, find: Callable[[str], Range]) -> Range:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return Range(float(node.value), float(node.value))
    if isinstance(node, ast.Attribute | ast.Name):
        return find(ast.unparse(node))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        x = _value(node.operand, text, find)
        return Range(-x.high, -x.low) if isinstance(node.op, ast.USub) else x
    if isinstance(node, ast.BinOp):
        return _binary(node, _value(node.left, text, find), _value(node.right, text, find), text)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max", "abs"):
        return _called(node.func.id, [_value(a, text, find) for a in node.args], text)
    raise InputError(f"{text!r}: only + − * /, parentheses, min, max, abs and names of figures.")


def _binary(node: ast.BinOp, x: Range, y: Range, text: str) -> Range:
    if isinstance(node.op, ast.Add):
        return Range(x.low + y.low, x.high + y.high)
    if isinstance(node.op, ast.Sub):
        return Range(x.low - y.high, x.high - y.low)
    if isinstance(node.op, ast.Mult):
        ends = [a * b for a in x for b in y]
        return Range(min(ends), max(ends))
    if isinstance(node.op, ast.Div):
        if y.low <= 0 <= y.high:
            raise InputError(f"{text!r}: divides by {ast.unparse(node.right)}, which may be zero.")
        ends = [a / b for a in x for b in y]
        return Range(min(ends), max(ends))
    raise InputError(f"{text!r}: only + − * /, parentheses, min, max, abs and names of figures.")


def _called(name: str, given: list[Range], text: str) -> Range:
    if not given or (name == "abs" and len(given) != 1):
        raise InputError(f"{text!r}: {name} takes {'one value' if name == 'abs' else 'values'}.")
    if name == "abs":
        x = given[0]
        low = 0.0 if x.low <= 0 <= x.high else min(abs(x.low), abs(x.high))
        return Range(low, max(abs(x.low), abs(x.high)))
    pick = min if name == "min" else max
    return Range(pick(x.low for x in given), pick(x.high for x in given))
