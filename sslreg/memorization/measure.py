"""Alignment and activations of all images of a dataset, by several encoders in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.evaluation.features import merge, outputs

from .layers import Layers, Part, flat, units
from .scores import Distance, image_alignment, view_alignment

Against = Literal['views', 'image']


@dataclass(frozen=True)
class AlignmentOf:
    """How alignment is measured.

    Attributes:
        kind: Distance of representations.
        normalized: Whether they are brought to unit length before.
        against: ``'views'`` compares all pairs of views, as the paper's formula; ``'image'`` the first view with the
            others: give it no augmentation, as in the released code.
        part: Of maps or tokens, what stands for the image, see :func:`flat`.
    """

    kind: Distance = 'l2'
    normalized: bool = True
    against: Against = 'views'
    part: Part = 'all'

    def __call__(self, output: Tensor) -> Tensor:
        """Alignment ``[B]`` by a layer's output ``[n, B, ...]``."""
        vectors = flat(output, self.part)
        if self.against == 'views':
            return view_alignment(vectors, self.kind, self.normalized)
        if self.against == 'image':
            return image_alignment(vectors[0], vectors[1:], self.kind, self.normalized)
        raise ValueError(f"against={self.against!r} must be 'views' or 'image'")


def alignments(
    encoders: Sequence[Layers], loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]], by: AlignmentOf
) -> list[dict[str, Tensor]]:
    """Alignment of each image by each encoder's layers, all of the same views: ``{layer: [N]}`` for each encoder.

    Collective, with the same result on any number of ranks, workers and images at a time, provided that the loader's
    views are drawn by image (:func:`sslreg.datasets.set_view_key`).

    Args:
        encoders: E.g. f and g.
        loader: Gives each image once, with n views.
        preprocess: A ``data_preprocessor``, the same for all encoders.
        by: How it is measured.
    """
    return [
        _columns(encoder, rows)
        for encoder, rows in zip(encoders, _collect(encoders, loader, preprocess, by), strict=True)
    ]


def activations(
    encoder: Layers, loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]]
) -> dict[str, Tensor]:
    """Activation of each unit for each image, averaged over its views: ``{layer: [N, U]}``."""
    widths: dict[str, int] = {}

    def fn(views: list[Tensor]) -> Tensor:
        found = encoder.measure(views, units)
        widths.update({name: rows.shape[1] for name, rows in found.items()})
        return torch.cat(list(found.values()), dim=1)

    dataset: Any = loader.dataset
    (rows,) = merge(outputs([fn], loader, preprocess, 'activations'), len(dataset))
    return dict(zip(widths, rows.split(list(widths.values()), dim=1), strict=True))


def _collect(
    encoders: Sequence[Layers], loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]], by: AlignmentOf
) -> list[Tensor]:
    def measured(encoder: Layers) -> Callable[[list[Tensor]], Tensor]:
        return lambda views: torch.stack(list(encoder.measure(views, by).values()), dim=1)

    batches = outputs([measured(encoder) for encoder in encoders], loader, preprocess, 'alignment')
    dataset: Any = loader.dataset
    return merge(batches, len(dataset))


def _columns(encoder: Layers, rows: Tensor) -> dict[str, Tensor]:
    return dict(zip(encoder.names, rows.unbind(dim=1), strict=True))
