import resource
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

Mark = Any  # a moment: of the host's clock in seconds, or an event in a CUDA stream


@HOOKS.register_module()
class StepTimesHook(Hook):
    """Where the time of a training step goes, into the log and its curves every ``interval`` steps.

    Logged are the shares of a step in per cent, ``share_data`` (waiting for the loader), ``share_to_device``,
    ``share_forward`` (all networks), ``share_loss`` (the head and its passes over the memory), ``share_memory`` (recall
    and update), ``share_backward`` and ``share_optimizer``; ``images_per_s`` of all ranks; ``peak_gb`` of this device
    (of this process where there is no GPU). A line of the log says it in words where the loader is too slow.

    On a GPU the parts are timed by events in its stream, so nothing waits but for one wait every ``interval`` steps.

    Args:
        interval: In steps.
        starving: Share of a step, from 0 to 1, spent on waiting for data from which the log advises.
    """

    priority = 'NORMAL'  # after IterTimerHook, which comes first among equals, and before LoggerHook

    def __init__(self, interval: int = 50, starving: float = 0.3) -> None:
        if interval < 1:
            raise ValueError(f'interval={interval} must be at least 1')
        self.interval = interval
        self.starving = starving
        self.spans: dict[str, list[tuple[Mark, Mark]]] = defaultdict(list)

    def before_train(self, runner: Runner) -> None:
        model = unwrap(runner.model)
        self.parts: list[tuple[Any, str, str]] = [  # owner, method, part of the step
            (model.data_preprocessor, 'forward', 'to_device'),
            (model, 'loss', 'model'),
            (model.head, 'loss', 'loss'),
            (runner.optim_wrapper, 'backward', 'backward'),
            (runner.optim_wrapper, 'step', 'optimizer'),
        ]
        if hasattr(model, 'memory'):
            self.parts += [(model.memory, method, 'memory') for method in ('read', 'update')]
        self.mark = _event if torch.cuda.is_available() else time.perf_counter
        self.seen = runner.iter

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Have the parts note when they begin and end; during a step only, for a copy of the model must not."""
        for part in self.parts:
            self._time(*part)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        for owner, method, _ in self.parts:
            delattr(owner, method)
        if not self.every_n_train_iters(runner, self.interval):
            return
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        steps = runner.iter + 1 - self.seen
        self.seen = runner.iter + 1
        total = _logged(runner, 'time', steps)
        shares = self._shares(_logged(runner, 'data_time', steps), total)
        images = steps * runner.train_dataloader.batch_sampler.batch_size * get_world_size()
        figures = {f'share_{name}': 100 * share for name, share in shares.items()}
        for name, value in (figures | dict(images_per_s=images / total, peak_gb=_peak_gb())).items():
            for _ in range(steps):  # a value a step, as for all others: logs average over steps
                runner.message_hub.update_scalar(f'train/{name}', value)
        if shares['data'] > self.starving:
            runner.logger.warning(advice(shares['data'], runner.train_dataloader.num_workers))

    def _shares(self, waiting: float, total: float) -> dict[str, float]:
        """Of each part, from its calls since the last time and the seconds of waiting for data."""
        seconds = {name: sum(_elapsed(*span) for span in spans) for name, spans in self.spans.items()}
        self.spans.clear()
        forward = seconds.pop('model', 0.0) - seconds.get('loss', 0.0) - seconds.get('memory', 0.0)
        parts = seconds | dict(data=waiting, forward=forward)
        order = ('data', 'to_device', 'forward', 'loss', 'memory', 'backward', 'optimizer')
        return {name: parts.get(name, 0.0) / total for name in order}

    def _time(self, owner: Any, method: str, name: str) -> None:
        """Have a method of an object note each of its calls under ``name``."""
        call: Callable[..., Any] = getattr(owner, method)

        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = self.mark()
            result = call(*args, **kwargs)
            self.spans[name].append((start, self.mark()))
            return result

        setattr(owner, method, timed)


def advice(share: float, num_workers: int) -> str:
    """What to do when a share of the step is spent on waiting for data."""
    return (
        f'{100 * share:.0f} % of the step waits for data: raise train_dataloader.num_workers (now {num_workers}) '
        'or use device augmentation (MultiCrop) or packed images: docs/data.md'
    )


def _logged(runner: Runner, name: str, steps: int) -> float:
    """Sum over the latest steps of what IterTimerHook logs, in seconds; evaluations are not in it."""
    values = runner.message_hub.get_scalar(f'train/{name}').data[0]
    return float(sum(values[-steps:]))


def _event() -> Mark:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _elapsed(start: Mark, end: Mark) -> float:
    """Seconds."""
    return float(end - start) if isinstance(start, float) else float(start.elapsed_time(end)) / 1e3


def _peak_gb() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # kB on Linux
