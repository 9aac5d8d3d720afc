"""Configs as files and as text."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from .earlier_configs import translate


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config, merge ``--cfg-options`` into it and import its ``custom_imports``.

    Raises:
        FileNotFoundError: The file does not exist.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'config {str(path)!r} does not exist (from {Path.cwd()}); the ones that come with sslreg are in configs/'
        )
    return _complete(Config.fromfile(path), options)


def parse_config(text: str, options: dict[str, Any] | None = None) -> Config:
    """Read the text of a config, as MMEngine stores it in a checkpoint, and complete it like :func:`load_config`."""
    return _complete(Config.fromstring(text, '.py'), options)


def _replacing_numbers(cfg: Config, options: dict[str, Any]) -> dict[str, Any]:
    """Let ``temp.type=...`` replace a number ``temp``, for which MMEngine demands ``temp._delete_=True`` as well."""
    places = [name.removesuffix('.type') for name in options if name.endswith('.type')]
    return options | {f'{place}._delete_': True for place in places if isinstance(_value(cfg, place), (int, float))}


def _value(cfg: Any, place: str) -> Any:
    """Return the value at a dotted path of a config, or None."""
    for name in place.split('.'):
        cfg = cfg.get(name) if isinstance(cfg, (Config, dict)) else None
    return cfg


def _complete(cfg: Config, options: dict[str, Any] | None) -> Config:
    cfg.merge_from_dict(_replacing_numbers(cfg, options or {}))
    translate(cfg)
    if 'custom_imports' in cfg:
        import_modules_from_strings(**cfg.custom_imports)
    return cfg
