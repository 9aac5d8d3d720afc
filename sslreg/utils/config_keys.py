"""Keys of a config that a program reads; every other name at the top of a config file is a variable of that file."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from .nested_values import nested_values

TRAINING = (  # arguments of mmengine's Runner
    *('model', 'train_dataloader', 'optim_wrapper', 'train_cfg', 'param_scheduler', 'auto_scale_lr'),
    *('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg', 'test_evaluator'),
    *('data_preprocessor', 'default_hooks', 'custom_hooks', 'load_from', 'resume', 'work_dir', 'experiment_name'),
    *('launcher', 'env_cfg', 'log_processor', 'log_level', 'visualizer', 'default_scope', 'randomness'),
)
OPTIONAL = (  # read from runner.cfg by mmengine, and by mmdet and mmsegmentation in tests
    *('model_wrapper_cfg', 'sync_bn', 'find_unused_parameters', 'activation_checkpointing', 'efficient_conv_bn_eval'),
    *('compile', 'custom_imports', 'tta_model', 'tta_pipeline'),
)
BENCHMARK = ('benchmark', 'group', 'without', 'metric', 'averages', 'reference', 'reference_source')
OWN = 'own_keys'
VARIABLES = 'variables'
KNOWN = (*TRAINING, *OPTIONAL, OWN, VARIABLES)


def known_keys(cfg: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> set[str]:
    """Return the keys that have an effect: all of sslreg and MMEngine, and those that ``own_keys`` lists.

    MMEngine reads ``data_preprocessor`` only for a model without one of its own.
    """
    listed = [given for given in (cfg.get(OWN), (options or {}).get(OWN)) if given]
    own = [name for given in listed for name in ([given] if isinstance(given, str) else given)]
    benchmark = BENCHMARK if 'benchmark' in cfg or 'group' in cfg else ()
    model = cfg.get('model')
    unused = {'data_preprocessor'} if isinstance(model, Mapping) and 'data_preprocessor' in model else set()
    return {*KNOWN, *own, *benchmark} - unused


def similar_key(name: str, known: Iterable[str]) -> str | None:
    """Return the known key that a name most likely means, or None."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.85)), None)


def similar_places(keys: list[str], parts: Any, limit: int = 4) -> list[str]:
    """Return dotted keys of a config's parts that end like the given keys, those of the same name first.

    ``['epochs']`` finds ``train_cfg.max_epochs``, and ``['probe', 'ks']`` finds ``val_cfg.benchmarks.0.probes.0.ks``.
    """
    name = keys[-1]
    places = [keys for keys, _ in nested_values(parts) if keys and not keys[-1].isdigit()]
    found = [place for place in places if name in _words(place[-1])]
    found.sort(key=lambda place: (place[-1] != name, -_shared(keys[:-1], place)))
    best = [place for place in found if place[-1] == found[0][-1]]
    return ['.'.join(place) for place in best[:limit]]


def _words(key: str) -> set[str]:
    return {key, *key.split('_')}


def _shared(names: list[str], place: tuple[str, ...]) -> int:
    return sum(any(part.startswith(name) for part in place) for name in names)
