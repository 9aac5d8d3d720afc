"""Evaluation of a network without its memorising units, which are zeroed (arXiv 2409.19069, section 6)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn

from sslreg.models.introspection import Place, watch

from ..layers import REPRESENTATION, RESIDUALS, Layers
from .ranking import NONE, ORDERS, Order, ranking
from .records import ConditionRun, read_runs

Per = Literal['layer', 'network']
PER: tuple[Per, ...] = get_args(Per)


class PruningCondition(NamedTuple):
    """The units that are pruned.

    Attributes:
        order: One of :data:`ORDERS`, or ``'none'``.
        share: Share of the units.
        per: Whether it is the share of each layer, or of all layers together.
        seed: Seed of the draw of random units; 0 where nothing is drawn.
    """

    order: str
    share: float
    per: Per
    seed: int


@dataclass(frozen=True)
class PruningResults:
    """Content of ``pruning.json``.

    Attributes:
        layers: Names of the pruned layers.
        runs: Metrics of each network.
    """

    layers: list[str]
    runs: list[ConditionRun[PruningCondition]]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> 'PruningResults':
        """Take the results out of the content of the file."""
        return cls(found['layers'], read_runs(found['runs'], PruningCondition))


def pruning_conditions(
    orders: Sequence[Order], shares: Sequence[float], per: Sequence[Per], seeds: Sequence[int]
) -> list[PruningCondition]:
    """Return all conditions, the whole network first; an order that is not drawn has the seed 0 alone.

    Raises:
        ValueError: A share is not between 0 and 1.
    """
    if wrong := [share for share in shares if not 0 < share < 1]:
        raise ValueError(f'share {wrong[0]:g} of the units must be between 0 and 1')
    pruned = [
        PruningCondition(order, share, scope, seed)
        for scope in dict.fromkeys(per)
        for share in sorted(set(shares))
        for order in ORDERS
        if order in orders
        for seed in (dict.fromkeys(seeds) if order == 'random' else (0,))
    ]
    return [PruningCondition(NONE, 0.0, 'layer', 0), *pruned]


def layer_names(model: Any, patterns: Sequence[str]) -> list[str]:
    """Return the names of layers that can be pruned, by regular expressions.

    Raises:
        ValueError: A pattern matches no layer.
    """
    if places := [name for name in (REPRESENTATION, RESIDUALS) if name in patterns]:
        raise ValueError(f'{places[0]!r} is the output of several layers, not a layer that can be pruned: name layers')
    return Layers(model, patterns).names


def pruned_units(scores: Mapping[str, Tensor], condition: PruningCondition) -> dict[str, Tensor]:
    """Return a mask ``[U]`` of the pruned units of each layer; no masks for ``'none'``.

    The share is rounded to the nearest number of units. A smaller share prunes a part of the units of a larger one.

    Args:
        scores: UnitMem ``[U]`` of each layer.
        condition: The units that are pruned.

    Raises:
        ValueError: The share is less than half a unit of every layer.
    """
    if condition.order == NONE:
        return {}
    rng = torch.Generator().manual_seed(condition.seed)
    if condition.per == 'layer':
        found = {name: _mask(each, condition, rng) for name, each in scores.items()}
    else:
        whole = _mask(torch.cat(list(scores.values())), condition, rng)
        found = dict(zip(scores, whole.split([len(each) for each in scores.values()]), strict=True))
    if not any(each.any() for each in found.values()):
        raise ValueError(f'share {condition.share:g} per {condition.per} is less than one unit: take more')
    return found


def _mask(scores: Tensor, condition: PruningCondition, rng: torch.Generator) -> Tensor:
    mask = torch.zeros(len(scores), dtype=torch.bool)
    mask[ranking(scores, condition.order, rng)[: round(condition.share * len(scores))]] = True
    return mask


def check_runs_once(model: Any, names: Sequence[str], images: Tensor) -> None:
    """Raise an error if a layer runs at several places of the network.

    Args:
        model: Model with ``extract_feat`` and ``feature_backbone``.
        names: Names of the layers.
        images: ``[B, 3, H, W]``.

    Raises:
        ValueError: A layer runs several times: UnitMem is measured on its last run, but all runs would be pruned.
    """
    times: Counter[str] = Counter()
    places = {name: Place(model.feature_backbone.get_submodule(name)) for name in names}
    with torch.no_grad(), watch(places, lambda name, _: times.update([name])):
        model.extract_feat(images)
    if several := [name for name in names if times[name] > 1]:
        raise ValueError(f'layer {several[0]!r} runs {times[several[0]]} times in a pass: choose layers that run once')


@contextmanager
def pruned(backbone: nn.Module, units: Mapping[str, Tensor]) -> Iterator[None]:
    """Zero units of a network within the body of the ``with`` statement.

    The masks are buffers (``pruned_units``), so that the network has another hash
    (:func:`sslreg.evaluation.features.store.model_hash`), and features of its own.

    Args:
        backbone: The network.
        units: Mask ``[U]`` for each layer by its name; of maps ``[B, U, h, w]``, tokens ``[B, N, U]`` or vectors
            ``[B, U]``.
    """
    modules = {name: backbone.get_submodule(name) for name in units}
    device = next(backbone.parameters()).device
    for name, module in modules.items():
        module.register_buffer('pruned_units', units[name].to(device), persistent=False)
    places = {name: Place(module) for name, module in modules.items()}
    try:
        with watch(places, lambda name, output: _zero(output, modules[name].pruned_units)):
            yield
    finally:
        for module in modules.values():
            del module.pruned_units


def _zero(output: Any, mask: Any) -> Any:
    """Zero units of an output; of the last one if there are several, as UnitMem is measured on the last."""
    if isinstance(output, (tuple, list)):
        return type(output)([*output[:-1], _zero(output[-1], mask)])
    return output.masked_fill(mask[:, None, None] if output.ndim == 4 else mask, 0)
