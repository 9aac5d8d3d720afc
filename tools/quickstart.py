"""Train MaSSL on tiles of photographs in a few minutes, and write a report on what it learned.

python tools/quickstart.py
"""

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from rich.table import Table

from sslreg.datasets import PhotoTiles
from sslreg.engine.checks import check_config, naming_keys, rehearse_model, rehearse_run
from sslreg.engine.hooks import register_required_hooks
from sslreg.evaluation import Metrics
from sslreg.reports.training import ObserverHook, ProgressHook, write_report
from sslreg.reports.training.accuracy_section import metric_title
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.progress import duration

TITLE = 'MaSSL quick start: what was learned'
INTRODUCTION = (
    'A network was trained without labels to relate the views of an image to a memory of earlier images '
    '(arXiv 2407.17486). This page shows the result and how the method works.'
)
TILES = (
    'Each class is a photograph. Training images are tiles of one half of it, test images are tiles of the other half, '
    'so that no pixel is in both.'
)


class QuietRunner(Runner):
    """Runner that logs to its file only; the console shows errors."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Return a logger that prints errors only."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.setLevel(logging.ERROR)
        return logger


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        '--config',
        default='configs/massl/quickstart.py',
        metavar='FILE',
        help='path of a config (default: %(default)s)',
    )
    parser.add_argument(
        '--work-dir',
        default='work_dirs/quickstart',
        metavar='DIR',
        help='folder for report, logs and checkpoints (default: %(default)s)',
    )
    command_line.add_cfg_options(parser, 'train_cfg.max_epochs=5 model.memory.length=512')
    return parser.parse_args()


def configure(args: argparse.Namespace) -> Config:
    """Return the config with the options of the command line."""
    cfg = load_config(args.config, args.cfg_options)
    check_config(cfg)
    if cfg.get('val_dataloader') is None:
        raise ValueError(f'{args.config} has no val_dataloader, so the report would have no accuracies')
    cfg.work_dir = args.work_dir
    rehearse_model(cfg)
    return cfg


def summary(accuracy: dict[str, Metrics]) -> Table:
    """Make a table of the main metrics of each network."""
    first, *_ = accuracy.values()
    main = [metric for metric in first if metric.role == 'main']
    table = Table('weighted k-NN, %', title='Accuracy on test images')
    for metric in main:
        table.add_column(metric_title(metric), justify='right')
    for name, metrics in accuracy.items():
        table.add_row(name, *(f'{metrics[metric]:.1f}' for metric in main))
    return table


def main() -> None:
    """Train, evaluate, and write the report."""
    args = parse_args()
    cfg = configure(args)
    with naming_keys(cfg):
        runner = QuietRunner.from_cfg(cfg)
    register_required_hooks(runner)
    rehearse_run(runner)
    observer, progress = ObserverHook(), ProgressHook()
    runner.register_hook(observer)
    runner.register_hook(progress)
    try:
        runner.train()
    finally:
        progress.bar.stop()
    tiles = isinstance(runner.val_dataloader.dataset, PhotoTiles)
    introduction = f'{INTRODUCTION}\n\n{TILES}' if tiles else INTRODUCTION
    figures = write_report(runner, observer, Path(args.work_dir), TITLE, introduction)
    show(summary(figures['accuracy']))
    show(f'Trained for {duration(figures["seconds"])}. See {Path(args.work_dir, "report.html")}')


if __name__ == '__main__':
    main()
