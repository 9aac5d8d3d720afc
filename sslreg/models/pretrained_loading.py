"""Loading of pre-trained weights into a model or its parts, after everything else has been initialised."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from mmengine.logging import print_log
from torch import Tensor, nn

from .checkpoint_weights import fitted
from .pretrained_parts import (
    Target,
    as_list,
    differing_shapes,
    find_targets,
    is_pretrained,
    matching_prefixes,
    read_tensors,
)

MIN_SHARE = 0.9  # of a part's tensors that must come from the file; a few may differ, e.g. a stem or a last norm
CONVERT = 'python tools/convert_checkpoint.py {file} --to sslreg --config configs/encoders/vit.py --out OUT.pth'


class Match(NamedTuple):
    """Tensors of a file for a part of a model.

    Attributes:
        target: The part.
        tensors: The tensors by the part's names, in its shapes.
        absent: Names of the part's tensors that are not in the file.
        differing: Names of those that have another shape in it.
        unused: Names of the file's tensors that have the prefix, but no place in the part.
    """

    target: Target
    tensors: dict[str, Tensor]
    absent: list[str]
    differing: list[str]
    unused: list[str]


@contextmanager
def pretrained_last(model: nn.Module) -> Iterator[None]:
    """Load the files that ``init_cfg`` names after the body has initialised the model, so that nothing overwrites them.

    MMEngine loads them within ``init_weights``, where networks that draw weights of their own do it later, and takes
    whatever names agree.

    Args:
        model: A model or a part of one; parts inside of it may have an ``init_cfg``, too.

    Raises:
        FileNotFoundError: A file does not exist.
        ValueError: A file is no checkpoint, or has too few of the tensors.
    """
    matches = [match_tensors(target, read_tensors(target)) for target in find_targets(model)]
    before = {match.target.module: match.target.module.init_cfg for match in matches}
    for module, cfg in before.items():
        module.init_cfg = [each for each in as_list(cfg) if not is_pretrained(each)] or None  # type: ignore[assignment]
    try:
        yield
    finally:
        for module, cfg in before.items():
            module.init_cfg = cfg
    for match in reversed(matches):  # the outermost last, as in MMEngine
        _load(match)


def load_pretrained_last(model: Any) -> None:
    """Let ``init_weights`` of a model of any class load its pre-trained weights last.

    Args:
        model: The model.
    """
    if find_targets(model):
        model.init_weights = partial(_initialise, model, model.init_weights)


def _initialise(model: Any, init_weights: Callable[[], None]) -> None:
    with pretrained_last(model):
        init_weights()


def match_tensors(target: Target, state: dict[str, Tensor]) -> Match:
    """Return the tensors of a file for a part of a model.

    Args:
        target: The part.
        state: All tensors of its file.

    Raises:
        ValueError: Too few of the part's tensors are in the file in their shapes.
    """
    given = _given(target, state)
    expected = {
        name: value for name, value in target.module.state_dict().items() if not name.endswith('num_batches_tracked')
    }
    absent = [name for name in expected if name not in given]
    differing = differing_shapes(target.module, expected, given)
    if len(absent) + len(differing) > (1 - MIN_SHARE) * len(expected):
        raise ValueError(_explanation(target, state, expected, given, absent, differing))
    own = target.module.state_dict()
    tensors = OrderedDict((name, value) for name, value in given.items() if name in own and name not in differing)
    if hasattr(given, '_metadata'):
        tensors._metadata = given._metadata  # type: ignore[attr-defined]
    return Match(target, tensors, absent, differing, [name for name in given if name not in own])


def _given(target: Target, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors below the prefix by the part's names."""
    given = OrderedDict(
        (name.removeprefix(target.prefix), value) for name, value in state.items() if name.startswith(target.prefix)
    )
    versions = getattr(state, '_metadata', {})
    given._metadata = {  # type: ignore[attr-defined]
        f'{name}.'.removeprefix(target.prefix).removesuffix('.'): version
        for name, version in versions.items()
        if f'{name}.'.startswith(target.prefix) or not target.prefix
    }
    return fitted(target.module, given)


def _load(match: Match) -> None:
    target, total = match.target, len(match.tensors) + len(match.absent) + len(match.differing)
    target.module.load_state_dict(match.tensors, strict=False)
    name, prefix = target.name or type(target.module).__name__, f' below {target.prefix}' if target.prefix else ''
    text = f'{name}: {len(match.tensors)} of {total} tensors loaded from {target.checkpoint!r}{prefix}'
    rest = [
        f'{len(names)} {what} (first: {names[0]})'
        for names, what in (
            (match.absent, 'are not in it and start anew'),
            (match.differing, 'have another shape in it and start anew'),
            (match.unused, 'of its tensors have no place'),
        )
        if names
    ]
    level = logging.WARNING if match.absent or match.differing else logging.INFO
    print_log('; '.join([text, *rest]), 'current', level)


def _explanation(
    target: Target,
    state: dict[str, Tensor],
    expected: dict[str, Tensor],
    given: dict[str, Tensor],
    absent: list[str],
    differing: list[str],
) -> str:
    name, where = target.name or 'model', f'model.{target.name}' if target.name else 'model'
    found = len(expected) - len(absent) - len(differing)
    problem = (
        f'{target.checkpoint!r} has {found} of the {len(expected)} tensors of {name} ({type(target.module).__name__})'
        f'{f" below the prefix {target.prefix}" if target.prefix else ""}'
    )
    if differing:
        first = differing[0]
        return (
            f'{problem}; {len(differing)} have another shape (first: {first}, {tuple(given[first].shape)} in the file, '
            f'{tuple(expected[first].shape)} here): give {where} the architecture of the file'
        )
    prefixes = matching_prefixes(state, expected)
    better = [each for each in prefixes if sum(each + key in state for key in expected) >= MIN_SHARE * len(expected)]
    if better and better[0] != target.prefix:
        return f'{problem}: set {where}.init_cfg.prefix to {" or ".join(map(repr, better))}'
    return (
        f'{problem} (first that is not: {absent[0]}). If the file is of timm, DINO, iBOT, MaSSL or DINOv2, convert it: '
        f"{CONVERT.format(file=target.checkpoint)}, then checkpoint='OUT.pth', prefix='backbone.'; otherwise give "
        f'{where} the architecture of the file'
    )
