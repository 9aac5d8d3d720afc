"""UnitMem and ClassMem of a network's units over the images of a dataset."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from sslreg.models.adapters import encoder
from sslreg.utils.files import atomic_write, write_json

from . import statistics, study
from .layers import Layers
from .measure import activations, first_view, shared_out
from .units import Rest, class_means, classmem, unitmem


class Images(NamedTuple):
    """Which images units are looked at with.

    Attributes:
        cfg: Config of the training.
        part: As in :func:`sslreg.memorization.study.viewed`, as is ``split_file``.
        batch_size: Images at a time.
        num_workers: Of the loader.
    """

    cfg: Config
    part: str = 'train'
    split_file: Path | str | None = None
    batch_size: int = 128
    num_workers: int = 4


class Units(NamedTuple):
    """Scores of a layer's units.

    Attributes:
        scores: ``[U]``.
        most: Image, or class, that excites each most, ``[U]``; images by their place in the set.
    """

    scores: Tensor
    most: Tensor


def of_images(
    model: Any, patterns: Sequence[str], images: Images, num_views: int, rest: Rest = 'mean'
) -> dict[str, Units]:
    """UnitMem of layers over augmented images; collective."""
    views = study.viewed(images.cfg, images.part, images.split_file, num_views)
    return of_views(model, patterns, views, images.batch_size, images.num_workers, rest)


def of_views(
    model: Any, patterns: Sequence[str], views: Any, batch_size: int, num_workers: int, rest: Rest
) -> dict[str, Units]:
    """:func:`of_images` of a dataset of views."""
    found = _activations(model, patterns, views, batch_size, num_workers)
    return {name: Units(unitmem(rows, rest), rows.argmax(dim=0)) for name, rows in found.items()}


def of_classes(model: Any, patterns: Sequence[str], images: Images, rest: Rest = 'mean') -> dict[str, Units]:
    """ClassMem of layers over images as they are; of test images this is class selectivity. Collective."""
    dataset = study.viewed(images.cfg, images.part, images.split_file, num_views=0, plain=True)
    labels = torch.tensor(study.labels(images.cfg, images.part, images.split_file))
    found = _activations(model, patterns, dataset, images.batch_size, images.num_workers)
    return {name: _of_classes(rows, labels, rest) for name, rows in found.items()}


def write(folder: Path, scores: dict[str, Units], about: dict[str, Any]) -> None:
    """``units.npz``: of each layer ``LAYER/scores`` and ``LAYER/most``; ``units.json``: settings, mean, quantiles."""
    arrays: dict[str, Any] = {
        f'{layer}/{name}': values.numpy() for layer, each in scores.items() for name, values in each._asdict().items()
    }
    with atomic_write(folder / 'units.npz') as partial, partial.open('wb') as file:
        np.savez(file, **arrays)
    layers = {layer: described(each.scores) for layer, each in scores.items()}
    write_json(about | dict(layers=layers), folder / 'units.json')


def read(folder: Path, about: dict[str, Any]) -> dict[str, Units] | None:
    """What :func:`write` has written with these settings; None if it has not."""
    note = folder / 'units.json'
    if not note.is_file() or not about.items() <= json.loads(note.read_text()).items():
        return None
    with np.load(folder / 'units.npz') as found:
        layers = [key.removesuffix('/scores') for key in found if key.endswith('/scores')]
        return {
            layer: Units(*(torch.from_numpy(found[f'{layer}/{name}']) for name in Units._fields)) for layer in layers
        }


def described(values: Tensor) -> dict[str, Any]:
    """Number, mean and quantiles of scores ``[U]``."""
    return dict(number=len(values), mean=float(values.mean()), quantiles=statistics.quantiles(values))


def _activations(
    model: Any, patterns: Sequence[str], dataset: Any, batch_size: int, num_workers: int
) -> dict[str, Tensor]:
    model = encoder(model)
    layers = Layers(model, patterns)
    layers.order(first_view(dataset, model.data_preprocessor))
    return activations(layers, shared_out(dataset, batch_size, num_workers), model.data_preprocessor)


def _of_classes(activations: Tensor, labels: Tensor, rest: Rest) -> Units:
    classes, means = class_means(activations, labels)
    return Units(classmem(activations, labels, rest), classes[means.argmax(dim=0)])
