"""Config of a detection or segmentation run from the command line, checked before anything is built."""

import importlib.util
from typing import Any

import torch
from mmengine.config import Config

from sslreg.engine.config import use_bfloat16
from sslreg.models.pretrained_parts import PRETRAINED
from sslreg.registry import type_name
from sslreg.utils.config_files import load_config

SCOPES = dict(det='mmdet', seg='mmseg')


def load_task_config(path: str, options: dict[str, Any] | None, task: str) -> Config:
    """Return a config with the command line's options, adapted to a machine without a GPU where necessary.

    Args:
        path: Path of the config.
        options: Values of ``--cfg-options``.
        task: ``'det'`` or ``'seg'``.

    Raises:
        ImportError: mmdet, mmsegmentation or mmcv's operators are not installed.
        ValueError: The config is of the other task.
    """
    scope = SCOPES[task]
    missing = [name for name in ('mmcv._ext', scope) if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'{missing[0]} is not in this environment; `bash tools/setup_downstream.sh` makes an environment with it, '
            '.venv-downstream (docs/downstream.md)'
        )
    cfg = load_config(path, options)
    if cfg.get('default_scope') != scope:
        raise ValueError(
            f'{path} is of the scope {cfg.get("default_scope")!r}, not {scope!r}: the scripts that end in _det take '
            'configs of mmdet, and the scripts that end in _seg configs of mmseg'
        )
    check_schedules(cfg)
    if not torch.cuda.is_available():
        replace_sync_bn(cfg)
    return cfg


def check_schedules(cfg: Config) -> None:
    """Raise ValueError if a scheduler of the learning rate begins after the end of training."""
    loop, schedulers = cfg.get('train_cfg') or {}, cfg.get('param_scheduler') or []
    for number, each in enumerate(schedulers if isinstance(schedulers, list) else [schedulers]):
        key = 'max_epochs' if each.get('by_epoch', True) else 'max_iters'
        if loop.get(key) is not None and each.get('begin', 0) >= loop[key]:
            raise ValueError(
                f'param_scheduler.{number}.begin={each.begin} is not before the end of training, '
                f'train_cfg.{key}={loop[key]}: lower it, or shorten the warm-up with it by variables.steps in the '
                'configs that have this variable'
            )


def use_weights(cfg: Config, checkpoint: str, prefix: str | None) -> None:
    """Set the checkpoint from which the pre-trained parts of a config start.

    Args:
        cfg: A config with :class:`PretrainedHook`, changed in place.
        checkpoint: Path, or ``'none'`` to start at random.
        prefix: Prefix of the backbone's tensors in the checkpoint; None keeps the config's prefix.

    Raises:
        ValueError: No part of the config starts from a checkpoint, or the config has no PretrainedHook.
    """
    starts = [owner for owner in _dicts(cfg.model) if _pretrained(owner.get('init_cfg'))]
    hooks = [hook for hook in cfg.get('custom_hooks', []) if type_name(hook.type) == 'PretrainedHook']
    if not starts or not hooks:
        raise ValueError(
            "the config has no backbone with init_cfg=dict(type='Pretrained', prefix=...), or no PretrainedHook in "
            'custom_hooks that checks what is loaded; see configs/downstream/_base_/mmdet.py'
        )
    for owner in starts:
        if checkpoint == 'none':
            owner.init_cfg = None
        else:
            owner.init_cfg.checkpoint = checkpoint
            chosen = owner.init_cfg.get('prefix') if prefix is None else prefix
            owner.init_cfg.prefix = chosen or None  # MMEngine writes an empty prefix as None
    hooks[0].random = checkpoint == 'none'


def use_amp(cfg: Config, task: str) -> None:
    """Set half precision: bfloat16, or for detection float16 with a scaled loss, as mmcv's operators lack bfloat16.

    Args:
        cfg: The config, changed in place.
        task: ``'det'`` or ``'seg'``.

    Raises:
        ValueError: Detection runs without a GPU.
    """
    if task == 'seg':
        use_bfloat16(cfg)
        return
    if not torch.cuda.is_available():
        raise ValueError("--amp: detection in float16 needs a GPU, as mmcv's operators have no bfloat16")
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.loss_scale = 'dynamic'


def write_predictions(cfg: Config, path: str, task: str) -> None:
    """Let the test also write its predictions.

    Args:
        cfg: The config, changed in place.
        path: For detection the beginning of the names of COCO's result files, ``PATH.bbox.json`` and, with masks,
            ``PATH.segm.json``; for segmentation a folder for one mask ``NAME.png`` per image.
        task: ``'det'`` or ``'seg'``.

    Raises:
        ValueError: The config has no metric that writes predictions.
    """
    metric, argument = dict(det=('CocoMetric', 'outfile_prefix'), seg=('IoUMetric', 'output_dir'))[task]
    evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, list) else [cfg.test_evaluator]
    writing = [each for each in evaluators if type_name(each.type) in (metric, f'{metric}ByName')]
    if not writing:
        raise ValueError(f'--predictions {path}: only a {metric} in test_evaluator writes predictions; add one')
    writing[0][argument] = path.removesuffix('.json')


def replace_sync_bn(cfg: Config) -> None:
    """Replace synchronised batch norm by batch norm per process: torch has no synchronised one on the CPU.

    Args:
        cfg: The config, changed in place.
    """
    for part in _dicts(cfg.model):
        if type_name(part.get('type', '')) in ('SyncBN', 'MMSyncBN'):
            part.type = 'BN'


def _pretrained(init_cfg: Any) -> bool:
    return isinstance(init_cfg, dict) and type_name(init_cfg.get('type', '')) in PRETRAINED


def _dicts(cfg: Any) -> list[Any]:
    """Return all dictionaries in a config, outer before inner ones."""
    parts = list(cfg.values()) if isinstance(cfg, dict) else cfg if isinstance(cfg, (list, tuple)) else []
    outer = [cfg] if isinstance(cfg, dict) else []
    return outer + [found for part in parts for found in _dicts(part)]
