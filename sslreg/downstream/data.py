"""Look at the data of a config before anything is built: files that are missing, classes that do not agree."""

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
    """Raise FileNotFoundError or ValueError, in one sentence, if training would fail or learn something else."""
    for loader in LOADERS:
        for dataset in leaves(cfg.get(loader)):
            check_files(dataset)
            classes = classes_of(dataset, cfg.default_scope)
            check_categories(dataset, classes)
            check_heads(cfg.model, classes, loader)


def leaves(cfg: Any) -> Iterator[Any]:
    """The datasets that read files, below those that wrap them."""
    if not cfg:
        return
    inner = [cfg[name] for name in ('dataset', 'datasets') if name in cfg]
    if not inner:
        yield cfg
    for each in inner:
        for part in each if isinstance(each, list) else [each]:
            yield from leaves(part)


def check_files(dataset: Any) -> None:
    """Raise FileNotFoundError unless the root, the annotations and the folders of a dataset are there."""
    root = Path(dataset.get('data_root') or '')
    wanted = [dataset.get('ann_file') or '', *(dataset.get('data_prefix') or {}).values()]
    for path in [root, *(root / each for each in wanted if each)]:
        if not path.exists():
            raise FileNotFoundError(
                f'{type_name(dataset.type)}: {path} does not exist (from {Path.cwd()}); {_remedy(path)}'
            )


def classes_of(dataset: Any, scope: str) -> tuple[str, ...]:
    """The config's, or those of the dataset's class.

    Raises:
        ValueError: There is no such class, or neither names any.
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
    """COCO's: mmdet passes over boxes of a category that is not among its classes, without a word."""
    if not str(dataset.get('ann_file') or '').endswith('.json'):
        return
    path = Path(dataset.get('data_root') or '', dataset.ann_file)
    found = categories(path)
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


def categories(path: Path) -> list[str]:
    """Names of the categories in a COCO file, without reading all of it where that can be avoided.

    Raises:
        ValueError: It has none.
    """
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        match = re.search(rb'"categories"\s*:\s*\[', content)
        if match is None:
            raise ValueError(f'{path} has no "categories": it is not in the form of COCO')
        text = content[match.end() - 1 : match.end() + 10_000_000].decode(errors='ignore')
    found, _ = json.JSONDecoder().raw_decode(text)
    return [category['name'] for category in found]


def check_heads(model: Any, classes: tuple[str, ...], loader: str) -> None:
    """Raise ValueError if a head of the model is for another number of classes than the data of a loader have."""
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
    return 'put the data there, or a link to them (docs/downstream.md)'
