import logging
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from sslreg.datasets.classes import check_classes
from sslreg.datasets.subsets import (
    accuracy_by_shots,
    fraction,
    images_per_class,
    listed,
    listed_with_labels,
    shot_groups,
)
from sslreg.evaluation.features.collect import is_broken
from sslreg.evaluation.probes import BaseProbe
from sslreg.registry import BENCHMARKS, DATASETS, PROBES, type_name

from .base import BaseBenchmark, Wanted

ROWS = 512  # of test images at a time: a grid of probes has many scores for each
CLASSES_FOR_TOP5 = 6


@BENCHMARKS.register_module()
class ClassificationBenchmark(BaseBenchmark):
    """Accuracy of probes that learn from a training set, or from a part of it, on a test set.

    Metrics are in per cent: ``pooled/knn/k20/top1``, with at least 6 classes ``top5``, and on request ``many``,
    ``medium``, ``few``. Several seeds give the mean, and under ``top1_std`` etc. the standard deviation of a sample
    (n - 1). With ``subset`` these are the low-shot and long-tailed protocols of MaSSL's poster (arXiv 2407.17486).

    Args:
        train: Config of the data set to learn from, with labels.
        test: Config of the data set to classify, with the same classes.
        kinds: Configs of features, registry ``FEATURES``.
        probes: Configs of probes, registry ``PROBES``.
        subset: What of the training set is used, one of ``dict(images_per_class=1, seeds=(0, 1, 2))``,
            ``dict(fraction=0.01, seeds=(0, 1, 2))``, ``dict(list_file='1percent.txt')`` with a file name a line, with
            ``fraction=0.01`` too if a draw of seed 0 is to take the place of a missing list, and
            ``dict(labelled_list_file='ImageNet_LT_train.txt')`` with ``path label``; by default all.
        by_shots: Also average over classes with many (> 100), medium and few (< 20) training images.
        source: Where the data come from, for whoever lacks them.

    Raises:
        ValueError: An argument is out of range, the classes differ, or the training images do not suffice.
        FileNotFoundError: There are no such data, or there is no such list.
    """

    def __init__(
        self,
        train: dict[str, Any],
        test: dict[str, Any],
        kinds: Sequence[dict[str, Any]],
        probes: Sequence[dict[str, Any]],
        subset: dict[str, Any] | None = None,
        by_shots: bool = False,
        source: str = 'see docs/data.md',
    ) -> None:
        if not kinds or not probes:
            raise ValueError(f'kinds={list(kinds)} and probes={list(probes)} must not be empty')
        self.train, self.test = train, test
        self.kinds = named(kinds, '')
        self.probes = named(probes, 'probe')
        self.subset, self.by_shots, self.source = subset, by_shots, source

    def wanted(self) -> dict[str, Wanted]:
        """All images of both sets, as ``pooled/train`` and ``pooled/test`` for each kind."""
        train, test = self._dataset(self.train), self._dataset(self.test)
        check_classes(train, test)
        self.train_labels, self.test_labels = (torch.tensor(each.get_gt_labels()) for each in (train, test))
        self.num_classes = int(max(self.train_labels.max(), self.test_labels.max())) + 1
        self.subsets = subsets(self.subset, train, self.train_labels)
        if self.subset and drawn_instead(self.subset):
            self.note = (
                f'{self.subset["list_file"]} is missing: a share of {self.subset["fraction"]} of each class, drawn '
                'with seed 0, takes its place'
            )
            print_log(self.note, 'current', logging.WARNING)
        for indices in self.subsets:
            self._check(indices)
        sets = dict(train=train, test=test)
        return {
            f'{name}/{part}': Wanted(sets[part], kind, may_lack_images=True)
            for name, kind in self.kinds.items()
            for part in sets
        }

    def run(self, feats: dict[str, Tensor]) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for kind in self.kinds:
            runs = [self._run(feats[f'{kind}/train'], feats[f'{kind}/test'], indices) for indices in self.subsets]
            metrics |= {f'{kind}/{name}': value for name, value in summary(runs).items()}
        return metrics

    def _dataset(self, config: dict[str, Any]) -> Any:
        try:
            return DATASETS.build(config)
        except (FileNotFoundError, RuntimeError) as error:  # mmpretrain's StanfordCars raises the latter
            where = config.get('data_root')
            raise FileNotFoundError(f'data are missing in {where!r} ({error}). To get them: {self.source}') from error

    def _check(self, indices: Tensor) -> None:
        absent = (self.train_labels[indices].bincount(minlength=self.num_classes) == 0).nonzero().flatten().tolist()
        if absent:
            raise ValueError(
                f'{len(absent)} of {self.num_classes} classes have none of the {len(indices)} training images, e.g. '
                f'class {absent[0]}: a probe cannot learn them'
            )
        for config in self.probes.values():
            PROBES.build(config).check(len(indices))

    def _run(self, train: Tensor, test: Tensor, indices: Tensor) -> dict[str, float]:
        """Metrics of all probes that learn from the images ``indices`` of ``train [N, C]``, without broken images."""
        used, tested = indices[~is_broken(train)[indices]], ~is_broken(test)
        if len(used) < len(indices):
            self._check(used)
        labels, own, test = self.train_labels[used], self.test_labels[tested], test[tested]
        groups = shot_groups(labels, self.num_classes) if self.by_shots else {}
        metrics: dict[str, float] = {}
        for name, config in self.probes.items():
            probe: BaseProbe = PROBES.build(config)
            print_log(f'fitting {name} to {len(used):,} images', 'current')
            probe.fit(rows(train, used), labels)
            for variant, place in places(probe.scores, test, own).items():
                path = f'{name}/{variant}' if variant else name
                values = accuracies(place, self.num_classes)
                values |= accuracy_by_shots(place == 0, own, groups) if groups else {}
                metrics |= {f'{path}/{metric}': value for metric, value in values.items()}
        return metrics


