"""A trained network and photographs for it, for the tools that show what it sees."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmpretrain.datasets import CenterCrop, ResizeEdge
from torch import Tensor, nn

from sslreg.datasets import LoadImage
from sslreg.evaluation.model import load_model


class Network(NamedTuple):
    """A backbone that is evaluated, and what normalises eight-bit BGR images ``[B, 3, H, W]`` for it."""

    backbone: nn.Module
    preprocess: nn.Module

    def images(self, photographs: Tensor) -> Tensor:
        images: Tensor = self.preprocess(dict(inputs=[photographs]), False)['inputs'][0]
        return images


def load_network(cfg: Config, checkpoint: str, device: str = 'cpu') -> Network:
    """The backbone that is evaluated, the teacher's where there is one, with the weights of a checkpoint.

    Raises:
        ValueError: The checkpoint is not of the config's model.
    """
    model = load_model(cfg, checkpoint, device)
    return Network(model.feature_backbone, model.data_preprocessor)


def read_square(path: Path | str, size: int) -> Tensor:
    """The middle of a photograph after a resize of its short side: ``[3, size, size]`` uint8, BGR."""
    resize = ResizeEdge(scale=size, edge='short', backend='pillow', interpolation='bicubic')
    results: Any = Compose([LoadImage(), resize, CenterCrop(crop_size=size)])(dict(img_path=str(path)))
    return torch.from_numpy(results['img'].copy()).movedim(-1, 0)
