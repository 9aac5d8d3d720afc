"""Single-branch training through the real Runner, and over two ranks."""

import logging
import os
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from sslreg.models.memory_ssl import embed_views
from sslreg.registry import MODELS
from tests import toy

MEMORIES = dict(
    average=dict(type='InstanceMemory'),
    all_rows=dict(type='CorrectedInstanceMemory'),
    batch_rows=dict(type='CorrectedInstanceMemory', rows='batch'),
)


def train(work_dir, **kwargs) -> Runner:
    runner = Runner.from_cfg(toy.instance_config(work_dir, **kwargs))
    runner.train()
    return runner


@pytest.mark.parametrize('memory', MEMORIES.values(), ids=MEMORIES.keys())
def test_trains_and_keeps_unit_rows(tmp_path, memory):
    runner = train(tmp_path, memory=memory)
    assert runner.model.memory.num_updates == 6
    torch.testing.assert_close(runner.model.memory.feats.norm(dim=1), torch.ones(24))
    assert {'train/ce', 'train/sqrt_kl', 'train/own_ratio'} <= set(runner.message_hub.log_scalars)


@pytest.mark.parametrize('memory', [dict(), dict(num_negatives=5), dict(sharded=True)], ids=str)
def test_a_killed_and_resumed_run_keeps_its_memory_bit_for_bit(tmp_path, memory):
    options = dict(epochs=4, memory=memory, model__backbone__drop_rate=0.3)
    whole = train(tmp_path / 'whole', **options)
    toy.interrupt(toy.instance_config(tmp_path / 'parts', **options), epoch=2)
    resumed = toy.resume(toy.instance_config(tmp_path / 'parts', **options))
    assert resumed.model.memory.feats.equal(whole.model.memory.feats)
    expected = toy.state(whole)
    for name, value in toy.state(resumed).items():
        assert torch.equal(value, expected[name]), name


def test_the_untrained_network_fills_every_row(tmp_path):
    """24 images in batches of 10, in the network's own statistics so that the embeddings can be computed again."""
    cfg = toy.instance_config(tmp_path)
    cfg.custom_hooks = [
        dict(
            type='MemoryInitHook',
            train_mode=False,
            dataloader=toy.loader(10, True, [dict(type='PackInputs')], drop_last=True),
        )
    ]

    class Compare(Hook):
        priority = 'LOWEST'
        done = False

        def before_train(self, runner: Runner) -> None:
            images = torch.cat([runner.model.data_preprocessor(batch)['inputs'] for batch in toy.build_loader()])
            with torch.no_grad():
                expected = embed_views(runner.model.eval().student, [images])[0]
            torch.testing.assert_close(runner.model.memory.feats, expected)
            self.done = True

    runner = Runner.from_cfg(cfg)
    compare = Compare()
    runner.register_hook(compare)
    runner.train()
    assert compare.done


def test_filling_leaves_the_random_numbers_of_training_alone(tmp_path):
    """A run that starts from a random memory differs in its memory only, not in its augmentations."""
    inits = ('network', 'random')
    runs = [train(tmp_path / init, model__memory__init=init) for init in inits]
    first, second = (run.message_hub.get_scalar('train/query_std').data[0][0] for run in runs)
    assert first == second
    assert not runs[0].model.memory.feats.equal(runs[1].model.memory.feats)


def test_a_run_that_breaks_stops_before_its_checkpoint(tmp_path):
    with pytest.raises(FloatingPointError, match='the memory holds numbers that are not finite at step 3: resume from'):
        train(tmp_path, model__memory__init='random', optim_wrapper__optimizer=dict(type='SGD', lr=1e30))
    assert not list(tmp_path.glob('*.pth'))


def test_cutmix_trains(tmp_path):
    runner = train(tmp_path, model__mixing=dict(type='InstanceCutMix'))
    assert runner.model.memory.num_updates == 6


