"""Settings that must fit each other."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import product
from numbers import Real
from pathlib import Path
from typing import Any

from mmengine.dist import get_world_size
from mmengine.runner import Runner
from torch.utils.data import IterableDataset

from sslreg.datasets import count_images
from sslreg.engine.checkpoint_folder import check_load_from
from sslreg.evaluation import ClassificationBenchmark
from sslreg.models import BaseMemory
from sslreg.registry import type_name
from sslreg.utils.dist import unwrap

from .build_errors import shortened

MMENGINE_HOOKS = ('runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint')
WORKERS_PER_CORE = 16  # data-loading workers beyond this number only wait for each other


def check_relations(cfg: Any) -> None:
    """Raise an error if two settings of a config do not fit each other, or the machine.

    Args:
        cfg: The whole config.

    Raises:
        FileNotFoundError: The checkpoint of ``load_from`` does not exist.
        ValueError: It cannot be read, or settings do not fit.
    """
    _check_start(cfg.get('load_from'))
    for problem in _problems(cfg):
        raise ValueError(problem)


def _check_start(load_from: Any) -> None:
    """Raise an error unless the file that a run starts from is a checkpoint that can be read; no address is opened."""
    if load_from and '://' not in load_from and not Path(load_from).expanduser().exists():
        raise FileNotFoundError(
            f'load_from={load_from!r}: this checkpoint does not exist (from {Path.cwd()}): give its path, or None'
        )
    if load_from:
        check_load_from(load_from)


def _problems(cfg: Any) -> Iterator[str]:
    yield from _datasets(cfg)
    yield from _evaluators(cfg)
    yield from _hook_names(cfg)
    yield from _workers(cfg)
    yield from _lengths(cfg)
    yield from _best(cfg)


def _datasets(cfg: Any) -> Iterator[str]:
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(name) or {}).get('dataset')
        if isinstance(dataset, (str, list, tuple, Real)):
            yield f'{name}.dataset={shortened(dataset)} must be dict(type=...) with the class of a dataset'


def _evaluators(cfg: Any) -> Iterator[str]:
    """Yield the evaluators that a loop of benchmarks would not use."""
    for phase in ('val', 'test'):
        loop, evaluator = cfg.get(f'{phase}_cfg') or {}, cfg.get(f'{phase}_evaluator')
        if evaluator and type_name(loop.get('type', '')) in ('BenchmarkValLoop', 'BenchmarkTestLoop'):
            yield (
                f'{phase}_evaluator={shortened(evaluator)} has no effect, since {type_name(loop["type"])} computes the '
                f'metrics of its benchmarks: set {phase}_evaluator=dict()'
            )


def _hook_names(cfg: Any) -> Iterator[str]:
    """Yield the misspelt names of MMEngine's default hooks, beside which MMEngine would also register its own."""
    named = cfg.get('default_hooks') or {}
    if named.get('timer', {}) is None:
        yield 'default_hooks.timer=None: the log needs its times, so leave it out or set dict(type=IterTimerHook)'
    for name in named:
        near = get_close_matches(name, [each for each in MMENGINE_HOOKS if each not in named], n=1, cutoff=0.85)
        if name not in MMENGINE_HOOKS and near:
            yield f'default_hooks.{name} would be registered beside the default hook {near[0]!r}: rename it'


def _workers(cfg: Any) -> Iterator[str]:
    most = WORKERS_PER_CORE * num_cores()
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        workers = (cfg.get(name) or {}).get('num_workers')
        if isinstance(workers, int) and workers > most:
            yield (
                f'{name}.num_workers={workers}: this process has {num_cores()} cores, and workers above {most} only '
                f'wait for each other: set {name}.num_workers={num_cores()}'
            )


def num_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def _lengths(cfg: Any) -> Iterator[str]:
    loop = cfg.get('train_cfg') or {}
    name = next((name for name in ('max_epochs', 'max_iters') if isinstance(loop.get(name), int)), None)
    begin = loop.get('val_begin')
    if name and cfg.get('val_cfg') and isinstance(begin, int) and begin > loop[name]:
        yield (
            f'train_cfg.val_begin={begin} is after the end of the run, train_cfg.{name}={loop[name]}, so that nothing '
            f'would be evaluated: lower it, or set val_cfg, val_dataloader and val_evaluator to None'
        )


