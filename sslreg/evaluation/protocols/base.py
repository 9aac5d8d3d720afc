from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor


class Wanted(NamedTuple):
    """Features that a benchmark asks for.

    Attributes:
        dataset: Built dataset of N images whose items have ``inputs`` ``[3, H, W]`` and samples with ``sample_idx``.
        kind: Config of what is taken of the network, from the registry ``FEATURES``, e.g. ``dict(type='Pooled')``.
        one_size: Whether all images are of one size; else they are read one by one.
        may_lack_images: Whether images that cannot be decoded may be left out (``--skip-broken``): their rows are NaN.
            Where ground truth counts on every image a broken one is always an error.
    """

    dataset: Any
    kind: dict[str, Any]
    one_size: bool = True
    may_lack_images: bool = False


class BaseBenchmark(ABC):
    """A protocol on frozen features (registry BENCHMARKS): what it wants of which images, and what it makes of them.

    It carries no model. Features are extracted for all benchmarks together, each image once, and kept on disk.

    Attributes:
        note: What a reader of the results must know that the config does not say, once ``wanted`` was called.
    """

    note = ''

    @abstractmethod
    def wanted(self) -> dict[str, Wanted]:
        """What it needs, by names of its own. Bad ground truth, missing files and the like are errors here."""

    def fit(self, model: Any, folder: Path) -> None:
        """Learn from images that no store can hold, such as augmented ones; on all ranks, before ``run``.

        Args:
            model: As of :class:`Extractor`.
            folder: Where what is needed to go on after an interruption may be kept; it need not exist.
        """

    @abstractmethod
    def run(self, feats: dict[str, Tensor]) -> dict[str, float]:
        """Metrics by name, accuracies and the like in per cent, from features ``[N, ...]`` by the names above."""
