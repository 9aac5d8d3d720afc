"""Write the features of all images of a folder or a dataset to a file.

python tools/extract_features.py CONFIG CHECKPOINT --images photos --out photos.npz
python tools/extract_features.py CONFIG CHECKPOINT --images photos --kind type=ClassToken blocks=4 --out photos.npz
python tools/extract_features.py CONFIG CHECKPOINT --benchmark cifar10 --part train --out train.parquet
python tools/extract_features.py CONFIG CHECKPOINT --dataset test_dataloader.dataset --out test.npz
bash tools/torchrun.sh 8 extract_features.py CONFIG CHECKPOINT --images photos --out photos.npz

FILE.npz holds features [N, ...], paths [N], labels [N] where there are any, and about, a JSON text. FILE.parquet, for
which pyarrow must be installed, holds the same. An interrupted extraction keeps its rows in FILE.npz.parts: run the
same command again to continue.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
from sslreg.utils import command_line

command_line.prepare()

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import barrier, is_main_process
from mmengine.registry import DefaultScope

from sslreg.engine import launch
from sslreg.evaluation import Extractor, FeatureStore
from sslreg.evaluation.benchmark_config import load_benchmark
from sslreg.evaluation.features.export import check_format, feature_table, write_table
from sslreg.evaluation.images import evaluation_pipeline
from sslreg.evaluation.model import load_model
from sslreg.evaluation.protocols import Wanted
from sslreg.models.checkpoints import check_checkpoint
from sslreg.registry import BENCHMARKS, DATASETS, FEATURES
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.files import check_file


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('config', help='path of the config that the checkpoint was trained with')
    parser.add_argument(
        'checkpoint', nargs='?', help='path of the checkpoint; without it, the network keeps its initial weights'
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--images', metavar='DIR', help='folder of images, at any depth')
    source.add_argument(
        '--benchmark', metavar='NAME', help='dataset of a benchmark: a name in configs/benchmarks or a config file'
    )
    source.add_argument('--dataset', metavar='KEY', help='dataset of the config, e.g. test_dataloader.dataset')
    parser.add_argument('--part', help='dataset of the benchmark, if it has several: e.g. train, test, queries')
    parser.add_argument('--out', metavar='FILE', required=True, help='file to write: FILE.npz or FILE.parquet')
    parser.add_argument(
        '--kind',
        nargs='+',
        action=command_line.ConfigOptions,
        metavar='KEY=VALUE',
        help="features (docs/evaluation.md), e.g. type=ClassToken blocks=4 (default: the part's own, or type=Pooled)",
    )
    parser.add_argument('--resize', type=int, metavar='PIXELS', help='short side of --images, bicubic (default: 256)')
    parser.add_argument(
        '--crop', type=int, metavar='PIXELS', help='side of the central square of --images (default: 224)'
    )
    parser.add_argument('--skip-broken', action='store_true', help='leave out images that cannot be decoded')
    parser.add_argument('--batch-size', type=int, default=256, help='images per forward pass (default: 256)')
    parser.add_argument('--num-workers', type=int, default=4, help='data-loading workers per process (default: 4)')
    parser.add_argument('--data-root', metavar='DIR', help='folder that replaces data/ in the paths of a benchmark')
    command_line.add_launcher(parser)
    command_line.add_cfg_options(parser)
    return parser.parse_args()


def folder(args: argparse.Namespace) -> dict[str, Any]:
    """Return the config of a folder of images with ImageNet's evaluation transform."""
    resize, crop = args.resize or 256, args.crop or 224
    if not 0 < crop <= resize:
        raise ValueError(f'--crop {crop} must be between 1 and --resize {resize}')
    pipeline = evaluation_pipeline(resize, crop)
    return dict(type='ImageFolder', data_root=args.images, with_label=False, pipeline=pipeline)


def part(name: str, chosen: str | None, data_root: str | None) -> Wanted:
    """Return the request of a benchmark with a given name; its last part is enough: ``train`` for ``pooled/train``."""
    parts = BENCHMARKS.build(load_benchmark(name, data_root).benchmark).wanted()
    if chosen is None and len(parts) == 1:
        return next(iter(parts.values()))
    found = [key for key in parts if chosen in (key, key.rpartition('/')[2])]
    if not found:
        raise ValueError(f'--part must name one of those of benchmark {name!r}: {", ".join(parts)}')
    return parts[found[0]]


def of_config(cfg: Config, key: str) -> Any:
    """Return the dataset at a dotted name of a config.

    Raises:
        ValueError: There is none.
    """
    found: Any = cfg
    for name in key.split('.'):
        found = found.get(name) if isinstance(found, dict | Config) else None
    if found is None or 'type' not in found:
        raise ValueError(f'--dataset {key}: the config has no dataset of this name, try test_dataloader.dataset')
    return DATASETS.build(found)


def chosen_kind(options: dict[str, Any] | None, default: dict[str, Any]) -> dict[str, Any]:
    """Return the config of ``--kind``; dots set values of an inner kind, as in ``of.type=Pooled``.

    Raises:
        ValueError: It names no kind.
    """
    if options is None:
        return default
    cfg = Config()
    cfg.merge_from_dict(options)
    kind: dict[str, Any] = cfg.to_dict()
    if kind.get('type') not in FEATURES.module_dict:
        raise ValueError(f'--kind {options}: type must be one of {", ".join(sorted(FEATURES.module_dict))}')
    FEATURES.build(kind)
    return kind


def wanted(args: argparse.Namespace, cfg: Config) -> Wanted:
    """Return the dataset and kind of features that the command line asks for."""
    if args.images is None and (args.resize or args.crop):
        raise ValueError('--resize and --crop belong to --images: other datasets have their own transforms')
    if args.benchmark:
        each = part(args.benchmark, args.part, args.data_root)
    else:
        dataset = of_config(cfg, args.dataset) if args.dataset else DATASETS.build(folder(args))
        each = Wanted(dataset, dict(type='Pooled'))
    return each._replace(kind=chosen_kind(args.kind, each.kind), may_lack_images=True)


def main() -> None:
    """Extract the features, and write them."""
    args = parse_args()
    out = Path(args.out)
    check_format(out)
    check_file(out, '--out')
    cfg = load_config(args.config, args.cfg_options)
    if args.checkpoint:
        check_checkpoint(args.checkpoint)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            each = wanted(args, cfg)
            model = load_model(cfg, args.checkpoint, get_device())
            parts = Path(f'{out}.parts')
            extractor = Extractor(model, FeatureStore(parts), args.batch_size, args.num_workers, args.skip_broken)
            (feats,) = extractor([each])
            if is_main_process():
                about = dict(config=args.config, checkpoint=args.checkpoint, weights=extractor.model_hash)
                table = feature_table(each, feats, about)
                write_table(table, out)
                show(f'features {list(table.features.shape)} in {out}')
        barrier()
        shutil.rmtree(parts, ignore_errors=True)


if __name__ == '__main__':
    main()
