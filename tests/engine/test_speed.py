"""Options that make a step faster or smaller change no result, no name in the state, and say when they do not fit."""

import copy
import os
from functools import cache
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.engine import ActivationCheckpointHook, ChannelsLastHook, CompileHook, ShardedModel
from tests import toy

VIT = dict(
    type='SSLVisionTransformer',
    arch=dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=32),
    img_size=8,
    patch_size=4,
    out_type='cls_token',
    drop_path_rate=0.0,
)
RESNET = dict(  # its first stage, of two blocks
    type='ResNet_CIFAR',
    depth=18,
    stem_channels=8,
    base_channels=8,
    num_stages=1,
    strides=(1,),
    dilations=(1,),
    out_indices=(0,),
)
BACKBONES = dict(vit=(VIT, 16), resnet=(RESNET, 8))
CHECKPOINT = dict(type='ActivationCheckpointHook')
COMPILE = dict(type='CompileHook', backend='aot_eager')


def config(work_dir, backbone: str = 'vit', hooks: tuple[dict[str, Any], ...] = (), **options: Any):
    """The toy with two sizes of view, and options of the backbone."""
    cfg = toy.config(work_dir, **{'optim_wrapper__optimizer__lr__start': 1e-3, **options})
    backbone, width = BACKBONES[backbone]
    cfg.model.backbone = backbone | {key: value for key, value in cfg.model.backbone.items() if key == 'drop_path_rate'}
    cfg.model.neck.in_channels = width
    views = dict(num_views=[2, 2], transforms=[[dict(type='ToyNoise')], [dict(type='CenterCrop', crop_size=4)]])
    cfg.train_dataloader.dataset.pipeline[0].update(views)
    cfg.default_hooks.update({f'speed{i}': hook for i, hook in enumerate(hooks)})
    cfg.default_hooks.timer = dict(type='IterTimerHook')
    cfg.default_hooks.step_times = dict(type='StepTimesHook', interval=2)
    return cfg


def train(cfg) -> Runner:
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def of_one_size(cfg):
    """The same config with views of one size: half as many graphs to compile."""
    cfg.train_dataloader.dataset.pipeline[0].update(num_views=[3], transforms=[[dict(type='ToyNoise')]])
    return cfg


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    """``plain(backbone, dtype)``: losses and last state of a run without options, trained once."""

    @cache
    def trained(backbone: str = 'vit', dtype: str = 'float32') -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        folder = tmp_path_factory.mktemp('plain')
        curve = losses(train(config(folder, backbone, optim_wrapper__dtype=dtype)))
        return curve, torch.load(folder / 'epoch_2.pth')['state_dict']

    return trained


def losses(runner: Runner) -> torch.Tensor:
    return torch.tensor(runner.message_hub.get_scalar('train/loss').data[0])


