"""Train a model from a config.

python tools/train.py configs/massl/quickstart.py
bash tools/dist_train.sh configs/massl/vitb_800e.py 8
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

from sslreg.engine import launch
from sslreg.engine.checkpoint_folder import AUTO, check_resumed
from sslreg.engine.checks import check_config, naming_keys, rehearse_model, rehearse_run
from sslreg.engine.config import (
    default_work_dir,
    refuse_misplaced_schedules,
    scale_batch,
    use_bfloat16,
    use_data_root,
    use_tensorboard,
)
from sslreg.engine.hooks import refuse_old_hooks, register_required_hooks
from sslreg.utils.config_files import load_config
from sslreg.utils.files import check_folder


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of a config')
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='folder for logs and checkpoints (default: work_dirs/METHOD/CONFIG, as below configs/)',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const=AUTO,
        metavar='CHECKPOINT',
        help="continue from a checkpoint; alone or 'auto': from the latest checkpoint in the work dir, if there is one",
    )
    parser.add_argument(
        '--data-root',
        metavar='DIR',
        help='folder of the data, instead of the path in the config; for the ImageNet configs any '
        'folder of images (with train/ and val/ folders of classes, or without labels)',
    )
    parser.add_argument('--amp', action='store_true', help='forward passes in bfloat16')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by (images per step) / (images per step that the config is for)',
    )
    parser.add_argument('--tensorboard', action='store_true', help='write curves for TensorBoard')
    command_line.add_launcher(parser, 'dist_train.sh: pytorch; slurm_train.sh: slurm')
    command_line.add_cfg_options(parser, 'train_cfg.max_epochs=5 model.memory.length=4096')
    return parser.parse_args()


def configure(args: argparse.Namespace) -> tuple[Config, list[str]]:
    """Return the config with the options of the command line, and notes for the user."""
    cfg = load_config(args.config, args.cfg_options)
    check_config(cfg)
    refuse_old_hooks(cfg)
    refuse_misplaced_schedules(cfg)
    cfg.default_scope = cfg.get('default_scope') or 'sslreg'
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or default_work_dir(args.config)
    notes = [use_data_root(cfg, args.data_root)] if args.data_root else []
    if args.amp:
        use_bfloat16(cfg)
    if args.tensorboard:
        use_tensorboard(cfg)
    notes.append(scale_batch(cfg, launch.world_size(args.launcher), args.auto_scale_lr))
    check_folder(cfg.work_dir, f'--work-dir {cfg.work_dir}')
    if args.resume:
        cfg.resume = AUTO
        if args.resume != AUTO:
            check_resumed(args.resume)
            cfg.resume, cfg.load_from = True, args.resume
    rehearse_model(cfg)
    return cfg, [note for note in notes if note]


def main() -> None:
    """Train."""
    args = parse_args()
    cfg, notes = configure(args)
    with launch.launched(cfg, args.launcher), naming_keys(cfg):
        runner = Runner.from_cfg(cfg)
        register_required_hooks(runner)
        for note in notes:
            print_log(note, logger='current', level=logging.WARNING)
        rehearse_run(runner)
        runner.train()


if __name__ == '__main__':
    main()
