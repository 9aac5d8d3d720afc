"""Changes that a command line makes in a config. Errors are raised before anything is built."""

import re
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.datasets.folder import PARTS_OF_DATA
from sslreg.engine.batch_scaling import accumulated_batches, images_per_step, scale_learning_rate
from sslreg.registry import DATASETS, SCHEDULES, type_name
from sslreg.scheduled import places


def use_data_root(cfg: Config, root: str) -> str | None:
    """Point every dataset of a config to ``root``.

    A config that reads a folder (:class:`ImageFolder`) also takes one without ``train/`` and ``val/``: it then trains
    on all images in the folder, at any depth, without labels and so without evaluation.

    Returns:
        A sentence on what changed beyond the path, or None.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: The config's data cannot be in another folder.
    """
    root = str(Path(root).expanduser())
    if not Path(root).is_dir():
        raise FileNotFoundError(
            f'--data-root: folder {root!r} does not exist (from {Path.cwd()}); make it first if data are to be '
            'downloaded there'
        )
    loaders = [cfg.get('train_dataloader'), cfg.get('val_dataloader'), cfg.get('test_dataloader')]
    datasets = [innermost(loader.dataset) for loader in loaders if loader]
    datasets += [dataset for name in ('val_cfg', 'test_cfg') for dataset in _datasets_of_benchmarks(cfg.get(name))]
    for dataset in datasets:
        if type_name(dataset.type) == 'PhotoTiles':
            raise ValueError(
                f'--data-root {root}: PhotoTiles reads the photographs of scikit-image; choose another config'
            )
        dataset.data_root = root
    train = datasets[0]
    if type_name(train.type) != 'ImageFolder' or Path(root, 'train').is_dir():
        return None
    train.data_prefix, train.with_label = '', False
    for name in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg', 'test_evaluator'):
        cfg[name] = None
    others = sorted(each.name for each in Path(root).iterdir() if each.is_dir() and each.name.lower() in PARTS_OF_DATA)
    hint = f' (but {", ".join(f"{name}/" for name in others)})' if others else ''
    return f'{root} has no train/ folder{hint}: training on all images in it, without labels and so without evaluation'


def _datasets_of_benchmarks(loop: Any) -> list[Any]:
    """Return the datasets of the benchmarks that a loop describes; named benchmarks have paths of their own."""
    described = [each for each in (loop or {}).get('benchmarks') or () if not isinstance(each, str)]
    parts = [part for each in described for part in each.values() if isinstance(part, dict)]
    return [innermost(part) for part in parts if DATASETS.get(type_name(part.get('type', '')))]


def innermost(dataset: Any) -> Any:
    """Return the dataset that reads files, below the datasets that wrap it."""
    return innermost(dataset.dataset) if 'dataset' in dataset else dataset


def scale_batch(cfg: Config, num_processes: int, auto_scale_lr: bool) -> str | None:
    """Compare the images per step with those that the config's learning rate is for, or scale the rate.

    The images per step are those of a batch, times the processes, times the batches that the optimizer accumulates.

    Args:
        cfg: The config.
        num_processes: Number of processes, each with its own ``batch_size`` images.
        auto_scale_lr: Scale the learning rate instead of comparing, as ``auto_scale_lr.enable=True`` in the config.

    Returns:
        A warning if the batches differ, a sentence on what was scaled, or None.

    Raises:
        ValueError: The processes cannot share the config's batch evenly; or the rate is to be scaled, and the config
            does not say what it is for, or its schedule cannot be scaled.
    """
    described = cfg.get('auto_scale_lr') or {}
    base, batch = described.get('base_batch_size'), images_per_step(cfg, num_processes)
    if auto_scale_lr or described.get('enable', False):
        if not isinstance(base, int) or base < 1 or batch is None:
            raise ValueError(
                f'{"--auto-scale-lr" if auto_scale_lr else "auto_scale_lr.enable=True"}: the config does not say which '
                f'batch its learning rate is for (auto_scale_lr.base_batch_size={base}); add '
                'auto_scale_lr=dict(base_batch_size=...), the images per step'
            )
        return scale_learning_rate(cfg, base, batch)
    if base is None or batch is None or batch == base:
        return None
    counts = accumulated_batches(cfg)
    product = f'{num_processes} x {cfg.train_dataloader.batch_size}' + (
        f' x {counts} accumulated' if counts > 1 else ''
    )
    if base % (num_processes * counts):
        raise ValueError(
            f'{num_processes} processes{f" with {counts} accumulated batches" if counts > 1 else ""} cannot share this '
            f"config's batch of {base} images evenly: use a number that divides it, or --auto-scale-lr for {product} "
            'images'
        )
    return (
        f'{product} images make a batch of {batch}, but the learning rate of this config is for {base}: add '
        f'--auto-scale-lr, or --cfg-options train_dataloader.batch_size={base // (num_processes * counts)}'
    )


def refuse_misplaced_schedules(cfg: Config) -> None:
    """Raise ValueError if a schedule stands where nothing moves it: in the loop, the data or the optimizer wrapper."""
    movable = re.compile(r'optim_wrapper\.optimizer\.\w+')
    parts = {name: cfg.get(name) for name in ('train_cfg', 'train_dataloader', 'optim_wrapper', 'param_scheduler')}
    if fixed := [place for place in places(parts, SCHEDULES) if not movable.fullmatch(place)]:
        raise ValueError(
            f'{", ".join(fixed)}: no schedule can stand here, only in a component of the model and as a '
            'hyper-parameter of optim_wrapper.optimizer; give a constant'
        )


def use_bfloat16(cfg: Config) -> None:
    """Let forward passes run in bfloat16 (``--amp``), also on the CPU.

    Raises:
        ValueError: The config's optimizer wrapper chooses its own precision.
    """
    name = type_name(cfg.optim_wrapper.get('type', 'OptimWrapper'))
    if name not in ('OptimWrapper', 'SSLOptimWrapper'):
        raise ValueError(f'--amp: optim_wrapper.type is {name}, which chooses its own precision')
    cfg.optim_wrapper.type = 'sslreg.engine.SSLOptimWrapper'
    cfg.optim_wrapper.dtype = 'bfloat16'


def use_tensorboard(cfg: Config) -> None:
    """Let the run also write curves for TensorBoard.

    Raises:
        ImportError: TensorBoard is not installed.
    """
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise ImportError('--tensorboard: TensorBoard is not installed: `pip install tensorboard`') from error
    cfg.visualizer.vis_backends = [*cfg.visualizer.get('vis_backends', []), dict(type='TensorboardVisBackend')]


def default_work_dir(config: str) -> str:
    """Return ``work_dirs/METHOD/CONFIG`` for ``.../configs/METHOD/CONFIG.py``, else ``work_dirs/CONFIG``.

    The method is part of the path because configs of two methods may have the same name.
    """
    parts = Path(config).resolve().with_suffix('').parts
    below = parts[len(parts) - parts[::-1].index('configs') :] if 'configs' in parts else parts[-1:]
    return str(Path('work_dirs', *below))
