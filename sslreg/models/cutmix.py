"""CutMix for instance memories."""

import numpy as np
import torch
from mmpretrain.models.utils.batch_augments import CutMix
from torch import Tensor

from sslreg.arguments import Positive, checked
from sslreg.registry import MODELS


@MODELS.register_module()
class InstanceCutMix(CutMix):
    """CutMix with the entries of the batch's images as soft targets (released code of arXiv 2404.19289).

    The batch has one box and one permutation. Each image keeps the larger share, ``max(b, 1 - b)`` with b from
    Beta(alpha, alpha), so that its entry is moved by an embedding that is mostly its own; then the share is set to the
    exact area of the box.

    Args:
        alpha: Parameter of the Beta distribution; the released code has 0.5.
    """

    @checked
    def __init__(self, alpha: Positive = 0.5) -> None:
        super().__init__(alpha=alpha)

    def mix(self, batch_inputs: Tensor, batch_scores: Tensor) -> tuple[Tensor, Tensor]:
        """Mix images ``[B, 3, H, W]`` in place; return them and their shares ``[B, B]`` of each other's targets."""
        share = np.random.beta(self.alpha, self.alpha)
        (top, bottom, left, right), share = self.cutmix_bbox_and_lam(batch_inputs.shape[-2:], max(share, 1 - share))
        order = torch.randperm(len(batch_inputs)).to(batch_inputs.device)
        batch_inputs[..., top:bottom, left:right] = batch_inputs[order, :, top:bottom, left:right]
        return batch_inputs, share * batch_scores + (1 - share) * batch_scores[order]
