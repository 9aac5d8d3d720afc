"""Convert a backbone between the checkpoints of sslreg, timm, DINO (also iBOT's and MaSSL's) and DINOv2.

python tools/convert_checkpoint.py dino_deitsmall16_pretrain_full_checkpoint.pth --to sslreg --out vits.pth
    --config configs/encoders/vit.py
python tools/convert_checkpoint.py work_dirs/massl/vits_800e/epoch_800.pth --to timm --out vits_timm.pth
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

import torch

from sslreg.conversion import (
    CODES,
    Conversion,
    Weights,
    conversion_table,
    find_backbone,
    make_checkpoint,
    to_code,
    to_encoder,
    to_timm_names,
)
from sslreg.evaluation.model import build_model, initialise
from sslreg.models.checkpoint_weights import TEACHER_AND_STUDENT
from sslreg.models.checkpoints import load_checkpoint
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.files import check_file


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('checkpoint', help='path of a checkpoint; its code is detected from the names of parameters')
    parser.add_argument('--to', choices=('sslreg', *CODES), required=True, help='code that will load the result')
    parser.add_argument('--out', metavar='FILE', required=True, help='path of the result')
    parser.add_argument('--config', metavar='FILE', help='path of a config of an Encoder, for --to sslreg')
    parser.add_argument(
        '--part', choices=TEACHER_AND_STUDENT, default='teacher', help='network to convert (default: %(default)s)'
    )
    parser.add_argument(
        '--partial',
        action='store_true',
        help='keep initial values of tensors that the checkpoint lacks, for --to sslreg',
    )
    parser.add_argument(
        '--timm-name',
        metavar='NAME',
        default='',
        help='name of the network in timm, for --to timm of others than vision transformers and ResNets',
    )
    command_line.add_cfg_options(parser, 'model.backbone.arch=deit-base')
    args = parser.parse_args()
    if (args.to == 'sslreg') != bool(args.config):
        parser.error('--to sslreg needs --config, and other codes take none')
    return args


def convert(args: argparse.Namespace, weights: Weights) -> Conversion:
    """Return the conversion of weights to the form of ``--to``."""
    if args.to != 'sslreg':
        return to_code(weights, args.to, args.timm_name)
    model = build_model(load_config(args.config, args.cfg_options))
    if args.partial:
        initialise(model)
    return to_encoder(weights, model, args.partial)


def main() -> None:
    """Convert a checkpoint."""
    args = parse_args()
    check_file(args.out, '--out')
    weights = to_timm_names(*find_backbone(load_checkpoint(args.checkpoint), args.part))
    conversion = convert(args, weights)
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    torch.save(make_checkpoint(conversion.tensors, args.to, args.part), args.out)
    show(conversion_table(conversion, f'{args.checkpoint} to {args.out} ({args.to})'))


if __name__ == '__main__':
    main()
