"""Checks of the batches of a training loader, before training."""

from copy import deepcopy
from typing import Any

import torch
from mmengine.dataset import InfiniteSampler
from mmengine.dist import all_gather
from torch.utils.data import BatchSampler, DataLoader

from sslreg.datasets.seeded_views import seeded
from sslreg.models.memory_ssl import embed_views


def check_batches(loader: DataLoader[Any], by_epoch: bool) -> None:
    """Raise an error unless an epoch ends, and all ranks have as many batches, of the same sizes. Collective.

    Args:
        loader: The training loader.
        by_epoch: Whether the training is divided into epochs.

    Raises:
        ValueError: A rank would wait for another, or the epoch has no end.
    """
    sampler = getattr(loader.batch_sampler, 'sampler', None)
    if by_epoch and isinstance(getattr(sampler, 'sampler', sampler), InfiniteSampler):
        raise ValueError(
            'train_dataloader.sampler.type=InfiniteSampler never ends an epoch: set it to DefaultSampler, or '
            'train_cfg.type=IterBasedTrainLoop with train_cfg.max_iters'
        )
    own = torch.tensor([len(loader), size_of_last_batch(loader)])
    batches, sizes = torch.stack([each.cpu() for each in all_gather(own)], dim=1).tolist()
    for numbers, what in ((batches, 'batches'), (sizes, 'images in the last batch')):
        if len(set(numbers)) > 1:
            raise ValueError(
                f'the ranks have {" and ".join(map(str, sorted(set(numbers))))} {what} of an epoch, so some would wait '
                f'for others for ever: set train_dataloader.sampler.round_up=True'
                f'{" or train_dataloader.drop_last=True" if what != "batches" else ""}'
            )


def size_of_last_batch(loader: DataLoader[Any]) -> int:
    """Return the number of images in the last batch of an epoch on this rank; 0 if it is unknown."""
    batches = loader.batch_sampler
    if not isinstance(batches, BatchSampler) or not len(loader):
        return 0
    length = len(batches.sampler)  # type: ignore[arg-type]
    return batches.batch_size if batches.drop_last else (length - 1) % batches.batch_size + 1


def check_single_image(model: Any, loader: DataLoader[Any]) -> None:
    """Raise ValueError if the last batch is a single image for which the student's batch norm has no statistics.

    Args:
        model: The model; only one with a ``student`` is checked.
        loader: The training loader.
    """
    if size_of_last_batch(loader) != 1 or not hasattr(model, 'student'):
        return
    try:
        with seeded(0), torch.random.fork_rng(), torch.no_grad():
            batch = loader.collate_fn([loader.dataset[0]])
            embed_views(deepcopy(model.student).train(), model.data_preprocessor(batch, True)['inputs'])
    except ValueError as error:
        if 'more than 1 value per channel' not in str(error):
            raise
        raise ValueError(
            f'the last batch of an epoch is a single image ({len(loader.dataset)} images in batches of '  # type: ignore
            f'{loader.batch_size}), for which batch norm has no statistics: set train_dataloader.drop_last=True, or '
            'another train_dataloader.batch_size'
        ) from error
