"""A toy run with its observer."""

from mmengine.runner import Runner

from sslreg.reports.training import ObserverHook
from sslreg.reports.training.run import Run
from tests import toy


def observed(folder, cfg=None) -> Run:
    """Train the toy and look at it as the report does."""
    observer = ObserverHook()
    runner = Runner.from_cfg(cfg or toy.config(folder))
    runner.register_hook(observer)
    runner.train()
    return Run(runner, observer, folder)
