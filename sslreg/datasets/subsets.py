"""Subsets of labelled images: a few of each class, a share of each class, or lists of file names."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor


def images_per_class(labels: Tensor, n: int, seed: int) -> Tensor:
    """Return the sorted indices of n random images of each class; a larger n contains the images of a smaller n.

    Args:
        labels: ``[N]`` classes.
        n: Images per class.
        seed: Seed of the draw.

    Raises:
        ValueError: A class has fewer than n images.
    """
    if n < 1:
        raise ValueError(f'images_per_class={n} must be at least 1')
    counts = labels.bincount()
    short = ((counts > 0) & (counts < n)).nonzero()
    if len(short):
        first = int(short[0])
        raise ValueError(
            f'{len(short)} classes have fewer than {n} images, e.g. class {first} has {counts[first]}: take fewer'
        )
    return (_rank_in_class(labels, seed) < n).nonzero().flatten()


def fraction(labels: Tensor, share: float, seed: int) -> Tensor:
    """Return the sorted indices of a random share of each class, rounded, at least one image per class.

    Args:
        labels: ``[N]`` classes.
        share: Share in (0, 1].
        seed: Seed of the draw.
    """
    if not 0 < share <= 1:
        raise ValueError(f'fraction={share} must be above 0 and at most 1')
    keep = (labels.bincount() * share).round().clamp(min=1)
    return (_rank_in_class(labels, seed) < keep[labels]).nonzero().flatten()


def _rank_in_class(labels: Tensor, seed: int) -> Tensor:
    """Return the rank of each image in a random order of its class, ``[N]``."""
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    order = shuffled[labels[shuffled].argsort(stable=True)]  # by class, random within a class
    counts = labels.bincount()
    rank = torch.arange(len(labels), device=labels.device) - (counts.cumsum(0) - counts)[labels[order]]
    return torch.empty_like(rank).index_copy(0, order, rank)


def images_in_list(list_file: str | Path, paths: Sequence[str]) -> Tensor:
    """Return the indices of the files in a list, such as SimCLR's ``1percent.txt`` of ImageNet, in its order.

    Args:
        list_file: File with one name per line; folders are ignored.
        paths: Paths of all images.

    Raises:
        FileNotFoundError: The list does not exist.
        ValueError: A name is missing in ``paths``, or occurs several times.
    """
    return _indices(list_file, lines(list_file), paths)


def labelled_images_in_list(list_file: str | Path, paths: Sequence[str], labels: Tensor) -> Tensor:
    """Return the indices of the files in a list with labels, such as ImageNet-LT's, in its order.

    Args:
        list_file: File with lines ``path label``; folders are ignored.
        paths: Paths of all images.
        labels: Classes of all images, ``[N]``.

    Raises:
        FileNotFoundError: The list does not exist.
        ValueError: As in :func:`images_in_list`; or a line has another form, or a label differs.
    """
    rows = [line.rsplit(maxsplit=1) for line in lines(list_file)]
    bad = next((row for row in rows if len(row) != 2 or not row[1].isdecimal()), None)
    if bad is not None:
        raise ValueError(f'{str(list_file)!r} must have lines of a path and a label, not {" ".join(bad)!r}')
    indices = _indices(list_file, [row[0] for row in rows], paths)
    theirs = torch.tensor([int(row[1]) for row in rows])
    differ = (labels.cpu()[indices] != theirs).nonzero().flatten().tolist()
    if differ:
        row = rows[differ[0]]
        raise ValueError(
            f'{len(differ)} of {len(rows)} labels in {str(list_file)!r} are not those of the data set, e.g. {row[0]!r}'
            f': {row[1]}, not {int(labels[indices[differ[0]]])}: the folders of classes must be those of the list'
        )
    return indices


def lines(list_file: str | Path) -> list[str]:
    """Return the non-empty lines of a file.

    Args:
        list_file: Path of the file.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is empty or no text.
    """
    path = Path(list_file).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'list of images {str(path)!r} does not exist (from {Path.cwd()})')
    try:
        found = [line.strip() for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise ValueError(f'list of images {str(path)!r} is no text file in UTF-8: {error}') from error
    if not found:
        raise ValueError(f'list of images {str(path)!r} is empty')
    return found


def _indices(list_file: str | Path, wanted: Sequence[str], paths: Sequence[str]) -> Tensor:
    names = [Path(path).name for path in wanted]
    index_of = {Path(path).name: i for i, path in enumerate(paths)}
    missing = [name for name in names if name not in index_of]
    if missing:
        raise ValueError(
            f'{len(missing)} of the {len(names)} images in {str(list_file)!r} are not among the {len(paths)} of the '
            f'data set: {", ".join(missing[:5])}{", ..." if len(missing) > 5 else ""}'
        )
    counts = Counter(Path(path).name for path in paths)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise ValueError(f'{counts[twice]} images are called {twice!r}: a list of file names does not tell which')
    return torch.tensor([index_of[name] for name in names])
