"""What a training run is refused for before its first step, and in which words."""

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

from sslreg import registry
from sslreg.arguments import parameters_of
from sslreg.datasets.views.recipe import Recipe
from sslreg.engine.checks import check_config, naming_keys, rehearse_model, rehearse_run
from sslreg.engine.checks.relations import check_relations, num_cores
from sslreg.engine.hooks import PlainCheckpointHook
from sslreg.evaluation.metric import Metric
from sslreg.registry import MODELS
from sslreg.utils.random_state import same_random_numbers
from tests import toy

CONFIGS = Path(__file__).parents[2] / 'configs'
TRAINING = [path for part in ('massl', 'npid', 'sslmem') for path in sorted((CONFIGS / part).glob('*.py'))]


def quickstart(options: dict[str, Any]) -> Config:
    cfg = Config.fromfile(CONFIGS / 'massl' / 'quickstart.py')
    cfg.merge_from_dict(options)
    return cfg


@pytest.mark.slow
@pytest.mark.parametrize('path', TRAINING, ids=lambda path: f'{path.parent.name}/{path.stem}')
def test_training_configs_pass(path):
    cfg = Config.fromfile(path)
    if 'model' in cfg:
        rehearse_model(cfg)


@pytest.mark.parametrize(
    'options, message',
    [
        (
            {'model.neck.in_channels': 512},
            'model.neck.in_channels=512, but model.backbone (ResNet_CIFAR) gives 192 channels: set '
            'model.neck.in_channels=192',
        ),
        (
            {'model.memory.feat_dim': 64},
            'model.memory.feat_dim=64, but model.neck (ProjectionNeck) gives embeddings of 128 numbers: set '
            'model.memory.feat_dim=128, or model.neck.out_channels=64',
        ),
        (
            {'model.num_key_views': 5},
            'model.num_key_views=5, but train_dataloader.dataset gives 4 views of an image: set model.num_key_views=4',
        ),
        (
            {'model.backbone.depth': 7},
            'model.backbone: ResNet_CIFAR cannot be built with depth=7, stem_channels=24, base_channels=24, '
            'strides=(2, 2, 2, 1): KeyError: invalid depth 7 for resnet',
        ),
        ({'model.memory.num_blocks': 3}, 'model.memory.length=2048 must divide into num_blocks=3 equal blocks'),
        (
            {'model.memory.num_blocks': 2048},
            'model.memory.num_blocks=2048 equals length: a block of one',
        ),
        ({'model.neck.num_layers': 0}, 'model.neck.num_layers=0 must be at least 1'),
        (
            {'model.neck.hid_channels': 10**6},
            'model.neck: the tensors of ProjectionNeck with in_channels=192, hid_channels=1000000, out_channels=128',
        ),
        (
            {'train_dataloader.batch_size': 1},
            'model.neck (ProjectionNeck) does not take a batch of shape 1 x 192: ValueError: Expected more than '
            '1 value per channel when training, got input size torch.Size([1, 512]); batch norm has no statistics of a '
            'single image: raise train_dataloader.batch_size',
        ),
    ],
    ids=str,
)
def test_a_model_that_does_not_fit_is_refused_by_its_key(options, message):
    with pytest.raises(Exception, match=re.escape(message)):
        rehearse_model(quickstart(options))


def test_views_that_a_network_cannot_take_are_refused_by_their_size():
    cfg = Config.fromfile(CONFIGS / 'sslmem' / 'resnet9_cifar10_npid_small.py')
    cfg.train_dataloader.dataset.views[0].size = 8
    with pytest.raises(ValueError, match=r'model.backbone \(ResNet9\) does not take a batch of shape 64 x 3 x 8 x 8'):
        rehearse_model(cfg)


def test_a_memory_of_any_length_takes_no_memory_and_no_random_number():
    state = torch.get_rng_state()
    rehearse_model(
        quickstart({'model.memory.length': 10**7, 'model.memory.feat_dim': 128, 'model.memory.num_blocks': 1})
    )
    assert torch.get_rng_state().equal(state)


def test_the_random_numbers_of_all_libraries_are_restored():
    def draw() -> list[float]:
        return [random.random(), np.random.rand(), float(torch.rand(()))]

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    first = draw()
    random.setstate(states[0]), np.random.set_state(states[1]), torch.set_rng_state(states[2])
    with same_random_numbers():
        draw()
    assert draw() == first


class ReadsValues(nn.Module):
    """Neck that reads values of a large tensor when it is built, or of its input."""

    def __init__(self, width: int, reads_input: bool) -> None:
        super().__init__()
        self.linear, self.reads_input = nn.Linear(192, width), reads_input
        self.scale = 1.0 if reads_input else float(torch.ones(10**4).sum())

    def forward(self, feats: torch.Tensor) -> torch.Tensor:
        if self.reads_input and not feats.isfinite().all():
            raise ValueError('no numbers')
        return self.linear(feats)


