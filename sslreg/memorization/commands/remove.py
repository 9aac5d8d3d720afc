"""``remove``: f trained without the most memorised candidates, and without random ones."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from rich.console import Console
from torch import Tensor

from sslreg.evaluation.features.store import combine
from sslreg.evaluation.model import build_model, check_evaluated, load_model
from sslreg.memorization import Split, run_tables, study
from sslreg.memorization.benchmarked import Benchmarks, Record
from sslreg.memorization.experiments import removal
from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.experiments.removal import Condition
from sslreg.memorization.layers import REPRESENTATION

from . import start_training
from .options import add_benchmarks, add_orders


def add(commands: Any) -> Any:
    remove = commands.add_parser('remove', help='train f without memorised candidates, and evaluate it by benchmarks')
    remove.add_argument('study', metavar='DIR', help='a folder of train, scored')
    remove.add_argument('--numbers', type=int, nargs='+', metavar='N', required=True, help='candidates to leave out')
    add_orders(remove)
    remove.add_argument('--layer', default=REPRESENTATION, help='by whose SSLMem (default: %(default)s)')
    remove.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    add_benchmarks(remove)
    return remove


def run(args: Namespace) -> None:
    if args.launcher != 'none':
        raise ValueError('remove starts the processes of its trainings: run it alone, with --gpus N')
    folder = Path(args.study)
    cfg = study.read_config(folder)
    conditions = removal.conditions(args.orders, args.numbers, args.seeds)
    with DefaultScope.overwrite_default_scope('sslreg'):
        split, scores = _ranked(args, cfg, folder)
        benchmarks = Benchmarks(args.benchmarks, args.features, args.data_root, args.num_workers)
        about = dict(config=str(folder / 'config.py'), layer=args.layer, scores=combine(repr(scores.tolist())))
        record = Record(folder / 'removal.json', about, ('layer', 'scores'), removal.listed)
        for condition in conditions:
            removal.keep_split(removal.without(split, scores, condition), _split_file(folder, condition))
        for condition in conditions:
            own = study.trained_on(cfg, _split_file(folder, condition), 'f', condition.seed)
            checkpoint = start_training.complete(own, _work_dir(cfg, folder, condition), args.tools, args.gpus)
            record.complete(condition, load_model(own, str(checkpoint), get_device()), benchmarks)
    for name in benchmarks.names:
        title = f'{name} without candidates of {folder.name}'
        table = run_tables.of_runs(title, name, record.of(conditions), lambda run: str(run['number'] or ''))
        Console().print(table.rich())
    Console().print(f'See {record.path}')


def _ranked(args: Namespace, cfg: Config, folder: Path) -> tuple[Split, Tensor]:
    """The study's split, and the scores of its candidates; what cannot be done with them is an error here."""
    split = Split.read(folder / 'split.json')
    loader = cfg.train_dataloader
    batch_size = loader.batch_size * args.gpus if loader.get('drop_last') else 1
    removal.check_numbers(args.numbers, split, batch_size)
    check_evaluated(build_model(cfg))
    return split, removal.candidate_scores(folder / 'scores.npz', args.layer, split.candidate)


def _split_file(folder: Path, condition: Condition) -> Path:
    if condition.order == NONE:
        return folder / 'split.json'
    return folder / 'removal' / condition.folder / f'seed{condition.seed}.json'


def _work_dir(cfg: Config, folder: Path, condition: Condition) -> Path:
    """That of the study's own f, if it is trained with this seed and nothing is left out."""
    studied = folder / f'seed{condition.seed}' / 'f'
    if condition.order == NONE and study.is_finished(cfg, studied):
        return studied
    return folder / 'removal' / condition.folder / f'seed{condition.seed}'
