"""Registration of the hooks that a model's components need."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.hooks import ParamSchedulerHook as MMEngineParamSchedulerHook
from mmengine.runner import Runner

from sslreg.registry import HOOKS, type_name
from sslreg.utils.dist import unwrap


def required_hooks(model: Any) -> dict[str, dict[str, Any]]:
    """Return the configs of the hooks that a model's components need, by name.

    A component states them as ``required_hooks``: names, or configs such as ``dict(type='my_module.MyHook')``.
    Schedules may stand anywhere, so their hook is always among them.
    """
    stated = ['ScheduledValuesHook']
    for module in model.modules():
        stated += getattr(module, 'required_hooks', ())
    configs = [dict(type=each) if isinstance(each, str) else dict(each) for each in stated]
    return {type_name(cfg['type']): cfg for cfg in configs}


def register_required_hooks(runner: Runner) -> list[Hook]:
    """Register the hooks that the model's components need and the config does not list; return them."""
    listed = {base.__name__ for hook in runner.hooks for base in type(hook).__mro__}
    runner._hooks = [*runner.hooks]  # the Runner may be going through its list
    missing = {name: cfg for name, cfg in required_hooks(unwrap(runner.model)).items() if name not in listed}
    hooks = [HOOKS.build(cfg) for cfg in missing.values()]
    for name, hook in zip(missing, hooks, strict=True):
        runner.register_hook(hook)
        runner.logger.info(f'{name} was added, which the model needs')
    return hooks


def start_required_hooks(runner: Runner) -> None:
    """Register the hooks that are missing when the run has begun, and call their ``before_run``."""
    for hook in register_required_hooks(runner):
        hook.before_run(runner)


@HOOKS.register_module()
class ParamSchedulerHook(MMEngineParamSchedulerHook):
    """MMEngine's hook, which every Runner has, and which also registers the hooks that the components need.

    So a config's own ``custom_hooks`` or ``default_hooks`` lose neither the teacher's movement nor the schedules.
    """

    def before_run(self, runner: Runner) -> None:
        """Register what is missing."""
        start_required_hooks(runner)
