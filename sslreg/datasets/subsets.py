"""Subsets of labelled images: a few of each class, a share of each class, or lists of file names."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor


def images_per_class(labels: Tensor, n: int, seed: int) -> Tensor:
    """Return sorted indices of n images drawn of each class of ``labels [N]``; those of a smaller n are among them.

    Raises:
        ValueError: A class has fewer than n.
    """
    if n < 1:
        raise ValueError(f'images_per_class={n} must be at least 1')
    counts = labels.bincount()
    short = ((counts > 0) & (counts < n)).nonzero()
    if len(short):
        first = int(short[0])
        raise ValueError(f'{len(short)} classes have fewer than {n} images, e.g. class {first} has {counts[first]}')
    return (_rank_in_class(labels, seed) < n).nonzero().flatten()


def fraction(labels: Tensor, share: float, seed: int) -> Tensor:
    """Return sorted indices of a share drawn of each class of ``labels [N]``, rounded, at least one image of each."""
    if not 0 < share <= 1:
        raise ValueError(f'fraction={share} must be above 0 and at most 1')
    keep = (labels.bincount() * share).round().clamp(min=1)
    return (_rank_in_class(labels, seed) < keep[labels]).nonzero().flatten()


def _rank_in_class(labels: Tensor, seed: int) -> Tensor:
    """Return ``[N]`` the rank of each image among those of its class, in an order drawn at random."""
    drawn = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    order = drawn[labels[drawn].argsort(stable=True)]  # by class, at random within it
    counts = labels.bincount()
    rank = torch.arange(len(labels), device=labels.device) - (counts.cumsum(0) - counts)[labels[order]]
    return torch.empty_like(rank).index_copy(0, order, rank)


def images_in_list(list_file: str | Path, paths: Sequence[str]) -> Tensor:
    """Return indices into ``paths`` of the files that a list names, one a line, in its order.

    Lists of this form are SimCLR's ``1percent.txt`` and ``10percent.txt`` of ImageNet. Folders are ignored.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: A name is missing among the paths, or there several times.
    """
    return _indices(list_file, lines(list_file), paths)


def labelled_images_in_list(list_file: str | Path, paths: Sequence[str], labels: Tensor) -> Tensor:
    """Return indices as :func:`images_in_list` for lines ``path label`` like ImageNet-LT's; labels must agree.

    Raises:
        ValueError: As there, or a line has another form, or labels differ from ``labels [N]`` of the paths.
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
    """Return the lines of a file that are not empty.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is empty.
    """
    path = Path(list_file).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'list of images {str(path)!r} does not exist (from {Path.cwd()})')
    found = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    if not found:
        raise ValueError(f'list of images {str(path)!r} is empty')
    return found


def _indices(list_file: str | Path, wanted: Sequence[str], paths: Sequence[str]) -> Tensor:
    names = [Path(path).name for path in wanted]
    place = {Path(path).name: i for i, path in enumerate(paths)}
    missing = [name for name in names if name not in place]
    if missing:
        raise ValueError(
            f'{len(missing)} of the {len(names)} images in {str(list_file)!r} are not among the {len(paths)} of the '
            f'data set: {", ".join(missing[:5])}{", ..." if len(missing) > 5 else ""}'
        )
    counts = Counter(Path(path).name for path in paths)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise ValueError(f'{counts[twice]} images are called {twice!r}: a list of file names does not tell which')
    return torch.tensor([place[name] for name in names])
