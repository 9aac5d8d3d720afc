from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import EpochBasedTrainLoop, Runner

from sslreg.engine.sharded import put_together, replace
from sslreg.models.checkpoints import check_fits, memories, sharded_parts
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

MAX_HISTORY = 10_000  # values of a logged scalar that are kept; appending to MMEngine's buffers copies them whole


@HOOKS.register_module()
class PlainCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook whose files hold plain types and tensors only, and that refuses what does not fit.

    MMEngine 0.10 stores ``HistoryBuffer`` and numpy objects, which ``torch.load`` rejects since torch 2.6
    (``weights_only=True``), so that resuming, ``load_from`` and downstream ``init_cfg`` all fail. These files load
    everywhere, with no environment variable. What ranks hold parts of (a sharded memory or model) is saved whole.
    """

    whole: dict[str, dict[Any, Any]] = {}  # what the ranks hold parts of, while a checkpoint is saved

    def before_run(self, runner: Runner) -> None:
        """Let a resumed run with a sharded memory read the checkpoint, which holds it whole, to the host."""
        if any(memory.sharded for memory in memories(runner.model).values()):
            runner.resume = partial(runner.resume, map_location='cpu')

    def before_train(self, runner: Runner) -> None:
        """Find the folder.

        Raises:
            ValueError: Checkpoints within an epoch, which MMEngine's epoch loop cannot resume from: it would start the
                epoch again and count on.
        """
        if not self.by_epoch and isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(
                'PlainCheckpointHook(by_epoch=False): an epoch-based run cannot resume within an epoch; use '
                'by_epoch=True, or an iteration-based train_cfg'
            )
        super().before_train(runner)
        if runner.param_schedulers is None:  # schedules are hooks here; MMEngine would warn at every checkpoint
            self.save_param_scheduler: bool = False

    def before_train_epoch(self, runner: Runner) -> None:
        for buffer in runner.message_hub.log_scalars.values():
            buffer.max_length = MAX_HISTORY

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        self.whole = _whole_state(runner)  # by all ranks; what follows is rank 0's
        super()._save_checkpoint_with_step(runner, step, meta)
        self.whole = {}

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, Any]) -> None:
        if not self.save_best:
            return
        self.whole = _whole_state(runner)
        super()._save_best_checkpoint(runner, metrics)
        self.whole = {}

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        replace(checkpoint, {name: state for name, state in self.whole.items() if name in checkpoint})
        scalars = checkpoint['message_hub']['log_scalars']
        for name, buffer in scalars.items():
            values, counts = buffer.data
            scalars[name] = dict(values=torch.tensor(values[-MAX_HISTORY:]), counts=torch.tensor(counts[-MAX_HISTORY:]))
        for part in ('meta', 'message_hub'):
            checkpoint[part] = _plain(checkpoint[part])

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Give MMEngine its objects back.

        Raises:
            ValueError: The weights are another model's.
        """
        model = unwrap(runner.model)
        check_fits(model, checkpoint.get('state_dict', checkpoint))
        scalars = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for name, history in scalars.items():
            if isinstance(history, dict):
                scalars[name] = HistoryBuffer(history['values'].tolist(), history['counts'].tolist())


def _whole_state(runner: Runner) -> dict[str, dict[Any, Any]]:
    """Of a checkpoint the tensors of which ranks hold parts, put together on rank 0."""
    memories = sharded_parts(runner.model, lambda memory: memory.whole())
    parameters = put_together(unwrap(runner.model).state_dict())
    return dict(state_dict=memories | parameters, optimizer=put_together(runner.optim_wrapper.state_dict()))


def _plain(value: Any) -> Any:
    """The same value without numpy scalars, arrays and container subclasses."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else list(map(_plain, value))
    return value