@pytest.mark.parametrize('reads_input', [True, False])
def test_a_part_that_reads_values_is_not_refused(reads_input):
    cfg = quickstart({})
    cfg.model.neck = dict(type=ReadsValues, width=128, reads_input=reads_input)
    rehearse_model(cfg)


class RefusesMeta(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(192, 128)

    def forward(self, feats: torch.Tensor) -> torch.Tensor:
        assert feats.device.type in ('cpu', 'cuda')
        return self.linear(feats)


def test_a_part_that_works_on_real_tensors_is_not_refused():
    cfg = quickstart({})
    cfg.model.neck = dict(type=RefusesMeta)
    rehearse_model(cfg)


def rehearse_toy(tmp_path: Path, **options: Any) -> Runner:
    cfg = toy.config(tmp_path)
    cfg.merge_from_dict({name.replace('__', '.'): value for name, value in options.items()})
    with naming_keys(cfg):
        runner = Runner.from_cfg(cfg)
        rehearse_run(runner)
    return runner


def test_a_rehearsed_run_trains_as_one_that_is_not(tmp_path):
    plain = Runner.from_cfg(toy.config(tmp_path / 'plain')).train()
    rehearsed = rehearse_toy(tmp_path / 'rehearsed').train()
    for one, other in zip(plain.state_dict().values(), rehearsed.state_dict().values(), strict=True):
        assert one.equal(other)


@pytest.mark.parametrize(
    'options, message',
    [
        (
            dict(train_dataloader__dataset__pipeline=[dict(type='PackInputs', input_key='image')]),
            "train_dataloader.dataset.pipeline gives data_samples and no 'inputs' for the model",
        ),
        (
            dict(train_dataloader__dataset__pipeline=[dict(type='Resize', scale=(9, 9), backend='gimp')]),
            'train_dataloader.dataset.pipeline.0: Resize',
        ),
        (
            dict(train_dataloader__num_workers=-1),
            'train_dataloader: it cannot be built with batch_size=8, num_workers=-1',
        ),
        (dict(model__num_key_views=4), 'model.num_key_views=4, but train_dataloader.dataset gives 3 views'),
        (dict(optim_wrapper__optimizer__momentum='x'), 'optim_wrapper.optimizer: '),
        (
            dict(optim_wrapper__paramwise_cfg=dict(custom_keys=dict(backbnoe=dict(lr_mult=0.1)))),
            "optim_wrapper.paramwise_cfg.custom_keys: 'backbnoe' is in the name of no parameter",
        ),
        (
            dict(train_dataloader__dataset__pipeline=[]),
            "train_dataloader.dataset.pipeline gives img, gt_label, sample_idx and no 'inputs' for the model: end it",
        ),
        (
            dict(train_dataloader__batch_size=50),
            'train_dataloader.dataset gives 24 images, which have no full',
        ),
        (dict(model__memory__length=6), 'model.memory (QueueMemory): a global batch of 8 images'),
        (
            dict(default_hooks__checkpoint__save_best='knn/k20'),
            "default_hooks.checkpoint.save_best='knn/k20' is no metric of val_cfg: they begin with pooled/knn/k1, "
            'pooled/knn/k3, e.g. pooled/knn/k1/top1',
        ),
        (dict(optim_wrapper__accumulative_counts=100), 'optim_wrapper.accumulative_counts=100 is more than the'),
    ],
    ids=str,
)
def test_data_and_optimizers_that_do_not_fit_are_refused_by_their_key(tmp_path, options, message):
    with pytest.raises(Exception, match=re.escape(message)):
        rehearse_toy(tmp_path, **options)


def test_workers_far_above_the_cores_are_refused():
    workers = 16 * num_cores() + 1
    with pytest.raises(
        ValueError, match=rf'train_dataloader.num_workers={workers}: .* set train_dataloader.num_workers='
    ):
        check_relations(quickstart({'train_dataloader.num_workers': workers}))
    check_relations(quickstart({'train_dataloader.num_workers': 16}))


def test_one_view_is_too_few_for_a_head_that_compares_views():
    cfg = quickstart({'model.num_key_views': 1})
    cfg.train_dataloader.dataset.views = [dict(size=32)]
    with pytest.raises(ValueError, match=r'model.head \(ViewMemoryHead\) compares different views .* gives num=1'):
        rehearse_model(cfg)


@pytest.mark.parametrize(
    'name, rule', [('knn/k10', 'greater'), ('davis/J&F', 'greater'), ('val/loss', 'less'), ('davis/J_decay', 'less')]
)
def test_metrics_have_a_rule_by_which_the_best_is_found(name, rule):
    hook = PlainCheckpointHook(save_best='auto')
    hook._init_rule(hook.rules, [name])
    assert hook.rules == [rule]
    assert PlainCheckpointHook(save_best=name).rules == [rule]


def test_a_metric_of_a_benchmark_says_its_rule_itself():
    hook = PlainCheckpointHook(save_best='auto')
    hook._init_rule(hook.rules, [Metric('distance', higher_is_better=False)])
    assert hook.rules == ['less']


def test_a_metric_without_a_rule_is_refused_when_the_hook_is_built():
    with pytest.raises(ValueError, match="do not tell whether more or less is better: add rule='greater'"):
        PlainCheckpointHook(save_best='distance')


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('val_cfg.type', '', "val_cfg.type: '' is not in the sslreg::loop registry"),
        ('val_dataloader.dataset.type', 7.5, 'val_dataloader.dataset.type: 7.5 is not in the sslreg::dataset registry'),
        ('val_cfg', dict(_delete_=True, tpye='ValLoop'), 'val_cfg.tpye: did you mean val_cfg.type?'),
        ('train_dataloader.dataset.views.0.size', 0, 'train_dataloader.dataset.views.0.size=0 must be between 1 and'),
        ('train_dataloader.dataset.views.0.size', 10**12, 'must be between 1 and 16384'),
        ('val_evaluator', dict(type='Accuracy'), 'val_evaluator=.* has no effect, since BenchmarkValLoop'),
        ('default_hooks.timer', None, 'default_hooks.timer=None: the log needs its times'),
        ('train_dataloader.dataset', 'ten', "train_dataloader.dataset='ten' must be dict"),
        ('randomness.seed', 2**32, 'randomness.seed=4294967296 must be between 0 and 4'),
        ('randomness', dict(_delete_=True), "randomness needs the argument 'seed'"),
    ],
)
def test_types_that_name_nothing_and_values_below_their_range_are_refused(key, value, message):
    with pytest.raises((KeyError, TypeError, ValueError), match=message):
        check_config(quickstart({key: value}))


