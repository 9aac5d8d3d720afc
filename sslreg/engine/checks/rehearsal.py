"""The parts of a training run, built and tried before its first step."""

from typing import Any

from mmengine.runner import Runner

from sslreg.datasets import collate
from sslreg.registry import FEATURES
from sslreg.utils.dist import unwrap
from sslreg.utils.random_state import same_random_numbers

from .build_errors import naming_keys
from .data_rehearsal import check_inputs, first_batch, preprocess, read_items, view_shapes
from .meta_model import build_on_meta
from .model_rehearsal import check_views, pass_views, view_sizes
from .relations import check_best, check_memory, check_optimizer


def rehearse_run(runner: Runner) -> None:
    """Build all that ``runner.train()`` builds, and pass two images through the data and the model's shapes.

    The Runner keeps what is built, so nothing is built twice, and no random number is used up.

    Args:
        runner: A new Runner.

    Raises:
        ValueError: A part cannot be built, or two do not fit each other; the message names their keys.
    """
    with naming_keys(runner.cfg):
        _try_training_data(runner, runner.train_loop.dataloader)
        check_memory(runner)
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        check_optimizer(runner)
        if runner.val_loop is not None:
            _try_validation(runner, runner.val_loop)
            check_best(runner)


def _try_training_data(runner: Runner, loader: Any) -> None:
    batch = first_batch(loader, 'train_dataloader', runner.cfg)
    if batch is None:
        return
    check_inputs(batch, 'train_dataloader.dataset')
    sizes = view_shapes(batch)
    preprocess(unwrap(runner.model).data_preprocessor, batch, 'train_dataloader')
    if sizes and not view_sizes(runner.cfg.train_dataloader.get('dataset')):  # else the config stated them
        check_views(unwrap(runner.model), len(sizes))
        with same_random_numbers():
            pass_views(build_on_meta(runner.cfg.model), runner.cfg, sizes)


def _try_validation(runner: Runner, loop: Any) -> None:
    """Read an image of each dataset that the validation reads."""
    requests = [
        (_place(runner, loop, benchmark.name, part, request), request)
        for benchmark in getattr(loop, 'suite', ())
        for part, request in benchmark.requests.items()
    ]
    for place, request in requests:
        FEATURES.build(request.kind)
        if len(request.dataset):
            with same_random_numbers():
                batch = collate(read_items(request.dataset, [0], place, runner.cfg))
            check_inputs(batch, place)
            preprocess(unwrap(runner.model).data_preprocessor, batch, place, training=False)


def _place(runner: Runner, loop: Any, benchmark: str, part: str, request: Any) -> str:
    """Return the dotted key of the dataset that a benchmark requests as ``part``."""
    if request.dataset is loop.dataloader.dataset:
        return 'val_dataloader.dataset'
    listed = (runner.cfg.get('val_cfg') or {}).get('benchmarks')
    if benchmark != loop.name or not isinstance(listed, (list, tuple)):
        return f'{benchmark}: {part}'
    number = next(number for number, each in enumerate(listed) if not isinstance(each, str))
    return f'val_cfg.benchmarks.{number}.{part.rpartition("/")[2]}'
