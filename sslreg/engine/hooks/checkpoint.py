"""Checkpoints of plain types."""

from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from sslreg.engine import finite
from sslreg.engine.checkpoint_folder import check_unit, point_to, save_whole, use_newest
from sslreg.engine.circumstances import is_by_epoch
from sslreg.engine.resumable import EXEMPT
from sslreg.engine.sharded import gather_tensors, insert_tensors
from sslreg.evaluation.metric import Metric
from sslreg.models.checkpoint_weights import fitted, weights_of
from sslreg.models.checkpoints import check_fits, memories, sharded_parts
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

GREATER = ('knn', 'linear', 'logistic', 'uAP', 'P@', 'J&F', 'recall')
MAX_HISTORY = 10_000  # values kept of a logged scalar: appending to MMEngine's buffers copies all of them


@HOOKS.register_module()
class PlainCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook with files of plain types and tensors, written whole or not at all.

    MMEngine 0.10 stores ``HistoryBuffer`` and numpy objects, which ``torch.load`` rejects since torch 2.6
    (``weights_only=True``), so that resuming, ``load_from`` and downstream ``init_cfg`` all fail. The files of this
    hook load everywhere without an environment variable. Sharded memories and models are gathered before saving.

    A file gets its name when it is on the disk, and the oldest ones are removed after that. A state with numbers that
    are not finite is not saved: training stops. A resumed run starts from the newest whole, finite file of its work
    dir, and a loaded file must fit the model.
    """

    gathered: dict[str, dict[Any, Any]] = {}  # gathered tensors of sharded parts while a checkpoint is saved
    exempt: tuple[str, ...] = ()  # tensors that are not finite from the start, such as a mask
    # Words in the names of metrics of which more, or less, is better; a metric of a benchmark says it itself.
    _default_greater_keys = [*CheckpointHook._default_greater_keys, *GREATER]
    _default_less_keys = [*CheckpointHook._default_less_keys, 'decay']

    def before_run(self, runner: Runner) -> None:
        """Find the checkpoint to resume from, and let the runner save whole files.

        A resumed run with a sharded memory loads the checkpoint, with the whole memory, on the CPU.
        """
        use_newest(runner, self)
        if not isinstance(runner.save_checkpoint, partial):
            runner.save_checkpoint = partial(save_whole, runner.save_checkpoint)
        if any(memory.sharded for memory in memories(runner.model).values()):
            runner.resume = partial(runner.resume, map_location='cpu')

    def before_train(self, runner: Runner) -> None:
        """Find the folder of the checkpoints.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: Checkpoints are asked for by epoch in a run without epochs, or within an epoch. MMEngine's epoch
                loop cannot resume from the latter: it would start the epoch again and go on counting.
        """
        check_unit(is_by_epoch(runner), self.by_epoch, self.interval)
        super().before_train(runner)
        self._stay_in_folder()
        self.exempt = tuple(finite.infinite_buffers(unwrap(runner.model)))
        if runner.param_schedulers is None:  # otherwise MMEngine would warn at every checkpoint
            self.save_param_scheduler: bool = False

    def before_train_epoch(self, runner: Runner) -> None:
        """Limit the history of logged scalars."""
        for buffer in runner.message_hub.log_scalars.values():
            buffer.max_length = MAX_HISTORY

    def _stay_in_folder(self) -> None:
        """Look for the best checkpoints in this run's folder, as the run may be a copy of another."""
        for key, path in self._best.items():
            if path is not None:
                self._best = self._best | {key: self.file_backend.join_path(self.out_dir, Path(path).name)}

    @property
    def _best(self) -> dict[str, Any]:
        """Paths of the best checkpoints, or None, by their metrics."""
        if self.save_best is None:
            return {}
        if len(self.key_indicators) == 1:
            return {self.key_indicators[0]: vars(self)['best_ckpt_path']}
        return {key: vars(self)['best_ckpt_path_dict'].get(key) for key in self.key_indicators}

    @_best.setter
    def _best(self, paths: dict[str, Any]) -> None:
        if len(paths) == 1:
            self.best_ckpt_path: Any = next(iter(paths.values()))
        elif paths:
            self.best_ckpt_path_dict: Any = paths

    def _init_rule(self, rules: list[str | None], key_indicators: list[str]) -> None:
        """Find out for each metric of ``save_best`` whether more or less of it is better.

        Raises:
            ValueError: The name of a metric does not tell.
        """
        rules = rules * len(key_indicators) if len(rules) == 1 else rules
        known = [rule or _rule_of(key) for rule, key in zip(rules, key_indicators, strict=False)]
        try:
            super()._init_rule(known, key_indicators)
        except ValueError as error:
            raise ValueError(
                f"save_best={key_indicators}: the names do not tell whether more or less is better: add rule='greater' "
                "or rule='less'"
            ) from error

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        self._refuse_not_finite(runner)
        outdated = self._note_kept(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt: Any = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        self.gathered = _gather_state(runner)  # collective; the rest is done by rank 0
        options = dict(save_optimizer=self.save_optimizer, save_param_scheduler=self.save_param_scheduler)
        options |= dict(meta=meta, by_epoch=self.by_epoch, backend_args=self.backend_args)
        runner.save_checkpoint(self.out_dir, name, self.file_client_args, **options, **self.args)
        self.gathered = {}
        if is_main_process():
            point_to(self.last_ckpt, runner.work_dir)
            for each in outdated:
                self._remove(self.filename_tmpl.format(each))

    def _note_kept(self, runner: Runner, step: int) -> list[int]:
        """Note that a checkpoint is kept, and return the steps of those to remove when it has been written."""
        noted: Any = vars(self).get('keep_ckpt_ids', ())
        if self.max_keep_ckpts < 1 or (noted and noted[-1] == step):
            return []
        kept = [*(each for each in noted if each != step), step]
        self.keep_ckpt_ids: Any = deque(kept[-self.max_keep_ckpts :], self.max_keep_ckpts)
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        return kept[: -self.max_keep_ckpts]

    def _remove(self, name: str) -> None:
        path = self.file_backend.join_path(self.out_dir, name)
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)

    def _refuse_not_finite(self, runner: Runner) -> None:
        """Raise FloatingPointError on all ranks if the state of any of them is not finite. Collective."""
        broken = [each for each in finite.not_finite(finite.state_tensors(runner)) if each not in self.exempt]
        if finite.sum_over_ranks(len(broken)):
            others = f' and {len(broken) - 1} other tensors' if len(broken) > 1 else ''
            where = f'{broken[0]}{others}' if broken else 'a tensor of another rank'
            raise FloatingPointError(
                f'NaN or infinite numbers in {where} at step {runner.iter + 1}, so no checkpoint is written and the '
                'earlier ones are kept: go on from the last of them by --resume, with a lower learning rate or in more '
                'precision (bfloat16 or float32 for float16)'
            )

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        if not self.save_best:
            return
        if absent := [name for name in self.key_indicators if name not in (*metrics, 'auto')]:
            raise KeyError(f'CheckpointHook: save_best={absent} must be among the metrics, {", ".join(metrics)}')
        self._refuse_not_finite(runner)
        before = self._best
        self._best = dict.fromkeys(before)  # so that the earlier ones are not removed before the new ones are written
        self.gathered = _gather_state(runner)
        super()._save_best_checkpoint(runner, metrics)
        self.gathered = {}
        after = [*self._best.values()]
        for old, new in zip(before.values(), after, strict=True):
            if is_main_process() and old is not None and new not in (None, old):
                self._remove(Path(old).name)
        self._best = {
            key: new or old for key, old, new in zip(self.key_indicators, before.values(), after, strict=True)
        }

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Insert the gathered tensors, and replace MMEngine's and numpy's objects by plain ones."""
        insert_tensors(checkpoint, {name: state for name, state in self.gathered.items() if name in checkpoint})
        scalars = checkpoint['message_hub']['log_scalars']
        for name, buffer in scalars.items():
            values, counts = buffer.data
            scalars[name] = dict(values=torch.tensor(values[-MAX_HISTORY:]), counts=torch.tensor(counts[-MAX_HISTORY:]))
        if self.exempt:
            checkpoint['meta'][EXEMPT] = list(self.exempt)
        for part in ('meta', 'message_hub'):
            checkpoint[part] = _plain(checkpoint[part])

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Restore MMEngine's objects.

        Args:
            runner: The runner.
            checkpoint: Content of the file, changed in place.

        Raises:
            ValueError: The weights are of another model.
        """
        model = unwrap(runner.model)
        checkpoint['state_dict'] = fitted(model, weights_of(checkpoint))
        check_fits(model, checkpoint['state_dict'])
        scalars = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for name, history in scalars.items():
            if isinstance(history, dict):
                scalars[name] = HistoryBuffer(history['values'].tolist(), history['counts'].tolist())


def _rule_of(key: str) -> str | None:
    """Return the rule of a metric of a benchmark, None for another name."""
    return key.rule if isinstance(key, Metric) else None


def _gather_state(runner: Runner) -> dict[str, dict[Any, Any]]:
    """Gather the sharded tensors of a checkpoint on rank 0; all ranks must call it."""
    memories = sharded_parts(runner.model, lambda memory: memory.whole())
    parameters = gather_tensors(unwrap(runner.model).state_dict())
    return dict(state_dict=memories | parameters, optimizer=gather_tensors(runner.optim_wrapper.state_dict()))


def _plain(value: Any) -> Any:
    """Return the value without numpy scalars, arrays and subclasses of containers."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else list(map(_plain, value))
    return value
