"""Images that come several times in an epoch: each time other views, for any workers, ranks and wrappers."""

import pickle
from collections import defaultdict

import numpy as np
import pytest
import torch
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, DefaultSampler, RepeatDataset, default_collate
from mmengine.runner import Runner
from mmpretrain.datasets import RepeatAugSampler
from torch.utils.data import ConcatDataset as TorchConcatDataset
from torch.utils.data import DataLoader, RandomSampler, Subset, WeightedRandomSampler

from sslreg.datasets import (
    BatchedViews,
    MultiCrop,
    PackViews,
    SeededViews,
    collate,
    count_repeats,
    image_numbers,
    set_view_key,
)
from sslreg.datasets.repeats import RepeatedIndex
from sslreg.datasets.views.splitmix import uniform
from tests import toy

VIEWS = [dict(size=8, num=2, scale=(0.3, 1.0), flip=0.5, jitter=dict(brightness=0.5))]


def plain(length: int = 6) -> toy.ToyDataset:
    return toy.ToyDataset(length=length, pipeline=[MultiCrop(VIEWS), PackViews()])


def shared() -> list[toy.ToyDataset]:
    pipeline = [MultiCrop(VIEWS), PackViews()]
    return [toy.ToyDataset(length=6, pipeline=pipeline) for _ in range(2)]


class CatIds(toy.ToyDataset):
    def get_cat_ids(self, idx: int) -> list[int]:
        return [int(idx == 0)]


def balanced() -> ClassBalancedDataset:
    return ClassBalancedDataset(CatIds(length=6, pipeline=[MultiCrop(VIEWS), PackViews()]), oversample_thr=0.9)


def batched() -> BatchedViews:
    return BatchedViews(toy.ToyDataset(length=6), VIEWS)


def foreign() -> SeededViews:
    crops = [dict(type='mmpretrain.RandomResizedCrop', scale=8), dict(type='mmpretrain.PackInputs')]
    return SeededViews(toy.ToyDataset(length=6, pipeline=crops), num=2)


TWICE = plain()
DATASETS = dict(
    plain=plain,
    repeated=lambda: RepeatDataset(plain(), times=3),
    balanced=balanced,
    concatenated=lambda: ConcatDataset([plain(), plain()]),
    concatenated_by_torch=lambda: TorchConcatDataset([plain(), RepeatDataset(plain(), times=2), plain()]),
    concatenated_with_itself=lambda: ConcatDataset([TWICE, TWICE]),
    with_one_transform=lambda: ConcatDataset(shared()),
    subset=lambda: Subset(plain(), [5, 1, 1, 0, 5]),
    batched=batched,
    batched_together=lambda: TorchConcatDataset([batched(), batched()]),
    subset_of_batched=lambda: Subset(batched(), [2, 2, 3]),
    foreign=foreign,
)


def with_replacement(dataset):
    return RandomSampler(dataset, replacement=True, num_samples=20, generator=torch.Generator().manual_seed(1))


SAMPLERS = dict(
    once=DefaultSampler,
    repeated_augmentation=lambda dataset: RepeatAugSampler(dataset, num_repeats=3, seed=0),
    with_replacement=with_replacement,
    weighted=lambda dataset: WeightedRandomSampler(
        [1.0] * len(dataset), 20, generator=torch.Generator().manual_seed(2)
    ),
)


def views_of_epoch(dataset, sampler=with_replacement, key=(0, 0), **options) -> list[tuple[int, bytes]]:
    """The index within its dataset and the views of each image, in the order of the epoch."""
    loader = DataLoader(dataset, batch_size=4, sampler=sampler(dataset), collate_fn=collate, **options)
    count_repeats(loader)
    set_view_key(dataset, key)
    found = []
    for batch in loader:
        color = batch.get('color', torch.zeros(len(batch['inputs'][0])))
        samples = batch['data_samples']
        indices = samples.tolist() if isinstance(samples, torch.Tensor) else [each.sample_idx for each in samples]
        for i, index in enumerate(indices):
            views = [view[i].numpy().tobytes() for view in batch['inputs']]
            found.append((index, b''.join([*views, color[i].numpy().tobytes()])))
    return found


@pytest.mark.parametrize('sampler', SAMPLERS)
@pytest.mark.parametrize('dataset', DATASETS)
def test_no_two_views_of_an_epoch_are_drawn_alike(dataset, sampler):
    found = views_of_epoch(DATASETS[dataset](), SAMPLERS[sampler])
    assert len({views for _, views in found}) == len(found)


@pytest.mark.parametrize('dataset', ['plain', 'balanced', 'concatenated_by_torch', 'batched', 'foreign'])
def test_views_depend_neither_on_workers_nor_on_batches(dataset):
    alone = views_of_epoch(DATASETS[dataset]())
    workers = views_of_epoch(DATASETS[dataset](), num_workers=2)
    assert alone == workers
    assert alone == views_of_epoch(DATASETS[dataset]())
    assert alone != views_of_epoch(DATASETS[dataset](), key=(0, 1))


