"""Convert a backbone between the checkpoints of sslreg, timm, DINO (also iBOT's and MaSSL's) and DINOv2.

python tools/convert_checkpoint.py dino_deitsmall16_pretrain_full_checkpoint.pth --to sslreg --out vits.pth
    --config configs/encoders/vit.py
python tools/convert_checkpoint.py work_dirs/massl/vits_800e/epoch_800.pth --to timm --out vits_timm.pth
"""

import argparse
import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
# torch's threads otherwise wait for each other in a busy loop: several times slower wherever the cores are shared.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

import torch
from mmengine.config import DictAction
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
from sslreg.engine import launch


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override values of the config, e.g. model.backbone.arch=deit-base',
    )
    args = parser.parse_args()
    if (args.to == 'sslreg') != bool(args.config):
        parser.error('--to sslreg needs --config, the others take none')
    return args


def convert(args: argparse.Namespace, weights: Weights) -> Conversion:
    if args.to != 'sslreg':
        return to_form(weights, args.to)
    model = launch.build_model(launch.load_config(args.config, args.cfg_options))
    if args.partial:
        logging.disable(logging.INFO)  # MMEngine would tell of each tensor
        model.init_weights()
    return to_encoder(weights, model, args.partial)


def main() -> None:
    args = parse_args()
    weights = translated(*backbone_of(read_checkpoint(args.checkpoint), args.part))
    conversion = convert(args, weights)
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    torch.save(packed(conversion.tensors, args.to, args.part), args.out)
    Console().print(report(conversion, f'{args.checkpoint} to {args.out} ({args.to})'))


if __name__ == '__main__':
    main()
