"""The code of a module as it enters keys: what it computes, without comments, layout, or words for people.

It is written from the syntax tree by name of node and field, not by `ast.unparse`, whose text depends on the version of
Python; fields that a later version adds are empty in older code, and empty fields are left out.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

CODE = re.compile(r"[A-Z]\d{3}")  # of a quarantine: it is a result, unlike the words beside it
MESSAGE_CALLS = {"Progress", "add_note"}  # calls whose texts are for people, beside those of loggers and exceptions


@cache
def read(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text that stands for the code of a module, and the names that it imports, modules or what is in them.

    `from a import b` gives "a.b".
    """
    parts: list[str] = []
    imported: list[str] = []
    _write(ast.parse(file.read_text(encoding="utf-8")), parts.append, imported)
    return "".join(parts), tuple(imported)


def _write(node: ast.AST, put: Callable[[str], None], imported: list[str]) -> None:
    """Put the parts of a node's text, and add what it imports."""
    if isinstance(node, ast.Import):
        imported += [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        imported += [f"{node.module}.{alias.name}" for alias in node.names]
    put(type(node).__name__)
    put("(")
    for name, parts in _fields(node):
        put(name)
        put("=")
        for part in parts:
            if isinstance(part, ast.AST):
                _write(part, put, imported)
            else:
                put(repr(part))
            put(",")
    put(")")


def _fields(node: ast.AST) -> Iterator[tuple[str, Sequence[object]]]:
    """Yield the fields of a node that are not empty, without statements and texts that do nothing."""
    for name in node._fields:
        value = getattr(node, name, None)
        if name in ("ctx", "kind", "type_comment") or (name == "msg" and isinstance(node, ast.Assert)):
            continue
        if isinstance(value, list):
            if parts := [part for part in value if not _is_silent(part)]:
                yield name, _blanked(parts) if name == "args" and _is_message(node) else parts
        elif value is not None or isinstance(node, ast.Constant):
            yield name, (value,)


def _is_silent(part: object) -> bool:
    """Tell whether it is a statement without effect: `pass`, or a text such as the docstring of a module or a class."""
    if isinstance(part, ast.Expr):
        return isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)
    return isinstance(part, ast.Pass)


def _is_message(node: ast.AST) -> bool:
    """Tell whether a call takes words for people: of an exception, of a logger, of progress."""
    function = getattr(node, "func", None)
    if isinstance(function, ast.Attribute):
        by_logger = isinstance(function.value, ast.Name) and function.value.id == "log"
        return by_logger or function.attr.endswith("Error") or function.attr in MESSAGE_CALLS
    name = function.id if isinstance(function, ast.Name) else ""
    return name.endswith("Error") or name in MESSAGE_CALLS


def _blanked(arguments: Sequence[object]) -> list[object]:
    return [ast.Constant("") if _is_text(argument) else argument for argument in arguments]


def _is_text(argument: object) -> bool:
    return isinstance(argument, ast.JoinedStr) or (
        isinstance(argument, ast.Constant) and isinstance(argument.value, str) and not CODE.fullmatch(argument.value)
    )
