"""Alignment and SSLMem of each image of a split, kept in ``scores.npz``."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sslreg.utils.files import opened_arrays, write_arrays

from .scores import range_normalized, relative_sslmem, sslmem


@dataclass(frozen=True)
class ImageScores:
    """Alignment of the N images of a split by S pairs of encoders, in L layers.

    Attributes:
        layers: Names of the layers.
        seeds: Seeds of the pairs.
        sets: Set of each image, ``'shared'`` and so on.
        index: Index ``[N]`` of each image in the training set; of extra images in the test set.
        of_f: Alignment by f, ``[S, L, N]``.
        of_g: Alignment by g, ``[S, L, N]``.
    """

    layers: list[str]
    seeds: list[int]
    sets: list[str]
    index: Tensor
    of_f: Tensor
    of_g: Tensor

    @property
    def sslmem(self) -> Tensor:
        """SSLMem, ``[S, L, N]``."""
        return sslmem(self.of_f, self.of_g)

    @property
    def relative(self) -> Tensor:
        """SSLMem', ``[S, L, N]``."""
        return relative_sslmem(self.of_f, self.of_g)

    @property
    def ranged(self) -> Tensor:
        """SSLMem divided by the range over all images of a seed and layer, ``[S, L, N]``."""
        flat = self.sslmem.flatten(0, 1)
        return torch.stack([range_normalized(row) for row in flat]).view_as(self.of_f)

    @property
    def candidate_index(self) -> list[int]:
        """Index of each candidate in the training set, in the order of the scores."""
        found: list[int] = self.index[self.among('candidate')].tolist()
        return found

    def of_layer(self, name: str) -> 'ImageScores':
        """Return the scores of one layer.

        Raises:
            ValueError: There is no such layer.
        """
        if name not in self.layers:
            raise ValueError(f'layer {name!r} was not scored; those that were: {", ".join(self.layers)}')
        place = [self.layers.index(name)]
        return replace(self, layers=[name], of_f=self.of_f[:, place], of_g=self.of_g[:, place])

    def candidates(self, layer: str) -> Tensor:
        """Return SSLMem ``[M]`` of each candidate by a layer, the mean over seeds."""
        values = self.of_layer(layer).sslmem[:, 0, self.among('candidate')]
        return values.mean(dim=0)

    def among(self, name: str) -> Tensor:
        """Return the places ``[M]`` of the images of a set."""
        return torch.tensor([place for place, each in enumerate(self.sets) if each == name])

    def write(self, path: Path) -> None:
        """Write the attributes and SSLMem as ``sslmem``, ``sslmem_range`` and ``sslmem_prime`` to an ``.npz`` file."""
        arrays: dict[str, Any] = {
            'set': np.array(self.sets),
            'index': self.index.numpy(),
            'layers': np.array(self.layers),
            'seeds': np.array(self.seeds),
            'f': self.of_f.numpy(),
            'g': self.of_g.numpy(),
            'sslmem': self.sslmem.numpy(),
            'sslmem_range': self.ranged.numpy(),
            'sslmem_prime': self.relative.numpy(),
        }
        write_arrays(arrays, path)

    @classmethod
    def read(cls, path: Path) -> 'ImageScores':
        """Read what :meth:`write` wrote."""
        with opened_arrays(path) as found:
            layers, seeds, sets = (found[name].tolist() for name in ('layers', 'seeds', 'set'))
            return cls(layers, seeds, sets, *(torch.from_numpy(found[name]) for name in ('index', 'f', 'g')))
