"""``prune``: f without the units that memorise most, and without random ones."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DefaultScope
from rich.console import Console
from torch import Tensor

from sslreg.engine import launch
from sslreg.evaluation.features.store import model_hash
from sslreg.evaluation.model import check_evaluated, load_model
from sslreg.memorization import run_tables, study, unit_scores
from sslreg.memorization.benchmarked import Benchmarks, Record, Run
from sslreg.memorization.experiments import pruning
from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.measure import first_view

from .options import add_benchmarks, add_orders

VIEWS = 10  # augmentations that UnitMem is a mean over, as in the paper


def add(commands: Any) -> Any:
    prune = commands.add_parser('prune', help='zero the units of the highest UnitMem of f, and evaluate it')
    prune.add_argument('study', metavar='DIR', help='a folder of train')
    prune.add_argument('--of', type=int, default=0, metavar='SEED', help='whose f is pruned (default: 0)')
    prune.add_argument(
        '--layers',
        nargs='+',
        metavar='PATTERN',
        default=[r'layers\.\d+'],
        help=r"regular expressions of layers' names, each behind a ReLU (default: layers\.\d+, those of ResNet9)",
    )
    prune.add_argument(
        '--shares', type=float, nargs='+', metavar='X', default=[0.1, 0.2], help='of the units (default: 0.1 0.2)'
    )
    prune.add_argument(
        '--per',
        nargs='+',
        choices=pruning.PER,
        default=list(pruning.PER),
        help='share of each layer, or of all of them together (default: both)',
    )
    add_orders(prune)
    add_benchmarks(prune)
    return prune


def run(args: Namespace) -> None:
    folder = Path(args.study)
    conditions = pruning.conditions(args.orders, args.shares, args.per, args.seeds)
    cfg, checkpoint = _trained(folder, args.of)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            model = load_model(cfg, checkpoint, get_device())
            check_evaluated(model)
            names = pruning.layer_names(model, args.layers)
            about = dict(config=str(folder / 'config.py'), checkpoint=checkpoint, layers=names)
            record = Record(folder / 'pruning.json', about | dict(network=model_hash(model)), ('network', 'layers'))
            benchmarks = Benchmarks(args.benchmarks, args.features, args.data_root, args.num_workers)
            scores = _unitmem(cfg, folder, model, names, args.num_workers)
            chosen = [pruning.pruned_units(scores, condition) for condition in conditions]
            for condition, units in zip(conditions, chosen, strict=True):
                with pruning.pruned(model.feature_backbone, units):
                    record.complete(condition, model, benchmarks)
        if is_main_process():
            for name in benchmarks.names:
                title = f'{name} with units of {folder.name} pruned'
                Console().print(run_tables.of_runs(title, name, record.of(conditions), _level).rich())
            Console().print(f'See {record.path}')


def _trained(folder: Path, seed: int) -> tuple[Config, str]:
    """The config of a study's f, and its last checkpoint."""
    cfg, work_dir = study.read_config(folder), folder / f'seed{seed}' / 'f'
    if not study.is_finished(cfg, work_dir):
        raise ValueError(f'{work_dir} is not trained to the end: run `python tools/sslmem.py train` again')
    checkpoint = str(study.final_checkpoint(cfg, work_dir))
    return study.trained_on(cfg, folder / 'split.json', 'f', seed), checkpoint


def _unitmem(cfg: Config, folder: Path, model: Any, names: list[str], num_workers: int) -> dict[str, Tensor]:
    """UnitMem ``[U]`` of layers over the candidates, measured once and kept in ``pruning/``."""
    split_file, kept = folder / 'split.json', folder / 'pruning'
    about = dict(measure='UnitMem', network=model_hash(model), names=names, views=VIEWS)
    found = unit_scores.read(kept, about)
    if found is None:
        view = first_view(study.viewed(cfg, 'candidate', split_file, 1), model.data_preprocessor)
        pruning.check_runs_once(model, names, view)
        images = unit_scores.Images(cfg, 'candidate', split_file, num_workers=num_workers)
        found = unit_scores.of_images(model, [re.escape(name) for name in names], images, VIEWS)
        if is_main_process():
            unit_scores.write(kept, found, about)
    return {name: each.scores for name, each in found.items()}


def _level(run: Run) -> str:
    return '' if run['order'] == NONE else f'{run["share"]:.3g} per {run["per"]}'
