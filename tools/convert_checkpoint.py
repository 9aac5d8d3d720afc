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

command_line.set_environment()

import torch
from rich.console import Console

from sslreg.conversion import (
    FORMS,
    PARTS,
    Conversion,
    Weights,
    backbone_of,
    packed,
    read_checkpoint,
    report,
    to_encoder,
    to_form,
    translated,
)
from sslreg.evaluation.model import build_model, initialise
from sslreg.utils.config_files import load_config


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('checkpoint', help='path of a checkpoint of any of these codes; whose it is, is found out')
    parser.add_argument('--to', choices=('sslreg', *FORMS), required=True, help='the code that is to read it')
    parser.add_argument('--out', metavar='FILE', required=True, help='write this file')
    parser.add_argument('--config', metavar='FILE', help='with --to sslreg: path of a config of an Encoder')
    parser.add_argument(
        '--part', choices=PARTS, default='teacher', help='which network of two to take (default: %(default)s)'
    )
    parser.add_argument(
        '--partial', action='store_true', help='with --to sslreg: what has no partner may stay as initialised'
    )
    command_line.add_cfg_options(parser, 'model.backbone.arch=deit-base')
    args = parser.parse_args()
    if (args.to == 'sslreg') != bool(args.config):
        parser.error('--to sslreg needs --config, the others take none')
    return args


def convert(args: argparse.Namespace, weights: Weights) -> Conversion:
    """Return the conversion of weights to the form of ``--to``."""
    if args.to != 'sslreg':
        return to_form(weights, args.to)
    model = build_model(load_config(args.config, args.cfg_options))
    if args.partial:
        initialise(model)
    return to_encoder(weights, model, args.partial)


def main() -> None:
    """Convert a checkpoint."""
    args = parse_args()
    weights = translated(*backbone_of(read_checkpoint(args.checkpoint), args.part))
    conversion = convert(args, weights)
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    torch.save(packed(conversion.tensors, args.to, args.part), args.out)
    Console().print(report(conversion, f'{args.checkpoint} to {args.out} ({args.to})'))


if __name__ == '__main__':
    main()
