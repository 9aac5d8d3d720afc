"""Which images the encoders f and g are trained on, and which neither."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

NAMES = ('shared', 'candidate', 'independent', 'extra')


class Split(NamedTuple):
    """Indices of images: f is trained on shared and candidate, g on shared and independent, neither on extra.

    ``extra`` are of the dataset that is not trained on, where there is one; all others of the training set.
    """

    shared: list[int]
    candidate: list[int]
    independent: list[int]
    extra: list[int]

    @property
    def of_f(self) -> list[int]:
        """What f is trained on."""
        return sorted(self.shared + self.candidate)

    @property
    def of_g(self) -> list[int]:
        """What g is trained on."""
        return sorted(self.shared + self.independent)

    def part(self, name: str) -> list[int]:
        """Of a set, or what an encoder is trained on: ``'f'`` or ``'g'``.

        Raises:
            ValueError: There is no such part.
        """
        parts = dict(f=self.of_f, g=self.of_g) | self._asdict()
        if name not in parts:
            raise ValueError(f'part={name!r} must be one of {", ".join(map(repr, parts))}')
        found: list[int] = parts[name]
        return found


def in_order(num_images: int, num_extra: int, share: float = 0.1) -> Split:
    """The paper's split of CIFAR-10, the last images of the training set and the first of the test set.

    50,000 and 5,000 images: shared 0 to 39,999, candidates 40,000 to 44,999, independent 45,000 to 49,999, extra 0 to
    4,999 of the test set (arXiv 2401.12233).

    Args:
        num_images: Of the training set.
        num_extra: Of the test set that are used.
        share: Of candidates, and of independent images; 0.5 leaves no shared ones, or one of an odd number.

    Raises:
        ValueError: A share that leaves no candidates, or of more than half of the images.
    """
    return _cut(list(range(num_images)), list(range(num_extra)), share)


def drawn(num_images: int, num_extra: int, extra_of: int, seed: int, share: float = 0.1) -> Split:
    """A random split of the sizes of :func:`in_order`.

    Args:
        num_images: Of the training set.
        num_extra: Of the test set that are used.
        extra_of: Images of the test set.
        seed: Of the draw.
        share: As there.

    Raises:
        ValueError: The test set is too small, or as there.
    """
    if num_extra > extra_of:
        raise ValueError(f'{num_extra} extra images of {extra_of}: take fewer')
    rng = torch.Generator().manual_seed(seed)
    images, extra = (torch.randperm(length, generator=rng).tolist() for length in (num_images, extra_of))
    return _cut(images, extra[:num_extra], share)


def _cut(images: Sequence[int], extra: Sequence[int], share: float) -> Split:
    size = min(round(share * len(images)), len(images) // 2)
    if not 0 < share <= 0.5 or size == 0:
        raise ValueError(
            f'{share=} of {len(images)} images: candidates and independent images must be at least one each, and at '
            'most a half'
        )
    parts = images[: -2 * size], images[-2 * size : -size], images[-size:], extra
    return Split(*(sorted(part) for part in parts))


def write(split: Split, path: Path | str) -> None:
    """As JSON, ``{"shared": [0, ...], ...}``."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(split._asdict()) + '\n')


def read(path: Path | str) -> Split:
    """What :func:`write` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is of another form, or an image is in two sets of the training set.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'split {str(path)!r} does not exist (from {Path.cwd()})')
    try:
        split = Split(**json.loads(Path(path).read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(f'{str(path)!r} is no split of {", ".join(NAMES)}: {error}') from error
    times = Counter(split.shared + split.candidate + split.independent)
    if twice := [image for image, number in times.items() if number > 1]:
        raise ValueError(f'{str(path)!r}: image {twice[0]} is in two of {", ".join(NAMES[:3])}, which must not overlap')
    return split
