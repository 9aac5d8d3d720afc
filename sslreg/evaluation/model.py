"""Models to evaluate: built by a config, with the weights of a checkpoint."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger, print_log
from mmengine.registry import DefaultScope

from sslreg.models.adapters import as_encoder
from sslreg.models.checkpoint_weights import fitted, weights_of
from sslreg.models.checkpoints import check_fits, load_checkpoint
from sslreg.models.pretrained_loading import pretrained_last
from sslreg.models.teacher import start_teacher
from sslreg.registry import MODELS
from sslreg.utils.config_files import load_config, parse_config

CONFIGS = ('.py', '.json', '.yaml', '.yml')


def load_model(config: Config | Path | str, checkpoint: Path | str | None = None, device: str = 'cpu') -> Any:
    """Return a model in evaluation mode.

    ``model.extract_feat(images)`` gives features ``[B, C]`` of images ``[B, 3, H, W]`` that
    ``model.data_preprocessor`` has normalised; :func:`sslreg.read_images` reads files and does so. Models of mmpretrain
    have the same interface. ``model.feature_backbone`` is the network that is evaluated, the teacher's where the model
    has one.

    Args:
        config: A config, its path, or the path of a checkpoint. The config of a checkpoint is the one stored in it
            (``meta['cfg']``), else the only ``.py`` file in its folder. A config is code: load only what you trust.
        checkpoint: Path of a checkpoint; None: the model as its config initialises it.
        device: The model's device.

    Raises:
        FileNotFoundError: The config or the checkpoint does not exist.
        ValueError: The checkpoint cannot be read, has no config, or belongs to another model.
    """
    if checkpoint is None and isinstance(config, Path | str) and Path(config).suffix not in CONFIGS:
        config, checkpoint = _config_of(Path(config)), config
    cfg = config if isinstance(config, Config) else load_config(config)
    state = load_checkpoint(checkpoint) if checkpoint else None
    model = build_model(cfg)
    if state is None:
        _initialise_both(model)
        print_log('no checkpoint: the network is evaluated as its config makes it', 'current')
    else:
        weights = fitted(model, weights_of(state))
        check_fits(model, weights)
        model.load_state_dict(weights)
    return as_encoder(model.to(device).eval())


def build_model(cfg: Config) -> Any:
    """Build the model of a config, with the random numbers of the config's seed.

    Raises:
        KeyError: The config has no model.
    """
    if not cfg.get('model'):
        raise KeyError(f'{cfg.filename or "the config"} has no model: give the config of a training or of an encoder')
    torch.manual_seed(cfg.get('randomness', {}).get('seed', 0) or 0)
    with DefaultScope.overwrite_default_scope('sslreg'):
        return MODELS.build(dict(data_preprocessor=cfg.get('data_preprocessor')) | cfg.model.to_dict())


def initialise(model: Any) -> None:
    """Call ``init_weights()`` with MMEngine's log of every tensor silenced; load pre-trained weights last."""
    with pretrained_last(model), _silenced():
        model.init_weights()


@contextmanager
def _silenced() -> Iterator[None]:
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def check_evaluated(model: Any) -> None:
    """Raise ValueError unless benchmarks can evaluate a model."""
    if not hasattr(model, 'feature_backbone'):
        raise ValueError(
            f'{type(model).__name__} has no feature_backbone and extract_feat, which benchmarks need, as MemorySSL and '
            'Encoder have'
        )


def _config_of(checkpoint: Path) -> Config:
    """Return the config stored in a checkpoint, else the only one in its folder."""
    meta = load_checkpoint(checkpoint, 'meta').get('meta')
    if isinstance(meta, dict) and meta.get('cfg'):
        return parse_config(meta['cfg'])
    beside = sorted(checkpoint.parent.glob('*.py'))
    if len(beside) == 1:
        return load_config(beside[0])
    raise ValueError(
        f"{str(checkpoint)!r} has no config in meta['cfg'], and its folder has {len(beside)} .py files instead of one: "
        f'name the config, load_model(CONFIG, checkpoint={str(checkpoint)!r})'
    )


def _initialise_both(model: Any) -> None:
    """Initialise a model, and its teacher, if it has one, as a copy of the student."""
    initialise(model)
    if getattr(model, 'teacher', None) is not None:
        start_teacher(model)
