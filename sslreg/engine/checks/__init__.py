"""Checks of a whole config, before anything is built."""

from mmengine.config import Config

from .build_errors import naming_keys
from .components import check_components
from .keys import check_keys
from .loop_units import check_units
from .model_rehearsal import rehearse_model
from .rehearsal import rehearse_run
from .relations import check_relations

__all__ = ['check_config', 'naming_keys', 'rehearse_model', 'rehearse_run']


def check_config(cfg: Config) -> None:
    """Raise an error that names the key, its value and the remedy if a setting has no effect or cannot be right."""
    check_keys(cfg)
    check_components(cfg)
    check_relations(cfg)
    check_units(cfg)
