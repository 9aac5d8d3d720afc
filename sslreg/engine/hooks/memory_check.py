"""Checks of the memory and the loss."""

from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class MemoryCheckHook(Hook):
    """Checks of the memory before training (``BaseMemory.check``), and of finite numbers during training.

    Training stops if the loss (checked every 50 steps) or the memory (before an epoch's checkpoint) is not finite. A
    loss scaler keeps such values away from the weights, but not from a memory.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the memory against the training set.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: The training set has no full batch; the memory does not fit it; or the memory identifies images
                by ``sample_idx`` and these are not 0..N-1, each once.
        """
        model = unwrap(runner.model)
        loader = runner.train_dataloader
        batch_size = loader.batch_sampler.batch_size * get_world_size()
        if len(loader) == 0:
            raise ValueError(
                f'the training set of {len(loader.dataset)} images has no full batch of {batch_size}: '
                'lower train_dataloader.batch_size or set train_dataloader.drop_last=False'
            )
        if hasattr(model, 'memory'):
            model.memory.check(batch_size=batch_size, num_images=len(loader.dataset))
            if model.memory.by_image:
                check_ids(loader.dataset)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Raise FloatingPointError every 50 steps if the loss is not finite."""
        if self.every_n_train_iters(runner, 50) and not outputs['loss'].isfinite():
            raise FloatingPointError(_BROKEN.format(what=f'the loss is {outputs["loss"].item()}', step=runner.iter + 1))

    def after_train_epoch(self, runner: Runner) -> None:
        """Raise FloatingPointError if the memory is not finite."""
        model = unwrap(runner.model)
        if hasattr(model, 'memory') and not model.memory.feats.isfinite().all():
            raise FloatingPointError(
                _BROKEN.format(what='the memory holds numbers that are not finite', step=runner.iter)
            )


_BROKEN = (
    '{what} at step {step}: resume from the last checkpoint, with a lower learning rate or in more precision (bfloat16 '
    'or float32 for float16)'
)


def check_ids(dataset: Any) -> None:
    """Raise an error unless the ``sample_idx`` of a dataset's images are 0..N-1, each once.

    MMEngine numbers images within the innermost dataset, so the numbers of wrappers (concatenation, repetition, class
    balance) collide. Plain datasets are not checked, as they always number correctly.

    Args:
        dataset: The training set.

    Raises:
        ValueError: A number is wrong; the message names the first such image.
    """
    counts = isinstance(dataset, BaseDataset) and type(dataset).get_data_info is BaseDataset.get_data_info
    if counts or not hasattr(dataset, 'get_data_info'):
        return
    first: dict[int, int] = {}  # image by its sample_idx
    for i in range(len(dataset)):
        index = dataset.get_data_info(i)['sample_idx']
        if index in first or not 0 <= index < len(dataset):
            problem = f'as that of image {first[index]}' if index in first else f'not within 0..{len(dataset) - 1}'
            raise ValueError(
                f'the memory identifies images by sample_idx, but in this {type(dataset).__name__} that of image {i} '
                f'is {index}, {problem}: wrappers count within each dataset, so give one dataset of all images, each '
                'once'
            )
        first[index] = i
