"""What a network can without units that memorise: units that give zero (arXiv 2409.19069, section 6)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from ..layers import REPRESENTATION, RESIDUALS, Layers
from .ranking import NONE, ORDERS, Order, ranking

Per = Literal['layer', 'network']
PER: tuple[Per, ...] = get_args(Per)


class Condition(NamedTuple):
    """Which units are pruned.

    Attributes:
        order: Of :data:`ORDERS`, or ``'none'``.
        share: Of the units.
        per: Whether it is the share of each layer, or of all layers together.
        seed: Of the draw of random units; 0 where nothing is drawn.
    """

    order: str
    share: float
    per: Per
    seed: int


def conditions(
    orders: Sequence[Order], shares: Sequence[float], per: Sequence[Per], seeds: Sequence[int]
) -> list[Condition]:
    """The whole network first; what is not drawn is there once, with the seed 0.

    Raises:
        ValueError: A share is not between 0 and 1.
    """
    if wrong := [share for share in shares if not 0 < share < 1]:
        raise ValueError(f'share {wrong[0]:g} of the units must be between 0 and 1')
    pruned = [
        Condition(order, share, scope, seed)
        for scope in dict.fromkeys(per)
        for share in sorted(set(shares))
        for order in ORDERS
        if order in orders
        for seed in (dict.fromkeys(seeds) if order == 'random' else (0,))
    ]
    return [Condition(NONE, 0.0, 'layer', 0), *pruned]


def layer_names(model: Any, patterns: Sequence[str]) -> list[str]:
    """Layers of a network that can be pruned, by regular expressions.

    Raises:
        ValueError: A pattern matches none, or means no layer.
    """
    if places := [name for name in (REPRESENTATION, RESIDUALS) if name in patterns]:
        raise ValueError(f'{places[0]!r} is what layers give together, not a layer that can be pruned: name layers')
    return Layers(model, patterns).names


def pruned_units(scores: Mapping[str, Tensor], condition: Condition) -> dict[str, Tensor]:
    """Which units of each layer are pruned, ``[U]`` of bool; nothing by ``'none'``.

    The share is rounded to the nearest number of units. A smaller share prunes a part of what a larger one does.

    Args:
        scores: UnitMem ``[U]`` of each layer.
        condition: Which ones.

    Raises:
        ValueError: The share is less than half a unit of every layer.
    """
    if condition.order == NONE:
        return {}
    order: Any = condition.order
    rng = torch.Generator().manual_seed(condition.seed)
    if condition.per == 'layer':
        found = {name: _first(each, condition.share, order, rng) for name, each in scores.items()}
    else:
        whole = _first(torch.cat(list(scores.values())), condition.share, order, rng)
        found = dict(zip(scores, whole.split([len(each) for each in scores.values()]), strict=True))
    if not any(each.any() for each in found.values()):
        raise ValueError(f'share {condition.share:g} per {condition.per} is less than one unit: take more')
    return found


def _first(scores: Tensor, share: float, order: Order, rng: torch.Generator) -> Tensor:
    chosen = torch.zeros(len(scores), dtype=torch.bool)
    chosen[ranking(scores, order, rng)[: round(share * len(scores))]] = True
    return chosen


def check_runs_once(model: Any, names: Sequence[str], images: Tensor) -> None:
    """Whether each layer has one place in the network.

    Args:
        model: Has ``extract_feat`` and ``feature_backbone``.
        names: Of layers.
        images: ``[B, 3, H, W]``.

    Raises:
        ValueError: A layer runs at several places: its UnitMem is that of the last, but all would be pruned.
    """
    times: Counter[str] = Counter()
    modules = {name: model.feature_backbone.get_submodule(name) for name in names}
    handles = [
        module.register_forward_hook(lambda *_, name=name: times.update([name])) for name, module in modules.items()
    ]
    with torch.no_grad():
        model.extract_feat(images)
    for handle in handles:
        handle.remove()
    if several := [name for name in names if times[name] > 1]:
        raise ValueError(f'layer {several[0]!r} runs {times[several[0]]} times in a pass: choose layers that run once')


@contextmanager
def pruned(backbone: nn.Module, units: Mapping[str, Tensor]) -> Iterator[None]:
    """Have units of a network give zero, within the body.

    Which ones is in buffers (``pruned_units``), so that the network has another hash
    (:func:`sslreg.evaluation.features.store.model_hash`), and features of its own.

    Args:
        backbone: The network.
        units: ``[U]`` of bool for each layer by its name; of maps ``[B, U, h, w]``, tokens ``[B, N, U]`` or vectors
            ``[B, U]``.
    """
    modules = [(backbone.get_submodule(name), chosen) for name, chosen in units.items()]
    device = next(backbone.parameters()).device
    for module, chosen in modules:
        module.register_buffer('pruned_units', chosen.to(device), persistent=False)
    handles = [module.register_forward_hook(_zero) for module, _ in modules]
    try:
        yield
    finally:
        for handle, (module, _) in zip(handles, modules, strict=True):
            handle.remove()
            del module.pruned_units


def _zero(module: nn.Module, inputs: Any, output: Any) -> Any:
    """Of several outputs the last is changed, which UnitMem is taken of."""
    if isinstance(output, (tuple, list)):
        return type(output)([*output[:-1], _zero(module, inputs, output[-1])])
    chosen: Any = module.pruned_units
    return output.masked_fill(chosen[:, None, None] if output.ndim == 4 else chosen, 0)