def test_cutmix_mixes_by_area_and_mostly_the_image_itself():
    mixing = MODELS.build(dict(type='InstanceCutMix', alpha=0.5))
    images = torch.arange(6.0)[:, None, None, None].expand(6, 3, 16, 16).clone()
    for _ in range(20):
        mixed, labels = mixing(images.clone(), torch.eye(6))
        means = mixed.mean(dim=(1, 2, 3))
        torch.testing.assert_close(labels @ torch.arange(6.0), means)
        assert (labels.diagonal() >= 0.5).all()


@pytest.mark.parametrize(
    ('overrides', 'error', 'message'),
    [
        (dict(memory=dict(length=23)), ValueError, 'set model.memory.length=24'),
        (dict(memory=dict(num_negatives=20)), ValueError, 'num_negatives=20 and a global batch of 8'),
        (dict(train_dataloader__batch_size=23), ValueError, 'leave a last batch of one'),
        (dict(model__mixing=dict(type='InstanceCutMix'), views=2), ValueError, 'mixes one view, the dataset gives 2'),
        (dict(memory=dict(_delete_=True, type='QueueMemory', length=24, feat_dim=4)), TypeError, 'not QueueMemory'),
    ],
)  # fmt: skip
def test_a_run_that_cannot_work_says_why(tmp_path, overrides, error, message):
    views = overrides.pop('views', 1)
    memory = overrides.pop('memory', {})
    cfg = toy.instance_config(tmp_path, memory={} if '_delete_' in memory else memory, **overrides)
    if '_delete_' in memory:
        cfg.model.memory = {name: value for name, value in memory.items() if name != '_delete_'}
        cfg.custom_hooks = [dict(type='MemoryInitHook')]
    cfg.model.backbone.type = 'ToyBackbone'
    if 'train_dataloader__batch_size' in overrides:
        cfg.model.neck.norm_cfg = dict(type='BN1d')
    cfg.train_dataloader.dataset.pipeline[0].num_views = [views]
    with pytest.raises(error, match=message):
        Runner.from_cfg(cfg).train()


