r"""Measure how much an encoder memorised each image: SSLMem (arXiv 2401.12233), LayerMem, UnitMem (arXiv 2409.19069).

python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_small.py --out work_dirs/sslmem/massl --seeds 0 1
python tools/sslmem.py score work_dirs/sslmem/massl
python tools/sslmem.py score CONFIG --f F.pth --g G.pth --split split.json --out DIR
python tools/sslmem.py units CONFIG F.pth --layers "layers\.\d+" --split split.json --set candidate --out DIR
python tools/sslmem.py report work_dirs/sslmem/massl
python tools/sslmem.py report work_dirs/sslmem/massl work_dirs/sslmem/npid --out work_dirs/sslmem/report
python tools/sslmem.py compare work_dirs/sslmem/compared work_dirs/sslmem/massl work_dirs/sslmem/npid
python tools/sslmem.py remove work_dirs/sslmem/massl --numbers 500 1000 --benchmarks cifar10 fashion_mnist
python tools/sslmem.py prune work_dirs/sslmem/massl --shares 0.1 0.2 --benchmarks cifar10 fashion_mnist
bash tools/torchrun.sh 8 sslmem.py score work_dirs/sslmem/massl

Each command writes into its folder:

train    config.py, split.json and, for each seed, the encoders f and g in seed0/f and seed0/g
score    scores.npz and scores.json
units    units.npz and units.json
report   report/report.html, and its figures in report/report.json
compare  compare.html and compare.json
remove   removal.json, and the trainings in removal/
prune    pruning.json, and UnitMem in pruning/

After an interruption, run the same command again to continue.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from sslreg.memorization.commands import COMMANDS
from sslreg.utils.files import check_folder


def parse_args() -> argparse.Namespace:
    """Return the arguments; ``run`` is the function of the command."""
    parser = command_line.make_parser(__doc__)
    command_line.add_launcher(parser)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for command in COMMANDS:
        command(commands)
    parser.set_defaults(tools=Path(__file__).parent)
    return parser.parse_args()


def main() -> None:
    """Run the command."""
    args = parse_args()
    if getattr(args, 'out', None):
        check_folder(args.out, '--out')
    args.run(args)


if __name__ == '__main__':
    main()
