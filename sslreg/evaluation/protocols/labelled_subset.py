"""Parts of a training set that low-shot and long-tailed protocols learn from."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sslreg.datasets.subsets import fraction, images_in_list, images_per_class, labelled_images_in_list


def subsets(config: dict[str, Any] | None, dataset: Any, labels: Tensor) -> list[Tensor]:
    """Return indices of the training images, once for each seed; all images without a config.

    Raises:
        ValueError: The config has another form than those of :class:`ClassificationBenchmark`.
    """
    if config is None:
        return [torch.arange(len(labels))]
    rule, seeds = dict(config), config.get('seeds', (0,))
    draw = {'images_per_class': images_per_class, 'fraction': fraction}
    match [key for key in rule if key != 'seeds']:
        case ['images_per_class' | 'fraction' as kind] if len(seeds):
            return [draw[kind](labels, rule[kind], seed) for seed in seeds]
        case ['list_file', 'fraction'] if is_drawn_instead(rule):
            return [fraction(labels, rule['fraction'], 0)]
        case ['list_file'] | ['list_file', 'fraction'] if 'seeds' not in rule:
            return [images_in_list(rule['list_file'], _paths(dataset))]
        case ['labelled_list_file'] if 'seeds' not in rule:
            return [labelled_images_in_list(rule['labelled_list_file'], _paths(dataset), labels)]
    raise ValueError(
        f'subset={config} must be one of dict(images_per_class=, seeds=), dict(fraction=, seeds=), '
        'dict(list_file=), dict(list_file=, fraction=) and dict(labelled_list_file=)'
    )


def is_drawn_instead(rule: dict[str, Any]) -> bool:
    """Return whether a list is missing and a random share of each class may replace it."""
    return {'list_file', 'fraction'} <= rule.keys() and not Path(rule['list_file']).expanduser().is_file()


def _paths(dataset: Any) -> list[str]:
    first = dataset.get_data_info(0)
    if 'img_path' not in first:
        raise ValueError(f'{type(dataset).__name__} has no file names, so a list of file names cannot select images')
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
