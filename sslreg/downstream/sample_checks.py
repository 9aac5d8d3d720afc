"""Checks of a config's data that open samples: files that are not there, masks and sizes that do not fit."""

from collections import Counter
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

from sslreg.registry import type_name
from sslreg.utils.random_state import same_random_numbers
from sslreg.utils.spacing import evenly_spaced

from .data_checks import LOADERS, classes_of, datasets_with_files
from .mask_checks import check_masks, image_size

NUM_OPENED = 64  # samples whose files are looked for
NUM_PIPELINE = 4  # samples that pass the whole pipeline
LARGEST_FILE = 100e6  # bytes; a larger annotation file, such as COCO's, would take too long to read twice


def check_samples(cfg: Config) -> None:
    """Raise an error if a dataset lists no image, or some of its samples cannot be read or do not fit the model.

    Args:
        cfg: The whole config, whose paths, categories and heads are checked already.

    Raises:
        FileNotFoundError: There is no image, or an image or mask does not exist.
        ValueError: A mask has values, channels or a size that do not fit, a sample cannot be read, or a batch of the
            evaluation has images of several sizes.
    """
    with same_random_numbers():  # training draws as without the check
        for loader in LOADERS:
            for each in datasets_with_files(cfg.get(loader)):
                if not _is_large(each):
                    _check_dataset(each, cfg, loader)


def _check_dataset(each: Any, cfg: Config, loader: str) -> None:
    with DATASETS.switch_scope_and_registry(cfg.default_scope) as registry:
        kind = registry.get(each.type)
        if not issubclass(kind, BaseDataset):
            return
        dataset = kind(**{name: value for name, value in each.items() if name != 'type'}, lazy_init=True)
        dataset.serialize_data = False
        dataset.full_init()
        _refuse_missing(dataset, each, loader)
        if cfg.default_scope == 'mmseg':
            check_masks(dataset, each, evenly_spaced(dataset.data_list, NUM_OPENED), classes_of(each, 'mmseg'), loader)
        sizes = [_size_of(dataset, number, loader) for number in _of_each_size(dataset, loader)]
        if cfg.default_scope == 'mmseg' and loader != 'train_dataloader':
            _refuse_several_sizes(sizes, cfg[loader], loader)


def _refuse_missing(dataset: Any, each: Any, loader: str) -> None:
    """Raise FileNotFoundError if a dataset has no sample, or the file of one does not exist."""
    if not dataset.data_list:
        raise FileNotFoundError(f'{loader}: {type_name(each.type)} finds no image{_hint(dataset, each)}')
    for sample in evenly_spaced(dataset.data_list, NUM_OPENED):
        for name in ('img_path', 'seg_map_path'):
            path = sample.get(name)
            if path and not Path(path).is_file():
                raise FileNotFoundError(f'{loader}: {path} does not exist{_neighbours(Path(path).parent)}')


def _hint(dataset: Any, each: Any) -> str:
    """Return how to find images that a dataset does not find."""
    folder = (dataset.data_prefix or {}).get('img_path')
    if folder is None or not hasattr(dataset, 'img_suffix'):
        return f' with annotations in {each.get("ann_file")}'
    wanted = f'img_suffix={dataset.img_suffix!r}'
    return f' of {wanted} in {folder}{_neighbours(Path(folder))}: set img_suffix in the dataset to one of these'


def _neighbours(folder: Path) -> str:
    """Return a text with the most frequent suffixes of the files in a folder."""
    if not folder.is_dir():
        return f', and neither does its folder {folder}'
    found = Counter(path.suffix for path in folder.rglob('*') if path.is_file())
    listed = ', '.join(f'{number} end in {suffix or "no suffix"!r}' for suffix, number in found.most_common(4))
    return f'; of the files in {folder} {listed}' if found else f'; {folder} is empty'


def _of_each_size(dataset: Any, loader: str) -> list[int]:
    """Return the numbers of a few samples, with different sizes where the images have several."""
    numbers = evenly_spaced(range(len(dataset.data_list)), NUM_OPENED)
    sizes: dict[Any, int] = {}
    for number in numbers:
        sizes.setdefault(image_size(dataset.data_list[number]['img_path'], loader), number)
    return list(sizes.values())[:NUM_PIPELINE]


def _size_of(dataset: Any, number: int, loader: str) -> tuple[int, ...]:
    """Return the height and width of a sample that has passed the pipeline."""
    try:
        sample = dataset.prepare_data(number)
    except Exception as error:
        raise ValueError(
            f'{loader}: the pipeline cannot read {dataset.data_list[number]["img_path"]}: '
            f'{type(error).__name__}: {error}'
        ) from error
    inputs = sample.get('inputs') if isinstance(sample, dict) else None
    return tuple(inputs.shape[-2:]) if isinstance(inputs, torch.Tensor) else ()


def _refuse_several_sizes(sizes: list[tuple[int, ...]], cfg: Any, loader: str) -> None:
    """Raise ValueError if images of several sizes were to be evaluated in one batch."""
    if cfg.batch_size > 1 and len(set(sizes)) > 1:
        listed = ', '.join(f'{height} x {width}' for height, width in sorted(set(sizes)))
        raise ValueError(
            f'{loader}.batch_size={cfg.batch_size}, but its images have several sizes after the pipeline ({listed}, '
            f'height x width), and mmsegmentation evaluates only images of one size together: set '
            f'{loader}.batch_size=1'
        )


def _is_large(each: Any) -> bool:
    path = Path(each.get('data_root') or '', each.get('ann_file') or '')
    return path.is_file() and path.stat().st_size > LARGEST_FILE
