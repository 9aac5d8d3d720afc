"""``train``: the encoders f and g of each seed."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.memorization.config_differences import config_differences
from sslreg.memorization.split import Split
from sslreg.memorization.study import ENCODERS, Study
from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.config_files import load_config

from . import start_training


def add_train(commands: Any) -> None:
    """Add the command to the parser."""
    train = commands.add_parser('train', help='train f on shared and candidates, g on shared and independent images')
    train.add_argument('config', help='path of a training config')
    train.add_argument('--out', metavar='DIR', required=True, help='split, configs and work dirs go here')
    train.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='a pair for each (default: 0)')
    source = train.add_mutually_exclusive_group()
    source.add_argument('--split', metavar='FILE', help='a split of your own (JSON)')
    source.add_argument(
        '--split-seed',
        type=int,
        metavar='N',
        help='seed of the draw of the split (default: 0; CIFAR-10 and CIFAR-100 are split in order, as in the paper)',
    )
    source.add_argument(
        '--split-in-order', action='store_true', help='split in the order of the images, which must not be by class'
    )
    train.add_argument(
        '--share',
        type=float,
        metavar='X',
        help='share of candidates, and of independent images (default: 0.1); 0.5 leaves no shared ones',
    )
    train.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    add_cfg_options(train)
    train.set_defaults(run=run_train)


def run_train(args: Namespace) -> None:
    """Train the encoders that are not trained yet."""
    if args.split and args.share is not None:
        raise ValueError(f'--share {args.share:g} is for a split that is made: leave it out with --split {args.split}')
    out = Path(args.out)
    study = Study(_study_config(args, out), out / 'split.json', out)
    with DefaultScope.overwrite_default_scope('sslreg'):
        _keep_split(study, args)
    study.cfg.dump(out / 'config.py')
    for seed in args.seeds:
        for name in ENCODERS:
            start_training.complete(study.training(name, seed), args.tools, args.gpus)


def _study_config(args: Namespace, out: Path) -> Config:
    """Load the config, which must be that of the study's earlier trainings."""
    cfg = load_config(args.config, args.cfg_options)
    kept = out / 'config.py'
    if kept.is_file() and any(out.glob('seed*/*/*.pth')):
        found = config_differences(load_config(kept).to_dict(), cfg.to_dict(), 'config')
        if found:
            raise ValueError(f'{out} has a study of another config, {found[0]}: choose another --out')
    return cfg


def _keep_split(study: Study, args: Namespace) -> None:
    """Write the split of the study once; later it must be the one that is asked for."""
    wanted, path = _wanted_split(study, args), study.results / 'split.json'
    if not path.is_file():
        (wanted or study.make_split()).write(path)
    elif wanted is not None and not _is_kept(wanted, study.split, args):
        raise ValueError(f'{path} is another split than is asked for by --split... or --share: choose another --out')


def _is_kept(wanted: Split, kept: Split, args: Namespace) -> bool:
    """Return whether a study's split is the one asked for: the same images, or with ``--share`` alone the same sizes.

    Earlier versions split all data in the order of the images by default.
    """
    if args.split or args.split_seed is not None or args.split_in_order:
        return wanted == kept
    return [len(part) for part in wanted] == [len(part) for part in kept]


def _wanted_split(study: Study, args: Namespace) -> Split | None:
    """Return the split that the arguments ask for; None for the one that the study has."""
    if args.split:
        return Split.read(args.split)
    if args.split_seed is None and args.share is None and not args.split_in_order:
        return None
    return study.make_split(args.split_seed, 0.1 if args.share is None else args.share, args.split_in_order or None)
