"""Accuracy of classifiers, from the rank of each image's class among the scores."""

import statistics
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sslreg.evaluation.metric import Metric, Metrics, Role

ROWS = 512  # test images at a time: a grid of probes has many scores for each
CLASSES_FOR_TOP5 = 6
ROLES: dict[str, Role] = {'top5': 'secondary'}  # others are 'main'


def class_ranks(scores: Callable[[Tensor], dict[str, Tensor]], feats: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return the rank from 0 of each image's class by the scores of each variant, ``{variant: [M]}``.

    Among equal scores the class of the lowest number comes first; NaN scores come before all others.

    Args:
        scores: Scores ``[m, classes]`` of each variant for features ``[m, C]``, as :meth:`BaseProbe.scores`.
        feats: ``[M, C]``.
        labels: ``[M]``.
    """
    parts = [
        {name: _rank(each, truth.to(each.device)).cpu() for name, each in scores(part).items()}
        for part, truth in zip(feats.split(ROWS), labels.split(ROWS), strict=True)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _rank(scores: Tensor, labels: Tensor) -> Tensor:
    scores = scores.nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=-torch.inf)
    right = scores.gather(1, labels[:, None])
    earlier = torch.arange(scores.shape[1], device=scores.device) < labels[:, None]
    return ((scores > right) | ((scores == right) & earlier)).sum(dim=1)


def top_accuracies(ranks: Tensor, num_classes: int) -> dict[str, float]:
    """Return ``top1`` and, from 6 classes on, ``top5`` in per cent; ``ranks [M]`` by :func:`class_ranks`."""
    tops = (1, 5) if num_classes >= CLASSES_FOR_TOP5 else (1,)
    return {f'top{k}': 100 * float((ranks < k).double().mean()) for k in tops}


def shot_groups(train_labels: Tensor, num_classes: int) -> dict[str, Tensor]:
    """Return the classes ``[n]`` with many (> 100), medium (20 to 100) and few (< 20) of ``train_labels [N]``.

    ImageNet-LT is reported by these groups (arXiv 1904.05160, section 5).
    """
    counts = train_labels.bincount(minlength=num_classes)
    groups = dict(many=counts > 100, medium=(counts >= 20) & (counts <= 100), few=counts < 20)
    return {name: member.nonzero().flatten() for name, member in groups.items()}


def accuracy_by_shots(right: Tensor, labels: Tensor, groups: dict[str, Tensor]) -> dict[str, float]:
    """Return the accuracy in per cent, averaged over the classes of each group that have test images.

    Args:
        right: Whether each test image is classified rightly, ``[M]``.
        labels: Class of each test image, ``[M]``.
        groups: Groups of :func:`shot_groups`; groups without test images are left out.
    """
    length = max(int(labels.max()), *(int(classes.max()) for classes in groups.values() if len(classes))) + 1
    counts = labels.bincount(minlength=length)
    share = labels.bincount(right.double(), minlength=length) / counts
    tested = {name: share[classes[counts[classes] > 0]] for name, classes in groups.items()}
    return {name: 100 * float(shares.mean()) for name, shares in tested.items() if len(shares)}


def mean_over_seeds(runs: Sequence[Metrics]) -> Metrics:
    """Return the means of the metrics that all runs have and, for several runs, sample standard deviations (n - 1)."""
    if len(runs) == 1:
        return runs[0]
    columns: dict[Metric, list[float]] = {
        metric: [run[metric] for run in runs] for metric in runs[0] if all(metric in run for run in runs)
    }
    means = {metric: statistics.fmean(values) for metric, values in columns.items()}
    return means | {metric.deviation: statistics.stdev(values) for metric, values in columns.items()}
