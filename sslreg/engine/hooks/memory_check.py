from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from sslreg.registry import HOOKS


@HOOKS.register_module()
class MemoryCheckHook(Hook):
    """Ask the memory before training whether it fits the batch and the dataset (``BaseMemory.check``)."""

    def before_train(self, runner: Runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        loader = runner.train_dataloader
        batch_size = loader.batch_sampler.batch_size * get_world_size()
        if len(loader) == 0:
            raise ValueError(
                f'the training set of {len(loader.dataset)} images has no full batch of {batch_size}: '
                'lower train_dataloader.batch_size or set train_dataloader.drop_last=False'
            )
        if hasattr(model, 'memory'):
            model.memory.check(batch_size=batch_size, num_images=len(loader.dataset))
