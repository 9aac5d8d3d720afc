"""Ranges of arguments whose names mean the same in the whole field, for classes of other packages."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from .constraints import (
    Bounds,
    CountOrNever,
    Fraction,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    PositiveOrInfinite,
)
from .parameters import Argument

INTERVAL = Annotated[int, CountOrNever()]
RANGES: dict[str, Any] = {
    # loops and hooks
    'max_epochs': PositiveInt,
    'max_iters': PositiveInt,
    'val_interval': PositiveInt,
    'val_begin': NonNegativeInt,
    'interval': INTERVAL,
    'max_keep_ckpts': INTERVAL,
    'save_begin': NonNegativeInt,
    'window_size': PositiveInt,
    # optimizers
    'lr': NonNegative,
    'weight_decay': NonNegative,
    'betas': Annotated[float, Bounds(least=0, below=1)],
    'momentum': Fraction,
    'accumulative_counts': PositiveInt,
    'max_norm': PositiveOrInfinite,
    'clip_value': Positive,
    # loaders
    'batch_size': PositiveInt,
    'num_workers': NonNegativeInt,
    'prefetch_factor': PositiveInt,
    'timeout': NonNegative,
    'num_batch_per_epoch': PositiveInt,
    'base_batch_size': PositiveInt,
    # images
    'prob': Fraction,
    'std': Positive,
    'mean': Annotated[float, Bounds()],
    'crop_ratio_range': Positive,
    'crop_size': Positive,
    # networks
    'depth': PositiveInt,
    'patch_size': PositiveInt,
    'in_channels': PositiveInt,
    'out_channels': PositiveInt,
    'stem_channels': PositiveInt,
    'base_channels': PositiveInt,
    'embed_dims': PositiveInt,
    'num_classes': PositiveInt,
    'drop_rate': Fraction,
    'drop_path_rate': Fraction,
    'eps': NonNegative,
}
TEXTS = {'norm_type': ('inf',)}  # texts that arguments of other packages take in place of a number
EXAMPLES = dict(max_epochs=100, max_iters=10_000, length=65_536, feat_dim=256, max_norm=1.0, batch_size=256)


def range_of(name: str) -> Any:
    """Return the annotation of each number in an argument of a name, or None if the name has no known range."""
    return RANGES.get(name)


def inferred(argument: Argument) -> Any:
    """Return the annotation that the name or the default of an argument stands for.

    A number demands a number, or several; a list of numbers the same.
    """
    default = argument.default
    if isinstance(default, bool):
        return bool
    if isinstance(default, (int, float)) or argument.name in RANGES or _are_numbers(default):
        return float | Sequence | Mapping | None
    return Any


def _are_numbers(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(each, (int, float)) for each in value)
