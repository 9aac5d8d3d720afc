from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed

from sslreg.datasets import set_view_key
from sslreg.registry import HOOKS
from sslreg.utils.seeds import derived_seed


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every random generator from (seed, epoch, rank) at the start of an epoch.

    So an epoch draws the same numbers whether the run was resumed before it or not (MMEngine saves no generator's
    state), ranks draw different ones, and data workers, whose seeds torch draws from this process, start every epoch
    anew: use it with ``worker_init_fn=dict(type=worker_init_fn)`` of sslreg.datasets. Views (``MultiCrop``,
    ``BatchedViews``) are drawn from (seed, epoch, index of the image): workers and ranks make no difference to them.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Refuse, or in an iteration-based loop warn of, what this cannot make repeatable.

        Raises:
            ValueError: ``persistent_workers`` keep random states that no checkpoint holds.
        """
        if runner.train_dataloader.persistent_workers:
            raise ValueError(
                'train_dataloader.persistent_workers=True keeps the random states of workers, which no '
                'checkpoint holds, so a resumed run would differ: set it to False'
            )
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            runner.logger.warning(
                'EpochSeedHook seeds at epochs, of which an iteration-based run has one: a resumed run '
                'repeats the random numbers of the start'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        if isinstance(runner.train_loop, EpochBasedTrainLoop):  # else workers have been there from the start
            set_view_key(runner.train_dataloader.dataset, (runner.seed, runner.epoch))
        set_random_seed(derived_seed(runner.seed, runner.epoch * 10_007 + get_rank()) % 2**32)
