"""Inspection of a network: the values that pass through its modules, and the parts of a vision transformer."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from torch import nn
from torch.utils.hooks import RemovableHandle


class Place(NamedTuple):
    """A place in a network: the output of a module, or its input.

    Attributes:
        module: The module.
        before: Whether the input is meant, as the tuple of the positional arguments.
    """

    module: nn.Module
    before: bool = False


@contextmanager
def watch(places: Mapping[str, Place], look: Callable[[str, Any], Any]) -> Iterator[None]:
    """Call a function with each value that passes a place, until the end of the ``with`` body.

    Args:
        places: The places by name.
        look: Called with the name of the place and the value, at every pass through the module. A result other than
            None replaces the value in the network.
    """
    handles = [_hook(place, partial(look, name)) for name, place in places.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def capture(places: Mapping[str, Place]) -> Iterator[dict[str, Any]]:
    """Keep the latest value of each place by its name, in the order of the pass; see :func:`watch`."""
    found: dict[str, Any] = {}
    with watch(places, found.__setitem__):
        yield found


def _hook(place: Place, look: Callable[[Any], Any]) -> RemovableHandle:
    """Register ``look`` as a forward hook."""
    if place.before:
        return place.module.register_forward_pre_hook(lambda _, inputs: look(inputs))
    return place.module.register_forward_hook(lambda _, __, output: look(output))


class VisionTransformerParts(NamedTuple):
    """The parts of a vision transformer, which mmpretrain and timm name differently.

    Attributes:
        vit: The transformer itself.
        blocks: Its blocks in order.
        norm: The norm after the last block, or None.
        num_extra_tokens: Number of class tokens and registers in front of the patch tokens.
    """

    vit: nn.Module
    blocks: nn.ModuleList | nn.Sequential
    norm: nn.Module | None
    num_extra_tokens: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches in an image of the network's nominal size."""
        embedding: Any = self.vit.patch_embed
        rows, columns = getattr(embedding, 'init_out_size', None) or embedding.grid_size
        return rows, columns

    @property
    def patch(self) -> tuple[int, int]:
        """Height and width of a patch in pixels."""
        return patch_sides(self.vit.patch_embed)

    @property
    def projection(self) -> nn.Module:
        """The convolution that makes the patch tokens; its output is ``[B, C, rows, columns]``."""
        embedding: Any = self.vit.patch_embed
        found: nn.Module = next(module for module in embedding.modules() if isinstance(module, nn.Conv2d))
        return found


def patch_sides(embedding: Any) -> tuple[int, int]:
    """Return height and width in pixels of the patches of a patch embedding of mmpretrain or timm."""
    sides = embedding.feat_ratio(as_scalar=False) if hasattr(embedding, 'feat_ratio') else embedding.projection.stride
    return sides[0], sides[1]


def describe_vit(backbone: nn.Module) -> VisionTransformerParts | None:
    """Find the vision transformer in a backbone, also inside a wrapper such as ``TimmBackbone``; else return None."""
    for vit in backbone.modules():
        blocks: Any = getattr(vit, 'layers', getattr(vit, 'blocks', None))
        if isinstance(blocks, (nn.ModuleList, nn.Sequential)) and hasattr(vit, 'cls_token'):
            norm = getattr(vit, 'ln1', None) or getattr(vit, 'norm', None)
            num_extra = getattr(vit, 'num_extra_tokens', getattr(vit, 'num_prefix_tokens', 1))
            return VisionTransformerParts(vit, blocks, norm, num_extra)
    return None
