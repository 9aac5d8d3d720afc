"""Hooks of older configs, in which a schedule stood apart from its value."""

from typing import Any, NoReturn

from mmengine.config import Config
from mmengine.hooks import Hook

from sslreg.registry import HOOKS, type_name

OLD_HOOKS = ('ScheduleHook', 'OptimizerScheduleHook')


@HOOKS.register_module()
class ScheduleHook(Hook):
    """A hook of older configs; constructing it raises ValueError with the new form."""

    def __init__(self, target: str, schedule: dict[str, Any], **others: Any) -> None:
        _refuse(dict(type='ScheduleHook', target=target, schedule=schedule))


@HOOKS.register_module()
class OptimizerScheduleHook(Hook):
    """A hook of older configs; constructing it raises ValueError with the new form."""

    def __init__(self, param: str, schedule: dict[str, Any], **others: Any) -> None:
        _refuse(dict(type='OptimizerScheduleHook', param=param, schedule=schedule))


def _refuse(hook: dict[str, Any]) -> NoReturn:
    raise ValueError(refusal([hook]))


def refuse_old_hooks(cfg: Config) -> None:
    """Raise ValueError if a config has schedules in hooks, with the new form of all of them.

    Args:
        cfg: Config of a training.
    """
    if found := [hook for hook in cfg.get('custom_hooks') or [] if _is_old(hook)]:
        raise ValueError(refusal(found, cfg.train_cfg.get('max_epochs')))


def drop_old_hooks(cfg: Config) -> None:
    """Leave out schedules in hooks, which evaluation does not need."""
    if cfg.get('custom_hooks'):
        cfg.custom_hooks = [hook for hook in cfg.custom_hooks if not _is_old(hook)]


def _is_old(hook: Any) -> bool:
    return isinstance(hook, dict) and type_name(hook['type']) in OLD_HOOKS


def refusal(hooks: list[dict[str, Any]], epochs: int | None = None) -> str:
    """Return the error text with the settings that replace old hooks.

    Args:
        hooks: Their configs.
        epochs: Epochs of the run, if known: shares of training are then shown as epochs.
    """
    names = ' and '.join(dict.fromkeys(type_name(hook['type']) for hook in hooks))
    lines = ', '.join(new_form(hook, epochs) for hook in hooks)
    return f'a schedule now stands where its value stands: remove {names} from custom_hooks and write {lines}'


def new_form(hook: dict[str, Any], epochs: int | None = None) -> str:
    """Return the setting that replaces an old hook, e.g. ``model.head.teacher_temp=dict(type=WarmupSchedule, ...)``.

    Args:
        hook: Config of the hook.
        epochs: Epochs of the run, if known.
    """
    place = f'model.{hook["target"]}' if 'target' in hook else f'optim_wrapper.optimizer.{hook["param"]}'
    schedule = dict(hook['schedule'])
    lengths = {name: _length(schedule[name], epochs) for name in ('warmup', 'at', 'milestones') if name in schedule}
    arguments = ', '.join(f'{name}={value!r}' for name, value in (schedule | lengths).items() if name != 'type')
    return f'{place}=dict(type={type_name(schedule["type"])}, {arguments})'


def _length(length: Any, epochs: int | None) -> Any:
    if isinstance(length, (list, tuple)):
        return [_length(each, epochs) for each in length]
    return f'{round(length * epochs, 6):g}ep' if epochs and length else length