OPTIONS = {
    'compiled': ('vit', (COMPILE,), {}),
    'checkpointing': ('vit', (CHECKPOINT,), {}),
    'checkpointing with batch norm': ('resnet', (CHECKPOINT | dict(modules='BasicBlock'),), {}),
    'channels last': ('resnet', (dict(type='ChannelsLastHook'),), {}),
    'fused': ('vit', (), dict(optim_wrapper__optimizer__fused=True)),
    'compiled, checkpointing, channels last, fused, bfloat16': (
        'vit',
        (COMPILE, CHECKPOINT, dict(type='ChannelsLastHook')),
        dict(optim_wrapper__optimizer__fused=True, optim_wrapper__dtype='bfloat16'),
    ),
    'compiled, checkpointing, channels last, with batch norm': (
        'resnet',
        (COMPILE, CHECKPOINT | dict(modules='BasicBlock'), dict(type='ChannelsLastHook')),
        {},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize('backbone, hooks, options', OPTIONS.values(), ids=OPTIONS)
def test_an_option_trains_as_the_plain_run(tmp_path, plain, backbone, hooks, options):
    """Losses of all steps, and the state after them, names and all."""
    dtype = options.get('optim_wrapper__dtype', 'float32')
    curve, expected = plain(backbone, dtype)
    runner = train(config(tmp_path, backbone, hooks, **options))
    tolerance = 1e-5 if dtype == 'float32' else 1e-2
    assert len(curve) == 6
    torch.testing.assert_close(losses(runner), curve, rtol=tolerance, atol=0)
    state = torch.load(tmp_path / 'epoch_2.pth')['state_dict']
    assert list(state) == list(expected)
    for name, value in expected.items():
        assert state[name].stride() == value.stride(), name
        torch.testing.assert_close(state[name], value, rtol=0, atol=1e-3 if dtype == 'float32' else 2e-2)


@pytest.mark.slow
def test_inductor_trains_as_the_plain_run(tmp_path):
    plain = train(of_one_size(config(tmp_path / 'plain')))
    runner = train(of_one_size(config(tmp_path / 'compiled', hooks=(dict(type='CompileHook'),))))
    torch.testing.assert_close(losses(runner), losses(plain), rtol=1e-5, atol=0)


def ranks_run(rank: int, work_dir: str, hooks: tuple[dict[str, Any], ...], **options: Any) -> torch.Tensor:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
    cfg = of_one_size(config(work_dir, hooks=hooks, train_dataloader__batch_size=4, **options))
    cfg.launcher = 'pytorch'
    cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None)
    cfg.model_wrapper_cfg.bucket_cap_mb = 1
    cfg.model.backbone.arch.update(
        num_layers=2, embed_dims=192, feedforward_channels=768
    )  # 1.8 MB a layer: several buckets
    cfg.model.neck.in_channels = 192
    return losses(train(cfg))


@pytest.mark.slow
def test_two_ranks_compile_what_they_compute_again(run_ranks, tmp_path):
    """torch splits graphs at the gradients' buckets."""
    plain = run_ranks(ranks_run, str(tmp_path / 'plain'), ())
    both = run_ranks(ranks_run, str(tmp_path / 'compiled'), (COMPILE, CHECKPOINT))
    for curve, expected in zip(both, plain, strict=True):
        torch.testing.assert_close(curve, expected, rtol=1e-5, atol=0)


@pytest.mark.slow
def test_a_graph_for_each_network_and_size_without_a_break(tmp_path, monkeypatch):
    """mmpretrain's drop path rates are numpy's, which break graphs; and evaluation, of other batches, adds none."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    train(config(tmp_path, hooks=(COMPILE,), model__backbone__drop_path_rate=0.1))
    assert not torch._dynamo.utils.counters['graph_break']
    graphs = torch._dynamo.utils.counters['stats']['unique_graphs']
    assert graphs == 5  # backbones: the student's of 8 and 4 pixels, the teacher's of 8; two necks


def test_evaluation_is_not_compiled(tmp_path):
    compiled = []

    class Look(Hook):
        def before_val_epoch(self, runner):
            compiled.append(runner.model.teacher.module.backbone._compiled_call_impl)

        def before_train_iter(self, runner, batch_idx, data_batch=None):
            compiled.append(runner.model.teacher.module.backbone._compiled_call_impl)

    cfg = config(tmp_path, hooks=(dict(type='CompileHook', backend='eager'),))
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Look())
    runner.train()
    assert [call is not None for call in compiled] == 2 * [True, True, True, False]


@pytest.mark.parametrize('backbone, layer', [('vit', 'TransformerEncoderLayer'), ('resnet', 'BasicBlock')])
def test_checkpointing_keeps_less_for_the_backward_pass(tmp_path, backbone, layer):
    """And the same gradients, also with drop path and in a copy of the model."""
    kept, grads = [], []
    drop = dict(model__backbone__drop_path_rate=0.3) if backbone == 'vit' else {}
    for hooks in ((), (CHECKPOINT | dict(modules=layer),)):
        runner = Runner.from_cfg(config(tmp_path / str(len(hooks)), backbone, hooks, **drop))
        torch.manual_seed(0)
        runner.model.init_weights()
        for hook in runner.hooks:
            if isinstance(hook, ActivationCheckpointHook):
                hook.before_train(runner)
        model = copy.deepcopy(runner.model)
        kept.append(bytes_kept(model, grads))
        assert all(parameter.grad is None for parameter in runner.model.parameters())
    assert kept[1] < 0.5 * kept[0]
    for name, grad in grads[0].items():
        torch.testing.assert_close(grads[1][name], grad, rtol=0, atol=0)


def bytes_kept(model, grads: list[dict[str, torch.Tensor]]) -> int:
    """Return the bytes that the student's forward pass keeps for the backward pass; append the gradients."""
    torch.manual_seed(1)
    kept = []

    def pack(tensor):
        kept.append(tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = model.backbone(torch.randn(16, 3, 8, 8))
    total = sum(kept)
    model.pool(out).square().sum().backward()
    grads.append({name: p.grad for name, p in model.backbone.named_parameters() if p.grad is not None})
    return total


@pytest.mark.slow
@pytest.mark.parametrize('first', [True, False])
def test_a_run_resumes_with_or_without_channels_last(tmp_path, first):
    hook = (dict(type='ChannelsLastHook'),)
    fused = dict(optim_wrapper__optimizer__fused=True)
    whole = train(config(tmp_path / 'whole', 'resnet', **fused))
    toy.interrupt(config(tmp_path / 'parts', 'resnet', hook if first else (), **fused), epoch=1)
    runner = toy.resume(config(tmp_path / 'parts', 'resnet', () if first else hook, **fused))
    torch.testing.assert_close(losses(runner), losses(whole), rtol=1e-5, atol=0)
    for parameter, state in runner.optim_wrapper.optimizer.state.items():
        assert state['exp_avg'].stride() == parameter.stride()
    assert runner.model.backbone.layer1[0].conv1.weight.is_contiguous() == first


@pytest.mark.parametrize(
    'backbone, hook, message',
    [
        ('vit', CHECKPOINT | dict(modules='Block'), "has no module of class 'Block'; it has .*TransformerEncoderLayer"),
        ('resnet', CHECKPOINT, 'ResNet_CIFAR has no module of class .TransformerEncoderLayer.; it has BasicBlock'),
        ('vit', dict(type='CompileHook', backend='induct'), "backend='induct' must be one of .*inductor"),
        ('vit', dict(type='CompileHook', mode='fast'), "mode='fast' must be one of default, .*max-autotune"),
    ],
)
def test_an_option_that_does_not_fit_fails_at_start(tmp_path, backbone, hook, message):
    with pytest.raises(ValueError, match=message):
        train(config(tmp_path, backbone, (hook,)))


def test_a_network_without_convolutions_gains_nothing_from_channels_last(tmp_path):
    cfg = config(tmp_path, hooks=(dict(type='ChannelsLastHook'),))
    cfg.model.backbone, cfg.model.neck.in_channels = dict(type='ToyLinear'), 8
    cfg.train_dataloader.dataset.pipeline[0].update(num_views=[3], transforms=[[dict(type='ToyNoise')]])
    with pytest.raises(ValueError, match='ChannelsLastHook: ToyLinear has no convolution'):
        train(cfg)


def test_modes_are_inductors_alone():
    assert CompileHook(backend='eager').mode is None
    assert CompileHook(mode='max-autotune-no-cudagraphs').mode == 'max-autotune-no-cudagraphs'


AS_VITS = dict(
    constructor='MatrixDecayConstructor',
    optimizer=dict(type='AdamW', lr=1e-3, fused=True),
    clip_grad=dict(type='per_tensor', max_norm=0.1),
)


def sharded_run(rank: int, work_dir: str, wrapper: str, hooks: tuple = (), stop: bool = False) -> dict | None:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
    cfg = config(work_dir, hooks=hooks, train_dataloader__batch_size=4)
    cfg.optim_wrapper.update(AS_VITS)
    cfg.launcher = 'pytorch'
    cfg.model_wrapper_cfg = dict(type=wrapper)
    if wrapper == 'MMDistributedDataParallel':
        cfg.model_wrapper_cfg.update(broadcast_buffers=False, device_ids=None)
    cfg.val_dataloader.dataset.length = 21  # 11 images and 10: another number of batches
    if stop:
        return toy.interrupt(cfg, epoch=1)
    runner = toy.resume(cfg)
    model = runner.model.module
    local = sum(getattr(p, '_local_tensor', p).numel() for p in model.parameters())
    states = [value for state in runner.optim_wrapper.optimizer.state.values() for value in state.values()]
    return dict(
        losses=losses(runner),
        memory=model.memory.feats,
        share=local / sum(parameter.numel() for parameter in model.parameters()),
        states=sum(getattr(value, '_local_tensor', value).numel() for value in states if value.ndim),
    )


@pytest.mark.slow
def test_a_sharded_model_trains_as_a_replicated_one(run_ranks, tmp_path):
    """Two ranks: losses, memory, checkpoint, resuming; and each has half of the parameters and of their moments."""
    hooks = (CHECKPOINT,)
    whole = run_ranks(sharded_run, str(tmp_path / 'whole'), 'MMDistributedDataParallel')
    run_ranks(sharded_run, str(tmp_path / 'parts'), 'ShardedModel', hooks, True)
    parts = run_ranks(sharded_run, str(tmp_path / 'parts'), 'ShardedModel', hooks)
    for part, expected in zip(parts, whole, strict=True):
        new = slice(3, None) if part is parts[1] else slice(None)  # a checkpoint has the history of rank 0
        torch.testing.assert_close(part['losses'][new], expected['losses'][new], rtol=1e-4, atol=0)
        torch.testing.assert_close(part['memory'], expected['memory'], rtol=0, atol=1e-3)
        assert part['share'] < 0.6
        assert part['states'] < 0.6 * expected['states']
    assert parts[0]['memory'].equal(parts[1]['memory'])
    saved, expected = (torch.load(tmp_path / name / 'epoch_2.pth') for name in ('parts', 'whole'))
    assert list(saved['state_dict']) == list(expected['state_dict'])
    for name, value in expected['state_dict'].items():
        torch.testing.assert_close(saved['state_dict'][name], value, rtol=0, atol=1e-3)
    assert saved['optimizer']['state'][0]['exp_avg'].shape == expected['optimizer']['state'][0]['exp_avg'].shape
    alone = config(tmp_path / 'alone', epochs=3, load_from=str(tmp_path / 'parts' / 'epoch_2.pth'), resume=True)
    alone.optim_wrapper.update(AS_VITS)
    assert train(alone).iter == 9


def test_a_model_is_divided_by_layers_that_it_has(tmp_path):
    model = Runner.from_cfg(config(tmp_path)).model
    with pytest.raises(ValueError, match="ShardedModel: SSLVisionTransformer has no module of class 'Block'"):
        ShardedModel(model, 'Block')


def test_parameters_outside_of_the_networks_are_not_divided(tmp_path):
    model = Runner.from_cfg(config(tmp_path)).model
    model.head.scale = torch.nn.Parameter(torch.ones(()))
    with pytest.raises(ValueError, match='but head.scale is outside of them'):
        ShardedModel(model)


@pytest.mark.parametrize('hook', [CompileHook, ChannelsLastHook])
def test_what_a_sharded_model_does_not_go_with_says_so(tmp_path, hook):
    runner = Runner.from_cfg(config(tmp_path))
    runner.model = ShardedModel(runner.model)
    with pytest.raises(ValueError, match=f'{hook.__name__}: a ShardedModel'):
        hook().before_train(runner)
