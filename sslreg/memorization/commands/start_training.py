"""Trainings that commands start, each by ``tools/train.py`` in a process of its own."""

import subprocess
import sys
from pathlib import Path

from mmengine.config import Config
from rich.console import Console

from sslreg.memorization import study


def complete(cfg: Config, work_dir: Path, tools: Path, gpus: int = 1) -> Path:
    """Train by a config to the end, unless that was done before; what was interrupted goes on.

    Args:
        cfg: Written beside the work dir, as ``WORK_DIR.py``.
        work_dir: Of the training.
        tools: Folder of the scripts.
        gpus: Processes.

    Returns:
        The last checkpoint.

    Raises:
        SystemExit: The training failed, with an error that it has printed.
    """
    if study.is_finished(cfg, work_dir):
        Console().print(f'{work_dir}: finished before')
    else:
        config = work_dir.with_suffix('.py')
        config.parent.mkdir(parents=True, exist_ok=True)
        cfg.dump(config)
        start(config, work_dir, tools, gpus)
    return study.final_checkpoint(cfg, work_dir)


def start(config: Path, work_dir: Path, tools: Path, gpus: int) -> None:
    distributed = ['bash', str(tools / 'dist_train.sh'), str(config), str(gpus)]
    command = distributed if gpus > 1 else [sys.executable, str(tools / 'train.py'), str(config)]
    done = subprocess.run([*command, '--work-dir', str(work_dir), '--resume'], check=False)
    if done.returncode:
        sys.exit(f'{work_dir}: the training ended with the error above; the same command goes on with it')
