"""The circumstances of a run that another number of processes, batch or data change when it is resumed."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner

from sslreg.utils.config_files import config_without_imports

INFO = 'circumstances'  # name in the message hub, and so in checkpoints


@dataclass(frozen=True)
class Circumstances:
    """Sizes that decide how many iterations an epoch and a run have.

    Attributes:
        processes: Number of processes; 0 if unknown, as in checkpoints of earlier versions.
        batch_size: Images of a process in an iteration.
        accumulation: Iterations for a step of the optimizer.
        images: Images in the training set; 0 if unknown.
        epoch_steps: Iterations in an epoch; 0 if the training set has no length.
        num_steps: Iterations of the whole run.
        first_steps: Iterations, as the run counted them when it began, for an iteration now; schedules count their
            lengths in steps (``'500it'``) in these.
        first_accumulation: Accumulation when the run began.
    """

    processes: int
    batch_size: int
    accumulation: int
    images: int
    epoch_steps: int
    num_steps: int
    first_steps: float = 1.0
    first_accumulation: int = 1

    @classmethod
    def now(cls, runner: Runner) -> 'Circumstances':
        """Return the circumstances of a runner whose training loop is built."""
        loader = runner.train_dataloader
        accumulation = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        batch_size = getattr(loader.batch_sampler, 'batch_size', None) or loader.batch_size or 0
        images, epoch_steps = _length(loader.dataset), _length(loader)
        sizes = (get_world_size(), batch_size, accumulation, images, epoch_steps, runner.max_iters)
        return cls(*sizes, first_accumulation=accumulation)

    @classmethod
    def saved(cls, checkpoint: dict[str, Any]) -> 'Circumstances | None':
        """Return the circumstances of the run that wrote a checkpoint; None if they cannot be known."""
        found = checkpoint['message_hub']['runtime_info'].get(INFO)
        return cls(**found) if found else _of_earlier_version(checkpoint['meta'])

    def continued(self, then: 'Circumstances', by_epoch: bool) -> 'Circumstances':
        """Return these circumstances of a run that began in other ones."""
        share = then.epoch_steps / self.epoch_steps if by_epoch else then.num_steps / self.num_steps
        if not by_epoch and self.same_batch(then):
            share = 1.0
        return replace(self, first_steps=then.first_steps * share, first_accumulation=then.first_accumulation)

    def same_batch(self, then: 'Circumstances') -> bool:
        """Return whether an iteration has as many images as it had, as far as is known."""
        processes = then.processes or self.processes
        return self.batch_size * self.processes == then.batch_size * processes

    def position(self, epoch: int, iteration: int, then: 'Circumstances', by_epoch: bool) -> int:
        """Return the iteration at which the run goes on, so that the share of training that is done stays.

        Args:
            epoch: Epochs that are done.
            iteration: Iterations that are done, as they were counted.
            then: The circumstances in which they were.
            by_epoch: Whether the run has epochs. Without them, another batch keeps the share of ``max_iters``.
        """
        if by_epoch:
            return iteration if self.epoch_steps == then.epoch_steps else epoch * self.epoch_steps
        if self.same_batch(then) or not then.num_steps:
            return iteration
        return round(iteration / then.num_steps * self.num_steps)

    def rows(self) -> dict[str, Any]:
        """Return the numbers for a table, by words."""
        return {
            'processes': self.processes or 'unknown',
            'images per step': self.batch_size * self.processes * self.accumulation or 'unknown',
            'training images': self.images or 'unknown',
            'iterations in an epoch': self.epoch_steps,
            'iterations of the run': self.num_steps,
        }

    def info(self) -> dict[str, Any]:
        """Return plain numbers, for a checkpoint."""
        return asdict(self)


def is_by_epoch(runner: Runner) -> bool:
    """Return whether a runner's training has epochs."""
    return isinstance(runner.train_loop, EpochBasedTrainLoop)


def _length(sized: Any) -> int:
    try:
        return len(sized)
    except TypeError:  # an IterableDataset has no length
        return 0


def _of_earlier_version(meta: dict[str, Any]) -> Circumstances | None:
    """Return what the config and the counts of a checkpoint tell."""
    cfg = config_without_imports(meta['cfg'])
    try:
        batch_size = cfg.train_dataloader.batch_size
    except AttributeError:
        return None
    accumulation = cfg.optim_wrapper.get('accumulative_counts', 1)
    epochs, epoch_steps = _epochs(cfg), meta['iter'] // meta['epoch'] if meta['epoch'] else 0
    num_steps = epochs * epoch_steps if epochs else cfg.train_cfg.get('max_iters', 0)
    return Circumstances(0, batch_size, accumulation, 0, epoch_steps, num_steps, first_accumulation=accumulation)


def _epochs(cfg: Config) -> int:
    return int(cfg.train_cfg.get('max_epochs') or 0)
