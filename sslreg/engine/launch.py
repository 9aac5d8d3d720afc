"""From a command line to a Runner: what ``tools/*.py`` share. Errors here are raised before anything is built."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.dist import init_dist
from mmengine.logging import MMLogger, print_log
from mmengine.registry import DefaultScope
from mmengine.utils import import_modules_from_strings

from sslreg.models.adapters import encoder
from sslreg.models.checkpoints import check_fits
from sslreg.models.teacher import start_teacher
from sslreg.registry import MODELS, type_name

LAUNCHERS = ('none', 'pytorch', 'slurm')


def load_config(path: str, options: dict[str, Any] | None = None) -> Config:
    """Read a config and merge ``--cfg-options`` into it; ``custom_imports`` may stand in either.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'config {path!r} does not exist (from {Path.cwd()}); the ones that come with sslreg are in configs/'
        )
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options or {})
    if 'custom_imports' in cfg:
        import_modules_from_strings(**cfg.custom_imports)
    return cfg


@contextmanager
def launched(cfg: Config, launcher: str) -> Iterator[None]:
    """Run the body, the last thing that a program does, in the processes that the launcher started.

    Then the process group is ended. After an exception it is left alone: ending it would wait for the other ranks,
    which the launcher stops.
    """
    cfg.launcher = launcher
    _check_devices(launcher)
    if launcher != 'none' and not torch.cuda.is_available():
        _start_gloo(cfg, launcher)
    yield
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
        if not torch.cuda.is_available():
            _exit()


def _exit() -> None:
    """Leave without the interpreter's teardown, in which gloo's threads now and then abort (seen on torch 2.11)."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _check_devices(launcher: str) -> None:
    processes, devices = int(os.environ.get('LOCAL_WORLD_SIZE', '1')), torch.cuda.device_count()
    if launcher == 'pytorch' and 0 < devices < processes:
        raise ValueError(
            f'{processes} processes were started on a machine with {devices} GPUs: start at most {devices}'
        )


def _start_gloo(cfg: Config, launcher: str) -> None:
    """What MMEngine's ``init_dist`` does, which calls ``torch.cuda`` whatever the backend; it leaves our group alone.

    Its DistributedDataParallel must then be told to use no device.
    """
    if launcher == 'slurm':
        _slurm_environment(cfg.get('env_cfg', {}).get('dist_cfg', {}).get('port', 29500))
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    wrapper = dict(type='MMDistributedDataParallel', broadcast_buffers=False) | (cfg.get('model_wrapper_cfg') or {})
    if wrapper['type'] == 'MMDistributedDataParallel':
        cfg.model_wrapper_cfg = wrapper | dict(device_ids=None)


def world_size(launcher: str) -> int:
    """Number of processes that the launcher has started."""
    variable = dict(pytorch='WORLD_SIZE', slurm='SLURM_NTASKS').get(launcher, '')
    return int(os.environ.get(variable, '1'))


def scale_batch(cfg: Config, num_processes: int, auto_scale_lr: bool) -> str | None:
    """Compare the global batch with the one that the config's learning rate is for (``auto_scale_lr``).

    Returns:
        A warning, where a recipe is run with another batch.

    Raises:
        ValueError: The recipe's batch cannot be shared by this number of processes, or there is nothing to scale to.
    """
    base = cfg.get('auto_scale_lr', {}).get('base_batch_size')
    if auto_scale_lr:
        if base is None:
            raise ValueError(
                '--auto-scale-lr: the config does not say which batch its learning rate is for; add '
                'auto_scale_lr=dict(base_batch_size=...)'
            )
        cfg.auto_scale_lr.enable = True
        return None
    batch = cfg.train_dataloader.batch_size
    if base is None or batch * num_processes == base:
        return None
    if base % num_processes:
        raise ValueError(
            f"{num_processes} processes cannot share this config's batch of {base} images evenly: use a "
            f'number that divides it, or --auto-scale-lr for {num_processes} x {batch} images'
        )
    return (
        f'{num_processes} x {batch} images make a batch of {batch * num_processes}, but the learning rate of this '
        f'config is for {base}: add --auto-scale-lr, or --cfg-options '
        f'train_dataloader.batch_size={base // num_processes}'
    )


def use_bfloat16(cfg: Config) -> None:
    """Forward passes in bfloat16 (``--amp``), also on the CPU."""
    name = type_name(cfg.optim_wrapper.get('type', 'OptimWrapper'))
    if name not in ('OptimWrapper', 'SSLOptimWrapper'):
        raise ValueError(f'--amp: optim_wrapper.type is {name}, which chooses its own precision')
    cfg.optim_wrapper.type = 'sslreg.engine.SSLOptimWrapper'
    cfg.optim_wrapper.dtype = 'bfloat16'


def use_tensorboard(cfg: Config) -> None:
    """Write curves for TensorBoard beside MMEngine's own."""
    try:
        import tensorboard  # noqa: F401
    except ImportError as error:
        raise ImportError('--tensorboard: TensorBoard is not installed: `pip install tensorboard`') from error
    cfg.visualizer.vis_backends = [*cfg.visualizer.get('vis_backends', []), dict(type='TensorboardVisBackend')]


