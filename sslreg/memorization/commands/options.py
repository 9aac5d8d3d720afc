"""Options that commands share."""

from typing import Any

from sslreg.memorization.experiments.ranking import ORDERS
from sslreg.utils.command_line import WORKERS, add_cfg_options


def add_layers(parser: Any, default: str | None) -> None:
    """Add ``--layers``, required without a default."""
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='PATTERN',
        required=default is None,
        default=[default],
        help="regular expressions of layers' names, 'representation', or a vision transformer's 'residuals'",
    )


def add_orders(parser: Any) -> None:
    """Add ``--orders`` and ``--seeds``."""
    parser.add_argument(
        '--orders',
        nargs='+',
        choices=ORDERS,
        default=['most', 'random'],
        help='most memorised, random or least memorised ones (default: most random)',
    )
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0], metavar='N', help='seeds of the random draws (default: 0)'
    )


def add_benchmarks(parser: Any) -> None:
    """Add the options of benchmarks."""
    parser.add_argument(
        '--benchmarks', nargs='+', metavar='NAME', required=True, help='names in configs/benchmarks, or files'
    )
    parser.add_argument(
        '--features',
        metavar='DIR',
        default='work_dirs/features',
        help='folder that keeps features (default: %(default)s)',
    )
    parser.add_argument('--data-root', metavar='DIR', help="folder that replaces data/ in the benchmarks' paths")
    parser.add_argument(
        '--num-workers', type=int, default=WORKERS, help='data-loading workers per process (default: %(default)s)'
    )


def add_device(parser: Any) -> None:
    """Add batch size, workers and the options of the config."""
    parser.add_argument('--batch-size', type=int, default=128, help='images at a time (default: 128)')
    parser.add_argument(
        '--num-workers', type=int, default=WORKERS, help='data-loading workers per process (default: %(default)s)'
    )
    add_cfg_options(parser)