def rows(feats: Tensor, indices: Tensor) -> Tensor:
    """``feats[indices]``, without a copy if these are all, which ranks that map the same file then share."""
    return feats if indices.equal(torch.arange(len(feats))) else feats[indices]


def places(scores: Callable[[Tensor], dict[str, Tensor]], feats: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """At which place from 0 each image's class comes by each variant's scores, ``{variant: [M]}``.

    Of equal scores the class of the lowest number comes first; scores that are not a number come before all.
    """
    parts = [
        {name: _place(each, own.to(each.device)).cpu() for name, each in scores(part).items()}
        for part, own in zip(feats.split(ROWS), labels.split(ROWS), strict=True)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def accuracies(place: Tensor, num_classes: int) -> dict[str, float]:
    """``top1`` and, from 6 classes on, ``top5`` in per cent; ``place [M]`` as of :func:`places`."""
    tops = (1, 5) if num_classes >= CLASSES_FOR_TOP5 else (1,)
    return {f'top{k}': 100 * float((place < k).double().mean()) for k in tops}


def _place(scores: Tensor, labels: Tensor) -> Tensor:
    scores = scores.nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
    own = scores.gather(1, labels[:, None])
    earlier = torch.arange(scores.shape[1], device=scores.device) < labels[:, None]
    return ((scores > own) | ((scores == own) & earlier)).sum(dim=1)


def subsets(config: dict[str, Any] | None, dataset: Any, labels: Tensor) -> list[Tensor]:
    """Indices of the training images, once for each seed."""
    if config is None:
        return [torch.arange(len(labels))]
    rule, seeds = dict(config), config.get('seeds', (0,))
    draw = {'images_per_class': images_per_class, 'fraction': fraction}
    match [key for key in rule if key != 'seeds']:
        case ['images_per_class' | 'fraction' as kind] if len(seeds):
            return [draw[kind](labels, rule[kind], seed) for seed in seeds]
        case ['list_file', 'fraction'] if drawn_instead(rule):
            return [fraction(labels, rule['fraction'], 0)]
        case ['list_file'] | ['list_file', 'fraction'] if 'seeds' not in rule:
            return [listed(rule['list_file'], _paths(dataset))]
        case ['labelled_list_file'] if 'seeds' not in rule:
            return [listed_with_labels(rule['labelled_list_file'], _paths(dataset), labels)]
    raise ValueError(
        f'subset={config} must be one of dict(images_per_class=, seeds=), dict(fraction=, seeds=), '
        'dict(list_file=), dict(list_file=, fraction=) and dict(labelled_list_file=)'
    )


def drawn_instead(rule: dict[str, Any]) -> bool:
    """Whether a list is missing that a share of each class may take the place of."""
    return {'list_file', 'fraction'} <= rule.keys() and not Path(rule['list_file']).expanduser().is_file()


def _paths(dataset: Any) -> list[str]:
    first = dataset.get_data_info(0)
    if 'img_path' not in first:
        raise ValueError(f'{type(dataset).__name__} has no file names, so that a list of them has no meaning')
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]


def named(configs: Sequence[dict[str, Any]], suffix: str) -> dict[str, dict[str, Any]]:
    """Configs by their types in lower case without ``suffix``; types that occur twice with their arguments."""
    types = [type_name(config['type']).lower().removesuffix(suffix) for config in configs]
    counts = Counter(types)
    names = [
        name if counts[name] == 1 else f'{name}({",".join(f"{k}={v}" for k, v in config.items() if k != "type")})'
        for name, config in zip(types, configs, strict=True)
    ]
    if len(set(names)) < len(names):
        raise ValueError(f'{names} must differ')
    return dict(zip(names, configs, strict=True))


def summary(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means over runs, and standard deviations where there are several; of what all runs have."""
    if len(runs) == 1:
        return runs[0]
    columns = {name: [run[name] for run in runs] for name in runs[0] if all(name in run for run in runs)}
    means = {name: statistics.fmean(values) for name, values in columns.items()}
    return means | {f'{name}_std': statistics.stdev(values) for name, values in columns.items()}
