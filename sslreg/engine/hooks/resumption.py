"""Continuation of a run, with the same settings or with others."""

import json
import time
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from rich.table import Table

from sslreg.engine.changed_settings import changed_settings
from sslreg.engine.checkpoint_folder import use_newest
from sslreg.engine.circumstances import INFO, Circumstances, is_by_epoch
from sslreg.engine.resumable import SAVED_AT
from sslreg.models.checkpoints import memories
from sslreg.registry import HOOKS
from sslreg.utils.console import to_text
from sslreg.utils.files import write_json

from .required_hooks import param_schedulers

VALIDATED = 'last_validation.json'  # in the work dir: the state of the run that was evaluated last


@HOOKS.register_module()
class ResumeHook(Hook):
    """Adaptation of a resumed run to its circumstances; every run has this hook.

    With another batch, number of processes or size of the data the run keeps the share of training that is done: after
    3 of 10 epochs it is at the iteration after 3 epochs as they are now, so that every schedule goes on where it was.
    All settings that differ from those in the checkpoint are logged as a table. An evaluation that the run was killed
    in, or before, is made up for.
    """

    priority = 'LOWEST'  # after the check that the checkpoint fits the model

    def __init__(self) -> None:
        self.missed_validation = False

    def before_run(self, runner: Runner) -> None:
        """Find the checkpoint to resume from, and note the circumstances of a new run."""
        use_newest(runner)
        if isinstance(runner._train_loop, BaseLoop):
            runner.message_hub.update_info(INFO, Circumstances.now(runner).info())

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Note the time."""
        checkpoint['meta'][SAVED_AT] = time.time()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Set the iteration at which a resumed run goes on with the present batch, processes and data.

        Args:
            runner: The runner.
            checkpoint: Content of the file; the iteration is changed in place.

        Raises:
            ValueError: The state cannot be used in the present circumstances.
        """
        if not runner._resume or not isinstance(runner._train_loop, BaseLoop):
            return
        meta, now, by_epoch = checkpoint['meta'], Circumstances.now(runner), is_by_epoch(runner)
        then = Circumstances.saved(checkpoint)
        self.missed_validation = _is_missed(runner, meta) and INFO in checkpoint['message_hub']['runtime_info']
        if then is None:
            runner.logger.warning('the checkpoint does not tell the batch of its run, which must be as it is now')
            return
        _check_images(runner, then, now)
        before, now = meta['iter'], now.continued(then, by_epoch)
        meta['iter'] = now.position(meta['epoch'], before, then, by_epoch)
        if meta['iter'] != before:
            _check_schedulers(runner)
        checkpoint['message_hub']['runtime_info'][INFO] = now.info()
        _log_changes(runner, meta, then, now, before)

    def before_train(self, runner: Runner) -> None:
        """Say if there is nothing to train; evaluate if the run was killed before it had."""
        if runner._resume and is_finished(runner):
            setting = 'max_epochs' if is_by_epoch(runner) else 'max_iters'
            runner.logger.info(f'the run is finished already; to train on, raise train_cfg.{setting}')
        if self.missed_validation and is_validation_due(runner):
            runner.logger.info('the run was ended before or during this evaluation, so it comes now')
            runner.val_loop.run()
        self.missed_validation = False

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Note which state of the run has been evaluated."""
        if isinstance(runner._train_loop, BaseLoop) and is_main_process():
            write_json(dict(epoch=runner.epoch, iter=runner.iter), Path(runner.work_dir, VALIDATED))


def is_finished(runner: Runner) -> bool:
    """Return whether a run has done all its epochs or iterations."""
    return runner.epoch >= runner.max_epochs if is_by_epoch(runner) else runner.iter >= runner.max_iters


def is_validation_due(runner: Runner) -> bool:
    """Return whether MMEngine's loop evaluates at this epoch or iteration."""
    loop: Any = runner.train_loop
    done = runner.epoch if is_by_epoch(runner) else runner.iter
    if runner.val_loop is None or not done or done < loop.val_begin:
        return False
    return done % loop.val_interval == 0 or is_finished(runner)


def _is_missed(runner: Runner, meta: dict[str, Any]) -> bool:
    """Return whether the state of a checkpoint is not the one that was evaluated last."""
    file = Path(runner.work_dir, VALIDATED)
    validated = json.loads(file.read_text()) if file.is_file() else {}
    return validated != dict(epoch=meta['epoch'], iter=meta['iter'])


def _check_images(runner: Runner, then: Circumstances, now: Circumstances) -> None:
    by_image = any(memory.by_image for memory in memories(runner.model).values())
    if by_image and then.images and then.images != now.images:
        raise ValueError(
            f'the checkpoint has a memory with an entry for each of {then.images} training images, and there are '
            f'{now.images} now: resume with the same images, or start a new run in another --work-dir'
        )


def _check_schedulers(runner: Runner) -> None:
    """Refuse MMEngine's schedulers that count iterations, as their state is in iterations of the old length."""
    names = [type(each).__name__ for each in param_schedulers(runner) if not getattr(each, 'by_epoch', True)]
    if names:
        raise ValueError(
            f'param_scheduler: {names[0]} counts iterations (by_epoch=False), which are others with this batch: resume '
            'with the batch of the run, or give the learning rate a schedule that follows (docs/schedules.md)'
        )


def _log_changes(runner: Runner, meta: dict[str, Any], then: Circumstances, now: Circumstances, before: int) -> None:
    rows = {name: (value, now.rows()[name]) for name, value in then.rows().items() if value != now.rows()[name]}
    rows |= changed_settings(meta['cfg'], runner.cfg)
    if meta['iter'] != before:
        rows['iterations done'] = (before, meta['iter'])
    rows = {name: pair for name, pair in rows.items() if 'unknown' not in pair}
    if not rows:
        runner.logger.info('all settings are those of the run that is resumed')
        return
    table = Table('setting', 'then', 'now')
    for name, pair in rows.items():
        table.add_row(name, *map(str, pair))
    runner.logger.warning('settings that differ from the run that is resumed:\n' + to_text(table))
