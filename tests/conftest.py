import multiprocessing
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # before torch: its threads otherwise wait in a busy loop
if 'PYTEST_XDIST_WORKER' in os.environ:
    os.environ.setdefault('OMP_NUM_THREADS', '1')  # the cores are shared with the other workers

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

from tests.warm_python import PRELOAD, shorten

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that several workers end together."""
    slow = Counter(item.path for item in items if item.get_closest_marker('slow'))
    items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish() -> None:
    """Run after all test files have been imported."""
    shorten()


@pytest.fixture(autouse=True)
def fresh_state():
    """Seeded, and without MMEngine's process-wide singletons of an earlier test."""
    torch.manual_seed(0)
    np.random.seed(0)
    yield
    for singleton in (MessageHub, MMLogger, DefaultScope, Visualizer):
        singleton._instance_dict.clear()


@pytest.fixture(scope='session')
def trained_toys(tmp_path_factory) -> tuple[Path, Any]:
    """A folder with ``split.json``, and the checkpoints of f and g that were trained by it; to be left as they are."""
    from tests.memorization import toy_study

    folder = tmp_path_factory.mktemp('study')
    with DefaultScope.overwrite_default_scope('sslreg'):
        return folder, toy_study.train(folder, toy_study.config(), toy_study.split(folder))


@pytest.fixture(scope='session')
def cifar10() -> Path:
    """The packed CIFAR-10, or a skip."""
    folder = ROOT / 'data' / 'cifar10'
    if not (folder / 'train.npz').is_file():
        pytest.skip('needs data/cifar10/{train,test}.npz (docs/data.md)')
    return folder


# Ranks and tools are forked from one process that has imported what takes seconds, and has no threads yet.
multiprocessing.set_forkserver_preload(PRELOAD)


def _worker(rank: int, world_size: int, fn: Callable[..., Any], folder: str, args: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    shorten()
    dist.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=world_size)
    torch.save(fn(rank, *args), os.path.join(folder, f'{rank}.pth'))
    dist.barrier()
    dist.destroy_process_group()
    os._exit(0)  # without the teardown in which gloo's threads now and then abort (seen on torch 2.11)


@pytest.fixture
def run_ranks(tmp_path) -> Callable[..., list[Any]]:
    """``run_ranks(fn, *args)``: call ``fn(rank, *args)`` in two gloo processes; their results."""

    def run(fn: Callable[..., Any], *args: Any, world_size: int = 2) -> list[Any]:
        (tmp_path / 'rendezvous').unlink(missing_ok=True)  # of an earlier call, if a process left it
        mp.start_processes(_worker, (world_size, fn, str(tmp_path), args), nprocs=world_size, start_method='forkserver')
        return [torch.load(tmp_path / f'{rank}.pth') for rank in range(world_size)]

    return run
