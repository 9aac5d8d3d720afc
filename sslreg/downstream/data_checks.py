"""Checks of a config's data before anything is built: missing files, and classes that do not agree."""

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from sslreg.registry import type_name

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(cfg: Config) -> None:
    """Raise an error if files are missing, or classes of data and model differ.

    Args:
        cfg: The whole config.

    Raises:
        FileNotFoundError: A folder or annotation file does not exist.
        ValueError: The classes of a dataset, its annotations and the model's heads do not agree.
    """
    for loader in LOADERS:
        for dataset in datasets_with_files(cfg.get(loader)):
            check_paths(dataset)
            classes = classes_of(dataset, cfg.default_scope)
            check_categories(dataset, classes)
            check_heads(cfg.model, classes, loader)


def datasets_with_files(cfg: Any) -> Iterator[Any]:
    """Yield the configs of datasets that read files, from inside of the datasets that wrap them.

    Args:
        cfg: Config of a loader or dataset, or None.
    """
    if not cfg:
        return
    inner = [cfg[name] for name in ('dataset', 'datasets') if name in cfg]
    if not inner:
        yield cfg
    for each in inner:
        for part in each if isinstance(each, list) else [each]:
            yield from datasets_with_files(part)


def check_paths(dataset: Any) -> None:
    """Raise an error unless the root, the annotations and the folders of a dataset exist.

    Args:
        dataset: Config of the dataset.

    Raises:
        FileNotFoundError: One of them does not exist.
    """
    root = Path(dataset.get('data_root') or '')
    names = [dataset.get('ann_file') or '', *(dataset.get('data_prefix') or {}).values()]
    for path in [root, *(root / name for name in names if name)]:
        if not path.exists():
            raise FileNotFoundError(
                f'{type_name(dataset.type)}: {path} does not exist (from {Path.cwd()}); {_remedy(path)}'
            )


def classes_of(dataset: Any, scope: str) -> tuple[str, ...]:
    """Return the classes of a dataset: those of its config, else those of its class.

    Args:
        dataset: Config of the dataset.
        scope: Scope of the config, ``'mmdet'`` or ``'mmseg'``.

    Raises:
        ValueError: The dataset is unknown, or has no classes.
    """
    classes = (dataset.get('metainfo') or {}).get('classes')
    if not classes:
        with DATASETS.switch_scope_and_registry(scope) as registry:
            kind = registry.get(dataset.type)
        if kind is None:
            raise ValueError(
                f'the dataset {dataset.type!r} is not known to {scope}: name it with its module, as '
                "type='sslreg.downstream.camvid.CamVid'"
            )
        classes = getattr(kind, 'CLASSES', None) or kind.METAINFO.get('classes')
    if not classes:
        raise ValueError(f'{type_name(dataset.type)} has no classes: set metainfo=dict(classes=(...)) in the datasets')
    return (classes,) if isinstance(classes, str) else tuple(classes)


def check_categories(dataset: Any, classes: tuple[str, ...]) -> None:
    """Raise an error if a COCO file has other categories than the dataset: mmdet would silently skip their boxes.

    Args:
        dataset: Config of the dataset; nothing is checked if its annotations are no JSON.
        classes: Classes of the dataset.

    Raises:
        ValueError: A category is no class, or a class no category.
    """
    if not str(dataset.get('ann_file') or '').endswith('.json'):
        return
    path = Path(dataset.get('data_root') or '', dataset.ann_file)
    found = read_categories(path)
    unknown = [name for name in found if name not in classes]
    absent = [name for name in classes if name not in found]
    if unknown:
        raise ValueError(
            f'{path} has the category {unknown[0]!r}, which is not among the {len(classes)} classes of the config '
            f'({_first(classes)}): its boxes would be left out. Set metainfo=dict(classes={tuple(found)}) in the '
            f'datasets and num_classes={len(found)} in the heads'
        )
    if absent:
        raise ValueError(f'{path} has no category {absent[0]!r}, a class of the config; it has {_first(found)}')


def read_categories(path: Path) -> list[str]:
    """Return the names of the categories in a COCO file, parsing only that part of the file.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file has no categories.
    """
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        match = re.search(rb'"categories"\s*:\s*\[', content)
        if match is None:
            raise ValueError(f'{path} has no "categories": it is no COCO file')
        text = content[match.end() - 1 : match.end() + 10_000_000].decode(errors='ignore')
    found, _ = json.JSONDecoder().raw_decode(text)
    return [category['name'] for category in found]


def check_heads(model: Any, classes: tuple[str, ...], loader: str) -> None:
    """Raise an error if a head of the model has another number of classes than the data.

    Args:
        model: Config of the model.
        classes: Classes of a dataset.
        loader: Name of the loader of the dataset, for the message.

    Raises:
        ValueError: The numbers differ.
    """
    for where, number in _numbers_of_classes(model, 'model'):
        if number != len(classes):
            raise ValueError(
                f'{where}.num_classes={number}, but {loader} has {len(classes)} classes ({_first(classes)}): make them '
                'equal, by --cfg-options or in the config'
            )


def _numbers_of_classes(cfg: Any, where: str) -> Iterator[tuple[str, int]]:
    if isinstance(cfg, (list, tuple)):
        for i, part in enumerate(cfg):
            yield from _numbers_of_classes(part, f'{where}.{i}')
    elif isinstance(cfg, dict):
        if isinstance(cfg.get('num_classes'), int):
            yield where, cfg['num_classes']
        for name, part in cfg.items():
            yield from _numbers_of_classes(part, f'{where}.{name}')


def _first(names: Any) -> str:
    names = list(names)
    return ', '.join(names[:5]) + (', ...' if len(names) > 5 else '')


def _remedy(path: Path) -> str:
    if path.parts[:2] == ('work_dirs', 'data'):
        return f'unpack it: python tools/downstream/unpack.py {path.parts[2]}'
    return 'put the data there, or link to them (docs/downstream.md)'
