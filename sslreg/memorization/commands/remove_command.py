"""``remove``: f trained without the most memorised candidates, and without random ones."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.registry import DefaultScope
from torch import Tensor

from sslreg.evaluation.features.store import combine
from sslreg.evaluation.model import build_model, check_evaluated, load_model
from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.experiments.records import Record
from sslreg.memorization.experiments.removal import (
    RemovalCondition,
    check_numbers,
    keep_split,
    removal_conditions,
    removal_overview,
    without_candidates,
)
from sslreg.memorization.experiments.run_tables import run_table
from sslreg.memorization.experiments.suite_evaluator import SuiteEvaluator
from sslreg.memorization.layers import REPRESENTATION
from sslreg.memorization.study import Study
from sslreg.memorization.training import Training
from sslreg.utils.console import show

from . import start_training
from .options import add_benchmarks, add_orders


def add_remove(commands: Any) -> None:
    """Add the command to the parser."""
    remove = commands.add_parser('remove', help='train f without memorised candidates, and evaluate it by benchmarks')
    remove.add_argument('study', metavar='DIR', help='a folder of train, scored')
    remove.add_argument('--numbers', type=int, nargs='+', metavar='N', required=True, help='candidates to leave out')
    add_orders(remove)
    remove.add_argument(
        '--layer', default=REPRESENTATION, help='layer whose SSLMem ranks the candidates (default: %(default)s)'
    )
    remove.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    add_benchmarks(remove)
    remove.set_defaults(run=run_remove)


def run_remove(args: Namespace) -> None:
    """Train f under each condition, evaluate it, and print tables."""
    if args.launcher != 'none':
        raise ValueError('remove starts the processes of its trainings: run it alone, with --gpus N')
    study = Study.open(Path(args.study))
    conditions = removal_conditions(args.orders, args.numbers, args.seeds)
    with DefaultScope.overwrite_default_scope('sslreg'):
        scores = _candidate_scores(study, args)
        benchmarks = SuiteEvaluator(args.benchmarks, args.features, args.data_root, args.num_workers)
        record = _record(study, args.layer, scores)
        for condition in conditions:
            keep_split(without_candidates(study.split, scores, condition), _split_file(study, condition))
        for condition in conditions:
            training = _training(study, condition)
            start_training.complete(training, args.tools, args.gpus)
            model = load_model(training.cfg, str(training.checkpoint), get_device())
            record.complete(condition, model, benchmarks)
    for name in benchmarks.names:
        title = f'{name} without candidates of {study.results.name}'
        table = run_table(title, name, record.of(conditions), lambda each: str(each.number or ''))
        show(table.rich())
    show(f'See {record.path}')


def _candidate_scores(study: Study, args: Namespace) -> Tensor:
    """Return the scores of the candidates; raise errors about the arguments before the first training."""
    loader = study.cfg.train_dataloader
    check_numbers(args.numbers, study.split, loader.batch_size * args.gpus if loader.get('drop_last') else 1)
    check_evaluated(build_model(study.cfg))
    return study.scores.candidates(args.layer)


def _record(study: Study, layer: str, scores: Tensor) -> Record[RemovalCondition]:
    about = dict(config=str(study.results / 'config.py'), layer=layer, scores=combine(repr(scores.tolist())))
    path = study.results / 'removal.json'
    return Record(path, RemovalCondition, about, ('layer', 'scores'), removal_overview)


def _split_file(study: Study, condition: RemovalCondition) -> Path:
    if condition.order == NONE:
        return study.results / 'split.json'
    return study.results / 'removal' / condition.folder / f'seed{condition.seed}.json'


def _training(study: Study, condition: RemovalCondition) -> Training:
    """Return the training of f; the study's own, if it is finished, where nothing is left out."""
    own = study.training('f', condition.seed)
    if condition.order == NONE and own.finished:
        return own
    work_dir = study.results / 'removal' / condition.folder / f'seed{condition.seed}'
    return study.on_split(_split_file(study, condition)).training('f', condition.seed, work_dir)
