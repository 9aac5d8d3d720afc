"""Sets of images that the encoders f and g are trained on, and the dataset of one such set."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from sslreg.registry import DATASETS
from sslreg.utils.files import atomic_write


class Split(NamedTuple):
    """Indices of images: f is trained on shared and candidate, g on shared and independent, neither on extra.

    Extra images are indices in the test set; all others are indices in the training set.
    """

    shared: list[int]
    candidate: list[int]
    independent: list[int]
    extra: list[int]

    @property
    def of_f(self) -> list[int]:
        """Images that f is trained on."""
        return sorted(self.shared + self.candidate)

    @property
    def of_g(self) -> list[int]:
        """Images that g is trained on."""
        return sorted(self.shared + self.independent)

    def part(self, name: str) -> list[int]:
        """Return the images of a set, or those that an encoder, ``'f'`` or ``'g'``, is trained on.

        Raises:
            ValueError: There is no such part.
        """
        parts = dict(f=self.of_f, g=self.of_g) | self._asdict()
        if name not in parts:
            raise ValueError(f'part={name!r} must be one of {", ".join(map(repr, parts))}')
        found: list[int] = parts[name]
        return found

    def write(self, path: Path | str) -> None:
        """Write the split as JSON, ``{"shared": [0, ...], ...}``."""
        with atomic_write(Path(path)) as partial:
            partial.write_text(json.dumps(self._asdict()) + '\n')

    @classmethod
    def read(cls, path: Path | str) -> 'Split':
        """Read what :meth:`write` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is of another form, or an image is in two sets of the training set.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f'split {str(path)!r} does not exist (from {Path.cwd()})')
        try:
            split = cls(**json.loads(Path(path).read_text()))
        except (ValueError, TypeError) as error:
            raise ValueError(f'{str(path)!r} is no split of {", ".join(SPLIT_SETS)}: {error}') from error
        times = Counter(split.shared + split.candidate + split.independent)
        if twice := [image for image, number in times.items() if number > 1]:
            raise ValueError(
                f'{str(path)!r}: image {twice[0]} is in two of {", ".join(SPLIT_SETS[:3])}, which must not overlap'
            )
        return split


SPLIT_SETS = Split._fields  # shared, candidate, independent, extra


def ordered_split(num_images: int, num_extra: int, share: float = 0.1) -> Split:
    """Return the paper's split of CIFAR-10: the last images of the training set, the first of the test set.

    50,000 and 5,000 images: shared 0 to 39,999, candidates 40,000 to 44,999, independent 45,000 to 49,999, extra 0 to
    4,999 of the test set (arXiv 2401.12233).

    Args:
        num_images: Size of the training set.
        num_extra: Test images that are used.
        share: Share of candidates, and of independent images; 0.5 leaves no shared images, or one of an odd number.

    Raises:
        ValueError: The share leaves no candidates, or is more than half of the images.
    """
    return _cut(list(range(num_images)), list(range(num_extra)), share)


def drawn_split(num_images: int, num_extra: int, extra_of: int, seed: int, share: float = 0.1) -> Split:
    """Return a random split with the sizes of :func:`ordered_split`.

    Args:
        num_images: Size of the training set.
        num_extra: Test images that are used.
        extra_of: Size of the test set.
        seed: Seed of the draw.
        share: Share of candidates, and of independent images.

    Raises:
        ValueError: The test set is too small, or the share is out of range.
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


@DATASETS.register_module()
def SplitPart(dataset: dict[str, Any], split: str, part: str) -> Any:  # noqa: N802  stands in configs as a type
    """Build the images of a dataset that belong to one part of a split (arXiv 2401.12233).

    Args:
        dataset: Config of the whole dataset; for ``'extra'`` of the test set.
        split: File that :meth:`Split.write` wrote.
        part: ``'f'`` or ``'g'``, the images that this encoder is trained on, or ``'shared'``, ``'candidate'``,
            ``'independent'``, ``'extra'``.

    Raises:
        ValueError: There is no such part, or the dataset has fewer images than the split was made for.
    """
    images = Split.read(split).part(part)
    whole_set = DATASETS.build(dataset)
    if max(images, default=-1) >= len(whole_set):
        raise ValueError(
            f'{split!r} has image {max(images)} in {part!r}, the dataset has {len(whole_set)} images: it was made for '
            'another dataset'
        )
    whole_set.get_subset_(images)  # MMEngine's get_subset keeps objects from call to call, and may mix them up
    return whole_set
