"""Copy detection."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from sslreg.evaluation.metric import Metrics, in_percent
from sslreg.evaluation.metrics.copy_scores import copy_scores, learn_whitening
from sslreg.registry import BENCHMARKS, DATASETS

from .base import BaseBenchmark, Wanted


@BENCHMARKS.register_module()
class CopyDetectionBenchmark(BaseBenchmark):
    """Search of altered copies for their originals in a database: uAP and mAP in per cent, mAP by attack too.

    Args:
        database: Config of a dataset.
        queries: Config of a dataset with ``originals`` and ``attacks``, e.g. ``CopyQueries``.
        kind: Config of features, registry ``FEATURES``.
        distractors: Config of a dataset of images that are no query's original; they come behind the database.
        whitening: Config of a dataset to learn a PCA whitening from, for queries and database.
        one_size: Whether the pipelines make all images one size.
    """

    def __init__(
        self,
        database: dict[str, Any],
        queries: dict[str, Any],
        kind: dict[str, Any],
        distractors: dict[str, Any] | None = None,
        whitening: dict[str, Any] | None = None,
        one_size: bool = False,
    ) -> None:
        configs = dict(database=database, queries=queries, distractors=distractors, whitening=whitening)
        self.configs = {name: config for name, config in configs.items() if config is not None}
        self.kind = kind
        self.one_size = one_size

    @cached_property
    def datasets(self) -> dict[str, Any]:
        """Built datasets, by the names of the arguments."""
        return {name: DATASETS.build(config) for name, config in self.configs.items()}

    def wanted(self) -> dict[str, Wanted]:
        """Request all images of all datasets, by the names of the arguments."""
        return {name: Wanted(dataset, self.kind, self.one_size) for name, dataset in self.datasets.items()}

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return uAP and mAP."""
        queries, database = feats['queries'], feats['database']
        if 'distractors' in feats:
            database = torch.cat([database, feats['distractors']])
        if 'whitening' in feats:
            whiten = learn_whitening(feats['whitening'])
            queries, database = whiten(queries), whiten(database)
        dataset = self.datasets['queries']
        return in_percent(copy_scores(queries, database, dataset.originals, dataset.attacks))
