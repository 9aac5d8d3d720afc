"""How much an encoder memorised each image: SSLMem (arXiv 2401.12233), LayerMem and UnitMem (arXiv 2409.19069).

python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_small.py --out work_dirs/sslmem/massl --seeds 0 1
python tools/sslmem.py score work_dirs/sslmem/massl
python tools/sslmem.py score CONFIG --f F.pth --g G.pth --split split.json --out DIR
python tools/sslmem.py units CONFIG F.pth --layers "layers\\.\\d+" --split split.json --set candidate --out DIR
python tools/sslmem.py report work_dirs/sslmem/massl
python tools/sslmem.py report work_dirs/sslmem/massl work_dirs/sslmem/npid --out work_dirs/sslmem/report
python tools/sslmem.py compare work_dirs/sslmem/compared work_dirs/sslmem/massl work_dirs/sslmem/npid
python tools/sslmem.py remove work_dirs/sslmem/massl --numbers 500 1000 --benchmarks cifar10 fashion_mnist
python tools/sslmem.py prune work_dirs/sslmem/massl --shares 0.1 0.2 --benchmarks cifar10 fashion_mnist
bash tools/torchrun.sh 8 sslmem.py score work_dirs/sslmem/massl

train writes DIR/config.py, DIR/split.json and, for each seed, the encoders f and g in DIR/seed0/f and DIR/seed0/g;
score writes DIR/scores.npz and DIR/scores.json, units DIR/units.npz and DIR/units.json, report
DIR/report/report.html and its figures in DIR/report/report.json, compare OUT/compare.html and OUT/compare.json, remove
DIR/removal.json and the trainings in DIR/removal, prune DIR/pruning.json and UnitMem in DIR/pruning. What was
interrupted goes on by the same command.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.set_environment()
from torch.distributed.elastic.multiprocessing.errors import record

from sslreg.memorization.commands import COMMANDS


def parse_args() -> argparse.Namespace:
    parser = command_line.make_parser(__doc__)
    command_line.add_launcher(parser)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for command in COMMANDS:
        command(commands)
    parser.set_defaults(tools=Path(__file__).parent)
    return parser.parse_args()


@record  # torchrun then ends with the error
def main() -> None:
    args = parse_args()
    args.run(args)


if __name__ == '__main__':
    main()
