"""Instance retrieval."""

from functools import cached_property
from typing import Any

from torch import Tensor

from sslreg.evaluation.metric import Metrics, in_percent
from sslreg.evaluation.metrics.average_precision import retrieval_scores, revisited_scores
from sslreg.registry import BENCHMARKS, DATASETS

from .base import BaseBenchmark, Wanted


@BENCHMARKS.register_module()
class RetrievalBenchmark(BaseBenchmark):
    """Search by some images of a dataset in the others: mAP and P@1 in per cent.

    Args:
        dataset: Config of a dataset with ``queries`` of ``image`` and ``positives``, e.g. ``RetrievalImages``.
        kind: Config of features, registry ``FEATURES``.
    """

    def __init__(self, dataset: dict[str, Any], kind: dict[str, Any]) -> None:
        self.config = dataset
        self.kind = kind

    @cached_property
    def dataset(self) -> Any:
        """Built dataset."""
        return DATASETS.build(self.config)

    def wanted(self) -> dict[str, Wanted]:
        """Request all images, as ``images``."""
        return dict(images=Wanted(self.dataset, self.kind, one_size=False))

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return mAP and P@1."""
        return in_percent(retrieval_scores(feats['images'], self.dataset.queries))


@BENCHMARKS.register_module()
class RevisitedBenchmark(BaseBenchmark):
    """Revisited Oxford or Paris (arXiv 1803.11285): mAP and mP@k in per cent, and the number of queries that count.

    Args:
        database: Config of a dataset, e.g. ``RevisitedImages``.
        queries: Config of a dataset with ``queries`` of ``easy``, ``hard`` and ``junk``, e.g. ``RevisitedQueries``.
        kind: Config of features, registry ``FEATURES``.
    """

    def __init__(self, database: dict[str, Any], queries: dict[str, Any], kind: dict[str, Any]) -> None:
        self.configs = dict(database=database, queries=queries)
        self.kind = kind

    @cached_property
    def datasets(self) -> dict[str, Any]:
        """Built datasets, by the names of the arguments."""
        return {name: DATASETS.build(config) for name, config in self.configs.items()}

    def wanted(self) -> dict[str, Wanted]:
        """Request ``database`` and ``queries``."""
        return {name: Wanted(dataset, self.kind, one_size=False) for name, dataset in self.datasets.items()}

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return mAP, mP@k and the number of queries, by difficulty."""
        return in_percent(revisited_scores(feats['queries'], feats['database'], self.datasets['queries'].queries))
