"""Classification by probes on frozen features."""

import logging
from collections.abc import Sequence
from typing import Annotated, Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from sslreg.arguments import NonEmpty, checked
from sslreg.datasets.classes import check_all_classes, check_classes, class_labels
from sslreg.evaluation.features.collect import is_broken
from sslreg.evaluation.metric import Metric, Metrics
from sslreg.evaluation.metrics.class_accuracy import (
    ROLES,
    accuracy_by_shots,
    class_ranks,
    mean_over_seeds,
    shot_groups,
    top_accuracies,
)
from sslreg.evaluation.probes import BaseProbe
from sslreg.registry import BENCHMARKS, PROBES

from .base import BaseBenchmark, Wanted, build_dataset
from .component_names import by_name
from .labelled_subset import is_drawn_instead, subsets


@BENCHMARKS.register_module()
class ClassificationBenchmark(BaseBenchmark):
    """Accuracy on a test set of probes that learn from a training set, or from a part of it.

    Metrics are in per cent: ``pooled/knn/k20/top1``, with at least 6 classes ``top5``, and on request ``many``,
    ``medium``, ``few``. Several seeds give the mean, and under ``top1_std`` etc. the standard deviation of a sample
    (n - 1). With ``subset`` these are the low-shot and long-tailed protocols of MaSSL's poster (arXiv 2407.17486).

    Args:
        train: Config of the dataset to learn from, with labels.
        test: Config of the dataset to classify, or the dataset itself, with the same classes.
        kinds: Configs of kinds of features, registry ``FEATURES``.
        probes: Configs of probes, registry ``PROBES``.
        subset: Part of the training set, one of ``dict(images_per_class=1, seeds=(0, 1, 2))``,
            ``dict(fraction=0.01, seeds=(0, 1, 2))``, ``dict(list_file='1percent.txt')`` with a file name a line, with
            ``fraction=0.01`` if a draw of seed 0 may replace a missing list, and
            ``dict(labelled_list_file='ImageNet_LT_train.txt')`` with ``path label``; by default all images.
        by_shots: Also average over classes with many (> 100), medium and few (< 20) training images.
        source: Where to get the data, for the error if they are missing.

    Attributes:
        train_images: Built dataset to learn from, after :meth:`wanted`.
        test_images: Built dataset to classify, after :meth:`wanted`.

    Raises:
        ValueError: An argument is out of range, the classes differ, or the training images do not suffice.
        FileNotFoundError: Data or a list are missing.
    """

    train_images: Any
    test_images: Any

    @checked
    def __init__(
        self,
        train: dict[str, Any],
        test: dict[str, Any],
        kinds: Annotated[Sequence[dict[str, Any]], NonEmpty()],
        probes: Annotated[Sequence[dict[str, Any]], NonEmpty()],
        subset: dict[str, Any] | None = None,
        by_shots: bool = False,
        source: str = 'see docs/data.md',
    ) -> None:
        self.train, self.test = train, test
        self.kinds = by_name(kinds, '')
        self.probes = by_name(probes, 'probe')
        self.subset, self.by_shots, self.source = subset, by_shots, source

    def wanted(self) -> dict[str, Wanted]:
        """Request all images of both datasets, as ``pooled/train`` and ``pooled/test`` for each kind."""
        self.train_images, self.test_images = self._dataset(self.train), self._dataset(self.test)
        check_classes(self.train_images, self.test_images)
        self.train_labels, self.test_labels = class_labels(self.train_images), class_labels(self.test_images)
        self.num_classes = int(max(self.train_labels.max(), self.test_labels.max())) + 1
        self.subsets = subsets(self.subset, self.train_images, self.train_labels)
        if self.subset and is_drawn_instead(self.subset):
            self.note = (
                f'{self.subset["list_file"]} is missing: a share of {self.subset["fraction"]} of each class, drawn '
                'with seed 0, takes its place'
            )
            print_log(self.note, 'current', logging.WARNING)
        for indices in self.subsets:
            self._check(indices)
        datasets = dict(train=self.train_images, test=self.test_images)
        return {
            f'{name}/{part}': Wanted(dataset, kind, may_lack_images=True)
            for name, kind in self.kinds.items()
            for part, dataset in datasets.items()
        }

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return the accuracy of each probe on each kind of features, over all seeds."""
        metrics: Metrics = {}
        for kind in self.kinds:
            train, test = feats[f'{kind}/train'], feats[f'{kind}/test']
            metrics |= mean_over_seeds([self._run(kind, train, test, indices) for indices in self.subsets])
        return metrics

    def _dataset(self, config: dict[str, Any]) -> Any:
        try:
            return build_dataset(config)
        except (FileNotFoundError, RuntimeError) as error:  # mmpretrain's StanfordCars raises RuntimeError
            folder = config.get('data_root')
            raise FileNotFoundError(f'data are missing in {folder!r} ({error}). To get them: {self.source}') from error

    def _check(self, indices: Tensor) -> None:
        check_all_classes(self.train_labels[indices], self.test_labels)
        for config in self.probes.values():
            PROBES.build(config).check(len(indices))

    def _run(self, kind: str, train: Tensor, test: Tensor, indices: Tensor) -> Metrics:
        """Return metrics of all probes that learn from images ``indices`` of ``train [N, C]``; broken ones left out."""
        used, tested = indices[~is_broken(train)[indices]], ~is_broken(test)
        if len(used) < len(indices):
            self._check(used)
        labels, test_labels, test = self.train_labels[used], self.test_labels[tested], test[tested]
        groups = shot_groups(labels, self.num_classes) if self.by_shots else {}
        metrics: Metrics = {}
        for name, config in self.probes.items():
            probe: BaseProbe = PROBES.build(config)
            print_log(f'fitting {name} to {len(used):,} images', 'current')
            probe.fit(_rows(train, used), labels)
            for variant, ranks in class_ranks(probe.scores, test, test_labels).items():
                values = top_accuracies(ranks, self.num_classes)
                values |= accuracy_by_shots(ranks == 0, test_labels, groups) if groups else {}
                for measure, value in values.items():
                    metrics[probe_metric(measure, kind, name, variant, probe)] = value
        return metrics


def probe_metric(measure: str, kind: str, name: str, variant: str, probe: BaseProbe) -> Metric:
    """Return the metric of a variant of a probe; variants with several hyperparameters are heads of a grid."""
    parameters = probe.parameters().get(variant, {})
    role = 'grid' if len(parameters) > 1 else ROLES.get(measure, 'main')
    return Metric(measure, kind, name, variant, parameters=parameters, role=role)


def _rows(feats: Tensor, indices: Tensor) -> Tensor:
    """Return ``feats[indices]``; all rows are not copied, so that ranks that map the same file share it."""
    return feats if indices.equal(torch.arange(len(feats))) else feats[indices]
