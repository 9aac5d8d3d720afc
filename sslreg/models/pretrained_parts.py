"""Parts of a model that start from checkpoints, MMEngine's ``init_cfg=dict(type='Pretrained', ...)``."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from sslreg.registry import type_name

from .checkpoint_weights import weights_of
from .checkpoints import load_checkpoint

PRETRAINED = ('Pretrained', 'PretrainedInit')  # MMEngine's initialisation by a checkpoint


@dataclass(frozen=True)
class Target:
    """Part of a model that starts from a checkpoint.

    Attributes:
        name: Name of the module, e.g. ``'backbone'``; empty for the whole model.
        module: Module with MMEngine's ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix=...)``.
        checkpoint: Path of the checkpoint.
        prefix: Prefix of its tensors in the checkpoint, with a dot at the end; empty for a checkpoint of this part
            alone.
    """

    name: str
    module: nn.Module
    checkpoint: str
    prefix: str


def find_targets(model: nn.Module) -> list[Target]:
    """Return the parts of a model that start from checkpoints, outer before inner ones.

    Args:
        model: The whole model.
    """
    found = []
    for name, module in model.named_modules():
        for cfg in as_list(getattr(module, 'init_cfg', None)):
            if is_pretrained(cfg):
                prefix = cfg.get('prefix') or ''
                dotted = prefix if prefix.endswith('.') or not prefix else f'{prefix}.'
                found.append(Target(name, module, cfg.get('checkpoint') or '', dotted))
    return found


def is_pretrained(cfg: Any) -> bool:
    """Return whether an ``init_cfg`` loads a checkpoint."""
    return type_name(cfg['type']) in PRETRAINED


def as_list(cfg: Any) -> list[Any]:
    """Return the dicts of an ``init_cfg``, which may be one, several or None."""
    return list(cfg) if isinstance(cfg, (list, tuple)) else [cfg] if cfg else []


def read_tensors(target: Target) -> dict[str, Tensor]:
    """Return all tensors of a target's checkpoint by their names in the checkpoint.

    Args:
        target: The part to load.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: No checkpoint is given, or the file is no checkpoint.
    """
    if not target.checkpoint:
        raise ValueError(
            f'{target.name} has no checkpoint to start from: give one on the command line, or as --cfg-options '
            f'model.{target.name}.init_cfg.checkpoint=FILE; `none` on the command line starts it at random'
        )
    is_remote = '://' in target.checkpoint  # torchvision://resnet50, https://...
    read = CheckpointLoader.load_checkpoint if is_remote else load_checkpoint
    return weights_of(read(target.checkpoint, 'cpu'))


def matching_prefixes(state: dict[str, Any], expected: Iterable[str]) -> list[str]:
    """Return the prefixes below which a checkpoint has most of the expected names.

    Args:
        state: Tensors of the checkpoint.
        expected: Names of a network's tensors.
    """
    found: Counter[str] = Counter()
    for suffix in expected:
        found.update(name.removesuffix(suffix) for name in state if name.endswith(suffix))
    best = max(found.values(), default=0)
    return [prefix for prefix, count in found.most_common() if count == best and (prefix.endswith('.') or not prefix)]


def differing_shapes(module: nn.Module, expected: dict[str, Tensor], given: dict[str, Tensor]) -> list[str]:
    """Return the names of tensors that have another shape in a file; positions that are resampled do not count.

    Args:
        module: The network that they are for.
        expected: Its tensors.
        given: Tensors of the file by the network's names.
    """
    return [
        name
        for name, value in expected.items()
        if name in given and given[name].shape != value.shape and not is_resampled(module, name)
    ]


def is_resampled(module: nn.Module, name: str) -> bool:
    """Return whether a tensor holds positions, which mmpretrain's ViTs interpolate to another grid on loading."""
    return name == 'pos_embed' and hasattr(module, '_prepare_pos_embed')
