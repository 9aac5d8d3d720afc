"""``prune``: f without the units that memorise most, and without random ones."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DefaultScope
from torch import Tensor

from sslreg.engine import launch
from sslreg.evaluation.features.store import model_hash
from sslreg.evaluation.model import check_evaluated, load_model
from sslreg.memorization.experiments.pruning import (
    PER,
    PruningCondition,
    check_runs_once,
    layer_names,
    pruned,
    pruned_units,
    pruning_conditions,
)
from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.experiments.records import Record
from sslreg.memorization.experiments.run_tables import run_table
from sslreg.memorization.experiments.suite_evaluator import SuiteEvaluator
from sslreg.memorization.measure import first_view
from sslreg.memorization.study import Study
from sslreg.memorization.training import Training
from sslreg.memorization.unit_scores import Loading, read_units, score_units, write_units
from sslreg.utils.console import show

from .options import add_benchmarks, add_orders

VIEWS = 10  # augmentations of an image that UnitMem averages over, as in the paper


def add_prune(commands: Any) -> None:
    """Add the command to the parser."""
    prune = commands.add_parser('prune', help='zero the units of the highest UnitMem of f, and evaluate it')
    prune.add_argument('study', metavar='DIR', help='a folder of train')
    prune.add_argument('--of', type=int, default=0, metavar='SEED', help='seed of the f to prune (default: 0)')
    prune.add_argument(
        '--layers',
        nargs='+',
        metavar='PATTERN',
        default=[r'layers\.\d+'],
        help=r"regular expressions of layers' names, each behind a ReLU (default: layers\.\d+, those of ResNet9)",
    )
    prune.add_argument(
        '--shares',
        type=float,
        nargs='+',
        metavar='X',
        default=[0.1, 0.2],
        help='shares of the units (default: 0.1 0.2)',
    )
    prune.add_argument(
        '--per',
        nargs='+',
        choices=PER,
        default=list(PER),
        help='share of each layer, or of all of them together (default: both)',
    )
    add_orders(prune)
    add_benchmarks(prune)
    prune.set_defaults(run=run_prune)


def run_prune(args: Namespace) -> None:
    """Evaluate f under each condition, and print tables."""
    study = Study.open(Path(args.study))
    conditions = pruning_conditions(args.orders, args.shares, args.per, args.seeds)
    training = _finished_training(study, args.of)
    with launch.launched(study.cfg, args.launcher):
        launch.start_group(study.cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            model = load_model(training.cfg, str(training.checkpoint), get_device())
            check_evaluated(model)
            names = layer_names(model, args.layers)
            record = _record(study, training, model, names)
            benchmarks = SuiteEvaluator(args.benchmarks, args.features, args.data_root, args.num_workers)
            scores = _unitmem(study, model, names, args.num_workers)
            masks = [pruned_units(scores, condition) for condition in conditions]
            for condition, units in zip(conditions, masks, strict=True):
                with pruned(model.feature_backbone, units):
                    record.complete(condition, model, benchmarks)
        if is_main_process():
            for name in benchmarks.names:
                title = f'{name} with units of {study.results.name} pruned'
                show(run_table(title, name, record.of(conditions), _level).rich())
            show(f'See {record.path}')


def _finished_training(study: Study, seed: int) -> Training:
    training = study.training('f', seed)
    if not training.finished:
        raise ValueError(f'{training.work_dir} is not trained to the end: run `python tools/sslmem.py train` again')
    return training


def _record(study: Study, training: Training, model: Any, names: list[str]) -> Record[PruningCondition]:
    about = dict(
        config=str(study.results / 'config.py'),
        checkpoint=str(training.checkpoint),
        layers=names,
        network=model_hash(model),
    )
    return Record(study.results / 'pruning.json', PruningCondition, about, ('network', 'layers'))


def _unitmem(study: Study, model: Any, names: list[str], num_workers: int) -> dict[str, Tensor]:
    """Return UnitMem ``[U]`` of layers over the candidates, measured once and kept in ``pruning/``."""
    kept, candidates = study.results / 'pruning', study.images('candidate')
    settings = dict(measure='UnitMem', network=model_hash(model), names=names, views=VIEWS)
    found = read_units(kept, settings)
    if found is None:
        check_runs_once(model, names, first_view(candidates.views(1), model.data_preprocessor))
        patterns = [re.escape(name) for name in names]
        found = score_units(model, patterns, candidates.views(VIEWS), Loading(num_workers=num_workers))
        if is_main_process():
            write_units(kept, found, settings)
    return {name: each.scores for name, each in found.items()}


def _level(condition: PruningCondition) -> str:
    return '' if condition.order == NONE else f'{condition.share:.3g} per {condition.per}'
