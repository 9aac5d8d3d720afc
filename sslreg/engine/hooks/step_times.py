"""Times of the parts of a training step."""

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

from sslreg.arguments import Fraction, PositiveInt, checked
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

Mark = Any  # a point in time: seconds of the CPU's clock, or an event in a CUDA stream


@HOOKS.register_module()
class StepTimesHook(Hook):
    """Log of the time of each part of a training step, every ``interval`` steps.

    It logs shares of a step in per cent: ``share_data`` (waiting for the loader), ``share_to_device``,
    ``share_forward`` (all networks), ``share_loss`` (the head and its passes over the memory), ``share_memory`` (recall
    and update), ``share_backward`` and ``share_optimizer``; also ``images_per_s`` of all ranks and ``peak_gb``, the
    peak memory of this device (of this process if there is no GPU). It warns if the loader is too slow.

    On a GPU the parts are timed by events in its stream, so the CPU waits for the GPU only once every ``interval``
    steps.

    Args:
        interval: Number of steps between two logs.
        starving: Share of a step, from 0 to 1, spent on waiting for data, above which the hook warns.
    """

    priority = 'NORMAL'  # after IterTimerHook, the first of this priority, and before LoggerHook

    @checked
    def __init__(self, interval: PositiveInt = 50, starving: Fraction = 0.3) -> None:
        self.interval = interval
        self.starving = starving
        self.spans: dict[str, list[tuple[Mark, Mark]]] = defaultdict(list)

    def before_train(self, runner: Runner) -> None:
        """Look up the methods to time."""
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
        self.last_iter = runner.iter

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Start timing the parts; only during a step, so that a copy of the model is not timed."""
        for part in self.parts:
            self._time(*part)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stop timing, and log every ``interval`` steps."""
        for owner, method, _ in self.parts:
            delattr(owner, method)
        if not self.every_n_train_iters(runner, self.interval):
            return
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        steps = runner.iter + 1 - self.last_iter
        self.last_iter = runner.iter + 1
        total = _logged(runner, 'time', steps)
        shares = self._shares(_logged(runner, 'data_time', steps), total)
        images = steps * runner.train_dataloader.batch_sampler.batch_size * get_world_size()
        figures = {f'share_{name}': 100 * share for name, share in shares.items()}
        for name, value in (figures | dict(images_per_s=images / total, peak_gb=_peak_gb())).items():
            for _ in range(steps):  # one value per step like all other scalars: logs average over steps
                runner.message_hub.update_scalar(f'train/{name}', value)
        if shares['data'] > self.starving:
            runner.logger.warning(advice(shares['data'], runner.train_dataloader.num_workers))

    def _shares(self, waiting: float, total: float) -> dict[str, float]:
        """Return the share of each part, from its calls since the last log and the seconds of waiting for data."""
        seconds = {name: sum(_elapsed(*span) for span in spans) for name, spans in self.spans.items()}
        self.spans.clear()
        forward = seconds.pop('model', 0.0) - seconds.get('loss', 0.0) - seconds.get('memory', 0.0)
        parts = seconds | dict(data=waiting, forward=forward)
        order = ('data', 'to_device', 'forward', 'loss', 'memory', 'backward', 'optimizer')
        return {name: parts.get(name, 0.0) / total for name in order}

    def _time(self, owner: Any, method: str, name: str) -> None:
        """Wrap a method of an object so that each call is timed under ``name``."""
        call: Callable[..., Any] = getattr(owner, method)

        @wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = self.mark()
            result = call(*args, **kwargs)
            self.spans[name].append((start, self.mark()))
            return result

        setattr(owner, method, timed)


def advice(share: float, num_workers: int) -> str:
    """Return a remedy for slow loading.

    Args:
        share: Share of the step that waits for data, from 0 to 1.
        num_workers: Data-loading workers per process.
    """
    return (
        f'{100 * share:.0f} % of the step waits for data: raise train_dataloader.num_workers (now {num_workers}) '
        'or use device augmentation (MultiCrop) or packed images: docs/data.md'
    )


def _logged(runner: Runner, name: str, steps: int) -> float:
    """Return the sum of IterTimerHook's values of the latest steps, in seconds, without evaluations."""
    values = runner.message_hub.get_scalar(f'train/{name}').data[0]
    return float(sum(values[-steps:]))


def _event() -> Mark:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _elapsed(start: Mark, end: Mark) -> float:
    """Return the seconds between two marks."""
    return float(end - start) if isinstance(start, float) else float(start.elapsed_time(end)) / 1e3


def _peak_gb() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # kB on Linux
