"""From a command line to the config of a detection or segmentation run. Errors come before anything is built."""

import importlib.util
from typing import Any

import torch
from mmengine.config import Config

from sslreg.engine.config import use_bfloat16
from sslreg.registry import type_name
from sslreg.utils.config_files import load_config

SCOPES = dict(det='mmdet', seg='mmseg')
PRETRAINED = ('Pretrained', 'PretrainedInit')


def load(path: str, options: dict[str, Any] | None, task: str) -> Config:
    """The config with ``--cfg-options``, for this machine.

    Raises:
        ImportError: mmdet or mmsegmentation, or mmcv's operators, are not installed.
        ValueError: It is of the other task.
    """
    scope = SCOPES[task]
    missing = [name for name in ('mmcv._ext', scope) if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(
            f'{missing[0]} is not in this environment; `bash tools/setup_downstream.sh` makes one that has it, '
            '.venv-downstream (docs/downstream.md)'
        )
    cfg = load_config(path, options)
    if cfg.get('default_scope') != scope:
        raise ValueError(
            f'{path} is of the scope {cfg.get("default_scope")!r}, not {scope!r}: the scripts that end in _det take '
            'configs of mmdet, those in _seg of mmseg'
        )
    if not torch.cuda.is_available():
        without_sync_bn(cfg)
    return cfg


def use_weights(cfg: Config, checkpoint: str, prefix: str | None) -> None:
    """Let what the config starts from a checkpoint start from this one, or at random if it is called ``'none'``.

    Args:
        cfg: A config with :class:`PretrainedHook`.
        checkpoint: Path, or ``'none'``.
        prefix: Of the backbone's tensors in it; None: the config's.

    Raises:
        ValueError: Nothing in the config starts from a checkpoint, or nothing checks what is loaded.
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
            owner.init_cfg.prefix = chosen or None  # MMEngine's word for an empty one
    hooks[0].random = checkpoint == 'none'


def use_amp(cfg: Config, task: str) -> None:
    """Half precision: bfloat16, or float16 with a scaled loss for detection, as mmcv's operators have no bfloat16."""
    if task == 'seg':
        use_bfloat16(cfg)
        return
    if not torch.cuda.is_available():
        raise ValueError("--amp: detection in float16 needs a GPU, as mmcv's operators have no bfloat16")
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    cfg.optim_wrapper.loss_scale = 'dynamic'


def without_sync_bn(cfg: Config) -> None:
    """Batch norm over the images of each process: torch has none over several on the CPU."""
    for part in _dicts(cfg.model):
        if type_name(part.get('type', '')) in ('SyncBN', 'MMSyncBN'):
            part.type = 'BN'


def _pretrained(init_cfg: Any) -> bool:
    return isinstance(init_cfg, dict) and type_name(init_cfg.get('type', '')) in PRETRAINED


def _dicts(cfg: Any) -> list[Any]:
    """All dictionaries in a config, the outer ones first."""
    parts = list(cfg.values()) if isinstance(cfg, dict) else cfg if isinstance(cfg, (list, tuple)) else []
    own = [cfg] if isinstance(cfg, dict) else []
    return own + [found for part in parts for found in _dicts(part)]