def test_a_checkpoint_that_does_not_exist_is_refused_by_its_key(tmp_path):
    with pytest.raises(FileNotFoundError, match="load_from='none.pth': this checkpoint does not exist"):
        check_config(quickstart({'load_from': 'none.pth'}))
    (tmp_path / 'a.py').write_text('no checkpoint')
    for path, kind in ((tmp_path / 'a.py', ValueError), (tmp_path, FileNotFoundError)):
        with pytest.raises(kind, match=f'load_from: .*{path.name}'):
            check_config(quickstart({'load_from': str(path)}))
    check_config(quickstart({'load_from': 'https://none/none.pth'}))


def test_every_component_of_sslreg_knows_its_arguments():
    """Arguments behind ``**kwargs`` are checked only if they go straight to ``super().__init__``."""
    open_ones = {'TimmBackbone', 'ScheduleHook', 'OptimizerScheduleHook'}  # timm's own check; refused as old
    for name in ('MODELS', 'MEMORIES', 'HOOKS', 'LOOPS', 'DATASETS', 'TRANSFORMS', 'PROBES', 'BENCHMARKS', 'FEATURES'):
        registry.__dict__[name].import_from_location()
        for kind in registry.__dict__[name].module_dict.values():
            if kind.__module__.startswith('sslreg') and kind.__name__ not in open_ones:
                assert not parameters_of(kind).is_open, kind


def test_a_huge_number_of_views_is_refused():
    with pytest.raises(ValueError, match='num=1000000000000 of a view must be at most 1000'):
        Recipe([dict(size=8, num=10**12)])


def test_a_misspelt_default_hook_is_refused():
    cfg = quickstart({})
    cfg.default_hooks.loger = cfg.default_hooks.pop('logger')
    with pytest.raises(ValueError, match="default_hooks.loger would be registered beside the default hook 'logger'"):
        check_relations(cfg)


def test_an_evaluation_after_the_end_is_refused():
    with pytest.raises(ValueError, match='train_cfg.val_begin=11 is after the end of the run, train_cfg.max_epochs=10'):
        check_relations(quickstart({'train_cfg.val_begin': 11}))


def test_save_best_without_an_evaluation_is_refused():
    options = {'default_hooks.checkpoint.save_best': 'auto', 'val_cfg': None}
    with pytest.raises(ValueError, match=r"default_hooks.checkpoint.save_best='auto' needs an evaluation"):
        check_relations(quickstart(options))


def test_an_error_names_the_part_that_fails_and_not_one_of_the_same_class():
    cfg = Config(dict(first=dict(type='ProjectionNeck', in_channels=3, hid_channels=4, out_channels=5)))
    cfg.second = dict(cfg.first, num_layers=-1)

    @naming_keys(cfg)
    def build() -> None:
        MODELS.build(cfg.first)
        MODELS.build(dict(cfg.second))

    with pytest.raises(ValueError, match='^second.num_layers=-1 must be at least 1'):
        build()


def test_an_error_outside_of_building_is_left_as_it_is():
    error = RuntimeError('other')
    with pytest.raises(RuntimeError) as found, naming_keys(Config(dict(a=1))):
        raise error
    assert found.value is error
