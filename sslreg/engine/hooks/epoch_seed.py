from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner, set_random_seed

from sslreg.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every random generator from (seed, epoch, rank) at the start of an epoch.

    So an epoch draws the same numbers whether the run was resumed before it or not (MMEngine saves no generator's
    state), ranks draw different ones, and data workers, whose seeds torch draws from this process, start every epoch
    anew: use it with ``worker_init_fn=dict(type=worker_init_fn)`` of sslreg.datasets.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Runner) -> None:
        set_random_seed((runner.seed * 1_000_003 + runner.epoch * 10_007 + get_rank()) % 2**32)
