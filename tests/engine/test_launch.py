"""The processes of a run."""

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config

from sslreg.engine import launch


@pytest.mark.parametrize('launcher, variable', [('pytorch', 'WORLD_SIZE'), ('slurm', 'SLURM_NTASKS')])
def test_processes_are_counted_as_the_launcher_says(monkeypatch, launcher, variable):
    monkeypatch.setenv(variable, '5')
    assert launch.world_size(launcher) == 5
    assert launch.world_size('none') == 1


def test_cpu_processes_keep_a_configs_own_wrapper(monkeypatch):
    monkeypatch.setenv('RANK', '0')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(dist, 'init_process_group', lambda backend: None)
    cfg = Config(dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', find_unused_parameters=True)))
    with launch.launched(cfg, 'pytorch'):
        assert cfg.model_wrapper_cfg == dict(
            type='MMDistributedDataParallel', find_unused_parameters=True, broadcast_buffers=False, device_ids=None
        )


def test_another_wrapper_is_left_as_it_is(monkeypatch):
    monkeypatch.setenv('RANK', '0')
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(dist, 'init_process_group', lambda backend: None)
    cfg = Config(dict(model_wrapper_cfg=dict(type='ShardedModel')))
    with launch.launched(cfg, 'pytorch'):
        assert cfg.model_wrapper_cfg == dict(type='ShardedModel')


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setenv('RANK', '0')
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


def test_torchs_launcher_without_torchrun_is_refused(monkeypatch):
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(ValueError, match='--launcher pytorch: torchrun has not started this process; leave the option'):
        with launch.launched(Config(), 'pytorch'):
            pass
