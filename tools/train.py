"""Train a model from a config.

python tools/train.py configs/massl/quickstart.py
bash tools/dist_train.sh configs/massl/vitb_800e.py 8
"""

import argparse
import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
# torch's threads otherwise wait for each other in a busy loop: several times slower wherever the cores are shared.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

from mmengine.config import Config, DictAction
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch.distributed.elastic.multiprocessing.errors import record

from sslreg.engine import launch


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='path of a config')
    parser.add_argument(
        '--work-dir',
        metavar='DIR',
        help='logs and checkpoints go here (default: work_dirs/METHOD/CONFIG, as below configs/)',
    )
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help="go on from a checkpoint; alone or 'auto': from the latest in the work dir, if any",
    )
    parser.add_argument(
        '--data-root',
        metavar='DIR',
        help='where the data are, in place of the path in the config; for the ImageNet configs any '
        'folder of images (with train/ and val/ folders of classes, or without labels)',
    )
    parser.add_argument('--amp', action='store_true', help='forward passes in bfloat16')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by (images per step) / (images per step that the config is for)',
    )
    parser.add_argument('--tensorboard', action='store_true', help='write curves for TensorBoard')
    parser.add_argument(
        '--launcher',
        choices=launch.LAUNCHERS,
        default='none',
        help='what started the processes (dist_train.sh: pytorch; slurm_train.sh: slurm)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override values of the config, e.g. train_cfg.max_epochs=5 model.memory.length=4096',
    )
    return parser.parse_args()


def configure(args: argparse.Namespace) -> tuple[Config, list[str]]:
    """The config with the command line in it, and what the user should know."""
    cfg = launch.load_config(args.config, args.cfg_options)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or launch.default_work_dir(args.config)
    notes = [launch.use_data_root(cfg, args.data_root)] if args.data_root else []
    if args.amp:
        launch.use_bfloat16(cfg)
    if args.tensorboard:
        launch.use_tensorboard(cfg)
    notes.append(launch.scale_batch(cfg, launch.world_size(args.launcher), args.auto_scale_lr))
    if args.resume:
        if args.resume != 'auto':
            launch.check_checkpoint(args.resume)
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    return cfg, [note for note in notes if note]


@record  # torchrun then ends with the error
def main() -> None:
    args = parse_args()
    cfg, notes = configure(args)
    with launch.launched(cfg, args.launcher):
        runner = Runner.from_cfg(cfg)
        for note in notes:
            print_log(note, logger='current', level=logging.WARNING)
        runner.train()


if __name__ == '__main__':
    main()
