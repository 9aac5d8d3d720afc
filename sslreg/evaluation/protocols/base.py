"""Interface of benchmarks."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from sslreg.evaluation.metric import Metrics
from sslreg.registry import DATASETS


class Wanted(NamedTuple):
    """Request of a benchmark for features.

    Attributes:
        dataset: Built dataset of N images; its items have ``inputs`` ``[3, H, W]`` and samples with ``sample_idx``.
        kind: Config of the kind of features, registry ``FEATURES``, e.g. ``dict(type='Pooled')``.
        one_size: Whether all images have one size; else they are read one by one.
        may_lack_images: Whether images that cannot be decoded may be left out (``--skip-broken``): their rows are NaN.
            Where the ground truth needs every image, a broken image is always an error.
    """

    dataset: Any
    kind: dict[str, Any]
    one_size: bool = True
    may_lack_images: bool = False


def build_dataset(config: Any) -> Any:
    """Build a dataset from its config; a built dataset is returned as it is."""
    return DATASETS.build(config) if isinstance(config, dict) else config


class BaseBenchmark(ABC):
    """Protocol on frozen features (registry BENCHMARKS): it requests features of images and computes metrics from them.

    It carries no model. Features are extracted for all benchmarks together, each image once, and kept on disk.

    Attributes:
        note: Remark for readers of the results that the config does not contain, after :meth:`wanted`.
    """

    note = ''

    @abstractmethod
    def wanted(self) -> dict[str, Wanted]:
        """Return the needed features, by names that the benchmark chooses; raise errors for bad or missing files."""

    def fit(self, model: Any, folder: Path) -> None:
        """Learn from images that no store can hold, such as augmented ones; called on all ranks before :meth:`run`.

        Args:
            model: Network as :class:`Extractor` takes it.
            folder: Folder for the state of an interrupted run; it need not exist.
        """

    @abstractmethod
    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return metrics from the features ``[N, ...]`` that were requested, by the same names; shares in per cent."""
