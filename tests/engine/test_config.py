"""Changes of a config by the command line."""

import pytest
from mmengine.config import Config

from sslreg.engine.config import default_work_dir, scale_batch, use_bfloat16, use_data_root


def config(base: int | None = 1024, batch: int = 128) -> Config:
    cfg = Config(dict(train_dataloader=dict(batch_size=batch), optim_wrapper=dict(type='SSLOptimWrapper')))
    if base:
        cfg.auto_scale_lr = dict(base_batch_size=base)
    return cfg


def test_the_recipes_batch_needs_no_word():
    assert scale_batch(config(), num_processes=8, auto_scale_lr=False) is None
    assert scale_batch(config(base=None), num_processes=3, auto_scale_lr=False) is None


def test_another_batch_is_warned_about_with_both_remedies():
    note = scale_batch(config(), num_processes=4, auto_scale_lr=False)
    assert '4 x 128 images make a batch of 512' in note
    assert '--auto-scale-lr, or --cfg-options train_dataloader.batch_size=256' in note


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(ValueError, match="3 processes cannot share this config's batch of 1024 images evenly"):
        scale_batch(config(), num_processes=3, auto_scale_lr=False)


def test_scaling_the_learning_rate_takes_any_batch():
    cfg = config()
    assert scale_batch(cfg, num_processes=3, auto_scale_lr=True) is None
    assert cfg.auto_scale_lr.enable
    with pytest.raises(ValueError, match='--auto-scale-lr: the config does not say which batch'):
        scale_batch(config(base=None), num_processes=1, auto_scale_lr=True)


def test_amp_is_bfloat16_and_only_where_it_is_ours_to_choose():
    cfg = config()
    use_bfloat16(cfg)
    assert cfg.optim_wrapper.dtype == 'bfloat16'
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    with pytest.raises(ValueError, match='--amp: optim_wrapper.type is AmpOptimWrapper'):
        use_bfloat16(cfg)


def test_data_root_reaches_every_dataset(tmp_path):
    (tmp_path / 'train').mkdir()
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert use_data_root(cfg, str(tmp_path)) is None
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.data_root == str(tmp_path)
    assert cfg.val_cfg.benchmarks[0].train.data_root == str(tmp_path)
    assert cfg.train_dataloader.dataset.data_prefix == 'train'


def test_a_folder_without_splits_trains_without_labels(tmp_path):
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert 'has no train/ folder: training on all images in it' in use_data_root(cfg, str(tmp_path))
    assert cfg.train_dataloader.dataset.with_label is False
    assert cfg.val_cfg is None
    assert cfg.test_dataloader is None


def test_photographs_have_no_root(tmp_path):
    with pytest.raises(ValueError, match='PhotoTiles reads the photographs of scikit-image'):
        use_data_root(Config.fromfile('configs/massl/quickstart.py'), str(tmp_path))


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
    assert default_work_dir(config) == folder
