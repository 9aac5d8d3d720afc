"""What a command line changes in a config."""

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.logging import MMLogger

from sslreg.engine import launch
from tests import toy


def config(base: int | None = 1024, batch: int = 128) -> Config:
    cfg = Config(dict(train_dataloader=dict(batch_size=batch), optim_wrapper=dict(type='SSLOptimWrapper')))
    if base:
        cfg.auto_scale_lr = dict(base_batch_size=base)
    return cfg


def test_the_recipes_batch_needs_no_word():
    assert launch.scale_batch(config(), num_processes=8, auto_scale_lr=False) is None
    assert launch.scale_batch(config(base=None), num_processes=3, auto_scale_lr=False) is None


def test_another_batch_is_warned_about_with_both_remedies():
    note = launch.scale_batch(config(), num_processes=4, auto_scale_lr=False)
    assert '4 x 128 images make a batch of 512' in note
    assert '--auto-scale-lr, or --cfg-options train_dataloader.batch_size=256' in note


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(ValueError, match="3 processes cannot share this config's batch of 1024 images evenly"):
        launch.scale_batch(config(), num_processes=3, auto_scale_lr=False)


def test_scaling_the_learning_rate_takes_any_batch():
    cfg = config()
    assert launch.scale_batch(cfg, num_processes=3, auto_scale_lr=True) is None
    assert cfg.auto_scale_lr.enable
    with pytest.raises(ValueError, match='--auto-scale-lr: the config does not say which batch'):
        launch.scale_batch(config(base=None), num_processes=1, auto_scale_lr=True)


@pytest.mark.parametrize('launcher, variable', [('pytorch', 'WORLD_SIZE'), ('slurm', 'SLURM_NTASKS')])
def test_processes_are_counted_as_the_launcher_says(monkeypatch, launcher, variable):
    monkeypatch.setenv(variable, '5')
    assert launch.world_size(launcher) == 5
    assert launch.world_size('none') == 1


def test_amp_is_bfloat16_and_only_where_it_is_ours_to_choose():
    cfg = config()
    launch.use_bfloat16(cfg)
    assert cfg.optim_wrapper.dtype == 'bfloat16'
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    with pytest.raises(ValueError, match='--amp: optim_wrapper.type is AmpOptimWrapper'):
        launch.use_bfloat16(cfg)


def test_data_root_reaches_every_dataset(tmp_path):
    (tmp_path / 'train').mkdir()
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert launch.use_data_root(cfg, str(tmp_path)) is None
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader, cfg.val_cfg.bank_dataloader):
        assert loader.dataset.data_root == str(tmp_path)
    assert cfg.train_dataloader.dataset.data_prefix == 'train'


def test_a_folder_without_splits_trains_without_labels(tmp_path):
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert 'has no train/ folder: training on all images in it' in launch.use_data_root(cfg, str(tmp_path))
    assert cfg.train_dataloader.dataset.with_label is False
    assert cfg.val_cfg is None
    assert cfg.test_dataloader is None


def test_missing_config_is_named():
    with pytest.raises(FileNotFoundError, match="config 'configs/none.py' does not exist"):
        launch.load_config('configs/none.py')


def test_photographs_have_no_root(tmp_path):
    with pytest.raises(ValueError, match='PhotoTiles reads the photographs of scikit-image'):
        launch.use_data_root(Config.fromfile('configs/massl/quickstart.py'), str(tmp_path))


def test_cpu_processes_keep_a_configs_own_wrapper(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(dist, 'init_process_group', lambda backend: None)
    cfg = Config(dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', find_unused_parameters=True)))
    with launch.launched(cfg, 'pytorch'):
        assert cfg.model_wrapper_cfg == dict(
            type='MMDistributedDataParallel', find_unused_parameters=True, broadcast_buffers=False, device_ids=None
        )


def test_another_wrapper_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(dist, 'init_process_group', lambda backend: None)
    cfg = Config(dict(model_wrapper_cfg=dict(type='ShardedModel')))
    with launch.launched(cfg, 'pytorch'):
        assert cfg.model_wrapper_cfg == dict(type='ShardedModel')


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 4)
    monkeypatch.setenv('LOCAL_WORLD_SIZE', '8')
    with pytest.raises(ValueError, match='8 processes were started on a machine with 4 GPUs'):
        with launch.launched(Config(), 'pytorch'):
            pass


def test_slurm_outside_of_slurm_says_so(monkeypatch):
    monkeypatch.delenv('SLURM_NODELIST', raising=False)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(ValueError, match='--launcher slurm outside of a Slurm job'):
        with launch.launched(Config(), 'slurm'):
            pass


def test_unreadable_checkpoints_are_named(tmp_path):
    (tmp_path / 'text.pth').write_text('not a checkpoint')
    with pytest.raises(ValueError, match="text.pth' is no checkpoint that can be read"):
        launch.check_checkpoint(str(tmp_path / 'text.pth'))
    torch.save([1], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match="list.pth' holds a list, not a checkpoint"):
        launch.check_checkpoint(str(tmp_path / 'list.pth'))
    with pytest.raises(FileNotFoundError, match="checkpoint 'none.pth' does not exist"):
        launch.check_checkpoint('none.pth')
    torch.save(dict(state_dict={}), tmp_path / 'good.pth')
    launch.check_checkpoint(str(tmp_path / 'good.pth'))


@pytest.mark.parametrize(
    ('config', 'folder'),
    [
        ('configs/npid/resnet18_cifar10_200e.py', 'work_dirs/npid/resnet18_cifar10_200e'),
        ('/some/where/configs/my/deep/one.py', 'work_dirs/my/deep/one'),
        ('mine.py', 'work_dirs/mine'),
    ],
)
def test_configs_of_one_name_have_folders_of_their_own(config, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert launch.default_work_dir(config) == folder


def test_the_evaluated_model_is_the_runners_with_the_weights_of_a_checkpoint(tmp_path):
    """A preprocessor beside the model, as the Runner takes it; untrained, the teacher is the student."""
    model = toy.model()
    cfg = Config(dict(data_preprocessor=model.pop('data_preprocessor'), model=model))
    untrained = launch.evaluated_model(cfg, None, 'cpu')
    assert not untrained.training
    assert untrained.data_preprocessor.mean.flatten().tolist() == [127.5] * 3
    for name, value in untrained.student.state_dict().items():
        assert torch.equal(value, untrained.teacher.module.state_dict()[name]), name
    untrained.teacher.module.backbone.conv.weight.data.fill_(3)
    torch.save(dict(state_dict=untrained.state_dict()), tmp_path / 'a.pth')
    trained = launch.evaluated_model(cfg, str(tmp_path / 'a.pth'), 'cpu')
    assert (trained.feature_backbone.conv.weight == 3).all()
    cfg.model.memory.length = 32
    with pytest.raises(ValueError, match='the checkpoint is not of this MemorySSL'):
        launch.evaluated_model(cfg, str(tmp_path / 'a.pth'), 'cpu')


def test_the_network_as_it_is_initialised_is_told_in_one_line(tmp_path, capsys):
    MMLogger.get_instance('told', log_level='INFO')
    launch.evaluated_model(toy.config(tmp_path), None, 'cpu')
    told = ''.join(capsys.readouterr())
    assert told.strip().endswith('no checkpoint: the network is evaluated as its config makes it')
    assert len(told.strip().splitlines()) == 1
