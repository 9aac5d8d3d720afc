"""Alignment and activations of all images of a dataset, by several encoders in one pass."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from mmengine.dataset import DefaultSampler
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from sslreg.datasets import collate
from sslreg.evaluation.features.collect import Batch, merge, outputs
from sslreg.models.ops.alignment import Distance, view_alignment

from .layers import Layers, Pooling, flat, units
from .scores import image_alignment

Against = Literal['views', 'image']
AGAINST: tuple[Against, ...] = get_args(Against)


@dataclass(frozen=True)
class AlignmentOf:
    """Measure of the alignment of an image's views in one layer; a call computes it from the layer's output.

    Attributes:
        kind: Distance of representations.
        normalized: Whether they are scaled to unit length first.
        against: ``'views'`` compares all pairs of views, as the paper's formula; ``'image'`` the first view with the
            others, as the released code does: that view must be the image without augmentation.
        part: How maps or tokens become one vector, see :func:`flat`.
    """

    kind: Distance = 'l2'
    normalized: bool = True
    against: Against = 'views'
    part: Pooling = 'all'

    def __call__(self, output: Tensor) -> Tensor:
        """Return the alignment ``[B]`` of a layer's output ``[n, B, ...]``."""
        vectors = flat(output, self.part)
        if self.against == 'views':
            return view_alignment(vectors, self.kind, self.normalized)
        if self.against == 'image':
            return image_alignment(vectors[0], vectors[1:], self.kind, self.normalized)
        raise ValueError(f'against={self.against!r} must be one of {", ".join(map(repr, AGAINST))}')


def shared_out(
    dataset: Any, batch_size: int, num_workers: int = 0, images: Sequence[int] | None = None
) -> DataLoader[Any]:
    """Return a loader of this rank's share of the images of a dataset.

    Args:
        dataset: The dataset.
        batch_size: Images at a time.
        num_workers: Data-loading workers.
        images: Indices of the images that the ranks share; None: all images.
    """
    chosen: Any = Subset(dataset, range(len(dataset)) if images is None else images)
    sampler = DefaultSampler(chosen, shuffle=False, seed=0, round_up=False)  # without, it draws one from numpy
    return DataLoader(chosen, batch_size, sampler=sampler, num_workers=num_workers, collate_fn=collate)


def first_view(dataset: Any, preprocess: Callable[..., dict[str, Any]]) -> Tensor:
    """Return the first view of the first image, preprocessed, ``[1, 3, H, W]``."""
    view: Tensor = preprocess(collate([dataset[0]]), False)['inputs'][0]
    return view


def alignments(
    encoders: Sequence[Layers], loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]], by: AlignmentOf
) -> list[dict[str, Tensor]]:
    """Measure the alignment of each image by each encoder's layers on the same views: ``{layer: [N]}`` per encoder.

    Collective, with the same result on any number of ranks, workers and images at a time, provided that the loader's
    views are drawn by image (:func:`sslreg.datasets.set_view_key`).

    Args:
        encoders: Encoders, e.g. f and g.
        loader: Loader that gives each image once, with n views.
        preprocess: ``data_preprocessor``, the same for all encoders.
        by: Measure of alignment.
    """
    dataset: Any = loader.dataset
    found = merge(alignment_batches(encoders, loader, preprocess, by), len(dataset))
    return [
        dict(zip(encoder.names, rows.unbind(dim=1), strict=True)) for encoder, rows in zip(encoders, found, strict=True)
    ]


def alignment_batches(
    encoders: Sequence[Layers], loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]], by: AlignmentOf
) -> Iterator[Batch]:
    """Yield :func:`alignments` batch by batch: its images, and ``[B, L]`` for each encoder, on the CPU."""

    def measured(encoder: Layers) -> Callable[[list[Tensor]], Tensor]:
        return lambda views: _finite(torch.stack(list(encoder.measure(views, by).values()), dim=1).float().cpu())

    return outputs([measured(encoder) for encoder in encoders], loader, preprocess, 'alignment')


def activations(
    encoder: Layers, loader: DataLoader[Any], preprocess: Callable[..., dict[str, Any]]
) -> dict[str, Tensor]:
    """Measure the activation of each unit for each image, averaged over its views: ``{layer: [N, U]}``."""
    dataset: Any = loader.dataset
    widths = _widths(encoder, preprocess(collate([dataset[0]]), False)['inputs'])

    def fn(views: list[Tensor]) -> Tensor:
        return _finite(torch.cat(list(encoder.measure(views, units).values()), dim=1).float().cpu())

    (rows,) = merge(outputs([fn], loader, preprocess, 'activations'), len(dataset))
    return dict(zip(encoder.names, rows.split(widths, dim=1), strict=True))


def _widths(encoder: Layers, views: list[Tensor]) -> list[int]:
    """Return the number of units of each layer, also on a rank without images."""
    return [found.shape[1] for found in encoder.measure(views, units).values()]


def _finite(rows: Tensor) -> Tensor:
    if not rows.isfinite().all():
        raise ValueError('an output of the network is not finite: have its weights diverged?')
    return rows
