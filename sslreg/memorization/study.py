"""A study of memorisation of a training config: which configs f and g are trained by, and how they are compared."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.datasets import set_view_key
from sslreg.engine.config import innermost
from sslreg.registry import DATASETS, MEMORIES, type_name
from sslreg.utils.config_files import load_config

from .split import SPLIT_SETS, Split, drawn_split, ordered_split

ENCODERS = ('f', 'g')
AS_IT_IS = dict(scale=(1, 1), ratio=(1, 1))  # a view without augmentation
SETS = (*SPLIT_SETS, 'train', 'test')


def read_config(folder: Path, options: dict[str, Any] | None = None) -> Config:
    """The config of a study: of the training on all images, with options merged into it.

    Raises:
        FileNotFoundError: The folder has none.
    """
    path = folder / 'config.py'
    if not path.is_file():
        raise FileNotFoundError(f'{folder} is no folder of a study: make one by `python tools/sslmem.py train`')
    return load_config(str(path), options)


def make_split(cfg: Config, seed: int | None, share: float = 0.1) -> Split:
    """The split of a config's training set: as in the paper by None, else drawn.

    Extra images are those of the test set, as many as candidates, or all if there are fewer.

    Args:
        cfg: Config of the training on all images.
        seed: Of the draw, or None.
        share: Of candidates, and of independent images, see :func:`sslreg.memorization.split.ordered_split`.

    Raises:
        ValueError: The config has no test set, or the share is out of range.
    """
    if not cfg.get('test_dataloader'):
        raise ValueError('the config has no test_dataloader, of which the extra images are taken: give a split file')
    images, tests = (
        len(DATASETS.build(innermost(part.dataset))) for part in (cfg.train_dataloader, cfg.test_dataloader)
    )
    extra = min(round(share * images), tests)
    return ordered_split(images, extra, share) if seed is None else drawn_split(images, extra, tests, seed, share)


def trained_on(cfg: Config, split_file: Path | str, encoder: str, seed: int) -> Config:
    """The config by which the encoder ``'f'`` or ``'g'`` is trained.

    A memory that has an entry for each image of the training set gets as many as the encoder sees.
    """
    cfg = deepcopy(cfg)
    images = Split.read(split_file).part(encoder)
    _narrow(innermost(cfg.train_dataloader.dataset), split_file, encoder)
    memory = cfg.model.get('memory')
    if memory and _by_image(memory.type):
        memory.length = len(images)
    cfg.randomness = dict(cfg.get('randomness', {}), seed=seed)
    return cfg


def _by_image(kind: Any) -> bool:
    """Whether a memory, given by its class or its name, has an entry for each image."""
    return getattr(kind if isinstance(kind, type) else MEMORIES.get(kind), 'by_image', False)


def final_checkpoint(cfg: Config, work_dir: Path) -> Path:
    """Where a run by the config has its last checkpoint when it is finished."""
    loop = cfg.train_cfg
    return work_dir / (f'iter_{loop.max_iters}.pth' if 'max_iters' in loop else f'epoch_{loop.max_epochs}.pth')


def is_finished(cfg: Config, work_dir: Path) -> bool:
    """Whether the last checkpoint is there, and whole: MMEngine notes it when it is written."""
    note, final = work_dir / 'last_checkpoint', final_checkpoint(cfg, work_dir)
    return note.is_file() and Path(note.read_text().strip()).name == final.name and final.is_file()


def viewed(cfg: Config, part: str, split_file: Path | str | None, num_views: int, plain: bool = False) -> Any:
    """The dataset of views of some images, which are drawn by image: the same in any process and any batch.

    The views are those of the training config, its first kind of view, and others are left out. Where it has no
    ``views``, the whole pipeline is run for each, seeded by image (:class:`sslreg.datasets.SeededViews`).

    Args:
        cfg: Config of the training.
        part: ``'shared'``, ``'candidate'``, ``'independent'`` or ``'extra'`` of the split; or ``'train'`` or
            ``'test'`` without one. ``'extra'`` and ``'test'`` are of the config's test set.
        split_file: Where the parts are.
        num_views: Augmentations of an image.
        plain: Whether the image as it is comes before them.

    Raises:
        ValueError: There is no such part, or the image as it is is wanted of a config without ``views``.
    """
    if part not in SETS:
        raise ValueError(f'set {part!r} must be one of {", ".join(SETS)}')
    config = _unsplit(deepcopy(cfg.train_dataloader.dataset))
    inner = innermost(config)
    if part in ('extra', 'test'):
        _replace(inner, innermost(cfg.test_dataloader.dataset))
    holder = next(_with_views(config), None)
    if holder is not None:
        view = dict(holder['views'][0], num=num_views)
        holder['views'] = [dict(AS_IT_IS, size=view['size'])] * plain + [view] * (num_views > 0)
    elif plain:
        raise ValueError(
            f'{type_name(inner.type)} of the training set has no views by BatchedViews, MultiCrop or ColoredMultiCrop, '
            'so it is not known what an image without augmentation is: compare views with views'
        )
    if part in SPLIT_SETS:
        _narrow(inner, split_file, part)
    config = config if holder is not None else dict(type='SeededViews', dataset=config, num=num_views)
    dataset = DATASETS.build(config)
    set_view_key(dataset, (0, SETS.index(part)))
    return dataset


def labels(cfg: Config, part: str, split_file: Path | str | None) -> list[int]:
    """Classes of the images of :func:`viewed`."""
    dataset = files(cfg, part, split_file)
    return [int(dataset.get_data_info(i)['gt_label']) for i in range(len(dataset))]


def files(cfg: Config, part: str, split_file: Path | str | None) -> Any:
    """The dataset that reads the images of :func:`viewed`, without what makes views of them."""
    loader = cfg.test_dataloader if part in ('extra', 'test') else cfg.train_dataloader
    config = deepcopy(innermost(loader.dataset))
    if part in SPLIT_SETS:
        _narrow(config, split_file, part)
    return DATASETS.build(config)


def has_views(cfg: Config) -> bool:
    """Whether a config says which views it makes of an image, so that it is known what the image as it is would be."""
    return next(_with_views(cfg.train_dataloader.dataset), None) is not None


def augmentation(cfg: Config) -> Any:
    """What makes views of an image: the list of views, or a pipeline."""
    dataset = cfg.train_dataloader.dataset
    holder = next(_with_views(dataset), None)
    return holder['views'] if holder is not None else innermost(dataset).get('pipeline', [])


def _unsplit(config: Any) -> Any:
    """A dataset's config without the parts that it is narrowed to."""
    if 'dataset' in config:
        below = _unsplit(config.dataset)
        if type_name(config.type) == 'SplitPart':
            return below
        config.dataset = below
    return config


def _replace(inner: Any, other: Any) -> None:
    """Have a dataset's config mean another, with the transforms that it had, in place."""
    kept = {key: inner[key] for key in ('pipeline',) if key in inner}
    inner.clear()
    inner.update(deepcopy({key: value for key, value in other.items() if key != 'pipeline'}) | kept)


def _narrow(dataset: Any, split_file: Path | str | None, part: str) -> None:
    """Have a dataset's config mean a part of it, in place."""
    whole = dataset.copy()
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
