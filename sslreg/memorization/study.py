"""A study of memorisation of a training config: which configs f and g are trained by, and how they are compared."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch.utils.data import DataLoader

from sslreg.datasets import collate, set_view_key
from sslreg.engine.launch import innermost
from sslreg.registry import DATASETS, type_name

from . import splits

AS_IT_IS = dict(scale=(1, 1), ratio=(1, 1))  # a view without augmentation


def trained_on(cfg: Config, split_file: Path | str, encoder: str, seed: int) -> Config:
    """The config by which the encoder ``'f'`` or ``'g'`` is trained.

    An instance memory, which has an entry for each image of the training set, gets as many as the encoder sees.
    """
    cfg = deepcopy(cfg)
    split = splits.read(split_file)
    _narrow(innermost(cfg.train_dataloader.dataset), split_file, encoder)
    memory = cfg.model.get('memory', {})
    whole = len(split.shared) + len(split.candidate) + len(split.independent)
    if memory.get('length') == whole:
        memory.length = len(split.of_f if encoder == 'f' else split.of_g)
    cfg.randomness = dict(cfg.get('randomness', {}), seed=seed)
    return cfg


def scored(cfg: Config, split_file: Path | str, part: str, num_views: int, plain: bool, batch_size: int) -> Any:
    """Loader of the views of a part's images, drawn by image: the same at any batch size, in any process.

    The views are those of the training config, its first kind of view, and others are left out.

    Args:
        cfg: Config of the training.
        split_file: Where the parts are.
        part: ``'shared'``, ``'candidate'``, ``'independent'`` or ``'extra'``; the last is of the test set.
        num_views: Augmentations of an image.
        plain: Whether the image as it is comes before them.
        batch_size: Images at a time.

    Raises:
        ValueError: The config's training set has no views of ours.
    """
    config = deepcopy(cfg.train_dataloader.dataset)
    inner = innermost(config)
    if part == 'extra':
        other = innermost(cfg.test_dataloader.dataset)
        changed = {key: value for key, value in other.items() if key != 'pipeline'}
        inner.update(deepcopy(changed))
    holder = next(_with_views(config), None)
    if holder is None:
        raise ValueError(
            f'{type_name(inner.type)} of the training set has no views by BatchedViews, MultiCrop or ColoredMultiCrop: '
            'choose a config with one of them, so that both encoders can see the same augmentations'
        )
    view = dict(holder['views'][0], num=num_views)
    holder['views'] = [*([dict(AS_IT_IS, size=view['size'])] if plain else []), view]
    _narrow(inner, split_file, part)
    dataset = DATASETS.build(config)
    set_view_key(dataset, (0, 0))
    workers = cfg.train_dataloader.get('num_workers', 0)
    return DataLoader(dataset, batch_size, num_workers=workers, collate_fn=collate)


def _narrow(dataset: Any, split_file: Path | str, part: str) -> None:
    """Have a dataset's config mean a part of it, in place."""
    whole = dict(dataset)
    dataset.clear()
    dataset.update(type='SplitPart', dataset=whole, split=str(split_file), part=part)


def _with_views(config: Any) -> Iterator[Any]:
    """All parts of a dataset's config that say which views are made."""
    if isinstance(config, dict):
        if 'views' in config:
            yield config
        for value in config.values():
            yield from _with_views(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _with_views(value)
