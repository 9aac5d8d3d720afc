"""Interface of benchmarks."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from torch import Tensor

from sslreg.evaluation.features.wanted import Wanted
from sslreg.evaluation.metric import Metrics
from sslreg.registry import DATASETS


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
