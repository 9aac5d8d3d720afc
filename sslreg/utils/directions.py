"""Features as directions, for cosine similarities."""

import logging

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor


def directions(feats: Tensor, name: str) -> Tensor:
    """Return features ``[N, C]`` divided by their lengths, in float32 at least.

    Features of length zero stay zero, so that their cosine to all others is 0; how many there are is logged.

    Args:
        feats: Features of any floating type.
        name: Name of the images in messages.

    Raises:
        ValueError: A feature is not finite, or so large that its length is not.
    """
    feats = feats.to(torch.promote_types(feats.dtype, torch.float32))
    lengths = feats.norm(dim=1)
    if broken := int((~lengths.isfinite()).sum()):
        raise ValueError(f'features of {broken} of {len(feats)} images ({name}) are not finite: check the model')
    if empty := int((lengths == 0).sum()):
        text = f'features of {empty} of {len(feats)} images ({name}) are zero: their cosine to all others is 0'
        print_log(text, 'current', logging.WARNING)
    return F.normalize(feats, dim=1)
