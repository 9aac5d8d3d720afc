"""Draw the attention of a trained vision transformer: one PNG for each image of a folder.

python tools/visualize_attention.py configs/massl/vits_800e.py work_dirs/massl/vits_800e/epoch_800.pth photos --out maps

Each PNG shows the attention of the class token in the last block (each head and the mean of all heads), the patches
that hold 60 % of it, and the features of the patches as colours (their three main components).
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from sslreg.datasets import ImageFolder
from sslreg.models.checkpoints import check_checkpoint
from sslreg.reports import attention_sheet, load_network, patch_maps, read_square
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.files import check_folder


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of the config that the checkpoint was trained with')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('images', help='folder of images, of any depth')
    parser.add_argument(
        '--out', metavar='DIR', required=True, help='folder for the PNG files, IMAGE.png for each image'
    )
    parser.add_argument(
        '--size',
        type=int,
        default=480,
        metavar='PIXELS',
        help='side of the square that the network sees, a multiple of the patch size (default: 480)',
    )
    parser.add_argument('--share', type=float, default=0.6, help='share of the attention in the masks (default: 0.6)')
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: cpu)')
    command_line.add_cfg_options(parser)
    return parser.parse_args()


def sheets(folder: str, out: str) -> dict[Path, Path]:
    """Return the PNG file of each image, in the same subfolders as the images."""
    images = ImageFolder(folder, with_label=False)
    files = [Path(images.get_data_info(index)['img_path']) for index in range(len(images))]
    return {file: Path(out, f'{file.relative_to(folder)}.png') for file in files}


def main() -> None:
    """Write a PNG for each image."""
    args = parse_args()
    check_folder(args.out, '--out')
    cfg = load_config(args.config, args.cfg_options)
    check_checkpoint(args.checkpoint)
    files = sheets(args.images, args.out)
    network = load_network(cfg, args.checkpoint, args.device)
    for image, sheet in files.items():
        photograph = read_square(image, args.size)
        sheet.parent.mkdir(parents=True, exist_ok=True)
        maps = patch_maps(network.backbone, network.images(photograph[None]))
        attention_sheet(sheet, photograph, maps, args.share)
    show(f'{len(files)} pictures in {args.out}')


if __name__ == '__main__':
    main()
