"""What batches and datasets a memory needs: one entry per image, equal batches on all ranks, images on any rank."""

import logging
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.dataset import RepeatDataset
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import Dataset, Subset

from sslreg.datasets import SeededViews
from sslreg.engine.hooks.memory_check import check_ids
from sslreg.models import InstanceHead, InstanceMemory, QueueMemory
from sslreg.models.recall import LearningRecall
from sslreg.registry import MEMORIES
from tests import toy

KINDS = dict(
    average=dict(type='InstanceMemory'),
    all_rows=dict(type='CorrectedInstanceMemory'),
    batch_rows=dict(type='CorrectedInstanceMemory', rows='batch'),
)
TOY = dict(type='ToyDataset', length=12)


def wrapped_run(work_dir: Path, dataset: dict, length: int = 24) -> Runner:
    cfg = toy.instance_config(work_dir, memory=dict(length=length))
    inner = dataset['datasets'] if 'datasets' in dataset else [dataset['dataset']]
    for part in inner:
        part['pipeline'] = cfg.train_dataloader.dataset.pipeline
    cfg.train_dataloader.dataset = dataset
    return Runner.from_cfg(cfg)


def test_colliding_ids_are_found_at_start(tmp_path):
    with pytest.raises(ValueError, match='that of image 12 is 0, as that of image 0: wrappers count within'):
        wrapped_run(tmp_path, dict(type='ConcatDataset', datasets=[dict(TOY), dict(TOY)])).train()


def test_an_image_that_a_dataset_repeats_has_one_entry(tmp_path):
    repeated = dict(type='RepeatDataset', times=2, dataset=dict(TOY))
    runner = wrapped_run(tmp_path / 'right', deepcopy(repeated), length=12)
    runner.train()
    assert runner.model.memory.num_updates == 6
    with pytest.raises(ValueError, match='length=24 images, the training set has 12: set model.memory.length=12'):
        wrapped_run(tmp_path / 'wrong', repeated).train()


