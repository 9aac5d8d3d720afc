"""Checks of the memory and the loss."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset, default_collate
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from sslreg.datasets import count_images, image_numbers, sample_indices, through_wrappers
from sslreg.engine.batches import check_batches, check_single_image
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
            ValueError: The training set has no full batch, or the ranks have different batches; the memory does not fit
                it; or the memory identifies images by ``sample_idx`` and these are not 0..N-1.
        """
        model = unwrap(runner.model)
        loader = runner.train_dataloader
        batch_size = loader.batch_sampler.batch_size * get_world_size()
        check_batches(loader, isinstance(runner.train_loop, EpochBasedTrainLoop))
        if len(loader) == 0:
            raise ValueError(
                f'the training set of {len(loader.dataset)} images has no full batch of {batch_size}: '
                'lower train_dataloader.batch_size or set train_dataloader.drop_last=False'
            )
        check_single_image(model, loader)
        if hasattr(model, 'memory'):
            model.memory.check(batch_size=batch_size, num_images=count_images(loader.dataset))
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
    """Raise an error unless the ``sample_idx`` of a dataset's images are 0..N-1, one for each of the N images.

    Datasets number their own images, so the numbers of concatenated datasets collide, and those of a subset have gaps.
    An image that is repeated keeps its number. Datasets without ``get_data_info`` are asked for two images.

    Args:
        dataset: The training set.

    Raises:
        ValueError: A number is wrong; the message names the first such image.
    """
    images = image_numbers(dataset)
    places, first = np.unique(images, return_index=True)
    ids = through_wrappers(dataset, _sample_ids)
    index_of: dict[int, int] = {}  # of the image with a sample_idx
    for i in sorted(first.tolist()):
        index = int(ids[i])
        if index in index_of or not 0 <= index < len(places):
            problem = f'as that of image {index_of[index]}' if index in index_of else f'not within 0..{len(places) - 1}'
            raise ValueError(
                f'the memory identifies images by sample_idx, but in this {type(dataset).__name__} that of image {i} '
                f'is {index}, {problem}: wrappers count within each dataset, so give one dataset of all images, each '
                'once (for a part of them, set its indices=[...])'
            )
        index_of[index] = i


def _sample_ids(dataset: Any) -> np.ndarray:
    """Return the ``sample_idx`` of each image of a dataset without wrappers, ``[N]``."""
    if isinstance(dataset, BaseDataset) and type(dataset).get_data_info is BaseDataset.get_data_info:
        return np.arange(len(dataset))
    if hasattr(dataset, 'get_data_info'):
        return np.array([dataset.get_data_info(i)['sample_idx'] for i in range(len(dataset))])
    batch = default_collate([dataset[0], dataset[len(dataset) - 1]])
    start, last = sample_indices(batch['data_samples']).tolist()
    return np.linspace(start, last, len(dataset)).astype(int)
