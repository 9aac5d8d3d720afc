"""The config of a run, made from the command line."""

import pytest
import torch
from mmengine.config import Config

from sslreg.downstream import configure


def config() -> Config:
    start = dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')
    heads = [dict(norm_cfg=dict(type='SyncBN')), dict(norm_cfg=dict(type='LN'))]
    return Config(
        dict(
            model=dict(backbone=dict(type='ResNet', init_cfg=start), shared_head=dict(init_cfg=start), heads=heads),
            custom_hooks=[dict(type='sslreg.downstream.PretrainedHook')],
            optim_wrapper=dict(type='OptimWrapper'),
        )
    )


@pytest.mark.parametrize('given, used', [(None, 'teacher.module.backbone.'), ('backbone.', 'backbone.'), ('', None)])
def test_every_part_that_starts_from_a_checkpoint_starts_from_this_one(given, used):
    cfg = config()
    configure.use_weights(cfg, 'a.pth', given)
    for part in (cfg.model.backbone, cfg.model.shared_head):
        assert (part.init_cfg.checkpoint, part.init_cfg.prefix) == ('a.pth', used)
    assert cfg.custom_hooks[0].random is False


def test_none_starts_at_random_and_says_so():
    cfg = config()
    configure.use_weights(cfg, 'none', None)
    assert cfg.model.backbone.init_cfg is None
    assert cfg.model.shared_head.init_cfg is None
    assert cfg.custom_hooks[0].random is True


@pytest.mark.parametrize('gone', ['model.backbone', 'custom_hooks'])
def test_a_config_that_loads_or_checks_nothing_is_refused(gone):
    cfg = config()
    if gone == 'custom_hooks':
        cfg.custom_hooks = []
    else:
        cfg.model = dict(backbone=dict(type='ResNet'))
    with pytest.raises(ValueError, match='no backbone with init_cfg=.* or no PretrainedHook'):
        configure.use_weights(cfg, 'a.pth', None)


def test_norms_over_processes_become_norms_of_each_on_the_cpu():
    cfg = config()
    configure.replace_sync_bn(cfg)
    assert [head.norm_cfg.type for head in cfg.model.heads] == ['BN', 'LN']


def test_half_precision():
    cfg = config()
    configure.use_amp(cfg, 'seg')
    assert (cfg.optim_wrapper.type, cfg.optim_wrapper.dtype) == ('sslreg.engine.SSLOptimWrapper', 'bfloat16')
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match='detection in float16 needs a GPU'):
            configure.use_amp(config(), 'det')


def test_configs_of_the_other_task_are_refused(downstream):
    with pytest.raises(ValueError, match="scope 'mmseg', not 'mmdet': the scripts that end in _det"):
        configure.load_task_config('configs/downstream/mmseg/fcn_r18_camvid.py', None, 'det')


def test_an_environment_without_operators_is_named(monkeypatch):
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    with pytest.raises(ImportError, match=r'mmcv._ext is not in this environment; `bash tools/setup_downstream.sh`'):
        configure.load_task_config('configs/downstream/mmseg/fcn_r18_camvid.py', None, 'seg')


def test_a_scheduler_that_begins_after_the_end_is_refused(downstream):
    with pytest.raises(ValueError, match=r'param_scheduler.1.begin=50 is not before .* train_cfg.max_iters=40'):
        configure.load_task_config(
            'configs/downstream/mmseg/fcn_r18_camvid_small.py', {'train_cfg.max_iters': 40}, 'seg'
        )


@pytest.mark.parametrize(
    'name, options',
    [
        ('mmdet/faster-rcnn_r18_bccd', dict(size=(64, 48), epochs=3)),
        ('mmdet/faster-rcnn_r18_bccd_small', dict(size=(64, 48), epochs=3)),
        ('mmdet/faster-rcnn_r18_kangaroo-raccoon_small', dict(size=(64, 48), epochs=3)),
        ('mmseg/fcn_r18_camvid_small', dict(size=(64, 48), crop=(32, 40), steps=20)),
        ('mmseg/fcn_r18_masks', dict(size=(64, 48), crop=(32, 40), steps=20)),
    ],
)
def test_size_and_length_are_one_option_each_and_schedules_follow(downstream, name, options):
    task = 'det' if name.startswith('mmdet') else 'seg'
    path = f'configs/downstream/{name}.py'
    cfg = configure.load_task_config(path, {f'variables.{key}': value for key, value in options.items()}, task)
    length = options.get('epochs', options.get('steps'))
    assert (cfg.train_cfg.get('max_epochs') or cfg.train_cfg.max_iters) == length
    assert cfg.param_scheduler[1].get('end', length) == length  # MMEngine's default is the end of training
    assert cfg.param_scheduler[1].get('T_max', length) == length
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        resize = next(each for each in loader.dataset.pipeline if 'Resize' in each.type)
        assert tuple(resize.get('scale') or resize.scales[2]) == (64, 48)
    if 'crop' in options:
        assert tuple(cfg.model.data_preprocessor.size) == options['crop']
