"""Write the features of all images of a folder or of a dataset into a file.

python tools/extract_features.py CONFIG CHECKPOINT --images photos --out photos.npz
python tools/extract_features.py CONFIG CHECKPOINT --benchmark cifar10 --part train --kind type=ClassToken blocks=4 --out train.npz
python tools/extract_features.py CONFIG CHECKPOINT --dataset test_dataloader.dataset --out test.npz
bash tools/torchrun.sh 8 extract_features.py CONFIG CHECKPOINT --images photos --out photos.npz

FILE.npz holds features [N, ...], paths [N] and labels [N] where there are, and about, a JSON text. What was done before an
interruption lies in FILE.npz.parts: the same command goes on from there. FILE.parquet needs pyarrow.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # as in tools/test.py

from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.dist import barrier, is_main_process
from mmengine.registry import DefaultScope
from rich.console import Console

from sslreg.engine import launch
from sslreg.evaluation import Extractor, FeatureStore, suite
from sslreg.evaluation.benchmarks import Wanted
from sslreg.evaluation.export import check_format, table_of, write_table
from sslreg.evaluation.kinds import kind_text
from sslreg.registry import BENCHMARKS, DATASETS, FEATURES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='path of the config that the checkpoint was trained with')
    parser.add_argument('checkpoint', nargs='?', help='path of the checkpoint; without, the network as it is initialised')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--images', metavar='DIR', help='a folder of images, of any depth')
    source.add_argument('--benchmark', metavar='NAME', help='a dataset of a benchmark of configs/benchmarks, or of a file')
    source.add_argument('--dataset', metavar='KEY', help='a dataset of the config, e.g. test_dataloader.dataset')
    parser.add_argument('--part', help='of the benchmark: e.g. train, test, queries; where it has several')
    parser.add_argument('--out', metavar='FILE', required=True, help='FILE.npz or FILE.parquet')
    parser.add_argument(
        '--kind',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='features (docs/evaluation.md), e.g. type=ClassToken blocks=4 (default: the part\'s own, or type=Pooled)',
    )
    parser.add_argument(
        '--resize', type=int, metavar='PIXELS', help='short side of --images, bicubic (default: 256)'
    )
    parser.add_argument('--crop', type=int, metavar='PIXELS', help='side of the central square of --images (default: 224)')
    parser.add_argument('--skip-broken', action='store_true', help='leave out images that cannot be decoded')
    parser.add_argument('--batch-size', type=int, default=256, help='images at a time (default: 256)')
    parser.add_argument('--num-workers', type=int, default=4, help='that read images, for each process (default: 4)')
    parser.add_argument('--data-root', metavar='DIR', help='what takes the place of data/ in the paths of a benchmark')
    parser.add_argument(
        '--launcher', choices=launch.LAUNCHERS, default='none', help='what started the processes (torchrun.sh: pytorch)'
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='override values of the config'
    )
    return parser.parse_args()
