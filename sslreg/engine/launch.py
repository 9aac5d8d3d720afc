"""The processes of a run and their process group."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.dist import init_dist

from sslreg.utils.moved import forward

forward(__name__)


@contextmanager
def launched(cfg: Config, launcher: str) -> Iterator[None]:
    """Run the body in the processes that the launcher started, then end their process group.

    The body must be the last thing that the program does. After an exception the process group is not ended: that would
    wait for the other ranks, which the launcher stops.

    Args:
        cfg: The config; its ``launcher`` is set.
        launcher: One of :data:`sslreg.utils.command_line.LAUNCHERS`.

    Raises:
        ValueError: ``pytorch`` is chosen outside of torchrun, or ``slurm`` outside of a Slurm job; the machine has
            fewer GPUs than processes.
    """
    cfg.launcher = launcher
    _check_launched(launcher)
    _check_devices(launcher)
    if launcher != 'none' and not torch.cuda.is_available():
        _start_gloo(cfg, launcher)
    yield
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
        if not torch.cuda.is_available():
            _exit()


def world_size(launcher: str) -> int:
    """Return the number of processes that the launcher has started."""
    variable = dict(pytorch='WORLD_SIZE', slurm='SLURM_NTASKS').get(launcher, '')
    return int(os.environ.get(variable, '1'))


def is_first(launcher: str) -> bool:
    """Return whether this is the first of the processes that the launcher has started."""
    variable = dict(pytorch='RANK', slurm='SLURM_PROCID').get(launcher, '')
    return os.environ.get(variable, '0') == '0'


def start_group(cfg: Config) -> None:
    """Start the process group of ``cfg.launcher`` in a program without a Runner, which would start it."""
    if cfg.launcher != 'none' and not dist.is_initialized():
        init_dist(cfg.launcher, **cfg.get('env_cfg', {}).get('dist_cfg', dict(backend='nccl')))


def _exit() -> None:
    """Exit without the interpreter's teardown, during which gloo's threads sometimes abort (seen on torch 2.11)."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _check_launched(launcher: str) -> None:
    if launcher == 'pytorch' and 'RANK' not in os.environ:
        raise ValueError(
            '--launcher pytorch: torchrun has not started this process; leave the option out for one process, or start '
            'several by tools/dist_train.sh, tools/dist_test.sh or tools/torchrun.sh, which set it'
        )


def _check_devices(launcher: str) -> None:
    processes, devices = int(os.environ.get('LOCAL_WORLD_SIZE', '1')), torch.cuda.device_count()
    if launcher == 'pytorch' and 0 < devices < processes:
        raise ValueError(
            f'{processes} processes were started on a machine with {devices} GPUs: start at most {devices}'
        )


def _start_gloo(cfg: Config, launcher: str) -> None:
    """Start a gloo process group on the CPU, as MMEngine's ``init_dist`` does on GPUs.

    ``init_dist`` calls ``torch.cuda`` with every backend, but keeps a process group that exists. MMEngine's
    DistributedDataParallel is told to use no device.
    """
    if launcher == 'slurm':
        _slurm_environment(cfg.get('env_cfg', {}).get('dist_cfg', {}).get('port', 29500))
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False) | (cfg.get('model_wrapper_cfg') or {})
    if wrapper['type'] == 'MMDistributedDataParallel':
        cfg.model_wrapper_cfg = wrapper | dict(device_ids=None)


def _slurm_environment(port: int) -> None:
    """Set torch's environment variables from Slurm's."""
    if 'SLURM_NODELIST' not in os.environ:
        raise ValueError('--launcher slurm outside of a Slurm job: start it with tools/slurm_train.sh')
    command = ['scontrol', 'show', 'hostname', os.environ['SLURM_NODELIST']]
    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
    os.environ.setdefault('MASTER_ADDR', first)
    os.environ.setdefault('MASTER_PORT', str(port))
    for name, source in (('RANK', 'PROCID'), ('LOCAL_RANK', 'LOCALID'), ('WORLD_SIZE', 'NTASKS')):
        os.environ[name] = os.environ[f'SLURM_{source}']
