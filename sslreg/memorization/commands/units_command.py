"""``units``: UnitMem or ClassMem of the units of layers."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DefaultScope

from sslreg.engine import launch
from sslreg.evaluation.model import load_model
from sslreg.memorization.image_sets import IMAGE_SETS
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.study import Study
from sslreg.memorization.terminal_tables import unit_table
from sslreg.memorization.unit_scores import Loading, UnitScores, score_unit_classes, score_units, write_units
from sslreg.memorization.units import RESTS
from sslreg.models.checkpoints import check_checkpoint
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show

from .options import add_device, add_layers


def add_units(commands: Any) -> None:
    """Add the command to the parser."""
    units = commands.add_parser('units', help='UnitMem, or ClassMem, of the units of layers')
    units.add_argument('config', help='path of the config that the checkpoint was trained with')
    units.add_argument('checkpoint', help='path of the checkpoint')
    units.add_argument('--out', metavar='DIR', required=True, help='scores go here')
    units.add_argument('--split', metavar='FILE', help='the split (JSON) with the images of --set')
    units.add_argument('--set', default='train', choices=IMAGE_SETS, help='images (default: %(default)s)')
    units.add_argument('--views', type=int, default=10, metavar='N', help='augmentations of an image (default: 10)')
    units.add_argument(
        '--classes', action='store_true', help='ClassMem, of images as they are; with --set test class selectivity'
    )
    units.add_argument('--rest', choices=RESTS, default='mean', help='statistic of the other images (default: mean)')
    add_layers(units, None)
    add_device(units)
    units.set_defaults(run=run_units)


def run_units(args: Namespace) -> None:
    """Measure the units of a checkpoint, and print a table."""
    if args.set in SPLIT_SETS and not args.split:
        raise ValueError(f'--set {args.set} is a part of a split: give it by --split')
    cfg = load_config(args.config, args.cfg_options)
    check_checkpoint(args.checkpoint)
    study = Study(cfg, Path(args.split) if args.split else None)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            scores = _scores(study, args)
        if is_main_process():
            _write_scores(scores, args)


def _scores(study: Study, args: Namespace) -> dict[str, UnitScores]:
    model = load_model(study.cfg, args.checkpoint, get_device())
    images, loading = study.images(args.set), Loading(args.batch_size, args.num_workers)
    if args.classes:
        return score_unit_classes(model, args.layers, images, loading, args.rest)
    return score_units(model, args.layers, images.views(args.views), loading, args.rest)


def _write_scores(scores: dict[str, UnitScores], args: Namespace) -> None:
    out, measure = Path(args.out), 'ClassMem' if args.classes else 'UnitMem'
    settings = {name: getattr(args, name) for name in ('config', 'checkpoint', 'set', 'split', 'rest')}
    write_units(out, scores, settings | dict(measure=measure, views=0 if args.classes else args.views))
    show(unit_table(measure, scores))
    show(f'See {out / "units.json"}, and {out / "units.npz"} for each unit')
