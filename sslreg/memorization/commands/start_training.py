"""Trainings that commands start, each by ``tools/train.py`` in a process of its own."""

import subprocess
import sys
from pathlib import Path

from sslreg.memorization.training import Training
from sslreg.utils.console import show


def complete(training: Training, tools: Path, gpus: int = 1) -> None:
    """Run a training to its end, unless it is finished; an interrupted training goes on.

    The config is written beside the work dir, as ``WORK_DIR.py``.

    Args:
        training: The training.
        tools: Folder of the scripts.
        gpus: Number of processes.

    Raises:
        RuntimeError: The training failed, with an error that it has printed.
    """
    if training.finished:
        show(f'{training.work_dir}: finished before')
        return
    config = training.work_dir.with_suffix('.py')
    config.parent.mkdir(parents=True, exist_ok=True)
    training.cfg.dump(config)
    start(config, training.work_dir, tools, gpus)


def start(config: Path, work_dir: Path, tools: Path, gpus: int) -> None:
    """Run ``tools/train.py``, on several processes by ``tools/dist_train.sh``."""
    distributed = ['bash', str(tools / 'dist_train.sh'), str(config), str(gpus)]
    command = distributed if gpus > 1 else [sys.executable, str(tools / 'train.py'), str(config)]
    done = subprocess.run([*command, '--work-dir', str(work_dir), '--resume'], check=False)
    if done.returncode:
        raise RuntimeError(f'{work_dir}: the training ended with the error above; the same command goes on with it')
