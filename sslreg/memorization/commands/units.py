"""``units``: UnitMem or ClassMem of the units of layers."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DefaultScope
from rich.console import Console

from sslreg.engine import launch
from sslreg.evaluation.model import load_model
from sslreg.memorization import study, tables, unit_scores
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.units import RESTS
from sslreg.models.checkpoints import check_checkpoint
from sslreg.utils.config_files import load_config

from .options import add_device, add_layers


def add(commands: Any) -> Any:
    units = commands.add_parser('units', help='UnitMem, or ClassMem, of the units of layers')
    units.add_argument('config', help='path of the config that the checkpoint was trained with')
    units.add_argument('checkpoint', help='path of the checkpoint')
    units.add_argument('--out', metavar='DIR', required=True, help='scores go here')
    units.add_argument('--split', metavar='FILE', help='the split (JSON) that --set is of')
    units.add_argument('--set', default='train', choices=study.SETS, help='images (default: %(default)s)')
    units.add_argument('--views', type=int, default=10, metavar='N', help='augmentations of an image (default: 10)')
    units.add_argument(
        '--classes', action='store_true', help='ClassMem, of images as they are; with --set test class selectivity'
    )
    units.add_argument('--rest', choices=RESTS, default='mean', help='what stands for the other images (default: mean)')
    add_layers(units, None)
    add_device(units)
    return units


def run(args: Namespace) -> None:
    if args.set in SPLIT_SETS and not args.split:
        raise ValueError(f'--set {args.set} is a part of a split: give it by --split')
    cfg = load_config(args.config, args.cfg_options)
    check_checkpoint(args.checkpoint)
    out = Path(args.out)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            model = load_model(cfg, args.checkpoint, get_device())
            images = unit_scores.Images(cfg, args.set, args.split, args.batch_size, args.num_workers)
            if args.classes:
                scores = unit_scores.of_classes(model, args.layers, images, args.rest)
            else:
                scores = unit_scores.of_images(model, args.layers, images, args.views, args.rest)
        if is_main_process():
            kind = 'ClassMem' if args.classes else 'UnitMem'
            settings = {name: getattr(args, name) for name in ('config', 'checkpoint', 'set', 'split', 'rest')}
            settings |= dict(measure=kind, views=0 if args.classes else args.views)
            unit_scores.write(out, scores, settings)
            Console().print(tables.of_units(kind, scores))
            Console().print(f'See {out / "units.json"}, and {out / "units.npz"} for each unit')
