"""Categories of COCO files and the classes of a config, matched by their names."""

import json
import mmap
import re
from pathlib import Path
from typing import Any

from sslreg.registry import type_name

BY_NAME = dict(CocoDataset='sslreg.downstream.coco.CocoByName', CocoMetric='sslreg.downstream.coco.CocoMetricByName')


def match_categories(dataset: Any, classes: tuple[str, ...]) -> None:
    """Refuse a COCO file with other categories than the dataset's classes, and number another order by name.

    mmdet would silently leave out boxes of unknown categories, and number the classes by the order of the file.

    Args:
        dataset: Config of the dataset, changed in place; nothing is done if its annotations are no JSON.
        classes: Classes of the dataset.

    Raises:
        ValueError: A category is no class, a class no category, or the order differs in a dataset of another type
            than ``CocoDataset``.
    """
    if str(dataset.get('ann_file') or '').endswith('.json'):
        _match(dataset, annotation_file(dataset), classes)


def match_evaluator(evaluator: Any, dataset: Any, classes: tuple[str, ...], where: str) -> None:
    """Refuse a metric of another file than the dataset's, and let a file of another order be scored by name.

    Args:
        evaluator: Config of a metric, changed in place.
        dataset: Config of the dataset that it evaluates.
        classes: Classes of the dataset.
        where: Key of the metric, for the message.

    Raises:
        ValueError: The files differ, or the order of the categories in a metric of another type than ``CocoMetric``.
    """
    if not str(evaluator.get('ann_file') or '').endswith('.json'):
        return
    path, expected = Path(evaluator.ann_file), annotation_file(dataset)
    if path.resolve() != expected.resolve():
        raise ValueError(
            f'{where}.ann_file={str(path)!r}, but the images are those of {str(expected)!r}: predictions would be '
            f'scored against other images; set {where}.ann_file={str(expected)!r}'
        )
    _match(evaluator, path, classes)


def annotation_file(dataset: Any) -> Path:
    """Return the path of a dataset's annotations."""
    return Path(dataset.get('data_root') or '', dataset.ann_file)


def _match(component: Any, path: Path, classes: tuple[str, ...]) -> None:
    categories = _read(path)
    found = [category['name'] for category in categories]
    _refuse_other_names(found, classes, path)
    name = type_name(component.type)
    ids = [category['id'] for category in categories]
    in_order = found == list(classes) and (ids == sorted(ids) or name != 'CocoMetric')  # its table is sorted by id
    if in_order or name in map(type_name, BY_NAME.values()):
        return
    if name not in BY_NAME:
        raise ValueError(
            f'{path} lists its categories as {first(found)}, but the classes are {first(classes)}: {name} numbers '
            f'them by the order of the file; set metainfo=dict(classes={tuple(found)}) in the datasets'
        )
    component.type = BY_NAME[name]


def _refuse_other_names(found: list[str], classes: tuple[str, ...], path: Path) -> None:
    unknown = [name for name in found if name not in classes]
    absent = [name for name in classes if name not in found]
    repeated = [name for name in found if found.count(name) > 1]
    if unknown:
        raise ValueError(
            f'{path} has the category {unknown[0]!r}, which is not among the {len(classes)} classes of the config '
            f'({first(classes)}): its boxes would be left out. Set metainfo=dict(classes={tuple(found)}) in the '
            f'datasets and num_classes={len(found)} in the heads'
        )
    if absent:
        raise ValueError(f'{path} has no category {absent[0]!r}, a class of the config; it has {first(found)}')
    if repeated:
        raise ValueError(f'{path} has the category {repeated[0]!r} twice: give each category one id')


def read_categories(path: Path) -> list[str]:
    """Return the names of the categories in a COCO file, in its order, parsing only that part of the file.

    Args:
        path: Path of the file.

    Raises:
        ValueError: The file has no categories.
    """
    return [category['name'] for category in _read(path)]


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the categories of a COCO file, each with a name and an id."""
    with path.open('rb') as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b''
        match = re.search(rb'"categories"\s*:\s*\[', content)
        if match is None:
            raise ValueError(f'{path} has no "categories": it is no COCO file')
        text = content[match.end() - 1 : match.end() + 10_000_000].decode(errors='ignore')
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
        return [dict(name=category['name'], id=category['id']) for category in found]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f'{path}: its "categories" are no list of names and ids ({error})') from error


def first(names: Any) -> str:
    """Return the first five names as a text."""
    names = list(names)
    return ', '.join(map(str, names[:5])) + (', ...' if len(names) > 5 else '')
