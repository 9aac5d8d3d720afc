"""Train a detector or a segmentation network from a pre-trained backbone.

bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_r50-fpn_1x_coco.py CHECKPOINT 8
bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/upernet_vitb_160k_ade20k.py CHECKPOINT 8
python tools/downstream/train.py CONFIG CHECKPOINT --task det      # one process
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner

from sslreg.downstream import configure
from sslreg.downstream.data_checks import check_data
from sslreg.downstream.sample_checks import check_samples
from sslreg.engine import launch
from sslreg.engine.config import default_work_dir, scale_batch
from sslreg.models.checkpoints import check_checkpoint


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of a config of mmdet or mmsegmentation')
    parser.add_argument(
        'checkpoint', help="path of the pre-trained checkpoint; 'none' starts from random weights, as a control"
    )
    parser.add_argument('--task', choices=configure.SCOPES, required=True)
    parser.add_argument(
        '--prefix',
        metavar='PREFIX',
        help="prefix of the backbone's tensors in the checkpoint: 'backbone.' for the student, "
        "'teacher.module.backbone.' for the teacher, '' for a file of a backbone alone (default: the config's)",
    )
    parser.add_argument(
        '--work-dir', metavar='DIR', help='folder for logs and checkpoints (default: work_dirs/downstream/.../CONFIG)'
    )
    parser.add_argument(
        '--resume', action='store_true', help='continue from the latest checkpoint in the work dir, if there is one'
    )
    parser.add_argument('--amp', action='store_true', help='half precision: bfloat16, for detection float16 (on a GPU)')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by (images per step) / (images per step that the config is for)',
    )
    command_line.add_launcher(parser)
    command_line.add_cfg_options(parser)
    return parser.parse_args()


def build_config(args: argparse.Namespace) -> tuple[Config, str | None]:
    """Return the config with the options of the command line, and a note on the batch size or None."""
    cfg = configure.load_task_config(args.config, args.cfg_options, args.task)
    configure.use_weights(cfg, args.checkpoint, args.prefix)
    if args.checkpoint != 'none':
        check_checkpoint(args.checkpoint)
    if args.amp:
        configure.use_amp(cfg, args.task)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or default_work_dir(args.config)
    cfg.resume = args.resume
    note = scale_batch(cfg, launch.world_size(args.launcher), args.auto_scale_lr)
    check_data(cfg)
    if launch.is_first(args.launcher):
        check_samples(cfg)
    return cfg, note


def main() -> None:
    """Train, on all ranks."""
    args = parse_args()
    cfg, note = build_config(args)
    with launch.launched(cfg, args.launcher):
        runner = Runner.from_cfg(cfg)
        if note:
            print_log(note, logger='current', level=logging.WARNING)
        runner.train()


if __name__ == '__main__':
    main()
