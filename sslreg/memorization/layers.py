"""What the layers of an encoder make of several views of an image, all in one pass over the images."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

REPRESENTATION = 'representation'  # what extract_feat gives, beside the layers
Part = Literal['all', 'mean', 'first']


class Layers:
    """Shows an encoder all views of a batch together, and measures each of its layers' outputs as it comes.

    An output is gone once it is measured, so it does not matter how many layers are looked at.

    Args:
        model: Has ``extract_feat`` and ``feature_backbone``, the network whose layers are meant; in evaluation mode.
        patterns: Regular expressions that match the whole name of a layer, e.g. ``r'layers\\.\\d+'``, or
            ``'representation'`` for what ``extract_feat`` gives.

    Attributes:
        names: Of the layers, in the order in which the network lists them; the representation is last.

    Raises:
        ValueError: A pattern matches no layer.
    """

    def __init__(self, model: Any, patterns: Sequence[str] = (REPRESENTATION,)) -> None:
        self.model = model
        modules = dict(model.feature_backbone.named_modules())
        for pattern in patterns:
            if pattern != REPRESENTATION and not any(re.fullmatch(pattern, name) for name in modules):
                raise ValueError(
                    f'{pattern!r} matches no layer of {type(model.feature_backbone).__name__}; its layers are '
                    f'{", ".join(name for name in list(modules)[1:9])}, ...'
                )
        self.modules = {name: module for name, module in modules.items() if _matches(name, patterns)}
        self.names = [*self.modules, *([REPRESENTATION] if REPRESENTATION in patterns else [])]

    @torch.no_grad()
    def measure(self, views: Sequence[Tensor], fn: Callable[[Tensor], Tensor]) -> dict[str, Tensor]:
        """``fn`` of each layer's output ``[n, B, ...]`` for n views ``[B, 3, H, W]`` of the same B images.

        Raises:
            ValueError: Views differ in size, or a layer's output is no tensor with a row for each image.
        """
        if len({view.shape for view in views}) > 1:
            raise ValueError(f'views of {sorted({tuple(v.shape[2:]) for v in views})} pixels: all must be of one size')
        found: dict[str, Tensor] = {}

        def look(name: str, output: Any) -> None:
            found[name] = fn(_rows(name, output, len(views) * len(views[0])).unflatten(0, (len(views), -1)))

        handles = [module.register_forward_hook(_hook(name, look)) for name, module in self.modules.items()]
        try:
            representation = self.model.extract_feat(torch.cat(list(views)))
        finally:
            for handle in handles:
                handle.remove()
        look(REPRESENTATION, representation)
        return {name: found[name] for name in self.names}


def flat(output: Tensor, part: Part = 'all') -> Tensor:
    """A layer's output ``[n, B, ...]`` as one vector an image, ``[n, B, D]``.

    Args:
        output: Maps ``[n, B, C, h, w]``, tokens ``[n, B, N, C]`` or vectors ``[n, B, C]``.
        part: ``'all'`` values one after another, their ``'mean'`` over places or tokens, or the ``'first'`` token.

    Raises:
        ValueError: An unknown part, or maps have no first token.
    """
    if part not in ('all', 'mean', 'first'):
        raise ValueError(f"part={part!r} must be 'all', 'mean' or 'first'")
    if output.ndim == 3 or part == 'all':
        return output.flatten(2)
    if output.ndim == 4:
        return output.mean(dim=2) if part == 'mean' else output[:, :, 0]
    if part == 'first':
        raise ValueError(f'maps of {tuple(output.shape[3:])} places have no first token: take the mean, or all')
    return output.mean(dim=(3, 4))


def units(output: Tensor) -> Tensor:
    """Activation of each unit over the views of an image, ``[B, U]``.

    Units are the channels of maps ``[n, B, C, h, w]``, averaged over space, and the features of tokens
    ``[n, B, N, C]``, averaged over all tokens, the class token included (arXiv 2409.19069, section 5).
    """
    return flat(output, 'mean').mean(dim=0)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def _hook(name: str, look: Callable[[str, Any], None]) -> Any:
    return lambda _, __, output: look(name, output)


def _rows(name: str, output: Any, length: int) -> Tensor:
    last = output[-1] if isinstance(output, (tuple, list)) else output
    if not isinstance(last, Tensor) or last.ndim < 2 or len(last) != length:
        shape = list(last.shape) if isinstance(last, Tensor) else type(last).__name__
        raise ValueError(f'layer {name!r} gives {shape} for {length} images: choose one with a row for each')
    return last
