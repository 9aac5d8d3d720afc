"""``train``: the encoders f and g of each seed."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.memorization import Split, consistency, study
from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.config_files import load_config

from . import start_training


def add(commands: Any) -> Any:
    train = commands.add_parser('train', help='train f on shared and candidates, g on shared and independent images')
    train.add_argument('config', help='path of a training config')
    train.add_argument('--out', metavar='DIR', required=True, help='split, configs and work dirs go here')
    train.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='a pair for each (default: 0)')
    source = train.add_mutually_exclusive_group()
    source.add_argument('--split', metavar='FILE', help='a split of your own (JSON)')
    source.add_argument(
        '--split-seed', type=int, metavar='N', help='draw the split (default: in the order of the images, as the paper)'
    )
    train.add_argument(
        '--share',
        type=float,
        metavar='X',
        help='of candidates, and of independent images (default: 0.1); 0.5 leaves no shared ones',
    )
    train.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    add_cfg_options(train)
    return train


def run(args: Namespace) -> None:
    if args.split and args.share is not None:
        raise ValueError(f'--share {args.share:g} is for a split that is made: leave it out with --split {args.split}')
    out = Path(args.out)
    cfg = _study_config(args, out)
    split_file = _study_split(args, cfg, out)
    cfg.dump(out / 'config.py')
    for seed in args.seeds:
        for name in study.ENCODERS:
            folder = out / f'seed{seed}' / name
            own = study.trained_on(cfg, split_file, name, seed)
            start_training.complete(own, folder, args.tools, args.gpus)


def _study_config(args: Namespace, out: Path) -> Config:
    """The config of the study: that of its trainings, if there have been any."""
    cfg = load_config(args.config, args.cfg_options)
    kept = out / 'config.py'
    if kept.is_file() and any(out.glob('seed*/*/*.pth')):
        found = consistency.differences(Config.fromfile(kept).to_dict(), cfg.to_dict(), 'config')
        if found:
            raise ValueError(f'{out} has a study of another config, {found[0]}: choose another --out')
    return cfg


def _study_split(args: Namespace, cfg: Config, out: Path) -> Path:
    """The split of the study, written once."""
    path = out / 'split.json'
    with DefaultScope.overwrite_default_scope('sslreg'):
        wanted = _wanted_split(args, cfg)
        if not path.is_file():
            (wanted or study.make_split(cfg, None)).write(path)
        elif wanted not in (None, Split.read(path)):
            raise ValueError(
                f'{path} is another split than is asked for by --split, --split-seed or --share: choose another --out'
            )
    return path


def _wanted_split(args: Namespace, cfg: Config) -> Split | None:
    """None by default: that of the study, if it has one."""
    if args.split:
        return Split.read(args.split)
    if args.split_seed is None and args.share is None:
        return None
    return study.make_split(cfg, args.split_seed, 0.1 if args.share is None else args.share)
