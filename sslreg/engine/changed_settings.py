"""Settings of a resumed run that differ from those in its checkpoint."""

from typing import Any

from mmengine.config import Config

from sslreg.utils.config_files import config_without_imports
from sslreg.utils.differences import differences

_OF_THE_START = (
    'work_dir',
    'load_from',
    'resume',
    'launcher',
    'experiment_name',
)  # how a program is started, not what it does
_DDP = 'MMDistributedDataParallel'


def changed_settings(text: str, cfg: Config) -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ, by their dotted names, with the values then and now.

    Args:
        text: Config of the run, as its checkpoint holds it.
        cfg: Config of this run.
    """
    then, now = config_without_imports(text).to_dict(), cfg.to_dict()
    found = {name: (a, b) for name, a, b in differences(then, now) if name not in _OF_THE_START}
    wrappers = [each.get('model_wrapper_cfg') or dict(type=_DDP) for each in (then, now)]
    if all(str(each.get('type')).endswith(_DDP) for each in wrappers):  # as the launcher sets it on the CPU
        found = {name: pair for name, pair in found.items() if not name.startswith('model_wrapper_cfg')}
    return found
