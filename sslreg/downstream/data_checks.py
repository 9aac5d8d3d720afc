"""Checks of a config's data before anything is built: missing files, and classes that do not agree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DATASETS

from sslreg.models.checkpoints import load_checkpoint
from sslreg.registry import type_name
from sslreg.utils.nested_values import nested_values

from .categories import BY_NAME, annotation_file, first, match_categories, match_evaluator, read_categories

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def check_data(cfg: Config) -> None:
    """Raise an error if files are missing, or classes of data and model differ; match categories by name.

    Args:
        cfg: The whole config; datasets of COCO files that list the categories in another order are changed in place.

    Raises:
        FileNotFoundError: A folder or annotation file does not exist.
        ValueError: The classes of a dataset, its annotations and the model's heads do not agree.
    """
    for loader in LOADERS:
        datasets = list(datasets_with_files(cfg.get(loader)))
        for dataset in datasets:
            check_paths(dataset)
            classes = classes_of(dataset, cfg.default_scope)
            check_palette(dataset, classes)
            check_heads(cfg.model, classes, loader)
            match_categories(dataset, classes)
        if len(datasets) == 1:
            _match_evaluators(cfg, loader.replace('dataloader', 'evaluator'), datasets[0], classes)


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


def check_palette(dataset: Any, classes: tuple[str, ...]) -> None:
    """Raise ValueError if the config gives a dataset another number of colours than of classes."""
    palette = (dataset.get('metainfo') or {}).get('palette')
    if palette and len(palette) != len(classes):
        raise ValueError(
            f'{type_name(dataset.type)}: metainfo.palette has {len(palette)} colours, but there are {len(classes)} '
            f'classes ({first(classes)}): give one colour for each class, or none to have them chosen'
        )


def _match_evaluators(cfg: Config, key: str, dataset: Any, classes: tuple[str, ...]) -> None:
    """Match the categories of the metrics' COCO files with the classes by name."""
    evaluators = cfg.get(key) or []
    for each in evaluators if isinstance(evaluators, list) else [evaluators]:
        match_evaluator(each, dataset, classes, key)


def refuse_numbers_by_file(cfg: Config, checkpoint: str) -> None:
    """Raise ValueError if a network was trained with classes numbered by the file, but is evaluated by name.

    Args:
        cfg: The whole config, after :func:`check_data`.
        checkpoint: Path of the network's checkpoint, with the config of its training.
    """
    mapped = [part for part in datasets_with_files(cfg.get('train_dataloader')) if part.type == BY_NAME['CocoDataset']]
    if not mapped:
        return
    stored = str(load_checkpoint(checkpoint, 'meta').get('meta', {}).get('cfg', BY_NAME['CocoDataset']))
    if BY_NAME['CocoDataset'] not in stored:
        names = tuple(read_categories(annotation_file(mapped[0])))
        raise ValueError(
            f'{checkpoint} was trained when classes were numbered by the order of {annotation_file(mapped[0])}: '
            f'evaluate it with metainfo=dict(classes={names}) in the datasets, or train it again'
        )


def check_heads(model: Any, classes: tuple[str, ...], loader: str) -> None:
    """Raise an error if a head of the model has another number of classes than the data.

    Args:
        model: Config of the model.
        classes: Classes of a dataset.
        loader: Name of the loader of the dataset, for the message.

    Raises:
        ValueError: The numbers differ.
    """
    for keys, part in nested_values(model, ('model',)):
        number = part.get('num_classes') if isinstance(part, dict) else None
        if isinstance(number, int) and number != len(classes):
            raise ValueError(
                f'{".".join(keys)}.num_classes={number}, but {loader} has {len(classes)} classes ({first(classes)}): '
                'make them equal, by --cfg-options or in the config'
            )


def _remedy(path: Path) -> str:
    if path.parts[:2] == ('work_dirs', 'data'):
        return f'unpack it: python tools/downstream/unpack.py {path.parts[2]}'
    return 'put the data there, or link to them (docs/downstream.md)'
