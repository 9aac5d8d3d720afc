"""A trained network and photographs for it, for the tools that draw attention and correspondences."""

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
    """Trained backbone with its preprocessing.

    Attributes:
        backbone: Backbone that is evaluated.
        preprocess: Module that normalises images.
    """

    backbone: nn.Module
    preprocess: nn.Module

    def images(self, photographs: Tensor) -> Tensor:
        """Normalise photographs ``[B, 3, H, W]``, uint8, BGR."""
        images: Tensor = self.preprocess(dict(inputs=[photographs]), False)['inputs'][0]
        return images


def load_network(cfg: Config, checkpoint: str, device: str = 'cpu') -> Network:
    """Load the backbone that is evaluated: the teacher's if there is one, else the student's.

    Raises:
        ValueError: The checkpoint does not fit the model of the config.
    """
    model = load_model(cfg, checkpoint, device)
    return Network(model.feature_backbone, model.data_preprocessor)


def read_square(path: Path | str, size: int) -> Tensor:
    """Read the middle of a photograph after a resize of its short side: ``[3, size, size]``, uint8, BGR."""
    resize = ResizeEdge(scale=size, edge='short', backend='pillow', interpolation='bicubic')
    results: Any = Compose([LoadImage(), resize, CenterCrop(crop_size=size)])(dict(img_path=str(path)))
    return torch.from_numpy(results['img'].copy()).movedim(-1, 0)
