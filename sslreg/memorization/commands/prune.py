"""``prune``: a network without the units that memorise most, and without random ones."""

import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DefaultScope
from rich.console import Console
from torch import Tensor

from sslreg.engine import launch
from sslreg.evaluation.store import combine, model_hash
from sslreg.memorization import pruning, run_tables
from sslreg.memorization.benchmarked import Benchmarks, Record, Run
from sslreg.memorization.ranking import NONE

from .options import add_benchmarks, add_options, add_order


def add(commands: Any) -> Any:
    prune = commands.add_parser('prune', help='zero the units of the highest UnitMem, and evaluate by benchmarks')
    prune.add_argument('config', help='path of the config that the checkpoint was trained with')
    prune.add_argument('checkpoint', help='path of the checkpoint')
    prune.add_argument('--out', metavar='DIR', required=True, help='results go here')
    prune.add_argument('--units', metavar='DIR', required=True, help='UnitMem, a folder of units')
    prune.add_argument(
        '--layers', nargs='+', metavar='PATTERN', required=True, help="regular expressions of layers' names"
    )
    prune.add_argument('--shares', type=float, nargs='+', metavar='X', required=True, help='of the units, e.g. 0.1')
    prune.add_argument(
        '--per',
        nargs='+',
        choices=pruning.PER,
        default=list(pruning.PER),
        help='of each layer, or of all layers together (default: both)',
    )
    add_order(prune)
    add_benchmarks(prune)
    add_options(prune)
    return prune


def run(args: Namespace) -> None:
    cfg = launch.load_config(args.config, args.cfg_options)
    launch.check_checkpoint(args.checkpoint)
    conditions = pruning.conditions(args.orders, args.shares, args.per, args.seeds)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            model = launch.evaluated_model(cfg, args.checkpoint, get_device())
            launch.check_evaluated(model)
            network = model_hash(model)
            scores = _scores(args, model, network)
            chosen = [pruning.pruned_units(scores, condition) for condition in conditions]
            record = _record(args, network, scores)
            benchmarks = Benchmarks(args.benchmarks, args.features, args.data_root, args.num_workers)
            pruning.check_runs_once(model, list(scores), benchmarks.first_image(model.data_preprocessor))
            for condition, units in zip(conditions, chosen, strict=True):
                with pruning.pruned(model.feature_backbone, units):
                    record.complete(condition, model, benchmarks)
        if is_main_process():
            for name in benchmarks.names:
                title = f'{name} with pruned units of {Path(args.config).stem}'
                Console().print(run_tables.of_runs(title, name, record.of(conditions), _level).rich())
            Console().print(f'See {record.path}')


def _scores(args: Namespace, model: Any, network: str) -> dict[str, Tensor]:
    names = pruning.layer_names(model, args.layers)
    command = ['units', args.config, args.checkpoint, '--layers', *args.layers, '--out', args.units]
    return pruning.read_scores(Path(args.units), names, network, shlex.join(['python', 'tools/sslmem.py', *command]))


def _record(args: Namespace, network: str, scores: dict[str, Tensor]) -> Record:
    about = dict(
        config=args.config,
        checkpoint=args.checkpoint,
        layers=list(scores),
        network=network,
        units=combine(repr({name: each.tolist() for name, each in scores.items()})),
    )
    return Record(Path(args.out, 'pruning.json'), about, ('network', 'layers', 'units'))


def _level(run: Run) -> str:
    return '' if run['order'] == NONE else f'{run["share"]:.3g} per {run["per"]}'
