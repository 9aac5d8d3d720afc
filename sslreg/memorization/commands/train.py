"""``train``: the encoders f and g of each seed."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.engine import launch
from sslreg.memorization import splits, study

from . import trainings
from .options import add_options


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
    train.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    add_options(train)
    return train


def run(args: Namespace) -> None:
    out = Path(args.out)
    cfg = _study_config(args, out)
    split_file = _study_split(args, cfg, out)
    for seed in args.seeds:
        for name in study.ENCODERS:
            folder = out / f'seed{seed}' / name
            own = study.trained_on(cfg, split_file, name, seed)
            trainings.complete(own, folder, args.tools, args.gpus)


def _study_config(args: Namespace, out: Path) -> Config:
    """The config of the study, kept in its folder."""
    cfg = launch.load_config(args.config, args.cfg_options)
    kept = out / 'config.py'
    if kept.is_file():
        if found := study.differences(Config.fromfile(kept).to_dict(), cfg.to_dict(), 'config'):
            raise ValueError(f'{out} has a study of another config, {found[0]}: choose another --out')
    else:
        out.mkdir(parents=True, exist_ok=True)
        cfg.dump(kept)
    return cfg


def _study_split(args: Namespace, cfg: Config, out: Path) -> Path:
    """The split of the study, written once."""
    path = out / 'split.json'
    wanted = splits.read(args.split) if args.split else None
    if path.is_file():
        if wanted not in (None, splits.read(path)):
            raise ValueError(f'{path} is another split than {args.split}: choose another --out')
    else:
        with DefaultScope.overwrite_default_scope('sslreg'):
            splits.write(wanted or study.make_split(cfg, args.split_seed), path)
    return path
