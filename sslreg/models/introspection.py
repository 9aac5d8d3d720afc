from typing import Any, NamedTuple

from torch import nn


class Anatomy(NamedTuple):
    """The parts of a vision transformer of mmpretrain or timm, which name them differently.

    Attributes:
        vit: The transformer itself.
        blocks: The first first.
        norm: What follows the last block, if anything does.
        num_extra_tokens: Class tokens and registers before the patches'.
    """

    vit: nn.Module
    blocks: nn.ModuleList | nn.Sequential
    norm: nn.Module | None
    num_extra_tokens: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches in an image of the size that the network is made for."""
        embedding: Any = self.vit.patch_embed
        rows, columns = getattr(embedding, 'init_out_size', None) or embedding.grid_size
        return rows, columns


def anatomy(backbone: nn.Module) -> Anatomy | None:
    """Of a vision transformer, or of the one within a module around it (``TimmBackbone``); else None."""
    for vit in backbone.modules():
        blocks: Any = getattr(vit, 'layers', getattr(vit, 'blocks', None))
        if isinstance(blocks, (nn.ModuleList, nn.Sequential)) and hasattr(vit, 'cls_token'):
            norm = getattr(vit, 'ln1', None) or getattr(vit, 'norm', None)
            return Anatomy(vit, blocks, norm, getattr(vit, 'num_extra_tokens', getattr(vit, 'num_prefix_tokens', 1)))
    return None
