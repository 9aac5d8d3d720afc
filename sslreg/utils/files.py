"""Files of results, which are written whole or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """The file to write, which takes the place of ``path`` after the body; an interruption leaves that as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.name}.part')
    yield partial
    partial.replace(path)


def write_json(found: dict[str, Any], path: Path) -> None:
    """With its folder."""
    with whole(path) as partial:
        partial.write_text(json.dumps(found, indent=2) + '\n')
