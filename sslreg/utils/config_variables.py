"""Variables of config files: names that no program reads, which have an effect only where the file uses them.

Names that ``read_base`` or ``_base_`` bring in are copies. To change one in a child config changes nothing where the
base file has used it.
"""

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .config_sources import ConfigSource
from .nested_values import nested_values

LATE = (ast.FunctionDef, ast.Lambda, ast.For, ast.While)  # may run after lines below them
CHANGING = {'update', 'append', 'extend', 'insert', 'pop', 'clear', 'remove', 'setdefault', 'sort', 'reverse'}


@dataclass(frozen=True)
class Change:
    """A statement that assigns a variable, or changes its content."""

    keys: tuple[str, ...]  # the variable, and what is changed below it as far as the line says
    statement: ast.stmt
    root: ast.Name
    assigns: bool

    @property
    def name(self) -> str:
        """The variable."""
        return self.keys[0]

    @property
    def text(self) -> str:
        """The first line of the statement."""
        line = ast.unparse(self.statement).splitlines()[0]
        return line if len(line) < 80 else f'{line[:76]} ...'


@lru_cache(maxsize=64)
def changes_in(tree: ast.Module) -> tuple[Change, ...]:
    """Return the changes of a file's names."""
    return tuple(_changes(tree))


def _changes(tree: ast.Module) -> Iterator[Change]:
    for statement in (node for node in ast.walk(tree) if isinstance(node, ast.stmt)):
        for target in _targets(statement):
            root, below = target, [*_updated(statement)][:1]
            while isinstance(root, (ast.Attribute, ast.Subscript)):
                below.insert(0, root.attr if isinstance(root, ast.Attribute) else ast.unparse(root.slice).strip("'"))
                root = root.value
            if isinstance(root, ast.Name):
                assigns = root is target and not isinstance(statement, ast.Expr)
                yield Change((root.id, *below), statement, root, assigns)


def _updated(statement: ast.stmt) -> Iterator[str]:
    """Yield the keys of ``part.update(key=value)``."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        yield from (keyword.arg for keyword in statement.value.keywords if keyword.arg)


def _targets(statement: ast.stmt) -> list[ast.expr]:
    """Return the expressions that a statement assigns or changes."""
    if isinstance(statement, ast.Assign):
        lists = [target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target] for target in statement.targets]
        return [target for targets in lists for target in targets]
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
        return [statement.target]
    if isinstance(statement, ast.Delete):
        return [target for target in statement.targets if not isinstance(target, ast.Name)]
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CHANGING:
        return [call.func.value]
    return []


def assigned_names(source: ConfigSource) -> set[str]:
    """Return the names that a config's files assign."""
    return {change.name for file in source.files() for change in changes_in(file.tree) if change.assigns}


def changes_without_use(
    source: ConfigSource, known: set[str], children: tuple[ConfigSource, ...] = ()
) -> Iterator[tuple[ConfigSource, Change]]:
    """Yield the changes of variables that neither the file itself nor a file that inherits from it uses.

    A file from which others inherit may define unused variables, but must not change inherited ones without effect.
    """
    inherited = {name for base in source.bases for name in assigned_names(base)}
    changes = [*changes_in(source.tree)]
    effective = {id(change.statement) for change in changes if change.name in known or change.name.startswith('_')}
    for change in changes:
        if _used(change, source) or any(change.name in _reads(child.tree) for child in children):
            effective.add(id(change.statement))  # also a = b = 1 and a, b = 1, 2 where one of the two is used
    for change in changes:
        if id(change.statement) not in effective and (change.name in inherited or not children):
            yield source, change
    for base in source.bases:
        yield from changes_without_use(base, known, (source, *children))


def _used(change: Change, source: ConfigSource) -> bool:
    """Return whether the file reads the variable: after an assignment, or anywhere if its content changes."""
    inside = {id(node) for node in ast.walk(change.statement)}
    end = change.statement.end_lineno or 0
    return any(
        not change.assigns or line > end
        for node, line in _reads(source.tree).get(change.name, ())
        if id(node) not in inside
    )


@lru_cache(maxsize=64)
def _reads(tree: ast.Module) -> dict[str, list[tuple[ast.AST, float]]]:
    """Return the nodes that read each variable, by line; infinity in functions and loops, which may run last."""
    roots = {id(each.root) for each in changes_in(tree)}
    late = {id(inner) for node in ast.walk(tree) if isinstance(node, LATE) for inner in ast.walk(node)}
    found: dict[str, list[tuple[ast.AST, float]]] = {}
    for node in ast.walk(tree):
        if id(node) not in roots and (name := _read_name(node)):
            found.setdefault(name, []).append((node, math.inf if id(node) in late else node.lineno))  # type: ignore[attr-defined]
    return found


def _read_name(node: ast.AST) -> str | None:
    """Return the variable that a node reads: by its name, as ``_base_.name``, or imported under another name."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(value=ast.Name(id='_base_'), attr=name):
            return name
        case ast.alias(name=name, asname=str()):
            return name
    return None


def contains(parts: Any, value: Any) -> bool:
    """Return whether a list or dict is also a value inside a config's parts, as a variable that a part uses."""
    if not isinstance(value, (dict, list, tuple)) or not value:
        return False
    return any(bool(part == value) for _, part in nested_values(parts))
