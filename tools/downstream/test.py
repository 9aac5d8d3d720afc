"""Evaluate a trained detector or segmentation network, and draw its predictions.

bash tools/downstream/dist_test_det.sh configs/downstream/mmdet/NAME.py work_dirs/downstream/mmdet/NAME/epoch_12.pth 8
python tools/downstream/test.py CONFIG CHECKPOINT --task seg --draw predictions.png      # one process
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner
from rich.table import Table

from sslreg.downstream import configure
from sslreg.downstream.data_checks import check_data, refuse_numbers_by_file
from sslreg.downstream.sample_checks import check_samples
from sslreg.engine import launch
from sslreg.engine.config import default_work_dir
from sslreg.models.checkpoints import check_checkpoint
from sslreg.utils.console import show
from sslreg.utils.files import write_json


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of the config that the network was trained with')
    parser.add_argument('checkpoint', help='path of a checkpoint of the whole network')
    parser.add_argument('--task', choices=configure.SCOPES, required=True)
    parser.add_argument('--out', metavar='PATH', help='JSON file for the metrics')
    parser.add_argument(
        '--predictions',
        metavar='PATH',
        help="write the predictions: detection to COCO's PATH.bbox.json (and PATH.segm.json), segmentation to a mask "
        'PATH/NAME.png for each image',
    )
    parser.add_argument('--draw', metavar='PATH', help='picture with images, ground truth and predictions')
    parser.add_argument(
        '--num-images', type=int, default=8, help='number of images in the picture (default: %(default)s)'
    )
    parser.add_argument(
        '--score', type=float, default=0.5, help='lowest score of boxes in the picture (default: %(default)s)'
    )
    parser.add_argument('--work-dir', metavar='DIR', help='folder for logs (default: work_dirs/downstream/.../CONFIG)')
    command_line.add_launcher(parser)
    command_line.add_cfg_options(parser)
    return parser.parse_args()


def build_config(args: argparse.Namespace) -> Config:
    """Return the config with the options of the command line."""
    cfg = configure.load_task_config(args.config, args.cfg_options, args.task)
    check_checkpoint(args.checkpoint)
    cfg.load_from = args.checkpoint
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or default_work_dir(args.config)
    if args.draw:
        hook = dict(type='sslreg.downstream.DrawHook', out=args.draw, num=args.num_images, score=args.score)
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    if args.predictions:
        configure.write_predictions(cfg, args.predictions, args.task)
    check_data(cfg)
    refuse_numbers_by_file(cfg, args.checkpoint)
    if launch.is_first(args.launcher):
        check_samples(cfg)
    return cfg


def report(metrics: dict[str, float], title: str, out: str | None) -> None:
    """Write metrics as JSON, and print them."""
    if out:
        write_json({name: float(value) for name, value in metrics.items()}, Path(out))
    table = Table('metric', 'value', title=title)
    for name, value in metrics.items():
        table.add_row(name, f'{value:.3f}')
    show(table)


def main() -> None:
    """Evaluate, on all ranks."""
    args = parse_args()
    cfg = build_config(args)
    with launch.launched(cfg, args.launcher):
        metrics = Runner.from_cfg(cfg).test()
        if is_main_process():
            report(metrics, args.checkpoint, args.out)


if __name__ == '__main__':
    main()
