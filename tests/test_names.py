"""A public name, and the name of a file, say where to look: each belongs to one place in the package."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / 'sslreg'
MODULES = sorted(PACKAGE.rglob('*.py'))

# Parts of one thing in folders that say their roles, such as the head, memory and operations of a method.
SHARED_FILES = {
    '__init__.py': 'Python gives the name',
    'base.py': 'the base class of a folder of components',
    'instance.py': 'the head, memory and operations of instance discrimination',
    'view_memory.py': 'the head and operations of the view-memory loss',
    'alignment.py': 'the loss and operations of the alignment of views',
}


def duplicates(places: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """Return the names that are in more than one file, with these files."""
    found = defaultdict(set)
    for name, path in places:
        found[name].add(str(path.relative_to(PACKAGE)))
    return {name: sorted(paths) for name, paths in sorted(found.items()) if len(paths) > 1}


def definitions(*kinds: type[ast.stmt]) -> Iterator[tuple[str, Path]]:
    """Yield the public names that modules define by statements of these kinds, outside of classes and functions."""
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kinds):
                yield from ((name, path) for name in names_of(node) if not name.startswith('_'))


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def test_two_modules_do_not_share_a_file_name():
    files = ((path.name, path) for path in MODULES)
    assert {name: paths for name, paths in duplicates(files).items() if name not in SHARED_FILES} == {}


def test_two_public_classes_do_not_share_a_name():
    assert duplicates(definitions(ast.ClassDef)) == {}


def test_two_public_functions_do_not_share_a_name():
    assert duplicates(definitions(ast.FunctionDef)) == {}


def test_two_public_constants_do_not_share_a_name():
    assert duplicates(definitions(ast.Assign, ast.AnnAssign)) == {}
