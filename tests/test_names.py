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
# Burn-down lists of names to be changed. Delete a name when it is unique; add none.
FILES_TO_RENAME: set[str] = set()
CLASSES_TO_RENAME = set()
FUNCTIONS_TO_RENAME = {
    'select',
}
CONSTANTS_TO_RENAME = {
    'QUERIES',
    'ROWS',
    'SHORTEST',
}


def duplicates(places: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """Return the names that are in more than one file, with these files."""
    found = defaultdict(set)
    for name, path in places:
        found[name].add(str(path.relative_to(PACKAGE)))
    return {name: sorted(paths) for name, paths in sorted(found.items()) if len(paths) > 1}


def definitions(kind: type[ast.stmt]) -> Iterator[tuple[str, Path]]:
    """Yield the public names that modules define by statements of a kind, outside of classes and functions."""
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, kind):
                targets = [each for each in getattr(node, 'targets', []) if isinstance(each, ast.Name)]
                names = [each.id for each in targets] or [getattr(node, 'name', '_')]
                yield from ((name, path) for name in names if not name.startswith('_'))


def offenders(places: Iterable[tuple[str, Path]], excepted: Iterable[str]) -> dict[str, list[str]]:
    return {name: paths for name, paths in duplicates(places).items() if name not in set(excepted)}


def test_two_modules_do_not_share_a_file_name():
    assert offenders(((path.name, path) for path in MODULES), SHARED_FILES.keys() | FILES_TO_RENAME) == {}


def test_two_public_classes_do_not_share_a_name():
    assert offenders(definitions(ast.ClassDef), CLASSES_TO_RENAME) == {}


def test_two_public_functions_do_not_share_a_name():
    assert offenders(definitions(ast.FunctionDef), FUNCTIONS_TO_RENAME) == {}


def test_two_public_constants_do_not_share_a_name():
    assert offenders(definitions(ast.Assign), CONSTANTS_TO_RENAME) == {}