def use_data_root(cfg: Config, root: str) -> str | None:
    """Point every dataset of a config to ``root``.

    A folder config (:class:`ImageFolder`) also takes a folder without ``train/`` and ``val/``: then it trains on all
    images in it, at any depth, without labels and so without evaluation.

    Returns:
        What was changed beyond the path, in a sentence.

    Raises:
        FileNotFoundError: There is no such folder.
        ValueError: The config has no data that could lie elsewhere.
    """
    if not Path(root).is_dir():
        raise FileNotFoundError(
            f'--data-root: folder {root!r} does not exist (from {Path.cwd()}); make it first if data are to be '
            'downloaded there'
        )
    loaders = [cfg.get('train_dataloader'), cfg.get('val_dataloader'), cfg.get('test_dataloader')]
    loops = [cfg.get('val_cfg'), cfg.get('test_cfg')]
    loaders += [loop.get('bank_dataloader') for loop in loops if loop]
    datasets = [innermost(loader.dataset) for loader in loaders if loader]
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
    return f'{root} has no train/ folder: training on all images in it, without labels and so without evaluation'


def innermost(dataset: Any) -> Any:
    """The dataset that reads files, below those that wrap it."""
    return innermost(dataset.dataset) if 'dataset' in dataset else dataset


def default_work_dir(config: str) -> str:
    """``work_dirs/METHOD/CONFIG`` for a file ``.../configs/METHOD/CONFIG.py``; elsewhere ``work_dirs/CONFIG``.

    Configs of different methods may have one name.
    """
    parts = Path(config).resolve().with_suffix('').parts
    below = parts[len(parts) - parts[::-1].index('configs') :] if 'configs' in parts else parts[-1:]
    return str(Path('work_dirs', *below))


def start_group(cfg: Config) -> None:
    """The process group of the launcher, where no Runner starts it."""
    if cfg.launcher != 'none' and not dist.is_initialized():
        init_dist(cfg.launcher, **cfg.get('env_cfg', {}).get('dist_cfg', dict(backend='nccl')))


def build_model(cfg: Config) -> Any:
    """The config's model, by its seed."""
    torch.manual_seed(cfg.get('randomness', {}).get('seed', 0) or 0)
    with DefaultScope.overwrite_default_scope('sslreg'):
        return MODELS.build(dict(data_preprocessor=cfg.get('data_preprocessor')) | cfg.model.to_dict())


def initialise(model: Any) -> None:
    """As its config says, without MMEngine's lines on each tensor."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        model.init_weights()
    finally:
        logger.setLevel(level)


def evaluated_model(cfg: Config, checkpoint: str | None, device: str) -> Any:
    """The config's model in evaluation mode, with the weights of a checkpoint or, by None, as the config makes it.

    mmpretrain's models in the form of :func:`sslreg.models.adapters.encoder`.

    Raises:
        ValueError: The checkpoint is not of the config's model.
    """
    model = build_model(cfg)
    if checkpoint:
        state = torch.load(checkpoint, map_location='cpu', weights_only=True)
        state = state.get('state_dict', state)
        check_fits(model, state)
        model.load_state_dict(state)
    else:
        initialise(model)
        if getattr(model, 'teacher', None) is not None:
            start_teacher(model)
        print_log('no checkpoint: the network is evaluated as its config makes it', 'current')
    return encoder(model.to(device).eval())


def check_evaluated(model: Any) -> None:
    """Raise ValueError unless benchmarks can evaluate a model."""
    if not hasattr(model, 'feature_backbone'):
        raise ValueError(
            f'{type(model).__name__} has no feature_backbone and extract_feat, which benchmarks need, as MemorySSL and '
            'Encoder have'
        )


def check_checkpoint(path: str) -> None:
    """Raise FileNotFoundError or ValueError unless ``path`` is a file that torch can read."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (from {Path.cwd()})')
    try:
        checkpoint = torch.load(path, map_location='meta', weights_only=True)
    except Exception as error:  # torch names its reasons in many types
        reason = str(error).splitlines()[0]
        raise ValueError(f'{path!r} is no checkpoint that can be read: {reason}') from None
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path!r} holds a {type(checkpoint).__name__}, not a checkpoint')


def _slurm_environment(port: int) -> None:
    """torch's variables from Slurm's."""
    if 'SLURM_NODELIST' not in os.environ:
        raise ValueError('--launcher slurm outside of a Slurm job: start it by tools/slurm_train.sh')
    command = ['scontrol', 'show', 'hostname', os.environ['SLURM_NODELIST']]
    first = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[0]
    os.environ.setdefault('MASTER_ADDR', first)
    os.environ.setdefault('MASTER_PORT', str(port))
    for name, source in (('RANK', 'PROCID'), ('LOCAL_RANK', 'LOCALID'), ('WORLD_SIZE', 'NTASKS')):
        os.environ[name] = os.environ[f'SLURM_{source}']
