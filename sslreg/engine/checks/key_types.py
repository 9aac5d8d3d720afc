"""Types of the values at the top of a config, by the annotations of mmengine's Runner."""

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

from mmengine.config import Config
from mmengine.runner import Runner

NEEDED = dict(  # the key that a part needs, and an example
    model=('type', 'model = dict(type=MemorySSL, ...)'),
    train_dataloader=('dataset', 'train_dataloader = dict(batch_size=..., dataset=dict(...))'),
    val_dataloader=('dataset', 'val_dataloader = dict(batch_size=..., dataset=dict(...))'),
    test_dataloader=('dataset', 'test_dataloader = dict(batch_size=..., dataset=dict(...))'),
    optim_wrapper=('optimizer', 'optim_wrapper = dict(type=SSLOptimWrapper, optimizer=dict(type=..., lr=...))'),
)
NAMES = {dict: 'a dict', list: 'a list', str: 'a string', bool: 'True or False', type(None): 'None', int: 'an int'}


def check_types(cfg: Config) -> None:
    """Check the values at the top of a config.

    Raises:
        KeyError: A part lacks what it is made of.
        TypeError: A value is of another type than the Runner takes.
    """
    hints = get_type_hints(Runner.__init__)
    for key in [key for key in cfg if key in hints]:
        allowed = [kind for kind in _kinds(hints[key]) if isinstance(kind, type)]
        _check_type(key, cfg[key], [*allowed, *([tuple] if list in allowed else [])])
        if key in NEEDED and cfg[key] and not {NEEDED[key][0], 'constructor'} & set(cfg[key]):
            raise KeyError(_lacking(key, *NEEDED[key]))
    loop = cfg.get('train_cfg') or dict(type='')
    if 'type' not in loop and 'by_epoch' not in loop:
        raise KeyError(_lacking('train_cfg', 'type', 'train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=...)'))


def _check_type(key: str, value: Any, allowed: list[type]) -> None:
    none_is_default = value is None and dict not in allowed  # a string or a bool
    if not none_is_default and not isinstance(value, tuple(allowed)):
        names = [NAMES[kind] for kind in allowed if kind in NAMES]
        raise TypeError(f'{key}={value!r} must be {" or ".join(names)}')


def _lacking(key: str, part: str, form: str) -> str:
    return (
        f'{key} has no {part}: write {form}. In a config with read_base, `{key} = dict(...)` replaces the whole '
        f'inherited {key}; to change a part of it, write `{key}.KEY = VALUE`'
    )


def _kinds(hint: Any) -> Iterator[Any]:
    """Yield the classes of an annotation, without what is inside lists and dicts."""
    if get_origin(hint) in (Union, types.UnionType):
        for part in get_args(hint):
            yield from _kinds(part)
    else:
        yield get_origin(hint) or hint
