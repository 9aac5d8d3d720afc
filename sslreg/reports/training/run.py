"""A finished training run, as the sections of its report see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.runner import Runner
from torch import Tensor

from sslreg.evaluation import ClassificationBenchmark, Metric
from sslreg.models import AlignedHead, MemorySSL
from sslreg.reports.sheets import to_rgb
from sslreg.utils.dist import unwrap
from sslreg.utils.spacing import evenly_spaced

from .measures import EmbeddedBatch, embed_batch, fill_memory
from .observer_hook import ObserverHook, classification

NUM_EXAMPLES = 5  # images of a batch in a figure

# The same colour means the same thing in all plots.
COLOURS = dict(
    student='#2468b4',
    teacher='#d9771a',
    trained='#177e73',
    untrained='#777d87',
    pixels='#b08d57',
    limit='#b3261e',
    right='#2e9e4f',
    wrong='#c8362d',
    own='#2468b4',
)


@dataclass(frozen=True)
class Run:
    """Finished training run.

    Attributes:
        runner: Runner after ``train()``.
        observer: Hook that recorded the run.
        folder: Folder of the report.
    """

    runner: Runner
    observer: ObserverHook
    folder: Path

    @property
    def model(self) -> MemorySSL:
        """Trained model."""
        model: MemorySSL = unwrap(self.runner.model)
        return model

    @property
    def head(self) -> Any:
        """Head with the temperatures: the model's head, or the one inside an ``AlignedHead``."""
        head: Any = self.model.head
        return head.head if isinstance(head, AlignedHead) else head

    @property
    def main_metric(self) -> Metric:
        """The last main metric; with k-NN the one with the largest k."""
        return [metric for metric in self.observer.curve[0][1] if metric.role == 'main'][-1]

    @property
    def protocol(self) -> ClassificationBenchmark:
        """The benchmark that classifies images."""
        protocol: Any = classification(self.runner).protocol
        return protocol

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes, or their numbers if the dataset has no names."""
        names: Sequence[str] | None = self.dataset.metainfo.get('classes')
        return names or [str(label) for label in range(int(self.labels.max()) + 1)]

    @property
    def dataset(self) -> Any:
        """Training images without augmentation, as the probe gets them."""
        return self.protocol.train_images

    @cached_property
    def labels(self) -> Tensor:
        """Classes ``[len(dataset)]`` of the training images."""
        return torch.tensor(self.dataset.get_gt_labels())

    @property
    def images(self) -> list[int]:
        """Dataset index of each image of the observed batch."""
        indices: list[int] = self._data['data_samples'].tolist()
        return indices

    @property
    def example_places(self) -> list[int]:
        """Places in the batch of a few example images, one per class."""
        labels = self.labels[self.images].tolist()
        return [labels.index(label) for label in evenly_spaced(sorted(set(labels)), NUM_EXAMPLES)]

    def key_view(self, place: int) -> np.ndarray[Any, Any]:
        """Return the teacher's view of an image of the batch before normalisation, ``[H, W, 3]`` uint8 RGB."""
        preprocessor = self.model.data_preprocessor
        view = self._inputs[self.model.num_key_views - 1][place]  # colours may change on the device only
        levels = (view * preprocessor.std + preprocessor.mean).round().clamp(0, 255).byte().cpu()
        return to_rgb(levels.flip(0) if preprocessor.reverse else levels)

    @property
    def num_entries(self) -> int:
        """Number of entries K in a block of the memory."""
        return self.batch.blocks.shape[1]

    @cached_property
    def batch(self) -> EmbeddedBatch:
        """Observed batch, embedded by the trained network."""
        return embed_batch(self.model, self._inputs)

    @cached_property
    def untrained(self) -> tuple[MemorySSL, list[int]]:
        """Untrained network with a memory full of its own embeddings, and the dataset indices of these."""
        return fill_memory(self.observer.untrained, self.runner.train_dataloader)

    @cached_property
    def untrained_batch(self) -> EmbeddedBatch:
        """Observed batch, embedded by the untrained network."""
        return embed_batch(self.untrained[0], self._inputs)

    @property
    def _inputs(self) -> Any:
        """Views of the observed batch, normalised."""
        return self._data['inputs']

    @cached_property
    def _data(self) -> dict[str, Any]:
        """Observed batch after the data preprocessor."""
        data: dict[str, Any] = self.model.data_preprocessor(self.observer.batch, True)
        return data

    def history(self, name: str) -> list[float]:
        """Return the logged values of a scalar up to the last step; empty if it was not logged."""
        scalars = self.runner.message_hub.log_scalars
        return scalars[f'train/{name}'].data[0].tolist() if f'train/{name}' in scalars else []


def dataset_image(dataset: Any, index: int) -> np.ndarray[Any, Any]:
    """Return an image of a dataset after its transforms, before normalisation, ``[H, W, 3]`` uint8 RGB."""
    return to_rgb(dataset[index]['inputs'])


def percent(share: float) -> str:
    """Return ``'53 %'`` for ``0.534``."""
    return f'{100 * share:.0f} %'
