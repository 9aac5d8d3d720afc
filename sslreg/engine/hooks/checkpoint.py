"""Checkpoints of plain types."""

from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import EpochBasedTrainLoop, Runner

from sslreg.engine.sharded import gather_tensors, insert_tensors
from sslreg.evaluation.metric import Metric
from sslreg.models.checkpoints import check_fits, memories, sharded_parts
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

GREATER = ('knn', 'linear', 'logistic', 'uAP', 'P@', 'J&F', 'recall')
MAX_HISTORY = 10_000  # values kept of a logged scalar: appending to MMEngine's buffers copies all of them


@HOOKS.register_module()
class PlainCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook with files of plain types and tensors, and a check that loaded weights fit.

    MMEngine 0.10 stores ``HistoryBuffer`` and numpy objects, which ``torch.load`` rejects since torch 2.6
    (``weights_only=True``), so that resuming, ``load_from`` and downstream ``init_cfg`` all fail. The files of this
    hook load everywhere without an environment variable. Sharded memories and models are gathered before saving.
    """

    gathered: dict[str, dict[Any, Any]] = {}  # gathered tensors of sharded parts while a checkpoint is saved
    # Words in the names of metrics of which more, or less, is better; a metric of a benchmark says it itself.
    _default_greater_keys = [*CheckpointHook._default_greater_keys, *GREATER]
    _default_less_keys = [*CheckpointHook._default_less_keys, 'decay']

    def before_run(self, runner: Runner) -> None:
        """Let a resumed run with a sharded memory load the checkpoint, with the whole memory, on the CPU."""
        if any(memory.sharded for memory in memories(runner.model).values()):
            runner.resume = partial(runner.resume, map_location='cpu')

    def before_train(self, runner: Runner) -> None:
        """Find the folder of the checkpoints.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: Checkpoints within an epoch are asked for. MMEngine's epoch loop cannot resume from them: it
                would start the epoch again and go on counting.
        """
        if not self.by_epoch and isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                'PlainCheckpointHook(by_epoch=False): an epoch-based run cannot resume within an epoch; use '
                'by_epoch=True, or an iteration-based train_cfg'
            )
        super().before_train(runner)
        if runner.param_schedulers is None:  # otherwise MMEngine would warn at every checkpoint
            self.save_param_scheduler: bool = False

    def before_train_epoch(self, runner: Runner) -> None:
        """Limit the history of logged scalars."""
        for buffer in runner.message_hub.log_scalars.values():
            buffer.max_length = MAX_HISTORY

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
        self.gathered = _gather_state(runner)  # collective; the rest is done by rank 0
        super()._save_checkpoint_with_step(runner, step, meta)
        self.gathered = {}

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        if not self.save_best:
            return
        if absent := [name for name in self.key_indicators if name not in (*metrics, 'auto')]:
            raise KeyError(f'CheckpointHook: save_best={absent} must be among the metrics, {", ".join(metrics)}')
        self.gathered = _gather_state(runner)
        super()._save_best_checkpoint(runner, metrics)
        self.gathered = {}

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Insert the gathered tensors, and replace MMEngine's and numpy's objects by plain ones."""
        insert_tensors(checkpoint, {name: state for name, state in self.gathered.items() if name in checkpoint})
        scalars = checkpoint['message_hub']['log_scalars']
        for name, buffer in scalars.items():
            values, counts = buffer.data
            scalars[name] = dict(values=torch.tensor(values[-MAX_HISTORY:]), counts=torch.tensor(counts[-MAX_HISTORY:]))
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
        check_fits(model, checkpoint.get('state_dict', checkpoint))
        scalars = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for name, history in scalars.items():
            if isinstance(history, dict):
                scalars[name] = HistoryBuffer(history['values'].tolist(), history['counts'].tolist())


def _rule_of(key: str) -> str | None:
    """Return the rule of a metric of a benchmark, None for another name."""
    if not isinstance(key, Metric):
        return None
    return 'greater' if key.higher_is_better else 'less'


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