def _best(cfg: Any) -> Iterator[str]:
    for place, hook in hooks_of(cfg):
        if hook.get('save_best') and not cfg.get('val_cfg'):
            yield (
                f'{place}.save_best={hook["save_best"]!r} needs an evaluation during training, but val_cfg is '
                f'{cfg.get("val_cfg")}: set val_cfg, val_dataloader and val_evaluator, or remove save_best'
            )


def hooks_of(cfg: Any) -> Iterator[tuple[str, Any]]:
    """Yield the dotted key and the config of each hook."""
    named = cfg.get('default_hooks') or {}
    listed = cfg.get('custom_hooks') or []
    for place, hooks in (('default_hooks', named.items()), ('custom_hooks', enumerate(listed))):
        yield from ((f'{place}.{name}', hook) for name, hook in hooks if isinstance(hook, dict))


def check_optimizer(runner: Runner) -> None:
    """Raise ValueError if settings of parameters by name match no parameter, or no step of the optimizer is made.

    Args:
        runner: The runner, with its loop and optimizer.
    """
    wrapper = runner.cfg.get('optim_wrapper') or {}
    custom = (wrapper.get('paramwise_cfg') or {}).get('custom_keys') or {}
    names = [name for name, _ in unwrap(runner.model).named_parameters()]
    for key in custom:
        if not any(key in name for name in names):
            raise ValueError(
                f'optim_wrapper.paramwise_cfg.custom_keys: {key!r} is in the name of no parameter of the model; names '
                f'are e.g. {names[0]} and {names[-1]}'
            )
    counts, steps = wrapper.get('accumulative_counts', 1), runner.max_iters
    if 0 < steps < counts:  # without any step the hook of the memory says why
        raise ValueError(
            f'optim_wrapper.accumulative_counts={counts} is more than the {steps} iterations of the run, so that the '
            'optimizer would make no whole step: lower it, or train for longer'
        )


def check_memory(runner: Runner) -> None:
    """Raise ValueError if the training set has no full batch, or the memory does not fit the batch or the images.

    Args:
        runner: The runner, with its loop.
    """
    loader, memory = runner.train_dataloader, getattr(unwrap(runner.model), 'memory', None)
    batch_size = getattr(loader.batch_sampler, 'batch_size', None)
    if batch_size is None or isinstance(loader.dataset, IterableDataset):
        return
    if len(loader) == 0:
        raise ValueError(
            f'train_dataloader.dataset gives {len(loader.dataset)} images, which have no full batch of '
            f'train_dataloader.batch_size={batch_size} x {get_world_size()} processes: lower it, or set '
            'train_dataloader.drop_last=False'
        )
    if not isinstance(memory, BaseMemory):
        return
    try:
        memory.check(batch_size=batch_size * get_world_size(), num_images=count_images(loader.dataset))
    except ValueError as error:
        kind, settings = (
            type(memory).__name__,
            f'train_dataloader.batch_size={batch_size} x {get_world_size()} processes',
        )
        raise ValueError(f'model.memory ({kind}): {error} ({settings})') from error


def check_best(runner: Runner) -> None:
    """Raise ValueError if ``save_best`` names no metric of the evaluation.

    Args:
        runner: The runner, with its loop for validation.
    """
    found = list(_metrics(runner.val_loop))
    for place, hook in hooks_of(runner.cfg):
        best = hook.get('save_best') or []
        for name in [best] if isinstance(best, str) else best:
            if found and name != 'auto' and not any(name.startswith(f'{each}/') for each in found):
                raise ValueError(
                    f'{place}.save_best={name!r} is no metric of val_cfg: they begin with {", ".join(found)}, e.g. '
                    f'{found[0]}/top1'
                )


def _metrics(loop: Any) -> Iterator[str]:
    """Yield the first part of each metric's name; nothing if a benchmark does not tell them."""
    benchmarks = [*getattr(loop, 'suite', ())]
    if not all(isinstance(each.protocol, ClassificationBenchmark) for each in benchmarks):
        return
    for each in benchmarks:
        for kind, (name, probe) in product(each.protocol.kinds, each.protocol.probes.items()):
            first = '' if each.name == loop.name else f'{each.name}/'
            settings = [f'/k{k}' for k in probe['ks']] if 'ks' in probe else ['']
            yield from (f'{first}{kind}/{name}{setting}' for setting in settings)
