"""Subsets of training images: by class, by lists of file names, and groups of classes by their size."""

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
        raise ValueError(f'{len(short)} classes have fewer than {n} images, e.g. class {first} has {counts[first]}')
    return (_position(labels, seed) < n).nonzero().flatten()


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
    return (_position(labels, seed) < keep[labels]).nonzero().flatten()


def _position(labels: Tensor, seed: int) -> Tensor:
    """Return the position of each image in a random order of its class, ``[N]``."""
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).to(labels.device)
    order = shuffled[labels[shuffled].argsort(stable=True)]  # by class, random within a class
    counts = labels.bincount()
    rank = torch.arange(len(labels), device=labels.device) - (counts.cumsum(0) - counts)[labels[order]]
    return torch.empty_like(rank).index_copy(0, order, rank)


def indices_of_list(list_file: str | Path, paths: Sequence[str]) -> Tensor:
    """Return the indices of the files in a list, such as SimCLR's ``1percent.txt`` of ImageNet, in its order.

    Args:
        list_file: File with one name per line; folders are ignored.
        paths: Paths of all images.

    Raises:
        FileNotFoundError: The list does not exist.
        ValueError: A name is missing in ``paths``, or occurs several times.
    """
    return _indices(list_file, lines(list_file), paths)


def indices_of_labelled_list(list_file: str | Path, paths: Sequence[str], labels: Tensor) -> Tensor:
    """Return the indices of the files in a list with labels, such as ImageNet-LT's, in its order.

    Args:
        list_file: File with lines ``path label``; folders are ignored.
        paths: Paths of all images.
        labels: Classes of all images, ``[N]``.

    Raises:
        FileNotFoundError: The list does not exist.
        ValueError: As in :func:`indices_of_list`; or a line has another form, or a label differs.
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


def shot_groups(train_labels: Tensor, num_classes: int) -> dict[str, Tensor]:
    """Return the classes ``[n]`` with many (> 100), a medium number of (20 to 100) and few (< 20) training images.

    ImageNet-LT is reported in these groups (arXiv 1904.05160, section 5).

    Args:
        train_labels: ``[N]`` classes of the training images.
        num_classes: Number of classes.
    """
    counts = train_labels.bincount(minlength=num_classes)
    groups = dict(many=counts > 100, medium=(counts >= 20) & (counts <= 100), few=counts < 20)
    return {name: member.nonzero().flatten() for name, member in groups.items()}


def accuracy_by_shots(right: Tensor, labels: Tensor, groups: dict[str, Tensor]) -> dict[str, float]:
    """Return the accuracy of each group in per cent, averaged over its classes that have test images.

    Args:
        right: Whether each test image is classified correctly, ``[M]``.
        labels: Class of each test image, ``[M]``.
        groups: Result of :func:`shot_groups`; groups without test images are left out.
    """
    length = max(int(labels.max()), *(int(classes.max()) for classes in groups.values() if len(classes))) + 1
    counts = labels.bincount(minlength=length)
    share = labels.bincount(right.double(), minlength=length) / counts
    tested = {name: share[classes[counts[classes] > 0]] for name, classes in groups.items()}
    return {name: 100 * float(shares.mean()) for name, shares in tested.items() if len(shares)}
