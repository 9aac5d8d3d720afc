"""The files that a config is made of, as syntax trees. Errors name file and line."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config

from sslreg.arguments import suggestion


@dataclass(frozen=True)
class ConfigSource:
    """A Python config file, with the files from which it inherits (those inside packages left out)."""

    path: Path
    tree: ast.Module = field(repr=False)
    bases: tuple['ConfigSource', ...] = ()

    def files(self) -> Iterator['ConfigSource']:
        """Yield this file and those from which it inherits; a file that is inherited twice comes twice."""
        yield self
        for base in self.bases:
            yield from base.files()

    @property
    def uses_imports(self) -> bool:
        """Whether the file inherits by ``read_base``, so that a line may change a key of a base config."""
        return bool(_imports(self.tree))

    @property
    def inherits_by_name(self) -> bool:
        """Whether the file inherits by ``_base_``."""
        return any(isinstance(node, ast.Name) and node.id == '_base_' for node in ast.walk(self.tree))

    @property
    def is_lazy(self) -> bool:
        """Whether MMEngine reads the file as one that imports classes."""
        return not self.inherits_by_name and Config._is_lazy_import(str(self.path))

    @property
    def is_dump(self) -> bool:
        """Whether the file states values alone, as MMEngine writes a config: no import, no docstring, no variable."""
        return all(isinstance(node, ast.Assign) for node in self.tree.body) and not any(
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in ('dict', 'list', 'tuple')
            for node in ast.walk(self.tree)
        )


def read_source(path: Path, children: tuple[Path, ...] = ()) -> ConfigSource:
    """Read a Python config and the files from which it inherits.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: A file has a syntax error, is no text, or inherits from itself.
    """
    if path in children:
        raise ValueError(f'{shown(path)} inherits from itself, by way of {", ".join(map(shown, children))}')
    try:
        tree = ast.parse(path.read_text(encoding='utf-8'))
    except SyntaxError as error:
        line = f': {error.text.strip()}' if error.text else ''
        raise ValueError(f'{shown(path)}, line {error.lineno}: {error.msg}{line}') from error
    except ValueError as error:  # not UTF-8, or null bytes
        raise ValueError(f'{shown(path)} is no text: {error}') from error
    bases = [_existing(base, path, line) for base, line in _bases(tree, path)]
    source = ConfigSource(path, tree, tuple(read_source(base, (*children, path)) for base in bases))
    _check_form(source)
    _check_imports(source)
    return source


def shown(path: Path | str) -> str:
    """Return a path relative to the working folder if it is below it."""
    path = Path(path)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _existing(base: Path, path: Path, line: int) -> Path:
    if base.is_file():
        return Path(os.path.abspath(base))
    hint = suggestion(base.name, [file.name for file in base.parent.glob('*.py')])
    if base.with_suffix('').is_dir():
        hint = f'; {base.stem} is a folder, name a file in it and import its names, from ..{base.stem}.FILE import *'
    raise FileNotFoundError(f'{shown(path)}, line {line}: config {shown(os.path.abspath(base))} does not exist{hint}')


def _check_form(source: ConfigSource) -> None:
    """Raise ValueError if a config inherits in a way that MMEngine does not understand, or leaves out in silence."""
    inside, name = _imports(source.tree), shown(source.path)
    for node in (each for each in ast.walk(source.tree) if isinstance(each, ast.ImportFrom)):
        if node not in inside and (node.level or any(alias.name == '*' for alias in node.names)):
            raise ValueError(
                f'{name}, line {node.lineno}: only below `with read_base():` are configs, or all names (*), imported'
            )
        if node in inside and not node.level and not _is_installed((node.module or '').partition('.')[0]):
            raise ValueError(
                f'{name}, line {node.lineno}: no package {node.module} is installed; write .FILE or ..FOLDER.FILE'
            )
    for base in source.bases:
        if source.uses_imports and base.inherits_by_name:
            raise ValueError(f'{name}: {shown(base.path)} inherits by _base_, so use _base_ here, too')
        if source.inherits_by_name and base.is_lazy:
            raise ValueError(
                f'{name}: {shown(base.path)} imports classes, so inherit by an import below `with read_base()`, '
                'instead of _base_'
            )


def _is_installed(package: str) -> bool:
    spec = find_spec(package) if package else None
    return spec is not None and spec.origin is not None


def _check_imports(source: ConfigSource) -> None:
    """Raise ValueError if ``read_base`` imports a name that no base config has."""
    below = [node for base in source.bases for file in base.files() for node in ast.walk(file.tree)]
    defined = {node.id for node in below if isinstance(node, ast.Name)}
    defined |= {node.asname or node.name for node in below if isinstance(node, ast.alias)}
    for node in _imports(source.tree):
        for name in (alias.name for alias in node.names if node.level):
            if name not in {*defined, '*'}:
                place = f'{shown(source.path)}, line {node.lineno}'
                raise ValueError(f'{place}: {node.module} has no {name}{suggestion(name, defined)}')


def _imports(tree: ast.Module) -> list[ast.ImportFrom]:
    """Return the imports below ``with read_base()``."""
    blocks = [node.body for node in tree.body if isinstance(node, ast.With)]
    return [node for block in blocks for node in block if isinstance(node, ast.ImportFrom)]


def _bases(tree: ast.Module, path: Path) -> Iterator[tuple[Path, int]]:
    """Yield the files that ``read_base`` imports or ``_base_`` names, with lines, without those inside packages."""
    for each in _imports(tree):
        if each.level and each.module:
            yield Path(path.parents[each.level - 1], *each.module.split('.')).with_suffix('.py'), each.lineno
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(it, ast.Name) and it.id == '_base_' for it in node.targets):
            names = [each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
            yield from ((path.parent / name, node.lineno) for name in map(str, names) if '::' not in name)
