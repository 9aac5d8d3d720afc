"""Options that commands share."""

from typing import Any

from mmengine.config import DictAction


def add_layers(parser: Any, default: str | None) -> None:
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='PATTERN',
        required=default is None,
        default=[default],
        help="regular expressions of layers' names, 'representation', or a vision transformer's 'residuals'",
    )


def add_device(parser: Any) -> None:
    parser.add_argument('--batch-size', type=int, default=128, help='images at a time (default: 128)')
    parser.add_argument('--num-workers', type=int, default=4, help='that make views, for each process (default: 4)')
    add_options(parser)


def add_options(parser: Any) -> None:
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='override values of the config'
    )
