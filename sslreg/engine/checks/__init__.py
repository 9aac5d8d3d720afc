"""Checks of a whole config, before anything is built."""

from mmengine.config import Config

from .components import check_components
from .keys import check_keys

__all__ = ['check_config']


def check_config(cfg: Config) -> None:
    """Raise an error that names the key, its value and the remedy if a setting has no effect or cannot be right."""
    check_keys(cfg)
    check_components(cfg)
