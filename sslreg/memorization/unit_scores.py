"""UnitMem and ClassMem of a network's units over a set of images, kept in ``units.npz``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sslreg.models.adapters import as_encoder
from sslreg.utils.files import opened_arrays, write_arrays, write_json

from .image_sets import ImageSet
from .layers import Layers
from .measure import activations, first_view, shared_out
from .score_statistics import quantiles
from .units import Rest, class_means, classmem, unitmem


class Loading(NamedTuple):
    """Settings of a loader of images.

    Attributes:
        batch_size: Images at a time.
        num_workers: Data-loading workers per process.
    """

    batch_size: int = 128
    num_workers: int = 4


@dataclass(frozen=True)
class UnitSummary:
    """Summary of the scores of a layer's units.

    Attributes:
        number: Number of units.
        mean: Mean score.
        quantiles: Quantiles by ``'0.05'`` and so on.
    """

    number: int
    mean: float
    quantiles: dict[str, float]


@dataclass(frozen=True)
class UnitScores:
    """Scores of a layer's units.

    Attributes:
        scores: UnitMem or ClassMem, ``[U]``.
        most: Image, or class, that excites each unit most, ``[U]``; images by their place in the set.
    """

    scores: Tensor
    most: Tensor

    @property
    def summary(self) -> UnitSummary:
        """Number, mean and quantiles of the scores."""
        return UnitSummary(len(self.scores), float(self.scores.mean()), quantiles(self.scores))


def score_units(
    model: Any, patterns: Sequence[str], views: Any, loading: Loading, rest: Rest = 'mean'
) -> dict[str, UnitScores]:
    """Measure UnitMem of layers over a dataset of views; collective."""
    found = _activations(model, patterns, views, loading)
    return {name: UnitScores(unitmem(rows, rest), rows.argmax(dim=0)) for name, rows in found.items()}


def score_unit_classes(
    model: Any, patterns: Sequence[str], images: ImageSet, loading: Loading, rest: Rest = 'mean'
) -> dict[str, UnitScores]:
    """Measure ClassMem of layers over images without augmentation (of test images: class selectivity); collective."""
    labels = torch.tensor(images.labels())
    found = _activations(model, patterns, images.views(0, plain=True), loading)
    return {name: unit_classes(rows, labels, rest) for name, rows in found.items()}


def unit_classes(activations: Tensor, labels: Tensor, rest: Rest = 'mean') -> UnitScores:
    """Return ClassMem of units, and the class that excites each most, by activations ``[N, U]`` and labels ``[N]``."""
    classes, means = class_means(activations, labels)
    return UnitScores(classmem(activations, labels, rest), classes[means.argmax(dim=0)])


def write_units(folder: Path, scores: Mapping[str, UnitScores], settings: dict[str, Any]) -> None:
    """Write ``units.npz``, ``LAYER/scores`` and ``LAYER/most`` of each layer, and ``units.json``, with summaries."""
    arrays: dict[str, Any] = {
        f'{layer}/{name}': values.numpy() for layer, each in scores.items() for name, values in vars(each).items()
    }
    write_arrays(arrays, folder / 'units.npz')
    layers = {layer: asdict(each.summary) for layer, each in scores.items()}
    write_json(settings | dict(layers=layers), folder / 'units.json')


def read_units(folder: Path, settings: dict[str, Any]) -> dict[str, UnitScores] | None:
    """Read what :func:`write_units` wrote with these settings; None if it has not."""
    note = folder / 'units.json'
    if not note.is_file() or not settings.items() <= json.loads(note.read_text()).items():
        return None
    with opened_arrays(folder / 'units.npz') as found:
        layers = [key.removesuffix('/scores') for key in found if key.endswith('/scores')]
        return {
            layer: UnitScores(*(torch.from_numpy(found[f'{layer}/{name}']) for name in ('scores', 'most')))
            for layer in layers
        }


def _activations(model: Any, patterns: Sequence[str], dataset: Any, loading: Loading) -> dict[str, Tensor]:
    model = as_encoder(model)
    layers = Layers(model, patterns)
    layers.order(first_view(dataset, model.data_preprocessor))
    return activations(layers, shared_out(dataset, *loading), model.data_preprocessor)
