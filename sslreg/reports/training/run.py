from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.runner import Runner
from torch import Tensor

from sslreg.models import AlignedHead, MemorySSL
from sslreg.reports.page import Section
from sslreg.utils.dist import unwrap

from .measures import Views, fill_memory, see
from .observer import ObserverHook

Part = tuple[Section, dict[str, Any]]  # of a report: what to print, and the figures to store

SHOWN = 5  # images of a batch in a figure

# One colour for one thing in all plots.
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
    """A finished run, as the sections of a report see it.

    Attributes:
        runner: After ``train()``.
        observer: The hook that watched it.
        folder: Of the report.
    """

    runner: Runner
    observer: ObserverHook
    folder: Path

    @property
    def model(self) -> MemorySSL:
        model: MemorySSL = unwrap(self.runner.model)
        return model

    @property
    def head(self) -> Any:
        """The model's head, or the one within it that has the temperatures."""
        head: Any = self.model.head
        return head.head if isinstance(head, AlignedHead) else head

    @property
    def score(self) -> str:
        """The metric that stands for the run: the last, so with k-NN the largest k."""
        return list(self.observer.curve[0][1])[-1]

    @property
    def classes(self) -> Sequence[str]:
        """Names of the classes, or their numbers where the dataset has no names."""
        names: Sequence[str] | None = self.dataset.metainfo.get('classes')
        return names or [str(label) for label in range(int(self.labels.max()) + 1)]

    @property
    def dataset(self) -> Any:
        """The training images as the probe sees them, without augmentation."""
        return self.runner.val_loop.bank.dataset

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
    def shown(self) -> list[int]:
        """Places in the batch of images to show: the first of each of a few classes."""
        labels = self.labels[self.images].tolist()
        return [labels.index(label) for label in spread(sorted(set(labels)), SHOWN)]

    def key_view(self, place: int) -> np.ndarray[Any, Any]:
        """What the teacher saw of an image of the batch, before normalisation: ``[H, W, 3]`` uint8 RGB."""
        preprocessor = self.model.data_preprocessor
        view = self._inputs[self.model.num_key_views - 1][place]  # colours may change on the device only
        levels = (view * preprocessor.std + preprocessor.mean).round().clamp(0, 255).byte().cpu()
        return rgb(levels.flip(0) if preprocessor.reverse else levels)

    @property
    def num_entries(self) -> int:
        """Entries K in a block of the memory."""
        return self.views.blocks.shape[1]

    @cached_property
    def views(self) -> Views:
        """The observed batch in the eyes of the trained network."""
        return see(self.model, self._inputs)

    @cached_property
    def untrained(self) -> tuple[MemorySSL, list[int]]:
        """The network before training with a memory full of its own embeddings, and the images in it."""
        return fill_memory(self.observer.untrained, self.runner.train_dataloader)

    @cached_property
    def untrained_views(self) -> Views:
        return see(self.untrained[0], self._inputs)

    @property
    def _inputs(self) -> Any:
        return self._data['inputs']

    @cached_property
    def _data(self) -> dict[str, Any]:
        """The observed batch as the model gets it."""
        data: dict[str, Any] = self.model.data_preprocessor(self.observer.batch, True)
        return data

    def history(self, name: str) -> list[float]:
        """Value of a logged scalar at every step that is kept, to the last; empty if it was not logged."""
        scalars = self.runner.message_hub.log_scalars
        return scalars[f'train/{name}'].data[0].tolist() if f'train/{name}' in scalars else []


def picture(dataset: Any, index: int) -> np.ndarray[Any, Any]:
    """An image as its transforms give it to a network, before normalisation: ``[H, W, 3]`` uint8 RGB."""
    return rgb(dataset[index]['inputs'])


def rgb(image: Tensor) -> np.ndarray[Any, Any]:
    """A BGR tensor ``[3, H, W]`` as an RGB array ``[H, W, 3]``."""
    return image.numpy()[::-1].transpose(1, 2, 0)


def percent(share: float) -> str:
    """``0.534`` -> ``'53 %'``."""
    return f'{100 * share:.0f} %'


def spread(items: Sequence[int], count: int) -> list[int]:
    """At most ``count`` of the items, evenly spaced from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]
