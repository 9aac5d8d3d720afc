"""Registration of the hooks that a model's components need."""

from typing import Any

from mmengine.hooks import Hook, LoggerHook
from mmengine.hooks import ParamSchedulerHook as MMEngineParamSchedulerHook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.base_loop import BaseLoop

from sslreg.models.pretrained_loading import load_pretrained_last
from sslreg.registry import HOOKS, type_name
from sslreg.utils.dist import unwrap

OF_EVERY_RUN = ('ScheduledValuesHook', 'ResumeHook')


def required_hooks(model: Any) -> dict[str, dict[str, Any]]:
    """Return the configs of the hooks that a model's components need, by name.

    A component states them as ``required_hooks``: names, or configs such as ``dict(type='my_module.MyHook')``.
    Schedules may stand anywhere, and every run may be resumed, so the hooks for these are always among them.
    """
    stated = [*OF_EVERY_RUN]
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
        if name != 'ResumeHook':
            runner.logger.info(f'{name} was added because the model needs it')
    return hooks


def start_required_hooks(runner: Runner) -> None:
    """Register the hooks that are missing when the run has begun, and call their ``before_run``.

    The run initialises the model next, which then loads pre-trained weights last.
    """
    load_pretrained_last(unwrap(runner.model))
    for hook in register_required_hooks(runner):
        hook.before_run(runner)


@HOOKS.register_module()
class ParamSchedulerHook(MMEngineParamSchedulerHook):
    """MMEngine's hook of this name that also registers the hooks that the components need.

    Every Runner has this hook, so the teacher and the schedules move whatever ``custom_hooks`` and ``default_hooks`` of
    a config are.
    """

    def before_run(self, runner: Runner) -> None:
        """Register the missing hooks, and count in iterations what counts in epochs where there are none."""
        start_required_hooks(runner)
        if isinstance(runner._train_loop, BaseLoop) and not isinstance(runner._train_loop, EpochBasedTrainLoop):
            _count_iterations(runner)


def param_schedulers(runner: Runner) -> list[Any]:
    """Return MMEngine's schedulers of a run, of all its optimizers."""
    schedulers = runner.param_schedulers or []
    lists = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
    return [each for group in lists for each in group]


def _count_iterations(runner: Runner) -> None:
    """Let an iteration-based run log by iteration.

    Raises:
        ValueError: A scheduler of MMEngine's counts epochs, of which there are none, so it would never move.
    """
    runner.log_processor.by_epoch = False
    for hook in runner.hooks:
        if isinstance(hook, LoggerHook):
            hook.log_metric_by_epoch = False
    for each in param_schedulers(runner):
        if getattr(each, 'by_epoch', False):
            raise ValueError(
                f'param_scheduler: {type(each).__name__} counts epochs (by_epoch=True), of which this train_cfg has '
                'none, so that it never moves: set by_epoch=False, with lengths in iterations'
            )
