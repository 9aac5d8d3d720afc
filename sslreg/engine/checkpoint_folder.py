"""The folder of a run's checkpoints: files are written whole or not at all, and the newest usable one is found."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.runner import Runner

from sslreg.engine.resumable import TEMPLATES, fault, newest
from sslreg.models.checkpoints import check_checkpoint
from sslreg.utils.files import atomic_write, replace_durably

AUTO = 'auto'  # value of `resume` in a config: from the newest checkpoint, whatever `load_from` is
POINTER = 'last_checkpoint'  # file in the work dir with the path of the newest checkpoint, relative to the work dir


def check_unit(epochs: bool, by_epoch: bool, interval: int) -> None:
    """Raise ValueError unless checkpoints are counted in the unit of the training loop, epochs or iterations.

    Args:
        epochs: Whether the loop has epochs.
        by_epoch: Whether checkpoints are counted in epochs.
        interval: Epochs or iterations between two checkpoints, for the message.
    """
    if epochs and not by_epoch:
        raise ValueError(
            'PlainCheckpointHook(by_epoch=False): an epoch-based run cannot resume within an epoch; use '
            'by_epoch=True, or an iteration-based train_cfg'
        )
    if by_epoch and not epochs:
        raise ValueError(
            f'default_hooks.checkpoint counts epochs (by_epoch=True, interval={interval}), and this train_cfg has '
            'none, so there would be no checkpoint before the end: set default_hooks.checkpoint.by_epoch=False and '
            'default_hooks.checkpoint.interval to a number of iterations'
        )


def use_newest(runner: Runner, hook: Any = None) -> None:
    """Let a run that is to be resumed without a path start from the newest usable checkpoint of its work dir.

    Rank 0 decides. Without a checkpoint the run starts anew, with the weights of ``load_from`` if there are any. Files
    that cannot be used are named in the log.

    Args:
        runner: The runner, before it loads anything.
        hook: Its checkpoint hook, which may have a folder and file names of its own.

    Raises:
        ValueError: There are checkpoints, but none can be used: a new run would overwrite them.
    """
    if runner._resume != AUTO and not (runner._resume and runner._load_from is None):
        return
    found: list[Any] = [_search(runner, hook)] if is_main_process() else [None]
    broadcast_object_list(found)
    path, passed_over = found[0]
    texts = [f'{name} ({problem})' for name, problem in passed_over.items()]
    if path is None and texts:
        raise ValueError(
            f'none of the checkpoints in {runner.work_dir} can be resumed from: {", ".join(texts)}; remove them, or '
            'choose another --work-dir, to start anew'
        )
    for text in texts:
        runner.logger.warning(f'passed over, not to be resumed from: {text}')
    if path is None:
        runner.logger.warning(f'nothing to resume in {runner.work_dir}, starting anew')
    runner._resume, runner._load_from = path is not None, path or runner._load_from


def check_resumed(path: str) -> None:
    """Raise an error unless a file is a whole and finite checkpoint of a run.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: A run cannot go on from the file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'--resume: checkpoint {path!r} does not exist (from {Path.cwd()}); --resume alone takes the newest of the '
            'work dir'
        )
    if problem := fault(Path(path)):
        raise ValueError(f'--resume {path}: {problem}; --resume alone takes the newest usable one of the work dir')


def check_load_from(path: str) -> None:
    """Raise an error unless ``load_from`` is a checkpoint that can be read; an address is not looked at.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is no checkpoint.
    """
    if '://' in path:
        return
    try:
        check_checkpoint(Path(path).expanduser())
    except (FileNotFoundError, ValueError) as error:
        raise type(error)(f'load_from: {error}') from error


def _search(runner: Runner, hook: Any) -> tuple[str | None, dict[str, str]]:
    """Return the newest usable checkpoint, and what is wrong with others by their names."""
    folder = Path(runner.work_dir)
    if getattr(hook, 'out_dir', None) not in (None, runner.work_dir):
        folder = Path(hook.out_dir, folder.name)
    templates = {*TEMPLATES, getattr(hook, 'filename_tmpl', TEMPLATES[0])}
    found = newest(folder, sorted(templates))
    path = None if found.path is None else str(found.path)
    return path, {file.name: text for file, text in found.passed_over.items()}


def save_whole(save: Callable[..., None], out_dir: str, filename: str, *args: Any, **options: Any) -> None:
    """Save a checkpoint under a temporary name in the same folder, and rename it when it is on the disk.

    Args:
        save: ``Runner.save_checkpoint``.
        out_dir: Folder; elsewhere than on a file system, the file is saved as MMEngine does.
        filename: Name of the file.
        *args: Passed on.
        **options: Passed on.
    """
    if '://' in out_dir or not is_main_process():
        save(out_dir, filename, *args, **options)
        return
    partial_file = Path(out_dir, f'{filename}.part')
    try:
        save(out_dir, partial_file.name, *args, **options)
        replace_durably(partial_file, Path(out_dir, filename))
    finally:
        partial_file.unlink(missing_ok=True)


def point_to(checkpoint: str, work_dir: str) -> None:
    """Write the name of the newest checkpoint into the work dir, relative to it, since a work dir may be moved."""
    path = checkpoint if '://' in checkpoint else os.path.relpath(checkpoint, work_dir)
    with atomic_write(Path(work_dir, POINTER)) as file:
        file.write_text(path)
