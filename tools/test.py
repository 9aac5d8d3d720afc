"""Evaluate a checkpoint by the test settings of its config, or by benchmarks.

python tools/test.py configs/massl/quickstart.py work_dirs/massl/quickstart/epoch_10.pth
python tools/test.py configs/massl/quickstart.py work_dirs/massl/quickstart/epoch_10.pth --benchmarks retrieval_mini
bash tools/dist_test.sh configs/massl/vitb_800e.py work_dirs/massl/vitb_800e/epoch_800.pth 8
"""

import argparse
import shlex
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_main_process
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from rich.table import Table

from sslreg.engine import launch
from sslreg.engine.config import default_work_dir, use_data_root
from sslreg.engine.hooks import drop_old_hooks
from sslreg.evaluation import Evaluation, Extractor, FeatureStore, Outcome, Suite
from sslreg.evaluation.estimate import describe, estimates
from sslreg.evaluation.missing_data import MissingDataError
from sslreg.evaluation.model import load_model
from sslreg.evaluation.results import earlier_outcomes, left_out
from sslreg.evaluation.tables import print_tables
from sslreg.models.checkpoints import check_checkpoint
from sslreg.reports import write_benchmarks
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.environment import hardware, versions
from sslreg.utils.files import check_file, check_folder, write_json


class Tester(Runner):
    """Runner that leaves a config in the work dir as the training wrote it, so that the run can be resumed by it."""

    def dump_config(self) -> None:
        """Write the config unless there is one."""
        if not Path(self.work_dir, Path(self.cfg.filename or '').name).is_file():
            super().dump_config()


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of the config that the checkpoint was trained with')
    parser.add_argument('checkpoint', nargs='?', help='path of the checkpoint; optional with --benchmarks')
    parser.add_argument(
        '--out', metavar='PATH', help='JSON file for the metrics; with --benchmarks: folder for the results'
    )
    parser.add_argument(
        '--benchmarks',
        nargs='+',
        metavar='NAME',
        help='benchmarks to run instead: names in configs/benchmarks, or config files; features are shared',
    )
    parser.add_argument(
        '--features',
        metavar='DIR',
        default='work_dirs/features',
        help='folder that keeps features (default: %(default)s)',
    )
    parser.add_argument(
        '--title',
        metavar='TEXT',
        help='with --benchmarks: name of the model in tables (default: config and checkpoint)',
    )
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='with --benchmarks: print the features to extract, the estimated time and all missing data (exit code 1 '
        'if there are any), and stop',
    )
    parser.add_argument(
        '--skip-broken',
        action='store_true',
        help='with --benchmarks: leave out training and test images of classification that cannot be decoded; '
        'otherwise they are an error, and so they are in all other benchmarks',
    )
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for logs (default: work_dirs/METHOD/CONFIG, as below configs/)'
    )
    parser.add_argument('--data-root', metavar='DIR', help='folder of the data, instead of the path in the config')
    command_line.add_launcher(parser, 'dist_test.sh: pytorch; slurm_test.sh: slurm')
    command_line.add_cfg_options(parser, 'val_cfg.benchmarks.0.probes.0.ks="(5,10)"')
    return parser.parse_args()


def configure(args: argparse.Namespace) -> Config:
    """Return the config with the options of the command line."""
    cfg = load_config(args.config, args.cfg_options)
    drop_old_hooks(cfg)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or default_work_dir(args.config)
    check_folder(cfg.work_dir, f'--work-dir {cfg.work_dir}')
    if args.out:
        (check_folder if args.benchmarks else check_file)(args.out, '--out')
    if args.benchmarks:
        if args.checkpoint:
            check_checkpoint(args.checkpoint)
        return cfg
    if args.dry_run or args.skip_broken:
        raise ValueError('--dry-run and --skip-broken belong to --benchmarks')
    if not args.checkpoint:
        raise ValueError('a checkpoint is needed; only --benchmarks evaluate a network with its initial weights')
    if args.data_root and use_data_root(cfg, args.data_root):
        raise ValueError(
            f'--data-root {args.data_root}: the folder has no train/ folder; the evaluation needs labelled images in '
            'train/CLASS/ and val/CLASS/. Without labels, use --benchmarks'
        )
    if cfg.get('test_dataloader') is None:
        raise ValueError(f'{args.config} has no test_dataloader, so nothing to evaluate on')
    check_checkpoint(args.checkpoint)
    cfg.load_from = args.checkpoint
    return cfg


