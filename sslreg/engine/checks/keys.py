"""Keys of a config that a training needs, and the classes that it imports."""

from importlib import import_module
from typing import Any

from mmengine.config import Config
from mmengine.config.lazy import LazyAttr, LazyObject

from sslreg.arguments import suggestion
from sslreg.utils.config_keys import TRAINING, known_keys, similar_key
from sslreg.utils.nested_values import nested_values

from .key_types import check_types

REQUIRED_KEYS = ('model', 'train_dataloader', 'optim_wrapper', 'train_cfg')
EVALUATIONS = {'val': 'validation', 'test': 'test'}


def check_keys(cfg: Config) -> None:
    """Raise an error unless a config describes a training, with names that exist.

    Raises:
        ImportError: The config imports what does not exist.
        KeyError: The config lacks a key, or has a misspelt one.
        TypeError: A key has a value of another type than the Runner takes.
        ValueError: The config is for another tool.
    """
    name = cfg.filename or 'the config'
    if lacking := [key for key in REQUIRED_KEYS if not cfg.get(key)]:
        raise KeyError(f'{name} has no {" and no ".join(lacking)}, which a training needs{_other_tool(cfg)}')
    if (scope := cfg.get('default_scope')) in ('mmdet', 'mmseg'):
        raise ValueError(
            f'{name} is for fine-tuning, of the scope {scope!r}: '
            f'`bash tools/downstream/dist_train_{scope[2:]}.sh {name} CHECKPOINT 1`'
        )
    for loop, what in EVALUATIONS.items():
        _check_loop(cfg, loop, what)
    _check_spelling(cfg)
    check_imports({key: value for key, value in cfg._to_lazy_dict().items() if key in known_keys(cfg)})
    check_types(cfg)


def _other_tool(cfg: Config) -> str:
    """Return the tool that takes a config which describes no training."""
    if 'benchmark' in cfg or 'group' in cfg:
        return f': it describes a benchmark, `python tools/test.py CONFIG CHECKPOINT --benchmarks {cfg.filename}`'
    if cfg.get('model') and not cfg.get('train_dataloader'):
        return f'; a network alone is evaluated by `python tools/test.py {cfg.filename} CHECKPOINT --benchmarks NAME`'
    return '; configs to inherit from are in configs/'


def _check_loop(cfg: Config, loop: str, what: str) -> None:
    keys = [f'{loop}_dataloader', f'{loop}_cfg', f'{loop}_evaluator']
    lacking = [key for key in keys if cfg.get(key) is None]
    if lacking and len(lacking) < len(keys):
        given = [key for key in keys if key not in lacking]
        raise KeyError(
            f'the {what} needs {", ".join(keys)}, but the config has no {" and no ".join(lacking)}: set '
            f'{"them" if len(lacking) > 1 else "it"}, or {" and ".join(f"{key}=None" for key in given)} for none'
        )


def _check_spelling(cfg: Config) -> None:
    """Raise KeyError for a misspelt key of a file whose variables are not checked because MMEngine wrote it."""
    known = known_keys(cfg)
    for key in cfg.to_dict():
        if key not in known and (near := similar_key(key, TRAINING)) and near not in cfg:
            raise KeyError(f'nothing reads {key} of {cfg.filename or "the config"}; did you mean {near}?')


def check_imports(part: Any) -> None:
    """Raise ImportError if a part of a config imports what does not exist; the message names file and line."""
    for _, value in nested_values(part):
        if isinstance(value, (LazyObject, LazyAttr)):
            _build(value)


def _build(value: LazyObject | LazyAttr) -> None:
    try:
        value.build()
    except (ImportError, AttributeError) as error:
        raise ImportError(_import_error(value)) from error


def _import_error(value: Any) -> str:
    """Return a sentence with the place of an import, and the name that was meant."""
    try:
        names = dir(import_module(value.module))
    except ImportError as missing:
        return f'{value.location}: {missing}'
    return f'{value.location}: {value.module} has no {value}{suggestion(str(value), names)}'
