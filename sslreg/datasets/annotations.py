"""Lists of images with labels, one image per line."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from .image_files import printable
from .labels import MAX_LABEL


def read_annotations(ann_file: str, folder: str, with_label: bool) -> list[tuple[str, int | None]]:
    """Return the path below ``folder`` and the label of each image in a list.

    Args:
        ann_file: File with lines ``path label``, or ``path`` without labels; empty lines are ignored.
        folder: Folder of the images.
        with_label: Whether the lines have labels.

    Raises:
        FileNotFoundError: The list or an image does not exist.
        ValueError: The list is empty or no text, or a label is no integer from 0; the message names the line.
    """
    samples = [_sample(text, place, with_label) for text, place in _lines(ann_file)]
    if not samples:
        raise ValueError(f'list of images {printable(ann_file)!r} is empty')
    _check_exist([os.path.join(folder, path) for path, _ in samples], ann_file)
    return samples


def _lines(ann_file: str) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not empty, each with its place."""
    if not os.path.isfile(ann_file):
        raise FileNotFoundError(f'list of images {printable(ann_file)!r} does not exist (from {Path.cwd()})')
    content = Path(ann_file).read_bytes()
    if b'\0' in content:
        raise ValueError(f'{printable(ann_file)!r} is no text file: it should have a line for each image')
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield os.fsdecode(line.strip()), f'{printable(ann_file)!r}, line {number}'


def _sample(text: str, place: str, with_label: bool) -> tuple[str, int | None]:
    if not with_label:
        return text, None
    path, *label = text.rsplit(maxsplit=1)
    if not label or not label[0].isascii() or not label[0].isdigit() or int(label[0]) >= MAX_LABEL:
        raise ValueError(
            f'{place}: {printable(text)!r} must be a path, a space and a label, an integer from 0; set '
            'with_label=False if the list has no labels'
        )
    return path, int(label[0])


def _check_exist(paths: Iterable[str], ann_file: str) -> None:
    """Raise an error unless all files exist; each folder is read once."""
    names = defaultdict(set)
    for path in paths:
        folder, name = os.path.split(path)
        names[folder].add(name)
    missing = [os.path.join(folder, name) for folder, of in names.items() for name in of - _names(folder)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} images of {printable(ann_file)!r} do not exist, e.g. {printable(min(missing))!r}: check '
            'data_root and data_prefix'
        )


def _names(folder: str) -> set[str]:
    try:
        return set(os.listdir(folder or '.'))
    except OSError:
        return set()
