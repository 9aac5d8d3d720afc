"""Check that what is counted is counted in the unit of the training loop."""

from mmengine.config import Config

from sslreg.engine.checkpoint_folder import check_unit
from sslreg.registry import type_name


def check_units(cfg: Config) -> None:
    """Raise ValueError if checkpoints count epochs in a run without epochs, or the reverse."""
    loop = cfg.get('train_cfg') or {}
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    kind = type_name(loop.get('type') or ('IterBasedTrainLoop' if loop.get('by_epoch') is False else ''))
    if kind in ('EpochBasedTrainLoop', 'IterBasedTrainLoop') and hook:
        check_unit(kind.startswith('Epoch'), hook.get('by_epoch', True), hook.get('interval', 1))