class Numbered(Dataset):
    """Without get_data_info, as datasets of torch are."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> dict:
        return dict(inputs=torch.zeros(3, 8, 8), data_samples=self.first + index)


class Repeating(toy.ToyDataset):
    def get_data_info(self, idx: int) -> dict:
        return dict(super().get_data_info(idx), sample_idx=idx // 2)


def toys(length: int = 4) -> toy.ToyDataset:
    return toy.ToyDataset(length=length)


SAME = toys()


@pytest.mark.parametrize(
    'dataset',
    [
        toys(),
        Subset(toys(), [2, 0, 3, 1, 1]),
        TorchConcatDataset([Subset(SAME, [0, 3]), Subset(SAME, [1, 2])]),
        TorchConcatDataset([SAME, RepeatDataset(SAME, times=2)]),
        Numbered(0),
        TorchConcatDataset([Numbered(0), Numbered(3)]),
        SeededViews(TorchConcatDataset([toys(), toys()]), num=2),
        SeededViews(RepeatDataset(toys(), times=2), num=2),
    ],
)
def test_ids_from_0_to_the_number_of_images_pass(dataset):
    check_ids(dataset)


@pytest.mark.parametrize(
    'dataset, message',
    [
        (TorchConcatDataset([toys(), toys(2)]), 'this ConcatDataset that of image 4 is 0, as that of image 0'),
        (TorchConcatDataset([Numbered(0), Numbered(2)]), 'that of image 3 is 2, as that of image 2'),
        (Subset(toys(), [0, 3]), r'this Subset that of image 1 is 3, not within 0..1: .* set its indices=\[...\]'),
        (Repeating(length=4), 'that of image 1 is 0, as that of image 0'),
        (Numbered(1), 'that of image 2 is 3, not within 0..2'),
    ],
)
def test_ids_of_two_images_that_share_an_entry_are_refused(dataset, message):
    with pytest.raises(ValueError, match=message):
        check_ids(dataset)


def uneven_run(rank: int, work_dir: str, options: dict, length: int) -> str:
    logging.disable(logging.WARNING)
    cfg = toy.config(Path(work_dir, str(rank)), epochs=1, train_dataloader__dataset__length=length)
    cfg.merge_from_dict({f'train_dataloader.{name}': value for name, value in options.items()})
    os.environ['LOCAL_RANK'] = str(rank)
    cfg.launcher = 'pytorch'
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
    try:
        Runner.from_cfg(cfg).train()
    except ValueError as error:
        return str(error)
    return ''


UNEVEN = {'drop_last': False, 'sampler.round_up': False}
RUNS = [
    (21, UNEVEN, 'the ranks have 2 and 3 images in the last batch of an epoch'),
    (17, UNEVEN, 'the ranks have 1 and 2 batches of an epoch'),
    (15, UNEVEN | {'drop_last': True}, 'the ranks have 0 and 1 batches of an epoch'),
    (17, UNEVEN | {'drop_last': True}, ''),
    (21, UNEVEN | {'sampler.round_up': True}, ''),
]


def uneven_updates(rank: int) -> list[str]:
    feats = torch.nn.functional.normalize(torch.randn(3 - rank, 6), dim=1)
    indices = torch.arange(3 - rank)
    said = []
    for memory in (QueueMemory(64, 6), InstanceMemory(64, 6, num_negatives=3), InstanceMemory(64, 6, sharded=True)):
        steps = [lambda: memory.update(feats, indices)]  # noqa: B023
        if isinstance(memory, InstanceMemory):
            steps.append(lambda: InstanceHead().loss(feats[None], feats[None], memory.read(indices)))  # noqa: B023
        for step in steps:
            with pytest.raises(ValueError, match='the ranks have batches of 3, 2 images') as raised:
                step()
            said.append(str(raised.value))
    return said


def test_an_epoch_without_end_is_refused(tmp_path):
    with pytest.raises(ValueError, match='InfiniteSampler never ends an epoch'):
        toy.train(tmp_path, train_dataloader__sampler=dict(_delete_=True, type='InfiniteSampler'))


def test_a_last_batch_of_one_image_is_refused_if_batch_norm_cannot_train_on_it(tmp_path):
    options = dict(train_dataloader__dataset__length=17, train_dataloader__drop_last=False)
    toy.train(tmp_path / 'three views', epochs=1, **options)
    one_view = toy.config(tmp_path / 'one', **options, model__num_key_views=1, model__teacher=None)
    one_view.train_dataloader.dataset.pipeline[0].num_views = [1]
    one_view.model.neck.norm_cfg = dict(type='BN1d')
    with pytest.raises(ValueError, match=r'a single image \(17 images in batches of 8\).*drop_last=True'):
        Runner.from_cfg(one_view).train()


def sharded_losses(
    rank: int, world_size: int, batch: int, images: tuple[int, int], kind: str, sharded: bool
) -> tuple[list[Tensor], Tensor]:
    """Losses, gradients and entries of 3 steps with ``batch`` images per rank, drawn between ``images``."""
    numbers = torch.Generator().manual_seed(batch)
    start = torch.nn.functional.normalize(torch.randn(13, 6, generator=numbers).double(), dim=1)
    memory = MEMORIES.build(KINDS[kind] | dict(length=13, feat_dim=6, sharded=sharded)).double()
    memory.assign(start, torch.arange(13))
    head = InstanceHead(0.2, [dict(type='ReleasedSqrtKLLoss', weight=20.0)])
    own = slice(rank * batch, (rank + 1) * batch) if world_size > 1 else slice(None)
    found = []
    for _ in range(3):
        feats = torch.nn.functional.normalize(torch.randn(2 * batch, 6, generator=numbers).double(), dim=1)
        indices = torch.randint(*images, (2 * batch,), generator=numbers)[own]
        queries = feats[None, own].requires_grad_()
        recall = memory.read(indices)
        loss = head.loss(queries, queries.detach(), recall)['loss']
        loss.backward()
        if not isinstance(recall, LearningRecall):
            memory.update(queries.detach()[0], indices)
        found += [loss.detach(), queries.grad[0]]
    return found, memory.whole().get('feats', memory.feats)


CASES = [(batch, images, kind) for batch in (1, 2, 5) for images in ((0, 13), (0, 6), (7, 13)) for kind in KINDS]


def everything(rank: int, work_dir: str) -> dict[str, list[Any]]:
    return dict(
        sharded=[sharded_losses(rank, 2, *case, sharded=True) for case in CASES],
        updates=uneven_updates(rank),
        runs=[uneven_run(rank, f'{work_dir}/{i}', options, length) for i, (length, options, _) in enumerate(RUNS)],
    )


RESULTS: list[dict[str, list[Any]]] = []


@pytest.fixture
def ranks(run_ranks, tmp_path) -> list[dict[str, list[Any]]]:
    """The results of two ranks, which are started once."""
    if not RESULTS:
        RESULTS.extend(run_ranks(everything, str(tmp_path)))
    return RESULTS


@pytest.mark.slow
def test_ranks_with_other_batches_are_refused_at_start(ranks):
    for result in ranks:
        for said, (length, _, message) in zip(result['runs'], RUNS, strict=True):
            assert said.startswith(message), length
            assert bool(said) == bool(message), length


@pytest.mark.slow
def test_batches_of_different_size_are_refused_on_every_rank_of_a_loop_of_ones_own(ranks):
    assert [len(result['updates']) for result in ranks] == [5, 5]


@pytest.mark.slow
def test_a_rank_may_hold_no_image_of_the_batch(ranks):
    """Rank 0 holds images 0..5, rank 1 images 6..12; the batches come from all, or from one rank's only."""
    for case, first, second in zip(CASES, *(result['sharded'] for result in ranks), strict=True):
        losses, entries = sharded_losses(0, 1, *case, sharded=False)
        for step in range(0, len(losses), 2):
            torch.testing.assert_close((first[0][step] + second[0][step]) / 2, losses[step])
            grads = torch.cat([first[0][step + 1], second[0][step + 1]]) / 2
            torch.testing.assert_close(grads, losses[step + 1], atol=1e-12, rtol=0)
        torch.testing.assert_close(first[1], entries, atol=1e-12, rtol=0)