@pytest.mark.parametrize('dataset', ['plain', 'batched', 'foreign'])
def test_the_first_time_an_image_has_the_views_that_it_has_alone(dataset):
    first = {}
    for index, views in views_of_epoch(DATASETS[dataset]()):
        first.setdefault(index, views)
    once = dict(views_of_epoch(DATASETS[dataset](), DefaultSampler))
    assert first == {index: once[index] for index in first}


def test_another_order_gives_an_image_the_same_views():
    def reversed_order(dataset):
        return [*with_replacement(dataset)][::-1]

    def by_image(found):
        views = defaultdict(list)
        for index, each in found:
            views[index].append(each)
        return views

    assert by_image(views_of_epoch(plain())) == by_image(views_of_epoch(plain(), reversed_order))


def shares(rank: int, sampler: str) -> tuple[list[int], list[int]]:
    dataset = plain(7)
    loader = DataLoader(dataset, batch_size=4, sampler=SAMPLERS[sampler](dataset))
    count_repeats(loader)
    indices = [*loader.batch_sampler.sampler]
    return [int(index) for index in indices], [getattr(index, 'occurrence', 0) for index in indices]


@pytest.mark.slow
def test_ranks_count_repeated_images_together(run_ranks):
    """7 images over 2 ranks: the 8th position repeats the first image; with repeats, an image is on both ranks."""
    for sampler in ('once', 'repeated_augmentation'):
        ranks = run_ranks(shares, sampler)
        counts = defaultdict(list)
        for position in range(4):
            for indices, occurrences in ranks:
                counts[indices[position]].append(occurrences[position])
        assert sum(map(len, counts.values())) == 8
        assert all(times == [*range(len(times))] for times in counts.values())
        assert any(len(times) > 1 for times in counts.values())


def test_numbers_of_images():
    same = plain(2)
    nested = TorchConcatDataset([same, RepeatDataset(plain(2), times=2), same])
    assert image_numbers(nested).tolist() == [0, 1, 2, 3, 2, 3, 0, 1]
    assert image_numbers(Subset(nested, [7, 2, 4])).tolist() == [1, 2, 2]
    assert image_numbers(balanced()).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_an_occurrence_is_a_part_of_the_key_of_its_own():
    indices = np.arange(4)
    alone = uniform(indices, 3, (0, 0))
    assert np.array_equal(uniform(indices, 3, (0, 0), np.zeros(4, int)), alone)
    mixed = uniform(indices, 3, (0, 0), np.array([0, 1, 0, 2]))
    assert np.array_equal(mixed[[0, 2]], alone[[0, 2]])
    others = [uniform(indices, 3, key) for key in ((0, 1), (1, 0), (0, 0, 1), (0, 0, 2))]
    others += [uniform(indices, 3, (0, 0), np.full(4, times)) for times in (1, 2, 3)]
    assert len(np.unique([alone, *others])) == 8 * 12


def test_an_index_keeps_its_occurrence_on_the_way_to_a_worker():
    index = pickle.loads(pickle.dumps(RepeatedIndex(5, 2)))
    assert (index, index.occurrence) == (5, 2)


def test_a_loop_of_ones_own_that_does_not_count_draws_repeated_images_at_random():
    dataset = RepeatDataset(plain(), times=2)
    set_view_key(dataset, (0, 0))
    loader = DataLoader(dataset, batch_size=12, collate_fn=default_collate)
    views = next(iter(loader))['inputs'][0]
    assert not torch.equal(views[:6], views[6:])


class Draws(toy.Hook):
    def __init__(self) -> None:
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        self.seen += [view.numpy().tobytes() for view in data_batch['inputs'][0]]


def drawn(tmp_path, **overrides) -> list[bytes]:
    cfg = toy.config(tmp_path, **overrides)
    cfg.train_dataloader.dataset.pipeline = [dict(type='ColoredMultiCrop', views=VIEWS), dict(type='PackViews')]
    cfg.train_dataloader.sampler = dict(type='mmpretrain.RepeatAugSampler')
    runner = Runner.from_cfg(cfg)
    draws = Draws()
    runner.register_hook(draws)
    runner.train()
    return draws.seen


def test_a_run_counts_repeats_in_each_epoch_and_resumes_alike(tmp_path):
    whole = drawn(tmp_path / 'whole')
    assert len(set(whole)) == len(whole) == 48
    assert drawn(tmp_path / 'parts', epochs=1) == whole[:24]
    assert drawn(tmp_path / 'parts', resume=True) == whole[24:]
