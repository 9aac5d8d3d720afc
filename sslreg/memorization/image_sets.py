"""Sets of images of a training config: their views, labels and files."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.datasets import set_view_key
from sslreg.engine.config import innermost
from sslreg.registry import DATASETS, type_name

from .split import SPLIT_SETS

PLAIN_VIEW = dict(scale=(1, 1), ratio=(1, 1))  # no augmentation
IMAGE_SETS = (*SPLIT_SETS, 'train', 'test')


@dataclass(frozen=True)
class ImageSet:
    """A set of images of a training config.

    Attributes:
        cfg: Config of the training.
        name: ``'shared'``, ``'candidate'``, ``'independent'`` or ``'extra'`` of the split, or ``'train'`` or
            ``'test'`` without a split. ``'extra'`` and ``'test'`` are images of the config's test set.
        split_file: File of the split.

    Raises:
        ValueError: There is no such set.
    """

    cfg: Config
    name: str
    split_file: Path | None = None

    def __post_init__(self) -> None:
        if self.name not in IMAGE_SETS:
            raise ValueError(f'set {self.name!r} must be one of {", ".join(IMAGE_SETS)}')

    def views(self, num_views: int, plain: bool = False) -> Any:
        """Build a dataset of views drawn by image: the same in any process and any batch.

        The views are those of the training config, its first kind of view. Where it has no ``views``, the whole
        pipeline is run for each view, seeded by image (:class:`sslreg.datasets.SeededViews`).

        Args:
            num_views: Augmentations of an image.
            plain: Whether the image without augmentation comes before them.

        Raises:
            ValueError: The image without augmentation is asked of a config without ``views``.
        """
        config = _without_split(deepcopy(self.cfg.train_dataloader.dataset))
        inner = innermost(config)
        if self.name in ('extra', 'test'):
            _replace(inner, innermost(self.cfg.test_dataloader.dataset))
        holder = next(_with_views(config), None)
        if holder is not None:
            view = dict(holder['views'][0], num=num_views)
            holder['views'] = [dict(PLAIN_VIEW, size=view['size'])] * plain + [view] * (num_views > 0)
        elif plain:
            raise ValueError(
                f'{type_name(inner.type)} of the training set has no views by BatchedViews, MultiCrop or '
                'ColoredMultiCrop, so an image without augmentation is not defined: compare views with views'
            )
        self._narrow(inner)
        dataset = DATASETS.build(
            config if holder is not None else dict(type='SeededViews', dataset=config, num=num_views)
        )
        set_view_key(dataset, (0, IMAGE_SETS.index(self.name)))
        return dataset

    def labels(self) -> list[int]:
        """Return the class of each image."""
        dataset = self.files()
        return [int(dataset.get_data_info(i)['gt_label']) for i in range(len(dataset))]

    def files(self) -> Any:
        """Build the dataset that reads the images, without views."""
        loader = self.cfg.test_dataloader if self.name in ('extra', 'test') else self.cfg.train_dataloader
        config = deepcopy(innermost(loader.dataset))
        self._narrow(config)
        return DATASETS.build(config)

    def _narrow(self, dataset: Any) -> None:
        if self.name in SPLIT_SETS:
            narrow(dataset, self.split_file, self.name)


def narrow(dataset: Any, split_file: Path | None, part: str) -> None:
    """Change a dataset's config, in place, to the part of it that a split names."""
    whole = dataset.copy()
    dataset.clear()
    dataset.update(type='SplitPart', dataset=whole, split=str(split_file), part=part)


def has_views(cfg: Config) -> bool:
    """Return whether a config lists its views, so that an image without augmentation is defined."""
    return next(_with_views(cfg.train_dataloader.dataset), None) is not None


def augmentation(cfg: Config) -> Any:
    """Return the part of a config that makes views of an image: the list of views, or a pipeline."""
    dataset = cfg.train_dataloader.dataset
    holder = next(_with_views(dataset), None)
    return holder['views'] if holder is not None else innermost(dataset).get('pipeline', [])


def training_images(cfg: Config) -> dict[str, Any]:
    """Return the config of the training set without its pipeline."""
    config = innermost(cfg.train_dataloader.dataset)
    return {key: value for key, value in config.items() if key != 'pipeline'}


def _without_split(config: Any) -> Any:
    """Return a dataset's config without the parts that it is narrowed to."""
    if 'dataset' in config:
        below = _without_split(config.dataset)
        if type_name(config.type) == 'SplitPart':
            return below
        config.dataset = below
    return config


def _replace(inner: Any, other: Any) -> None:
    """Change a dataset's config, in place, to another one, but keep its pipeline."""
    kept = {key: inner[key] for key in ('pipeline',) if key in inner}
    inner.clear()
    inner.update(deepcopy({key: value for key, value in other.items() if key != 'pipeline'}) | kept)


def _with_views(config: Any) -> Iterator[Any]:
    """Yield all parts of a dataset's config that list views."""
    if isinstance(config, dict):
        if 'views' in config:
            yield config
        for value in config.values():
            yield from _with_views(value)
    elif isinstance(config, (list, tuple)):
        for value in config:
            yield from _with_views(value)