def ten_steps(
    rank: int, world_size: int, memory: dict, head: dict, num_views: int = 1, lr: float = 0.05
) -> dict[str, Tensor]:
    """Ten steps of SGD on global batches of 6 images: parameters, and what a checkpoint would hold of the memory."""
    torch.manual_seed(0)
    config = toy.model(
        backbone=dict(type='ToyLinear'),
        neck=dict(type='ProjectionNeck', in_channels=8, hid_channels=16, out_channels=16),
        memory=dict(length=41, feat_dim=16) | memory,
        head=dict(type='InstanceHead') | head,
        teacher=None,
        num_key_views=1,
    )
    model = MODELS.build(config).double()  # so that rounding, which pushes amplify, is no excuse
    numbers = torch.Generator().manual_seed(1)
    own = slice(rank * 6 // world_size, (rank + 1) * 6 // world_size)
    start = torch.nn.functional.normalize(torch.randn(41, 16, generator=numbers), dim=1)
    model.memory.assign(start, torch.arange(41))
    network = DistributedDataParallel(model, broadcast_buffers=False) if world_size > 1 else model
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(10):
        views = torch.randn(num_views, 6, 3, 8, 8, generator=numbers).double()
        indices = torch.randint(41, (6,), generator=numbers)  # now and then an image twice
        losses = network([images[own] for images in views], indices[own], mode='loss')
        optimizer.zero_grad()
        losses['loss'].backward()
        optimizer.step()
    return {name: value.detach() for name, value in model.named_parameters()} | dict(
        feats=model.memory.whole().get('feats', model.memory.feats)
    )


STORAGE = dict(replicated=dict(), sharded=dict(sharded=True), drawn=dict(num_negatives=20))
SQRT_KL = dict(losses=[dict(type='ReleasedSqrtKLLoss', weight=20.0)])


def all_cases(rank: int, world_size: int) -> dict[tuple[str, str], dict[str, Tensor]]:
    cases = {
        (kind, storage): ten_steps(rank, world_size, MEMORIES[kind] | STORAGE[storage], SQRT_KL)
        for kind in MEMORIES
        for storage in STORAGE
    }
    for storage, options in STORAGE.items():
        store = MEMORIES['average'] | options
        cases['cross-entropy alone', storage] = ten_steps(rank, world_size, store, {})
        cases['several views', storage] = ten_steps(rank, world_size, MEMORIES['all_rows'] | options, {}, 3)
        cases['cold', storage] = ten_steps(rank, world_size, store, dict(temperature=0.02) | SQRT_KL, lr=0.005)
    return cases


@pytest.mark.slow
def test_two_ranks_equal_one_process(run_ranks):
    alone = all_cases(0, 1)
    ranks = run_ranks(all_cases, 2)
    for case, expected in alone.items():
        first, second = (result[case] for result in ranks)
        if 'sharded' in case:
            second['feats'] = first['feats']  # rank 0 puts the whole together
        for name, value in expected.items():
            where = f'{case} {name}'
            torch.testing.assert_close(
                first[name], value, atol=1e-9, rtol=0, msg=lambda text, at=where: f'{at}: {text}'
            )
            assert first[name].equal(second[name]), where


def sharded_run(rank: int, work_dir: str, epochs: int) -> dict[str, Tensor]:
    logging.disable(logging.WARNING)
    cfg = toy.instance_config(work_dir, epochs, memory=dict(sharded=True), train_dataloader__batch_size=4)
    os.environ['LOCAL_RANK'] = str(rank)
    cfg.launcher = 'pytorch'
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
    cfg.resume = Path(work_dir, 'epoch_1.pth').is_file()
    cfg.experiment_name = f'{epochs}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    memory = runner.model.module.memory
    return dict(feats=memory.feats, first=memory.first)


@pytest.mark.slow
def test_a_sharded_memory_is_in_the_checkpoint_whole(run_ranks, tmp_path):
    """Two ranks train an epoch, a run of one rank without sharding reads all entries; the two ranks resume."""
    parts = run_ranks(sharded_run, str(tmp_path / 'run'), 1)
    saved = torch.load(tmp_path / 'run' / 'epoch_1.pth', weights_only=True)['state_dict']['memory.feats']
    assert torch.cat([part['feats'] for part in parts]).equal(saved)
    assert not parts[0]['feats'].equal(parts[1]['feats'])
    alone = Runner.from_cfg(toy.instance_config(tmp_path / 'alone', load_from=str(tmp_path / 'run' / 'epoch_1.pth')))
    alone.load_or_resume()
    assert alone.model.memory.feats.equal(saved)
    resumed = run_ranks(sharded_run, str(tmp_path / 'run'), 2)
    whole = run_ranks(sharded_run, str(tmp_path / 'whole'), 2)
    for part, expected in zip(resumed, whole, strict=True):
        assert part['feats'].equal(expected['feats'])


def test_the_best_checkpoint_is_whole(tmp_path):
    checkpoint = dict(type='PlainCheckpointHook', interval=2, save_best='pooled/knn/k1/top1', rule='greater')
    runner = train(tmp_path, memory=dict(sharded=True), default_hooks__checkpoint=checkpoint)
    (best,) = tmp_path.glob('best_*.pth')
    saved = torch.load(best, weights_only=True)['state_dict']
    assert saved['memory.feats'].shape == (24, 4)
    runner.model.load_state_dict(saved)
    assert runner.model.memory.feats.equal(saved['memory.feats'])
    with pytest.raises(ValueError, match=r'must be all its entries \[24, 4\], the state has None'):
        runner.model.load_state_dict({name: value for name, value in saved.items() if name != 'memory.feats'})


@pytest.mark.parametrize(
    'overrides', [dict(optim_wrapper__dtype='bfloat16'), dict(optim_wrapper__accumulative_counts=2)]
)
def test_trains_in_bfloat16_and_with_accumulation(tmp_path, overrides):
    runner = train(tmp_path, **overrides)
    assert runner.model.memory.feats.dtype == torch.float32
    torch.testing.assert_close(runner.model.memory.feats.norm(dim=1), torch.ones(24))
