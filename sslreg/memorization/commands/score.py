"""``score``: SSLMem of the images of a split."""

import logging
from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmengine.registry import DefaultScope
from rich.console import Console

from sslreg.engine import launch
from sslreg.evaluation import FeatureStore
from sslreg.memorization import consistency, scoring, study, tables
from sslreg.memorization import summary as summaries
from sslreg.memorization.layers import PARTS
from sslreg.memorization.measure import AGAINST, AlignmentOf
from sslreg.models.checkpoints import check_checkpoint
from sslreg.models.ops.alignment import DISTANCES
from sslreg.utils.config_files import load_config
from sslreg.utils.files import write_json

from .options import add_device, add_layers


def add(commands: Any) -> Any:
    score = commands.add_parser('score', help='score the images of the four sets')
    score.add_argument('study', help='a folder of train, or the config that f and g were trained with')
    score.add_argument('--f', metavar='CHECKPOINT', help='with a config: trained on shared and candidates')
    score.add_argument('--g', metavar='CHECKPOINT', help='with a config: trained on shared and independent images')
    score.add_argument('--split', metavar='FILE', help='with a config: the split (JSON)')
    score.add_argument('--out', metavar='DIR', help='scores go here (default: the folder)')
    score.add_argument('--seeds', type=int, nargs='+', metavar='N', help='with a folder: of its pairs (default: all)')
    score.add_argument('--views', type=int, default=5, metavar='N', help='augmentations of an image (default: 5)')
    score.add_argument(
        '--against',
        choices=AGAINST,
        default='views',
        help='views with each other, or with the image',
    )
    score.add_argument('--distance', choices=DISTANCES, default='l2', help='of representations (default: l2)')
    score.add_argument('--no-normalize', action='store_true', help='leave representations at their length')
    score.add_argument(
        '--part',
        choices=PARTS,
        default='all',
        help='of maps and tokens (default: all together)',
    )
    add_layers(score, 'representation')
    add_device(score)
    return score


def run(args: Namespace) -> None:
    protocol = scoring.Protocol(
        args.views, AlignmentOf(args.distance, not args.no_normalize, args.against, args.part), tuple(args.layers)
    )
    cfg, split_file, checkpoints, out = _scored(args)
    trainings = {seed: _trainings(each, split_file) for seed, each in checkpoints.items()}
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        for found in trainings.values():
            for text in consistency.warnings(cfg, found):
                print_log(text, 'current', logging.WARNING)
        with DefaultScope.overwrite_default_scope('sslreg'):
            pairs = [
                scoring.load(cfg, split_file, each, seed, protocol, get_device()) for seed, each in checkpoints.items()
            ]
            store = FeatureStore(out / 'alignment')
            scores = scoring.score(cfg, split_file, pairs, protocol, store, args.batch_size, args.num_workers)
        if is_main_process():
            scores.write(out / 'scores.npz')
            found = dict(
                scoring.about(cfg, split_file, pairs, protocol),
                checkpoints={str(seed): each for seed, each in checkpoints.items()},
                layers=summaries.summary(scores),
                layermem=summaries.layer_summary(scores),
            )
            write_json(found, out / 'scores.json')
            for table in tables.of_scores(found):
                Console().print(table)
            Console().print(f'See {out / "scores.json"}, and {out / "scores.npz"} for each image')


def _scored(args: Namespace) -> tuple[Config, Path, dict[int, dict[str, str]], Path]:
    """The study's config, its split, checkpoints by seed, and where scores go."""
    folder = Path(args.study)
    given = [args.f, args.g, args.split]
    if not folder.is_dir():
        if None in (*given, args.out):
            raise ValueError(f'{folder} is no folder of a study: with a config, --f, --g, --split and --out are needed')
        if args.seeds:
            raise ValueError(f'--seeds {args.seeds} chooses pairs of a folder: leave it out with --f and --g')
        for path in given[:2]:
            check_checkpoint(path)
        cfg = load_config(args.study, args.cfg_options)
        return cfg, Path(args.split), {0: dict(f=args.f, g=args.g)}, Path(args.out)
    if any(given):
        raise ValueError(f'{folder} has its own encoders and split: leave out --f, --g and --split')
    cfg = study.read_config(folder, args.cfg_options)
    return cfg, folder / 'split.json', _finished(cfg, folder, args.seeds), Path(args.out or folder)


def _finished(cfg: Config, folder: Path, seeds: list[int] | None) -> dict[int, dict[str, str]]:
    """Final checkpoints of a study's encoders, by seed; of all that there are by default."""
    seeds = seeds or sorted(int(path.name[4:]) for path in folder.glob('seed*') if path.name[4:].isdigit())
    works = {seed: {name: folder / f'seed{seed}' / name for name in study.ENCODERS} for seed in seeds}
    open_ends = [str(work) for each in works.values() for work in each.values() if not study.is_finished(cfg, work)]
    if open_ends or not seeds:
        raise ValueError(
            f'not trained to the end: {", ".join(open_ends) or folder}; run `sslmem.py train` again, or choose --seeds'
        )
    return {
        seed: {name: str(study.final_checkpoint(cfg, work)) for name, work in each.items()}
        for seed, each in works.items()
    }


def _trainings(checkpoints: dict[str, str], split_file: Path) -> dict[str, Config]:
    """Configs beside the checkpoints, which are checked."""
    found = {name: consistency.saved_config(path) for name, path in checkpoints.items()}
    trainings = {name: cfg for name, cfg in found.items() if cfg is not None}
    consistency.check_training(trainings, split_file)
    return trainings
