"""Seeds of the random generators by epoch."""

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed

from sslreg.datasets import count_repeats, set_view_key
from sslreg.registry import HOOKS
from sslreg.utils.seeds import derived_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed of every random generator by (seed, epoch, rank) at the start of an epoch.

    An epoch then draws the same numbers whether or not the run was resumed before it (MMEngine saves no generator
    state), and ranks draw different numbers. Data workers get their seeds from this process: use it with
    ``worker_init_fn=dict(type=worker_init_fn)`` of sslreg.datasets. Views (``MultiCrop``, ``BatchedViews``) depend on
    (seed, epoch, index of the image, how often it has come in the epoch) only, not on workers and ranks.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Raise an error or warn if the run would not be repeatable.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: ``persistent_workers`` keep random states that no checkpoint holds.
        """
        if runner.train_dataloader.persistent_workers:
            raise ValueError(
                'train_dataloader.persistent_workers=True keeps the random states of workers, which no '
                'checkpoint holds, so a resumed run would differ: set it to False'
            )
        if isinstance(runner.train_loop, EpochBasedTrainLoop):
            count_repeats(runner.train_dataloader)
        else:
            runner.logger.warning(
                'EpochSeedHook seeds once per epoch, and an iteration-based run has only one: a resumed run '
                'repeats the random numbers of the start'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the seeds and the key of the views."""
        if isinstance(runner.train_loop, EpochBasedTrainLoop):  # iteration-based loops have started their workers
            set_view_key(runner.train_dataloader.dataset, (runner.seed, runner.epoch))
        set_random_seed(derived_seed(runner.seed, runner.epoch * 10_007 + get_rank()) % 2**32)
