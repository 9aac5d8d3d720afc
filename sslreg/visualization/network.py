"""A trained network and photographs for it, for the tools that show what it sees."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from mmpretrain.datasets import CenterCrop, ResizeEdge
from torch import Tensor, nn

from sslreg.datasets import LoadImage
from sslreg.engine.hooks.checkpoint import check_fits
from sslreg.registry import MODELS


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
    with DefaultScope.overwrite_default_scope('sslreg'):
        model: Any = MODELS.build(dict(data_preprocessor=cfg.get('data_preprocessor')) | cfg.model.to_dict())
    state = torch.load(checkpoint, map_location='cpu', weights_only=True)
    state = state.get('state_dict', state)
    check_fits(model, state)
    model.load_state_dict(state)
    model = model.to(device).eval()
    backbone = model.backbone if model.teacher is None else model.teacher.module.backbone
    return Network(backbone, model.data_preprocessor)


def read_square(path: Path | str, size: int) -> Tensor:
    """The middle of a photograph after a resize of its short side: ``[3, size, size]`` uint8, BGR."""
    resize = ResizeEdge(scale=size, edge='short', backend='pillow', interpolation='bicubic')
    results: Any = Compose([LoadImage(), resize, CenterCrop(crop_size=size)])(dict(img_path=str(path)))
    return torch.from_numpy(results['img'].copy()).movedim(-1, 0)
