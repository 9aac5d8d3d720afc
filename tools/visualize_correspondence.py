r"""Draw lines between the patches of two photographs that correspond for a trained vision transformer.

python tools/visualize_correspondence.py configs/massl/vits_800e.py work_dirs/massl/vits_800e/epoch_800.pth \
    cat.jpg lion.jpg --out lines.png

Lines join patches that are each other's nearest; those that the class token attends to in both images come first.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from sslreg.models.checkpoints import check_checkpoint
from sslreg.reports import correspondence_plot, load_network, match, patch_maps, read_square
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.files import check_file


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of the config that the checkpoint was trained with')
    parser.add_argument('checkpoint', help='path of the checkpoint')
    parser.add_argument('image_a', help='path of an image')
    parser.add_argument('image_b', help='path of another image')
    parser.add_argument('--out', metavar='FILE', required=True, help='PNG file to write')
    parser.add_argument('--num', type=int, default=20, help='largest number of lines (default: 20)')
    parser.add_argument(
        '--size',
        type=int,
        default=480,
        metavar='PIXELS',
        help='side of the squares that the network sees, a multiple of the patch size (default: 480)',
    )
    parser.add_argument('--device', default='cpu', help='e.g. cuda (default: cpu)')
    command_line.add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    """Write the PNG."""
    args = parse_args()
    if Path(args.out).suffix.lower() != '.png':
        raise ValueError(f'--out {args.out} must end with .png')
    check_file(args.out, '--out')
    cfg = load_config(args.config, args.cfg_options)
    check_checkpoint(args.checkpoint)
    first, second = (read_square(image, args.size) for image in (args.image_a, args.image_b))
    network = load_network(cfg, args.checkpoint, args.device)
    maps = tuple(patch_maps(network.backbone, network.images(photograph[None])) for photograph in (first, second))
    matches = match(*maps, num=args.num)
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    correspondence_plot(args.out, (first, second), maps, matches)
    show(f'{len(matches.weight)} matches in {args.out}')


if __name__ == '__main__':
    main()
