"""Outputs of an encoder's layers for several views of an image, measured in one pass over the images."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from sslreg.models.introspection import Place, describe_vit, watch

REPRESENTATION = 'representation'  # the output of extract_feat, beside the layers
RESIDUALS = 'residuals'  # the two sums of each block of a vision transformer
Pooling = Literal['all', 'mean', 'first']
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)


class Layers:
    r"""Layers of an encoder, which sees all views of a batch together.

    Each output is measured as it is computed and then dropped, so memory does not grow with the number of layers.

    Args:
        model: Model with ``extract_feat`` and ``feature_backbone``, the network with the layers; in evaluation mode.
        patterns: Regular expressions that match the whole name of a layer, e.g. ``r'layers\.\d+'``;
            ``'representation'`` for the output of ``extract_feat``; ``'residuals'`` for the sums of a vision
            transformer's blocks, ``blocks.0.attention``, ``blocks.0.mlp`` and so on.

    Attributes:
        names: Names of the layers, in the order in which the network lists them (or runs them, after :meth:`order`);
            the representation is last.

    Raises:
        ValueError: A pattern matches no layer.
    """

    def __init__(self, model: Any, patterns: Sequence[str] = (REPRESENTATION,)) -> None:
        self.model = model
        # A model with tokens is measured before it pools them.
        self.represent: Callable[[Tensor], Tensor] = getattr(model, 'represent', model.extract_feat)
        self.places = _places(model.feature_backbone, [pattern for pattern in patterns if pattern != REPRESENTATION])
        self.names = [*self.places, *([REPRESENTATION] if REPRESENTATION in patterns else [])]

    def order(self, images: Tensor) -> None:
        """Sort the names by the order in which the network runs the layers on a batch ``[B, 3, H, W]``.

        Raises:
            ValueError: A layer is not run, or its output is no tensor with a row for each image.
        """
        found = self._measured([images], lambda output: output)
        if idle := [name for name in self.names if name not in found]:
            raise ValueError(f'layers {", ".join(idle)} take no part in the representation: leave them out')
        self.names = [name for name in found if name in self.names]

    def measure(self, views: Sequence[Tensor], fn: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
        """Apply ``fn`` to each layer's output ``[n, B, ...]`` for n views ``[B, 3, H, W]`` of the same B images.

        Raises:
            ValueError: Views differ in size, or a layer's output is no tensor with a row for each image.
        """
        if len({view.shape for view in views}) > 1:
            raise ValueError(f'views of {sorted({tuple(v.shape[2:]) for v in views})} pixels: all must be of one size')
        found = self._measured(views, fn)
        return {name: found[name] for name in self.names}

    @torch.no_grad()
    def _measured(self, views: Sequence[Tensor], fn: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}

        def look(name: str, output: Any) -> None:
            found[name] = fn(_rows(name, output, len(views) * len(views[0])).unflatten(0, (len(views), -1)))

        with watch(self.places, look):
            representation = self.represent(torch.cat(list(views)))
        if REPRESENTATION in self.names:
            look(REPRESENTATION, representation)
        return found


def flat(output: Tensor, part: Pooling = 'all') -> Tensor:
    """Return a layer's output ``[n, B, ...]`` as one vector per image, ``[n, B, D]``.

    Args:
        output: Maps ``[n, B, C, h, w]``, tokens ``[n, B, N, C]`` or vectors ``[n, B, C]``.
        part: ``'all'`` values one after another, their ``'mean'`` over places or tokens, or the ``'first'`` token.

    Raises:
        ValueError: An unknown part, or maps have no first token.
    """
    if part not in POOLINGS:
        raise ValueError(f'part={part!r} must be one of {", ".join(map(repr, POOLINGS))}')
    if output.ndim == 3 or part == 'all':
        return output.flatten(2)
    if output.ndim == 4:
        return output.mean(dim=2) if part == 'mean' else output[:, :, 0]
    if part == 'first':
        raise ValueError(f'maps of {tuple(output.shape[3:])} places have no first token: take the mean, or all')
    return output.mean(dim=(3, 4))


def units(output: Tensor) -> Tensor:
    """Return the mean activation of each unit over the views of an image, ``[B, U]``.

    Units are the channels of maps ``[n, B, C, h, w]``, averaged over space, and the features of tokens
    ``[n, B, N, C]``, averaged over all tokens, the class token included (arXiv 2409.19069, section 5).
    """
    return flat(output, 'mean').mean(dim=0)


def _places(backbone: nn.Module, patterns: Sequence[str]) -> dict[str, Place]:
    """Return the places that the patterns match, in the order in which the network lists them."""
    modules = dict(backbone.named_modules())
    for pattern in patterns:
        if pattern != RESIDUALS and not any(re.fullmatch(pattern, name) for name in modules):
            raise ValueError(
                f'{pattern!r} matches no layer of {type(backbone).__name__}; its layers are '
                f'{", ".join(list(modules)[1:9])}, ...'
            )
    matching = [name for name in modules if any(re.fullmatch(pattern, name) for pattern in patterns)]
    return {name: Place(modules[name]) for name in matching} | (_residuals(backbone) if RESIDUALS in patterns else {})


def _residuals(backbone: nn.Module) -> dict[str, Place]:
    """Return the sums behind attention, the input of the second norm, and behind the MLP, of each block."""
    vit = describe_vit(backbone)
    if vit is None:
        raise ValueError(f'{RESIDUALS!r} are those of a vision transformer, not of {type(backbone).__name__}')
    places: dict[str, Place] = {}
    for number, block in enumerate(vit.blocks):
        norm: Any = block.norm2
        places |= {f'blocks.{number}.attention': Place(norm, before=True), f'blocks.{number}.mlp': Place(block)}
    return places


def _rows(name: str, output: Any, length: int) -> Tensor:
    last = output[-1] if isinstance(output, (tuple, list)) else output
    if not isinstance(last, Tensor) or last.ndim < 2 or len(last) != length:
        shape = list(last.shape) if isinstance(last, Tensor) else type(last).__name__
        raise ValueError(f'layer {name!r} gives {shape} for {length} images: choose one with a row for each')
    return last