def report(metrics: dict[str, float], title: str, out: str | None) -> None:
    """Write metrics as JSON, and print them."""
    if out:
        write_json(metrics, Path(out))
    table = Table('metric', 'value', title=title)
    for name, value in metrics.items():
        table.add_row(name, f'{value:.2f}')
    show(table)


def title(args: argparse.Namespace) -> str:
    """Return the title of the results, e.g. ``'vitb_800e, epoch_800'``."""
    weights = Path(args.checkpoint).stem if args.checkpoint else 'no checkpoint'
    return args.title or f'{Path(args.config).stem}, {weights}'


def facts(args: argparse.Namespace, network: str, broken: dict[str, list[str]]) -> dict[str, str]:
    """Return the facts about a run for its results."""
    processes = get_world_size()
    return {
        'config': args.config,
        'checkpoint': args.checkpoint or 'none: the network as its config makes it',
        'command': shlex.join(['python', *sys.argv]),
        'network': network,
        'date': datetime.now().astimezone().isoformat(' ', 'minutes'),
        'hardware': f'{processes} processes: {hardware(get_device())}' if processes > 1 else hardware(get_device()),
        'versions': versions(),
        **left_out(broken),
    }


def run_benchmarks(args: argparse.Namespace, cfg: Config) -> None:
    """Run the benchmarks of ``--benchmarks``, and write and print their results."""
    suite = Suite.load(args.benchmarks, args.data_root)
    out = Path(args.out or Path(cfg.work_dir, 'benchmarks'))
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            suite, missing = prepared(suite, args.dry_run)
            model = load_model(cfg, args.checkpoint, get_device())
            extractor = Extractor(
                model, FeatureStore(args.features), num_workers=command_line.WORKERS, skip_broken=args.skip_broken
            )
            if args.dry_run:
                dry_run(suite, extractor, missing)
                return
            earlier = earlier_outcomes(out, extractor.model_hash)
            suite.run(extractor, out)
        if is_main_process():
            write_results(args, suite, earlier, extractor, out)


def prepared(suite: Suite, dry_run: bool) -> tuple[Suite, dict[str, list[str]]]:
    """Prepare a suite; a dry run goes on without the benchmarks that cannot run, and returns their problems."""
    try:
        suite.prepare()
    except MissingDataError as error:
        if not dry_run:
            raise
        rest = suite.without(error.missing)
        rest.prepare()
        return rest, error.missing
    return suite, {}


def write_results(
    args: argparse.Namespace, suite: Suite, earlier: dict[str, Outcome], extractor: Extractor, out: Path
) -> None:
    """Write the results of a suite beside the folder's results of other benchmarks, and print them."""
    about, outcomes = facts(args, extractor.model_hash, extractor.broken), suite.outcomes()
    evaluation = Evaluation(title(args), about, earlier | outcomes)
    tables = suite.tables(evaluation.title)
    evaluation.write(out)
    write_benchmarks([evaluation], out / 'report.html', f'Benchmarks of {evaluation.title}', tables)
    print_tables(Evaluation(evaluation.title, about, {each.name: outcomes[each.name] for each in suite}), tables)
    show(f'See {out / "report.html"}')


def dry_run(suite: Suite, extractor: Extractor, missing: dict[str, list[str]]) -> None:
    """Print the features to extract and the estimated time; raise MissingDataError for benchmarks that cannot run."""
    expected = estimates(extractor, suite.requests)
    if is_main_process():
        show(describe(suite, expected))
    if missing:
        raise MissingDataError(missing)


def main() -> None:
    """Evaluate a checkpoint."""
    args = parse_args()
    cfg = configure(args)
    if args.benchmarks:
        run_benchmarks(args, cfg)
        return
    with launch.launched(cfg, args.launcher):
        metrics = Tester.from_cfg(cfg).test()
        if is_main_process():
            report(metrics, args.checkpoint, args.out)


if __name__ == '__main__':
    main()
